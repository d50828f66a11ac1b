//! What a program takes: time of all cores, and memory.

use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

pub(crate) type Failure = Box<dyn Error>;

/// How a benchmark ends.
pub(crate) fn exit(ended: Result<(), Failure>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How often memory is looked at while the program runs.
const POLL: Duration = Duration::from_millis(1);

/// What a program used, as the kernel says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// The most memory that it held, in bytes, as last seen before it ended.
    pub(crate) peak_memory: u64,
    /// The time that all cores together spent on it.
    pub(crate) cpu: Duration,
}

/// How long one tick of the times in `/proc` is: Linux counts 100 a second for every program.
const TICK: Duration = Duration::from_millis(10);

/// Runs a program and looks at it until it has ended.
pub(crate) fn usage(command: &mut Command) -> Result<Usage, Failure> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let process = format!("/proc/{}", child.id());
    let mut usage = Usage::default();
    // A process that has ended stays in `/proc` until it is waited for.
    loop {
        usage.peak_memory =
            high_water_mark(&fs::read_to_string(format!("{process}/status"))?).unwrap_or(usage.peak_memory);
        let stat = fs::read_to_string(format!("{process}/stat"))?;
        let (state, ticks) = state_and_ticks(&stat).ok_or("`/proc` does not tell the state of a process")?;
        if state == "Z" {
            usage.cpu = TICK * ticks;
            break;
        }
        std::thread::sleep(POLL);
    }
    // Findings are no failure; a crash is one.
    match child.wait()?.code() {
        Some(_) => Ok(usage),
        None => Err(format!("{command:?} was ended by a signal").into()),
    }
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// The state, and the ticks spent in the program and for it in the kernel; before them stands the name, in parentheses.
fn state_and_ticks(stat: &str) -> Option<(&str, u32)> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u32>().ok();
    Some((fields.first()?, ticks(11)? + ticks(12)?))
}
