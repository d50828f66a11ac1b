//! Which folder of `src/` may name which: data flows one way, and a test says so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

/// A part of the source: the path that its files begin with, and what they may name
/// beside themselves. The first entry that fits a file counts.
struct Layer {
    path: &'static str,
    modules: &'static [&'static str],
    /// Whether Envoy's messages may be named.
    messages: bool,
    /// Whether files may be read or written.
    files: bool,
}

const fn layer(path: &'static str, modules: &'static [&'static str], messages: bool, files: bool) -> Layer {
    Layer { path, modules, messages, files }
}

const LAYERS: &[Layer] = &[
    layer("hostname", &[], false, false),
    layer("glob", &[], false, false),
    layer("lua", &[], false, false),
    layer("re2", &[], false, false),
    layer("spelling", &[], false, false),
    layer("leftovers", &[], false, true),
    layer("certificate/tests", &["hostname"], false, true),
    layer("certificate", &["hostname"], false, false),
    layer("http", &[], false, false),
    layer("id", &[], false, false),
    layer("jwks", &[], false, false),
    layer("masked", &[], false, false),
    layer("name", &[], false, false),
    layer("port", &[], false, false),
    layer("private_key", &[], false, false),
    layer("url", &[], false, false),
    layer("diagnostics", &["id", "name", "private_key"], false, false),
    layer("parser/load", &["diagnostics", "glob"], false, true),
    layer(
        "parser",
        &["diagnostics", "http", "masked", "name", "options", "port", "private_key", "spelling"],
        false,
        false,
    ),
    // The resolver speaks of endpoints and origins in the words of the IR, and of nothing else in it.
    layer(
        "resolver",
        &[
            "certificate",
            "diagnostics",
            "hostname",
            "http",
            "id",
            "ir",
            "name",
            "options",
            "parser",
            "port",
            "re2",
            "spelling",
            "url",
        ],
        false,
        false,
    ),
    layer("status", &["diagnostics", "name", "options", "parser", "port", "resolver"], false, false),
    layer("transcoding", &[], false, false),
    layer("ir", &["hostname", "http", "id", "masked", "name", "port", "re2", "transcoding"], false, false),
    layer(
        "translator/lower",
        &[
            "diagnostics",
            "hostname",
            "http",
            "id",
            "ir",
            "jwks",
            "lua",
            "name",
            "options",
            "parser",
            "port",
            "re2",
            "resolver",
            "transcoding",
        ],
        false,
        false,
    ),
    layer("translator/envoy", &["hostname", "http", "ir", "name", "port"], true, false),
    layer("translator", &["diagnostics", "ir", "options", "parser", "resolver"], true, false),
    layer(
        "analysis",
        &[
            "certificate",
            "diagnostics",
            "hostname",
            "http",
            "ir",
            "name",
            "options",
            "parser",
            "port",
            "re2",
            "resolver",
            "simulate",
            "translator",
        ],
        false,
        false,
    ),
    layer("migrate", &["diagnostics", "emit", "hostname", "ir", "name", "parser", "port", "resolver"], false, false),
    // Pictures have no words of their own for what a route does: whoever has some hands them over.
    layer("graph/form", &["diagnostics", "parser"], false, false),
    layer("graph", &["diagnostics", "id", "ir", "name", "parser", "port", "resolver"], false, false),
    layer("emit", &["ir", "leftovers", "masked"], true, true),
    layer("simulate", &["hostname", "http", "ir", "jwks", "port", "re2", "transcoding"], false, false),
    // A stand-in for an authorization service speaks Envoy's protocol.
    layer("proving/authorization", &[], true, false),
    // So does one for a server that requests are handed to.
    layer("proving/processor", &[], true, false),
    layer("proving", &["ir", "leftovers", "masked", "name", "options", "port", "simulate", "url"], false, true),
    layer("options", &["diagnostics", "glob", "name", "port"], false, false),
];

/// What is at the top and may name everything.
const TOP: &[&str] = &["lib.rs", "main.rs", "compile", "comments", "context", "ir_text", "suppress", "cli"];

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let [source, counted] = [root.join("src"), root.join("src")];
    vec![
        Trial::test("layering::every_folder_names_only_what_it_may", move || match check(&source)?.as_slice() {
            [] => Ok(()),
            wrong => Err(Failed::from(wrong.join("\n"))),
        }),
        Trial::test("layering::every_way_to_name_a_module_is_seen", every_way_is_seen),
        Trial::test("layering::no_folder_copies_more_than_it_does_today", move || few_clones(&counted)),
    ]
}

