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
mod evidence;
mod features;
mod gateway;
mod listener;
mod listener_set;
mod policy;
mod route;

use std::collections::HashSet;

use serde::Serialize;

use crate::diagnostics::{Condition, Finding};
use crate::options::Options;
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Kind, Object, ObjectHead, ObjectKey};
use crate::resolver::{Resolved, ResolvedGateway};

use catalogue::Subject;
use condition::Conditions;
use evidence::Evidence;

pub use condition::StatusCondition;
pub use features::SUPPORTED_FEATURES;

/// The status of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectStatus {
    /// The object.
    pub key: ObjectKey,
    /// Its version, without the group.
    pub version: String,
    /// `metadata.generation`, or 0.
    pub generation: i64,
    /// Its status.
    pub status: Status,
}

/// The status of an object, by the shape that its kind gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Status {
    /// Of a GatewayClass.
    GatewayClass(GatewayClassStatus),
    /// Of a Gateway.
    Gateway(GatewayStatus),
    /// Of a ListenerSet.
    ListenerSet(ListenerSetStatus),
    /// Of a route of any kind, and of an XBackend.
    Parents(ParentsStatus),
    /// Of a policy of any kind.
    Ancestors(AncestorsStatus),
    /// Of an XMesh.
    Conditions(ConditionsStatus),
}

/// The status of a GatewayClass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct GatewayClassStatus {
    pub conditions: Vec<StatusCondition>,
    pub supported_features: Vec<Feature>,
}

/// A feature, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Feature {
    pub name: &'static str,
}

/// The status of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct GatewayStatus {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_listener_sets: Option<usize>,
    pub conditions: Vec<StatusCondition>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerStatus>,
}

/// An address that a Gateway is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Address {
    #[serde(rename = "type")]
    pub address_type: &'static str,
    pub value: String,
}

/// The status of a listener of a Gateway or a ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct ListenerStatus {
    pub attached_routes: usize,
    pub conditions: Vec<StatusCondition>,
    pub name: String,
    pub supported_kinds: Vec<SupportedKind>,
}

/// A route kind that a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct SupportedKind {
    pub group: &'static str,
    pub kind: &'static str,
}

/// The status of a ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct ListenerSetStatus {
    pub conditions: Vec<StatusCondition>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerStatus>,
}

/// A status with one entry for each parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct ParentsStatus {
    pub parents: Vec<ParentStatus>,
}

/// What became of an object at one of its parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct ParentStatus {
    pub conditions: Vec<StatusCondition>,
    pub controller_name: String,
    pub parent_ref: StatusReference,
}

/// A status with one entry for each ancestor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct AncestorsStatus {
    pub ancestors: Vec<AncestorStatus>,
}

/// What became of a policy at one Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct AncestorStatus {
    pub ancestor_ref: StatusReference,
    pub conditions: Vec<StatusCondition>,
    pub controller_name: String,
}

/// A reference to a parent or an ancestor, with group and kind spelt out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct StatusReference {
    pub group: String,
    pub kind: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
}

impl StatusReference {
    /// A reference as a route has it.
    fn of_parent(reference: &ParentReference) -> Self {
        let ParentReference { group, kind, namespace, name, section_name, port } = reference.clone();
        Self { group, kind, name, namespace, port, section_name }
    }

    /// A reference to a whole Gateway.
    fn of_gateway(gateway: &ResolvedGateway<'_>) -> Self {
        let ObjectKey { kind, namespace, name } = gateway.object.key();
        Self {
            group: kind.group().to_owned(),
            kind: kind.name().to_owned(),
            name,
            namespace: Some(namespace),
            port: None,
            section_name: None,
        }
    }
}

/// A status that is conditions and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct ConditionsStatus {
    pub conditions: Vec<StatusCondition>,
}

/// The conditions that the API server gives to whole objects of these kinds before a controller has seen them.
const DEFAULT_CONDITIONS: &[&str] = &["Accepted", "Programmed"];

