//! The command `gwctl`: parses the command line, runs it, maps the result to
//! an exit code.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use gwctl::cli::args::Cli;
use gwctl::cli::exit::ExitStatus;
use gwctl::cli::settings;
use gwctl::cli::streams::{Streams, wants_color};

/// Reading manifests makes many small strings: with the system's allocator a third of the time goes there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match settings::parse_line(std::env::args_os()) {
        Ok(cli) => run(&cli).into(),
        Err(error) => {
            // Help and usage errors: a closed pipe is all that can go wrong here.
            let _ = error.print();
            match error.exit_code() {
                0 => ExitStatus::Success.into(),
                _ => ExitStatus::CouldNotRun.into(),
            }
        }
    }
}

fn run(cli: &Cli) -> ExitStatus {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let (no_color, terminal_kind) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
    let color = |is_terminal| wants_color(cli.screen.color, no_color.as_deref(), terminal_kind.as_deref(), is_terminal);
    let (color_stdout, color_stderr) = (color(stdout.is_terminal()), color(stderr.is_terminal()));
    let is_stderr_terminal = stderr.is_terminal();
    gwctl::cli::run(
        cli,
        &mut Streams {
            stdin: &mut io::stdin().lock(),
            stdout: &mut stdout.lock(),
            stderr: &mut stderr.lock(),
            color_stdout,
            color_stderr,
            is_stderr_terminal,
        },
    )
}
