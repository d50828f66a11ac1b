//! What is asked for beyond the endpoints of a cluster
//! ([Cluster](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto)).

use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, CommonLbConfig, CustomClusterType, DnsLookupFamily, LbConfig, LbPolicy, LeastRequestLbConfig,
    MaglevLbConfig, PreconnectPolicy, RingHashLbConfig, RoundRobinLbConfig, SlowStartConfig, TransportSocketMatch,
    common_lb_config::{ConsistentHashingLbConfig, LocalityConfigSpecifier, LocalityWeightedLbConfig},
};
use envoy_types::pb::envoy::config::cluster::v3::{Cluster, OutlierDetection, UpstreamConnectionOptions};
use envoy_types::pb::envoy::config::core::v3::health_check::{
    GrpcHealthCheck, HealthChecker, HttpHealthCheck, Payload, TcpHealthCheck, payload::Payload as PayloadForm,
};
use envoy_types::pb::envoy::config::core::v3::http1_protocol_options::{
    HeaderKeyFormat,
    header_key_format::{HeaderFormat, ProperCaseWords},
};
use envoy_types::pb::envoy::config::core::v3::{
    HealthCheck, Http1ProtocolOptions, Http2ProtocolOptions, HttpProtocolOptions as CommonHttpOptions,
    KeepaliveSettings, ProxyProtocolConfig, RequestMethod, RuntimeDouble, TcpKeepalive, TransportSocket,
    TypedExtensionConfig, proxy_protocol_config::Version, transport_socket::ConfigType as SocketConfig,
};
use envoy_types::pb::envoy::extensions::clusters::common::dns::v3::DnsLookupFamily as ExtensionFamily;
use envoy_types::pb::envoy::extensions::clusters::dns::v3::DnsCluster;
use envoy_types::pb::envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;
use envoy_types::pb::envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport;
use envoy_types::pb::envoy::r#type::v3::{CodecClientType, Int64Range, Percent};
use envoy_types::pb::google::protobuf::{DoubleValue, UInt32Value};

use crate::ir::{
    Balancing, Choice, ClusterHttp1, ClusterSettings, Connections, Dns, HeaderCase, HealthWaits, Http2, Http2Keepalive,
    Keepalive, LookupFamily, Outliers, ProbeMethod, ProxyVersion, Question, SlowStart, Streak, SuccessRate,
    Thousandths,
};

use super::header::to_header_lists;
use super::proto::{any, boolean, duration, uint32, uint64};

const DNS_CLUSTER: &str = "envoy.clusters.dns";
const DNS_CONFIG: &str = "envoy.extensions.clusters.dns.v3.DnsCluster";
const KEEPING: &str = "envoy.http.stateful_header_formatters.preserve_case";
const KEEPING_CONFIG: &str = "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig";
const PROXY_SOCKET: &str = "envoy.transport_sockets.upstream_proxy_protocol";
const PROXY_TRANSPORT: &str = "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport";

/// Names of Envoy's settings at run time: nothing sets them, and what is written here counts.
const AGGRESSION_KEY: &str = "upstream.slow_start.aggression";

