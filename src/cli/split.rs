//! `translate --split gateway`: of each Gateway a configuration of its own, in a directory of its own, for a proxy with an
//! id of its own.
//!
//! What only one configuration of several Gateways cannot hold is no error here: each Gateway is compiled as `--gateway`
//! selects it. What else is found in the whole input is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::args::{ScreenArgs, TranslateArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::TRANSLATE_ONLY;
use super::pipeline::{self, Compiled};
use super::streams::Streams;
use super::translate::{self, Told};
use super::xds;
use crate::diagnostics::escape::for_terminal;
use crate::diagnostics::{Finding, Severity};
use crate::emit::directory::Directory;
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::Options;
use crate::parser::load::Disk;
use crate::translator::envoy::NODE;

/// A Gateway with its configuration.
struct Part {
    namespace: Namespace,
    name: Name,
    compiled: Compiled,
}

impl Part {
    /// Where it lies below the directory.
    fn below(&self, directory: &Path) -> PathBuf {
        directory.join(self.namespace.as_str()).join(self.name.as_str())
    }
}

/// Compiles each Gateway by itself, reports what was found, and writes the directories unless findings forbid it.
///
/// # Errors
/// Wrong usage, or a report or an output that could not be written.
pub(super) fn run(args: &TranslateArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let (told, options) = translate::prepare(args, screen)?;
    let (told, options) = (&told, &options);
    let Some(directory) = &args.output_dir else { return Ok(ExitStatus::CouldNotRun) };
    let text = pipeline::read(&Disk, &args.input, options, streams.stdin);
    let mut whole = pipeline::compile_read(text.clone(), options);
    let parts: Vec<Part> = gateways(&whole)
        .into_iter()
        .map(|(namespace, name)| {
            let gateways = vec![(namespace.clone(), name.clone())];
            let options = Options { gateways, ..options.clone() };
            let mut compiled = pipeline::compile_read(text.clone(), &options);
            compiled.keep_key_private();
            Part { namespace, name, compiled }
        })
        .collect();
    // Without a Gateway to serve it is said of the whole why there is none.
    if !parts.is_empty() {
        merge(&mut whole, &parts);
    }
    let has_output = parts.iter().any(|part| part.compiled.has_output());
    let status = translate::report(told, &whole, has_output, started, None, streams)?;
    if status == ExitStatus::Success {
        let before = known(directory);
        for part in &parts {
            write(args, part, directory, told, streams)?;
        }
        for path in before.difference(&parts.iter().map(|part| part.below(directory)).collect()) {
            let path = for_terminal(&path.display().to_string()).into_owned();
            streams.tell(&format!(
                "note: `{path}` is of a Gateway that the input has not, and stays: remove it with its Envoy"
            ));
        }
    }
    whole.leave();
    Ok(status)
}

/// The Gateways of the input that are served, in the order of their names.
fn gateways(whole: &Compiled) -> BTreeSet<(Namespace, Name)> {
    let compilation = &whole.compilation;
    let listeners = &compilation.lowered.judged().listeners;
    let served: BTreeSet<NamespacedName<'_>> = listeners
        .iter()
        .flat_map(|listener| &listener.gateways)
        .map(|gateway| (&gateway.namespace, &gateway.name))
        .collect();
    let declared = compilation.manifests.gateways.iter().map(|gateway| gateway.metadata.sort_key());
    declared.filter(|key| served.contains(key)).map(|(namespace, name)| (namespace.clone(), name.clone())).collect()
}

/// What was found in the whole input or for one Gateway, each finding once.
fn merge(whole: &mut Compiled, parts: &[Part]) {
    let key = |finding: &Finding| format!("{} {:?} {}", finding.code.id(), finding.location, finding.message);
    let findings = &mut whole.compilation.findings;
    findings.retain(|finding| !TRANSLATE_ONLY.contains(&finding.code));
    let mut known: BTreeMap<String, Severity> =
        findings.iter().map(|finding| (key(finding), finding.severity())).collect();
    for finding in parts.iter().flat_map(|part| part.compiled.findings()) {
        if known.insert(key(finding), finding.severity()).is_none() {
            findings.push(finding.clone());
        }
    }
}

/// The directories of Gateways that earlier runs made.
fn known(directory: &Path) -> BTreeSet<PathBuf> {
    let below = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    below(directory).iter().flat_map(|namespace| below(namespace)).filter(|path| Directory::is_ours(path)).collect()
}

fn write(
    args: &TranslateArgs,
    part: &Part,
    directory: &Path,
    told: &Told<'_>,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let Part { namespace, name, compiled } = part;
    if !compiled.has_output() {
        streams.tell(&format!("Gateway `{namespace}/{name}` has no configuration: its directory is left as it is"));
        return Ok(());
    }
    let path = part.below(directory);
    let mounted_at = args.mounted_at.as_deref().map(|elsewhere| part.below(elsewhere));
    let place = xds::place(&path, mounted_at.as_deref())?;
    let node = format!("{NODE}/{namespace}/{name}");
    let layout = xds::layout(&compiled.compilation.emitted().config, &place, translate::format(args));
    translate::write_directory(args, (&path, place, &node), told.screen, compiled, streams)?;
    translate::tell_files(told, compiled, &layout, streams)
}
