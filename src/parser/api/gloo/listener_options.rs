//! What the kinds of options have in common that are about listeners.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::name::{Name, Namespace, SectionName};
use crate::parser::kind::Kind;

use crate::parser::api::option_list::{OptionKind, OptionList};

/// The spec of an object with options of a kind for listeners.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "T: OptionKind"))]
pub struct ListenerOptionsSpec<T> {
    /// What a controller writes.
    #[serde(default)]
    pub namespaced_statuses: IgnoredAny,
    #[serde(default)]
    pub options: OptionList<T>,
    #[serde(default)]
    pub target_refs: Vec<ListenerTarget>,
}

/// What options of listeners apply to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerTarget {
    #[serde(default)]
    pub group: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub section_name: Option<SectionName>,
}

impl ListenerTarget {
    /// The kind of what has the listeners; `None` for what has none.
    pub fn owner(&self) -> Option<Kind> {
        [Kind::Gateway, Kind::ListenerSet].into_iter().find(|kind| kind.is_named(&self.group, &self.kind))
    }

    /// The namespace that is meant, where it is another one than that of the options.
    pub fn other_namespace(&self, own: &Namespace) -> Option<&Namespace> {
        self.namespace.as_ref().filter(|namespace| !namespace.is_empty() && *namespace != own)
    }

    /// The listener that is meant; `None` for all of them.
    pub fn section(&self) -> Option<&SectionName> {
        self.section_name.as_ref().filter(|name| !name.is_empty())
    }
}
