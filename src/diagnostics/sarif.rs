//! The report as SARIF 2.1.0, which code scanning services read
//! ([the standard](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html)).
//!
//! Each finding is a result, each code that occurs a rule with its page. Fixes
//! become `fixes`, columns count Unicode characters.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::code::{Code, Severity};
use super::finding::Finding;
use super::fix::{Fix, TextEdit};
use super::place::Place;
use super::plain;
use super::report::{Entry, Report};
use super::span::Span;

/// Where the schema of the format is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the whole report as one indented JSON object and a final newline.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<Code> = report.entries.iter().map(|entry| entry.finding.code).collect();
    rules.sort_unstable_by_key(|code| code.id());
    rules.dedup();
    let results: Vec<Value> = report.entries.iter().map(|entry| result(entry, &rules)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gwctl",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn rule(code: Code) -> Value {
    // The title of the page repeats what the rule says.
    let page = code.page().split_once('\n').map_or(code.page(), |(_, rest)| rest).trim();
    json!({
        "id": code.id(),
        "name": code.name(),
        "shortDescription": {"text": code.meaning()},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(entry: &Entry<'_>, rules: &[Code]) -> Value {
    let finding = entry.finding;
    let mut result = Map::new();
    let mut set = |name: &str, value: Value| result.insert(name.to_owned(), value);
    set("ruleId", finding.code.id().into());
    if let Some(index) = rules.iter().position(|code| *code == finding.code) {
        set("ruleIndex", index.into());
    }
    set("level", level(finding.severity()).into());
    set("message", json!({"text": plain::full(finding)}));
    if let Some(location) = location(finding, entry.place.as_ref()) {
        set("locations", json!([location]));
    }
    let related: Vec<Value> = entry
        .related
        .iter()
        .enumerate()
        .filter_map(|(id, (related, place))| {
            let physical = physical(place.as_ref()?.in_repository());
            Some(json!({"id": id, "message": {"text": related.message}, "physicalLocation": physical}))
        })
        .collect();
    if !related.is_empty() {
        set("relatedLocations", related.into());
    }
    if let (Some(fix), Some(edits)) = (&finding.fix, &entry.fix) {
        set("fixes", json!([self::fix(fix, edits)]));
    }
    set("partialFingerprints", json!({"gwctlFinding/v1": plain::fingerprint(finding)}));
    result.into()
}

fn location(finding: &Finding, place: Option<&Place>) -> Option<Value> {
    let mut location = Map::new();
    if let Some(place) = place {
        location.insert("physicalLocation".to_owned(), physical(place.in_repository()));
    }
    if let Some(subject) = plain::subject(finding) {
        let logical = json!([{"fullyQualifiedName": subject, "kind": "object"}]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    (!location.is_empty()).then(|| location.into())
}

fn physical(place: &Place) -> Value {
    let artifact = json!({"uri": uri(&place.file)});
    match &place.span {
        Some(span) => json!({"artifactLocation": artifact, "region": region(span)}),
        None => json!({"artifactLocation": artifact}),
    }
}

fn region(span: &Span) -> Value {
    let Span { range: _, line, column, end_line, end_column } = span;
    json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column})
}

fn fix(fix: &Fix, edits: &[TextEdit]) -> Value {
    let changes: Vec<Value> = edits
        .chunk_by(|left, right| left.source == right.source)
        .map(|edits| {
            let replacements: Vec<Value> = edits
                .iter()
                .map(|edit| json!({"deletedRegion": region(&edit.span), "insertedContent": {"text": edit.new_text}}))
                .collect();
            let file = edits.first().map(|edit| uri(&edit.file)).unwrap_or_default();
            json!({"artifactLocation": {"uri": file}, "replacements": replacements})
        })
        .collect();
    json!({"description": {"text": fix.title}, "artifactChanges": changes})
}

/// The path as a URI reference: absolute ones as `file:` URIs, others relative to where gwctl ran.
fn uri(path: &str) -> String {
    let path = path.trim_start_matches("./");
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.split('/').next().is_some_and(|first| first.contains(':')) {
        // The first segment would be taken for a scheme.
        uri.push_str("./");
    }
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(byte)),
            // Writing to a string cannot fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
#[path = "sarif_tests.rs"]
mod tests;
