//! The options of listeners that keep requests and connections out.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::FieldPath;
use crate::ir::{BodyRule, ConnectionLimit, OriginRule, OriginText, RequestOrigins, RequestRate, TextIs, TokenBucket};
use crate::parser::api::{
    GlooEnum, GoDuration, OptionBuffer, OptionBufferPerRoute, OptionConnectionLimit, OptionCsrf, OptionFraction,
    OptionLocalRateLimit, OptionRuntimeFraction, OptionTextMatch, OptionTextPattern, OptionTokenBucket,
};
use crate::path;

use super::faults::{Faults, Wrong};
use super::part::{Part, Place};

/// How often tokens may come.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(50);

/// How often they come where nothing is said of it, as with Gloo Gateway.
const USUAL_INTERVAL: Duration = Duration::from_secs(1);

pub(super) fn lower_buffer(said: OptionBuffer, faults: &mut Faults<'_>) -> Option<u32> {
    let OptionBuffer { max_request_bytes } = said;
    if max_request_bytes.is_none() {
        faults.add(&path![], "`buffer` has no limit", "add `maxRequestBytes`");
    }
    faults.number(&path!["maxRequestBytes"], max_request_bytes, 1..=u32::MAX)
}

/// How long bodies of a rule, or of the rules of a listener, may be.
pub(super) fn lower_body_rule(place: Place<'_>, said: OptionBufferPerRoute) -> Result<Part, Wrong> {
    let OptionBufferPerRoute { buffer, disabled } = said;
    let mut faults = Faults::new(place);
    let rule = match (disabled, buffer) {
        (true, None) => Some(BodyRule::Unlimited),
        (false, Some(buffer)) => lower_buffer(buffer, &mut faults).map(BodyRule::Limit),
        (true, Some(_)) => {
            faults.add(&path!["disabled"], "bodies have a limit and none", "keep one of `buffer` and `disabled`");
            None
        }
        (false, None) => {
            faults.add(&path![], "`bufferPerRoute` has no limit", "add `buffer`, or `disabled: true` for none");
            None
        }
    };
    faults.unless_wrong(rule.map_or(Part::Nothing, Part::Body))
}

/// Where requests of a rule, or of the rules of a listener, may come from.
pub(super) fn lower_origin_rule(place: Place<'_>, said: OptionCsrf) -> Result<Part, Wrong> {
    let mut faults = Faults::new(place);
    let known = lower_csrf(said, &mut faults).map(|origins| OriginRule::Known(Arc::new(origins)));
    faults.unless_wrong(Part::Origins(known.unwrap_or(OriginRule::Anywhere)))
}

pub(super) fn lower_connection_limit(said: OptionConnectionLimit, faults: &mut Faults<'_>) -> Option<ConnectionLimit> {
    let OptionConnectionLimit { delay_before_close, max_active_connections } = said;
    if max_active_connections.is_none() {
        faults.add(&path![], "`connectionLimit` has no limit", "add `maxActiveConnections`");
    }
    let most = faults.number(&path!["maxActiveConnections"], max_active_connections, 1..=u32::MAX)?;
    Some(ConnectionLimit { most, delay: delay_before_close.map(|GoDuration(delay)| delay) })
}

pub(super) fn lower_bucket(at: &FieldPath, said: OptionTokenBucket, faults: &mut Faults<'_>) -> Option<TokenBucket> {
    let OptionTokenBucket { fill_interval, max_tokens, tokens_per_fill } = said;
    let below = |field: &'static str| at.join(&path![field]);
    let most = faults.number(&below("maxTokens"), Some(max_tokens), 1..=u32::MAX)?;
    let fill = faults.number(&below("tokensPerFill"), tokens_per_fill, 1..=u32::MAX).unwrap_or(1);
    let interval = fill_interval.map_or(USUAL_INTERVAL, |GoDuration(interval)| interval);
    if interval < SHORTEST_INTERVAL {
        faults.add(&below("fillInterval"), "tokens come every 50 ms at most", "write `50ms` or more");
    }
    Some(TokenBucket { most, fill, interval })
}

