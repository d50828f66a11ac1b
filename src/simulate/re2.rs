//! Regular expressions as Envoy's engine reads them, run by Rust's: over
//! bytes, and a match must cover the whole text. Only patterns that RE2 accepts
//! get here; whatever else would come matches nothing.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

use crate::re2::{rewrite, translate};

/// The most memory that a compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 64 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Option<Regex>);

impl Pattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Self {
        let whole = translate(pattern.as_bytes()).map(|inner| format!(r"\A(?:{inner})\z"));
        let compile = |whole: String| RegexBuilder::new(&whole).unicode(false).size_limit(SIZE_LIMIT).build().ok();
        Self(whole.and_then(compile))
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: impl AsRef<[u8]>) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(text.as_ref()))
    }
}

/// A replacement of everything that a pattern matches.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    pattern: Option<Regex>,
    /// What takes the place of a match, as Rust's engine writes it.
    with: String,
}

impl Replacement {
    /// Compiles a pattern; in `replacement` stands `\\1` for the first group, and two backslashes are one.
    pub(super) fn new(pattern: &str, replacement: &str) -> Self {
        let pattern = rewrite(pattern.as_bytes(), "(");
        let compile = |text: String| RegexBuilder::new(&text).unicode(false).size_limit(SIZE_LIMIT).build().ok();
        let mut with = String::with_capacity(replacement.len());
        let mut rest = replacement.chars();
        while let Some(c) = rest.next() {
            match (c, if c == '\\' { rest.next() } else { None }) {
                ('\\', Some(digit)) if digit.is_ascii_digit() => {
                    let _ = write!(with, "${{{digit}}}");
                }
                ('\\', other) => with.extend(other),
                ('$', _) => with.push_str("$$"),
                (other, _) => with.push(other),
            }
        }
        Self { pattern: pattern.and_then(compile), with }
    }

    /// The text with every match replaced.
    pub(super) fn replace(&self, text: &str) -> String {
        let Some(pattern) = &self.pattern else { return text.to_owned() };
        String::from_utf8_lossy(&pattern.replace_all(text.as_bytes(), self.with.as_bytes())).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_match_as_re2_does_in_latin_1() {
        for (pattern, text, expected) in [
            ("/a.b", "/axb", true),
            ("/a", "/ab", false),
            ("a|ab", "ab", true),
            ("a.b", "aéb", false),
            ("a..b", "aéb", true),
            ("aéb", "aéb", true),
            ("a[é]{2}b", "aéb", true),
            (r"\Qa.b\E+", "a.bb", true),
            (r"\Qa.b", "axb", false),
            (r"a\Cb", "a\nb", true),
            ("a.b", "a\nb", false),
            ("(?s)a.b", "a\nb", true),
            ("a{,3}", "a{,3}", true),
            ("a{,3}", "aa", false),
            ("a{2,3}", "aa", true),
            ("[a&&b]+", "&b", true),
            ("[[:alpha:]]+", "abc", true),
            ("[[:^alpha:]]+", "123", true),
            (r"\pN\p{Lu}\p{^Lu}", "1Aa", true),
            (r"[^\d\s]+", "ab", true),
            (r"\s", "\u{b}", false),
            (r"(?P<n>a)(?<m>b)", "ab", true),
            ("(?i)AB[c]", "abC", true),
            (r"\_\-\/\.", "_-/.", true),
            (r"\x41\x{42}\103", "ABC", true),
            ("[]a]+", "]a", true),
            ("[a-]+", "-a", true),
            ("x*|", "", true),
            ("^/v[0-9]+$", "/v12", true),
            ("(?U)a+b", "aab", true),
            ("a}b", "a}b", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn every_match_is_replaced_with_its_groups() {
        for (pattern, replacement, text, expected) in [
            ("^/a/(.*)$", r"/b/\1", "/a/x", "/b/x"),
            ("a", "b", "/a/a", "/b/b"),
            ("(x)(y)", r"\2\1$1\\", "xy", r"yx$1\"),
            ("absent", "b", "/a", "/a"),
            ("^/(?P<name>[a-z]+)", r"/\1\1", "/ab", "/abab"),
        ] {
            assert_eq!(super::Replacement::new(pattern, replacement).replace(text), expected, "{pattern}");
        }
    }
}
