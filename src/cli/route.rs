//! `gwctl route`: what the gateway would do with one request.

use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;

use super::args::{Cli, DecisionFormat, RouteArgs, ScreenArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_findings};
use super::mesh::ClientSide;
use super::pipeline;
use super::streams::Streams;
use super::trace::{Trace, Tracer};
use super::unlooked::{unlooked, unread};
use crate::compile::{self, Compilation};
use crate::diagnostics::escape::Commands;
use crate::diagnostics::{Code, codes};
use crate::ir::{CONNECT, Config};
use crate::options::Options;
use crate::port::Port;
use crate::proving::Scheme;
use crate::simulate::{Connection, Expressions, Request, Security, Simulator, Version};

/// Compiles the input and prints the decision for the request.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &RouteArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let usage = |message: String| Failure::Usage(Cli::usage_error(&message));
    let options = args.compile.options().map_err(usage)?;
    let request = request(args).map_err(usage)?;
    if args.from.is_some() && !(options.gateways.is_empty() && options.gateway_classes.is_empty()) {
        return Err(usage("--from asks for a Service, and no Gateway can be chosen for it".to_owned()));
    }
    let mut compiled = pipeline::compile(args.files.paths(), &options, streams.stdin);
    let denied = args.compile.denied();
    let wanted = (args.findings.report.as_slice(), &denied);
    // To clients of Services it is nothing that a parent is one.
    let of_gateways = args.from.iter().map(|_| codes::MESH_PARENT);
    let left_out: Vec<Code> = TRANSLATE_ONLY.iter().copied().chain(of_gateways).collect();
    let status = tell_findings(&compiled, &left_out, wanted, screen, started, streams)?;
    if status == ExitStatus::CouldNotRun {
        return Ok(status);
    }
    if args.partial {
        compiled.compilation.narrow();
    }
    let compilation = &compiled.compilation;
    let answers = answers(compilation, args, &request, &options).map_err(Failure::Missing)?;
    if args.from.is_some() {
        write(args, &answers, None, streams)?;
        return Ok(status);
    }
    let is_served = !Simulator::gateways_of(compilation.lowered.judged(), &request.connection).is_empty();
    let moved = moved_port(&options, request.connection.port).filter(|_| !is_served);
    write(args, &answers, moved, streams)?;
    Ok(if args.partial { ExitStatus::Success } else { status })
}

/// What becomes of the request, at each Gateway that serves its port.
///
/// # Errors
/// Why nobody can tell.
pub(super) fn answers(
    compilation: &Compilation,
    args: &RouteArgs,
    request: &Request,
    options: &Options,
) -> Result<Vec<Trace>, String> {
    if let Some(client) = &args.from {
        let side = ClientSide::new(compilation, client, options);
        let service = side.service(&args.url.host, request)?;
        in_time(side.config(), request)?;
        return Ok(vec![side.trace(&service, request, args.explain)]);
    }
    let config = compilation.lowered.judged();
    in_time(config, request)?;
    let gateways = Simulator::gateways_of(config, &request.connection);
    if gateways.is_empty()
        && let Some(why) = unlooked(compilation, request.connection.port)
    {
        return Err(format!("nothing that is judged listens on port {}{why}", request.connection.port));
    }
    if !args.partial
        && let Some(why) = unread(compilation, &gateways, request)
    {
        return Err(format!("what could not be read may take the request{why}"));
    }
    let tracer = Tracer::new(compilation);
    let simulators: Vec<Simulator<'_>> = match gateways.as_slice() {
        [] => vec![Simulator::of_named(config)],
        // One proxy holds them together.
        _ if args.partial => vec![Simulator::of_named(config)],
        some => some.iter().map(|gateway| Simulator::of_gateway(config, gateway)).collect(),
    };
    let traces = simulators.iter().map(|simulator| {
        let mut trace = tracer.trace(request, simulator.decide(request));
        if args.explain {
            tracer.explain(&mut trace, &simulator.candidates(request));
        }
        trace
    });
    let mut traces: Vec<Trace> = traces.collect();
    if args.explain {
        compile::look(compilation, options, |resolved| {
            traces.iter_mut().for_each(|trace| Tracer::explain_policies(trace, resolved, request.connection.port));
        });
    }
    Ok(traces)
}

