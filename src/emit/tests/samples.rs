//! Messages as `translator::envoy` builds them.

use envoy_types::pb::envoy::config::bootstrap::v3::{Admin, Bootstrap, bootstrap::StaticResources};
use envoy_types::pb::envoy::config::cluster::v3::{Cluster, cluster};
use envoy_types::pb::envoy::config::core::v3 as core;
use envoy_types::pb::envoy::config::endpoint::v3::{
    ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints, lb_endpoint,
};
use envoy_types::pb::envoy::config::listener::v3::{Filter, FilterChain, FilterChainMatch, Listener, filter};
use envoy_types::pb::envoy::config::route::v3::{
    RedirectAction, Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost, WeightedCluster, redirect_action,
    route, route_action, route_match, weighted_cluster,
};
use envoy_types::pb::envoy::extensions::filters::http::router::v3::Router;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter, http_connection_manager, http_filter,
};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3 as tls;
use envoy_types::pb::google::protobuf::{BoolValue, Duration, Struct, UInt32Value, Value, value};
use envoy_types::util::pack_any;
use prost::Message as _;

/// A certificate as it stands in a Secret.
pub(super) const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\nAQ==\n-----END CERTIFICATE-----\n";

pub(super) fn address(ip: &str, port: u32) -> core::Address {
    let socket = core::SocketAddress {
        address: ip.to_owned(),
        port_specifier: Some(core::socket_address::PortSpecifier::PortValue(port)),
        ..Default::default()
    };
    core::Address { address: Some(core::address::Address::SocketAddress(socket)) }
}

