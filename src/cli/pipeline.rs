//! The seam between commands and the library: reading the input, compiling it,
//! writing the output. Commands call the library through this file only.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::args::{InputPaths, OutputFormat, Section};
use super::exit::Outcome;
use super::ignored;
use super::made::Made;
use super::origins::Locations;
use super::redirect;
use super::settings;
use super::streams::{self, Streams, Unwritten};
use super::substitute;
use typed_index_collections::TiSlice;

use crate::comments::SourceComments;
use crate::compile::{self, Compilation};
use crate::diagnostics::escape::{Commands, for_terminal};
use crate::diagnostics::{
    Denied, Diagnostics, Finding, Locate, Location, Omission, Report, Severity, Subject, Unjudged, codes,
};
use crate::emit::{self, Comments, Format, NoComments, file::Access};
use crate::name::{Name, NamespacedName};
use crate::options::{Excluded, IgnoreRule, Options};
use crate::parser::load::{self, Disk, Exclude, Input, Tree};
use crate::parser::manifests::{Manifests, ObjectKey};
use crate::parser::source::{Found, Source, SourceId, SourceSet};
use crate::translator::envoy::{self, Kind, Layout, Resource};
use crate::translator::lower::{Lowered, ServiceHosts};

/// What to write, and how.
#[derive(Clone, Debug)]
pub(super) struct Emission {
    /// The format.
    pub(super) format: OutputFormat,
    /// Only this section.
    pub(super) section: Option<Section>,
    /// Comments in YAML that name the source of each part.
    pub(super) comments: bool,
    /// What stands at the head of YAML with comments.
    pub(super) made: Made,
}

/// A compilation of what the command line names.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// The result of the library.
    pub(super) compilation: Compilation,
    /// A path could not be read.
    pub(super) is_input_unreadable: bool,
    /// What reading the input found.
    pub(super) load_findings: Diagnostics,
    /// The rules of the settings, each with the files that it covers.
    pub(super) rules: Vec<IgnoreRule>,
    /// Why the selections of the command line leave nothing to look at, in words.
    pub(super) unselected: Option<String>,
}

/// Reads what the arguments name from the file system.
pub(super) fn read_files(input: InputPaths<'_>, options: &Options, stdin: &mut dyn Read) -> InputText {
    read(&Disk, input, options, stdin)
}

/// Reads what the arguments name and compiles it.
pub(super) fn compile(input: InputPaths<'_>, options: &Options, stdin: &mut dyn Read) -> Compiled {
    compile_from(&Disk, input, options, stdin)
}

/// The same, read from a tree of files.
pub(super) fn compile_from(
    tree: &dyn Tree,
    input: InputPaths<'_>,
    options: &Options,
    stdin: &mut dyn Read,
) -> Compiled {
    compile_by(compile::compile, tree, input, options, stdin)
}

/// The same, with the status of every object.
pub(super) fn compile_with_status(input: InputPaths<'_>, options: &Options, stdin: &mut dyn Read) -> Compiled {
    compile_by(compile::compile_with_status, &Disk, input, options, stdin)
}

fn compile_by(
    compile: impl FnOnce(SourceSet, &Options, Diagnostics) -> Compilation,
    tree: &dyn Tree,
    input: InputPaths<'_>,
    options: &Options,
    stdin: &mut dyn Read,
) -> Compiled {
    compile_text(compile, read(tree, input, options, stdin), options)
}

/// What the arguments name, read and not compiled yet.
#[derive(Clone, Debug)]
pub(super) struct InputText {
    /// The files that are text.
    pub(super) sources: SourceSet,
    /// A path could not be read.
    pub(super) is_unreadable: bool,
    /// What reading them found.
    pub(super) findings: Diagnostics,
    /// The rules of the settings, each with the files that it covers.
    pub(super) rules: Vec<IgnoreRule>,
}

