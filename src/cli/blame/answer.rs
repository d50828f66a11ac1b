//! What is behind a name, in the words of the manifests.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::name_kind::NameKind;
use crate::cli::trace::{Spot, Tracer};
use crate::diagnostics::style::Style;
use crate::ir::Origin;
use crate::translator::envoy::name;

use super::asked::Asked;
use super::index::{Entry, Index};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// Said of what no object of the input declares: an assumed Service, or the endpoints of several under one name.
const NO_OBJECT: &str = "no object of the input declares it by itself";

/// How the names of what serves clients of Services begin.
const OF_SERVICES: &str = "mesh/";

/// How many rules that send to a cluster people are shown.
const MOST_SENDERS: usize = 10;

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// What was asked.
    asked: String,
    /// The namespace of the clients whose configuration has the name; `None` in one for Gateways.
    from: Option<&'a str>,
    /// How many lines ask the same.
    lines: usize,
    /// What it names.
    matches: Vec<Match>,
    /// Why there is no match, or more than one.
    reason: Option<String>,
    #[serde(skip)]
    is_answered: bool,
}

/// Something that bears a name.
#[derive(Clone, Debug, Serialize)]
struct Match {
    kind: NameKind,
    name: String,
    /// The objects.
    places: Vec<Spot>,
    /// The rules that send to it.
    senders: Vec<Spot>,
    note: Option<&'static str>,
}

/// Looks names up.
pub(super) struct Answerer<'c> {
    pub(super) index: &'c Index,
    pub(super) tracer: Tracer<'c>,
    pub(super) kind: Option<NameKind>,
    /// The namespace of the clients of Services that the output serves.
    pub(super) clients: Option<String>,
}

impl Answerer<'_> {
    pub(super) fn answer(&self, asked: &Asked, text: &str, lines: usize) -> Answer<'_> {
        let answer = |matches: Vec<Match>, reason: Option<String>, is_answered| Answer {
            asked: text.to_owned(),
            from: self.clients.as_deref(),
            lines,
            matches,
            reason,
            is_answered,
        };
        let none = |reason: &str| answer(Vec::new(), Some(reason.to_owned()), false);
        // A host may be called like the beginning of a statistic.
        let named = self.matches(self.index.named(text.trim(), self.kind));
        if !named.is_empty() {
            let is_one = named.len() == 1;
            let kinds: Vec<&str> = named.iter().map(|one| one.kind.as_str()).collect();
            let reason = format!("several things have this name ({}); --kind says which is meant", kinds.join(", "));
            return answer(named, (!is_one).then_some(reason), is_one);
        }
        let is_of_mesh = |name: &str| name == name::FORWARD_PROXY || name.starts_with(OF_SERVICES);
        let is_elsewhere = match asked {
            Asked::Name(name) | Asked::Statistic(_, name) => is_of_mesh(name) && self.clients.is_none(),
            Asked::Process | Asked::Foreign | Asked::Entry { .. } => false,
        };
        match asked {
            _ if is_elsewhere => none(
                "what clients of Services are served with has such names: add the `--mesh-for` and `--mesh-capture` of the output",
            ),
            Asked::Name(_) => none("nothing that these manifests are translated to has this name"),
            Asked::Statistic(kind, statistic) => match self.index.measured(*kind, statistic) {
                Some(found) => answer(self.matches(vec![found]), None, true),
                None => none(match kind {
                    NameKind::Cluster => "a statistic about a cluster that these manifests do not have",
                    NameKind::Secret => "a statistic about a certificate that these manifests do not have",
                    _ => "a statistic about a listener that these manifests do not have",
                }),
            },
            Asked::Process => none("a statistic of Envoy itself: no manifest is behind it"),
            Asked::Foreign => none(
                "the line names no route and no cluster: it is of another format than `--access-log` writes (docs/observability.md)",
            ),
            Asked::Entry { route: None, cluster: None } => {
                answer(Vec::new(), Some("no rule took the request, and it was sent to no backend".to_owned()), true)
            }
            Asked::Entry { route, cluster } => {
                let parts = [(route, NameKind::Route), (cluster, NameKind::Cluster)];
                let mut found = Vec::new();
                let mut missing = Vec::new();
                for (name, kind) in parts.iter().filter_map(|(name, kind)| Some((name.as_ref()?, *kind))) {
                    let one = self.matches(self.entry(kind, name));
                    if one.is_empty() {
                        missing.push(format!("{} `{name}`", kind.as_str()));
                    }
                    found.extend(one);
                }
                let reason = format!("not of these manifests: {}", missing.join(", "));
                answer(found, (!missing.is_empty()).then_some(reason), missing.is_empty())
            }
        }
    }

    /// What an entry of a log names. It has a cluster by its name, or as statistics have it.
    fn entry(&self, kind: NameKind, name: &str) -> Vec<(NameKind, &str, &Entry)> {
        let named = self.index.named(name, Some(kind));
        if named.is_empty() { self.index.measured(kind, name).into_iter().collect() } else { named }
    }

    fn matches(&self, found: Vec<(NameKind, &str, &Entry)>) -> Vec<Match> {
        let to_match = |(kind, name, entry): (NameKind, &str, &Entry)| Match {
            kind,
            name: name.to_owned(),
            places: self.places(&entry.origins, false),
            senders: self.places(&entry.senders, true),
            note: entry.note.or(entry.origins.is_empty().then_some(NO_OBJECT)),
        };
        found.into_iter().map(to_match).collect()
    }

    /// The places of origins, each once, in the order of the manifests.
    fn places(&self, origins: &[Origin], of_rules: bool) -> Vec<Spot> {
        let mut all: Vec<Spot> = origins.iter().filter_map(|origin| self.tracer.spot(*origin, of_rules)).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Answer<'_> {
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered
    }
}

