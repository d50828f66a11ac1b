//! The objects of the input by their places.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{FieldPath, Location, ObjectRef, PartPath};
use crate::name::{Name, Namespace};
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey, Position};
use crate::parser::part;
use crate::parser::source::DocumentId;
use crate::path;

/// The objects of the input by their places, and what policies of the context are about.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) at: HashMap<(DocumentId, FieldPath), ObjectRef>,
    /// The objects of kinds that gwctl does not read.
    pub(super) foreign: HashSet<ObjectRef>,
    /// The targets of each policy of a kind that gwctl reads.
    pub(super) targets: HashMap<ObjectRef, Vec<ObjectRef>>,
    /// The name of each judged object.
    pub(super) judged: HashMap<ObjectRef, Location>,
    /// The objects that the API server would refuse.
    pub(super) refused: HashSet<ObjectRef>,
    /// The policies among them of which not even the targets can be decoded.
    pub(super) aimless: HashSet<ObjectRef>,
    /// Where judged Gateways name each class.
    pub(super) classes: HashMap<Name, Location>,
}

impl Objects {
    pub(super) fn new(manifests: &Manifests) -> Self {
        let mut objects = Self::default();
        manifests.heads().into_iter().for_each(|head| objects.add(head));
        for object in &manifests.foreign {
            objects.insert(&object.position, object.identity.clone());
            objects.foreign.insert(object.identity.clone());
        }
        for policy in &manifests.backend_tls_policies {
            let targets = policy.spec.target_refs.iter();
            objects.aim(policy, targets.map(|target| (&target.group, &target.kind, &target.name)));
        }
        for policy in &manifests.x_backend_traffic_policies {
            let targets = policy.spec.target_refs.iter();
            objects.aim(policy, targets.map(|target| (&target.group, &target.kind, &target.name)));
        }
        for policy in &manifests.route_options {
            let targets = policy.spec.target_refs.iter();
            objects.aim(policy, targets.map(|target| (&target.group, &target.kind, &target.name)));
        }
        for (policy, targets) in manifests.options_of_listeners() {
            let targets = targets.iter();
            objects.aim(policy, targets.map(|target| (&target.group, &target.kind, &target.name)));
        }
        for (policy, targets) in manifests.targets_of_envoy_policies() {
            let targets = targets.into_iter();
            objects.aim(policy, targets.map(|(_, target)| (&target.group, &target.kind, &target.name)));
        }
        objects.add_endpoints(manifests);
        objects.add_refused(manifests);
        for gateway in manifests.gateways.iter().filter(|gateway| !gateway.position.context) {
            let class = gateway.spec.gateway_class_name.clone();
            objects.classes.entry(class).or_insert_with(|| gateway.at(&path!["spec", "gatewayClassName"]));
        }
        objects
    }

    /// Endpoints are about their Service.
    fn add_endpoints(&mut self, manifests: &Manifests) {
        let service = |namespace: &Namespace, name: &Name| {
            ObjectKey { kind: Kind::Service, namespace: namespace.clone(), name: name.clone() }.to_ref()
        };
        for slice in &manifests.endpoint_slices {
            let name = slice.spec.service_name.as_ref();
            let target = name.map(|name| service(&slice.metadata.namespace, name));
            self.targets.insert(slice.key().to_ref(), target.into_iter().collect());
        }
        let undecoded = manifests.undecoded_slices.iter();
        self.targets.extend(undecoded.map(|(slice, service)| (slice.to_ref(), vec![service.to_ref()])));
        for object in &manifests.foreign {
            let ObjectRef { group, kind, namespace, name } = &object.identity;
            if group.is_empty() && kind == "Endpoints" {
                self.targets.insert(object.identity.clone(), vec![service(namespace, name)]);
            }
        }
    }

    fn add_refused(&mut self, manifests: &Manifests) {
        self.refused.extend(manifests.refused.keys().map(ObjectKey::to_ref));
        self.refused.extend(manifests.refused_keys().map(|key| key.to_ref()));
        let is_policy = |key: &&ObjectKey| key.kind.is_policy();
        self.aimless.extend(manifests.refused.keys().filter(is_policy).map(ObjectKey::to_ref));
    }

    fn add(&mut self, object: &ObjectHead) {
        let own = object.key().to_ref();
        if !object.position.context {
            self.judged.insert(own.clone(), object.at(&path!["metadata", "name"]));
        }
        self.insert(&object.position, own);
    }

    fn insert(&mut self, Position { document, base, context: _ }: &Position, object: ObjectRef) {
        self.at.insert((*document, base.clone()), object);
    }

    fn aim<'t>(&mut self, policy: &ObjectHead, targets: impl Iterator<Item = (&'t String, &'t String, &'t Name)>) {
        let namespace = &policy.metadata.namespace;
        let target = |(group, kind, name): (&String, &String, &Name)| ObjectRef {
            group: group.clone(),
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
        };
        self.targets.insert(policy.key().to_ref(), targets.map(target).collect());
    }

    /// The object at a place, and the path inside it.
    pub(super) fn at(&self, location: &Location) -> Option<(ObjectRef, PartPath)> {
        let Location::Field { document, path, part: _ } = location else { return None };
        (0..=path.0.len()).find_map(|length| {
            let (base, own) = path.0.split_at(length);
            let object = self.at.get(&(*document, FieldPath(base.to_vec())))?;
            Some((object.clone(), part::within(FieldPath(own.to_vec()))))
        })
    }
}
