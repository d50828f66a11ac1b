//! Tunnels of Upstreams: their hosts are proxies, which are asked for a connection to somebody else
//! ([httpProxyHostname](https://docs.solo.io/gateway/latest/reference/api/upstream/)).

use std::net::IpAddr;
use std::sync::Arc;

use crate::diagnostics::{FieldPath, Reported};
use crate::ir::{HeaderMutations, MOST_SET_HEADERS, Tunnel};
use crate::parser::api::{HeaderOption, UpstreamSsl};
use crate::path;

use super::super::backend_tls::TlsSettings;
use super::encryption::BackendTls;
use super::refused::{Refused, unusable};
use super::upstream_checks;
use super::upstream_failover::TlsOf;
use super::upstream_host::is_address;

/// Headers about one connection or a body
/// ([RFC 9113, section 8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)).
const OF_CONNECTIONS: [&str; 8] = [
    "connection",
    "content-length",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// What of an Upstream is about a tunnel.
#[derive(Default)]
pub(super) struct TunnelWishes<'u> {
    pub(super) to: Option<&'u str>,
    pub(super) headers: Option<&'u [HeaderOption]>,
    pub(super) ssl: Option<&'u UpstreamSsl>,
}

/// What becomes of it: the tunnel, how the connections to its proxies are encrypted, and the proof where that cannot be had.
pub(super) struct Dug {
    pub(super) tunnel: Tunnel,
    pub(super) tls: Option<TlsSettings>,
    pub(super) invalid: Option<Reported>,
}

/// Reads what is said of a tunnel; `None` where there is none.
pub(super) fn tunnel(wishes: &TunnelWishes<'_>, tls_of: &TlsOf<'_>, refused: &mut Vec<Refused>) -> Option<Dug> {
    let TunnelWishes { to, headers, ssl } = wishes;
    let Some(to) = to.filter(|to| !to.is_empty()) else {
        for (field, is_set) in [("httpConnectHeaders", headers.is_some()), ("httpConnectSslConfig", ssl.is_some())] {
            if is_set {
                let help = "add `httpProxyHostname` with the host and the port that the tunnel leads to";
                refused.push(unusable(path![field], "says something of a tunnel, and there is none", help));
            }
        }
        return None;
    };
    if !is_place(to) {
        let help = "write a host and a port, such as `api.example.com:443`";
        refused.push(unusable(path!["httpProxyHostname"], "is no host with a port", help));
    }
    let headers = headers_of(headers.unwrap_or_default(), refused);
    let mut dug =
        Dug { tunnel: Tunnel { to: to.to_owned(), headers, over_http2: false, tls: None }, tls: None, invalid: None };
    if let Some(ssl) = ssl {
        let (settings, held) = tls_of(ssl, &path!["httpConnectSslConfig"], refused);
        (dug.tls, dug.invalid) = (Some(settings), held.err());
    }
    Some(dug)
}

/// Whether a proxy can be asked for a connection to it. Envoy would take a `%` for an operator
/// ([hostname](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto#envoy-v3-api-field-extensions-filters-network-tcp-proxy-v3-tcpproxy-tunnelingconfig-hostname)).
fn is_place(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    is_port && host_is_known(host)
}

/// An IPv6 address stands between brackets.
fn host_is_known(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_address(host) && !host.contains(':'),
    }
}

fn headers_of(entries: &[HeaderOption], refused: &mut Vec<Refused>) -> HeaderMutations {
    let at = path!["httpConnectHeaders"];
    let mut headers = HeaderMutations::default();
    for (index, entry) in entries.iter().enumerate() {
        let entry_at: FieldPath = at.with(index);
        // Each takes the place of one of the same name, as with Gloo Gateway.
        let Some((name, value)) = upstream_checks::of_manifest(Some(entry), &entry_at, refused) else { continue };
        if name.is_among(&OF_CONNECTIONS) {
            let help = "remove it: a request for a tunnel has no body, and such headers end the stream of HTTP/2";
            refused.push(unusable(entry_at.with("key"), "is no header of a request for a tunnel", help));
        }
        if entry.value.trim_matches([' ', '\t']) != entry.value || entry.value.is_empty() {
            let help = "write a value without spaces around it: Envoy takes them away, and sends no empty one";
            refused.push(unusable(entry_at.with("value"), "is not sent as it is written", help));
        }
        upstream_checks::add(&mut headers, name.lower(), value, false);
    }
    if entries.len() > MOST_SET_HEADERS {
        refused.push(unusable(at, "has more headers than Envoy takes", "write 1000 headers at most"));
    }
    headers
}

/// TLS through a tunnel: where the Upstream names no server, it is the host at the end that is asked for.
pub(super) fn to_the_end(tls: BackendTls, ssl: Option<&UpstreamSsl>, tunnel: &Tunnel) -> BackendTls {
    let BackendTls::Tls(own) = &tls else { return tls };
    if ssl.is_some_and(|ssl| !ssl.sni.is_empty()) {
        return tls;
    }
    // Names of servers have no dot at their end (RFC 6066, section 3).
    let host = tunnel.to.rsplit_once(':').map(|(host, _)| host.strip_suffix('.').unwrap_or(host));
    let server_name = host.filter(|host| !host.starts_with('[') && host.parse::<IpAddr>().is_err()).map(str::to_owned);
    BackendTls::Tls(Arc::new(TlsSettings { server_name, ..TlsSettings::clone(own) }))
}

#[cfg(test)]
mod tests {
    use super::is_place;

    #[test]
    fn a_tunnel_leads_to_a_host_and_a_port() {
        for place in ["api.example.com:443", "192.0.2.1:80", "[2001:db8::1]:443", "localhost:65535"] {
            assert!(is_place(place), "{place}");
        }
        let others = ["", "a.example", "a.example:", ":443", "a.example:0", "a.example:65536", "a:+80", "%HOST%:80"];
        for other in others.into_iter().chain(["2001:db8::1:443", "[a.example]:443", "https://a.example:443", "a b:80"])
        {
            assert!(!is_place(other), "{other}");
        }
    }
}
