//! `translate --watch`: an output follows the manifests, and no request is lost meanwhile.

#![cfg(unix)]

pub(crate) mod load;

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gwctl::proving::Envoy;
use libtest_mimic::Trial;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject as _};

use crate::campaign::random::Random;
use crate::harness::Harness;
use crate::process::{PATIENCE, await_some, fail};
use crate::xds::{REFUSED, backend, counted, free_ports, manifests};
use load::{Load, Way};

/// Edits of a run, and more of them with `GWCTL_WATCH_EDITS`.
const EDITS: usize = 24;
/// The certificates that a listener has in turn.
const CERTIFICATES: [&str; 2] = ["web", "web-rsa"];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("watch::{name}"), check);
    vec![
        test("no_request_is_lost_while_manifests_are_edited", under_load),
        test("a_broken_edit_keeps_the_last_good_file", broken_edit),
        test("what_vanishes_and_comes_back_is_followed", vanishing),
        test("swapped_links_are_followed", swapped),
        test("an_edit_every_ten_milliseconds_is_followed", in_haste),
        test("a_second_watcher_is_refused", second),
        test("what_cannot_be_followed_is_refused", unwatchable),
    ]
}

/// A gwctl that goes on until it is ended.
pub(crate) struct Running {
    child: Child,
    pub(crate) log: PathBuf,
    pub(crate) output: PathBuf,
}

impl Running {
    pub(crate) fn start(harness: &Harness, work: &Path, words: &[&str]) -> Result<Self, String> {
        Self::start_with(harness, work, words, &[])
    }

