//! What objects say to whoever serves them besides what gwctl translates: annotations, and what a Gateway asks of its
//! infrastructure.

use std::collections::{BTreeMap, BTreeSet};

use super::super::change::Moved;
use super::tools::may_be_read;
use super::values::{AllLeft, Content, Left, Values};
use crate::diagnostics::{FieldPath, Subject};
use crate::options::{ListenerAddress, Options};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::node::Node;
use crate::resolver::ForeignUse;

const MOVED: &str = "policies or annotations that gwctl does not translate are not the same on both";
const ANNOTATED: &str = "controllers read its annotations, and gwctl does not";
const ASKED: &str = "it asks something of its infrastructure, which gwctl does not make";

/// Adds what Gateways, their classes, routes and Services say to controllers alone.
pub(super) fn add(values: &Values<'_>, options: &Options, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    let unselected = values.unselected();
    let is_meant = |head: &ObjectHead| is_read(head) && !unselected.contains(&head.key().to_ref().to_string());
    for head in manifests.heads().into_iter().filter(|head| is_meant(head)) {
        push(left, head, entries(head.metadata.annotations.iter()), ANNOTATED);
    }
    for gateway in manifests.gateways.iter().filter(|gateway| is_meant(gateway)) {
        let (annotations, labels) = match &gateway.spec.infrastructure {
            Some(infrastructure) => (entries(texts(&infrastructure.annotations)), &infrastructure.labels),
            None => (entries(std::iter::empty()), &BTreeMap::new()),
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
fn entries<'a>(annotations: impl Iterator<Item = (&'a str, &'a str)>) -> Node {
    Node::Map(annotations.filter(|(key, _)| may_be_read(key)).map(|(key, value)| pair(key, value)).collect())
}

fn texts(texts: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    texts.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn pair(key: &str, value: &str) -> (String, Node) {
    (key.to_owned(), Node::String(value.to_owned()))
}

/// Adds the objects between which rules moved where something that gwctl does not translate hangs on one of them alone.
pub(super) fn add_moved(
    values: &[Values<'_>; 2],
    uses: &[Vec<ForeignUse<'_>>; 2],
    moved: &BTreeSet<Moved>,
    lists: &mut [&mut AllLeft; 2],
) {
    if moved.is_empty() {
        return;
    }
    for (side, ((values, uses), left)) in values.iter().zip(uses).zip(lists).enumerate() {
        let mut policies: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for ForeignUse { object, objects, .. } in uses {
            for name in objects {
                policies.entry(name).or_default().insert(object.identity.to_string());
            }
        }
        let heads = values.compilation.manifests.heads();
        let heads = heads.into_iter().filter(|head| head.kind.is_route());
        let heads: BTreeMap<String, &ObjectHead> =
            heads.map(|head| (Subject::Object(head.key().to_ref()).to_string(), head)).collect();
        for Moved { from, to } in moved {
            let [from, to] = [from, to].map(|object| Subject::Object(object.to_ref()).to_string());
            let own = if side == 0 { &from } else { &to };
            let Some(head) = heads.get(own) else { continue };
            let annotations = Node::List(vec![entries(head.metadata.annotations.iter())]);
            let content = Content::Untranslated(annotations, policies.get(own.as_str()).cloned().unwrap_or_default());
            let (location, reason) = (head.at(&FieldPath::ROOT), MOVED.to_owned());
            let subject = format!("rules of {from} that are now those of {to}");
            left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: false });
        }
    }
}

/// Adds something of an object; that it says nothing is something as well.
fn push(left: &mut AllLeft, head: &ObjectHead, said: Node, reason: &str) {
    // What two parts of an object say is not mixed up.
    let content = Content::Value(Node::List(vec![Node::String(reason.to_owned()), said]));
    let one = Left { content, location: head.at(&FieldPath::ROOT), reason: reason.to_owned(), is_unknown: false };
    left.entry(Subject::Object(head.key().to_ref()).to_string()).or_default().push(one);
}
