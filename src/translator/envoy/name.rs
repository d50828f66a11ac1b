//! The names of Envoy's resources: made here and never taken apart again.

use crate::hostname::Hostname;
use crate::ir::{
    AuthId, BackendName, ChainMatch, ChainName, Cluster, Collector, Config, Entrance, FilterChain, KeyPair, Listener,
    ObjectName, RouteName, SessionRule, Site, Transport,
};
use crate::name::{Name, Namespace};

/// What a proxy that fetches resources calls itself, where nothing else is said.
pub const NODE: &str = "gwctl";

/// The cluster that stands for backends that cannot be used: it has no endpoint.
pub const INVALID_BACKEND: &str = "invalid-backend";

/// What stands before the cluster of a backend in the names of the tunnel to it: the listener that requests go into it
/// through, the cluster of its proxies, and its statistics.
const TUNNEL: &str = "tunnel/";

/// What stands between the cluster of a service that authorizes and a digest.
const AUTHORIZES: &str = "/authorizes/";

/// The virtual host of hosts that belong to other listeners, and its route.
pub const MISDIRECTED: &str = "misdirected";

/// `namespace/name/port`, with `external/` in front of a host outside the
/// cluster and a suffix for a variant.
pub fn cluster(cluster: &Cluster) -> String {
    cluster.called.clone().unwrap_or_else(|| own_cluster(cluster))
}

/// The same, whatever the cluster is called.
pub(super) fn own_cluster(cluster: &Cluster) -> String {
    let BackendName { namespace, name, port, site } = &cluster.backend;
    let name = match site {
        Site::Internal => format!("{namespace}/{name}/{port}"),
        Site::Upstream => format!("upstream/{namespace}/{name}/{port}"),
        Site::Backend => format!("backend/{namespace}/{name}/{port}"),
        Site::External => format!("external/{namespace}/{name}/{port}"),
        Site::Url => format!("host/{namespace}/{name}/{port}"),
        Site::Missing => format!("missing/{namespace}/{name}/{port}"),
    };
    if cluster.variant.is_empty() { name } else { format!("{name}/{}", cluster.variant) }
}

/// The cluster that has the endpoints of all backends of a rule:
/// `session/httproute/<namespace>/<name>/rule/<n>`, and a suffix for each
/// certificate that it shows.
pub fn pool<'c>(rule: &SessionRule, members: impl Iterator<Item = &'c Cluster>, config: &Config) -> String {
    let SessionRule { route, rule } = rule;
    let mut text = format!("session/{route}/rule/{rule}");
    let mut shown: Vec<_> = members.filter_map(|cluster| cluster.tls.as_ref()?.client_certificate).collect();
    shown.sort_unstable();
    shown.dedup();
    for id in shown {
        text.push_str("/client-cert/");
        text.push_str(&secret(config.certificate(id)));
    }
    text
}

/// The filter of an authorization: the service, and a number where it has several.
pub fn external_auth(id: AuthId, config: &Config) -> String {
    let service = config.external_auth(id).settings.cluster;
    let before = config.external_auths.iter().take(id.0);
    let same = before.filter(|other| other.settings.cluster == service).count();
    let name = format!("ext_authz/{}", cluster(config.cluster(service)));
    if same == 0 { name } else { format!("{name}/{}", same + 1) }
}

/// The cluster through which a service is asked that authorizes: that of the service, and a digest of its settings.
pub(super) fn authorizing(cluster: &str, digest: &str) -> String {
    format!("{cluster}{AUTHORIZES}{digest}")
}

/// What leads to the backend of a cluster through a tunnel: `tunnel/` before the name of the cluster.
pub fn tunnel(cluster: &Cluster) -> String {
    format!("{TUNNEL}{}", self::cluster(cluster))
}

/// The cluster of a backend or pool, by the name of that or of one that has the same endpoints, or leads to it.
pub fn plain_cluster(name: &str) -> &str {
    let name = name.strip_prefix(TUNNEL).unwrap_or(name);
    name.rsplit_once(AUTHORIZES).map_or(name, |(cluster, _)| cluster)
}

/// The certificate of a Secret: `namespace/name`.
pub fn secret(pair: &KeyPair) -> String {
    format!("{}/{}", pair.namespace, pair.name)
}

/// `httproute/<namespace>/<name>/rule/<n>/match/<m>`; where the listener is called otherwise, its host and the position
/// among its routes come first.
pub fn route(listener: &Listener, host: &Hostname, position: usize, name: &RouteName) -> String {
    let RouteName { route, rule, index } = name;
    if listener.called.is_none() {
        return format!("{route}/rule/{rule}/match/{index}");
    }
    let ObjectName { kind, namespace, name } = &**route;
    let host = virtual_host(listener, host);
    format!("{host}-route-{position}-{kind}-{name}-{namespace}-{rule}-{index}-matcher-0")
}

/// The cluster of a collector: `otlp/HOST:PORT`. Those of backends have more parts.
pub fn collector(collector: &Collector) -> String {
    format!("otlp/{}", collector_address(collector))
}

