//! Text that comes from the input, made harmless for the place where it is printed: one function for each place.
//!
//! Manifests, request cases, settings, file names and what a proxy says may be
//! anybody's. Printed as they are, they could steer a terminal (escape
//! sequences, characters that reorder text), the runner of a CI job (a line
//! that begins with `::`, `##vso[` anywhere), or a page that is made from Markdown
//! (mentions, links, tables). Whatever prints such text passes it through here;
//! what goes to a stream passes [`Guard`] besides, so that a place which was
//! forgotten is still harmless.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::path::Path;

use crate::private_key::without_keys;

/// Whether printing the character could do something other than show it: control characters, those that reorder or
/// join text, and invisible ones.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line for a terminal or a log: characters that could steer it are written as escapes, line breaks too.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe)
}

/// A path in the same way.
pub fn path_for_terminal(path: &Path) -> String {
    for_terminal(&path.display().to_string()).into_owned()
}

/// The same for a text of several lines: its line breaks stay.
pub fn lines_for_terminal(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character != '\n' && is_unsafe(character))
}

fn escaped(text: &str, refuses: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&refuses) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if refuses(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A line of a comment in YAML: one line, whatever the text holds.
pub fn for_yaml_comment(text: &str) -> Cow<'_, str> {
    for_terminal(text)
}

/// The text of a GitHub workflow command; line breaks stay line breaks of the annotation.
pub fn for_github_command(text: &str) -> String {
    lines_for_terminal(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a GitHub workflow command, which ends with a comma or a colon.
pub fn for_github_property(text: &str) -> String {
    for_github_command(&for_terminal(text)).replace(':', "%3A").replace(',', "%2C")
}

/// One line of Markdown, also inside a table: code, in which nothing is a mention, a link or markup.
pub fn for_markdown(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let line = for_table(&for_terminal(text));
    let longest = line.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space is taken off both ends where there are two and something else between them.
    let touches = line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']);
    let space = if touches { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// A text inside the code of a cell: its bars do not end the cell. Behind a backslash a bar cannot be escaped by
/// another one, because renderers do not agree on what the pair of both says.
fn for_table(line: &str) -> String {
    let mut cell = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '|' if cell.ends_with('\\') => cell.push_str("\\u{7c}"),
            '|' => cell.push_str("\\|"),
            other => cell.push(other),
        }
    }
    cell
}

/// A text as content or as an attribute of XML 1.0: markup as entities, line breaks and tabs kept, anything else that is
/// unsafe or not in XML replaced.
pub fn for_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Two of them may begin a command of a CI job.
            '#' if escaped.ends_with('#') => escaped.push_str("&#35;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            other if is_unsafe(other) => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}

/// One component of a path below a directory of ours: no name leads out of the directory or hides in it.
pub fn for_file_name(text: &str) -> Cow<'_, str> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if !text.is_empty() && !text.starts_with('.') && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut name = String::with_capacity(text.len() + 8);
    for (position, byte) in text.bytes().enumerate() {
        if is_plain(char::from(byte)) && !(position == 0 && byte == b'.') {
            name.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    if name.is_empty() { Cow::Borrowed("%") } else { Cow::Owned(name) }
}

/// Whether a text holds what the runner of a CI job obeys wherever it stands in a line: `##[`, `##vso[`, `##teamcity[`.
pub fn holds_command(text: &str) -> bool {
    text.match_indices("##").any(|(at, _)| is_command(text.get(at..).unwrap_or_default()))
}

fn is_command(text: &str) -> bool {
    let rest = text.trim_start_matches('#').trim_start_matches(|character: char| character.is_ascii_alphabetic());
    text.starts_with("##") && rest.starts_with('[')
}

/// Whether a text may hold commands for the runner of a CI job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// None: a text for people, or data.
    Refused,
    /// Those that gwctl itself gives, with all of their values escaped: the format for GitHub.
    Own,
}

/// Lets text through to a stream that people and CI jobs read, and takes from it what could steer them.
///
/// It is the last line of defence: text of the input has been through the
/// functions above. Escapes have the form `\u001b`, which is right in JSON too.
/// Only with `color` do escape sequences pass, and only those that choose a
/// colour or a weight.
pub struct Guard<'a> {
    out: &'a mut dyn Write,
    color: bool,
    commands: Commands,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
}

/// A line is guarded in parts of this size when it does not end.
const LONGEST_LINE: usize = 1 << 20;

impl<'a> Guard<'a> {
    /// Guards a stream.
    pub fn new(out: &'a mut dyn Write, color: bool, commands: Commands) -> Self {
        Self { out, color, commands, line: Vec::new() }
    }

    fn guarded(&self, line: &[u8]) -> String {
        safe(&String::from_utf8_lossy(line), self.color, self.commands).into_owned()
    }

    fn pass(&mut self) -> io::Result<()> {
        // A character that is not whole is the start of one whose rest has not come.
        let whole = match std::str::from_utf8(&self.line) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.line.len(),
        };
        let rest = self.line.split_off(whole);
        let line = std::mem::replace(&mut self.line, rest);
        let shown = self.guarded(&line);
        self.out.write_all(shown.as_bytes())
    }

    /// Writes what is left of the last line.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn finish(mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let shown = self.guarded(&line);
        self.out.write_all(shown.as_bytes())?;
        self.out.flush()
    }
}

