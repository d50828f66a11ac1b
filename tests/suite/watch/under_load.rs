//! A running Envoy under load of every kind, while what it serves is edited at random.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gwctl::options::Options;
use gwctl::proving::{Envoy, Manner, Proof, Scene, WayToServices};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject as _};

use super::edits::Edits;
use super::load::{self, Load, Way};
use super::{Running, calls, number_of};
use crate::campaign::case_file;
use crate::campaign::random::Random;
use crate::campaign::side::everything;
use crate::harness::Harness;
use crate::process::{PATIENCE, fail};
use crate::xds::{REFUSED, backend, counted, free_ports, manifests};

/// Edits of a run, and more of them with `GWCTL_WATCH_EDITS`.
const EDITS: usize = 24;
/// How many ask at once what edits are about.
const ASKERS: usize = 4;
/// How long an edit is asked about when it is served.
const DWELL: Duration = Duration::from_millis(150);
/// The drain time that Envoy has by itself, in seconds: a call ends before.
const DRAIN: u32 = 600;
/// The messages of a long call, some fifty in a second.
const LONG: usize = 500;
/// The namespace of what is always served. What the campaign's generator makes is in others.
const NAMESPACE: &str = "load";
/// The certificates that a listener has in turn.
const CERTIFICATES: [&str; 2] = ["web", "web-rsa"];

pub(crate) fn connector(harness: &Harness) -> Result<TlsConnector, String> {
    let text = fs::read(harness.testdata().join("../tests/pki/ca.crt")).map_err(fail)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&text).map_err(fail)?).map_err(fail)?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(fail)?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// The ports of the Gateways.
struct Ports {
    http: u16,
    more: u16,
    tls: u16,
    tcp: u16,
    whole: u16,
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "    " + line + "\n")
}

/// What is there beside the manifests of `xds`: a route that tells the number of the edit, TLS with a certificate that
/// changes, TCP, and a Gateway that comes and goes as a whole.
fn more_manifests(
    random: &mut Random,
    harness: &Harness,
    ports: &Ports,
    backends: &Backends,
    number: usize,
) -> Result<(String, usize), String> {
    let chosen = random.below(CERTIFICATES.len());
    let pki = harness.testdata().join("../tests/pki");
    let read = |end: &str| fs::read_to_string(pki.join(format!("{}.{end}", CERTIFICATES[chosen]))).map_err(fail);
    // The same name with other content, or another name.
    let secret = if random.once_in(3) { "other" } else { "shown" };
    let Ports { tls, tcp, whole, .. } = ports;
    let mut text = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: second}}\nspec:\n  gatewayClassName: x\n  \
         listeners:\n  - {{name: https, port: {tls}, protocol: HTTPS, tls: {{certificateRefs: [{{name: {secret}}}]}}}}\n  \
         - {{name: tcp, port: {tcp}, protocol: TCP}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {secret}}}\n\
         type: kubernetes.io/tls\nstringData:\n  tls.crt: |\n{}  tls.key: |\n{}",
        indented(&read("crt")?),
        indented(&read("key")?)
    );
    let of_calls = "appProtocol: kubernetes.io/h2c, ";
    for (name, protocol) in [("steady", ""), ("stable", ""), ("talk", of_calls), ("chat", of_calls)] {
        let all = if protocol.is_empty() { &backends.http[..] } else { &backends.calls };
        let port = random.pick(all);
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{{protocol}port: 80}}]}}\n\
             ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
             metadata: {{name: {name}-1, labels: {{kubernetes.io/service-name: {name}}}}}\naddressType: IPv4\n\
             ports: [{{port: {port}}}]\nendpoints: [{{addresses: [127.0.0.1]}}]\n"
        );
    }
    let (one, other) = (1 + random.below(4), random.below(4));
    let split = |main: &str, other_one: &str| {
        format!(
            "backendRefs: [{{name: {main}, port: 80, weight: {one}}}, {{name: {other_one}, port: 80, weight: {other}}}]"
        )
    };
    let (backends, of_calls) = (split("steady", "stable"), split("talk", "chat"));
    let mark = format!(
        "filters: [{{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-edit, value: \"{number}\"}}]}}}}]"
    );
    // A call may lead to one Service alone, the other of which is then none of the configuration.
    let of_calls = if random.once_in(3) {
        format!("backendRefs: [{{name: {}, port: 80}}]", random.pick(&["talk", "chat"]))
    } else {
        of_calls
    };
    let mut route = |kind: &str, name: &str, parent: &str, host: &str, filter: &str| {
        let version = if kind == "TCPRoute" { "v1alpha2" } else { "v1" };
        let hosts = if host.is_empty() { String::new() } else { format!("  hostnames: [{host}]\n") };
        let filter = if filter.is_empty() { String::new() } else { format!("    {filter}\n") };
        let backends = if kind == "GRPCRoute" { &of_calls } else { &backends };
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  \
             parentRefs: [{parent}]\n{hosts}  rules:\n  - {backends}\n{filter}"
        );
    };
    route("HTTPRoute", "marked", "{name: edge}", "edit.example.com", &mark);
    route("HTTPRoute", "encrypted", "{name: second, sectionName: https}", "www.example.com", "");
    route("GRPCRoute", "calls", "{name: edge, sectionName: http}", "calls.example.com", "");
    route("TCPRoute", "bytes", "{name: second, sectionName: tcp}", "", "");
    if random.once_in(2) {
        route("HTTPRoute", "whole", "{name: whole}", "whole.example.com", "");
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: whole}}\n\
             spec: {{gatewayClassName: x, listeners: [{{name: http, port: {whole}, protocol: HTTP}}]}}\n"
        );
    }
    Ok((text, chosen))
}