/// Reads what the arguments name.
pub(super) fn read(tree: &dyn Tree, input: InputPaths<'_>, options: &Options, stdin: &mut dyn Read) -> InputText {
    let inputs = |paths: &[std::path::PathBuf]| paths.iter().cloned().map(Input::from).collect::<Vec<_>>();
    let mut findings = Diagnostics::new();
    let Excluded { globs, base, of_context } = &options.exclude;
    let ignored =
        if options.reads_ignored { Vec::new() } else { ignored::below(input.paths.iter().chain(input.context)) };
    let exclude = Exclude { globs, base: base.as_deref(), ignored: &ignored, of_context };
    let (paths, context) = (inputs(input.paths), inputs(input.context));
    let mut loaded = load::load_from(tree, (&paths, &context), exclude, stdin, &mut findings);
    substitute::apply(&options.substitutions, &mut loaded.sources);
    let rules = cover(tree, &options.ignore_rules, &loaded.sources);
    report_unread_settings(input.paths, &loaded.sources, &mut findings);
    InputText { sources: loaded.sources, is_unreadable: loaded.unreadable, findings, rules }
}

/// Compiles what was read.
pub(super) fn compile_read(text: InputText, options: &Options) -> Compiled {
    compile_text(compile::compile, text, options)
}

/// Compiles what was read, with the status of every object.
pub(super) fn compile_read_with_status(text: InputText, options: &Options) -> Compiled {
    compile_text(compile::compile_with_status, text, options)
}

fn compile_text(
    compile: impl FnOnce(SourceSet, &Options, Diagnostics) -> Compilation,
    text: InputText,
    options: &Options,
) -> Compiled {
    let InputText { sources, is_unreadable, findings, rules } = text;
    let load_findings = findings.clone();
    let compilation = compile(sources, &with_rules(options, &rules), findings);
    Compiled {
        unselected: unselected(&compilation, options),
        compilation,
        is_input_unreadable: is_unreadable,
        load_findings,
        rules,
    }
}

/// The rules, each with the files of the input that it covers.
fn cover(tree: &dyn Tree, rules: &[IgnoreRule], sources: &SourceSet) -> Vec<IgnoreRule> {
    let mut rules = rules.to_vec();
    for rule in &mut rules {
        let Some(pattern) = &rule.path else { continue };
        let names = sources.sources.iter().map(|source| &source.name);
        let is_covered = |name: &&String| tree.canonicalize(Path::new(name)).is_ok_and(|file| pattern.covers(&file));
        rule.files = names.filter(is_covered).cloned().collect();
    }
    rules
}

/// The options with the rules of an input.
fn with_rules<'o>(options: &'o Options, rules: &[IgnoreRule]) -> Cow<'o, Options> {
    match rules {
        [] => Cow::Borrowed(options),
        rules => Cow::Owned(Options { ignore_rules: rules.to_vec(), ..options.clone() }),
    }
}

/// Why the selections of the command line leave nothing to look at, in words.
fn unselected(compilation: &Compilation, options: &Options) -> Option<String> {
    let Manifests { gateways, gateway_classes, .. } = &compilation.manifests;
    let Options { gateways: names, gateway_classes: classes, controller, .. } = options;
    let is_named =
        |name: NamespacedName<'_>| names.is_empty() || names.iter().any(|(namespace, own)| (namespace, own) == name);
    let is_of_class = |class: &Name| classes.is_empty() || classes.contains(class);
    // A Gateway whose class is not in the input is compiled for any controller.
    let is_ours = |class: &Name| {
        let own = gateway_classes.iter().find(|one| one.metadata.name == *class);
        own.zip(controller.as_ref()).is_none_or(|(class, controller)| class.spec.controller_name == *controller)
    };
    let is_selecting = !(names.is_empty() && classes.is_empty());
    let flags = names.iter().map(|(namespace, name)| format!("`--gateway {namespace}/{name}`"));
    let flags = flags.chain(classes.iter().map(|class| format!("`--gateway-class {class}`")));
    let flags = flags.chain(controller.iter().map(|controller| format!("`--controller-name {controller}`")));
    // An assumed Gateway is of no class.
    let is_assumed = options.assume.gateways
        && classes.is_empty()
        && compilation.missing_gateways.iter().any(|key| is_named((&key.namespace, &key.name)));
    let is_selected = |class: &Name| is_of_class(class) && is_ours(class);
    let is_there =
        gateways.iter().any(|one| is_named(one.metadata.sort_key()) && is_selected(&one.spec.gateway_class_name));
    if is_selecting && !is_there && !is_assumed {
        let mut known: Vec<String> = gateways.iter().map(|one| format!("`{}`", one.full_name())).collect();
        known.sort();
        let flags = flags.collect::<Vec<_>>().join(" with ");
        let known = if known.is_empty() { "no Gateway".to_owned() } else { known.join(", ") };
        return Some(format!("{flags} selects nothing: the input has {known}"));
    }
    let controller = controller.as_ref()?;
    let is_ours = gateway_classes.iter().any(|class| class.spec.controller_name == *controller);
    let is_classless = gateways.iter().any(|gateway| {
        let name = &gateway.spec.gateway_class_name;
        !gateway_classes.iter().any(|class| class.metadata.name == *name)
    });
    if is_ours || is_classless || gateway_classes.is_empty() {
        return None;
    }
    let mut known: Vec<String> =
        gateway_classes.iter().map(|class| format!("`{}`", class.spec.controller_name)).collect();
    known.sort();
    known.dedup();
    Some(format!("`--controller-name {controller}` selects nothing: the input has {}", known.join(", ")))
}

