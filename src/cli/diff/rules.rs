//! The rules of one virtual host before and after: which came and went, which
//! do something else, and which changed places.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{Change, ChangeKind, Moved, Touch, Touched, WitnessView};
use super::checks;
use super::meet::{Meeting, joint, meeting};
use super::servers;
use super::side::{Host, HostKey, Rule, RuleKey, Side, requests};
use crate::analysis::cover::{Earlier, Patterns, Rest};
use crate::ir::{
    Action, ClientDetails, DirectResponse, Forward, GatewayName, ObjectName, PathRules, Route, RouteMatch,
};
use crate::parser::manifests::ObjectKey;
use crate::parser::route::RouteKind;
use crate::simulate::Request;

/// What is said of a rule that came or went where that may be no difference: its requests were not found to be answered
/// otherwise, nor that all of them are answered alike.
const NONE_SHOWS: &str = "no request was found that they answer otherwise";
/// With how many rules that do otherwise a request is looked for at most.
const MOST_OTHERS: usize = 8;

/// Both sides of a comparison.
#[derive(Clone, Copy)]
pub(super) struct Both<'s, 'c> {
    pub(super) old: &'s Side<'c>,
    pub(super) new: &'s Side<'c>,
}

/// The hosts that serve the same requests on both sides.
#[derive(Clone, Copy)]
struct Pair<'s, 'c> {
    both: Both<'s, 'c>,
    key: &'s HostKey<'c>,
    old: Option<&'s Host<'c>>,
    new: Option<&'s Host<'c>>,
}

/// Compares the rules that serve one host.
pub(super) fn compare<'s, 'c>(
    both: Both<'s, 'c>,
    key: &'s HostKey<'c>,
    old: Option<&'s Host<'c>>,
    new: Option<&'s Host<'c>>,
    (changes, moved): (&mut Vec<Change>, &mut BTreeSet<Moved>),
) {
    let pair = Pair { both, key, old, new };
    let (before, after) = (rules_of(old), rules_of(new));
    let known: BTreeMap<&RuleKey, usize> = before.iter().enumerate().map(|(place, rule)| (&rule.key, place)).collect();
    let now: BTreeSet<&RuleKey> = after.iter().map(|rule| &rule.key).collect();
    let is_gone = |rule: &Rule<'c>| rule.is_reached && !now.contains(&rule.key);
    let mut gone: Vec<usize> =
        before.iter().enumerate().filter(|(_, rule)| is_gone(rule)).map(|(place, _)| place).collect();
    // The rules that both sides have, by what they are, in the order of the new side.
    let mut kept: Vec<Kept<'_, 'c>> = Vec::new();
    for rule in after {
        match known.get(&rule.key) {
            None if !rule.is_reached => {}
            None => match gone.iter().position(|place| is_same(&before[*place], rule)) {
                // A rule that moved to another object, or to another place of a list of equal ones.
                Some(found) => {
                    let place = gone.remove(found);
                    moved.extend(moved_between(&before[place], rule));
                    kept.push(Kept { old: &before[place], place, new: rule });
                }
                None => changes.extend(pair.came(rule, after, before)),
            },
            Some(&place) => {
                kept.push(Kept { old: &before[place], place, new: rule });
                changes.extend(pair.stayed(&before[place], rule, before, after));
            }
        }
    }
    for rule in gone.into_iter().map(|place| &before[place]) {
        changes.extend(pair.went(rule, before, after));
    }
    pair.reordered(&kept, changes);
}

/// A rule that both sides have, with its place on the old one.
#[derive(Clone, Copy)]
struct Kept<'s, 'c> {
    old: &'s Rule<'c>,
    place: usize,
    new: &'s Rule<'c>,
}

fn rules_of<'s, 'c>(host: Option<&'s Host<'c>>) -> &'s [Rule<'c>] {
    host.map_or(&[], |host| host.rules.as_slice())
}

/// The objects of a rule that both sides have, where they are two.
fn moved_between(old: &Rule<'_>, new: &Rule<'_>) -> Option<Moved> {
    let (from, to) = (object_of(old)?, object_of(new)?);
    (from != to).then_some(Moved { from, to })
}

fn touched(rule: &Rule<'_>) -> Option<Touched> {
    let ObjectName { kind, namespace, name } = &*rule.route.name.route;
    Some(Touched::new(Touch::Route(RouteKind::of_name(kind)?.kind()), (namespace, name)))
}

