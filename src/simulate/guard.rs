//! What keeps requests out, whatever their rules say
//! ([CSRF](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/csrf_filter),
//! [Buffer](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/buffer_filter)). Of tokens and
//! of connections one request is always the first.

use crate::ir::{
    BodyRule, Config, HttpGuards, OriginRule, OriginText, ProcessedBody, ProcessedParts, ProcessorPlace, RequestLimits,
    RequestOrigins, RequestProcessor, RouteGuards, TextIs,
};

use super::admitted::{Admitted, KeptOut};
use super::decision::{LocalReply, Reason};
use super::header::line;
use super::re2::Pattern;
use super::url::Url;

/// The methods that change something.
const CHANGING: [&str; 4] = ["POST", "PUT", "DELETE", "PATCH"];

/// Why a request is kept out by its listener, if it is.
pub(super) fn kept_out(guards: &HttpGuards, request: &Admitted) -> KeptOut {
    let HttpGuards { body, origins, requests: _, connections: _, new_connections: _ } = guards;
    KeptOut {
        is_foreign: origins.as_ref().is_some_and(|origins| is_refused(origins, request)),
        is_long: body.is_some_and(|limit| request.body_bytes > u64::from(limit)),
    }
}

/// The same where a rule has it: what the rule says goes before what its listener says.
pub(super) fn kept_out_by_rule(
    RouteGuards {
        body,
        origins,
        early_tokens: _,
        keys: _,
        passwords: _,
        sign_in: _,
        tokens: _,
        early_rate: _,
        rate: _,
        early_limits: _,
        limits: _,
        processors: _,
        scripts: _,
        access: _,
    }: &RouteGuards,
    request: &Admitted,
) -> KeptOut {
    let KeptOut { is_foreign, is_long } = request.kept_out;
    KeptOut {
        is_foreign: match origins {
            None => is_foreign,
            Some(OriginRule::Anywhere) => false,
            Some(OriginRule::Known(origins)) => is_refused(origins, request),
        },
        is_long: match body {
            None => is_long,
            Some(BodyRule::Unlimited) => false,
            Some(BodyRule::Limit(limit)) => request.body_bytes > u64::from(*limit),
        },
    }
}

/// The answer to a request that is kept out; `None` for one that is not.
pub(super) fn refusal(KeptOut { is_foreign, is_long }: KeptOut) -> Option<LocalReply> {
    if is_foreign {
        return Some(LocalReply::new(403, Reason::ForeignOrigin).with_body("Invalid origin"));
    }
    is_long.then(|| LocalReply::new(413, Reason::LongBody).with_body("Payload Too Large"))
}

/// The answer where nobody can say whether there are too many requests, and none may pass then. A request is taken for the
/// first of all.
pub(super) fn unanswered(config: &Config, limits: Option<&RequestLimits>) -> Option<LocalReply> {
    let server = &limits?.server;
    let is_there = !config.cluster(server.cluster).is_empty();
    (!is_there && !server.lets_pass).then(|| LocalReply::new(500, Reason::NoLimits))
}

/// The answer where a server at a place does not answer to which a request has to be handed. What
/// it makes of requests is not part of a configuration: they pass as they are.
pub(super) fn unprocessed(
    config: &Config,
    (guards, place): (Option<&RouteGuards>, ProcessorPlace),
    request: &Admitted,
) -> Option<LocalReply> {
    let here = guards?.processors.iter().filter(|processor| processor.place == place);
    let mut silent = here.filter(|processor| {
        let is_there = !config.cluster(processor.asked()).endpoints.is_empty();
        !is_there && !processor.settings.lets_pass && gets_some(processor.parts(), request)
    });
    silent.next().map(unheard)
}

/// The answer where a server does not answer.
fn unheard(processor: &RequestProcessor) -> LocalReply {
    LocalReply::new(processor.settings.failure.unwrap_or(500), Reason::NoProcessor)
}

/// Whether a server gets something of a request, or of a body that is answered to it.
fn gets_some(ProcessedParts { request: parts, response }: ProcessedParts, request: &Admitted) -> bool {
    let has_body = request.body_bytes > 0;
    parts.headers || has_body && parts.body != ProcessedBody::None || response.body != ProcessedBody::None
}

/// The answer where a server does not answer that every response has to be handed to: also those of the proxy itself, whoever
/// makes them, and wherever the server is asked.
pub(super) fn unanswerable(config: &Config, guards: Option<&RouteGuards>) -> Option<LocalReply> {
    let silent = guards?.processors.iter().find(|processor| {
        let is_there = !config.cluster(processor.asked()).endpoints.is_empty();
        !is_there && !processor.settings.lets_pass && processor.parts().response.headers
    });
    silent.map(unheard)
}

/// Whether a request may not come from where it does.
fn is_refused(origins: &RequestOrigins, request: &Admitted) -> bool {
    CHANGING.contains(&request.method.as_str()) && origins.is_enforced && is_foreign(origins, request)
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
