//! Bare words that YAML 1.1 takes for booleans or numbers where a string is
//! wanted.
//!
//! The schema sees a boolean or a number and says so; who wrote `no` or `010`
//! must be told why.

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Location, Part, Pending, codes};

use super::kind::Kind;
use super::spans::SpanTree;

/// Rewrites the findings of one document: a boolean in place of a string,
/// written as one of `words`, becomes the advice to quote the word.
pub(super) fn explain(mut diagnostics: Diagnostics, words: &[FieldPath], text: &str) -> Diagnostics {
    let words: HashSet<&FieldPath> = words.iter().collect();
    let mut tree = None;
    let mut explained = Diagnostics::new();
    diagnostics.take_unjudged().into_iter().for_each(|one| explained.leave(one));
    for finding in diagnostics.into_findings() {
        let Location::Field { path, .. } = &finding.location else {
            explained.report(finding);
            continue;
        };
        // Of a core object the API server says no more than that it is wrong.
        let is_type_error = finding.code == codes::WRONG_TYPE || finding.code == codes::UNQUOTED_BOOLEAN;
        if !is_type_error || finding.pending != Some(Pending::Boolean) || !words.contains(path) {
            explained.report(finding);
            continue;
        }
        let tree = tree.get_or_insert_with(|| SpanTree::read(text).unwrap_or_default());
        let word = tree.find(path, Part::Value).and_then(|range| text.get(range)).unwrap_or_default();
        // An anchor may stand before the word.
        let word = word.split_whitespace().last().unwrap_or_default();
        let shown = finding.path.as_ref().unwrap_or(path).to_string();
        // An alias stands for a word that is written elsewhere.
        let (word, help) = match word {
            "" => ("yes".to_owned(), "quote the word".to_owned()),
            alias if alias.starts_with('*') => {
                (alias.to_owned(), "quote the word that the alias stands for".to_owned())
            }
            word => (word.to_owned(), format!("quote it: `\"{word}\"`")),
        };
        let message = format!("`{shown}` must be a string, and Kubernetes reads an unquoted `{word}` as a boolean");
        let label = "a boolean without quotes";
        explained.report(Finding {
            code: codes::UNQUOTED_BOOLEAN,
            message,
            help: Some(help),
            label: Some(label.to_owned()),
            pending: None,
            ..finding
        });
    }
    explained
}

/// Rewrites the advice to quote a number that is not written as it is read, such as `010` or `1e3`.
pub(super) fn explain_numbers(mut diagnostics: Diagnostics, text: &str) -> Diagnostics {
    let mut tree = None;
    let mut explained = Diagnostics::new();
    diagnostics.take_unjudged().into_iter().for_each(|one| explained.leave(one));
    for mut finding in diagnostics.into_findings() {
        if let (Some(Pending::Number(number)), Location::Field { path, .. }) = (&finding.pending, &finding.location)
            && [codes::WRONG_TYPE, codes::BAD_CORE_OBJECT].contains(&finding.code)
        {
            if finding.object.as_ref().is_some_and(|object| Kind::Secret.is_named(&object.group, &object.kind)) {
                finding.help = Some("quote it".to_owned());
                explained.report(finding);
                continue;
            }
            let tree = tree.get_or_insert_with(|| SpanTree::read(text).unwrap_or_default());
            let written = tree.find(path, Part::Value).and_then(|range| text.get(range)).unwrap_or_default();
            let is_plain =
                !written.is_empty() && !written.contains(|c: char| c.is_whitespace() || "*&!'\"".contains(c));
            if is_plain && written != number.to_string() {
                finding.help = Some(format!("quote it: `\"{written}\"`; without quotes it is the number {number}"));
            }
        }
        explained.report(finding);
    }
    explained
}