/// Writes the answers as an object of JSON.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_json(answers: &[Answer<'_>], out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Answers<'a> {
        version: u32,
        answers: &'a [Answer<'a>],
    }
    serde_json::to_writer_pretty(&mut *out, &Answers { version: VERSION, answers })?;
    writeln!(out)
}

/// Writes the answers for people.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_human(answers: &[Answer<'_>], color: bool, out: &mut dyn Write) -> io::Result<()> {
    for (position, answer) in answers.iter().enumerate() {
        let Answer { asked, from, lines, matches, reason, is_answered } = answer;
        if answers.len() > 1 {
            let gap = if position > 0 { "\n" } else { "" };
            let times = if *lines > 1 { format!("{lines} lines like ") } else { String::new() };
            writeln!(out, "{gap}{}", Style::Dim.paint(&format!("{times}{asked}"), color))?;
        }
        matches.iter().try_for_each(|one| one.write(from.as_deref(), color, out))?;
        if let Some(reason) = reason {
            let style = if *is_answered { Style::Dim } else { Style::Yellow };
            writeln!(out, "{}", style.paint(reason, color))?;
        }
    }
    Ok(())
}

impl Match {
    fn write(&self, from: Option<&str>, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let Self { kind, name, places, senders, note } = self;
        let clients = from.map(|from| format!(" for clients in namespace {from}")).unwrap_or_default();
        writeln!(out, "{} {}{clients}", kind.as_str(), Style::Bold.paint(name, color))?;
        if let Some(note) = note {
            writeln!(out, "  {note}")?;
        }
        places.iter().try_for_each(|spot| writeln!(out, "  {}", spot.line()))?;
        if !senders.is_empty() {
            writeln!(out, "  sent to by")?;
        }
        senders.iter().take(MOST_SENDERS).try_for_each(|spot| writeln!(out, "    {}", spot.line()))?;
        match senders.len().saturating_sub(MOST_SENDERS) {
            0 => Ok(()),
            more => writeln!(out, "    and {more} more (-o json lists them)"),
        }
    }
}
