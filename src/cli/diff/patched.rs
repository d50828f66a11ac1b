//! Which objects Kustomizations select: those that they patch, and those whose
//! values they put into others
//! ([patches](https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/),
//! [replacements](https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements/)).
//!
//! What both sides hold alike does something else as soon as it finds other
//! objects, or other values.

use std::borrow::Cow;
use std::path::Path;

use regex::Regex;

use super::bundles::decoded;
use super::uncompared::{Values, without_server_fields};
use crate::diagnostics::{FieldPath, Location, ObjectRef};
use crate::parser::node::Node;

/// What is read of an object where no field of it is named.
const NAME_FIELD: &str = "metadata.name";

/// An object that may be selected.
struct Candidate<'c> {
    identity: Cow<'c, ObjectRef>,
    location: Location,
}

/// The objects of a side, and what reads files that a Kustomization names.
pub(super) struct Selected<'v, 'c> {
    values: &'v Values<'c>,
    objects: Vec<Candidate<'c>>,
}

impl<'v, 'c> Selected<'v, 'c> {
    pub(super) fn new(values: &'v Values<'c>) -> Self {
        let manifests = &values.compilation.manifests;
        let known = manifests.heads().into_iter().filter(|head| !head.position.context);
        let known = known
            .map(|head| Candidate { identity: Cow::Owned(head.key().to_ref()), location: head.at(&FieldPath::ROOT) });
        let foreign = manifests.foreign.iter().filter(|object| !object.position.context);
        let foreign = foreign.map(|object| Candidate {
            identity: Cow::Borrowed(&object.identity),
            location: object.at(&FieldPath::ROOT),
        });
        let objects = known.chain(foreign).collect();
        Self { values, objects }
    }

    /// What a Kustomization of the directory selects, in lines of no order; `read` decodes the files that it names.
    pub(super) fn by(&self, kustomization: &Node, read: &dyn Fn(&Path) -> Vec<Node>) -> Vec<String> {
        let mut lines = Vec::new();
        for patch in items(kustomization, &["patches", "patchesJson6902"]) {
            match patch.get("target") {
                Some(target) => self.add_targets(target, &mut lines),
                None => self.add_patched(&texts(patch, &["patch"], read), &mut lines),
            }
        }
        for patch in items(kustomization, &["patchesStrategicMerge"]) {
            self.add_patched(&text(patch, read), &mut lines);
        }
        for one in items(kustomization, &["replacements"]) {
            let files = one.get("path").map(|path| text(path, read)).unwrap_or_default();
            let of_files = files.iter().flat_map(|file| file.as_list().unwrap_or(std::slice::from_ref(file)));
            for replacement in of_files.chain([one]) {
                if let Some(source) = replacement.get("source") {
                    self.add_source(source, source.get("fieldPath"), &mut lines);
                }
                for target in items(replacement, &["targets"]) {
                    target.get("select").into_iter().for_each(|select| self.add_targets(select, &mut lines));
                    for reject in items(target, &["reject"]) {
                        self.add_targets(reject, &mut lines);
                    }
                }
            }
        }
        for variable in items(kustomization, &["vars"]) {
            if let Some(source) = variable.get("objref") {
                let field =
                    variable.get("fieldref").and_then(|field| field.get("fieldPath").or(field.get("fieldpath")));
                self.add_source(source, field, &mut lines);
            }
        }
        lines.sort();
        lines
    }

    /// The objects that a target selects. Labels and annotations by which it does so are those that it names.
    fn add_targets(&self, target: &Node, lines: &mut Vec<String>) {
        let by = ["labelSelector", "annotationSelector"].map(|field| target.get(field).is_some());
        for (identity, object) in self.matching(target) {
            let part = |field: &str| {
                object.get("metadata").and_then(|metadata| metadata.get(field)).cloned().unwrap_or(Node::Null)
            };
            let [labels, annotations] = [("labels", by[0]), ("annotations", by[1])]
                .map(|(field, is_asked)| if is_asked { format!(" {:?}", part(field)) } else { String::new() });
            lines.push(format!("target {identity:?}{labels}{annotations}"));
        }
    }

