//! Sessions that stay with an endpoint
//! ([Stateful session](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/stateful_session_filter)).
//!
//! The filter keeps a client to an endpoint of a cluster, and the cluster is
//! drawn before it runs. So several backends form a pool where they are alike;
//! otherwise a second cookie selects the cluster, or the endpoint that a header
//! names does.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use envoy_types::pb::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, TypedExtensionConfig, header_value_option::HeaderAppendAction,
};
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::filters::http::stateful_session::v3::{
    StatefulSession, StatefulSessionPerRoute, stateful_session_per_route::Override,
};
use envoy_types::pb::envoy::extensions::http::stateful_session::cookie::v3::CookieBasedSessionState;
use envoy_types::pb::envoy::extensions::http::stateful_session::header::v3::HeaderBasedSessionState;
use envoy_types::pb::envoy::r#type::http::v3::{Cookie, CookieAttribute};
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{Endpoints, Session, SessionCarrier, SessionCookie};

use super::path::quote;
use super::proto::{any, duration, matching};
use super::route_match::header_matcher;

/// The filter.
pub(super) const SESSION_FILTER: &str = "envoy.filters.http.stateful_session";
/// The message of the filter in the chain, which is off when empty.
pub(super) const SESSION: &str = "envoy.extensions.filters.http.stateful_session.v3.StatefulSession";
const PER_ROUTE: &str = "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute";
/// The extensions are found by these names, not by the type of their messages.
const COOKIE_STATE: &str = "envoy.http.stateful_session.cookie";
const HEADER_STATE: &str = "envoy.http.stateful_session.header";
const COOKIE_MESSAGE: &str = "envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState";
const HEADER_MESSAGE: &str = "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState";

/// The session of a route, under the name of the filter.
pub(super) fn per_route(session: &Session) -> (String, Any) {
    let Session { carrier, is_strict, across: _ } = session;
    let (name, state) = match carrier {
        SessionCarrier::Cookie(cookie) => {
            let message = CookieBasedSessionState { cookie: Some(to_cookie(cookie)) };
            (COOKIE_STATE, any(COOKIE_MESSAGE, &message))
        }
        SessionCarrier::Header(name) => {
            (HEADER_STATE, any(HEADER_MESSAGE, &HeaderBasedSessionState { name: name.to_string() }))
        }
    };
    let state = TypedExtensionConfig { name: name.to_owned(), typed_config: Some(state) };
    let session = StatefulSession { session_state: Some(state), strict: *is_strict, ..StatefulSession::default() };
    let message = StatefulSessionPerRoute { r#override: Some(Override::StatefulSession(session)) };
    (SESSION_FILTER.to_owned(), any(PER_ROUTE, &message))
}

/// Envoy adds `HttpOnly` itself
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/common/http/utility.cc), `makeSetCookieValue`).
fn to_cookie(cookie: &SessionCookie) -> Cookie {
    let SessionCookie { name, path, lifetime, secure } = cookie.clone();
    let attribute = |name: &str, value: &str| CookieAttribute { name: name.to_owned(), value: value.to_owned() };
    let mut attributes = Vec::new();
    if secure {
        attributes.push(attribute("Secure", ""));
    }
    attributes.push(attribute("SameSite", "Strict"));
    Cookie { name, ttl: lifetime.map(duration), path, attributes }
}

/// The response header that tells a client its backend.
pub(super) fn select(cookie: &SessionCookie, value: &str) -> HeaderValueOption {
    let SessionCookie { name, path, lifetime, secure } = cookie;
    let mut text = format!("{name}={value}");
    if let Some(lifetime) = lifetime {
        text.push_str(&format!("; Max-Age={}", lifetime.as_secs()));
    }
    text.push_str(&format!("; Path={path}"));
    if *secure {
        text.push_str("; Secure");
    }
    text.push_str("; SameSite=Strict; HttpOnly");
    HeaderValueOption {
        header: Some(HeaderValue {
            key: "set-cookie".to_owned(),
            value: super::header::escape(&text),
            ..HeaderValue::default()
        }),
        append_action: HeaderAppendAction::AppendIfExistsOrAdd as i32,
        ..HeaderValueOption::default()
    }
}

/// A request of a client that was told so.
pub(super) fn selected(cookie: &SessionCookie, value: &str) -> HeaderMatcher {
    header_matcher("cookie", matching(&format!("(?:.*; *)?{}={value}(?:;.*)?", quote(&cookie.name))))
}

/// A request that names an endpoint, whichever.
pub(super) fn is_carried(carrier: &SessionCarrier) -> HeaderMatcher {
    match carrier {
        SessionCarrier::Header(name) => HeaderMatcher {
            name: name.to_string(),
            header_match_specifier: Some(HeaderMatchSpecifier::PresentMatch(true)),
            ..HeaderMatcher::default()
        },
        SessionCarrier::Cookie(cookie) => {
            header_matcher("cookie", matching(&format!("(?:.*; *)?{}=.*", quote(&cookie.name))))
        }
    }
}

/// A request whose header names one of these endpoints, as the filter writes
/// them; `None` for cookies, and when no address is known.
pub(super) fn names_endpoint(carrier: &SessionCarrier, endpoints: &Endpoints) -> Option<HeaderMatcher> {
    let (SessionCarrier::Header(name), Endpoints::Static(addresses)) = (carrier, endpoints) else { return None };
    let mut values: Vec<String> =
        addresses.iter().map(|address| quote(&BASE64_STANDARD.encode(address.to_string()))).collect();
    values.sort_unstable();
    values.dedup();
    (!values.is_empty()).then(|| header_matcher(name, matching(&values.join("|"))))
}
