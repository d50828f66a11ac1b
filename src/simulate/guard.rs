//! What keeps requests out, whatever their rules say
//! ([CSRF](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/csrf_filter),
//! [Buffer](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/buffer_filter)). Of tokens and
//! of connections one request is always the first.

use crate::ir::{HttpGuards, OriginText, RequestOrigins, TextIs};

use super::admitted::{Admitted, KeptOut};
use super::decision::{LocalReply, Reason};
use super::header::line;
use super::re2::Pattern;
use super::url::Url;

/// The methods that change something.
const CHANGING: [&str; 4] = ["POST", "PUT", "DELETE", "PATCH"];

/// Why a request is kept out, if it is.
pub(super) fn kept_out(guards: &HttpGuards, request: &Admitted) -> Option<KeptOut> {
    let HttpGuards { body, origins, requests: _, connections: _, new_connections: _ } = guards;
    let is_change = CHANGING.contains(&request.method.as_str());
    if is_change && origins.as_ref().is_some_and(|origins| origins.is_enforced && is_foreign(origins, request)) {
        return Some(KeptOut::ForeignOrigin);
    }
    body.is_some_and(|limit| request.body_bytes > u64::from(limit)).then_some(KeptOut::LongBody)
}

/// The answer to a request that is kept out.
pub(super) fn refusal(why: KeptOut) -> LocalReply {
    match why {
        KeptOut::ForeignOrigin => LocalReply::new(403, Reason::ForeignOrigin).with_body("Invalid origin"),
        KeptOut::LongBody => LocalReply::new(413, Reason::LongBody).with_body("Payload Too Large"),
    }
}

/// Whether a request comes from another host than the one that it is for, and from none of those that may send it; one
/// that does not say where it comes from does.
fn is_foreign(RequestOrigins { is_enforced: _, others }: &RequestOrigins, request: &Admitted) -> bool {
    let said = |name: &str| line(&request.headers, name).map(host_of).filter(|host| !host.is_empty());
    let Some(source) = said("origin").or_else(|| said("referer")) else { return true };
    let target = format!("{}://{}", request.scheme, request.authority);
    source != host_of(&target) && !others.iter().any(|other| is_meant(other, source))
}

/// Host and port of a URL; what is none is left as it is.
fn host_of(url: &str) -> &str {
    Url::parse(url).map_or(url, |url| url.authority)
}

fn is_meant(OriginText { is, any_case }: &OriginText, source: &str) -> bool {
    let lower = |text: &str| if *any_case { text.to_ascii_lowercase() } else { text.to_owned() };
    let seen = lower(source);
    match is {
        TextIs::Exact(text) => seen == lower(text),
        TextIs::Prefix(text) => seen.starts_with(&lower(text)),
        TextIs::Suffix(text) => seen.ends_with(&lower(text)),
        TextIs::Regex(expression) => Pattern::new(expression).matches(source),
    }
}
