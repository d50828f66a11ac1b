//! Objects that differ although nothing that is told names them: whoever reviews a change learns that gwctl has seen them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::change::{Difference, Unnamed};
use super::uncompared::{Content, Values, add_names_of, holders, said};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Locate, Location, ObjectRef, Place};
use crate::parser::foreign::{ForeignObject, ForeignTarget, Selection};
use crate::parser::locate::Locator;
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::route::RouteKind;
use crate::resolver::is_without_traffic;

/// The judged objects whose content is not the same on both sides.
pub(super) fn compare(old: &Compilation, new: &Compilation, difference: &Difference) -> Vec<Unnamed> {
    let [before, after] = [old, new].map(objects);
    let [old_values, new_values] = [old, new].map(Values::new);
    let [old_places, new_places] = [old, new].map(|side| Locator::new(&side.manifests));
    let named = named(difference);
    let objects: BTreeSet<&ObjectRef> = before.keys().chain(after.keys()).map(Cow::as_ref).collect();
    let foreign = [old, new].map(unread);
    let foreign: HashSet<&ObjectRef> = foreign.into_iter().flatten().collect();
    let mut found = Vec::new();
    for object in objects {
        let (old_location, new_location) = (before.get(object), after.get(object));
        let subject = object.to_string();
        let is_same = match (old_location, new_location) {
            (Some(old), Some(new)) => {
                // What is written alike need not be decoded.
                is_written_alike((&old_values, old), (&new_values, new))
                    || old_values.object(old).map(said) == new_values.object(new).map(said)
            }
            _ => false,
        };
        if is_same || named.contains(&subject) {
            continue;
        }
        let place =
            |locator: &Locator<'_>, location: Option<&Location>| Locate::place(locator, location?).map(Place::line);
        let (old_place, new_place) = (place(&old_places, old_location), place(&new_places, new_location));
        let is_unread = foreign.contains(object);
        found.push(Unnamed { subject, old_place, new_place, is_unread });
    }
    let [before, after] = [&old_values, &new_values].map(held);
    let objects: BTreeSet<&ObjectRef> = before.keys().chain(after.keys()).collect();
    for object in objects {
        let subject = object.to_string();
        let (old, new) = (before.get(object), after.get(object));
        if named.contains(&subject) || old.map(|(_, content)| content) == new.map(|(_, content)| content) {
            continue;
        }
        let old_place = old.and_then(|(location, _)| Locate::place(&old_places, location).map(Place::line));
        let new_place = new.and_then(|(location, _)| Locate::place(&new_places, location).map(Place::line));
        found.push(Unnamed { subject, old_place, new_place, is_unread: true });
    }
    found
}

/// Whether an object stands at the same place of documents with the same text.
fn is_written_alike((old_values, old): (&Values<'_>, &Location), (new_values, new): (&Values<'_>, &Location)) -> bool {
    let (Location::Field { path: one, .. }, Location::Field { path: other, .. }) = (old, new) else { return false };
    one == other && old_values.text(old) == new_values.text(new)
}

/// The objects that a change or something that could not be compared names, as subjects.
fn named(difference: &Difference) -> HashSet<String> {
    let rules = difference.changes.iter().filter_map(|change| {
        let (kind, name) = change.subject.split_once(": ")?.0.split_once(' ')?;
        Some(format!("{} `{name}`", RouteKind::of_name(kind)?.name()))
    });
    // A subject may name two objects, and names have no backtick.
    let left = difference.uncompared.iter().flat_map(|one| {
        let words: Vec<&str> = one.subject.split('`').collect();
        let pairs = words.chunks_exact(2).filter_map(|pair| match pair {
            [before, name] => Some(format!("{} `{name}`", before.rsplit(' ').find(|word| !word.is_empty())?)),
            _ => None,
        });
        pairs.collect::<Vec<_>>()
    });
    rules.chain(left).collect()
}

/// The objects of other groups, but for those that apply to nothing but what was not selected.
fn unread(side: &Compilation) -> Vec<&ObjectRef> {
    let unselected = Values::new(side).unselected();
    let is_unselected = |target: &ForeignTarget| match &target.selection {
        Selection::Name(name) => unselected.contains(&format!("{} `{}/{name}`", target.kind, target.namespace)),
        Selection::Labels(_) | Selection::Istio { .. } => false,
    };
    let is_meant = |object: &&ForeignObject| object.targets.is_empty() || !object.targets.iter().all(is_unselected);
    side.manifests.foreign.iter().filter(is_meant).map(|object| &object.identity).collect()
}

/// What objects of other groups hold in Secrets and ConfigMaps that nothing else names, with its place.
fn held(values: &Values<'_>) -> BTreeMap<ObjectRef, (Location, Content)> {
    let manifests = &values.compilation.manifests;
    let foreign = manifests.foreign.iter().filter(|object| !object.position.context && !is_without_traffic(object));
    let mut named = BTreeSet::new();
    for object in foreign {
        add_names_of(values, object, &mut named);
    }
    let is_named = |head: &ObjectHead| {
        let (namespace, name) = head.metadata.sort_key();
        named.contains(&(namespace.as_str(), name.as_str()))
    };
    let found = holders(values.compilation).filter(|holder| is_named(holder.head));
    found.map(|holder| (holder.head.key().to_ref(), holder.held(values))).collect()
}

/// Each object with its place, but for those that belong to workloads.
fn objects(side: &Compilation) -> BTreeMap<Cow<'_, ObjectRef>, Location> {
    let manifests = &side.manifests;
    let is_of_workloads = |kind: Kind| matches!(kind, Kind::Secret | Kind::ConfigMap | Kind::EndpointSlice);
    let known = manifests.heads().into_iter();
    let known = known.filter(|head| !head.position.context && !is_of_workloads(head.kind));
    let known = known.map(|head| (Cow::Owned(head.key().to_ref()), head.at(&FieldPath::ROOT)));
    let foreign = manifests.foreign.iter();
    let foreign = foreign.filter(|object| !object.position.context && !is_without_traffic(object));
    let foreign = foreign.map(|object| (Cow::Borrowed(&object.identity), object.at(&FieldPath::ROOT)));
    known.chain(foreign).collect()
}
