//! The rules of one virtual host before and after: which came and went, which
//! do something else, and which changed places.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, ChangeKind, WitnessView};
use super::side::{Host, HostKey, Rule, RuleKey, Side};
use crate::analysis::cover::{Earlier, Patterns, Rest};
use crate::ir::{Action, Forward, GatewayName, PathMatch, RouteMatch, ValueMatch, ValuePattern};
use crate::simulate::{Request, Simulator};

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
    key: &'s HostKey,
    old: Option<&'s Host<'c>>,
    new: Option<&'s Host<'c>>,
}

/// Compares the rules that serve one host.
pub(super) fn compare<'s, 'c>(
    both: Both<'s, 'c>,
    key: &'s HostKey,
    old: Option<&'s Host<'c>>,
    new: Option<&'s Host<'c>>,
    changes: &mut Vec<Change>,
) {
    let pair = Pair { both, key, old, new };
    let (before, after) = (rules_of(old), rules_of(new));
    let index = |rules: &'s [Rule<'c>]| -> BTreeMap<&'s RuleKey, &'s Rule<'c>> {
        rules.iter().map(|rule| (&rule.key, rule)).collect()
    };
    let (known, now) = (index(before), index(after));
    let mut gone: Vec<&Rule<'c>> =
        before.iter().filter(|rule| rule.is_reached && !now.contains_key(&rule.key)).collect();
    for rule in after {
        match known.get(&rule.key) {
            None if !rule.is_reached => {}
            None => match gone.iter().position(|other| is_same(other, rule)) {
                // A rule that moved to another object, or to another place of a list of equal ones.
                Some(place) => {
                    gone.remove(place);
                }
                None => changes.extend(pair.came(rule, after, before)),
            },
            Some(earlier) => changes.extend(pair.stayed(earlier, rule, before, after)),
        }
    }
    for rule in gone {
        changes.extend(pair.went(rule, before, after));
    }
    pair.reordered(&known, &now, changes);
}

fn rules_of<'s, 'c>(host: Option<&'s Host<'c>>) -> &'s [Rule<'c>] {
    host.map_or(&[], |host| host.rules.as_slice())
}

/// Whether two rules take the same requests and do the same.
fn is_same(one: &Rule<'_>, other: &Rule<'_>) -> bool {
    one.key.1 == other.key.1 && one.is_reached == other.is_reached && one.action == other.action
}

