//! The report for reviewdog, which comments on pull requests of most services
//! ([Reviewdog Diagnostic Format](https://github.com/reviewdog/reviewdog/tree/master/proto/rdf)). Its columns count bytes.

use std::io::{self, Write};
use std::ops::Range;

use serde_json::{Value, json};

use super::code::Severity;
use super::place::{Locate, Place};
use super::plain;
use super::report::{Entry, Report};
use super::span::Span;

/// Writes the whole report as one indented JSON object and a final newline.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, locate: &dyn Locate, out: &mut dyn Write) -> io::Result<()> {
    let diagnostics: Vec<Value> = report.entries.iter().map(|entry| diagnostic(entry, locate)).collect();
    serde_json::to_writer_pretty(&mut *out, &json!({"source": {"name": "gwctl"}, "diagnostics": diagnostics}))?;
    writeln!(out)
}

fn diagnostic(Entry { finding, place, fix, .. }: &Entry<'_>, locate: &dyn Locate) -> Value {
    // Where the text was written otherwise, only its lines are known.
    let written = place.as_ref().map(Place::in_repository);
    let text = locate.text(&finding.location).filter(|_| written == place.as_ref());
    let mut diagnostic = json!({
        "message": plain::full(finding),
        "severity": match finding.severity() {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        },
        "code": {"value": finding.code.id()},
        "location": {"path": written.map_or(".", path)},
    });
    if let Some(span) = written.and_then(|place| place.span.as_ref()) {
        diagnostic["location"]["range"] = range(span, text);
    }
    // A suggestion is about the file of its finding.
    let own = |edits: &&Vec<_>| {
        edits.iter().all(|edit: &super::fix::TextEdit| Some(&edit.file) == written.map(|one| &one.file))
    };
    if let Some(edits) = fix.as_ref().filter(own) {
        let suggestions = edits.iter().map(|edit| json!({"range": range(&edit.span, text), "text": edit.new_text}));
        diagnostic["suggestions"] = suggestions.collect();
    }
    diagnostic
}

fn path(place: &Place) -> &str {
    place.file.trim_start_matches("./")
}

fn range(Span { range: Range { start, end }, line, end_line, .. }: &Span, text: Option<&str>) -> Value {
    let column = |at: usize| {
        let before = text.and_then(|text| text.get(..at))?;
        Some(at - before.rfind('\n').map_or(0, |end| end + 1) + 1)
    };
    match (column(*start), column(*end)) {
        (Some(from), Some(to)) => {
            json!({"start": {"line": line, "column": from}, "end": {"line": end_line, "column": to}})
        }
        _ => json!({"start": {"line": line}, "end": {"line": end_line}}),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write;
    use crate::diagnostics::place::memory::Files;
    use crate::diagnostics::{Finding, Location, Report, codes};

    #[test]
    fn columns_count_bytes() {
        let files = Files::one("./gw.yaml", "a: 1\né: word\n");
        let findings = [
            Finding::new(codes::ZERO_WEIGHTS, files.find(0, "word"), "here"),
            Finding::new(codes::SKIPPED, Location::Run, "x"),
        ];
        let mut out = Vec::new();
        write(&Report::new(&findings, 1, 1, &files), &files, &mut out).unwrap();
        let report: Value = serde_json::from_slice(&out).unwrap();
        let range = json!({"start": {"line": 2, "column": 5}, "end": {"line": 2, "column": 9}});
        assert_eq!(report["diagnostics"][0]["location"], json!({"path": "gw.yaml", "range": range}));
        assert_eq!(report["diagnostics"][0]["severity"], "WARNING");
        assert_eq!(report["diagnostics"][1]["location"], json!({"path": "."}));
    }
}
