//! Policies, and XBackends: what is said of them at each Gateway that uses them
//! ([PolicyStatus](https://gateway-api.sigs.k8s.io/reference/spec/#policystatus)).

use crate::diagnostics::{ConditionKind, ObjectPart, Reason};
use crate::parser::manifests::ObjectHead;
use crate::resolver::{Resolved, ResolvedGateway, ResolvedPolicy};

use super::catalogue::Subject;
use super::condition::{Conditions, StatusCondition};
use super::evidence::{Case, Claim, Evidence, anywhere};
use super::object::{
    AncestorStatus, AncestorsStatus, ObjectStatus, ParentStatus, ParentsStatus, Status, StatusReference, judged,
};

/// The most ancestors that the API server takes in a status: a policy has no entry for further Gateways
/// ([PolicyStatus](https://gateway-api.sigs.k8s.io/reference/spec/#policystatus)).
const MOST_ANCESTORS: usize = 16;
/// The most parents of an XBackend.
const MOST_PARENTS: usize = 32;

/// The status of every policy.
pub(super) fn policy_statuses(resolved: &Resolved<'_>, evidence: &Evidence<'_>) -> Vec<ObjectStatus> {
    let tls = resolved.backends.policies().iter().map(|policy| {
        let subject = Subject::BackendTLSPolicy;
        let case = evidence.of(&policy.object.key());
        let mut conditions = Conditions::new(subject, policy.object.metadata.generation);
        accept(&mut conditions, subject, case, policy.targets.len());
        judge_references(&mut conditions, subject, case);
        policy_status(policy, conditions.into_list(), resolved)
    });
    let traffic = resolved.traffic_policies.iter().map(|policy| {
        let subject = Subject::XBackendTrafficPolicy;
        let case = evidence.of(&policy.object.key());
        let mut conditions = Conditions::new(subject, policy.object.metadata.generation);
        accept(&mut conditions, subject, case, policy.targets.len());
        policy_status(policy, conditions.into_list(), resolved)
    });
    tls.chain(traffic).flatten().collect()
}

/// A policy is refused when it counts at none of its targets, or when what it says cannot be done.
fn accept(conditions: &mut Conditions, subject: Subject, case: Case<'_>, targets: usize) {
    let all = case.against(subject, ConditionKind::Accepted, anywhere);
    let is_target = |part| matches!(part, ObjectPart::Targets | ObjectPart::Target(_));
    let mut of_targets = case.against(subject, ConditionKind::Accepted, is_target);
    of_targets.sort_by_key(|finding| position(finding));
    let is_lost =
        |target: usize| of_targets.iter().any(|finding| position(finding).is_none_or(|position| position == target));
    let others: Vec<_> =
        all.into_iter().filter(|finding| !of_targets.iter().any(|known| known.id == finding.id)).collect();
    let lost = (0..targets).filter(|target| is_lost(*target)).count();
    if targets > 0 && lost == targets {
        conditions.judge(ConditionKind::Accepted, &of_targets, Reason::Accepted, "");
    } else if lost == 0 {
        conditions.judge(ConditionKind::Accepted, &others, Reason::Accepted, "the policy is accepted");
    } else {
        let message =
            format!("the policy is accepted for some of its targets; {}", super::evidence::describe(&of_targets));
        conditions.judge(ConditionKind::Accepted, &others, Reason::Accepted, &message);
    }
}

/// The target that a finding is about; `None` for all of them.
fn position(finding: &Claim<'_>) -> Option<usize> {
    match finding.part {
        ObjectPart::Target(index) => Some(index),
        _ => None,
    }
}

fn judge_references(conditions: &mut Conditions, subject: Subject, case: Case<'_>) {
    let unresolved = case.against(subject, ConditionKind::ResolvedRefs, anywhere);
    conditions.judge(ConditionKind::ResolvedRefs, &unresolved, Reason::ResolvedRefs, "all references are resolved");
}

/// One entry for each Gateway that uses a target. `None` for a policy of `--context`.
fn policy_status<S, V>(
    policy: &ResolvedPolicy<'_, S, V>,
    conditions: Vec<StatusCondition>,
    resolved: &Resolved<'_>,
) -> Option<ObjectStatus> {
    let gateways = policy.ancestors.iter().map(|gateway| &resolved.gateways[*gateway]);
    let entries = gateways.filter_map(|gateway| {
        let (controller_name, ancestor_ref) = entry(gateway)?;
        Some(AncestorStatus { ancestor_ref, conditions: conditions.clone(), controller_name })
    });
    let ancestors = entries.take(MOST_ANCESTORS).collect();
    let status = Status::Ancestors(AncestorsStatus { ancestors });
    (!policy.object.position.context).then(|| ObjectStatus::new(policy.object, status))
}

/// The controller of a Gateway and a reference to it; `None` when nobody serves it.
fn entry(gateway: &ResolvedGateway<'_>) -> Option<(String, StatusReference)> {
    Some((gateway.controller.clone()?, StatusReference::of_gateway(gateway)))
}

/// The status of every XBackend.
pub(super) fn backend_statuses(resolved: &Resolved<'_>, evidence: &Evidence<'_>) -> Vec<ObjectStatus> {
    judged(&resolved.manifests.backends).map(|object| backend_status(object, resolved, evidence)).collect()
}

fn backend_status(object: &ObjectHead, resolved: &Resolved<'_>, evidence: &Evidence<'_>) -> ObjectStatus {
    let case = evidence.of(&object.key());
    let mut conditions = Conditions::new(Subject::XBackend, object.metadata.generation);
    let refusals = case.against(Subject::XBackend, ConditionKind::Accepted, anywhere);
    conditions.judge(ConditionKind::Accepted, &refusals, Reason::Accepted, "the backend is accepted");
    judge_references(&mut conditions, Subject::XBackend, case);
    let conditions = conditions.into_list();
    let gateways = resolved.usage.of_external(&object.metadata.namespace, &object.metadata.name);
    let entries = gateways.filter_map(|gateway| {
        let (controller_name, parent_ref) = entry(&resolved.gateways[gateway])?;
        Some(ParentStatus { conditions: conditions.clone(), controller_name, parent_ref })
    });
    let parents = entries.take(MOST_PARENTS).collect();
    ObjectStatus::new(object, Status::Parents(ParentsStatus { parents }))
}
