//! Permissions in comments: `# gwctl: allow GW4002 REASON`.

use std::cell::OnceCell;

use crate::diagnostics::{Code, Finding, Location, Part};
use crate::parser::locate::Locator;
use crate::parser::manifests::Manifests;
use crate::parser::source::DocumentId;
use crate::parser::spans::SpanTree;
use crate::path;

use super::permission::{Form, Permission, refused, understand};

/// What a comment begins with.
const MARK: &str = "gwctl:";
/// The one word that may follow.
const ALLOW: &str = "allow";

/// The comments of all judged documents; what is wrong with them is added to `findings`.
pub(super) fn read(manifests: &Manifests, locator: &Locator<'_>, findings: &mut Vec<Finding>) -> Vec<Permission> {
    let mut comments = Vec::new();
    for (at, document) in manifests.documents.iter().enumerate() {
        let source = manifests.sources.get(document.source);
        let text = document.text(source);
        if source.context || !text.contains(MARK) {
            continue;
        }
        let id = DocumentId(at);
        // Without the tree a comment cannot be told from text; such a document has errors of its own.
        let Some(tree) = locator.tree(id) else { continue };
        let scalars = tree.scalars();
        let is_in_scalar = |at: usize| {
            let before = scalars.partition_point(|range| range.start <= at);
            before.checked_sub(1).and_then(|last| scalars.get(last)).is_some_and(|range| range.contains(&at))
        };
        let items = OnceCell::new();
        for (start, comment) in marked(text).filter(|(start, _)| !is_in_scalar(*start)) {
            let range = document.range.start + start..document.range.start + start + comment.len();
            let location = Location::Bytes(document.source, range);
            let codes = allowed(comment, &location, findings);
            if codes.is_empty() {
                continue;
            }
            let ends = items.get_or_init(|| item_ends(&tree));
            let item = Some(ends.partition_point(|end| *end <= start)).filter(|item| *item < ends.len());
            let codes = codes.into_iter().map(|code| (code, false)).collect();
            comments.push(Permission { form: Form::Comment, location, document: id, item, codes });
        }
    }
    comments
}

/// Where each item of a list ends, or one before it, if that ends later.
fn item_ends(tree: &SpanTree) -> Vec<usize> {
    let items = (0..).map(|item| path!["items", item]).take_while(|path| tree.contains(path));
    let ends = items.filter_map(|path| Some(tree.find(&path, Part::Value)?.end));
    ends.scan(0, |last, end| {
        *last = end.max(*last);
        Some(*last)
    })
    .collect()
}

/// The comments that are meant for gwctl, from the `#` to the end of the line.
fn marked(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('#').filter_map(move |(at, _)| {
        let is_comment = text.get(..at)?.chars().next_back().is_none_or(char::is_whitespace);
        let rest = text.get(at..)?;
        let is_marked = || {
            rest.trim_start_matches('#').trim_start_matches(|c: char| c.is_whitespace() && c != '\n').starts_with(MARK)
        };
        (is_comment && is_marked()).then(|| (at, rest.lines().next().unwrap_or_default().trim_end()))
    })
}

/// The codes that a comment allows.
fn allowed(comment: &str, location: &Location, findings: &mut Vec<Finding>) -> Vec<Code> {
    let words = comment.trim_start_matches('#').trim_start().strip_prefix(MARK).unwrap_or_default().trim();
    let (verb, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    if verb != ALLOW {
        let message = format!("`{verb}` is not a word for gwctl");
        findings.push(refused(Form::Comment, location, message).help(Form::Comment.shape()));
        return Vec::new();
    }
    understand(rest, Form::Comment, location, findings)
}
