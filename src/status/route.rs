//! Routes of all kinds
//! ([RouteStatus](https://gateway-api.sigs.k8s.io/reference/spec/#routestatus)).

use std::collections::{BTreeSet, HashSet};

use crate::diagnostics::{ConditionKind, Finding, ObjectPart, Reason};
use crate::options::Options;
use crate::parser::manifests::ObjectHead;
use crate::parser::route::Filter;
use crate::resolver::{
    ParentRefusal, ParentSource, Resolved, ResolvedRoute, ResolvedRule, RouteId, controller_of_meshes,
};
use typed_index_collections::TiVec;

use super::catalogue::Subject;
use super::condition::Conditions;
use super::evidence::{Case, Claim, Evidence, anywhere, describe};
use super::object::{ObjectStatus, ParentStatus, ParentsStatus, Scope, Status, StatusReference};

/// The most parents that the API server takes in a status.
const MOST_PARENTS: usize = 32;
/// The reasons that the rules of a route give, whatever its parents are.
const RULE_REASONS: &[Reason] = &[Reason::UnsupportedValue, Reason::IncompatibleFilters];

/// What the rules of a route are worth, whatever its parents are.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteVerdict<'e> {
    /// Why no rule is left; empty when one is.
    refusals: Vec<Claim<'e>>,
    /// Why some rules, or parts of them, are left out of a route that is served.
    dropped: Vec<Claim<'e>>,
    /// The references that cannot be used.
    unresolved: Vec<Claim<'e>>,
}

/// The verdicts on all routes, by [`RouteId`].
#[derive(Clone, Debug)]
pub(super) struct RouteVerdicts<'e> {
    verdicts: TiVec<RouteId, RouteVerdict<'e>>,
    /// The routes that the API server would refuse.
    refused: HashSet<RouteId>,
}

impl<'e> RouteVerdicts<'e> {
    fn of(&self, route: RouteId) -> &RouteVerdict<'e> {
        &self.verdicts[route]
    }

    /// Whether a route that attached to a listener is accepted there.
    pub(super) fn is_accepted(&self, route: RouteId) -> bool {
        self.of(route).refusals.is_empty() && !self.refused.contains(&route)
    }
}

/// Judges the rules of every route.
pub(super) fn judge_routes<'e>(resolved: &Resolved<'_>, evidence: &'e Evidence<'_>) -> RouteVerdicts<'e> {
    let verdict = |route: &ResolvedRoute<'_>| judge(evidence.of(&route.object().key()), &route.rules);
    let refused = resolved.routes.with_ids().filter(|(_, route)| route.object().refusal.is_some());
    RouteVerdicts {
        verdicts: resolved.routes.iter().map(verdict).collect(),
        refused: refused.map(|(id, _)| id).collect(),
    }
}

