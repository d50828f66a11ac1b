//! A run that is ended by a signal leaves no key, no temporary file and no proxy behind.

#![cfg(unix)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;

use crate::harness::Harness;
use crate::process::{await_some, fail};

const SIGNALS: [&str; 4] = ["INT", "TERM", "HUP", "QUIT"];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("signals::{name}"), check);
    vec![
        test("a_configuration_that_envoy_reads_is_private_and_goes_with_the_run", while_envoy_reads),
        test("an_output_that_is_being_written_leaves_no_temporary_file", while_writing),
        test("a_signal_that_is_ignored_stays_ignored", ignored),
    ]
}

/// An Envoy that never answers; it says which process it is.
const SILENT: &str = "#!/bin/sh\necho $$ > \"$GWCTL_TEST_PID\"\nexec sleep 120\n";

fn send(signal: &str, process: &str) -> Result<(), String> {
    let status = Command::new("kill").args([&format!("-{signal}"), process]).status().map_err(fail)?;
    if status.success() { Ok(()) } else { Err(format!("kill -{signal} {process}: {status}")) }
}

fn ended(child: &mut Child) -> Result<Option<i32>, String> {
    let status = await_some("end of the run", || child.try_wait().ok().flatten());
    if status.is_err() {
        let _ = child.kill();
    }
    Ok(status?.code())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn mode(path: &Path) -> Result<u32, String> {
    Ok(fs::metadata(path).map_err(fail)?.permissions().mode() & 0o777)
}

/// A folder with a silent Envoy and an empty directory for temporary files.
struct Stage {
    folder: PathBuf,
    temporary: PathBuf,
    pid: PathBuf,
}

impl Stage {
    fn new(harness: &Harness, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("signals/{name}"))?;
        let temporary = folder.join("tmp");
        fs::create_dir_all(&temporary).map_err(fail)?;
        let envoy = folder.join("envoy");
        fs::write(&envoy, SILENT).map_err(fail)?;
        fs::set_permissions(&envoy, fs::Permissions::from_mode(0o755)).map_err(fail)?;
        Ok(Self { pid: folder.join("pid"), folder, temporary })
    }

    fn start(&self, program: &Path, words: &[&str]) -> Result<Child, String> {
        let mut command = Command::new(program);
        command.args(words).current_dir(&self.folder).env("TMPDIR", &self.temporary).env("GWCTL_TEST_PID", &self.pid);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(fail)
    }
}

fn while_envoy_reads(harness: &Harness) -> Result<(), String> {
    let manifests = harness.testdata().join("tls/certificates").display().to_string();
    for signal in SIGNALS {
        let stage = Stage::new(harness, signal)?;
        let mut run = stage.start(harness.binary(), &["validate", &manifests, "--envoy=./envoy"])?;
        let envoy = await_some("Envoy", || fs::read_to_string(&stage.pid).ok().filter(|pid| pid.ends_with('\n')))?;
        let directories = entries(&stage.temporary);
        for directory in &directories {
            let wrong = entries(directory).into_iter().find(|file| {
                let is_config = file.extension().is_some_and(|extension| extension == "json");
                is_config && !matches!(mode(file), Ok(0o600))
            });
            if mode(directory)? != 0o700 || wrong.is_some() {
                return Err(format!("{} is open to others: {wrong:?}", directory.display()));
            }
        }
        send(signal, &run.id().to_string())?;
        let code = ended(&mut run)?;
        let left = entries(&stage.temporary);
        let is_alive =
            Command::new("kill").args(["-0", envoy.trim()]).stderr(Stdio::null()).status().map_err(fail)?.success();
        if directories.is_empty() || code != Some(2) || !left.is_empty() || is_alive {
            return Err(format!("SIG{signal}: exit {code:?}, left {left:?}, Envoy alive: {is_alive}, {directories:?}"));
        }
    }
    Ok(())
}

/// So many routes that writing them takes a while.
fn many_routes() -> String {
    let mut text = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\n\
                    spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}\n"
        .to_owned();
    for number in 0..2_500 {
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{number}}}\nspec: {{parentRefs: \
             [{{name: edge}}], hostnames: [h{number}.test], rules: [{{backendRefs: [{{name: a{number}, port: 80}}]}}]}}\n"
        );
    }
    text
}

fn while_writing(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "writing")?;
    fs::write(stage.folder.join("m.yaml"), many_routes()).map_err(fail)?;
    let output = stage.folder.join("output");
    fs::create_dir_all(&output).map_err(fail)?;
    let (mut caught, mut tries) = (0, 0);
    // The run may be over before the signal comes; then it is tried again.
    while caught < SIGNALS.len() && tries < 40 {
        let signal = SIGNALS[caught];
        tries += 1;
        let line = ["translate", "m.yaml", "--assume", "services", "--output-file", "output/envoy.yaml"];
        let mut run = stage.start(harness.binary(), &line)?;
        await_some("temporary file", || (!entries(&output).is_empty()).then_some(()))?;
        // A run that has ended is no failure of the signal.
        let _ = send(signal, &run.id().to_string());
        let code = ended(&mut run)?;
        let left: Vec<_> = entries(&output).into_iter().filter(|path| !path.ends_with("envoy.yaml")).collect();
        if !left.is_empty() || !matches!(code, Some(0 | 2)) {
            return Err(format!("SIG{signal}: exit {code:?}, left {left:?}"));
        }
        caught += usize::from(code == Some(2));
        let _ = fs::remove_file(output.join("envoy.yaml"));
    }
    if caught == SIGNALS.len() { Ok(()) } else { Err(format!("no run could be caught in {tries} tries")) }
}

fn ignored(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "ignored")?;
    let manifests = harness.testdata().join("tls/certificates").display().to_string();
    let script = format!("trap '' HUP; exec {} validate {manifests} --envoy=./envoy", harness.binary().display());
    let mut run = stage.start(Path::new("/bin/sh"), &["-c", &script])?;
    await_some("Envoy", || fs::read_to_string(&stage.pid).ok().filter(|pid| pid.ends_with('\n')))?;
    send("HUP", &run.id().to_string())?;
    std::thread::sleep(Duration::from_millis(300));
    let is_running = run.try_wait().map_err(fail)?.is_none();
    send("TERM", &run.id().to_string())?;
    let code = ended(&mut run)?;
    let left = entries(&stage.temporary);
    if is_running && code == Some(2) && left.is_empty() {
        Ok(())
    } else {
        Err(format!("running: {is_running}, exit {code:?}, left {left:?}"))
    }
}
