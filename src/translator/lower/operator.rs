//! What looks like an operator of Envoy's in a value that is sent literally
//! ([substitution commands](https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter)).

/// The names of operators.
const NAMES: &[&str] = &[
    "ACCESS_LOG_TYPE",
    "BYTES_RECEIVED",
    "BYTES_RETRANSMITTED",
    "BYTES_SENT",
    "CEL",
    "CLUSTER_METADATA",
    "COMMON_DURATION",
    "CONNECTION_ID",
    "CONNECTION_TERMINATION_DETAILS",
    "CUSTOM_FLAGS",
    "DURATION",
    "DYNAMIC_METADATA",
    "EMIT_TIME",
    "EMIT_TIME_LOCAL",
    "ENVIRONMENT",
    "FILTER_CHAIN_NAME",
    "FILTER_STATE",
    "GRPC_STATUS",
    "GRPC_STATUS_NUMBER",
    "HOSTNAME",
    "LOCAL_REPLY_BODY",
    "METADATA",
    "PACKETS_RETRANSMITTED",
    "PATH",
    "PER_REQUEST_STATE",
    "PROTOCOL",
    "QUERY_PARAM",
    "QUERY_PARAMS",
    "REQ",
    "REQ_WITHOUT_QUERY",
    "REQUESTED_SERVER_NAME",
    "RESP",
    "ROUNDTRIP_DURATION",
    "ROUTE_NAME",
    "SECRET",
    "START_TIME",
    "START_TIME_LOCAL",
    "STREAM_ID",
    "TLS_JA3_FINGERPRINT",
    "TLS_JA4_FINGERPRINT",
    "TRACE_ID",
    "TRAILER",
    "TYPED_CLUSTER_METADATA",
    "UNIQUE_ID",
    "VIRTUAL_CLUSTER_NAME",
];

/// How the names of many more begin.
const FAMILIES: &[&str] = &["DOWNSTREAM_", "UPSTREAM_", "REQUEST_", "RESPONSE_"];

/// The first operator in a value, from its `%` to its `%`.
pub(super) fn find_operator(value: &str) -> Option<&str> {
    value.match_indices('%').find_map(|(at, _)| {
        let rest = value.get(at + 1..)?;
        let name_end = rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
        let (name, rest) = rest.split_at(name_end);
        let is_known = NAMES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family));
        let length = 1 + name.len() + argument_length(rest)?;
        // The closing `%` is among the bytes.
        value.get(at..at + length).filter(|_| is_known)
    })
}

/// The length of what stands behind the name: `(…)`, `:10`, and the closing `%`.
fn argument_length(rest: &str) -> Option<usize> {
    let argument = if rest.starts_with('(') { rest.find(')')? + 1 } else { 0 };
    let after = rest.get(argument..)?;
    let digits = after.strip_prefix(':').map_or(0, |digits| 1 + digits.bytes().take_while(u8::is_ascii_digit).count());
    after.get(digits..)?.starts_with('%').then_some(argument + digits + 1)
}

#[cfg(test)]
mod tests {
    use super::find_operator;

    #[test]
    fn operators_are_found_wherever_they_stand() {
        for (value, operator) in [
            ("%REQ(x-user)%", "%REQ(x-user)%"),
            ("from %DOWNSTREAM_REMOTE_ADDRESS%!", "%DOWNSTREAM_REMOTE_ADDRESS%"),
            ("100% %PROTOCOL%", "%PROTOCOL%"),
            ("%REQ(:path):12%", "%REQ(:path):12%"),
            ("%START_TIME(%s.%3f)%", "%START_TIME(%s.%3f)%"),
            ("%%HOSTNAME%%", "%HOSTNAME%"),
        ] {
            assert_eq!(find_operator(value), Some(operator), "{value}");
        }
    }

    #[test]
    fn other_percent_signs_are_no_operators() {
        for value in ["50%", "%", "%%", "%20REQ%20", "%req(x)%", "%REQ(x)", "%REQ", "%USER%", "%REQ (x)%", "é%é"] {
            assert_eq!(find_operator(value), None, "{value}");
        }
    }
}