fn judge<'e>(case: Case<'e>, rules: &[ResolvedRule<'_>]) -> RouteVerdict<'e> {
    let mut refusals = case.against(Subject::Route, ConditionKind::Accepted, anywhere);
    refusals.retain(|finding| finding.claim.is_some_and(|condition| RULE_REASONS.contains(&condition.reason)));
    let mut unresolved = case.against(Subject::Route, ConditionKind::ResolvedRefs, anywhere);
    unresolved.sort_by_key(|finding| rule_of(finding));
    let is_blocking = |finding: &&Claim<'_>| is_blocking(finding.part, rules);
    let mut dropped: Vec<_> = refusals.iter().chain(unresolved.iter().filter(is_blocking)).copied().collect();
    for list in [&mut refusals, &mut dropped] {
        list.sort_by_key(|finding| rule_of(finding));
    }
    let none_left = refusals.iter().any(|finding| rule_of(finding).is_none())
        || !rules.is_empty() && rules.iter().all(|rule| is_lost(rule, &dropped));
    match none_left {
        true => RouteVerdict { refusals, dropped: Vec::new(), unresolved },
        false => RouteVerdict { refusals: Vec::new(), dropped, unresolved },
    }
}

/// The rule that a finding is about; `None` for the whole route.
fn rule_of(finding: &Finding) -> Option<usize> {
    finding.part.rule()
}

/// Whether a part is a filter without which nothing may be served. A copy that is not made hurts nobody.
fn is_blocking(part: ObjectPart, rules: &[ResolvedRule<'_>]) -> bool {
    let ObjectPart::Filter { rule, backend, index } = part else { return false };
    let filters = rules.iter().find(|own| own.index == rule).and_then(|rule| match backend {
        Some(backend) => rule.backends.get(backend).map(|backend| &backend.filters),
        None => Some(&rule.filters),
    });
    let filter = filters.and_then(|filters| filters.get(index)).map(|known| known.filter);
    matches!(filter, Some(Filter::ExternalAuth(_) | Filter::ExtensionRef(_)))
}

/// Whether nothing of a rule is served: it is refused as a whole, or all its matches or backends are.
fn is_lost(rule: &ResolvedRule<'_>, findings: &[Claim<'_>]) -> bool {
    let (mut matches, mut backends) = (BTreeSet::new(), BTreeSet::new());
    for finding in findings.iter().filter(|finding| rule_of(finding) == Some(rule.index)) {
        match finding.part {
            ObjectPart::Match { rule: _, index } => matches.insert(index),
            ObjectPart::Backend { rule: _, index } | ObjectPart::Filter { rule: _, backend: Some(index), index: _ } => {
                backends.insert(index)
            }
            _ => return true,
        };
    }
    let all = |lost: &BTreeSet<usize>, count: usize| count > 0 && lost.len() >= count;
    all(&matches, rule.matches.len()) || all(&backends, rule.backends.len())
}

/// The status of every route.
pub(super) fn route_statuses(
    resolved: &Resolved<'_>,
    verdicts: &RouteVerdicts<'_>,
    (evidence, scope): (&Evidence<'_>, Scope),
    options: &Options,
) -> Vec<ObjectStatus> {
    let mut statuses = Vec::new();
    for (id, route) in resolved.routes.with_ids() {
        let is_wanted = scope == Scope::All || evidence.has(&route.object().key());
        if !route.object().position.context && is_wanted {
            statuses.push(status_of((id, route), verdicts.of(id), (resolved, evidence), options));
        }
    }
    statuses
}

fn status_of(
    (id, route): (RouteId, &ResolvedRoute<'_>),
    verdict: &RouteVerdict<'_>,
    (resolved, evidence): (&Resolved<'_>, &Evidence<'_>),
    options: &Options,
) -> ObjectStatus {
    let entries = route.parents.iter().filter_map(|parent| {
        let controller_name = match parent.gateway {
            Some(gateway) => resolved.gateways[gateway].controller.clone()?,
            None => options.controller_name().to_owned(),
        };
        let parent_ref = match parent.source {
            ParentSource::Ref(index) => StatusReference::of_parent(route.declared.parent_refs.get(index)?),
            // Nobody knows the default Gateways of a cluster.
            ParentSource::Unnamed => return None,
            ParentSource::Default(gateway) if resolved.gateways[gateway].stand_in.is_some() => return None,
            ParentSource::Default(gateway) => StatusReference::of_gateway(&resolved.gateways[gateway]),
        };
        let conditions = conditions(route.object(), parent.refused.as_ref(), verdict, evidence)?.into_list();
        Some((position(parent.source), ParentStatus { conditions, controller_name, parent_ref }))
    });
    // A mesh asks for no grants.
    let without_grants = || {
        let unresolved = verdict.unresolved.iter().filter(|finding| !is_about_grant(finding)).copied().collect();
        RouteVerdict { unresolved, ..verdict.clone() }
    };
    let of_mesh = resolved.mesh_parents.of(id).iter().filter_map(|parent| {
        let parent_ref = StatusReference::of_parent(route.declared.parent_refs.get(parent.index)?);
        let conditions = conditions(route.object(), parent.refused.as_ref(), &without_grants(), evidence)?.into_list();
        let controller_name = controller_of_meshes(&resolved.meshes, options).to_owned();
        Some((parent.index, ParentStatus { conditions, controller_name, parent_ref }))
    });
    let mut entries: Vec<(usize, ParentStatus)> = entries.chain(of_mesh).collect();
    entries.sort_by_key(|(position, _)| *position);
    let parents = entries.into_iter().map(|(_, parent)| parent).take(MOST_PARENTS).collect();
    ObjectStatus::new(route.object(), Status::Parents(ParentsStatus { parents }))
}

/// The place of a parent among those of its route: default Gateways come after those that are named.
fn position(source: ParentSource) -> usize {
    match source {
        ParentSource::Ref(index) => index,
        ParentSource::Default(_) | ParentSource::Unnamed => usize::MAX,
    }
}

fn is_about_grant(finding: &Finding) -> bool {
    finding.claim.is_some_and(|condition| condition.reason == Reason::RefNotPermitted)
}

/// `None` when nobody has anything to say about this parent.
fn conditions(
    object: &ObjectHead,
    refused: Option<&ParentRefusal>,
    verdict: &RouteVerdict<'_>,
    evidence: &Evidence<'_>,
) -> Option<Conditions> {
    let RouteVerdict { refusals, dropped, unresolved } = verdict;
    let mut conditions = Conditions::new(Subject::Route, object.metadata.generation);
    let is_accepted = match refused {
        Some(refusal) => {
            let refusal = evidence.claim(refusal.finding?)?;
            conditions.fail(ConditionKind::Accepted, refusal.claim?.reason, refusal.message.clone());
            conditions.because(&[refusal]);
            false
        }
        None => conditions.judge(ConditionKind::Accepted, refusals, Reason::Accepted, "the route is accepted"),
    };
    conditions.judge(ConditionKind::ResolvedRefs, unresolved, Reason::ResolvedRefs, "all references are resolved");
    let first = dropped.iter().find_map(|finding| finding.claim);
    if let (true, Some(condition)) = (is_accepted, first) {
        let message = format!("Dropped Rule: {}", describe(dropped));
        conditions.hold(ConditionKind::PartiallyInvalid, condition.reason, message);
        conditions.because(dropped);
    }
    Some(conditions)
}
