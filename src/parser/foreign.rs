//! Objects of groups and kinds that gwctl does not translate: who they are,
//! and which objects they say they are about.
//!
//! A policy of another group is not decoded. Only the fields by which such
//! kinds name what they apply to are looked at, directly below `spec`:
//! `targetRef`, `targetRefs` and `targetSelectors`
//! ([GEP-713](https://gateway-api.sigs.k8s.io/geps/gep-713/)), and the workload
//! selectors of Istio, whose Gateways' workloads bear the Gateway's name.
//! Whatever has another form there is passed over: it names nothing.

use serde::Deserialize;

use crate::diagnostics::{FieldPath, Location, ObjectRef, Segment};
use crate::name::{Name, Namespace};
use crate::parser::api::LabelSelector;
use crate::path;

use super::flux::{Applied, applied};
use super::head::Position;
use super::kind::Kind;
use super::node::Node;
use super::pod::Pod;

/// The label that the workloads of a Gateway bear
/// ([GEP-1762](https://gateway-api.sigs.k8s.io/geps/gep-1762/)).
const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";
/// The kinds of Istio that apply to every workload of their namespace where they select none, Gateways included
/// ([scope of policies](https://istio.io/latest/docs/reference/config/type/workload-selector/)).
const ISTIO_WHOLE_NAMESPACE: [&str; 4] = ["AuthorizationPolicy", "EnvoyFilter", "RequestAuthentication", "WasmPlugin"];
/// Istio's root namespace: what stands there applies to every namespace.
const ISTIO_ROOT: &str = "istio-system";

/// What makes Secrets: group, kind, and the field with the name of the Secret where it has not that of the object.
const MAKERS: [(&str, &str, &[&str]); 5] = [
    ("bitnami.com", "SealedSecret", &["spec", "template", "metadata", "name"]),
    ("cert-manager.io", "Certificate", &["spec", "secretName"]),
    ("external-secrets.io", "ExternalSecret", &["spec", "target", "name"]),
    ("secrets.hashicorp.com", "VaultPKISecret", &["spec", "destination", "name"]),
    ("secrets.hashicorp.com", "VaultStaticSecret", &["spec", "destination", "name"]),
];

/// An object that gwctl does not translate.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignObject {
    /// Its group, kind, namespace and name as they are written; an object that names no namespace is in the default one.
    pub identity: ObjectRef,
    /// Where it stands.
    pub position: Position,
    /// The fields of its `spec`.
    pub fields: Vec<String>,
    /// What it says it applies to.
    pub targets: Vec<ForeignTarget>,
    /// The name of the Secret that it makes in its namespace.
    pub makes: Option<Name>,
    /// What it applies, where it is a Kustomization of Flux.
    pub applied: Option<Applied>,
    /// What is known of it, where it is a Pod.
    pub pod: Option<Pod>,
    /// Whether its group or kind looks like a slip, which has been reported.
    pub is_slip: bool,
}

/// One of the targets of such an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignTarget {
    /// The field that names it, from the root of the object.
    pub path: FieldPath,
    /// The group; `None` where none is written.
    pub group: Option<String>,
    /// The kind.
    pub kind: String,
    /// The namespace; that of the object where none is written.
    pub namespace: Namespace,
    /// Which objects of the kind.
    pub selection: Selection,
    /// The part of the object that alone is meant: a listener, a rule or a port, by its name.
    pub section: Option<String>,
}

/// Which objects of a kind are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// The one of this name.
    Name(Name),
    /// Those with these labels.
    Labels(LabelSelector),
    /// Those of Istio: all of the namespace or, when `everywhere` is set, of every namespace.
    Istio {
        /// Whether those of other namespaces are meant too.
        everywhere: bool,
    },
}

impl ForeignObject {
    /// Its kind and group as flags name them, `KIND.GROUP`.
    pub fn full_kind(&self) -> String {
        let ObjectRef { group, kind, namespace: _, name: _ } = &self.identity;
        if group.is_empty() { kind.clone() } else { format!("{kind}.{group}") }
    }

