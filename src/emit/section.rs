//! One section of a bootstrap, as Envoy's own resources.
//!
//! Stage: emit. Input: the bytes of a bootstrap. Output: the resources of one
//! kind, borrowed, and a document that lists them the way a file of resources
//! (`path_config_source`) does. Invariant: the order of the bootstrap.

use std::io::{self, Write};

use super::form::{Container, Form};
use super::json::Json;
use super::table::{self, Shape};
use super::walk::{Packed, Walk};
use super::wire::{Reader, malformed, put_bytes, put_header};
use super::yaml::Yaml;
use super::{BOOTSTRAP, Comments, Format};

/// What precedes the name of a packed message's type.
const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// The sections of a bootstrap that Envoy can also fetch on their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `static_resources.listeners`.
    Listeners,
    /// The route configuration of every HTTP connection manager.
    Routes,
    /// `static_resources.clusters`.
    Clusters,
    /// The load assignment of every cluster that has one.
    Endpoints,
    /// `static_resources.secrets`.
    Secrets,
}

impl Section {
    /// The type of the section's resources.
    pub fn message(self) -> &'static str {
        match self {
            Self::Listeners => "envoy.config.listener.v3.Listener",
            Self::Routes => "envoy.config.route.v3.RouteConfiguration",
            Self::Clusters => "envoy.config.cluster.v3.Cluster",
            Self::Endpoints => "envoy.config.endpoint.v3.ClusterLoadAssignment",
            Self::Secrets => "envoy.extensions.transport_sockets.tls.v3.Secret",
        }
    }

    /// Where the resources are: names of fields from the bootstrap on. A packed
    /// message is entered when it has the next field.
    fn paths(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Listeners => &[&["static_resources", "listeners"]],
            Self::Routes => &[
                &["static_resources", "listeners", "filter_chains", "filters", "typed_config", "route_config"],
                &["static_resources", "listeners", "default_filter_chain", "filters", "typed_config", "route_config"],
            ],
            Self::Clusters => &[&["static_resources", "clusters"]],
            Self::Endpoints => &[&["static_resources", "clusters", "load_assignment"]],
            Self::Secrets => &[&["static_resources", "secrets"]],
        }
    }
}

/// A message that stands on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The full name of its type.
    pub message: &'static str,
    /// Its bytes.
    pub wire: &'a [u8],
}

/// The resources of one section of a bootstrap; a resource that is repeated
/// byte by byte counts once.
///
/// # Errors
/// `InvalidData` when the bytes are not a bootstrap.
pub fn section(bootstrap: &[u8], section: Section) -> io::Result<Vec<Resource<'_>>> {
    let mut found = Vec::new();
    let root = table::message_named(BOOTSTRAP).ok_or_else(|| malformed("no bootstrap in the table of messages"))?;
    for path in section.paths() {
        collect(root, bootstrap, path, &mut found)?;
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|wire| seen.insert(*wire));
    Ok(found.into_iter().map(|wire| Resource { message: section.message(), wire }).collect())
}

/// Collects what lies at a path below a message.
fn collect<'a>(
    message: &'static table::Message,
    wire: &'a [u8],
    path: &[&str],
    found: &mut Vec<&'a [u8]>,
) -> io::Result<()> {
    if message.shape() == Shape::Any {
        let packed = Packed::read(wire)?;
        return match table::message_named(packed.name()) {
            Some(inner) => collect(inner, packed.value, path, found),
            None => Ok(()),
        };
    }
    let Some((name, rest)) = path.split_first() else {
        found.push(wire);
        return Ok(());
    };
    let Some(field) = message.field_named(name) else { return Ok(()) };
    let table::Kind::Message(place) = field.kind() else { return Ok(()) };
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        if record.number == field.number() {
            collect(table::message_at(place), record.payload.bytes()?, rest, found)?;
        }
    }
    Ok(())
}

/// Writes one section of a bootstrap: in YAML and JSON a map with the list
/// `resources`, in protobuf a `DiscoveryResponse`.
///
/// # Errors
/// `InvalidData` when the bytes are not a bootstrap, else what `out` answers.
pub fn write_section(
    bootstrap: &[u8],
    which: Section,
    format: Format,
    comments: &dyn Comments,
    out: &mut dyn Write,
) -> io::Result<()> {
    let resources = section(bootstrap, which)?;
    match format {
        Format::Yaml => write_resources(&resources, Walk::new(Yaml::new(), Some(comments), out)),
        Format::Json => write_resources(&resources, Walk::new(Json::default(), None, out)),
        Format::Pb => write_discovery_response(&resources, which, out),
    }
}

/// Writes a map with the list `resources`.
fn write_resources<F: Form + Sync>(resources: &[Resource<'_>], mut walk: Walk<'_, F>) -> io::Result<()> {
    walk.form.open(Container::Map);
    walk.form.key("resources", None);
    walk.form.open(Container::List);
    for resource in resources {
        let type_url = type_url(resource.message);
        let packed = Packed { type_url: &type_url, value: resource.wire };
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
fn write_discovery_response(resources: &[Resource<'_>], which: Section, out: &mut dyn Write) -> io::Result<()> {
    let type_url = type_url(which.message());
    let mut sorted: Vec<Vec<u8>> = Vec::with_capacity(resources.len());
    for resource in resources {
        let mut wire = resource.wire.to_vec();
        super::canonical::sort_map_entries(resource.message, &mut wire)?;
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
