//! Listeners and filter chains
//! ([Listener](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto)).

use envoy_types::pb::envoy::config::core::v3::Address;
use envoy_types::pb::envoy::config::core::v3::TransportSocket;
use envoy_types::pb::envoy::config::core::v3::transport_socket::ConfigType as SocketConfig;
use envoy_types::pb::envoy::config::listener::v3::{
    AdditionalAddress, Filter, FilterChain, FilterChainMatch, Listener, ListenerFilter,
    filter::ConfigType,
    listener::{InternalListenerConfig, ListenerSpecifier},
    listener_filter,
};
use envoy_types::pb::envoy::extensions::filters::listener::http_inspector::v3::HttpInspector;
use envoy_types::pb::envoy::extensions::filters::listener::proxy_protocol::v3::ProxyProtocol;
use envoy_types::pb::envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{self, ChainMatch, Handler, Transport};

use super::access_order::to_range;
use super::cluster::BUFFER_LIMIT_BYTES;
use super::http_connection::encode_http_connection_manager;
use super::http_guards;
use super::layout::Layout;
use super::listener_settings;
use super::name;
use super::proto::{any, any_bytes, boolean, duration, named_address, of_datagrams, socket_address, uint32};
use super::tcp_proxy::to_tcp_proxy;
use super::tls::{self, to_downstream_context};
use super::udp_proxy::{to_listener_config, to_udp_proxy};

pub(super) const HTTP_CONNECTION_MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
pub(super) const TCP_PROXY: &str = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";

/// How long a TLS handshake may take: there is no limit by default, and
/// [proxies at the edge](https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge) want one.
const TLS_HANDSHAKE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// How long a client may take to send the beginning of a request before it counts as one that does not speak HTTP. Envoy's
/// own 15 s are what clients of servers that speak first would wait for.
const HTTP_DETECTION_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(200);

pub(super) fn to_listener(listener: &ir::Listener, config: &ir::Config, layout: &Layout) -> Listener {
    match &listener.transport {
        Transport::Tcp(_) => to_tcp_listener(listener, config, layout),
        Transport::Udp(proxy) => to_udp_listener(proxy, listener, config),
    }
}

fn to_udp_listener(proxy: &ir::UdpProxy, listener: &ir::Listener, config: &ir::Config) -> Listener {
    let filter = to_udp_proxy(proxy, listener, config);
    Listener {
        name: name::listener(listener),
        address: Some(of_datagrams(bound_address(listener, config))),
        additional_addresses: second_address(listener, of_datagrams),
        listener_filters: vec![listener_filter("envoy.filters.udp_listener.udp_proxy", filter)],
        udp_listener_config: Some(to_listener_config()),
        // Envoy refuses anything else once it has more than one worker
        // ([reuse of ports](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto#envoy-v3-api-field-config-listener-v3-listener-enable-reuse-port)).
        enable_reuse_port: Some(boolean(true)),
        ..Listener::default()
    }
}

fn to_tcp_listener(listener: &ir::Listener, config: &ir::Config, layout: &Layout) -> Listener {
    let is_bound = listener.entrance.is_bound();
    let is_internal = listener.entrance == ir::Entrance::Internal;
    let message = Listener {
        name: name::listener(listener),
        // What rules of the machine lead to the proxy finds a listener by the address that it was sent to.
        bind_to_port: listener.entrance.is_redirected().then(|| boolean(false)),
        address: (!is_internal).then(|| bound_address(listener, config)),
        additional_addresses: second_address(listener, |address| address),
        filter_chains: listener
            .chains()
            .iter()
            .flat_map(|chain| to_filter_chains(chain, listener, config, layout))
            .collect(),
        listener_filters: listener_filters(listener, config),
        // What has said nothing until then is no HTTP: the server may be the one to speak first, and waits.
        listener_filters_timeout: detects_http(listener).then(|| duration(HTTP_DETECTION_TIMEOUT)),
        continue_on_listener_filters_timeout: detects_http(listener),
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        // Two proxies on one port would share its connections without an error.
        enable_reuse_port: is_bound.then(|| boolean(false)),
        listener_specifier: is_internal.then_some(ListenerSpecifier::InternalListener(InternalListenerConfig {})),
        ..Listener::default()
    };
    listener_settings::lay_over(&listener.settings, message)
}

/// Where a listener is bound. All addresses of IPv6 are those of IPv4 as well, unless another listener has some of these.
fn bound_address(listener: &ir::Listener, config: &ir::Config) -> Address {
    let ir::Listener {
        address,
        second: _,
        bind_port,
        port: _,
        entrance: _,
        transport,
        settings: _,
        gateways: _,
        misdirected: _,
        origin: _,
        called: _,
    } = listener;
    let is_of_ipv4 = |other: &ir::Listener| {
        let is_alike = matches!(other.transport, ir::Transport::Udp(_)) == matches!(transport, ir::Transport::Udp(_));
        other.bind_port == *bind_port && other.address.is_ipv4() && is_alike
    };
    let is_all = address.is_ipv6() && address.is_unspecified();
    named_address(address.to_string(), *bind_port, is_all && !config.listeners.iter().any(is_of_ipv4))
}

/// Where else a listener is bound.
fn second_address(listener: &ir::Listener, of_kind: impl Fn(Address) -> Address) -> Vec<AdditionalAddress> {
    let second = listener.second.map(|second| socket_address(second, listener.bind_port));
    let address = |address| AdditionalAddress { address: Some(of_kind(address)), ..AdditionalAddress::default() };
    second.map(address).into_iter().collect()
}