/// Its host and port, as clients name them.
pub(super) fn collector_address(collector: &Collector) -> String {
    let Collector { host, port, is_old: _ } = collector;
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The authorities of an object, such as `infra/clients/ca.crt`.
pub fn authorities((namespace, name): &(Namespace, Name)) -> String {
    format!("{namespace}/{name}/ca.crt")
}

/// The address and port of the socket, such as `0.0.0.0:80` or `0.0.0.0:53/udp`; unique in a configuration.
/// That of a port of a Service is `mesh/web/shop/80`.
pub fn listener(listener: &Listener) -> String {
    listener.called.clone().unwrap_or_else(|| own_listener(listener))
}

/// The same, whatever the listener is called.
pub(super) fn own_listener(listener: &Listener) -> String {
    if listener.entrance != Entrance::Socket {
        return frontend(listener);
    }
    let address = std::net::SocketAddr::new(listener.address, listener.bind_port.number());
    match listener.transport {
        Transport::Tcp(_) => address.to_string(),
        Transport::Udp(_) => format!("{address}/udp"),
    }
}

/// The port of a Service that a listener stands for.
fn frontend(listener: &Listener) -> String {
    let service = listener.gateways.first().map(ToString::to_string).unwrap_or_default();
    let transport = if matches!(listener.transport, Transport::Udp(_)) { "/udp" } else { "" };
    format!("mesh/{service}/{}{transport}", listener.port)
}

/// The listener of a forward proxy, its route configuration, its statistics, and the cache of names.
pub const FORWARD_PROXY: &str = "mesh";

/// The cluster of a forward proxy that leads to whatever a request names.
pub const ELSEWHERE: &str = "mesh/elsewhere";

/// The listener that rules of the machine lead connections to Services to.
pub const OUTBOUND: &str = "mesh/outbound";

/// What serves the ports of Services that share a connection manager: its statistics and its route configuration, and the
/// listener and the cluster of those that a forward proxy leads to.
pub const SHARED_PORTS: &str = "mesh/services";

/// What a forward proxy says of its own port to clients that name it.
pub const ITSELF: &str = "mesh/itself";

/// The listener that a chain serves, such as `gateway/infra/edge/listener/https`,
/// and the route where the chain serves only one.
pub fn filter_chain(chain: &ChainName) -> String {
    let ChainName { owner, listener, route } = chain;
    let own = format!("{owner}/listener/{listener}");
    match route {
        Some(route) => format!("{own}/{route}"),
        None => own,
    }
}

/// The listener that has the hosts of all TLS listeners of a socket, its route configuration, and what leads there.
pub fn misdirected(of: &Listener) -> String {
    format!("{}/{MISDIRECTED}", listener(of))
}

/// Its statistics.
pub fn misdirected_statistics(of: &Listener) -> String {
    format!("{MISDIRECTED}-{}", of.bind_port)
}

/// The statistics of a socket's connection managers: `http-80`, `https-443`. Listeners that are called otherwise share theirs.
pub fn http_statistics(listener: &Listener, chain: &FilterChain) -> String {
    if listener.called.is_some() { "http".to_owned() } else { own_http_statistics(listener, chain) }
}

fn own_http_statistics(listener: &Listener, chain: &FilterChain) -> String {
    if listener.entrance != Entrance::Socket {
        return frontend(listener);
    }
    format!("{}-{}", if chain.tls.is_some() { "https" } else { "http" }, listener.bind_port)
}

/// The route configuration of a connection manager: `http-80`, and for each
/// HTTPS listener of a socket `https-443/` and its hostname.
pub fn route_configuration(listener: &Listener, chain: &FilterChain) -> String {
    let own = own_route_configuration(listener, chain);
    match (&listener.called, &chain.select) {
        (None, _) => own,
        (Some(called), ChainMatch::Any) => format!("{called}-routes"),
        // A socket has several.
        (Some(called), _) => format!("{called}-routes-{}", digest(own.as_bytes())),
    }
}

fn own_route_configuration(listener: &Listener, chain: &FilterChain) -> String {
    let socket = own_http_statistics(listener, chain);
    match &chain.select {
        ChainMatch::Any | ChainMatch::Http => socket,
        ChainMatch::ServerNames(hosts) => {
            let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
            format!("{socket}/{}", hosts.join(","))
        }
        ChainMatch::AnyServerName => format!("{socket}/*"),
    }
}

/// The statistics of a socket's TCP proxies: `tcp-443`.
pub fn tcp_proxy(listener: &Listener) -> String {
    match listener.entrance {
        Entrance::Socket => format!("tcp-{}", listener.bind_port),
        _ => frontend(listener),
    }
}

/// The statistics of a socket's UDP proxy: `udp-53`.
pub fn udp_proxy(listener: &Listener) -> String {
    match listener.entrance {
        Entrance::Socket => format!("udp-{}", listener.bind_port),
        _ => frontend(listener),
    }
}

/// The file of a resource, without its extension: `_` stands for `/`, and whatever else is no part of a plain file name
/// is escaped. Names that are too long for a file end with their digest.
pub fn file(resource: &str) -> String {
    const LONGEST: usize = 200;
    let mut name = String::with_capacity(resource.len());
    for byte in resource.bytes() {
        match byte {
            b'/' => name.push('_'),
            b'-' | b'.' if !name.is_empty() => name.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > LONGEST {
        name.truncate(LONGEST);
        name.push('~');
        name.push_str(&digest(resource.as_bytes()));
    }
    name
}

/// A short digest of what a name stands for.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The virtual host of a hostname: that, or what the listener is called before it, and no dots.
pub fn virtual_host(listener: &Listener, hostname: &Hostname) -> String {
    match &listener.called {
        None => hostname.to_string(),
        // Hostnames have no such character of their own.
        Some(called) => format!("{called}~{}", hostname.to_string().replace('.', "_")),
    }
}

#[cfg(test)]
mod tests {
    use super::file;

    #[test]
    fn files_are_named_after_their_resources() {
        assert_eq!(file("shop/a/80"), "shop_a_80");
        assert_eq!(file("https-443/*.example.com,b.example.com"), "https-443_%2A.example.com%2Cb.example.com");
        assert_eq!(file("../.a"), "%2E._.a");
        assert_eq!(file("a_b"), "a%5Fb");
        let (long, longer) = (file(&"a/".repeat(400)), file(&"a/".repeat(401)));
        assert!(long.len() < 250 && long != longer, "{long}");
    }
}
