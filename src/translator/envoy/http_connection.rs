//! The HTTP connection manager and its route configuration.

use envoy_types::pb::envoy::config::accesslog::v3::AccessLog;
use envoy_types::pb::envoy::config::core::v3::{
    Http2ProtocolOptions, HttpProtocolOptions, http_protocol_options::HeadersWithUnderscoresAction,
};
use envoy_types::pb::envoy::config::route::v3::RouteConfiguration;
use envoy_types::pb::envoy::extensions::filters::http::cors::v3::Cors;
use envoy_types::pb::envoy::extensions::filters::http::fault::v3::HttpFault;
use envoy_types::pb::envoy::extensions::filters::http::header_mutation::v3::HeaderMutation;
use envoy_types::pb::envoy::extensions::filters::http::router::v3::Router;
use envoy_types::pb::envoy::extensions::filters::http::stateful_session::v3::StatefulSession;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter,
    http_connection_manager::{
        PathWithEscapedSlashesAction, RouteSpecifier, ServerHeaderTransformation, UpgradeConfig,
    },
};

use prost::Message;

use crate::ir::{self, ProcessorPlace};

use super::access_log::to_access_log;
use super::http_guards::AskedFor;
use super::joined::Joined;
use super::layout::{Layout, Part};
use super::limits::Stage;
use super::needs::Needs;
use super::proto::{any, boolean, http_filter, uint32};
use super::tracing::to_tracing;
use super::{
    access, bandwidth, compression, connection_tracing, cors, direct_response, ext_authz, forward, header, http_guards,
    http_settings, listener_log, mesh, misdirected, name, rates, route, stateful_session, transcoder, web_call,
};

/// Field numbers of the messages that are joined as bytes.
pub(super) const ROUTE_CONFIGURATION_VIRTUAL_HOSTS: u32 = 2;
pub(super) const HTTP_CONNECTION_MANAGER_ROUTE_CONFIG: u32 = 4;

/// Limits of HTTP/2 connections ([proxies at the edge](https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge)). A client of gRPC puts all of its calls on
/// one connection and lets further ones wait, for ever behind streams that do not end: where calls are routed Envoy's
/// own limit of 1,024 streams stays.
const MAX_CONCURRENT_STREAMS: u32 = 100;
pub(super) const INITIAL_STREAM_WINDOW_BYTES: u32 = 65_536;
pub(super) const INITIAL_CONNECTION_WINDOW_BYTES: u32 = 1_048_576;

/// The connection manager as bytes.
pub(super) fn encode_http_connection_manager(
    connection: &ir::HttpConnection,
    chain: &ir::FilterChain,
    listener: &ir::Listener,
    config: &ir::Config,
    layout: &Layout,
) -> Vec<u8> {
    let needs = Needs::of_connection(connection, config);
    let manager = manager(&needs, (connection, listener), name::http_statistics(listener, chain), config, layout);
    if let Part::File(files) = &layout.routes {
        let name = route_configuration_name(connection, chain, listener, config, layout);
        let rds = RouteSpecifier::Rds(files.rds(&name));
        return HttpConnectionManager { route_specifier: Some(rds), ..manager }.encode_to_vec();
    }
    let routes = routes((connection, listener), &name::route_configuration(listener, chain), config);
    let mut manager = Joined::of(&manager);
    manager.append(routes.into_field(HTTP_CONNECTION_MANAGER_ROUTE_CONFIG, Joined::default()));
    manager.into_bytes()
}

/// The route configuration of a connection manager: its name and its bytes.
pub(super) fn encode_route_configuration(
    connection: &ir::HttpConnection,
    chain: &ir::FilterChain,
    listener: &ir::Listener,
    config: &ir::Config,
    layout: &Layout,
) -> (String, Vec<u8>) {
    let name = route_configuration_name(connection, chain, listener, config, layout);
    let bytes = routes((connection, listener), &name, config).into_bytes();
    (name, bytes)
}

/// The name of a route configuration. In a file of its own it is a new one with every other set of authorizations:
/// routes switch these on, and neither a moment nor a connection that stays open may be between a filter that goes and
/// the routes that ask for another.
fn route_configuration_name(
    connection: &ir::HttpConnection,
    chain: &ir::FilterChain,
    listener: &ir::Listener,
    config: &ir::Config,
    layout: &Layout,
) -> String {
    let name = name::route_configuration(listener, chain);
    let needs = Needs::of_connection(connection, config);
    let (auths, access) = (needs.auths, access::identity(&needs.access));
    let asked = [needs.credentials.filters(), needs.sign_ins.filters(config, layout)];
    let servers = [needs.limits.all(config), needs.processors.all(config), asked.concat()].concat();
    let servers: Vec<HttpFilter> = servers.into_iter().chain(needs.scripts.filters()).collect();
    if !layout.has_route_files() || auths.is_empty() && access.is_none() && servers.is_empty() {
        return name;
    }
    let filters = auths.iter().map(|id| ext_authz::to_http_filter(*id, config, layout));
    let mut filters: Vec<u8> = filters.flat_map(|filter| filter.encode_to_vec()).collect();
    filters.extend(servers.iter().flat_map(|filter| filter.encode_to_vec()));
    filters.extend(access.iter().flat_map(|access| access.bytes()));
    format!("{name}/authorized/{}", name::digest(&filters))
}

