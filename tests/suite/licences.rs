//! The licences of the crates that this platform's build and tests resolve: each leaves a choice that agrees with
//! ours (Apache-2.0).

use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// Licences that ask for no more than their notice.
const ALLOWED: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let manifest = root.join("Cargo.toml");
    vec![
        Trial::test("licences::every_crate_has_one_that_is_allowed", move || every_crate_is_allowed(&manifest)),
        Trial::test("licences::expressions_are_understood", expressions_are_understood),
    ]
}

fn every_crate_is_allowed(manifest: &Path) -> Result<(), Failed> {
    // Of other platforms' crates nothing needs to be on this machine.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", env!("GWCTL_TARGET"), "--manifest-path"])
        .arg(manifest)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("cargo names no packages")?;
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(is_allowed))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    if packages.len() < 2 {
        return Err("only one package is resolved".into());
    }
    if refused.is_empty() { Ok(()) } else { Err(refused.join("\n").into()) }
}

/// Whether an SPDX expression (or an old one, with `/` for `OR`) can be met with what is allowed.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest) == Some(true) && rest.is_empty()
}

/// `OR` binds least. Nothing where the expression cannot be read.
fn either(words: &mut &[&str]) -> Option<bool> {
    let mut met = all(words)?;
    while let [first, rest @ ..] = *words
        && *first == "OR"
    {
        *words = rest;
        met |= all(words)?;
    }
    Some(met)
}

fn all(words: &mut &[&str]) -> Option<bool> {
    let mut met = one(words)?;
    while let [first, rest @ ..] = *words
        && *first == "AND"
    {
        *words = rest;
        met &= one(words)?;
    }
    Some(met)
}

fn one(words: &mut &[&str]) -> Option<bool> {
    let (&first, rest) = words.split_first()?;
    *words = rest;
    if first == "(" {
        let met = either(words)?;
        let (&last, rest) = words.split_first()?;
        *words = rest;
        return (last == ")").then_some(met);
    }
    if let ["WITH", exception, rest @ ..] = *words {
        *words = rest;
        return Some(ALLOWED.contains(&format!("{first} WITH {exception}").as_str()));
    }
    (!matches!(first, ")" | "OR" | "AND" | "WITH")).then(|| ALLOWED.contains(&first))
}

fn expressions_are_understood() -> Result<(), Failed> {
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/GPL-3.0",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0 AND ISC OR MIT",
    ] {
        if !is_allowed(good) {
            return Err(format!("{good} is refused").into());
        }
    }
    for bad in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH other", "(MIT", "MIT)", "MIT ISC", "OR MIT", "MIT AND", "WITH"]
    {
        if is_allowed(bad) {
            return Err(format!("`{bad}` is allowed").into());
        }
    }
    Ok(())
}
