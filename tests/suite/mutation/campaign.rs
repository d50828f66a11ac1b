//! The mutation campaign: every valid case of `testdata`, with one thing
//! changed. A change must be reported at the right place, change the output, or
//! be harmless: `judge.rs` says which.
//!
//! `cargo test` makes a sample from a fixed seed that has a change of every sort.
//! A longer campaign: `GWCTL_MUTATION_SEED=7 GWCTL_MUTATION_COUNT=50000 cargo
//! test --release --test suite -- mutation`. With `GWCTL_MUTATION_ENVOY=200`
//! the real Envoy loads so many of the outputs that differ;
//! `GWCTL_MUTATION_LIST=OtherOutput` lists the changes with that verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::{Diagnostics, Report, Severity};
use gwctl::emit::{self, NoComments};
use gwctl::options::Options;
use gwctl::parser::locate::Locator;
use gwctl::parser::source::{Found as FoundIn, Source, SourceSet};
use gwctl::proving;
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use walkdir::WalkDir;

use super::edit::{Edit, Subject, apply, edits};
use super::judge::{Expected, Found, expected, general, is_refused, is_without_effect, misplaced, place_of};
use super::tree::{Path, Step, Tree, Written, shown};
use crate::campaign::random::drawn;
use crate::case::{Case, discover};
use crate::harness::Harness;

/// The size of the sample of a plain test run.
const COUNT: usize = 3000;
const SEED: u64 = 1;
/// The tests that share the sample, and run in parallel.
const SHARES: usize = 4;
/// How many failures one test shows.
const SHOWN: usize = 8;

/// The tests of this file.
pub(super) fn trials(harness: &Harness) -> Vec<Trial> {
    let bases: Arc<std::sync::OnceLock<Vec<Base>>> = Arc::default();
    (0..SHARES)
        .map(|share| {
            let (harness, bases) = (harness.clone(), Arc::clone(&bases));
            Trial::test(format!("mutation::every_change_is_noticed_{}", share + 1), move || {
                let bases = bases.get_or_init(|| {
                    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
                    cases.filter_map(|case| Base::of(&case)).collect()
                });
                campaign(&harness, bases, share)
            })
        })
        .collect()
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// A valid case as it is written anew, and what gwctl makes of it.
struct Base {
    name: String,
    options: Options,
    /// The documents of each file.
    files: Vec<Vec<Tree>>,
    result: Outcome,
}

/// What a compilation gives.
#[derive(Debug, PartialEq)]
struct Outcome {
    findings: Vec<Found>,
    has_errors: bool,
    bootstrap: Option<Vec<u8>>,
}

impl Base {
    /// `None` when the case is not valid, or cannot be written in another form.
    fn of(case: &Case) -> Option<Self> {
        if case.exit.translate != 0 || case.exit.validate != 0 || case.stdin.is_some() {
            return None;
        }
        let arguments = case.validate_arguments()?;
        let options = arguments.compile.options().ok()?;
        let files: Vec<Vec<Tree>> = manifests(case).iter().map(documents).collect::<Option<_>>()?;
        let result = outcome(&written(&files), &options);
        let base = Self { name: case.name.clone(), options, files, result };
        (!base.result.has_errors && base.result.bootstrap.is_some()).then_some(base)
    }
}

/// The manifest files of a case, as gwctl finds them.
fn manifests(case: &Case) -> Vec<PathBuf> {
    let is_manifest = |path: &std::path::Path| {
        path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
    };
    let walk = |path: &String| {
        let entries = WalkDir::new(case.folder.join(path)).sort_by_file_name().into_iter().flatten();
        entries.map(walkdir::DirEntry::into_path).filter(|path| path.is_file() && is_manifest(path))
    };
    case.paths.iter().flat_map(walk).collect()
}

fn documents(file: &PathBuf) -> Option<Vec<Tree>> {
    let text = fs::read_to_string(file).ok()?;
    let mut trees = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let mut value = serde_yaml::Value::deserialize(document).ok()?;
        value.apply_merge().ok()?;
        if !value.is_null() {
            trees.push(Tree::of(&value)?);
        }
    }
    Some(trees)
}

