//! Follows manifests while they are edited: `translate --watch` and `run`.
//!
//! [`Follower`] says when the input has changed and is at rest, with its text. What the file system reports only wakes it:
//! whether there is something new is decided by the files themselves, so that no event can be missed for good.

mod output;
mod refused;
mod sight;

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::args::InputPaths;
use super::diff;
use super::given;
use super::pipeline::{self, Compiled, InputText};
use super::streams::Streams;
use crate::diagnostics::Finding;
use crate::diagnostics::escape::path_for_terminal;
use crate::options::{Options, SettingsFile};
use crate::parser::load::Disk;
use crate::parser::source::Source;

pub(super) use output::keep;
use sight::{Seen, Sight};

/// How often files are looked at although nobody reported anything, and how long a caller waits at most to be asked again.
const TICK: Duration = Duration::from_secs(1);
/// How long nothing may change until an edit counts as done: editors write several files, and some in several steps.
const REST: Duration = Duration::from_millis(40);
/// How long a change may go on until a shorter rest is enough.
const PATIENCE: Duration = Duration::from_secs(1);
/// The shorter rest: a file that is being written is never taken, and edits that follow each other in haste are.
const SHORT_REST: Duration = Duration::from_millis(4);

/// How long a file has to be empty until that is an edit.
const BLANK_REST: Duration = Duration::from_millis(500);

/// What happened.
#[derive(Debug)]
pub(super) enum Next {
    /// The input is another one than before: its text.
    Edited(InputText),
    /// Nothing for a while.
    Idle,
    /// The run is to end.
    Ended,
}

/// Follows the files of the input.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    input: InputPaths<'a>,
    options: Options,
    /// The settings files that were read, each with its text then.
    settings: Vec<(PathBuf, Option<Vec<u8>>)>,
    /// The files of `--certificate` and `--ca`.
    given: Vec<PathBuf>,
    sight: Sight,
    /// The files that the last text came from.
    files: Vec<PathBuf>,
    /// What the last text was, and what its files looked like.
    text: Option<u64>,
    look: u64,
    /// The files that had no text.
    blank: BTreeSet<String>,
}

impl<'a> Follower<'a> {
    /// From now on a signal ends the run by [`Next::Ended`].
    pub(super) fn new(input: InputPaths<'a>, options: &Options) -> Self {
        let read = |file: &SettingsFile| (PathBuf::from(&file.path), fs::read(&file.path).ok());
        let settings = options.settings.iter().map(read).collect();
        Self {
            input,
            options: options.clone(),
            settings,
            given: given::files(options).map(|file| PathBuf::from(&file.path)).collect(),
            sight: Sight::new(),
            files: Vec::new(),
            text: None,
            look: 0,
            blank: BTreeSet::new(),
        }
    }

    /// Waits for something to happen. The first call returns the input as it is.
    pub(super) fn next(&mut self, streams: &mut Streams<'_>) -> Next {
        if self.text.is_some() && !self.wait() {
            return if self.sight.is_ended() { Next::Ended } else { Next::Idle };
        }
        let Some(text) = self.read_at_rest() else { return Next::Ended };
        self.tell_settings(streams);
        if let Some(why) = self.sight.take_complaint() {
            streams.tell(&format!("warning: {why}: files are looked at every second instead"));
        }
        let digest = digest(&text, &self.given);
        if self.text.replace(digest) == Some(digest) { Next::Idle } else { Next::Edited(text) }
    }

    /// Whether the files look different; not, when nothing came in time or the run is to end.
    fn wait(&mut self) -> bool {
        let started = Instant::now();
        loop {
            let left = TICK.saturating_sub(started.elapsed());
            let seen = self.sight.wait(left);
            if self.sight.is_ended() {
                return false;
            }
            if self.look() != self.look {
                return true;
            }
            if seen == Seen::Nothing {
                return false;
            }
        }
    }

    /// What everything looks like that may change the input.
    fn look(&self) -> u64 {
        let directories = self.sight.directories();
        // What git ignores is not read.
        let rules: Vec<PathBuf> = directories.iter().map(|directory| directory.join(".gitignore")).collect();
        look_of(directories.iter().chain(&rules).chain(&self.files).chain(&self.given))
    }

    /// Reads the input between two looks at its files that are the same; `None` when the run is to end.
    fn read_at_rest(&mut self) -> Option<InputText> {
        let started = Instant::now();
        let mut blank_since: Option<(u64, Instant)> = None;
        loop {
            self.sight.follow(self.directories());
            let before = self.look();
            thread::sleep(if started.elapsed() < PATIENCE { REST } else { SHORT_REST });
            if self.sight.is_ended() {
                return None;
            }
            if (self.sight.is_any_written(&self.files) || self.sight.is_any_written(&self.given))
                || self.look() != before
            {
                continue;
            }
            let text = pipeline::read(&Disk, self.input, &self.options, &mut io::empty());
            if self.look() != before {
                continue;
            }
            // Files and directories that are new to us have to rest as well.
            let files: Vec<PathBuf> = text.sources.sources.iter().map(|source| PathBuf::from(&source.name)).collect();
            let is_known = files == self.files;
            self.files = files;
            if !is_known || !self.directories().is_subset(self.sight.directories()) {
                continue;
            }
            // A file is empty for a moment when it is written from its beginning.
            let blank: BTreeSet<String> = text
                .sources
                .sources
                .iter()
                .filter(|one| one.text.trim().is_empty())
                .map(|one| one.name.clone())
                .collect();
            if !blank.is_subset(&self.blank) {
                // The same empty file, and not another one each time.
                let since =
                    blank_since.filter(|(look, _)| *look == before).map_or_else(Instant::now, |(_, since)| since);
                blank_since = Some((before, since));
                if since.elapsed() < BLANK_REST {
                    continue;
                }
            }
            self.blank = blank;
            self.look = before;
            return Some(text);
        }
    }

