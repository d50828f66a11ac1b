//! The whole compiler on damaged input: whatever the text says, `compile`, the
//! reports and the output end without a panic.
//!
//! The texts are the manifests of `testdata`, damaged at random from a fixed
//! seed, so that a failure is the same failure in every run.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use gwctl::comments::SourceComments;
use gwctl::compile::compile;
use gwctl::diagnostics::{Diagnostics, Report, human, json};
use gwctl::emit;
use gwctl::options::Options;
use gwctl::parser::locate::Locator;
use gwctl::parser::source::{Found, Source, SourceSet};
use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

use crate::campaign::random::Random;

/// The tests run in parallel: each has a seed of its own, and so many inputs.
const SEEDS: [u64; 4] = [1, 2, 3, 4];
const INPUTS_OF_A_SEED: usize = 750;

/// Text with a meaning somewhere: in YAML, in the API, in Envoy, or in a reader's arithmetic.
const TOKENS: &[&str] = &[
    "- ",
    "-",
    ": ",
    ":",
    "\n",
    "  ",
    "\t",
    "\r\n",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "\"",
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "*",
    "<<: *a",
    "<<: ",
    "!!",
    "!x ",
    "%TAG ! x:\n",
    "#",
    "---\n",
    "...\n",
    "? ",
    "~",
    "null",
    "true",
    "yes",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "1e999",
    ".nan",
    "0x10",
    "1_000",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "🦀",
    "*.",
    "*",
    "/",
    "//",
    "%2F",
    "..",
    "(",
    ")",
    "(?P<",
    "\\",
    "$",
    "{{ .Values.x }}",
    "kind: List\nitems:\n",
    "apiVersion: v1\n",
    "spec:\n",
    "matches:\n",
    "type: RegularExpression\n",
    "value: (((((\n",
    "weight: 0\n",
    "port: 0\n",
    "name: ''\n",
    "hostname: '*'\n",
];

/// The tests of this file.
pub(super) fn trials(root: &Path) -> Vec<Trial> {
    let testdata = root.join("testdata");
    let trial = |seed: u64| {
        let testdata = testdata.clone();
        Trial::test(format!("mutation::no_damaged_manifest_panics_with_seed_{seed}"), move || check(&testdata, seed))
    };
    SEEDS.into_iter().map(trial).collect()
}

fn check(testdata: &Path, seed: u64) -> Result<(), Failed> {
    let texts = manifests(testdata)?;
    let mut random = Random::new(seed);
    for input in 0..INPUTS_OF_A_SEED {
        let files: Vec<String> = (0..=random.below(2)).map(|_| random.damaged(&texts)).collect();
        if catch_unwind(AssertUnwindSafe(|| run(&files))).is_err() {
            return Err(format!("input {input} of seed {seed} panics:\n{}", files.join("\n#### next file\n")).into());
        }
    }
    Ok(())
}

fn manifests(testdata: &Path) -> Result<Vec<String>, Failed> {
    let mut texts = Vec::new();
    for entry in WalkDir::new(testdata).sort_by_file_name() {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry
            .path()
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
        {
            texts.extend(fs::read_to_string(entry.path()).ok());
        }
    }
    if texts.is_empty() { Err("no manifest in testdata".into()) } else { Ok(texts) }
}

/// All that a run of gwctl does, in memory.
fn run(files: &[String]) {
    let source = |(place, text): (usize, &String)| Source {
        name: format!("{place}.yaml"),
        text: text.clone(),
        found: if place == 0 { Found::Named } else { Found::InDirectory },
        context: false,
        kept: Vec::new(),
    };
    let sources = SourceSet { sources: files.iter().enumerate().map(source).collect() };
    let compilation = compile(sources, &Options::default(), Diagnostics::new());
    let locator = Locator::new(&compilation.manifests);
    let report = Report::new(&compilation.findings, files.len(), compilation.manifests.object_count, &locator);
    let written = [
        human::write(&report, &locator, false, &mut io::sink()),
        json::write(&report, &mut io::sink()),
        compilation.bootstrap.as_deref().map_or(Ok(()), |wire| {
            emit::write_yaml(emit::BOOTSTRAP, wire, &SourceComments::new(&compilation), &mut io::sink())
        }),
    ];
    assert!(written.iter().all(Result::is_ok), "{written:?}");
}

impl Random {
    fn text<'a>(&mut self, texts: &'a [String]) -> &'a str {
        &texts[self.below(texts.len())]
    }

    fn token(&mut self) -> &'static str {
        TOKENS[self.below(TOKENS.len())]
    }

    /// A manifest with a few damages.
    fn damaged(&mut self, texts: &[String]) -> String {
        let mut text = self.text(texts).to_owned();
        for _ in 0..=self.below(4) {
            text = self.damage(text, texts);
        }
        text
    }

    fn damage(&mut self, mut text: String, texts: &[String]) -> String {
        let (from, to) = (self.place_in(&text), self.place_in(&text));
        let range = from.min(to)..from.max(to).min(from.min(to) + 40);
        let range = range.start..floor(&text, range.end);
        match self.below(8) {
            0 => text.insert_str(from, self.token()),
            1 => text.replace_range(range, ""),
            2 => text.replace_range(range, self.token()),
            3 => text.truncate(from),
            4 => {
                let other = self.text(texts);
                let start = self.place_in(other);
                text.insert_str(from, &other[start..floor(other, start + 200)]);
            }
            5 => text = self.with_scalar_replaced(&text),
            6 => text = self.with_lines_moved(&text),
            _ => {
                let token = self.token().repeat(1 + self.below(300));
                text.insert_str(from, &token);
            }
        }
        text
    }

    /// The beginning of some character.
    fn place_in(&mut self, text: &str) -> usize {
        let place = self.below(text.len() + 1);
        floor(text, place)
    }

    /// The value of one `key: value` line becomes something else: the text stays YAML for the most part.
    fn with_scalar_replaced(&mut self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let (place, token) = (self.below(lines.len().max(1)), self.token().trim());
        let replace = |(at, line): (usize, &&str)| match line.split_once(": ") {
            Some((key, _)) if at == place => format!("{key}: {token}\n"),
            _ => format!("{line}\n"),
        };
        lines.iter().enumerate().map(replace).collect()
    }

    fn with_lines_moved(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        if !lines.is_empty() {
            let (from, to) = (self.below(lines.len()), self.below(lines.len()));
            let line = lines[from];
            match self.below(3) {
                0 => lines.swap(from, to),
                1 => lines.insert(to, line),
                _ => lines[to] = line.trim_start(),
            }
        }
        lines.concat()
    }
}

/// The beginning of the character at `place`, or the end of the text.
fn floor(text: &str, place: usize) -> usize {
    (0..=place.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}
