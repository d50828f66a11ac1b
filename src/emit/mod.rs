//! Emit: the wire bytes of an Envoy message become YAML, JSON or protobuf.
//!
//! Input: protobuf bytes that `translator::envoy` encoded, and the message's
//! name. Output: text or bytes, streamed to a writer; `file` and `directory` put them in
//! place. Invariants: nothing on the wire is dropped (an unknown field or
//! packed type is an error), the same bytes give the same output, and memory
//! grows with the depth of the message, not with its size.
//!
//! The text form is what an Envoy expert would write: snake_case names in a
//! readable order, enums by name, durations like `10s`, packed messages inline
//! with their `@type`.

use std::io::{self, Write};

mod canonical;
mod comments;
mod compact;
pub mod difference;
#[cfg(feature = "cli")]
pub mod directory;
#[cfg(feature = "cli")]
pub mod file;
mod form;
mod json;
pub mod secret;
mod section;
mod style;
mod table;
mod tree;
mod value;
mod walk;
mod wire;
mod yaml;

pub use canonical::sort_map_entries;
pub use comments::{Comments, NoComments};
pub use compact::{Tree, write_compact_yaml};
pub use secret::holds_private_key;
pub use section::{read_resources, write_resources};
pub use tree::{write_json_value, write_yaml_value};

use form::Form;
use walk::Walk;

/// The message that `translate` emits: Envoy's whole static configuration.
pub const BOOTSTRAP: &str = "envoy.config.bootstrap.v3.Bootstrap";

/// The forms of an Envoy message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML with comments.
    Yaml,
    /// Indented JSON.
    Json,
    /// The protobuf bytes.
    Pb,
}

impl Format {
    /// The format that Envoy reads from a file of this name, which is how
    /// `--output-file` decides when no format is given.
    pub fn of_extension(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "pb" => Some(Self::Pb),
            _ => None,
        }
    }
}

/// Writes a message as one YAML document.
///
/// # Errors
/// `InvalidData` when `message` is not in the table of messages or `wire` is
/// not such a message (a fault of ours, never of the user), else what `out`
/// answers.
pub fn write_yaml(message: &str, wire: &[u8], comments: &dyn Comments, out: &mut dyn Write) -> io::Result<()> {
    write_document(message, wire, Walk::new(yaml::Yaml::new(), Some(comments), out))
}

/// Writes a message as JSON, indented by two spaces.
///
/// # Errors
/// As [`write_yaml`].
pub fn write_json(message: &str, wire: &[u8], out: &mut dyn Write) -> io::Result<()> {
    write_document(message, wire, Walk::new(json::Json::default(), None, out))
}

/// Writes a message as protobuf bytes, the entries of its maps sorted.
///
/// # Errors
/// As [`write_yaml`].
pub fn write_pb(message: &str, wire: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let mut sorted = wire.to_vec();
    sort_map_entries(message, &mut sorted)?;
    out.write_all(&sorted)
}

/// Writes a message in a format.
///
/// # Errors
/// As [`write_yaml`].
pub fn write(
    message: &str,
    wire: &[u8],
    format: Format,
    comments: &dyn Comments,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Yaml => write_yaml(message, wire, comments, out),
        Format::Json => write_json(message, wire, out),
        Format::Pb => write_pb(message, wire, out),
    }
}

fn write_document<F: Form + Sync>(message: &str, wire: &[u8], mut walk: Walk<'_, F>) -> io::Result<()> {
    let row = table::message_named(message)
        .ok_or_else(|| wire::malformed(format!("`{message}` is not in the table of messages")))?;
    walk.message(row, wire)?;
    walk.form.end();
    walk.finish()
}

#[cfg(test)]
mod tests;
