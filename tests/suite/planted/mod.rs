//! Texts planted in the input that must not come out: secrets in no output of
//! any command, and what steers a terminal or a CI job in none as it is.
//!
//! `cargo test` runs a part of the commands on each case; with
//! `GWCTL_PLANTED=all` every command runs on every case.

mod field;
mod hostile;
mod secret;

use gwctl::cli::{self, settings, streams::Streams};
use libtest_mimic::Trial;

use crate::harness::Harness;

/// The tests of this folder.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials = secret::trials(harness);
    trials.extend(hostile::trials(harness));
    trials
}

/// What a run wrote.
struct Written {
    stdout: String,
    stderr: String,
}

/// Runs gwctl within this process.
fn run(line: &[String]) -> Written {
    let line = std::iter::once("gwctl".to_owned()).chain(line.iter().cloned());
    let cli = match settings::parse_line(line.map(Into::into)) {
        Ok(cli) => cli,
        // As the binary prints it.
        Err(error) => {
            let text = error.render().to_string();
            return Written {
                stdout: String::new(),
                stderr: gwctl::diagnostics::escape::guarded(&text, false).into_owned(),
            };
        }
    };
    let (mut stdin, mut stdout, mut stderr) = (std::io::empty(), Vec::new(), Vec::new());
    cli::run(
        &cli,
        &mut Streams {
            stdin: &mut stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            color_stdout: false,
            color_stderr: false,
            is_stderr_terminal: false,
        },
    );
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Written { stdout: text(stdout), stderr: text(stderr) }
}

/// Whether everything is run on everything.
fn is_complete() -> bool {
    std::env::var("GWCTL_PLANTED").is_ok_and(|value| value == "all")
}
