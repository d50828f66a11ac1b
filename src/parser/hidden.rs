//! What of a file is never shown: the values of Secrets, and keys wherever they stand.
//!
//! Input: the text of a file. Output: ranges of bytes. Whatever a finding is
//! about, the lines around it may belong to a Secret; so what is secret is a
//! property of the text, found by its own reading of it, whether or not the
//! document is one that gwctl understands. In doubt a value is hidden.

mod scrub;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::decode_error::MAX_DEPTH;
use super::spans::{SpanTree, View};
use super::split::split;
use crate::masked::url_credentials;
use crate::private_key::{joined, key_material};

pub use scrub::scrub;

/// What stands in the place of what is hidden.
pub(super) const HIDDEN: &str = "<hidden>";
/// The fields of a Secret that say what it is and nothing of what is in it.
pub(super) const HEAD: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];
/// Where what makes Secrets says what is in them.
const TEMPLATES: [&str; 3] = ["template", "literal", "literals"];
/// Where `kubectl apply` keeps a copy of the whole object.
const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The parts of a text that are not shown, in order, none touching another.
pub fn hidden_ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = key_material(text);
    found.extend(url_credentials(text));
    let pieces = split(text);
    for (position, piece) in pieces.iter().enumerate() {
        let document = text.get(piece.range.clone()).unwrap_or_default();
        if may_hold_secrets(document) {
            let base = piece.range.start;
            let (ranges, has_secret) = match SpanTree::read(document) {
                Some(tree) => of_tree(&tree, document),
                None => of_broken(document),
            };
            found.extend(ranges.into_iter().map(|range| base + range.start..base + range.end));
            if has_secret {
                let before = position.checked_sub(1).and_then(|before| pieces.get(before));
                let around = before.map_or(0, |before| comments_before(text, before.range.clone()))..base;
                let next = pieces.get(position + 1).map(|next| next.range.clone());
                let behind = piece.range.end..next.map_or(text.len(), |next| comments_behind(text, next));
                found.extend([around, behind].into_iter().flat_map(|gap| comment_lines(text, gap)));
            }
        }
    }
    joined(found)
}

/// Whether a line says nothing but a comment.
fn is_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// Where the comments at the end of a document begin.
fn comments_before(text: &str, document: Range<usize>) -> usize {
    let lines = text.get(document.clone()).unwrap_or_default().split_inclusive('\n').rev();
    document.end - lines.take_while(|line| is_comment(line)).map(str::len).sum::<usize>()
}

/// Where the comments at the beginning of a document end.
fn comments_behind(text: &str, document: Range<usize>) -> usize {
    let lines = text.get(document.clone()).unwrap_or_default().split_inclusive('\n');
    document.start + lines.take_while(|line| is_comment(line)).map(str::len).sum::<usize>()
}

/// The comments in a part of a text that holds no values.
fn comment_lines(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let mut at = part.start;
    let mut found = Vec::new();
    for line in text.get(part).unwrap_or_default().split_inclusive('\n') {
        if let Some(sign) = line.find('#') {
            found.push(at + sign + 1..at + line.trim_end().len());
        }
        at += line.len();
    }
    found
}

/// Whether a document is worth a second reading: every object has `metadata`, few have `data`. With an escape any word may
/// be written so that it is not found.
fn may_hold_secrets(document: &str) -> bool {
    let is_own = |(at, _): (usize, &str)| !document.get(..at).is_some_and(|before| before.ends_with("meta"));
    document.match_indices("data").any(is_own)
        || ["ecret", "stringData", COPY, "\\"].iter().any(|word| document.contains(word))
}

struct Finder<'t> {
    tree: &'t SpanTree,
    document: &'t str,
    found: Vec<Range<usize>>,
    /// The anchors that aliases led to.
    followed: HashSet<usize>,
    /// Whether one of the objects is a Secret, or holds values as one does.
    has_secret: bool,
    /// Where values and keys stand: what looks like a comment in them is none.
    texts: Vec<Range<usize>>,
}

/// What is hidden of a document, and whether a Secret is in it.
fn of_tree(tree: &SpanTree, document: &str) -> (Vec<Range<usize>>, bool) {
    let mut finder =
        Finder { tree, document, found: Vec::new(), followed: HashSet::new(), has_secret: false, texts: Vec::new() };
    finder.visit(0, 0);
    if finder.has_secret {
        finder.hide_comments();
    }
    (finder.found, finder.has_secret)
}

