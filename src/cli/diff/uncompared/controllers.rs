//! What objects say to whoever serves them besides what gwctl translates: annotations, and what a Gateway asks of its
//! infrastructure.

use std::collections::BTreeMap;

use super::values::{AllLeft, Content, Left, Values};
use crate::diagnostics::{FieldPath, Subject};
use crate::options::{ListenerAddress, Options};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::node::Node;

/// Prefixes of annotations that say nothing to who serves traffic: those of tools that apply manifests. What has no prefix
/// is private to its user
/// ([annotations](https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set)).
const HARMLESS: [&str; 8] = [
    "app.kubernetes.io",
    "argocd.argoproj.io",
    "config.kubernetes.io",
    "helm.sh",
    "helm.toolkit.fluxcd.io",
    "kubectl.kubernetes.io",
    "kustomize.toolkit.fluxcd.io",
    "meta.helm.sh",
];
const ANNOTATED: &str = "controllers read its annotations, and gwctl does not";
const ASKED: &str = "it asks something of its infrastructure, which gwctl does not make";

/// Adds what Gateways, their classes, routes and Services say to controllers alone.
pub(super) fn add(values: &Values<'_>, options: &Options, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    let unselected = values.unselected();
    let is_meant = |head: &ObjectHead| is_read(head) && !unselected.contains(&head.key().to_ref().to_string());
    for head in manifests.heads().into_iter().filter(|head| is_meant(head)) {
        push(left, head, entries(&head.metadata.annotations), ANNOTATED);
    }
    for gateway in manifests.gateways.iter().filter(|gateway| is_meant(gateway)) {
        let (annotations, labels) = match &gateway.spec.infrastructure {
            Some(infrastructure) => (entries(&infrastructure.annotations), &infrastructure.labels),
            None => (entries(&BTreeMap::new()), &BTreeMap::new()),
        };
        let labels = Node::Map(labels.iter().map(|(key, value)| pair(key, value)).collect());
        push(left, &gateway.head, Node::List(vec![annotations, labels]), ASKED);
        if options.listener_address != ListenerAddress::Gateway {
            let addresses = &gateway.spec.addresses;
            let mut addresses: Vec<String> =
                addresses.iter().map(|one| format!("{} {:?}", one.address_type, one.value)).collect();
            addresses.sort();
            let said = Node::List(addresses.into_iter().map(Node::String).collect());
            push(left, &gateway.head, Node::List(vec![Node::String("addresses".to_owned()), said]), ASKED);
        }
    }
}

fn is_read(head: &ObjectHead) -> bool {
    let is_other = matches!(head.kind, Kind::GatewayClass | Kind::Gateway | Kind::ListenerSet | Kind::Service);
    (is_other || head.kind.is_route()) && !head.position.context
}

/// The annotations that a controller may read.
fn entries(annotations: &BTreeMap<String, String>) -> Node {
    let is_read = |key: &str| key.split_once('/').is_some_and(|(prefix, _)| !HARMLESS.contains(&prefix));
    Node::Map(annotations.iter().filter(|(key, _)| is_read(key)).map(|(key, value)| pair(key, value)).collect())
}

fn pair(key: &str, value: &str) -> (String, Node) {
    (key.to_owned(), Node::String(value.to_owned()))
}

/// Adds something of an object; that it says nothing is something as well.
fn push(left: &mut AllLeft, head: &ObjectHead, said: Node, reason: &str) {
    let (location, reason) = (head.at(&FieldPath::ROOT), reason.to_owned());
    // What two parts of an object say is not mixed up.
    let content = Content::Value(Node::List(vec![Node::String(reason.clone()), said]));
    let one = Left { content, location, reason, is_unknown: false };
    left.entry(Subject::Object(head.key().to_ref()).to_string()).or_default().push(one);
}