impl Write for Guard<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() > LONGEST_LINE {
                self.pass()?;
            }
        }
        Ok(bytes.len())
    }

    /// One call of `write!` or `writeln!` writes one line: a line break within it, not at its ends, comes from a value.
    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        if let Some(text) = arguments.as_str() {
            return self.write_all(text.as_bytes());
        }
        let text = arguments.to_string();
        let line = text.trim_matches('\n');
        let start = text.len() - text.trim_start_matches('\n').len();
        self.write_all(&text.as_bytes()[..start])?;
        self.write_all(line.replace('\n', "\\n").as_bytes())?;
        self.write_all(text.as_bytes().get(start + line.len()..).unwrap_or_default())
    }

    fn flush(&mut self) -> io::Result<()> {
        // The line is not over: what it becomes may depend on its end.
        self.out.flush()
    }
}

/// A text as [`Guard`] lets it through, without commands.
pub fn guarded(text: &str, color: bool) -> Cow<'_, str> {
    safe(text, color, Commands::Refused)
}

/// A text without keys and without whatever could steer its reader.
fn safe(text: &str, color: bool, commands: Commands) -> Cow<'_, str> {
    match without_keys(text) {
        Cow::Borrowed(text) => harmless(text, color, commands),
        Cow::Owned(text) => Cow::Owned(harmless(&text, color, commands).into_owned()),
    }
}

/// A text with whatever could steer its reader written as an escape.
fn harmless(text: &str, color: bool, commands: Commands) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte == b'\n' || byte == b'\t' || (b' '..=b'~').contains(&byte);
    if text.bytes().all(is_plain) && !text.contains("##") && !text.contains("::") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut is_start = true;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let sequence = if color && character == '\u{1b}' { style_sequence(rest) } else { None };
        let (part, is_kept) = match sequence {
            Some(sequence) => (sequence, true),
            None => (&rest[..character.len_utf8()], !is_refused(character, rest, is_start, commands)),
        };
        if is_kept {
            shown.push_str(part)
        } else {
            push_unicode(&mut shown, character)
        }
        // White space and colours before a command do not keep it from being one.
        is_start = character == '\n' || (is_start && (character.is_whitespace() || sequence.is_some()));
        rest = &rest[part.len()..];
    }
    Cow::Owned(shown)
}

fn is_refused(character: char, rest: &str, is_start: bool, commands: Commands) -> bool {
    match character {
        '\n' | '\t' => false,
        ':' => is_start && rest.starts_with("::") && !(commands == Commands::Own && is_own_command(rest)),
        '#' => is_command(rest),
        other => is_unsafe(other),
    }
}

/// The commands that gwctl itself gives to a runner, with all of their values escaped. They only show a message.
fn is_own_command(line: &str) -> bool {
    ["::error ", "::warning ", "::notice ", "::error::", "::warning::", "::notice::"]
        .iter()
        .any(|command| line.starts_with(command))
}

/// An escape sequence at the start of `text` that sets colours and weights and hides nothing.
fn style_sequence(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let length = parameters.find(|character: char| !character.is_ascii_digit() && character != ';')?;
    let conceals = parameters[..length].split(';').any(|parameter| parameter == "8");
    let is_style = parameters[length..].starts_with('m') && length <= 16 && !conceals;
    is_style.then(|| &text[..length + 3])
}

