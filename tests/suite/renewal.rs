//! Certificates on disk: what a renewal brings is served without a restart, and no request is lost meanwhile.

#![cfg(unix)]

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gwctl::proving::Envoy;
use libtest_mimic::{Failed, Trial};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::Harness;
use crate::process;
use crate::process::await_some;
use crate::watch::load::{Load, Way, ask};
use crate::xds::{backend, counted, free_ports};

const HOST: &str = "www.example.com";
/// The certificates that take turns, both for [`HOST`] and of one authority.
const NAMES: [&str; 2] = ["web", "web-rsa"];
/// Renewals of each kind in a run.
const RENEWALS: usize = 6;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check: fn(&Harness) -> Result<(), String>| {
        let harness = harness.clone();
        Trial::test(format!("renewal::{name}"), move || check(&harness).map_err(Failed::from))
    };
    vec![
        test("of_renamed_files_under_a_bootstrap", |harness| renewed(harness, Shape::Static, Disk::Renamed)),
        test("of_a_swapped_volume_under_a_bootstrap", |harness| renewed(harness, Shape::Static, Disk::Swapped)),
        test("of_renamed_files_in_a_directory_of_files", |harness| renewed(harness, Shape::Xds, Disk::Renamed)),
        test("of_a_swapped_volume_in_a_directory_of_files", |harness| renewed(harness, Shape::Xds, Disk::Swapped)),
        test("by_the_next_translation", translated),
        test("of_authorities", authorities),
        test("files_that_nobody_wrote_are_told", expected),
        test("of_files_that_lie_elsewhere", elsewhere),
        test("files_that_cannot_be_used_are_refused", refused),
    ]
}

fn fail(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// How the configuration is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Static,
    Xds,
}

/// How the files of a certificate are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    /// One file after the other takes the place of the old one.
    Renamed,
    /// The link of a mounted Secret leads to another directory.
    Swapped,
}

struct Stage<'h> {
    harness: &'h Harness,
    work: PathBuf,
    gateway: SocketAddr,
    admin: SocketAddr,
}

impl<'h> Stage<'h> {
    fn new(harness: &'h Harness, name: &str) -> Result<Self, String> {
        let [https, admin] = free_ports()?;
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let work = harness.work_directory(&format!("renewal-{name}"))?;
        let stage = Self { harness, work, gateway: at(https), admin: at(admin) };
        stage.write_manifests("")?;
        Ok(stage)
    }

