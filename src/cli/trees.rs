//! Several trees in one run, each judged by its own settings (docs/configuration.md).
//!
//! All of them are one input, in which references lead from one to another. It is compiled once for the settings of each tree, and
//! what is found in the files of that tree counts.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::{InputArgs, InputPaths, TreeArgs};
use super::pipeline::{self, Compiled, InputText};
use crate::compile::Compilation;
use crate::diagnostics::{Diagnostics, Finding, Location, Unjudged};
use crate::options::Options;
use crate::parser::locate::Locator;
use crate::parser::manifests::ObjectKey;
use crate::parser::source::{SourceId, SourceSet};

/// How a text is compiled.
pub(super) type Compile = fn(InputText, &Options) -> Compiled;

/// Reads what the arguments name and compiles it: with the options, or each tree with those of its own.
pub(super) fn compile(compile: Compile, input: &InputArgs, options: &Options, stdin: &mut dyn Read) -> Compiled {
    match input.trees.as_slice() {
        [] => {
            let text = pipeline::read_files(input.paths(), options, stdin);
            compile(text, options)
        }
        trees => compile_each(compile, trees, stdin),
    }
}

fn compile_each(compile: Compile, trees: &[TreeArgs], stdin: &mut dyn Read) -> Compiled {
    let mut texts = read(trees, stdin);
    let mut all = SourceSet::default();
    // The tree that each file is of; none is of the context.
    let mut owners: Vec<Option<usize>> = Vec::new();
    let mut found: Vec<Diagnostics> = Vec::new();
    for (at, text) in texts.iter_mut().enumerate() {
        let first = all.sources.len();
        all.sources.extend(std::mem::take(&mut text.sources).sources);
        let owner = (at < trees.len()).then_some(at);
        owners.resize(all.sources.len(), owner);
        let place = |source: SourceId| Some(SourceId::from(usize::from(source) + first));
        found.push(with_places(std::mem::take(&mut text.findings), place));
    }
    let is_unreadable = texts.iter().any(|text| text.is_unreadable);
    let mut merged: Option<Compiled> = None;
    let mut order: HashMap<ObjectKey, usize> = HashMap::new();
    for (at, tree) in trees.iter().enumerate() {
        let mut findings = found.get_mut(at).map(std::mem::take).unwrap_or_default();
        if at == 0 {
            found.drain(trees.len()..).for_each(|of_context| findings.append(of_context));
        }
        let rules = texts.get_mut(at).map(|text| std::mem::take(&mut text.rules)).unwrap_or_default();
        let text = InputText { sources: all.clone(), is_unreadable, findings, rules };
        let mut compiled = compile(text, &tree.options);
        if at == 0 {
            // All of them are judged each time.
            order = compiled.compilation.status.iter().enumerate().map(|(at, one)| (one.key.clone(), at)).collect();
        }
        let is_own = |source: Option<SourceId>| match source.map(|source| owners.get(usize::from(source))) {
            Some(Some(Some(owner))) => *owner == at,
            Some(_) => at == 0,
            None => true,
        };
        keep(&mut compiled.compilation, is_own);
        match &mut merged {
            None => merged = Some(compiled),
            Some(merged) => add(merged, compiled),
        }
    }
    let mut merged = merged.unwrap_or_default();
    merged.compilation.status.sort_by_key(|one| order.get(&one.key).copied().unwrap_or(usize::MAX));
    merged
}

