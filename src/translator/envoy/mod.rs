//! Stage 4: from [`ir::Config`] to Envoy's bootstrap. Total: it cannot fail.
//!
//! Every default that is emitted without being asked is a named constant here
//! and a row of `docs/defaults.md`.

mod access_log;
mod cluster;
mod cors;
mod ext_authz;
mod forward;
mod header;
mod http_connection;
mod listener;
mod mirror;
pub mod name;
mod needs;
mod path;
mod pool;
mod proto;
mod redirect;
mod retry;
mod route;
mod split;
mod stateful_session;
mod tcp_proxy;
mod tls;
mod udp_proxy;
mod upstream_tls;

use envoy_types::pb::envoy::config::bootstrap::v3::{
    Admin, Bootstrap, LayeredRuntime, RuntimeLayer, bootstrap::StaticResources, runtime_layer::LayerSpecifier,
};
use envoy_types::pb::google::protobuf::{Struct, Value, value};

use crate::ir::{self, ClusterId};

/// RE2's default limit on the size of a compiled program is 100, which some 96
/// literal characters exceed and which is fatal for the whole configuration.
const RE2_PROGRAM_SIZE: f64 = 1_000_000.0;

/// Translates the configuration.
pub fn to_bootstrap(config: &ir::Config) -> Bootstrap {
    let needs = needs::Needs::of(config);
    let pools = pool::collect(config);
    let absorbed = pool::absorbed(&pools, config);
    let own = (0..).map(ClusterId).zip(&config.clusters).filter(|(id, _)| !absorbed.contains(id));
    let mut clusters: Vec<_> = own.map(|(_, cluster)| cluster::to_cluster(cluster, config)).collect();
    clusters.extend(pools.into_iter().map(|(name, members)| pool::to_cluster(name, &members, config)));
    if needs.invalid_cluster {
        clusters.push(cluster::invalid_backend());
    }
    let mut secrets: Vec<_> = config.certificates.iter().map(tls::to_secret).collect();
    secrets.sort_by(|one, other| one.name.cmp(&other.name));
    let listeners = config.listeners.iter().map(|listener| listener::to_listener(listener, config)).collect();
    Bootstrap {
        admin: config.proxy.admin.map(|address| Admin {
            address: Some(proto::socket_address(address.ip(), address.port())),
            ..Admin::default()
        }),
        static_resources: Some(StaticResources {
            listeners,
            clusters,
            secrets: config.certificates.iter().map(tls::to_secret).collect(),
        }),
        layered_runtime: needs.regex.then(regex_runtime),
        ..Bootstrap::default()
    }
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