/// Whether a request is soon compared with the expressions of a configuration.
///
/// # Errors
/// Why it may not be.
fn in_time(config: &Config, request: &Request) -> Result<(), String> {
    Expressions::of(config).refuse(request).map_or(Ok(()), Err)
}

fn write(args: &RouteArgs, traces: &[Trace], moved: Option<Port>, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let color = streams.color_stdout && args.output_file.is_none();
    pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| match args.output {
        DecisionFormat::Human => write_human(traces, moved, color, out),
        DecisionFormat::Json => {
            match traces {
                [one] => serde_json::to_writer_pretty(&mut *out, one)?,
                several => serde_json::to_writer_pretty(&mut *out, &Answers { version: SEVERAL, answers: several })?,
            }
            writeln!(out)
        }
    })?;
    Ok(())
}

/// The version of the JSON form with the answers of several Gateways.
const SEVERAL: u32 = 2;

/// The decisions of several Gateways that serve the port.
#[derive(Serialize)]
struct Answers<'t> {
    version: u32,
    answers: &'t [Trace],
}

fn write_human(traces: &[Trace], moved: Option<Port>, color: bool, out: &mut dyn Write) -> io::Result<()> {
    for (position, trace) in traces.iter().enumerate() {
        if let (true, Some(gateway)) = (traces.len() > 1, &trace.gateway) {
            let gap = if position > 0 { "\n" } else { "" };
            writeln!(out, "{gap}Gateway {gateway}")?;
        }
        trace.write(color, out)?;
    }
    match moved {
        Some(port) => {
            writeln!(out, "  help      --port-map moves port {port} here: ask for port {port}, which is the Gateway's")
        }
        None => Ok(()),
    }
}

/// The Gateway's port that `--port-map` binds at a port.
fn moved_port(options: &Options, port: Port) -> Option<Port> {
    options.port_map.iter().find(|map| map.to == port).map(|map| map.from)
}

/// The request that the arguments describe.
///
/// # Errors
/// What contradicts itself.
pub(super) fn request(args: &RouteArgs) -> Result<Request, String> {
    let url = args.url.clone();
    let well_known = match url.scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
        Scheme::Tcp | Scheme::Tls | Scheme::Udp => url.port,
    };
    if args.sni.is_some() && !url.scheme.is_tls() {
        return Err("--sni needs a URL that begins with `https://` or `tls://`".to_owned());
    }
    let server_name = args.sni.as_ref().unwrap_or(&url.host);
    let security = match url.scheme {
        Scheme::Http | Scheme::Tcp => Security::Plain,
        Scheme::Https | Scheme::Tls => Security::tls(server_name, true),
        Scheme::Udp => Security::Udp,
    };
    if url.scheme.is_stream() {
        let connection = Connection { address: args.address, port: url.port.into(), security };
        return Ok(Request { authority: Some(url.host), ..Request::stream(connection) });
    }
    let is_host = |(name, _): &(String, String)| name.eq_ignore_ascii_case("host");
    let (hosts, headers): (Vec<_>, Vec<_>) = args.header.clone().into_iter().partition(is_host);
    let named = hosts.into_iter().next_back().map(|(_, host)| host);
    // What a client would send: the scheme's own port is left out.
    let host = if url.port == well_known { url.host } else { format!("{}:{}", url.host, url.port) };
    let mut authority = Some(named.unwrap_or(host));
    let mut target = url.path;
    if args.method == CONNECT {
        // A tunnel is asked for by host and port alone.
        let host = authority.unwrap_or_default();
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        target = if has_port { host } else { format!("{host}:{}", url.port) };
        authority = Some(target.clone());
    }
    Ok(Request {
        connection: Connection { address: args.address, port: url.port.into(), security },
        version: if args.http2 { Version::Http2 } else { Version::Http1 },
        method: args.method.clone(),
        authority,
        target,
        headers,
        body_bytes: 0,
    })
}
