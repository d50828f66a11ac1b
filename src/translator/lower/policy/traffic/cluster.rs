//! What a BackendTrafficPolicy says of connections to backends, and of how many there may be
//! ([ClusterSettings](https://gateway.envoyproxy.io/docs/api/extension_types/#clustersettings)).

use std::time::Duration;

use crate::diagnostics::FieldPath;
use crate::ir::{
    Connections, Dns, Http2, Http2Keepalive, Keepalive, Limits, LookupFamily, ProxyVersion, RetryLimit, Thousandths,
};
use crate::parser::api::{
    BackendConnection, BackendDns, BackendPreconnect, BackendProxyProtocol, BreakerRetryBudget, CircuitBreaker,
    EnvoyHttp2, Fraction, Http2KeepaliveSettings, PerEndpointBreaker, Quantity, TcpKeepalive,
};
use crate::path;
use crate::translator::lower::cluster::AskedSettings;
use crate::translator::lower::option::faults::Faults;

/// What Envoy takes of the windows of HTTP/2.
const WINDOWS: std::ops::RangeInclusive<u32> = 65_535..=0x7fff_ffff;

/// The most that connections are predicted, in percent
/// ([predictive_preconnect_ratio](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto#envoy-v3-api-field-config-cluster-v3-cluster-preconnectpolicy-predictive-preconnect-ratio)).
const MOST_PREDICTED: u32 = 300;

/// `circuitBreaker`.
pub(super) fn lower_breaker(said: &CircuitBreaker, asked: &mut AskedSettings, faults: &mut Faults<'_>) {
    let CircuitBreaker {
        max_connections,
        max_parallel_requests,
        max_parallel_retries,
        max_pending_requests,
        max_requests_per_connection,
        per_endpoint,
        retry_budget,
    } = said;
    asked.settings.limits = Limits {
        connections: Some(*max_connections),
        waiting: Some(*max_pending_requests),
        requests: Some(*max_parallel_requests),
        retries: Some(*max_parallel_retries).filter(|_| retry_budget.is_none()),
        connections_of_endpoint: per_endpoint.as_ref().map(|PerEndpointBreaker { max_connections }| *max_connections),
        counts_rest: false,
    };
    // Zero is as many as there come.
    asked.settings.connections.most_requests = max_requests_per_connection.filter(|most| *most > 0);
    asked.retries = retry_budget.as_ref().map(|budget| lower_budget(budget, faults));
}

/// The share of further tries. Without a least number Envoy's is 3.
fn lower_budget(said: &BreakerRetryBudget, faults: &mut Faults<'_>) -> RetryLimit {
    let BreakerRetryBudget { min_retry_concurrency, percent: Fraction { numerator, denominator } } = said;
    let least = u32::try_from(min_retry_concurrency.unwrap_or(3)).unwrap_or_else(|_| {
        let at = path!["retryBudget", "minRetryConcurrency"];
        faults.add(&at, "a number of tries is not below zero", "write a number from 0 on");
        0
    });
    let thousandths = u64::from(*numerator) * 100_000 / u64::from((*denominator).max(1));
    RetryLimit::Budget { percent: Thousandths(u32::try_from(thousandths).unwrap_or(100_000).min(100_000)), least }
}

/// `connection`.
pub(super) fn lower_connection(said: &BackendConnection, connections: &mut Connections, faults: &mut Faults<'_>) {
    let BackendConnection { buffer_limit, preconnect, socket_buffer_limit: _ } = said;
    connections.buffer_bytes = buffer_limit.and_then(|limit| bytes(limit, &path!["bufferLimit"], faults));
    if let Some(BackendPreconnect { per_endpoint_percent, predictive_percent }) = preconnect {
        let ratio = |percent: u32| Thousandths(percent.saturating_mul(10));
        connections.ahead = per_endpoint_percent.map(ratio);
        let at = path!["preconnect", "predictivePercent"];
        connections.ahead_of_cluster = faults.number(&at, *predictive_percent, 100..=MOST_PREDICTED).map(ratio);
    }
}

/// A number of bytes that Envoy takes.
pub(in super::super) fn bytes(Quantity(said): Quantity, at: &FieldPath, faults: &mut Faults<'_>) -> Option<u32> {
    let known = said.and_then(|bytes| u32::try_from(bytes).ok());
    if known.is_none() {
        faults.add(at, "it is no number of bytes that Envoy takes", "write a whole number of less than `4Gi`");
    }
    known
}