    /// Reads what is needed of an object.
    pub(super) fn read(
        node: &Node,
        group: &str,
        kind: &str,
        position: &Position,
        default_namespace: &Namespace,
    ) -> Self {
        let metadata = node.get("metadata");
        let word = |field: &str| {
            metadata.and_then(|metadata| metadata.get(field)).and_then(Node::as_str).filter(|text| !text.is_empty())
        };
        let identity = ObjectRef {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: word("namespace").map_or_else(|| default_namespace.clone(), Namespace::from),
            name: word("name").or_else(|| word("generateName")).map(Name::from).unwrap_or_default(),
        };
        let fields = match node.get("spec") {
            Some(Node::Map(entries)) => entries.iter().map(|(field, _)| field.to_owned()).collect(),
            _ => Vec::new(),
        };
        let targets = node.get("spec").map(|spec| targets(spec, &identity)).unwrap_or_default();
        let makes = secret_of(node, &identity);
        let applied = applied(node, group, kind);
        let pod = (group.is_empty() && kind == "Pod").then(|| Pod::read(node));
        Self { identity, position: position.clone(), fields, targets, makes, applied, pod, is_slip: false }
    }

    /// The place of the field at `path`, given from the root of the object.
    pub fn at(&self, path: &FieldPath) -> Location {
        self.position.at(path)
    }
}

/// The name of the Secret that an object makes.
fn secret_of(node: &Node, identity: &ObjectRef) -> Option<Name> {
    let ObjectRef { group, kind, namespace: _, name } = identity;
    let (_, _, field) =
        MAKERS.iter().find(|(own_group, own_kind, _)| (*own_group, *own_kind) == (group.as_str(), kind.as_str()))?;
    let named = field.iter().try_fold(node, |node, field| node.get(field)).and_then(Node::as_str);
    Some(named.map_or_else(|| name.clone(), Name::from)).filter(|name| !name.is_empty())
}

/// Whether a field decides about what an object of the group applies to, or what it is called: given twice, it is not
/// known which of the two counts.
pub(super) fn decides_on_targets(group: &str, path: &FieldPath) -> bool {
    let [Segment::Field(part), Segment::Field(field), ..] = path.0.as_slice() else { return false };
    match (part.as_ref(), field.as_ref()) {
        ("metadata", "name" | "namespace")
        | ("spec", "targetRef" | "targetRefs" | "targetReference" | "targetSelectors") => true,
        ("spec", "selector" | "workloadSelector") => is_istio(group),
        _ => false,
    }
}

fn targets(spec: &Node, identity: &ObjectRef) -> Vec<ForeignTarget> {
    // One where several are asked for, and the other way round: what is meant is plain, and it must not be lost.
    let listed = |field: &'static str| {
        let value = spec.get(field);
        let items = value.and_then(Node::as_list).unwrap_or_default();
        let single = value.filter(|value| value.as_map().is_some()).map(|value| (path!["spec", field], value));
        let of_list = items.iter().enumerate().map(move |(index, item)| (path!["spec", field, index], item));
        single.into_iter().chain(of_list)
    };
    let named = listed("targetRef").chain(listed("targetRefs"));
    let mut targets: Vec<ForeignTarget> = named.filter_map(|(path, target)| by_name(path, target, identity)).collect();
    let of_service = |(path, target)| by_name_of_service(path, target, identity);
    targets.extend(listed("targetReference").filter_map(of_service));
    targets.extend(listed("targetSelectors").filter_map(|(path, target)| by_labels(path, target, identity)));
    if targets.is_empty() && is_istio(&identity.group) {
        targets.extend(of_istio(spec, identity));
    }
    targets
}

