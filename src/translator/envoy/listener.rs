//! Listeners and filter chains
//! ([Listener](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto)).

use envoy_types::pb::envoy::config::listener::v3::{
    Filter, FilterChain, Listener, ListenerFilter, filter::ConfigType, listener_filter,
};
use envoy_types::pb::envoy::extensions::filters::listener::proxy_protocol::v3::ProxyProtocol;

use crate::ir;

use super::cluster::BUFFER_LIMIT_BYTES;
use super::http_connection::encode_http_connection_manager;
use super::name;
use super::proto::{any, any_bytes, boolean, socket_address, uint32};

const HTTP_CONNECTION_MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

pub(super) fn to_listener(listener: &ir::Listener, config: &ir::Config) -> Listener {
    let ir::Listener { address, bind_port, port: _, transport: _, origin: _ } = listener;
    Listener {
        name: name::listener(listener),
        address: Some(socket_address(*address, *bind_port)),
        filter_chains: listener.chains().iter().map(|chain| to_filter_chain(chain, listener, config)).collect(),
        listener_filters: if config.proxy.proxy_protocol { vec![proxy_protocol()] } else { Vec::new() },
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        // Two proxies on one port would share its connections without an error.
        enable_reuse_port: Some(boolean(false)),
        ..Listener::default()
    }
}

fn proxy_protocol() -> ListenerFilter {
    let message = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
    ListenerFilter {
        name: "envoy.filters.listener.proxy_protocol".to_owned(),
        config_type: Some(listener_filter::ConfigType::TypedConfig(any(message, &ProxyProtocol::default()))),
        ..ListenerFilter::default()
    }
}

fn to_filter_chain(chain: &ir::FilterChain, listener: &ir::Listener, config: &ir::Config) -> FilterChain {
    let ir::FilterChain { select: ir::ChainMatch::Any, handler, origin: _ } = chain;
    let ir::Handler::Http(connection) = handler;
    let manager = encode_http_connection_manager(connection, listener, config);
    FilterChain {
        filters: vec![Filter {
            name: "envoy.filters.network.http_connection_manager".to_owned(),
            config_type: Some(ConfigType::TypedConfig(any_bytes(HTTP_CONNECTION_MANAGER, manager))),
        }],
        ..FilterChain::default()
    }
}
