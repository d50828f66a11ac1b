//! `gwctl migrate`: what policies of one vendor say, in Gateway API's own terms or in those of another one.
//!
//! The result is compiled and compared with the input: what it decides otherwise is told, whatever the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use super::args::{Cli, MigrateArgs, ScreenArgs, TermsName};
use super::diff;
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_findings};
use super::pipeline::{self, Compiled, InputText};
use super::streams::Streams;
use crate::compile::{self, Compilation};
use crate::diagnostics::escape::for_terminal;
use crate::diagnostics::{Diagnostics, Finding, Severity};
use crate::ir::BackendName;
use crate::migrate::{self, Terms, joined};
use crate::options::Options;
use crate::parser::source::SourceSet;

/// Writes the input in other terms.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &MigrateArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    // No configuration is written here, and a path would stand for what two Secrets of one name hold.
    let options = Options { secrets_dir: None, inlines_files: true, is_compared: true, ..options };
    let terms = match args.to {
        TermsName::GatewayApi => Terms::GatewayApi,
        TermsName::Gloo => Terms::Gloo,
        TermsName::EnvoyGateway => Terms::EnvoyGateway,
    };
    let input = pipeline::read_files(args.input.paths(), &options, streams.stdin);
    let mut compiled = pipeline::compile_read(input, &options);
    let migration = translate(&compiled.compilation, &options, terms);
    compiled.compilation.findings.extend(migration.findings.into_iter().map(Finding::completed));
    let denied = args.compile.denied();
    let wanted = (args.findings.report.as_slice(), &denied);
    let status = tell_findings(&compiled, TRANSLATE_ONLY, wanted, screen, started, streams)?;
    if status == ExitStatus::CouldNotRun {
        return Ok(status);
    }
    if let Some(why) = &compiled.unselected {
        streams.tell(&for_terminal(&format!("error: {why}")));
        return Ok(ExitStatus::CouldNotRun);
    }
    let sources = migration.documents.sources(&compiled.compilation.manifests);
    let text = joined(&sources);
    let is_alike =
        tell_differences(&mut compiled, sources, (&migration.renamed, &migration.left_out), &options, streams);
    let holds_secrets = !compiled.compilation.manifests.secrets.is_empty();
    write(args.output_file.as_deref(), &text, holds_secrets, streams)?;
    if migration.is_of_gateways && !screen.quiet {
        streams.tell(
            "note: what policies of Gateways say is said at the routes of the input, and other routes have none of it",
        );
    }
    if !screen.quiet {
        let count = migration.said;
        let fields = if count == 1 { "field" } else { "fields" };
        streams.tell(&format!("{count} {fields} of policies are said in the terms of {}", terms.owner()));
    }
    let is_failed = status != ExitStatus::Success || !is_alike;
    Ok(if is_failed && !args.partial { ExitStatus::Findings } else { ExitStatus::Success })
}

/// Says what policies say in other terms.
fn translate(compilation: &Compilation, options: &Options, terms: Terms) -> migrate::Migration {
    let bare = migrate::bare(&compilation.manifests, terms).sources(&compilation.manifests);
    let bare = compile::compile(bare, options, Diagnostics::new());
    compile::look(compilation, options, |resolved| {
        migrate::migrate(resolved, (compilation.lowered.judged(), bare.lowered.judged()), terms)
    })
}

/// Compiles the result, and says what is decided otherwise by it, and what is wrong with it that was not wrong with the
/// input; whether there is nothing of both. Backends have the names of what takes their place from then on.
fn tell_differences(
    input: &mut Compiled,
    sources: SourceSet,
    (renamed, left_out): (&BTreeMap<BackendName, BackendName>, &[String]),
    options: &Options,
    streams: &mut Streams<'_>,
) -> bool {
    let text = InputText { sources, is_unreadable: false, findings: Diagnostics::new(), rules: input.rules.clone() };
    let result = pipeline::compile_read(text, options);
    for config in input.compilation.lowered.configs_mut() {
        for cluster in &mut config.clusters {
            if let Some(name) = renamed.get(&cluster.backend) {
                cluster.backend.clone_from(name);
            }
        }
    }
    let known: BTreeSet<(&str, &str)> = errors(input).collect();
    let new: Vec<(&str, &str)> = errors(&result).filter(|error| !known.contains(error)).collect();
    for (id, message) in &new {
        streams.tell(&for_terminal(&format!("error: the result has an error that the input has not: {id}: {message}")));
    }
    // Of policies that are left out it has been told what of them is not said.
    let is_meant = |subject: &str| left_out.iter().any(|policy| subject.starts_with(policy.as_str()));
    match diff::lines(&input.compilation, &result.compilation, options, (streams.color_stderr, &is_meant)) {
        Ok(lines) if lines.is_empty() => new.is_empty(),
        Ok(lines) => {
            streams.tell("error: the result decides otherwise than the input:");
            lines.iter().for_each(|line| streams.tell(line));
            false
        }
        Err(why) => {
            let unknown = "nobody knows whether the result decides like the input";
            streams.tell(&for_terminal(&format!("error: {unknown}, as nothing could be compared: {why}")));
            false
        }
    }
}

/// The errors of a compilation, by code and words.
fn errors(compiled: &Compiled) -> impl Iterator<Item = (&str, &str)> {
    let errors = compiled.findings().iter().filter(|finding| finding.severity() == Severity::Error);
    errors.map(|finding| (finding.code.id(), finding.message.as_str()))
}

fn write(file: Option<&Path>, text: &str, holds_secrets: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => pipeline::write_file(file, holds_secrets, |out| out.write_all(text.as_bytes()))?,
        None => streams.raw_product(|out| out.write_all(text.as_bytes()))?,
    }
    Ok(())
}
