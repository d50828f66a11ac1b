//! What files are read from: the file system, or whatever else has directories
//! and symbolic links. One loader walks both, so that the rules are the same.

use std::ffi::OsString;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

impl From<FileType> for EntryKind {
    fn from(kind: FileType) -> Self {
        if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::Link
        } else if kind.is_file() {
            Self::File
        } else {
            Self::Other
        }
    }
}

/// A tree of files.
pub trait Tree: Sync {
    /// The path without symbolic links, `.` and `..`.
    ///
    /// # Errors
    /// When there is nothing at the path.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// What is at a path, symbolic links followed.
    ///
    /// # Errors
    /// When there is nothing at the path.
    fn kind(&self, path: &Path) -> io::Result<EntryKind>;

    /// Name and kind of each entry of a directory, symbolic links as such, in any order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, EntryKind)>>;

    /// The content of a file, and its size where that is known.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read + '_>, u64)>;
}

/// The file system.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Tree for Disk {
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn kind(&self, path: &Path) -> io::Result<EntryKind> {
        Ok(fs::metadata(path)?.file_type().into())
    }

    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, EntryKind)>> {
        let entries = fs::read_dir(directory)?.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type()?.into()))
        });
        entries.collect()
    }

    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read + '_>, u64)> {
        let file = File::open(path)?;
        let size = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        Ok((Box::new(file), size))
    }
}