/// What a listener says, if anything: where it has no limit itself, how those of its rules are.
pub(super) fn lower_rate(said: OptionLocalRateLimit, faults: &mut Faults<'_>) -> Option<RequestRate> {
    let OptionLocalRateLimit {
        default_limit,
        enable_x_ratelimit_headers: told,
        local_rate_limit_per_downstream_connection: per_connection,
    } = said;
    let rate = RequestRate {
        bucket: default_limit.and_then(|limit| lower_bucket(&path!["defaultLimit"], limit, faults)),
        per_connection: per_connection.unwrap_or_default(),
        is_told: told.unwrap_or_default(),
        ..RequestRate::default()
    };
    (rate != RequestRate::default()).then_some(rate)
}

/// `None` where nothing is looked at.
pub(super) fn lower_csrf(said: OptionCsrf, faults: &mut Faults<'_>) -> Option<RequestOrigins> {
    let OptionCsrf { additional_origins, filter_enabled, shadow_enabled } = said;
    if filter_enabled.is_none() && shadow_enabled.is_none() {
        faults.add(&path![], "`csrf` does not say whether requests are refused", "add `filterEnabled`");
    }
    let is_enforced = is_on("filterEnabled", filter_enabled.as_ref(), faults);
    let is_counted = is_on("shadowEnabled", shadow_enabled.as_ref(), faults);
    let others = additional_origins
        .iter()
        .enumerate()
        .map(|(index, origin)| lower_text((&path!["additionalOrigins", index], "the origin"), origin, faults));
    let others: Vec<OriginText> = others.collect();
    (is_enforced || is_counted).then_some(RequestOrigins { is_enforced, others })
}

/// Whether all requests are meant; a share of them cannot be told apart from the others.
fn is_on(field: &'static str, said: Option<&OptionRuntimeFraction>, faults: &mut Faults<'_>) -> bool {
    let Some(OptionRuntimeFraction { default_value: Some(value), runtime_key: _ }) = said else { return false };
    let OptionFraction { denominator, numerator } = value;
    let whole = match denominator.as_ref().map(|GlooEnum(word)| word.as_str()) {
        None | Some("HUNDRED" | "0" | "") => 100,
        Some("TEN_THOUSAND" | "1") => 10_000,
        Some("MILLION" | "2") => 1_000_000,
        Some(other) => {
            let help = "write `HUNDRED`, `TEN_THOUSAND` or `MILLION`";
            faults.add(&path![field, "defaultValue", "denominator"], format!("`{other}` is no denominator"), help);
            return true;
        }
    };
    if *numerator > 0 && *numerator < whole {
        let message = format!("{numerator} of {whole} requests cannot be meant");
        faults.add(&path![field, "defaultValue", "numerator"], message, "write all or none of them");
    }
    *numerator > 0
}

/// What a name has to be; `what` is what has it.
pub(super) fn lower_text(
    (at, what): (&FieldPath, &str),
    said: &OptionTextMatch,
    faults: &mut Faults<'_>,
) -> OriginText {
    let OptionTextMatch { exact, ignore_case, prefix, safe_regex, suffix } = said;
    let pattern = safe_regex.as_ref().map(|OptionTextPattern { google_re2: _, regex }| regex);
    if let Some(pattern) = pattern {
        faults.expression(&at.with("safeRegex").with("regex"), pattern);
    }
    let form = |text: Option<&String>, is: fn(String) -> TextIs| text.map(|text| is(text.to_owned()));
    let forms = [
        form(exact.as_ref(), TextIs::Exact),
        form(prefix.as_ref(), TextIs::Prefix),
        form(suffix.as_ref(), TextIs::Suffix),
        form(pattern, TextIs::Regex),
    ];
    let mut forms = forms.into_iter().flatten();
    let (first, second) = (forms.next(), forms.next());
    let is_empty = matches!(&first, Some(TextIs::Prefix(text) | TextIs::Suffix(text)) if text.is_empty());
    if first.is_none() || second.is_some() || is_empty {
        let help = "write one of `exact`, `prefix`, `suffix` and `safeRegex`, with a text";
        faults.add(at, format!("{what} is not one text"), help);
    }
    OriginText { is: first.unwrap_or(TextIs::Exact(String::new())), any_case: *ignore_case }
}
