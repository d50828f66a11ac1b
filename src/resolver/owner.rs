//! The object that declares a listener: a Gateway, or a ListenerSet that has
//! joined one.

use crate::diagnostics::{Code, FieldPath, Finding, Location, PartPath};
use crate::parser::api::{GatewaySpec, Listener, ListenerSetSpec};
use crate::parser::manifests::{Kind, Metadata, Object, ObjectKey};
use crate::path;

use super::origin::{OriginObject, OriginTable};

/// Who declares a listener. References of the listener start from this
/// object's kind and namespace; settings of the whole Gateway come from
/// [`ListenerOwner::gateway`].
#[derive(Clone, Copy, Debug)]
pub struct ListenerOwner<'m> {
    /// The Gateway that serves the listener.
    pub gateway: &'m Object<GatewaySpec>,
    /// The ListenerSet that declares it; `None` when the Gateway does.
    pub set: Option<&'m Object<ListenerSetSpec>>,
}

impl<'m> ListenerOwner<'m> {
    /// The Gateway as the owner of its own listeners.
    pub fn of_gateway(gateway: &'m Object<GatewaySpec>) -> Self {
        Self { gateway, set: None }
    }

    /// A ListenerSet of a Gateway.
    pub fn of_set(gateway: &'m Object<GatewaySpec>, set: &'m Object<ListenerSetSpec>) -> Self {
        Self { gateway, set: Some(set) }
    }

    /// The kind of the owner.
    pub fn kind(self) -> Kind {
        self.set.map_or(self.gateway.kind, |set| set.kind)
    }

    /// The identity of the owner.
    pub fn key(self) -> ObjectKey {
        self.set.map_or_else(|| self.gateway.key(), |set| set.key())
    }

    /// The metadata of the owner.
    pub fn metadata(self) -> &'m Metadata {
        self.set.map_or(&self.gateway.metadata, |set| &set.metadata)
    }

    /// Whether the API server would refuse the owner, or its Gateway.
    pub fn is_refused(self) -> bool {
        self.gateway.refusal.is_some() || self.set.is_some_and(|set| set.refusal.is_some())
    }

    /// Whether a listener of the owner could not be decoded: something stands in its place.
    pub fn lacks_listener(self, index: usize) -> bool {
        let part = path!["spec", "listeners", index];
        let head = self.set.map_or(&self.gateway.head, |set| &set.head);
        head.missing(&part).is_some()
    }

    /// Whether the owner, or its Gateway, is of `--context`.
    pub fn is_in_context(self) -> bool {
        self.gateway.position.context || self.set.is_some_and(|set| set.position.context)
    }

    /// Whether the owner stands in for a Gateway that is not in the input: nobody declares its listeners.
    pub fn is_stand_in(self) -> bool {
        self.set.is_none() && self.gateway.at(&FieldPath::ROOT).is_nowhere()
    }

    /// The listeners that the owner declares.
    pub fn listeners(self) -> &'m [Listener] {
        self.set.map_or(&self.gateway.spec.listeners, |set| &set.spec.listeners)
    }

    /// The place of the field at `path` of the owner.
    pub fn at(self, path: &FieldPath) -> Location {
        self.set.map_or_else(|| self.gateway.at(path), |set| set.at(path))
    }

    /// A finding on the field at `path` of the owner.
    pub fn finding(self, code: Code, path: impl Into<PartPath>, message: impl Into<String>) -> Finding {
        match self.set {
            Some(set) => set.finding(code, path, message),
            None => self.gateway.finding(code, path, message),
        }
    }

    /// The owner as messages name it, such as ``Gateway `infra/edge` ``.
    pub fn describe(self) -> String {
        let Metadata { namespace, name, .. } = self.metadata();
        format!("{} `{namespace}/{name}`", self.kind().name())
    }

    /// Registers the owner; the result is passed to [`OriginTable::origin`].
    pub fn register(self, origins: &mut OriginTable) -> OriginObject {
        match self.set {
            Some(set) => origins.object(set),
            None => origins.object(self.gateway),
        }
    }
}
