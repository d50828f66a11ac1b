//! `retries` ([Retries](https://docs.solo.io/gateway/latest/resiliency/retry/)).

use crate::diagnostics::Finding;
use crate::ir::{AskedTime, AskedWaits, BackOff, Retry, RetryCondition, RetryOn};
use crate::parser::api::{
    GlooEnum, GoDuration, OptionAskedBackOff, OptionBackOff, OptionPriorities, OptionResetHeader, OptionRetries,
};
use crate::path;

use super::part::{Part, Place};

pub(super) fn lower(place: Place<'_>, option: &OptionRetries) -> Result<Part, Box<Finding>> {
    let OptionRetries {
        retry_on,
        num_retries,
        per_try_timeout,
        retry_back_off,
        previous_priorities,
        retriable_status_codes,
        rate_limited_retry_back_off,
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
    let asked = rate_limited_retry_back_off.as_ref().map(|waits| lower_asked(place, waits)).transpose()?;
    let leaves_priority_after = previous_priorities.as_ref().map(|own| lower_priorities(place, own)).transpose()?;
    let on = RetryOn::Conditions { conditions, codes };
    let per_try = per_try_timeout.map(|GoDuration(limit)| limit).filter(|limit| !limit.is_zero());
    // Zero is what stands for a number that nobody wrote, and that is one.
    Ok(Part::Retry(Retry { on, attempts: (*num_retries).max(1), backoff, asked, leaves_priority_after }, per_try))
}

/// After how many tries other priorities are taken: the field has no default that a proxy would load.
fn lower_priorities(place: Place<'_>, priorities: &OptionPriorities) -> Result<u32, Box<Finding>> {
    let OptionPriorities { update_frequency } = priorities;
    update_frequency.filter(|count| (1..=i32::MAX.unsigned_abs()).contains(count)).ok_or_else(|| {
        let message = "`updateFrequency` is no number of tries";
        place.refuse(
            &path!["previousPriorities"],
            message,
            "write a number from 1 on: after so many tries others are taken",
        )
    })
}

/// The waits that backends ask for.
fn lower_asked(place: Place<'_>, waits: &OptionAskedBackOff) -> Result<AskedWaits, Box<Finding>> {
    let OptionAskedBackOff { max_interval, reset_headers } = waits;
    let at = path!["rateLimitedRetryBackOff"];
    if reset_headers.is_empty() {
        let message = "no header says how long a backend wants to be left alone";
        return Err(place.refuse(&at.with("resetHeaders"), message, "add a header, such as `retry-after`"));
    }
    let longest = max_interval.map(|GoDuration(longest)| longest);
    if longest.is_some_and(|longest| longest.is_zero()) {
        let help = "write a length of time above zero";
        return Err(place.refuse(&at.with("maxInterval"), "the longest wait is zero", help));
    }
    let mut headers = Vec::with_capacity(reset_headers.len());
    for (index, OptionResetHeader { format, name }) in reset_headers.iter().enumerate() {
        let at = at.with("resetHeaders").with(index);
        if !name.is_token() {
            return Err(place.refuse(&at.with("name"), "it is not the name of a header", "write the name of a header"));
        }
        let time = match format.as_ref().map(|GlooEnum(text)| text.as_str()) {
            None | Some("SECONDS" | "0") => AskedTime::Seconds,
            Some("UNIX_TIMESTAMP" | "1") => AskedTime::Until,
            Some(other) => {
                let message = format!("`{other}` is not a format of time");
                return Err(place.refuse(&at.with("format"), message, "write `SECONDS` or `UNIX_TIMESTAMP`"));
            }
        };
        headers.push((name.clone(), time));
    }
    Ok(AskedWaits { headers, longest })
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
