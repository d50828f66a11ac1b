//! Headers: what the proxy strips, adds and changes
//! ([HTTP header manipulation](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers)).

use crate::ir::{Existing, HeaderMutation, HeaderMutations};

/// Header lines with names in lower case.
pub(super) type Lines = Vec<(String, String)>;

/// Headers of the connection, which are not handed on.
const HOP_BY_HOP: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "upgrade", "transfer-encoding", "expect", "host"];

/// Envoy's own headers, which are not believed when a client sends them. `x-forwarded-proto`,
/// `x-request-id` and `x-envoy-external-address` are set anew.
const NOT_BELIEVED: &[&str] = &[
    "x-forwarded-client-cert",
    "x-forwarded-proto",
    "x-request-id",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-is-timeout-retry",
    "x-envoy-max-retries",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-stream-duration-ms",
];

/// Headers that no request has when routes are matched: Envoy removes them, or keeps them for itself. `upgrade`, `te`
/// and those that it sets itself can be matched. Measured with each header in a request of its own.
const NEVER_MATCHED: &[&str] = &["connection", "keep-alive", "proxy-connection"];
const MATCHED: &[&str] = &["x-forwarded-proto", "x-request-id", "x-envoy-external-address", "x-envoy-is-timeout-retry"];

/// Whether a header, named in lower case, is in no request when routes are matched.
pub(super) fn is_stripped(name: &str) -> bool {
    NEVER_MATCHED.contains(&name) || (NOT_BELIEVED.contains(&name) && !MATCHED.contains(&name))
}

/// Headers whose values only a run shows.
pub(super) const GENERATED: &[&str] = &["x-envoy-external-address", "x-forwarded-for", "x-request-id"];

/// The headers of a request as the routes see them.
pub(super) fn admit(sent: &[(String, String)], scheme: &str) -> Lines {
    let mut lines: Lines = Vec::with_capacity(sent.len() + 2);
    for (name, value) in sent {
        let name = name.to_ascii_lowercase();
        let dropped = HOP_BY_HOP.contains(&name.as_str()) || NOT_BELIEVED.contains(&name.as_str());
        // Of `te` only `trailers` is handed on.
        if !dropped && (name != "te" || value.trim().eq_ignore_ascii_case("trailers")) {
            lines.push((name, value.trim_matches([' ', '\t']).to_owned()));
        }
    }
    lines.push(("x-forwarded-proto".to_owned(), scheme.to_owned()));
    lines
}

/// Changes to headers that may be applied later.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mutate<'c>(pub(super) &'c HeaderMutations);

impl Mutate<'_> {
    pub(super) fn apply(&self, lines: &mut Lines) {
        apply(self.0, lines);
    }

    /// The headers that are named.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.0.iter().map(|mutation| mutation.name.as_str())
    }
}

/// Changes headers as one of Envoy's lists does: removals, then replacements, then additions.
pub(super) fn apply(mutations: &HeaderMutations, lines: &mut Lines) {
    for HeaderMutation { name, existing, added: _ } in &mutations.0 {
        match existing {
            Existing::Kept => {}
            Existing::Removed => lines.retain(|(other, _)| other != name),
            // An empty value is not sent, and so replaces nothing.
            Existing::Replaced(value) if value.is_empty() => {}
            Existing::Replaced(value) => {
                lines.retain(|(other, _)| other != name);
                lines.push((name.clone(), value.clone()));
            }
        }
    }
    for HeaderMutation { name, existing: _, added } in &mutations.0 {
        let added = added.iter().filter(|value| !value.is_empty());
        lines.extend(added.map(|value| (name.clone(), value.clone())));
    }
}

/// Whether the values of a header are known once these changes are made.
pub(super) fn decides(mutations: &HeaderMutations, name: &str) -> bool {
    mutations.0.iter().any(|mutation| {
        mutation.name == name
            && match &mutation.existing {
                Existing::Kept => false,
                Existing::Removed => true,
                Existing::Replaced(value) => !value.is_empty(),
            }
    })
}
