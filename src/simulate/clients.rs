//! What backends are told of clients, where a listener says so.

use crate::ir::{CertificateHeader, ClientDetails, ConnectionTracing, HttpProfile, RequestIdRules, Tracer};

use super::header::{GENERATED, Lines, line};

const PORT: &str = "x-forwarded-port";
const REQUEST_ID: &str = "x-request-id";
const ADDRESSES: &str = "x-forwarded-for";
const CERTIFICATE: &str = "x-forwarded-client-cert";

/// The headers that the proxy adds to a request, with values that only a run shows.
pub(super) fn generated(
    profile: HttpProfile,
    (clients, shows_certificate): (ClientDetails, bool),
    trusted_hops: u32,
    received: &Lines,
) -> Vec<&'static str> {
    // Nothing is made up between neighbours.
    if profile == HttpProfile::Mesh {
        return Vec::new();
    }
    let is_made = |name: &&str| match *name {
        ADDRESSES => !clients.keeps_addresses && !clients.are_believed,
        REQUEST_ID => !keeps_id(clients, received),
        _ => !clients.are_believed,
    };
    // Who is believed may have told it.
    let is_told = trusted_hops > 0 || clients.are_believed;
    let tells_port = clients.tells_port && (!is_told || line(received, PORT).is_none());
    let tells_certificate = shows_certificate && clients.certificate.header.is_told();
    let made = GENERATED.iter().copied().filter(is_made);
    made.chain(tells_port.then_some(PORT)).chain(tells_certificate.then_some(CERTIFICATE)).collect()
}

/// The headers that lead the spans of backends to those of the proxy, where it has spans of its own for a listener (seen at
/// Envoy 1.40).
pub(super) fn of_spans(tracing: Option<&ConnectionTracing>) -> &'static [&'static str] {
    match tracing.map(|tracing| &tracing.said.tracer) {
        None => &[],
        Some(Tracer::Zipkin { .. }) => &["x-b3-traceid", "x-b3-spanid", "x-b3-sampled"],
        Some(Tracer::OpenTelemetry { .. }) => &["traceparent", "tracestate"],
        Some(Tracer::Datadog { .. }) => &[
            "x-datadog-trace-id",
            "x-datadog-parent-id",
            "x-datadog-sampling-priority",
            "x-datadog-tags",
            "traceparent",
            "tracestate",
        ],
    }
}

/// Whether a request goes on with the identifier that it came with, or with none.
fn keeps_id(clients: ClientDetails, received: &Lines) -> bool {
    let is_kept = clients.request_id.kept || clients.are_believed;
    clients.request_id.unmade || (is_kept && line(received, REQUEST_ID).is_some_and(|id| !id.is_empty()))
}

/// What is kept of a request: one of the house keeps its identifier.
pub(super) fn as_of_house(clients: ClientDetails, is_internal: bool) -> ClientDetails {
    let request_id = RequestIdRules { kept: clients.request_id.kept || is_internal, ..clients.request_id };
    ClientDetails { request_id, ..clients }
}

/// The headers of a request as routes see them, with those that a listener keeps as clients send them.
pub(super) fn as_kept(
    (clients, shows_certificate): (ClientDetails, bool),
    received: &Lines,
    mut lines: Lines,
) -> Lines {
    let keeps_certificate = match clients.certificate.header {
        CertificateHeader::Kept => true,
        CertificateHeader::OfShown | CertificateHeader::Appended => shows_certificate,
        CertificateHeader::Removed | CertificateHeader::Replaced => false,
    };
    let kept = [
        (ADDRESSES, clients.keeps_addresses),
        (REQUEST_ID, keeps_id(clients, received)),
        (CERTIFICATE, keeps_certificate),
        ("expect", clients.passes_expectations),
    ];
    for (name, _) in kept.iter().filter(|(_, is_kept)| *is_kept) {
        lines.retain(|(other, _)| other != name);
        lines.extend(received.iter().filter(|(other, _)| other == name).cloned());
    }
    lines
}
