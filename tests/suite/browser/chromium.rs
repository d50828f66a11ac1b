//! A Chromium without a window, driven through its own protocol
//! ([DevTools](https://chromedevtools.github.io/devtools-protocol/)) by a pipe: no port, no driver beside it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use crate::process::{PATIENCE, fail};

/// The variable that says where the browser is.
const VARIABLE: &str = "GWCTL_CHROMIUM";

/// What it is called where it is installed.
const NAMES: [&str; 5] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What brings it, where packages may be installed; fonts beside it, without which a page has no letters.
const PACKAGES: [&str; 2] = ["chromium-headless-shell", "fonts-dejavu-core"];

/// The browser: the one that the variable names, one on the `PATH`, or the package of Debian, which is installed where that
/// may be done.
pub(crate) fn provide() -> Result<PathBuf, String> {
    let (variable, path) = (std::env::var_os(VARIABLE), std::env::var_os("PATH").unwrap_or_default());
    if let Some(found) = find(variable.as_deref(), &path)? {
        return Ok(found);
    }
    let installed = install();
    find(None, &path)?.ok_or_else(|| {
        let why = installed.err().unwrap_or_else(|| "it was installed and is not on the PATH".to_owned());
        format!(
            "no Chromium, which tests look at pages with: {why}; install the package {} or let {VARIABLE} name a browser",
            PACKAGES[0]
        )
    })
}

pub(super) fn find(variable: Option<&OsStr>, path: &OsStr) -> Result<Option<PathBuf>, String> {
    if let Some(named) = variable.filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return match named.is_file() {
            true => Ok(Some(named)),
            false => Err(format!("{VARIABLE} names {}, which is no file", named.display())),
        };
    }
    let mut places = NAMES.iter().flat_map(|name| std::env::split_paths(path).map(move |folder| folder.join(name)));
    Ok(places.find(|place| place.is_file()))
}

/// Whether there is no browser and nobody who may install one, nor a word that there has to be one: what is seen of a page is
/// ignored then, and not passed.
pub(super) fn is_out_of_reach() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::var_os(VARIABLE).is_none() && find(None, &path) == Ok(None) && !may_install(&path)
}

fn may_install(path: &OsStr) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    is_root && std::env::split_paths(path).any(|folder| folder.join("apt-get").is_file())
}

fn install() -> Result<(), String> {
    if !may_install(&std::env::var_os("PATH").unwrap_or_default()) {
        return Err("only root may install it, with apt-get".to_owned());
    }
    let apt = |words: &[&str]| -> Result<(), String> {
        let mut command = Command::new("apt-get");
        command.args(["-qq", "-o", "DPkg::Lock::Timeout=300"]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
        let output = command.stdin(Stdio::null()).output().map_err(|error| format!("apt-get: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        if output.status.success() { Ok(()) } else { Err(format!("apt-get {}: {last}", words[0])) }
    };
    let all = [&["install", "-y", "--no-install-recommends"], &PACKAGES[..]].concat();
    // The lists of packages may be older than what the archive has, or not there.
    apt(&all).or_else(|_| apt(&["update"]).and_then(|()| apt(&all)))
}

/// A running browser with one page.
pub(super) struct Chromium {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// The number of the last call.
    last: u64,
    /// What calls about the page are marked with.
    session: Option<String>,
    events: Vec<Value>,
    log: PathBuf,
}

impl Chromium {
    /// Starts it; what it keeps and says stands below `work`.
    pub(super) fn start(program: &Path, work: &Path) -> Result<Self, String> {
        let log = work.join("chromium.log");
        let mut command = Command::new("bash");
        // It reads from descriptor 3 and writes to 4.
        command.args(["-c", "exec 3<&0 4>&1 0</dev/null 1>&2 && exec \"$@\"", "bash"]).arg(program).args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--no-first-run",
            "--remote-debugging-pipe",
        ]);
        command.arg(format!("--user-data-dir={}", work.join("profile").display())).arg("about:blank");
        command.env("HOME", work).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(File::create(&log).map_err(fail)?).spawn().map_err(fail)?;
        let (Some(to), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the browser has no pipe".to_owned());
        };
        let (sender, from) = channel();
        thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut message = Vec::new();
            while out.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop_if(|last| *last == 0);
                // Whoever would hear it may be gone.
                let told = serde_json::from_slice(&message).map(|message| sender.send(message).is_ok());
                if !told.unwrap_or_default() {
                    return;
                }
                message.clear();
            }
        });
        let mut browser = Self { child, to, from, last: 0, session: None, events: Vec::new(), log };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach)?;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Asks for something, and waits for the answer.
    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Result<Value, String> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).map_err(|error| self.gone(&error.to_string()))?;
        loop {
            let mut message =
                self.from.recv_timeout(PATIENCE).map_err(|error| self.gone(&format!("{method}: {error}")))?;
            if message["id"] != self.last {
                self.events.push(message);
            } else if message["error"].is_null() {
                return Ok(message["result"].take());
            } else {
                return Err(format!("{method}: {}", message["error"]));
            }
        }
    }

    /// What it has told without being asked, so far.
    pub(super) fn events(&mut self) -> &[Value] {
        self.events.extend(self.from.try_iter());
        &self.events
    }

    fn gone(&self, why: &str) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        format!("the browser does not answer: {why}\n{log}")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // What it has begun ends with it.
        let _ = self.call("Browser.close", json!({}));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