fn by_name(path: FieldPath, target: &Node, identity: &ObjectRef) -> Option<ForeignTarget> {
    let name = target.get("name").and_then(Node::as_str)?.to_owned();
    target_of(path, target, identity, Selection::Name(Name::from(name)))
}

/// The target of an AWS load balancer's settings, which is a Service where no kind is written
/// ([TargetGroupConfiguration](https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/gateway/spec/)).
fn by_name_of_service(path: FieldPath, target: &Node, identity: &ObjectRef) -> Option<ForeignTarget> {
    let kind = target.get("kind").is_none().then(|| ("kind".to_owned(), Node::String("Service".to_owned())));
    let group = target.get("group").is_none().then(|| ("group".to_owned(), Node::String(String::new())));
    let written = target.as_map().unwrap_or_default().iter().cloned();
    by_name(path, &Node::Map(written.chain(kind).chain(group).collect()), identity)
}

fn by_labels(path: FieldPath, target: &Node, identity: &ObjectRef) -> Option<ForeignTarget> {
    let part = |field: &str| target.get(field).cloned().map(|value| (field.to_owned(), value));
    let parts = Node::Map(part("matchLabels").into_iter().chain(part("matchExpressions")).collect());
    let labels = LabelSelector::deserialize(parts).ok()?;
    target_of(path, target, identity, Selection::Labels(labels))
}

fn target_of(path: FieldPath, target: &Node, identity: &ObjectRef, selection: Selection) -> Option<ForeignTarget> {
    let text = |field: &str| target.get(field).and_then(Node::as_str);
    // Some kinds name a version, as owner references do.
    let of_version = || text("apiVersion").map(|version| version.split_once('/').map_or("", |(group, _)| group));
    Some(ForeignTarget {
        path,
        group: text("group").or_else(of_version).map(str::to_owned),
        kind: text("kind")?.to_owned(),
        namespace: text("namespace").map_or_else(|| identity.namespace.clone(), Namespace::from),
        selection,
        section: text("sectionName").map(str::to_owned),
    })
}

/// Whether a group is one of Istio's.
fn is_istio(group: &str) -> bool {
    group.ends_with(".istio.io")
}

