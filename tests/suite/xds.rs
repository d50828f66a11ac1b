//! A directory that Envoy watches: nothing is lost while it changes.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use gwctl::proving::Envoy;
use libtest_mimic::Trial;

use crate::campaign::random::Random;
use crate::case::discover;
use crate::harness::Harness;
use crate::process::{self, fail};

/// Edits of a run, and more of them with `GWCTL_EDITS`.
const EDITS: usize = 25;
/// The statistics of updates that were not taken. Those of clusters by DNS are called alike.
pub(crate) const REFUSED: &str = "(update_rejected|ds\\..*update_failure|init_fetch_timeout)";
const SERVICES: [&str; 4] = ["a", "b", "c", "d"];

/// How many tenths of a second listeners may take that wait for what they name.
const WARMING_TRIES: usize = 100;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("xds::{name}"), check);
    vec![
        test("no_request_is_lost_while_the_files_change", under_load),
        test("a_service_that_authorizes_answers_while_its_settings_change", authorized),
        test("every_part_of_a_configuration_is_served_from_files", every_part),
        test("what_gwctl_did_not_make_is_left_alone", foreign_directory),
        test("each_gateway_has_a_directory_and_a_proxy_of_its_own", split_by_gateway),
    ]
}

/// An HTTP server that answers every request with 200, and with the head of the request.
pub(crate) fn backend() -> Result<u16, String> {
    slow_backend(Duration::ZERO)
}

/// A backend that takes its time.
fn slow_backend(time: Duration) -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(fail)?;
    let port = listener.local_addr().map_err(fail)?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || while answer(&stream, time).is_some() {});
        }
    });
    Ok(port)
}

fn answer(mut stream: &TcpStream, time: Duration) -> Option<()> {
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    thread::sleep(time);
    stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len()).as_bytes()).ok()
}

/// Asks once, and says what came, and whether the connection may be used again.
fn ask(stream: &mut TcpStream, host: &str) -> Result<(u16, bool), String> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(fail)?;
    write!(stream, "GET /x HTTP/1.1\r\nhost: {host}\r\n\r\n").map_err(fail)?;
    let mut reader = BufReader::new(stream);
    let (mut status, mut length, mut stays) = (0, 0, true);
    for number in 0.. {
        let mut line = String::new();
        if reader.read_line(&mut line).map_err(fail)? == 0 {
            return Err("the connection was closed".to_owned());
        }
        let line = line.trim().to_ascii_lowercase();
        match (number, line.split_once(": ")) {
            (0, _) => status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default(),
            (_, None) => break,
            (_, Some(("content-length", value))) => length = value.parse().map_err(fail)?,
            (_, Some(("connection", "close"))) => stays = false,
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).map_err(fail)?;
    Ok((status, stays))
}

