//! What an Envoy costs that serves the ports of many Services, in each form and on each release.
//!
//! The table of docs/mesh.md is what `GWCTL_MESH_COSTS=1000` prints, with the releases below `GWCTL_ENVOYS` beside the newest.

#![cfg(target_os = "linux")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::commands::Stage;
use crate::harness::Harness;
use crate::mesh_proxy::{ensure, exchange};
use crate::process::fail;
use crate::releases;
use crate::xds::free_ports;

/// How many Services the costs are asked for.
const VARIABLE: &str = "GWCTL_MESH_COSTS";
/// How a configuration can be written; reading YAML takes most of the time that it takes.
const WRITTEN: [&str; 3] = ["yaml", "json", "pb"];
/// The forms.
const FORMS: [&str; 3] = ["address", "redirect", "proxy"];
/// How many ticks of a clock are a second: what Linux says to processes, whatever the kernel counts in.
const TICKS: f64 = 100.0;
/// How long an Envoy may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(400);

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials = vec![harness.trial("mesh::many_ports_share_a_connection_manager", shared)];
    if env::var_os(VARIABLE).is_some() {
        trials.push(harness.trial("mesh::costs", costs));
    }
    trials
}

/// Services with three ports for HTTP each, a route for all of them, and where their pods are.
fn manifests(services: usize) -> String {
    let mut text = String::new();
    for number in 0..services {
        let (high, low) = (number / 250, number % 250);
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{number}, namespace: web}}\nspec:\n  \
             clusterIP: 127.{}.{low}.1\n  ports: [{{name: http-a, port: 8080}}, {{name: http-b, port: 8081}}, \
             {{name: http-c, port: 8082}}]\n---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
             metadata: {{name: s{number}, namespace: web, labels: {{kubernetes.io/service-name: s{number}}}}}\n\
             addressType: IPv4\nports: [{{name: http-a, port: 80}}, {{name: http-b, port: 81}}, \
             {{name: http-c, port: 82}}]\nendpoints: [{{addresses: [10.1.{high}.{low}]}}]\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: s{number}, namespace: web}}\nspec:\n  \
             parentRefs: [{{group: '', kind: Service, name: s{number}}}]\n  rules:\n  \
             - {{matches: [{{path: {{value: /a}}}}], backendRefs: [{{name: s{number}, port: 8080}}]}}\n  \
             - backendRefs: [{{name: s{number}, port: 8081}}, {{name: s{number}, port: 8082}}]\n",
            high + 64
        );
    }
    text
}

/// Writes a configuration into a file whose name ends with how it is written.
fn translate(stage: &Stage, form: &str, minor: &str, (admin, file): (u16, &str)) -> Result<(), String> {
    let (capture, release) = (format!("--mesh-capture={form}"), format!("--envoy-version={minor}"));
    let admin = format!("--admin-address=127.0.0.1:{admin}");
    let line = ["translate", "m.yaml", "--mesh-for=web", "--mesh-services=all", "--no-comments", "--no-settings"];
    let output = stage.run(&[&line[..], &[&capture, &release, &admin, "--output-file", file]].concat())?;
    if output.code == Some(0) { Ok(()) } else { Err(output.stderr) }
}

/// One connection manager serves all ports of one kind, but where each has a socket.
fn shared(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "mesh-shared")?;
    let services = 40;
    stage.write("m.yaml", &manifests(services))?;
    let managers = |form: &str, minor: &str| {
        translate(&stage, form, minor, (19_000, "envoy.yaml"))?;
        let text = fs::read_to_string(stage.folder().join("envoy.yaml")).map_err(fail)?;
        Ok::<_, String>(text.matches("stat_prefix: \"mesh").count() + text.matches("stat_prefix: mesh").count())
    };
    for (form, minor, expected) in [
        ("redirect", "1.40", 1),
        ("redirect", "1.39", 1),
        // One more is that of the proxy.
        ("proxy", "1.40", 2),
        ("proxy", "1.36", 2),
        ("address", "1.40", 3 * services),
    ] {
        let found = managers(form, minor)?;
        ensure(found == expected, &format!("{form} for {minor}: {expected} connection managers"), &found.to_string())?;
    }
    // Scopes have no files of their own: followed ports stay apart.
    let services = 10;
    stage.write("m.yaml", &manifests(services))?;
    let line =
        ["translate", "m.yaml", "--mesh-for=web", "--mesh-capture=redirect", "--mesh-services=all", "--layout=xds"];
    let output = stage.run(&[&line[..], &["--output-dir=xds", "--envoy-version=1.36"]].concat())?;
    ensure(output.code == Some(0), "files for 1.36", &output.stderr)?;
    let files = fs::read_dir(stage.folder().join("xds/rds")).map_err(fail)?.count();
    ensure(files == 3 * services, "a file for the routes of each port", &files.to_string())
}

