//! `retry` ([Retry](https://gateway.envoyproxy.io/docs/api/extension_types/#retry)).

use std::time::Duration;

use crate::ir::{BackOff, Retry, RetryCondition, RetryOn};
use crate::parser::api::{BackendBackOff, BackendRetry, BackendRetryOn, PerRetry};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// What is repeated where nothing is said of it.
const USUAL: [RetryCondition; 5] = [
    RetryCondition::ConnectFailure,
    RetryCondition::RefusedStream,
    RetryCondition::RetriableStatusCodes,
    RetryCondition::Cancelled,
    RetryCondition::Unavailable,
];

/// The status of those that are repeated where nothing is said of it.
const USUAL_CODE: u16 = 503;

/// Further tries, and the limit for each. There are none where their number is zero.
pub(super) fn lower(said: &BackendRetry, faults: &mut Faults<'_>) -> Option<(Retry, Option<Duration>)> {
    let BackendRetry { num_attempts_per_priority, num_retries, per_retry, retry_on } = said;
    let (waits, limit) = match per_retry {
        Some(PerRetry { back_off, timeout }) => (back_off.as_ref(), *timeout),
        None => (None, None),
    };
    let leaves_priority_after = num_attempts_per_priority.and_then(|count| {
        let known = u32::try_from(count).ok().filter(|count| *count > 0);
        if known.is_none() {
            let message = format!("{count} is no number of tries");
            faults.add(&path!["numAttemptsPerPriority"], message, "write a number from 1 on");
        }
        known
    });
    let backoff = waits.and_then(|waits| lower_waits(waits, faults));
    let retry =
        Retry { on: lower_on(retry_on.as_ref()), attempts: *num_retries, backoff, asked: None, leaves_priority_after };
    let limit = limit.map(|limit| limit.0).filter(|limit| !limit.is_zero());
    (*num_retries > 0).then_some((retry, limit))
}

/// Conditions and statuses: each that is left out is the usual one, so that statuses alone count beside the usual conditions.
fn lower_on(said: Option<&BackendRetryOn>) -> RetryOn {
    let (triggers, codes) = match said {
        Some(BackendRetryOn { triggers, http_status_codes }) => (triggers.as_slice(), http_status_codes.as_slice()),
        None => Default::default(),
    };
    // The definition names no others.
    let mut conditions: Vec<_> = triggers.iter().filter_map(|name| RetryCondition::named(name)).collect();
    if conditions.is_empty() {
        conditions = USUAL.to_vec();
    }
    conditions.sort_unstable();
    conditions.dedup();
    let mut codes = if codes.is_empty() { vec![USUAL_CODE] } else { codes.to_vec() };
    codes.sort_unstable();
    codes.dedup();
    if !conditions.contains(&RetryCondition::RetriableStatusCodes) {
        codes.clear();
    }
    RetryOn::Conditions { conditions, codes }
}

fn lower_waits(said: &BackendBackOff, faults: &mut Faults<'_>) -> Option<BackOff> {
    let BackendBackOff { base_interval, max_interval } = said;
    let at = |field: &'static str| path!["perRetry", "backOff", field];
    let longest = max_interval.map(|limit| limit.0);
    let Some(base) = base_interval.map(|base| base.0) else {
        if longest.is_some() {
            faults.add(&at("maxInterval"), "the longest wait has no base", "add `baseInterval`");
        }
        return None;
    };
    if base.is_zero() {
        faults.add(&at("baseInterval"), "the base of waits is zero", "write a length of time above zero");
    }
    if longest.is_some_and(|longest| longest < base) {
        let message = "the longest wait is shorter than the base";
        faults.add(&at("maxInterval"), message, "write at least `baseInterval`");
    }
    Some(BackOff { base, longest })
}

#[cfg(test)]
mod tests {
    use super::{RetryOn, lower_on};
    use crate::ir::RetryCondition::{Cancelled, ConnectFailure, Reset, RetriableStatusCodes};
    use crate::parser::api::BackendRetryOn;

    fn on(triggers: &[&str], codes: &[u16]) -> RetryOn {
        let triggers = triggers.iter().map(|name| (*name).to_owned()).collect();
        lower_on(Some(&BackendRetryOn { triggers, http_status_codes: codes.to_vec() }))
    }

    #[test]
    fn what_is_left_out_is_the_usual() {
        let RetryOn::Conditions { conditions, codes } = on(&[], &[502, 500, 502]) else { unreachable!() };
        assert!(conditions.contains(&Cancelled) && conditions.contains(&ConnectFailure));
        assert_eq!(codes, [500, 502]);
        assert_eq!(lower_on(None), on(&[], &[]));
    }

    #[test]
    fn statuses_count_where_a_condition_says_so() {
        assert_eq!(on(&["reset"], &[500]), RetryOn::Conditions { conditions: vec![Reset], codes: Vec::new() });
        let codes = RetryOn::Conditions { conditions: vec![RetriableStatusCodes], codes: vec![503] };
        assert_eq!(on(&["retriable-status-codes"], &[]), codes);
    }
}
