//! The command line: arguments in, an exit status out.
//!
//! Each command is a thin sequence of library calls. The product of a command
//! goes to standard output and everything else to standard error; only this
//! folder prints.

pub mod args;
mod baseline;
mod blame;
mod check;
mod confine;
mod describe;
mod diff;
mod effective;
mod envoy;
pub mod exit;
mod explain;
mod failure;
mod findings;
mod fix;
mod get;
mod git;
mod given;
mod graph;
mod identity;
mod ignored;
mod kinds;
mod made;
mod man;
mod mesh;
mod migrate;
pub mod name_kind;
mod origins;
mod pipeline;
mod redirect;
mod report;
mod route;
mod run;
mod running;
pub mod settings;
mod split;
mod status;
pub mod streams;
mod substitute;
mod table;
mod test;
mod told;
mod trace;
mod translate;
mod trees;
mod ui;
mod unlooked;
mod validate;
pub mod value;
pub mod version;
mod view;
mod watch;
mod xds;

use clap::CommandFactory as _;

use args::{Cli, Command};
use exit::ExitStatus;
use streams::{Streams, Unwritten};

pub use diff::difference;
pub use failure::Failure;
pub use findings::TRANSLATE_ONLY;
pub use translate::write_ir;

/// Runs a command and says how it ended.
pub fn run(cli: &Cli, streams: &mut Streams<'_>) -> ExitStatus {
    let result = match &cli.command {
        Command::Translate(args) if args.split.is_some() => split::run(args, cli.screen, streams),
        Command::Translate(args) => translate::run(args, cli.screen, streams),
        Command::Validate(args) => validate::run(args, cli.screen, streams),
        Command::Status(args) => status::run(args, cli.screen, streams),
        Command::Get(args) => get::run(args, cli.screen, streams),
        Command::Describe(args) => describe::run(args, cli.screen, streams),
        Command::Graph(args) => graph::run(args, cli.screen, streams),
        Command::Ui(args) => ui::run(args, streams),
        Command::Route(args) => route::run(args, cli.screen, streams),
        Command::Blame(args) => blame::run(args, cli.screen, streams),
        Command::Test(args) => test::run(args, streams),
        Command::Diff(args) => diff::run(args, streams),
        Command::Migrate(args) => migrate::run(args, cli.screen, streams),
        Command::Run(args) => run::run(args, cli.screen, streams),
        Command::Explain(args) => explain::run(args, streams).map_err(Failure::from),
        Command::Completions { shell } => complete(*shell, streams).map_err(Failure::from),
        Command::Man(args) => man::run(args, streams),
    };
    match result {
        Ok(status) => status,
        Err(Failure::Unwritten(Unwritten(message)) | Failure::Missing(message)) => {
            streams.tell(&format!("error: {message}"));
            ExitStatus::CouldNotRun
        }
        Err(Failure::Usage(error)) => {
            streams.tell(error.render().to_string().trim_end());
            ExitStatus::CouldNotRun
        }
    }
}

fn complete(shell: clap_complete::Shell, streams: &mut Streams<'_>) -> Result<ExitStatus, Unwritten> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gwctl", &mut script);
    streams.raw_product(|out| out.write_all(&script))?;
    Ok(ExitStatus::Success)
}

#[cfg(test)]
pub(crate) mod testing {
    //! Runs of commands in memory.

    use super::args::Cli;
    use super::exit::ExitStatus;
    use super::streams::Streams;

    /// A command line without quotes.
    pub(crate) fn parsed(line: &str) -> Cli {
        Cli::parse_line(line.split_whitespace().map(Into::into)).unwrap()
    }

    /// What a run left behind.
    pub(crate) struct Captured {
        pub(crate) stdout: String,
        pub(crate) stderr: String,
        pub(crate) status: ExitStatus,
    }

