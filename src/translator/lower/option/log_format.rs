//! The operators of logs: which there are, and what stands behind each
//! ([command operators](https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter)).
//!
//! Envoy loads no configuration with an operator that it does not know. The lists are what Envoy 1.40 was measured to
//! take; those whose arguments are a language of their own are not among them.

use crate::http::is_token;
use crate::options::EnvoyVersion;

/// Operators that stand alone.
const ALONE: &[&str] = &[
    "ACCESS_LOG_TYPE",
    "BYTES_RECEIVED",
    "BYTES_RETRANSMITTED",
    "BYTES_SENT",
    "CONNECTION_ID",
    "CONNECTION_TERMINATION_DETAILS",
    "CUSTOM_FLAGS",
    "DOWNSTREAM_CX_RTT",
    "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
    "DOWNSTREAM_DETECTED_CLOSE_TYPE",
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS",
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID",
    "DOWNSTREAM_DIRECT_LOCAL_PORT",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
    "DOWNSTREAM_DIRECT_REMOTE_PORT",
    "DOWNSTREAM_HANDSHAKE_DURATION",
    "DOWNSTREAM_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_HEADER_BYTES_SENT",
    "DOWNSTREAM_LOCAL_ADDRESS",
    "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
    "DOWNSTREAM_LOCAL_CLOSE_REASON",
    "DOWNSTREAM_LOCAL_DNS_SAN",
    "DOWNSTREAM_LOCAL_EMAIL_SAN",
    "DOWNSTREAM_LOCAL_IP_SAN",
    "DOWNSTREAM_LOCAL_OTHERNAME_SAN",
    "DOWNSTREAM_LOCAL_PORT",
    "DOWNSTREAM_LOCAL_SUBJECT",
    "DOWNSTREAM_LOCAL_URI_SAN",
    "DOWNSTREAM_PEER_CERT",
    "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1",
    "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256",
    "DOWNSTREAM_PEER_CHAIN_SERIALS",
    "DOWNSTREAM_PEER_DNS_SAN",
    "DOWNSTREAM_PEER_EMAIL_SAN",
    "DOWNSTREAM_PEER_FINGERPRINT_1",
    "DOWNSTREAM_PEER_FINGERPRINT_256",
    "DOWNSTREAM_PEER_IP_SAN",
    "DOWNSTREAM_PEER_ISSUER",
    "DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256",
    "DOWNSTREAM_PEER_ISSUER_SERIAL",
    "DOWNSTREAM_PEER_OTHERNAME_SAN",
    "DOWNSTREAM_PEER_SERIAL",
    "DOWNSTREAM_PEER_SUBJECT",
    "DOWNSTREAM_PEER_URI_SAN",
    "DOWNSTREAM_REMOTE_ADDRESS",
    "DOWNSTREAM_REMOTE_PORT",
    "DOWNSTREAM_TLS_CIPHER",
    "DOWNSTREAM_TLS_GROUP",
    "DOWNSTREAM_TLS_SESSION_ID",
    "DOWNSTREAM_TLS_VERSION",
    "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
    "DOWNSTREAM_WIRE_BYTES_RECEIVED",
    "DOWNSTREAM_WIRE_BYTES_SENT",
    "DURATION",
    "FILTER_CHAIN_NAME",
    "GRPC_STATUS",
    "GRPC_STATUS_NUMBER",
    "HOSTNAME",
    "LOCAL_REPLY_BODY",
    "PACKETS_RETRANSMITTED",
    "PROTOCOL",
    "REQUESTED_SERVER_NAME",
    "REQUEST_DURATION",
    "REQUEST_HEADERS_BYTES",
    "REQUEST_TX_DURATION",
    "RESPONSE_CODE",
    "RESPONSE_DURATION",
    "RESPONSE_FLAGS",
    "RESPONSE_FLAGS_LONG",
    "RESPONSE_HEADERS_BYTES",
    "RESPONSE_TRAILERS_BYTES",
    "RESPONSE_TX_DURATION",
    "ROUNDTRIP_DURATION",
    "ROUTE_NAME",
    "SPAN_ID",
    "STREAM_ID",
    "TLS_JA3_FINGERPRINT",
    "TLS_JA4_FINGERPRINT",
    "TRACE_ID",
    "UNIQUE_ID",
    "UPSTREAM_CLUSTER",
    "UPSTREAM_CLUSTER_RAW",
    "UPSTREAM_CONNECTION_ID",
    "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
    "UPSTREAM_CONNECTION_POOL_READY_DURATION",
    "UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
    "UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
    "UPSTREAM_DETECTED_CLOSE_TYPE",
    "UPSTREAM_HEADER_BYTES_RECEIVED",
    "UPSTREAM_HEADER_BYTES_SENT",
    "UPSTREAM_HOST",
    "UPSTREAM_HOSTS_ATTEMPTED",
    "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
    "UPSTREAM_HOST_NAME",
    "UPSTREAM_HOST_NAMES_ATTEMPTED",
    "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT",
    "UPSTREAM_HOST_NAME_WITHOUT_PORT",
    "UPSTREAM_LOCAL_ADDRESS",
    "UPSTREAM_LOCAL_CLOSE_REASON",
    "UPSTREAM_LOCAL_DNS_SAN",
    "UPSTREAM_LOCAL_IP_SAN",
    "UPSTREAM_LOCAL_PORT",
    "UPSTREAM_LOCAL_URI_SAN",
    "UPSTREAM_PEER_CERT",
    "UPSTREAM_PEER_DNS_SAN",
    "UPSTREAM_PEER_IP_SAN",
    "UPSTREAM_PEER_ISSUER",
    "UPSTREAM_PEER_SUBJECT",
    "UPSTREAM_PEER_URI_SAN",
    "UPSTREAM_PROTOCOL",
    "UPSTREAM_REMOTE_ADDRESS",
    "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
    "UPSTREAM_REMOTE_PORT",
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
    "UPSTREAM_SERVER_NAME",
    "UPSTREAM_TLS_CIPHER",
    "UPSTREAM_TLS_GROUP",
    "UPSTREAM_TLS_SESSION_ID",
    "UPSTREAM_TLS_VERSION",
    "UPSTREAM_TRANSPORT_FAILURE_REASON",
    "UPSTREAM_WIRE_BYTES_RECEIVED",
    "UPSTREAM_WIRE_BYTES_SENT",
    "VIRTUAL_CLUSTER_NAME",
];