/// How many times `.clone()` may stand in 1,000 lines of a folder, its tests left out. What has become fewer becomes the
/// new limit; the goal is 5.
const CLONES: &[(&str, usize)] = &[("cli", 5), ("translator", 5)];

fn few_clones(source: &Path) -> Result<(), Failed> {
    for (folder, most) in CLONES {
        let (mut clones, mut lines) = (0, 0);
        for entry in WalkDir::new(source.join(folder)) {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy();
            if !name.ends_with(".rs") || name == "tests.rs" || name.ends_with("_tests.rs") {
                continue;
            }
            let code = code_only(&fs::read_to_string(entry.path())?);
            clones += code.matches(".clone()").count();
            lines += code.lines().count();
        }
        if lines == 0 || clones * 1000 > most * lines {
            return Err(
                format!("src/{folder}: {clones} clones in {lines} lines, and at most {most} in 1,000 may be").into()
            );
        }
    }
    Ok(())
}

fn check(source: &Path) -> Result<Vec<String>, String> {
    let known = modules(source);
    let mut wrong = Vec::new();
    for entry in WalkDir::new(source).sort_by_file_name() {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry.path().extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let path = entry.path().strip_prefix(source).map_err(|error| error.to_string())?;
        let path = path.to_string_lossy().replace('\\', "/");
        if TOP.iter().any(|top| belongs(&path, top)) || path.ends_with("_tests.rs") {
            continue;
        }
        let Some(layer) = LAYERS.iter().find(|layer| belongs(&path, layer.path)) else {
            wrong.push(format!("src/{path}: no layer: say in tests/suite/layering.rs what it may name"));
            continue;
        };
        let text = fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        wrong.extend(faults(&path, &text, layer, &known));
    }
    Ok(wrong)
}

/// Whether `path` is `part` itself (a file or a folder) or lies in it.
fn belongs(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
}

/// The top-level modules of the library.
fn modules(source: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(source).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned()).collect()
}

fn faults(path: &str, text: &str, layer: &Layer, known: &BTreeSet<String>) -> Vec<String> {
    let own = path.split(['/', '.']).next().unwrap_or_default();
    let code = code_only(text);
    let mut wrong = Vec::new();
    for name in named_modules(path, &code) {
        if known.contains(&name) && name != own && !layer.modules.contains(&name.as_str()) {
            wrong.push(format!("src/{path} must not name `{name}`"));
        }
    }
    if !layer.messages && code.contains("envoy_types") {
        wrong.push(format!("src/{path} must not name Envoy's messages"));
    }
    if !layer.files && ["std::fs", "fs::read", "fs::write", "File::open"].iter().any(|name| code.contains(name)) {
        wrong.push(format!("src/{path} must not touch the file system"));
    }
    wrong
}

/// The code without comments, and without the tests at its end, which may name everything.
fn code_only(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text.get(..end).unwrap_or(text).lines();
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The first names behind `crate::`, `crate::{…}` and as many `super::` as lead to the root.
fn named_modules(path: &str, code: &str) -> BTreeSet<String> {
    let folders = path.matches('/').count();
    // `mod.rs` is its folder; any other file is one level deeper.
    let depth = if path.ends_with("/mod.rs") { folders } else { folders + 1 };
    let root = "super::".repeat(depth);
    let mut names = BTreeSet::new();
    for prefix in ["crate::", root.as_str()] {
        for (position, _) in code.match_indices(prefix) {
            let rest = code.get(position + prefix.len()..).unwrap_or_default();
            match rest.strip_prefix('{') {
                Some(list) => names.extend(first_names(list)),
                None => names.extend(identifier(rest)),
            }
        }
    }
    names
}

/// The first names of the items of a `{…}` list, whatever is nested in them.
fn first_names(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (position, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.extend(identifier(list.get(start..position).unwrap_or_default().trim_start()));
                start = position + 1;
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    text.get(..end).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn every_way_is_seen() -> Result<(), Failed> {
    let code = code_only(
        "use crate::parser::source;\nuse crate::{\n    ir::{Route, Match},\n    emit,\n};\n// crate::simulate\n\
         fn f() { crate::resolver::resolve(); super::super::proving::run(); super::own::x(); }\n\
         #[cfg(test)]\nmod tests { use crate::cli; }\n",
    );
    let names: Vec<_> = named_modules("translator/envoy.rs", &code).into_iter().collect();
    if names == ["emit", "ir", "parser", "proving", "resolver"] { Ok(()) } else { Err(format!("{names:?}").into()) }
}
