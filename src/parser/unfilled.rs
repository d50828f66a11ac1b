//! What is said of variables of Flux that nothing was put in the place of.
//!
//! Input: a document as it is read, and what was put in. Output: where the first of them stands, and the words.

use super::node::Node;
use super::substitution::{Filled, Variable, has_variables, is_disabled, variables};
use crate::diagnostics::{FieldPath, Finding, Location, Segment, codes};

/// Whether what a finding is about is a text with variables of Flux.
pub(super) fn is_about_variable(root: &Node, finding: &Finding, filled: Filled<'_>) -> bool {
    let Location::Field { path, .. } = &finding.location else { return false };
    let waits = |text: &str| has_variables(text, filled);
    let value = || root.at(&path.0).and_then(Node::as_str);
    let is_key = matches!(path.0.last(), Some(Segment::Field(key)) if waits(key));
    let mut above = (0..path.0.len()).filter_map(|length| root.at(path.0.get(..length)?));
    (is_key || value().is_some_and(waits)) && !above.any(is_disabled)
}

/// The text that a finding is about, its value or its key.
pub(super) fn text_about<'n>(root: &'n Node, finding: &'n Finding) -> Option<&'n str> {
    let Location::Field { path, .. } = &finding.location else { return None };
    let key = || match path.0.last() {
        Some(Segment::Field(key)) => Some(&**key),
        _ => None,
    };
    root.at(&path.0).and_then(Node::as_str).or_else(key)
}

/// The variables of Flux in what an object declares, and where they stand.
pub(super) fn in_texts<'n>(node: &'n Node, path: &FieldPath, filled: Filled<'_>) -> Vec<(FieldPath, Variable<'n>)> {
    match node {
        Node::String(text) => variables(text, filled).map(|variable| (path.clone(), variable)).collect(),
        Node::List(items) => {
            items.iter().enumerate().flat_map(|(at, item)| in_texts(item, &path.with(at), filled)).collect()
        }
        Node::Map(_) if is_disabled(node) => Vec::new(),
        Node::Map(entries) => {
            let declared = entries.iter().filter(|(key, _)| !matches!(key.as_str(), "metadata" | "status"));
            declared.flat_map(|(key, value)| in_texts(value, &path.with(key.clone()), filled)).collect()
        }
        _ => Vec::new(),
    }
}

/// What is said of a file in which variables wait for values.
pub(super) fn unsubstituted(location: Location, text: Option<&str>, filled: Filled<'_>) -> Finding {
    let message = "the file has variables that nothing has been put in the place of";
    let finding = Finding::new(codes::UNSUBSTITUTED, location, message);
    match variables(text.unwrap_or_default(), filled).next() {
        Some(first) => about_variable(finding, &first, filled),
        None => finding,
    }
}

/// The finding with the name of its variable, and what there is to do about it.
pub(super) fn about_variable(finding: Finding, variable: &Variable<'_>, filled: Filled<'_>) -> Finding {
    let finding = match variable {
        Variable::Named(name) => finding.label(format!("nothing was put in the place of `{name}`")),
        Variable::Escaped(name) => finding.label(format!("of `$${{{name}}}` Flux makes `${{{name}}}`")),
        Variable::Broken => finding.label("what begins with `${` here is of no form that Flux knows"),
    };
    match filled.given.unseen.as_slice() {
        [] => finding,
        unseen => {
            let help = format!("the values of {} are not known: give them with `--substitute`", unseen.join(" and "));
            finding.help(help)
        }
    }
}
