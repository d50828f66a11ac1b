//! `gwctl blame`: the object, file and line behind a name of the output, a statistic or a line of an access log
//! (docs/blame.md).

mod answer;
mod asked;
mod index;

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::time::Instant;

use super::args::{BlameArgs, Cli, DecisionFormat, ScreenArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_findings};
use super::pipeline;
use super::streams::Streams;
use super::trace::Tracer;
use crate::diagnostics::escape::Commands;
use answer::{Answer, Answerer};
use asked::Asked;
use index::Index;

/// How long a line of an access log may be; what is longer is none.
const LONGEST_LINE: usize = 1 << 20;

/// Compiles the input and says where a name comes from.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &BlameArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let usage = |message: &str| Failure::Usage(Cli::usage_error(message));
    let mut options = args.compile.options().map_err(|message| usage(&message))?;
    args.mesh.complete(&mut options).map_err(|message| usage(&message))?;
    let reads_lines = args.name == "-";
    if reads_lines && args.input.paths.iter().any(|path| path == Path::new("-")) {
        return Err(usage(
            "standard input is either lines of an access log or manifests; name the manifests by a path",
        ));
    }
    if args.name.trim().is_empty() {
        return Err(usage("expected a name, a statistic or a line of an access log"));
    }
    let asked = match reads_lines {
        true => read_lines(streams).map_err(|error| Failure::Missing(format!("standard input: {error}")))?,
        false => vec![(asked::read(&args.name), args.name.clone(), 1)],
    };
    let mut compiled = pipeline::compile(args.input.paths(), &options, streams.stdin);
    let denied = args.compile.denied();
    let wanted = (args.findings.report.as_slice(), &denied);
    let status = tell_findings(&compiled, TRANSLATE_ONLY, wanted, screen, started, streams)?;
    if status == ExitStatus::CouldNotRun {
        return Ok(status);
    }
    if args.partial {
        compiled.compilation.narrow();
    }
    let compilation = &compiled.compilation;
    let mut index = Index::default();
    let clients = options.mesh.as_ref().map(|mesh| mesh.client.to_string());
    let tracer = match &clients {
        // What serves clients of Services serves no Gateway.
        Some(_) => {
            index.add_both(&compilation.emitted().config);
            Tracer::of(compilation, compilation.emitted())
        }
        // What one proxy holds together has names that no Gateway alone has, and the other way round.
        None => {
            index.add_both(compilation.lowered.judged());
            if compilation.lowered.is_narrowed() {
                index.add_both(&compilation.emitted().config);
            }
            Tracer::new(compilation)
        }
    };
    let answerer = Answerer { index: &index, tracer, kind: args.kind, clients };
    let answers: Vec<Answer<'_>> =
        asked.iter().map(|(asked, text, lines)| answerer.answer(asked, text, *lines)).collect();
    let color = streams.color_stdout && args.output_file.is_none();
    pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| match args.output {
        DecisionFormat::Human => answer::write_human(&answers, color, out),
        DecisionFormat::Json => answer::write_json(&answers, out),
    })?;
    let is_answered = answers.iter().all(Answer::is_answered);
    Ok(if !is_answered {
        ExitStatus::Findings
    } else if args.partial {
        ExitStatus::Success
    } else {
        status
    })
}

/// The lines of standard input, those that ask the same together: what they ask, the first of them, and how many they are.
fn read_lines(streams: &mut Streams<'_>) -> io::Result<Vec<(Asked, String, usize)>> {
    let mut found: Vec<(Asked, String, usize)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for line in BufReader::new(&mut *streams.stdin).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(line.get(..LONGEST_LINE).unwrap_or(&line)).trim().to_owned();
        if line.is_empty() {
            continue;
        }
        let asked = asked::read(&line);
        let key = match &asked {
            Asked::Entry { .. } | Asked::Foreign => format!("{asked:?}"),
            Asked::Name(_) | Asked::Statistic(..) | Asked::Process => line.clone(),
        };
        match places.get(&key).and_then(|at| found.get_mut(*at)) {
            Some((_, _, lines)) => *lines += 1,
            None => {
                places.insert(key, found.len());
                found.push((asked, line, 1));
            }
        }
    }
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "there is no line"));
    }
    Ok(found)
}