    /// A Gateway whose certificate is Secret `shown`, a route behind it, and what else there is.
    fn write_manifests(&self, more: &str) -> Result<(), String> {
        let (https, port) = (self.gateway.port(), backend()?);
        let text = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\nspec:\n  \
             gatewayClassName: x\n  listeners:\n  - name: https\n    port: {https}\n    protocol: HTTPS\n    \
             tls: {{certificateRefs: [{{name: shown}}]}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
             apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
             metadata: {{name: a-1, labels: {{kubernetes.io/service-name: a}}}}\naddressType: IPv4\n\
             ports: [{{port: {port}}}]\nendpoints: [{{addresses: [127.0.0.1]}}]\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r}}\nspec:\n  \
             parentRefs: [{{name: edge}}]\n  hostnames: [{HOST}]\n  rules: [{{backendRefs: [{{name: a, port: 80}}]}}]\n\
             {more}"
        );
        fs::write(self.work.join("m.yaml"), text).map_err(fail)
    }

    fn pki(&self, file: &str) -> PathBuf {
        self.harness.testdata().join("../tests/pki").join(file)
    }

    fn translate(&self, shape: Shape, more: &[&str]) -> Result<process::Output, String> {
        let admin = self.admin.to_string();
        let output: &[&str] = match shape {
            Shape::Static => &["--output-file", "envoy.yaml"],
            Shape::Xds => &["--layout", "xds", "--output-dir", "out"],
        };
        // Endpoints on loopback addresses are warned of.
        let words = ["translate", "m.yaml", "--ignore", "GW2085", "--listener-address", "127.0.0.1"];
        let words = words.into_iter().chain(["--admin-address", &admin]);
        let words: Vec<String> =
            words.chain(output.iter().copied()).chain(more.iter().copied()).map(str::to_owned).collect();
        let output = process::run(self.harness.binary(), &self.work, &words, None)?;
        if output.code == Some(0) { Ok(output) } else { Err(output.stderr) }
    }

    /// Starts Envoy on what was translated, in another directory than gwctl.
    fn start(&self, shape: Shape) -> Result<Envoy, String> {
        let config = self.work.join(if shape == Shape::Static { "envoy.yaml" } else { "out/envoy.yaml" });
        Envoy::start(self.harness.envoy()?, &config, self.admin, &self.work.join("envoy.log")).map_err(fail)
    }

    /// The certificate of a file in `tests/pki`.
    fn certificate(&self, name: &str) -> Result<CertificateDer<'static>, String> {
        CertificateDer::from_pem_file(self.pki(&format!("{name}.crt"))).map_err(fail)
    }

    /// A client that trusts the authority, and shows a certificate.
    fn connector(&self, shown: Option<&str>) -> Result<TlsConnector, String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate("ca")?).map_err(fail)?;
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(fail)?.with_root_certificates(roots);
        let config = match shown {
            None => config.with_no_client_auth(),
            Some(name) => {
                let key = PrivateKeyDer::from_pem_file(self.pki(&format!("{name}.key"))).map_err(fail)?;
                config.with_client_auth_cert(vec![self.certificate(name)?], key).map_err(fail)?
            }
        };
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// The certificate that the gateway shows.
    async fn shown(&self, connector: &TlsConnector) -> Result<CertificateDer<'static>, String> {
        let stream = TcpStream::connect(self.gateway).await.map_err(fail)?;
        let name = ServerName::try_from(HOST).map_err(fail)?;
        let stream = connector.connect(name, stream).await.map_err(fail)?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
        shown.map(CertificateDer::into_owned).ok_or_else(|| "no certificate".to_owned())
    }

    /// Puts the files of a certificate in the place of others, in the way of a disk.
    fn renew(&self, disk: Disk, folder: &Path, number: usize, (chain, key): (&str, &str)) -> Result<(), String> {
        let sources = [("tls.crt", self.pki(&format!("{chain}.crt"))), ("tls.key", self.pki(&format!("{key}.key")))];
        put(disk, folder, number, &sources.map(|(name, source)| (name, source)))
    }
}

fn put(disk: Disk, folder: &Path, number: usize, files: &[(&str, PathBuf)]) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(fail)?;
    let place = |name: &str, source: &Path, directory: &Path| {
        let new = directory.join(format!("{name}.new"));
        fs::copy(source, &new).and_then(|_| fs::rename(&new, directory.join(name))).map_err(fail)
    };
    if disk == Disk::Renamed {
        return files.iter().try_for_each(|(name, source)| place(name, source, folder));
    }
    let version = format!("..version-{number}");
    fs::create_dir_all(folder.join(&version)).map_err(fail)?;
    files.iter().try_for_each(|(name, source)| place(name, source, &folder.join(&version)))?;
    let swapped = folder.join("..data_tmp");
    symlink(&version, &swapped).and_then(|()| fs::rename(&swapped, folder.join("..data"))).map_err(fail)?;
    for (name, _) in files {
        let link = folder.join(name);
        if fs::symlink_metadata(&link).is_err() {
            symlink(Path::new("..data").join(name), &link).map_err(fail)?;
        }
    }
    Ok(())
}

