//! What would be left behind when a run is ended by a signal: temporary files, directories with keys, a proxy that goes
//! on serving.
//!
//! Whoever makes such a thing makes it through this file. When SIGINT, SIGTERM,
//! SIGHUP or SIGQUIT comes, everything that is still there is removed, and the
//! process ends with the exit code of a run that could not finish. A signal that
//! the process was started to ignore stays ignored. A run that goes on until it is
//! ended ([`heed`]) is told of the first signal instead, and ends by itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The exit code of a run that was ended before it could answer.
#[cfg(unix)]
const COULD_NOT_RUN: i32 = 2;

/// One thing that must not stay.
#[derive(Debug)]
enum Leftover {
    File(PathBuf),
    Directory(PathBuf),
    Process(Arc<Mutex<Child>>),
}

/// Everything that must not stay, each with its ticket.
static LEFTOVERS: Mutex<Vec<(u64, Leftover)>> = Mutex::new(Vec::new());

/// Who is told of the first signal.
type Told = Box<dyn Fn() + Send>;

static TOLD: Mutex<Option<Told>> = Mutex::new(None);

/// From now on the first signal is told to `told`, in place of ending the process, which then ends in its own time. The
/// next one ends it at once. Only the last of several calls counts.
pub fn heed(told: impl Fn() + Send + 'static) {
    *TOLD.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(told));
    watch();
}

/// As long as this value lives, a signal removes what it was given for.
#[derive(Debug)]
pub struct Ticket(u64);

impl Drop for Ticket {
    fn drop(&mut self) {
        lock().retain(|(ticket, _)| *ticket != self.0);
    }
}

fn lock() -> MutexGuard<'static, Vec<(u64, Leftover)>> {
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes something and remembers it in one step, so that no signal comes in between.
fn keep<T>(make: impl FnOnce() -> io::Result<(T, Leftover)>) -> io::Result<(T, Ticket)> {
    watch();
    let mut leftovers = lock();
    let (made, leftover) = make()?;
    let ticket = leftovers.iter().map(|(ticket, _)| ticket + 1).max().unwrap_or_default();
    leftovers.push((ticket, leftover));
    Ok((made, Ticket(ticket)))
}

/// Makes a temporary file, which goes with its value or with a signal.
///
/// # Errors
/// What the system answered.
pub fn file(
    make: impl FnOnce() -> io::Result<tempfile::NamedTempFile>,
) -> io::Result<(tempfile::NamedTempFile, Ticket)> {
    keep(|| {
        let file = make()?;
        let path = file.path().to_owned();
        Ok((file, Leftover::File(path)))
    })
}

/// Remembers a child process.
///
/// # Errors
/// What the system answered when it was started.
pub fn process(start: impl FnOnce() -> io::Result<Child>) -> io::Result<(Arc<Mutex<Child>>, Ticket)> {
    keep(|| {
        let child = Arc::new(Mutex::new(start()?));
        Ok((Arc::clone(&child), Leftover::Process(child)))
    })
}

/// A directory for files that only this user may read.
#[derive(Debug)]
pub struct PrivateDirectory {
    directory: tempfile::TempDir,
    _ticket: Ticket,
}

impl PrivateDirectory {
    /// Makes a directory for the owner alone, which goes with its value or with a signal.
    ///
    /// # Errors
    /// What the system answered.
    pub fn new() -> io::Result<Self> {
        let (directory, ticket) = keep(|| {
            let mut builder = tempfile::Builder::new();
            builder.prefix("gwctl-");
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let directory = builder.tempdir()?;
            let path = directory.path().to_owned();
            Ok((directory, Leftover::Directory(path)))
        })?;
        Ok(Self { directory, _ticket: ticket })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file in it, for the owner alone, and returns its path.
    ///
    /// # Errors
    /// What the system answered.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        io::Write::write_all(&mut options.open(&path)?, content)?;
        Ok(path)
    }
}

/// Removes everything. The lock is kept: nobody makes anything new.
#[cfg(unix)]
fn remove_all(leftovers: &mut Vec<(u64, Leftover)>) {
    // What cannot be removed cannot be helped: the process is about to end.
    for (_, leftover) in leftovers.drain(..).rev() {
        match leftover {
            Leftover::File(path) => drop(fs::remove_file(path)),
            Leftover::Directory(path) => drop(fs::remove_dir_all(path)),
            Leftover::Process(child) => {
                let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

/// Begins to listen for signals, once.
#[cfg(unix)]
fn watch() {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    static WATCHED: OnceLock<()> = OnceLock::new();
    let listen = || -> io::Result<(tokio::runtime::Runtime, Vec<Signal>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let ignored = ignored_signals();
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
        let numbers =
            kinds.into_iter().map(|kind| kind.as_raw_value()).filter(|number| ignored >> (number - 1) & 1 == 0);
        let signals = runtime.block_on(async {
            numbers.map(|number| signal(SignalKind::from_raw(number))).collect::<io::Result<Vec<_>>>()
        })?;
        Ok((runtime, signals))
    };
    WATCHED.get_or_init(|| {
        // Without it a signal ends the process as it always did.
        let Ok((runtime, mut signals)) = listen() else { return };
        let wait = move || {
            runtime.block_on(first(&mut signals));
            let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(told) = told {
                told();
                runtime.block_on(first(&mut signals));
            }
            let mut leftovers = lock();
            remove_all(&mut leftovers);
            std::process::exit(COULD_NOT_RUN);
        };
        let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
    });
}

/// Waits for the first of the signals.
#[cfg(unix)]
async fn first(signals: &mut [tokio::signal::unix::Signal]) {
    std::future::poll_fn(|context| {
        // Each must be asked, so that each wakes this task.
        let came = signals.iter_mut().map(|signal| signal.poll_recv(context).is_ready());
        if came.fold(false, |any, one| any | one) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// The signals that the process ignores, as bits: `nohup` and shells say so for what runs in the background.
#[cfg(unix)]
#[must_use]
pub fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(not(unix))]
fn watch() {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| ());
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_private_directory_and_its_files_are_for_the_owner_alone_and_go_with_it() {
        let directory = PrivateDirectory::new().unwrap();
        let file = directory.write("key", b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(directory.path()), mode(&file)), (0o700, 0o600));
        let path = directory.path().to_owned();
        let is_known = |path: &Path| {
            lock().iter().any(|(_, leftover)| matches!(leftover, Leftover::Directory(known) if known == path))
        };
        assert!(is_known(&path));
        drop(directory);
        assert!(!path.exists() && !is_known(&path));
    }

    #[test]
    fn everything_that_is_known_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (file, inner) = (directory.path().join("a.tmp"), directory.path().join("b"));
        fs::write(&file, "x").unwrap();
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("key"), "x").unwrap();
        let child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let child = Arc::new(Mutex::new(child));
        let mut leftovers = vec![
            (0, Leftover::File(file.clone())),
            (1, Leftover::Directory(inner.clone())),
            (2, Leftover::Process(Arc::clone(&child))),
        ];
        remove_all(&mut leftovers);
        assert!(!file.exists() && !inner.exists() && leftovers.is_empty());
        assert!(child.lock().unwrap().try_wait().unwrap().is_some());
    }
}
