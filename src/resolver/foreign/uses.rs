//! All that objects which gwctl does not translate apply to: whoever compares two inputs has to know of each.

use std::collections::BTreeSet;

use crate::options::Options;
use crate::parser::foreign::ForeignObject;
use crate::parser::manifests::{Manifests, ObjectKey};

use super::super::reference::References;
use super::{Concern, Known};

/// An object that gwctl does not translate, with all that it applies to.
#[derive(Clone, Debug)]
pub struct ForeignUse<'m> {
    /// The object.
    pub object: &'m ForeignObject,
    /// The objects that it applies to and those that refer to it, as sentences name them.
    pub objects: BTreeSet<String>,
}

/// The objects that gwctl does not translate, each with what it applies to; `missing` is judged by stand-ins.
pub fn foreign_uses<'m>(manifests: &'m Manifests, options: &Options, missing: &[ObjectKey]) -> Vec<ForeignUse<'m>> {
    if manifests.foreign.is_empty() {
        return Vec::new();
    }
    let known = Known::new(manifests, options, missing);
    let references = References::new(manifests, options);
    let of_object = |object: &'m ForeignObject| {
        let referrers = references.of(&object.identity).iter().map(|(by, _)| by.clone());
        let mut objects: BTreeSet<String> = referrers.collect();
        match Concern::of(object, &known, &references, usize::MAX) {
            Concern::Applies(found, _) => objects.extend(found.into_iter().map(|about| about.name)),
            Concern::Named { .. } | Concern::Missed { .. } | Concern::Nothing => {}
        }
        ForeignUse { object, objects }
    };
    manifests.foreign.iter().map(of_object).collect()
}
