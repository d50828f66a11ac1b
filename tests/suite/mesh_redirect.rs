//! `gwctl translate --mesh-capture redirect --section redirect`: the rules that lead connections to Envoy, and what their
//! clients get. The configuration beside them is pinned, and loaded, as a case.
//!
//! Rules are for a whole network namespace, and tell Envoy from its clients by the user: the trial needs the right to make
//! such a namespace and to change users (root), and `nft`. Where one is missing it is ignored and not passed; with `GWCTL_NFT`,
//! the path of `nft`, it fails instead.

#![cfg(unix)]

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gwctl::proving::Envoy;
use libtest_mimic::Trial;

use crate::case::Case;
use crate::commands::Stage;
use crate::harness::Harness;
use crate::mesh_detection::greeter;
use crate::mesh_proxy::{ensure, exchange};
use crate::process::{await_some, fail};
use crate::proxy::find;
use crate::releases;
use crate::watch::Running;

/// The trial in a network namespace, which the suite runs itself again for.
const INSIDE: &str = "mesh::connections_that_rules_lead_to_envoy_go_by_the_routes";
/// Says to that run that it is there, with the path of `nft`.
const IS_INSIDE: &str = "GWCTL_INSIDE_NAMESPACE";
/// Says to it which release of Envoy it has, where that is another one.
const RELEASE: &str = "GWCTL_INSIDE_RELEASE";
/// The program that puts rules in force.
const NFT: &str = "GWCTL_NFT";
/// Namespaces have no interface of their own, and the default route may not be that of loopback.
const INTERFACES: &str = "ip link set lo up
ip link add gw0 type veth peer name gw1
ip link set gw1 up
ip address add 10.0.0.1/24 dev gw0
ip link set gw0 up
ip route add default dev gw0
for address in 10.96.0.10 10.96.0.20; do ip address add $address/32 dev gw0; done
exec \"$@\"";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    if env::var_os(IS_INSIDE).is_some() {
        return vec![harness.trial(INSIDE, redirected)];
    }
    let is_possible = is_root() && nft().is_some();
    let is_ignored = !is_possible && env::var_os(NFT).is_none();
    let mut trials = vec![
        harness.trial("mesh::rules_lead_what_is_served_and_nothing_else", led),
        harness.trial(INSIDE, |_| in_a_namespace(None)).with_ignored_flag(is_ignored),
    ];
    for (minor, binary) in releases::known().unwrap_or_default() {
        let name = format!("releases::{minor}::redirects");
        let run = move || Ok(in_a_namespace(Some((&minor, &binary)))?);
        trials.push(Trial::test(name, run).with_ignored_flag(is_ignored));
    }
    trials
}

/// Whether network namespaces can be made, and users changed.
fn is_root() -> bool {
    let mut isolated = Command::new("unshare");
    isolated.args(["--net", "setpriv", "--reuid=1337", "true"]).stderr(Stdio::null());
    isolated.status().is_ok_and(|status| status.success())
}

fn nft() -> Option<PathBuf> {
    if let Some(named) = env::var_os(NFT) {
        return Some(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    // Users who are not root may lack the directory.
    let places = env::split_paths(&path).chain(["/usr/sbin".into()]).map(|place| place.join("nft"));
    places.into_iter().find(|place| place.is_file())
}

/// Runs the suite again, for one trial, in a namespace of its own: with another release where one is named.
fn in_a_namespace(release: Option<(&str, &Path)>) -> Result<(), String> {
    let nft = nft().ok_or("there is no `nft`: install nftables")?;
    let own = env::current_exe().map_err(fail)?;
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-e", "-c", INTERFACES, "sh"]).arg(own).args([INSIDE, "--exact"]).env(IS_INSIDE, nft);
    if let Some((minor, binary)) = release {
        command.env(RELEASE, minor).env("GWCTL_ENVOY", binary).env_remove("GWCTL_ENVOYS");
    }
    let output = command.output().map_err(fail)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    ensure(output.status.success() && text.contains("1 passed"), "in a network namespace", &text)
}

/// A server of HTTP at an address of its own, which says who it is and what it got.
fn answers_at(address: &str, name: &'static str) -> Result<(), String> {
    let listener = TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).unwrap_or_default();
            let body = format!("{name}\n{}", String::from_utf8_lossy(&head[..count]));
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
    });
    Ok(())
}

