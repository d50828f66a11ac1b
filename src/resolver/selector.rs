//! Label selectors over Namespaces
//! ([labels and selectors](https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/)).

use std::collections::HashMap;

use crate::diagnostics::{FieldPath, Finding, codes};
use crate::name::{Name, Namespace};
use crate::parser::api::{LabelSelector, NamespaceSpec};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead, ObjectKey};
use crate::parser::schema::pattern::{LABEL_VALUE, QUALIFIED_NAME, is_qualified_name};
use crate::path;
use crate::whole;

/// The label that the API server gives every Namespace: its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The longest value of a label.
const MOST_IN_VALUE: usize = 63;

/// Why a selector cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadSelector {
    /// The place, from the selector.
    pub(super) at: FieldPath,
    /// What is wrong with it.
    pub(super) message: String,
    /// What to write instead.
    pub(super) help: String,
}

/// Every Namespace of the input, with its labels.
#[derive(Debug)]
pub(super) struct Namespaces<'m> {
    objects: HashMap<&'m str, &'m Object<NamespaceSpec>>,
}

impl<'m> Namespaces<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        let objects = manifests.namespaces.iter().map(|object| (object.metadata.name.as_str(), object)).collect();
        Self { objects }
    }

    /// Whether the Namespace is in the input.
    pub(super) fn contains(&self, namespace: &Namespace) -> bool {
        self.objects.contains_key(namespace.as_str())
    }

    /// The finding with the labels that a selector did not select as a place to look at.
    pub(super) fn relate(&self, finding: Finding, namespace: &Namespace) -> Finding {
        let Some(object) = self.objects.get(namespace.as_str()) else { return finding };
        let at = if object.metadata.labels.is_empty() { path!["metadata"] } else { path!["metadata", "labels"] };
        finding.related(object.at(&at), "the labels of the Namespace")
    }

    /// Whether the labels of `namespace` meet the selector, as far as anybody knows: where missing Namespaces are assumed,
    /// theirs do.
    pub(super) fn may_match(&self, namespace: &Namespace, selector: &LabelSelector, is_assumed: bool) -> bool {
        let is_unknown = is_assumed && !self.contains(namespace) && needs_labels(selector, namespace);
        is_unknown || self.matches(namespace, selector)
    }

    /// Whether the labels of `namespace` meet the selector. A Namespace that is
    /// not in the input has only the label with its name.
    pub(super) fn matches(&self, namespace: &Namespace, selector: &LabelSelector) -> bool {
        let label = |key: &str| match key {
            NAME_LABEL => Some(namespace.as_str()),
            _ => self.objects.get(namespace.as_str()).and_then(|object| object.metadata.labels.get(key)),
        };
        matches_labels(selector, label)
    }
}

/// Whether labels meet a selector.
pub fn matches_labels<'l>(selector: &LabelSelector, label: impl Fn(&str) -> Option<&'l str>) -> bool {
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

/// Whether labels of `namespace` that only its manifest tells decide about a selector: it asks for others than the
/// name, and the name alone does not refuse it.
pub(crate) fn needs_labels(selector: &LabelSelector, namespace: &Namespace) -> bool {
    let LabelSelector { match_labels, match_expressions } = selector;
    let is_name = |key: &str| key == NAME_LABEL;
    let by_name = LabelSelector {
        match_labels: match_labels
            .iter()
            .filter(|(key, _)| is_name(key))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        match_expressions: match_expressions.iter().filter(|expression| is_name(&expression.key)).cloned().collect(),
    };
    let asks =
        !match_labels.keys().all(|key| is_name(key)) || !match_expressions.iter().all(|asked| is_name(&asked.key));
    asks && matches_labels(&by_name, |key| Some(namespace.as_str()).filter(|_| is_name(key)))
}

/// The warning for an object whose Namespace a selector asks for in vain.
pub(super) fn missing_namespace(object: &ObjectHead, namespace: &Namespace, manifests: &Manifests) -> Finding {
    let key =
        ObjectKey { kind: Kind::Namespace, namespace: Namespace::default(), name: Name::from(namespace.as_str()) };
    let absence = manifests.absence(&key);
    object
        .finding(
            codes::NAMESPACE_NOT_FOUND,
            whole!["metadata", "namespace"],
            format!("a selector looks at Namespace `{namespace}`, which {absence}"),
        )
        .consequence("it is taken to have no label but `kubernetes.io/metadata.name`")
        .help("add the Namespace to the input, or pass `--assume namespaces`")
}

/// The note on an object that is judged as if the labels of its assumed Namespace met a selector.
pub(super) fn assumed_namespace(object: &ObjectHead, namespace: &Namespace) -> Finding {
    let message = format!(
        "a selector looks at labels of Namespace `{namespace}`, which is assumed: whether it is admitted is not known"
    );
    object
        .finding(codes::ASSUMED_NAMESPACE, whole!["metadata", "namespace"], message)
        .consequence("it is judged as if the labels met the selector")
        .help("add the Namespace with its labels to the input to have that judged as well")
}

/// The first part that Kubernetes would not evaluate. The schema checks none of this.
pub(super) fn check(selector: &LabelSelector) -> Result<(), BadSelector> {
    for (key, value) in &selector.match_labels {
        let at = path!["matchLabels", key.clone()];
        check_key(key, at.clone())?;
        check_value(value, at)?;
    }
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let at = path!["matchExpressions", index];
        check_key(&requirement.key, at.with("key"))?;
        let message = match (requirement.operator.as_str(), requirement.values.is_empty()) {
            ("In" | "NotIn", true) => format!("operator `{}` needs at least one value", requirement.operator),
            ("Exists" | "DoesNotExist", false) => format!("operator `{}` takes no values", requirement.operator),
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {
                for (value, text) in requirement.values.iter().enumerate() {
                    check_value(text, at.with("values").with(value))?;
                }
                continue;
            }
            (other, _) => format!("`{other}` is not an operator of label selectors"),
        };
        let help = "use `In` or `NotIn` with values, and `Exists` or `DoesNotExist` without".to_owned();
        return Err(BadSelector { at, message, help });
    }
    Ok(())
}

fn check_key(key: &str, at: FieldPath) -> Result<(), BadSelector> {
    let has_prefix = key.split_once('/').is_none_or(|(prefix, _)| prefix.len() <= 253);
    if is_qualified_name(key) && has_prefix {
        return Ok(());
    }
    let help = format!("write {}", QUALIFIED_NAME.rule);
    Err(BadSelector { at, message: format!("`{}` is not the key of a label", key.escape_debug()), help })
}

fn check_value(value: &str, at: FieldPath) -> Result<(), BadSelector> {
    if value.len() <= MOST_IN_VALUE && (LABEL_VALUE.matches)(value) {
        return Ok(());
    }
    let shown: String = value.chars().take(MOST_IN_VALUE).collect();
    let help = format!("write at most {MOST_IN_VALUE} characters: {}", LABEL_VALUE.rule);
    Err(BadSelector { at, message: format!("`{}` is not the value of a label", shown.escape_debug()), help })
}