/// Lays the settings over a cluster; `plain` is the socket of plain text.
pub(super) fn lay_over(
    cluster: Cluster,
    settings: &ClusterSettings,
    is_dns: bool,
    plain: fn() -> TransportSocket,
) -> Cluster {
    if settings.is_empty() {
        return cluster;
    }
    let ClusterSettings {
        balancing,
        // The endpoints have them.
        weights: _,
        // The endpoints, and the sockets of their connections.
        server_names: _,
        // The circuit breakers.
        limits: _,
        health_checks,
        drops_removed,
        outliers,
        // The options of the protocol.
        admission: _,
        connections,
        // The options of the protocol.
        http1: _,
        http2: _,
        dns,
        // The endpoints.
        failover: _,
        // Clusters and a listener of their own.
        tunnel: _,
    } = settings;
    let Connections {
        timeout,
        buffer_bytes,
        most_requests: _,
        idle: _,
        longest: _,
        longest_stream: _,
        most_headers: _,
        keepalive,
        proxy_protocol,
        ahead,
        ahead_of_cluster,
    } = connections;
    let ratio = |ratio: &Option<Thousandths>| ratio.map(|ratio| DoubleValue { value: ratio.value() });
    let (policy, config) = to_balancer(balancing);
    let cluster = if is_dns { look_up(cluster, dns) } else { cluster };
    Cluster {
        lb_policy: policy.map_or(cluster.lb_policy, |policy| policy as i32),
        lb_config: config,
        common_lb_config: to_common(balancing, is_dns),
        health_checks: health_checks.iter().map(to_health_check).collect(),
        ignore_health_on_host_removal: *drops_removed,
        outlier_detection: outliers.as_ref().map(to_outlier_detection),
        connect_timeout: timeout.map(duration).or(cluster.connect_timeout),
        per_connection_buffer_limit_bytes: buffer_bytes.map(uint32).or(cluster.per_connection_buffer_limit_bytes),
        upstream_connection_options: keepalive.as_ref().map(to_keepalive),
        preconnect_policy: (ahead.is_some() || ahead_of_cluster.is_some()).then(|| PreconnectPolicy {
            per_upstream_preconnect_ratio: ratio(ahead),
            predictive_preconnect_ratio: ratio(ahead_of_cluster),
            ..PreconnectPolicy::default()
        }),
        transport_socket: match proxy_protocol {
            Some(version) => Some(to_proxy_socket(*version, cluster.transport_socket.unwrap_or_else(plain))),
            None => cluster.transport_socket,
        },
        transport_socket_matches: match proxy_protocol {
            Some(version) => {
                let wrapped = |one: TransportSocketMatch| TransportSocketMatch {
                    transport_socket: one.transport_socket.map(|socket| to_proxy_socket(*version, socket)),
                    ..one
                };
                cluster.transport_socket_matches.into_iter().map(wrapped).collect()
            }
            None => cluster.transport_socket_matches,
        },
        ..cluster
    }
}

/// A cluster of names that are looked up otherwise than by default: the fields for it are those of an extension.
fn look_up(cluster: Cluster, dns: &Dns) -> Cluster {
    if *dns == Dns::default() {
        return cluster;
    }
    let Dns { refresh, keeps_ttl, family } = dns;
    let family = match family {
        None | Some(LookupFamily::V4Preferred) => ExtensionFamily::V4Preferred,
        Some(LookupFamily::V4) => ExtensionFamily::V4Only,
        Some(LookupFamily::V6) => ExtensionFamily::V6Only,
        // Envoy's own choice is that of IPv6 first.
        Some(LookupFamily::V6Preferred) => ExtensionFamily::Auto,
        Some(LookupFamily::Both) => ExtensionFamily::All,
    };
    let config = DnsCluster {
        dns_refresh_rate: refresh.map(duration),
        respect_dns_ttl: *keeps_ttl,
        dns_lookup_family: family as i32,
        ..DnsCluster::default()
    };
    Cluster {
        dns_lookup_family: DnsLookupFamily::Auto as i32,
        cluster_discovery_type: Some(ClusterDiscoveryType::ClusterType(CustomClusterType {
            name: DNS_CLUSTER.to_owned(),
            typed_config: Some(any(DNS_CONFIG, &config)),
        })),
        ..cluster
    }
}

/// The rule by which endpoints are chosen. Slow start asks for one that has it.
fn to_balancer(balancing: &Balancing) -> (Option<LbPolicy>, Option<LbConfig>) {
    let slow = balancing.slow_start.as_ref().map(to_slow_start);
    match balancing.choice {
        None => (None, None),
        Some(Choice::Random) => (Some(LbPolicy::Random), None),
        Some(Choice::Maglev { table }) => {
            let config = table.map(|size| LbConfig::MaglevLbConfig(MaglevLbConfig { table_size: Some(uint64(size)) }));
            (Some(LbPolicy::Maglev), config)
        }
        Some(Choice::RoundRobin) => {
            let config =
                slow.map(|slow| LbConfig::RoundRobinLbConfig(RoundRobinLbConfig { slow_start_config: Some(slow) }));
            (Some(LbPolicy::RoundRobin), config)
        }
        Some(Choice::LeastRequest { drawn }) => {
            let config = (drawn.is_some() || slow.is_some()).then(|| {
                LbConfig::LeastRequestLbConfig(LeastRequestLbConfig {
                    choice_count: drawn.map(uint32),
                    slow_start_config: slow,
                    ..LeastRequestLbConfig::default()
                })
            });
            (Some(LbPolicy::LeastRequest), config)
        }
        Some(Choice::RingHash { least, most }) => {
            let config = (least.is_some() || most.is_some()).then(|| {
                LbConfig::RingHashLbConfig(RingHashLbConfig {
                    minimum_ring_size: least.map(uint64),
                    maximum_ring_size: most.map(uint64),
                    ..RingHashLbConfig::default()
                })
            });
            (Some(LbPolicy::RingHash), config)
        }
    }
}

