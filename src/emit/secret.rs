//! Whether an output holds secret key material, and so must be for its owner alone.
//!
//! Stage: emit. Input: the bytes of a message. Output: yes or no. Invariant: a
//! key that the output refers to by its path is not in it; one that stands in
//! the output is found wherever it is packed.

use std::io;

use super::table::{self, Kind, Message, Shape};
use super::walk::Packed;
use super::wire::{Reader, malformed};

/// The fields whose data source is secret.
const SECRET_FIELDS: &[(&str, &str)] = &[
    ("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "private_key"),
    ("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "pkcs12"),
    ("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "password"),
    ("envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys", "keys"),
    ("envoy.extensions.transport_sockets.tls.v3.GenericSecret", "secret"),
];

/// Whether a message holds a private key (or a password, or a ticket key) itself.
///
/// # Errors
/// `InvalidData` when the message is unknown or the bytes are not such a message.
pub fn holds_private_key(message: &str, wire: &[u8]) -> io::Result<bool> {
    let row = table::message_named(message)
        .ok_or_else(|| malformed(format!("`{message}` is not in the table of messages")))?;
    search(row, wire)
}

fn search(message: &'static Message, wire: &[u8]) -> io::Result<bool> {
    if message.shape() == Shape::Any {
        let packed = Packed::read(wire)?;
        return if packed.type_url.is_empty() { Ok(false) } else { search(packed.message()?, packed.value) };
    }
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        let Some(field) = message.field(record.number) else {
            return Err(malformed(format!("`{}` has no field {}", message.name(), record.number)));
        };
        let Kind::Message(place) = field.kind() else { continue };
        let (inner, bytes) = (table::message_at(place), record.payload.bytes()?);
        let is_secret = SECRET_FIELDS.iter().any(|known| known.1 == field.name() && known.0 == message.name());
        if (is_secret && is_inline(inner, bytes)?) || search(inner, bytes)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a data source holds its data instead of naming a file or a variable.
fn is_inline(source: &'static Message, wire: &[u8]) -> io::Result<bool> {
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        if source.field(record.number).is_some_and(|field| field.name().starts_with("inline_")) {
            return Ok(true);
        }
    }
    Ok(false)
}