/// The route that a rule is of.
fn object_of(rule: &Rule<'_>) -> Option<ObjectKey> {
    let ObjectName { kind, namespace, name } = &*rule.route.name.route;
    Some(ObjectKey::new(RouteKind::of_name(kind)?.kind(), (namespace, name)))
}

/// Whether two rules take the same requests and do the same.
fn is_same(one: &Rule<'_>, other: &Rule<'_>) -> bool {
    one.key.1 == other.key.1 && one.is_reached == other.is_reached && one.action == other.action
}

impl<'s, 'c> Pair<'s, 'c> {
    fn gateway(&self) -> &'s GatewayName {
        self.key.chain.socket.gateway
    }

    fn came(&self, rule: &Rule<'c>, own: &[Rule<'c>], other: &[Rule<'c>]) -> Option<Change> {
        let places = (None, self.both.new.place(rule));
        self.change(ChangeKind::Added, (rule, self.new), places, || others(rule, own, other))
    }

    fn went(&self, rule: &Rule<'c>, own: &[Rule<'c>], other: &[Rule<'c>]) -> Option<Change> {
        let places = (self.both.old.place(rule), None);
        self.change(ChangeKind::Removed, (rule, self.old), places, || others(rule, own, other))
    }

    fn stayed(&self, earlier: &Rule<'c>, rule: &Rule<'c>, before: &[Rule<'c>], after: &[Rule<'c>]) -> Option<Change> {
        let places = (self.both.old.place(earlier), self.both.new.place(rule));
        match (earlier.is_reached, rule.is_reached) {
            (false, false) => None,
            (true, false) => {
                self.change(ChangeKind::Shadowed, (earlier, self.old), places, || others(earlier, before, after))
            }
            (false, true) => self.change(ChangeKind::Added, (rule, self.new), places, || others(rule, after, before)),
            (true, true) if earlier.action == rule.action => None,
            (true, true) => {
                let refused = |side: &Side<'c>, rule: &Rule<'c>| servers::refusal(rule.route, side.config).is_some();
                let is_same_kind = refused(self.both.old, earlier) == refused(self.both.new, rule);
                let kind = Some(kind_of(&earlier.action, &rule.action)).filter(|_| is_same_kind);
                let kind = kind.unwrap_or(ChangeKind::Retargeted);
                // One text of a pattern may be another rule's.
                let matches = &rule.route.matches;
                let others = || Some(meeting(matches, matches).map(|meeting| meeting.some).unwrap_or_default());
                let mut change = self.change(kind, (rule, self.new), places, others)?;
                // What the answer does not show is named.
                if change.old_answer == change.new_answer {
                    change.new_answer += &with_other(&earlier.action, &rule.action);
                }
                Some(change)
            }
        }
    }

    /// A change, with a request that shows it: one that `rule` of `host` takes. Where none of its own does, those are asked
    /// that it shares with `others`; `None` where these say that nothing changes.
    fn change(
        &self,
        kind: ChangeKind,
        (rule, host): (&Rule<'c>, Option<&Host<'c>>),
        places: (Option<String>, Option<String>),
        others: impl FnOnce() -> Option<Vec<RouteMatch>>,
    ) -> Option<Change> {
        let side =
            if kind == ChangeKind::Removed || kind == ChangeKind::Shadowed { self.both.old } else { self.both.new };
        let is_taken = |request: &&Request| {
            let decision = side.decide(self.gateway(), request);
            decision.and_then(|decision| decision.route).is_some_and(|route| std::ptr::eq(route, rule.route))
        };
        let shows = |request: &Request| is_taken(&request) && self.answers(request).is_some();
        let of = |matches: &RouteMatch| host.map(|host| requests(self.key, host, matches)).unwrap_or_default();
        let mut asked = of(&rule.route.matches);
        let mut shown = asked.iter().position(shows);
        if shown.is_none() {
            let own = asked.len();
            asked.extend(others()?.iter().flat_map(of));
            shown = asked.iter().skip(own).position(shows).map(|position| own + position);
        }
        let shown = shown.and_then(|position| asked.get(position));
        if shown.is_none() && matches!(kind, ChangeKind::Added | ChangeKind::Removed | ChangeKind::Shadowed) {
            let mut change = self.told(kind, (title(&rule.key), &[rule]), None, places);
            let (own, others) = ("this rule".to_owned(), format!("other rules; {NONE_SHOWS}"));
            (change.old_answer, change.new_answer) =
                if kind == ChangeKind::Added { (others, own) } else { (own, others) };
            return Some(change);
        }
        let shown = shown.or_else(|| asked.iter().find(is_taken)).or(asked.first());
        Some(self.told(kind, (title(&rule.key), &[rule]), shown, places))
    }

    /// The answers of both sides, when they differ.
    fn answers(&self, request: &Request) -> Option<(String, String)> {
        let answer = |is_long| {
            let (old, new) = (self.both.old, self.both.new);
            (old.answer(self.gateway(), request, is_long), new.answer(self.gateway(), request, is_long))
        };
        [answer(false), answer(true)].into_iter().find(|(old, new)| old != new)
    }

    fn told(
        &self,
        kind: ChangeKind,
        (subject, rules): (String, &[&Rule<'_>]),
        request: Option<&Request>,
        (old_place, new_place): (Option<String>, Option<String>),
    ) -> Change {
        let same = |request: &Request| {
            let (old, new) = (self.both.old, self.both.new);
            (old.answer(self.gateway(), request, true), new.answer(self.gateway(), request, true))
        };
        let answers = request.map(|request| self.answers(request).unwrap_or_else(|| same(request)));
        let (old_answer, new_answer) = answers.unwrap_or_default();
        Change {
            kind,
            gateway: self.gateway().to_string(),
            subject,
            host: self.key.host.to_string(),
            further_hosts: 0,
            clients: None,
            old_place,
            new_place,
            witness: request.map(WitnessView::from),
            old_answer,
            new_answer,
            touched: rules.iter().filter_map(|rule| touched(rule)).collect(),
        }
    }

    /// Rules that both sides have, in another order, where a request can meet two of them. `kept` has the order of the new
    /// side.
    fn reordered(&self, kept: &[Kept<'s, 'c>], changes: &mut Vec<Change>) {
        let order: Vec<usize> = kept.iter().map(|one| one.place).collect();
        let moved = moved(&order);
        for (position, one) in kept.iter().enumerate().filter(|(position, _)| moved.contains(position)) {
            for (other_position, other) in kept.iter().enumerate() {
                let is_inverted = (position < other_position) != (one.place < other.place);
                let is_first = !moved.contains(&other_position) || position < other_position;
                if position != other_position && is_inverted && is_first {
                    let (first, second) = if position < other_position { (one, other) } else { (other, one) };
                    changes.extend(self.exchanged(*first, *second));
                }
            }
        }
    }

    /// Of two rules `first` goes first on the new side, and `second` did on the old one. A request is looked for of which
    /// that decides.
    fn exchanged(&self, first: Kept<'s, 'c>, second: Kept<'s, 'c>) -> Option<Change> {
        // Whatever is decided otherwise is decided so by two rules that are reached.
        if !second.old.is_reached || !first.new.is_reached || second.old.action == first.new.action {
            return None;
        }
        let Meeting { whole, some } = meeting(&first.new.route.matches, &second.new.route.matches)?;
        let places = (self.both.old.place(first.old), self.both.new.place(first.new));
        let subject = format!("{} goes before {}", title(&first.new.key), title(&second.new.key));
        let both = [first.new, second.new];
        let requests: Vec<Request> = self
            .new
            .iter()
            .flat_map(|host| some.iter().flat_map(|matches| requests(self.key, host, matches)))
            .collect();
        if let Some(shown) = requests.iter().find(|request| self.answers(request).is_some()) {
            return Some(self.told(ChangeKind::Reordered, (subject, &both), Some(shown), places));
        }
        let takes = |side: &Side<'c>, request: &Request, rule: &Rule<'c>| {
            let decision = side.decide(self.gateway(), request);
            decision.and_then(|decision| decision.route).is_some_and(|route| std::ptr::eq(route, rule.route))
        };
        let is_taken =
            |request: &&Request| takes(self.both.old, request, second.old) && takes(self.both.new, request, first.new);
        if let Some(shown) = requests.iter().find(is_taken) {
            let mut change = self.told(ChangeKind::Reordered, (subject, &both), Some(shown), places);
            change.new_answer += &with_other(&second.old.action, &first.new.action);
            return Some(change);
        }
        let (before, after) = (rules_of(self.old), rules_of(self.new));
        if is_taken_before(second.old, &whole, before) || is_taken_before(first.new, &whole, after) {
            return None;
        }
        let mut change = self.told(ChangeKind::Reordered, (subject, &both), None, places);
        change.old_answer = format!("{} goes first; no request that both take was found", title(&second.old.key));
        change.new_answer = format!("{} goes first", title(&first.new.key));
        Some(change)
    }
}

/// Whether the rules before a rule take all requests that meet some conditions, or nothing meets them.
fn is_taken_before(rule: &Rule<'_>, matches: &RouteMatch, rules: &[Rule<'_>]) -> bool {
    let joint = Route { matches: Arc::new(matches.clone()), ..rule.route.clone() };
    let mut patterns = Patterns::default();
    let mut earlier = Earlier::new(&mut patterns, (PathRules::OPEN, ClientDetails::OPEN));
    rules.iter().take_while(|other| other.key != rule.key).for_each(|other| earlier.add(other.route));
    earlier.rest(&joint) != Rest::Some
}

