//! What counts through something else: parameters of Gateways, what policies of other groups name, the endpoints of
//! Services, what Flux and Argo CD apply, and the sections of parents that nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;

use super::values::{AllLeft, Content, Holder, Left, Values, holder, holders};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, ObjectRef, Subject};
use crate::name::Name;
use crate::parser::api::{LabelSelector, ParentReference, Service};
use crate::parser::foreign::ForeignObject;
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::parser::node::Node;
use crate::resolver::{Annotatable, ForeignUse, annotated, matches_labels};

const SECTION_REASON: &str =
    "its parent is not in the input and it names another listener of it: what that one serves is not known";
const ANNOTATION_REASON: &str = "they name objects that gwctl does not translate and that are not in the input";
/// Fields of an object that say what it is, and what a policy applies to.
const NOT_NAMED: [&str; 7] = ["apiVersion", "kind", "metadata", "status", "targetRef", "targetRefs", "targetSelectors"];
/// What fetches, builds and applies further objects: group, and the kinds of it; none are all. What they say decides which
/// objects there are ([Flux](https://fluxcd.io/flux/components/),
/// [Argo CD](https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/)).
const BUILDERS: [(&str, &[&str]); 4] = [
    ("argoproj.io", &["Application", "ApplicationSet"]),
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("kustomize.toolkit.fluxcd.io", &["Kustomization"]),
    ("source.toolkit.fluxcd.io", &[]),
];

/// Adds the ConfigMaps and Secrets that hold parameters of Gateways and classes.
pub(super) fn add_parameters(values: &Values<'_>, left: &mut AllLeft) {
    let Manifests { gateway_classes, gateways, .. } = &values.compilation.manifests;
    let mut users: Vec<(&ObjectHead, &[&str])> = Vec::new();
    users.extend(gateway_classes.iter().map(|one| (&one.head, &["spec", "parametersRef"][..])));
    users.extend(gateways.iter().map(|one| (&one.head, &["spec", "infrastructure", "parametersRef"][..])));
    for (object, path) in users {
        let Ok(node) = values.object(&object.at(&FieldPath::ROOT)) else { continue };
        let Some(reference) = path.iter().try_fold(node, |node, field| node.get(field)) else { continue };
        let word = |field: &str| reference.get(field).and_then(Node::as_str).unwrap_or_default();
        let kinds = [Kind::ConfigMap, Kind::Secret];
        let Some(kind) = kinds.into_iter().find(|kind| kind.is_named(word("group"), word("kind"))) else { continue };
        let namespace = match word("namespace") {
            "" => object.metadata.namespace.as_str(),
            own => own,
        };
        if let Some(holder) = holder(values, kind, (namespace, word("name"))) {
            let by = object.key().to_ref();
            add_held(values, left, &holder, format!("{by} has its parameters there, which gwctl does not read"));
        }
    }
}

/// Adds what a Secret or a ConfigMap holds that gwctl does not read, also where one side alone has it.
fn add_held(values: &Values<'_>, left: &mut AllLeft, holder: &Holder<'_>, reason: String) {
    let (location, content) = holder.held(values);
    let known = left.entry(holder.head.key().to_ref().to_string()).or_default();
    if !known.iter().any(|one| one.content == content) {
        known.push(Left { content, location, reason, is_unknown: true });
    }
}

/// Adds what is in effect through an object that applies to something: what a policy names in its own namespace and what
/// that names in turn, the endpoints of a Service that is used, and what Flux and Argo CD apply.
pub(super) fn add_named(values: &Values<'_>, uses: &mut [ForeignUse<'_>], left: &mut AllLeft) {
    let mut named: BTreeMap<(&str, &str), &ObjectRef> = BTreeMap::new();
    let mut selectors: Vec<(LabelSelector, &ObjectRef)> = Vec::new();
    let mut by_name: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (index, one) in uses.iter().enumerate() {
        let ObjectRef { group, kind: _, namespace, name } = &one.object.identity;
        // Workloads are behind their Services.
        if one.objects.is_empty() && group.contains('.') && !group.ends_with(".k8s.io") {
            by_name.entry((namespace, name)).or_default().push(index);
        }
    }
    let mut open: Vec<usize> = Vec::new();
    let is_open = |one: &ForeignUse<'_>| !one.objects.is_empty() || is_builder(one.object);
    open.extend(uses.iter().enumerate().filter(|(_, one)| is_open(one)).map(|(index, _)| index));
    while let Some(index) = open.pop() {
        let Some(object) = uses.get(index).map(|one| one.object) else { continue };
        let Ok(node) = values.object(&object.at(&FieldPath::ROOT)) else { continue };
        let mut names = BTreeSet::new();
        let by = &object.identity;
        for (_, value) in node.as_map().unwrap_or_default().iter().filter(|(field, _)| field != "metadata") {
            names_in(value, &by.namespace, &mut names);
            selectors_in(value, by, &mut selectors);
        }
        for name in names {
            for named in by_name.remove(&name).unwrap_or_default() {
                if let Some(one) = uses.get_mut(named) {
                    one.objects.insert(by.to_string());
                    open.push(named);
                }
            }
            named.entry(name).or_insert(by);
        }
    }
    for one in uses.iter_mut() {
        let service = endpoints_of(values, one.object);
        let built = is_builder(one.object).then(|| "all that it builds".to_owned());
        one.objects.extend(service.into_iter().chain(built));
    }
    for holder in holders(values.compilation) {
        let (namespace, name) = holder.head.metadata.sort_key();
        if let Some(by) = named.get(&(namespace.as_str(), name.as_str())) {
            add_held(values, left, &holder, format!("{by} names it, which gwctl does not translate"));
        }
        let label = |name: &str| holder.head.metadata.labels.get(name);
        if let Some((_, by)) = selectors.iter().find(|(selector, _)| matches_labels(selector, label)) {
            add_held(values, left, &holder, format!("{by} selects it, which gwctl does not translate"));
        }
    }
    add_services(values.compilation, &named, left);
}

