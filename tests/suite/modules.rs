//! `docs/modules.md`: every module with what it says of itself, made from `src` and held to it; and docs/architecture.md, which
//! names every folder.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

/// The document that is made.
const PAGE: &str = "docs/modules.md";

/// The document that is written by hand.
const ARCHITECTURE: &str = "docs/architecture.md";

/// What stands above the lists.
const HEAD: &str = "# Modules

Every file of `src` with the first paragraph of its documentation; docs/architecture.md says how they go together.
`GWCTL_UPDATE=1 cargo test --test suite -- index` makes this page, and a test holds it to them.
";

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let (of_page, of_text) = (root.to_owned(), root.to_owned());
    vec![
        Trial::test("index::every_module_stands_in_it_with_what_it_says", move || {
            let (text, path) = (page(&of_page)?, of_page.join(PAGE));
            if std::env::var_os("INSTA_UPDATE").is_some() {
                return fs::write(&path, text).map_err(|error| format!("{PAGE}: {error}").into());
            }
            match fs::read_to_string(&path) {
                Ok(now) if now == text => Ok(()),
                _ => Err(Failed::from(format!("{PAGE} is stale; GWCTL_UPDATE=1 makes it anew"))),
            }
        }),
        Trial::test("docs::the_architecture_names_every_folder", move || {
            let text = fs::read_to_string(of_text.join(ARCHITECTURE)).map_err(|error| error.to_string())?;
            let unnamed: Vec<String> =
                folders(&of_text.join("src")).into_iter().filter(|name| !is_named(&text, name)).collect();
            if unnamed.is_empty() {
                return Ok(());
            }
            Err(Failed::from(format!("{ARCHITECTURE} does not say what they are for: {unnamed:#?}")))
        }),
        Trial::test("index::a_paragraph_ends_where_it_ends", || {
            let paragraph =
                first_paragraph("//! One [`Two`]\n//! three ([four](https://five)).\n//!\n//! Six.\nuse x;\n");
            match paragraph.as_deref() {
                Some("One `Two` three ([four](https://five)).") => Ok(()),
                other => Err(Failed::from(format!("{other:?}"))),
            }
        }),
    ]
}

/// The folders of the two top levels, and the files of the top one, by their names in paths of Rust.
fn folders(source: &Path) -> Vec<String> {
    let entries = WalkDir::new(source).min_depth(1).max_depth(2).sort_by_file_name().into_iter().flatten();
    let entries = entries.filter(|entry| entry.file_type().is_dir() || entry.depth() == 1);
    let paths = entries.filter_map(|entry| entry.path().strip_prefix(source).ok().map(Path::to_owned));
    let names = paths
        .filter(|path| !is_test(path))
        .map(|path| path.with_extension("").iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("::"));
    let mut names: Vec<String> = names.collect();
    names.dedup();
    names
}

/// Whether a text has a name between backticks.
fn is_named(text: &str, name: &str) -> bool {
    text.contains(&format!("`{name}`")) || text.contains(&format!("`{name}.rs`"))
}

/// Whether a file or folder is a test of the one beside it.
fn is_test(path: &Path) -> bool {
    path.iter().any(|part| {
        let part = part.to_string_lossy();
        part.trim_end_matches(".rs") == "tests" || part.ends_with("_tests.rs")
    })
}

fn page(root: &Path) -> Result<String, String> {
    let mut text = HEAD.to_owned();
    let mut folder = PathBuf::new();
    for file in WalkDir::new(root.join("src")).sort_by(|one, other| order(one).cmp(&order(other))).into_iter().flatten()
    {
        let path = file.path().strip_prefix(root).map_err(|error| error.to_string())?;
        if path.extension().is_none_or(|extension| extension != "rs") || is_test(path) {
            continue;
        }
        let code = fs::read_to_string(file.path()).map_err(|error| format!("{}: {error}", path.display()))?;
        let said = first_paragraph(&code).ok_or_else(|| format!("{} does not say what it is", path.display()))?;
        let parent = path.parent().unwrap_or(path);
        if folder != parent {
            folder = parent.to_owned();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\n## {}\n", folder.display());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(text, "- `{name}`: {said}");
    }
    Ok(text)
}

/// Files before folders, by their names.
fn order(entry: &walkdir::DirEntry) -> (bool, std::ffi::OsString) {
    (entry.file_type().is_dir(), entry.file_name().to_owned())
}

/// The first paragraph of a file's documentation on one line, with the names that it links to as code alone.
fn first_paragraph(code: &str) -> Option<String> {
    let lines = code.lines().map_while(|line| line.strip_prefix("//!").map(str::trim));
    let words: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let text = words.join(" ").replace("[`", "`").replace("`]", "`");
    Some(text).filter(|text| !text.is_empty())
}