/// The filters that look at a connection before its chain is chosen.
fn listener_filters(listener: &ir::Listener, config: &ir::Config) -> Vec<ListenerFilter> {
    let mut filters = Vec::new();
    // What the listener says counts before what is said of all.
    let of_all = || config.proxy.proxy_protocol.then(ProxyProtocol::default);
    let header = listener.settings.proxy_header.as_ref().map(listener_settings::to_proxy_protocol);
    if let Some(filter) = header.or_else(of_all) {
        let message = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
        let filter = any(message, &filter);
        filters.push(listener_filter("envoy.filters.listener.proxy_protocol", filter));
    }
    // Without the inspector no server name ever matches and every connection is closed.
    if listener.chains().iter().any(|chain| chain.select.is_by_server_name()) {
        let message = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
        let filter = any(message, &TlsInspector::default());
        filters.push(listener_filter("envoy.filters.listener.tls_inspector", filter));
    }
    if detects_http(listener) {
        let message = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector";
        let filter = any(message, &HttpInspector::default());
        filters.push(listener_filter("envoy.filters.listener.http_inspector", filter));
    }
    filters
}

/// Whether connections are told apart by what clients send first.
fn detects_http(listener: &ir::Listener) -> bool {
    listener.chains().iter().any(|chain| chain.select == ChainMatch::Http)
}

pub(super) fn listener_filter(name: &str, config: Any) -> ListenerFilter {
    ListenerFilter {
        name: name.to_owned(),
        config_type: Some(listener_filter::ConfigType::TypedConfig(config)),
        ..ListenerFilter::default()
    }
}

/// A chain, and one that closes the connections of those whom it does not take. A filter that looks at addresses would not
/// do: where servers speak first, it has seen nothing until clients do, and these have what servers said.
fn to_filter_chains(
    chain: &ir::FilterChain,
    listener: &ir::Listener,
    config: &ir::Config,
    layout: &Layout,
) -> Vec<FilterChain> {
    let own = to_filter_chain(chain, listener, config, layout);
    let Handler::Tcp(ir::TcpProxy { access: Some(order), .. }) = &chain.handler else { return vec![own] };
    let ranges = order.ranges();
    let select = |verdict: ir::Verdict| FilterChainMatch {
        source_prefix_ranges: ranges.iter().filter(|(_, own)| *own == verdict).map(|(one, _)| to_range(one)).collect(),
        ..to_chain_match(&chain.select).unwrap_or_default()
    };
    let name = if own.name.is_empty() { String::new() } else { format!("{}/refused", own.name) };
    let refused = FilterChain { name, ..FilterChain::default() };
    let chains = [(own, select(ir::Verdict::Passes)), (refused, select(ir::Verdict::Refused))];
    let chains = chains.into_iter().filter(|(_, select)| !select.source_prefix_ranges.is_empty());
    chains.map(|(chain, select)| FilterChain { filter_chain_match: Some(select), ..chain }).collect()
}

fn to_filter_chain(
    chain: &ir::FilterChain,
    listener: &ir::Listener,
    config: &ir::Config,
    layout: &Layout,
) -> FilterChain {
    let ir::FilterChain { name, select, tls, handler, origin: _ } = chain;
    let socket = tls.as_ref().map(|tls| TransportSocket {
        name: tls::TRANSPORT_SOCKET.to_owned(),
        config_type: Some(SocketConfig::TypedConfig(to_downstream_context(
            (tls, chain.only_version()),
            config,
            layout,
        ))),
    });
    FilterChain {
        name: name.as_ref().map(name::filter_chain).unwrap_or_default(),
        filter_chain_match: to_chain_match(select),
        filters: match handler {
            Handler::Http(connection) => {
                let manager = encode_http_connection_manager(connection, chain, listener, config, layout);
                let manager = any_bytes(HTTP_CONNECTION_MANAGER, manager);
                let mut filters = http_guards::network_filters(
                    &connection.settings.guards,
                    &super::name::http_statistics(listener, chain),
                );
                filters.push(network_filter("envoy.filters.network.http_connection_manager", manager));
                filters
            }
            Handler::Tcp(proxy) => {
                let proxy = to_tcp_proxy(proxy, listener, config);
                vec![network_filter("envoy.filters.network.tcp_proxy", any(TCP_PROXY, &proxy))]
            }
            // A chain without filters closes its connections at once.
            Handler::Close => Vec::new(),
        },
        transport_socket: match listener.settings.counts_tcp {
            true => Some(listener_settings::counted(socket)),
            false => socket,
        },
        transport_socket_connect_timeout: tls
            .is_some()
            .then(|| duration(listener.settings.handshake.unwrap_or(TLS_HANDSHAKE_TIMEOUT))),
        ..FilterChain::default()
    }
}

pub(super) fn network_filter(name: &str, config: Any) -> Filter {
    Filter { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(config)) }
}

/// What the inspector calls the versions of HTTP
/// ([HTTP Inspector](https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/http_inspector)).
const HTTP_PROTOCOLS: [&str; 3] = ["http/1.0", "http/1.1", "h2c"];

fn to_chain_match(select: &ChainMatch) -> Option<FilterChainMatch> {
    let server_names = match select {
        ChainMatch::Any => return None,
        ChainMatch::Http => {
            let application_protocols = HTTP_PROTOCOLS.map(str::to_owned).to_vec();
            return Some(FilterChainMatch { application_protocols, ..FilterChainMatch::default() });
        }
        ChainMatch::ServerNames(hosts) => hosts.iter().map(ToString::to_string).collect(),
        ChainMatch::AnyServerName => Vec::new(),
    };
    // Plain text, which carries no server name, is never taken.
    Some(FilterChainMatch { server_names, transport_protocol: "tls".to_owned(), ..FilterChainMatch::default() })
}
