//! Sessions that stay with an endpoint
//! ([Stateful session](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/stateful_session_filter)):
//! what a request says about the session it belongs to, and what its answer says.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ir::{Across, Config, Endpoints, Forward, Session, SessionCarrier, SessionCookie, Target, WeightedBackend};

use super::admitted::Admitted;

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
        let selector = backend
            .selector
            .as_deref()
            .filter(|value| selector(session).is_none_or(|cookie| cookie_value(request, &cookie.name) != Some(*value)));
        Some(Self { session, selector, endpoint: endpoint(&session.carrier, request) })
    }

    /// Whether the session ends at a time, which its cookie holds.
    pub fn is_timed(&self) -> bool {
        matches!(&self.session.carrier, SessionCarrier::Cookie(SessionCookie { lifetime: Some(_), .. }))
    }

    /// The header that carries the session; `None` where a cookie does.
    pub fn header(&self) -> Option<&str> {
        match &self.session.carrier {
            SessionCarrier::Header(name) => Some(name),
            SessionCarrier::Cookie(_) => None,
        }
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
                headers.push((name.to_string(), STANDARD.encode(&address)));
            }
        }
        if let (Some(cookie), Some(value)) = (selector(self.session), self.selector) {
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
        if let (Some(value), Some(cookie)) = (self.selector, selector(self.session)) {
            lines.push(("set-cookie".to_owned(), format!("{}={value}{}", cookie.name, attributes(cookie))));
        }
        if self.endpoint.is_some() && self.endpoint == endpoint {
            return lines;
        }
        let address = endpoint.map(|address| address.to_string());
        lines.push(match &self.session.carrier {
            SessionCarrier::Header(name) => {
                (name.to_string(), address.map_or_else(|| UNKNOWN.to_owned(), |address| STANDARD.encode(address)))
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

/// The cookie that says which backend a session is with.
fn selector(session: &Session) -> Option<&SessionCookie> {
    match &session.across {
        Across::Selector(cookie) => Some(cookie),
        Across::Nothing | Across::Pool(_) | Across::Endpoints => None,
    }
}

/// The backends among which one is drawn: the one that the client's session is with, else all with a weight.
pub(super) fn choices<'c>(config: &Config, forward: &'c Forward, request: &Admitted) -> Vec<&'c WeightedBackend> {
    if let Some(one) = home(config, forward, request) {
        return vec![one];
    }
    let drawn = || forward.backends.iter().filter(|backend| backend.weight > 0);
    let is_member =
        |backend: &&WeightedBackend| matches!(backend.target, Target::Cluster(id) if !config.cluster(id).is_empty());
    match forward.session.as_deref() {
        // Whoever has a session has it with somebody who can answer, and goes on with the others of them.
        Some(Session { across: Across::Pool(_), carrier, is_strict: _ }) if is_carried(carrier, request) => {
            let members: Vec<_> = drawn().filter(is_member).collect();
            if members.is_empty() { drawn().collect() } else { members }
        }
        _ => drawn().collect(),
    }
}

/// The backend that a client's session is with.
pub(super) fn home<'c>(config: &Config, forward: &'c Forward, request: &Admitted) -> Option<&'c WeightedBackend> {
    let session = forward.session.as_deref()?;
    match &session.across {
        Across::Nothing => None,
        Across::Selector(cookie) => {
            let value = cookie_value(request, &cookie.name)?;
            forward.backends.iter().find(|backend| backend.selector.as_deref() == Some(value))
        }
        Across::Endpoints | Across::Pool(_) => {
            let named = endpoint(&session.carrier, request)?;
            let has = |endpoints: &Endpoints| matches!(endpoints, Endpoints::Static(list) if list.contains(&named));
            let is_home = |backend: &&WeightedBackend| matches!(backend.target, Target::Cluster(id) if has(&config.cluster(id).endpoints));
            forward.backends.iter().find(is_home)
        }
    }
}

fn is_carried(carrier: &SessionCarrier, request: &Admitted) -> bool {
    match carrier {
        SessionCarrier::Cookie(cookie) => cookie_value(request, &cookie.name).is_some(),
        SessionCarrier::Header(name) => request.headers.iter().any(|(key, _)| *key == *name),
    }
}

fn attributes(cookie: &SessionCookie) -> String {
    let SessionCookie { name: _, path, lifetime, secure } = cookie;
    let age = lifetime.map(|lifetime| format!("; Max-Age={}", lifetime.as_secs())).unwrap_or_default();
    let path = if path.is_empty() { String::new() } else { format!("; Path={path}") };
    let secure = if *secure { "; Secure" } else { "" };
    format!("{age}{path}{secure}; SameSite=Strict; HttpOnly")
}

/// Whether a cookie of `path` holds for a request's path.
fn covers(path: &str, requested: &str) -> bool {
    let rest = requested.strip_prefix(path);
    path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}

pub(super) fn cookie_value<'r>(request: &'r Admitted, name: &str) -> Option<&'r str> {
    let lines = request.headers.iter().filter(|(key, _)| key == "cookie");
    let mut pairs = lines.flat_map(|(_, line)| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'))
}

/// The endpoint that a request names.
fn endpoint(carrier: &SessionCarrier, request: &Admitted) -> Option<SocketAddr> {
    std::str::from_utf8(&named(carrier, request)?).ok()?.parse().ok()
}

/// What a request says that its endpoint is, which may be anything.
fn named(carrier: &SessionCarrier, request: &Admitted) -> Option<Vec<u8>> {
    let (text, is_message) = match carrier {
        SessionCarrier::Cookie(cookie) => (cookie_value(request, &cookie.name)?, true),
        SessionCarrier::Header(name) => {
            (request.headers.iter().find(|(key, _)| *key == *name).map(|(_, value)| value.as_str())?, false)
        }
    };
    let bytes = STANDARD.decode(text).ok()?;
    let address = if is_message { address_of(&bytes)?.to_vec() } else { bytes };
    (!address.is_empty()).then_some(address)
}

/// Whether a session that holds strictly is with an endpoint which these are not.
pub(super) fn is_lost(session: &Session, endpoints: &Endpoints, request: &Admitted) -> bool {
    let Endpoints::Static(known) = endpoints else { return false };
    let covers_path = match &session.carrier {
        SessionCarrier::Cookie(cookie) => covers(&cookie.path, request.path()),
        SessionCarrier::Header(_) => true,
    };
    let is_known = |name: &[u8]| known.iter().any(|address| address.to_string().as_bytes() == name);
    session.is_strict && covers_path && named(&session.carrier, request).is_some_and(|name| !is_known(&name))
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
