//! The report for people: each finding with its code, place, excerpt,
//! consequence for traffic and remedy.
//!
//! The first line begins with the severity and the code; the second names the
//! place as `FILE:LINE:COLUMN`. No line is ever wrapped, so that a place can
//! be copied, clicked and searched for, on a terminal or not.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::code::Severity;
use super::codes;
use super::escape::{for_terminal, lines_for_terminal};
use super::excerpt::draw;
use super::left_out::Allowance;
use super::location::Location;
use super::place::{Locate, Place};
use super::report::{Entry, LeftOutEntry, Report, Summary};
use super::style::Style;
use super::unjudged::Omission;

/// Writes every finding of the report, none left out, an empty line between them.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, locate: &dyn Locate, color: bool, out: &mut dyn Write) -> io::Result<()> {
    for (position, entry) in report.entries.iter().enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        let mut text = String::new();
        render(entry, locate, color, &mut text).map_err(io::Error::other)?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// One line that says how much was read and found.
pub fn summary_line(report: &Report<'_>, color: bool) -> String {
    let Summary { files, objects: _, errors, warnings, notes } = report.summary;
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let style = match (errors, warnings) {
        (0, 0) => Style::Bold,
        (0, _) => Style::Yellow,
        _ => Style::Red,
    };
    let found = [counted(errors, "error"), counted(warnings, "warning"), counted(notes, "note")].join(", ");
    let read = format!("{} judged in {}", counted(report.judged, "Gateway API object"), counted(files, "file"));
    let mut line = format!("{}: {read}", style.paint(&found, color));
    let count = |reason: Omission| report.unjudged.iter().filter(|(one, _)| one.reason == reason).count();
    let (excluded, ignored) = (count(Omission::Excluded), count(Omission::Ignored));
    let unjudged = report.unjudged.len() - excluded - ignored;
    for (count, words) in [(unjudged, "not judged"), (excluded, "left out by --exclude"), (ignored, "ignored by git")] {
        if count > 0 {
            line.push_str(&format!(", {count} {words}"));
        }
    }
    if !report.on_context.is_empty() {
        line.push_str(&format!(", {} on context left out", counted(report.on_context.len(), "finding")));
    }
    for (is_meant, words) in LEFT_OUT {
        let count = report.left_out.iter().filter(|one| is_meant(one.by)).count();
        if count > 0 {
            line.push_str(&format!(", {} {words}", counted(count, "finding")));
        }
    }
    line
}

/// Which findings that are left out are meant.
type IsMeant = fn(&Allowance) -> bool;

/// What is said of the number of findings that are left out.
const LEFT_OUT: [(IsMeant, &str); 6] = [
    (|by| matches!(by, Allowance::Comment(_)), "allowed by comments"),
    (|by| matches!(by, Allowance::Annotation(_)), "allowed by annotations"),
    (|by| matches!(by, Allowance::Rule(_)), "left out by rules"),
    (|by| *by == Allowance::Ignore, "left out by --ignore"),
    (|by| *by == Allowance::Select, "left out by --select"),
    (|by| *by == Allowance::Baseline, "known by the baseline"),
];

/// How much was judged, what was not, and what was found and is only counted: on objects of the context, or because
/// somebody allows it. A line each.
pub fn detail_lines(report: &Report<'_>) -> Vec<String> {
    let at = |place: &Option<Place>| match place {
        Some(Place { file, span: Some(span), .. }) => format!("  {file}:{}:{}", span.line, span.column),
        Some(Place { file, span: None, .. }) => format!("  {file}"),
        None => String::new(),
    };
    let unjudged = report
        .unjudged
        .iter()
        .map(|(unjudged, place)| format!("not judged: {}: {}{}", unjudged.subject, unjudged.reason, at(place)));
    let on_context = report.on_context.iter().map(|(finding, place)| {
        let (severity, code) = (finding.severity().as_str(), finding.code.id());
        format!("on context: {severity}[{code}] {}: {}{}", finding.code.name(), finding.message, at(place))
    });
    let left_out = report.left_out.iter().map(|LeftOutEntry { finding, place, by, comment }| {
        let (severity, code) = (finding.severity().as_str(), finding.code.id());
        let comment = at(comment);
        let by = if comment.is_empty() { by.to_string() } else { format!("{by} at{}", comment.replacen("  ", " ", 1)) };
        format!("left out by {by}: {severity}[{code}] {}: {}{}", finding.code.name(), finding.message, at(place))
    });
    let judged = std::iter::once(format!("judged: {}", report.ledger));
    judged.chain(unjudged).chain(on_context).chain(left_out).map(|line| for_terminal(&line).into_owned()).collect()
}

