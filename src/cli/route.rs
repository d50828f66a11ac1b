//! `gwctl route`: what the gateway would do with one request.

use std::time::Instant;

use super::Failure;
use super::args::{Cli, DecisionFormat, RouteArgs, ScreenArgs};
use super::exit::ExitStatus;
use super::findings::{SHARED_OUTPUT, tell_findings};
use super::pipeline;
use super::streams::Streams;
use super::trace::Tracer;
use crate::proving::Scheme;
use crate::simulate::{Connection, Request, Security, Simulator, Version};

/// Compiles the input and prints the decision for the request.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &RouteArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let usage = |message: String| Failure::Usage(Cli::usage_error(&message));
    let options = args.compile.options().map_err(usage)?;
    let request = request(args).map_err(usage)?;
    let compiled = pipeline::compile(&args.files.input(), &options, streams.stdin);
    let wanted = (args.report.as_slice(), args.compile.denies_warnings());
    let status = tell_findings(&compiled, SHARED_OUTPUT, wanted, screen, started, streams)?;
    if status == ExitStatus::CouldNotRun {
        return Ok(status);
    }
    let compilation = &compiled.compilation;
    let simulator = Simulator::new(&compilation.lowered.config);
    let tracer = Tracer::new(compilation);
    let mut trace = tracer.trace(&request, &simulator.decide(&request));
    if args.explain {
        tracer.explain(&mut trace, &simulator.candidates(&request));
    }
    pipeline::write_product(args.output_file.as_deref(), streams, |out| match args.output {
        DecisionFormat::Human => trace.write(out),
        DecisionFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &trace)?;
            writeln!(out)
        }
    })?;
    Ok(if args.partial { ExitStatus::Success } else { status })
}

/// The request that the arguments describe.
fn request(args: &RouteArgs) -> Result<Request, String> {
    let url = &args.url;
    let mut headers = Vec::new();
    let mut authority = Some(url.host.clone());
    for (name, value) in &args.header {
        if name.eq_ignore_ascii_case("host") {
            authority = Some(value.clone());
        } else {
            headers.push((name.clone(), value.clone()));
        }
    }
    if args.sni.is_some() && !url.scheme.is_tls() {
        return Err("--sni needs a URL that begins with `https://` or `tls://`".to_owned());
    }
    let server_name = args.sni.clone().or_else(|| Some(url.host.clone()));
    let security = match url.scheme {
        Scheme::Http | Scheme::Tcp => Security::Plain,
        Scheme::Https | Scheme::Tls => Security::Tls { server_name, certificate: true },
        Scheme::Udp => Security::Udp,
    };
    if url.scheme.is_stream() {
        let connection = Connection { address: args.address, port: url.port, security };
        return Ok(Request { authority: Some(url.host.clone()), ..Request::stream(connection) });
    }
    Ok(Request {
        connection: Connection { address: args.address, port: url.port, security },
        version: if args.http2 { Version::Http2 } else { Version::Http1 },
        method: args.method.clone(),
        authority,
        target: url.path.clone(),
        headers,
        body_bytes: 0,
    })
}
