//! `ui`: the page that is served, what it asks for, and who is refused.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::harness::Harness;
use crate::process::await_some;
use crate::watch::{Running, simple};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("ui::{name}"), check);
    vec![
        test("the_page_follows_the_manifests_and_asks_the_simulator", follows),
        test("the_page_says_what_changes_since_a_revision", compares),
        test("whoever_asks_by_another_name_or_from_another_page_is_refused", refuses),
        test("what_cannot_be_served_is_refused", unserved),
    ]
}

fn fail(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// A run with its address.
pub(crate) struct Served {
    pub(crate) run: Running,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start(harness: &Harness, work: &Path, more: &[&str]) -> Result<Self, String> {
        Self::start_on(harness, work, "m", more)
    }

    /// The same with other manifests.
    pub(crate) fn start_on(harness: &Harness, work: &Path, input: &str, more: &[&str]) -> Result<Self, String> {
        let run = Running::start(harness, work, &[&["ui", input, "--listen", "127.0.0.1:0"], more].concat())?;
        let output = run.output.clone();
        let address = || {
            let text = fs::read_to_string(&output).ok()?;
            text.trim().strip_prefix("http://")?.strip_suffix('/')?.parse().ok()
        };
        let address = await_some("an address", address).map_err(|why| format!("{why}\n{}", run.said()))?;
        Ok(Self { run, address })
    }

    /// A request as it is written; the status and the whole answer.
    fn send(&self, text: &str) -> Result<(u16, String), String> {
        let mut stream = TcpStream::connect(self.address).map_err(fail)?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(fail)?;
        stream.write_all(text.as_bytes()).map_err(fail)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(fail)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
        Ok((status.ok_or_else(|| format!("no status: {answer}"))?, answer))
    }

    pub(crate) fn get(&self, path: &str) -> Result<(u16, String), String> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address))
    }

    fn ask(&self, line: &str) -> Result<Value, String> {
        let (address, length) = (self.address, line.len());
        let (status, answer) = self.send(&format!(
            "POST /ask HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nsec-fetch-site: same-origin\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n{line}"
        ))?;
        ensure(status == 200, &answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).map_err(|error| format!("{error}: {answer}"))
    }
}

/// The data of a page.
fn data(page: &str) -> Result<Value, String> {
    let (_, rest) = page.split_once("id=\"data\">").ok_or_else(|| format!("no data: {page}"))?;
    serde_json::from_str(rest.split_once("</script>").unwrap_or_default().0).map_err(fail)
}

fn follows(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("ui-follows")?;
    fs::create_dir(work.join("m")).map_err(fail)?;
    fs::write(work.join("m/a.yaml"), simple("/cart")).map_err(fail)?;
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {password: hunter2-hunter2}\n";
    fs::write(work.join("m/secret.yaml"), secret).map_err(fail)?;
    let mut served = Served::start(harness, &work, &[])?;
    let (status, page) = served.get("/")?;
    ensure(status == 200 && page.contains("connect-src 'self'") && page.contains("x-frame-options: DENY"), &page)?;
    ensure(!page.contains("hunter2"), "a secret is on the page")?;
    let before = data(&page)?;
    let version = before["live"]["version"].as_u64().unwrap_or_default();
    ensure(served.get("/version")?.1.ends_with(&version.to_string()), "another version")?;
    // The box asks the simulator, and shows the way.
    let answer = served.ask("http://shop.test/cart/1 -H 'x-a: b c'")?;
    let lines = answer["answers"][0]["lines"].to_string();
    ensure(lines.contains("default/a:80") && answer["error"].is_null(), &answer.to_string())?;
    ensure(answer["answers"][0]["nodes"].as_array().is_some_and(|nodes| nodes.len() >= 4), &answer.to_string())?;
    let other = served.ask("GET http://shop.test/new")?;
    ensure(other["answers"][0]["lines"].to_string().contains("404"), &other.to_string())?;
    for line in ["http://a.test/ -f /etc/passwd", "", "http://a 'b", "http://a.test/ --output-file=x"] {
        let refused = served.ask(line)?;
        ensure(refused["error"].is_string() && refused["answers"] == Value::Array(Vec::new()), &refused.to_string())?;
    }
    ensure(!work.join("x").exists(), "a request wrote a file")?;
    // An edit is on the next page, an error as well, and the box knows it.
    fs::write(work.join("m/a.yaml"), simple("/new")).map_err(fail)?;
    let is_newer = || {
        let (_, page) = served.get("/").ok()?;
        data(&page).ok().filter(|data| data["live"]["version"].as_u64() > Some(version)).map(|_| ())
    };
    await_some("a newer page", is_newer)?;
    let other = served.ask("GET http://shop.test/new")?;
    ensure(other["answers"][0]["lines"].to_string().contains("default/a:80"), &other.to_string())?;
    fs::write(work.join("m/a.yaml"), simple("/new").replace("name: a, port", "name: gone, port")).map_err(fail)?;
    let is_wrong = || {
        let (_, page) = served.get("/").ok()?;
        let data = data(&page).ok()?;
        data["live"]["findings"].to_string().contains("GW2001").then_some(())
    };
    await_some("the error", is_wrong)?;
    // Ctrl-C.
    let code = served.run.end("INT")?;
    ensure(code == Some(0) && TcpStream::connect(served.address).is_err(), &format!("{code:?}"))
}

