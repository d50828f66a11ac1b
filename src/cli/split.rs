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
use super::pipeline::{self, Compiled, InputText};
use super::streams::{Streams, Unwritten};
use super::translate::{self, Told};
use super::{watch, xds};
use crate::diagnostics::escape::path_for_terminal;
use crate::diagnostics::{Finding, Severity};
use crate::emit::directory::Directory;
use crate::name::{Name, Namespace, NamespacedName, owned};
use crate::options::Options;
use crate::parser::load::Disk;
use crate::translator::envoy::{NODE, Place};

/// A Gateway with its configuration.
pub(super) struct Part {
    pub(super) namespace: Namespace,
    pub(super) name: Name,
    pub(super) compiled: Compiled,
}

impl Part {
    /// Where it lies below the directory.
    pub(super) fn below(&self, directory: &Path) -> PathBuf {
        directory.join(self.namespace.as_str()).join(self.name.as_str())
    }

    /// Where the proxy finds its directory.
    ///
    /// # Errors
    /// When the path cannot stand in a configuration.
    pub(super) fn place(&self, args: &TranslateArgs, directory: &Path) -> Result<Place, Unwritten> {
        let mounted_at = args.mounted_at.as_deref().map(|elsewhere| self.below(elsewhere));
        xds::place(&self.below(directory), mounted_at.as_deref())
    }

    /// The id of the proxy.
    pub(super) fn node(&self) -> String {
        format!("{NODE}/{}/{}", self.namespace, self.name)
    }

    /// Says that there is nothing to write.
    pub(super) fn without_configuration(&self) -> String {
        let Self { namespace, name, compiled: _ } = self;
        format!("Gateway `{namespace}/{name}` has no configuration: its directory is left as it is")
    }
}

/// An input whose Gateways are compiled each by itself.
pub(super) struct Split {
    /// The whole, with what was found for whichever Gateway.
    pub(super) whole: Compiled,
    pub(super) parts: Vec<Part>,
}

impl Split {
    pub(super) fn compile(text: InputText, options: &Options) -> Self {
        let mut whole = pipeline::compile_read(text.clone(), options);
        let mut options = options.clone();
        let of = |gateway: (Namespace, Name)| {
            options.gateways = vec![gateway];
            let mut compiled = pipeline::compile_read(text.clone(), &options);
            compiled.keep_key_private();
            options.gateways.pop().map(|(namespace, name)| Part { namespace, name, compiled })
        };
        let parts: Vec<Part> = gateways(&whole).into_iter().filter_map(of).collect();
        // Without a Gateway to serve it is said of the whole why there is none.
        if !parts.is_empty() {
            merge(&mut whole, &parts);
        }
        Self { whole, parts }
    }

    pub(super) fn has_output(&self) -> bool {
        self.parts.iter().any(|part| part.compiled.has_output())
    }
}

/// Compiles each Gateway by itself, reports what was found, and writes the directories unless findings forbid it.
///
/// # Errors
/// Wrong usage, or a report or an output that could not be written.
pub(super) fn run(args: &TranslateArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let (told, options) = translate::prepare(args, screen)?;
    let Some(directory) = &args.output_dir else { return Ok(ExitStatus::CouldNotRun) };
    if args.watch {
        return watch::keep(args, options, told, streams);
    }
    let told = &told;
    let text = pipeline::read(&Disk, args.input.paths(), &options, streams.stdin);
    let split = Split::compile(text, &options);
    let status = translate::report(told, &split.whole, split.has_output(), started, None, streams)?;
    let Split { whole, parts } = split;
    if status == ExitStatus::Success {
        let before = known(directory);
        for part in &parts {
            write(args, part, directory, told, streams)?;
        }
        for path in before.difference(&parts.iter().map(|part| part.below(directory)).collect()) {
            streams.tell(&left_over(path));
        }
    }
    whole.leave();
    Ok(status)
}

/// Says what becomes of the directory of a Gateway that is gone.
pub(super) fn left_over(path: &Path) -> String {
    let path = path_for_terminal(path);
    format!("note: `{path}` is of a Gateway that the input has not, and stays: remove it with its Envoy")
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
    declared.filter(|key| served.contains(key)).map(owned).collect()
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
pub(super) fn known(directory: &Path) -> BTreeSet<PathBuf> {
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
    let compiled = &part.compiled;
    if !compiled.has_output() {
        streams.tell(&part.without_configuration());
        return Ok(());
    }
    let (path, place) = (part.below(directory), part.place(args, directory)?);
    let layout = xds::layout(&compiled.compilation.emitted().config, &place, translate::format(args));
    translate::write_directory(args, (&path, &place, &part.node()), told.screen, compiled, streams)?;
    translate::tell_files(told, compiled, &layout, streams)
}
