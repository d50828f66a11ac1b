//! A running Envoy: started on a file, waited for, asked, and stopped when its
//! value is dropped.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::admin;
use super::error::Error;
use crate::leftovers::{self, PrivateDirectory, Ticket};

/// How long Envoy may take until it serves.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long Envoy may take to judge a configuration.
const VALIDATE_TIMEOUT: Duration = Duration::from_secs(120);

/// How often a waiting loop looks again.
const POLL: Duration = Duration::from_millis(20);

/// How many bytes from the end of the log an error repeats.
const LOG_TAIL: usize = 4096;

/// How a line of the log says that its level is warning or above.
const LEVELS: &[&str] = &["][warning][", "][error][", "][critical]["];

static STARTED: AtomicU32 = AtomicU32::new(0);

/// Lets Envoy judge the configuration in `config`, whose extension picks the
/// format, without binding a port.
///
/// # Errors
///
/// When Envoy refuses it (the error repeats what Envoy said), or cannot be run.
pub fn validate(envoy: &Path, config: &Path) -> Result<(), Error> {
    let directory = PrivateDirectory::new().map_err(Error::system("create a directory for Envoy's log"))?;
    let log = directory.path().join("envoy.log");
    let mut command = command(envoy, config, &log)?;
    let mut child = Process::spawn(command.args(["--mode", "validate"]))?;
    match child.wait(VALIDATE_TIMEOUT)? {
        Some(status) if status.success() => Ok(()),
        Some(_) => Err(Error::Refused(tail(&log))),
        None => Err(Error::NotRunning(format!("no judgement within {VALIDATE_TIMEOUT:?}\n{}", tail(&log)))),
    }
}

/// The body of an admin interface's answer to `GET path`.
///
/// # Errors
///
/// When there is no answer, or one that is not 200.
pub fn ask_admin(admin: SocketAddr, path: &str) -> io::Result<String> {
    match admin::get(admin, path)? {
        (200, body) => Ok(body),
        (status, _) => Err(io::Error::other(format!("it answers {status}"))),
    }
}

/// How an Envoy runs.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Whether it writes to this process's standard output, which is where a log of requests may go.
    pub shows_output: bool,
    /// How many seconds connections live on whose listener is another one now or gone.
    pub drain: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self { shows_output: false, drain: 1 }
    }
}

/// An Envoy that serves.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: SocketAddr,
    log: PathBuf,
}

impl Envoy {
    /// Starts Envoy on `config`, whose admin interface is `admin`, writes what
    /// it prints to `log`, and returns when it serves.
    ///
    /// # Errors
    ///
    /// When Envoy stops or does not serve in time; the error ends with its log.
    pub fn start(envoy: &Path, config: &Path, admin: SocketAddr, log: &Path) -> Result<Self, Error> {
        Self::start_as(envoy, config, admin, log, Manner::default())
    }

    /// As [`Envoy::start`], in another manner.
    ///
    /// # Errors
    ///
    /// As [`Envoy::start`].
    pub fn start_as(envoy: &Path, config: &Path, admin: SocketAddr, log: &Path, manner: Manner) -> Result<Self, Error> {
        Self::start_told(envoy, config, admin, log, manner, |_| ())
    }

