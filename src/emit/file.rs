//! Output files: complete or not at all.
//!
//! Stage: emit. Input: a path and something that writes. Output: the file.
//! Invariants: a reader of the path sees the old content or the whole new
//! content; a failed run leaves the old file; a private key never lies in a
//! file that others may read; nothing here panics or prints.

use std::error::Error;
use std::fmt;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::leftovers;

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
    /// The path leads out of the directory that was named for it.
    Outside(PathBuf),
    /// What would be written to leads elsewhere.
    Link(PathBuf),
    /// Something that is no file stands there.
    NoFile(PathBuf),
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
            Self::Outside(path) => {
                write!(f, "cannot write `{}`: it is not below the directory for secrets", path.display())
            }
            Self::Link(path) => {
                write!(f, "nothing is written through `{}`: it is a symbolic link", path.display())
            }
            Self::NoFile(path) => write!(f, "cannot write `{}`: it is no file", path.display()),
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

/// Writes a file for its owner alone below a directory that the user named,
/// unless it has this content and mode already: whoever watches it is not woken
/// in vain. The directories on the way are made, for the owner alone as well.
///
/// Nothing is written through a symbolic link below `root`: whoever can make
/// one there would choose where a key goes.
///
/// # Errors
///
/// What the system answered; the old file is as it was.
pub fn write_private_file(root: &Path, path: &Path, content: &[u8]) -> Result<(), FileError> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    if let Some(directory) = directory {
        refuse_links(root, path)?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory).map_err(|error| explain(path, error))?;
    }
    refuse_links(root, path)?;
    replace_if_changed(path, Access::Private, content).map(drop)
}

/// Replaces a file of ours unless it has this content, and is for its owner alone where it has to be; tells whether it
/// was replaced. Nothing that is no file is replaced.
///
/// # Errors
///
/// What the system answered; the old file is as it was.
pub(super) fn replace_if_changed(path: &Path, access: Access, content: &[u8]) -> Result<bool, FileError> {
    let existing = match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(FileError::NoFile(path.to_path_buf())),
        Ok(metadata) => Some(metadata.permissions()),
        Err(_) => None,
    };
    let is_right = access == Access::Ordinary || is_private(path);
    if existing.is_some() && is_right && fs::read(path).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    // The file itself is replaced, so that a link that comes meanwhile is replaced as well.
    let existing = existing.filter(|_| access == Access::Ordinary);
    replace(path, path, access, existing, |out| out.write_all(content)).map(|()| true)
}

/// Refuses a path that leads through a symbolic link below `root`, or out of it.
pub(super) fn refuse_links(root: &Path, path: &Path) -> Result<(), FileError> {
    let outside = || FileError::Outside(path.to_path_buf());
    let below = path.strip_prefix(root).map_err(|_| outside())?;
    let mut current = root.to_path_buf();
    for component in below.components() {
        let std::path::Component::Normal(name) = component else { return Err(outside()) };
        current.push(name);
        if fs::symlink_metadata(&current).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(FileError::Link(current));
        }
    }
    Ok(())
}

/// Whether nobody but the owner may read a file.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    let mode = |metadata: fs::Metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    fs::metadata(path).is_ok_and(|metadata| mode(metadata) & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_path: &Path) -> bool {
    true
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
    let target = match find_target(path).map_err(|error| explain(path, error))? {
        Target::Stream(stream) => return write_directly(path, &stream, write),
        Target::File(target) => target,
    };
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

/// What a path stands for, its symbolic links followed.
enum Target {
    /// One of the process's own open files, which only its link reaches.
    Stream(PathBuf),
    /// A file, which need not exist.
    File(PathBuf),
}

/// Which of the streams that terminals and logs keep a path stands for, as messages name it: `/dev/stdout` and all
/// that leads to the same place.
pub fn standard_stream(path: &Path) -> Option<&'static str> {
    let Ok(Target::Stream(stream)) = find_target(path) else { return None };
    let own = format!("/proc/{}/fd", std::process::id());
    let is_of_process = ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd", &own];
    let directory = stream.parent().filter(|parent| is_of_process.iter().any(|own| *parent == Path::new(own)));
    match directory.and(stream.file_name()).and_then(|name| name.to_str()) {
        Some("1") => Some("standard output"),
        Some("2") => Some("standard error"),
        _ => None,
    }
}

