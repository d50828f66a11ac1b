//! A forward proxy for clients of Services: one listener that hands each request and each tunnel to the listener of the
//! port that it names, so that tunnels go by the routes as well.

use envoy_types::pb::envoy::config::cluster::v3::{
    Cluster,
    cluster::{ClusterDiscoveryType, CustomClusterType, DnsLookupFamily, LbPolicy},
};
use envoy_types::pb::envoy::config::core::v3::Http2ProtocolOptions;
use envoy_types::pb::envoy::config::listener::v3::{FilterChain, Listener};
use envoy_types::pb::envoy::config::route::v3::{
    DirectResponseAction, HeaderMatcher, Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost,
    header_matcher::HeaderMatchSpecifier,
    route,
    route_action::{self, ClusterSpecifier, UpgradeConfig as RouteUpgrade, upgrade_config::ConnectConfig},
    route_match::{ConnectMatcher, PathSpecifier},
};
use envoy_types::pb::envoy::extensions::clusters::dynamic_forward_proxy::v3::{
    ClusterConfig, cluster_config::ClusterImplementationSpecifier,
};
use envoy_types::pb::envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig;
use envoy_types::pb::envoy::extensions::filters::http::dynamic_forward_proxy::v3::{
    FilterConfig, filter_config::ImplementationSpecifier,
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager,
    http_connection_manager::{RouteSpecifier, ServerHeaderTransformation, UpgradeConfig},
};

use crate::ir::UpstreamProtocol::AsClients;
use crate::ir::{self, CONNECT, Entrance, ForwardProxy, HttpProfile, HttpSettings, ProxiedPort, WEBSOCKET};

use super::cluster::BUFFER_LIMIT_BYTES;
use super::http_connection::{INITIAL_CONNECTION_WINDOW_BYTES, INITIAL_STREAM_WINDOW_BYTES, router};
use super::layout::{Layout, Part};
use super::listener::{HTTP_CONNECTION_MANAGER, network_filter};
use super::proto::{any, boolean, duration, exact, http_filter, socket_address, uint32};
use super::{internal_listener, name, shared_ports};

/// The answer to a request for what takes a tunnel.
const FORBIDDEN: u32 = 403;

/// The answer to a request that would come back for ever.
const LOOP_DETECTED: u32 = 508;

/// The listener that clients name as their proxy.
pub(super) fn listener(proxy: &ForwardProxy, config: &ir::Config, layout: &Layout) -> Listener {
    let routes = match &layout.routes {
        Part::File(files) => RouteSpecifier::Rds(files.rds(name::FORWARD_PROXY)),
        _ => RouteSpecifier::RouteConfig(routes(proxy, config)),
    };
    let upgrade = |kind: &str| UpgradeConfig { upgrade_type: kind.to_owned(), ..UpgradeConfig::default() };
    let manager = HttpConnectionManager {
        stat_prefix: name::FORWARD_PROXY.to_owned(),
        // The listener of the port does to requests what is to be done to them.
        use_remote_address: Some(boolean(false)),
        skip_xff_append: true,
        generate_request_id: Some(boolean(false)),
        preserve_external_request_id: true,
        server_header_transformation: ServerHeaderTransformation::PassThrough as i32,
        http2_protocol_options: Some(Http2ProtocolOptions {
            initial_stream_window_size: Some(uint32(INITIAL_STREAM_WINDOW_BYTES)),
            initial_connection_window_size: Some(uint32(INITIAL_CONNECTION_WINDOW_BYTES)),
            allow_connect: true,
            ..Http2ProtocolOptions::default()
        }),
        upgrade_configs: vec![upgrade(WEBSOCKET), upgrade(CONNECT)],
        http_filters: shared_ports::state_filter(config)
            .into_iter()
            .chain(elsewhere_filter(proxy))
            .chain([router(HttpProfile::Mesh, &HttpSettings::default())])
            .collect(),
        route_specifier: Some(routes),
        ..HttpConnectionManager::default()
    };
    let manager = any(HTTP_CONNECTION_MANAGER, &manager);
    let chain = FilterChain {
        filters: vec![network_filter("envoy.filters.network.http_connection_manager", manager)],
        ..FilterChain::default()
    };
    Listener {
        name: name::FORWARD_PROXY.to_owned(),
        address: Some(socket_address(proxy.address.ip(), proxy.address.port().into())),
        filter_chains: vec![chain],
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        enable_reuse_port: Some(boolean(false)),
        ..Listener::default()
    }
}

