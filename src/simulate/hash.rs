//! Cookies that clients are given, so that a hash of them leads to the same endpoint again
//! ([hash policy](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-msg-config-route-v3-routeaction-hashpolicy-cookie)).

use crate::ir::{ClusterId, Config, HashCookie, HashOf, HashPart};

use super::admitted::Admitted;
use super::header::line;
use super::path::split_query;
use super::session::{UNKNOWN, cookie_value};

/// The cookies that a client is given whose request has none of them; nothing where the cluster asks for no hash.
pub(super) fn given_cookies<'c>(
    config: &Config,
    cluster: ClusterId,
    parts: &'c [HashPart],
    request: &Admitted,
) -> Vec<&'c HashCookie> {
    let settings = &config.cluster(cluster).settings;
    if !settings.balancing.choice.is_some_and(|choice| choice.is_by_hash()) {
        return Vec::new();
    }
    let has = |name: &str| cookie_value(request, name).is_some_and(|value| !value.is_empty());
    let (mut given, mut has_hash) = (Vec::new(), false);
    for HashPart { of, ends } in parts {
        has_hash |= match of {
            HashOf::Header(name) => line(&request.headers, name).is_some(),
            HashOf::Cookie(name) => has(name),
            HashOf::GivenCookie(cookie) => {
                given.extend((!has(&cookie.name)).then_some(cookie));
                true
            }
            HashOf::Client => true,
            HashOf::Parameter(name) => {
                let query = split_query(&request.target).1;
                query.trim_start_matches('?').split('&').any(|pair| pair.split('=').next() == Some(name))
            }
        };
        if *ends && has_hash {
            break;
        }
    }
    given
}

/// The line that gives a client a cookie. Its value is of addresses and the time.
pub(super) fn give(HashCookie { name, life, path }: &HashCookie) -> (String, String) {
    let life = if life.is_zero() { String::new() } else { format!("; Max-Age={}", life.as_secs()) };
    let path = if path.is_empty() { String::new() } else { format!("; Path={path}") };
    ("set-cookie".to_owned(), format!("{name}=\"{UNKNOWN}\"{life}{path}; HttpOnly"))
}
