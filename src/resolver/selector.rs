//! Label selectors over Namespaces
//! ([labels and selectors](https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/)).

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::{Finding, codes};
use crate::parser::api::LabelSelector;
use crate::parser::manifests::{Manifests, Object};
use crate::path;

/// The label that the API server gives every Namespace: its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Why a selector cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadSelector {
    /// The expression, counted from 0.
    pub(super) expression: usize,
    /// What is wrong with it.
    pub(super) message: String,
}

/// The labels of every Namespace of the input.
#[derive(Debug)]
pub(super) struct Namespaces<'m> {
    labels: HashMap<&'m str, &'m BTreeMap<String, String>>,
}

impl<'m> Namespaces<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        let labels = manifests.namespaces.iter().map(|n| (n.metadata.name.as_str(), &n.metadata.labels)).collect();
        Self { labels }
    }

    /// Whether the Namespace is in the input.
    pub(super) fn contains(&self, namespace: &str) -> bool {
        self.labels.contains_key(namespace)
    }

    /// Whether the labels of `namespace` meet the selector. A Namespace that is
    /// not in the input has only the label with its name.
    pub(super) fn matches(&self, namespace: &str, selector: &LabelSelector) -> bool {
        let label = |key: &str| match key {
            NAME_LABEL => Some(namespace),
            _ => self.labels.get(namespace).and_then(|labels| labels.get(key)).map(String::as_str),
        };
        let LabelSelector { match_labels, match_expressions } = selector;
        match_labels.iter().all(|(key, value)| label(key) == Some(value))
            && match_expressions.iter().all(|expression| {
                let found = label(&expression.key);
                let listed = found.is_some_and(|value| expression.values.iter().any(|v| v == value));
                match expression.operator.as_str() {
                    "In" => listed,
                    "NotIn" => !listed,
                    "Exists" => found.is_some(),
                    "DoesNotExist" => found.is_none(),
                    _ => false,
                }
            })
    }
}

/// The warning for an object whose Namespace a selector asks for in vain.
pub(super) fn missing_namespace<S>(object: &Object<S>, namespace: &str) -> Finding {
    object
        .finding(
            codes::NAMESPACE_NOT_FOUND,
            path!["metadata", "namespace"],
            format!("a selector looks at Namespace `{namespace}`, which is not in the input"),
        )
        .consequence("it is taken to have no label but `kubernetes.io/metadata.name`")
        .help("add the Namespace to the input, or pass `--assume namespaces`")
}

/// The first expression that Kubernetes would not evaluate. The schema checks none of this.
pub(super) fn check(selector: &LabelSelector) -> Result<(), BadSelector> {
    for (expression, requirement) in selector.match_expressions.iter().enumerate() {
        let message = match (requirement.operator.as_str(), requirement.values.is_empty()) {
            ("In" | "NotIn", true) => format!("operator `{}` needs at least one value", requirement.operator),
            ("Exists" | "DoesNotExist", false) => format!("operator `{}` takes no values", requirement.operator),
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => continue,
            (other, _) => format!("`{other}` is not an operator of label selectors"),
        };
        return Err(BadSelector { expression, message });
    }
    Ok(())
}
