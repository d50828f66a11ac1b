//! What is asked for of a socket, laid over its listener.

use envoy_types::pb::envoy::config::core::v3::{
    SocketOption, TransportSocket,
    socket_option::{SocketState, Value as SocketValue},
    transport_socket::ConfigType as SocketConfig,
};
use envoy_types::pb::envoy::config::listener::v3::{
    Listener,
    listener::{
        ConnectionBalanceConfig,
        connection_balance_config::{BalanceType, ExactBalance},
    },
};
use envoy_types::pb::envoy::extensions::filters::listener::proxy_protocol::v3::{
    ProxyProtocol,
    proxy_protocol::{KeyValuePair, Rule},
};
use envoy_types::pb::envoy::extensions::transport_sockets::tcp_stats::v3::Config as TcpStats;

use crate::ir::{self, ListenerSettings, ProxyHeader, ProxyValue};

use super::listener_log::to_log;
use super::proto::{any, duration, text, uint32};
use super::upstream_tls::plain_socket;

/// Lays the settings over a listener.
pub(super) fn lay_over(settings: &ListenerSettings, listener: Listener) -> Listener {
    if settings.is_empty() {
        return listener;
    }
    let ListenerSettings {
        buffer_bytes,
        is_balanced,
        socket_options,
        connection_logs,
        most_accepted,
        inspection,
        // The chains.
        stream_idle: _,
        handshake: _,
        // A filter, the sockets of connections, and the connection managers.
        proxy_header: _,
        counts_tcp: _,
        request_logs: _,
    } = settings;
    let balance = || ConnectionBalanceConfig { balance_type: Some(BalanceType::ExactBalance(ExactBalance {})) };
    Listener {
        per_connection_buffer_limit_bytes: buffer_bytes.map(uint32).or(listener.per_connection_buffer_limit_bytes),
        connection_balance_config: is_balanced.then(balance),
        socket_options: socket_options.iter().cloned().map(to_socket_option).collect(),
        max_connections_to_accept_per_socket_event: most_accepted.map(uint32),
        listener_filters_timeout: inspection.map(duration).or(listener.listener_filters_timeout),
        access_log: connection_logs.iter().cloned().map(to_log).collect(),
        ..listener
    }
}

/// The filter that reads a PROXY protocol header.
pub(super) fn to_proxy_protocol(ProxyHeader { is_optional, values }: &ProxyHeader) -> ProxyProtocol {
    let rule = |ProxyValue { number, namespace, name }: &ProxyValue| Rule {
        tlv_type: u32::from(*number),
        on_tlv_present: Some(KeyValuePair {
            metadata_namespace: text(namespace.as_deref()),
            key: name.clone(),
            ..KeyValuePair::default()
        }),
    };
    ProxyProtocol {
        rules: values.iter().map(rule).collect(),
        allow_requests_without_proxy_protocol: *is_optional,
        ..ProxyProtocol::default()
    }
}

/// The socket of connections, with what the kernel knows of them counted.
pub(super) fn counted(socket: Option<TransportSocket>) -> TransportSocket {
    let stats = TcpStats { transport_socket: Some(socket.unwrap_or_else(plain_socket)), update_period: None };
    TransportSocket {
        name: "envoy.transport_sockets.tcp_stats".to_owned(),
        config_type: Some(SocketConfig::TypedConfig(any(
            "envoy.extensions.transport_sockets.tcp_stats.v3.Config",
            &stats,
        ))),
    }
}

fn to_socket_option(option: ir::SocketOption) -> SocketOption {
    let ir::SocketOption { description, level, name, value, state } = option;
    SocketOption {
        description,
        level,
        name,
        value: Some(match value {
            ir::SocketValue::Number(number) => SocketValue::IntValue(number),
            ir::SocketValue::Bytes(bytes) => SocketValue::BufValue(bytes),
        }),
        state: match state {
            ir::SocketState::Unbound => SocketState::StatePrebind,
            ir::SocketState::Bound => SocketState::StateBound,
            ir::SocketState::Listening => SocketState::StateListening,
        } as i32,
        ..SocketOption::default()
    }
}
