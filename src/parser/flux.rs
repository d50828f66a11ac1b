//! Kustomizations of Flux: the directory that one applies, and what it changes of the objects in it.
//!
//! gwctl applies none of it. Whether a change is one depends on the objects of the directory, which are not known here.

use std::collections::BTreeMap;

use super::decode::decode;
use super::node::Node;
use super::split::Syntax;
use crate::diagnostics::FieldPath;
use crate::path;

/// The group of a Kustomization.
const GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// Sources that are no repository of files: what is applied comes from elsewhere.
const ELSEWHERE: [&str; 2] = ["OCIRepository", "Bucket"];
/// Fields with the values of variables, below `spec.postBuild`.
const VALUES: [&str; 2] = ["substitute", "substituteFrom"];

/// What a Kustomization of Flux applies
/// ([Kustomization](https://fluxcd.io/flux/components/kustomize/kustomizations/)).
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The directory, from the root of the repository; never empty.
    pub directory: Vec<String>,
    /// What is done to its objects, in the order of the fields.
    pub changes: Vec<FluxChange>,
}

/// Something that a Kustomization does to objects.
#[derive(Clone, Debug, PartialEq)]
pub struct FluxChange {
    /// The field that says so, from the root of the Kustomization.
    pub path: FieldPath,
    /// What it does.
    pub effect: Effect,
}

/// What a field does to objects.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// All have this namespace.
    Namespace(String),
    /// All have another name.
    Name,
    /// All have these labels and annotations.
    Metadata {
        /// The labels.
        labels: BTreeMap<String, String>,
        /// The annotations.
        annotations: BTreeMap<String, String>,
    },
    /// Those that a patch is for have other content.
    Content(Patched),
    /// Variables have values.
    Variables,
}

/// Which objects a patch is for, as far as that is plain: what is not said, or is a pattern, may be any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patched {
    /// Their kind.
    pub kind: Option<String>,
    /// Their name.
    pub name: Option<String>,
}

/// Reads what an object applies; `None` for one that is no Kustomization of Flux, or names no directory of a repository.
pub(super) fn applied(object: &Node, group: &str, kind: &str) -> Option<Applied> {
    let spec = object.get("spec").filter(|_| (group, kind) == (GROUP, "Kustomization"))?;
    let source = spec.get("sourceRef").and_then(|source| source.get("kind")).and_then(Node::as_str);
    if source.is_some_and(|kind| ELSEWHERE.contains(&kind)) {
        return None;
    }
    let mut directory: Vec<String> = Vec::new();
    for part in spec.get("path").and_then(Node::as_str)?.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            // Nobody knows here what is above the root, or where a variable leads.
            ".." => drop(directory.pop()?),
            _ if part.contains('$') => return None,
            _ => directory.push(part.to_owned()),
        }
    }
    (!directory.is_empty()).then(|| Applied { directory, changes: changes(spec) })
}

fn changes(spec: &Node) -> Vec<FluxChange> {
    let text = |field: &str| spec.get(field).and_then(Node::as_str).filter(|text| !text.is_empty());
    let change = |field: &'static str, effect| FluxChange { path: path!["spec", field], effect };
    let mut changes = Vec::new();
    changes.extend(
        text("targetNamespace").map(|namespace| change("targetNamespace", Effect::Namespace(namespace.to_owned()))),
    );
    let names = ["namePrefix", "nameSuffix"].into_iter().filter(|field| text(field).is_some());
    changes.extend(names.map(|field| change(field, Effect::Name)));
    if let Some(metadata) = spec.get("commonMetadata") {
        let [labels, annotations] = ["labels", "annotations"].map(|field| texts(metadata.get(field)));
        changes.push(change("commonMetadata", Effect::Metadata { labels, annotations }));
    }
    for field in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
        for (index, patch) in items(spec, field).iter().enumerate() {
            changes.push(FluxChange { path: path!["spec", field, index], effect: Effect::Content(patched(patch)) });
        }
    }
    if !items(spec, "components").is_empty() {
        changes.push(change("components", Effect::Content(Patched::default())));
    }
    let is_given = |value: &Node| match value {
        Node::Map(entries) => !entries.is_empty(),
        Node::List(items) => !items.is_empty(),
        Node::String(_) | Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => false,
    };
    let given = |field: &&str| spec.get("postBuild").and_then(|build| build.get(field)).is_some_and(is_given);
    let given = VALUES.into_iter().filter(given);
    changes
        .extend(given.map(|field| FluxChange { path: path!["spec", "postBuild", field], effect: Effect::Variables }));
    changes
}