/// Settings are read beside the paths that were named; a file deeper in a directory is met among the manifests.
fn report_unread_settings(paths: &[PathBuf], sources: &SourceSet, diagnostics: &mut Diagnostics) {
    for (at, source) in sources.sources.iter().enumerate() {
        let path = Path::new(&source.name);
        let is_settings = path.file_name().is_some_and(|name| settings::NAMES.iter().any(|known| name == *known));
        let is_beside = paths.iter().any(|named| path.parent() == Some(named.as_path()) || path == named);
        if is_settings && !is_beside && source.found == Found::InDirectory {
            let location = Location::Source(SourceId(at));
            let message = format!("the settings in `{}` are not read", source.name);
            diagnostics.report(
                Finding::new(codes::SKIPPED, location, message)
                    .consequence("its manifests are compiled with the settings beside the paths that were named")
                    .help("name its directory on the command line, or move the settings beside what is named"),
            );
        }
    }
}

impl Compiled {
    /// Leaves the memory to the end of the process, which follows: to free the
    /// objects of a large input one by one takes a noticeable part of the run.
    pub(super) fn leave(self) {
        std::mem::forget(self);
    }

    /// Everything that was found.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.compilation.findings
    }

    /// The files that were read.
    pub(super) fn sources(&self) -> &TiSlice<SourceId, Source> {
        &self.compilation.manifests.sources.sources
    }

    /// The same input with other texts, one for each file, compiled again.
    pub(super) fn with_texts(&self, texts: Vec<String>, options: &Options) -> Self {
        let sources = self.sources().iter().zip(texts).map(|(source, text)| Source {
            name: source.name.clone(),
            text,
            found: source.found,
            context: source.context,
            kept: source.kept.to_vec(),
        });
        let sources = SourceSet { sources: sources.collect() };
        let (findings, rules) = (self.load_findings.clone(), self.rules.clone());
        compile_read(InputText { sources, is_unreadable: self.is_input_unreadable, findings, rules }, options)
    }

    /// What turns symbolic locations into places.
    pub(super) fn locator(&self) -> impl Locate + '_ {
        Locations::new(&self.compilation.manifests)
    }

    /// A report on some of the findings, with the counts of the input.
    pub(super) fn report<'f>(
        &'f self,
        findings: impl IntoIterator<Item = &'f Finding>,
        locate: &dyn Locate,
    ) -> Report<'f> {
        let Compilation { manifests, context_findings, left_out, unjudged, ledger, .. } = &self.compilation;
        let Manifests { sources, object_count, judged_count, .. } = manifests;
        let report = Report::new(findings, sources.sources.len(), *object_count, locate);
        let is_unselected =
            |one: &&Unjudged| matches!((&one.subject, &one.reason), (Subject::Object(_), Omission::NotSelected));
        let judged = judged_count.saturating_sub(unjudged.iter().filter(is_unselected).count());
        let report = report.with_ledger((judged, *ledger), unjudged, context_findings, locate);
        report.with_left_out(left_out, locate).with_expected(self.compilation.emitted().expected_files())
    }

    /// What is known at the end of a run with this report.
    pub(super) fn outcome(&self, report: &Report<'_>, denied: &Denied) -> Outcome {
        Outcome {
            is_input_unreadable: self.is_input_unreadable,
            is_unselected: self.unselected.is_some(),
            is_faultless: self
                .findings()
                .iter()
                .all(|finding| finding.severity() != Severity::Error || finding.code == codes::NO_LISTENER),
            summary: report.summary,
            failing: report.failing(denied),
        }
    }

    /// Whether a path could not be read.
    pub(super) fn is_input_unreadable(&self) -> bool {
        self.is_input_unreadable
    }

    /// Whether there is a configuration to write.
    pub(super) fn has_output(&self) -> bool {
        self.compilation.bootstrap.is_some()
    }

    /// Whether something was found that withholds the output.
    pub(super) fn has_errors(&self) -> bool {
        self.findings().iter().any(|finding| finding.severity() == Severity::Error)
    }

    /// Leaves out the warning of a private key, which does not go to standard output.
    pub(super) fn keep_key_private(&mut self) {
        self.compilation.findings.retain(|finding| finding.code != codes::KEY_ON_STDOUT);
    }

    /// Says in the warning of a private key where it goes.
    pub(super) fn name_stream_of_key(&mut self, stream: &str) {
        for finding in self.compilation.findings.iter_mut().filter(|finding| finding.code == codes::KEY_ON_STDOUT) {
            finding.message = finding.message.replace("standard output", stream);
        }
    }

    /// Writes the certificates and keys that the configuration refers to by their paths.
    ///
    /// # Errors
    /// What the system says when a file cannot be written.
    pub(super) fn write_secrets(&self) -> Result<(), Unwritten> {
        for (path, content) in &self.compilation.emitted().files {
            self.write_secret_file(path, content.as_bytes())?;
        }
        Ok(())
    }

    /// Writes the files through which a bootstrap or a section follows certificates that are in files.
    ///
    /// # Errors
    /// What the system says when a file cannot be written.
    pub(super) fn write_followed(&self) -> Result<(), Unwritten> {
        let config = &self.compilation.emitted().config;
        for (path, secret) in envoy::followed_files(config, &Layout::bootstrap(config)) {
            let mut content = Vec::new();
            let message = Kind::Secret.message();
            emit::write_resources(message, &[&secret.wire], Format::Yaml, &NoComments, &mut content)
                .map_err(|error| Unwritten(error.to_string()))?;
            self.write_secret_file(&path, &content)?;
        }
        Ok(())
    }

    fn write_secret_file(&self, path: &str, content: &[u8]) -> Result<(), Unwritten> {
        let directory = self.compilation.emitted().config.proxy.secrets_directory.as_deref();
        let Some(directory) = directory else { return Ok(()) };
        emit::file::write_private_file(Path::new(directory), Path::new(path), content)
            .map_err(|error| Unwritten(for_terminal(&error.to_string()).into_owned()))
    }

    /// What there is to say about certificates in files, a line each: files that whoever runs Envoy provides, and those that
    /// Envoy reads once.
    pub(super) fn words_on_files(&self, layout: &Layout) -> Vec<String> {
        let Lowered { config, expected, .. } = self.compilation.emitted();
        let word = |(path, key): (&String, &ObjectKey)| {
            let ObjectKey { kind, namespace, name } = key;
            format!("note: Envoy expects `{path}`, which gwctl does not write ({} {namespace}/{name})", kind.name())
        };
        let mut words: Vec<String> = expected.iter().map(word).collect();
        let once = envoy::read_once(config, layout);
        if !once.is_empty() {
            words.push(format!(
                "note: Envoy reads the files of {} once: a renewed certificate needs a restart",
                once.join(", ")
            ));
        }
        words
    }

    /// The resources of one kind; none where there is no configuration.
    pub(super) fn resources(&self, kind: Kind, layout: &Layout) -> Vec<Resource> {
        let config = self.compilation.bootstrap.as_ref().map(|_| &self.compilation.emitted().config);
        config.map(|config| envoy::resources(config, kind, layout)).unwrap_or_default()
    }

    fn sections(&self) -> Layout {
        Layout::sections(&self.compilation.emitted().config)
    }

    /// What stands above the parts of the output.
    pub(super) fn comments(&self, emission: &Emission) -> Box<dyn Comments + '_> {
        if emission.comments && emission.format == OutputFormat::Yaml {
            Box::new(SourceComments::new(&self.compilation))
        } else {
            Box::new(NoComments)
        }
    }

    /// Whether a part of the configuration holds a private key.
    pub(super) fn shows_private_key(&self, section: Option<Section>) -> bool {
        let shows = |section| {
            let Some(kind) = kind_of(section) else { return false };
            let resources = self.resources(kind, &self.sections());
            let secrets = self.compilation.emitted().config.sent_secrets();
            resources.iter().any(|one| {
                emit::holds_private_key(kind.message(), &one.wire).unwrap_or(true) || secrets.are_in(&one.wire)
            })
        };
        self.compilation.holds_private_key && section.is_none_or(shows)
    }

    /// Writes the addresses of Services as a file of hosts
    /// ([hosts(5)](https://man7.org/linux/man-pages/man5/hosts.5.html)).
    fn write_hosts(&self, out: &mut dyn Write) -> io::Result<()> {
        for ServiceHosts { address, names } in &self.compilation.emitted().hosts {
            writeln!(out, "{address} {}", names.join(" "))?;
        }
        Ok(())
    }

    /// Writes the configuration, or a section of it.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn emit(&self, emission: &Emission, out: &mut dyn Write) -> io::Result<()> {
        let Emission { format, section, comments, made } = emission;
        let (format, section) = (*format, *section);
        let wire = self.compilation.bootstrap.as_deref().unwrap_or_default();
        if *comments && format == OutputFormat::Yaml {
            made.write(out)?;
        }
        match section.map(|section| (section, kind_of(section))) {
            Some((Section::Redirect, _)) => redirect::write(&self.compilation.emitted().config, out),
            Some((_, None)) => self.write_hosts(out),
            Some((_, Some(kind))) => {
                let resources = self.resources(kind, &self.sections());
                let wires: Vec<&[u8]> = resources.iter().map(|one| one.wire.as_slice()).collect();
                emit::write_resources(kind.message(), &wires, format.into(), &*self.comments(emission), out)
            }
            None => match format {
                OutputFormat::Yaml => emit::write_yaml(emit::BOOTSTRAP, wire, &*self.comments(emission), out),
                OutputFormat::Json => emit::write_json(emit::BOOTSTRAP, wire, out),
                OutputFormat::Pb => out.write_all(wire),
            },
        }
    }
}

