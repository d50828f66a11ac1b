//! YAML scalars: how a string is written so that every reader takes it for that string.
//!
//! Stage: emit. Input: any UTF-8 string. Output: a plain, quoted or literal
//! scalar. Invariant: YAML 1.1, YAML 1.2 and Envoy's own reader all load the
//! written scalar as exactly this string. Envoy's reader takes `n`, `yes`, `1`,
//! `0x10` and `~` for something else, and so a string is written plain only
//! when no reader could take it for anything but a string.

use std::fmt::Write as _;

use super::form::Sink;

/// The styles of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// In `'`: readable for what has `"` or `\` in it.
    Single,
    /// In `"`, with escapes.
    Double,
    /// `|`, the lines below.
    Literal(Chomp),
}

/// What becomes of the line break at the end of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chomp {
    /// The text ends with one.
    Clip,
    /// The text ends without one.
    Strip,
}

/// Longer keys are not read back as keys unless they are marked.
const LONGEST_SIMPLE_KEY: usize = 120;

/// Whether a text may hold what the runner of a CI job obeys wherever it stands in a line: `##vso[`, `##[`.
pub(super) fn may_command(text: &str) -> bool {
    text.contains("##")
}

/// Whether a key must be marked with `? `.
pub(super) fn is_long_key(key: &str) -> bool {
    // A character takes up to six bytes when it is escaped; readers stop at 1,024.
    key.len() > LONGEST_SIMPLE_KEY
}

/// The style for a string as a value.
pub(super) fn value_style(text: &str) -> Style {
    match literal_chomp(text) {
        Some(chomp) => Style::Literal(chomp),
        None => key_style(text),
    }
}

/// The style for a string on one line.
pub(super) fn key_style(text: &str) -> Style {
    if is_plain(text) {
        Style::Plain
    } else if !may_command(text)
        && text.bytes().any(|b| b == b'\\' || b == b'"')
        && text.bytes().all(|b| (b' '..=b'~').contains(&b))
    {
        Style::Single
    } else {
        Style::Double
    }
}

/// Writes a string on one line.
pub(super) fn push_inline(sink: &mut Sink, text: &str, style: Style) {
    match style {
        Style::Plain => sink.push(text),
        Style::Single => push_single(sink, text),
        Style::Double | Style::Literal(_) => push_double(sink, text),
    }
}

/// Whether no reader can take the bare string for anything else.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((&first, rest)) = bytes.split_first() else { return false };
    // Numbers, dates, indicators and `.inf` begin otherwise.
    if !(first.is_ascii_alphabetic() || matches!(first, b'/' | b'_')) || is_word(text) {
        return false;
    }
    let mut previous = first;
    for &byte in rest {
        let safe = match byte {
            b' ' => previous != b':' && previous != b' ',
            b'-' | b'_' | b'.' | b'/' | b':' | b'@' | b'%' | b'+' | b'=' | b'~' | b'(' | b')' | b';' | b'^' | b'$' => {
                true
            }
            b'*' | b'?' | b',' => true,
            other => other.is_ascii_alphanumeric(),
        };
        if !safe {
            return false;
        }
        previous = byte;
    }
    !matches!(previous, b' ' | b':')
}

/// Whether some reader takes the bare word for a boolean, null or number.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 13] =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "none"];
    text.len() <= 8 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// How a literal block would hold the string exactly, if it can.
fn literal_chomp(text: &str) -> Option<Chomp> {
    let (body, chomp) = match text.strip_suffix('\n') {
        Some(body) => (body, Chomp::Clip),
        None => (text, Chomp::Strip),
    };
    if !body.contains('\n') || body.starts_with([' ', '\n']) || body.ends_with('\n') {
        return None;
    }
    let blank = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte == b' ');
    // The runner of a CI job obeys such lines, wherever they begin.
    if body.lines().any(|line| line.trim_start().starts_with("::")) || may_command(body) {
        return None;
    }
    if !body.chars().all(|c| c == '\n' || is_printable(c)) || body.split('\n').any(blank) {
        return None;
    }
    Some(chomp)
}

/// Whether a character may stand as it is: visible, one reader's line break of
/// none, and not one that changes how its neighbours are shown.
pub(super) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{0}'..='\u{9f}' => false,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => false,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' => false,
        other => u32::from(other) & 0xfffe != 0xfffe,
    }
}

/// Writes a string between `'`; the caller knows that all of it is printable ASCII.
fn push_single(sink: &mut Sink, text: &str) {
    sink.push_char('\'');
    for (place, part) in text.split('\'').enumerate() {
        if place > 0 {
            sink.push("''");
        }
        sink.push(part);
    }
    sink.push_char('\'');
}

/// Writes a string between `"`, escaping what may not stand as it is.
fn push_double(sink: &mut Sink, text: &str) {
    sink.push_char('"');
    let mut rest = text;
    let has_command = may_command(text);
    let is_special = |c: char| matches!(c, '"' | '\\') || (has_command && c == '#') || !is_printable(c);
    while let Some(at) = rest.find(is_special) {
        sink.push(&rest[..at]);
        let Some(special) = rest[at..].chars().next() else { break };
        push_escape(sink, special);
        rest = &rest[at + special.len_utf8()..];
    }
    sink.push(rest);
    sink.push_char('"');
}

/// Writes the escape of one character.
fn push_escape(sink: &mut Sink, special: char) {
    match special {
        '"' => sink.push("\\\""),
        '\\' => sink.push("\\\\"),
        '\n' => sink.push("\\n"),
        '\r' => sink.push("\\r"),
        '\t' => sink.push("\\t"),
        other => {
            let mut escape = String::with_capacity(10);
            let _ = match u32::from(other) {
                code @ 0..=0xff => write!(escape, "\\x{code:02x}"),
                code @ 0x100..=0xffff => write!(escape, "\\u{code:04x}"),
                code => write!(escape, "\\U{code:08x}"),
            };
            sink.push(&escape);
        }
    }
}
