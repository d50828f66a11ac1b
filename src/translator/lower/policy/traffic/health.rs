//! `healthCheck` ([HealthCheck](https://gateway.envoyproxy.io/docs/api/extension_types/#healthcheck)).

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnostics::FieldPath;
use crate::ir::{
    ClusterSettings, HeaderMutations, HealthCheck, HealthWaits, Outliers, ProbeMethod, Question, Streak, Thousandths,
};
use crate::parser::api::{
    ActiveHealthCheck, ActiveHttpCheck, ActiveTcpCheck, BackendHealthCheck, CheckPayload, PassiveHealthCheck,
};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// Adds what a policy says to the settings of clusters.
pub(super) fn lower(said: &BackendHealthCheck, settings: &mut ClusterSettings, faults: &mut Faults<'_>) {
    let BackendHealthCheck { active, panic_threshold, passive } = said;
    settings.health_checks = active.iter().map(|active| lower_active(active, faults)).collect();
    settings.outliers = passive.as_ref().map(|passive| lower_passive(passive, faults));
    settings.balancing.panic_below = panic_threshold.map(|percent| Thousandths(percent.saturating_mul(1000)));
}

/// A length of time that is above zero.
fn above_zero(time: Duration, at: &FieldPath, faults: &mut Faults<'_>) -> Duration {
    if time.is_zero() {
        faults.add(at, "it has no length", "write a length of time above zero");
    }
    time
}

fn lower_active(said: &ActiveHealthCheck, faults: &mut Faults<'_>) -> HealthCheck {
    let ActiveHealthCheck {
        grpc,
        health_check_log: _,
        healthy_threshold,
        http,
        initial_jitter,
        interval,
        overrides: _,
        tcp,
        timeout,
        check_type,
        unhealthy_threshold,
    } = said;
    let question = match (http, check_type.as_str()) {
        (Some(http), "HTTP") => lower_http(http, faults),
        (_, "GRPC") => {
            let service = grpc.as_ref().and_then(|grpc| grpc.service.as_deref()).unwrap_or_default();
            Question::Grpc { service: service.to_owned(), authority: None, metadata: HeaderMutations::default() }
        }
        _ => tcp.as_ref().map_or(Question::Tcp, |tcp| lower_tcp(tcp, faults)),
    };
    HealthCheck {
        question,
        interval: above_zero(interval.0, &path!["active", "interval"], faults),
        timeout: above_zero(timeout.0, &path!["active", "timeout"], faults),
        unhealthy_after: *unhealthy_threshold,
        healthy_after: *healthy_threshold,
        waits: HealthWaits { initial_jitter: initial_jitter.map(|jitter| jitter.0), ..HealthWaits::default() },
        reconnects: false,
        logs_all: false,
    }
}

fn lower_http(said: &ActiveHttpCheck, faults: &mut Faults<'_>) -> Question {
    let ActiveHttpCheck {
        expected_response,
        expected_statuses,
        hostname,
        method,
        path,
        request_body,
        retriable_statuses,
    } = said;
    let at = |field: &'static str| path!["active", "http", field];
    if !path.starts_with('/') || !path.chars().all(|c| c.is_ascii_graphic()) {
        faults.add(&at("path"), format!("`{path}` is the path of no request"), "write a path that begins with `/`");
    }
    let method = method.as_deref().unwrap_or("GET");
    let known = ProbeMethod::named(&method.to_ascii_uppercase());
    if known.is_none() {
        let message = format!("`{}` is no method that asks for health", method.escape_debug());
        faults.add(&at("method"), message, "write `GET`, `HEAD`, `POST` or the like");
    }
    Question::Http {
        method: known.unwrap_or_default(),
        path: path.to_owned(),
        host: hostname.to_owned(),
        statuses: to_ranges(expected_statuses),
        retriable: to_ranges(retriable_statuses),
        sent: request_body.as_ref().map(|body| digits(body, &at("requestBody"), faults)),
        received: expected_response.iter().map(|body| digits(body, &at("expectedResponse"), faults)).collect(),
        http2: false,
        headers: HeaderMutations::default(),
    }
}

/// Statuses as ranges, each the first and the one behind the last.
fn to_ranges(statuses: &[u16]) -> Vec<(u16, u16)> {
    let mut statuses = statuses.to_vec();
    statuses.sort_unstable();
    statuses.dedup();
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for status in statuses {
        match ranges.last_mut() {
            Some((_, end)) if *end == status => *end += 1,
            _ => ranges.push((status, status + 1)),
        }
    }
    ranges
}

fn lower_tcp(said: &ActiveTcpCheck, faults: &mut Faults<'_>) -> Question {
    let ActiveTcpCheck { receive, send } = said;
    if receive.is_none() && send.is_none() {
        return Question::Tcp;
    }
    let at = |field: &'static str| path!["active", "tcp", field];
    Question::Exchange {
        sent: send.as_ref().map(|send| digits(send, &at("send"), faults)),
        received: receive.iter().map(|receive| digits(receive, &at("receive"), faults)).collect(),
    }
}

/// The bytes of a payload in hexadecimal digits.
fn digits(said: &CheckPayload, at: &FieldPath, faults: &mut Faults<'_>) -> String {
    let CheckPayload { binary, text, payload_type: _ } = said;
    let bytes = match (text, binary) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(binary)) => STANDARD.decode(binary).unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    if bytes.is_empty() {
        faults.add(at, "there are no bytes in it", "write at least one byte");
    }
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn lower_passive(said: &PassiveHealthCheck, faults: &mut Faults<'_>) -> Outliers {
    let PassiveHealthCheck {
        always_eject_one_endpoint,
        base_ejection_time,
        consecutive_5xx_errors,
        consecutive_gateway_errors,
        consecutive_local_origin_failures,
        failure_percentage_threshold,
        interval,
        max_ejection_percent,
        split_external_local_origin_errors,
    } = said;
    let mut count = |count: i64, field: &'static str| {
        let known = u32::try_from(count).ok();
        if known.is_none() {
            faults.add(
                &path!["passive", field],
                format!("{count} is no number of failures"),
                "write a number from 0 on",
            );
        }
        known
    };
    let errors = Streak { count: count(*consecutive_5xx_errors, "consecutive5XxErrors"), enforced: None };
    // Envoy counts these without leaving anybody out, unless it is told to.
    let gateway_errors = consecutive_gateway_errors
        .map(|number| Streak { count: count(number, "consecutiveGatewayErrors"), enforced: Some(100) });
    let local_errors = count(*consecutive_local_origin_failures, "consecutiveLocalOriginFailures")
        .filter(|_| *split_external_local_origin_errors);
    Outliers {
        interval: Some(above_zero(interval.0, &path!["passive", "interval"], faults)),
        base_time: Some(above_zero(base_ejection_time.0, &path!["passive", "baseEjectionTime"], faults)),
        most_percent: Some(*max_ejection_percent),
        errors,
        gateway_errors: gateway_errors.unwrap_or_default(),
        local_errors: Streak { count: local_errors, enforced: None },
        splits_local: *split_external_local_origin_errors,
        failure_percentage: failure_percentage_threshold.filter(|percent| *percent > 0),
        ejects_one: *always_eject_one_endpoint,
        ..Outliers::default()
    }
}

#[cfg(test)]
mod tests {
    use super::to_ranges;

    #[test]
    fn statuses_that_follow_one_another_are_one_range() {
        assert_eq!(to_ranges(&[204, 200, 201, 200, 500]), [(200, 202), (204, 205), (500, 501)]);
        assert_eq!(to_ranges(&[]), []);
    }
}
