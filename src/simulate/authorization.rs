//! Services that are asked whether a request may pass
//! ([External authorization](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter)).
//!
//! What a service says is not part of a configuration. A decision takes it from
//! its caller, who sees the question, and by default assumes that it agrees.

use std::borrow::Cow;

use crate::http::HeaderName;
use crate::ir::{
    AUTH_ANSWER_HEADERS, AuthHeaders, AuthId, AuthTerms, ClusterId, Config, ExternalAuthProtocol, ExternalAuthSettings,
};

use super::admitted::Admitted;
use super::decision::{LocalReply, Reason};
use super::header::{GENERATED, Lines};
use super::re2::Pattern;

/// The answer to a request whose service gave none.
const WITHOUT_ANSWER: u16 = 403;

/// The answer to a request whose body the service may not see as a whole.
const TOO_LARGE: u16 = 413;

/// Request headers that a service over HTTP sees without being told to.
const ALWAYS_SEEN: &[&str] = &["authorization"];

/// What a service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The authorization.
    pub auth: AuthId,
    /// The service.
    pub cluster: ClusterId,
    /// Whether it is spoken to in Envoy's gRPC protocol.
    pub is_grpc: bool,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The host.
    pub host: String,
    /// Header lines that it sees, without those that only a run shows.
    pub headers: Vec<(String, String)>,
    /// Whether it sees the body.
    pub has_body: bool,
}

/// What a service says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The request may pass. These are the headers of the answer.
    Granted(Vec<(String, String)>),
    /// It may not: this is the answer to the client.
    Refused {
        /// The status.
        status: u16,
        /// Header lines.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// There is no answer, or one that says that the service failed.
    Unavailable,
}

/// What the router takes for an order before it changes headers, whoever sets it, and hands on to nobody.
const TIMEOUT_ORDER: &str = "x-envoy-upstream-rq-timeout-ms";

/// Who speaks for the services.
pub(super) type Authority<'a> = dyn Fn(&Question) -> Permission + 'a;

/// Asks every service in turn. The request goes on with what they set, or is answered.
pub(super) fn ask(
    config: &Config,
    auths: &[AuthId],
    request: &Admitted,
    authority: &Authority<'_>,
) -> Result<Admitted, LocalReply> {
    let mut request = request.clone();
    for id in auths {
        let ExternalAuthSettings { cluster, protocol, request_headers, max_body_bytes, terms } =
            &config.external_auth(*id).settings;
        // What is told beside the request and how it is counted is nothing of the answer's.
        let AuthTerms { lets_pass, failure, cuts_body, .. } = terms;
        let unanswered = || LocalReply::new(failure.unwrap_or(WITHOUT_ANSWER), Reason::NoAuthorization);
        if !cuts_body && max_body_bytes.is_some_and(|most| request.body_bytes > u64::from(most)) {
            return Err(LocalReply::new(TOO_LARGE, Reason::BodyTooLarge).with_body("Payload Too Large"));
        }
        if config.cluster(*cluster).is_empty() {
            if *lets_pass {
                continue;
            }
            return Err(unanswered());
        }
        let question = Question {
            auth: *id,
            cluster: *cluster,
            is_grpc: *protocol == ExternalAuthProtocol::Grpc,
            method: request.method.clone(),
            path: match protocol {
                ExternalAuthProtocol::Http { path_prefix, .. } => format!("{path_prefix}{}", request.target),
                ExternalAuthProtocol::Grpc => request.target.clone(),
            },
            host: request.authority.clone(),
            headers: seen(&request.headers, (request_headers, &terms.seen_like), protocol),
            has_body: max_body_bytes.is_some(),
        };
        match authority(&question) {
            Permission::Unavailable | Permission::Refused { status: 500.., .. } if *lets_pass && !question.is_grpc => {}
            Permission::Unavailable if *lets_pass => {}
            Permission::Granted(headers) => grant(&mut request.headers, headers, (protocol, &terms.appended)),
            Permission::Refused { status: 500.., .. } if !question.is_grpc => return Err(unanswered()),
            Permission::Refused { status, headers, body } => {
                let reply = LocalReply::new(status, Reason::Unauthorized);
                // An answer without a body has no type, whatever the service says.
                let is_empty = question.method == "HEAD" || matches!(status, 204 | 304);
                let is_typed = |name: &str| !(is_empty && name.eq_ignore_ascii_case("content-type"));
                let headers = headers
                    .into_iter()
                    .filter(|(name, _)| is_typed(name) && is_told(name, terms.told_to_clients.as_deref()));
                let (headers, body) = (headers.collect(), if is_empty { String::new() } else { body });
                return Err(LocalReply { headers, body: Cow::Owned(body), ..reply });
            }
            Permission::Unavailable => return Err(unanswered()),
        }
    }
    Ok(request)
}

/// The headers that a service sees.
fn seen(lines: &Lines, (listed, like): (&AuthHeaders, &[String]), protocol: &ExternalAuthProtocol) -> Lines {
    let like: Vec<Pattern> = like.iter().map(|expression| Pattern::new(expression)).collect();
    let is_seen = |name: &str| match (listed, protocol) {
        (AuthHeaders::Default, ExternalAuthProtocol::Grpc) => true,
        (AuthHeaders::Listed(names), ExternalAuthProtocol::Grpc) => names.iter().any(|own| own == name),
        (AuthHeaders::Default, ExternalAuthProtocol::Http { .. }) => ALWAYS_SEEN.contains(&name),
        (AuthHeaders::Listed(names), ExternalAuthProtocol::Http { .. }) => {
            ALWAYS_SEEN.contains(&name) || names.iter().any(|own| own == name)
        }
    };
    let is_known = |name: &str| !GENERATED.contains(&name);
    lines
        .iter()
        .filter(|(name, _)| is_known(name) && (is_seen(name) || like.iter().any(|own| own.matches(name))))
        .cloned()
        .collect()
}

/// Headers of a refusal that say what it is, and that clients see in any case.
const ALWAYS_TOLD: &[&str] = &["content-length", "location", "www-authenticate"];

/// Whether clients see a header of a refusal.
fn is_told(name: &str, told: Option<&[HeaderName]>) -> bool {
    let lower = name.to_ascii_lowercase();
    told.is_none_or(|names| ALWAYS_TOLD.contains(&lower.as_str()) || names.iter().any(|own| lower == *own))
}

/// Sets what a service gave along with its permission, or adds it to what the request has of that name.
fn grant(
    lines: &mut Lines,
    given: Vec<(String, String)>,
    (protocol, appended): (&ExternalAuthProtocol, &[HeaderName]),
) {
    for (name, value) in given {
        let name = name.to_ascii_lowercase();
        let is_passed_on = match protocol {
            ExternalAuthProtocol::Grpc => true,
            ExternalAuthProtocol::Http { response_headers: AuthHeaders::Default, .. } => {
                !AUTH_ANSWER_HEADERS.contains(&name.as_str())
            }
            ExternalAuthProtocol::Http { response_headers: AuthHeaders::Listed(names), .. } => {
                names.iter().any(|own| name == *own)
            }
        };
        let is_added = appended.iter().any(|own| name == *own) && name != TIMEOUT_ORDER;
        let added = is_added.then(|| (name.to_owned(), value.to_owned()));
        if is_passed_on && name != TIMEOUT_ORDER {
            lines.retain(|(other, _)| *other != name);
            lines.push((name, value));
        }
        lines.extend(added);
    }
}
