//! `translate --watch`: an output follows the manifests, and no request is lost meanwhile.

#![cfg(unix)]

mod calls;
mod edits;
pub(crate) mod load;
mod refused;
mod renewed;
mod split;
pub(crate) mod under_load;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::harness::Harness;
use crate::process::{await_some, fail};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("watch::{name}"), check);
    vec![
        test("no_request_is_lost_while_manifests_are_edited", under_load::check),
        test("a_broken_edit_keeps_the_last_good_file", broken_edit),
        test("what_vanishes_and_comes_back_is_followed", vanishing),
        test("swapped_links_are_followed", swapped),
        test("an_edit_every_ten_milliseconds_is_followed", in_haste),
        test("a_second_watcher_is_refused", second),
        test("each_gateway_has_a_directory_that_is_kept_current", split::each_gateway),
        test("renewed_files_of_the_command_line_are_followed", renewed::check),
        test("what_envoy_refuses_is_told_and_a_file_that_goes_is_written_again", refused::check),
        test("what_cannot_be_followed_is_refused", unwatchable),
    ]
}

/// A gwctl that goes on until it is ended.
pub(crate) struct Running {
    child: Child,
    pub(crate) log: PathBuf,
    pub(crate) output: PathBuf,
}

impl Running {
    pub(crate) fn start(harness: &Harness, work: &Path, words: &[&str]) -> Result<Self, String> {
        Self::start_with(harness, work, words, &[])
    }

