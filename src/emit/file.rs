//! Output files: complete or not at all.
//!
//! Stage: emit. Input: a path and something that writes. Output: the file.
//! Invariants: a reader of the path sees the old content or the whole new
//! content; a failed run leaves the old file; a private key never lies in a
//! file that others may read; nothing here panics or prints.

use std::error::Error;
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Who may read a written file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The owner alone (mode 0600): the file holds a private key.
    Private,
    /// As an existing file says, else as the process's umask says.
    Ordinary,
}

/// Why an output could not be written.
#[derive(Debug)]
pub enum FileError {
    /// The reader of a pipe is gone. It has what it wanted: exit quietly.
    BrokenPipe,
    /// The path names a directory.
    IsDirectory(PathBuf),
    /// The directory of the file does not exist.
    NoDirectory(PathBuf),
    /// The disk or the quota is full; the old file is as it was.
    Full(PathBuf),
    /// Anything else that the system answered; `None` is standard output.
    Io(Option<PathBuf>, io::Error),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenPipe => f.write_str("the reader of the output is gone"),
            Self::IsDirectory(path) => write!(f, "cannot write `{}`: it is a directory", path.display()),
            Self::NoDirectory(path) => write!(f, "cannot write `{}`: its directory does not exist", path.display()),
            Self::Full(path) => write!(f, "cannot write `{}`: no space is left", path.display()),
            Self::Io(Some(path), error) => write!(f, "cannot write `{}`: {error}", path.display()),
            Self::Io(None, error) => write!(f, "cannot write to standard output: {error}"),
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Writes a file: into a temporary file in the same directory, which then takes
/// the place of the old one.
///
/// A symbolic link stays, and its target is replaced. What is no regular file
/// (`/dev/null`, `/dev/stdout`, a FIFO) is written directly. An existing file
/// keeps its permissions, except that [`Access::Private`] narrows them to 0600.
///
/// # Errors
/// See [`FileError`]; the old file is as it was, unless it is written directly.
pub fn write_file(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let target = resolve_links(path).map_err(|error| explain(path, error))?;
    match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => Err(FileError::IsDirectory(path.to_path_buf())),
        Ok(metadata) if metadata.is_file() => replace(path, &target, access, Some(metadata.permissions()), write),
        Ok(_) => write_directly(path, &target, write),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(path, &target, access, None, write),
        Err(error) => Err(explain(path, error)),
    }
}

/// Writes to standard output, or to whatever stands for it.
///
/// # Errors
/// See [`FileError`]; [`FileError::BrokenPipe`] asks for a quiet end.
pub fn write_stream(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    write(out).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => FileError::BrokenPipe,
        _ => FileError::Io(None, error),
    })
}

/// Follows symbolic links to the path that is to be replaced, which need not exist.
fn resolve_links(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = fs::read_link(&target)?;
                // The links of `/proc/self/fd` name what no path reaches.
                if !link.is_absolute() && fs::metadata(&target).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
                    return Ok(target);
                }
                target = target.parent().unwrap_or(Path::new("")).join(link);
            }
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// Writes beside the target and renames.
fn replace(
    path: &Path,
    target: &Path,
    access: Access,
    existing: Option<Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if target.file_name().is_none() {
        return Err(FileError::IsDirectory(path.to_path_buf()));
    }
    let fail = |error| explain(path, error);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gwctl-").suffix(".tmp");
    if access == Access::Ordinary {
        builder.permissions(ordinary_permissions());
    }
    let temporary = builder.tempfile_in(directory).map_err(fail)?;
    if let (Access::Ordinary, Some(permissions)) = (access, existing) {
        temporary.as_file().set_permissions(permissions).map_err(fail)?;
    }
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out).and_then(|()| out.flush()).map_err(fail)?;
    drop(out);
    temporary.persist(target).map(drop).map_err(|error| fail(error.error))
}

/// The permissions of a new file before the umask is taken off.
#[cfg(unix)]
fn ordinary_permissions() -> Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Writes into a device or a FIFO, which has no content to protect.
fn write_directly(
    path: &Path,
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let file: File = OpenOptions::new().write(true).open(target).map_err(|error| explain(path, error))?;
    let mut out = BufWriter::new(file);
    write(&mut out).and_then(|()| out.flush()).map_err(|error| explain(path, error))
}

/// What an error of the system means for this path.
fn explain(path: &Path, error: io::Error) -> FileError {
    let path = path.to_path_buf();
    match error.kind() {
        io::ErrorKind::BrokenPipe => FileError::BrokenPipe,
        io::ErrorKind::IsADirectory => FileError::IsDirectory(path),
        io::ErrorKind::NotFound => FileError::NoDirectory(path),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::Full(path),
        _ => FileError::Io(Some(path), error),
    }
}