impl ObjectStatus {
    fn new(object: &ObjectHead, status: Status) -> Self {
        let generation = object.metadata.generation.max(0);
        Self { key: object.key(), version: object.version.to_owned(), generation, status }
    }

    /// Every condition, of the object and of its parts.
    pub fn conditions(&self) -> impl Iterator<Item = &StatusCondition> {
        let (whole, listeners): (&[StatusCondition], &[ListenerStatus]) = match &self.status {
            Status::GatewayClass(GatewayClassStatus { conditions, supported_features: _ })
            | Status::Conditions(ConditionsStatus { conditions }) => (conditions, &[]),
            Status::Gateway(GatewayStatus { conditions, listeners, addresses: _, attached_listener_sets: _ })
            | Status::ListenerSet(ListenerSetStatus { conditions, listeners }) => (conditions, listeners),
            Status::Parents(_) | Status::Ancestors(_) => (&[], &[]),
        };
        let parents = match &self.status {
            Status::Parents(ParentsStatus { parents }) => parents.as_slice(),
            _ => &[],
        };
        let ancestors = match &self.status {
            Status::Ancestors(AncestorsStatus { ancestors }) => ancestors.as_slice(),
            _ => &[],
        };
        let of_listeners = listeners.iter().flat_map(|listener| &listener.conditions);
        let of_parents = parents.iter().flat_map(|parent| &parent.conditions);
        let of_ancestors = ancestors.iter().flat_map(|ancestor| &ancestor.conditions);
        whole.iter().chain(of_listeners).chain(of_parents).chain(of_ancestors)
    }

    /// The object with its status, as a cluster would show it.
    ///
    /// # Errors
    /// None that this shape can cause; the serializer's are handed on.
    pub fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        let ObjectKey { kind, namespace, name } = &self.key;
        let mut metadata = serde_json::json!({ "generation": self.generation, "name": name });
        if kind.is_namespaced() {
            metadata["namespace"] = namespace.as_str().into();
        }
        let api_version = match kind.group() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        };
        Ok(serde_json::json!({
            "apiVersion": api_version,
            "kind": kind.name(),
            "metadata": metadata,
            "status": serde_json::to_value(&self.status)?,
        }))
    }
}

/// Whose status is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of every judged object.
    All,
    /// Of routes only where a finding speaks for a condition of theirs: what findings are told from.
    Found,
}

/// The status of every judged object, by kind, namespace and name. `findings` are all that the compilation has made,
/// also those that are not printed.
pub fn compute(resolved: &Resolved<'_>, findings: &[Finding], scope: Scope, options: &Options) -> Vec<ObjectStatus> {
    let evidence = Evidence::new(findings);
    let routes = route::judge_routes(resolved, &evidence);
    let verdicts = gateway::judge_gateways(resolved, &evidence, &routes);
    let sets = listener_set::set_statuses(resolved, &evidence, &verdicts);
    let mut statuses = gateway::class_statuses(resolved, &evidence, options);
    statuses.extend(gateway::gateway_statuses(resolved, &verdicts, &sets));
    statuses.extend(sets.into_iter().filter_map(|set| set.status));
    statuses.extend(route::route_statuses(resolved, &routes, (&evidence, scope), options));
    statuses.extend(policy::policy_statuses(resolved, &evidence));
    statuses.extend(policy::backend_statuses(resolved, &evidence));
    statuses.extend(judged(&resolved.manifests.meshes).map(|mesh| {
        let conditions = Conditions::pending(Subject::XMesh, DEFAULT_CONDITIONS);
        ObjectStatus::new(mesh, Status::Conditions(ConditionsStatus { conditions }))
    }));
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

/// The objects whose status is wanted: all but those of `--context`.
fn judged<S>(objects: &[Object<S>]) -> impl Iterator<Item = &Object<S>> {
    objects.iter().filter(|object| !object.position.context)
}

/// The group of the routes that Gateways serve.
fn route_group() -> &'static str {
    Kind::HTTPRoute.group()
}
