//! Bare words that YAML 1.1 takes for booleans where a string is wanted.
//!
//! The schema sees a boolean and says so; who wrote `no` must be told why.

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Location, Part, codes};

use super::spans::SpanTree;

/// Rewrites the findings of one document: a boolean in place of a string,
/// written as one of `words`, becomes the advice to quote the word.
pub(super) fn explain(diagnostics: Diagnostics, words: &[FieldPath], text: &str) -> Diagnostics {
    let words: HashSet<&FieldPath> = words.iter().collect();
    let mut tree = None;
    let mut explained = Diagnostics::new();
    for finding in diagnostics.into_findings() {
        let Location::Field { path, .. } = &finding.location else {
            explained.report(finding);
            continue;
        };
        if ![codes::WRONG_TYPE, codes::UNQUOTED_BOOLEAN].contains(&finding.code)
            || !words.contains(path)
            || !wants_string(&finding)
        {
            explained.report(finding);
            continue;
        }
        let tree = tree.get_or_insert_with(|| SpanTree::read(text).unwrap_or_default());
        let word = tree.find(path, Part::Value).and_then(|range| text.get(range)).unwrap_or_default();
        // An anchor may stand before the word.
        let word = word.split_whitespace().last().unwrap_or_default();
        // An alias stands for a word that is written elsewhere.
        let word = if word.is_empty() || word.starts_with('*') { "yes or no" } else { word };
        let shown = finding.path.as_ref().unwrap_or(path).to_string();
        let message = format!("`{shown}` must be a string, and Kubernetes reads an unquoted `{word}` as a boolean");
        let help = format!("quote it: `\"{word}\"`");
        let label = "a boolean without quotes";
        explained.report(Finding {
            code: codes::UNQUOTED_BOOLEAN,
            message,
            help: Some(help),
            label: Some(label.to_owned()),
            ..finding
        });
    }
    explained
}

/// Whether the finding says that a string is wanted.
fn wants_string(finding: &Finding) -> bool {
    let texts = [Some(&finding.message), finding.label.as_ref(), finding.help.as_ref()];
    texts.into_iter().flatten().any(|text| text.contains("string"))
}
