//! What an output is made of, as its first comment says it: gwctl, its flags, the versions, and a digest of the input.
//!
//! The same command on the same manifests says the same on every machine: no path is in it that the command line does
//! not have, the order of files does not count, and what is secret is not a part of the digest.

use std::fmt::Write as _;
use std::io;

use ring::digest::{Context, SHA256, digest};

use crate::options::{EnvoyVersion, Options, SettingsFile};
use crate::parser::hidden::hidden_ranges;
use crate::parser::schema::RELEASE;
use crate::parser::source::Source;

/// How the first line begins.
const START: &str = "# gwctl ";

/// The lines that an output begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    lines: Vec<String>,
}

impl Made {
    /// Of an input that is compiled with these flags.
    pub(super) fn of(sources: &[Source], flags: &[String], options: &Options) -> Self {
        let EnvoyVersion(minor) = options.envoy_version;
        let mut lines = vec![format!("{START}{}, Gateway API {RELEASE}, Envoy 1.{minor}", env!("CARGO_PKG_VERSION"))];
        if !flags.is_empty() {
            lines.push(format!("# flags: {}", flags.join(" ")));
        }
        for SettingsFile { path: _, in_effect } in &options.settings {
            lines.push(format!("# settings: {}", in_effect.join("; ")));
        }
        let noun = if sources.len() == 1 { "file" } else { "files" };
        lines.push(format!("# input: {} {noun}, sha256:{}", sources.len(), input_digest(sources)));
        Self { lines: lines.iter().map(|line| on_one_line(line)).collect() }
    }

    /// Of an output that was read.
    pub(super) fn read(text: &str) -> Option<Self> {
        let lines: Vec<String> = text.lines().take_while(|line| line.starts_with("# ")).map(str::to_owned).collect();
        lines.first()?.starts_with(START).then_some(Self { lines })
    }

    /// Writes the lines.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// The lines of two outputs that are not the same, in words.
    pub(super) fn differences(&self, today: &Self) -> Vec<String> {
        let own = |line: &&String| !today.lines.contains(line);
        let new = |line: &&String| !self.lines.contains(line);
        let words = |sign: char, line: &String| format!("{sign} made by {}", line.trim_start_matches("# "));
        let old = self.lines.iter().filter(own).map(|line| words('-', line));
        old.chain(today.lines.iter().filter(new).map(|line| words('+', line))).collect()
    }
}

/// Nothing in a comment may end it.
fn on_one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, character| {
        let is_break = character.is_control() || matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
        // Writing to a string does not fail.
        let _ = if is_break { write!(line, "{}", character.escape_unicode()) } else { write!(line, "{character}") };
        line
    })
}

/// A digest of all texts, in whichever order they were read. What is secret in them does not count: whoever has the digest
/// must not be able to try what it might be.
fn input_digest(sources: &[Source]) -> String {
    let mut digests: Vec<_> = sources.iter().map(|source| (source.context, shown_digest(&source.text))).collect();
    digests.sort();
    let mut whole = Context::new(&SHA256);
    for (is_context, digest) in digests {
        whole.update(&[u8::from(is_context)]);
        whole.update(&digest);
    }
    hex(&whole.finish().as_ref()[..8])
}

fn shown_digest(text: &str) -> Vec<u8> {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for hidden in hidden_ranges(text) {
        shown.push_str(text.get(at..hidden.start).unwrap_or_default());
        shown.push('\0');
        at = hidden.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    digest(&SHA256, shown.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::source::Found;

    fn source(text: &str) -> Source {
        Source {
            name: "m.yaml".to_owned(),
            text: text.to_owned(),
            found: Found::Named,
            context: false,
            kept: Vec::new(),
        }
    }

    #[test]
    fn the_digest_is_of_the_texts_in_any_order_and_without_secrets() {
        let secret = |value: &str| {
            source(&format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{password: {value}}}\n"))
        };
        let (one, other) = (source("a: 1\n"), source("b: 2\n"));
        let digest = |sources: &[&Source]| input_digest(&sources.iter().map(|one| (*one).clone()).collect::<Vec<_>>());
        assert_eq!(digest(&[&one, &other]), digest(&[&other, &one]));
        assert_ne!(digest(&[&one, &other]), digest(&[&one]));
        assert_eq!(digest(&[&secret("hunter2")]), digest(&[&secret("123456")]));
        let context = Source { context: true, ..one.clone() };
        assert_ne!(digest(&[&one]), digest(&[&context]));
    }

    #[test]
    fn nothing_leads_out_of_the_comment() {
        assert_eq!(on_one_line("# a\nb: c\u{2028}\r"), "# a\\u{a}b: c\\u{2028}\\u{d}");
    }

    #[test]
    fn what_made_two_outputs_is_compared_line_by_line() {
        let read = |text: &str| Made::read(text).unwrap();
        let old = read("# gwctl 1, Envoy 1.40\n# input: 1 file, sha256:a\nadmin: {}\n");
        let new = read("# gwctl 1, Envoy 1.40\n# flags: --partial\n# input: 1 file, sha256:b\n");
        let found =
            ["- made by input: 1 file, sha256:a", "+ made by flags: --partial", "+ made by input: 1 file, sha256:b"];
        assert_eq!(old.differences(&new), found);
        assert!(old.differences(&old).is_empty() && Made::read("# mine\nadmin: {}\n").is_none());
    }
}
