//! No two files of `src/` need each other, directly or by way of others: each can be read with what is below it.
//!
//! A file needs another one where it names something that the other one defines. What a file only declares (`mod`) or
//! hands on (`pub use`) it does not need, and whoever takes a name from there needs the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use regex::Regex;
use walkdir::WalkDir;

/// A pattern that is known to be one.
#[expect(clippy::panic, reason = "a wrong pattern is a fault of this file")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| panic!("{error}"))
}

static USES: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\s*(pub\s+)?use\s+([^;]+);"));
static PATHS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^:\w])((?:\w+::)+\w+)"));
static VISIBILITIES: LazyLock<Regex> = LazyLock::new(|| pattern(r"pub\((?:in )?[\w:]+\)"));
static TEST_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\[cfg\((?:all\()?test"));
static TESTS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"#\[cfg\(test\)\]\s*(?:#\[path = "[^"]*"\]\s*)?(?:pub\([^)]*\) )?mod \w+;"#));

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let source = root.join("src");
    vec![
        Trial::test("circles::no_files_need_each_other", move || {
            let circles = Modules::read(&source)?.circles();
            if circles.is_empty() { Ok(()) } else { Err(Failed::from(circles.join("\n"))) }
        }),
        Trial::test("circles::are_found", are_found),
    ]
}

/// The modules of the crate by their paths, such as `["resolver", "route"]`.
#[derive(Debug, Default)]
struct Modules(BTreeMap<Vec<String>, Module>);

/// What one file says of others.
#[derive(Debug, Default)]
struct Module {
    /// What names stand for that it imports or hands on.
    imports: BTreeMap<String, Vec<String>>,
    /// The paths that it needs.
    needs: BTreeSet<Vec<String>>,
}

impl Modules {
    fn read(source: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        for entry in WalkDir::new(source).sort_by_file_name() {
            let entry = entry.map_err(|error| error.to_string())?;
            let path = entry.path().strip_prefix(source).map_err(|error| error.to_string())?;
            let name = path.to_string_lossy().replace('\\', "/");
            let is_code =
                name.strip_suffix(".rs").is_some_and(|name| !name.ends_with("tests") && !name.contains("tests/"));
            if is_code && name != "main.rs" {
                files.push((name, fs::read_to_string(entry.path()).map_err(|error| error.to_string())?));
            }
        }
        Ok(Self::of(&files))
    }

    fn of(files: &[(String, String)]) -> Self {
        let mut modules = Self(files.iter().map(|(name, _)| (module_of(name), Module::default())).collect());
        for (name, text) in files {
            let own = module_of(name);
            let module = modules.read_module(&own, &code_of(text));
            modules.0.insert(own, module);
        }
        modules
    }

    fn read_module(&self, own: &[String], code: &str) -> Module {
        let mut module = Module::default();
        for found in USES.captures_iter(code) {
            for path in expanded(found.get(2).map_or("", |tree| tree.as_str())) {
                let Some(absolute) = self.absolute(own, &path) else { continue };
                if let Some(last) = absolute.last() {
                    module.imports.insert(last.clone(), absolute.clone());
                }
                if found.get(1).is_none() {
                    module.needs.insert(absolute);
                }
            }
        }
        let rest = USES.replace_all(code, "");
        for found in PATHS.captures_iter(&rest) {
            let path: Vec<String> = found[1].split("::").map(str::to_owned).collect();
            module.needs.extend(self.absolute(own, &path));
        }
        module
    }