fn written(files: &[Vec<Tree>]) -> Vec<Written> {
    files.iter().map(Written::of).collect()
}

fn name_of(file: usize) -> String {
    format!("{file}.yaml")
}

fn compiled(files: &[Written], options: &Options) -> Compilation {
    let source = |(place, file): (usize, &Written)| Source {
        name: name_of(place),
        text: file.text.clone(),
        found: FoundIn::InDirectory,
        context: false,
        kept: Vec::new(),
    };
    let sources = SourceSet { sources: files.iter().enumerate().map(source).collect() };
    compile(sources, options, Diagnostics::new())
}

fn outcome(files: &[Written], options: &Options) -> Outcome {
    let compilation = compiled(files, options);
    let locator = Locator::new(&compilation.manifests);
    let report = Report::new(&compilation.findings, files.len(), 0, &locator);
    let found = |entry: &gwctl::diagnostics::Entry<'_>| Found {
        code: entry.finding.code.id(),
        message: entry.finding.message.clone(),
        object: entry
            .finding
            .object
            .as_ref()
            .map(|object| (object.kind.clone(), object.namespace.to_string(), object.name.to_string())),
        place: entry.place.as_ref().map(|place| (place.file.clone(), place.span.as_ref().map_or(1, |span| span.line))),
    };
    Outcome {
        findings: report.entries.iter().map(found).collect(),
        has_errors: compilation.findings.iter().any(|finding| finding.severity() == Severity::Error),
        bootstrap: compilation.bootstrap,
    }
}

/// One change of one document.
#[derive(Clone, Debug)]
struct Change {
    base: usize,
    file: usize,
    document: usize,
    path: Path,
    edit: Edit,
}

/// Every change of every case.
fn all_changes(bases: &[Base]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (base, Base { files, .. }) in bases.iter().enumerate() {
        for (file, documents) in files.iter().enumerate() {
            for (document, tree) in documents.iter().enumerate() {
                for path in tree.paths() {
                    let edits = edits(Subject { tree }, &path);
                    changes.extend(edits.into_iter().map(|edit| Change {
                        base,
                        file,
                        document,
                        path: path.clone(),
                        edit,
                    }));
                }
            }
        }
    }
    changes
}

/// So many of them: first one of every sort, which is a kind, a field and an edit, then any. They are drawn by the name
/// of the case, so that a new one moves no other.
fn sample(bases: &[Base], seed: u64, count: usize) -> Vec<Change> {
    let mut changes = all_changes(bases);
    changes.sort_by_cached_key(|change| {
        let Change { base, file, document, path, edit } = change;
        drawn(seed, &[&bases[*base].name, &format!("{file} {document} {path:?} {edit:?}")])
    });
    let mut seen: BTreeMap<(String, String, Edit), usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, Change)> = changes
        .into_iter()
        .map(|change| {
            let tree = &bases[change.base].files[change.file][change.document];
            let sort = (Subject { tree }.kind().to_owned(), general(&change.path), change.edit);
            let rank = seen.entry(sort).or_default();
            *rank += 1;
            (*rank, change)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, change)| change).take(count).collect()
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Refused,
    Reported,
    OtherOutput,
    SameOutput,
    WithoutEffect,
    NothingToDo,
}

fn campaign(harness: &Harness, bases: &[Base], share: usize) -> Result<(), Failed> {
    let number = |name: &str, usual: usize| setting(name).and_then(|n| usize::try_from(n).ok()).unwrap_or(usual);
    let seed = setting("GWCTL_MUTATION_SEED").unwrap_or(SEED);
    let changes = sample(bases, seed, number("GWCTL_MUTATION_COUNT", COUNT));
    let loads = AtomicUsize::new(number("GWCTL_MUTATION_ENVOY", 0) / SHARES);
    let list = std::env::var("GWCTL_MUTATION_LIST").ok();
    let (mut verdicts, mut failures, mut known) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for change in changes.iter().skip(share).step_by(SHARES) {
        match judge(&bases[change.base], change, &|files, options| load(harness, share, &loads, files, options)) {
            Ok(verdict) => {
                *verdicts.entry(verdict).or_insert(0_usize) += 1;
                if list.as_ref().is_some_and(|wanted| **wanted == *format!("{verdict:?}")) {
                    eprintln!("{}", describe(&bases[change.base], change));
                }
            }
            Err(failure) => {
                let sort = (general(&change.path), change.edit);
                // One of a sort is enough to read.
                if known.insert(sort) {
                    failures.push(failure);
                }
            }
        }
    }
    let made = verdicts.values().sum::<usize>() + failures.len();
    // Shown by `--nocapture`, and the size of a campaign is worth knowing.
    eprintln!("mutation campaign, share {} of {SHARES}: {made} changes from seed {seed}: {verdicts:?}", share + 1);
    if failures.is_empty() {
        return Ok(());
    }
    let total = failures.len();
    failures.truncate(number("GWCTL_MUTATION_SHOWN", SHOWN));
    Err(format!("{total} sorts of changes fail\n\n{}", failures.join("\n\n")).into())
}

