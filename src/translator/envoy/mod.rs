//! Stage 4: from [`ir::Config`] to Envoy's bootstrap. Total: it cannot fail.
//!
//! Every default that is emitted without being asked is a named constant here
//! and a row of `docs/defaults.md`.

mod access;
mod access_log;
mod access_order;
mod action;
mod admission;
mod bandwidth;
mod circuit_breaker;
mod claim;
mod cluster;
mod cluster_settings;
mod collector;
mod common_hosts;
mod compression;
mod connection_tracing;
mod cors;
mod credentials;
mod direct_response;
mod endpoint_tls;
mod ext_authz;
mod failover;
mod forward;
mod forward_proxy;
pub mod gloo_name;
mod grpc_server;
mod header;
mod http_connection;
mod http_guards;
mod http_settings;
mod internal_listener;
mod joined;
mod layout;
mod limits;
mod listener;
mod listener_log;
mod listener_settings;
mod local_answer;
mod mesh;
mod mirror;
mod misdirected;
pub mod name;
mod needs;
mod outbound;
mod path;
mod pool;
mod preflight;
mod processors;
mod proto;
mod rates;
mod redirect;
mod resource;
mod retried_body;
mod retry;
mod route;
mod route_base;
mod route_match;
mod route_said;
mod route_tree;
mod scripts;
mod shared_ports;
mod sign_in;
mod split;
mod stateful_session;
mod structure;
pub mod target;
mod tcp_proxy;
mod tls;
mod tls_parameters;
mod tracing;
mod transcoder;
mod tunnel;
mod udp_proxy;
mod upstream_tls;
mod web_call;

use std::net::SocketAddr;

use envoy_types::pb::envoy::config::bootstrap::v3::{
    Admin, Bootstrap, LayeredRuntime, RuntimeLayer, bootstrap::DynamicResources, runtime_layer::LayerSpecifier,
};
use envoy_types::pb::envoy::config::overload::v3::{OverloadManager, ResourceMonitor, resource_monitor::ConfigType};
use envoy_types::pb::envoy::extensions::resource_monitors::downstream_connections::v3::DownstreamConnectionsConfig;
use envoy_types::pb::google::protobuf::{Struct, Value, value};

use envoy_types::pb::envoy::config::core::v3::Node;
use prost::Message as _;

use crate::ir;

use joined::Joined;
pub use layout::{Layout, Place};
pub use name::NODE;
pub use resource::{Kind, Resource, followed_files, has_invalid_backend, read_once, resources};
pub use sign_in::secret_names as secrets_of_sign_in;

/// RE2's default limit on the size of a compiled program is 100, which some 96
/// literal characters exceed and which is fatal for the whole configuration.
const RE2_PROGRAM_SIZE: f64 = 1_000_000.0;

/// How many connections of clients there may be at a time, over all listeners.
/// Each takes a file descriptor, and one more towards its backend.
const MAX_CONNECTIONS: i64 = 50_000;
const CONNECTIONS_MONITOR: &str =
    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig";

/// Field numbers of what is joined as bytes.
const BOOTSTRAP_STATIC_RESOURCES: u32 = 2;
const STATIC_RESOURCES_LISTENERS: u32 = 1;
const STATIC_RESOURCES_CLUSTERS: u32 = 2;
const STATIC_RESOURCES_SECRETS: u32 = 3;

/// Translates the configuration: the bytes of a bootstrap that has all of it.
pub fn encode_bootstrap(config: &ir::Config) -> Vec<u8> {
    let layout = Layout::bootstrap(config);
    let mut all = Joined::default();
    for (field, kind) in [
        (STATIC_RESOURCES_LISTENERS, Kind::Listener),
        (STATIC_RESOURCES_CLUSTERS, Kind::Cluster),
        (STATIC_RESOURCES_SECRETS, Kind::Secret),
    ] {
        all.extend_bytes(field, resources(config, kind, &layout).into_iter().map(|resource| resource.wire));
    }
    // Only a proxy with a name fetches anything.
    let node = (!followed_files(config, &layout).is_empty()).then(|| node(NODE));
    all.into_field(BOOTSTRAP_STATIC_RESOURCES, Joined::of(&Bootstrap { node, ..process(config) })).into_bytes()
}

/// Translates what concerns the process alone: the bytes of a bootstrap whose listeners and clusters are in files.
pub fn encode_dynamic_bootstrap(config: &ir::Config, node: &str, place: &Place, extension: &str) -> Vec<u8> {
    let source = |name: &str| Some(place.source(&format!("{name}.{extension}")));
    let bootstrap = Bootstrap {
        node: Some(self::node(node)),
        dynamic_resources: Some(DynamicResources {
            lds_config: source("lds"),
            cds_config: source("cds"),
            ..DynamicResources::default()
        }),
        // A regular expression and a tunnel may come with any later change.
        layered_runtime: Some(regex_runtime()),
        bootstrap_extensions: vec![internal_listener::extension()],
        ..process(config)
    };
    bootstrap.encode_to_vec()
}

fn node(id: &str) -> Node {
    Node { id: id.to_owned(), cluster: NODE.to_owned(), ..Node::default() }
}

/// What a bootstrap says of the process itself.
fn process(config: &ir::Config) -> Bootstrap {
    Bootstrap {
        admin: config.proxy.admin.map(to_admin),
        bootstrap_extensions: internal_listener::extensions(config),
        overload_manager: Some(connection_limit()),
        layered_runtime: needs::Needs::of(config).regex.then(regex_runtime),
        deferred_stat_options: mesh::statistics(config),
        ..Bootstrap::default()
    }
}

/// The admin interface, which says why clients are refused and so takes
/// connections beyond the limit.
fn to_admin(address: SocketAddr) -> Admin {
    Admin {
        address: Some(proto::socket_address(address.ip(), address.port().into())),
        ignore_global_conn_limit: true,
        ..Admin::default()
    }
}

/// The limit on all connections of clients. Without one Envoy warns at every start
/// ([edge proxies](https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge)).
fn connection_limit() -> OverloadManager {
    let limit = DownstreamConnectionsConfig { max_active_downstream_connections: MAX_CONNECTIONS };
    let monitor = ResourceMonitor {
        name: "envoy.resource_monitors.global_downstream_max_connections".to_owned(),
        config_type: Some(ConfigType::TypedConfig(proto::any(CONNECTIONS_MONITOR, &limit))),
    };
    OverloadManager { resource_monitors: vec![monitor], ..OverloadManager::default() }
}

fn regex_runtime() -> LayeredRuntime {
    let limit = Value { kind: Some(value::Kind::NumberValue(RE2_PROGRAM_SIZE)) };
    let fields = [("re2.max_program_size.error_level".to_owned(), limit)].into();
    let layer = RuntimeLayer {
        name: "static".to_owned(),
        layer_specifier: Some(LayerSpecifier::StaticLayer(Struct { fields })),
    };
    LayeredRuntime { layers: vec![layer] }
}