/// The label selectors of an object, but for those of what it applies to. Those that select everything say nothing.
fn selectors_in<'c>(node: &Node, by: &'c ObjectRef, found: &mut Vec<(LabelSelector, &'c ObjectRef)>) {
    match node {
        Node::Map(entries) => {
            let part = |field: &str| node.get(field).cloned().map(|value| (field.to_owned(), value));
            let parts: Vec<_> = part("matchLabels").into_iter().chain(part("matchExpressions")).collect();
            if !parts.is_empty()
                && let Ok(selector) = LabelSelector::deserialize(Node::Map(parts))
                && !(selector.match_labels.is_empty() && selector.match_expressions.is_empty())
            {
                found.push((selector, by));
            }
            let fields = entries.iter().filter(|(field, _)| !NOT_NAMED.contains(&field.as_str()));
            fields.for_each(|(_, value)| selectors_in(value, by, found));
        }
        Node::List(items) => items.iter().for_each(|item| selectors_in(item, by, found)),
        Node::String(_) | Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
    }
}

/// Adds the Services that are named, each by what, and where their endpoints are.
fn add_services(compilation: &Compilation, named: &BTreeMap<(&str, &str), &ObjectRef>, left: &mut AllLeft) {
    let Manifests { services, endpoint_slices, .. } = &compilation.manifests;
    // A cluster gives the address, and each cluster another one.
    let said = |spec: &Service| format!("{:?}", Service { cluster_ip: None, other_cluster_ip: None, ..spec.clone() });
    let own = services.iter().map(|one| (&one.head, Some(&one.metadata.name), said(&one.spec)));
    let slices = endpoint_slices.iter();
    let slices = slices.map(|one| (&one.head, one.spec.service_name.as_ref(), format!("{:?}", one.spec)));
    for (head, service, spec) in own.chain(slices).filter(|(head, _, _)| !head.position.context) {
        let service = service.map(Name::as_str).unwrap_or_default();
        let Some(by) = named.get(&(head.metadata.namespace.as_str(), service)) else { continue };
        let location = head.at(&FieldPath::ROOT);
        let content = Content::Text(spec);
        let reason = format!("{by} sends to it, which gwctl does not translate");
        let subject = Subject::Object(head.key().to_ref()).to_string();
        left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: true });
    }
}

/// Adds what an object of another group may name, by namespace and name.
pub(in super::super) fn add_names_of<'v>(
    values: &'v Values<'_>,
    object: &'v ForeignObject,
    names: &mut BTreeSet<(&'v str, &'v str)>,
) {
    let Ok(node) = values.object(&object.at(&FieldPath::ROOT)) else { return };
    let fields = node.as_map().unwrap_or_default().iter().filter(|(field, _)| field != "metadata");
    fields.for_each(|(_, value)| names_in(value, &object.identity.namespace, names));
}

/// Adds what the fields of an object may name, by namespace and name. Kinds call the field of a name as they like
/// (`secret: users`), so that every word counts; whoever asks knows which objects there are.
pub(super) fn names_in<'n>(node: &'n Node, namespace: &'n str, names: &mut BTreeSet<(&'n str, &'n str)>) {
    match node {
        Node::Map(entries) => {
            let own = node.get("namespace").and_then(Node::as_str).unwrap_or(namespace);
            let fields = entries.iter().filter(|(field, _)| !NOT_NAMED.contains(&field.as_str()));
            fields.for_each(|(_, value)| names_in(value, own, names));
        }
        Node::List(items) => items.iter().for_each(|item| names_in(item, namespace, names)),
        Node::String(name) => {
            names.insert((namespace, name));
        }
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
    }
}