/// `dns`. The answers say how long they hold, unless that is not wanted.
pub(super) fn lower_dns(said: &BackendDns, faults: &mut Faults<'_>) -> Dns {
    let BackendDns { dns_refresh_rate, lookup_family, respect_dns_ttl } = said;
    let refresh = dns_refresh_rate.map(|rate| rate.0);
    // Envoy takes what is longer than that.
    if refresh.is_some_and(|rate| rate <= Duration::from_millis(1)) {
        let help = "write a length of time from `2ms` on";
        faults.add(&path!["dnsRefreshRate"], "it is not longer than a millisecond", help);
    }
    let family = lookup_family.as_deref().map(|family| match family {
        "IPv4" => LookupFamily::V4,
        "IPv6" => LookupFamily::V6,
        "IPv6Preferred" => LookupFamily::V6Preferred,
        "IPv4AndIPv6" => LookupFamily::Both,
        _ => LookupFamily::V4Preferred,
    });
    Dns { refresh, keeps_ttl: respect_dns_ttl.unwrap_or(true), family }
}

/// `proxyProtocol`.
pub(super) fn lower_proxy_protocol(BackendProxyProtocol { version }: &BackendProxyProtocol) -> ProxyVersion {
    match version.as_str() {
        "V1" => ProxyVersion::V1,
        _ => ProxyVersion::V2,
    }
}

/// `tcpKeepalive`.
pub(in super::super) fn lower_keepalive(said: &TcpKeepalive, faults: &mut Faults<'_>) -> Keepalive {
    let TcpKeepalive { idle_time, interval, probes } = said;
    let mut seconds = |said: Option<crate::parser::api::Duration>, field: &'static str| {
        let time = said?.0;
        let whole = u32::try_from(time.as_secs()).ok().filter(|whole| *whole > 0 && time.subsec_nanos() == 0);
        if whole.is_none() {
            faults.add(&path![field], "it is no number of seconds", "write whole seconds, one at least");
        }
        whole
    };
    let (after_seconds, every_seconds) = (seconds(*idle_time, "idleTime"), seconds(*interval, "interval"));
    let probes = probes.and_then(|count| {
        let known = u32::try_from(count).ok().filter(|count| *count > 0);
        if known.is_none() {
            faults.add(&path!["probes"], format!("{count} is no number of probes"), "write a number from 1 on");
        }
        known
    });
    Keepalive { probes, after_seconds, every_seconds }
}

/// `http2`.
pub(in super::super) fn lower_http2(said: &EnvoyHttp2, faults: &mut Faults<'_>) -> Http2 {
    let EnvoyHttp2 {
        connection_keepalive,
        initial_connection_window_size,
        initial_stream_window_size,
        max_concurrent_streams,
        on_invalid_message,
    } = said;
    let mut window = |said: &Option<Quantity>, field: &'static str| {
        let bytes = bytes((*said)?, &path![field], faults);
        faults.number(&path![field], bytes, WINDOWS)
    };
    let stream_window = window(initial_stream_window_size, "initialStreamWindowSize");
    let connection_window = window(initial_connection_window_size, "initialConnectionWindowSize");
    let forgives = on_invalid_message.as_deref().map(|word| {
        if !["TerminateConnection", "TerminateStream"].contains(&word) {
            let message = format!("`{}` is nothing that is done about messages", word.escape_debug());
            faults.add(&path!["onInvalidMessage"], message, "write `TerminateConnection` or `TerminateStream`");
        }
        word == "TerminateStream"
    });
    let keepalive = connection_keepalive.as_ref().map(|said| lower_http2_keepalive(said, faults));
    Http2 { stream_window, connection_window, streams: *max_concurrent_streams, forgives, keepalive }
}

fn lower_http2_keepalive(said: &Http2KeepaliveSettings, faults: &mut Faults<'_>) -> Http2Keepalive {
    let Http2KeepaliveSettings { idle_interval, interval, interval_jitter, timeout } = said;
    let mut time = |said: &Option<crate::parser::api::Duration>, field: &'static str| {
        let time = said.map(|time| time.0);
        if time.is_some_and(|time| time < Duration::from_millis(1)) {
            let help = "write a length of time from `1ms` on";
            faults.add(&path!["connectionKeepalive", field], "it is shorter than a millisecond", help);
        }
        time
    };
    let [every, after_silence] = [time(interval, "interval"), time(idle_interval, "idleInterval")];
    let timeout = time(timeout, "timeout");
    if timeout.is_none() && (every.is_some() || after_silence.is_some()) {
        let message = "nothing says how long an answer may take";
        faults.add(&path!["connectionKeepalive"], message, "add `timeout`");
    }
    Http2Keepalive { every, timeout, jitter_percent: *interval_jitter, after_silence }
}