/// What two actions differ in, where the answers do not show it.
fn with_other(old: &Action, new: &Action) -> String {
    let parts: Vec<Cow<'static, str>> = apart(old, new).into_iter().collect();
    if parts.is_empty() { String::new() } else { format!(", with other {}", parts.join(" and ")) }
}

fn title((object, conditions, _): &RuleKey) -> String {
    format!("{object}: {conditions}")
}

/// The positions of what does not belong to a longest part of the list that ascends.
fn moved(order: &[usize]) -> BTreeSet<usize> {
    let mut tails: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; order.len()];
    for (position, place) in order.iter().enumerate() {
        let at = tails.partition_point(|tail| order[*tail] < *place);
        previous[position] = at.checked_sub(1).and_then(|before| tails.get(before).copied());
        if at == tails.len() {
            tails.push(position);
        } else {
            tails[at] = position;
        }
    }
    let mut kept = BTreeSet::new();
    let mut next = tails.last().copied();
    while let Some(position) = next {
        kept.insert(position);
        next = previous[position];
    }
    (0..order.len()).filter(|position| !kept.contains(position)).collect()
}

/// What differs between two actions of one rule.
fn kind_of(old: &Action, new: &Action) -> ChangeKind {
    let targets = |action: &Action| -> BTreeSet<String> {
        action
            .leaves()
            .flat_map(|leaf| match leaf {
                Action::Forward(forward) => {
                    forward.backends.iter().map(|backend| format!("{:?}", backend.target)).collect::<Vec<_>>()
                }
                Action::Redirect(_) => vec!["redirect".to_owned()],
                Action::DirectResponse(response) => vec![format!("answer {}", response.status)],
                Action::Respond(status) => vec![format!("status {status}")],
                Action::Split(_) => Vec::new(),
            })
            .collect()
    };
    let unweighted = |action: &Action| {
        let mut action = action.clone();
        forget_weights(&mut action);
        action
    };
    if targets(old) != targets(new) {
        ChangeKind::Retargeted
    } else if unweighted(old) == unweighted(new) {
        ChangeKind::Reweighted
    } else {
        ChangeKind::Mutated
    }
}

