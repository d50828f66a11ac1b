//! What an Upstream asks for besides its hosts
//! ([Upstream](https://docs.solo.io/gateway/latest/reference/api/upstream/)).
//!
//! Each option is a part of [`ClusterSettings`]. What Envoy would not load is refused, by the field.

use std::time::Duration;

use crate::diagnostics::FieldPath;
use crate::ir::{
    Balancing, Choice, ClusterSettings, HealthCheck, HealthWaits, Keepalive, Limits, Outliers, ProxyVersion, Question,
    SlowStart, Streak, SuccessRate, Thousandths,
};
use crate::parser::api::{
    GlooNumber, GoDuration, UpstreamBalancer, UpstreamBreakers, UpstreamConnection, UpstreamGrpcCheck,
    UpstreamHealthCheck, UpstreamHttp, UpstreamHttpCheck, UpstreamKeepalive, UpstreamLeastRequest, UpstreamOption,
    UpstreamOutliers, UpstreamPreconnect, UpstreamRing, UpstreamRingHash, UpstreamRoundRobin, UpstreamSlowStart,
    UpstreamStatuses,
};
use crate::path;

use super::refused::{Refused, untranslated, unusable};
use super::upstream_checks;
use super::upstream_tls::HeaderSecrets;

/// The largest ring that Envoy builds.
const LARGEST_RING: u64 = 8_388_608;
const ABOVE_ZERO: &str = "write a length of time above zero";
const PERCENT: &str = "write a number from 0 to 100";

/// Takes an option of an Upstream; `false` for one that is about something else.
pub(super) fn take(
    option: &UpstreamOption,
    secrets: &HeaderSecrets<'_>,
    settings: &mut ClusterSettings,
    refused: &mut Vec<Refused>,
) -> bool {
    let at = path![option.field()];
    match option {
        UpstreamOption::CircuitBreakers(breakers) => settings.limits = limits(breakers),
        UpstreamOption::ConnectionConfig(config) => take_connection(config, &at, settings, refused),
        UpstreamOption::DnsRefreshRate(GoDuration(rate)) => {
            // Envoy takes what is longer than that.
            if *rate <= Duration::from_millis(1) {
                refused.push(unusable(at, "is not longer than a millisecond", "write a length of time from `2ms` on"));
            }
            settings.dns.refresh = Some(*rate);
        }
        UpstreamOption::HealthChecks(checks) => {
            let checks = checks.iter().enumerate();
            let checks = checks.map(|(index, check)| health_check(check, secrets, &at.with(index), refused));
            settings.health_checks = checks.collect();
        }
        UpstreamOption::IgnoreHealthOnHostRemoval(is_set) => settings.drops_removed = *is_set,
        UpstreamOption::InitialConnectionWindowSize(bytes) => {
            settings.http2.connection_window = window(*bytes, at, refused);
        }
        UpstreamOption::InitialStreamWindowSize(bytes) => settings.http2.stream_window = window(*bytes, at, refused),
        UpstreamOption::LoadBalancerConfig(config) => settings.balancing = balancing(config, &at, refused),
        UpstreamOption::MaxConcurrentStreams(streams) => {
            if !(1..=i32::MAX.unsigned_abs()).contains(streams) {
                refused.push(unusable(at, "is no number of streams", "write a number from 1 to 2147483647"));
            }
            settings.http2.streams = Some(*streams);
        }
        UpstreamOption::OutlierDetection(outliers) => settings.outliers = Some(detection(outliers, &at, refused)),
        UpstreamOption::OverrideStreamErrorOnInvalidHttpMessage(is_set) => settings.http2.forgives = Some(*is_set),
        UpstreamOption::PreconnectPolicy(policy) => {
            let UpstreamPreconnect { per_upstream_preconnect_ratio, predictive_preconnect_ratio } = policy;
            let mut ratio = |value: &Option<f64>, field| {
                let known = value.map(|value| thousandths(value, (1.0, 3.0)))?;
                if known.is_none() {
                    refused.push(unusable(at.with(field), "is no ratio", "write a number from 1 to 3"));
                }
                known
            };
            settings.connections.ahead = ratio(per_upstream_preconnect_ratio, "perUpstreamPreconnectRatio");
            settings.connections.ahead_of_cluster = ratio(predictive_preconnect_ratio, "predictivePreconnectRatio");
        }
        UpstreamOption::ProxyProtocolVersion(version) => match version.as_str() {
            "V1" => settings.connections.proxy_protocol = Some(ProxyVersion::V1),
            "V2" => settings.connections.proxy_protocol = Some(ProxyVersion::V2),
            _ => refused.push(unusable(at, "is no version of the PROXY protocol", "write `V1` or `V2`")),
        },
        UpstreamOption::RespectDnsTtl(is_set) => settings.dns.keeps_ttl = *is_set,
        _ => return false,
    }
    true
}

