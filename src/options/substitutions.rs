//! What stands for the variables of Flux in the input.

use std::collections::BTreeMap;

/// Values of variables, and where others may have some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substitutions {
    /// The values, by name.
    pub values: BTreeMap<String, String>,
    /// The objects that Flux takes values from as well, and that nobody has given. A default counts for nothing then.
    pub unseen: Vec<String>,
}

impl Substitutions {
    /// Whether anything is put in the place of variables: without a value Flux leaves all objects as they are.
    pub fn is_given(&self) -> bool {
        !(self.values.is_empty() && self.unseen.is_empty())
    }
}