/// Operators that stand alone or with a length.
const WITH_LENGTH: &[&str] = &["PATH", "QUERY_PARAMS"];

/// Operators behind which a form may stand, such as that of a time.
const WITH_FORM: &[&str] = &[
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_PEER_CERT_V_END",
    "DOWNSTREAM_PEER_CERT_V_START",
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
    "EMIT_TIME",
    "EMIT_TIME_LOCAL",
    "RESPONSE_CODE_DETAILS",
    "START_TIME",
    "START_TIME_LOCAL",
    "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "UPSTREAM_PEER_CERT_V_END",
    "UPSTREAM_PEER_CERT_V_START",
    "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
];

/// Operators of a header, or of another one where it is not there; a length may follow.
const OF_HEADER: &[&str] = &["REQ", "REQUEST_HEADER", "RESP", "RESPONSE_HEADER", "RESPONSE_TRAILER", "TRAILER"];

/// Operators of a value by its name; a length may follow.
const OF_NAME: &[&str] = &["DYNAMIC_METADATA", "ENVIRONMENT", "QUERY_PARAM"];

/// Operators of a value by its name, without a length.
const OF_NAME_ALONE: &[&str] = &["CLUSTER_METADATA", "UPSTREAM_METADATA"];

/// From which release of Envoy on operators are there that 1.36 does not know.
const SINCE: &[(u16, &[&str])] = &[
    (
        37,
        &[
            "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID",
            "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
            "REQUEST_HEADER",
            "RESPONSE_HEADER",
            "RESPONSE_TRAILER",
            "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
        ],
    ),
    (
        38,
        &[
            "DOWNSTREAM_DETECTED_CLOSE_TYPE",
            "DOWNSTREAM_LOCAL_CLOSE_REASON",
            "DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256",
            "DOWNSTREAM_PEER_ISSUER_SERIAL",
            "QUERY_PARAMS",
            "SPAN_ID",
            "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
            "UPSTREAM_DETECTED_CLOSE_TYPE",
            "UPSTREAM_HOSTS_ATTEMPTED",
            "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
            "UPSTREAM_HOST_NAMES_ATTEMPTED",
            "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT",
            "UPSTREAM_LOCAL_CLOSE_REASON",
        ],
    ),
    (39, &["DOWNSTREAM_TLS_GROUP", "UPSTREAM_SERVER_NAME", "UPSTREAM_TLS_GROUP"]),
    (40, &["DOWNSTREAM_CX_RTT"]),
];

/// The first thing in a text that a release of Envoy takes for no operator; `None` where it takes the whole text.
pub(super) fn first_fault(text: &str, version: EnvoyVersion) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let from = &rest[at..];
        if let Some(after) = from.strip_prefix("%%") {
            rest = after;
            continue;
        }
        match length(from, version) {
            Some(length) => rest = &from[length..],
            None => return Some(shown(from)),
        }
    }
    None
}

