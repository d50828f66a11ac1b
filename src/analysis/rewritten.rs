//! Matches on headers that Envoy sets, changes or removes before it looks for
//! routes, on tunnels that have no path, and on segments of paths that Envoy
//! resolves: what such a match really takes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::diagnostics::{Diagnostics, Finding, codes};
use crate::hostname::Hostname;
use crate::http::Method;
use crate::ir::{ClientDetails, Config, HeaderMatch, Origin, PathMatch, RouteMatch, ValuePattern};
use crate::options::EnvoyVersion;
use crate::simulate::{Fate, Language, Pattern, fate, has_parameters_of_dots, is_referer};

use super::objects::Objects;
use super::reach::hosts;
use super::release::RESOLVES_PARAMETERS;
use super::unreachable::Names;

/// Values that `x-request-id` may get.
const UUIDS: &[&str] = &["f6e8df1c-be84-4e26-97ad-ad620b0b3f4a", "09b5d4d4-4e0e-4719-b69c-57c73d2af895"];

/// Values that `x-forwarded-for` may get: the last address is that of the connection.
const FORWARDED: &[&str] = &["203.0.113.7", "10.1.2.3", "2001:db8::1", "198.51.100.9,203.0.113.7", "x, 10.1.2.3"];

/// Addresses of clients.
const ADDRESSES: &[&str] = &["203.0.113.7", "10.1.2.3", "2001:db8::1"];

/// What a condition takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// No request.
    Never,
    /// Every request.
    Always,
    /// Those whose connection comes from an address, and not those that name it.
    Connection,
    /// Requests that are refused afterwards.
    Refused,
}

/// What a condition takes on each kind of listener that has it, with the scheme; `None` where it tells requests apart.
type Verdicts = BTreeSet<Option<(Verdict, &'static str)>>;

/// Reports such matches. Those of `elsewhere` get requests of clients of Services as well, whatever host these name, and with
/// the headers by which neighbours are believed; of those that are `told` it is said where Gateways serve them.
pub(super) fn report(
    config: &Config,
    release: EnvoyVersion,
    objects: &Objects<'_>,
    (elsewhere, told): (&Names<'_>, &Names<'_>),
    diagnostics: &mut Diagnostics,
) {
    let mut found: BTreeMap<(Origin, &str), Verdicts> = BTreeMap::new();
    let (mut tunnels, mut dots) = (BTreeSet::new(), BTreeSet::new());
    let mut others: BTreeMap<Origin, Option<String>> = BTreeMap::new();
    let neighbours = ClientDetails { are_believed: true, ..ClientDetails::default() };
    for at in hosts(config) {
        let scheme = if at.chain.tls.is_some() { "https" } else { "http" };
        for route in at.host.routes.iter().filter(|route| !told.contains(&route.name)) {
            if has_tunnel_with_path(&route.matches) {
                tunnels.insert(route.origin);
            }
            if release >= RESOLVES_PARAMETERS && asks_for_dots(&route.matches.path) {
                dots.insert(route.origin);
            }
            let is_elsewhere = elsewhere.contains(&route.name);
            if let Some(asked) = route.matches.headers.iter().find_map(hosts_of).filter(|_| !is_elsewhere) {
                // One host that meets it is enough.
                let other = asked.iter().all(|asked| !holds(&at.host.hostname, asked)).then(|| asked.join("`, `"));
                let before = others.entry(route.origin).or_insert_with(|| other.clone());
                *before = before.take().and(other);
            }
            for header in &route.matches.headers {
                if fate(&header.name) != Fate::Kept {
                    let clients = at.chain.clients();
                    let hops = clients.trusted_hops.unwrap_or(config.proxy.trusted_hops);
                    let is_kept =
                        clients.keep_header(&header.name) || is_elsewhere && neighbours.keep_header(&header.name);
                    let told = Some(header).filter(|_| !is_kept);
                    let verdict = told.and_then(|header| judge(header, scheme, hops)).map(|verdict| (verdict, scheme));
                    found.entry((route.origin, header.name.as_str())).or_default().insert(verdict);
                }
            }
        }
    }
    let of_header = |((origin, name), verdicts): ((Origin, &str), Verdicts)| {
        let mut verdicts = verdicts.into_iter();
        // Where one listener differs from another, the match tells them apart.
        let first = verdicts
            .next()
            .flatten()
            .filter(|(first, _)| verdicts.all(|other| other.is_some_and(|(other, _)| other == *first)))?;
        header_finding(origin, name, first, objects)
    };
    let findings = found.into_iter().filter_map(of_header);
    let tunnels = tunnels.into_iter().filter_map(|origin| tunnel_finding(origin, objects));
    let dots = dots.into_iter().filter_map(|origin| dots_finding(origin, objects));
    let others = others.into_iter().filter_map(|(origin, asked)| host_finding(origin, &asked?, objects));
    findings.chain(tunnels).chain(dots).chain(others).for_each(|finding| {
        diagnostics.report(finding);
    });
}

/// Whether every path that a condition takes has a segment of dots with parameters.
fn asks_for_dots(path: &PathMatch) -> bool {
    match path {
        PathMatch::Exact(path) | PathMatch::Prefix(path) => has_parameters_of_dots(path),
        PathMatch::Regex(pattern) => match Language::of(pattern) {
            Language::Texts(texts) => !texts.is_empty() && texts.iter().all(|text| has_parameters_of_dots(text)),
            Language::Beginning { text, goes_on: _ } | Language::Within(text) => has_parameters_of_dots(&text),
        },
    }
}

/// The hosts that a condition asks for; `None` where it is about another header, or allows more than can be listed.
fn hosts_of(header: &HeaderMatch) -> Option<Vec<String>> {
    if header.name != "host" {
        return None;
    }
    match &header.value {
        ValuePattern::Exact(host) => Some(vec![host.clone()]),
        ValuePattern::Regex(pattern) => match Language::of(pattern) {
            Language::Texts(texts) if !texts.is_empty() => Some(texts),
            Language::Texts(_) | Language::Beginning { .. } | Language::Within(_) => None,
        },
    }
}

/// Whether requests for a host, which may be written with a port, are among those for a hostname.
fn holds(hostname: &Hostname, host: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| digits(port)).map_or(host, |(name, _)| name);
    hostname.covers(&Hostname::Exact(name.to_ascii_lowercase()))
}

