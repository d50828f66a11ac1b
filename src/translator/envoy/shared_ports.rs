//! The ports of Services that one connection manager serves: it finds the routes of a port by a header that it writes
//! itself before it looks for any, with where the connection was made to. A manager for each of thousands of ports takes far more
//! memory and time than a virtual host for each (docs/mesh.md).

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use envoy_types::pb::envoy::config::common::mutation_rules::v3::{HeaderMutation as Mutation, header_mutation::Action};
use envoy_types::pb::envoy::config::core::v3::transport_socket::ConfigType as SocketConfig;
use envoy_types::pb::envoy::config::core::v3::{
    DataSource, HeaderValue, HeaderValueOption, SubstitutionFormatString, TransportSocket, TypedExtensionConfig,
    data_source::Specifier, header_value_option::HeaderAppendAction, substitution_format_string::Format,
};
use envoy_types::pb::envoy::config::listener::v3::{FilterChain, Listener};
use envoy_types::pb::envoy::config::route::v3::{
    RouteConfiguration, ScopedRouteConfiguration, VirtualHost,
    scoped_route_configuration::{
        Key,
        key::{Fragment, fragment},
    },
};
use envoy_types::pb::envoy::extensions::filters::common::set_filter_state::v3::{
    FilterStateValue,
    filter_state_value::{Key as StateKey, SharedWithUpstream, Value},
};
use envoy_types::pb::envoy::extensions::filters::http::set_filter_state::v3::Config as SetFilterState;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter, ScopedRouteConfigurationsList, ScopedRoutes,
    http_connection_manager::RouteSpecifier,
    scoped_routes::{
        ConfigSpecifier, ScopeKeyBuilder,
        scope_key_builder::{
            FragmentBuilder,
            fragment_builder::{self, HeaderValueExtractor, header_value_extractor::ExtractType},
        },
    },
};
use envoy_types::pb::envoy::extensions::http::early_header_mutation::header_mutation::v3::HeaderMutation;
use envoy_types::pb::envoy::extensions::transport_sockets::internal_upstream::v3::InternalUpstreamTransport;
use envoy_types::pb::google::protobuf::Any;
use prost::Message as _;

use crate::ir::{self, Entrance, ProxiedPort};
use crate::port::Port;

use super::http_connection::{HTTP_CONNECTION_MANAGER_ROUTE_CONFIG, ROUTE_CONFIGURATION_VIRTUAL_HOSTS, manager};
use super::joined::Joined;
use super::layout::{Layout, Part};
use super::listener::{HTTP_CONNECTION_MANAGER, network_filter};
use super::needs::Needs;
use super::proto::{any, any_bytes, http_filter};
use super::upstream_tls::plain_socket;
use super::{direct_response, internal_listener, name, route};

/// The header by which the manager finds the routes of a port. What clients write there is replaced, and backends do not
/// get it.
const PORT_HEADER: &str = "x-gwctl-service-port";

/// What a forward proxy tells the manager of a request or a tunnel: the host and the port that its client named.
const PORT_STATE: &str = "gwctl.service_port";

/// A kind of state that connections are told apart by: none is used for another port.
const STATE_KIND: &str = "envoy.hashable_string";

/// The same on releases that have no such kind: addresses.
const ADDRESS_KIND: &str = "envoy.network.transport_socket.original_dst_address";

const SET_FILTER_STATE: &str = "envoy.extensions.filters.http.set_filter_state.v3.Config";
const SET_FILTER_STATE_FILTER: &str = "envoy.filters.http.set_filter_state";

/// A port with its connection.
type Shared<'c> = (&'c ir::Listener, &'c ir::HttpConnection);

fn shared(config: &ir::Config) -> impl Iterator<Item = Shared<'_>> {
    placed(config).map(|(_, shared)| shared)
}

/// The same with the place of each listener.
fn placed(config: &ir::Config) -> impl Iterator<Item = (usize, Shared<'_>)> {
    let shared = config.listeners.iter().enumerate().filter(|(_, listener)| listener.entrance.is_shared());
    shared.flat_map(|(place, listener)| {
        listener.http_connections().map(move |connection| (place, (listener, connection)))
    })
}