/// Which port of which Service a request is for, by the host that it names.
pub(super) fn routes(proxy: &ForwardProxy, config: &ir::Config) -> RouteConfiguration {
    let listener = |port: &ProxiedPort| config.listeners.get(port.listener);
    let by_name = |entrance: Entrance| entrance.is_shared() && !entrance.is_scoped();
    let is_shared = |port: &&ProxiedPort| listener(port).is_some_and(|listener| by_name(listener.entrance));
    let (shared, own): (Vec<_>, Vec<_>) = proxy.ports.iter().partition(is_shared);
    let port = |port: &ProxiedPort| {
        let listener = listener(port)?;
        let name = name::listener(listener);
        let domains: Vec<String> = shared_ports::domains(port, listener).collect();
        let is_scoped = listener.entrance.is_scoped();
        (!domains.is_empty()).then(|| VirtualHost {
            domains,
            routes: routes_to(if is_scoped { name::SHARED_PORTS } else { &name }).into(),
            typed_per_filter_config: is_scoped
                .then(|| shared_ports::scope_state(port.listener, listener))
                .into_iter()
                .collect(),
            name,
            ..VirtualHost::default()
        })
    };
    let listeners = shared.iter().filter_map(|port| Some((*port, listener(port)?)));
    let domains: Vec<String> = listeners.flat_map(|(port, listener)| shared_ports::domains(port, listener)).collect();
    let shared = (!domains.is_empty()).then(|| VirtualHost {
        name: name::SHARED_PORTS.to_owned(),
        domains,
        routes: routes_to(name::SHARED_PORTS).into(),
        typed_per_filter_config: [shared_ports::named_state()].into(),
        ..VirtualHost::default()
    });
    let ports = own.into_iter().filter_map(port).chain(shared);
    RouteConfiguration {
        name: name::FORWARD_PROXY.to_owned(),
        virtual_hosts: ports.chain(elsewhere(proxy)).collect(),
        ..RouteConfiguration::default()
    }
}

/// What is sent to a cluster: tunnels, and requests.
fn routes_to(cluster: &str) -> [Route; 3] {
    let to = |path: PathSpecifier, upgrade_configs| Route {
        r#match: Some(RouteMatch { path_specifier: Some(path), ..RouteMatch::default() }),
        action: Some(route::Action::Route(RouteAction {
            cluster_specifier: Some(ClusterSpecifier::Cluster(cluster.to_owned())),
            timeout: Some(duration(std::time::Duration::ZERO)),
            idle_timeout: Some(duration(std::time::Duration::ZERO)),
            upgrade_configs,
            ..RouteAction::default()
        })),
        ..Route::default()
    };
    let tunnel = RouteUpgrade {
        upgrade_type: CONNECT.to_owned(),
        connect_config: Some(ConnectConfig::default()),
        ..route_action::UpgradeConfig::default()
    };
    [
        to(PathSpecifier::ConnectMatcher(ConnectMatcher::default()), vec![tunnel]),
        without_tunnel(),
        to(PathSpecifier::Prefix("/".to_owned()), Vec::new()),
    ]
}

/// Whoever wants HTTPS of a proxy asks for a tunnel: a URL of that scheme is none that it could serve.
fn without_tunnel() -> Route {
    let is = |name: &str, value: &str| HeaderMatcher {
        name: name.to_owned(),
        header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(exact(value))),
        ..HeaderMatcher::default()
    };
    // Where the client says that it was asked over TLS the scheme of a request without one is `https` as well.
    let headers = vec![is(":scheme", "https"), is("x-forwarded-proto", "http")];
    answer(PathSpecifier::Prefix("/".to_owned()), headers, FORBIDDEN)
}

