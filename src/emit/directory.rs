//! A directory of configuration files that gwctl made, and that a proxy watches.
//!
//! Stage: emit. Input: a directory, and files with their content. Output: the files. Invariants: only a directory that is
//! empty, or that gwctl made, is written to; of what lies there only files that gwctl has written are ever removed, also
//! after a run that was cut off; a file is replaced as a whole, and only when its content changes; two processes never
//! write at a time.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::file::{Access, FileError, explain, refuse_links, replace_if_changed};

/// The file that says that a directory is gwctl's, and lists what gwctl wrote there.
const MARKER: &str = ".gwctl";
const HEAD: &str = "# gwctl made this directory. It replaces and removes the files below, and no others.\n";
/// What a run that was killed leaves behind.
const TEMPORARY: (&str, &str) = (".gwctl-", ".tmp");

/// Why a directory cannot be written.
#[derive(Debug)]
pub enum DirectoryError {
    /// Something else made it.
    Foreign(PathBuf),
    /// Another process writes there.
    Busy(PathBuf),
    /// A file stands where one is to be written, and gwctl did not write it.
    NotOurs(PathBuf),
    /// A file in it could not be written or read.
    File(FileError),
}

impl std::fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign(path) => write!(
                f,
                "`{}` holds files and gwctl did not make it: nothing is written there; name a new or an empty directory",
                path.display()
            ),
            Self::NotOurs(path) => {
                write!(f, "`{}` is there and gwctl did not write it: nothing is written; move it away", path.display())
            }
            Self::Busy(path) => write!(f, "another gwctl writes `{}`", path.display()),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DirectoryError {}

impl From<FileError> for DirectoryError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// A directory of files, locked for as long as this value lives.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// Everything that gwctl may have written here, by its path below the root.
    listed: BTreeSet<String>,
    /// What of it this process has written last.
    current: BTreeSet<String>,
    lock: File,
}