impl From<OutputFormat> for Format {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Yaml => Self::Yaml,
            OutputFormat::Json => Self::Json,
            OutputFormat::Pb => Self::Pb,
        }
    }
}

/// The resources of a section; a file of hosts and a script have none.
const fn kind_of(section: Section) -> Option<Kind> {
    match section {
        Section::Listeners => Some(Kind::Listener),
        Section::Routes => Some(Kind::Route),
        Section::Clusters => Some(Kind::Cluster),
        Section::Endpoints => Some(Kind::Endpoint),
        Section::Secrets => Some(Kind::Secret),
        Section::Hosts | Section::Redirect => None,
    }
}

/// Replaces a file as a whole, or leaves it as it was. A file that holds a private key is for its owner only.
///
/// # Errors
/// What the system says when the file cannot be written.
pub(super) fn write_file(
    path: &Path,
    holds_private_key: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Unwritten> {
    let access = if holds_private_key { Access::Private } else { Access::Ordinary };
    match emit::file::write_file(path, access, write) {
        Ok(()) | Err(emit::file::FileError::BrokenPipe) => Ok(()),
        Err(error) => Err(Unwritten(for_terminal(&error.to_string()).into_owned())),
    }
}

/// Writes a text for people or programs to a file, with whatever could steer its reader made visible.
///
/// # Errors
/// What the system says when the file cannot be written.
pub(super) fn write_text_file(
    path: &Path,
    commands: Commands,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Unwritten> {
    write_file(path, false, |out| streams::guard(out, false, commands, write))
}

/// Writes a product that is text to a file, or to standard output when none is named.
///
/// # Errors
/// What the system says when it cannot be written.
pub(super) fn write_product(
    file: Option<&Path>,
    streams: &mut Streams<'_>,
    commands: Commands,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Unwritten> {
    match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => write_text_file(file, commands, write),
        None => streams.product(commands, write),
    }
}