pub(super) fn route_to(name: &str, prefix: &str, cluster: &str) -> Route {
    Route {
        name: name.to_owned(),
        r#match: Some(RouteMatch {
            path_specifier: Some(route_match::PathSpecifier::PathSeparatedPrefix(prefix.to_owned())),
            ..Default::default()
        }),
        action: Some(route::Action::Route(RouteAction {
            cluster_specifier: Some(route_action::ClusterSpecifier::Cluster(cluster.to_owned())),
            timeout: Some(Duration { seconds: 0, nanos: 0 }),
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn split() -> Route {
    let weighted = |name: &str, weight| weighted_cluster::ClusterWeight {
        name: name.to_owned(),
        weight: Some(UInt32Value { value: weight }),
        ..Default::default()
    };
    let mut route = route_to("split", "/split", "");
    route.typed_per_filter_config.insert("z".to_owned(), pack_any(Router::default()));
    route.typed_per_filter_config.insert("a".to_owned(), pack_any(Router::default()));
    route.action = Some(route::Action::Route(RouteAction {
        cluster_specifier: Some(route_action::ClusterSpecifier::WeightedClusters(WeightedCluster {
            clusters: vec![weighted("shop/a/80", 1), weighted("shop/b/80", 0)],
            ..Default::default()
        })),
        ..Default::default()
    }));
    route
}

fn redirect() -> Route {
    let mut route = route_to("redirect", "/old", "");
    route.action = Some(route::Action::Redirect(RedirectAction {
        response_code: redirect_action::RedirectResponseCode::Found.into(),
        scheme_rewrite_specifier: Some(redirect_action::SchemeRewriteSpecifier::HttpsRedirect(true)),
        ..Default::default()
    }));
    route
}

pub(super) fn route_configuration(name: &str, routes: Vec<Route>) -> RouteConfiguration {
    RouteConfiguration {
        name: name.to_owned(),
        virtual_hosts: vec![VirtualHost {
            name: "*.example.com".to_owned(),
            domains: vec!["*.example.com".to_owned(), "*".to_owned(), "n".to_owned(), "1".to_owned()],
            routes,
            ..Default::default()
        }],
        validate_clusters: Some(BoolValue { value: false }),
        ..Default::default()
    }
}

fn connection_manager(routes: RouteConfiguration) -> HttpConnectionManager {
    HttpConnectionManager {
        stat_prefix: "http".to_owned(),
        use_remote_address: Some(BoolValue { value: true }),
        route_specifier: Some(http_connection_manager::RouteSpecifier::RouteConfig(routes)),
        http_filters: vec![HttpFilter {
            name: "envoy.filters.http.router".to_owned(),
            config_type: Some(http_filter::ConfigType::TypedConfig(pack_any(Router::default()))),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn inline(text: &str) -> core::DataSource {
    core::DataSource {
        specifier: Some(core::data_source::Specifier::InlineString(text.to_owned())),
        ..Default::default()
    }
}

pub(super) fn listener(routes: RouteConfiguration) -> Listener {
    let context = tls::DownstreamTlsContext {
        common_tls_context: Some(tls::CommonTlsContext {
            alpn_protocols: vec!["h2".to_owned(), "http/1.1".to_owned()],
            tls_certificates: vec![tls::TlsCertificate {
                certificate_chain: Some(inline(PEM)),
                private_key: Some(core::DataSource {
                    specifier: Some(core::data_source::Specifier::InlineBytes(vec![0xfb, 0xff])),
                    ..Default::default()
                }),
                ..Default::default()
            }],
            ..Default::default()
        }),
        ..Default::default()
    };
    Listener {
        name: "0.0.0.0_8443".to_owned(),
        address: Some(address("0.0.0.0", 8443)),
        filter_chains: vec![FilterChain {
            name: "a.example.com".to_owned(),
            filter_chain_match: Some(FilterChainMatch {
                server_names: vec!["a.example.com".to_owned()],
                ..Default::default()
            }),
            transport_socket: Some(core::TransportSocket {
                name: "envoy.transport_sockets.tls".to_owned(),
                config_type: Some(core::transport_socket::ConfigType::TypedConfig(pack_any(context))),
            }),
            filters: vec![Filter {
                name: "envoy.filters.network.http_connection_manager".to_owned(),
                config_type: Some(filter::ConfigType::TypedConfig(pack_any(connection_manager(routes)))),
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

pub(super) fn cluster(name: &str) -> Cluster {
    let endpoint = |ip: &str| LbEndpoint {
        host_identifier: Some(lb_endpoint::HostIdentifier::Endpoint(Endpoint {
            address: Some(address(ip, 8080)),
            ..Default::default()
        })),
        ..Default::default()
    };
    Cluster {
        name: name.to_owned(),
        connect_timeout: Some(Duration { seconds: 10, nanos: 0 }),
        lb_policy: cluster::LbPolicy::LeastRequest.into(),
        cluster_discovery_type: Some(cluster::ClusterDiscoveryType::Type(cluster::DiscoveryType::Static.into())),
        load_assignment: Some(ClusterLoadAssignment {
            cluster_name: name.to_owned(),
            endpoints: vec![LocalityLbEndpoints {
                lb_endpoints: vec![endpoint("10.0.0.1"), endpoint("10.0.0.2")],
                ..Default::default()
            }],
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn metadata() -> core::Metadata {
    let kinds = [
        ("null", value::Kind::NullValue(0)),
        ("number", value::Kind::NumberValue(1.5)),
        ("whole", value::Kind::NumberValue(-7.0)),
        ("huge", value::Kind::NumberValue(1e300)),
        ("text", value::Kind::StringValue("on".to_owned())),
        ("flag", value::Kind::BoolValue(false)),
        ("empty", value::Kind::StructValue(Struct::default())),
        (
            "list",
            value::Kind::ListValue(envoy_types::pb::google::protobuf::ListValue {
                values: vec![
                    Value { kind: Some(value::Kind::ListValue(Default::default())) },
                    Value { kind: Some(value::Kind::NumberValue(2.0)) },
                ],
            }),
        ),
    ];
    let fields = kinds.into_iter().map(|(key, kind)| (key.to_owned(), Value { kind: Some(kind) })).collect();
    let mut metadata = core::Metadata::default();
    metadata.filter_metadata.insert("gwctl".to_owned(), Struct { fields });
    metadata
}

/// A bootstrap with one of most things.
pub(super) fn bootstrap() -> Bootstrap {
    let mut special = route_to("yes", "/", "shop/a/80");
    special.metadata = Some(metadata());
    let routes = vec![route_to("httproute/shop/a/rule/0/match/0", "/a", "shop/a/80"), split(), redirect(), special];
    Bootstrap {
        node: Some(core::Node { id: "1".to_owned(), cluster: "null".to_owned(), ..Default::default() }),
        admin: Some(Admin { address: Some(address("127.0.0.1", 19000)), ..Default::default() }),
        static_resources: Some(StaticResources {
            listeners: vec![listener(route_configuration("a", routes)), Listener::default()],
            clusters: vec![cluster("shop/a/80"), cluster("shop/b/80")],
            secrets: vec![tls::Secret { name: "web".to_owned(), ..Default::default() }],
        }),
        ..Default::default()
    }
}

/// The bytes of [`bootstrap`].
pub(super) fn bootstrap_wire() -> Vec<u8> {
    bootstrap().encode_to_vec()
}
