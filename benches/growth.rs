//! How time and memory grow: `cargo bench --bench growth`.
//!
//! Each direction in which input gets large is taken at two sizes, the second four times the first. For each command it prints
//! the time of all cores and the peak memory at both, and the exponents: 1 where twice the input takes twice as much, 2 where it
//! takes four times as much. What a small input takes anyway makes them look smaller. A word after `--` chooses the directions whose
//! names have it.
//!
//! Nothing here fails because of time: see `docs/performance.md`.

mod families;
mod measured;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};

use families::{FAMILIES, Family};
use measured::{Failure, Usage, usage};

/// How much larger the second input is.
const TIMES: usize = 4;

/// What is run; of two inputs the second has one more of what there are many.
const COMMANDS: [(&str, &[&str]); 4] = [
    ("translate", &["translate", "-q"]),
    ("validate", &["validate", "-q"]),
    ("status", &["status", "-q"]),
    ("diff", &["diff", "-q"]),
];

fn main() -> ExitCode {
    measured::exit(run())
}

fn run() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |family: &&Family| words.is_empty() || words.iter().any(|word| family.name.contains(word.as_str()));
    let directory = tempfile::tempdir()?;
    let mut out = io::stdout().lock();
    writeln!(out, "| direction | sizes | command | CPU time | exponent | peak memory | exponent |")?;
    writeln!(out, "|---|---|---|---:|---:|---:|---:|")?;
    for family in FAMILIES.iter().filter(is_asked) {
        let sizes = [family.size, family.size * TIMES];
        for (place, size) in sizes.into_iter().enumerate() {
            fs::write(directory.path().join(format!("{place}.yaml")), (family.text)(size))?;
            fs::write(directory.path().join(format!("{place}-more.yaml")), (family.text)(size + 1))?;
        }
        for (name, words) in COMMANDS {
            let [small, large] = [measure(directory.path(), 0, words)?, measure(directory.path(), 1, words)?];
            writeln!(out, "| {} | {} to {} | `{name}` {}", family.name, sizes[0], sizes[1], row(small, large))?;
            out.flush()?;
        }
    }
    Ok(())
}

fn measure(directory: &Path, place: usize, words: &[&str]) -> Result<Usage, Failure> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gwctl"));
    command.args(words).arg(directory.join(format!("{place}.yaml")));
    if words.contains(&"diff") {
        command.arg(directory.join(format!("{place}-more.yaml")));
    }
    usage(&mut command)
}

fn row(small: Usage, large: Usage) -> String {
    let exponent = |small: f64, large: f64| (large / small).ln() / (TIMES as f64).ln();
    let [few, many] = [small.cpu, large.cpu].map(|time| time.as_secs_f64());
    let [little, much] = [small.peak_memory, large.peak_memory].map(|bytes| bytes as f64 / f64::from(1 << 20));
    format!(
        "| {few:.2} s, {many:.2} s | {:.2} | {little:.0} MiB, {much:.0} MiB | {:.2} |",
        exponent(few, many),
        exponent(little, much)
    )
}
