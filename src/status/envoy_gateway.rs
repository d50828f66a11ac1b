//! Backends of Envoy Gateway
//! ([BackendStatus](https://gateway.envoyproxy.io/docs/api/extension_types/#backendstatus)).

use crate::diagnostics::{ConditionKind, Reason};
use crate::parser::manifests::ObjectHead;
use crate::resolver::Resolved;

use super::catalogue::Subject;
use super::condition::Conditions;
use super::evidence::{Evidence, anywhere};
use super::object::{ConditionsStatus, ObjectStatus, Status, judged};

/// The status of every Backend, whether something refers to it or not.
pub(super) fn backend_statuses(resolved: &Resolved<'_>, evidence: &Evidence<'_>) -> Vec<ObjectStatus> {
    judged(&resolved.manifests.envoy_backends).map(|object| backend_status(object, evidence)).collect()
}

fn backend_status(object: &ObjectHead, evidence: &Evidence<'_>) -> ObjectStatus {
    let case = evidence.of(&object.key());
    let mut conditions = Conditions::new(Subject::Backend, object.metadata.generation);
    let refusals = case.against(Subject::Backend, ConditionKind::Accepted, anywhere);
    conditions.judge(ConditionKind::Accepted, &refusals, Reason::Accepted, "the Backend is accepted");
    ObjectStatus::new(object, Status::Conditions(ConditionsStatus { conditions: conditions.into_list() }))
}
