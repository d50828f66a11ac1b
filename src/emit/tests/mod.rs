//! What `emit` promises, against an independent reading of the same
//! descriptors ([`oracle`]) and of YAML ([`scalars`]).

mod layout;
mod long;
mod oracle;
mod samples;
mod scalars;
mod sections;

use super::{Comments, NoComments, write_json, write_yaml};

/// The YAML of a message.
fn yaml(message: &str, wire: &[u8]) -> String {
    yaml_with(message, wire, &NoComments)
}

/// The YAML of a message with comments.
fn yaml_with(message: &str, wire: &[u8], comments: &dyn Comments) -> String {
    let mut out = Vec::new();
    write_yaml(message, wire, comments, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The JSON of a message.
fn json(message: &str, wire: &[u8]) -> String {
    let mut out = Vec::new();
    write_json(message, wire, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
