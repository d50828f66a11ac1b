//! Which findings came and which went. Files, lines and order do not count.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::findings::TRANSLATE_ONLY;
use super::change::{FindingChanges, FindingView};
use crate::compile::Compilation;
use crate::diagnostics::{Finding, Locate};
use crate::parser::locate::Locator;

/// Compares the findings of both sides.
pub(super) fn compare(old: &Compilation, new: &Compilation) -> FindingChanges {
    let key = |finding: &Finding, locator: &Locator<'_>| {
        let object =
            finding.object.as_ref().map(|object| (object.kind.clone(), object.namespace.clone(), object.name.clone()));
        (finding.code.id(), object, finding.path.as_ref().map(ToString::to_string), words(finding, locator))
    };
    let missing = |from: &Compilation, other: &Compilation| -> Vec<FindingView> {
        let mut left: BTreeMap<_, usize> = BTreeMap::new();
        let (locator, others) = (Locator::new(&from.manifests), Locator::new(&other.manifests));
        judged(other).for_each(|finding| *left.entry(key(finding, &others)).or_default() += 1);
        let mut views = Vec::new();
        for finding in judged(from) {
            match left.get_mut(&key(finding, &locator)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => views.push(view(finding, &locator)),
            }
        }
        views
    };
    FindingChanges { introduced: missing(new, old), fixed: missing(old, new) }
}

/// The message without the name of its file or directory: what a file is called is no difference.
fn words(finding: &Finding, locator: &Locator<'_>) -> String {
    let message = &finding.message;
    // Only findings on files name them.
    if !finding.code.id().starts_with("GW8") {
        return message.clone();
    }
    let Some(place) = Locate::place(locator, &finding.location) else { return message.clone() };
    let names = Path::new(&place.file).ancestors().map(|name| format!("`{}`", name.display()));
    let named = names.into_iter().find(|name| name.len() > 2 && message.contains(name.as_str()));
    named.map_or_else(|| message.clone(), |name| message.replace(&name, "the file"))
}

fn view(finding: &Finding, locator: &Locator<'_>) -> FindingView {
    let place = Locate::place(locator, &finding.location);
    FindingView {
        code: finding.code.id(),
        severity: finding.severity().as_str(),
        message: finding.message.clone(),
        place: place.map(|place| match place.span {
            Some(span) => format!("{}:{}", place.file, span.line),
            None => place.file,
        }),
    }
}

/// What is found of the manifests, and not of the configuration that nobody writes here. A comment that allows a finding
/// mends nothing.
fn judged(compilation: &Compilation) -> impl Iterator<Item = &Finding> {
    compilation
        .findings
        .iter()
        .chain(&compilation.allowed_findings)
        .filter(|finding| !TRANSLATE_ONLY.contains(&finding.code))
}