fn limits(breakers: &UpstreamBreakers) -> Limits {
    let UpstreamBreakers { max_connections, max_pending_requests, max_requests, max_retries, track_remaining } =
        breakers;
    Limits {
        connections: *max_connections,
        waiting: *max_pending_requests,
        requests: *max_requests,
        retries: *max_retries,
        connections_of_endpoint: None,
        counts_rest: *track_remaining,
    }
}

fn take_connection(
    config: &UpstreamConnection,
    at: &FieldPath,
    settings: &mut ClusterSettings,
    refused: &mut Vec<Refused>,
) {
    let UpstreamConnection {
        common_http_protocol_options,
        connect_timeout,
        http1_protocol_options,
        max_requests_per_connection,
        per_connection_buffer_limit_bytes,
        tcp_keepalive,
    } = config;
    if let Some(http1) = http1_protocol_options {
        settings.http1 = upstream_checks::http1(http1, &at.with("http1ProtocolOptions"), refused);
    }
    if let Some(http) = common_http_protocol_options {
        let UpstreamHttp { headers_with_underscores_action, idle_timeout, max_headers_count, max_stream_duration } =
            http;
        let at = at.with("commonHttpProtocolOptions");
        // It is about what clients send; what backends answer is left as it is.
        let _ = headers_with_underscores_action;
        if *max_headers_count == Some(0) {
            refused.push(unusable(at.with("maxHeadersCount"), "lets no answer pass", "write 1 or more"));
        }
        settings.connections.most_headers = *max_headers_count;
        settings.connections.longest_stream = above_zero(*max_stream_duration, at.with("maxStreamDuration"), refused);
        settings.connections.idle = length(*idle_timeout);
    }
    settings.connections.timeout = above_zero(*connect_timeout, at.with("connectTimeout"), refused);
    // Zero is as many as there come.
    settings.connections.most_requests = max_requests_per_connection.filter(|most| *most > 0);
    settings.connections.buffer_bytes = *per_connection_buffer_limit_bytes;
    settings.connections.keepalive = tcp_keepalive.as_ref().map(|keepalive| {
        let UpstreamKeepalive { keepalive_interval, keepalive_probes, keepalive_time } = keepalive;
        let at = at.with("tcpKeepalive");
        Keepalive {
            probes: *keepalive_probes,
            after_seconds: seconds(*keepalive_time, at.with("keepaliveTime"), refused),
            every_seconds: seconds(*keepalive_interval, at.with("keepaliveInterval"), refused),
        }
    });
}

