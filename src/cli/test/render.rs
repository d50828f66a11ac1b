//! The results in each format.

use std::io::{self, Write};

use super::super::args::TestFormat;
use super::results::{CaseOutcome, CaseStatus, Results};
use crate::diagnostics::escape::{for_github_command, for_github_property};
use crate::diagnostics::style::Style;
use crate::diagnostics::xml::Xml;

/// Writes the results.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(results: &Results, format: TestFormat, color: bool, out: &mut dyn Write) -> io::Result<()> {
    match format {
        TestFormat::Human => human(results, color, out),
        TestFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, results)?;
            writeln!(out)
        }
        TestFormat::Junit => junit(results, out),
        TestFormat::Github => github(results, out),
    }
}

fn human(results: &Results, color: bool, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(results.findings_text.as_bytes())?;
    for case in &results.cases {
        let (word, style) = match case.status {
            CaseStatus::Passed => ("ok  ", Style::Green),
            CaseStatus::Failed => ("FAIL", Style::Red),
            CaseStatus::Skipped => ("skip", Style::Yellow),
        };
        let word = style.paint(word, color);
        writeln!(out, "{word}  {}:{}  {}", case.file, case.line, case.name)?;
        if let Some(reason) = &case.reason {
            writeln!(out, "      {reason}")?;
        }
        for mismatch in &case.mismatches {
            writeln!(out, "      {}", mismatch.subject)?;
            writeln!(out, "        expected: {}", mismatch.expected)?;
            writeln!(out, "        actual:   {}", mismatch.actual)?;
        }
        if let Some(unchecked) = unchecked(case) {
            writeln!(out, "      {unchecked}")?;
        }
        if let Some(trace) = &case.trace {
            let mut text = Vec::new();
            trace.write(color, &mut text)?;
            for line in String::from_utf8_lossy(&text).lines() {
                writeln!(out, "      | {line}")?;
            }
        }
    }
    let super::results::Summary { passed, failed, skipped } = results.summary;
    let (rules, matches) = (results.coverage.rules, results.coverage.matches);
    writeln!(out, "\n{passed} passed, {failed} failed, {skipped} skipped")?;
    match rules.percent().zip(matches.percent()) {
        Some((of_rules, of_matches)) => {
            writeln!(out, "coverage: {rules} rules ({of_rules:.1} %), {matches} matches ({of_matches:.1} %)")?;
        }
        None => writeln!(out, "coverage: there are no rules of HTTPRoutes or GRPCRoutes")?,
    }
    for spot in &results.coverage.uncovered {
        writeln!(out, "  not reached: {}  {}", spot.title(), spot.place())?;
    }
    for spot in &results.coverage.unreachable {
        writeln!(out, "  unreachable, not counted: {}  {}", spot.title(), spot.place())?;
    }
    for spot in &results.coverage.not_served {
        writeln!(out, "  not served (its route names no parent), not counted: {}  {}", spot.title(), spot.place())?;
    }
    if results.is_under() {
        writeln!(out, "too few matches are reached: {}", under(results))?;
    }
    Ok(())
}

fn under(results: &Results) -> String {
    let least = results.fail_under.unwrap_or_default();
    format!("{:.1} % is less than {least} %", results.coverage.matches.percent().unwrap_or_default())
}

/// What the case expects and was not looked at, in words.
fn unchecked(case: &CaseOutcome) -> Option<String> {
    (!case.unchecked.is_empty()).then(|| format!("not checked without a run (--envoy): {}", case.unchecked.join(", ")))
}

/// Why a case was skipped, and what of it was not looked at.
fn why_skipped(case: &CaseOutcome) -> String {
    let reason = case.reason.as_deref().unwrap_or_default();
    match unchecked(case) {
        Some(unchecked) => format!("{reason}; {unchecked}"),
        None => reason.to_owned(),
    }
}

