//! Sessions that stay with an endpoint
//! ([Stateful session](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/stateful_session_filter)):
//! what a request says about the session it belongs to, and what its answer says.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ir::{Forward, Session, SessionCarrier, SessionCookie, WeightedBackend};

use super::http::Admitted;

/// The tag of the address in a cookie's message
/// ([Cookie](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/http/stateful_session/cookie/v3/cookie.proto)).
const ADDRESS_TAG: u8 = 0x0a;

/// A session that a request belongs to or begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionStart<'c> {
    session: &'c Session,
    /// What selects the backend, where there are several.
    selector: Option<&'c str>,
    /// The endpoint that the request names.
    pub endpoint: Option<SocketAddr>,
}

impl<'c> SessionStart<'c> {
    /// The session of a request for a backend; none where the cookie does not hold for the path.
    pub(super) fn new(session: &'c Session, backend: &'c WeightedBackend, request: &Admitted) -> Option<Self> {
        if let SessionCarrier::Cookie(cookie) = &session.carrier
            && !covers(&cookie.path, request.path())
        {
            return None;
        }
        // The backend is told only where it was drawn, not where a client named it.
        let selector = backend.selector.as_deref().filter(|value| {
            session.selector.as_ref().is_none_or(|cookie| cookie_value(request, &cookie.name) != Some(*value))
        });
        Some(Self { session, selector, endpoint: endpoint(&session.carrier, request) })
    }

    /// Puts what a client keeps of the answer of `endpoint` into the headers of its next request.
    pub fn keep(&self, endpoint: Option<SocketAddr>, headers: &mut Vec<(String, String)>) {
        let Some(address) = endpoint.map(|address| address.to_string()) else { return };
        let mut pairs: Vec<String> = Vec::new();
        match &self.session.carrier {
            SessionCarrier::Cookie(cookie) => {
                pairs.push(format!("{}={}", cookie.name, STANDARD.encode(message(&address))));
            }
            SessionCarrier::Header(name) => {
                headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                headers.push((name.clone(), STANDARD.encode(&address)));
            }
        }
        if let (Some(cookie), Some(value)) = (&self.session.selector, self.selector) {
            pairs.push(format!("{}={value}", cookie.name));
        }
        if !pairs.is_empty() {
            headers.push(("cookie".to_owned(), pairs.join("; ")));
        }
    }

    /// The header lines that tell a client about `endpoint`, which answers, and about its backend.
    /// Where the address is not known before a run, `None`, its place says so.
    pub fn lines(&self, endpoint: Option<SocketAddr>) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        if let (Some(value), Some(cookie)) = (self.selector, &self.session.selector) {
            lines.push(("set-cookie".to_owned(), format!("{}={value}{}", cookie.name, attributes(cookie))));
        }
        if self.endpoint.is_some() && self.endpoint == endpoint {
            return lines;
        }
        let address = endpoint.map(|address| address.to_string());
        lines.push(match &self.session.carrier {
            SessionCarrier::Header(name) => {
                (name.clone(), address.map_or_else(|| UNKNOWN.to_owned(), |address| STANDARD.encode(address)))
            }
            SessionCarrier::Cookie(cookie) => {
                // The message of a cookie with a lifetime holds the time of its end.
                let value =
                    address.filter(|_| cookie.lifetime.is_none()).map(|address| STANDARD.encode(message(&address)));
                let value = value.unwrap_or_else(|| UNKNOWN.to_owned());
                ("set-cookie".to_owned(), format!("{}=\"{value}\"{}", cookie.name, attributes(cookie)))
            }
        });
        lines
    }
}

/// What stands for a value that only a run shows.
pub const UNKNOWN: &str = "…";

/// The backends among which one is drawn: the one that the client's selector names, else all with a weight.
pub(super) fn choices<'c>(forward: &'c Forward, request: &Admitted) -> Vec<&'c WeightedBackend> {
    let cookie = forward.session.as_ref().and_then(|session| session.selector.as_ref());
    let named = cookie
        .and_then(|cookie| cookie_value(request, &cookie.name))
        .and_then(|value| forward.backends.iter().find(|backend| backend.selector.as_deref() == Some(value)));
    match named {
        Some(one) => vec![one],
        None => forward.backends.iter().filter(|backend| backend.weight > 0).collect(),
    }
}

/// Whether an action has a backend that the client's selector names.
pub(super) fn is_selected(forward: &Forward, request: &Admitted) -> bool {
    let cookie = forward.session.as_ref().and_then(|session| session.selector.as_ref());
    let value = cookie.and_then(|cookie| cookie_value(request, &cookie.name));
    value.is_some_and(|value| forward.backends.iter().any(|backend| backend.selector.as_deref() == Some(value)))
}

fn attributes(cookie: &SessionCookie) -> String {
    let SessionCookie { name: _, path, lifetime, secure } = cookie;
    let age = lifetime.map(|lifetime| format!("; Max-Age={}", lifetime.as_secs())).unwrap_or_default();
    let secure = if *secure { "; Secure" } else { "" };
    format!("{age}; Path={path}{secure}; SameSite=Strict; HttpOnly")
}

/// Whether a cookie of `path` holds for a request's path.
fn covers(path: &str, requested: &str) -> bool {
    let rest = requested.strip_prefix(path);
    path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}

fn cookie_value<'r>(request: &'r Admitted, name: &str) -> Option<&'r str> {
    let lines = request.headers.iter().filter(|(key, _)| key == "cookie");
    let mut pairs = lines.flat_map(|(_, line)| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'))
}

/// The endpoint that a request names.
fn endpoint(carrier: &SessionCarrier, request: &Admitted) -> Option<SocketAddr> {
    let (text, is_message) = match carrier {
        SessionCarrier::Cookie(cookie) => (cookie_value(request, &cookie.name)?, true),
        SessionCarrier::Header(name) => {
            (request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())?, false)
        }
    };
    let bytes = STANDARD.decode(text).ok()?;
    let address = if is_message { address_of(&bytes)? } else { &bytes };
    std::str::from_utf8(address).ok()?.parse().ok()
}

/// The address in a cookie's message, which is its first field.
fn address_of(message: &[u8]) -> Option<&[u8]> {
    let (&[tag, length], rest) = message.split_first_chunk::<2>()?;
    (tag == ADDRESS_TAG).then(|| rest.get(..usize::from(length)))?
}

fn message(address: &str) -> Vec<u8> {
    let mut bytes = vec![ADDRESS_TAG, u8::try_from(address.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(address.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::{STANDARD, address_of, covers, message};
    use base64::Engine as _;

    #[test]
    fn the_message_of_a_cookie_is_what_envoy_sends() {
        assert_eq!(STANDARD.encode(message("127.1.1.2:18101")), "Cg8xMjcuMS4xLjI6MTgxMDE=");
        assert_eq!(address_of(&message("127.1.1.2:18101")), Some(&b"127.1.1.2:18101"[..]));
        assert_eq!(address_of(b"garbage"), None);
        assert_eq!(address_of(b""), None);
    }

    #[test]
    fn a_cookie_holds_for_its_path_and_what_is_below() {
        for (path, requested, holds) in [
            ("/", "/any", true),
            ("/x", "/x", true),
            ("/x", "/x/y", true),
            ("/x", "/xy", false),
            ("/x/", "/x/y", true),
            ("/x", "/", false),
        ] {
            assert_eq!(covers(path, requested), holds, "{path} {requested}");
        }
    }
}
