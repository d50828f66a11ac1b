//! Findings on rules and matches that get no request, and on matches that two
//! route objects have in common.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{Diagnostics, Finding, Omission, codes};
use crate::ir::{Origin, Route, RouteName};
use crate::translator::lower::Lowered;

use super::impossible;
use super::ledger::Errors;
use super::listener::Heard;
use super::objects::{Objects, Reason};
use super::reach::{Loss, Reach, RuleKey, hosts, is_same_object, matches_of, rule_key};
use super::subject::{HttpRule, Subject as _, Subjects, Verdict, Verdicts};
use super::witness::Witnesses;

/// Matches by their names.
pub(super) type Names<'c> = HashSet<&'c RouteName>;

/// Reports what was found, and says of which rules it is known which requests they get: from Gateways, or `of_services`
/// from the clients of Services. Matches of `elsewhere` get requests that are not looked at here.
pub(super) fn report<'s, 'r, 'm, 'c>(
    (lowered, reach): (&'c Lowered, &Reach<'c>),
    rules: &'s Subjects<HttpRule<'r, 'm>>,
    heard: &Heard,
    (objects, witnesses): (&Objects<'_>, &Witnesses<'c>),
    (elsewhere, of_services): (&Names<'_>, Option<&Reach<'_>>),
    diagnostics: &mut Diagnostics,
) -> Verdicts<'s, HttpRule<'r, 'm>> {
    report_lost(lowered, reach, (objects, witnesses), (elsewhere, &Names::new()), diagnostics);
    let errors = Errors::of(diagnostics);
    let known = || reach.rules.iter().chain(of_services.into_iter().flat_map(|reach| &reach.rules));
    let served: HashSet<_> = known().map(|&(kind, namespace, name, _)| (kind, namespace, name)).collect();
    let known: HashSet<_> = known().copied().collect();
    rules.judge(|rule| {
        let (kind, namespace, name, number) = rule.key();
        if known.contains(&(kind, namespace, name, number)) {
            return Verdict::Judged;
        }
        let is_served = served.contains(&(kind, namespace, name));
        Verdict::Unjudged(match is_served || heard.hears(&rule.route.parents) {
            _ if errors.is_below(&rule.part()) => Omission::Wrong,
            false => Omission::Unheard,
            true if is_served => Omission::Unaccounted,
            true => Omission::HostsTaken,
        })
    })
}

/// The names of all matches that are served.
pub(super) fn served(lowered: &Lowered) -> Names<'_> {
    hosts(lowered.judged()).flat_map(|at| &at.host.routes).map(|route| &route.name).collect()
}

/// The names of the matches that get requests.
pub(super) fn reached<'c>(lowered: &'c Lowered, reach: &Reach<'c>) -> Names<'c> {
    let routes = hosts(lowered.judged()).flat_map(|at| &at.host.routes);
    routes.filter(|route| !reach.lost.contains_key(&route.origin)).map(|route| &route.name).collect()
}

/// The names of those that get none.
pub(super) fn lost<'c>(reach: &Reach<'c>) -> Names<'c> {
    reach.lost.values().chain(reach.equal.values()).map(|loss| &loss.route.name).collect()
}

/// Reports the rules and matches that get nothing, and the matches that two objects have. Matches of `elsewhere` get
/// something where nobody looks here, and of those that are `told` something is said already.
pub(super) fn report_lost<'c>(
    lowered: &'c Lowered,
    reach: &Reach<'c>,
    (objects, witnesses): (&Objects<'_>, &Witnesses<'c>),
    (elsewhere, told): (&Names<'_>, &Names<'_>),
    diagnostics: &mut Diagnostics,
) {
    let mut equal = BTreeSet::new();
    for ((origin, _), loss) in &reach.equal {
        if told.contains(&loss.route.name) {
            continue;
        }
        let rest = match (reach.lost.contains_key(origin), elsewhere.contains(&loss.route.name)) {
            (true, false) => "",
            (true, true) => witnesses.of_others(),
            (false, _) => witnesses.of_the_rest(),
        };
        if let Some(finding) = equal_finding(loss, rest, objects, witnesses) {
            equal.insert(*origin);
            diagnostics.report(finding);
        }
    }
    let mut rules: BTreeMap<RuleKey<'_>, Vec<&Loss<'_>>> = BTreeMap::new();
    let is_told = |loss: &&Loss<'_>| elsewhere.contains(&loss.route.name) || told.contains(&loss.route.name);
    for loss in reach.lost.values().filter(|loss| !is_told(loss)) {
        rules.entry(rule_key(loss.route)).or_default().push(loss);
    }
    if rules.is_empty() {
        return;
    }
    let matches = matches_of(lowered, |key| rules.contains_key(key));
    for (key, losses) in rules {
        let rest: Vec<&Loss<'_>> = losses.iter().filter(|loss| !equal.contains(&loss.route.origin)).copied().collect();
        let is_whole = matches.get(&key).is_some_and(|all| all.len() == losses.len());
        let findings: Vec<Finding> = if is_whole && rest.iter().all(|loss| !loss.takers.is_empty()) {
            rule_finding(&rest, objects, witnesses).into_iter().collect()
        } else {
            rest.iter().filter_map(|loss| match_finding(loss, objects, witnesses)).collect()
        };
        findings.into_iter().for_each(|finding| diagnostics.report(finding));
    }
}