    /// Runs a command with `stdin` as input, no terminal and no colours.
    pub(crate) fn in_memory<E: std::fmt::Debug>(
        stdin: &str,
        run: impl FnOnce(&mut Streams<'_>) -> Result<ExitStatus, E>,
    ) -> Captured {
        let (mut stdin, mut stdout, mut stderr) = (stdin.as_bytes(), Vec::new(), Vec::new());
        let status = run(&mut Streams {
            stdin: &mut stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            color_stdout: false,
            color_stderr: false,
            is_stderr_terminal: false,
        })
        .unwrap();
        Captured { stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap(), status }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{Captured, in_memory, parsed};
    use super::*;

    use crate::diagnostics::style::{RESET, Style};

    fn run_line(line: &str, stdin: &str) -> Captured {
        let cli = parsed(line);
        in_memory(stdin, |streams| Ok::<_, ()>(run(&cli, streams)))
    }

    #[test]
    fn contradicting_flags_are_usage_errors() {
        for line in [
            "gwctl translate - --port-map 80=1 --port-map 80=2",
            "gwctl translate - --report json --report human",
            "gwctl validate - -o json -o human",
        ] {
            let captured = run_line(line, "");
            assert_eq!(captured.status, ExitStatus::CouldNotRun, "{line}");
            assert!(captured.stderr.starts_with("error: ") && captured.stdout.is_empty(), "{}", captured.stderr);
        }
    }

    #[test]
    fn colours_change_no_other_character() {
        let run_as = |line: &str, color: bool| {
            let cli = parsed(line);
            in_memory("", |streams| {
                streams.color_stdout = color;
                Ok::<_, ()>(run(&cli, streams))
            })
        };
        let manifests = "testdata/declared/gateways-that-share-a-port/manifests.yaml";
        let (none, removed) = (Style::Red.paint("none", true), Style::Red.paint("removed   ", true));
        for (line, part) in [
            (format!("gwctl route http://shop.example/b -f {manifests} --explain"), ""),
            (format!("gwctl route http://shop.example:1/ -f {manifests}"), none.as_str()),
            (format!("gwctl diff {manifests} testdata/getting-started/exact-path"), removed.as_str()),
            (format!("gwctl status {manifests}"), ""),
        ] {
            let (plain, colored) = (run_as(&line, false), run_as(&line, true));
            assert!(!plain.stdout.is_empty() && !plain.stdout.contains('\u{1b}'), "{line}: {}", plain.stderr);
            assert!(colored.stdout.contains(part), "{line}: {}", colored.stdout);
            let mut bare = colored.stdout.replace(RESET, "");
            for style in [Style::Bold, Style::Dim, Style::Red, Style::Yellow, Style::Green, Style::Blue, Style::Cyan] {
                bare = bare.replace(style.sequence(), "");
            }
            assert_eq!(bare, plain.stdout, "{line}");
            assert_eq!(colored.status, plain.status);
        }
    }

    #[test]
    fn every_command_has_a_manual_page() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("man1");
        let captured = run_line(&format!("gwctl man --output-dir {}", directory.display()), "");
        assert_eq!((captured.status, captured.stdout.as_str()), (ExitStatus::Success, ""), "{}", captured.stderr);
        let mut expected: Vec<String> = Cli::command()
            .get_subcommands()
            .map(|command| format!("gwctl-{}.1", command.get_name()))
            .chain(["gwctl.1".to_owned()])
            .collect();
        let files = std::fs::read_dir(&directory).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        expected.sort();
        names.sort();
        assert_eq!(names, expected);
        for (line, file) in [("gwctl man", "gwctl.1"), ("gwctl man validate", "gwctl-validate.1")] {
            let captured = run_line(line, "");
            assert_eq!(captured.stdout, std::fs::read_to_string(directory.join(file)).unwrap(), "{line}");
        }
        let page = run_line("gwctl man validate", "").stdout;
        assert!(page.contains(".TH gwctl-validate 1") && page.contains("write\\-baseline"), "{page}");
        assert_eq!(run_line("gwctl man vaildate", "").status, ExitStatus::CouldNotRun);
    }

    #[test]
    fn every_shell_gets_a_completion_script() {
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let captured = run_line(&format!("gwctl completions {shell}"), "");
            assert_eq!(captured.status, ExitStatus::Success);
            assert!(captured.stdout.contains("translate") && captured.stderr.is_empty(), "{shell}");
        }
    }
}