/// The parts in which two actions differ.
fn apart(old: &Action, new: &Action) -> BTreeSet<Cow<'static, str>> {
    let mut names = BTreeSet::new();
    for pair in old.leaves().zip(new.leaves()) {
        let (old, new) = match pair {
            (Action::Forward(old), Action::Forward(new)) => (old, new),
            (Action::Redirect(old), Action::Redirect(new)) => {
                names.extend(checks::apart(&old.http_filters, &new.http_filters).map(Cow::Owned));
                continue;
            }
            (Action::DirectResponse(old), Action::DirectResponse(new)) => {
                names.extend(answers_apart(old, new));
                continue;
            }
            _ => continue,
        };
        let Forward {
            backends,
            http_filters,
            request_headers,
            response_headers,
            path_rewrite,
            host_rewrite,
            tells_host,
            fault,
            bandwidth,
            timeouts,
            retry,
            attempts,
            upgrades,
            metadata,
            tracing,
            mirrors,
            hash,
            draws_by_hash,
            session,
        } = old;
        let parts = [
            ("backends", *backends == new.backends),
            ("request headers", *request_headers == new.request_headers),
            ("response headers", *response_headers == new.response_headers),
            ("paths", *path_rewrite == new.path_rewrite),
            ("hosts", *host_rewrite == new.host_rewrite && *tells_host == new.tells_host),
            ("faults", *fault == new.fault),
            ("how fast bodies are sent on", *bandwidth == new.bandwidth),
            ("timeouts", *timeouts == new.timeouts),
            ("retries", *retry == new.retry && *attempts == new.attempts),
            ("upgrades", *upgrades == new.upgrades),
            ("metadata", *metadata == new.metadata),
            ("spans", *tracing == new.tracing),
            ("mirrors", *mirrors == new.mirrors),
            ("hashes for endpoints", *hash == new.hash && *draws_by_hash == new.draws_by_hash),
            ("sessions", *session == new.session),
        ];
        names.extend(parts.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| Cow::Borrowed(name)));
        names.extend(checks::apart(http_filters, &new.http_filters).map(Cow::Owned));
    }
    names
}