fn to_slow_start(slow: &SlowStart) -> SlowStartConfig {
    let SlowStart { window, aggression, least_percent } = slow;
    SlowStartConfig {
        slow_start_window: Some(duration(*window)),
        aggression: aggression.map(|aggression| RuntimeDouble {
            default_value: aggression.value(),
            runtime_key: AGGRESSION_KEY.to_owned(),
        }),
        min_weight_percent: least_percent.map(percent),
    }
}

/// Only endpoints that DNS finds have names besides their addresses, and Envoy loads no hash of others' names
/// ([use_hostname_for_hashing](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto#envoy-v3-api-field-config-cluster-v3-cluster-commonlbconfig-consistenthashinglbconfig-use-hostname-for-hashing)).
fn to_common(balancing: &Balancing, is_dns: bool) -> Option<CommonLbConfig> {
    let Balancing {
        choice: _,
        slow_start: _,
        panic_below,
        merge_window,
        hashes_names,
        closes_on_change,
        weighs_localities,
    } = balancing;
    let common = CommonLbConfig {
        healthy_panic_threshold: panic_below.map(percent),
        update_merge_window: merge_window.map(duration),
        close_connections_on_host_set_change: *closes_on_change,
        locality_config_specifier: weighs_localities
            .then(|| LocalityConfigSpecifier::LocalityWeightedLbConfig(LocalityWeightedLbConfig::default())),
        consistent_hashing_lb_config: (*hashes_names && is_dns).then(|| ConsistentHashingLbConfig {
            use_hostname_for_hashing: true,
            ..ConsistentHashingLbConfig::default()
        }),
        ..CommonLbConfig::default()
    };
    (common != CommonLbConfig::default()).then_some(common)
}

fn to_health_check(check: &crate::ir::HealthCheck) -> HealthCheck {
    let crate::ir::HealthCheck {
        question,
        interval,
        timeout,
        unhealthy_after,
        healthy_after,
        waits,
        reconnects,
        logs_all,
    } = check;
    let HealthWaits { initial_jitter, jitter, jitter_percent, unused, unhealthy, turning_unhealthy, turning_healthy } =
        waits;
    let wait = |wait: &Option<Duration>| wait.map(duration);
    HealthCheck {
        timeout: Some(duration(*timeout)),
        interval: Some(duration(*interval)),
        initial_jitter: wait(initial_jitter),
        interval_jitter: wait(jitter),
        interval_jitter_percent: *jitter_percent,
        unhealthy_threshold: Some(uint32(*unhealthy_after)),
        healthy_threshold: Some(uint32(*healthy_after)),
        reuse_connection: reconnects.then(|| boolean(false)),
        no_traffic_interval: wait(unused),
        unhealthy_interval: wait(unhealthy),
        unhealthy_edge_interval: wait(turning_unhealthy),
        healthy_edge_interval: wait(turning_healthy),
        always_log_health_check_failures: *logs_all,
        health_checker: Some(to_question(question.clone())),
        ..HealthCheck::default()
    }
}