fn balancing(config: &UpstreamBalancer, at: &FieldPath, refused: &mut Vec<Refused>) -> Balancing {
    let UpstreamBalancer {
        close_connections_on_host_set_change,
        healthy_panic_threshold,
        least_request,
        locality_weighted_lb_config,
        maglev,
        random,
        ring_hash,
        round_robin,
        update_merge_window,
        use_hostname_for_hashing,
    } = config;
    let (mut choice, mut slow_start) = (None, None);
    if let Some(UpstreamLeastRequest { choice_count, slow_start_config }) = least_request {
        let drawn = Some(*choice_count).filter(|count| *count > 0);
        if drawn == Some(1) {
            refused.push(unusable(at.with("leastRequest").with("choiceCount"), "is no choice", "write 2 or more"));
        }
        choice = Some(Choice::LeastRequest { drawn });
        slow_start = slow_start_config.as_ref().map(|config| (config, "leastRequest"));
    }
    if let Some(UpstreamRoundRobin { slow_start_config }) = round_robin {
        choice = Some(Choice::RoundRobin);
        slow_start = slow_start_config.as_ref().map(|config| (config, "roundRobin"));
    }
    if random.is_some() {
        choice = Some(Choice::Random);
    }
    if maglev.is_some() {
        choice = Some(Choice::Maglev { table: None });
    }
    if let Some(UpstreamRingHash { ring_hash_config }) = ring_hash {
        choice = Some(ring(ring_hash_config.as_ref(), &at.with("ringHash").with("ringHashConfig"), refused));
    }
    let panic_below =
        healthy_panic_threshold.and_then(|percent| percentage(percent, at.with("healthyPanicThreshold"), refused));
    Balancing {
        choice,
        slow_start: slow_start
            .and_then(|(config, field)| slow(config, &at.with(field).with("slowStartConfig"), refused)),
        panic_below,
        merge_window: length(*update_merge_window),
        hashes_names: *use_hostname_for_hashing,
        closes_on_change: *close_connections_on_host_set_change,
        weighs_localities: locality_weighted_lb_config.is_some(),
    }
}

fn ring(config: Option<&UpstreamRing>, at: &FieldPath, refused: &mut Vec<Refused>) -> Choice {
    let Some(UpstreamRing { maximum_ring_size, minimum_ring_size }) = config else {
        return Choice::RingHash { least: None, most: None };
    };
    let mut size = |value: &Option<GlooNumber>, field| {
        let GlooNumber(value) = (*value)?;
        let size = value.filter(|size| *size <= LARGEST_RING);
        if size.is_none() {
            refused.push(unusable(at.with(field), "is no size of a ring", "write a number up to 8388608"));
        }
        // Zero is Envoy's own size.
        size.filter(|size| *size > 0)
    };
    let (least, most) = (size(minimum_ring_size, "minimumRingSize"), size(maximum_ring_size, "maximumRingSize"));
    // Envoy's own least size is 1024.
    if most.is_some_and(|most| most < least.unwrap_or(1024)) {
        let help = "write a largest size from the least one on, which is 1024 where it is not written";
        refused.push(unusable(at.with("maximumRingSize"), "is below the least size", help));
    }
    Choice::RingHash { least, most }
}

fn slow(config: &UpstreamSlowStart, at: &FieldPath, refused: &mut Vec<Refused>) -> Option<SlowStart> {
    let UpstreamSlowStart { aggression, min_weight_percent, slow_start_window } = config;
    let window = above_zero(*slow_start_window, at.with("slowStartWindow"), refused)?;
    let aggression = aggression.and_then(|value| {
        let known = thousandths(value, (0.001, 1_000_000.0));
        if known.is_none() {
            refused.push(unusable(at.with("aggression"), "is no exponent", "write a number from 0.001 on"));
        }
        known
    });
    let least_percent =
        min_weight_percent.and_then(|percent| percentage(percent, at.with("minWeightPercent"), refused));
    Some(SlowStart { window, aggression, least_percent })
}