fn render(entry: &Entry<'_>, locate: &dyn Locate, color: bool, out: &mut String) -> Result<(), std::fmt::Error> {
    let finding = entry.finding;
    let severity = finding.severity();
    let style = match severity {
        Severity::Error => Style::Red,
        Severity::Warning => Style::Yellow,
        Severity::Note => Style::Blue,
    };
    let head = format!("{}[{}] {}", severity.as_str(), finding.code.id(), finding.code.name());
    writeln!(out, "{}: {}", style.paint(&head, color), Style::Bold.paint(&for_terminal(&finding.message), color))?;
    // Nobody knows what is in a document that is skipped; it may be secret.
    if let Some(place) = entry.place.as_ref().filter(|_| finding.code == codes::SKIPPED) {
        write_position(place, color, out)?;
    } else {
        write_place(&finding.location, entry.place.as_ref(), finding.label.as_deref(), locate, color, out)?;
    }
    if let Some(object) = &finding.object {
        let namespace = if object.namespace.is_empty() { String::new() } else { format!("{}/", object.namespace) };
        let path = finding.path.as_ref().map(ToString::to_string).filter(|path| !path.is_empty());
        let path = path.map_or_else(String::new, |path| format!(", {path}"));
        let object = format!("{} {namespace}{}{path}", object.kind, object.name);
        write_item("in", &for_terminal(&object), color, out)?;
    }
    if let Some(condition) = &finding.condition {
        let status = format!("{}={} ({})", condition.kind, condition.status, condition.reason);
        write_item("status", &status, color, out)?;
    }
    if let Some(consequence) = &finding.consequence {
        write_item("traffic", consequence, color, out)?;
    }
    if let Some(help) = &finding.help {
        write_item("help", help, color, out)?;
    }
    if let Some(witness) = &finding.witness {
        write_item("witness", &for_terminal(&witness.to_string()), color, out)?;
    }
    for (related, place) in &entry.related {
        write_item("related", &related.message, color, out)?;
        write_place(&related.location, place.as_ref(), None, locate, color, out)?;
    }
    Ok(())
}

/// Writes `--> FILE:LINE:COLUMN`.
fn write_position(place: &Place, color: bool, out: &mut String) -> std::fmt::Result {
    writeln!(out, "  {} {}", Style::Blue.paint("-->", color), position(place))?;
    place.origin.as_ref().map_or(Ok(()), |origin| write_item("from", &origin.words(), color, out))
}

/// Writes the position, and the excerpt when the place is in a text.
fn write_place(
    location: &Location,
    place: Option<&Place>,
    label: Option<&str>,
    locate: &dyn Locate,
    color: bool,
    out: &mut String,
) -> Result<(), std::fmt::Error> {
    let Some(place) = place else {
        return label.map_or(Ok(()), |label| write_item("here", label, color, out));
    };
    write_position(place, color, out)?;
    match (&place.span, locate.text(location)) {
        (Some(span), Some(text)) => out.push_str(&draw(text, locate.hidden(location), span, label, color)?),
        _ => {
            if let Some(label) = label {
                write_item("here", label, color, out)?;
            }
        }
    }
    Ok(())
}

/// `FILE:LINE:COLUMN`, the first character for a file as a whole.
fn position(place: &Place) -> String {
    let (line, column) = place.span.as_ref().map_or((1, 1), |span| (span.line, span.column));
    format!("{}:{line}:{column}", for_terminal(&place.file))
}

