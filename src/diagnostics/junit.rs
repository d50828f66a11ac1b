//! The report as JUnit XML, which most CI systems show as a list of tests: a
//! suite for each file, a test case for each finding.
//!
//! A finding that fails the run is a failure; any other is a test that passed,
//! with its text as output, so that the counts and the exit code agree.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::denied::Denied;
use super::place::Place;
use super::plain;
use super::report::{Entry, Report};
use super::xml::Xml;

/// The suite of findings that are in no file.
const RUN: &str = "gwctl";

/// Writes the whole report; what is denied is a failure, as errors are.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, denied: &Denied, out: &mut dyn Write) -> io::Result<()> {
    let failures = |entries: &[Entry<'_>]| entries.iter().filter(|entry| denied.fails(entry.finding)).count();
    Xml::document(out, |xml| {
        let (tests, failures_of_all) = (report.entries.len().max(1), failures(&report.entries));
        let attributes = [
            ("name", RUN),
            ("tests", &*tests.to_string()),
            ("failures", &*failures_of_all.to_string()),
            ("errors", "0"),
        ];
        xml.around("testsuites", &attributes, |xml| {
            if report.entries.is_empty() {
                let passed = [("classname", RUN), ("name", "no findings")];
                suite(RUN, (1, 0), xml, |xml| xml.empty("testcase", &passed))?;
            }
            // Findings of one file stand together.
            for entries in report.entries.chunk_by(|left, right| file(left) == file(right)) {
                let name = entries.first().map_or(RUN, file);
                suite(name, (entries.len(), failures(entries)), xml, |xml| {
                    entries.iter().try_for_each(|entry| test_case(entry, denied.fails(entry.finding), xml))
                })?;
            }
            Ok(())
        })
    })
}

fn suite<'o>(
    name: &str,
    (tests, failures): (usize, usize),
    xml: &mut Xml<'o>,
    content: impl FnOnce(&mut Xml<'o>) -> io::Result<()>,
) -> io::Result<()> {
    let (tests, failures) = (tests.to_string(), failures.to_string());
    let attributes = [("name", name), ("tests", &tests), ("failures", &failures), ("errors", "0"), ("skipped", "0")];
    xml.around("testsuite", &attributes, content)
}

fn file<'a>(entry: &'a Entry<'_>) -> &'a str {
    entry.place.as_ref().map_or(RUN, |place| &place.in_repository().file)
}

fn test_case(entry: &Entry<'_>, fails: bool, xml: &mut Xml<'_>) -> io::Result<()> {
    let finding = entry.finding;
    let (id, severity) = (finding.code.id(), finding.severity().as_str());
    let subject = plain::subject(finding).unwrap_or_else(|| RUN.to_owned());
    let place = entry.place.as_ref().map(Place::in_repository);
    let line = place.and_then(|place| place.span.as_ref()).map(|span| (span.line, span.column));
    let place = line.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
    let file = file(entry);
    let name = format!("{id} {} at {file}{place}", finding.code.name());
    let line = line.map(|(line, _)| line.to_string());
    let mut attributes = vec![("classname", subject.as_str()), ("name", &name)];
    if let Some(line) = &line {
        attributes.extend([("file", file), ("line", line)]);
    }
    xml.around("testcase", &attributes, |xml| {
        let text = text(entry);
        if fails {
            xml.text("failure", &[("type", &format!("{severity} {id}")), ("message", &finding.message)], &text)
        } else {
            xml.text("system-out", &[], &text)
        }
    })
}

fn text(entry: &Entry<'_>) -> String {
    let finding = entry.finding;
    let mut text = format!("{}[{}]: {}", finding.severity().as_str(), finding.code.id(), plain::full(finding));
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