/// The files of each tree, and then those of the context. A file that two arguments lead to is of the longer one.
fn read(trees: &[TreeArgs], stdin: &mut dyn Read) -> Vec<InputText> {
    let files = |paths: &[PathBuf], context: &[PathBuf], options: &Options, stdin: &mut dyn Read| {
        pipeline::read_files(InputPaths { paths, context }, options, stdin)
    };
    let mut texts: Vec<InputText> = trees.iter().map(|tree| files(&tree.paths, &[], &tree.options, stdin)).collect();
    for tree in trees {
        texts.push(files(&[], &tree.context, &tree.options, stdin));
    }
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let depth = |file: &Path, at: usize| {
        let paths = trees.get(at).map(|tree| tree.paths.as_slice()).unwrap_or_default();
        let above = paths.iter().filter_map(|path| real(path)).filter(|path| file.starts_with(path));
        above.map(|path| path.iter().count() + 1).max().unwrap_or_default()
    };
    let mut best: HashMap<PathBuf, (usize, usize)> = HashMap::new();
    for (at, text) in texts.iter().enumerate() {
        for file in text.sources.sources.iter().filter_map(|source| real(Path::new(&source.name))) {
            let depth = depth(&file, at);
            let known = best.entry(file).or_insert((depth, at));
            if depth > known.0 {
                *known = (depth, at);
            }
        }
    }
    for (at, text) in texts.iter_mut().enumerate() {
        let is_elsewhere =
            |name: &str| real(Path::new(name)).and_then(|file| best.get(&file)).is_some_and(|(_, of)| *of != at);
        leave_out(text, is_elsewhere);
    }
    texts
}

/// Takes files out of an input, with what was found in them.
fn leave_out(text: &mut InputText, is_elsewhere: impl Fn(&str) -> bool) {
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut kept = SourceSet::default();
    for (at, source) in std::mem::take(&mut text.sources).sources.into_iter().enumerate() {
        if !is_elsewhere(&source.name) {
            places.insert(at, kept.sources.len());
            kept.sources.push(source);
        }
    }
    text.sources = kept;
    let place = |source: SourceId| places.get(&usize::from(source)).map(|at| SourceId::from(*at));
    text.findings = with_places(std::mem::take(&mut text.findings), place);
}

/// Findings with other numbers of files, without those of files that have none.
fn with_places(mut findings: Diagnostics, place: impl Fn(SourceId) -> Option<SourceId>) -> Diagnostics {
    let mut placed = Diagnostics::new();
    let moved = |location: Location| match location {
        Location::Source(source) => place(source).map(Location::Source),
        Location::Bytes(source, range) => place(source).map(|source| Location::Bytes(source, range)),
        other => Some(other),
    };
    for Unjudged { subject, location, reason } in findings.take_unjudged() {
        if let Some(location) = moved(location) {
            placed.leave(Unjudged { subject, location, reason });
        }
    }
    for mut finding in findings.into_findings() {
        if let Some(location) = moved(std::mem::replace(&mut finding.location, Location::Run)) {
            placed.report(Finding { location, ..finding });
        }
    }
    placed
}

/// Keeps what is of the files of one tree.
fn keep(compilation: &mut Compilation, is_own: impl Fn(Option<SourceId>) -> bool) {
    let Compilation { manifests, findings, context_findings, left_out, unjudged, status, .. } = compilation;
    let locator = Locator::new(manifests);
    let is_here = |location: &Location| is_own(locator.source_of(location));
    findings.retain(|finding| is_here(&finding.location));
    context_findings.retain(|finding| is_here(&finding.location));
    left_out.retain(|one| is_here(&one.finding.location));
    unjudged.retain(|one| is_here(&one.location));
    let sources: HashMap<_, _> = manifests
        .heads()
        .into_iter()
        .map(|head| (head.key(), manifests.documents.get(head.position.document).map(|document| document.source)))
        .collect();
    status.retain(|one| is_own(sources.get(&one.key).copied().flatten()));
}

/// Adds what another tree has.
fn add(merged: &mut Compiled, other: Compiled) {
    let Compilation { findings, context_findings, left_out, unjudged, status, .. } = other.compilation;
    let own = &mut merged.compilation;
    // What is said of the run is said once.
    let is_new = |finding: &Finding| !own.findings.contains(finding);
    let findings: Vec<Finding> =
        findings.into_iter().filter(|finding| finding.location != Location::Run || is_new(finding)).collect();
    own.findings.extend(findings);
    own.context_findings.extend(context_findings);
    own.left_out.extend(left_out);
    own.unjudged.extend(unjudged);
    own.status.extend(status);
    merged.unselected = merged.unselected.take().or(other.unselected);
}