fn describe(base: &Base, change: &Change) -> String {
    let Change { base: _, file, document, path, edit } = change;
    let subject = Subject { tree: &base.files[*file][*document] };
    format!("{}: {edit:?} of {} {} in {}", base.name, subject.kind(), subject.name(), shown(path))
}

/// Lets the real Envoy load a configuration, as often as was asked for.
fn load(
    harness: &Harness,
    share: usize,
    left: &AtomicUsize,
    files: &[Written],
    options: &Options,
) -> Result<(), String> {
    // Only the command line writes the files of keys that such a configuration names.
    if options.secrets_dir.is_some() {
        return Ok(());
    }
    if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
        return Ok(());
    }
    let Some(wire) = compiled(files, options).bootstrap else { return Ok(()) };
    let mut text = Vec::new();
    emit::write_yaml(emit::BOOTSTRAP, &wire, &NoComments, &mut text).map_err(|error| error.to_string())?;
    let file = harness.work_directory(&format!("mutation/{share}"))?.join("envoy.yaml");
    fs::write(&file, text).map_err(|error| error.to_string())?;
    proving::validate(harness.envoy()?, &file).map_err(|error| error.to_string())
}

type Load<'l> = dyn Fn(&[Written], &Options) -> Result<(), String> + 'l;

fn judge(base: &Base, change: &Change, load: &Load<'_>) -> Result<Verdict, String> {
    let Change { base: _, file, document, path, edit } = change;
    let before = &base.files[*file][*document];
    let mut files = base.files.clone();
    if apply(&mut files[*file], *document, path, *edit).is_none() {
        return Ok(Verdict::NothingToDo);
    }
    let texts = written(&files);
    let after = outcome(&texts, &base.options);
    let fresh = fresh(&base.result.findings, &after.findings);
    let wanted =
        expected(Subject { tree: before }, path, *edit, files[*file].get(*document).and_then(|tree| tree.at(path)));
    let judged = Judged { base, change, before, texts: &texts, after: &after, fresh: &fresh };
    let verdict = judged.verdict(wanted);
    if verdict == Ok(Verdict::OtherOutput) && !after.has_errors {
        load(&texts, &base.options).map_err(|error| judged.failure(&format!("Envoy refuses the output: {error}")))?;
    }
    verdict
}

/// The findings that were not there before, wherever they stand now.
fn fresh(before: &[Found], after: &[Found]) -> Vec<Found> {
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in before {
        *known.entry((finding.code, &finding.message)).or_default() += 1;
    }
    let mut fresh = Vec::new();
    for finding in after {
        match known.get_mut(&(finding.code, finding.message.as_str())) {
            Some(left) if *left > 0 => *left -= 1,
            _ => fresh.push(finding.clone()),
        }
    }
    fresh
}

/// A change and what it brought.
struct Judged<'j> {
    base: &'j Base,
    change: &'j Change,
    before: &'j Tree,
    texts: &'j [Written],
    after: &'j Outcome,
    fresh: &'j [Found],
}

