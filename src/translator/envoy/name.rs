//! The names of Envoy's resources: made here and never taken apart again.

use crate::hostname::Hostname;
use crate::ir::{AuthId, Cluster, Config, Listener, RouteName};

/// The cluster that stands for backends that cannot be used: it has no endpoint.
pub const INVALID_BACKEND: &str = "invalid-backend";

/// `namespace/name/port`, and a suffix for a variant.
pub fn cluster(cluster: &Cluster) -> String {
    let name = format!("{}/{}/{}", cluster.backend.namespace, cluster.backend.name, cluster.backend.port);
    if cluster.variant.is_empty() { name } else { format!("{name}/{}", cluster.variant) }
}

/// The filter of an authorization: the service, and a number where it has several.
pub fn external_auth(id: AuthId, config: &Config) -> String {
    let service = config.external_auth(id).settings.cluster;
    let before = config.external_auths.iter().take(id.0 as usize);
    let same = before.filter(|other| other.settings.cluster == service).count();
    let name = format!("ext_authz/{}", cluster(config.cluster(service)));
    if same == 0 { name } else { format!("{name}/{}", same + 1) }
}

/// `httproute/<namespace>/<name>/rule/<n>/match/<m>`.
pub fn route(name: &RouteName) -> String {
    let RouteName { kind, namespace, name, rule, index } = name;
    format!("{kind}/{namespace}/{name}/rule/{rule}/match/{index}")
}

/// The address and port of the socket, such as `0.0.0.0:80`; unique in a configuration.
pub fn listener(listener: &Listener) -> String {
    std::net::SocketAddr::new(listener.address, listener.bind_port).to_string()
}

/// The route configuration and the statistics of a connection manager: `http-80`.
pub fn http_connection(listener: &Listener) -> String {
    format!("http-{}", listener.bind_port)
}

/// The virtual host of a hostname.
pub fn virtual_host(hostname: &Hostname) -> String {
    hostname.to_string()
}
