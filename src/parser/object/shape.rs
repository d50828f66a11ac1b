//! The fields of mappings of which gwctl reads little or nothing, and that the API server knows by name.

use crate::diagnostics::{Change, Code};
use crate::parser::node::Node;
use crate::parser::schema::{Problem, Problems, Step, quote};
use crate::spelling::{Near, near};

/// What a mapping may hold.
pub(super) struct Shape {
    /// What the mapping is, as a message names it.
    pub(super) noun: &'static str,
    /// Its fields.
    pub(super) fields: &'static [&'static str],
    /// The fields whose mappings, or lists of mappings, are looked at too.
    pub(super) below: &'static [(&'static str, &'static Shape)],
}

/// Reports, by `code`, the fields of a mapping and of those below it that have no place there.
pub(super) fn check(node: &Node, shape: &Shape, at: &Step<'_>, code: Code, problems: &mut Problems) {
    let Shape { noun: _, fields, below } = shape;
    for (name, value) in node.as_map().unwrap_or_default() {
        let here = at.field(name);
        if !fields.contains(&name.as_str()) {
            problems.push(unknown_field(name, shape, &here, code));
        }
        let Some((_, inner)) = below.iter().find(|(field, _)| field == name) else { continue };
        check(value, inner, &here, code, problems);
        for (index, item) in value.as_list().unwrap_or_default().iter().enumerate() {
            check(item, inner, &here.index(index), code, problems);
        }
    }
}

fn unknown_field(name: &str, Shape { noun, fields, below: _ }: &Shape, at: &Step<'_>, code: Code) -> Problem {
    let near = near(name, fields.iter().copied());
    let help = match near {
        Some(Near { name: meant, is_certain: _ }) => format!("did you mean `{meant}`?"),
        None => "remove it, or make it an annotation".to_owned(),
    };
    Problem::new(code, at.path(), format!("{noun} has no field {}", quote(name)))
        .key()
        .label("not read")
        .help(help)
        .fix(near.and_then(Near::certain).map(|meant| Change::Rename(meant.to_owned())))
}
