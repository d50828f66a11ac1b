//! The same object twice: which definition counts.
//!
//! The later one does, as `kubectl apply` leaves it, unless the API server
//! would refuse it. An object of the judged input counts before one of the context.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::path;
use crate::whole;

use super::any_object::AnyObject;
use super::manifests::{Manifests, ObjectKey, Position};

/// One definition of an object.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) key: ObjectKey,
    position: Position,
    /// Nothing when the API server would refuse it.
    object: Option<AnyObject>,
    /// What of a refused object could be decoded.
    decoded: Option<AnyObject>,
    /// The Service of a refused EndpointSlice.
    service: Option<ObjectKey>,
}

impl Definition {
    pub(super) fn read(object: AnyObject, position: Position) -> Self {
        Self { key: object.key(), position, object: Some(object), decoded: None, service: None }
    }

    pub(super) fn refused(
        key: ObjectKey,
        position: Position,
        decoded: Option<AnyObject>,
        service: Option<ObjectKey>,
    ) -> Self {
        Self { key, position, object: None, decoded, service }
    }

    /// Drops what could be decoded of a refused object: it would be taken for what is meant.
    pub(super) fn forget(&mut self) {
        if self.object.is_none() {
            self.decoded = None;
        }
    }

    fn name_place(&self) -> Location {
        self.position.at(&path!["metadata", "name"])
    }
}

/// All definitions, in the order of the input.
#[derive(Debug, Default)]
pub(super) struct Definitions(Vec<Definition>);

/// The definitions of one object, while they are looked through.
#[derive(Default)]
struct SameKey<'d> {
    /// The one that counts, with its position.
    winner: Option<(usize, &'d Definition)>,
    /// The last one that is not context.
    last_judged: Option<&'d Definition>,
}

impl Definitions {
    pub(super) fn with_capacity(documents: usize) -> Self {
        Self(Vec::with_capacity(documents))
    }

    pub(super) fn extend(&mut self, definitions: Vec<Definition>) {
        self.0.extend(definitions);
    }

    /// Puts the definition of each object that counts into the manifests.
    pub(super) fn settle(self, manifests: &mut Manifests, diagnostics: &mut Diagnostics) {
        let mut all: HashMap<&ObjectKey, SameKey<'_>> = HashMap::with_capacity(self.0.len());
        let mut counts = vec![false; self.0.len()];
        for (at, definition) in self.0.iter().enumerate() {
            let same = all.entry(&definition.key).or_default();
            let earlier = same.winner;
            if earlier.is_none_or(|(_, earlier)| wins(definition, earlier)) {
                if let Some((earlier, _)) = earlier {
                    counts[earlier] = false;
                }
                counts[at] = true;
                same.winner = Some((at, definition));
            }
            if definition.position.context {
                continue;
            }
            if let Some(before) = same.last_judged.replace(definition) {
                diagnostics.report(duplicate(definition, before, earlier.map(|(_, earlier)| earlier)));
            }
        }
        drop(all);
        for (definition, counts) in self.0.into_iter().zip(counts) {
            if !counts {
                if !definition.position.context {
                    manifests.overridden.push((definition.key, definition.position));
                }
                continue;
            }
            match definition.object {
                Some(object) => manifests.place(object),
                None => {
                    if definition.decoded.is_none()
                        && let Some(service) = definition.service
                    {
                        manifests.undecoded_slices.push((definition.key.clone(), service));
                    }
                    manifests.refused.insert(definition.key, definition.position);
                    manifests.decoded.extend(definition.decoded);
                }
            }
        }
    }
}

/// Whether a later definition counts instead of the one that counted before it.
fn wins(later: &Definition, earlier: &Definition) -> bool {
    match (later.object.is_some(), earlier.object.is_some()) {
        (true, false) => true,
        (false, true) => false,
        _ => !later.position.context || earlier.position.context,
    }
}

fn duplicate(later: &Definition, before: &Definition, counting: Option<&Definition>) -> Finding {
    let ObjectKey { kind, namespace, name } = &later.key;
    let shown = if namespace.is_empty() { name.to_string() } else { format!("{namespace}/{name}") };
    let kind = kind.name();
    let kept = later.object.is_none() && counting.is_some_and(|counting| counting.object.is_some());
    let (rule, label, other) = if kept {
        ("this definition is refused, so the earlier one counts", "refused", "this definition counts")
    } else {
        ("the later definition counts", "this definition counts", "the earlier definition has no effect")
    };
    let other_place = if kept { counting.unwrap_or(before) } else { before };
    Finding::new(
        codes::DUPLICATE_OBJECT,
        later.name_place(),
        format!("{kind} `{shown}` is defined more than once: {rule}"),
    )
    .label(label)
    .help("keep one of the definitions")
    .related(other_place.name_place(), other)
    .object(later.key.to_ref(), whole!["metadata", "name"])
}
