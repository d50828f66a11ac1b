//! `rateLimit.local` ([LocalRateLimit](https://gateway.envoyproxy.io/docs/api/extension_types/#localratelimit)).
//!
//! A request takes from each limit whose selectors it meets, and from the one without selectors where it meets none. Each
//! match of a rule has a count of its own.

use std::time::Duration;

use crate::diagnostics::FieldPath;
use crate::ir::{AddressRange, PathMatch, RateAsk, RequestRate, SelectedRate, TextIs, TokenBucket};
use crate::options::EnvoyVersion;
use crate::parser::api::{
    AuthorizationPath, BackendRateLimit, CostSpecifier, LocalRateLimit, RateLimitCost, RateLimitRule,
    RateLimitSelector, RateLimitValue, SelectedHeader, SelectedMethod, SelectedParameter, SelectedSource,
};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// The most that one request may take
/// ([HitsAddend](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto)).
const MOST_COST: i64 = 1_000_000_000;

/// The first release that tells clients of some limits alone, and that counts without refusing (seen at 1.36 to 1.40).
const SINGLE: EnvoyVersion = EnvoyVersion(38);

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// The limits of a rule.
#[derive(Clone, Debug)]
pub(super) struct RatePart {
    pub(super) rate: RequestRate,
    /// Whether clients are told what is left; where nothing is said of it that is the listener's to say.
    pub(super) is_told: Option<bool>,
}

/// The limits; `None` where there are none.
pub(super) fn lower(said: &BackendRateLimit, version: EnvoyVersion, faults: &mut Faults<'_>) -> Option<RatePart> {
    // The resolver lets no limits of a server through.
    let BackendRateLimit { global: _, local, limit_type } = said;
    let Some(LocalRateLimit { rules }) = local else {
        if limit_type.is_some() {
            faults.add(&path!["type"], "it has no limits", "add `local` with rules");
        }
        return None;
    };
    let mut rate = RequestRate::default();
    let told = told_of_all(rules);
    let mut others = None;
    for (index, rule) in rules.iter().enumerate() {
        let at = path!["local", "rules", index];
        let (mut one, is_told) = lower_rule(rule, &at, version, faults);
        if told.is_none() {
            one.is_told = is_told.filter(|_| !rule.client_selectors.is_empty());
        }
        if !rule.client_selectors.is_empty() {
            rate.selected.push(one);
        } else if others.is_some() {
            let help = "keep one of the rules without `clientSelectors`";
            faults.add(&at, "there is a limit for all other requests already", help);
        } else {
            others = Some((one, at, is_told));
        }
    }
    check_versions(&rate, version, faults);
    let own = others.as_ref().and_then(|(_, _, told)| *told);
    if let Some((others, at, _)) = others {
        check_units(rules, &others, faults);
        add_others(&mut rate, others, &at, faults);
    }
    (!rate.is_empty()).then_some(RatePart { rate, is_told: told.or(own) })
}

/// Whether clients are told, where all rules say the same of it.
fn told_of_all(rules: &[RateLimitRule]) -> Option<bool> {
    let mut told = rules.iter().map(|rule| rule.x_rate_limit_headers.as_deref());
    let first = told.next()??;
    told.all(|other| other == Some(first)).then_some(first != "Off")
}

fn check_versions(rate: &RequestRate, version: EnvoyVersion, faults: &mut Faults<'_>) {
    let is_told = rate.selected.iter().any(|one| one.is_told.is_some());
    if is_told && version < SINGLE {
        let help = "write the same for all rules, or compile for a newer release with `--envoy-version`";
        faults.add(&path!["local", "rules"], "Envoy before 1.38 tells clients of all limits or of none", help);
    }
}

/// Envoy Gateway takes no other limits beside one for all other requests.
fn check_units(rules: &[RateLimitRule], others: &SelectedRate, faults: &mut Faults<'_>) {
    let base = others.bucket.interval.as_secs();
    for (index, rule) in rules.iter().enumerate() {
        if !unit(&rule.limit.unit).as_secs().is_multiple_of(base) {
            let message = format!("`{}` is not a multiple of the unit for all other requests", rule.limit.unit);
            let help = "write a unit that is the same or longer, as Envoy Gateway asks for";
            faults.add(&path!["local", "rules", index, "limit", "unit"], message, help);
        }
    }
}

