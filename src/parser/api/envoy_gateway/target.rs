//! What policies are about
//! ([LocalPolicyTargetReferenceWithSectionName](https://gateway.envoyproxy.io/docs/api/extension_types/#targetselector)).

use serde::Deserialize;

use crate::name::{Name, SectionName};
use crate::parser::api::{LabelSelector, LabelSelectorRequirement};

/// An object, or a part of it, in the namespace of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvoyPolicyTarget {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub section_name: Option<SectionName>,
}

/// All objects of a kind with certain labels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetSelector {
    pub group: String,
    pub kind: String,
    #[serde(default)]
    pub match_labels: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub match_expressions: Vec<LabelSelectorRequirement>,
    pub namespaces: Option<TargetNamespaces>,
}

impl TargetSelector {
    /// The labels that are asked for; none is every object.
    pub fn labels(&self) -> LabelSelector {
        LabelSelector { match_labels: self.match_labels.clone(), match_expressions: self.match_expressions.clone() }
    }
}

/// The namespaces of the objects that a selector means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetNamespaces {
    /// `Same`, `All` or `Selector`.
    pub from: String,
    pub selector: Option<LabelSelector>,
}