fn to_question(question: Question) -> HealthChecker {
    match question {
        Question::Tcp => HealthChecker::TcpHealthCheck(TcpHealthCheck::default()),
        Question::Exchange { sent, received } => HealthChecker::TcpHealthCheck(TcpHealthCheck {
            send: sent.as_deref().map(to_payload),
            receive: received.iter().map(|digits| to_payload(digits)).collect(),
            ..TcpHealthCheck::default()
        }),
        Question::Grpc { service, authority, metadata } => HealthChecker::GrpcHealthCheck(GrpcHealthCheck {
            service_name: service,
            authority: authority.unwrap_or_default(),
            initial_metadata: to_header_lists(&metadata).0,
        }),
        Question::Http { method, path, host, statuses, retriable, sent, received, http2, headers } => {
            let (request_headers_to_add, request_headers_to_remove) = to_header_lists(&headers);
            HealthChecker::HttpHealthCheck(HttpHealthCheck {
                host: host.unwrap_or_default(),
                path,
                request_headers_to_add,
                request_headers_to_remove,
                expected_statuses: to_ranges(&statuses),
                retriable_statuses: to_ranges(&retriable),
                send: sent.as_deref().map(to_payload),
                receive: received.iter().map(|digits| to_payload(digits)).collect(),
                codec_client_type: if http2 { CodecClientType::Http2 } else { CodecClientType::Http1 } as i32,
                method: to_method(method) as i32,
                ..HttpHealthCheck::default()
            })
        }
    }
}

fn to_ranges(statuses: &[(u16, u16)]) -> Vec<Int64Range> {
    statuses.iter().map(|(start, end)| Int64Range { start: i64::from(*start), end: i64::from(*end) }).collect()
}

fn to_payload(digits: &str) -> Payload {
    Payload { payload: Some(PayloadForm::Text(digits.to_owned())) }
}

/// What is not written is a GET.
fn to_method(method: ProbeMethod) -> RequestMethod {
    match method {
        ProbeMethod::Get => RequestMethod::MethodUnspecified,
        ProbeMethod::Head => RequestMethod::Head,
        ProbeMethod::Post => RequestMethod::Post,
        ProbeMethod::Put => RequestMethod::Put,
        ProbeMethod::Delete => RequestMethod::Delete,
        ProbeMethod::Options => RequestMethod::Options,
        ProbeMethod::Trace => RequestMethod::Trace,
        ProbeMethod::Patch => RequestMethod::Patch,
    }
}

fn to_outlier_detection(outliers: &Outliers) -> OutlierDetection {
    let Outliers {
        interval,
        base_time,
        most_percent,
        errors: Streak { count: errors, enforced: of_errors },
        gateway_errors: Streak { count: gateway_errors, enforced: of_gateway_errors },
        local_errors: Streak { count: local_errors, enforced: of_local_errors },
        success_rate: SuccessRate { least_hosts, least_requests, deviation, enforced, enforced_local },
        splits_local,
        failure_percentage,
        ejects_one,
    } = outliers;
    let number = |value: &Option<u32>| -> Option<UInt32Value> { value.map(uint32) };
    OutlierDetection {
        interval: interval.map(duration),
        base_ejection_time: base_time.map(duration),
        max_ejection_percent: number(most_percent),
        consecutive_5xx: number(errors),
        enforcing_consecutive_5xx: number(of_errors),
        consecutive_gateway_failure: number(gateway_errors),
        enforcing_consecutive_gateway_failure: number(of_gateway_errors),
        consecutive_local_origin_failure: number(local_errors),
        enforcing_consecutive_local_origin_failure: number(of_local_errors),
        success_rate_minimum_hosts: number(least_hosts),
        success_rate_request_volume: number(least_requests),
        success_rate_stdev_factor: number(deviation),
        enforcing_success_rate: number(enforced),
        enforcing_local_origin_success_rate: number(enforced_local),
        split_external_local_origin_errors: *splits_local,
        failure_percentage_threshold: number(failure_percentage),
        enforcing_failure_percentage: failure_percentage.map(|_| uint32(100)),
        enforcing_failure_percentage_local_origin: failure_percentage.filter(|_| *splits_local).map(|_| uint32(100)),
        always_eject_one_host: ejects_one.then(|| boolean(true)),
        ..OutlierDetection::default()
    }
}

