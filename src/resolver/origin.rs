//! Turns the opaque [`Origin`] of the IR back into an object and a field.

use crate::diagnostics::{FieldPath, Location};
use crate::id::ids;
use crate::ir::Origin;
use crate::parser::manifests::{ObjectHead, ObjectKey, Position};
use crate::path;
use typed_index_collections::TiVec;

/// A field of an object, in a form that is cheap to keep for every route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the API's own nouns; the numbers count from 0")]
pub enum Place {
    Object,
    Listener(u16),
    Rule(u16),
    Match { rule: u16, index: u16 },
    BackendRef { rule: u16, index: u16 },
}

impl Place {
    /// The path from the root of the object.
    pub fn path(self) -> FieldPath {
        match self {
            Self::Object => FieldPath::ROOT,
            Self::Listener(index) => path!["spec", "listeners", usize::from(index)],
            Self::Rule(rule) => path!["spec", "rules", usize::from(rule)],
            Self::Match { rule, index } => {
                path!["spec", "rules", usize::from(rule), "matches", usize::from(index)]
            }
            Self::BackendRef { rule, index } => {
                path!["spec", "rules", usize::from(rule), "backendRefs", usize::from(index)]
            }
        }
    }
}

ids! {
    /// An object that origins are in.
    pub struct OriginObject;
}

/// All origins of one compilation.
#[derive(Clone, Debug, Default)]
pub struct OriginTable {
    objects: TiVec<OriginObject, (ObjectKey, Position)>,
    entries: TiVec<Origin, (OriginObject, Place)>,
}

impl OriginTable {
    /// Registers an object; the result is passed to [`OriginTable::origin`].
    pub fn object(&mut self, object: &ObjectHead) -> OriginObject {
        self.objects.push_and_get_key((object.key(), object.position.clone()))
    }

    /// The origin of a place in a registered object.
    pub fn origin(&mut self, object: OriginObject, place: Place) -> Origin {
        self.entries.push_and_get_key((object, place))
    }

    /// The object and the place of an origin.
    pub fn get(&self, origin: Origin) -> Option<(&ObjectKey, &Position, Place)> {
        let (object, place) = *self.entries.get(origin)?;
        let (key, position) = self.objects.get(object)?;
        Some((key, position, place))
    }

    /// The location of an origin.
    pub fn location(&self, origin: Origin) -> Option<Location> {
        let (_, position, place) = self.get(origin)?;
        Some(Location::field(position.document, position.base.join(&place.path())))
    }
}
