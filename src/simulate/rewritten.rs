//! What Envoy does to the headers of a request before it matches routes: one
//! table, which the simulator follows and the analysis warns by.
//!
//! Measured with Envoy 1.40 and what `translator::envoy` emits: each header was
//! sent alone and twice, over HTTP/1.1 and HTTP/2, and looked for by a rule and
//! by the backend ([header sanitizing](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/header_sanitizing)).

use crate::ir::KEPT_OF_BELIEVED;

/// What becomes of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is matched and handed on as it was sent.
    Kept,
    /// No rule and no backend sees it.
    Removed,
    /// It is there in requests that upgrade their connection, and in no others.
    OfUpgrades,
    /// `trailers` is all that is left of it.
    Trailers,
    /// It is kept where it is a reference without user and fragment.
    Url,
    /// It goes where it asks for `100 Continue`, which Envoy answers.
    Expectation,
    /// The address of the connection is appended to it.
    Appended,
    /// It becomes the address of the client.
    Address,
    /// It becomes the scheme of the connection, unless a trusted proxy has set it.
    Scheme,
    /// It becomes a new UUID.
    Fresh,
}

/// Every header whose fate is not to be kept.
const TABLE: &[(&str, Fate)] = &[
    ("connection", Fate::OfUpgrades),
    ("expect", Fate::Expectation),
    ("keep-alive", Fate::Removed),
    ("proxy-connection", Fate::Removed),
    ("referer", Fate::Url),
    ("te", Fate::Trailers),
    ("transfer-encoding", Fate::Removed),
    ("upgrade", Fate::OfUpgrades),
    ("x-envoy-decorator-operation", Fate::Removed),
    ("x-envoy-downstream-service-cluster", Fate::Removed),
    ("x-envoy-downstream-service-node", Fate::Removed),
    ("x-envoy-expected-rq-timeout-ms", Fate::Removed),
    ("x-envoy-external-address", Fate::Address),
    ("x-envoy-force-trace", Fate::Removed),
    ("x-envoy-hedge-on-per-try-timeout", Fate::Removed),
    ("x-envoy-internal", Fate::Removed),
    ("x-envoy-ip-tags", Fate::Removed),
    ("x-envoy-max-retries", Fate::Removed),
    ("x-envoy-original-host", Fate::Removed),
    ("x-envoy-original-path", Fate::Removed),
    ("x-envoy-original-url", Fate::Removed),
    ("x-envoy-retriable-header-names", Fate::Removed),
    ("x-envoy-retriable-status-codes", Fate::Removed),
    ("x-envoy-retry-grpc-on", Fate::Removed),
    ("x-envoy-retry-on", Fate::Removed),
    ("x-envoy-upstream-alt-stat-name", Fate::Removed),
    ("x-envoy-upstream-rq-per-try-timeout-ms", Fate::Removed),
    ("x-envoy-upstream-rq-timeout-alt-response", Fate::Removed),
    ("x-envoy-upstream-rq-timeout-ms", Fate::Removed),
    ("x-envoy-upstream-stream-duration-ms", Fate::Removed),
    ("x-forwarded-client-cert", Fate::Removed),
    ("x-forwarded-for", Fate::Appended),
    ("x-forwarded-proto", Fate::Scheme),
    ("x-request-id", Fate::Fresh),
];

/// What becomes of a header, named in lower case.
pub fn fate(name: &str) -> Fate {
    TABLE.binary_search_by_key(&name, |(known, _)| known).map_or(Fate::Kept, |at| TABLE[at].1)
}

/// What becomes of a header, named in lower case, where clients are believed: neighbours are
/// ([`crate::ir::HttpProfile::Mesh`]), and whoever a listener says.
pub(super) fn fate_of_neighbour(name: &str) -> Fate {
    if KEPT_OF_BELIEVED.contains(&name) { Fate::Kept } else { fate(name) }
}

/// Headers of requests that Envoy keeps one line of: more values follow the first one behind a comma, in what clients
/// send and in what `add` adds. `cookie` is so with `; ` over HTTP/2.
const JOINED_IN_REQUESTS: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "authorization",
    "cache-control",
    "cdn-loop",
    "connection",
    "content-encoding",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "origin",
    "pragma",
    "proxy-status",
    "referer",
    "te",
    "upgrade",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-envoy-attempt-count",
    "x-envoy-decorator-operation",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-envoy-is-timeout-retry",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-envoy-upstream-alt-stat-name",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// The same of responses.
const JOINED_IN_RESPONSES: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "cache-control",
    "content-encoding",
    "content-type",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-status",
    "server",
    "vary",
    "via",
    "x-envoy-attempt-count",
    "x-envoy-decorator-operation",
    "x-envoy-degraded",
    "x-envoy-immediate-health-check-fail",
    "x-envoy-ratelimited",
    "x-envoy-upstream-canary",
    "x-envoy-upstream-healthchecked-cluster",
    "x-envoy-upstream-service-time",
    "x-request-id",
];

/// Whose headers are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Request,
    Response,
}

impl Message {
    /// Whether a header, named in lower case, has one line however many values it has.
    pub(super) fn joins(self, name: &str) -> bool {
        let names = match self {
            Self::Request => JOINED_IN_REQUESTS,
            Self::Response => JOINED_IN_RESPONSES,
        };
        names.binary_search(&name).is_ok()
    }
}

/// Whether a request has one line of a header, however many values it was sent with.
pub fn is_one_line(name: &str) -> bool {
    Message::Request.joins(&name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{Fate, JOINED_IN_REQUESTS, JOINED_IN_RESPONSES, Message, TABLE, fate};
    use crate::http::HeaderName;
    use crate::ir::can_hold_session;

    #[test]
    fn the_tables_are_in_the_order_that_they_are_searched_in() {
        assert!(TABLE.is_sorted_by_key(|(name, _)| name));
        assert!(JOINED_IN_REQUESTS.is_sorted());
        assert!(JOINED_IN_RESPONSES.is_sorted());
    }

    #[test]
    fn what_is_rewritten_holds_no_session() {
        // A reference may be anything that a session's value is.
        let rewritten = TABLE.iter().filter(|(_, fate)| *fate != Fate::Url);
        let held: Vec<_> = rewritten.filter(|(name, _)| can_hold_session(&HeaderName::from(*name))).collect();
        assert!(held.is_empty(), "{held:?}");
        let can_hold = |name: &str| can_hold_session(&HeaderName::from(name));
        assert!(can_hold("X-Session") && !can_hold("Content-Length") && !can_hold("grpc-status"));
    }

    #[test]
    fn headers_are_found_by_name() {
        assert_eq!(fate("x-request-id"), Fate::Fresh);
        assert_eq!(fate("x-custom"), Fate::Kept);
        assert!(Message::Request.joins("accept") && !Message::Response.joins("accept"));
        assert!(Message::Response.joins("vary") && !Message::Request.joins("vary"));
    }
}