/// Follows symbolic links to what is to be written.
fn find_target(path: &Path) -> io::Result<Target> {
    const MOST_LINKS: usize = 40;
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        // `/dev/stdout` leads here, whatever it is redirected to.
        if target.starts_with("/proc") || target.starts_with("/dev/fd") {
            return Ok(Target::Stream(target));
        }
        match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = fs::read_link(&target)?;
                target = target.parent().unwrap_or(Path::new("")).join(link);
            }
            Ok(_) => return Ok(Target::File(target)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Target::File(target)),
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
    #[cfg(unix)]
    if access == Access::Ordinary {
        // The umask is taken off; without this the file would be for the owner alone. It never has more readers than
        // the file that it takes the place of.
        let ordinary = || std::os::unix::fs::PermissionsExt::from_mode(0o666);
        builder.permissions(existing.clone().unwrap_or_else(ordinary));
    }
    // A signal removes it, and so does every error below.
    let (temporary, _ticket) = leftovers::file(|| builder.tempfile_in(directory)).map_err(fail)?;
    if let (Access::Ordinary, Some(permissions)) = (access, existing) {
        temporary.as_file().set_permissions(permissions).map_err(fail)?;
    }
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out).and_then(|()| out.flush()).map_err(fail)?;
    drop(out);
    temporary.persist(target).map(drop).map_err(|error| fail(error.error))
}

/// Writes into a device, a FIFO or an open file, which has no content to protect.
fn write_directly(
    path: &Path,
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    // What another process wrote into the same open file stays.
    let file = OpenOptions::new().append(true).open(target).map_err(|error| explain(path, error))?;
    let mut out = BufWriter::new(file);
    write(&mut out).and_then(|()| out.flush()).map_err(|error| explain(path, error))
}

