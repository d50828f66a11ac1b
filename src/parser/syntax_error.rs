//! Why a text is not a document, in words that say what to do about it.
//!
//! The readers' own messages speak of their states; these speak of the text.
//! Also here: the checks that must be made before a text may be read at all.

use saphyr_parser::{Event, Parser, Tag};

use super::decode_error::{DecodeError, MAX_DEPTH, too_deep};
use super::spans::{CharacterIndex, readable};

/// From so many brackets on, the YAML reader may take long.
const MANY_BRACKETS: usize = 128;
/// The YAML reader's steps are at worst the product of a text's brackets and bytes; so many cost about a second.
const MAX_STEPS: usize = 400_000_000;
/// How many `%TAG` lines a document may have.
const MAX_DIRECTIVES: usize = 64;

/// Refuses what the YAML reader would take too long over, and tags of YAML's own that it ignores.
pub(super) fn check_before_reading(text: &str) -> Result<(), DecodeError> {
    if text.starts_with('%') || text.contains("\n%") {
        let directives = text.lines().filter(|line| line.starts_with('%')).count();
        if directives > MAX_DIRECTIVES {
            return Err(DecodeError::limit(text, 0, format!("the document has over {MAX_DIRECTIVES} directives")));
        }
    }
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    let crowded = brackets > MANY_BRACKETS && brackets.saturating_mul(text.len()) > MAX_STEPS;
    if crowded || text.contains("!!") || text.contains("!<") { check_events(text, crowded) } else { Ok(()) }
}

/// Reads the events alone; `strict` refuses text that this reader does not understand.
fn check_events(text: &str, strict: bool) -> Result<(), DecodeError> {
    let index = CharacterIndex::new(text);
    let mut depth = 0_usize;
    for event in Parser::new_from_str(&readable(text)) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) if error.info().contains("recursion limit") => {
                return Err(too_deep(text, index.byte(error.marker().index())));
            }
            Err(error) if strict => {
                let offset = index.byte(error.marker().index());
                return Err(DecodeError::syntax(text, offset, format!("invalid YAML: {}", error.info())));
            }
            Err(_) => return Ok(()),
        };
        let tag = match &event {
            Event::Scalar(_, _, _, tag) => tag,
            Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => {
                depth += 1;
                tag
            }
            Event::SequenceEnd | Event::MappingEnd => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ => continue,
        };
        let offset = index.byte(span.start.index());
        if depth > MAX_DEPTH {
            return Err(too_deep(text, offset));
        }
        if let Some(tag) = tag.as_deref().filter(|tag| !is_known(tag)) {
            let shown = match tag.is_yaml_core_schema() {
                true => format!("!!{}", tag.suffix),
                false => format!("{}{}", tag.handle, tag.suffix),
            };
            return Err(unknown_tag(text, offset, &shown));
        }
    }
    Ok(())
}

/// Whether the tag is one that the reader honours; local tags are refused when they are decoded.
fn is_known(tag: &Tag) -> bool {
    const KNOWN: &[&str] = &["str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge"];
    let name = format!("{}{}", tag.handle, tag.suffix);
    match name.strip_prefix("tag:yaml.org,2002:").or_else(|| name.strip_prefix("!!")) {
        Some(core) => KNOWN.contains(&core),
        None => name.starts_with('!'),
    }
}

/// The error for a tag that Kubernetes knows nothing of.
pub(super) fn unknown_tag(text: &str, offset: usize, tag: &str) -> DecodeError {
    DecodeError::syntax(text, offset, format!("the tag `{tag}` has no meaning in a Kubernetes manifest"))
        .help("remove the tag, or quote the value if it begins with `!`")
}

/// Where the JSON reader gave up.
pub(super) fn json_offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    (lines + error.column().saturating_sub(1)).min(text.len())
}

/// The JSON reader's error.
pub(super) fn explain_json(text: &str, error: &serde_json::Error) -> DecodeError {
    let offset = json_offset(text, error);
    let message = error.to_string();
    let problem = message.split(" at line ").next().unwrap_or_default();
    if problem.contains("recursion limit") {
        return too_deep(text, offset);
    }
    if error.is_eof() {
        return DecodeError::syntax(text, text.len(), "invalid JSON: the text ends in the middle of a value")
            .help("the file may have been cut off");
    }
    DecodeError::syntax(text, offset, format!("invalid JSON: {problem}"))
}

/// The YAML reader's error; text that is meant as JSON is judged as JSON.
pub(super) fn explain_yaml(text: &str, error: &serde_yaml::Error) -> DecodeError {
    if let Some(error) = json_error(text) {
        return error;
    }
    let message = error.to_string();
    let offset = error.location().map_or(0, |location| location.index()).min(text.len());
    if message.contains("recursion limit") || message.contains("repetition limit") {
        return too_deep(text, offset);
    }
    if message.contains("control characters are not allowed") {
        return control_character(text);
    }
    if let Some(quote) = opening_quote(text, &message) {
        return DecodeError::syntax(text, quote, "the string that begins here is not closed").help("close the quote");
    }
    let offset = if message.contains("more than one document") { second_value(text) } else { offset };
    for (theirs, ours, help) in MESSAGES {
        if message.contains(theirs) {
            let error = DecodeError::syntax(text, offset, *ours);
            return if help.is_empty() { error } else { error.help(*help) };
        }
    }
    if message.contains("cannot start any token") {
        return bad_start(text, offset);
    }
    let problem = message.split(" at line ").next().unwrap_or_default();
    DecodeError::syntax(text, offset, format!("invalid YAML: {problem}"))
}