impl<'s, 'c> Pair<'s, 'c> {
    fn gateway(&self) -> &'s GatewayName {
        &self.key.chain.socket.gateway
    }

    fn came(&self, rule: &Rule<'c>, own: &[Rule<'c>], other: &[Rule<'c>]) -> Option<Change> {
        let places = (None, self.both.new.place(rule));
        (!is_absorbed(rule, own, other)).then(|| self.change(ChangeKind::Added, rule, self.new, places))
    }

    fn went(&self, rule: &Rule<'c>, own: &[Rule<'c>], other: &[Rule<'c>]) -> Option<Change> {
        let places = (self.both.old.place(rule), None);
        (!is_absorbed(rule, own, other)).then(|| self.change(ChangeKind::Removed, rule, self.old, places))
    }

    fn stayed(&self, earlier: &Rule<'c>, rule: &Rule<'c>, before: &[Rule<'c>], after: &[Rule<'c>]) -> Option<Change> {
        let places = (self.both.old.place(earlier), self.both.new.place(rule));
        match (earlier.is_reached, rule.is_reached) {
            (false, false) => None,
            (true, false) if is_absorbed(earlier, before, after) => None,
            (false, true) if is_absorbed(rule, after, before) => None,
            (true, false) => Some(self.change(ChangeKind::Shadowed, earlier, self.old, places)),
            (false, true) => Some(self.change(ChangeKind::Added, rule, self.new, places)),
            (true, true) if earlier.action == rule.action => None,
            (true, true) => {
                let mut change = self.change(kind_of(&earlier.action, &rule.action), rule, self.new, places);
                let parts = apart(&earlier.action, &rule.action);
                // What the answer does not show is named.
                if change.old_answer == change.new_answer && !parts.is_empty() {
                    let parts: Vec<&str> = parts.into_iter().collect();
                    change.new_answer += &format!(", with other {}", parts.join(" and "));
                }
                Some(change)
            }
        }
    }

    /// A change, with a request that shows it: one that `rule` of `host` takes.
    fn change(
        &self,
        kind: ChangeKind,
        rule: &Rule<'c>,
        host: Option<&Host<'c>>,
        places: (Option<String>, Option<String>),
    ) -> Change {
        let requests = host.map(|host| requests(self.key, host, &rule.route.matches)).unwrap_or_default();
        let side =
            if kind == ChangeKind::Removed || kind == ChangeKind::Shadowed { self.both.old } else { self.both.new };
        let is_taken = |request: &&Request| {
            let decision = side.decide(self.gateway(), request);
            decision.and_then(|decision| decision.route).is_some_and(|route| std::ptr::eq(route, rule.route))
        };
        let differs = |request: &&Request| self.answers(request).is_some();
        let shown = requests.iter().find(|request| is_taken(request) && differs(request));
        let shown = shown.or_else(|| requests.iter().find(is_taken)).or(requests.first());
        self.told(kind, title(&rule.key), shown, places)
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
        subject: String,
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
            old_place,
            new_place,
            witness: request.map(WitnessView::from),
            old_answer,
            new_answer,
        }
    }

    /// Rules that both sides have, in another order, where a request can meet two of them.
    fn reordered(
        &self,
        known: &BTreeMap<&RuleKey, &Rule<'c>>,
        now: &BTreeMap<&RuleKey, &Rule<'c>>,
        changes: &mut Vec<Change>,
    ) {
        let (before, after) = (rules_of(self.old), rules_of(self.new));
        let places: BTreeMap<&RuleKey, usize> = before
            .iter()
            .filter(|rule| now.contains_key(&rule.key))
            .enumerate()
            .map(|(place, rule)| (&rule.key, place))
            .collect();
        let kept: Vec<(&Rule<'c>, usize)> =
            after.iter().filter_map(|rule| Some((rule, *places.get(&rule.key)?))).collect();
        let order: Vec<usize> = kept.iter().map(|(_, place)| *place).collect();
        let moved = moved(&order);
        for (position, (rule, place)) in kept.iter().enumerate().filter(|(position, _)| moved.contains(position)) {
            for (other_position, (other, other_place)) in kept.iter().enumerate() {
                let is_inverted = (position < other_position) != (place < other_place);
                let is_first = !moved.contains(&other_position) || position < other_position;
                if position == other_position || !is_inverted || !is_first || rule.action == other.action {
                    continue;
                }
                let (first, second) = if position < other_position { (rule, other) } else { (other, rule) };
                let Some(joint) = joint(&first.route.matches, &second.route.matches) else { continue };
                let Some(host) = self.new else { continue };
                let requests = requests(self.key, host, &joint);
                let Some(shown) = requests.iter().find(|request| self.answers(request).is_some()) else { continue };
                let old = known.get(&first.key).and_then(|rule| self.both.old.place(rule));
                let subject = format!("{} goes before {}", title(&first.key), title(&second.key));
                changes.push(self.told(ChangeKind::Reordered, subject, Some(shown), (old, self.both.new.place(first))));
            }
        }
    }
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
fn apart(old: &Action, new: &Action) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    for pair in old.leaves().zip(new.leaves()) {
        let (Action::Forward(old), Action::Forward(new)) = pair else { continue };
        let Forward {
            backends,
            gate,
            request_headers,
            response_headers,
            path_rewrite,
            host_rewrite,
            timeouts,
            retry,
            mirrors,
            session,
        } = old;
        let parts = [
            ("backends", *backends == new.backends),
            ("checks before the backend", *gate == new.gate),
            ("request headers", *request_headers == new.request_headers),
            ("response headers", *response_headers == new.response_headers),
            ("paths", *path_rewrite == new.path_rewrite),
            ("hosts", *host_rewrite == new.host_rewrite),
            ("timeouts", *timeouts == new.timeouts),
            ("retries", *retry == new.retry),
            ("mirrors", *mirrors == new.mirrors),
            ("sessions", *session == new.session),
        ];
        names.extend(parts.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name));
    }
    names
}