/// The limit for what is not selected. Envoy has tokens for that, of which each request takes one: for everything else what is
/// not selected has to be selected by its opposite.
fn add_others(rate: &mut RequestRate, others: SelectedRate, at: &FieldPath, faults: &mut Faults<'_>) {
    let SelectedRate { bucket, cost, is_only_counted, .. } = others;
    if cost == 1 && !is_only_counted {
        rate.bucket = Some(bucket);
        return;
    }
    let opposite = |one: &SelectedRate| {
        let mut asks = one.asks.iter().filter(|ask| **ask != RateAsk::EachClient);
        asks.next().filter(|_| asks.next().is_none()).and_then(RateAsk::inverse)
    };
    match rate.selected.iter().map(opposite).collect::<Option<Vec<RateAsk>>>() {
        Some(asks) => rate.selected.push(SelectedRate { asks, ..others }),
        None => {
            let message = "all requests that no other rule selects cannot be told apart for this limit";
            let help = "write a limit of 1 or more without `cost` and `shadowMode` here, or select by one thing in \
                        each other rule";
            faults.add(at, message, help);
        }
    }
}

fn unit(name: &str) -> Duration {
    Duration::from_secs(match name {
        "Second" => 1,
        "Minute" => 60,
        "Hour" => 60 * 60,
        "Day" => DAY,
        "Week" => 7 * DAY,
        "Month" => 30 * DAY,
        // The definition has no other.
        _ => 365 * DAY,
    })
}

fn lower_rule(
    rule: &RateLimitRule,
    at: &FieldPath,
    version: EnvoyVersion,
    faults: &mut Faults<'_>,
) -> (SelectedRate, Option<bool>) {
    // The resolver lets no `shared` through, and the definition no limit of metadata.
    let RateLimitRule { client_selectors, cost, limit, shadow_mode, shared: _, x_rate_limit_headers } = rule;
    let RateLimitValue { from_metadata: _, requests, unit: name } = limit;
    let mut asks = Vec::new();
    for (index, selector) in client_selectors.iter().enumerate() {
        lower_selector(selector, &at.with("clientSelectors").with(index), &mut asks, faults);
    }
    let cost = cost.as_ref().map_or(1, |cost| lower_cost(cost, at, faults));
    let is_only_counted = *shadow_mode == Some(true);
    if is_only_counted && version < SINGLE {
        let help = "remove it, or compile for a newer release with `--envoy-version`";
        faults.add(&at.with("shadowMode"), "Envoy before 1.38 does not count without refusing", help);
    }
    // A bucket has room for one token at least: of none a request takes two.
    let (most, cost) = if *requests == 0 { (1, 2) } else { (*requests, cost) };
    let bucket = TokenBucket { most, fill: most, interval: unit(name) };
    let is_told = x_rate_limit_headers.as_ref().map(|word| word != "Off");
    (SelectedRate { asks, bucket, cost, is_told: None, is_only_counted }, is_told)
}

fn lower_cost(said: &RateLimitCost, at: &FieldPath, faults: &mut Faults<'_>) -> u32 {
    // The definition lets no cost of responses through, and the resolver none of metadata.
    let RateLimitCost { request, response: _ } = said;
    let Some(CostSpecifier { from, metadata: _, number }) = request else { return 1 };
    let at = at.with("cost").with("request");
    let Some(number) = number else {
        faults.add(&at, format!("`from: {from}` says no cost"), "write `from: Number` and a `number`");
        return 1;
    };
    let known = u32::try_from(*number).ok().filter(|_| (1..=MOST_COST).contains(number));
    known.unwrap_or_else(|| {
        let message = format!("a request that takes {number} is counted by no limit of a proxy");
        faults.add(&at.with("number"), message, format!("write a number from 1 to {MOST_COST}"));
        1
    })
}

fn lower_selector(said: &RateLimitSelector, at: &FieldPath, asks: &mut Vec<RateAsk>, faults: &mut Faults<'_>) {
    let RateLimitSelector { headers, methods, path, query_params, source_cidr } = said;
    for (index, header) in headers.iter().enumerate() {
        asks.extend(lower_header(header, &at.with("headers").with(index), faults));
    }
    asks.extend(lower_methods(methods));
    asks.extend(path.as_ref().map(|path| lower_path(path, &at.with("path"), faults)));
    for (index, parameter) in query_params.iter().enumerate() {
        asks.extend(lower_parameter(parameter, &at.with("queryParams").with(index), faults));
    }
    if let Some(source) = source_cidr {
        lower_source(source, &at.with("sourceCIDR"), asks, faults);
    }
}