fn compares(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("ui-compares")?;
    fs::create_dir(work.join("m")).map_err(fail)?;
    fs::write(work.join("m/a.yaml"), simple("/cart")).map_err(fail)?;
    for words in [
        &["init", "-q", "-b", "main"][..],
        &["add", "."],
        &["-c", "user.name=a", "-c", "user.email=a@a.test", "commit", "-q", "-m", "a"],
    ] {
        let status = Command::new("git").args(words).current_dir(&work).status().map_err(fail)?;
        ensure(status.success(), "git")?;
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let words = ["ui", "m", "--listen", "127.0.0.1:0", "--against", "git:main:m"];
    let run = Running::start_with(harness, &work, &words, &[("PATH", &path)])?;
    let output = run.output.clone();
    let address = || fs::read_to_string(&output).ok()?.trim().strip_prefix("http://")?.strip_suffix('/')?.parse().ok();
    let served = Served { address: await_some("an address", address)?, run };
    let changes = || -> Option<String> { Some(data(&served.get("/").ok()?.1).ok()?["live"]["changes"].to_string()) };
    let first = changes().unwrap_or_default();
    ensure(first.contains("no difference for traffic"), &format!("{first}\n{}", served.run.said()))?;
    fs::write(work.join("m/a.yaml"), simple("/new")).map_err(fail)?;
    let is_told =
        || changes().filter(|changes| changes.contains("added") && changes.contains("path below /new")).map(|_| ());
    await_some("what changes", is_told).map_err(|why| format!("{why}: {:?}", changes()))
}

fn refuses(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("ui-refuses")?;
    fs::create_dir(work.join("m")).map_err(fail)?;
    fs::write(work.join("m/a.yaml"), simple("/cart")).map_err(fail)?;
    let served = Served::start(harness, &work, &[])?;
    let (own, port) = (served.address, served.address.port());
    let other_port = port.wrapping_add(1);
    let with = |headers: &str| served.send(&format!("GET / HTTP/1.1\r\n{headers}connection: close\r\n\r\n"));
    for (headers, expected) in [
        (format!("host: {own}\r\n"), 200),
        (format!("host: localhost:{port}\r\n"), 200),
        (format!("host: LOCALHOST:{port}\r\nsec-fetch-site: none\r\n"), 200),
        (format!("host: evil.test:{port}\r\n"), 403),
        (format!("host: 127.0.0.1.evil.test:{port}\r\n"), 403),
        ("host: localhost\r\n".to_owned(), 403),
        (format!("host: 127.0.0.1:{other_port}\r\n"), 403),
        (format!("host: {own}\r\nhost: evil.test\r\n"), 403),
        (format!("host: {own}\r\norigin: http://evil.test\r\n"), 403),
        (format!("host: {own}\r\norigin: null\r\n"), 403),
        (format!("host: {own}\r\nsec-fetch-site: cross-site\r\n"), 403),
        (format!("host: {own}\r\nsec-fetch-site: same-site\r\n"), 403),
    ] {
        let (status, answer) = with(&headers)?;
        ensure(status == expected, &format!("{headers}: {answer}"))?;
        // Nobody else may read an answer, and who is refused sees nothing of the input.
        ensure(!answer.to_lowercase().contains("access-control"), &answer)?;
        ensure(expected == 200 || !answer.contains("edge"), &answer)?;
    }
    ensure(served.send("GET / HTTP/1.0\r\n\r\n")?.0 == 403, "without a host")?;
    // There is the page, and no file.
    for path in ["/m/a.yaml", "/../m/a.yaml", "/%2e%2e/etc/passwd", "//etc/passwd", "/favicon.ico"] {
        let (status, answer) = served.get(path)?;
        ensure(status == 404, &format!("{path}: {answer}"))?;
    }
    ensure(served.get("/ask")?.0 == 405, "a request by GET")?;
    let long = format!("http://a.test/{}", "a".repeat(20_000));
    ensure(served.ask(&long)?["error"].is_string(), "a request without end")
}

fn unserved(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("ui-unserved")?;
    fs::create_dir(work.join("m")).map_err(fail)?;
    fs::write(work.join("m/a.yaml"), simple("/cart")).map_err(fail)?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").map_err(fail)?;
    let taken = taken.local_addr().map(|address| (address.to_string(), taken)).map_err(fail)?;
    for (words, expected) in [
        (&["ui", "m", "--listen", "0.0.0.0:0"][..], "loopback"),
        (&["ui", "-"], "standard input"),
        (&["ui", "m", "--listen", &taken.0], "cannot listen"),
        (&["ui", "m", "m", "--against", "m"], "--against compares one path"),
    ] {
        let mut run = Running::start(harness, &work, words)?;
        let code = run.ended()?;
        ensure(code == Some(2) && run.said().contains(expected), &format!("{words:?}: {code:?} {}", run.said()))?;
    }
    Ok(())
}