/// What of a text is shown: up to the next `%`, or up to the end of the line.
fn shown(from: &str) -> String {
    let line = from.lines().next().unwrap_or_default();
    let end = line.match_indices('%').nth(1).map_or(line.len(), |(at, _)| at + 1);
    line[..end].to_owned()
}

/// The length of the operator at the beginning of a text.
fn length(from: &str, version: EnvoyVersion) -> Option<usize> {
    let inner = from.strip_prefix('%')?;
    let name_end = inner.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
    let (name, behind) = inner.split_at(name_end);
    let (argument, behind) = match behind.strip_prefix('(') {
        Some(open) => {
            let (argument, behind) = open.split_once(')')?;
            (Some(argument), behind)
        }
        None => (None, behind),
    };
    let digits = behind.strip_prefix(':').map(|digits| digits.bytes().take_while(u8::is_ascii_digit).count());
    let behind = &behind[digits.map_or(0, |digits| digits + 1)..];
    let is_closed = behind.starts_with('%') && digits != Some(0);
    let is_old = SINCE.iter().any(|(since, names)| version < EnvoyVersion(*since) && names.contains(&name));
    let is_known = !is_old && takes(name, argument, digits.is_some());
    (is_closed && is_known).then(|| from.len() - behind.len() + 1)
}

/// Whether an operator stands with such an argument and a length or without.
fn takes(name: &str, argument: Option<&str>, has_length: bool) -> bool {
    let is_one_line = |argument: &str| !argument.contains(['\n', '\r']);
    match argument {
        None if has_length => WITH_LENGTH.contains(&name),
        None => [ALONE, WITH_LENGTH, WITH_FORM].iter().any(|list| list.contains(&name)),
        Some(argument) if WITH_FORM.contains(&name) => !has_length && is_one_line(argument),
        Some(argument) if OF_HEADER.contains(&name) => {
            let names: Vec<&str> = argument.split('?').collect();
            names.len() <= 2 && names.iter().all(|name| is_header(name))
        }
        Some(argument) => {
            let is_known = OF_NAME.contains(&name) || OF_NAME_ALONE.contains(&name) && !has_length;
            is_known && !argument.is_empty() && is_one_line(argument)
        }
    }
}

/// Whether a header can have the name; the first line of a request is one of its headers here.
pub(super) fn is_header(name: &str) -> bool {
    let name = name.strip_prefix(':').unwrap_or(name);
    !name.is_empty() && name.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use super::first_fault;
    use crate::options::EnvoyVersion;

    const NEWEST: EnvoyVersion = EnvoyVersion::NEWEST;

    #[test]
    fn texts_that_envoy_takes_are_taken() {
        for text in [
            "",
            "%%",
            "a %% b\nc",
            "%%%PROTOCOL%",
            "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
            "%START_TIME()%",
            "%REQ(a?b)%",
            "%REQ(:path?x):7%",
            "é %PROTOCOL% %RESPONSE_CODE%",
            "%DYNAMIC_METADATA(a:b:c):9%",
            "%UPSTREAM_METADATA(a:b)%",
            "%PATH:5%",
        ] {
            assert_eq!(first_fault(text, NEWEST), None, "{text}");
        }
    }

    #[test]
    fn texts_that_envoy_does_not_load_are_not_taken() {
        for (text, fault) in [
            ("100%\n", "%"),
            ("%REQ(x)", "%REQ(x)"),
            ("%PROTOCOL% %REQ(x)%%", "%"),
            ("%req(x)%", "%req(x)%"),
            ("%REQ(a?b?c)%", "%REQ(a?b?c)%"),
            ("%REQ(a b)%", "%REQ(a b)%"),
            ("%REQ()%", "%REQ()%"),
            ("%PROTOCOL%PROTOCOL%", "%"),
            ("50% of %PROTOCOL%", "% of %"),
            ("%CLUSTER_METADATA(a:b):3%", "%CLUSTER_METADATA(a:b):3%"),
            ("%TRACE_ID:5%", "%TRACE_ID:5%"),
            ("%DYNAMIC_METADATA()%", "%DYNAMIC_METADATA()%"),
            ("%USER%", "%USER%"),
        ] {
            assert_eq!(first_fault(text, NEWEST).as_deref(), Some(fault), "{text}");
        }
    }

    #[test]
    fn a_release_does_not_know_the_operators_of_later_ones() {
        assert_eq!(first_fault("%QUERY_PARAMS%", EnvoyVersion(38)), None);
        assert_eq!(first_fault("%QUERY_PARAMS%", EnvoyVersion(37)).as_deref(), Some("%QUERY_PARAMS%"));
    }
}