fn answer(path: PathSpecifier, headers: Vec<HeaderMatcher>, status: u32) -> Route {
    Route {
        r#match: Some(RouteMatch { path_specifier: Some(path), headers, ..RouteMatch::default() }),
        action: Some(route::Action::DirectResponse(DirectResponseAction { status, ..DirectResponseAction::default() })),
        ..Route::default()
    }
}

/// What becomes of other hosts. Nothing is sent to a host with the proxy's own port: whichever name it is, it may lead
/// back here.
fn elsewhere(proxy: &ForwardProxy) -> Vec<VirtualHost> {
    if !proxy.passes_unknown {
        return Vec::new();
    }
    let refused = |path| answer(path, Vec::new(), LOOP_DETECTED);
    let itself = VirtualHost {
        name: name::ITSELF.to_owned(),
        domains: vec![format!("*:{}", proxy.address.port())],
        routes: vec![
            refused(PathSpecifier::ConnectMatcher(ConnectMatcher::default())),
            refused(PathSpecifier::Prefix("/".to_owned())),
        ],
        ..VirtualHost::default()
    };
    let others = VirtualHost {
        name: name::ELSEWHERE.to_owned(),
        domains: vec!["*".to_owned()],
        routes: routes_to(name::ELSEWHERE).into(),
        ..VirtualHost::default()
    };
    vec![itself, others]
}

/// The clusters that lead to the listeners of the ports, and to other hosts.
pub(super) fn clusters(proxy: &ForwardProxy, config: &ir::Config) -> Vec<Cluster> {
    let listeners = proxy.ports.iter().filter_map(|port| config.listeners.get(port.listener));
    let (shared, own): (Vec<_>, Vec<_>) = listeners.partition(|listener| listener.entrance.is_shared());
    let shared = shared.first().map(|_| Cluster {
        transport_socket: Some(shared_ports::socket()),
        ..internal_listener::cluster(name::SHARED_PORTS.to_owned(), AsClients)
    });
    let own = own.into_iter().map(|listener| internal_listener::cluster(name::listener(listener), AsClients));
    own.chain(shared).chain(elsewhere_cluster(proxy)).collect()
}

/// How names of other hosts are looked up; the filter and the cluster agree on it.
fn names() -> DnsCacheConfig {
    DnsCacheConfig {
        name: name::FORWARD_PROXY.to_owned(),
        dns_lookup_family: DnsLookupFamily::V4Preferred as i32,
        ..DnsCacheConfig::default()
    }
}

fn elsewhere_filter(
    proxy: &ForwardProxy,
) -> Option<envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter> {
    let message = "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig";
    let filter = FilterConfig {
        implementation_specifier: Some(ImplementationSpecifier::DnsCacheConfig(names())),
        ..FilterConfig::default()
    };
    proxy.passes_unknown.then(|| http_filter("envoy.filters.http.dynamic_forward_proxy", any(message, &filter)))
}

fn elsewhere_cluster(proxy: &ForwardProxy) -> Option<Cluster> {
    let message = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig";
    let cluster = ClusterConfig {
        cluster_implementation_specifier: Some(ClusterImplementationSpecifier::DnsCacheConfig(names())),
        // What is passed on is plain text: there is no certificate to look at.
        allow_insecure_cluster_options: true,
        ..ClusterConfig::default()
    };
    let kind = CustomClusterType {
        name: "envoy.clusters.dynamic_forward_proxy".to_owned(),
        typed_config: Some(any(message, &cluster)),
    };
    proxy.passes_unknown.then(|| Cluster {
        cluster_discovery_type: Some(ClusterDiscoveryType::ClusterType(kind)),
        lb_policy: LbPolicy::ClusterProvided as i32,
        ..internal_listener::unlimited(name::ELSEWHERE.to_owned(), AsClients)
    })
}