/// A match that another object has too, on the same hostname.
fn equal_finding<'c>(loss: &Loss<'c>, rest: &str, objects: &Objects<'_>, witnesses: &Witnesses<'c>) -> Option<Finding> {
    let Loss { route, at, takers } = loss;
    let winner = takers.first()?;
    let host = &at.host.hostname;
    let hostname = objects.hostname(route, host)?;
    // A more specific hostname is meant to go first.
    if objects.hostname(winner, host)? != hostname {
        return None;
    }
    let reason = objects.reason(winner, route, host);
    let message = format!(
        "the match is also that of {}, which takes its requests for {}",
        objects.describe(winner.origin),
        witnesses.whose(at, &hostname)
    );
    let finding = objects.finding(codes::DUPLICATE_MATCH, route.origin, false, message)?;
    let finding = finding
        .by_age(reason == Reason::Name)
        .label(format!("the other one goes first: {}", reason.as_str()))
        .consequence(format!("no request reaches this match{rest}"))
        .help(witnesses.apart())
        .witness(witnesses.of_loss(loss));
    Some(with_takers(finding, loss, objects))
}

fn rule_finding<'c>(losses: &[&Loss<'c>], objects: &Objects<'_>, witnesses: &Witnesses<'c>) -> Option<Finding> {
    let first = losses.first()?;
    let takers = losses.iter().flat_map(|loss| &loss.takers).copied();
    let message = format!("no request reaches this rule: {}", taken_in_words(takers, objects));
    let finding = objects.finding(codes::UNREACHABLE_RULE, first.route.origin, true, message)?;
    let finding = finding
        .label(why(first, objects))
        .by_age(is_by_age(first, objects))
        .consequence("the rule is served to nobody; other rules answer all requests that it matches")
        .help("remove the rule, or make its matches more specific than those that come first")
        .witness(losses.iter().find_map(|loss| witnesses.of_loss(loss)));
    Some(losses.iter().fold(finding, |finding, loss| with_takers(finding, loss, objects)))
}

fn match_finding<'c>(loss: &Loss<'c>, objects: &Objects<'_>, witnesses: &Witnesses<'c>) -> Option<Finding> {
    if let Some(cause) = impossible::cause(&loss.route.matches, loss.at.chain.path_rules(), loss.at.chain.clients()) {
        let finding = objects.finding(codes::IMPOSSIBLE_MATCH, loss.route.origin, false, cause.message())?;
        return Some(finding.label(cause.label()).consequence("no request reaches this match").help(cause.help()));
    }
    let message = format!("no request reaches this match: {}", taken_in_words(loss.takers.iter().copied(), objects));
    let finding = objects.finding(codes::UNREACHABLE_MATCH, loss.route.origin, false, message)?;
    let finding = finding
        .label(why(loss, objects))
        .by_age(is_by_age(loss, objects))
        .consequence("the match has no effect; other matches take all its requests")
        .help("remove the match, or make it more specific than what comes first")
        .witness(witnesses.of_loss(loss));
    Some(with_takers(finding, loss, objects))
}

fn taken_in_words<'c>(takers: impl Iterator<Item = &'c Route>, objects: &Objects<'_>) -> String {
    let takers: BTreeSet<Origin> = takers.map(|taker| taker.origin).collect();
    match takers.first() {
        Some(only) if takers.len() == 1 => format!("{} takes them all", objects.describe(*only)),
        _ => "other matches together take them all".to_owned(),
    }
}

/// What puts the first taker first.
fn reason(loss: &Loss<'_>, objects: &Objects<'_>) -> Option<Reason> {
    Some(objects.reason(loss.takers.first()?, loss.route, &loss.at.host.hostname))
}

/// The same in words.
fn why(loss: &Loss<'_>, objects: &Objects<'_>) -> String {
    reason(loss, objects).map_or_else(String::new, |reason| reason.as_str().to_owned())
}

fn is_by_age(loss: &Loss<'_>, objects: &Objects<'_>) -> bool {
    reason(loss, objects) == Some(Reason::Name)
}

/// Adds the places of those who take the requests.
fn with_takers(mut finding: Finding, loss: &Loss<'_>, objects: &Objects<'_>) -> Finding {
    for taker in &loss.takers {
        let Some(location) = objects.location(taker.origin) else { continue };
        let message = match is_same_object(taker, loss.route) {
            true => "this match of the same route takes the requests".to_owned(),
            false => format!("{} takes the requests", objects.describe(taker.origin)),
        };
        if !finding.related.iter().any(|related| related.location == location) {
            finding = finding.related(location, message);
        }
    }
    finding
}