fn health_check(
    check: &UpstreamHealthCheck,
    secrets: &HeaderSecrets<'_>,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) -> HealthCheck {
    let UpstreamHealthCheck {
        always_log_health_check_failures,
        custom_health_check,
        event_log_path,
        grpc_health_check,
        healthy_edge_interval,
        healthy_threshold,
        http_health_check,
        initial_jitter,
        interval,
        interval_jitter,
        interval_jitter_percent,
        no_traffic_interval,
        reuse_connection,
        tcp_health_check,
        timeout,
        unhealthy_edge_interval,
        unhealthy_interval,
        unhealthy_threshold,
    } = check;
    if custom_health_check.is_some() {
        refused.push(untranslated(at.with("customHealthCheck")));
    }
    // It is a file of the proxy's machine.
    if !event_log_path.is_empty() {
        refused.push(untranslated(at.with("eventLogPath")));
    }
    let mut question = Question::Tcp;
    if let Some(check) = tcp_health_check {
        question = upstream_checks::exchange(check, &at.with("tcpHealthCheck"), refused);
    }
    if let Some(http) = http_health_check {
        question = http_question(http, secrets, &at.with("httpHealthCheck"), refused);
    }
    if let Some(UpstreamGrpcCheck { authority, initial_metadata, service_name }) = grpc_health_check {
        let at = at.with("grpcHealthCheck").with("initialMetadata");
        let metadata = upstream_checks::headers(initial_metadata, secrets, &at, refused);
        question = Question::Grpc { service: service_name.clone(), authority: written(authority), metadata };
    }
    let mut wait = |value: Option<GoDuration>, field| above_zero(value, at.with(field), refused);
    let waits = HealthWaits {
        initial_jitter: length(*initial_jitter),
        jitter: length(*interval_jitter),
        jitter_percent: *interval_jitter_percent,
        unused: wait(*no_traffic_interval, "noTrafficInterval"),
        unhealthy: wait(*unhealthy_interval, "unhealthyInterval"),
        turning_unhealthy: wait(*unhealthy_edge_interval, "unhealthyEdgeInterval"),
        turning_healthy: wait(*healthy_edge_interval, "healthyEdgeInterval"),
    };
    let mut required = |value: Option<GoDuration>, field| {
        above_zero(Some(value.unwrap_or(GoDuration(Duration::ZERO))), at.with(field), refused).unwrap_or_default()
    };
    let (interval, timeout) = (required(*interval, "interval"), required(*timeout, "timeout"));
    let mut count = |value: Option<u32>, field| {
        if value.is_none() {
            refused.push(unusable(at.with(field), "is missing", "write how many answers in a row count"));
        }
        value.unwrap_or_default()
    };
    HealthCheck {
        question,
        interval,
        timeout,
        unhealthy_after: count(*unhealthy_threshold, "unhealthyThreshold"),
        healthy_after: count(*healthy_threshold, "healthyThreshold"),
        waits,
        reconnects: *reuse_connection == Some(false),
        logs_all: *always_log_health_check_failures,
    }
}

fn http_question(
    check: &UpstreamHttpCheck,
    secrets: &HeaderSecrets<'_>,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) -> Question {
    let UpstreamHttpCheck {
        expected_statuses,
        host,
        method,
        path,
        request_headers_to_add,
        request_headers_to_remove: _,
        response_assertions,
        service_name,
        use_http2,
    } = check;
    for (field, is_set) in
        [("responseAssertions", response_assertions.is_some()), ("serviceName", service_name.is_some())]
    {
        if is_set {
            refused.push(untranslated(at.with(field)));
        }
    }
    let is_path = |c: char| c.is_ascii_graphic();
    if !path.starts_with('/') || !path.chars().all(is_path) {
        refused.push(unusable(at.with("path"), "is no path", "write a path that begins with `/`"));
    }
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if !host.chars().all(is_host) {
        refused.push(unusable(at.with("host"), "is no host", "write a name, and perhaps a port"));
    }
    let statuses = expected_statuses.iter().enumerate().filter_map(|(index, UpstreamStatuses { end, start })| {
        let number = |value: &Option<GlooNumber>| value.and_then(|GlooNumber(number)| u16::try_from(number?).ok());
        let range = number(start).zip(number(end));
        let range = range.filter(|(start, end)| start < end && (100..600).contains(start) && *end <= 600);
        if range.is_none() {
            let help = "write a `start` from 100 on and an `end` above it, up to 600";
            refused.push(unusable(at.with("expectedStatuses").with(index), "is no range of statuses", help));
        }
        range
    });
    let statuses = statuses.collect();
    let at_headers = at.with("requestHeadersToAdd");
    let mut headers = upstream_checks::headers(request_headers_to_add, secrets, &at_headers, refused);
    upstream_checks::remove(check, &mut headers, &at.with("requestHeadersToRemove"), refused);
    Question::Http {
        method: upstream_checks::method(method.as_ref(), at.with("method"), refused),
        path: path.clone(),
        host: written(host),
        statuses,
        retriable: Vec::new(),
        sent: None,
        received: Vec::new(),
        http2: *use_http2,
        headers,
    }
}