fn to_keepalive(keepalive: &Keepalive) -> UpstreamConnectionOptions {
    let Keepalive { probes, after_seconds, every_seconds } = keepalive;
    UpstreamConnectionOptions {
        tcp_keepalive: Some(TcpKeepalive {
            keepalive_probes: probes.map(uint32),
            keepalive_time: after_seconds.map(uint32),
            keepalive_interval: every_seconds.map(uint32),
        }),
        ..UpstreamConnectionOptions::default()
    }
}

fn to_proxy_socket(version: ProxyVersion, inner: TransportSocket) -> TransportSocket {
    let version = match version {
        ProxyVersion::V1 => Version::V1,
        ProxyVersion::V2 => Version::V2,
    };
    let transport = ProxyProtocolUpstreamTransport {
        config: Some(ProxyProtocolConfig { version: version as i32, ..ProxyProtocolConfig::default() }),
        transport_socket: Some(inner),
        ..ProxyProtocolUpstreamTransport::default()
    };
    TransportSocket {
        name: PROXY_SOCKET.to_owned(),
        config_type: Some(SocketConfig::TypedConfig(any(PROXY_TRANSPORT, &transport))),
    }
}

/// What HTTP/1 is spoken with
/// ([header casing](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/header_casing)).
pub(super) fn to_http1(settings: &ClusterSettings) -> Http1ProtocolOptions {
    let ClusterHttp1 { trailers, forgives, names } = settings.http1;
    let format = match names {
        HeaderCase::Lower => None,
        HeaderCase::Words => Some(HeaderFormat::ProperCaseWords(ProperCaseWords {})),
        HeaderCase::Kept => Some(HeaderFormat::StatefulFormatter(TypedExtensionConfig {
            name: KEEPING.to_owned(),
            typed_config: Some(any(KEEPING_CONFIG, &PreserveCaseFormatterConfig::default())),
        })),
    };
    Http1ProtocolOptions {
        enable_trailers: trailers,
        override_stream_error_on_invalid_http_message: forgives.map(boolean),
        header_key_format: format.map(|format| HeaderKeyFormat { header_format: Some(format) }),
        ..Http1ProtocolOptions::default()
    }
}

/// What HTTP/2 is spoken with.
pub(super) fn to_http2(settings: &ClusterSettings) -> Http2ProtocolOptions {
    let Http2 { stream_window, connection_window, streams, forgives, keepalive } = settings.http2;
    Http2ProtocolOptions {
        initial_stream_window_size: stream_window.map(uint32),
        initial_connection_window_size: connection_window.map(uint32),
        max_concurrent_streams: streams.map(uint32),
        override_stream_error_on_invalid_http_message: forgives.map(boolean),
        connection_keepalive: keepalive.map(to_http2_keepalive),
        ..Http2ProtocolOptions::default()
    }
}

/// How it is found out in HTTP/2 that the other side is gone
/// ([KeepaliveSettings](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto#config-core-v3-keepalivesettings)).
pub(super) fn to_http2_keepalive(keepalive: Http2Keepalive) -> KeepaliveSettings {
    let Http2Keepalive { every, timeout, jitter_percent, after_silence } = keepalive;
    KeepaliveSettings {
        interval: every.map(duration),
        timeout: timeout.map(duration),
        interval_jitter: jitter_percent.map(|percent| Percent { value: f64::from(percent) }),
        connection_idle_interval: after_silence.map(duration),
    }
}

/// What holds for connections of every version of HTTP, where something is asked for.
pub(super) fn to_common_http(settings: &ClusterSettings) -> Option<CommonHttpOptions> {
    let Connections { most_requests, idle, longest, longest_stream, most_headers, .. } = settings.connections;
    let common = CommonHttpOptions {
        max_requests_per_connection: most_requests.map(uint32),
        idle_timeout: idle.map(duration),
        max_connection_duration: longest.map(duration),
        max_stream_duration: longest_stream.map(duration),
        max_headers_count: most_headers.map(uint32),
        ..CommonHttpOptions::default()
    };
    (common != CommonHttpOptions::default()).then_some(common)
}

fn percent(share: Thousandths) -> Percent {
    Percent { value: share.value() }
}
