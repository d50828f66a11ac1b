//! The list of the hosts of a socket that all its TLS connections have in common: 421 for those that are in it, and 404
//! for others ([`super::misdirected`]).

use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::core::v3::{Http1ProtocolOptions, HttpProtocolOptions};
use envoy_types::pb::envoy::config::listener::v3::{FilterChain, Listener};
use envoy_types::pb::envoy::config::route::v3::RouteConfiguration;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager,
    http_connection_manager::{RouteSpecifier, ServerHeaderTransformation, UpgradeConfig},
};

use crate::ir::{self, HttpProfile, HttpSettings, WEBSOCKET};

use super::http_connection::router;
use super::layout::{Layout, Part};
use super::listener::{HTTP_CONNECTION_MANAGER, network_filter};
use super::proto::{any, uint32};
use super::{internal_listener, misdirected, name};

/// What the manager of a chain let pass, with what it added to it, is not too large behind it.
const MAX_HEADERS_KIB: u32 = 8_192;
const MAX_HEADERS: u32 = 100_000;

/// The sockets that have a list.
pub(super) fn listed(config: &ir::Config) -> impl Iterator<Item = &ir::Listener> {
    config.listeners.iter().filter(|listener| !listener.misdirected.is_empty())
}

/// The listener that has the list of a socket.
pub(super) fn listener(listener: &ir::Listener, layout: &Layout) -> Listener {
    let name = name::misdirected(listener);
    let routes = match &layout.routes {
        Part::File(files) => RouteSpecifier::Rds(files.rds(&name)),
        Part::Inline | Part::Bootstrap => RouteSpecifier::RouteConfig(routes(listener)),
    };
    let manager = HttpConnectionManager {
        stat_prefix: name::misdirected_statistics(listener),
        server_header_transformation: ServerHeaderTransformation::PassThrough as i32,
        max_request_headers_kb: Some(uint32(MAX_HEADERS_KIB)),
        common_http_protocol_options: Some(HttpProtocolOptions {
            max_headers_count: Some(uint32(MAX_HEADERS)),
            ..HttpProtocolOptions::default()
        }),
        // What a client may ask for over HTTP/2, or where its listener says so over HTTP/1.1.
        http_protocol_options: Some(Http1ProtocolOptions {
            allow_custom_methods: true,
            ..Http1ProtocolOptions::default()
        }),
        upgrade_configs: vec![UpgradeConfig { upgrade_type: WEBSOCKET.to_owned(), ..UpgradeConfig::default() }],
        http_filters: vec![router(HttpProfile::Mesh, &HttpSettings::default())],
        route_specifier: Some(routes),
        ..HttpConnectionManager::default()
    };
    let manager = any(HTTP_CONNECTION_MANAGER, &manager);
    let chain = FilterChain {
        filters: vec![network_filter("envoy.filters.network.http_connection_manager", manager)],
        ..FilterChain::default()
    };
    Listener {
        // The connection of the client counts.
        ignore_global_conn_limit: true,
        ..internal_listener::listener(name, vec![chain])
    }
}

/// The list. What is not in it gets 404.
pub(super) fn routes(listener: &ir::Listener) -> RouteConfiguration {
    RouteConfiguration {
        name: name::misdirected(listener),
        virtual_hosts: vec![misdirected::host(&listener.misdirected)],
        ignore_port_in_host_matching: true,
        ..RouteConfiguration::default()
    }
}

/// The cluster that leads there.
pub(super) fn cluster(listener: &ir::Listener) -> Cluster {
    internal_listener::cluster(name::misdirected(listener), ir::UpstreamProtocol::Http1)
}