impl Directory {
    /// Opens a directory, or makes it.
    ///
    /// # Errors
    /// When it is not gwctl's, when another process writes there, or what the system answered.
    pub fn open(root: &Path) -> Result<Self, DirectoryError> {
        let fail = |error| DirectoryError::File(explain(root, error));
        fs::create_dir_all(root).map_err(fail)?;
        let marker = root.join(MARKER);
        let is_ours = Self::is_ours(root);
        if !is_ours && fs::read_dir(root).map_err(fail)?.next().is_some() {
            return Err(DirectoryError::Foreign(root.to_path_buf()));
        }
        // The directory itself is locked: the marker is replaced.
        let lock = File::open(root).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DirectoryError::Busy(root.to_path_buf())),
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        let text = if is_ours { fs::read_to_string(&marker).map_err(fail)? } else { String::new() };
        let listed = text.lines().filter(|line| is_below(line)).map(str::to_owned).collect();
        let directory = Self { root: root.to_path_buf(), listed, current: BTreeSet::new(), lock };
        directory.write_marker()?;
        directory.sweep();
        Ok(directory)
    }

    /// Opens it again after its files, or it itself, went. What is left of it is ours as long as it is the same directory.
    ///
    /// # Errors
    /// As those of [`Directory::open`].
    pub fn reopen(self) -> Result<Self, DirectoryError> {
        let is_same = match (self.lock.metadata(), fs::metadata(&self.root)) {
            (Ok(ours), Ok(there)) => is_same(&ours, &there),
            _ => false,
        };
        if is_same {
            self.write_marker()?;
            return Ok(self);
        }
        let root = self.root.clone();
        drop(self);
        Self::open(&root)
    }

    /// Its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the directory is still the one that was opened: it may have been removed since.
    pub fn is_there(&self) -> bool {
        Self::is_ours(&self.root)
    }

    /// Whether gwctl made a directory.
    pub fn is_ours(root: &Path) -> bool {
        fs::symlink_metadata(root.join(MARKER)).is_ok_and(|metadata| metadata.is_file())
    }

    /// Whether a file of ours is there.
    pub fn has(&self, name: &str) -> bool {
        self.listed.contains(name)
            && fs::symlink_metadata(self.root.join(name)).is_ok_and(|metadata| metadata.is_file())
    }

    /// The files of ours in a folder, whether they are there or not.
    pub fn listed<'d>(&'d self, folder: &'d str) -> impl Iterator<Item = &'d str> {
        let is_in = move |name: &&String| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.listed.iter().filter(is_in).map(String::as_str)
    }

    /// The content of a file of ours.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.has(name).then(|| fs::read(self.root.join(name)).ok()).flatten()
    }

    /// Announces the files that are there when the run ends, so that they are known as ours however it does.
    ///
    /// # Errors
    /// When one of them is somebody else's, or what the system answered.
    pub fn announce<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Result<(), DirectoryError> {
        self.current = names.into_iter().map(str::to_owned).collect();
        let new: Vec<&String> = self.current.difference(&self.listed).collect();
        if let Some(name) = new.iter().find(|name| fs::symlink_metadata(self.root.join(name)).is_ok()) {
            return Err(DirectoryError::NotOurs(self.root.join(name)));
        }
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<String> = new.into_iter().cloned().collect();
        self.listed.extend(new);
        self.write_marker()
    }

    /// A file of the last run that is gone.
    pub fn missing(&self) -> Option<PathBuf> {
        self.current.iter().map(|name| self.root.join(name)).find(|path| fs::symlink_metadata(path).is_err())
    }

    /// Writes an announced file unless it has this content; tells whether it was written.
    ///
    /// # Errors
    /// What the system answered; the old file is as it was.
    pub fn write(&self, name: &str, access: Access, content: &[u8]) -> Result<bool, DirectoryError> {
        debug_assert!(self.listed.contains(name), "{name} was not announced");
        if !self.is_there() {
            // Made anew on the way, it would hold files and not be known as ours.
            return Err(FileError::NoDirectory(self.root.join(name)).into());
        }
        let path = self.root.join(name);
        refuse_links(&self.root, &path)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| explain(parent, error))?;
        }
        Ok(replace_if_changed(&path, access, content)?)
    }

    /// All files of ours, whether they are there or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(String::as_str)
    }

    /// How many files of ours are not among these.
    pub fn count_stale(&self, names: &BTreeSet<String>) -> usize {
        self.listed.difference(names).filter(|name| self.root.join(name).exists()).count()
    }

    /// Removes the files of ours that are not among these; tells how many there were.
    ///
    /// # Errors
    /// What the system answered.
    pub fn retain(&mut self, names: &BTreeSet<String>) -> Result<usize, DirectoryError> {
        let stale: Vec<String> = self.listed.difference(names).cloned().collect();
        for name in &stale {
            let path = self.root.join(name);
            refuse_links(&self.root, &path)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(explain(&path, error).into()),
                _ => {}
            }
        }
        self.listed = names.clone();
        if !stale.is_empty() {
            self.write_marker()?;
        }
        Ok(stale.len())
    }

    fn write_marker(&self) -> Result<(), DirectoryError> {
        let lines = self.listed.iter().flat_map(|name| [name.as_str(), "\n"]);
        let text: String = std::iter::once(HEAD).chain(lines).collect();
        replace_if_changed(&self.root.join(MARKER), Access::Ordinary, text.as_bytes())?;
        Ok(())
    }

    /// Removes temporary files of a run that was killed.
    fn sweep(&self) {
        let folders: BTreeSet<&Path> = self.listed.iter().filter_map(|name| Path::new(name).parent()).collect();
        for folder in folders.into_iter().chain([Path::new("")]) {
            for entry in fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1) {
                    // One that stays does no harm.
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_one: &fs::Metadata, _other: &fs::Metadata) -> bool {
    false
}

/// Whether a line of the marker is the path of a file below its directory.
fn is_below(line: &str) -> bool {
    let mut parts = Path::new(line).components().peekable();
    parts.peek().is_some()
        && !line.starts_with('#')
        && parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<_> = walkdir::WalkDir::new(root)
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().is_file() && entry.file_name() != MARKER)
            .map(|entry| entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("mine"), "x").unwrap();
        assert!(matches!(Directory::open(directory.path()), Err(DirectoryError::Foreign(_))));
        assert_eq!(names(directory.path()), ["mine"]);
    }

    #[test]
    fn only_files_of_ours_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let mut ours = Directory::open(directory.path()).unwrap();
        ours.announce(["a.yaml", "b/c.yaml"]).unwrap();
        assert!(ours.write("a.yaml", Access::Ordinary, b"1").unwrap());
        assert!(ours.write("b/c.yaml", Access::Private, b"2").unwrap());
        assert!(!ours.write("a.yaml", Access::Ordinary, b"1").unwrap());
        fs::write(directory.path().join("b/other"), "x").unwrap();
        drop(ours);
        let mut again = Directory::open(directory.path()).unwrap();
        assert!(again.has("b/c.yaml") && !again.has("b/other"));
        assert_eq!(again.retain(&set(&["a.yaml"])).unwrap(), 1);
        assert_eq!(names(directory.path()), ["a.yaml", "b/other"]);
    }

    #[test]
    fn a_file_of_somebody_else_is_not_replaced_and_one_that_goes_is_missed() {
        let directory = tempfile::tempdir().unwrap();
        let mut ours = Directory::open(directory.path()).unwrap();
        ours.announce(["a.yaml"]).unwrap();
        ours.write("a.yaml", Access::Ordinary, b"1").unwrap();
        fs::write(directory.path().join("mine.yaml"), "x").unwrap();
        assert!(matches!(ours.announce(["a.yaml", "mine.yaml"]), Err(DirectoryError::NotOurs(_))));
        fs::remove_file(directory.path().join("mine.yaml")).unwrap();
        ours.announce(["a.yaml"]).unwrap();
        assert_eq!(ours.missing(), None);
        fs::remove_file(directory.path().join("a.yaml")).unwrap();
        assert_eq!(ours.missing(), Some(directory.path().join("a.yaml")));
    }

    #[test]
    fn what_a_killed_run_announced_or_left_is_ours() {
        let directory = tempfile::tempdir().unwrap();
        let mut ours = Directory::open(directory.path()).unwrap();
        ours.announce(["a.yaml", "never.yaml"]).unwrap();
        ours.write("a.yaml", Access::Ordinary, b"1").unwrap();
        fs::write(directory.path().join(".gwctl-x.tmp"), "x").unwrap();
        drop(ours);
        let mut again = Directory::open(directory.path()).unwrap();
        again.retain(&BTreeSet::new()).unwrap();
        assert!(names(directory.path()).is_empty(), "{:?}", names(directory.path()));
    }

    #[test]
    fn a_directory_whose_files_went_is_ours_still_and_another_one_is_not() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("out");
        let mut ours = Directory::open(&root).unwrap();
        ours.announce(["a.yaml"]).unwrap();
        ours.write("a.yaml", Access::Ordinary, b"1").unwrap();
        fs::remove_file(root.join(MARKER)).unwrap();
        assert!(!ours.is_there());
        let ours = ours.reopen().unwrap();
        assert!(ours.is_there() && ours.has("a.yaml"));
        fs::rename(&root, outer.path().join("away")).unwrap();
        assert!(ours.write("a.yaml", Access::Ordinary, b"2").is_err() && !root.exists());
        let ours = ours.reopen().unwrap();
        assert!(ours.is_there() && !ours.has("a.yaml"));
        fs::rename(&root, outer.path().join("further")).unwrap();
        fs::create_dir(&root).unwrap();
        fs::write(root.join("mine"), "x").unwrap();
        assert!(matches!(ours.reopen(), Err(DirectoryError::Foreign(_))));
    }

    #[test]
    fn one_process_writes_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let ours = Directory::open(directory.path()).unwrap();
        assert!(matches!(Directory::open(directory.path()), Err(DirectoryError::Busy(_))));
        drop(ours);
        Directory::open(directory.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_or_removed_through_a_link() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut ours = Directory::open(directory.path()).unwrap();
        ours.announce(["sds/a.yaml"]).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), directory.path().join("sds")).unwrap();
        fs::write(elsewhere.path().join("a.yaml"), "kept").unwrap();
        assert!(ours.write("sds/a.yaml", Access::Private, b"key").is_err());
        assert!(ours.retain(&BTreeSet::new()).is_err());
        assert_eq!(fs::read_to_string(elsewhere.path().join("a.yaml")).unwrap(), "kept");
    }

    #[test]
    fn a_marker_never_leads_out_of_its_directory() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("kept"), "x").unwrap();
        let root = outer.path().join("ours");
        fs::create_dir(&root).unwrap();
        fs::write(root.join(MARKER), format!("{HEAD}../kept\n{}\n", outer.path().join("kept").display())).unwrap();
        Directory::open(&root).unwrap().retain(&BTreeSet::new()).unwrap();
        assert!(outer.path().join("kept").is_file());
    }
}
