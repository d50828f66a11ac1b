//! Runs gwctl as a child process with a scrubbed environment and bounded time.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long one run may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long something may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Any error, in words.
pub(crate) fn fail(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Waits until `ready` has something.
pub(crate) fn await_some<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> Result<T, String> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(found) = ready() {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(format!("no {what} within {PATIENCE:?}"))
}

/// Hears the signals that this process ignores, so that the programs it starts hear them too: what `nohup` and a
/// shell's `&` make ignored is handed on to each child, and what is heard is not.
#[cfg(unix)]
pub(crate) fn hear_ignored_signals() -> std::io::Result<impl Sized> {
    use tokio::signal::unix::{SignalKind, signal};

    let ignored = gwctl::leftovers::ignored_signals();
    let kinds = [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let heard = runtime.block_on(async {
        let kinds = kinds.into_iter().filter(|kind| ignored >> (kind.as_raw_value() - 1) & 1 == 1);
        kinds.map(signal).collect::<std::io::Result<Vec<_>>>()
    })?;
    Ok((runtime, heard))
}

#[cfg(not(unix))]
pub(crate) fn hear_ignored_signals() {}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Runs `program` in `directory`, with `stdin` as standard input.
pub(crate) fn run(
    program: &Path,
    directory: &Path,
    args: &[String],
    stdin: Option<&PathBuf>,
) -> Result<Output, String> {
    let input = match stdin {
        Some(path) => Stdio::from(File::open(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Stdio::null(),
    };
    let mut command = Command::new(program);
    command.args(args).current_dir(directory).env_clear();
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let code = wait(&mut child)?;
    let text = |thread: thread::JoinHandle<String>| thread.join().map_err(|_| "the output cannot be read".to_owned());
    Ok(Output { code, stdout: text(stdout)?, stderr: text(stderr)? })
}

/// The same, for a command line without quotes.
pub(crate) fn run_line(program: &Path, directory: &Path, line: &str) -> Result<Output, String> {
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    run(program, directory, &args, None)
}

/// Writes a file below a folder, with the folders on the way.
pub(crate) fn write_below(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap_or(&path))
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| error.to_string())
}

/// Reads a pipe to its end beside the others, so that none can fill up.
fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks ends the output; the exit code tells the rest.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child) -> Result<Option<i32>, String> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.code());
        }
        if Instant::now() >= deadline {
            // Both fail only when it has just ended.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("gwctl did not end within {TIMEOUT:?}"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