/// What failed, in one text.
fn describe(case: &CaseOutcome) -> String {
    let lines = case
        .mismatches
        .iter()
        .map(|mismatch| format!("{}: expected {}, actual {}", mismatch.subject, mismatch.expected, mismatch.actual));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    if let Some(trace) = &case.trace {
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        let _ = trace.write(false, &mut bytes);
        text.push_str("\n\n");
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

fn junit(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let super::results::Summary { passed, failed, skipped } = results.summary;
    let is_under = usize::from(results.is_under());
    let [tests, failures, skipped] =
        [passed + failed + skipped + is_under, failed + is_under, skipped].map(|count| count.to_string());
    let counts = [("tests", tests.as_str()), ("failures", &failures), ("skipped", &skipped)];
    let suite =
        [("name", "gwctl test"), ("tests", &tests), ("failures", &failures), ("errors", "0"), ("skipped", &skipped)];
    Xml::document(out, |xml| {
        xml.around("testsuites", &counts, |xml| {
            xml.around("testsuite", &suite, |xml| {
                results.cases.iter().try_for_each(|case| junit_case(case, xml))?;
                if !results.is_under() {
                    return Ok(());
                }
                xml.around("testcase", &[("name", "coverage"), ("classname", "coverage")], |xml| {
                    xml.empty("failure", &[("message", &under(results))])
                })
            })
        })
    })
}

fn junit_case(case: &CaseOutcome, xml: &mut Xml<'_>) -> io::Result<()> {
    let (line, seconds) = (case.line.to_string(), format!("{:.3}", case.seconds));
    let attributes = [
        ("name", case.name.as_str()),
        ("classname", &case.file),
        ("file", &case.file),
        ("line", &line),
        ("time", &seconds),
    ];
    match case.status {
        CaseStatus::Passed => match unchecked(case) {
            Some(unchecked) => xml.around("testcase", &attributes, |xml| xml.text("system-out", &[], &unchecked)),
            None => xml.empty("testcase", &attributes),
        },
        CaseStatus::Skipped => {
            xml.around("testcase", &attributes, |xml| xml.empty("skipped", &[("message", &why_skipped(case))]))
        }
        CaseStatus::Failed => xml.around("testcase", &attributes, |xml| {
            let first = case.mismatches.first().map_or("", |mismatch| mismatch.subject.as_str());
            xml.text("failure", &[("message", first)], &describe(case))
        }),
    }
}

fn github(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    for finding in results.findings.as_array().into_iter().flatten() {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        let level = match text("severity") {
            "error" => "error",
            "warning" => "warning",
            _ => "notice",
        };
        let line = finding["line"].as_u64().unwrap_or(1);
        annotate(out, level, text("file"), line, text("code"), text("message"))?;
    }
    for case in &results.cases {
        let line = u64::try_from(case.line).unwrap_or(1);
        match case.status {
            CaseStatus::Passed => {}
            CaseStatus::Failed => annotate(out, "error", &case.file, line, &case.name, &describe(case))?,
            CaseStatus::Skipped => annotate(out, "notice", &case.file, line, &case.name, &why_skipped(case))?,
        }
    }
    if results.is_under() {
        annotate(out, "error", "", 1, "coverage", &under(results))?;
    }
    Ok(())
}

fn annotate(out: &mut dyn Write, level: &str, file: &str, line: u64, title: &str, text: &str) -> io::Result<()> {
    let place =
        if file.is_empty() { String::new() } else { format!("file={},line={line},", for_github_property(file)) };
    writeln!(out, "::{level} {place}title={}::{}", for_github_property(title), for_github_command(text))
}

#[cfg(test)]
mod tests {
    use super::annotate;

    #[test]
    fn text_is_escaped_for_each_format() {
        let mut out = Vec::new();
        annotate(&mut out, "error", "a,b.yaml", 3, "x: y", "50 %\nof it").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "::error file=a%2Cb.yaml,line=3,title=x%3A y::50 %25%0Aof it\n");
    }
}
