//! The statuses of objects, in the shapes that their kinds give them.

#![expect(missing_docs, reason = "the fields are the API's own, which documents them")]

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostics::ConditionKind;
use crate::name::{Name, Namespace, SectionName};
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Kind, Object, ObjectHead, ObjectKey};
use crate::port::Port;
use crate::resolver::ResolvedGateway;

use super::condition::StatusCondition;

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
    Mesh(MeshStatus),
    /// Of a Backend of Envoy Gateway.
    Conditions(ConditionsStatus),
    /// Of options and Upstreams of Gloo Gateway.
    Gloo(GlooStatus),
}

/// The status of a GatewayClass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassStatus {
    pub conditions: Vec<StatusCondition>,
    pub supported_features: Vec<Feature>,
}

/// A feature, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Feature {
    pub name: &'static str,
}

/// The status of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
pub struct Address {
    #[serde(rename = "type")]
    pub address_type: &'static str,
    pub value: String,
}

/// The status of a listener of a Gateway or a ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    pub attached_routes: usize,
    pub conditions: Vec<StatusCondition>,
    pub name: String,
    pub supported_kinds: Vec<SupportedKind>,
}

/// A route kind that a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SupportedKind {
    pub group: &'static str,
    pub kind: &'static str,
}

/// The status of a ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListenerSetStatus {
    pub conditions: Vec<StatusCondition>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerStatus>,
}

/// A status with one entry for each parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParentsStatus {
    pub parents: Vec<ParentStatus>,
}

/// What became of an object at one of its parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentStatus {
    pub conditions: Vec<StatusCondition>,
    pub controller_name: String,
    pub parent_ref: StatusReference,
}

/// A status with one entry for each ancestor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AncestorsStatus {
    pub ancestors: Vec<AncestorStatus>,
}

/// What became of a policy at one Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AncestorStatus {
    pub ancestor_ref: StatusReference,
    pub conditions: Vec<StatusCondition>,
    pub controller_name: String,
}

/// A reference to a parent or an ancestor, with group and kind spelt out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReference {
    pub group: String,
    pub kind: String,
    pub name: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section_name: Option<SectionName>,
}

impl StatusReference {
    /// A reference as a route has it.
    pub(super) fn of_parent(reference: &ParentReference) -> Self {
        let ParentReference { group, kind, namespace, name, section_name, port } = reference.clone();
        Self { group, kind, name, namespace, port, section_name }
    }

    /// A reference to a whole Gateway.
    pub(super) fn of_gateway(gateway: &ResolvedGateway<'_>) -> Self {
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

/// The status of an XMesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeshStatus {
    pub conditions: Vec<StatusCondition>,
    pub supported_features: Vec<Feature>,
}

/// A status of the object by itself, whoever uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionsStatus {
    pub conditions: Vec<StatusCondition>,
}

/// The status of options and of an Upstream of Gloo Gateway, by the namespace of whoever judges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GlooStatus {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<&'static str, StateOfObject>,
}

/// What somebody says of an object of Gloo Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateOfObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub reported_by: &'static str,
    pub state: GlooState,
}

/// What became of an object of Gloo Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum GlooState {
    Accepted,
    Warning,
    Rejected,
}

impl GlooState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Warning => "Warning",
            Self::Rejected => "Rejected",
        }
    }
}

/// The conditions that the API server gives to whole objects of these kinds before a controller has seen them.
pub(super) const DEFAULT_CONDITIONS: &[ConditionKind] = &[ConditionKind::Accepted, ConditionKind::Programmed];

impl ObjectStatus {
    pub(super) fn new(object: &ObjectHead, status: Status) -> Self {
        let generation = object.metadata.generation.max(0);
        Self { key: object.key(), version: object.version.to_owned(), generation, status }
    }

    /// Every condition, of the object and of its parts.
    pub fn conditions(&self) -> impl Iterator<Item = &StatusCondition> {
        let (whole, listeners): (&[StatusCondition], &[ListenerStatus]) = match &self.status {
            Status::GatewayClass(GatewayClassStatus { conditions, supported_features: _ })
            | Status::Mesh(MeshStatus { conditions, supported_features: _ })
            | Status::Conditions(ConditionsStatus { conditions }) => (conditions, &[]),
            Status::Gateway(GatewayStatus { conditions, listeners, addresses: _, attached_listener_sets: _ })
            | Status::ListenerSet(ListenerSetStatus { conditions, listeners }) => (conditions, listeners),
            Status::Parents(_) | Status::Ancestors(_) | Status::Gloo(_) => (&[], &[]),
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

/// The objects whose status is wanted: all but those of `--context`.
pub(super) fn judged<S>(objects: &[Object<S>]) -> impl Iterator<Item = &Object<S>> {
    objects.iter().filter(|object| !object.position.context)
}

/// The group of the routes that Gateways serve.
pub(super) fn route_group() -> &'static str {
    Kind::HTTPRoute.group()
}