/// What libyaml says, what it means, and what to do; the first that fits counts.
const MESSAGES: &[(&str, &str, &str)] = &[
    ("unexpected document indicator", "a quoted string is still open where the document ends", "close the quote"),
    (
        "while scanning a quoted scalar",
        "a quoted string is not well-formed",
        "inside double quotes write `\\\\` for a backslash",
    ),
    (
        "unknown escape character",
        "this escape does not exist in a double-quoted string",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    ("hexadecimal number", "the escape needs hexadecimal digits", "write `\\\\` for a backslash, or use single quotes"),
    ("invalid Unicode character escape", "the escape is not a Unicode character", ""),
    (
        "mapping values are not allowed",
        "a mapping cannot begin here: the indentation is wrong, or a value with `: ` in it is not quoted",
        "indent the line like its neighbours, or quote the value",
    ),
    ("mapping keys are not allowed", "a key cannot begin here", "indent the line like its neighbours"),
    ("block sequence entries are not allowed", "a list item cannot begin here", "begin the list on a line of its own"),
    (
        "could not find expected ':'",
        "this line is not `key: value`: the `:` is missing",
        "add the `:`, with a space after it, or indent the line if it continues the one before",
    ),
    (
        "did not find expected key",
        "this line does not continue the mapping it stands in",
        "indent it like the other keys",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not continue the list it stands in",
        "begin it with `- `, indented like the other items",
    ),
    (
        "did not find expected ',' or ']'",
        "the list that began with `[` is not closed",
        "separate items with `,` and end with `]`",
    ),
    (
        "did not find expected ',' or '}'",
        "the mapping that began with `{` is not closed",
        "separate entries with `,` and end with `}`; quote text that begins with `{`",
    ),
    ("did not find expected node content", "a value is missing here", ""),
    ("violates indentation", TAB, TAB_HELP),
    ("where an indentation space is expected", TAB, TAB_HELP),
    ("undefined tag handle", "the tag's prefix is not declared", "remove the tag, or quote the value"),
    (
        "unknown anchor",
        "no anchor of this name stands before the alias",
        "write `&name` at the value that `*name` repeats, or quote text that begins with `*`",
    ),
    ("while scanning an alias", "a `*` begins an alias, and no name follows", "quote text that begins with `*`"),
    ("while scanning an anchor", "a `&` begins an anchor, and no name follows", "quote text that begins with `&`"),
    (
        "while scanning a block scalar",
        "the header of the block text is wrong: after `|` or `>` only an indentation, `+` or `-` may follow",
        "",
    ),
    (
        "incompatible YAML document",
        "the `%YAML` directive names a version that is not 1.1 or 1.2",
        "remove the directive",
    ),
    ("expected <document start>", "a second value begins here", "separate documents with a line `---`"),
    ("more than one document", "a second value begins here", "separate documents with a line `---`"),
    ("unexpected end of stream", "the text ends in the middle of a value", "the file may have been cut off"),
];

const TAB: &str = "a tab is used where YAML wants spaces";
const TAB_HELP: &str = "indent with spaces";

fn bad_start(text: &str, offset: usize) -> DecodeError {
    match text.get(offset..).and_then(|rest| rest.chars().next()) {
        Some('\t') => DecodeError::syntax(text, offset, TAB).help(TAB_HELP),
        Some(character) => {
            DecodeError::syntax(text, offset, format!("an unquoted value cannot begin with `{character}`"))
                .help("quote the value")
        }
        None => DecodeError::syntax(text, offset, "the text ends in the middle of a value"),
    }
}

/// Where the quoted string begins that the message complains about.
fn opening_quote(text: &str, message: &str) -> Option<usize> {
    if !message.contains("unexpected end of stream") && !message.contains("unexpected document indicator") {
        return None;
    }
    let place = message.split("while scanning a quoted scalar at line ").nth(1)?;
    let (line, column) = place.split_once(" column ")?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let start = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum::<usize>();
    let rest = text.get(start..)?;
    Some(start + rest.char_indices().nth(column.checked_sub(1)?)?.0)
}

/// Where the text goes on after a complete value.
fn second_value(text: &str) -> usize {
    let index = CharacterIndex::new(text);
    let mut ended = false;
    for event in Parser::new_from_str(&readable(text)) {
        match event {
            Ok((Event::DocumentEnd, _)) => ended = true,
            Ok((Event::DocumentStart(_), span)) if ended => return index.byte(span.start.index()),
            Ok(_) => {}
            Err(error) => return index.byte(error.marker().index()),
        }
    }
    0
}

fn control_character(text: &str) -> DecodeError {
    let is_bad = |character: char| !matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let (offset, character) = text.char_indices().find(|(_, character)| is_bad(*character)).unwrap_or((0, ' '));
    DecodeError::syntax(
        text,
        offset,
        format!("the control character U+{:04X} is not allowed in YAML", u32::from(character)),
    )
    .help("remove it; inside double quotes it can be written as an escape")
}

/// The error of text that was meant as JSON: it begins with `{` and a quoted key.
fn json_error(text: &str) -> Option<DecodeError> {
    let inside = text.trim_start().strip_prefix('{')?;
    if !inside.trim_start().starts_with('"') {
        return None;
    }
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    Some(explain_json(text, &error))
}
