//! Retries
//! ([RetryPolicy](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-retrypolicy)).

use envoy_types::pb::envoy::config::route::v3::{
    RetryPolicy,
    retry_policy::{
        RateLimitedRetryBackOff, ResetHeader, ResetHeaderFormat, RetryBackOff, RetryHostPredicate, RetryPriority,
        retry_host_predicate, retry_priority,
    },
};
use envoy_types::pb::envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate;
use envoy_types::pb::envoy::extensions::retry::priority::previous_priorities::v3::PreviousPrioritiesConfig;

use crate::http::HeaderName;
use crate::ir::{self, AskedTime, AskedWaits, Retry, RetryOn, Timeouts};

use super::proto::{any, duration, uint32};

/// Connections that cannot be made, and streams that the backend has not begun to process.
const CONNECT: &str = "connect-failure,refused-stream";
/// These, and connections that end without a response; expired tries are among them.
const FAILURES: &str = "connect-failure,refused-stream,reset";
/// Responses with one of the listed statuses.
const STATUS_CODES: &str = "retriable-status-codes";

/// The predicate that passes over hosts that were tried before.
const PREVIOUS_HOSTS: &str = "envoy.retry_host_predicates.previous_hosts";
const PREVIOUS_HOSTS_MESSAGE: &str = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

/// What leaves priorities that were tried.
const PREVIOUS_PRIORITIES: &str = "envoy.retry_priorities.previous_priorities";
const PREVIOUS_PRIORITIES_MESSAGE: &str =
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig";

/// How often another host is drawn before one that was tried is taken after all.
/// The host that failed has no requests under way, which makes it likely to be
/// drawn, and in a pool its backend may have nearly all of the weight.
const HOST_DRAWS: i64 = 100;

/// The retry policy of a route; with `other_hosts` a try goes to another host than the ones before.
pub(super) fn to_retry_policy(retry: Option<&Retry>, timeouts: Timeouts, other_hosts: bool) -> Option<RetryPolicy> {
    let Retry { on, attempts, backoff, asked, leaves_priority_after } = retry?;
    let predicate = || RetryHostPredicate {
        name: PREVIOUS_HOSTS.to_owned(),
        config_type: Some(retry_host_predicate::ConfigType::TypedConfig(any(
            PREVIOUS_HOSTS_MESSAGE,
            &PreviousHostsPredicate::default(),
        ))),
    };
    let (retry_on, codes) = match on {
        RetryOn::Connect => (CONNECT.to_owned(), &[][..]),
        RetryOn::Failures(codes) if codes.is_empty() => (FAILURES.to_owned(), &[][..]),
        RetryOn::Failures(codes) => (format!("{FAILURES},{STATUS_CODES}"), codes.as_slice()),
        RetryOn::Conditions { conditions, codes } => {
            let names: Vec<&str> = conditions.iter().map(|condition| condition.name()).collect();
            (names.join(","), codes.as_slice())
        }
    };
    Some(RetryPolicy {
        retry_on,
        num_retries: Some(uint32(*attempts)),
        per_try_timeout: timeouts.per_try.map(duration),
        retriable_status_codes: codes.iter().map(|code| u32::from(*code)).collect(),
        retry_back_off: backoff.map(|ir::BackOff { base, longest }| RetryBackOff {
            base_interval: Some(duration(base)),
            max_interval: longest.map(duration),
        }),
        retry_host_predicate: other_hosts.then(predicate).into_iter().collect(),
        host_selection_retry_max_attempts: if other_hosts { HOST_DRAWS } else { 0 },
        rate_limited_retry_back_off: asked.as_ref().map(to_asked),
        retry_priority: leaves_priority_after.map(to_priority),
        ..RetryPolicy::default()
    })
}

/// The waits that backends ask for.
fn to_asked(asked: &AskedWaits) -> RateLimitedRetryBackOff {
    let AskedWaits { headers, longest } = asked;
    let header = |(name, time): &(HeaderName, AskedTime)| ResetHeader {
        name: name.to_string(),
        format: match time {
            AskedTime::Seconds => ResetHeaderFormat::Seconds,
            AskedTime::Until => ResetHeaderFormat::UnixTimestamp,
        } as i32,
    };
    RateLimitedRetryBackOff { reset_headers: headers.iter().map(header).collect(), max_interval: longest.map(duration) }
}

/// Further tries at other priorities
/// ([previous priorities](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto)).
fn to_priority(update_frequency: u32) -> RetryPriority {
    // Lowering keeps it within 31 bits.
    let update_frequency = i32::try_from(update_frequency).unwrap_or(i32::MAX);
    RetryPriority {
        name: PREVIOUS_PRIORITIES.to_owned(),
        config_type: Some(retry_priority::ConfigType::TypedConfig(any(
            PREVIOUS_PRIORITIES_MESSAGE,
            &PreviousPrioritiesConfig { update_frequency },
        ))),
    }
}
