//! The report for GitLab: an entry for each finding, which merge requests show beside the changed lines
//! ([Code Quality report format](https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format)).

use std::collections::HashMap;
use std::io::{self, Write};

use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::code::Severity;
use super::place::Place;
use super::plain;
use super::report::{Entry, Report};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: String,
    /// Unique, and the same as long as the finding is.
    fingerprint: String,
    severity: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// Writes the whole report as one indented JSON array and a final newline. What is about no file names `.`: the format has
/// no entry without one.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut alike = HashMap::new();
    let issues: Vec<Issue<'_>> = report.entries.iter().map(|entry| issue(entry, &mut alike)).collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

fn issue<'a>(Entry { finding, place, .. }: &'a Entry<'_>, alike: &mut HashMap<String, usize>) -> Issue<'a> {
    let known = plain::fingerprint(finding);
    let place = place.as_ref().map(Place::in_repository);
    let before = alike.entry(known.clone()).or_default();
    let bytes = digest(&SHA256, format!("{known}\n{before}").as_bytes());
    *before += 1;
    Issue {
        description: plain::full(finding),
        check_name: format!("{} {}", finding.code.id(), finding.code.name()),
        fingerprint: bytes.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
        severity: match finding.severity() {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location {
            path: place.map_or(".", |place| place.file.trim_start_matches("./")),
            lines: Lines { begin: place.and_then(|place| place.span.as_ref()).map_or(1, |span| span.line) },
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::write;
    use crate::diagnostics::place::memory::Files;
    use crate::diagnostics::{Finding, Location, Report, codes};

    #[test]
    fn every_finding_has_a_line_and_a_fingerprint_of_its_own() {
        let files = Files::one("./a/gw.yaml", "one: 1\ntwo: 2\n");
        let at = |word: &str| Finding::new(codes::BACKEND_NOT_FOUND, files.find(0, word), "gone");
        let findings = [at("one"), at("two"), Finding::new(codes::SKIPPED, Location::Run, "skipped")];
        let print = |findings: &[Finding]| -> Value {
            let mut out = Vec::new();
            write(&Report::new(findings, 1, 1, &files), &mut out).unwrap();
            serde_json::from_slice(&out).unwrap()
        };
        let issues = print(&findings);
        let column =
            |name: &str| -> Vec<Value> { issues.as_array().unwrap().iter().map(|one| one[name].clone()).collect() };
        assert_eq!(column("severity"), ["critical", "critical", "info"]);
        assert_eq!(issues[1]["location"], serde_json::json!({"path": "a/gw.yaml", "lines": {"begin": 2}}));
        assert_eq!(issues[2]["location"]["path"], ".");
        assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
        // A line that moves is the same one.
        assert_eq!(print(&[at("two")])[0]["fingerprint"], issues[0]["fingerprint"]);
    }
}