impl Finder<'_> {
    /// Looks for Secrets in a value, whatever it is part of: a List, an object of another kind, an anchor.
    fn visit(&mut self, node: usize, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match self.tree.view(node) {
            View::List(items) => items.iter().for_each(|item| self.visit(*item, depth + 1)),
            View::Map(entries) => {
                // Where it is given more than once, nobody knows which of them is meant.
                let kinds = || entries.iter().filter(|e| e.name == "kind").filter_map(|entry| self.word(entry.value));
                // What a kind with an escape in it says is not looked into: it may be any.
                let is_secret = kinds().any(|kind| kind.eq_ignore_ascii_case("secret") || kind.contains('\\'));
                // A reference to a Secret has a kind as well.
                let is_object = entries.iter().any(|entry| matches!(entry.name, "apiVersion" | "metadata"));
                let is_secret = is_secret && (is_object || depth == 0);
                let keeps_data = kinds().any(|_| true) && kinds().all(|kind| kind == "ConfigMap");
                // What others make Secrets of may have whole values in its templates.
                let makes_secret = kinds().any(|kind| kind.to_ascii_lowercase().contains("secret"));
                self.has_secret |= is_secret;
                if makes_secret && is_object && !is_secret {
                    self.hide_templates(node, depth);
                }
                self.texts.extend(entries.iter().map(|entry| entry.key.clone()));
                for entry in &entries {
                    let is_data = match entry.name {
                        // Kustomize writes the values of Secrets into the list that makes them.
                        "stringData" | "secretGenerator" => true,
                        "data" => !keeps_data,
                        COPY => true,
                        // A misspelt `data` is no less secret; nor is what a merge brings.
                        other => is_secret && !HEAD.contains(&other),
                    };
                    if is_data {
                        self.has_secret |= entry.name != COPY;
                        self.hide_entry(entry.key.clone(), entry.value, 0);
                    } else {
                        self.visit(entry.value, depth + 1);
                    }
                }
            }
            View::Scalar(range) => {
                self.texts.push(range.clone());
                if self.document.get(range.clone()).is_some_and(is_copy_of_secret) {
                    self.found.push(range);
                }
            }
            View::Alias(_) => {}
        }
    }

    /// Hides the templates below an object that makes Secrets.
    fn hide_templates(&mut self, node: usize, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match self.tree.view(node) {
            View::Map(entries) => {
                for entry in entries {
                    if TEMPLATES.contains(&entry.name) {
                        self.has_secret = true;
                        self.hide_entry(entry.key.clone(), entry.value, 0);
                    } else {
                        self.hide_templates(entry.value, depth + 1);
                    }
                }
            }
            View::List(items) => items.iter().for_each(|item| self.hide_templates(*item, depth + 1)),
            View::Scalar(_) | View::Alias(_) => {}
        }
    }

    /// Hides the comments of a document with a Secret, wherever they stand: they may say what the values are.
    fn hide_comments(&mut self) {
        self.texts.sort_by_key(|range| range.start);
        let starts = self.document.match_indices('#').map(|(at, _)| at);
        for at in starts {
            let before = self.document.get(..at).and_then(|before| before.chars().next_back());
            let next = self.texts.partition_point(|range| range.start <= at);
            let is_text = next.checked_sub(1).and_then(|last| self.texts.get(last)).is_some_and(|range| at < range.end);
            if before.is_none_or(char::is_whitespace) && !is_text {
                let rest = self.document.get(at + 1..).unwrap_or_default();
                self.found.push(at + 1..at + 1 + rest.find('\n').unwrap_or(rest.len()));
            }
        }
    }

    fn word(&self, node: usize) -> Option<&str> {
        match self.tree.view(self.tree.dereference(node)) {
            View::Scalar(range) => Some(self.document.get(range)?.trim_matches(['"', '\''])),
            _ => None,
        }
    }

    /// Hides everything behind a key up to the end of its value, the keys in it excepted, and the comments after it.
    fn hide_entry(&mut self, key: Range<usize>, value: usize, depth: usize) {
        let range = self.tree.range(value);
        let end = self.with_comments(range.end.max(key.end));
        let mut shown = Vec::new();
        self.keys(value, depth, &mut shown);
        let mut position = key.end + colon(self.document.get(key.end..).unwrap_or_default());
        shown.sort_by_key(|range: &Range<usize>| range.start);
        for key in shown {
            if key.start < position || key.end > end {
                continue;
            }
            self.found.push(position..key.start);
            position = key.end + colon(self.document.get(key.end..).unwrap_or_default());
        }
        self.found.push(position.min(end)..end);
    }

    /// The keys in a value that may be shown; where an alias leads is hidden as well.
    fn keys(&mut self, node: usize, depth: usize, shown: &mut Vec<Range<usize>>) {
        if depth > MAX_DEPTH {
            return;
        }
        match self.tree.view(node) {
            View::Map(entries) => {
                for entry in entries {
                    // Without a value the key itself may be the secret.
                    let has_colon = colon(self.document.get(entry.key.end..).unwrap_or_default()) > 0;
                    if is_plain_key(entry.name) && has_colon && !self.tree.range(entry.value).is_empty() {
                        shown.push(entry.key.clone());
                    }
                    self.keys(entry.value, depth + 1, shown);
                }
            }
            View::List(items) => items.iter().for_each(|item| self.keys(*item, depth + 1, shown)),
            View::Alias(target) => {
                // The anchor stands elsewhere, and is as secret there.
                if self.followed.insert(target) {
                    let start = self.tree.range(target).start;
                    self.hide_entry(start..start, target, depth + 1);
                }
            }
            View::Scalar(_) => {}
        }
    }

    /// The end of a value with the comments behind and below it: they may hold what was there before.
    fn with_comments(&self, end: usize) -> usize {
        let rest = self.document.get(end..).unwrap_or_default();
        let mut covered = 0;
        for (position, line) in rest.split_inclusive('\n').enumerate() {
            let text = line.trim();
            if !(text.starts_with('#') || (text.is_empty() && (position > 0 || line.ends_with('\n')))) {
                break;
            }
            covered += line.len();
        }
        let text = rest.get(..covered).unwrap_or_default();
        end + text.trim_end().len()
    }
}