fn routes((connection, listener): (&ir::HttpConnection, &ir::Listener), name: &str, config: &ir::Config) -> Joined {
    let ir::HttpConnection { virtual_hosts, misdirected: hosts, profile: _, settings: _, tracing: _ } = connection;
    let configuration = RouteConfiguration {
        name: name.to_owned(),
        ignore_port_in_host_matching: true,
        max_direct_response_body_size_bytes: direct_response::longest_body(virtual_hosts),
        ..RouteConfiguration::default()
    };
    let mut routes = Joined::of(&configuration);
    let to_host = |host: &ir::VirtualHost| route::to_virtual_host(host, (listener, connection), config);
    routes.extend(ROUTE_CONFIGURATION_VIRTUAL_HOSTS, virtual_hosts, to_host);
    if !hosts.is_empty() {
        routes.push(ROUTE_CONFIGURATION_VIRTUAL_HOSTS, &misdirected::host(hosts));
    }
    if !listener.misdirected.is_empty() {
        routes.push(ROUTE_CONFIGURATION_VIRTUAL_HOSTS, &misdirected::others(listener));
    }
    routes
}

/// The connection manager without its routes, which need some things of it.
pub(super) fn manager(
    needs: &Needs,
    (connection, listener): (&ir::HttpConnection, &ir::Listener),
    statistics: String,
    config: &ir::Config,
    layout: &Layout,
) -> HttpConnectionManager {
    let manager = at_edge(needs, (connection, listener), statistics, config, layout);
    let manager = match connection.profile {
        ir::HttpProfile::Edge => manager,
        ir::HttpProfile::Mesh => mesh::manager(manager),
    };
    http_settings::lay_over(connection, manager)
}

fn at_edge(
    needs: &Needs,
    (connection, listener): (&ir::HttpConnection, &ir::Listener),
    statistics: String,
    config: &ir::Config,
    layout: &Layout,
) -> HttpConnectionManager {
    let proxy = &config.proxy;
    HttpConnectionManager {
        http_filters: http_filters(needs, connection, (&statistics, config), layout),
        stat_prefix: statistics,
        tracing: match connection.tracing.as_deref() {
            Some(own) => Some(connection_tracing::to_tracing(own, config)),
            None => proxy.tracing.as_ref().map(to_tracing),
        },
        access_log: access_logs(proxy, &listener.settings),
        // Without it backends get no x-forwarded-for, and a forged one passes
        // ([x-forwarded-for](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-for)).
        use_remote_address: Some(boolean(true)),
        xff_num_trusted_hops: proxy.trusted_hops,
        normalize_path: Some(boolean(true)),
        merge_slashes: true,
        path_with_escaped_slashes_action: PathWithEscapedSlashesAction::UnescapeAndRedirect as i32,
        strip_trailing_host_dot: true,
        server_header_transformation: ServerHeaderTransformation::PassThrough as i32,
        common_http_protocol_options: reject_underscores(connection, config),
        http2_protocol_options: Some(Http2ProtocolOptions {
            max_concurrent_streams: (!connection.takes_calls()).then(|| uint32(MAX_CONCURRENT_STREAMS)),
            initial_stream_window_size: Some(uint32(INITIAL_STREAM_WINDOW_BYTES)),
            initial_connection_window_size: Some(uint32(INITIAL_CONNECTION_WINDOW_BYTES)),
            allow_connect: true,
            ..Http2ProtocolOptions::default()
        }),
        upgrade_configs: upgrades(needs, connection.settings.upgrades),
        ..HttpConnectionManager::default()
    }
}

/// The log of the proxy, and behind it those of the listener.
fn access_logs(proxy: &ir::Proxy, settings: &ir::ListenerSettings) -> Vec<AccessLog> {
    let of_proxy = proxy.access_log.iter().map(to_access_log);
    of_proxy.chain(settings.request_logs.iter().cloned().map(listener_log::to_log)).collect()
}

