//! Policies of Envoy Gateway: what is said of them at each Gateway through which their targets are used
//! ([PolicyStatus](https://gateway-api.sigs.k8s.io/reference/spec/#policystatus)).
//!
//! Its controller says nothing of a policy that is about nothing it serves: that has no entry.

use crate::diagnostics::{ConditionKind, Reason};
use crate::parser::manifests::ObjectHead;
use crate::resolver::{Resolved, ResolvedEnvoyPolicy};

use super::catalogue::Subject;
use super::condition::{Conditions, StatusCondition};
use super::evidence::{Case, Evidence, anywhere};
use super::object::{AncestorStatus, AncestorsStatus, ObjectStatus, Status, StatusReference};

/// The most ancestors that the API server takes in a status.
const MOST_ANCESTORS: usize = 16;

/// The status of every policy.
pub(super) fn envoy_policy_statuses(resolved: &Resolved<'_>, evidence: &Evidence<'_>) -> Vec<ObjectStatus> {
    let judged = resolved.envoy_policies.list().filter(|policy| !policy.object.position.context);
    judged.map(|policy| status_of(policy, resolved, evidence)).collect()
}

fn status_of(policy: &ResolvedEnvoyPolicy<'_>, resolved: &Resolved<'_>, evidence: &Evidence<'_>) -> ObjectStatus {
    let object: &ObjectHead = policy.object;
    let conditions = conditions_of(policy, evidence.of(&object.key()));
    let gateways = policy.ancestors.iter().map(|gateway| &resolved.gateways[*gateway]);
    let entries = gateways.filter_map(|gateway| {
        let (controller_name, ancestor_ref) = (gateway.controller.clone()?, StatusReference::of_gateway(gateway));
        Some(AncestorStatus { ancestor_ref, conditions: conditions.clone(), controller_name })
    });
    let ancestors = entries.take(MOST_ANCESTORS).collect();
    ObjectStatus::new(object, Status::Ancestors(AncestorsStatus { ancestors }))
}

fn conditions_of(policy: &ResolvedEnvoyPolicy<'_>, case: Case<'_>) -> Vec<StatusCondition> {
    let ResolvedEnvoyPolicy { object, scopes, ancestors: _, overridden, is_merged } = policy;
    let mut conditions = Conditions::new(Subject::EnvoyPolicy, object.metadata.generation);
    let against = case.against(Subject::EnvoyPolicy, ConditionKind::Accepted, anywhere);
    let counts = scopes.iter().any(|(_, outcome)| outcome.is_ok());
    if counts || scopes.is_empty() {
        conditions.hold(ConditionKind::Accepted, Reason::Accepted, "the policy is accepted");
    } else {
        conditions.judge(ConditionKind::Accepted, &against, Reason::Accepted, "the policy is accepted");
    }
    if *is_merged {
        conditions.hold(ConditionKind::Merged, Reason::Merged, "what it says is merged with another policy");
    }
    if !overridden.is_empty() {
        let places: Vec<&str> = overridden.iter().map(String::as_str).collect();
        let message = format!("another policy counts at {}", places.join(", "));
        conditions.hold(ConditionKind::Overridden, Reason::Overridden, message);
    }
    conditions.into_list()
}
