//! The differences in each format.

use std::io::{self, Write};

use super::super::args::DiffFormat;
use super::change::{Change, ChangeKind, Difference, FindingChanges, FindingView, Picture, UncomparedView, Unnamed};
use crate::diagnostics::escape::for_markdown;
use crate::diagnostics::style::Style;

/// Writes the differences.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(difference: &Difference, format: DiffFormat, color: bool, out: &mut dyn Write) -> io::Result<()> {
    match format {
        DiffFormat::Human => human(difference, color, out),
        DiffFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, difference)?;
            writeln!(out)
        }
        DiffFormat::Markdown => markdown(difference, out),
    }
}

fn place(change: &Change) -> String {
    places(change.old_place.as_deref(), change.new_place.as_deref())
}

/// Both places, or one where the other is the same one of a revision.
fn places(old: Option<&str>, new: Option<&str>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if old != new && in_revision(old) != Some(new) => format!("{old} → {new}"),
        (_, Some(place)) | (Some(place), None) => place.to_owned(),
        (None, None) => String::new(),
    }
}

/// The place in the tree of a revision, without its name.
fn in_revision(place: &str) -> Option<&str> {
    place.strip_prefix("git:")?.split_once(':').map(|(_, place)| place)
}

/// The hosts of a change.
fn hosts(change: &Change) -> String {
    match (change.host.as_str(), change.further_hosts) {
        ("", _) => String::new(),
        (host, 0) => host.to_owned(),
        (host, further) => format!("{host} and {further} more"),
    }
}

/// Where a change happens, as far as people have to be told.
fn at(difference: &Difference, change: &Change) -> Option<String> {
    match &change.clients {
        Some(clients) => Some(format!("Service {}, {}", change.gateway, clients.in_words(str::to_owned))),
        None => has_to_be_told(difference, change).then(|| format!("Gateway {}", change.gateway)),
    }
}

fn has_to_be_told(difference: &Difference, change: &Change) -> bool {
    difference.has_several_gateways && !change.gateway.is_empty()
}

fn human(difference: &Difference, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let word = |style: Style, word: &str| style.paint(&format!("{word:<10}"), color);
    for change in &difference.changes {
        writeln!(out, "{}  {}  {}", word(style(change.kind), change.kind.as_str()), change.subject, place(change))?;
        if let Some(at) = at(difference, change) {
            writeln!(out, "            at    {at}")?;
        }
        if !change.host.is_empty() {
            writeln!(out, "            host  {}", hosts(change))?;
        }
        if let Some(witness) = &change.witness {
            writeln!(out, "            try   {}", witness.line())?;
        }
        writeln!(out, "            {}   {}", Style::Red.paint("old", color), change.old_answer)?;
        writeln!(out, "            {}   {}", Style::Green.paint("new", color), change.new_answer)?;
    }
    let styles = [Style::Red, Style::Green, Style::Yellow];
    for ((came, list), style) in findings(difference).into_iter().zip(styles) {
        for FindingView { code, severity, message, place, allowed } in list {
            let place = place.as_deref().unwrap_or_default();
            let allowed = allowance(came, allowed.as_deref());
            writeln!(out, "{}  {severity}[{code}]: {message}  {place}{allowed}", word(style, came))?;
        }
    }
    for UncomparedView { side, subject, reason, place } in &difference.uncompared {
        let place = place.as_deref().unwrap_or_default();
        writeln!(out, "{}  {subject} ({side}): {reason}  {place}", word(Style::Yellow, "uncompared"))?;
    }
    if difference.is_without_change() && difference.uncompared.is_empty() {
        let of_what = if difference.is_empty() { "" } else { " in what gwctl reads" };
        writeln!(out, "no difference for traffic{of_what}")?;
    }
    for one in &difference.unnamed {
        writeln!(out, "{}  {}", word(Style::Dim, "differs"), unnamed(one))?;
    }
    Ok(())
}

/// An object that differs and that no change names.
fn unnamed(Unnamed { subject, old_place, new_place, is_unread }: &Unnamed) -> String {
    let what = match (old_place, new_place) {
        (Some(_), None) => "is gone",
        (None, Some(_)) => "is new",
        _ => "differs",
    };
    let places = places(old_place.as_deref(), new_place.as_deref());
    let unread = if *is_unread { ", and gwctl does not read it" } else { "" };
    format!("{subject} {what}{unread}  {places}")
}

/// The changes of traffic in a line each, and what could not be compared.
pub(super) fn lines(difference: &Difference, color: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &difference.changes {
        let word = style(change.kind).paint(&format!("{:<10}", change.kind.as_str()), color);
        let gateway = at(difference, change).map(|at| format!(" at {at}")).unwrap_or_default();
        let hosts = hosts(change);
        let hosts = if hosts.is_empty() { hosts } else { format!(" on {hosts}") };
        let place = place(change);
        let place = if place.is_empty() { place } else { format!("  {place}") };
        let Change { subject, old_answer, new_answer, .. } = change;
        lines.push(format!("{word}  {subject}{hosts}{gateway}: {old_answer} → {new_answer}{place}"));
    }
    for UncomparedView { side, subject, reason, .. } in &difference.uncompared {
        lines.push(format!("{}  {subject} ({side}): {reason}", Style::Yellow.paint("uncompared", color)));
    }
    lines
}

