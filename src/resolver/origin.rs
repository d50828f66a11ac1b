//! Turns the opaque [`Origin`] of the IR back into an object and a part of it.

use crate::diagnostics::{Location, ObjectPart};
use crate::id::ids;
use crate::ir::Origin;
use crate::parser::manifests::{ObjectHead, ObjectKey, Position};
use typed_index_collections::TiVec;

ids! {
    /// An object that origins are in.
    pub struct OriginObject;
}

/// All origins of one compilation.
#[derive(Clone, Debug, Default)]
pub struct OriginTable {
    objects: TiVec<OriginObject, (ObjectKey, Position)>,
    entries: TiVec<Origin, (OriginObject, ObjectPart)>,
}

impl OriginTable {
    /// Registers an object; the result is passed to [`OriginTable::origin`].
    pub fn object(&mut self, object: &ObjectHead) -> OriginObject {
        self.objects.push_and_get_key((object.key(), object.position.clone()))
    }

    /// The origin of a part of a registered object.
    pub fn origin(&mut self, object: OriginObject, part: ObjectPart) -> Origin {
        self.entries.push_and_get_key((object, part))
    }

    /// Gives back the room that the lists have for more.
    pub(crate) fn close(&mut self) {
        self.objects.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// The object and the part of an origin.
    pub fn get(&self, origin: Origin) -> Option<(&ObjectKey, &Position, ObjectPart)> {
        let (object, part) = *self.entries.get(origin)?;
        let (key, position) = self.objects.get(object)?;
        Some((key, position, part))
    }

    /// The location of an origin.
    pub fn location(&self, origin: Origin) -> Option<Location> {
        let (_, position, part) = self.get(origin)?;
        Some(Location::field(position.document, position.base.join(&part.path())))
    }
}
