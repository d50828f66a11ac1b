//! The crates that this platform's build and tests resolve: each has a licence that leaves a choice which agrees with ours
//! (Apache-2.0) and comes from crates.io, none is one that gwctl does without, and none is there in two versions but those
//! that others force on us.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// Licences that ask for no more than their notice, or for nothing.
const ALLOWED: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Where crates come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What gwctl does without: a second TLS library, a C toolchain for one, clients for the network.
const BANNED: &[&str] = &["aws-lc-rs", "curl", "git2", "native-tls", "openssl", "openssl-sys", "reqwest", "ureq"];

/// The crates of which several versions are resolved, because those that need them have not agreed yet.
const DUPLICATES: &[&str] = &["getrandom", "itertools", "rand_core", "syn", "synstructure", "unicode-width"];

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let test = |name: &str, check: fn(&[Value]) -> Vec<String>| {
        let manifest = root.join("Cargo.toml");
        Trial::test(format!("licences::{name}"), move || {
            let wrong = check(&packages(&manifest)?);
            if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
        })
    };
    vec![
        test("every_crate_has_one_that_is_allowed", refused),
        test("every_crate_is_from_the_registry_and_wanted", unwanted),
        test("only_known_crates_are_there_twice", doubled),
        Trial::test("licences::expressions_are_understood", expressions_are_understood),
    ]
}

/// The packages of the lock file that this platform needs.
fn packages(manifest: &Path) -> Result<Vec<Value>, Failed> {
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
    if packages.len() < 2 {
        return Err("only one package is resolved".into());
    }
    Ok(packages.clone())
}

fn refused(packages: &[Value]) -> Vec<String> {
    let refused = packages.iter().filter(|package| !package["license"].as_str().is_some_and(is_allowed));
    refused.map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"])).collect()
}

fn unwanted(packages: &[Value]) -> Vec<String> {
    let is_unwanted = |package: &&Value| {
        let is_ours = package["name"] == "gwctl" && package["source"].is_null();
        let is_banned = package["name"].as_str().is_some_and(|name| BANNED.contains(&name));
        is_banned || !is_ours && package["source"] != REGISTRY
    };
    let unwanted = packages.iter().filter(is_unwanted);
    unwanted.map(|package| format!("{} {} from {}", package["name"], package["version"], package["source"])).collect()
}

/// The crates that are resolved in several versions and not known for it, and those that are known for it without need.
fn doubled(packages: &[Value]) -> Vec<String> {
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for name in packages.iter().filter_map(|package| package["name"].as_str()) {
        *versions.entry(name).or_default() += 1;
    }
    let several = versions.iter().filter(|(name, count)| **count > 1 && !DUPLICATES.contains(name));
    let several = several.map(|(name, count)| format!("{name} in {count} versions"));
    let idle = DUPLICATES.iter().filter(|name| versions.get(*name).is_none_or(|count| *count < 2));
    several.chain(idle.map(|name| format!("{name} is there once, and listed"))).collect()
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