/// Weights do not count, nor does the order that they give.
fn forget_weights(action: &mut Action) {
    match action {
        Action::Forward(forward) => {
            forward.backends.iter_mut().for_each(|backend| backend.weight = 1);
            forward.backends.sort_by_cached_key(|backend| format!("{backend:?}"));
        }
        Action::Redirect(_) | Action::Respond(_) => {}
        Action::Split(branches) => {
            for branch in branches.iter_mut() {
                branch.weight = 1;
                forget_weights(&mut branch.action);
            }
            branches.sort_by_cached_key(|branch| format!("{branch:?}"));
        }
    }
}

/// Whether all requests of a rule that is gone (or new) go to rules that do the same on the side without it.
///
/// `own` are the rules of the side that has it. Rules that stand before it there take their requests on both sides.
fn is_absorbed(rule: &Rule<'_>, own: &[Rule<'_>], other: &[Rule<'_>]) -> bool {
    let before: BTreeSet<&RuleKey> = own.iter().take_while(|own| own.key != rule.key).map(|own| &own.key).collect();
    for candidate in other {
        if before.contains(&candidate.key)
            || candidate.key == rule.key
            || joint(&rule.route.matches, &candidate.route.matches).is_none()
        {
            continue;
        }
        if candidate.action != rule.action {
            return false;
        }
        let mut patterns = Patterns::default();
        let mut earlier = Earlier::new(&mut patterns);
        earlier.add(candidate.route);
        if earlier.rest(rule.route) != Rest::Some {
            return true;
        }
    }
    false
}

/// Requests that meet some conditions on a host, the most natural one first.
fn requests(key: &HostKey, host: &Host<'_>, matches: &RouteMatch) -> Vec<Request> {
    Simulator::examples(host.at.listener, host.at.chain, &key.host, matches)
}

/// A request that a rule takes, where one can be found.
pub(super) fn taken<'c>(side: &Side<'c>, key: &HostKey, host: &Host<'c>, rule: &Rule<'c>) -> Option<Request> {
    let is_taken = |request: &Request| {
        let decision = side.decide(&key.chain.socket.gateway, request);
        decision.and_then(|decision| decision.route).is_some_and(|route| std::ptr::eq(route, rule.route))
    };
    requests(key, host, &rule.route.matches).into_iter().find(is_taken)
}

/// The conditions of both matches; `None` where no request can meet both.
fn joint(one: &RouteMatch, other: &RouteMatch) -> Option<RouteMatch> {
    let RouteMatch { path, method, headers, query, grpc } = one;
    let method = match (method, &other.method) {
        (Some(one), Some(other)) if one != other => return None,
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    Some(RouteMatch {
        path: joint_path(path, &other.path)?,
        method,
        headers: joint_values(headers, &other.headers)?,
        query: joint_values(query, &other.query)?,
        grpc: *grpc || other.grpc,
    })
}

fn joint_path(one: &PathMatch, other: &PathMatch) -> Option<PathMatch> {
    let is_below = |path: &str, prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match (one, other) {
        (PathMatch::Exact(one), PathMatch::Exact(other)) => (one == other).then(|| PathMatch::Exact(one.clone())),
        (PathMatch::Exact(exact), PathMatch::Prefix(prefix)) | (PathMatch::Prefix(prefix), PathMatch::Exact(exact)) => {
            is_below(exact, prefix).then(|| PathMatch::Exact(exact.clone()))
        }
        (PathMatch::Prefix(one), PathMatch::Prefix(other)) => {
            let (longer, shorter) = if one.len() >= other.len() { (one, other) } else { (other, one) };
            is_below(longer, shorter).then(|| PathMatch::Prefix(longer.clone()))
        }
        // What two patterns have in common is not looked for: one of them is tried.
        (PathMatch::Regex(_), PathMatch::Exact(_) | PathMatch::Prefix(_)) => Some(other.clone()),
        (_, PathMatch::Regex(_)) => Some(one.clone()),
    }
}

fn joint_values(one: &[ValueMatch], other: &[ValueMatch]) -> Option<Vec<ValueMatch>> {
    let mut joint = one.to_vec();
    for value in other {
        match joint.iter_mut().find(|known| known.name == value.name) {
            None => joint.push(value.clone()),
            Some(known) => match (&known.value, &value.value) {
                (ValuePattern::Exact(one), ValuePattern::Exact(other)) if one != other => return None,
                (ValuePattern::Exact(_), _) => {}
                (ValuePattern::Regex(_), _) => known.value = value.value.clone(),
            },
        }
    }
    Some(joint)
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