    /// As [`Envoy::start_as`]; `is_there` hears of the process before it is ready.
    ///
    /// # Errors
    ///
    /// As [`Envoy::start`].
    pub fn start_told(
        envoy: &Path,
        config: &Path,
        admin: SocketAddr,
        log: &Path,
        manner: Manner,
        is_there: impl FnOnce(u32),
    ) -> Result<Self, Error> {
        let Manner { shows_output, drain } = manner;
        // A token that only this process knows: whoever else answers on the admin port is unmasked.
        let node = format!("gwctl-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let mut command = command(envoy, config, log)?;
        command.args(["--concurrency", "1", "--use-dynamic-base-id", "--service-node", &node]);
        command.args(["--drain-time-s", &drain.to_string(), "--parent-shutdown-time-s", &(drain + 1).to_string()]);
        if shows_output {
            command.stdout(Stdio::inherit());
        }
        let mut envoy = Self { process: Process::spawn(&mut command)?, admin, log: log.to_owned() };
        is_there(envoy.process());
        envoy.wait_until_ready()?;
        match admin::get(admin, "/server_info") {
            Ok((200, info)) if info.contains(&format!("\"{node}\"")) => Ok(envoy),
            _ => Err(Error::NotRunning(format!("another process answers on {admin}"))),
        }
    }

    fn wait_until_ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.process.status()? {
                return Err(Error::NotRunning(format!("it ended with {status}\n{}", tail(&self.log))));
            }
            if matches!(admin::get(self.admin, "/ready"), Ok((200, _))) {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
        Err(Error::NotRunning(format!("it does not serve within {START_TIMEOUT:?}\n{}", tail(&self.log))))
    }

    /// The body of the admin interface's answer to `GET path`.
    ///
    /// # Errors
    ///
    /// When there is no answer, or one that is not 200.
    pub fn admin(&self, path: &str) -> Result<String, Error> {
        match admin::get(self.admin, path) {
            Ok((200, body)) => Ok(body),
            Ok((status, body)) => Err(Error::NotRunning(format!("admin {path} answers {status}: {body}"))),
            Err(error) => Err(Error::System(format!("ask Envoy for {path}"), error)),
        }
    }

    /// The TCP and UDP addresses that the listeners are bound to, as `IP:PORT`.
    ///
    /// # Errors
    ///
    /// When the admin interface does not answer.
    pub fn listeners(&self) -> Result<Vec<SocketAddr>, Error> {
        let text = self.admin("/listeners?format=json")?;
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let statuses = answer["listener_statuses"].as_array().map_or(&[][..], Vec::as_slice);
        let address = |socket: &serde_json::Value| {
            let ip = socket["address"].as_str()?.parse().ok()?;
            Some(SocketAddr::new(ip, socket["port_value"].as_u64()?.try_into().ok()?))
        };
        let first = statuses.iter().filter_map(|status| address(&status["local_address"]["socket_address"]));
        let more =
            statuses.iter().flat_map(|status| status["additional_local_addresses"].as_array().into_iter().flatten());
        Ok(first.chain(more.filter_map(|item| address(&item["socket_address"]))).collect())
    }

    /// The lines of the log so far whose level is warning or above.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn warnings(&self) -> io::Result<Vec<String>> {
        let log = std::fs::read(&self.log)?;
        let text = String::from_utf8_lossy(&log);
        let is_warning = |line: &&str| LEVELS.iter().any(|level| line.contains(level));
        Ok(text.lines().filter(is_warning).map(str::to_owned).collect())
    }

    /// The id of its process.
    fn process(&self) -> u32 {
        self.process.child().id()
    }

    /// How it ended, with the end of its log; `None` while it runs.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.process.status().ok().flatten()?;
        Some(format!("Envoy has ended with {status}\n{}", tail(&self.log)))
    }

    /// The sum of the counters whose names contain a text.
    ///
    /// # Errors
    ///
    /// When the admin interface does not answer.
    pub fn count(&self, name: &str) -> Result<u64, Error> {
        let text = self.admin(&format!("/stats?usedonly&filter={name}"))?;
        Ok(text.lines().filter_map(|line| line.rsplit_once(": ")?.1.parse::<u64>().ok()).sum())
    }

    /// The end of what Envoy printed.
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }
}

fn command(envoy: &Path, config: &Path, log: &Path) -> Result<Command, Error> {
    let create = Error::system(format!("create {}", log.display()));
    let output = File::create(log).and_then(|file| Ok((file.try_clone()?, file))).map_err(create)?;
    let mut command = Command::new(envoy);
    command.arg("-c").arg(config).args(["--log-level", "warning"]);
    command.stdin(Stdio::null()).stdout(output.0).stderr(output.1);
    Ok(command)
}

fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let start = bytes.len().saturating_sub(LOG_TAIL);
    String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).trim().to_owned()
}

/// A child process that does not outlive its value.
#[derive(Debug)]
struct Process {
    child: Arc<Mutex<Child>>,
    _ticket: Ticket,
}

impl Process {
    fn spawn(command: &mut Command) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let started = leftovers::process(|| command.spawn()).map_err(Error::system(format!("run {program}")));
        started.map(|(child, ticket)| Self { child, _ticket: ticket })
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.child().try_wait().map_err(Error::system("look after Envoy"))
    }

    fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Error> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.status()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only when the process has ended already.
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }
}