/// The length of the colon behind a key.
fn colon(rest: &str) -> usize {
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if rest.get(spaces..).is_some_and(|rest| rest.starts_with(':')) { spaces + 1 } else { 0 }
}

/// Whether a key of a Secret looks like one, and not like a value that lost its key.
fn is_plain_key(name: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= 63 && name.bytes().all(is_safe)
}

/// Whether a text within a document is itself the manifest of a Secret.
fn is_copy_of_secret(text: &str) -> bool {
    text.len() > 24 && text.contains("ecret") && (text.contains("data") || text.contains("Data"))
}

/// What is hidden of a document that cannot be read: everything behind the first `data`, and all of a Secret, but for
/// words that are keys.
fn of_broken(document: &str) -> (Vec<Range<usize>>, bool) {
    static DATA: OnceLock<Option<Regex>> = OnceLock::new();
    static SECRET: OnceLock<Option<Regex>> = OnceLock::new();
    static KEY: OnceLock<Option<Regex>> = OnceLock::new();
    let regex =
        |cell: &'static OnceLock<Option<Regex>>, pattern: &str| cell.get_or_init(|| Regex::new(pattern).ok()).as_ref();
    let data = regex(&DATA, r#"(?:^|[\s{,"'\-])(?:data|stringData|secretGenerator)["']?[ \t]*:"#);
    // A kind, or any key, with an escape may be that of a Secret.
    let secret = regex(&SECRET, r#"(?i)kind["']?\s*:\s*(?:["']?secret|"[^"\n]*\\)|"[^"\n]*\\[^"\n]*"[ \t]*:(?:\s|$)"#);
    let Some(key) = regex(&KEY, r#"(?m)^[ \t]*(?:- +)?["']?[-._A-Za-z0-9]{1,63}["']?[ \t]*:(?:[ \t]|$)"#) else {
        return (std::iter::once(0..document.len()).collect(), true);
    };
    let head = |line: &str| {
        let name =
            line.trim_start_matches([' ', '-', '"', '\'', '{']).split([':', '"', '\'']).next().unwrap_or_default();
        HEAD.contains(&name.trim()) || ["name", "namespace"].contains(&name.trim())
    };
    let data_start = data.and_then(|data| data.find(document)).map(|found| found.end());
    let is_secret = secret.is_some_and(|secret| secret.is_match(document));
    // In a Secret the key of the values may be written in a way that is not found: as `? data`, or with an escape.
    let start = match (is_secret, data_start) {
        (true, _) => 0,
        (false, Some(start)) => start,
        (false, None) => return (Vec::new(), false),
    };
    let mut found = Vec::new();
    let mut at = start;
    for line in document.get(start..).unwrap_or_default().split_inclusive('\n') {
        let key_end = key.find(line).map_or(0, |found| found.end());
        // The lines that say which object it is are no secret, unless they may be part of the data.
        let is_before = data_start.is_none_or(|start| at + line.len() <= start);
        let is_shown = is_before && head(line);
        if !is_shown {
            found.push(at + key_end..at + line.trim_end().len().max(key_end));
        }
        at += line.len();
    }
    (found, true)
}

#[cfg(test)]
mod tests;
