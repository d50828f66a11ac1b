//! `gwctl ui`: the page of `graph`, served on this machine and kept current (docs/ui.md).

mod ask;
mod server;

use std::sync::Arc;

use super::args::{Cli, DiffArgs, DiffFormat, UiArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::graph::{self, note_of};
use super::pipeline;
use super::streams::Streams;
use super::watch::{Follower, Next};
use super::{diff, given};
use crate::diagnostics::Severity;
use crate::graph::form::html::Live;
use crate::options::Options;

use ask::Asked;
use server::{Server, Shared};

/// Serves the page until a signal ends the run.
///
/// # Errors
/// Wrong usage, or an address that cannot be had.
pub(super) fn run(args: &UiArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let usage = |message: &str| Failure::Usage(Cli::usage_error(message));
    if args.input.paths.iter().chain(&args.input.context).any(|path| path.as_os_str() == "-") {
        return Err(usage("`ui` cannot follow standard input: name files or directories"));
    }
    if !args.listen.ip().is_loopback() {
        return Err(usage("--listen is an address of the loopback interface: the page is for this machine alone"));
    }
    if args.against.is_some() && args.input.paths.len() != 1 {
        return Err(usage("--against compares one path, as `diff` does: name one directory"));
    }
    if args.against.as_deref() == Some("-") {
        return Err(usage("--against is a path or `git:REV[:PATH]`"));
    }
    let mut options = args.compile.options().map_err(|message| usage(&message))?;
    let shared = Arc::new(Shared::default());
    let server = Server::start(args.listen, &shared).map_err(|error| {
        Failure::Missing(format!("cannot listen on {}: {error}; --listen names another address", args.listen))
    })?;
    let mut follower = Follower::new(args.input.paths(), &options);
    let mut version = 0;
    loop {
        match follower.next(streams) {
            Next::Ended => return Ok(ExitStatus::Success),
            Next::Idle => {}
            Next::Edited(text) => {
                given::renew(&mut options).iter().for_each(|why| streams.tell(&format!("warning: {why}")));
                options.now = options.now.map(|_| time::OffsetDateTime::now_utc().unix_timestamp());
                version += 1;
                shared.show(show(args, text, &options, version, streams)?);
                if version == 1 {
                    let address = server.address();
                    streams.raw_product(|out| writeln!(out, "http://{address}/").and_then(|()| out.flush()))?;
                }
            }
        }
    }
}

/// Compiles an edit and draws its page.
fn show(
    args: &UiArgs,
    text: pipeline::InputText,
    options: &Options,
    version: u64,
    streams: &mut Streams<'_>,
) -> Result<Asked, Failure> {
    let compiled = pipeline::compile_read_with_status(text, options);
    let locator = compiled.locator();
    let findings: Vec<_> = compiled.findings().iter().map(|finding| note_of(finding, &locator)).collect();
    drop(locator);
    let errors = compiled.findings().iter().filter(|finding| finding.severity() == Severity::Error).count();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (errors, all) = (counted(errors, "error"), counted(findings.len(), "finding"));
    streams.tell(&format!("{errors} among {all}; the page is current"));
    let changes = args.against.as_deref().map(|old| changes(args, old)).unwrap_or_default();
    let live = Live { version, findings, against: args.against.as_deref().map(str::to_owned), changes };
    let page = graph::page(&compiled, options, (args.about.as_ref(), args.level), live).map_err(Failure::Missing)?;
    Ok(Asked { version, page, compiled, options: options.clone() })
}

/// What `diff` says, a line each.
fn changes(args: &UiArgs, old: &str) -> Vec<String> {
    let Some(new) = args.input.paths.first().and_then(|path| path.to_str()) else {
        return vec!["not compared: the path is no text".to_owned()];
    };
    let diff = DiffArgs {
        old: old.to_owned(),
        new: new.to_owned(),
        context: args.input.context.to_vec(),
        compile: args.compile.clone(),
        output: DiffFormat::Human,
        output_file: None,
        partial: false,
        exit_code: false,
        report: Vec::new(),
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let result = diff::run(
        &diff,
        &mut Streams {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            color_stdout: false,
            color_stderr: false,
            is_stderr_terminal: false,
        },
    );
    let mut lines: Vec<String> = [stdout, stderr]
        .iter()
        .flat_map(|text| String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    match result {
        Ok(_) => {}
        Err(Failure::Missing(why)) => lines.push(format!("not compared: {why}")),
        Err(Failure::Usage(error)) => lines.push(format!("not compared: {error}")),
        Err(Failure::Unwritten(_)) => lines.push("not compared: the report could not be written".to_owned()),
    }
    lines
}
