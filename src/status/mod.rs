//! What a controller that conforms would write into the status of every object:
//! conditions, listeners, parents, ancestors
//! ([Gateway API reference](https://gateway-api.sigs.k8s.io/reference/spec/)).
//!
//! Input: [`Resolved`] and all findings of the compilation. Output: one
//! [`ObjectStatus`] for each object that a controller or the API server gives a
//! status. Every condition that is not as it should be comes from a finding,
//! so that the status says what the report says. Objects of `--context`, those
//! of other controllers and those that the API server refuses have none here.

pub mod catalogue;
mod condition;
mod envoy_gateway;
mod envoy_policy;
mod evidence;
mod features;
mod gateway;
mod gloo;
mod listener;
mod listener_set;
mod mesh;
mod object;
mod policy;
mod route;

use std::collections::HashSet;

use crate::diagnostics::{Condition, Finding};
use crate::options::Options;
use crate::parser::manifests::ObjectKey;
use crate::resolver::Resolved;

use evidence::Evidence;

pub use condition::StatusCondition;
pub use features::{MESH_FEATURES, SUPPORTED_FEATURES};
pub use object::{
    Address, AncestorStatus, AncestorsStatus, ConditionsStatus, Feature, GatewayClassStatus, GatewayStatus, GlooState,
    GlooStatus, ListenerSetStatus, ListenerStatus, MeshStatus, ObjectStatus, ParentStatus, ParentsStatus, Scope,
    StateOfObject, Status, StatusReference, SupportedKind,
};

/// The status of every judged object, by kind, namespace and name. `findings` are all that the compilation has made,
/// also those that are not printed.
pub fn compute(resolved: &Resolved<'_>, findings: &[Finding], scope: Scope, options: &Options) -> Vec<ObjectStatus> {
    let evidence = Evidence::new(findings);
    let routes = route::judge_routes(resolved, &evidence);
    let verdicts = gateway::judge_gateways(resolved, &evidence, &routes);
    let sets = listener_set::set_statuses(resolved, &evidence, &verdicts);
    let mut statuses = gateway::class_statuses(resolved, &evidence, options);
    let accepted_by: Vec<_> = sets.iter().filter_map(|set| set.accepted_by).collect();
    statuses.extend(gateway::gateway_statuses(resolved, &verdicts, &accepted_by));
    statuses.extend(sets.into_iter().filter_map(|set| set.status));
    statuses.extend(route::route_statuses(resolved, &routes, (&evidence, scope), options));
    statuses.extend(policy::policy_statuses(resolved, &evidence));
    statuses.extend(policy::backend_statuses(resolved, &evidence));
    statuses.extend(envoy_gateway::backend_statuses(resolved, &evidence));
    statuses.extend(gloo::gloo_statuses(resolved, findings));
    statuses.extend(envoy_policy::envoy_policy_statuses(resolved, &evidence));
    statuses.extend(mesh::mesh_statuses(resolved, &evidence, options));
    // The API server would refuse these: nobody ever writes a status for them.
    let refused: HashSet<ObjectKey> = resolved.manifests.refused_keys().collect();
    statuses.retain(|status| !refused.contains(&status.key));
    statuses.sort_by(|one, other| one.key.cmp(&other.key));
    statuses
}

/// Gives each finding the condition that the status of its object states because of it, and none where the status does
/// not mention it: the report says what the status says. `findings` are those that the statuses were computed from.
pub fn state(statuses: &[ObjectStatus], findings: &mut [Finding]) {
    findings.iter_mut().for_each(|finding| finding.condition = None);
    for status in statuses {
        let object = status.key.to_ref();
        for condition in status.conditions() {
            let stated = Condition { kind: condition.kind, status: condition.status, reason: condition.reason };
            for id in &condition.because {
                let Some(finding) = findings.get_mut(id.position()) else { continue };
                let is_named = |condition: Condition| finding.claim.is_some_and(|claim| claim.kind == condition.kind);
                // What the finding speaks for goes before what follows from it.
                let is_better = finding.condition.is_none_or(|known| is_named(stated) && !is_named(known));
                if is_better && finding.object.as_ref() == Some(&object) {
                    finding.condition = Some(stated);
                }
            }
        }
    }
}