/// The chain for all of them; `None` where there are none.
pub(super) fn chain(config: &ir::Config, layout: &Layout) -> Option<FilterChain> {
    let first = shared(config).next()?;
    let needs = Needs::of_connections(shared(config).map(|(_, connection)| connection), config);
    let (listener, connection) = first;
    let own = manager(&needs, (connection, listener), name::SHARED_PORTS.to_owned(), config, layout);
    let own = HttpConnectionManager { early_header_mutation_extensions: vec![port_header(listener.entrance)], ..own };
    let bytes = match &layout.routes {
        _ if listener.entrance.is_scoped() => {
            let scopes = RouteSpecifier::ScopedRoutes(scopes(config));
            HttpConnectionManager { route_specifier: Some(scopes), ..own }.encode_to_vec()
        }
        Part::File(files) => {
            let rds = RouteSpecifier::Rds(files.rds(name::SHARED_PORTS));
            HttpConnectionManager { route_specifier: Some(rds), ..own }.encode_to_vec()
        }
        Part::Inline | Part::Bootstrap => {
            let mut joined = Joined::of(&own);
            joined.append(joined_routes(config).into_field(HTTP_CONNECTION_MANAGER_ROUTE_CONFIG, Joined::default()));
            joined.into_bytes()
        }
    };
    let manager = any_bytes(HTTP_CONNECTION_MANAGER, bytes);
    let filters = vec![network_filter("envoy.filters.network.http_connection_manager", manager)];
    Some(FilterChain { filters, ..FilterChain::default() })
}

/// The listener that a forward proxy leads to, for all of them.
pub(super) fn internal_listener(config: &ir::Config, layout: &Layout) -> Option<Listener> {
    config.forward_proxy.as_ref()?;
    Some(internal_listener::listener(name::SHARED_PORTS.to_owned(), vec![chain(config, layout)?]))
}

/// Their route configuration: its name and its bytes.
pub(super) fn routes(config: &ir::Config) -> Option<(String, Vec<u8>)> {
    let (listener, _) = shared(config).next()?;
    (!listener.entrance.is_scoped()).then(|| (name::SHARED_PORTS.to_owned(), joined_routes(config).into_bytes()))
}

