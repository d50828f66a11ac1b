//! Which requests and connections have an entry in a log.

use serde_json::Value;

use crate::diagnostics::FieldPath;
use crate::ir::{Comparison, LogFilter, LogHeader, LogHeaderIs, LogNumber, LogShare, TextIs};
use crate::parser::api::{
    GlooEnum, OptionCompared, OptionComparison, OptionFraction, OptionGrpcStatuses, OptionHeaderFilter,
    OptionLogFilter, OptionLogFilters, OptionLogHeader, OptionLogShare, OptionRange, OptionResponseFlags,
    OptionRuntimeNumber, OptionTextPattern,
};
use crate::path;

use super::faults::Faults;
use super::log_format::is_header;

/// How far filters may stand within filters: Envoy reads no message that goes much deeper.
const DEEPEST: usize = 10;

/// What may happen to a request, by the names that Envoy knows
/// ([response flags](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/accesslog/v3/accesslog.proto#envoy-v3-api-msg-config-accesslog-v3-responseflagfilter)).
const FLAGS: &[&str] = &[
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC", "URX", "SI", "IH",
    "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR", "UDO",
];

/// The statuses of gRPC, by number ([statuscodes](https://grpc.github.io/grpc/core/md_doc_statuscodes.html)).
const STATUSES: [&str; 17] = [
    "OK",
    "CANCELED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What a filter says; `None` where it cannot be honoured.
pub(super) fn lower_filter(
    at: &FieldPath,
    filter: OptionLogFilter,
    depth: usize,
    faults: &mut Faults<'_>,
) -> Option<LogFilter> {
    let OptionLogFilter {
        and_filter,
        duration_filter,
        grpc_status_filter,
        header_filter,
        not_health_check_filter,
        or_filter,
        response_flag_filter,
        runtime_filter,
        status_code_filter,
        traceable_filter,
    } = filter;
    let said = [
        and_filter.is_some(),
        duration_filter.is_some(),
        grpc_status_filter.is_some(),
        header_filter.is_some(),
        not_health_check_filter.is_some(),
        or_filter.is_some(),
        response_flag_filter.is_some(),
        runtime_filter.is_some(),
        status_code_filter.is_some(),
        traceable_filter.is_some(),
    ];
    if said.into_iter().filter(|is_said| *is_said).count() != 1 {
        faults.add(at, "a filter of a log looks at one thing", "write one field of a filter");
        return None;
    }
    let below = |field: &'static str| at.join(&path![field]);
    if let Some(said) = and_filter {
        return lower_filters(&below("andFilter"), said, depth, faults).map(LogFilter::All);
    }
    if let Some(said) = or_filter {
        return lower_filters(&below("orFilter"), said, depth, faults).map(LogFilter::Any);
    }
    if let Some(said) = duration_filter {
        return lower_number(&below("durationFilter"), said, faults).map(LogFilter::Milliseconds);
    }
    if let Some(said) = status_code_filter {
        return lower_number(&below("statusCodeFilter"), said, faults).map(LogFilter::Status);
    }
    if let Some(said) = grpc_status_filter {
        return lower_calls(&below("grpcStatusFilter"), said, faults);
    }
    if let Some(said) = header_filter {
        return lower_header(&below("headerFilter"), said, faults).map(LogFilter::Header);
    }
    if let Some(said) = response_flag_filter {
        return lower_flags(&below("responseFlagFilter"), said, faults);
    }
    if let Some(said) = runtime_filter {
        return lower_share(&below("runtimeFilter"), said, faults).map(LogFilter::Share);
    }
    Some(if traceable_filter.is_some() { LogFilter::Traceable } else { LogFilter::NotHealthCheck })
}

/// The filters of a list. Nobody has looked into it yet.
fn lower_filters(at: &FieldPath, said: Value, depth: usize, faults: &mut Faults<'_>) -> Option<Vec<LogFilter>> {
    if depth == DEEPEST {
        let message = format!("filters stand within filters more than {DEEPEST} times");
        faults.add(at, message, "write the same with fewer lists");
        return None;
    }
    let filters = match serde_json::from_value::<OptionLogFilters>(said) {
        Ok(OptionLogFilters { filters }) => filters,
        Err(error) => {
            faults.add(at, format!("this is no list of filters: {error}"), "write `filters` with a list of filters");
            return None;
        }
    };
    if filters.len() < 2 {
        faults.add(&at.join(&path!["filters"]), "Envoy takes two filters or more here", "write one filter by itself");
    }
    let filters = filters.into_iter().enumerate();
    let lowered = filters.map(|(index, filter)| {
        let at = at.join(&path!["filters", index]);
        lower_filter(&at, filter, depth + 1, faults)
    });
    lowered.collect::<Vec<_>>().into_iter().collect()
}

fn lower_number(
    at: &FieldPath,
    OptionCompared { comparison }: OptionCompared,
    faults: &mut Faults<'_>,
) -> Option<LogNumber> {
    let at = at.join(&path!["comparison"]);
    let Some(OptionComparison { op, value: Some(OptionRuntimeNumber { default_value, runtime_key }) }) = comparison
    else {
        faults.add(&at, "there is nothing to compare with", "write `comparison` with a `value`");
        return None;
    };
    let is = match op.as_ref().map(|GlooEnum(word)| word.as_str()) {
        None | Some("EQ" | "0" | "") => Comparison::Equal,
        Some("GE" | "1") => Comparison::AtLeast,
        Some("LE" | "2") => Comparison::AtMost,
        Some(other) => {
            faults.add(&at.join(&path!["op"]), format!("there is no comparison `{other}`"), "write `EQ`, `GE` or `LE`");
            return None;
        }
    };
    Some(LogNumber { is, than: default_value, setting: runtime_key })
}

fn lower_share(at: &FieldPath, said: OptionLogShare, faults: &mut Faults<'_>) -> Option<LogShare> {
    let OptionLogShare { percent_sampled, runtime_key, use_independent_randomness } = said;
    if runtime_key.is_empty() {
        let help = "write a name for the share, such as `access_log.share`";
        faults.add(&at.join(&path!["runtimeKey"]), "Envoy takes no share without a name", help);
    }
    let (numerator, denominator) = match percent_sampled {
        None => (0, 100),
        Some(OptionFraction { denominator, numerator }) => {
            let whole = match denominator.as_ref().map(|GlooEnum(word)| word.as_str()) {
                None | Some("HUNDRED" | "0" | "") => 100,
                Some("TEN_THOUSAND" | "1") => 10_000,
                Some("MILLION" | "2") => 1_000_000,
                Some(other) => {
                    let at = at.join(&path!["percentSampled", "denominator"]);
                    let help = "write `HUNDRED`, `TEN_THOUSAND` or `MILLION`";
                    faults.add(&at, format!("`{other}` is no denominator"), help);
                    return None;
                }
            };
            (numerator, whole)
        }
    };
    Some(LogShare { numerator, denominator, setting: runtime_key, is_independent: use_independent_randomness })
}

fn lower_calls(at: &FieldPath, said: OptionGrpcStatuses, faults: &mut Faults<'_>) -> Option<LogFilter> {
    let OptionGrpcStatuses { exclude, statuses } = said;
    let mut known = Vec::with_capacity(statuses.len());
    for (index, GlooEnum(word)) in statuses.iter().enumerate() {
        let position = STATUSES.iter().position(|name| name == word);
        let number = position.or_else(|| word.parse().ok().filter(|number| *number < STATUSES.len()));
        match number.and_then(|number| number.try_into().ok()) {
            Some(number) => known.push(number),
            None => {
                let at = at.join(&path!["statuses", index]);
                faults.add(&at, format!("there is no status `{word}` of gRPC"), "write a status such as `UNAVAILABLE`");
            }
        }
    }
    Some(LogFilter::Calls { statuses: known, excluded: exclude })
}

fn lower_flags(at: &FieldPath, said: OptionResponseFlags, faults: &mut Faults<'_>) -> Option<LogFilter> {
    let OptionResponseFlags { flags } = said;
    for (index, flag) in flags.iter().enumerate() {
        if !FLAGS.contains(&flag.as_str()) {
            let message = format!("Envoy knows no response flag `{flag}`");
            faults.add(&at.join(&path!["flags", index]), message, "write a flag of Envoy's, such as `UF` or `URX`");
        }
    }
    Some(LogFilter::Happened(flags))
}

fn lower_header(at: &FieldPath, said: OptionHeaderFilter, faults: &mut Faults<'_>) -> Option<LogHeader> {
    let OptionHeaderFilter { header } = said;
    let at = at.join(&path!["header"]);
    let Some(header) = header else {
        faults.add(&at, "the filter has no header", "add `header`");
        return None;
    };
    let OptionLogHeader {
        exact_match,
        invert_match,
        name,
        prefix_match,
        present_match,
        range_match,
        safe_regex_match,
        suffix_match,
    } = header;
    if !is_header(&name) {
        faults.add(
            &at.join(&path!["name"]),
            format!("`{name}` is the name of no header"),
            "write the name of a header",
        );
    }
    let range = range_match.as_ref().map(|range| {
        let (start, end) = to_range(&at.join(&path!["rangeMatch"]), range, faults);
        LogHeaderIs::Number(start, end)
    });
    let pattern = safe_regex_match.map(|OptionTextPattern { google_re2: _, regex }| regex);
    let forms = [
        exact_match.map(|text| LogHeaderIs::Text(TextIs::Exact(text))),
        present_match.map(|is_there| if is_there { LogHeaderIs::Present } else { LogHeaderIs::Absent }),
        prefix_match.map(|text| LogHeaderIs::Text(TextIs::Prefix(text))),
        suffix_match.map(|text| LogHeaderIs::Text(TextIs::Suffix(text))),
        pattern.map(|text| LogHeaderIs::Text(TextIs::Regex(text))),
        range,
    ];
    let mut forms = forms.into_iter().flatten();
    let (is, second) = (forms.next().unwrap_or(LogHeaderIs::Present), forms.next());
    if second.is_some() {
        faults.add(&at, "a header is matched in one way", "keep one of the fields beside `name` and `invertMatch`");
    }
    match &is {
        LogHeaderIs::Text(TextIs::Prefix(text) | TextIs::Suffix(text) | TextIs::Regex(text)) if text.is_empty() => {
            faults.add(&at, "Envoy does not take an empty text here", "write `presentMatch: true` for any value");
        }
        LogHeaderIs::Text(TextIs::Regex(text)) => {
            faults.expression(&at.join(&path!["safeRegexMatch", "regex"]), text);
        }
        _ => {}
    }
    Some(LogHeader { name: name.to_ascii_lowercase(), is, inverted: invert_match })
}

/// The numbers from the first, below the second.
pub(super) fn to_range(
    at: &FieldPath,
    OptionRange { end, start }: &OptionRange,
    faults: &mut Faults<'_>,
) -> (i64, i64) {
    let mut number = |field: &'static str, said: &Option<GlooEnum>| {
        let Some(GlooEnum(text)) = said else { return 0 };
        text.parse().unwrap_or_else(|_| {
            let message = format!("`{text}` is no number of 64 bits");
            faults.add(&at.join(&path![field]), message, "write a whole number");
            0
        })
    };
    (number("start", start), number("end", end))
}
