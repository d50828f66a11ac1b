//! `gwctl route`: what the gateway would do with one request.

use std::time::Instant;

use super::Failure;
use super::args::{Cli, DecisionFormat, RouteArgs, ScreenArgs};
use super::exit::ExitStatus;
use super::findings::{SHARED_OUTPUT, tell_findings};
use super::pipeline;
use super::streams::Streams;
use super::trace::Tracer;
use crate::ir::CONNECT;
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
    let well_known = match url.scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
        Scheme::Tcp | Scheme::Tls | Scheme::Udp => url.port,
    };
    // What a client would send: the scheme's own port is left out.
    let host = if url.port == well_known { url.host.clone() } else { format!("{}:{}", url.host, url.port) };
    let mut authority = Some(host);
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
    let mut target = url.path.clone();
    if args.method == CONNECT {
        // A tunnel is asked for by host and port alone.
        let host = authority.unwrap_or_default();
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        target = if has_port { host } else { format!("{host}:{}", url.port) };
        authority = Some(target.clone());
    }
    Ok(Request {
        connection: Connection { address: args.address, port: url.port, security },
        version: if args.http2 { Version::Http2 } else { Version::Http1 },
        method: args.method.clone(),
        authority,
        target,
        headers,
        body_bytes: 0,
    })
}
