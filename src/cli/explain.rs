//! `gwctl explain`: the documentation pages that are built into the binary.

mod page;

use std::fmt::Write as _;

use super::args::ExplainArgs;
use super::exit::ExitStatus;
use super::streams::{Streams, Unwritten};
use crate::diagnostics::escape::Commands;
use crate::diagnostics::{Code, REGISTRY};
use crate::spelling::nearest;
use page::Look;

/// The width of a page that goes elsewhere than to a terminal.
const WIDTH: usize = 80;
/// The least width that a terminal is taken to have.
const NARROWEST: usize = 40;
/// Longer lines are hard to read.
const WIDEST: usize = 100;

/// The page about everything that is emitted without being asked.
const DEFAULTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/defaults.md"));

/// Prints a page or the list of codes.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn run(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Unwritten> {
    let Some(topic) = args.topic.as_deref().filter(|_| !args.list) else {
        return print(&list(), streams);
    };
    let topic = topic.trim();
    if topic.eq_ignore_ascii_case("defaults") {
        return show(DEFAULTS, streams);
    }
    match Code::find(topic) {
        Some(code) => show(code.page(), streams),
        None => {
            let hint = match nearest(topic, names()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`gwctl explain --list` lists all codes".to_owned(),
            };
            streams.tell(&format!("error: there is no code `{}`\n  help: {hint}", topic.escape_debug()));
            Ok(ExitStatus::CouldNotRun)
        }
    }
}

/// Prints a page, as wide as the terminal that standard output is.
fn show(text: &str, streams: &mut Streams<'_>) -> Result<ExitStatus, Unwritten> {
    let terminal = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    let width = terminal.unwrap_or(WIDTH).clamp(NARROWEST, WIDEST);
    print(&page::render(text, Look { width, color: streams.color_stdout }), streams)
}

fn print(text: &str, streams: &mut Streams<'_>) -> Result<ExitStatus, Unwritten> {
    streams.product(Commands::Refused, |out| out.write_all(format!("{}\n", text.trim_end()).as_bytes()))?;
    Ok(ExitStatus::Success)
}

fn list() -> String {
    let width = REGISTRY.iter().map(|code| code.name().len()).max().unwrap_or(0);
    let mut codes: Vec<Code> = REGISTRY.to_vec();
    codes.sort_by_key(|code| code.id());
    let mut text = format!("{:<6}  {:<width$}  {:<8}  MEANING\n", "CODE", "NAME", "SEVERITY");
    for code in codes {
        let (severity, meaning) = (code.severity().as_str(), code.meaning());
        let _ = writeln!(text, "{}  {:<width$}  {severity:<8}  {meaning}", code.id(), code.name());
    }
    text
}

/// What `gwctl explain` knows: ids and names of codes, and its other page.
fn names() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().flat_map(|code| [code.id(), code.name()]).chain(["defaults"])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Captured, in_memory};
    use super::*;

    fn explain(topic: Option<&str>) -> Captured {
        let args = ExplainArgs { topic: topic.map(str::to_owned), list: topic.is_none() };
        in_memory("", |streams| run(&args, streams))
    }

    #[test]
    fn a_code_is_found_by_id_and_by_name_whatever_the_case() {
        for topic in ["GW2001", "gw2001", "backend-not-found", " Backend-Not-Found "] {
            let captured = explain(Some(topic));
            assert_eq!(captured.status, ExitStatus::Success);
            assert!(captured.stdout.starts_with("GW2001: backend-not-found\n"), "{}", captured.stdout);
            assert_eq!(captured.stderr, "");
        }
    }

    #[test]
    fn an_unknown_code_gets_a_suggestion_and_exit_code_2() {
        let captured = explain(Some("bakend-not-found"));
        assert_eq!(captured.status, ExitStatus::CouldNotRun);
        assert_eq!(captured.stdout, "");
        assert!(captured.stderr.contains("did you mean `backend-not-found`?"), "{}", captured.stderr);
        assert!(explain(Some("GW20001")).stderr.contains("did you mean `GW2001`?"));
        assert!(explain(Some("xyz")).stderr.contains("--list"));
    }

    #[test]
    fn the_list_has_a_line_for_every_code_in_order() {
        let list = explain(None).stdout;
        let ids: Vec<&str> = list.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(ids.len(), REGISTRY.len());
        assert!(ids.is_sorted());
        assert!(list.lines().all(|line| line.split_whitespace().count() >= 4), "{list}");
    }

    #[test]
    fn defaults_are_a_page_of_their_own() {
        assert!(explain(Some("defaults")).stdout.starts_with("Defaults"));
    }
}