fn host_finding(origin: Origin, asked: &str, objects: &Objects<'_>) -> Option<Finding> {
    let message = format!("no request meets this match: requests for `{asked}` are not among those that come here");
    let finding = objects.finding(codes::IMPOSSIBLE_MATCH, origin, false, message)?;
    Some(
        finding
            .label("the header `host` is the host of the request, which the hostnames decide about")
            .consequence("no request reaches this match")
            .help("add the host to `hostnames`, and remove the condition or make it agree with them"),
    )
}

fn has_tunnel_with_path(matches: &RouteMatch) -> bool {
    matches.method == Some(Method::Connect) && matches.path != PathMatch::Prefix(String::new())
}

fn meets(header: &HeaderMatch, values: &[&str]) -> usize {
    match &header.value {
        ValuePattern::Exact(exact) => values.iter().filter(|value| *value == exact).count(),
        ValuePattern::Regex(pattern) => {
            let pattern = Pattern::new(pattern);
            values.iter().filter(|value| pattern.matches(value)).count()
        }
    }
}

/// What a condition on a header takes that is not matched as it was sent; `None` for those that do what they say.
fn judge(header: &HeaderMatch, scheme: &str, trusted_hops: u32) -> Option<Verdict> {
    let meets = |values: &[&str]| meets(header, values);
    let only_if = |is_met: bool, verdict: Verdict| Some(verdict).filter(|_| !is_met);
    match fate(&header.name) {
        // What is removed has a finding of its own.
        Fate::Kept | Fate::Removed => None,
        Fate::Scheme if trusted_hops > 0 => None,
        Fate::Scheme => Some(if meets(&[scheme]) == 1 { Verdict::Always } else { Verdict::Never }),
        Fate::Fresh => match meets(UUIDS) {
            0 => Some(Verdict::Never),
            all if all == UUIDS.len() => Some(Verdict::Always),
            _ => None,
        },
        Fate::Appended => match (meets(FORWARDED), &header.value) {
            (all, _) if all == FORWARDED.len() => Some(Verdict::Always),
            (_, ValuePattern::Exact(value)) if !ends_in_address(value) => Some(Verdict::Never),
            _ => Some(Verdict::Connection),
        },
        Fate::Address => match (meets(ADDRESSES), &header.value) {
            (all, _) if all == ADDRESSES.len() => Some(Verdict::Always),
            (_, ValuePattern::Exact(value)) => only_if(value.parse::<IpAddr>().is_ok(), Verdict::Never),
            (_, ValuePattern::Regex(_)) => None,
        },
        Fate::Url => match &header.value {
            ValuePattern::Exact(value) => only_if(is_referer(value), Verdict::Never),
            ValuePattern::Regex(_) => None,
        },
        Fate::Expectation => match &header.value {
            ValuePattern::Exact(value) => only_if(!value.eq_ignore_ascii_case("100-continue"), Verdict::Never),
            ValuePattern::Regex(_) => only_if(meets(&["100-continue"]) == 0, Verdict::Never),
        },
        Fate::Trailers => only_if(meets(&["trailers"]) > 0, Verdict::Never),
        Fate::OfUpgrades if header.name == "upgrade" => match meets(&["websocket", "WebSocket", "Websocket"]) {
            0 if meets(&["h2c"]) > 0 => Some(Verdict::Never),
            0 => Some(Verdict::Refused),
            _ => None,
        },
        Fate::OfUpgrades => match &header.value {
            ValuePattern::Exact(value) => {
                only_if(value.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade")), Verdict::Never)
            }
            ValuePattern::Regex(_) => only_if(
                meets(&["upgrade", "Upgrade", "keep-alive, Upgrade", "Upgrade, keep-alive"]) > 0,
                Verdict::Never,
            ),
        },
    }
}

/// Whether every request (`true`) or none (`false`) of a listener that speaks `scheme` meets a condition, whatever
/// clients send; `None` where that depends on the request or cannot be told. Unlike what is reported, this is never a
/// guess from examples.
pub(crate) fn outcome(header: &HeaderMatch, scheme: &str, trusted_hops: u32) -> Option<bool> {
    let never = |is_met: bool| (!is_met).then_some(false);
    match (fate(&header.name), &header.value) {
        (Fate::Removed, _) => Some(false),
        (Fate::Scheme, _) if trusted_hops == 0 => Some(meets(header, &[scheme]) == 1),
        // Nothing else is left of it, and not every request has it.
        (Fate::Trailers, _) => never(meets(header, &["trailers"]) == 1),
        // Both are in every request.
        (Fate::Fresh | Fate::Appended, ValuePattern::Regex(pattern)) => takes_all(pattern).then_some(true),
        (Fate::Fresh, ValuePattern::Exact(value)) => never(is_uuid(value)),
        (Fate::Appended, ValuePattern::Exact(value)) => never(ends_in_address(value)),
        (Fate::Address, ValuePattern::Exact(value)) => never(value.parse::<IpAddr>().is_ok()),
        (Fate::Expectation, ValuePattern::Exact(value)) => never(!value.eq_ignore_ascii_case("100-continue")),
        (Fate::Url, ValuePattern::Exact(value)) => never(is_referer(value)),
        (Fate::Kept | Fate::Scheme | Fate::Address | Fate::Url | Fate::Expectation | Fate::OfUpgrades, _) => None,
    }
}

/// Whether a pattern takes every text that is not empty.
fn takes_all(pattern: &str) -> bool {
    matches!(Language::of(pattern), Language::Beginning { text, goes_on: _ } if text.is_empty())
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36 && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn ends_in_address(value: &str) -> bool {
    value.rsplit(',').next().is_some_and(|last| last.parse::<IpAddr>().is_ok())
}

fn header_finding(
    origin: Origin,
    name: &str,
    (verdict, scheme): (Verdict, &str),
    objects: &Objects<'_>,
) -> Option<Finding> {
    let what = match fate(name) {
        Fate::Scheme => format!("Envoy sets `{name}` to what the listener speaks, which is `{scheme}`"),
        Fate::Fresh => format!("Envoy sets `{name}` to a new UUID in each request"),
        Fate::Appended => format!("Envoy appends the address of the connection to `{name}`"),
        Fate::Address => format!("Envoy sets `{name}` to the address of the client"),
        Fate::Expectation => format!("Envoy answers `{name}: 100-continue` itself and takes the header out"),
        Fate::Trailers => format!("Envoy leaves nothing but `trailers` of `{name}`"),
        Fate::Url => format!("Envoy takes `{name}` out where it is no reference, or one with a user or a fragment"),
        Fate::OfUpgrades => format!("Envoy keeps `{name}` in upgrades to `websocket` only"),
        Fate::Kept | Fate::Removed => return None,
    };
    let (claim, consequence) = match verdict {
        Verdict::Never => ("no request meets this match", "no request reaches this match"),
        Verdict::Always => ("every request meets this condition", "the condition keeps nobody out"),
        Verdict::Connection => (
            "this match takes connections from an address, and not requests that name one",
            "clients behind another proxy do not reach this match, whatever they send",
        ),
        Verdict::Refused => ("requests that meet this match are refused", "requests that meet this match get 403"),
    };
    let help = match fate(name) {
        Fate::Scheme => {
            "attach the rule to the listener that is meant, or say with `--trusted-hops` that a proxy in front sets the \
             header"
        }
        Fate::OfUpgrades => "match `upgrade: websocket`, or remove the condition",
        Fate::Url => "match a value that is a URL without user and fragment, as browsers send it",
        _ => "match another header, one that Envoy hands on as clients send it",
    };
    let finding = objects.finding(codes::REWRITTEN_HEADER, origin, false, format!("{claim}: {what}"))?;
    let done = if fate(name) == Fate::Url { "checked" } else { "written" };
    Some(finding.label(format!("`{name}` is {done} before routes are matched")).consequence(consequence).help(help))
}

fn tunnel_finding(origin: Origin, objects: &Objects<'_>) -> Option<Finding> {
    let message = "no request meets this match: `CONNECT` asks for a host and a port, and has no path".to_owned();
    let finding = objects.finding(codes::TUNNEL_WITH_PATH, origin, false, message)?;
    Some(
        finding
            .label("a condition on the path of a request without one")
            .consequence("no request reaches this match")
            .help("remove `path`: a match with `method: CONNECT` alone takes every tunnel for its hosts"),
    )
}

fn dots_finding(origin: Origin, objects: &Objects<'_>) -> Option<Finding> {
    let message =
        "no request that is written like this meets this match: Envoy takes `..;` and `.;` in a path for `..` \
                   and `.`, whatever follows up to the next slash"
            .to_owned();
    let finding = objects.finding(codes::IMPOSSIBLE_MATCH, origin, false, message)?;
    Some(
        finding
            .label("a segment that is dots with parameters")
            .consequence("only requests that escape the dots, as in `%2E%2E;`, reach this match")
            .help("match the path that is left when the segment is resolved: `/b` for `/a/..;x/b`"),
    )
}

#[cfg(test)]
mod tests {
    use super::{Verdict, judge};
    use crate::ir::{HeaderMatch, ValuePattern};

    fn exact(name: &str, value: &str) -> HeaderMatch {
        HeaderMatch { name: name.into(), value: ValuePattern::Exact(value.to_owned()) }
    }

    fn regex(name: &str, value: &str) -> HeaderMatch {
        HeaderMatch { name: name.into(), value: ValuePattern::Regex(value.to_owned()) }
    }

    #[test]
    fn conditions_are_judged_by_what_becomes_of_the_header() {
        use Verdict::{Always, Connection, Never, Refused};
        for (header, hops, verdict) in [
            (exact("x-forwarded-proto", "https"), 0, Some(Never)),
            (exact("x-forwarded-proto", "http"), 0, Some(Always)),
            (exact("x-forwarded-proto", "https"), 1, None),
            (exact("x-request-id", "1"), 0, Some(Never)),
            (regex("x-request-id", ".+"), 0, Some(Always)),
            (regex("x-request-id", "f.*"), 0, None),
            (exact("x-forwarded-for", "10.0.0.1"), 0, Some(Connection)),
            (exact("x-forwarded-for", "10.0.0.1, proxy"), 0, Some(Never)),
            (regex("x-forwarded-for", ".*"), 1, Some(Always)),
            (exact("expect", "100-Continue"), 0, Some(Never)),
            (exact("expect", "else"), 0, None),
            (exact("te", "gzip"), 0, Some(Never)),
            (exact("te", "trailers"), 0, None),
            (exact("upgrade", "websocket"), 0, None),
            (exact("upgrade", "h2c"), 0, Some(Never)),
            (exact("upgrade", "foo"), 0, Some(Refused)),
            (exact("connection", "keep-alive, Upgrade"), 0, None),
            (exact("connection", "close"), 0, Some(Never)),
            (exact("x-envoy-external-address", "me"), 0, Some(Never)),
            (exact("referer", "https://u@partner.com/"), 0, Some(Never)),
            (exact("referer", "https://partner.com/"), 0, None),
            (regex("referer", ".*partner.*"), 0, None),
            (exact("x-custom", "1"), 0, None),
        ] {
            assert_eq!(judge(&header, "http", hops), verdict, "{header:?} behind {hops}");
        }
    }
}
