//! Tests of the table and of the check.

mod channels;
mod envoy_gateway;
mod examples;
mod limits;
mod mutations;
mod patterns;
mod policies;
mod rows;
mod rules;
mod structs;

use crate::diagnostics::Diagnostics;
use crate::options::Channel;
use crate::parser::manifests::Position;
use crate::parser::node::Node;
use crate::parser::object::{Outcome, ReadOptions, read};
use crate::parser::source::DocumentId;

/// A value of YAML as the loader makes it.
pub(in crate::parser) fn node(value: serde_yaml::Value) -> Node {
    use serde_yaml::Value;
    match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(value),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Node::Float(number.as_f64().unwrap_or(f64::NAN)), Node::Int)
        }
        Value::String(text) => Node::String(text),
        Value::Sequence(items) => Node::List(items.into_iter().map(node).collect()),
        Value::Mapping(entries) => {
            Node::Map(entries.into_iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), node(value))).collect())
        }
        Value::Tagged(tagged) => node(tagged.value),
    }
}

pub(in crate::parser) fn yaml(text: &str) -> Node {
    node(serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}")))
}

pub(in crate::parser) fn read_in(node: Node, channel: Channel) -> (Outcome, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let position = Position { document: DocumentId(0), base: crate::path![], context: false };
    let options = ReadOptions { namespace: "default".into(), channel };
    let outcome = read(node, position, &options, &mut diagnostics);
    let is_read = matches!(outcome, Outcome::Read(_));
    assert!(!is_read || !diagnostics.has_errors(), "an object with errors was read: {diagnostics:?}");
    (outcome, diagnostics)
}

/// The findings as `CODE path`, in order of path.
pub(in crate::parser) fn findings(diagnostics: &Diagnostics) -> Vec<String> {
    let mut lines: Vec<String> = diagnostics
        .findings()
        .iter()
        .map(|finding| format!("{} {}", finding.code.id(), finding.path.as_ref().unwrap()))
        .collect();
    lines.sort();
    lines
}

/// Reads an object with this spec, which may be written in flow style.
pub(in crate::parser) fn check(kind: &str, spec: &str, channel: Channel) -> Vec<String> {
    let (group, version) = match kind {
        "XBackend" | "XBackendTrafficPolicy" | "XMesh" => ("gateway.networking.x-k8s.io", "v1alpha1"),
        "Backend" | "HTTPRouteFilter" => ("gateway.envoyproxy.io", "v1alpha1"),
        _ => ("gateway.networking.k8s.io", "v1"),
    };
    let (kind, version) = kind.split_once('/').unwrap_or((kind, version));
    let object = yaml(&format!("{{apiVersion: {group}/{version}, kind: {kind}, metadata: {{name: a}}, spec: {spec}}}"));
    findings(&read_in(object, channel).1)
}

#[track_caller]
pub(in crate::parser) fn accepts(kind: &str, spec: &str) {
    assert_eq!(check(kind, spec, Channel::Experimental), Vec::<String>::new(), "{kind} {spec}");
}

#[track_caller]
pub(in crate::parser) fn refuses(kind: &str, spec: &str, wanted: &[&str]) {
    assert_eq!(check(kind, spec, Channel::Experimental), wanted, "{kind} {spec}");
}