/// What a text has to be; `None` for each of its values by itself.
fn lower_text(
    (match_type, value, invert): (&str, Option<&String>, bool),
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> Option<TextIs> {
    if match_type == "Distinct" {
        if invert || value.is_some() {
            let help = "remove `value` and `invert`, or write another `type`";
            faults.add(at, "each value has a limit of its own, and none can be named", help);
        }
        return None;
    }
    let Some(value) = value else {
        faults.add(at, "it has no value", "add `value`, or write `type: Distinct`");
        return None;
    };
    if match_type != "RegularExpression" {
        return Some(TextIs::Exact(value.to_owned()));
    }
    faults.expression(&at.with("value"), value);
    Some(TextIs::Regex(value.to_owned()))
}

fn lower_header(said: &SelectedHeader, at: &FieldPath, faults: &mut Faults<'_>) -> Option<RateAsk> {
    let SelectedHeader { invert, name, match_type, value } = said;
    if !name.is_token() {
        let message = format!("`{}` is no name of a header", name.as_str().escape_debug());
        faults.add(&at.with("name"), message, "write a name like `x-user`");
        return None;
    }
    let is = lower_text((match_type, value.as_ref(), *invert), at, faults);
    Some(match is {
        None => RateAsk::EachHeader(name.lower()),
        Some(is) => RateAsk::Header { name: name.lower(), is: Some(is), inverted: *invert },
    })
}

fn lower_parameter(said: &SelectedParameter, at: &FieldPath, faults: &mut Faults<'_>) -> Option<RateAsk> {
    let SelectedParameter { invert, name, match_type, value } = said;
    let is = lower_text((match_type, value.as_ref(), *invert), at, faults);
    Some(match is {
        None => RateAsk::EachParameter(name.to_owned()),
        Some(is) => RateAsk::Parameter { name: name.to_owned(), is: Some(is), inverted: *invert },
    })
}

/// Any of the methods will do, each or all but it; `None` where that is every method.
fn lower_methods(said: &[SelectedMethod]) -> Option<RateAsk> {
    let of = |inverted: bool| {
        let methods = said.iter().filter(move |method| method.invert == inverted);
        methods.map(|SelectedMethod { invert: _, value }| value.as_str()).collect::<Vec<_>>()
    };
    let (named, left_out) = (of(false), of(true));
    match left_out.as_slice() {
        [] if named.is_empty() => None,
        [] => {
            let any_of = named.into_iter().map(str::to_owned).collect();
            Some(RateAsk::Method { any_of, inverted: false })
        }
        [first, rest @ ..] => {
            let is_one = rest.iter().all(|other| other == first) && !named.contains(first);
            is_one.then(|| RateAsk::Method { any_of: vec![(*first).to_owned()], inverted: true })
        }
    }
}

/// Prefixes are whole parts of the path; an expression sees the query too.
fn lower_path(said: &AuthorizationPath, at: &FieldPath, faults: &mut Faults<'_>) -> RateAsk {
    let AuthorizationPath { invert, path_type, value } = said;
    let is = match path_type.as_str() {
        "RegularExpression" => PathMatch::Regex(value.to_owned()),
        "Exact" => PathMatch::Exact(value.to_owned()),
        _ => PathMatch::Prefix(value.trim_end_matches('/').to_owned()),
    };
    if let PathMatch::Regex(expression) = &is {
        faults.expression(&at.with("value"), expression);
    } else if !value.starts_with('/') || !value.bytes().all(|c| c.is_ascii_graphic()) || value.contains(['?', '#']) {
        faults.add(&at.with("value"), "no path is like it", "write a path from its `/` on and without a query");
    }
    RateAsk::Path { is, inverted: *invert }
}

fn lower_source(said: &SelectedSource, at: &FieldPath, asks: &mut Vec<RateAsk>, faults: &mut Faults<'_>) {
    let SelectedSource { invert, match_type, value } = said;
    let Some(range) = AddressRange::parse(value) else {
        let message = format!("`{}` is no range of addresses", value.escape_debug());
        faults.add(&at.with("value"), message, "write it like `10.0.0.0/8` or `2001:db8::/32`");
        return;
    };
    if *invert {
        let help = "select by the addresses that are meant";
        faults.add(&at.with("invert"), "Envoy has no finished way to tell where a client is not", help);
    }
    asks.push(RateAsk::Client(range));
    asks.extend((match_type == "Distinct").then_some(RateAsk::EachClient));
}