/// An Envoy that ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn costs(harness: &Harness) -> Result<(), String> {
    let services = env::var(VARIABLE).ok().and_then(|text| text.parse().ok());
    let services: usize = services.ok_or_else(|| format!("{VARIABLE} is a number of Services"))?;
    let stage = Stage::new(harness, "mesh-costs")?;
    stage.write("m.yaml", &manifests(services))?;
    let mut binaries = releases::known()?;
    binaries.push(("1.40".to_owned(), harness.envoy()?.to_owned()));
    println!(
        "| release | form | YAML | CPU time until ready of YAML, JSON, pb | memory | descriptors |\n|---|---|---|---|---|---|"
    );
    for (minor, binary) in binaries {
        for form in FORMS {
            println!("{}", row(harness, &stage, (&minor, &binary), form)?);
        }
    }
    Ok(())
}

/// A row of the table.
fn row(harness: &Harness, stage: &Stage, (minor, binary): (&str, &Path), form: &str) -> Result<String, String> {
    let [admin] = free_ports()?;
    let mut costs = Vec::new();
    for written in WRITTEN {
        let file = format!("envoy.{written}");
        translate(stage, form, minor, (admin, &file))?;
        costs.push(cost(harness, binary, &stage.folder().join(file), admin)?);
    }
    let times: Vec<String> = costs.iter().map(|cost| format!("{:.1}", cost.seconds)).collect();
    let Some(Cost { memory, descriptors, .. }) = costs.first() else { return Err("nothing was written".to_owned()) };
    let bytes = fs::metadata(stage.folder().join("envoy.yaml")).map_err(fail)?.len() / 100_000;
    let (whole, tenth, times) = (bytes / 10, bytes % 10, times.join(", "));
    let row = format!("| {minor} | `{form}` | {whole}.{tenth} MB | {times} s | {memory} MiB | {descriptors} |");
    // Sockets of their own have the ports at addresses alone.
    ensure(form == "address" || *descriptors < 100, "descriptors", &row)?;
    Ok(row)
}

/// What an Envoy takes until it is ready.
struct Cost {
    seconds: f64,
    /// In MiB.
    memory: u64,
    descriptors: usize,
}

fn cost(harness: &Harness, binary: &Path, config: &Path, admin: u16) -> Result<Cost, String> {
    let log = harness.work_directory("mesh-costs-envoy")?.join("envoy.log");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n $(ulimit -Hn) && exec \"$@\"", "sh"]).arg(binary).arg("-c").arg(config);
    command.args(["--concurrency", "2", "--use-dynamic-base-id", "-l", "error"]);
    command.stdout(Stdio::null()).stderr(fs::File::create(&log).map_err(fail)?);
    let mut envoy = Running(command.spawn().map_err(fail)?);
    let started = Instant::now();
    let ready = "GET /ready HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n";
    let address = SocketAddr::from(([127, 0, 0, 1], admin));
    while !exchange(address, ready).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        let ended = envoy.0.try_wait().map_err(fail)?;
        if ended.is_some() || started.elapsed() > PATIENCE {
            let log = fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("{} is not ready: {ended:?}\n{log}", config.display()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let of_process = format!("/proc/{}", envoy.0.id());
    let status = fs::read_to_string(format!("{of_process}/status")).map_err(fail)?;
    let memory =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let memory = memory.ok_or("no VmRSS")? / 1024;
    let statistics = fs::read_to_string(format!("{of_process}/stat")).map_err(fail)?;
    let fields: Vec<&str> = statistics.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.get(11..13).ok_or("no times")?.iter().filter_map(|text| text.parse::<f64>().ok()).sum();
    let descriptors = fs::read_dir(format!("{of_process}/fd")).map_err(fail)?.count();
    Ok(Cost { seconds: ticks / TICKS, memory, descriptors })
}
