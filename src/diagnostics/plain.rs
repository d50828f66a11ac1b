//! What formats without a place for each part of a finding say about it: one text.

use super::condition::Condition;
use super::finding::Finding;
use super::object_ref::ObjectRef;

/// The message, and below it what traffic does, the status and the help.
pub(super) fn full(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    let mut line = |name: &str, words: &str| {
        text.push('\n');
        text.push_str(name);
        text.push_str(": ");
        text.push_str(words);
    };
    if let Some(label) = &finding.label {
        line("Here", label);
    }
    if let Some(consequence) = &finding.consequence {
        line("Traffic", consequence);
    }
    if let Some(Condition { kind, status, reason }) = &finding.condition {
        line("Status", &format!("{kind}={status} ({reason})"));
    }
    if let Some(help) = &finding.help {
        line("Help", help);
    }
    if let Some(witness) = &finding.witness {
        line("Witness", &witness.to_string());
    }
    text
}

/// What stays the same when lines move: the code, the object, the field and the words.
pub(super) fn fingerprint(finding: &Finding) -> String {
    let subject = subject(finding).unwrap_or_default();
    format!("{}: {subject}: {}", finding.code.id(), finding.message)
}

/// The object and the field, such as `HTTPRoute shop/web, spec.rules[0]`.
pub(super) fn subject(finding: &Finding) -> Option<String> {
    let ObjectRef { group: _, kind, namespace, name } = finding.object.as_ref()?;
    let namespace = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    let path = finding.path.as_ref().map(ToString::to_string).filter(|path| !path.is_empty());
    let path = path.map_or_else(String::new, |path| format!(", {path}"));
    Some(format!("{kind} {namespace}{name}{path}"))
}
