//! What a server that requests are handed to is told besides: attributes of requests and responses, the headers that streams
//! begin with, and what logs may say of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostics::FieldPath;
use crate::http::HeaderName;
use crate::ir::{HeaderValue, Metadata, ToldAttributes};
use crate::parser::api::{HeaderOption, OptionProcessorService};
use crate::path;

use super::super::header::bad_header;
use super::faults::Faults;
use super::metadata::{find_inexact, inexact};

/// What every release of Envoy that is written for knows of requests and of responses
/// ([attributes](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes)).
const ATTRIBUTES: [(&str, &[&str]); 7] = [
    (
        "request",
        &[
            "duration",
            "headers",
            "host",
            "id",
            "method",
            "path",
            "protocol",
            "query",
            "referer",
            "scheme",
            "size",
            "time",
            "total_size",
            "url_path",
            "useragent",
        ],
    ),
    (
        "response",
        &[
            "backend_latency",
            "code",
            "code_details",
            "flags",
            "grpc_status",
            "headers",
            "size",
            "total_size",
            "trailers",
        ],
    ),
    ("source", &["address", "port"]),
    ("destination", &["address", "port"]),
    (
        "connection",
        &[
            "dns_san_local_certificate",
            "dns_san_peer_certificate",
            "id",
            "mtls",
            "requested_server_name",
            "sha256_peer_certificate_digest",
            "subject_local_certificate",
            "subject_peer_certificate",
            "termination_details",
            "tls_version",
            "transport_failure_reason",
            "uri_san_local_certificate",
            "uri_san_peer_certificate",
        ],
    ),
    (
        "upstream",
        &[
            "address",
            "dns_san_local_certificate",
            "dns_san_peer_certificate",
            "local_address",
            "port",
            "request_attempt_count",
            "sha256_peer_certificate_digest",
            "subject_local_certificate",
            "subject_peer_certificate",
            "tls_version",
            "transport_failure_reason",
            "uri_san_local_certificate",
            "uri_san_peer_certificate",
        ],
    ),
    (
        "xds",
        &[
            "cluster_metadata",
            "cluster_name",
            "filter_chain_name",
            "listener_direction",
            "listener_metadata",
            "route_metadata",
            "route_name",
            "upstream_host_metadata",
        ],
    ),
];

/// What is known of requests and of responses that a server is told.
pub(super) fn lower_attributes(request: &[String], response: &[String], faults: &mut Faults<'_>) -> ToldAttributes {
    for (field, names) in [("requestAttributes", request), ("responseAttributes", response)] {
        check_attributes(names, &path![field], faults);
    }
    ToldAttributes { request: request.to_vec(), response: response.to_vec() }
}

/// Says which names mean nothing.
pub(in crate::translator::lower) fn check_attributes(names: &[String], at: &FieldPath, faults: &mut Faults<'_>) {
    for (index, name) in names.iter().enumerate() {
        let of = |(family, own): &(&str, &[&str])| {
            name.strip_prefix(family).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| own.contains(&rest))
        };
        if !ATTRIBUTES.iter().any(of) {
            let message = format!("`{name}` is nothing that Envoy knows of a request, by this name");
            faults.add(&at.with(index), message, "write a name such as `request.path` or `source.address`");
        }
    }
}

/// The host that a server is called by.
pub(super) fn lower_authority(
    service: Option<&OptionProcessorService>,
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> Option<String> {
    let authority = service.map(|OptionProcessorService { authority, .. }| authority);
    let authority = authority.filter(|authority| !authority.is_empty())?;
    faults.host(&at.with("authority"), authority);
    Some(authority.to_owned())
}

/// The headers that a stream begins with. What they say may be a secret: who reads the
/// representation is shown a digest.
pub(super) fn lower_greeting(
    service: Option<&OptionProcessorService>,
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> Vec<(HeaderName, HeaderValue)> {
    let entries = service.map(|service| service.initial_metadata.as_slice()).unwrap_or_default();
    let mut greeting = Vec::with_capacity(entries.len());
    for (index, HeaderOption { key, value }) in entries.iter().enumerate() {
        let at = at.with("initialMetadata").with(index);
        // Envoy would evaluate what stands between percent signs.
        if value.contains('%') {
            faults.add(&at.with("value"), "a `%` begins an operator of Envoy's", "write a value without `%`");
        } else if let Some(found) = bad_header(key, value, true) {
            faults.add(&at, found.message, found.help);
        } else if key.lower().as_str().starts_with("grpc-") {
            faults.add(&at.with("key"), "gRPC has this name for itself", "write another name");
        }
        greeting.push((key.lower(), HeaderValue::secret(value)));
    }
    greeting
}

/// What logs may say of a server.
pub(super) fn lower_logged(said: &BTreeMap<String, Value>, faults: &mut Faults<'_>) -> Metadata {
    for (name, value) in said {
        if let Some((tail, number)) = find_inexact(value) {
            let at: FieldPath = path!["filterMetadata", name.to_owned()].join(&tail);
            faults.add(&at, inexact(&number), "write the number as a text");
        }
    }
    Arc::new(said.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