/// What stands in the namespace: two Services with routes, one without, and one with a route for ports that nobody declares.
const MANIFESTS: &str = "apiVersion: v1
kind: Service
metadata: {name: cart, namespace: web}
spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80}, {name: admin, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: web}
spec: {clusterIP: 10.96.0.11, ports: [{name: sql, port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: any, namespace: web}
spec: {clusterIP: 10.96.0.13, ports: [{name: one, port: 9001}, {name: two, port: 9002}]}
---
apiVersion: v1
kind: Service
metadata: {name: without-routes, namespace: web}
spec: {clusterIP: 10.96.0.20, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: web}
spec:
  parentRefs: [{group: '', kind: Service, name: cart, port: 80}]
  rules:
  - matches: [{path: {value: /cart}}]
    backendRefs: [{name: cart, port: 80}]
  - matches: [{path: {value: /old}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: team}
spec:
  parentRefs: [{group: '', kind: Service, name: cart, namespace: web, port: 80}]
  rules:
  - matches: [{path: {value: /team}}]
    backendRefs: [{name: cart, namespace: web, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: any, namespace: web}
spec:
  parentRefs: [{group: '', kind: Service, name: any}]
  rules:
  - matches: [{path: {value: /cart}}]
    backendRefs: [{name: cart, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: db, namespace: web}
spec:
  parentRefs: [{group: '', kind: Service, name: db}]
  rules: [{backendRefs: [{name: db, port: 5432}]}]
";

fn redirected(harness: &Harness) -> Result<(), String> {
    let nft = PathBuf::from(env::var_os(IS_INSIDE).unwrap_or_default());
    // Runs with other releases go on beside this one.
    let release = env::var(RELEASE).unwrap_or_else(|_| "1.40".to_owned());
    let stage = Stage::new(harness, &format!("mesh-redirected-{release}"))?;
    stage.write("manifests.yaml", MANIFESTS)?;
    // What Envoy sends to the address that clients are led away from gets there, and does not come back to Envoy.
    answers_at("10.96.0.10:80", "behind cart")?;
    answers_at("10.96.0.10:8080", "not led")?;
    answers_at("10.96.0.20:80", "without routes")?;
    let greeter = greeter()?;
    let work = harness.work_directory(&format!("mesh-redirected-envoy-{release}"))?;
    let as_another_user = user_of_its_own(harness.envoy()?, &work)?;
    let admin = SocketAddr::from(([127, 0, 0, 1], 19901));
    for (client, own, others) in [("other", "/cart", "/team"), ("team", "/team", "/cart")] {
        let flags = [
            format!("--mesh-for={client}"),
            "--mesh-capture=redirect".to_owned(),
            format!("--admin-address={admin}"),
            "--resolve=web/cart:80=10.96.0.10:80".to_owned(),
            format!("--resolve=web/db:5432={greeter}"),
            format!("--resolve=web/any:9001={greeter}"),
            format!("--resolve=web/any:9002={greeter}"),
            format!("--envoy-version={release}"),
        ];
        let translate = |more: &[&str]| {
            let flags = flags.iter().map(String::as_str);
            let line = ["translate", "manifests.yaml"].into_iter().chain(flags).chain(more.iter().copied());
            let output = stage.run(&line.collect::<Vec<_>>())?;
            if output.code == Some(0) { Ok(output.stdout) } else { Err(output.stderr) }
        };
        let rules = work.join("mesh.nft");
        // For one of them it is a bootstrap, for the other files that follow the manifests, and that Envoy follows.
        let directory = work.join("xds");
        let config = if client == "team" { directory.join("envoy.yaml") } else { work.join("envoy.yaml") };
        let watcher = if client == "team" {
            let layout = ["--layout=xds".to_owned(), format!("--output-dir={}", directory.display())];
            let words = ["translate", "manifests.yaml", "--watch"].into_iter();
            let words = words.chain(flags.iter().chain(&layout).map(String::as_str));
            let mut run = Running::start(harness, stage.folder(), &words.collect::<Vec<_>>())?;
            run.await_words("files written")?;
            Some(run)
        } else {
            fs::write(&config, translate(&[])?).map_err(fail)?;
            None
        };
        fs::write(&rules, translate(&["--section=redirect"])?).map_err(fail)?;
        let output = Command::new(&nft).arg("-f").arg(&rules).output().map_err(fail)?;
        ensure(output.status.success(), "nft", &String::from_utf8_lossy(&output.stderr))?;
        let _envoy = Envoy::start(&as_another_user, &config, admin, &work.join("envoy.log")).map_err(fail)?;
        let ask = |address: &str, path: &str| {
            let address = address.parse::<SocketAddr>().map_err(fail)?;
            exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: forged.test\r\nconnection: close\r\n\r\n"))
        };
        let is_answered = |address: &str, path: &str, status: &str, words: &str| {
            let answer = ask(address, path)?;
            let is_so = answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(words);
            ensure(is_so, &format!("{client}: {address}{path}: {status} {words}"), &answer)
        };
        is_answered("10.96.0.10:80", own, "200", "behind cart")?;
        is_answered("10.96.0.10:80", own, "200", "host: forged.test")?;
        // What no rule of these clients takes is refused, also where it is a rule of others.
        is_answered("10.96.0.10:80", others, "404", "")?;
        if client == "other" {
            is_answered("10.96.0.10:80", "/old", "302", "location: http://forged.test/new")?;
        }
        // A port without routes, and a Service without any, are nothing to Envoy.
        is_answered("10.96.0.10:8080", "/any", "200", "not led")?;
        is_answered("10.96.0.20:80", "/any", "200", "without routes")?;
        is_answered("10.96.0.13:9001", "/cart", "200", "behind cart")?;
        is_answered("10.96.0.13:9002", "/", "404", "")?;
        for address in ["10.96.0.11:5432", "10.96.0.13:9001", "10.96.0.13:9002"] {
            let mut stream = TcpStream::connect(address).map_err(fail)?;
            stream.set_read_timeout(Some(Duration::from_secs(8))).map_err(fail)?;
            let mut said = [0; 5];
            stream.read_exact(&mut said).map_err(|error| format!("{address}: {error}"))?;
            ensure(&said == b"hello", "a server that speaks first", &String::from_utf8_lossy(&said))?;
        }
        if watcher.is_some() {
            stage.write("manifests.yaml", &MANIFESTS.replace("/team}", "/edited}"))?;
            let is_there = || is_answered("10.96.0.10:80", "/edited", "200", "behind cart").ok();
            await_some("answer by the edited route", is_there)?;
        }
    }
    Ok(())
}

/// A program that runs Envoy as the user of the rules. It may read what root may read, wherever the suite stands.
fn user_of_its_own(envoy: &Path, work: &Path) -> Result<PathBuf, String> {
    let script = work.join("envoy-of-1337");
    let caps = "--inh-caps=+dac_override --ambient-caps=+dac_override";
    let text = format!(
        "#!/bin/sh\nexec setpriv --reuid=1337 --regid=1337 --clear-groups {caps} -- '{}' \"$@\"\n",
        envoy.display()
    );
    fs::write(&script, text).map_err(fail)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).map_err(fail)?;
    Ok(script)
}

fn rules(harness: &Harness, case: &Case, flags: &[&str]) -> Result<String, String> {
    let work = harness.work_directory("mesh-redirect")?;
    let common = ["--mesh-for=team", "--section=redirect", "--no-comments"];
    let flags: Vec<String> = common.iter().chain(flags).map(|flag| (*flag).to_owned()).collect();
    let output = harness.gwctl("translate", case, &flags, &work)?;
    if output.code == Some(0) { Ok(output.stdout) } else { Err(output.stderr) }
}

/// What a machine is told whose clients call some ports, each with the name of its Service.
fn script(port: u16, services: &[&str]) -> String {
    let elements: String = services.iter().map(|line| format!("      {line}\n")).collect();
    format!(
        "# Connections to Services are led to Envoy on 127.0.0.1:{port}: `nft -f` puts this in
# force in the place of what it said before, `nft delete table ip gwctl_mesh` ends it.
# The user that Envoy runs as; its own connections go where they are made to:
define envoy = 1337
table ip gwctl_mesh
delete table ip gwctl_mesh
table ip gwctl_mesh {{
  set services {{
    type ipv4_addr . inet_service
    elements = {{
{elements}    }}
  }}
  chain output {{
    type nat hook output priority -100; policy accept;
    meta skuid $envoy return
    ip daddr . tcp dport @services redirect to :{port}
  }}
}}
"
    )
}

fn led(harness: &Harness) -> Result<(), String> {
    let case = find(harness, "mesh/redirect")?;
    let routed = ["10.96.0.10 . 80, # web/cart", "10.96.0.11 . 5432, # web/db"];
    let text = rules(harness, &case, &["--mesh-capture=redirect"])?;
    ensure(text == script(15001, &routed), "what has routes is led", &text)?;
    let all = [routed[0], "10.96.0.10 . 8080, # web/cart", routed[1], "10.96.0.12 . 80, # web/without-routes"];
    let text = rules(harness, &case, &["--mesh-capture=redirect=16001", "--mesh-services=all"])?;
    ensure(text == script(16001, &all), "every port is led", &text)
}