/// What clients met.
#[derive(Debug, Default)]
struct Met {
    answered: AtomicUsize,
    failures: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Met {
    fn fail(&self, why: String) {
        // The list is whole whatever happened to another client.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(why);
    }
}

/// Asks until the end, over one connection for as long as it may be used, or over a new one each time.
fn load(met: &Met, gateway: SocketAddr, keeps: bool) {
    let mut connection: Option<TcpStream> = None;
    while !met.is_over.load(Ordering::Relaxed) {
        let is_reused = connection.is_some();
        let answer = match connection.take().map_or_else(|| TcpStream::connect(gateway), Ok) {
            Ok(mut stream) => ask(&mut stream, "a.example.com").map(|answer| (stream, answer)),
            Err(error) => Err(error.to_string()),
        };
        match answer {
            Ok((stream, (200, stays))) => {
                met.answered.fetch_add(1, Ordering::Relaxed);
                connection = Some(stream).filter(|_| keeps && stays);
            }
            // A connection that waits for a request may be closed at any time; clients then ask again.
            Err(_) if is_reused => {}
            Ok((_, (status, _))) => met.fail(format!("status {status}")),
            Err(error) => met.fail(error),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Manifests that always serve `a.example.com` on the first port, and else are different each time.
pub(crate) fn manifests(random: &mut Random, ports: &[u16], [first, second]: [u16; 2]) -> String {
    let is = |random: &mut Random, of: usize| random.once_in(of);
    let mut listeners = format!("  - {{name: http, port: {first}, protocol: HTTP}}\n");
    if is(random, 2) {
        let _ = writeln!(listeners, "  - {{name: more, port: {second}, protocol: HTTP}}");
    }
    let mut text = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\n\
         spec:\n  gatewayClassName: x\n  listeners:\n{listeners}"
    );
    let mut names: Vec<&str> = SERVICES.into_iter().filter(|_| is(random, 2)).collect();
    if names.is_empty() {
        names.push("a");
    }
    for name in &names {
        let port = ports[random.below(ports.len())];
        let _ = write!(text, "---\n{}", service_at(name, port));
    }
    let filter = [
        "",
        "    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-a, value: b}]}}]\n",
        "    filters: [{type: CORS, cors: {allowOrigins: [\"https://a.example\"]}}]\n",
        "    filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: AUTH, port: 80}}}]\n",
        "    sessionPersistence: {sessionName: s}\n",
    ];
    let filter = filter[random.below(filter.len())].replace("AUTH", names[random.below(names.len())]);
    let weights: Vec<String> =
        names.iter().map(|name| format!("{{name: {name}, port: 80, weight: {}}}", 1 + random.below(5))).collect();
    let route = |name: &str, host: &str, rest: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}}}\nspec:\n  \
             parentRefs: [{{name: edge}}]\n  hostnames: [{host}]\n  rules:\n  - backendRefs: [{}]\n{rest}",
            weights.join(", ")
        )
    };
    text.push_str(&route("r", "a.example.com", &filter));
    if is(random, 2) {
        text.push_str(&route("q", "b.example.com", ""));
    }
    text
}

/// A Service on this machine.
fn service_at(name: &str, port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n\
         ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
         metadata: {{name: {name}-1, labels: {{kubernetes.io/service-name: {name}}}}}\naddressType: IPv4\n\
         ports: [{{port: {port}}}]\nendpoints: [{{addresses: [127.0.0.1]}}]\n"
    )
}

/// Ports that nobody listens on, each given away once. Those that the system hands out by itself may be somebody's before
/// a proxy has them.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N], String> {
    const PORTS: std::ops::Range<usize> = 21_000..31_000;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Another run of the tests begins elsewhere.
    let first = std::process::id() as usize % 97 * 100;
    let next = || PORTS.start + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS.len();
    let tried = PORTS.filter_map(|_| u16::try_from(next()).ok());
    let free: Vec<u16> = tried.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).take(N).collect();
    free.try_into().map_err(|_| "no ports".to_owned())
}

/// Translates a file into a directory.
fn translate(harness: &Harness, work: &Path, file: &str, admin: u16, more: &[&str]) -> Result<process::Output, String> {
    let admin = format!("127.0.0.1:{admin}");
    let words = ["translate", file, "--layout", "xds", "--output-dir", "out", "--listener-address", "127.0.0.1"];
    let words = words.iter().chain(more).copied().chain(["--admin-address", &admin]);
    process::run(harness.binary(), work, &words.map(str::to_owned).collect::<Vec<_>>(), None)
}

/// How many updates Envoy counted under a name.
pub(crate) fn counted(envoy: &Envoy, name: &str) -> Result<usize, String> {
    let text = envoy.admin(&format!("/stats?usedonly&filter={name}")).map_err(fail)?;
    Ok(text.lines().filter_map(|line| line.rsplit_once(": ")?.1.parse::<usize>().ok()).sum())
}

