//! `retries` ([Retries](https://docs.solo.io/gateway/latest/resiliency/retry/)).

use crate::diagnostics::Finding;
use crate::ir::{BackOff, Retry, RetryCondition, RetryOn};
use crate::parser::api::{GoDuration, OptionBackOff, OptionRetries};
use crate::path;

use super::part::{Part, Place};

pub(super) fn lower(place: Place<'_>, option: &OptionRetries) -> Result<Part, Box<Finding>> {
    let OptionRetries {
        retry_on,
        num_retries,
        per_try_timeout,
        retry_back_off,
        // The resolver lets none of them through.
        previous_priorities: _,
        retriable_status_codes,
        rate_limited_retry_back_off: _,
    } = option;
    let mut conditions = Vec::new();
    for word in retry_on.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        conditions.push(RetryCondition::named(word).ok_or_else(|| {
            let help = "write conditions of Envoy's, such as `5xx`, `connect-failure` or `retriable-status-codes`";
            place.refuse(&path!["retryOn"], format!("`{word}` is not a condition of Envoy's"), help)
        })?);
    }
    conditions.sort_unstable();
    conditions.dedup();
    let mut codes = Vec::with_capacity(retriable_status_codes.len());
    for (index, code) in retriable_status_codes.iter().enumerate() {
        let code = u16::try_from(*code).ok().filter(|code| (100..600).contains(code));
        codes.push(code.ok_or_else(|| {
            let message = format!("`{}` is not a status", retriable_status_codes[index]);
            place.refuse(&path!["retriableStatusCodes", index], message, "write a number from 100 to 599")
        })?);
    }
    codes.sort_unstable();
    codes.dedup();
    let backoff = retry_back_off.as_ref().map(|waits| lower_waits(place, waits)).transpose()?.flatten();
    let on = RetryOn::Conditions { conditions, codes };
    let per_try = per_try_timeout.map(|GoDuration(limit)| limit).filter(|limit| !limit.is_zero());
    // Zero is what stands for a number that nobody wrote, and that is one.
    Ok(Part::Retry(Retry { on, attempts: (*num_retries).max(1), backoff }, per_try))
}

fn lower_waits(place: Place<'_>, waits: &OptionBackOff) -> Result<Option<BackOff>, Box<Finding>> {
    let OptionBackOff { base_interval, max_interval } = waits;
    let at = |field: &'static str| path!["retryBackOff", field];
    let longest = max_interval.map(|GoDuration(longest)| longest);
    match (base_interval.map(|GoDuration(base)| base), longest) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(place.refuse(&at("baseInterval"), "the longest wait has no base", "add `baseInterval`")),
        (Some(base), _) if base.is_zero() => {
            Err(place.refuse(&at("baseInterval"), "the base of waits is zero", "write a length of time above zero"))
        }
        (Some(base), Some(longest)) if longest < base => {
            let message = "the longest wait is shorter than the base";
            Err(place.refuse(&at("maxInterval"), message, "write at least `baseInterval`"))
        }
        (Some(base), longest) => Ok(Some(BackOff { base, longest })),
    }
}