/// The parts in which two answers of rules differ.
fn answers_apart(old: &DirectResponse, new: &DirectResponse) -> impl Iterator<Item = Cow<'static, str>> {
    let DirectResponse { status, body, headers, response_headers, http_filters } = old;
    let parts = [
        ("status", *status == new.status),
        ("body", *body == new.body),
        ("response headers", *headers == new.headers && *response_headers == new.response_headers),
    ];
    let names = parts.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| Cow::Borrowed(name));
    names.chain(checks::apart(http_filters, &new.http_filters).map(Cow::Owned))
}

/// Weights do not count, nor does the order that they give.
fn forget_weights(action: &mut Action) {
    match action {
        Action::Forward(forward) => {
            forward.backends.iter_mut().for_each(|backend| backend.weight = 1);
            forward.backends.sort_by_cached_key(|backend| format!("{backend:?}"));
        }
        Action::Redirect(_) | Action::DirectResponse(_) | Action::Respond(_) => {}
        Action::Split(branches) => {
            for branch in branches.iter_mut() {
                branch.weight = 1;
                forget_weights(&mut branch.action);
            }
            branches.sort_by_cached_key(|branch| format!("{branch:?}"));
        }
    }
}

/// Conditions of requests that a rule which is gone (or new) shares with rules that do otherwise on the side without it;
/// `None` where all of its requests go to rules that do the same there.
///
/// `own` are the rules of the side that has it. Rules that stand before it there take their requests on both sides.
fn others(rule: &Rule<'_>, own: &[Rule<'_>], other: &[Rule<'_>]) -> Option<Vec<RouteMatch>> {
    let before: BTreeSet<&RuleKey> = own.iter().take_while(|own| own.key != rule.key).map(|own| &own.key).collect();
    let (mut found, mut others) = (0, Vec::new());
    for candidate in other.iter().filter(|other| !before.contains(&other.key) && other.key != rule.key) {
        if joint(&rule.route.matches, &candidate.route.matches).is_none() {
            continue;
        }
        let mut patterns = Patterns::default();
        let mut earlier = Earlier::new(&mut patterns, (PathRules::OPEN, ClientDetails::OPEN));
        earlier.add(candidate.route);
        let takes_all = earlier.rest(rule.route) != Rest::Some;
        if candidate.action != rule.action {
            let meeting = meeting(&rule.route.matches, &candidate.route.matches);
            let is_taken =
                |whole: &RouteMatch| is_taken_before(candidate, whole, other) || is_taken_before(rule, whole, own);
            if let Some(Meeting { whole: _, some }) = meeting.filter(|meeting| !is_taken(&meeting.whole)) {
                others.extend(some);
                found += 1;
            }
        } else if takes_all && found == 0 {
            return None;
        }
        if takes_all || found == MOST_OTHERS {
            break;
        }
    }
    Some(others)
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn what_moved_is_least() {
        let list = |order: &[usize]| moved(order).into_iter().collect::<Vec<_>>();
        assert_eq!(list(&[0, 1, 2]), [0; 0]);
        assert_eq!(list(&[3, 0, 1, 2]), [0]);
        assert_eq!(list(&[1, 2, 3, 0]), [3]);
        assert_eq!(list(&[]), [0; 0]);
    }
}