/// A scope for each of them, with the routes of the port.
fn scopes(config: &ir::Config) -> ScopedRoutes {
    let fragment = HeaderValueExtractor {
        name: PORT_HEADER.to_owned(),
        extract_type: Some(ExtractType::Index(0)),
        ..HeaderValueExtractor::default()
    };
    let fragment = FragmentBuilder { r#type: Some(fragment_builder::Type::HeaderValueExtractor(fragment)) };
    let scope = |(place, (listener, connection)): (usize, Shared<'_>)| {
        let key = match listener.entrance.is_redirected() {
            true => address(listener),
            false => stand_in(place, listener),
        };
        let hosts =
            connection.virtual_hosts.iter().map(|host| route::to_virtual_host(host, (listener, connection), config));
        let routes = RouteConfiguration {
            name: name::listener(listener),
            virtual_hosts: hosts.collect(),
            request_headers_to_remove: vec![PORT_HEADER.to_owned()],
            ignore_port_in_host_matching: true,
            max_direct_response_body_size_bytes: direct_response::longest_body(&connection.virtual_hosts),
            ..RouteConfiguration::default()
        };
        let key = Key { fragments: vec![Fragment { r#type: Some(fragment::Type::StringKey(key)) }] };
        ScopedRouteConfiguration {
            name: name::listener(listener),
            key: Some(key),
            route_configuration: Some(routes),
            ..ScopedRouteConfiguration::default()
        }
    };
    let scopes = ScopedRouteConfigurationsList { scoped_route_configurations: placed(config).map(scope).collect() };
    ScopedRoutes {
        name: name::SHARED_PORTS.to_owned(),
        scope_key_builder: Some(ScopeKeyBuilder { fragments: vec![fragment] }),
        config_specifier: Some(ConfigSpecifier::ScopedRouteConfigurationsList(scopes)),
        ..ScopedRoutes::default()
    }
}

/// An address that stands for a port with a scope, by the place of its listener, and for no other one: nobody connects to it.
fn stand_in(place: usize, listener: &ir::Listener) -> String {
    const FIRST: u32 = u32::from_be_bytes([240, 0, 0, 0]);
    let address = Ipv4Addr::from(FIRST + u32::try_from(place).unwrap_or_default());
    SocketAddr::from((address, listener.port.number())).to_string()
}

/// The address of a port, as Envoy writes it.
fn address(listener: &ir::Listener) -> String {
    SocketAddr::new(listener.address, listener.port.number()).to_string()
}

fn joined_routes(config: &ir::Config) -> Joined {
    let all: Vec<Shared<'_>> = shared(config).collect();
    let hosts_of_all = all.iter().flat_map(|(_, connection)| &connection.virtual_hosts);
    let configuration = RouteConfiguration {
        name: name::SHARED_PORTS.to_owned(),
        max_direct_response_body_size_bytes: direct_response::longest_body(hosts_of_all),
        vhost_header: PORT_HEADER.to_owned(),
        request_headers_to_remove: vec![PORT_HEADER.to_owned()],
        ..RouteConfiguration::default()
    };
    let named = named(config);
    let hosts = |(listener, connection): Shared<'_>| {
        let domains = places(listener, &named);
        // Of its own a port has one for all hosts.
        let host = connection.virtual_hosts.first().filter(|_| !domains.is_empty());
        let of_port = |host| VirtualHost {
            name: name::listener(listener),
            domains,
            ..route::to_virtual_host(host, (listener, connection), config)
        };
        host.map(of_port).into_iter().collect::<Vec<_>>()
    };
    let mut routes = Joined::of(&configuration);
    routes.extend_all(ROUTE_CONFIGURATION_VIRTUAL_HOSTS, &all, |shared| hosts(*shared));
    routes
}

/// The hosts and ports by which clients of a forward proxy name a port.
pub(super) fn domains<'p>(port: &'p ProxiedPort, listener: &ir::Listener) -> impl Iterator<Item = String> + use<'p> {
    let number = listener.port;
    // A URL may leave out the port that it means anyway.
    let bare = move |host: &str| (number == Port::HTTP).then(|| host.to_owned());
    port.hosts.iter().flat_map(move |host| std::iter::once(format!("{host}:{number}")).chain(bare(host)))
}

/// What clients of a forward proxy name each port by, by the name of its listener.
fn named(config: &ir::Config) -> HashMap<String, Vec<String>> {
    let ports = config.forward_proxy.iter().flat_map(|proxy| &proxy.ports);
    let named = |port: &ProxiedPort| {
        let listener = config.listeners.get(port.listener)?;
        Some((name::listener(listener), domains(port, listener).collect()))
    };
    ports.filter_map(named).collect()
}

/// What the header says for a port.
fn places(listener: &ir::Listener, named: &HashMap<String, Vec<String>>) -> Vec<String> {
    match listener.entrance {
        Entrance::RedirectedShared => vec![address(listener)],
        _ => named.get(&name::listener(listener)).cloned().unwrap_or_default(),
    }
}

/// What writes the header.
fn port_header(entrance: Entrance) -> TypedExtensionConfig {
    let value = match entrance {
        Entrance::RedirectedShared | Entrance::RedirectedScoped => "%DOWNSTREAM_LOCAL_ADDRESS%".to_owned(),
        _ => format!("%FILTER_STATE({PORT_STATE}:PLAIN)%"),
    };
    let option = HeaderValueOption {
        header: Some(HeaderValue { key: PORT_HEADER.to_owned(), value, ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd as i32,
        ..HeaderValueOption::default()
    };
    let mutations = vec![Mutation { action: Some(Action::Append(option)) }];
    let message = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
    TypedExtensionConfig {
        name: "envoy.http.early_header_mutation.header_mutation".to_owned(),
        typed_config: Some(any(message, &HeaderMutation { mutations })),
    }
}

/// The filter by which a forward proxy says which port is meant, where a virtual host does.
pub(super) fn state_filter(config: &ir::Config) -> Option<HttpFilter> {
    let filter = || http_filter(SET_FILTER_STATE_FILTER, any(SET_FILTER_STATE, &SetFilterState::default()));
    shared(config).next().map(|_| filter())
}

/// What a forward proxy says of the port that a request or a tunnel names: the name. The manager looks for the routes by it.
pub(super) fn named_state() -> (String, Any) {
    state("%REQ(:AUTHORITY)%".to_owned(), STATE_KIND)
}

/// The same of a port with a scope, which has one name.
pub(super) fn scope_state(place: usize, listener: &ir::Listener) -> (String, Any) {
    state(stand_in(place, listener), ADDRESS_KIND)
}

fn state(named: String, kind: &str) -> (String, Any) {
    let text = DataSource { specifier: Some(Specifier::InlineString(named)), ..DataSource::default() };
    let format = SubstitutionFormatString {
        format: Some(Format::TextFormatSource(text)),
        ..SubstitutionFormatString::default()
    };
    let value = FilterStateValue {
        key: Some(StateKey::ObjectKey(PORT_STATE.to_owned())),
        factory_key: kind.to_owned(),
        value: Some(Value::FormatString(format)),
        shared_with_upstream: SharedWithUpstream::Once as i32,
        ..FilterStateValue::default()
    };
    let state = SetFilterState { on_request_headers: vec![value], ..SetFilterState::default() };
    (SET_FILTER_STATE_FILTER.to_owned(), any(SET_FILTER_STATE, &state))
}

/// The socket of connections to the listener, which takes what is said along.
pub(super) fn socket() -> TransportSocket {
    let message = "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport";
    let transport =
        InternalUpstreamTransport { transport_socket: Some(plain_socket()), ..InternalUpstreamTransport::default() };
    TransportSocket {
        name: "envoy.transport_sockets.internal_upstream".to_owned(),
        config_type: Some(SocketConfig::TypedConfig(any(message, &transport))),
    }
}
