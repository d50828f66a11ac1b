//! Findings on objects of `--context`, which are known and not judged.
//!
//! A finding stands where something loses or fails. Where that is an object of
//! the context, and a judged object brought it about, whoever is judged has to
//! hear of it: the finding then stands on the judged object. It is found among
//! the finding's related places, so whatever reports that one object suffers
//! from another names the other there. What nothing that is judged has to do
//! with is kept apart, to be counted. A policy is told where it reaches: on a
//! judged target, or on a judged reference to one; so are endpoints, and what is wrong with a certificate on a judged
//! reference to it. An error that keeps a listener
//! of the context from being served is told on every judged route that the
//! listener takes, and one of a Gateway, ListenerSet or class of which too little can be
//! decoded on the judged object that names it.

mod unserved;

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{FieldPath, Finding, Location, ObjectRef, Related, Severity};
use crate::options::Options;
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey, Position};
use crate::parser::source::DocumentId;
use crate::path;
use crate::resolver::References;

pub(crate) use unserved::{Unserved, find as find_unserved};

/// What nobody knows where the manifests do not say which object is older.
const OLDER_WINS: &str = "the manifests do not say which is older, and in a cluster the older one wins";

/// Takes the findings on objects of the context out of `findings`, but for those that can be told on a judged object.
pub(crate) fn take(
    manifests: &Manifests,
    options: &Options,
    unserved: &[Unserved],
    findings: &mut Vec<Finding>,
) -> Vec<Finding> {
    let on_context: Vec<Finding> =
        findings.extract_if(.., |finding| is_on_context(manifests, &finding.location)).collect();
    if on_context.is_empty() {
        return on_context;
    }
    let (objects, references) = (Objects::new(manifests), References::new(manifests, options));
    let (mut told, mut left) = (Vec::new(), Vec::new());
    for mut finding in on_context {
        let is_judged = |related: &Related| !is_on_context(manifests, &related.location);
        let cause = finding.related.iter().position(is_judged);
        let cause = cause.map(|cause| finding.related.remove(cause));
        let suffering = unserved::suffering(unserved, &finding, &objects);
        match cause.or_else(|| reached(&finding, &objects, &references)) {
            Some(cause) => told.push(tell_on(finding, cause, &objects)),
            None if suffering.is_empty() => match undecoded(&finding, &objects, &references) {
                Some(named) => told.push(tell_on(finding, named, &objects)),
                None => left.push(finding),
            },
            None => told.extend(suffering.into_iter().map(|route| tell_on(finding.clone(), route, &objects))),
        }
    }
    findings.extend(told);
    left
}

/// Whether a place is in a file of `--context`.
pub(crate) fn is_on_context(manifests: &Manifests, location: &Location) -> bool {
    let source = match location {
        Location::Source(source) | Location::Bytes(source, _) => *source,
        Location::Field { document, .. } => match manifests.documents.get(*document) {
            Some(document) => document.source,
            None => return false,
        },
        Location::Run | Location::Path(_) => return false,
    };
    manifests.sources.get(source).context
}

/// Where something that is judged names an object of the context that cannot be decoded and serves it, or would.
fn undecoded(finding: &Finding, objects: &Objects, references: &References) -> Option<Related> {
    let object = finding.object.as_ref().filter(|object| objects.refused.contains(object))?;
    if finding.severity() != Severity::Error {
        return None;
    }
    let named =
        references.judged(object).filter(|_| matches!(object.kind.as_str(), "Gateway" | "ListenerSet" | "Service"));
    let class = || objects.classes.get(object.name.as_str()).filter(|_| object.kind == Kind::GatewayClass.name());
    let location = named.map(|(_, location)| location).or_else(class)?.clone();
    Some(Related { message: format!("refers to {object}"), location })
}

/// Where a policy of the context reaches something that is judged.
fn reached(finding: &Finding, objects: &Objects, references: &References) -> Option<Related> {
    let policy = finding.object.as_ref()?;
    let about = |target: &ObjectRef| {
        let (_, location) = references.judged(target)?;
        Some(Related { message: format!("refers to {target}"), location: location.clone() })
    };
    if let Some(targets) = objects.targets.get(policy) {
        let own = |target: &ObjectRef| {
            let location = objects.judged.get(target)?.clone();
            Some(Related { message: format!("applies to {target}"), location })
        };
        return targets.iter().find_map(|target| own(target).or_else(|| about(target)));
    }
    if objects.aimless.contains(policy) {
        // What it is about nobody can tell, but for the namespace.
        let (_, location) = references.judged_service_of(&policy.namespace)?;
        let message = format!("may be what {policy} is about");
        return Some(Related { message, location: location.clone() });
    }
    if matches!(policy.kind.as_str(), "Secret" | "ConfigMap") && policy.group.is_empty() {
        return about(policy);
    }
    let is_foreign = objects.foreign.contains(policy);
    let related = finding.related.iter().filter(|_| is_foreign);
    related.filter_map(|related| objects.at(&related.location)).find_map(|(target, _)| about(&target))
}