/// What connections may become. Tunnels need a route that asks for them by name: no other one matches `CONNECT`. What is
/// not listed is refused, unless a route says otherwise.
fn upgrades(needs: &Needs, said: ir::Upgrades) -> Vec<UpgradeConfig> {
    let ir::Upgrades { websockets, tunnels } = said;
    let websocket = Some(ir::WEBSOCKET).filter(|_| websockets != Some(false));
    let connect = Some(ir::CONNECT).filter(|_| needs.connect && tunnels != Some(false));
    let kinds = websocket.into_iter().chain(connect);
    kinds.map(|kind| UpgradeConfig { upgrade_type: kind.to_owned(), ..UpgradeConfig::default() }).collect()
}

fn reject_underscores(connection: &ir::HttpConnection, config: &ir::Config) -> Option<HttpProtocolOptions> {
    (connection.underscores(config) == ir::Underscores::Refused).then(|| HttpProtocolOptions {
        headers_with_underscores_action: HeadersWithUnderscoresAction::RejectRequest as i32,
        ..HttpProtocolOptions::default()
    })
}

/// The HTTP filters that the routes need, the router last. Preflights are
/// answered before anybody is asked for authorization, and nothing that a
/// refused request could learn comes before it.
///
/// Where routes come from files, the filters that do nothing until a route asks for it are always there: listeners and routes
/// are taken one after the other, and another filter would drain the connections of its listener.
fn http_filters(
    needs: &Needs,
    connection: &ir::HttpConnection,
    (statistics, config): (&str, &ir::Config),
    layout: &Layout,
) -> Vec<HttpFilter> {
    let mut filters = http_settings::first_filters(&connection.settings);
    let is_followed = layout.has_route_files();
    filters.extend(connection.settings.transcoder.as_deref().map(transcoder::to_filter));
    // Responses pass the filters in reverse, so it sees what all others answer
    // ([filter ordering](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/http_filters#filter-ordering)).
    if needs.header_mutation || is_followed {
        filters.push(http_filter(header::MUTATION_FILTER, any(header::MUTATION, &HeaderMutation::default())));
    }
    if needs.cors || is_followed {
        filters.push(http_filter(cors::CORS_FILTER, any(cors::CORS, &Cors::default())));
    }
    filters.extend(rates::early_filter(connection.settings.guards.requests.as_ref(), needs.early_rates, statistics));
    filters.extend(needs.processors.filters(ProcessorPlace::BeforeAuthorization, config));
    filters.extend(access::early_filter(&needs.access, config));
    filters.extend(needs.limits.filters(Stage::Early, config));
    filters.extend(needs.auths.iter().map(|id| ext_authz::to_http_filter(*id, config, layout)));
    filters.extend(needs.credentials.filters());
    filters.extend(needs.sign_ins.filters(config, layout));
    // What a service says may be a token.
    filters.extend(access::http_filters(&needs.access, config));
    filters.extend(connection.settings.web_calls.then(web_call::to_filter));
    filters.extend(needs.scripts.filters());
    filters.extend(needs.processors.filters(ProcessorPlace::BehindAuthorization, config));
    filters.extend(needs.rates.then(rates::late_filter));
    filters.extend(needs.limits.filters(Stage::Late, config));
    filters.extend(needs.bandwidth.then(bandwidth::filters).into_iter().flatten());
    let asked = AskedFor { origins: needs.origins || is_followed, bodies: needs.bodies || is_followed };
    filters.extend(http_guards::http_filters(&connection.settings.guards, asked));
    filters.extend(needs.processors.filters(ProcessorPlace::Last, config));
    if needs.session || is_followed {
        let off = any(stateful_session::SESSION, &StatefulSession::default());
        filters.push(http_filter(stateful_session::SESSION_FILTER, off));
    }
    if needs.fault || is_followed {
        filters.push(http_filter(forward::FAULT_FILTER, any(forward::FAULT, &HttpFault::default())));
    }
    // It sees what backends answer before all others do.
    filters.extend(compression::filters(&needs.compressions));
    filters.extend(connection.settings.compression.as_ref().map(compression::to_filter));
    filters.push(router(connection.profile, &connection.settings));
    filters
}

/// The filter that sends requests. Between neighbours it adds nothing of its own.
pub(super) fn router(profile: ir::HttpProfile, settings: &ir::HttpSettings) -> HttpFilter {
    let router = Router {
        suppress_envoy_headers: profile == ir::HttpProfile::Mesh || settings.silent,
        dynamic_stats: settings.uncounted.then(|| boolean(false)),
        ..Router::default()
    };
    http_filter("envoy.filters.http.router", any("envoy.extensions.filters.http.router.v3.Router", &router))
}