fn detection(outliers: &UpstreamOutliers, at: &FieldPath, refused: &mut Vec<Refused>) -> Outliers {
    let UpstreamOutliers {
        base_ejection_time,
        consecutive5xx,
        consecutive_gateway_failure,
        consecutive_local_origin_failure,
        enforcing_consecutive5xx,
        enforcing_consecutive_gateway_failure,
        enforcing_consecutive_local_origin_failure,
        enforcing_local_origin_success_rate,
        enforcing_success_rate,
        interval,
        max_ejection_percent,
        split_external_local_origin_errors,
        success_rate_minimum_hosts,
        success_rate_request_volume,
        success_rate_stdev_factor,
    } = outliers;
    let interval = above_zero(*interval, at.with("interval"), refused);
    let base_time = above_zero(*base_ejection_time, at.with("baseEjectionTime"), refused);
    let mut percent = |value: &Option<u32>, field| {
        if value.is_some_and(|value| value > 100) {
            refused.push(unusable(at.with(field), "is above 100 percent", PERCENT));
        }
        *value
    };
    Outliers {
        interval,
        base_time,
        most_percent: percent(max_ejection_percent, "maxEjectionPercent"),
        errors: Streak {
            count: *consecutive5xx,
            enforced: percent(enforcing_consecutive5xx, "enforcingConsecutive5xx"),
        },
        gateway_errors: Streak {
            count: *consecutive_gateway_failure,
            enforced: percent(enforcing_consecutive_gateway_failure, "enforcingConsecutiveGatewayFailure"),
        },
        local_errors: Streak {
            count: *consecutive_local_origin_failure,
            enforced: percent(enforcing_consecutive_local_origin_failure, "enforcingConsecutiveLocalOriginFailure"),
        },
        success_rate: SuccessRate {
            least_hosts: *success_rate_minimum_hosts,
            least_requests: *success_rate_request_volume,
            deviation: *success_rate_stdev_factor,
            enforced: percent(enforcing_success_rate, "enforcingSuccessRate"),
            enforced_local: percent(enforcing_local_origin_success_rate, "enforcingLocalOriginSuccessRate"),
        },
        splits_local: *split_external_local_origin_errors,
        failure_percentage: None,
        ejects_one: false,
    }
}

fn written(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn length(duration: Option<GoDuration>) -> Option<Duration> {
    duration.map(|GoDuration(length)| length)
}

/// A length of time that is above zero where it is written.
fn above_zero(value: Option<GoDuration>, at: FieldPath, refused: &mut Vec<Refused>) -> Option<Duration> {
    let length = length(value)?;
    if length.is_zero() {
        refused.push(unusable(at, "has no length", ABOVE_ZERO));
        return None;
    }
    Some(length)
}

/// The same in whole seconds.
fn seconds(value: Option<GoDuration>, at: FieldPath, refused: &mut Vec<Refused>) -> Option<u32> {
    let length = length(value)?;
    let seconds = u32::try_from(length.as_secs()).ok().filter(|seconds| *seconds > 0 && length.subsec_nanos() == 0);
    if seconds.is_none() {
        refused.push(unusable(at, "is no number of seconds", "write whole seconds, one at least"));
    }
    seconds
}

fn percentage(value: f64, at: FieldPath, refused: &mut Vec<Refused>) -> Option<Thousandths> {
    let known = thousandths(value, (0.0, 100.0));
    if known.is_none() {
        refused.push(unusable(at, "is no share in percent", PERCENT));
    }
    known
}

/// A number between two others, in thousandths.
fn thousandths(value: f64, (least, most): (f64, f64)) -> Option<Thousandths> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a thousand million, and not below zero"
    )]
    (least..=most).contains(&value).then(|| Thousandths((value * 1000.0).round() as u32))
}

/// The window of a stream or a connection, in bytes.
fn window(bytes: u32, at: FieldPath, refused: &mut Vec<Refused>) -> Option<u32> {
    if !(65_535..=i32::MAX.unsigned_abs()).contains(&bytes) {
        refused.push(unusable(at, "is no size of a window", "write a number from 65535 to 2147483647"));
    }
    Some(bytes)
}
