//! A list of Envoy's own resources, the way a file of resources (`path_config_source`) has it.
//!
//! Stage: emit. Input: the bytes of resources of one type. Output: a document. Invariant: their order.

use std::io::{self, Write};

use super::form::{Container, Form};
use super::json::Json;
use super::walk::{Packed, Walk};
use super::wire::{put_bytes, put_header};
use super::yaml::Yaml;
use super::{Comments, Format};

/// What precedes the name of a packed message's type.
const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// Writes resources whose messages are of one type: in YAML and JSON a map with the list `resources`, in protobuf a
/// `DiscoveryResponse`.
///
/// # Errors
/// `InvalidData` when the bytes are no such messages, else what `out` answers.
pub fn write_resources(
    message: &str,
    resources: &[&[u8]],
    format: Format,
    comments: &dyn Comments,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Yaml => write_list(message, resources, Walk::new(Yaml::new(), Some(comments), out)),
        Format::Json => write_list(message, resources, Walk::new(Json::default(), None, out)),
        Format::Pb => write_discovery_response(message, resources, out),
    }
}

/// Writes a map with the list `resources`.
fn write_list<F: Form + Sync>(message: &str, resources: &[&[u8]], mut walk: Walk<'_, F>) -> io::Result<()> {
    let type_url = type_url(message);
    walk.form.open(Container::Map);
    walk.form.key("resources", None);
    walk.form.open(Container::List);
    for value in resources {
        // Map entries are hashed in memory; the same resource gives the same text.
        let mut sorted = value.to_vec();
        super::canonical::sort_map_entries(message, &mut sorted)?;
        let packed = Packed { type_url: &type_url, value: &sorted };
        let comment = walk.comment_on_packed(&packed)?;
        walk.form.item(comment.as_deref());
        walk.form.open(Container::Map);
        walk.packed(&packed)?;
        walk.form.close();
        walk.relieve()?;
    }
    walk.form.close();
    walk.form.close();
    walk.form.end();
    walk.finish()
}

/// Writes a `DiscoveryResponse` whose version is a digest of its resources.
fn write_discovery_response(message: &str, resources: &[&[u8]], out: &mut dyn Write) -> io::Result<()> {
    let type_url = type_url(message);
    let mut sorted: Vec<Vec<u8>> = Vec::with_capacity(resources.len());
    for resource in resources {
        let mut wire = resource.to_vec();
        super::canonical::sort_map_entries(message, &mut wire)?;
        sorted.push(wire);
    }
    let mut head = Vec::new();
    put_bytes(&mut head, 1, format!("{:016x}", digest(&sorted)).as_bytes());
    out.write_all(&head)?;
    for wire in &sorted {
        let mut any = Vec::new();
        put_bytes(&mut any, 1, type_url.as_bytes());
        put_header(&mut any, 2, wire.len());
        let mut header = Vec::new();
        put_header(&mut header, 2, any.len() + wire.len());
        out.write_all(&header)?;
        out.write_all(&any)?;
        out.write_all(wire)?;
    }
    let mut tail = Vec::new();
    put_bytes(&mut tail, 4, type_url.as_bytes());
    out.write_all(&tail)
}

/// The resources of a `DiscoveryResponse`, if these bytes are one.
pub fn read_resources(response: &[u8]) -> Option<Vec<Vec<u8>>> {
    use prost::Message as _;
    let response = envoy_types::pb::envoy::service::discovery::v3::DiscoveryResponse::decode(response).ok()?;
    Some(response.resources.into_iter().map(|packed| packed.value).collect())
}

fn type_url(message: &str) -> String {
    format!("{TYPE_URL_PREFIX}{message}")
}

/// FNV-1a over all resources: the same on every machine and in every release.
fn digest(resources: &[Vec<u8>]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for wire in resources {
        for &byte in (wire.len() as u64).to_le_bytes().iter().chain(wire) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