/// Writes `  name: text`, later lines of the text aligned under its first.
fn write_item(name: &str, text: &str, color: bool, out: &mut String) -> Result<(), std::fmt::Error> {
    let indent = format!("\n{}", " ".repeat(name.len() + 4));
    let text = lines_for_terminal(text.trim_end()).replace('\n', &indent);
    writeln!(out, "  {}: {text}", Style::Cyan.paint(name, color))
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::super::finding::Finding;
    use super::super::object_ref::ObjectRef;
    use super::super::place::memory::Files;
    use super::super::unjudged::Ledger;
    use super::*;
    use crate::diagnostics::ObjectPart;

    fn rendered(finding: Finding, files: &Files, color: bool) -> String {
        let findings = [finding];
        let report = Report::new(&findings, files.0.len(), 1, files);
        let mut out = Vec::new();
        write(&report, files, color, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn misspelt(files: &Files) -> Finding {
        Finding::new(codes::BACKEND_NOT_FOUND, files.find(0, "crt"), "there is no Service `shop/crt`")
            .label("not in the input")
            .consequence("half of the requests are answered with 500")
            .help("did you mean `cart`?")
            .object(
                ObjectRef {
                    group: "gateway.networking.k8s.io".into(),
                    kind: "HTTPRoute".into(),
                    namespace: "shop".into(),
                    name: "web".into(),
                },
                ObjectPart::Backend { rule: 0, index: 0 }.with("name"),
            )
    }

    #[test]
    fn a_finding_shows_code_place_excerpt_traffic_and_help() {
        let files = Files::one("shop/route.yaml", "kind: HTTPRoute\nbackendRefs:\n- name: crt\n  port: 80\n");
        let expected = "\
error[GW2001] backend-not-found: there is no Service `shop/crt`
  --> shop/route.yaml:3:9
   ╭────
 1 │ kind: HTTPRoute
 2 │ backendRefs:
 3 │ - name: crt
   ·         ─┬─
   ·          ╰── not in the input
 4 │   port: 80
   ╰────
  in: HTTPRoute shop/web, spec.rules[0].backendRefs[0].name
  status: ResolvedRefs=False (BackendNotFound)
  traffic: half of the requests are answered with 500
  help: did you mean `cart`?
";
        assert_eq!(rendered(misspelt(&files), &files, false), expected);
    }

    #[test]
    fn a_place_of_three_hundred_characters_stays_on_for_terminal() {
        let name = format!("{}/my route.yaml", "directory-name/".repeat(20));
        let files = Files::one(&name, "- name: crt\n");
        let message = "long words ".repeat(60);
        let mut finding = misspelt(&files).help(message.clone());
        finding.message = message.trim_end().to_owned();
        let text = rendered(finding, &files, false);
        assert!(name.len() > 300);
        assert_eq!(text.lines().nth(1), Some(format!("  --> {name}:1:9").as_str()));
        assert!(text.lines().any(|line| line.contains(message.trim_end()) && line.starts_with("error[GW2001]")));
        assert!(text.lines().any(|line| line == format!("  help: {}", message.trim_end())));
    }

    #[test]
    fn a_related_place_in_another_file_is_shown_with_its_lines() {
        let files = Files(vec![
            ("a.yaml".into(), "- name: crt\n".into()),
            ("b.yaml".into(), "kind: Service\nmetadata:\n  name: cart\n".into()),
        ]);
        let finding = misspelt(&files).related(files.find(1, "cart"), "this Service is in the input");
        let text = rendered(finding, &files, false);
        assert!(text.contains("  related: this Service is in the input\n  --> b.yaml:3:9\n"), "{text}");
        assert!(text.contains(" 3 │   name: cart"), "{text}");
        assert!(text.contains("--> a.yaml:1:9\n"), "{text}");
    }

    #[test]
    fn places_without_lines_name_the_first_character() {
        let files = Files::one("a.yaml", "x\n");
        let missing = Finding::new(codes::UNREADABLE, Location::Path("gone/x.yaml".into()), "no such file");
        assert!(rendered(missing, &files, false).contains("\n  --> gone/x.yaml:1:1\n"));
        let whole = Finding::new(codes::NOT_TEXT, Location::Source(crate::diagnostics::SourceId(0)), "not text");
        assert!(rendered(whole, &files, false).contains("\n  --> a.yaml:1:1\n"));
        let run = Finding::new(codes::NO_LISTENER, Location::Run, "nothing to serve").label("nowhere");
        assert_eq!(rendered(run, &files, false), "error[GW3012] no-listener: nothing to serve\n  here: nowhere\n");
    }

    #[test]
    fn escape_sequences_of_the_input_never_reach_the_terminal() {
        let files = Files::one("a\n\u{1b}[2J.yaml", "name: \u{1b}[31mcrt\n");
        let mut finding = misspelt(&files).help("first\nsecond");
        finding.message = "bad \u{1b}[0m value\nin two lines".into();
        let text = rendered(finding, &files, false);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.starts_with("error[GW2001] backend-not-found: bad \\u{1b}[0m value\\nin two lines\n"), "{text}");
        assert!(text.contains("  --> a\\n\\u{1b}[2J.yaml:1:"), "{text}");
        assert!(text.contains("  help: first\n        second\n"), "{text}");
    }

    #[test]
    fn colour_changes_nothing_but_the_escape_sequences() {
        let files = Files::one("a.yaml", "- name: crt\n");
        let coloured = rendered(misspelt(&files), &files, true);
        assert!(coloured.starts_with("\u{1b}[1;31merror[GW2001] backend-not-found\u{1b}[0m: "));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, escape)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = escape.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_eq!(plain, rendered(misspelt(&files), &files, false));
    }

    #[test]
    fn the_summary_counts_in_words() {
        let summary = Summary { files: 1, objects: 12, errors: 1, warnings: 0, notes: 2 };
        let finding = Finding::new(codes::IDLE_LISTENER, Location::Run, "no route is attached");
        let on_context = vec![(&finding, None)];
        let ledger = Ledger::default();
        let report = Report {
            entries: Vec::new(),
            summary,
            judged: 3,
            ledger,
            unjudged: Vec::new(),
            on_context,
            left_out: Vec::new(),
            expected: Vec::new(),
        };
        let line =
            "1 error, 0 warnings, 2 notes: 3 Gateway API objects judged in 1 file, 1 finding on context left out";
        assert_eq!(summary_line(&report, false), line);
        let details = [
            "judged: 0 of 0 listeners, 0 of 0 parents of routes, 0 of 0 rules, 0 of 0 targets of policies, \
                 0 of 0 hostnames with certificates",
            "on context: warning[GW4054] listener-without-routes: no route is attached",
        ];
        assert_eq!(detail_lines(&report), details);
    }
}