    pub(crate) fn start_with(
        harness: &Harness,
        work: &Path,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self, String> {
        let (log, output) = (work.join("gwctl.log"), work.join("gwctl.out"));
        let mut command = Command::new(harness.binary());
        command.args(words).current_dir(work).env_clear().envs(environment.iter().copied()).stdin(Stdio::null());
        command.stdout(fs::File::create(&output).map_err(fail)?).stderr(fs::File::create(&log).map_err(fail)?);
        Ok(Self { child: command.spawn().map_err(fail)?, log, output })
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said something.
    pub(crate) fn await_words(&mut self, words: &str) -> Result<(), String> {
        let log = self.log.clone();
        let child = &mut self.child;
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let found = await_some(words, || match said().contains(words) {
            true => Some(Ok(())),
            false => child.try_wait().ok().flatten().map(|status| Err(format!("it ended with {status}"))),
        });
        found.and_then(|inner| inner).map_err(|why| format!("{why}: no `{words}` in\n{}", said()))
    }

    /// Ends it by a signal; its exit code.
    pub(crate) fn end(&mut self, signal: &str) -> Result<Option<i32>, String> {
        let id = self.child.id().to_string();
        Command::new("kill").args([&format!("-{signal}"), &id]).status().map_err(fail)?;
        self.ended()
    }

    pub(crate) fn ended(&mut self) -> Result<Option<i32>, String> {
        let child = &mut self.child;
        let status = await_some("end of the run", || child.try_wait().ok().flatten());
        Ok(status.map_err(|why| format!("{why}\n{}", self.said()))?.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, or must not stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number_of(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A Gateway and a route to a path.
pub(crate) fn simple(path: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\n\
         spec: {{gatewayClassName: x, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: shop}}\nspec:\n  \
         parentRefs: [{{name: edge}}]\n  rules:\n  - matches: [{{path: {{value: {path}}}}}]\n    \
         backendRefs: [{{name: a, port: 80}}]\n"
    )
}

/// Waits until a file holds a text.
fn await_text(run: &Running, file: &Path, text: &str) -> Result<(), String> {
    let has = || fs::read_to_string(file).is_ok_and(|content| content.contains(text)).then_some(());
    await_some(text, has).map_err(|why| format!("{why}\n{}", run.said()))
}

fn broken_edit(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-broken")?;
    let (input, output) = (work.join("m.yaml"), work.join("envoy.yaml"));
    fs::write(&input, "kind: {").map_err(fail)?;
    let mut run = Running::start(harness, &work, &["translate", "m.yaml", "--output-file", "envoy.yaml", "--watch"])?;
    run.await_words("error: the input is not taken: nothing is written yet")?;
    fs::write(&input, simple("/one")).map_err(fail)?;
    await_text(&run, &output, "/one")?;
    let good = fs::read(&output).map_err(fail)?;
    fs::write(&input, simple("/two").replace("{name: a, port: 80}", "{name: nobody, port: 80}")).map_err(fail)?;
    run.await_words("error: the input is not taken: the last good output stays")?;
    if fs::read(&output).map_err(fail)? != good || !run.said().contains("error[GW2001]") {
        return Err(format!("the file has changed, or nothing was found\n{}", run.said()));
    }
    fs::write(&input, simple("/three")).map_err(fail)?;
    await_text(&run, &output, "/three")?;
    for words in ["added       httproute default/shop", "removed     httproute default/shop"] {
        run.await_words(words)?;
    }
    // What cannot be written is tried again.
    fs::remove_file(&output).and_then(|()| fs::create_dir(&output)).map_err(fail)?;
    fs::write(&input, simple("/four")).map_err(fail)?;
    run.await_words("it is a directory; this is tried again every second")?;
    fs::remove_dir(&output).map_err(fail)?;
    await_text(&run, &output, "/four")?;
    match run.end("INT")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}

fn vanishing(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-vanishing")?;
    let (above, output) = (work.join("a/b"), work.join("out/lds.yaml"));
    let put = |path: &str| {
        fs::create_dir_all(above.join("c")).and_then(|()| fs::write(above.join("c/m.yaml"), simple(path))).map_err(fail)
    };
    put("/one")?;
    let words = ["translate", "a/b/c", "--layout", "xds", "--output-dir", "out", "--watch", "-o", "yaml"];
    let mut run = Running::start(harness, &work, &words)?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/one")?;
    // Listeners are written after the routes that they name.
    await_text(&run, &output, "http-80")?;
    let before = fs::read(&output).map_err(fail)?;
    fs::remove_dir_all(work.join("a")).map_err(fail)?;
    run.await_words("error: the input is not taken: the last good output stays")?;
    if fs::read(&output).map_err(fail)? != before {
        return Err(format!("the output went with the input\n{}", run.said()));
    }
    put("/two")?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/two")?;
    // A file in a directory that is new.
    fs::create_dir_all(above.join("c/d/e")).map_err(fail)?;
    let route = simple("/new").replace("name: shop", "name: further");
    let route = route.rsplit("---\n").next().unwrap_or_default();
    fs::write(above.join("c/d/e/more.yaml"), route).map_err(fail)?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/new")?;
    // The output itself, when nothing is on its way any more.
    run.await_words("added       httproute default/further")?;
    fs::rename(work.join("out"), work.join("away")).map_err(fail)?;
    run.await_words("`out` is gone, and written again")?;
    await_text(&run, &work.join("out/rds/http-80.yaml"), "/new")?;
    match run.end("TERM")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}

/// As Kubernetes mounts a ConfigMap: files are links into `..data`, which is a link that is swapped.
fn swapped(harness: &Harness) -> Result<(), String> {
    use std::os::unix::fs::symlink;
    let work = harness.work_directory("watch-swapped")?;
    let mount = work.join("mount");
    let version = |name: &str, path: &str| -> Result<(), String> {
        fs::create_dir_all(mount.join(name)).map_err(fail)?;
        fs::write(mount.join(name).join("m.yaml"), simple(path)).map_err(fail)?;
        symlink(name, mount.join("..data_tmp")).map_err(fail)?;
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).map_err(fail)
    };
    version("..1", "/one")?;
    symlink("..data/m.yaml", mount.join("m.yaml")).map_err(fail)?;
    for (input, output) in [("mount", "a.yaml"), ("mount/m.yaml", "b.yaml")] {
        let mut run = Running::start(harness, &work, &["translate", input, "--output-file", output, "--watch"])?;
        await_text(&run, &work.join(output), if output == "a.yaml" { "/one" } else { "/two" })?;
        let next = if output == "a.yaml" { ("..2", "/two") } else { ("..3", "/three") };
        version(next.0, next.1)?;
        await_text(&run, &work.join(output), next.1)?;
        let code = run.end("INT")?;
        if code != Some(0) {
            return Err(format!("exit {code:?}"));
        }
    }
    Ok(())
}

fn in_haste(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-haste")?;
    let (input, output) = (work.join("m.yaml"), work.join("envoy.yaml"));
    fs::write(&input, simple("/start")).map_err(fail)?;
    let mut run = Running::start(harness, &work, &["translate", "m.yaml", "--output-file", "envoy.yaml", "--watch"])?;
    await_text(&run, &output, "/start")?;
    let seconds = number_of("GWCTL_WATCH_SECONDS", 5);
    let (started, mut number, mut seen) = (Instant::now(), 0, std::collections::BTreeSet::new());
    while started.elapsed() < Duration::from_secs(seconds as u64) {
        number += 1;
        fs::write(&input, simple(&format!("/edit{number}."))).map_err(fail)?;
        std::thread::sleep(Duration::from_millis(10));
        let text = fs::read_to_string(&output).map_err(fail)?;
        if !text.contains("/start") && !text.contains("/edit") {
            return Err(format!("something else is served\n{}", run.said()));
        }
        seen.insert(text.len());
    }
    await_text(&run, &output, &format!("/edit{number}."))?;
    let said = run.said();
    let code = run.end("INT")?;
    // No edit was read while it was written: nothing but good ones were seen.
    if said.contains("error") || code != Some(0) {
        return Err(format!("exit {code:?} after {number} edits, {} lengths\n{said}", seen.len()));
    }
    Ok(())
}

fn second(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-second")?;
    fs::write(work.join("m.yaml"), simple("/one")).map_err(fail)?;
    let words = ["translate", "m.yaml", "--layout", "xds", "--output-dir", "out", "--watch"];
    let mut first = Running::start(harness, &work, &words)?;
    first.await_words("files written")?;
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let output = crate::process::run(harness.binary(), &work, &words, None)?;
    let code = first.end("HUP")?;
    if output.code == Some(2) && output.stderr.contains("another gwctl writes `out`") && code == Some(0) {
        return Ok(());
    }
    Err(format!("{output:?}; the first ended with {code:?}"))
}

fn unwatchable(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-refused")?;
    fs::write(work.join("m.yaml"), simple("/one")).map_err(fail)?;
    for (line, words) in [
        ("translate - --output-file e.yaml --watch", "cannot follow standard input"),
        ("translate m.yaml --watch", "`--watch` needs"),
        ("translate m.yaml --output-file - --watch", "`--watch` needs"),
        ("translate . --output-file e.yaml --watch", "write it elsewhere"),
        ("translate . --layout xds --output-dir deep/out --watch", "write it elsewhere"),
        ("translate m.yaml --check e.yaml --watch", "cannot be used with"),
    ] {
        let output = crate::process::run_line(harness.binary(), &work, line)?;
        if output.code != Some(2) || !output.stderr.contains(words) {
            return Err(format!("{line}: {output:?}"));
        }
    }
    Ok(())
}
