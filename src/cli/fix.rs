//! `gwctl validate --fix`: makes the fixes of all findings in the files.
//!
//! Fixes are made in memory, pass by pass, until none is left; a pass that
//! breaks something is dropped. Only then are the files written, each as a
//! whole, and only when none of them has changed since it was read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::pipeline::{self, Compiled};
use super::streams::Unwritten;
use crate::diagnostics::{Finding, Locate, Series, Severity, TextEdit};
use crate::options::Options;
use crate::parser::source::SourceId;

/// How often fixes may lead to more fixes.
const MOST_PASSES: usize = 10;
/// What an editor may put before the text, and the loader takes off.
const MARK: &str = "\u{feff}";

/// One fix that was made.
struct Made {
    /// Where, as `FILE:LINE:COLUMN`.
    place: String,
    /// The code and what was done.
    words: String,
}

/// What `--fix` has done.
pub(super) struct Fixed {
    /// The input as it is now.
    pub(super) compiled: Compiled,
    /// One line for each fix, and one that counts them.
    pub(super) report: String,
}

/// Makes all fixes and writes the files.
///
/// # Errors
/// When a file has changed meanwhile or cannot be written; files before it may have been written.
pub(super) fn fix(compiled: Compiled, options: &Options) -> Result<Fixed, Unwritten> {
    let (fixed, made) = fix_in_memory(&compiled, options);
    let after = fixed.iter().flat_map(|fixed| fixed.sources());
    let changed: Vec<(&str, &str, &str)> = compiled
        .sources()
        .iter()
        .zip(after)
        .filter(|(old, new)| old.text != new.text)
        .map(|(old, new)| (old.name.as_str(), old.text.as_str(), new.text.as_str()))
        .collect();
    write(&changed)?;
    let mut report: String = made.iter().map(|Made { place, words }| format!("fixed {place}: {words}\n")).collect();
    let counted = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let files = counted(changed.len(), "file", "files");
    report.push_str(&match made.len() {
        0 => "nothing to fix".to_owned(),
        count => format!("made {} in {files}", counted(count, "fix", "fixes")),
    });
    Ok(Fixed { compiled: fixed.unwrap_or(compiled), report })
}

/// The input with all fixes made, where there are any.
fn fix_in_memory(compiled: &Compiled, options: &Options) -> (Option<Compiled>, Vec<Made>) {
    let (mut fixed, mut all) = (None, Vec::new());
    for _ in 0..MOST_PASSES {
        let compiled = fixed.as_ref().unwrap_or(compiled);
        let (edits, made) = plan(compiled);
        if edits.is_empty() {
            break;
        }
        let texts = compiled.sources().iter().enumerate().map(|(at, source)| {
            let id = SourceId(at);
            edits.get(&id).map_or_else(|| source.text.clone(), |edits| applied(&source.text, edits))
        });
        let next = compiled.with_texts(texts.collect(), options);
        if refusals(next.findings()) > refusals(compiled.findings()) {
            break;
        }
        fixed = Some(next);
        all.extend(made);
    }
    (fixed, all)
}

/// How many findings say that a document or an object cannot be read.
fn refusals(findings: &[Finding]) -> usize {
    let is_refusal = |finding: &&Finding| {
        finding.severity() == Severity::Error && matches!(finding.code.series(), Series::Schema | Series::Input)
    };
    findings.iter().filter(is_refusal).count()
}

/// The edits of a pass by file: as many fixes as there are that do not touch each other.
fn plan(compiled: &Compiled) -> (BTreeMap<SourceId, Vec<TextEdit>>, Vec<Made>) {
    let locator = compiled.locator();
    let (mut planned, mut made) = (BTreeMap::<SourceId, Vec<TextEdit>>::new(), Vec::new());
    for finding in compiled.findings() {
        let Some(fix) = &finding.fix else { continue };
        let Some(edits) = locator.edits(fix) else { continue };
        let mut is_new = false;
        let collides = edits.iter().any(|edit| {
            let others = planned.get(&edit.source).map_or(&[][..], Vec::as_slice);
            let length = compiled.sources().get(edit.source).map_or(0, |source| source.text.len());
            is_new |= !others.contains(edit);
            !others.contains(edit) && others.iter().any(|other| touch(&edit.span.range, &other.span.range, length))
        });
        if collides || !is_new {
            continue;
        }
        let place = locator.place(&finding.location).map_or_else(String::new, |place| {
            let (line, column) = place.span.map_or((1, 1), |span| (span.line, span.column));
            format!("{}:{line}:{column}", place.file)
        });
        let words = format!("{} {}: {}", finding.code.id(), finding.code.name(), fix.title);
        made.push(Made { place, words });
        for edit in edits {
            let edits = planned.entry(edit.source).or_default();
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    (planned, made)
}

/// Whether two edits cannot both be made. Documents behind the end of the file stand one after the other.
fn touch(left: &Range<usize>, right: &Range<usize>, length: usize) -> bool {
    if left == right && left.start == length {
        return false;
    }
    left.start <= right.end && right.start <= left.end
}

/// The text after edits that do not touch each other.
fn applied(text: &str, edits: &[TextEdit]) -> String {
    let mut ordered: Vec<&TextEdit> = edits.iter().collect();
    // Documents at the end stay in the order in which they were found.
    ordered.sort_by_key(|edit| edit.span.range.start);
    let mut result = String::with_capacity(text.len() + 256);
    let mut position = 0;
    for TextEdit { source: _, file: _, span, new_text } in ordered {
        result.push_str(text.get(position..span.range.start).unwrap_or_default());
        result.push_str(new_text);
        position = span.range.end;
    }
    result.push_str(text.get(position..).unwrap_or_default());
    result
}

/// Writes the files, each as a whole, when all of them are what was read.
fn write(changed: &[(&str, &str, &str)]) -> Result<(), Unwritten> {
    let mut marks = Vec::with_capacity(changed.len());
    for (name, old, _) in changed {
        let refuse = |why: &str| Unwritten(format!("`{name}` {why}: nothing was written; run gwctl again"));
        let now = std::fs::read_to_string(name).map_err(|error| refuse(&format!("cannot be read again ({error})")))?;
        let text = now.strip_prefix(MARK);
        if text.unwrap_or(&now) != *old {
            return Err(refuse("has changed since it was read"));
        }
        marks.push(if text.is_some() { MARK } else { "" });
    }
    for ((name, _, new), mark) in changed.iter().zip(marks) {
        pipeline::write_file(Path::new(name), false, |out| {
            out.write_all(mark.as_bytes())?;
            out.write_all(new.as_bytes())
        })?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "fix_tests.rs"]
mod tests;