/// Renews a certificate again and again under load, once with one that is broken.
fn renewed(harness: &Harness, shape: Shape, disk: Disk) -> Result<(), String> {
    let stage = Stage::new(harness, &format!("{shape:?}-{disk:?}"))?;
    let folder = stage.work.join("secrets/default/shown");
    stage.renew(disk, &folder, 0, (NAMES[0], NAMES[0]))?;
    stage.translate(shape, &["-q", "--assume", "secrets", "--secrets-dir", "secrets"])?;
    let envoy = stage.start(shape)?;
    let connector = stage.connector(None)?;
    let load = Load::new()?;
    for _ in 0..3 {
        load.add("TLS", stage.gateway, HOST, Way::Tls(connector.clone()));
    }
    let shows = |name: &str| -> Result<bool, String> {
        Ok(load.runtime.block_on(stage.shown(&connector))? == stage.certificate(name)?)
    };
    let outcome = (|| {
        for number in 1..=RENEWALS {
            let (old, new) = (NAMES[(number + 1) % 2], NAMES[number % 2]);
            if !shows(old)? {
                return Err(format!("renewal {number}: `{old}` is not shown before"));
            }
            stage.renew(disk, &folder, number, (new, new))?;
            await_some("new certificate", || shows(new).unwrap_or(false).then_some(()))?;
        }
        // A certificate and the key of another one: what was there before is served on, until there is a good one again.
        let failed = || counted(&envoy, "key_rotation_failed").unwrap_or_default();
        let before = failed();
        stage.renew(disk, &folder, RENEWALS + 1, (NAMES[1], NAMES[0]))?;
        await_some("refusal", || (failed() > before).then_some(()))?;
        std::thread::sleep(std::time::Duration::from_millis(300));
        if !shows(NAMES[RENEWALS % 2])? {
            return Err("a broken renewal is served".to_owned());
        }
        stage.renew(disk, &folder, RENEWALS + 2, (NAMES[1], NAMES[1]))?;
        await_some("certificate after a broken one", || shows(NAMES[1]).unwrap_or(false).then_some(()))
    })();
    let (answered, failures) = load.stop();
    outcome.map_err(|why| format!("{why}\n{}", envoy.log_tail()))?;
    if failures.is_empty() && answered > RENEWALS {
        return Ok(());
    }
    Err(format!("of {answered} requests {} failed: {:?}", failures.len(), failures.iter().take(5).collect::<Vec<_>>()))
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "    " + line + "\n")
}

/// The Secret is in the manifests, and another one the next time: an Envoy with a bootstrap takes it from the files.
fn translated(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "translated")?;
    let translate = |name: &str| {
        let read = |end: &str| fs::read_to_string(stage.pki(&format!("{name}.{end}"))).map_err(fail);
        let secret = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: shown}}\ntype: kubernetes.io/tls\nstringData:\n  \
             tls.crt: |\n{}  tls.key: |\n{}",
            indented(&read("crt")?),
            indented(&read("key")?)
        );
        stage.write_manifests(&secret)?;
        stage.translate(Shape::Static, &["--secrets-dir", "secrets"])
    };
    let told = translate(NAMES[0])?.stderr;
    let envoy = stage.start(Shape::Static)?;
    let load = Load::new()?;
    let connector = stage.connector(None)?;
    load.add("TLS", stage.gateway, HOST, Way::Tls(connector.clone()));
    for name in [NAMES[0], NAMES[1], NAMES[0]] {
        translate(name)?;
        let certificate = stage.certificate(name)?;
        let shows = || load.runtime.block_on(stage.shown(&connector)).is_ok_and(|shown| shown == certificate);
        await_some(name, || shows().then_some(())).map_err(|why| format!("{why}\n{}", envoy.log_tail()))?;
    }
    let (_, failures) = load.stop();
    if failures.is_empty() && told.is_empty() { Ok(()) } else { Err(format!("{failures:?}\n{told}")) }
}

