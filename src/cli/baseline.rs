//! `validate --baseline`: the findings that a repository had when it began to use gwctl. They are counted, and only others
//! fail a run.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::findings::is_left_to_translate;
use super::identity::{without_positions, words};
use super::pipeline::{self, Compiled};
use super::streams::Unwritten;
use crate::compile::Compilation;
use crate::diagnostics::escape::{Commands, path_for_terminal};
use crate::diagnostics::{Allowance, Finding, LeftOut, Locate, Location, Severity, codes};
use crate::parser::manifests::Manifests;
use crate::parser::source::Source;

/// The version of the format.
const VERSION: u32 = 1;

/// The file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// Findings that are told apart by nothing.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(flatten)]
    known: Known,
    /// How many of them there are.
    count: usize,
}

/// What a finding is known by.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    code: String,
    /// Kind, namespace and name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    object: Option<String>,
    /// Without positions in lists.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    path: Option<String>,
    /// Without positions in lists and without the name of the file.
    message: String,
    /// Of what is no object, the digest of its file: another text that cannot be read is another finding, whatever is wrong in
    /// it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    text: Option<String>,
}

/// The findings of a baseline, with how many of each are left.
#[derive(Debug)]
pub(super) struct Baseline(BTreeMap<Known, usize>);

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// A message for the user when the file cannot be read, or is none.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let failed = |why: &dyn std::fmt::Display| format!("--baseline {}: {why}", path_for_terminal(path));
        let text =
            std::fs::read_to_string(path).map_err(|error| failed(&format!("the file cannot be read: {error}")))?;
        let file: File =
            serde_json::from_str(&text).map_err(|error| failed(&format!("the file is no baseline: {error}")))?;
        if file.version != VERSION {
            return Err(failed(&format!(
                "the file has version {}, and this gwctl reads version {VERSION}",
                file.version
            )));
        }
        let mut all = BTreeMap::new();
        for Entry { known, count } in file.findings {
            *all.entry(known).or_default() += count;
        }
        Ok(Self(all))
    }

    /// The baseline of what was found.
    pub(super) fn of(compiled: &Compiled) -> Self {
        let (manifests, locator) = (&compiled.compilation.manifests, compiled.locator());
        let mut all = BTreeMap::new();
        for finding in compiled.findings().iter().filter(|finding| may_be_old(finding)) {
            *all.entry(known(finding, manifests, &locator)).or_default() += 1;
        }
        Self(all)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), Unwritten> {
        let entries = self.0.iter().map(|(known, count)| Entry { known: known.clone(), count: *count });
        let file = File { version: VERSION, findings: entries.collect() };
        pipeline::write_text_file(path, Commands::Refused, |out| {
            serde_json::to_writer_pretty(&mut *out, &file)?;
            out.write_all(b"\n")
        })
    }

    /// How many findings it has.
    pub(super) fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// Leaves out the findings that are old, and says where the baseline has more of them than there are; beside input that
    /// cannot be read nobody knows.
    pub(super) fn apply(mut self, path: &Path, compiled: &mut Compiled) {
        let old: Vec<bool> = {
            let (manifests, locator) = (&compiled.compilation.manifests, compiled.locator());
            let is_old = |finding: &Finding| {
                let left = may_be_old(finding).then(|| self.0.get_mut(&known(finding, manifests, &locator))).flatten();
                left.is_some_and(|left| {
                    let is_left = *left > 0;
                    *left = left.saturating_sub(1);
                    is_left
                })
            };
            compiled.findings().iter().map(is_old).collect()
        };
        let Compilation { findings, left_out, .. } = &mut compiled.compilation;
        let mut old = old.into_iter();
        for finding in findings.extract_if(.., |_| old.next() == Some(true)) {
            left_out.push(LeftOut { finding, by: Allowance::Baseline });
        }
        if !compiled.is_input_unreadable && !compiled.compilation.manifests.has_unread {
            let (count, first) = (self.count(), self.0.into_iter().find(|(_, left)| *left > 0));
            compiled.compilation.findings.extend(stale(path, count, first));
        }
    }
}

/// Says that a baseline has findings that are gone.
fn stale(path: &Path, count: usize, first: Option<(Known, usize)>) -> Option<Finding> {
    let (Known { code, object, message, .. }, _) = first?;
    let first = match object {
        Some(object) => format!("{code} on {object}"),
        None => code,
    };
    let told = if count == 1 {
        "1 finding of the baseline is".to_owned()
    } else {
        format!("{count} findings of the baseline are")
    };
    let location = Location::Path(path.to_string_lossy().into_owned());
    Some(
        Finding::new(codes::UNUSED_SUPPRESSION, location, format!("{told} gone, such as {first}: {message}"))
            .consequence("none; should one come back, it would not be told")
            .help("write the baseline again with `--write-baseline`"),
    )
}

/// Whether a finding fails runs and says something of the manifests.
fn may_be_old(finding: &Finding) -> bool {
    let is_of_run = [codes::UNREADABLE, codes::INTERNAL].contains(&finding.code);
    finding.severity() != Severity::Note && !is_of_run && !is_left_to_translate(finding)
}

/// Enough of it to tell texts apart.
fn digest(source: &Source) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, source.text.as_bytes());
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn known(finding: &Finding, manifests: &Manifests, locator: &dyn Locate) -> Known {
    let source = locator.source(&finding.location).filter(|_| finding.object.is_none());
    Known {
        code: finding.code.id().to_owned(),
        object: finding.object.as_ref().map(|object| object.to_string()),
        path: finding.path.as_ref().map(|path| without_positions(&path.to_string())),
        message: without_positions(&words(finding, locator)),
        text: source.map(|source| digest(manifests.sources.get(source))),
    }
}