fn under_load(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("xds-load")?;
    let ports = [backend()?, backend()?, backend()?];
    let [first, second, admin] = free_ports()?;
    let seed = std::env::var("GWCTL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let edits = std::env::var("GWCTL_EDITS").ok().and_then(|edits| edits.parse().ok()).unwrap_or(EDITS);
    let mut random = Random::new(seed);
    let mut edit = || -> Result<(), String> {
        let text = manifests(&mut random, &ports, [first, second]);
        fs::write(work.join("m.yaml"), &text).map_err(fail)?;
        let output = translate(harness, &work, "m.yaml", admin, &["-q"])?;
        if output.code == Some(0) { Ok(()) } else { Err(format!("{}\n{text}", output.stderr)) }
    };
    edit()?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let envoy = Envoy::start(harness.envoy()?, &work.join("out/envoy.yaml"), admin, &work.join("envoy.log"));
    let envoy = envoy.map_err(fail)?;
    let gateway = SocketAddr::from(([127, 0, 0, 1], first));
    let met = Arc::new(Met::default());
    let clients: Vec<_> = (0..4)
        .map(|number| {
            let met = Arc::clone(&met);
            thread::spawn(move || load(&met, gateway, number % 2 == 0))
        })
        .collect();
    let edited = (0..edits).try_for_each(|_| edit());
    met.is_over.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| drop(client.join()));
    edited?;
    let failures = met.failures.lock().map_err(fail)?;
    let rejected = counted(&envoy, REFUSED)?;
    let updates = counted(&envoy, "lds.update_success")?;
    if !failures.is_empty() || rejected > 0 || met.answered.load(Ordering::Relaxed) < edits || updates < 2 {
        return Err(format!(
            "seed {seed}: of {} requests {} failed, {:?}; {rejected} updates were refused, {updates} of listeners taken\n{}",
            met.answered.load(Ordering::Relaxed),
            failures.len(),
            failures.iter().take(5).collect::<Vec<_>>(),
            envoy.log_tail()
        ));
    }
    Ok(())
}

/// Requests that always wait for an answer of the service, whose cluster is another one with each edit.
fn authorized(harness: &Harness) -> Result<(), String> {
    const CHANGES: usize = 6;
    let work = harness.work_directory("xds-authorized")?;
    let (served, service) = (backend()?, slow_backend(Duration::from_millis(300))?);
    let [port, admin] = free_ports()?;
    let edit = |number: usize| -> Result<(), String> {
        // What is tried again goes to a cluster with room for that.
        let retry = if number.is_multiple_of(2) { "" } else { "    retry: {attempts: 2}\n" };
        let mut text = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\n\
             spec: {{gatewayClassName: x, listeners: [{{name: http, port: {port}, protocol: HTTP}}]}}\n"
        );
        for (name, port) in [("web", served), ("auth", service)] {
            let _ = write!(text, "---\n{}", service_at(name, port));
        }
        let auth = "    filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: auth, port: 80}}}]\n";
        for (host, backend, rest) in [("a.example.com", "web", auth), ("b.example.com", "auth", retry)] {
            let _ = write!(
                text,
                "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {backend}}}\nspec:\n  \
                 parentRefs: [{{name: edge}}]\n  hostnames: [{host}]\n  rules:\n  \
                 - backendRefs: [{{name: {backend}, port: 80}}]\n{rest}"
            );
        }
        fs::write(work.join("m.yaml"), &text).map_err(fail)?;
        let output = translate(harness, &work, "m.yaml", admin, &["-q"])?;
        if output.code == Some(0) { Ok(()) } else { Err(format!("{}\n{text}", output.stderr)) }
    };
    edit(0)?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let envoy = Envoy::start(harness.envoy()?, &work.join("out/envoy.yaml"), admin, &work.join("envoy.log"));
    let envoy = envoy.map_err(fail)?;
    let met = Arc::new(Met::default());
    let gateway = SocketAddr::from(([127, 0, 0, 1], port));
    let clients: Vec<_> = (0..4)
        .map(|number| {
            let met = Arc::clone(&met);
            thread::spawn(move || load(&met, gateway, number % 2 == 0))
        })
        .collect();
    let edited = (1..=CHANGES).try_for_each(edit);
    met.is_over.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| drop(client.join()));
    edited?;
    let failures = met.failures.lock().map_err(fail)?;
    let (answered, taken) = (met.answered.load(Ordering::Relaxed), counted(&envoy, "cds.update_success")?);
    if failures.is_empty() && answered > CHANGES && taken > CHANGES {
        return Ok(());
    }
    Err(format!("{answered} answers, {taken} updates of clusters, and {failures:?}\n{}", envoy.log_tail()))
}