/// The authorities of client certificates are renewed: whoever they vouch for gets in, and nobody else.
fn authorities(harness: &Harness) -> Result<(), String> {
    for shape in [Shape::Static, Shape::Xds] {
        let stage = Stage::new(harness, &format!("authorities-{shape:?}"))?;
        let folder = |name: &str| stage.work.join("secrets/default").join(name);
        stage.renew(Disk::Swapped, &folder("shown"), 0, (NAMES[0], NAMES[0]))?;
        let swap = |number: usize, name: &str| {
            put(Disk::Swapped, &folder("clients"), number, &[("ca.crt", stage.pki(&format!("{name}.crt")))])
        };
        swap(0, "ca")?;
        let text = fs::read_to_string(stage.work.join("m.yaml")).map_err(fail)?;
        let asks = "  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: \"\", kind: ConfigMap, name: clients}]}}}}\n";
        fs::write(stage.work.join("m.yaml"), text.replacen("  listeners:\n", &format!("{asks}  listeners:\n"), 1))
            .map_err(fail)?;
        stage.translate(shape, &["-q", "--assume", "secrets,configmaps", "--secrets-dir", "secrets"])?;
        let envoy = stage.start(shape)?;
        let load = Load::new()?;
        let gets_in = |shown: &str| -> Result<bool, String> {
            let way = Way::Tls(stage.connector(Some(shown))?);
            Ok(load.runtime.block_on(ask(stage.gateway, HOST, "/", &way)).is_ok_and(|answer| answer.status() == 200))
        };
        for (number, (authority, inside, outside)) in
            [("ca", "client", "stranger"), ("other-ca", "stranger", "client"), ("ca", "client", "stranger")]
                .into_iter()
                .enumerate()
        {
            swap(number + 1, authority)?;
            let is_so = || Ok::<bool, String>(gets_in(inside)? && !gets_in(outside)?);
            await_some(authority, || is_so().unwrap_or(false).then_some(()))
                .map_err(|why| format!("{shape:?}: {why}\n{}", envoy.log_tail()))?;
        }
    }
    Ok(())
}

/// Whoever runs Envoy is told which files it expects and gwctl does not write, by absolute paths.
fn expected(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "expected")?;
    let paths: Vec<String> = ["tls.crt", "tls.key"]
        .map(|name| stage.work.join("secrets/default/shown").join(name).to_string_lossy().into_owned())
        .to_vec();
    for shape in [Shape::Static, Shape::Xds] {
        let flags = ["--assume", "secrets", "--secrets-dir", "secrets", "--report", "json=report.json"];
        let output = stage.translate(shape, &flags)?;
        let lines: Vec<&str> = output.stderr.lines().collect();
        let is_told = |path: &String| lines.iter().any(|line| line.contains("Envoy expects") && line.contains(path));
        if !paths.iter().all(is_told) || lines.len() != 2 {
            return Err(format!("{shape:?}: not told of {paths:?}:\n{}", output.stderr));
        }
        let report = fs::read(stage.work.join("report.json")).map_err(fail)?;
        let report: serde_json::Value = serde_json::from_slice(&report).map_err(fail)?;
        let files = report["expectedFiles"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = files.iter().filter_map(|file| file["path"].as_str()).collect();
        if found != paths || files[0]["object"]["name"] != "shown" || files[0]["object"]["kind"] != "Secret" {
            return Err(format!("{shape:?}: {files:?} in the report"));
        }
        let quiet = stage.translate(shape, &["-q", "--assume", "secrets", "--secrets-dir", "secrets"])?;
        if !quiet.stderr.is_empty() {
            return Err(format!("{shape:?}: with -q\n{}", quiet.stderr));
        }
    }
    Ok(())
}