    pub(crate) fn start_with(
        harness: &Harness,
        work: &Path,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self, String> {
        let (log, output) = (work.join("gwctl.log"), work.join("gwctl.out"));
        let mut command = Command::new(harness.binary());
        command.args(words).current_dir(work).env_clear().envs(environment.iter().copied()).stdin(Stdio::null());
        command.stdout(fs::File::create(&output).map_err(fail)?).stderr(fs::File::create(&log).map_err(fail)?);
        Ok(Self { child: command.spawn().map_err(fail)?, log, output })
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said something.
    pub(crate) fn await_words(&mut self, words: &str) -> Result<(), String> {
        let log = self.log.clone();
        let child = &mut self.child;
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let found = await_some(words, || match said().contains(words) {
            true => Some(Ok(())),
            false => child.try_wait().ok().flatten().map(|status| Err(format!("it ended with {status}"))),
        });
        found.and_then(|inner| inner).map_err(|why| format!("{why}: no `{words}` in\n{}", said()))
    }

    /// Ends it by a signal; its exit code.
    pub(crate) fn end(&mut self, signal: &str) -> Result<Option<i32>, String> {
        let id = self.child.id().to_string();
        Command::new("kill").args([&format!("-{signal}"), &id]).status().map_err(fail)?;
        self.ended()
    }

    pub(crate) fn ended(&mut self) -> Result<Option<i32>, String> {
        let child = &mut self.child;
        let status = await_some("end of the run", || child.try_wait().ok().flatten());
        Ok(status.map_err(|why| format!("{why}\n{}", self.said()))?.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, or must not stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tls(harness: &Harness) -> Result<TlsConnector, String> {
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
    admin: u16,
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
    backends: &[u16],
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
    for name in ["steady", "stable"] {
        let port = backends[random.below(backends.len())];
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n\
             ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
             metadata: {{name: {name}-1, labels: {{kubernetes.io/service-name: {name}}}}}\naddressType: IPv4\n\
             ports: [{{port: {port}}}]\nendpoints: [{{addresses: [127.0.0.1]}}]\n"
        );
    }
    let (one, other) = (1 + random.below(4), random.below(4));
    let backends = format!(
        "backendRefs: [{{name: steady, port: 80, weight: {one}}}, {{name: stable, port: 80, weight: {other}}}]"
    );
    let mark = format!(
        "filters: [{{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-edit, value: \"{number}\"}}]}}}}]"
    );
    let mut route = |kind: &str, name: &str, parent: &str, host: &str, filter: &str| {
        let version = if kind == "TCPRoute" { "v1alpha2" } else { "v1" };
        let hosts = if host.is_empty() { String::new() } else { format!("  hostnames: [{host}]\n") };
        let filter = if filter.is_empty() { String::new() } else { format!("    {filter}\n") };
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  \
             parentRefs: [{parent}]\n{hosts}  rules:\n  - {backends}\n{filter}"
        );
    };
    route("HTTPRoute", "marked", "{name: edge}", "edit.example.com", &mark);
    route("HTTPRoute", "encrypted", "{name: second, sectionName: https}", "www.example.com", "");
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
fn edit(random: &mut Random, file: &Path, text: &str) -> Result<(), String> {
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

fn number_of(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn under_load(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-load")?;
    let backends = [backend()?, backend()?, backend()?];
    let [http, more, tls_port, tcp, whole, admin] = free_ports()?;
    let ports = Ports { http, more, tls: tls_port, tcp, whole, admin };
    let seed = u64::try_from(number_of("GWCTL_SEED", 1)).unwrap_or(1);
    let edits = number_of("GWCTL_WATCH_EDITS", EDITS);
    let mut random = Random::new(seed);
    let inputs = work.join("manifests");
    fs::create_dir_all(&inputs).map_err(fail)?;
    let write = |random: &mut Random, number: usize| -> Result<usize, String> {
        if number == 0 || random.once_in(2) {
            let text = manifests(random, &backends, [ports.http, ports.more]);
            edit(random, &inputs.join("edge.yaml"), &text)?;
        }
        let (text, chosen) = more_manifests(random, harness, &ports, &backends, number)?;
        edit(random, &inputs.join("more.yaml"), &text)?;
        Ok(chosen)
    };
    write(&mut random, 0)?;
    let admin = SocketAddr::from(([127, 0, 0, 1], ports.admin));
    let admin_flag = format!("--admin-address={admin}");
    let words = [
        "translate",
        "manifests",
        "--layout",
        "xds",
        "--output-dir",
        "out",
        "--watch",
        "--listener-address",
        "127.0.0.1",
        &admin_flag,
    ];
    let mut watcher = Running::start(harness, &work, &words)?;
    watcher.await_words("files written")?;
    let envoy = Envoy::start(harness.envoy()?, &work.join("out/envoy.yaml"), admin, &work.join("envoy.log"));
    let envoy = envoy.map_err(fail)?;
    let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let (load, connector) = (Load::new()?, tls(harness)?);
    load.add("new connections", at(http), "a.example.com", Way::New);
    load.add("kept connection", at(http), "a.example.com", Way::Kept);
    load.add("HTTP/2", at(http), "a.example.com", Way::Http2);
    load.add("TLS", at(tls_port), "www.example.com", Way::Tls(connector.clone()));
    load.add("TCP", at(tcp), "any", Way::New);
    load.add("TCP, kept", at(tcp), "any", Way::Kept);
    let mut latencies = Vec::new();
    let mut outcome = Ok(());
    for number in 1..=edits {
        let chosen = write(&mut random, number)?;
        let written = Instant::now();
        outcome = load.runtime.block_on(current(at(http), at(tls_port), &connector, number, harness, chosen));
        latencies.push(written.elapsed());
        if outcome.is_err() {
            break;
        }
    }
    let (answered, failures) = load.stop();
    let rejected = counted(&envoy, REFUSED)?;
    // A run that was started in the background ignores SIGINT.
    let code = watcher.end("TERM")?;
    latencies.sort();
    let late = latencies.iter().filter(|latency| **latency > Duration::from_secs(1)).count();
    let slowest = latencies.last().copied().unwrap_or_default();
    let half = latencies.get(latencies.len() / 2).copied().unwrap_or_default();
    let summary = format!(
        "seed {seed}: {edits} edits, served after {half:?} (half of them) and {slowest:?} (the slowest), {late} after more \
         than a second; {answered} requests answered, {} failed; {rejected} updates refused; exit {code:?}",
        failures.len()
    );
    if std::env::var_os("GWCTL_WATCH_EDITS").is_some() {
        eprintln!("{summary}");
    }
    outcome.map_err(|why| format!("{why}\n{summary}\n{}\n{}", watcher.said(), envoy.log_tail()))?;
    if failures.is_empty() && rejected == 0 && code == Some(0) && answered > edits {
        return Ok(());
    }
    let first: Vec<_> = failures.iter().take(5).collect();
    Err(format!("{summary}\n{first:?}\n{}\n{}", watcher.said(), envoy.log_tail()))
}

/// Waits until what was written is served: the number of the edit, and its certificate.
async fn current(
    http: SocketAddr,
    encrypted: SocketAddr,
    connector: &TlsConnector,
    number: usize,
    harness: &Harness,
    chosen: usize,
) -> Result<(), String> {
    let path = harness.testdata().join(format!("../tests/pki/{}.crt", CERTIFICATES[chosen]));
    let wanted = CertificateDer::from_pem_slice(&fs::read(path).map_err(fail)?).map_err(fail)?;
    let started = Instant::now();
    let mut last = String::new();
    while started.elapsed() < PATIENCE {
        let answer = load::ask(http, "edit.example.com", "/x", &Way::New).await;
        let seen =
            answer.as_ref().ok().and_then(|answer| answer.headers().get("x-edit")?.to_str().ok().map(str::to_owned));
        let shown = certificate(encrypted, connector).await;
        if seen.as_deref() == Some(&number.to_string()) && shown.as_ref().is_ok_and(|shown| *shown == wanted) {
            return Ok(());
        }
        last = format!("edit {seen:?} of {number}, its certificate: {:?}", shown.map(|shown| shown == wanted));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("what is served is stale: {last}"))
}

async fn certificate(gateway: SocketAddr, connector: &TlsConnector) -> Result<CertificateDer<'static>, String> {
    let stream = tokio::net::TcpStream::connect(gateway).await.map_err(fail)?;
    let name = "www.example.com".try_into().map_err(|_| "no name".to_owned())?;
    let stream = connector.connect(name, stream).await.map_err(fail)?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).cloned();
    shown.ok_or_else(|| "no certificate".to_owned())
}

/// A Gateway and a route to a path.
pub(crate) fn simple(path: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\n\
         spec: {{gatewayClassName: x, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: shop}}\nspec:\n  \
         parentRefs: [{{name: edge}}]\n  rules:\n  - matches: [{{path: {{value: {path}}}}}]\n    \
         backendRefs: [{{name: a, port: 80}}]\n"
    )
}

/// Waits until a file holds a text.
fn await_text(run: &Running, file: &Path, text: &str) -> Result<(), String> {
    let has = || fs::read_to_string(file).is_ok_and(|content| content.contains(text)).then_some(());
    await_some(text, has).map_err(|why| format!("{why}\n{}", run.said()))
}

fn broken_edit(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-broken")?;
    let (input, output) = (work.join("m.yaml"), work.join("envoy.yaml"));
    fs::write(&input, "kind: {").map_err(fail)?;
    let mut run = Running::start(harness, &work, &["translate", "m.yaml", "--output-file", "envoy.yaml", "--watch"])?;
    run.await_words("error: the input is not taken: nothing is written yet")?;
    fs::write(&input, simple("/one")).map_err(fail)?;
    await_text(&run, &output, "/one")?;
    let good = fs::read(&output).map_err(fail)?;
    fs::write(&input, simple("/two").replace("{name: a, port: 80}", "{name: nobody, port: 80}")).map_err(fail)?;
    run.await_words("error: the input is not taken: the last good output stays")?;
    if fs::read(&output).map_err(fail)? != good || !run.said().contains("error[GW2001]") {
        return Err(format!("the file has changed, or nothing was found\n{}", run.said()));
    }
    fs::write(&input, simple("/three")).map_err(fail)?;
    await_text(&run, &output, "/three")?;
    for words in ["added       httproute default/shop", "removed     httproute default/shop"] {
        run.await_words(words)?;
    }
    // What cannot be written is tried again.
    fs::remove_file(&output).and_then(|()| fs::create_dir(&output)).map_err(fail)?;
    fs::write(&input, simple("/four")).map_err(fail)?;
    run.await_words("it is a directory; this is tried again every second")?;
    fs::remove_dir(&output).map_err(fail)?;
    await_text(&run, &output, "/four")?;
    match run.end("INT")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}

fn vanishing(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-vanishing")?;
    let (above, output) = (work.join("a/b"), work.join("out/lds.yaml"));
    let put = |path: &str| {
        fs::create_dir_all(above.join("c")).and_then(|()| fs::write(above.join("c/m.yaml"), simple(path))).map_err(fail)
    };
    put("/one")?;
    let words = ["translate", "a/b/c", "--layout", "xds", "--output-dir", "out", "--watch", "-o", "yaml"];
    let mut run = Running::start(harness, &work, &words)?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/one")?;
    // Listeners are written after the routes that they name.
    await_text(&run, &output, "http-80")?;
    let before = fs::read(&output).map_err(fail)?;
    fs::remove_dir_all(work.join("a")).map_err(fail)?;
    run.await_words("error: the input is not taken: the last good output stays")?;
    if fs::read(&output).map_err(fail)? != before {
        return Err(format!("the output went with the input\n{}", run.said()));
    }
    put("/two")?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/two")?;
    // A file in a directory that is new.
    fs::create_dir_all(above.join("c/d/e")).map_err(fail)?;
    let route = simple("/new").replace("name: shop", "name: further");
    let route = route.rsplit("---\n").next().unwrap_or_default();
    fs::write(above.join("c/d/e/more.yaml"), route).map_err(fail)?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/new")?;
    // The output itself, when nothing is on its way any more.
    run.await_words("added       httproute default/further")?;
    fs::remove_dir_all(work.join("out")).map_err(fail)?;
    run.await_words("is gone, and written again")?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/new")?;
    match run.end("TERM")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}

/// As Kubernetes mounts a ConfigMap: files are links into `..data`, which is a link that is swapped.
fn swapped(harness: &Harness) -> Result<(), String> {
    use std::os::unix::fs::symlink;
    let work = harness.work_directory("watch-swapped")?;
    let mount = work.join("mount");
    let version = |name: &str, path: &str| -> Result<(), String> {
        fs::create_dir_all(mount.join(name)).map_err(fail)?;
        fs::write(mount.join(name).join("m.yaml"), simple(path)).map_err(fail)?;
        symlink(name, mount.join("..data_tmp")).map_err(fail)?;
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).map_err(fail)
    };
    version("..1", "/one")?;
    symlink("..data/m.yaml", mount.join("m.yaml")).map_err(fail)?;
    for (input, output) in [("mount", "a.yaml"), ("mount/m.yaml", "b.yaml")] {
        let mut run = Running::start(harness, &work, &["translate", input, "--output-file", output, "--watch"])?;
        await_text(&run, &work.join(output), if output == "a.yaml" { "/one" } else { "/two" })?;
        let next = if output == "a.yaml" { ("..2", "/two") } else { ("..3", "/three") };
        version(next.0, next.1)?;
        await_text(&run, &work.join(output), next.1)?;
        let code = run.end("INT")?;
        if code != Some(0) {
            return Err(format!("exit {code:?}"));
        }
    }
    Ok(())
}

fn in_haste(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-haste")?;
    let (input, output) = (work.join("m.yaml"), work.join("envoy.yaml"));
    fs::write(&input, simple("/start")).map_err(fail)?;
    let mut run = Running::start(harness, &work, &["translate", "m.yaml", "--output-file", "envoy.yaml", "--watch"])?;
    await_text(&run, &output, "/start")?;
    let seconds = number_of("GWCTL_WATCH_SECONDS", 5);
    let (started, mut number, mut seen) = (Instant::now(), 0, std::collections::BTreeSet::new());
    while started.elapsed() < Duration::from_secs(seconds as u64) {
        number += 1;
        fs::write(&input, simple(&format!("/edit{number}."))).map_err(fail)?;
        std::thread::sleep(Duration::from_millis(10));
        let text = fs::read_to_string(&output).map_err(fail)?;
        if !text.contains("/start") && !text.contains("/edit") {
            return Err(format!("something else is served\n{}", run.said()));
        }
        seen.insert(text.len());
    }
    await_text(&run, &output, &format!("/edit{number}."))?;
    let said = run.said();
    let code = run.end("INT")?;
    // No edit was read while it was written: nothing but good ones were seen.
    if said.contains("error") || code != Some(0) {
        return Err(format!("exit {code:?} after {number} edits, {} lengths\n{said}", seen.len()));
    }
    Ok(())
}

fn second(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-second")?;
    fs::write(work.join("m.yaml"), simple("/one")).map_err(fail)?;
    let words = ["translate", "m.yaml", "--layout", "xds", "--output-dir", "out", "--watch"];
    let mut first = Running::start(harness, &work, &words)?;
    first.await_words("files written")?;
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let output = crate::process::run(harness.binary(), &work, &words, None)?;
    let code = first.end("HUP")?;
    if output.code == Some(2) && output.stderr.contains("another gwctl writes `out`") && code == Some(0) {
        return Ok(());
    }
    Err(format!("{output:?}; the first ended with {code:?}"))
}

fn unwatchable(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-refused")?;
    fs::write(work.join("m.yaml"), simple("/one")).map_err(fail)?;
    for (line, words) in [
        ("translate - --output-file e.yaml --watch", "cannot follow standard input"),
        ("translate m.yaml --watch", "`--watch` needs"),
        ("translate m.yaml --output-file - --watch", "`--watch` needs"),
        ("translate . --output-file e.yaml --watch", "write it elsewhere"),
        ("translate . --layout xds --output-dir deep/out --watch", "write it elsewhere"),
        ("translate m.yaml --check e.yaml --watch", "cannot be used with"),
    ] {
        let output = crate::process::run_line(harness.binary(), &work, line)?;
        if output.code != Some(2) || !output.stderr.contains(words) {
            return Err(format!("{line}: {output:?}"));
        }
    }
    Ok(())
}
