//! Words of findings without what is secret.
//!
//! A finding on a Secret may quote what it is about. Its place says which
//! document that is, and whatever is hidden of the document is taken out of the
//! finding's words, shortened quotations of it included.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::locate::Locator;
use super::super::manifests::Manifests;
use super::super::source::SourceId;
use crate::diagnostics::{Finding, Location, Segment};
use crate::private_key::{STAND_IN, without_keys};

/// Shorter values are too common to be found in a text.
const SHORTEST: usize = 4;
/// So much of a value is enough to know it.
const PREFIX: usize = 8;
/// Words that messages use whatever the values are.
const COMMON: [&str; 15] = [
    "true",
    "false",
    "null",
    "data",
    "type",
    "name",
    "kind",
    "string",
    "stringData",
    "Secret",
    "base64",
    "text",
    // The keys of certificates.
    "ca.crt",
    "tls.crt",
    "tls.key",
];

/// Takes what is hidden of the documents that findings are about out of their words.
pub fn scrub(manifests: &Manifests, findings: &mut [Finding]) {
    let locator = Locator::new(manifests);
    let mut known: HashMap<(SourceId, usize), Vec<String>> = HashMap::new();
    for finding in findings {
        hide_keys(finding);
        let Some((source, range)) = part_of(manifests, &finding.location) else { continue };
        let secrets =
            known.entry((source, range.start)).or_insert_with(|| secrets_of(manifests, &locator, source, &range));
        if !secrets.is_empty() {
            scrub_finding(finding, secrets);
        }
    }
}

/// The document that a location is in; the whole file where there is none that could be read.
fn part_of(manifests: &Manifests, location: &Location) -> Option<(SourceId, Range<usize>)> {
    let (source, start) = match location {
        Location::Field { document, .. } => {
            let document = manifests.documents.get(*document)?;
            return Some((document.source, document.range.clone()));
        }
        Location::Bytes(source, range) => (*source, range.start),
        Location::Source(source) => (*source, 0),
        Location::Run | Location::Path(_) => return None,
    };
    let first =
        manifests.documents.partition_point(|document| (document.source, document.range.end) <= (source, start));
    let document = manifests.documents.get(first).filter(|document| document.source == source);
    let range = document.map(|document| document.range.clone()).filter(|range| range.contains(&start));
    Some((source, range.unwrap_or(0..usize::MAX)))
}

/// The words that are hidden of a part of a file, the longest first.
fn secrets_of(manifests: &Manifests, locator: &Locator<'_>, source: SourceId, part: &Range<usize>) -> Vec<String> {
    let text = &manifests.sources.get(source).text;
    let within = |range: &&Range<usize>| range.start < part.end && range.end > part.start;
    let mut words: Vec<String> = Vec::new();
    for range in locator.hidden_of(source).iter().filter(within) {
        // What is escaped in the text is a line break in the value.
        let hidden = text.get(range.clone()).unwrap_or_default();
        let hidden = hidden.replace("\\n", "\n").replace("\\r", "\n").replace("\\t", "\n");
        for word in words_of(&hidden) {
            // A message may speak of what the base64 stands for.
            if let Some(decoded) = STANDARD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                words.extend(words_of(&decoded).map(str::to_owned));
            }
            words.push(word.to_owned());
        }
    }
    words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    words.dedup();
    words
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let is_edge = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '\\' | ',' | '{' | '}' | '[' | ']')
    };
    text.split(is_edge).filter(|word| word.len() >= SHORTEST && !COMMON.contains(word))
}

fn hide_keys(finding: &mut Finding) {
    change_words(finding, &|text| {
        if let Cow::Owned(shown) = without_keys(text) {
            *text = shown;
        }
    });
}

fn scrub_finding(finding: &mut Finding, secrets: &[String]) {
    change_words(finding, &|text| scrub_text(text, secrets));
}

/// Changes every text of a finding that is printed.
fn change_words(finding: &mut Finding, change: &dyn Fn(&mut String)) {
    let Finding {
        code: _,
        message,
        location: _,
        label,
        consequence,
        help,
        related,
        object: _,
        path,
        part: _,
        pending: _,
        claim: _,
        condition: _,
        is_by_age: _,
        fix,
        witness: _,
    } = finding;
    let optional = [label.as_mut(), consequence.as_mut(), help.as_mut(), fix.as_mut().map(|fix| &mut fix.title)];
    let texts = std::iter::once(message).chain(optional.into_iter().flatten());
    let fields = path.iter_mut().flat_map(|path| &mut path.0).filter_map(|segment| match segment {
        Segment::Field(name) => Some(name),
        Segment::Index(_) => None,
    });
    for text in texts.chain(related.iter_mut().map(|related| &mut related.message)) {
        change(text);
    }
    for field in fields {
        let mut name = field.to_string();
        change(&mut name);
        if *name != **field {
            *field = name.into();
        }
    }
}

/// Replaces every word of `secrets`, and every beginning of one that is long enough to know it.
fn scrub_text(text: &mut String, secrets: &[String]) {
    for secret in secrets {
        let prefix: String = secret.chars().take(PREFIX).collect();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(&prefix)) {
            let start = from + at;
            let rest = text.get(start..).unwrap_or_default();
            let same =
                rest.chars().zip(secret.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum::<usize>();
            let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let is_within = is_part(text.get(..start).and_then(|before| before.chars().next_back()))
                || is_part(text.get(start + same..).and_then(|after| after.chars().next()));
            // A short word may be part of a longer one that has nothing to do with it.
            if secret.len() < PREFIX && is_within {
                from = start + same;
                continue;
            }
            text.replace_range(start..start + same, STAND_IN);
            from = start + STAND_IN.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_beginnings_of_words_are_taken_out() {
        let secrets = ["marked-secret-value".to_owned(), "1234".to_owned()];
        for (text, expected) in [
            ("`marked-secret-value` is wrong", "`<hidden>` is wrong"),
            ("`marked-sec…` is wrong", "`<hidden>…` is wrong"),
            ("quote it: `\"1234\"`", "quote it: `\"<hidden>\"`"),
            ("12345 and x1234", "12345 and x1234"),
            ("marked", "marked"),
        ] {
            let mut text = text.to_owned();
            scrub_text(&mut text, &secrets);
            assert_eq!(text, expected);
        }
    }
}