fn push_unicode(shown: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(shown, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that steer something when they are printed as they are.
    const HOSTILE: &[&str] = &[
        "a\n::add-mask::e",
        "a\r::stop-commands::x",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "\u{202e}txt.exe",
        "##[add-mask]e",
        "##vso[task.setvariable variable=a]b",
        "###teamcity[x]",
        "@team and https://evil.example, <b>x</b> [a](b) | c `d` #1",
        "\u{200b}\u{feff}\u{e0041}",
        "../../etc/passwd",
        "",
    ];

    #[test]
    fn one_line_without_anything_unsafe_comes_out_of_each_form() {
        for text in HOSTILE {
            for line in [
                for_terminal(text).into_owned(),
                for_github_command(text),
                for_github_property(text),
                for_markdown(text),
                for_yaml_comment(text).into_owned(),
                for_xml(text),
                for_file_name(text).into_owned(),
            ] {
                assert!(!line.contains('\n') && !line.chars().any(is_unsafe), "{text:?}: {line:?}");
            }
        }
    }

    #[test]
    fn harmless_text_stays_as_it_is() {
        for text in ["shop/cart", "naïve 😀", "a: b::c", "100% # of", "fd00::1"] {
            assert_eq!(for_terminal(text), text);
            assert_eq!(guarded(text, false), text);
        }
        assert_eq!(for_file_name("web-1.example"), "web-1.example");
    }

    #[test]
    fn markdown_is_code_with_a_fence_of_its_own() {
        assert_eq!(for_markdown("@team"), "`@team`");
        assert_eq!(for_markdown("a|b"), "`a\\|b`");
        assert_eq!(for_markdown("a||b"), "`a\\|\\|b`");
        assert_eq!(for_markdown(r"a\|b"), r"`a\\u{7c}b`");
        assert_eq!(for_markdown("no `x` here"), "``no `x` here``");
        assert_eq!(for_markdown("`x`"), "`` `x` ``");
    }

    #[test]
    fn a_file_name_stays_in_its_directory() {
        for text in HOSTILE.iter().chain(&["..", ".", "a/b", "a\\b", "C:", "%2e"]) {
            let name = for_file_name(text);
            assert!(!name.contains(['/', '\\', ':']) && !name.starts_with('.') && !name.is_empty(), "{text:?}: {name}");
        }
        assert_ne!(for_file_name("a/b"), for_file_name("a%2Fb"));
    }

    #[test]
    fn the_guard_lets_nothing_through_that_steers() {
        for text in HOSTILE {
            for color in [true, false] {
                let shown = guarded(text, color);
                assert!(!shown.chars().any(|c| c != '\n' && is_unsafe(c)), "{text:?}: {shown:?}");
                assert!(!holds_command(&shown), "{shown:?}");
                assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown:?}");
            }
        }
        assert_eq!(guarded("  ::add-mask::x", false), "  \\u003a:add-mask::x");
        let own = "::error file=a::b";
        assert_eq!(guarded(own, false), "\\u003a:error file=a::b");
        assert_eq!(harmless(own, false, Commands::Own), own);
        assert_eq!(harmless("::add-mask::b", false, Commands::Own), "\\u003a:add-mask::b");
        assert_eq!(guarded("\"a\u{9b}b\"", false), "\"a\\u009bb\"");
        assert_eq!(guarded("\u{e0041}", false), "\\udb40\\udc41");
    }

    #[test]
    fn only_colours_pass_and_only_when_they_are_wanted() {
        let red = "\u{1b}[1;31mx\u{1b}[0m";
        assert_eq!(guarded(red, true), red);
        assert_eq!(guarded(red, false), "\\u001b[1;31mx\\u001b[0m");
        assert_eq!(guarded("\u{1b}[8mx", true), "\\u001b[8mx");
        assert_eq!(guarded("\u{1b}[2Jx", true), "\\u001b[2Jx");
        assert_eq!(guarded("\u{1b}[1m::add-mask::x", true), "\u{1b}[1m\\u003a:add-mask::x");
    }

    #[test]
    fn a_value_of_several_lines_does_not_begin_a_line() {
        let mut out = Vec::new();
        let mut guard = Guard::new(&mut out, false, Commands::Refused);
        let name = "b\n::add-mask::e\n";
        writeln!(guard, "\nbackend {name} here").unwrap();
        writeln!(guard, "a | b\n--|--").unwrap();
        guard.finish().unwrap();
        let expected = "\nbackend b\\n::add-mask::e\\n here\na | b\n--|--\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_comes_in_parts_is_guarded_as_a_whole() {
        for text in HOSTILE.iter().chain(&["é😀\n", "last line"]) {
            let (mut whole, mut parts) = (Vec::new(), Vec::new());
            let mut guard = Guard::new(&mut whole, false, Commands::Refused);
            guard.write_all(text.as_bytes()).unwrap();
            guard.finish().unwrap();
            let mut guard = Guard::new(&mut parts, false, Commands::Refused);
            for byte in text.bytes() {
                guard.write_all(&[byte]).unwrap();
                guard.flush().unwrap();
            }
            guard.finish().unwrap();
            assert_eq!(parts, whole);
            assert_eq!(String::from_utf8(whole).unwrap(), guarded(text, false));
        }
    }
}
