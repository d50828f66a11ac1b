//! What all tests of a run share, and the tests of the harness itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gwctl::proving;
use libtest_mimic::{Failed, Trial};

use crate::behaviour;
use crate::case::{Case, discover};
use crate::golden;
use crate::process::{self, Output};

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Harness {
    root: PathBuf,
    gwctl: PathBuf,
    /// A directory for whatever tests write.
    scratch: PathBuf,
    /// Envoy, looked for when it is first needed.
    envoy: Arc<OnceLock<Result<PathBuf, String>>>,
    /// A browser, looked for when it is first needed.
    #[cfg(unix)]
    chromium: Arc<OnceLock<Result<PathBuf, String>>>,
}

impl Harness {
    pub(crate) fn new(root: &Path, gwctl: &Path, scratch: &Path) -> Self {
        let [root, gwctl, scratch] = [root, gwctl, scratch].map(Path::to_owned);
        Self {
            root,
            gwctl,
            scratch,
            envoy: Arc::default(),
            #[cfg(unix)]
            chromium: Arc::default(),
        }
    }

    /// The same with another Envoy, and a place of its own for what it writes.
    pub(crate) fn with_envoy(&self, envoy: &Path, name: &str) -> Self {
        let scratch = self.scratch.join(name);
        Self { scratch, envoy: Arc::new(OnceLock::from(Ok(envoy.to_owned()))), ..self.clone() }
    }

    /// A trial that needs nothing else.
    pub(crate) fn trial(&self, name: &str, check: fn(&Self) -> Result<(), String>) -> Trial {
        let harness = self.clone();
        Trial::test(name, move || check(&harness).map_err(Failed::from))
    }

    pub(crate) fn testdata(&self) -> PathBuf {
        self.root.join("testdata")
    }

    pub(crate) fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// The Envoy binary, installed if need be. Without it a test fails.
    pub(crate) fn envoy(&self) -> Result<&Path, String> {
        // `target/tmp` is the scratch directory that cargo gives to test binaries.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(&self.scratch);
        let found = self.envoy.get_or_init(|| proving::provide(target).map_err(|error| error.to_string()));
        found.as_deref().map_err(Clone::clone)
    }

    /// A browser, installed if need be. Without it a test fails.
    #[cfg(unix)]
    pub(crate) fn chromium(&self) -> Result<&Path, String> {
        self.chromium.get_or_init(crate::browser::provide).as_deref().map_err(Clone::clone)
    }

    /// The binary under test.
    pub(crate) fn binary(&self) -> &Path {
        &self.gwctl
    }

    /// An empty directory for one test.
    pub(crate) fn work_directory(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.scratch.join(name);
        // It is left in place after the run, for whoever looks into a failure.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Runs a command of gwctl in the folder of a case.
    pub(crate) fn gwctl(&self, command: &str, case: &Case, args: &[String], work: &Path) -> Result<Output, String> {
        let work = work.to_string_lossy();
        let mut all = vec![command.to_owned()];
        all.extend(args.iter().map(|arg| arg.replace("{tmp}", &work)));
        all.extend(case.paths.iter().cloned());
        process::run(&self.gwctl, &case.folder, &all, case.stdin.as_ref())
    }
}

/// A stand-in for gwctl: prints a file of the case, with the ports that it was
/// told, and fails when the case says so.
const STAND_IN: &str = "#!/bin/sh
command=$1
case \"$*\" in *--fail*) [ \"$command\" = validate ] && echo \"error[GW0000] in $PWD\" | sed 's,/.*/,,'; exit 1;; esac
for arg in \"$@\"; do
  case $arg in
    --admin-address=*) admin=${arg##*:};;
    --port-map=80=*) port=${arg##*=};;
  esac
done
case $command in
  translate) sed \"s,ADMIN,${admin:-19000},; s,PORT,${port:-80},\" envoy.txt;;
  validate) echo 'no findings';;
esac
";

/// A repository in a temporary directory, with `files` as paths and texts.
fn repository(files: &[(&str, &str)]) -> Result<(tempfile::TempDir, Harness), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |path: &Path, text: &str| {
        fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| fs::write(path, text))
    };
    for (path, text) in files {
        write(&directory.path().join(path), text).map_err(|error| error.to_string())?;
    }
    let script = directory.path().join("gwctl.sh");
    write(&script, STAND_IN).map_err(|error| error.to_string())?;
    make_executable(&script)?;
    let harness = Harness::new(directory.path(), &script, &directory.path().join("scratch"));
    Ok((directory, harness))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<(), String> {
    Ok(())
}

/// Compares the only case of a repository.
fn compare_only(harness: &Harness) -> Result<(), String> {
    let (_, found) = discover(&harness.testdata()).pop().ok_or("no case")?;
    golden::compare(harness, &found?, &golden::Pinned::default())
}

fn ensure(holds: bool, message: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed::from(message.into())) }
}

const SNAPSHOT: &str = "---\nsource: x\n---\n";
const REASON: (&str, &str) =
    ("testdata/self/expected-difference/case.yaml", "reason: it shows something\npins: bootstrap\n");
const GOOD: (&str, &str) = ("testdata/self/expected-difference/envoy.txt", "static_resources: {}\n");

/// The harness is tested like everything else.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = behaviour::own_trials();
    trials.extend([
        Trial::test("harness::a_case_that_is_as_recorded_passes", passes),
        Trial::test("harness::a_changed_output_fails", changed_output_fails),
        Trial::test("harness::a_bootstrap_that_envoy_refuses_fails", refused_bootstrap_fails),
        Trial::test("harness::an_unexpected_exit_code_fails", unexpected_exit_fails),
        Trial::test("harness::a_case_without_a_reason_fails", missing_reason_fails),
        Trial::test("harness::requests_go_through_a_real_envoy", requests_are_sent),
        Trial::test("harness::a_snapshot_without_a_case_is_an_orphan", orphan_is_found),
    ]);
    trials
}

