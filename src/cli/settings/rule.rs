//! Entries of `ignore` that say more than a code: `{code, path, object, reason}`.

use std::path::Path;

use crate::cli::value;
use crate::diagnostics::codes;
use crate::options::{IgnoreRule, PathPattern};
use crate::parser::node::Node;
use crate::spelling::nearest;

/// The fields of a rule.
const FIELDS: [&str; 4] = ["code", "path", "object", "reason"];

/// What a rule says, at its place. The directory of the file, without symbolic links, is where its path begins.
///
/// # Errors
/// What is wrong with it, without a place.
pub(super) fn read(entries: &[(String, Node)], place: &str, directory: &Path) -> Result<IgnoreRule, String> {
    let form = "a rule is `{code: CODE, path: GLOB, object: KIND/NAMESPACE/NAME, reason: TEXT}`";
    if let Some((other, _)) = entries.iter().find(|(key, _)| !FIELDS.contains(&key.as_str())) {
        let hint = nearest(other, FIELDS).map_or(form.to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(format!("`ignore` has no `{}`; {hint}", other.escape_debug()));
    }
    let of = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let text = |name: &str| match of(name) {
        None => Ok(None),
        Some(value) => match scalar(value) {
            Some(text) if !text.trim().is_empty() => Ok(Some(text)),
            _ => Err(format!("`{name}` of `ignore` is text; {form}")),
        },
    };
    let names = match of("code") {
        Some(Node::List(items)) => items.iter().map(scalar).collect::<Option<Vec<_>>>(),
        Some(single) => scalar(single).map(|text| text.split(',').map(str::to_owned).collect()),
        None => None,
    };
    let names = names
        .filter(|names| !names.is_empty())
        .ok_or_else(|| format!("`code` of `ignore` is a code or a list; {form}"))?;
    let codes = names.iter().map(|name| value::ignored_code(name)).collect::<Result<Vec<_>, _>>()?;
    if codes.contains(&codes::SETTINGS_READ) {
        return Err(own_code_is_ignored());
    }
    let reason = text("reason")?.ok_or_else(|| format!("`ignore` does not say why: it has no `reason`; {form}"))?;
    let path = text("path")?.map(|glob| value::glob(&glob)).transpose()?;
    let object = text("object")?.map(|object| object.parse()).transpose()?;
    Ok(IgnoreRule {
        codes,
        path: path.map(|glob| PathPattern { glob, base: directory.to_owned() }),
        files: std::collections::BTreeSet::new(),
        object,
        reason: reason.trim().to_owned(),
        place: place.to_owned(),
    })
}

/// A rule in one line, as a report names it.
pub(super) fn words(entries: &[(String, Node)]) -> String {
    let value = |value: &Node| match value {
        Node::List(items) => items.iter().filter_map(scalar).collect::<Vec<_>>().join(" "),
        other => scalar(other).unwrap_or_default(),
    };
    let fields = entries.iter().filter(|(key, _)| key != "reason");
    fields.map(|(key, one)| format!("{key} {}", value(one))).collect::<Vec<_>>().join(" ")
}

/// Why the code that says that a settings file is read is not ignored in it.
pub(super) fn own_code_is_ignored() -> String {
    format!("{} says that this file is read, and cannot be ignored in it", codes::SETTINGS_READ.id())
}

/// What is no list and no mapping, as the command line has it.
pub(super) fn scalar(node: &Node) -> Option<String> {
    match node {
        Node::String(text) => Some(text.clone()),
        Node::Int(number) => Some(number.to_string()),
        Node::Float(number) => Some(number.to_string()),
        Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => None,
    }
}
