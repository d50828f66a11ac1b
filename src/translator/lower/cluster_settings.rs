//! What of the settings of a cluster has an effect on it: what is about another protocol than the one that is spoken, or
//! about names where there are addresses, asks for nothing. It is no difference between two clusters either.

use std::sync::Arc;

use crate::ir::{
    Balancing, Choice, ClusterHttp1, ClusterSettings, Connections, Dns, Endpoints, Failover, Http2, Question,
    UpstreamProtocol,
};

/// The settings that count for a cluster.
pub(super) fn in_effect(
    asked: &Arc<ClusterSettings>,
    protocol: UpstreamProtocol,
    endpoints: &Endpoints,
) -> Arc<ClusterSettings> {
    if asked.is_empty() {
        return Arc::clone(asked);
    }
    let mut settings = ClusterSettings::clone(asked);
    let ClusterSettings { balancing, weights, health_checks, connections, http1, http2, dns, failover, tunnel, .. } =
        &mut settings;
    // The settings are about the proxies of a tunnel.
    let protocol = match tunnel {
        Some(tunnel) if tunnel.over_http2 => UpstreamProtocol::Http2,
        Some(_) => UpstreamProtocol::Http1,
        None => protocol,
    };
    let is_asked_calls = health_checks.iter().any(|check| matches!(check.question, Question::Grpc { .. }));
    let speaks = match protocol {
        // What asks for health in calls speaks HTTP/2, whatever the bytes are that are sent.
        UpstreamProtocol::Udp | UpstreamProtocol::Http1 if is_asked_calls => [false, true],
        UpstreamProtocol::Http1 => [true, false],
        UpstreamProtocol::Http2 => [false, true],
        UpstreamProtocol::Negotiated | UpstreamProtocol::AsClients => [true, true],
        UpstreamProtocol::Udp => [false, false],
    };
    let [has_http1, has_http2] = speaks;
    if !has_http1 {
        *http1 = ClusterHttp1::default();
    }
    if !has_http2 {
        *http2 = Http2::default();
    }
    if !has_http1 && !has_http2 {
        *connections = Connections {
            most_requests: None,
            idle: None,
            longest: None,
            longest_stream: None,
            most_headers: None,
            ..*connections
        };
    }
    let is_by_hash = balancing.choice.is_some_and(Choice::is_by_hash);
    let of_failover = failover.as_ref().is_some_and(Failover::has_names);
    let has_names = of_failover || matches!(endpoints, Endpoints::Dns(_));
    // Without it all endpoints are in one locality.
    balancing.weighs_localities &= failover.is_some();
    if !has_names {
        *dns = Dns::default();
    }
    balancing.hashes_names &= has_names && is_by_hash;
    if balancing.choice == Some(Choice::Random) {
        weights.clear();
    }
    Arc::new(settings)
}

/// The settings of a backend with what a policy asks for laid over them.
pub(super) fn laid_over(own: &ClusterSettings, asked: &ClusterSettings) -> ClusterSettings {
    let ClusterSettings {
        balancing,
        limits,
        health_checks,
        outliers,
        admission,
        connections,
        http1,
        http2,
        dns,
        // Whose hosts they are, and what is on the way to them, backends alone say.
        weights: _,
        server_names: _,
        drops_removed: _,
        failover: _,
        tunnel: _,
    } = asked;
    fn or<T: Default + PartialEq + Clone>(asked: &T, own: &T) -> T {
        if *asked == T::default() { own.clone() } else { asked.clone() }
    }
    ClusterSettings {
        balancing: Balancing {
            choice: balancing.choice.or(own.balancing.choice),
            slow_start: balancing.slow_start.or(own.balancing.slow_start),
            panic_below: balancing.panic_below.or(own.balancing.panic_below),
            ..or(balancing, &own.balancing)
        },
        limits: or(limits, &own.limits),
        health_checks: or(health_checks, &own.health_checks),
        outliers: or(outliers, &own.outliers),
        admission: or(admission, &own.admission),
        connections: laid_over_connections(&own.connections, connections),
        http1: or(http1, &own.http1),
        http2: or(http2, &own.http2),
        dns: or(dns, &own.dns),
        ..own.clone()
    }
}

fn laid_over_connections(own: &Connections, asked: &Connections) -> Connections {
    let Connections {
        timeout,
        buffer_bytes,
        most_requests,
        idle,
        longest,
        longest_stream,
        most_headers,
        keepalive,
        proxy_protocol,
        ahead,
        ahead_of_cluster,
    } = *asked;
    Connections {
        timeout: timeout.or(own.timeout),
        buffer_bytes: buffer_bytes.or(own.buffer_bytes),
        most_requests: most_requests.or(own.most_requests),
        idle: idle.or(own.idle),
        longest: longest.or(own.longest),
        longest_stream: longest_stream.or(own.longest_stream),
        most_headers: most_headers.or(own.most_headers),
        keepalive: keepalive.or(own.keepalive),
        proxy_protocol: proxy_protocol.or(own.proxy_protocol),
        ahead: ahead.or(own.ahead),
        ahead_of_cluster: ahead_of_cluster.or(own.ahead_of_cluster),
    }
}
