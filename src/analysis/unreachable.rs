//! Findings on rules and matches that get no request, and on matches that two
//! route objects have in common.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{Diagnostics, Finding, Omission, codes};
use crate::ir::{Origin, Route};
use crate::translator::lower::Lowered;

use super::impossible;
use super::ledger::Errors;
use super::listener::Heard;
use super::objects::{Objects, Reason};
use super::reach::{Loss, Reach, RuleKey, is_same_object, matches_of, reach, rule_key};
use super::subject::{HttpRule, Subject as _, Subjects, Verdict, Verdicts};
use super::witness::Witnesses;

/// Reports what was found, and says of which rules it is known which requests they get.
pub(super) fn report<'s, 'r, 'm, 'c>(
    lowered: &'c Lowered,
    rules: &'s Subjects<HttpRule<'r, 'm>>,
    heard: &Heard,
    (objects, witnesses): (&Objects<'_>, &Witnesses<'c>),
    diagnostics: &mut Diagnostics,
) -> Verdicts<'s, HttpRule<'r, 'm>> {
    let reach = reach(lowered);
    report_lost(lowered, &reach, (objects, witnesses), diagnostics);
    let errors = Errors::of(diagnostics);
    let object = |&(kind, namespace, name, _): &RuleKey<'c>| (kind, namespace, name);
    let served: HashSet<_> = reach.rules.iter().map(object).collect();
    rules.judge(|rule| {
        let (kind, namespace, name, number) = rule.key();
        if reach.rules.contains(&(kind, namespace, name, number)) {
            return Verdict::Judged;
        }
        Verdict::Unjudged(match heard.hears(&rule.route.parents) {
            _ if errors.is_below(&rule.part()) => Omission::Wrong,
            false => Omission::Unheard,
            true if served.contains(&(kind, namespace, name)) => Omission::Unaccounted,
            true => Omission::HostsTaken,
        })
    })
}

/// Reports the rules and matches that get nothing, and the matches that two objects have.
fn report_lost<'c>(
    lowered: &'c Lowered,
    reach: &Reach<'c>,
    (objects, witnesses): (&Objects<'_>, &Witnesses<'c>),
    diagnostics: &mut Diagnostics,
) {
    let mut equal = BTreeSet::new();
    for ((origin, _), loss) in &reach.equal {
        if let Some(finding) = equal_finding(loss, reach, objects, witnesses) {
            equal.insert(*origin);
            diagnostics.report(finding);
        }
    }
    let mut rules: BTreeMap<RuleKey<'_>, Vec<&Loss<'_>>> = BTreeMap::new();
    for loss in reach.lost.values() {
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
fn equal_finding<'c>(
    loss: &Loss<'c>,
    reach: &Reach<'c>,
    objects: &Objects<'_>,
    witnesses: &Witnesses<'c>,
) -> Option<Finding> {
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
        hosts_in_words(&hostname.to_string())
    );
    let elsewhere = if reach.lost.contains_key(&route.origin) { "" } else { " there; other hosts are served by it" };
    let finding = objects.finding(codes::DUPLICATE_MATCH, route.origin, false, message)?;
    let finding = finding
        .by_age(reason == Reason::Name)
        .label(format!("the other one goes first: {}", reason.as_str()))
        .consequence(format!("no request reaches this match{elsewhere}"))
        .help("remove one of the two, or give them different hostnames or conditions")
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
    if let Some(cause) = impossible::cause(&loss.route.matches, loss.at.chain.path_rules()) {
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

fn hosts_in_words(host: &str) -> String {
    if host == "*" { "every host".to_owned() } else { format!("`{host}`") }
}
