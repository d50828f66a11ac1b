//! What the file system reports about directories, and signals. Where it reports nothing, the caller looks by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::diagnostics::escape::path_for_terminal;
use crate::leftovers;

/// Whether the end of writing is reported as well as its beginning. Elsewhere the looks at files have to do.
const ENDS_ARE_REPORTED: bool = cfg!(target_os = "linux");
/// After how long without a word a file counts as written to its end: some are never closed.
const LONGEST_WRITE: Duration = Duration::from_secs(2);

/// What tells a directory from another one that had its name.
type Identity = Option<(u64, u64)>;

#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Elsewhere a directory that takes the place of another is noticed when its files are looked at.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Identity {
    None
}

type Written = Arc<Mutex<BTreeMap<PathBuf, Instant>>>;

fn lock(written: &Written) -> MutexGuard<'_, BTreeMap<PathBuf, Instant>> {
    written.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Something may be different.
    Something,
    /// Nothing within the time.
    Nothing,
}

/// A watch on directories, each by itself without those below it.
#[derive(Debug)]
pub(super) struct Sight {
    wakes: Receiver<()>,
    is_ended: Arc<AtomicBool>,
    watcher: Option<RecommendedWatcher>,
    directories: BTreeSet<PathBuf>,
    /// Those of them that the watcher knows, each with what tells it from another one of its name.
    watched: BTreeMap<PathBuf, Identity>,
    /// Why something is not reported, until it was told.
    complaint: Option<String>,
    has_complained: bool,
    /// The files that somebody writes to, each with when it was last heard of.
    written: Written,
}

impl Sight {
    pub(super) fn new() -> Self {
        let (sender, wakes) = channel();
        let is_ended = Arc::new(AtomicBool::new(false));
        let (ended, wake) = (Arc::clone(&is_ended), sender.clone());
        let written = Written::default();
        leftovers::heed(move || {
            ended.store(true, Ordering::SeqCst);
            // Without a receiver the run is over.
            let _ = wake.send(());
        });
        let mut sight = Self {
            wakes,
            is_ended,
            watcher: None,
            directories: BTreeSet::new(),
            watched: BTreeMap::new(),
            complaint: None,
            has_complained: false,
            written: Arc::clone(&written),
        };
        match watcher(sender, written) {
            Ok(watcher) => sight.watcher = Some(watcher),
            Err(error) => sight.complain(format!("changes of files are not reported ({error})")),
        }
        sight
    }

    /// Whether the run is to end.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::SeqCst)
    }

    /// Whether one of these files is open for somebody who writes to it.
    pub(super) fn is_any_written(&self, files: &[PathBuf]) -> bool {
        let mut written = lock(&self.written);
        written.retain(|_, heard| heard.elapsed() < LONGEST_WRITE);
        // What is reported is called by the directory that is watched, which may be the one behind a link.
        let is_written = |path: Option<PathBuf>| path.is_some_and(|path| written.contains_key(&path));
        let is_one =
            |file: &PathBuf| is_written(std::path::absolute(file).ok()) || is_written(file.canonicalize().ok());
        !written.is_empty() && files.iter().any(is_one)
    }

    pub(super) fn directories(&self) -> &BTreeSet<PathBuf> {
        &self.directories
    }

    /// Watches these directories from now on, and no others.
    pub(super) fn follow(&mut self, directories: BTreeSet<PathBuf>) {
        self.directories = directories;
        let Some(watcher) = &mut self.watcher else { return };
        let there: BTreeMap<PathBuf, Identity> =
            self.directories.iter().map(|path| (path.clone(), identity(path))).collect();
        let before = std::mem::replace(&mut self.watched, there);
        // Another directory of the same name may have taken the place of one that was watched. One that is watched already
        // stays so: nothing that happens in it is missed.
        for (gone, _) in before.iter().filter(|(path, old)| self.watched.get(*path) != Some(*old)) {
            // What is no longer there is no longer watched.
            let _ = watcher.unwatch(gone);
        }
        let mut complaint = None;
        for directory in self.watched.iter().filter(|(path, new)| before.get(*path) != Some(*new)).map(|(path, _)| path)
        {
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                Err(error) if directory.is_dir() => {
                    complaint = Some(format!("`{}` cannot be watched ({error})", path_for_terminal(directory)));
                }
                _ => {}
            }
        }
        complaint.into_iter().for_each(|why| self.complain(why));
    }

    /// Waits until something comes, and takes everything that came.
    pub(super) fn wait(&self, limit: Duration) -> Seen {
        if self.wakes.recv_timeout(limit).is_err() {
            return Seen::Nothing;
        }
        while self.wakes.try_recv().is_ok() {}
        Seen::Something
    }

    /// Why changes are not reported, once.
    pub(super) fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    fn complain(&mut self, why: String) {
        if !self.has_complained {
            self.has_complained = true;
            self.complaint = Some(why);
        }
    }
}

/// Notes who writes to what.
fn note(written: &Written, event: &Event) {
    let mut written = lock(written);
    match event.kind {
        EventKind::Modify(ModifyKind::Data(_)) if ENDS_ARE_REPORTED => {
            written.extend(event.paths.iter().map(|path| (path.clone(), Instant::now())));
        }
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Remove(_)
        | EventKind::Modify(ModifyKind::Name(_)) => {
            for path in &event.paths {
                written.remove(path);
            }
        }
        _ => {}
    }
}

/// Sends a wake for whatever may have changed a file.
fn watcher(sender: Sender<()>, written: Written) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = &event {
            note(&written, event);
        }
        // Files are read here as well, which is reported too.
        let is_reading = |kind: &EventKind| match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
            EventKind::Access(_) => true,
            _ => false,
        };
        if !event.as_ref().is_ok_and(|event| is_reading(&event.kind)) {
            // Without a receiver the run is over.
            let _ = sender.send(());
        }
    })
}