fn items<'n>(spec: &'n Node, field: &str) -> &'n [Node] {
    spec.get(field).and_then(Node::as_list).unwrap_or_default()
}

fn texts(entries: Option<&Node>) -> BTreeMap<String, String> {
    let entries = entries.and_then(Node::as_map).unwrap_or_default().iter();
    entries.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect()
}

/// What a patch is for: its target, or where it has none what it looks like. Fields of a target are regular expressions.
fn patched(patch: &Node) -> Patched {
    match (patch.get("target"), patch.get("patch")) {
        (Some(target), _) => named_by(target, target),
        (None, Some(Node::String(text))) => match decode(text, Syntax::Yaml) {
            Ok(decoded) => looks_like(&decoded.node),
            Err(_) => Patched::default(),
        },
        (None, _) => looks_like(patch),
    }
}

/// A strategic merge patch names its object.
fn looks_like(patch: &Node) -> Patched {
    patch.get("metadata").map_or_else(Patched::default, |metadata| named_by(patch, metadata))
}

fn named_by(kind: &Node, name: &Node) -> Patched {
    // Without letters of expressions, so that it is what it says and nothing else.
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let text = |node: &Node, field: &str| {
        node.get(field).and_then(Node::as_str).filter(|text| is_plain(text)).map(str::to_owned)
    };
    Patched { kind: text(kind, "kind"), name: text(name, "name") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: &str) -> Option<Applied> {
        let node = decode(&format!("spec: {spec}\n"), Syntax::Yaml).unwrap().node;
        applied(&node, GROUP, "Kustomization")
    }

    #[test]
    fn a_directory_of_the_repository_is_applied() {
        let directory = |spec: &str| read(spec).map(|applied| applied.directory.join("/"));
        for (spec, expected) in [
            ("{path: ./apps/prod/}", Some("apps/prod")),
            ("{path: /apps, sourceRef: {kind: GitRepository}}", Some("apps")),
            ("{path: apps, sourceRef: {kind: OCIRepository}}", None),
            ("{path: ./}", None),
            ("{path: ../apps}", None),
            ("{path: apps/../../apps}", None),
            ("{path: ./apps/../base/./web}", Some("base/web")),
            ("{path: apps/..}", None),
            ("{path: './apps/${CLUSTER}'}", None),
            ("{}", None),
        ] {
            assert_eq!(directory(spec).as_deref(), expected, "{spec}");
        }
        let node = decode("spec: {path: apps}\n", Syntax::Yaml).unwrap().node;
        assert_eq!(applied(&node, "a.example", "Kustomization"), None);
    }

    #[test]
    fn every_field_that_changes_objects_is_read() {
        let found = read(
            "{path: a, targetNamespace: shop, namePrefix: p-, nameSuffix: '', commonMetadata: {labels: {a: b}},
              patches: [{patch: '{kind: HTTPRoute, metadata: {name: web}}'}, {patch: '- op: remove', target: {kind: 'HTTP.*', name: w.b}},
                {target: {kind: Gateway, name: edge}}],
              patchesStrategicMerge: [{kind: Service, metadata: {name: a}}], patchesJson6902: [], components: [../c],
              postBuild: {substitute: {A: b}, substituteFrom: []}}",
        );
        let found = found.map(|applied| applied.changes).unwrap_or_default();
        let shown = |one: &FluxChange| match &one.effect {
            Effect::Content(Patched { kind, name }) => {
                let parts = [kind, name].into_iter().flatten();
                parts.fold(one.path.to_string(), |text, part| format!("{text} {part}"))
            }
            effect => format!("{} {effect:?}", one.path),
        };
        let shown: Vec<String> = found.iter().map(shown).collect();
        let expected = [
            "spec.targetNamespace Namespace(\"shop\")",
            "spec.namePrefix Name",
            "spec.commonMetadata Metadata { labels: {\"a\": \"b\"}, annotations: {} }",
            "spec.patches[0] HTTPRoute web",
            "spec.patches[1]",
            "spec.patches[2] Gateway edge",
            "spec.patchesStrategicMerge[0] Service a",
            "spec.components",
            "spec.postBuild.substitute Variables",
        ];
        assert_eq!(shown, expected);
    }
}
