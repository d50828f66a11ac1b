//! Retries
//! ([RetryPolicy](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-retrypolicy)).

use envoy_types::pb::envoy::config::route::v3::{
    RetryPolicy,
    retry_policy::{RetryBackOff, RetryHostPredicate, retry_host_predicate},
};
use envoy_types::pb::envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate;

use crate::ir::{self, Retry, RetryOn, Timeouts};

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

/// How often another host is drawn before one that was tried is taken after all.
/// The host that failed has no requests under way, which makes it likely to be
/// drawn, and in a pool its backend may have nearly all of the weight.
const HOST_DRAWS: i64 = 100;

/// The retry policy of a route; with `other_hosts` a try goes to another host than the ones before.
pub(super) fn to_retry_policy(retry: Option<&Retry>, timeouts: Timeouts, other_hosts: bool) -> Option<RetryPolicy> {
    let Retry { on, attempts, backoff } = retry?;
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
        ..RetryPolicy::default()
    })
}