/// What is gone is red and what is new green, as in a difference of texts.
const fn style(kind: ChangeKind) -> Style {
    match kind {
        ChangeKind::Added => Style::Green,
        ChangeKind::Removed => Style::Red,
        ChangeKind::Retargeted
        | ChangeKind::Reweighted
        | ChangeKind::Mutated
        | ChangeKind::Shadowed
        | ChangeKind::Reordered
        | ChangeKind::Listener
        | ChangeKind::Backend => Style::Yellow,
    }
}

/// What is added to a finding that a comment allows on the new side.
fn allowance(came: &str, comment: Option<&str>) -> String {
    match comment {
        Some(comment) if came == SILENCED => format!("  (no longer reported: allowed at {comment})"),
        Some(comment) => format!("  (allowed at {comment})"),
        None => String::new(),
    }
}

/// The word for what a comment hides from now on.
const SILENCED: &str = "silenced";

fn findings(difference: &Difference) -> [(&'static str, &[FindingView]); 3] {
    let FindingChanges { introduced, fixed, silenced } = &difference.findings;
    [("introduced", introduced), ("fixed", fixed), (SILENCED, silenced)]
}

/// A block that pages of Markdown show as a picture.
fn draw(Picture { chart, all, drawn }: &Picture, out: &mut dyn Write) -> io::Result<()> {
    let Some(chart) = chart else {
        writeln!(out)?;
        return writeln!(out, "A picture of it would have {all} things, and is left out: it could not be taken in.");
    };
    // Within a line nothing breaks it.
    writeln!(out)?;
    writeln!(out, "```mermaid")?;
    chart.lines().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out, "```")?;
    writeln!(out)?;
    let rest = if drawn == all { String::new() } else { format!(" {drawn} of {all} things are drawn.") };
    writeln!(out, "Green is added, red removed, yellow changed.{rest}")
}

fn markdown(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### What changes for traffic\n")?;
    if difference.is_without_change() && difference.uncompared.is_empty() {
        writeln!(out, "{}", if difference.is_empty() { "Nothing." } else { "Nothing in what gwctl reads." })?;
    }
    if !difference.changes.is_empty() {
        writeln!(out, "| change | rule | request | before | after |\n|---|---|---|---|---|")?;
    }
    for change in &difference.changes {
        let witness = change.witness.as_ref().map(|witness| for_markdown(&witness.line())).unwrap_or_default();
        let place = place(change);
        let place = if place.is_empty() { String::new() } else { format!("<br>{}", for_markdown(&place)) };
        let (kind, subject) = (change.kind.as_str(), for_markdown(&change.subject));
        let (old, new) = (for_markdown(&change.old_answer), for_markdown(&change.new_answer));
        let gateway = for_markdown(&change.gateway);
        let gateway = match &change.clients {
            Some(clients) => format!("<br>Service {gateway}, {}", clients.in_words(for_markdown)),
            None if has_to_be_told(difference, change) => format!("<br>Gateway {gateway}"),
            None => String::new(),
        };
        writeln!(out, "| **{kind}** | {subject}{gateway}{place} | {witness} | {old} | {new} |")?;
    }
    difference.picture.iter().try_for_each(|picture| draw(picture, out))?;
    for (word, list) in findings(difference) {
        if !list.is_empty() {
            writeln!(out, "\n**Findings {word}**\n")?;
        }
        for FindingView { code, severity, message, place, allowed } in list {
            let place = place.as_deref().map(|place| format!(" ({})", for_markdown(place))).unwrap_or_default();
            let allowed = allowed.as_deref().map(|comment| format!(", allowed ({})", for_markdown(comment)));
            let allowed = allowed.unwrap_or_default();
            writeln!(out, "- {severity} {code}: {}{place}{allowed}", for_markdown(message))?;
        }
    }
    if !difference.uncompared.is_empty() {
        writeln!(out, "\n**Could not be compared**\n")?;
    }
    for UncomparedView { side, subject, reason, place } in &difference.uncompared {
        let place = place.as_deref().map(|place| format!(" ({})", for_markdown(place))).unwrap_or_default();
        writeln!(out, "- {} ({side}): {}{place}", for_markdown(subject), for_markdown(reason))?;
    }
    if !difference.unnamed.is_empty() {
        writeln!(out, "\n**Objects that differ besides**\n")?;
    }
    for one in &difference.unnamed {
        writeln!(out, "- {}", for_markdown(&unnamed(one)))?;
    }
    Ok(())
}
