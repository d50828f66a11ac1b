//! `gwctl test`: request cases against the manifests, through the simulator or
//! through a real Envoy.

mod coverage;
mod lines;
mod render;
mod results;
mod router_check;
mod runner;
mod sent_from;

use super::args::{Cli, EmittedCases, TestArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::tell_asked;
use super::pipeline;
use super::report::stream_format;
use super::streams::Streams;
use crate::diagnostics::escape::Commands;
use crate::options::Options;

/// Runs the cases and writes the results.
///
/// # Errors
/// Wrong usage, or results that could not be written.
pub(super) fn run(args: &TestArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    // Whoever stakes a release on the cases hears what a configuration would be refused for.
    let options = Options { writes_configuration: true, ..options };
    if args.mesh_capture.is_some() && args.envoy.is_none() {
        let why = "`--mesh-capture` says how cases get to Envoy: it belongs to `--envoy`";
        return Err(Failure::Usage(Cli::usage_error(why)));
    }
    args.way().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    stream_format(&args.report, "--report").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    let ran = match runner::run(args, &options, streams.stdin) {
        Ok(ran) => ran,
        Err(message) => {
            streams.tell(&format!("error: {message}"));
            return Ok(ExitStatus::CouldNotRun);
        }
    };
    tell_asked(&ran.compiled, &ran.untold, &args.report, &args.compile.denied(), streams)?;
    let file = args.output_file.as_deref();
    if let Some(EmittedCases::RouterCheck) = args.emit {
        pipeline::write_product(file, streams, Commands::Refused, |out| out.write_all(ran.router_check.as_bytes()))?;
        ran.left_out.iter().for_each(|line| streams.tell(&format!("error: not written: {line}")));
        return Ok(if ran.left_out.is_empty() { ExitStatus::Success } else { ExitStatus::Findings });
    }
    let color = streams.color_stdout && file.is_none();
    let commands = args.output.commands();
    pipeline::write_product(file, streams, commands, |out| render::write(&ran.results, args.output, color, out))?;
    if let Some(why) = ran.results.is_no_answer() {
        streams.tell(&format!("error: {why}"));
    }
    Ok(ran.results.status(args.partial))
}