impl Judged<'_> {
    fn verdict(&self, wanted: Expected) -> Result<Verdict, String> {
        let Change { file, path, edit, .. } = self.change;
        if let Expected::Refused(codes) = wanted {
            let lines = self.lines(&place_of(path, *edit));
            return if is_refused(self.fresh, codes, &name_of(*file), &lines) {
                Ok(Verdict::Refused)
            } else {
                Err(self.failure(&format!("one of {codes:?} is missing on lines {lines:?}")))
            };
        }
        if !self.fresh.is_empty() {
            return self.misplaced().map_or(Ok(Verdict::Reported), |wrong| Err(self.failure(&wrong)));
        }
        let is_same = self.after.bootstrap == self.base.result.bootstrap
            && self.after.findings.len() == self.base.result.findings.len();
        let subject = Subject { tree: self.before };
        match (is_same, wanted) {
            (false, _) => Ok(Verdict::OtherOutput),
            (true, Expected::Noticed) if self.is_idle(subject) || is_without_effect(&self.base.name, subject, path) => {
                Ok(Verdict::WithoutEffect)
            }
            (true, Expected::Noticed) => {
                Err(self.failure("nothing is said and nothing changes, though the value means something else"))
            }
            (true, _) => Ok(Verdict::SameOutput),
        }
    }

    /// Whether a finding said of the object before that a part of it has no effect, or only the name of an object
    /// changed that nothing names.
    fn is_idle(&self, subject: Subject<'_>) -> bool {
        let identity = |object: &(String, String, String)| {
            (object.0.as_str(), object.2.as_str()) == (subject.kind(), subject.name())
        };
        let is_told = self.base.result.findings.iter().any(|finding| finding.object.as_ref().is_some_and(identity));
        let names = self.base.files.iter().flatten().filter(|tree| *tree != self.before);
        let is_named = names.map(|tree| Written::of([tree]).text).any(|text| text.contains(subject.name()));
        let [Step::Key(metadata), Step::Key(name)] = self.change.path.as_slice() else { return is_told };
        is_told || (metadata == "metadata" && matches!(name.as_str(), "name" | "namespace") && !is_named)
    }

    /// The lines of a path in the changed document, or of what is left above it.
    fn lines(&self, path: &[Step]) -> RangeInclusive<usize> {
        let Change { file, document, .. } = self.change;
        let Some(known) = self.texts[*file].lines.get(*document) else { return 0..=0 };
        (0..=path.len()).rev().find_map(|end| known.get(&path[..end])).cloned().unwrap_or(0..=0)
    }

    fn misplaced(&self) -> Option<String> {
        let Change { file, .. } = self.change;
        let subject = Subject { tree: self.before };
        let after = self.base.files[*file]
            .get(self.change.document)
            .map_or_else(String::new, |_| self.text_at(*file, *self.lines(&[]).start()));
        let before = Written::of([self.before]).text;
        let changed = format!("{before}{after}");
        let names = [subject.name(), subject.namespace()];
        let text_of = |finding: &Found| {
            let (name, line) = finding.place.as_ref()?;
            let file = (0..self.texts.len()).find(|file| name_of(*file) == *name)?;
            Some(self.text_at(file, *line))
        };
        let lines = self.lines(&[]);
        self.fresh.iter().find_map(|finding| misplaced(finding, &name_of(*file), &lines, &names, &changed, text_of))
    }

    /// The text of the document with a line.
    fn text_at(&self, file: usize, line: usize) -> String {
        let text = &self.texts[file];
        let whole = text.lines.iter().filter_map(|lines| lines.get(&[][..])).find(|lines| lines.contains(&line));
        let Some(lines) = whole else { return String::new() };
        let wanted = text.text.lines().skip(lines.start() - 1).take(lines.end() - lines.start() + 1);
        wanted.collect::<Vec<_>>().join("\n")
    }

    fn failure(&self, what: &str) -> String {
        let mut text = format!("{}: {what}\n", describe(self.base, self.change));
        for finding in self.fresh {
            text.push_str(&format!("  {} {:?} {}\n", finding.code, finding.place, finding.message));
        }
        if std::env::var_os("GWCTL_MUTATION_BRIEF").is_none() {
            for (number, line) in self.texts[self.change.file].text.lines().enumerate() {
                text.push_str(&format!("{:4} {line}\n", number + 1));
            }
        }
        text
    }
}