/// What an error of the system means for this path.
pub(super) fn explain(path: &Path, error: io::Error) -> FileError {
    let path = path.to_path_buf();
    match error.kind() {
        io::ErrorKind::BrokenPipe => FileError::BrokenPipe,
        io::ErrorKind::IsADirectory => FileError::IsDirectory(path),
        io::ErrorKind::NotFound => FileError::NoDirectory(path),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::Full(path),
        _ => FileError::Io(Some(path), error),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn put(path: &Path, access: Access, text: &str) -> Result<(), FileError> {
        write_file(path, access, |out| out.write_all(text.as_bytes()))
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_run_leaves_the_old_file_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("envoy.yaml");
        fs::write(&path, "old").unwrap();
        let error = write_file(&path, Access::Ordinary, |out| {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(error, Err(FileError::Full(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["envoy.yaml"]);
    }

    #[test]
    fn an_existing_file_keeps_its_permissions_unless_it_must_be_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("envoy.yaml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        put(&path, Access::Ordinary, "new").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o664));
        put(&path, Access::Private, "key").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("key", 0o600));
    }

    #[test]
    fn a_new_file_is_private_only_when_asked() {
        let directory = tempfile::tempdir().unwrap();
        let (plain, expected) = (directory.path().join("plain"), directory.path().join("expected"));
        fs::write(&expected, "").unwrap();
        put(&plain, Access::Ordinary, "x").unwrap();
        assert_eq!(mode(&plain), mode(&expected));
        let secret = directory.path().join("secret");
        put(&secret, Access::Private, "x").unwrap();
        assert_eq!(mode(&secret), 0o600);
    }

    #[test]
    fn a_private_file_is_made_with_its_directories_and_only_written_when_it_changes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("infra/web/tls.key");
        let written = || fs::metadata(&path).unwrap().modified().unwrap();
        write_private_file(directory.path(), &path, b"key").unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let first = written();
        std::thread::sleep(std::time::Duration::from_millis(20));
        write_private_file(directory.path(), &path, b"key").unwrap();
        assert_eq!(written(), first);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write_private_file(directory.path(), &path, b"key").unwrap();
        assert_eq!(mode(&path), 0o600);
        write_private_file(directory.path(), &path, b"other").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"other");
    }

    #[test]
    fn no_secret_is_written_through_a_link_or_out_of_its_directory() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = directory.path().join("keys");
        fs::create_dir(&root).unwrap();
        symlink(elsewhere.path(), root.join("infra")).unwrap();
        let error = write_private_file(&root, &root.join("infra/web/tls.key"), b"key").unwrap_err();
        assert!(matches!(error, FileError::Link(_)), "{error}");
        fs::create_dir_all(root.join("shop/web")).unwrap();
        symlink(elsewhere.path().join("tls.key"), root.join("shop/web/tls.key")).unwrap();
        let error = write_private_file(&root, &root.join("shop/web/tls.key"), b"key").unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
        for path in ["infra/../../x/tls.key", "../tls.key"] {
            let error = write_private_file(&root, &root.join(path), b"key").unwrap_err();
            assert!(matches!(error, FileError::Outside(_) | FileError::Link(_)), "{error}");
        }
        assert!(names(elsewhere.path()).is_empty() && names(directory.path()) == ["keys"]);
        // The directory that the user named may be a link.
        let link = directory.path().join("link");
        symlink(&root, &link).unwrap();
        write_private_file(&link, &link.join("other/web/tls.key"), b"key").unwrap();
        assert_eq!(mode(&root.join("other/web/tls.key")), 0o600);
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().join("real");
        fs::create_dir(&real).unwrap();
        let link = directory.path().join("link.yaml");
        symlink("real/target.yaml", &link).unwrap();
        for text in ["first", "second"] {
            put(&link, Access::Ordinary, text).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(real.join("target.yaml")).unwrap(), text);
        }
        assert_eq!(names(&real), ["target.yaml"]);
        let (one, other) = (directory.path().join("one"), directory.path().join("other"));
        symlink("other", &one).unwrap();
        symlink("one", &other).unwrap();
        assert!(matches!(put(&one, Access::Ordinary, "x"), Err(FileError::Io(Some(_), _))));
    }

    #[test]
    fn a_directory_and_a_missing_directory_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert!(matches!(put(path, Access::Ordinary, "x"), Err(FileError::IsDirectory(_))));
        assert!(matches!(put(&path.join("no/file"), Access::Ordinary, "x"), Err(FileError::NoDirectory(_))));
        assert!(matches!(put(Path::new(""), Access::Ordinary, "x"), Err(FileError::IsDirectory(_))));
        let file = path.join("file");
        fs::write(&file, "").unwrap();
        let error = put(&file.join("below"), Access::Ordinary, "x").unwrap_err();
        assert!(error.to_string().starts_with("cannot write `"), "{error}");
    }

    #[test]
    fn a_device_is_written_and_stays_a_device() {
        put(Path::new("/dev/null"), Access::Private, "x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let full = put(Path::new("/dev/full"), Access::Ordinary, "x");
        assert!(matches!(full, Err(FileError::Full(_))), "{full:?}");
    }

    #[test]
    fn an_open_file_is_written_through_its_link() {
        use std::os::fd::AsRawFd;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "before ").unwrap();
        put(Path::new(&format!("/dev/fd/{}", file.as_file().as_raw_fd())), Access::Ordinary, "after").unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "before after");
    }

    #[test]
    fn the_streams_of_the_process_are_known_by_every_name() {
        let own = format!("/proc/{}/fd/1", std::process::id());
        for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1", &own] {
            assert_eq!(standard_stream(Path::new(path)), Some("standard output"), "{path}");
        }
        assert_eq!(standard_stream(Path::new("/dev/stderr")), Some("standard error"));
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("envoy.yaml");
        symlink("/dev/stdout", &link).unwrap();
        assert_eq!(standard_stream(&link), Some("standard output"));
        for path in ["/dev/null", "/proc/self/fd/77", "1", "/dev/fd"] {
            assert_eq!(standard_stream(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn a_broken_pipe_is_told_apart() {
        let broken = write_stream(&mut io::sink(), |_| Err(io::ErrorKind::BrokenPipe.into()));
        assert!(matches!(broken, Err(FileError::BrokenPipe)));
        let other = write_stream(&mut io::sink(), |_| Err(io::ErrorKind::PermissionDenied.into()));
        assert!(matches!(other, Err(FileError::Io(None, _))));
    }
}