    /// The objects that a patch without a target names.
    fn add_patched(&self, patches: &[Node], lines: &mut Vec<String>) {
        for patch in patches.iter().filter(|patch| patch.get("kind").is_some()) {
            let word = |path: &[&str]| path.iter().try_fold(patch, |node, field| node.get(field)).cloned();
            let fields = [
                ("kind", word(&["kind"])),
                ("name", word(&["metadata", "name"]).map(literal)),
                ("namespace", word(&["metadata", "namespace"]).map(literal)),
            ];
            let target = fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect();
            self.add_targets(&Node::Map(target), lines);
        }
    }

    /// The value that is read, by its field; the whole object where the field has a form that leads nowhere.
    fn add_source(&self, source: &Node, field: Option<&Node>, lines: &mut Vec<String>) {
        let path = field.and_then(Node::as_str).unwrap_or(NAME_FIELD);
        let names = ["name", "namespace"];
        let mut target = source.as_map().unwrap_or_default().to_vec();
        for (_, value) in target.iter_mut().filter(|(key, _)| names.contains(&key.as_str())) {
            if let Node::String(name) = value {
                *name = regex::escape(name);
            }
        }
        for (identity, object) in self.matching(&Node::Map(target)) {
            let value = path.split('.').try_fold(&object, |node, part| match part.parse::<usize>() {
                Ok(index) if node.as_list().is_some() => node.as_list().and_then(|items| items.get(index)),
                _ => node.get(part),
            });
            lines.push(format!("source {identity:?} {:?}", value.unwrap_or(&object)));
        }
    }

    /// The objects of the kind and name, with what they say. Names are patterns; a namespace may be left out in an object.
    fn matching(&self, target: &Node) -> Vec<(&ObjectRef, Node)> {
        let word = |field: &str| target.get(field).and_then(Node::as_str).filter(|word| !word.is_empty());
        let of_version = || word("apiVersion").map(|version| version.split_once('/').map_or("", |(group, _)| group));
        // What is no pattern might be one for somebody else: it selects everything.
        let pattern = |text: Option<&str>| text.and_then(|text| Regex::new(&format!("^(?:{text})$")).ok());
        let group = pattern(word("group").or_else(of_version));
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|field| pattern(word(field)));
        let is_like =
            |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
        let is_meant = |identity: &ObjectRef| {
            is_like(&group, &identity.group)
                && is_like(&kind, &identity.kind)
                && is_like(&name, &identity.name)
                && (identity.namespace == "default" || is_like(&namespace, &identity.namespace))
        };
        let Self { values, objects } = self;
        let found = objects.iter().filter(|one| is_meant(&one.identity));
        let with_content = found.map(|Candidate { identity, location }| {
            let object = values.object(location).map(without_server_fields);
            (&**identity, object.unwrap_or_else(|text| Node::String(text.to_owned())))
        });
        with_content.collect()
    }
}

/// The items of the lists of these names.
fn items<'n>(node: &'n Node, fields: &'static [&'static str]) -> impl Iterator<Item = &'n Node> {
    fields.iter().flat_map(|field| node.get(field).and_then(Node::as_list).unwrap_or_default())
}

/// A name as a pattern that it alone meets.
fn literal(name: Node) -> Node {
    match name {
        Node::String(name) => Node::String(regex::escape(&name)),
        other => other,
    }
}

/// What the text below a field says, or the file that `path` names.
fn texts(node: &Node, fields: &[&str], read: &dyn Fn(&Path) -> Vec<Node>) -> Vec<Node> {
    let inline = fields.iter().filter_map(|field| node.get(field)).flat_map(|one| text(one, read));
    let file = node.get("path").into_iter().flat_map(|one| text(one, read));
    inline.chain(file).collect()
}

/// A text of more than one line is a patch, one of a single line the path of some.
fn text(node: &Node, read: &dyn Fn(&Path) -> Vec<Node>) -> Vec<Node> {
    let Some(text) = node.as_str() else { return Vec::new() };
    if text.contains(['\n', '{', ':']) { decoded(text) } else { read(Path::new(text)) }
}
