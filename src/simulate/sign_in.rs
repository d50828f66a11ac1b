//! Whoever sends a request has to have signed in
//! ([OAuth2](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/oauth2_filter)). Whether cookies
//! say so only a run shows: they are taken for ones that do not.

use crate::ir::{NONCE_COOKIE, RouteGuards, SIGNATURE_COOKIE, SignIn, TextIs};

use super::admitted::Admitted;
use super::decision::{LocalReply, Reason};
use super::header::line;
use super::path::split_query;
use super::re2::Pattern;
use super::session::cookie_value;

/// Lets a request pass of which others look at the token.
///
/// # Errors
/// The answer to every other one. The URL that a client is sent to is another one each time.
pub(super) fn require(RouteGuards { sign_in, .. }: &RouteGuards, request: &Admitted) -> Result<(), LocalReply> {
    let Some(sign_in) = sign_in else { return Ok(()) };
    let SignIn { passes_tokens, sign_out_path, callback_path, cookies, refused, provider, .. } = &**sign_in;
    let is_header = |name: &str, is: &TextIs| line(&request.headers, name).is_some_and(|value| is_meant(is, value));
    let has_token = |name: &str, prefix: &str| line(&request.headers, name).is_some_and(|own| own.starts_with(prefix));
    if passes_tokens.iter().any(|(name, prefix)| has_token(name.as_str(), prefix)) {
        return Ok(());
    }
    let (path, query) = split_query(&request.target);
    if path == sign_out_path {
        let place = format!("{}://{}/", scheme(request), request.authority);
        let headers = provider.end_url.is_none().then(|| ("location".to_owned(), place)).into_iter().collect();
        return Err(LocalReply { headers, ..LocalReply::new(302, Reason::SignedOut) });
    }
    let has = |cookie: &str| cookie_value(request, &cookies.name(cookie)).is_some();
    if has(SIGNATURE_COOKIE) || path == callback_path && has(NONCE_COOKIE) && query.len() > 1 {
        return Err(LocalReply::new(302, Reason::SignedInPerhaps));
    }
    if path == callback_path || refused.iter().any(|(name, is)| is_header(name.as_str(), is)) {
        return Err(LocalReply::new(401, Reason::NotSignedIn).with_body("OAuth flow failed."));
    }
    Err(LocalReply::new(302, Reason::NotSignedIn))
}

fn scheme(request: &Admitted) -> &str {
    line(&request.headers, "x-forwarded-proto").unwrap_or(request.scheme)
}

fn is_meant(is: &TextIs, value: &str) -> bool {
    match is {
        TextIs::Exact(text) => value == text,
        TextIs::Prefix(text) => value.starts_with(text.as_str()),
        TextIs::Suffix(text) => value.ends_with(text.as_str()),
        TextIs::Regex(expression) => Pattern::new(expression).matches(value),
    }
}
