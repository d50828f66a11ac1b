//! Files that the command line names and that are renewed while an output is kept current.

use std::fs;
use std::path::Path;

use super::{Running, await_text};
use crate::harness::Harness;
use crate::process::fail;

/// A Gateway whose clients show certificates of either of two authorities: those are joined in the configuration.
const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: x
  tls:
    frontend:
      default:
        validation:
          caCertificateRefs:
          - {group: '', kind: ConfigMap, name: one}
          - {group: '', kind: ConfigMap, name: other}
  listeners:
  - {name: https, port: 443, protocol: HTTPS, hostname: www.example.com, tls: {certificateRefs: [{name: web}]}}
";

pub(super) fn check(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-renewed")?;
    let pki = harness.testdata().join("../tests/pki");
    let copy = |from: &str, to: &str| {
        let beside = work.join("new");
        fs::copy(pki.join(from), &beside).and_then(|_| fs::rename(&beside, work.join(to))).map_err(fail)
    };
    for (from, to) in [("ca.crt", "one.crt"), ("ca.crt", "other.crt"), ("web.crt", "web.crt"), ("web.key", "web.key")] {
        copy(from, to)?;
    }
    fs::write(work.join("m.yaml"), GATEWAY).map_err(fail)?;
    let words = [
        "translate",
        "m.yaml",
        "--layout=xds",
        "--output-dir=out",
        "--watch",
        "--ca=default/one=one.crt",
        "--ca=default/other=other.crt",
        "--certificate=default/web=web.crt,web.key",
    ];
    let mut run = Running::start(harness, &work, &words)?;
    let line = |file: &str| -> Result<String, String> {
        let text = fs::read_to_string(pki.join(file)).map_err(fail)?;
        text.lines().nth(3).map(str::to_owned).ok_or_else(|| format!("{file} is short"))
    };
    run.await_words("files written")?;
    let holder = holder(&work.join("out"), &line("ca.crt")?)?;
    // The files are those of other authorities now, which the configuration holds.
    copy("intermediate.crt", "other.crt")?;
    await_text(&run, &holder, &line("intermediate.crt")?)?;
    // A key that belongs to another certificate is found, and changes nothing.
    copy("web-rsa.key", "web.key")?;
    run.await_words("error: the input is not taken: the last good output stays")?;
    copy("web-rsa.crt", "web.crt")?;
    // A file that is not there for a moment counts as it was.
    fs::remove_file(work.join("one.crt")).map_err(fail)?;
    fs::write(work.join("m.yaml"), GATEWAY.replace("port: 443", "port: 8443")).map_err(fail)?;
    run.await_words("what it held before counts")?;
    await_text(&run, &work.join("out/lds.yaml"), "port_value: 8443")?;
    copy("intermediate.crt", "one.crt")?;
    let is_gone = || !fs::read_to_string(&holder).unwrap_or_default().contains(&line("ca.crt").unwrap_or_default());
    crate::process::await_some("the other authorities", || is_gone().then_some(()))
        .map_err(|why| format!("{why}\n{}", run.said()))?;
    match run.end("TERM")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}

/// The file below a directory that holds a text.
fn holder(directory: &Path, text: &str) -> Result<std::path::PathBuf, String> {
    let mut left = vec![directory.to_path_buf()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).map_err(fail)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if fs::read_to_string(&path).is_ok_and(|content| content.contains(text)) {
                return Ok(path);
            }
        }
    }
    Err(format!("no file below `{}` holds the text", directory.display()))
}
