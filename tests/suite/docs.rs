//! The documents: whatever path they name exists.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

/// What a path of the repository begins with, in text.
const ROOTS: &[&str] =
    &["src/", "docs/", "testdata/", "snapshots/", "tests/", "benches/", "examples/", ".ci/", ".github/", "packaging/"];

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let root = root.to_owned();
    vec![
        Trial::test("docs::every_path_that_a_document_names_exists", move || match check(&root).as_slice() {
            [] => Ok(()),
            wrong => Err(Failed::from(wrong.join("\n"))),
        }),
        Trial::test("docs::links_and_quoted_paths_are_seen", paths_are_seen),
    ]
}

fn check(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for document in documents(root) {
        let text = fs::read_to_string(&document).unwrap_or_default();
        let folder = document.parent().unwrap_or(root);
        let missing = |path: &String| !root.join(path).exists() && !folder.join(path).exists();
        let name = document.strip_prefix(root).unwrap_or(&document).display();
        wrong.extend(
            named_paths(&text).into_iter().filter(missing).map(|path| format!("{name}: `{path}` does not exist")),
        );
    }
    wrong
}

/// The Markdown files of the root and of `docs/`.
pub(crate) fn documents(root: &Path) -> Vec<PathBuf> {
    let top = WalkDir::new(root).max_depth(1).sort_by_file_name().into_iter();
    let docs = WalkDir::new(root.join("docs")).sort_by_file_name().into_iter();
    let files = top.chain(docs).flatten().map(walkdir::DirEntry::into_path);
    files.filter(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The relative targets of links, and the repository's paths in backticks, outside of code blocks.
fn named_paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for target in line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains(':') {
                paths.push(path.to_owned());
            }
        }
        for quoted in line.split('`').skip(1).step_by(2) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
            if ROOTS.iter().any(|root| quoted.starts_with(root)) && quoted.chars().all(plain) {
                paths.push(quoted.to_owned());
            }
        }
    }
    paths
}

fn paths_are_seen() -> Result<(), Failed> {
    let text = "[a](b.md#c) [d](https://e/f) `src/g.rs` `h/i` `testdata/<area>/x`\n```\n[j](k.md)\n```\n[l](#m)\n";
    let paths = named_paths(text);
    if paths == ["b.md", "src/g.rs"] { Ok(()) } else { Err(format!("{paths:?}").into()) }
}
