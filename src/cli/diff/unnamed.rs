//! Objects that differ although nothing that is told names them: whoever reviews a change learns that gwctl has seen them.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Difference, Unnamed};
use super::uncompared::{Values, may_be_read, without_server_fields};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Locate, Location, ObjectRef, Subject};
use crate::parser::locate::Locator;
use crate::parser::manifests::Kind;
use crate::parser::node::Node;
use crate::resolver::is_without_traffic;

/// The judged objects whose content is not the same on both sides.
pub(super) fn compare(old: &Compilation, new: &Compilation, difference: &Difference) -> Vec<Unnamed> {
    let [before, after] = [old, new].map(objects);
    let mut values = [old, new].map(Values::new);
    let locators = [old, new].map(|side| Locator::new(&side.manifests));
    let objects: BTreeSet<&ObjectRef> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for object in objects {
        let own = [before.get(object), after.get(object)];
        let mut content = values
            .each_mut()
            .into_iter()
            .zip(own)
            .map(|(values, location)| location.map(|location| values.object(location).map(said)));
        if content.next() == content.next() || is_named(object, difference) {
            continue;
        }
        let mut places = own.into_iter().zip(&locators).map(|(location, locator)| {
            let place = Locate::place(locator, location?)?;
            Some(place.span.map_or(place.file.clone(), |span| format!("{}:{}", place.file, span.line)))
        });
        let (old_place, new_place) = (places.next().flatten(), places.next().flatten());
        found.push(Unnamed { subject: Subject::Object(object.clone()).to_string(), old_place, new_place });
    }
    found
}

/// What an object says, without what tools write down in it for themselves.
fn said(object: Node) -> Node {
    let Node::Map(mut fields) = without_server_fields(object) else { return Node::Null };
    for (_, metadata) in fields.iter_mut().filter(|(field, _)| field == "metadata") {
        let Node::Map(parts) = metadata else { continue };
        for (_, annotations) in parts.iter_mut().filter(|(field, _)| field == "annotations") {
            if let Node::Map(entries) = annotations {
                entries.retain(|(key, _)| may_be_read(key));
            }
        }
        parts.retain(|(_, value)| !matches!(value, Node::Map(entries) if entries.is_empty()));
    }
    Node::Map(fields)
}

/// Each object with its place, but for those that belong to workloads.
fn objects(side: &Compilation) -> BTreeMap<ObjectRef, Location> {
    let manifests = &side.manifests;
    let is_of_workloads = |kind: Kind| matches!(kind, Kind::Secret | Kind::ConfigMap | Kind::EndpointSlice);
    let known = manifests.heads().into_iter();
    let known = known.filter(|head| !head.position.context && !is_of_workloads(head.kind));
    let known = known.map(|head| (head.key().to_ref(), head.at(&FieldPath::ROOT)));
    let foreign = manifests.foreign.iter();
    let foreign = foreign.filter(|object| !object.position.context && !is_without_traffic(object));
    let foreign = foreign.map(|object| (object.identity.clone(), object.at(&FieldPath::ROOT)));
    known.chain(foreign).collect()
}

/// Whether a change or something that could not be compared names an object.
fn is_named(object: &ObjectRef, difference: &Difference) -> bool {
    let ObjectRef { group: _, kind, namespace, name } = object;
    let rule = format!("{} {namespace}/{name}:", kind.to_ascii_lowercase());
    let full = Subject::Object(object.clone()).to_string();
    difference.changes.iter().any(|change| change.subject.starts_with(&rule))
        || difference.uncompared.iter().any(|one| one.subject.contains(&full))
}
