//! The command `gwctl`: parses the command line, runs it, maps the result to
//! an exit code.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use gwctl::cli::args::{Cli, ColorChoice};
use gwctl::cli::exit::ExitStatus;
use gwctl::cli::streams::{Streams, wants_color};
use gwctl::cli::{settings, version};
use gwctl::diagnostics::escape::guarded;

/// Reading manifests makes many small strings: with the system's allocator a third of the time goes there. It asks for no huge
/// pages (`no_thp`): a small input would take several, and where memory is in pieces the system moves pages to make one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    report_panics();
    match settings::parse_line(std::env::args_os()) {
        Ok(cli) => run(&cli).into(),
        Err(error) => {
            print(&error);
            if let Some(details) = version::details(&error, std::env::args_os(), cfg!(target_feature = "crt-static")) {
                // A closed pipe is all that can go wrong here.
                let _ = io::stdout().write_all(details.as_bytes());
            }
            match error.exit_code() {
                0 => ExitStatus::Success.into(),
                _ => ExitStatus::CouldNotRun.into(),
            }
        }
    }
}

/// Prints help or a usage error, which may quote a settings file.
fn print(error: &clap::Error) {
    let is_terminal = if error.use_stderr() { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    let (no_color, terminal_kind) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
    let color = wants_color(ColorChoice::Auto, no_color.as_deref(), terminal_kind.as_deref(), is_terminal);
    let text = if color { error.render().ansi().to_string() } else { error.render().to_string() };
    let text = guarded(&text, color);
    // A closed pipe is all that can go wrong here.
    let _ = if error.use_stderr() {
        io::stderr().write_all(text.as_bytes())
    } else {
        io::stdout().write_all(text.as_bytes())
    };
}

/// A panic is a mistake of gwctl. Its message may quote the input, also what is secret in it, and is not repeated.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        // Nothing is left to be done when this fails.
        let _ = writeln!(
            io::stderr(),
            "internal error{place}: this is a mistake of gwctl; report it with the command, and without keys"
        );
    }));
}

fn run(cli: &Cli) -> ExitStatus {
    // Standard error is not locked: a panic of another thread has to be told, and would wait for it without end.
    let (stdout, mut stderr) = (io::stdout(), io::stderr());
    let (no_color, terminal_kind) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
    let color = |is_terminal| wants_color(cli.screen.color, no_color.as_deref(), terminal_kind.as_deref(), is_terminal);
    let (color_stdout, color_stderr) = (color(stdout.is_terminal()), color(stderr.is_terminal()));
    let is_stderr_terminal = stderr.is_terminal();
    gwctl::cli::run(
        cli,
        &mut Streams {
            stdin: &mut io::stdin().lock(),
            stdout: &mut stdout.lock(),
            stderr: &mut stderr,
            color_stdout,
            color_stderr,
            is_stderr_terminal,
        },
    )
}