/// The Service that is used and has its addresses of an Endpoints object, which a cluster makes EndpointSlices of
/// ([mirroring](https://kubernetes.io/docs/concepts/services-networking/service/#endpointslice-mirroring)).
fn endpoints_of(values: &Values<'_>, object: &ForeignObject) -> Option<String> {
    let ObjectRef { group, kind, namespace, name } = &object.identity;
    let compilation = values.compilation;
    let slices = &compilation.manifests.endpoint_slices;
    let has_slice = || {
        slices.iter().any(|slice| {
            slice.metadata.namespace == *namespace && slice.spec.service_name.as_deref() == Some(name.as_str())
        })
    };
    let mut backends = compilation.lowered.judged().clusters.iter().map(|cluster| &cluster.backend);
    let is_used = group.is_empty()
        && kind == "Endpoints"
        && !has_slice()
        && backends.any(|backend| backend.namespace == *namespace && backend.name == *name);
    is_used.then(|| format!("Service `{namespace}/{name}`"))
}

/// Whether an object decides which further objects there are.
fn is_builder(object: &ForeignObject) -> bool {
    let ObjectRef { group, kind, namespace: _, name: _ } = &object.identity;
    BUILDERS.iter().any(|(own, kinds)| own == group && (kinds.is_empty() || kinds.contains(&kind.as_str())))
}

/// Adds what the annotations of objects name that gwctl does not translate and the input does not have.
pub(super) fn add_annotations(values: &Values<'_>, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    let known = Annotatable::new(manifests);
    for object in annotated(manifests).filter(|object| !object.position.context) {
        let names = known.unknown(object);
        let names = names.map(|one| format!("{} {} {}/{}\n", one.annotation, one.kind(), one.namespace, one.name));
        // An object that one side alone has is compared by what it does.
        let content = Content::Text(names.collect());
        let (location, reason) = (object.at(&FieldPath::ROOT), ANNOTATION_REASON.to_owned());
        let subject = format!("the annotations of {}", Subject::Object(object.key().to_ref()));
        left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: false });
    }
}

/// Adds which listeners of parents that are missing routes name: two names are two listeners, as far as anybody knows. So are
/// the labels of the Namespaces that hold such routes, which the parents may select.
pub(super) fn add_sections(values: &Values<'_>, left: &mut AllLeft) {
    let compilation = values.compilation;
    let is_known_set = |namespace: &str, name: &str| {
        let sets = &compilation.manifests.listener_sets;
        sets.iter().any(|set| set.metadata.namespace == namespace && set.metadata.name == name)
    };
    let is_missing_gateway = |namespace: &str, name: &str| {
        compilation.missing_gateways.iter().any(|key| key.namespace == namespace && key.name == name)
    };
    let mut of_namespace: BTreeMap<&str, String> = BTreeMap::new();
    for route in compilation.manifests.routes().filter(|route| !route.object.position.context) {
        let own = route.object.metadata.namespace.as_str();
        for reference in route.parent_refs {
            let ParentReference { group, kind, namespace, name, section_name, port } = reference;
            let namespace = namespace.as_deref().unwrap_or(own);
            let is_missing = Kind::Gateway.is_named(group, kind) && is_missing_gateway(namespace, name)
                || Kind::ListenerSet.is_named(group, kind) && !is_known_set(namespace, name);
            if !is_missing {
                continue;
            }
            let subject = format!("{} on {kind} `{namespace}/{name}`", Subject::Object(route.object.key().to_ref()));
            let words = [
                section_name.as_deref().unwrap_or_default().to_owned(),
                port.map(|port| port.to_string()).unwrap_or_default(),
            ];
            let content = Content::Text(words.join(" "));
            let (location, reason) = (route.object.at(&FieldPath::ROOT), SECTION_REASON.to_owned());
            left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: false });
            of_namespace.entry(own).or_insert_with(|| format!("{kind} `{namespace}/{name}`"));
        }
    }
    for object in compilation.manifests.namespaces.iter().filter(|object| !object.position.context) {
        let Some(parent) = of_namespace.get(object.metadata.name.as_str()) else { continue };
        let lines = object.metadata.labels.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let (content, location) = (Content::Text(lines.collect()), object.at(&FieldPath::ROOT));
        let reason = format!("its routes have the parent {parent}, which is not in the input and may select them");
        let subject = format!("the labels of {}", Subject::Object(object.key().to_ref()));
        left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: false });
    }
}
