//! The whole program against its budgets: `cargo bench --bench process`.
//!
//! For each number of routes it prints, side by side and from one run, the
//! wall time, the CPU time and the peak memory of `gwctl translate` (YAML with comments to a
//! file) and of `gwctl validate`, the time Envoy takes to load that YAML, and the time of a bare
//! `serde_yaml` decode of the same bytes. Numbers after `--` replace the usual
//! 1, 1,000 and 10,000: `cargo bench --bench process -- 100000`.
//!
//! Nothing here fails because of time: see `docs/performance.md`.

mod generated;
mod measured;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use measured::{Failure, Usage, usage};

/// The numbers of routes when none are given.
const ROUTES: [usize; 3] = [1, 1_000, 10_000];

fn main() -> ExitCode {
    measured::exit(run())
}

fn run() -> Result<(), Failure> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let numbers = if numbers.is_empty() { ROUTES.to_vec() } else { numbers };
    let envoy = gwctl::proving::provide(&Path::new(env!("CARGO_MANIFEST_DIR")).join("target"))?;
    let cores = std::thread::available_parallelism()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{cores} cores; milliseconds, best (median) of several runs\n")?;
    writeln!(
        out,
        "| routes | input | output | gwctl | CPU time | peak memory | Envoy loads it | serde_yaml | of Envoy | of decode | validate | of translate |"
    )?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for routes in numbers {
        writeln!(out, "{}", Row::measure(routes, &envoy)?)?;
        out.flush()?;
    }
    Ok(())
}

/// One line of the table.
struct Row {
    routes: usize,
    input: u64,
    output: u64,
    gwctl: Times,
    usage: Usage,
    envoy: Times,
    decode: Times,
    /// `gwctl validate` on the same input.
    report: Times,
}

impl Row {
    fn measure(routes: usize, envoy: &Path) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let manifests = directory.path().join("manifests");
        fs::create_dir(&manifests)?;
        let mut input = 0;
        for (name, text) in generated::files(routes) {
            input += text.len() as u64;
            fs::write(manifests.join(name), text)?;
        }
        let config = directory.path().join("envoy.yaml");
        let translate = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gwctl"));
            command.arg("translate").arg(&manifests).arg("--output-file").arg(&config);
            command
        };
        let (many, few) = match routes {
            0..=100 => (51, 5),
            101..=2_000 => (31, 3),
            2_001..=20_000 => (11, 2),
            _ => (5, 1),
        };
        let gwctl = Times::of(many, || finish(&mut translate()))?;
        let usage = usage(&mut translate())?;
        let validate = || {
            let mut command = Command::new(envoy);
            command.args(["--mode", "validate", "--log-level", "error", "-c"]).arg(&config);
            command
        };
        let envoy = Times::of(few, || finish(&mut validate()))?;
        let report =
            Times::of(many, || finish(Command::new(env!("CARGO_BIN_EXE_gwctl")).arg("validate").arg(&manifests)))?;
        let yaml = fs::read_to_string(&config)?;
        let decode = Times::of(few, || {
            serde_yaml::from_str::<serde_yaml::Value>(&yaml)?;
            Ok(())
        })?;
        Ok(Self { routes, input, output: yaml.len() as u64, gwctl, usage, envoy, decode, report })
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mebi = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let ratio = |other: &Times| self.gwctl.best.as_secs_f64() / other.best.as_secs_f64();
        let Self { routes, input, output, gwctl, usage, envoy, decode, report } = self;
        write!(
            f,
            "| {routes} | {:.1} MiB | {:.1} MiB | {gwctl} | {:.0} | {:.0} MiB | {envoy} | {decode} | {:.2} | {:.2} | {report} | {:.2} |",
            mebi(*input),
            mebi(*output),
            usage.cpu.as_secs_f64() * 1_000.0,
            mebi(usage.peak_memory),
            ratio(envoy),
            ratio(decode),
            report.best.as_secs_f64() / gwctl.best.as_secs_f64(),
        )
    }
}

/// The times of several runs of one thing.
struct Times {
    best: Duration,
    median: Duration,
}

impl Times {
    fn of(runs: usize, mut work: impl FnMut() -> Result<(), Failure>) -> Result<Self, Failure> {
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            let started = Instant::now();
            work()?;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        let at = |place: usize| times.get(place).copied().unwrap_or_default();
        Ok(Self { best: at(0), median: at(times.len() / 2) })
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = |time: Duration| {
            let value = time.as_secs_f64() * 1_000.0;
            if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
        };
        write!(f, "{} ({})", milliseconds(self.best), milliseconds(self.median))
    }
}

/// Runs a program to its end, which must be a good one.
fn finish(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into()),
    }
}