/// The finding as one on a judged place.
fn tell_on(mut finding: Finding, cause: Related, objects: &Objects) -> Finding {
    let Related { message: label, location } = cause;
    let suffering = match (&finding.object, &finding.path) {
        (Some(object), Some(path)) if !path.0.is_empty() => format!("{object}, `{path}`"),
        (Some(object), _) => object.to_string(),
        (None, _) => "an object".to_owned(),
    };
    finding.message = format!("{suffering}, of the context: {}", finding.message);
    let was = finding.label.take().unwrap_or_else(|| "what it does here".to_owned());
    finding.related.insert(0, Related { message: was, location: finding.location });
    finding.label = Some(label);
    if finding.is_by_age {
        let traffic = finding.consequence.take().map_or_else(String::new, |traffic| format!("{traffic}; "));
        finding.consequence = Some(format!("{traffic}{OLDER_WINS}"));
    }
    (finding.object, finding.path) = objects.at(&location).unzip();
    finding.location = location;
    // The status of the judged object says nothing of it, and an edit would be one of the context.
    (finding.claim, finding.condition, finding.fix) = (None, None, None);
    finding
}

/// The objects of the input by their places, and what policies of the context are about.
#[derive(Default)]
struct Objects {
    at: HashMap<(DocumentId, FieldPath), ObjectRef>,
    /// The objects of kinds that gwctl does not read.
    foreign: HashSet<ObjectRef>,
    /// The targets of each policy of a kind that gwctl reads.
    targets: HashMap<ObjectRef, Vec<ObjectRef>>,
    /// The name of each judged object.
    judged: HashMap<ObjectRef, Location>,
    /// The objects that the API server would refuse.
    refused: HashSet<ObjectRef>,
    /// The policies among them of which not even the targets can be decoded.
    aimless: HashSet<ObjectRef>,
    /// Where judged Gateways name each class.
    classes: HashMap<String, Location>,
}

impl Objects {
    fn new(manifests: &Manifests) -> Self {
        let mut objects = Self::default();
        macro_rules! add {
            ($($list:ident),+ $(,)?) => { $(manifests.$list.iter().for_each(|object| objects.add(object));)+ };
        }
        add!(gateway_classes, gateways, listener_sets, http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes);
        add!(reference_grants, backend_tls_policies, backends, backend_traffic_policies, meshes);
        add!(namespaces, services, endpoint_slices, secrets, config_maps);
        for object in &manifests.foreign {
            objects.insert(&object.position, object.identity.clone());
            objects.foreign.insert(object.identity.clone());
        }
        for policy in &manifests.backend_tls_policies {
            let targets = policy.spec.target_refs.iter();
            objects.aim(policy, targets.map(|target| (&target.group, &target.kind, &target.name)));
        }
        for policy in &manifests.backend_traffic_policies {
            let targets = policy.spec.target_refs.iter();
            objects.aim(policy, targets.map(|target| (&target.group, &target.kind, &target.name)));
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
        let service = |namespace: &str, name: &str| {
            ObjectKey { kind: Kind::Service, namespace: namespace.to_owned(), name: name.to_owned() }.to_ref()
        };
        for slice in &manifests.endpoint_slices {
            let name = slice.spec.service_name.as_deref();
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
        let is_policy = |key: &&ObjectKey| matches!(key.kind, Kind::BackendTLSPolicy | Kind::XBackendTrafficPolicy);
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

    fn aim<'t>(&mut self, policy: &ObjectHead, targets: impl Iterator<Item = (&'t String, &'t String, &'t String)>) {
        let namespace = &policy.metadata.namespace;
        let target = |(group, kind, name): (&String, &String, &String)| ObjectRef {
            group: group.clone(),
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
        };
        self.targets.insert(policy.key().to_ref(), targets.map(target).collect());
    }

    /// The object at a place, and the path inside it.
    fn at(&self, location: &Location) -> Option<(ObjectRef, FieldPath)> {
        let Location::Field { document, path, part: _ } = location else { return None };
        (0..=path.0.len()).find_map(|length| {
            let (base, own) = path.0.split_at(length);
            let object = self.at.get(&(*document, FieldPath(base.to_vec())))?;
            Some((object.clone(), FieldPath(own.to_vec())))
        })
    }
}