/// The Gateways whose workloads an object of Istio selects.
fn of_istio(spec: &Node, identity: &ObjectRef) -> Option<ForeignTarget> {
    let selector = [("selector", "matchLabels"), ("workloadSelector", "labels")]
        .into_iter()
        .find_map(|(field, labels)| Some((field, labels, spec.get(field)?)));
    let (path, selection) = match selector {
        Some((field, labels, selector)) => {
            let name = selector.get(labels)?.get(GATEWAY_NAME_LABEL)?.as_str()?.to_owned();
            (path!["spec", field, labels, GATEWAY_NAME_LABEL], Selection::Name(Name::from(name)))
        }
        None if ISTIO_WHOLE_NAMESPACE.contains(&identity.kind.as_str()) => {
            (path!["spec"], Selection::Istio { everywhere: identity.namespace == ISTIO_ROOT })
        }
        None => return None,
    };
    Some(ForeignTarget {
        path,
        group: Some(Kind::Gateway.group().to_owned()),
        kind: Kind::Gateway.name().to_owned(),
        namespace: identity.namespace.clone(),
        selection,
        section: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::decode::decode;
    use crate::parser::source::DocumentId;
    use crate::parser::split::Syntax;

    fn read(group: &str, kind: &str, spec: &str) -> Vec<ForeignTarget> {
        let text = format!("metadata: {{name: p, namespace: shop}}\nspec: {spec}\n");
        let node = decode(&text, Syntax::Yaml).unwrap().node;
        let position = Position { document: DocumentId(0), base: FieldPath::ROOT, context: false };
        ForeignObject::read(&node, group, kind, &position, &"default".into()).targets
    }

    fn paths(targets: &[ForeignTarget]) -> Vec<String> {
        targets.iter().map(|target| format!("{} {} {}", target.path, target.namespace, target.kind)).collect()
    }

    #[test]
    fn every_form_of_a_target_is_read() {
        let found = read(
            "gateway.envoyproxy.io",
            "SecurityPolicy",
            "{targetRef: {group: g, kind: Gateway, name: a}, targetRefs: [{kind: HTTPRoute, name: b, namespace: c}, 1],
              targetSelectors: [{kind: Service, matchLabels: {a: b}}]}",
        );
        let expected =
            ["spec.targetRef shop Gateway", "spec.targetRefs[0] c HTTPRoute", "spec.targetSelectors[0] shop Service"];
        assert_eq!(paths(&found), expected);
    }

    #[test]
    fn one_target_in_the_place_of_several_is_one() {
        let found = read(
            "a.example",
            "B",
            "{targetRef: [{kind: Gateway, name: a}], targetRefs: {kind: HTTPRoute, name: b},
              targetSelectors: {kind: Service, matchLabels: {a: b}}}",
        );
        let expected =
            ["spec.targetRef[0] shop Gateway", "spec.targetRefs shop HTTPRoute", "spec.targetSelectors shop Service"];
        assert_eq!(paths(&found), expected);
    }

    #[test]
    fn a_target_without_a_kind_is_a_service_where_that_is_the_default() {
        let found = read("gateway.k8s.aws", "TargetGroupConfiguration", "{targetReference: {name: a}}");
        assert_eq!(paths(&found), ["spec.targetReference shop Service"]);
        assert_eq!(found.first().and_then(|target| target.group.as_deref()), Some(""));
        let found = read("gateway.k8s.aws", "TargetGroupConfiguration", "{targetReference: {kind: Gateway, name: a}}");
        assert_eq!(paths(&found), ["spec.targetReference shop Gateway"]);
    }

    #[test]
    fn what_makes_a_secret_says_which() {
        let makes = |group: &str, kind: &str, spec: &str| {
            let node = decode(&format!("metadata: {{name: own}}\nspec: {spec}\n"), Syntax::Yaml).unwrap().node;
            let position = Position { document: DocumentId(0), base: FieldPath::ROOT, context: false };
            ForeignObject::read(&node, group, kind, &position, &"default".into()).makes
        };
        for (group, kind, spec, expected) in [
            ("bitnami.com", "SealedSecret", "{template: {metadata: {name: a}}}", Some("a")),
            ("bitnami.com", "SealedSecret", "{}", Some("own")),
            ("external-secrets.io", "ExternalSecret", "{target: {name: a}}", Some("a")),
            ("external-secrets.io", "ExternalSecret", "{target: {}}", Some("own")),
            ("cert-manager.io", "Certificate", "{secretName: a}", Some("a")),
            ("cert-manager.io", "Issuer", "{secretName: a}", None),
            ("a.example", "SealedSecret", "{}", None),
        ] {
            assert_eq!(makes(group, kind, spec).as_deref(), expected, "{group} {kind} {spec}");
        }
    }

    #[test]
    fn what_has_another_form_names_nothing() {
        for spec in ["1", "[]", "{targetRef: a}", "{targetRefs: {a: b}}", "{targetRefs: [{kind: Gateway}, {name: a}]}"]
        {
            assert_eq!(read("a.example", "B", spec), [], "{spec}");
        }
    }

    #[test]
    fn istio_selects_workloads_of_gateways() {
        let group = "security.istio.io";
        let label = "{selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: edge}}}";
        assert_eq!(paths(&read(group, "AuthorizationPolicy", label)).len(), 1);
        assert_eq!(read(group, "AuthorizationPolicy", "{selector: {matchLabels: {app: cart}}}"), []);
        let whole = read(group, "AuthorizationPolicy", "{}");
        assert_eq!(whole.first().map(|target| &target.selection), Some(&Selection::Istio { everywhere: false }));
        assert_eq!(read(group, "PeerAuthentication", "{}"), []);
        assert_eq!(read("apps", "Deployment", label), []);
    }
}