    /// A path from the root of the crate; `None` for one that leads out of it.
    fn absolute(&self, own: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut base = own.to_vec();
        let mut rest = path;
        match path.first().map(String::as_str)? {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|step| step == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child: Vec<String> = own.iter().cloned().chain([first.to_owned()]).collect();
                if !self.0.contains_key(&child) {
                    return None;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The file that defines what a path names, through whatever hands it on.
    fn defines(&self, path: &[String]) -> Option<Vec<String>> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length]))?;
            let (module, rest) = path.split_at(length);
            let Some(first) = rest.first() else { return Some(path) };
            match self.0[module].imports.get(first) {
                Some(target) if *target != path => path = target.iter().chain(&rest[1..]).cloned().collect(),
                _ => return Some(module.to_vec()),
            }
        }
        None
    }

    /// The groups of files that need each other, each in words.
    fn circles(&self) -> Vec<String> {
        let needs = |own: &Vec<String>, module: &Module| -> BTreeSet<Vec<String>> {
            module.needs.iter().filter_map(|path| self.defines(path)).filter(|other| other != own).collect()
        };
        let direct: BTreeMap<_, _> = self.0.iter().map(|(own, module)| (own.clone(), needs(own, module))).collect();
        let reached: BTreeMap<_, _> = direct.keys().map(|own| (own, reach(own, &direct))).collect();
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for (own, others) in &reached {
            let group: BTreeSet<_> = others.iter().filter(|other| reached[other].contains(*own)).collect();
            if group.contains(own) && told.insert(group.clone()) {
                let arrow = |from: &Vec<String>| {
                    let to = direct[from].iter().filter(|to| group.contains(to)).map(|to| to.join("::"));
                    format!("  {} needs {}", from.join("::"), to.collect::<Vec<_>>().join(", "))
                };
                let arrows: Vec<_> = group.iter().map(|from| arrow(from)).collect();
                circles.push(format!("{} files need each other:\n{}", group.len(), arrows.join("\n")));
            }
        }
        circles
    }
}

/// All that a file needs, and what those need.
fn reach(own: &[String], direct: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> BTreeSet<Vec<String>> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Vec<String>> = direct.get(own).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next.clone()) {
            open.extend(direct.get(next).into_iter().flatten());
        }
    }
    reached
}

/// The module of a file: `resolver/route.rs` and `resolver/route/mod.rs` are both `resolver::route`.
fn module_of(name: &str) -> Vec<String> {
    let name = name.trim_end_matches(".rs");
    let name = if name == "lib" { "" } else { name.trim_end_matches("/mod") };
    name.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect()
}

/// The code without comments and tests.
fn code_of(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = TESTS.replace_all(&lines.collect::<Vec<_>>().join("\n"), "").into_owned();
    let code = VISIBILITIES.replace_all(&code, "pub");
    let end = TEST_CODE.find(&code).map(|found| found.start()).unwrap_or(code.len());
    code.get(..end).unwrap_or_default().to_owned()
}

/// The paths of the tree of a `use`.
fn expanded(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.split("::").map(|step| step.trim().to_owned()).collect()];
    };
    let head: Vec<String> =
        head.split("::").map(|step| step.trim().to_owned()).filter(|step| !step.is_empty()).collect();
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut items, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&inner[start..]);
    let items = items.into_iter().filter(|item| !item.trim().is_empty()).flat_map(expanded);
    // `self` in braces is what stands before them.
    let steps = |item: Vec<String>| if item == ["self"] { Vec::new() } else { item };
    items.map(|item| head.iter().cloned().chain(steps(item)).collect()).collect()
}

fn are_found() -> Result<(), Failed> {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files = |of_leaf: &str| {
        vec![
            file("lib.rs", "pub mod a;\npub mod b;\n"),
            file("a/mod.rs", "mod leaf;\npub use leaf::Leaf;\nuse crate::b::{\n    Table, other::{self, Thing},\n};\n"),
            file("a/leaf.rs", of_leaf),
            file("b.rs", "use crate::a::Leaf; // crate::a::run\npub struct Table;\n"),
        ]
    };
    let count = |of_leaf| Modules::of(&files(of_leaf)).circles().len();
    let found = [
        ("pub struct Leaf;\n", 0),
        ("use super::Own;\npub struct Leaf;\n", 1),
        ("pub struct Leaf;\nfn f() { crate::b::make(); }\n", 1),
        ("pub struct Leaf;\n#[cfg(test)]\nmod tests { use crate::b::Table; }\n", 0),
        ("pub struct Leaf;\n// use crate::b::Table;\n", 0),
        ("pub(in crate::b) struct Leaf;\n", 0),
    ];
    match found.iter().find(|(text, circles)| count(text) != *circles) {
        None => Ok(()),
        Some((text, _)) => Err(format!("{text}: {:#?}", Modules::of(&files(text)).circles()).into()),
    }
}
