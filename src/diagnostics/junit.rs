//! The report as JUnit XML, which most CI systems show as a list of tests: a
//! suite for each file, a test case for each finding.
//!
//! A finding that fails the run is a failure; any other is a test that passed,
//! with its text as output, so that the counts and the exit code agree.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::denied::Denied;
use super::escape::for_xml;
use super::report::{Entry, Report};
use super::words;

/// The suite of findings that are in no file.
const RUN: &str = "gwctl";

/// Writes the whole report; what is denied is a failure, as errors are.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, denied: &Denied, out: &mut dyn Write) -> io::Result<()> {
    let fails = |entry: &Entry<'_>| denied.fails(entry.finding);
    let failures = report.entries.iter().filter(|entry| fails(entry)).count();
    let tests = report.entries.len().max(1);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"gwctl\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">")?;
    if report.entries.is_empty() {
        writeln!(out, "  <testsuite name=\"{RUN}\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">")?;
        writeln!(out, "    <testcase classname=\"{RUN}\" name=\"no findings\"/>")?;
        writeln!(out, "  </testsuite>")?;
    }
    // Findings of one file stand together.
    for suite in report.entries.chunk_by(|left, right| file(left) == file(right)) {
        let name = for_xml(suite.first().map_or(RUN, file));
        let failures = suite.iter().filter(|entry| fails(entry)).count();
        let tests = suite.len();
        writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        )?;
        suite.iter().try_for_each(|entry| test_case(entry, fails(entry), out))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn file<'a>(entry: &'a Entry<'_>) -> &'a str {
    entry.place.as_ref().map_or(RUN, |place| &place.file)
}

fn test_case(entry: &Entry<'_>, fails: bool, out: &mut dyn Write) -> io::Result<()> {
    let finding = entry.finding;
    let (id, severity) = (finding.code.id(), finding.severity().as_str());
    let subject = words::subject(finding).unwrap_or_else(|| RUN.to_owned());
    let line = entry.place.as_ref().and_then(|place| place.span.as_ref()).map(|span| (span.line, span.column));
    let place = line.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
    let file = file(entry);
    let name = for_xml(&format!("{id} {} at {file}{place}", finding.code.name()));
    let class = for_xml(&subject);
    let lines = line.map_or_else(String::new, |(line, _)| format!(" file=\"{}\" line=\"{line}\"", for_xml(file)));
    writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\"{lines}>")?;
    let text = for_xml(&text(entry));
    if fails {
        let message = for_xml(&finding.message);
        writeln!(out, "      <failure type=\"{severity} {id}\" message=\"{message}\">{text}</failure>")?;
    } else {
        writeln!(out, "      <system-out>{text}</system-out>")?;
    }
    writeln!(out, "    </testcase>")
}

fn text(entry: &Entry<'_>) -> String {
    let finding = entry.finding;
    let mut text = format!("{}[{}]: {}", finding.severity().as_str(), finding.code.id(), words::full(finding));
    for (related, place) in &entry.related {
        let place = place.as_ref().map(|place| (place.file.as_str(), place.span.as_ref().map_or(1, |span| span.line)));
        let place = place.map_or_else(String::new, |(file, line)| format!(" ({file}:{line})"));
        // Writing to a string cannot fail.
        let _ = write!(text, "\nRelated: {}{place}", related.message);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::super::finding::Finding;
    use super::super::location::Location;
    use super::super::place::memory::Files;
    use super::*;

    fn written(findings: &[Finding], denies_warnings: bool) -> String {
        let files = Files::one("a&b.yaml", "name: crt\n");
        let mut out = Vec::new();
        let denied = Denied { warnings: denies_warnings, codes: Vec::new() };
        write(&Report::new(findings, 1, 1, &files), &denied, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn found() -> Vec<Finding> {
        let at = Files::one("a&b.yaml", "name: crt\n").find(0, "crt");
        vec![
            Finding::new(codes::BACKEND_NOT_FOUND, at.clone(), "no <Service> \u{1b}").help("did you mean \"cart\"?"),
            Finding::new(codes::ZERO_WEIGHTS, at, "all zero").related(Location::Run, "see"),
            Finding::new(codes::NO_LISTENER, Location::Run, "nothing to serve"),
        ]
    }

    #[test]
    fn each_file_is_a_suite_and_each_finding_a_case() {
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"gwctl\" tests=\"3\" failures=\"2\" errors=\"0\">
  <testsuite name=\"a&amp;b.yaml\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">
    <testcase classname=\"gwctl\" name=\"GW2001 backend-not-found at a&amp;b.yaml:1:7\" file=\"a&amp;b.yaml\" line=\"1\">
      <failure type=\"error GW2001\" message=\"no &lt;Service&gt; \u{fffd}\">error[GW2001]: no &lt;Service&gt; \u{fffd}&#10;Status: ResolvedRefs=False (BackendNotFound)&#10;Help: did you mean &quot;cart&quot;?</failure>
    </testcase>
    <testcase classname=\"gwctl\" name=\"GW4002 all-weights-zero at a&amp;b.yaml:1:7\" file=\"a&amp;b.yaml\" line=\"1\">
      <system-out>warning[GW4002]: all zero&#10;Related: see</system-out>
    </testcase>
  </testsuite>
  <testsuite name=\"gwctl\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">
    <testcase classname=\"gwctl\" name=\"GW3012 no-listener at gwctl\">
      <failure type=\"error GW3012\" message=\"nothing to serve\">error[GW3012]: nothing to serve</failure>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(written(&found(), false), expected);
    }

    #[test]
    fn denied_warnings_are_failures_and_an_empty_report_is_a_test_that_passed() {
        assert!(written(&found(), true).contains("tests=\"3\" failures=\"3\""));
        let empty = written(&[], true);
        assert!(empty.contains("<testsuites name=\"gwctl\" tests=\"1\" failures=\"0\""), "{empty}");
        assert!(empty.contains("name=\"no findings\"/>"), "{empty}");
    }
}
