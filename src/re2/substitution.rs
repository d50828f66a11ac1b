//! What takes the place of what an expression matches
//! ([rewriting](https://github.com/google/re2/blob/main/re2/re2.h)): whether RE2 and Envoy take it.

use super::check;

/// Where a replacement is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlawedPart {
    /// In the expression.
    Pattern,
    /// In what takes its place.
    Replacement,
}

/// What is wrong with a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Where.
    pub(crate) part: FlawedPart,
    /// What, as a sentence.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: &'static str,
}

/// What is wrong with an expression and what takes the place of its matches; `None` where Envoy does what they say.
pub(crate) fn flaw(pattern: &str, replacement: &str) -> Option<Flaw> {
    if let Err(bad) = check(pattern) {
        let message = format!("Envoy's regular expressions (RE2) refuse `{pattern}`: {}", bad.message);
        let help = "write the pattern in RE2 syntax: https://github.com/google/re2/wiki/Syntax";
        return Some(Flaw { part: FlawedPart::Pattern, message, help });
    }
    let of_replacement = |message, help| Some(Flaw { part: FlawedPart::Replacement, message, help });
    if let Some(found) = bad_character(replacement) {
        let message = format!("`{}` cannot stand in a replacement", found.escape_debug());
        return of_replacement(message, "percent-encode it");
    }
    let wrong = bad_reference(replacement, count_groups(pattern))?;
    let message = format!("`{wrong}` refers to no group of the expression");
    of_replacement(message, r"write `\1` for what the first group matched, and `\\` for a backslash")
}

/// What no header can hold.
fn bad_character(text: &str) -> Option<char> {
    text.chars().find(|c| c.is_control() || *c == ' ' || !c.is_ascii())
}

/// The first reference of a replacement that RE2 refuses.
fn bad_reference(replacement: &str, groups: u32) -> Option<String> {
    let mut rest = replacement.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            continue;
        }
        match rest.next() {
            Some('\\') => {}
            Some(digit) if digit.to_digit(10).is_some_and(|group| group <= groups) => {}
            other => return Some(other.map_or_else(|| "\\".to_owned(), |c| format!("\\{c}"))),
        }
    }
    None
}

/// How many groups of a valid expression keep what they match.
fn count_groups(pattern: &str) -> u32 {
    let (mut count, mut is_class) = (0, false);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        match c {
            // Everything up to `\E` stands for itself.
            '\\' if behind.starts_with('Q') => {
                rest = behind.split_once("\\E").map_or("", |(_, behind)| behind);
                continue;
            }
            '\\' => {
                let escaped = behind.chars().next().map_or(0, char::len_utf8);
                rest = &behind[escaped..];
                continue;
            }
            '[' if !is_class => {
                is_class = true;
                // A bracket at the beginning of a class is one of its characters.
                let start = behind.strip_prefix('^').unwrap_or(behind);
                rest = start.strip_prefix(']').unwrap_or(start);
                continue;
            }
            ']' => is_class = false,
            '(' if !is_class => {
                let is_named = behind.starts_with("?P<") || behind.starts_with("?<");
                count += u32::from(!behind.starts_with('?') || is_named);
            }
            _ => {}
        }
        rest = behind;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{bad_reference, count_groups};

    #[test]
    fn groups_that_keep_what_they_match_are_counted() {
        for (pattern, count) in
            [("a", 0), ("(a)(?:b)(?P<n>c)", 2), (r"\((a)[(]", 1), ("[]()](a)", 1), (r"\Q(\E(a)", 1), ("(?i)a", 0)]
        {
            assert_eq!(count_groups(pattern), count, "{pattern}");
        }
    }

    #[test]
    fn references_to_groups_that_are_not_there_are_found() {
        assert_eq!(bad_reference(r"/a\1\\", 1), None);
        assert_eq!(bad_reference(r"\0", 0), None);
        assert_eq!(bad_reference(r"/a\2", 1).as_deref(), Some(r"\2"));
        assert_eq!(bad_reference("a\\", 1).as_deref(), Some("\\"));
    }
}
