//! The report for GitHub Actions: one workflow command a finding, which the
//! log of a job turns into annotations of the changed files
//! ([workflow commands](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands)).

use std::fmt::Write as _;
use std::io::{self, Write};

use super::code::Severity;
use super::escape::{for_github_command, for_github_property};
use super::place::Place;
use super::plain;
use super::report::{Entry, Report};

/// Writes every finding of the report as one line.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    report.entries.iter().try_for_each(|entry| writeln!(out, "{}", command(entry)))
}

fn command(entry: &Entry<'_>) -> String {
    let finding = entry.finding;
    let name = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    // Standard input is no file of the change.
    if let Some(place) = entry.place.as_ref().map(Place::in_repository).filter(|place| place.file != "-") {
        // Annotations are found by the path from the root of the repository.
        properties.push(format!("file={}", for_github_property(place.file.trim_start_matches("./"))));
        if let Some(span) = &place.span {
            properties.push(format!("line={},endLine={}", span.line, span.end_line));
            // Columns are shown only where the part is within one line.
            if span.line == span.end_line {
                properties.push(format!("col={},endColumn={}", span.column, span.end_column));
            }
        }
    }
    properties
        .push(format!("title={}", for_github_property(&format!("{} {}", finding.code.id(), finding.code.name()))));
    let mut text = plain::full(finding);
    if let Some(subject) = plain::subject(finding) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\nIn: {subject}");
    }
    if let Some(origin) = entry.place.as_ref().and_then(|place| place.origin.as_ref()) {
        let _ = write!(text, "\nFrom: {}", origin.words());
    }
    for (related, place) in &entry.related {
        let place = place.as_ref().map(|place| (place.file.as_str(), place.span.as_ref().map_or(1, |span| span.line)));
        let place = place.map_or_else(String::new, |(file, line)| format!(" ({file}:{line})"));
        let _ = write!(text, "\nRelated: {}{place}", related.message);
    }
    format!("::{name} {}::{}", properties.join(","), for_github_command(&text))
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::super::finding::Finding;
    use super::super::location::Location;
    use super::super::place::memory::Files;
    use super::*;

    fn written(findings: &[Finding], files: &Files) -> String {
        let mut out = Vec::new();
        write(&Report::new(findings, 1, 1, files), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_is_one_line_with_its_place() {
        let files = Files::one("./a,b.yaml", "é: crt\n");
        let finding =
            Finding::new(codes::BACKEND_NOT_FOUND, files.find(0, "crt"), "100% of\n`crt`").help("try: `cart`");
        assert_eq!(
            written(&[finding], &files),
            "::error file=a%2Cb.yaml,line=1,endLine=1,col=4,endColumn=7,title=GW2001 backend-not-found::100%25 \
             of%0A`crt`%0AStatus: ResolvedRefs=False (BackendNotFound)%0AHelp: try: `cart`\n"
        );
    }

    #[test]
    fn warnings_and_notes_have_commands_of_their_own_and_need_no_file() {
        let files = Files::one("-", "x\n");
        let findings = [
            Finding::new(codes::ZERO_WEIGHTS, files.find(0, "x"), "all zero"),
            Finding::new(codes::UNUSED_RESOLVE, Location::Run, "unused").related(files.find(0, "x"), "here"),
        ];
        assert_eq!(
            written(&findings, &files),
            "::warning title=GW4002 all-weights-zero::all zero\n\
             ::notice title=GW2011 unused-resolve::unused%0ARelated: here (-:1)\n"
        );
        assert_eq!(written(&[], &files), "");
    }
}