/// Writes a file as one editor or another does.
pub(super) fn edit(random: &mut Random, file: &Path, text: &str) -> Result<(), String> {
    let beside = file.with_extension("swp");
    match random.below(4) {
        0 => fs::write(file, text).map_err(fail),
        1 => fs::write(&beside, text).and_then(|()| fs::rename(&beside, file)).map_err(fail),
        2 => {
            // A backup, then a new file.
            let _ = fs::rename(file, file.with_extension("yaml~"));
            fs::write(file, text).map_err(fail)
        }
        _ => {
            let (first, rest) = text.split_at(text.len() / 2);
            let mut open = fs::File::create(file).map_err(fail)?;
            std::io::Write::write_all(&mut open, first.as_bytes()).map_err(fail)?;
            std::thread::sleep(Duration::from_millis(5));
            std::io::Write::write_all(&mut open, rest.as_bytes()).map_err(fail)
        }
    }
}

pub(super) fn check(harness: &Harness) -> Result<(), String> {
    let seed = u64::try_from(number_of("GWCTL_SEED", 1)).unwrap_or(1);
    let mut random = Random::new(seed);
    let load = Load::new()?;
    let (topology, cases, options) = (everything(), case_file(Vec::new()), Options::default());
    let proof = Proof {
        envoy: harness.envoy()?,
        topology: &topology,
        cases: &cases,
        options: &options,
        way: WayToServices::Proxy,
        warnings: None,
    };
    let scene = load.runtime.block_on(Scene::build(&proof)).map_err(fail)?;
    let work = harness.work_directory("watch-load")?;
    let inputs = work.join("manifests");
    fs::create_dir_all(&inputs).map_err(fail)?;
    let edits = Edits::begin(&scene, &inputs.join("plan.yaml"), &mut random)?;
    let backends = Backends {
        http: [backend()?, backend()?, backend()?],
        calls: [calls::backend(&load)?, calls::backend(&load)?],
    };
    let [http, more, tls, tcp, whole] = free_ports()?;
    let ports = Ports { http, more, tls, tcp, whole };
    let stand = Stand { harness, work: &work, backends, ports, edits: &edits };
    stand.write(&mut random, 0)?;
    let mut words = vec![
        "translate",
        "manifests",
        "--layout=xds",
        "--output-dir=out",
        "--watch",
        "--partial",
        "--namespace",
        NAMESPACE,
    ];
    words.push("--listener-address=127.0.0.1");
    let flags = edits.flags();
    words.extend(flags.iter().map(String::as_str));
    let mut watcher = Running::start(harness, &work, &words)?;
    watcher.await_words("files written")?;
    let admin = scene.options().admin_address.ok_or("no admin address")?;
    let manner = Manner { drain: DRAIN, ..Manner::default() };
    let (config, log) = (work.join("out/envoy.yaml"), work.join("envoy.log"));
    let envoy = Envoy::start_as(harness.envoy()?, &config, admin, &log, manner).map_err(fail)?;
    let connector = connector(harness)?;
    let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    load.add("new connections", at(http), "a.example.com", Way::New);
    load.add("kept connection", at(http), "a.example.com", Way::Kept);
    load.add("HTTP/2", at(http), "a.example.com", Way::Http2);
    load.add("TLS", at(tls), "www.example.com", Way::Tls(connector.clone()));
    load.add("TCP", at(tcp), "any", Way::New);
    load.add("TCP, kept", at(tcp), "any", Way::Kept);
    calls::add(&load, "short calls", at(http), "calls.example.com", 1);
    calls::add(&load, "a long call", at(http), "calls.example.com", LONG);
    let (mut latencies, mut outcome) = (Vec::new(), Ok(()));
    let count = number_of("GWCTL_WATCH_EDITS", EDITS);
    std::thread::scope(|scope| {
        for _ in 0..ASKERS {
            scope.spawn(|| load.runtime.block_on(edits.ask_on()));
        }
        for number in 1..=count {
            load.say(number);
            outcome = stand.write(&mut random, number).and_then(|chosen| {
                let written = Instant::now();
                let served = stand.served(&connector, number, chosen);
                let served = load.runtime.block_on(async {
                    served.await?;
                    latencies.push(written.elapsed());
                    edits.served().await
                });
                std::thread::sleep(DWELL);
                served
            });
            if outcome.is_err() {
                break;
            }
        }
        edits.stop();
    });
    let (answered, mut failures) = load.stop();
    let seen = edits.seen();
    let rejected = counted(&envoy, REFUSED)?;
    // A run that was started in the background ignores SIGINT.
    let code = watcher.end("TERM")?;
    latencies.sort();
    let late = latencies.iter().filter(|latency| **latency > Duration::from_secs(1)).count();
    let slowest = latencies.last().copied().unwrap_or_default();
    let half = latencies.get(latencies.len() / 2).copied().unwrap_or_default();
    let summary = format!(
        "seed {seed}: {count} edits, served after {half:?} (half of them) and {slowest:?} (the slowest), {late} after more \
         than a second; {answered} requests answered, {} failed; {} answers about edits, {} of neither side, {} with the certificate of one and all else of the other, {} of before \
         after more than a second, the last after {:?}; {rejected} updates refused; exit {code:?}",
        failures.len(),
        seen.answers,
        seen.failures.len(),
        seen.of_both,
        seen.stale,
        seen.latest,
    );
    if std::env::var_os("GWCTL_WATCH_EDITS").is_some() {
        eprintln!("{summary}");
    }
    let all_were_asked = answered > count && seen.answers > count;
    failures.extend(seen.failures);
    failures.extend(outcome.err());
    if failures.is_empty() && rejected == 0 && code == Some(0) && all_were_asked {
        return Ok(());
    }
    // All of them, for whoever looks into a failure.
    fs::write(work.join("failures.txt"), failures.join("\n\n")).map_err(fail)?;
    let first: Vec<_> = failures.iter().take(5).map(String::as_str).collect();
    Err(format!("{summary}\n{}\n{}", first.join("\n"), envoy.log_tail()))
}