    /// The directories in which something may happen that changes the input.
    fn directories(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for root in self.input.paths.iter().chain(self.input.context) {
            add_surroundings(root, &mut found);
            add_tree(root, &mut found);
        }
        for file in self.files.iter().chain(&self.given).chain(self.settings.iter().map(|(file, _)| file)) {
            found.extend(parent(file).filter(|parent| parent.is_dir()));
            // Behind a link a file is edited where it lies, and a link on the way may lead elsewhere.
            found.extend(fs::canonicalize(file).ok().as_deref().and_then(parent));
        }
        self.given.iter().for_each(|file| add_surroundings(file, &mut found));
        found
    }

    /// Says that settings are another ones now, once for each time.
    fn tell_settings(&mut self, streams: &mut Streams<'_>) {
        for (path, text) in &mut self.settings {
            let now = fs::read(&path).ok();
            if now != *text {
                *text = now;
                let path = path_for_terminal(path);
                streams.tell(&format!("warning: `{path}` has changed: start gwctl again to take its settings"));
            }
        }
    }
}

/// Everything that is read, as a number.
fn digest(text: &InputText, given: &[PathBuf]) -> u64 {
    // What rules cover follows from the names of the files.
    let InputText { sources, is_unreadable, findings, rules: _ } = text;
    let mut hasher = DefaultHasher::new();
    // What cannot be read is what it was before.
    given.iter().filter_map(|file| fs::read(file).ok()).for_each(|content| content.hash(&mut hasher));
    is_unreadable.hash(&mut hasher);
    for Source { name, text, found, context, kept } in &sources.sources {
        (name, text, found, context, kept).hash(&mut hasher);
    }
    for finding in findings.findings() {
        (finding.code.id(), &finding.message).hash(&mut hasher);
    }
    hasher.finish()
}

/// What files and directories look like without being read, as a number. Links are followed.
fn look_of<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        let metadata = fs::metadata(path).ok();
        let look = metadata.map(|metadata| (metadata.modified().ok(), metadata.len(), metadata.is_dir()));
        (path, look).hash(&mut hasher);
    }
    hasher.finish()
}

fn parent(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() })
}

/// Where it is seen that a path comes, goes or leads elsewhere: the nearest directory above it that is there, and those of
/// the links on the way.
fn add_surroundings(path: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(absolute) = std::path::absolute(path) else { return };
    found.extend(absolute.ancestors().skip(1).find(|above| above.is_dir()).map(Path::to_path_buf));
    for part in absolute.ancestors() {
        if fs::symlink_metadata(part).is_ok_and(|metadata| metadata.is_symlink()) {
            found.extend(parent(part));
        }
    }
}

/// A directory and those below it, without hidden ones and links, as manifests are read from it.
fn add_tree(root: &Path, found: &mut BTreeSet<PathBuf>) {
    let mut left = vec![root.to_path_buf()];
    while let Some(directory) = left.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        let below = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let shown = below.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
        left.extend(shown.map(|entry| entry.path()));
        found.insert(directory);
    }
}

/// A finding as the one that it was before an edit: its place may have moved.
pub(super) type Known = (&'static str, String);

/// The findings of a compilation, to be known later.
pub(super) fn known(compiled: &Compiled) -> BTreeSet<Known> {
    compiled.findings().iter().map(known_as).collect()
}

/// As what a finding is known.
pub(super) fn known_as(finding: &Finding) -> Known {
    (finding.code.id(), finding.message.clone())
}

/// Says what an edit does to traffic, a line for each change.
pub(super) fn tell_changes(old: &Compiled, new: &Compiled, options: &Options, streams: &mut Streams<'_>) {
    match diff::lines(&old.compilation, &new.compilation, options, (streams.color_stderr, &|_| false)) {
        Ok(lines) if lines.is_empty() => streams.tell("  no difference for traffic"),
        Ok(lines) => lines.iter().for_each(|line| streams.tell(&format!("  {line}"))),
        // There was nothing before that could be compared.
        Err(why) => streams.tell(&format!("  not compared: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_directories_and_links_are_not_followed_and_missing_ones_are_awaited() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["a/b", "a/.git", "c"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let mut found = BTreeSet::new();
        add_tree(&root.path().join("a"), &mut found);
        assert_eq!(found, [root.path().join("a"), root.path().join("a/b")].into());
        found.clear();
        add_surroundings(&root.path().join("gone/deeper/file.yaml"), &mut found);
        assert!(found.contains(root.path()), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn the_directories_of_links_on_the_way_are_watched() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("v1/manifests")).unwrap();
        std::os::unix::fs::symlink("v1", root.path().join("current")).unwrap();
        let mut found = BTreeSet::new();
        add_surroundings(&root.path().join("current/manifests"), &mut found);
        assert!(found.contains(root.path()) && found.contains(&root.path().join("current")), "{found:?}");
    }
}
