//! What of several policies counts, field by field.
//!
//! A policy says something in its top-level fields, and each of them counts or is hidden as a whole. Input: policies,
//! the one that counts most first. Output: the fields that count, each with the policy that it comes from, and those
//! that are hidden, with what hides them. Families differ in how they rank policies, not in this.

use crate::parser::manifests::ObjectHead;

/// A field that counts, and the policy that it comes from.
#[derive(Debug, PartialEq)]
pub struct Effective<'m, T> {
    /// What the field says.
    pub value: &'m T,
    /// The policy.
    pub source: &'m ObjectHead,
}

// Whatever is pointed to, a pointer is copied.
impl<T> Clone for Effective<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Effective<'_, T> {}

/// A field that does not count, since another policy has it too.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hidden<'m, T> {
    pub(super) field: Effective<'m, T>,
    pub(super) by: Effective<'m, T>,
}

/// What the first of several policies says, which leaves nothing to the others.
pub(super) fn first<'m, T>(ranked: impl IntoIterator<Item = (&'m ObjectHead, &'m [T])>) -> Vec<Effective<'m, T>> {
    let first = ranked.into_iter().next();
    first.into_iter().flat_map(|(source, values)| values.iter().map(move |value| Effective { value, source })).collect()
}

/// Fills what better policies leave unset. Fields of one `slot` are forms of one thing: the first of them counts.
pub(super) fn fill_unset<'m, T, V: IntoIterator<Item = &'m T>>(
    ranked: impl IntoIterator<Item = (&'m ObjectHead, V)>,
    slot: fn(&T) -> &'static str,
) -> (Vec<Effective<'m, T>>, Vec<Hidden<'m, T>>) {
    let mut fields: Vec<Effective<'m, T>> = Vec::new();
    let mut hidden = Vec::new();
    for (source, values) in ranked {
        for value in values {
            let field = Effective { value, source };
            match fields.iter().find(|other| slot(other.value) == slot(value)) {
                None => fields.push(field),
                Some(by) => hidden.push(Hidden { field, by: *by }),
            }
        }
    }
    (fields, hidden)
}