/// Files that stand for a Secret: by `--certificate`, in two directories, they are judged, named by path and followed.
fn elsewhere(harness: &Harness) -> Result<(), String> {
    for shape in [Shape::Static, Shape::Xds] {
        let stage = Stage::new(harness, &format!("elsewhere-{shape:?}"))?;
        let place = |name: &str| {
            put(Disk::Renamed, &stage.work.join("public"), 0, &[("web.pem", stage.pki(&format!("{name}.crt")))])?;
            put(Disk::Renamed, &stage.work.join("private"), 0, &[("web.pem", stage.pki(&format!("{name}.key")))])
        };
        place(NAMES[0])?;
        let flag = "--certificate=default/shown=public/web.pem,private/web.pem";
        let output = stage.translate(shape, &[flag, "--secrets-dir", "secrets"])?;
        let key = fs::read_to_string(stage.pki("web.key")).map_err(fail)?;
        let line = key.lines().nth(1).unwrap_or_default();
        for file in walkdir::WalkDir::new(&stage.work).into_iter().flatten().filter(|entry| entry.file_type().is_file())
        {
            let text = fs::read_to_string(file.path()).unwrap_or_default();
            if text.contains(line) && file.path() != stage.work.join("private/web.pem") {
                return Err(format!("{shape:?}: the key was copied to {}", file.path().display()));
            }
        }
        let alone = if shape == Shape::Static { stage.translate(shape, &[flag])?.stderr } else { String::new() };
        if !output.stderr.is_empty() || (shape == Shape::Static && !alone.contains("once")) {
            return Err(format!("{shape:?}: {}\n{alone}", output.stderr));
        }
        stage.translate(shape, &[flag, "--secrets-dir", "secrets"])?;
        let envoy = stage.start(shape)?;
        let load = Load::new()?;
        let connector = stage.connector(None)?;
        load.add("TLS", stage.gateway, HOST, Way::Tls(connector.clone()));
        for name in [NAMES[0], NAMES[1], NAMES[0]] {
            place(name)?;
            let certificate = stage.certificate(name)?;
            let shows = || load.runtime.block_on(stage.shown(&connector)).is_ok_and(|shown| shown == certificate);
            await_some(name, || shows().then_some(()))
                .map_err(|why| format!("{shape:?}: {why}\n{}", envoy.log_tail()))?;
        }
        let (_, failures) = load.stop();
        if !failures.is_empty() {
            return Err(format!("{shape:?}: {failures:?}"));
        }
    }
    Ok(())
}

/// What is wrong with files that stand for objects is said, by every command that judges certificates.
fn refused(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "refused")?;
    let at = |file: &str| stage.pki(file).to_string_lossy().into_owned();
    let pair = |name: &str, chain: &str, key: &str| format!("--certificate=default/{name}={},{}", at(chain), at(key));
    let (folder, gone) = (at("."), at("gone.crt"));
    let unreadable = |file: &str| format!("--certificate=default/shown={},{file}", at("web.crt"));
    for (flags, code, words) in [
        (vec![pair("shown", "web.crt", "web.key")], 0, ""),
        (
            vec![pair("shown", "web.crt", "api.key")],
            1,
            "api.key`, which stands for `tls.key` of Secret `default/shown`",
        ),
        (vec![pair("shown", "web.key", "web.key")], 1, "GW6003"),
        (vec![pair("shown", "expired.crt", "expired.key")], 0, "GW6005"),
        (vec![pair("shown", "web.crt", "web.key"), pair("other", "web.crt", "web.key")], 0, "GW6018"),
        (vec![pair("shown", "web.crt", "web.key"), format!("--ca=default/other={}", at("ca.crt"))], 0, "GW6018"),
        (vec![pair("shown", "web.crt", "web.key"), pair("shown", "web.crt", "web.key")], 2, "twice"),
        (vec![unreadable(&gone)], 2, "gone.crt"),
        (vec![unreadable(&folder)], 2, "is a directory"),
        (vec![unreadable("/dev/zero")], 2, "is no file"),
        (vec!["--certificate=default/shown=web.crt".to_owned()], 2, "NAMESPACE/NAME=CERT,KEY"),
    ] {
        for command in ["validate", "status", "translate"] {
            let words_of: Vec<String> =
                [command, "m.yaml"].map(str::to_owned).into_iter().chain(flags.iter().cloned()).collect();
            let output = process::run(harness.binary(), &stage.work, &words_of, None)?;
            let said = output.stderr.clone() + if command == "translate" { "" } else { &output.stdout };
            let is_said = said.contains(words) || (command == "status" && output.code != Some(2));
            let key = fs::read_to_string(stage.pki("web.key")).map_err(fail)?;
            let shows_key = key.lines().nth(1).is_some_and(|line| output.stdout.contains(line) || said.contains(line));
            if output.code != Some(code) || !is_said || shows_key {
                return Err(format!("{words_of:?}: {code} and `{words}` expected\n{output:?}"));
            }
        }
    }
    Ok(())
}
