//! `faults` ([Fault injection](https://docs.solo.io/gateway/latest/resiliency/fault-injection/)).

use crate::diagnostics::{FieldPath, Finding};
use crate::ir::{AbortStatus, Fault, Share};
use crate::parser::api::{GoDuration, OptionAbort, OptionDelay, OptionFaults};
use crate::path;

use super::part::{Part, Place};

pub(super) fn lower(place: Place<'_>, option: &OptionFaults) -> Result<Part, Box<Finding>> {
    let OptionFaults { abort, delay } = option;
    let abort = abort.as_ref().map(|abort| lower_abort(place, abort)).transpose()?;
    let delay = delay.as_ref().map(|delay| lower_delay(place, delay)).transpose()?;
    Ok(Part::Fault(Fault { abort, delay }))
}

fn lower_abort(place: Place<'_>, abort: &OptionAbort) -> Result<(Share, AbortStatus), Box<Finding>> {
    let OptionAbort { percentage, http_status } = abort;
    let status = u16::try_from(*http_status).ok().filter(|status| (200..600).contains(status)).ok_or_else(|| {
        let message = format!("`{http_status}` is no status that requests can be answered with");
        place.refuse(&path!["abort", "httpStatus"], message, "write a number from 200 to 599")
    })?;
    Ok((share_of(place, &path!["abort", "percentage"], *percentage)?, AbortStatus::Http(status)))
}

fn lower_delay(place: Place<'_>, delay: &OptionDelay) -> Result<(Share, std::time::Duration), Box<Finding>> {
    let OptionDelay { percentage, fixed_delay } = delay;
    let wait = fixed_delay.map(|GoDuration(wait)| wait).filter(|wait| !wait.is_zero()).ok_or_else(|| {
        place.refuse(&path!["delay", "fixedDelay"], "the delay has no length", "write a length of time above zero")
    })?;
    Ok((share_of(place, &path!["delay", "percentage"], *percentage)?, wait))
}

/// A share of requests, from percent.
pub(in crate::translator::lower) fn share_of(
    place: Place<'_>,
    at: &FieldPath,
    percent: f64,
) -> Result<Share, Box<Finding>> {
    if !(0.0..=100.0).contains(&percent) {
        let message = format!("`{percent}` is no share in percent");
        return Err(place.refuse(at, message, "write a number from 0 to 100"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a million, and not below zero"
    )]
    let millionths = (percent * 10_000.0).round() as u64;
    Ok(Share::ratio(millionths, u64::from(Share::PARTS)))
}