/// One case for each kind of part: all of their resources are in files, and Envoy takes each of them.
fn every_part(harness: &Harness) -> Result<(), String> {
    for name in [
        "tls/client-certificates",
        "tls/server-name-precedence",
        "backend-tls/client-certificate",
        "tcp/on-tls-listeners",
        "udp/weights",
        "session/unlike",
        "ext-auth/http",
    ] {
        served_from_files(harness, name).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

fn served_from_files(harness: &Harness, name: &str) -> Result<(), String> {
    let mut cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let case = cases.find(|case| case.name == name).ok_or("no such case")?;
    let work = harness.work_directory(&format!("xds-{}", name.replace('/', "-")))?;
    let section = |section: &str| -> Result<Vec<serde_json::Value>, String> {
        let args = ["--partial", "-o", "json", "--section", section].map(str::to_owned);
        let output = harness.gwctl("translate", &case, &args, &work)?;
        let parsed: serde_json::Value = serde_json::from_str(&output.stdout).map_err(|_| output.stderr)?;
        Ok(parsed["resources"].as_array().cloned().unwrap_or_default())
    };
    let (listeners, clusters) = (section("listeners")?, section("clusters")?);
    let ports: std::collections::BTreeSet<u64> =
        listeners.iter().filter_map(|one| one["address"]["socket_address"]["port_value"].as_u64()).collect();
    let [admin] = free_ports()?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let mut args: Vec<String> =
        ["--partial", "-q", "--layout", "xds", "--output-dir", "{tmp}/out", "--listener-address", "127.0.0.1"]
            .map(str::to_owned)
            .to_vec();
    args.push(format!("--admin-address={admin}"));
    for port in ports {
        let [free] = free_ports()?;
        args.push(format!("--port-map={port}={free}"));
    }
    let output = harness.gwctl("translate", &case, &args, &work)?;
    if output.code != Some(0) {
        return Err(output.stderr);
    }
    let envoy = Envoy::start(harness.envoy()?, &work.join("out/envoy.yaml"), admin, &work.join("envoy.log"));
    let envoy = envoy.map_err(fail)?;
    let dumped = || -> Result<(usize, usize, usize, usize), String> {
        let refused = counted(&envoy, REFUSED)?;
        let text = envoy.admin("/config_dump").map_err(fail)?;
        let dump: serde_json::Value = serde_json::from_str(&text).map_err(fail)?;
        let sum = |pointer: &str| -> usize {
            let parts = dump["configs"].as_array().into_iter().flatten();
            parts.filter_map(|part| part[pointer].as_array()).map(Vec::len).sum()
        };
        let active = dump["configs"].as_array().into_iter().flatten();
        let active = active.filter_map(|part| part["dynamic_listeners"].as_array()).flatten();
        let active = active.filter(|listener| listener.get("active_state").is_some()).count();
        Ok((refused, active, sum("dynamic_active_clusters"), sum("static_clusters")))
    };
    // Services that authorize have a second cluster, in which requests to them are not.
    let text = fs::read_to_string(work.join("out/cds.yaml")).map_err(fail)?;
    let in_file =
        text.lines().filter(|line| line.starts_with("- \"@type\":") || line.starts_with("- '@type':")).count();
    let asked = text.matches("/authorizes/").count();
    let declared = (0, listeners.len(), clusters.len() + asked, 0);
    if in_file != declared.2 {
        return Err(format!("{in_file} clusters in the file, {} of the manifests and {asked} asked", clusters.len()));
    }
    let mut found = dumped()?;
    // Envoy is ready before the last listener has its certificates.
    for _ in 0..WARMING_TRIES {
        if found == declared || found.0 > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(100));
        found = dumped()?;
    }
    if found == declared {
        return Ok(());
    }
    let updates = envoy.admin(&format!("/stats?usedonly&filter={REFUSED}"));
    Err(format!(
        "{} listeners and {} clusters are declared, and (refused updates, listeners, clusters, static clusters) are {found:?}\n{updates:?}\n{}",
        listeners.len(),
        clusters.len(),
        envoy.log_tail()
    ))
}

fn foreign_directory(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("xds-foreign")?;
    let out: PathBuf = work.join("out");
    fs::create_dir_all(&out).map_err(fail)?;
    fs::write(out.join("mine.yaml"), "x").map_err(fail)?;
    let mut random = Random::new(1);
    fs::write(work.join("m.yaml"), manifests(&mut random, &[9], [8080, 8081])).map_err(fail)?;
    let output = translate(harness, &work, "m.yaml", 19_000, &[])?;
    let names: Vec<_> = fs::read_dir(&out).map_err(fail)?.flatten().map(|entry| entry.file_name()).collect();
    if output.code == Some(2) && output.stderr.contains("gwctl did not make it") && names == ["mine.yaml"] {
        return Ok(());
    }
    Err(format!("{output:?}, {names:?}"))
}

/// Two Gateways that one Envoy cannot serve together: each has its directory, its node and its answers.
fn split_by_gateway(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("xds-split")?;
    let [port, admin] = free_ports()?;
    let gateway = |name: &str, status: u16| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: infra}}\n\
             spec: {{gatewayClassName: x, listeners: [{{name: http, port: {port}, protocol: HTTP}}]}}\n\
             ---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: infra}}\n\
             spec:\n  parentRefs: [{{name: {name}}}]\n  rules:\n  \
             - filters: [{{type: RequestRedirect, requestRedirect: {{hostname: {name}.test, statusCode: {status}}}}}]\n"
        )
    };
    let (inside, outside) = (gateway("inside", 301), gateway("outside", 302));
    let split = |text: &str, more: &[&str]| {
        fs::write(work.join("m.yaml"), text).map_err(fail)?;
        let admin = format!("--admin-address=127.0.0.1:{admin}");
        let words =
            ["translate", "m.yaml", "--split", "gateway", "--output-dir", "out", "--listener-address", "127.0.0.1"];
        let words = words.iter().chain(more).copied().chain([admin.as_str()]).map(str::to_owned);
        process::run(harness.binary(), &work, &words.collect::<Vec<_>>(), None)
    };
    let ensure = |holds: bool, output: &process::Output| if holds { Ok(()) } else { Err(format!("{output:#?}")) };
    // What does not compile writes nothing, and a mistake that both selections see is told once.
    let broken = format!("{inside}{outside}").replace("statusCode: 302", "statusCode: 999");
    let output = split(&broken, &[])?;
    let told = output.stderr.matches("error[").count();
    ensure(output.code == Some(1) && told == 1 && !work.join("out/infra").exists(), &output)?;
    let output = split(&format!("{inside}{outside}"), &[])?;
    ensure(output.code == Some(0) && !output.stderr.contains("error["), &output)?;
    let address = SocketAddr::from(([127, 0, 0, 1], admin));
    for (name, status) in [("inside", 301), ("outside", 302)] {
        let folder = work.join("out/infra").join(name);
        let bootstrap = fs::read_to_string(folder.join("envoy.yaml")).map_err(fail)?;
        if !bootstrap.contains(&format!("id: gwctl/infra/{name}\n")) {
            return Err(bootstrap);
        }
        let envoy =
            Envoy::start(harness.envoy()?, &folder.join("envoy.yaml"), address, &work.join(name)).map_err(fail)?;
        let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).map_err(fail)?;
        let (answer, _) = ask(&mut stream, "a.example.com")?;
        if answer != status || counted(&envoy, REFUSED)? > 0 {
            return Err(format!("{name} answers {answer}\n{}", envoy.log_tail()));
        }
    }
    // A Gateway that is gone leaves its directory, which is said.
    let output = split(&inside, &[])?;
    ensure(output.code == Some(0) && output.stderr.contains("`out/infra/outside` is of a Gateway"), &output)?;
    // Where there is no Gateway to serve it is an error as without --split.
    let route = inside.rsplit("---\n").next().unwrap_or_default().to_owned();
    let output = split(&route, &["--assume", "gateways"])?;
    ensure(output.code == Some(1) && output.stderr.contains("error[GW3012]"), &output)?;
    for flags in [["--section", "routes"], ["--output-file", "x.yaml"]] {
        let output = split(&inside, &flags)?;
        ensure(output.code == Some(2) && output.stderr.contains("does not go with `--split`"), &output)?;
    }
    Ok(())
}
