//! References of Gloo's kinds.

use serde::Deserialize;

use crate::name::{Name, Namespace};

/// A reference to an object of a kind that the field says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GlooResourceRef {
    #[serde(default)]
    pub name: Name,
    #[serde(default)]
    pub namespace: Namespace,
}