/// Where the backends listen.
struct Backends {
    http: [u16; 3],
    calls: [u16; 2],
}

/// What is edited, and by what.
struct Stand<'a> {
    harness: &'a Harness,
    work: &'a Path,
    backends: Backends,
    ports: Ports,
    edits: &'a Edits<'a>,
}

impl Stand<'_> {
    /// Makes the edit of this number; which certificate it has.
    fn write(&self, random: &mut Random, number: usize) -> Result<usize, String> {
        let inputs = self.work.join("manifests");
        if number > 0 {
            self.edits.write(&inputs.join("plan.yaml"), number, random)?;
        }
        if number == 0 || random.once_in(2) {
            let text = manifests(random, &self.backends.http, [self.ports.http, self.ports.more]);
            edit(random, &inputs.join("edge.yaml"), &text)?;
        }
        let (text, chosen) = more_manifests(random, self.harness, &self.ports, &self.backends, number)?;
        edit(random, &inputs.join("more.yaml"), &text)?;
        Ok(chosen)
    }

    /// Waits until what was written is served: the number of the edit, and its certificate.
    async fn served(&self, connector: &TlsConnector, number: usize, chosen: usize) -> Result<(), String> {
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let (http, encrypted) = (at(self.ports.http), at(self.ports.tls));
        let path = self.harness.testdata().join(format!("../tests/pki/{}.crt", CERTIFICATES[chosen]));
        let wanted = CertificateDer::from_pem_slice(&fs::read(path).map_err(fail)?).map_err(fail)?;
        let started = Instant::now();
        let mut last = String::new();
        while started.elapsed() < PATIENCE {
            let answer = load::ask(http, "edit.example.com", "/x", &Way::New).await;
            let seen = answer
                .as_ref()
                .ok()
                .and_then(|answer| answer.headers().get("x-edit")?.to_str().ok().map(str::to_owned));
            let shown = certificate(encrypted, connector).await;
            if seen.as_deref() == Some(&number.to_string()) && shown.as_ref().is_ok_and(|shown| *shown == wanted) {
                return Ok(());
            }
            last = format!("edit {seen:?} of {number}, its certificate: {:?}", shown.map(|shown| shown == wanted));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(format!("what is served is stale: {last}"))
    }
}

async fn certificate(gateway: SocketAddr, connector: &TlsConnector) -> Result<CertificateDer<'static>, String> {
    let stream = tokio::net::TcpStream::connect(gateway).await.map_err(fail)?;
    let name = "www.example.com".try_into().map_err(|_| "no name".to_owned())?;
    let stream = connector.connect(name, stream).await.map_err(fail)?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).cloned();
    shown.ok_or_else(|| "no certificate".to_owned())
}