fn snapshots(bootstrap: &str, diagnostics: &str) -> [(&'static str, String); 2] {
    [
        ("snapshots/self/expected-difference/bootstrap.yaml.snap", format!("{SNAPSHOT}{bootstrap}")),
        ("snapshots/self/expected-difference/diagnostics.txt.snap", format!("{SNAPSHOT}{diagnostics}")),
    ]
}

fn passes() -> Result<(), Failed> {
    let [bootstrap, diagnostics] = snapshots("static_resources: {}\n", "no findings\n");
    let files = [REASON, GOOD, (bootstrap.0, &bootstrap.1), (diagnostics.0, &diagnostics.1)];
    let (_directory, harness) = repository(&files)?;
    compare_only(&harness)?;
    ensure(golden::orphans(&harness).is_empty(), "its snapshots are not orphans")
}

fn changed_output_fails() -> Result<(), Failed> {
    let [bootstrap, diagnostics] = snapshots("static_resources: {clusters: []}\n", "one finding\n");
    let files = [REASON, GOOD, (bootstrap.0, &bootstrap.1), (diagnostics.0, &diagnostics.1)];
    let (_directory, harness) = repository(&files)?;
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        return Ok(());
    }
    let message = compare_only(&harness).err().unwrap_or_default();
    let both = message.contains("bootstrap.yaml.snap") && message.contains("diagnostics.txt.snap");
    ensure(both, format!("both changes are reported: {message}"))
}

fn refused_bootstrap_fails() -> Result<(), Failed> {
    let bad = "static_resources: {no_such_field: 1}\n";
    let [bootstrap, diagnostics] = snapshots(bad, "no findings\n");
    let files = [
        REASON,
        ("testdata/self/expected-difference/envoy.txt", bad),
        (bootstrap.0, &bootstrap.1),
        (diagnostics.0, &diagnostics.1),
    ];
    let (_directory, harness) = repository(&files)?;
    let message = compare_only(&harness).err().unwrap_or_default();
    ensure(message.contains("no_such_field"), format!("Envoy's words are reported: {message}"))
}

fn unexpected_exit_fails() -> Result<(), Failed> {
    let settings = |exit: &str| format!("reason: x\nargs: [--fail]\nexit: {exit}\n");
    let diagnostics = format!("{SNAPSHOT}error[GW0000] in expected-difference\n");
    for (exit, fails) in [("1", false), ("{validate: 1}", true), ("{translate: 1}", true)] {
        let case = settings(exit);
        let files = [
            ("testdata/self/expected-difference/case.yaml", case.as_str()),
            ("snapshots/self/expected-difference/diagnostics.txt.snap", &diagnostics),
        ];
        let (_directory, harness) = repository(&files)?;
        let result = compare_only(&harness);
        ensure(result.is_err() == fails, format!("exit: {exit}: {result:?}"))?;
    }
    Ok(())
}

fn missing_reason_fails() -> Result<(), Failed> {
    for (case, text, fails) in
        [("case.yaml", "args: []\n", true), ("m.yaml", "kind: X\n", true), ("m.yaml", "# why\nkind: X\n", false)]
    {
        let path = format!("testdata/self/expected-difference/{case}");
        let (_directory, harness) = repository(&[(&path, text)])?;
        let found = discover(&harness.testdata()).pop().ok_or("no case")?;
        ensure(found.1.is_err() == fails, format!("{case}: {text}"))?;
    }
    Ok(())
}

const SERVER: &str = "\
admin: {address: {socket_address: {address: 127.0.0.1, port_value: ADMIN}}}
overload_manager:
  resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      \"@type\": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: 100
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: PORT}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
          route_config:
            virtual_hosts:
            - {name: all, domains: ['*'], routes: [{match: {prefix: /}, direct_response: {status: 418}}]}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
";

fn requests_are_sent() -> Result<(), Failed> {
    let gateway = "# a Gateway\nkind: Gateway\nmetadata: {name: edge}\nspec: {listeners: [{port: 80}]}\n";
    for (status, fails) in [(418, false), (200, true)] {
        let requests =
            format!("requests: [{{name: x, request: {{url: 'http://a/'}}, expect: {{status: {status}}}}}]\n");
        let (_directory, harness) = repository(&[
            ("testdata/self/requests/gateway.yaml", gateway),
            ("testdata/self/requests/envoy.txt", SERVER),
            ("testdata/self/requests/case.yaml", "paths: [gateway.yaml]\n"),
            ("testdata/self/requests/requests.yaml", &requests),
        ])?;
        let (_, found) = discover(&harness.testdata()).pop().ok_or("no case")?;
        let case = found?;
        let file = case.requests.clone().ok_or("no requests")?;
        let result = behaviour::prove(&harness, &case, &file, "requests/own");
        ensure(result.is_err() == fails, format!("{status}: {result:?}"))?;
        let shows_both = |message: String| message.contains("200") && message.contains("418");
        ensure(result.err().is_none_or(shows_both), "the message shows what was expected and what came")?;
    }
    Ok(())
}

fn orphan_is_found() -> Result<(), Failed> {
    let files = [
        REASON,
        ("snapshots/self/other/bootstrap.yaml.snap", SNAPSHOT),
        ("snapshots/self/expected-difference/other.snap", SNAPSHOT),
    ];
    let (_directory, harness) = repository(&files)?;
    ensure(golden::orphans(&harness).len() == 2, "both are orphans")
}
