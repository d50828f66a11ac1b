//! The words of a script.

use super::flaw::Flaw;

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'s> {
    /// A name.
    Name(&'s str),
    /// A word or a sign that is no name.
    Sign(&'static str),
    /// A number.
    Number,
    /// A text.
    Text,
    /// The end of the script.
    End,
}

/// Words that are no names.
const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Signs, the longer ones first.
const SIGNS: [&str; 27] = [
    "...", "..", "::", "==", "~=", "<=", ">=", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=", "(", ")", "{", "}",
    "[", "]", ";", ":", ",", ".",
];

/// Reads the words of a script.
#[derive(Debug)]
pub(super) struct Lexer<'s> {
    text: &'s str,
    at: usize,
    /// The line of what was read last.
    pub(super) line: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        // A mark of UTF-8 may be first, and the first line may say who runs it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let at = if text.starts_with('#') { end_of_line(text) } else { 0 };
        Self { text, at, line: 1 }
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or_default()
    }

    fn flaw(&self, message: impl Into<String>) -> Flaw {
        Flaw { line: self.line, message: message.into() }
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Result<Word<'s>, Flaw> {
        self.skip()?;
        if self.at >= self.text.len() {
            return Ok(Word::End);
        }
        let first = self.byte(0);
        if first.is_ascii_digit() || first == b'.' && self.byte(1).is_ascii_digit() {
            return self.number();
        }
        if first == b'"' || first == b'\'' {
            return self.quoted(first);
        }
        if first == b'[' && matches!(self.byte(1), b'[' | b'=') {
            return self.long().and_then(|is_long| {
                if is_long { Ok(Word::Text) } else { Err(self.flaw("`[=` begins no text: a second `[` has to follow")) }
            });
        }
        if is_name(first) {
            let rest = self.rest();
            let name = &rest[..rest.bytes().position(|byte| !is_name(byte)).unwrap_or(rest.len())];
            self.at += name.len();
            let keyword = KEYWORDS.iter().find(|keyword| **keyword == name);
            return Ok(keyword.map_or(Word::Name(name), |keyword| Word::Sign(keyword)));
        }
        match SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok(Word::Sign(sign))
            }
            None => Err(self.flaw(format!("`{}` means nothing in a script", char::from(first).escape_default()))),
        }
    }

    /// Passes over space and comments.
    fn skip(&mut self) -> Result<(), Flaw> {
        loop {
            match self.byte(0) {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'-' if self.byte(1) == b'-' => {
                    self.at += 2;
                    if self.byte(0) != b'[' || !self.long()? {
                        self.at += end_of_line(self.rest());
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Reads a text between long brackets, if there is one.
    fn long(&mut self) -> Result<bool, Flaw> {
        let rest = self.rest();
        let level = rest.bytes().skip(1).take_while(|byte| *byte == b'=').count();
        if rest.as_bytes().get(level + 1) != Some(&b'[') {
            return Ok(false);
        }
        let close = format!("]{}]", "=".repeat(level));
        let begin = level + 2;
        let Some(length) = rest[begin..].find(&close) else {
            return Err(self.flaw("what begins here with `[` is not closed"));
        };
        self.line += rest[begin..begin + length].matches('\n').count();
        self.at += begin + length + close.len();
        Ok(true)
    }

    fn number(&mut self) -> Result<Word<'s>, Flaw> {
        let rest = self.rest();
        let is_hex = rest.len() > 1 && rest[..rest.len().min(2)].eq_ignore_ascii_case("0x");
        let exponent = if is_hex { b"pP" } else { b"eE" };
        let mut length = 0;
        let mut before = 0;
        for byte in rest.bytes() {
            let is_signed = (byte == b'+' || byte == b'-') && exponent.contains(&before);
            if !is_name(byte) && byte != b'.' && !is_signed {
                break;
            }
            before = byte;
            length += 1;
        }
        let number = &rest[..length];
        if !is_number(number) {
            return Err(self.flaw(format!("`{}` is no number", number.escape_default())));
        }
        self.at += length;
        Ok(Word::Number)
    }

    fn quoted(&mut self, quote: u8) -> Result<Word<'s>, Flaw> {
        let unfinished = "a text is not closed on its line";
        self.at += 1;
        loop {
            match self.byte(0) {
                byte if byte == quote => {
                    self.at += 1;
                    return Ok(Word::Text);
                }
                b'\n' | b'\r' => return Err(self.flaw(unfinished)),
                _ if self.at >= self.text.len() => return Err(self.flaw(unfinished)),
                b'\\' => self.escape()?,
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Flaw> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let count =
            |most: usize, is: fn(&u8) -> bool| rest.iter().skip(1).take(most).take_while(|byte| is(byte)).count();
        let length = match rest.first() {
            Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'"' | b'\'') => Some(1),
            Some(b'\n') => {
                self.line += 1;
                Some(1)
            }
            Some(b'x') => (count(2, u8::is_ascii_hexdigit) == 2).then_some(3),
            Some(b'z') => {
                let space = rest.iter().skip(1).take_while(|byte| byte.is_ascii_whitespace() || **byte == 11);
                let (lines, length) =
                    space.fold((0, 1), |(lines, length), byte| (lines + usize::from(*byte == b'\n'), length + 1));
                self.line += lines;
                Some(length)
            }
            Some(b'u') => {
                let digits = rest.iter().skip(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
                let is_whole =
                    rest.get(1) == Some(&b'{') && rest.get(2 + digits) == Some(&b'}') && (1..=5).contains(&digits);
                let value = rest[2.min(rest.len())..].iter().take(digits).fold(0, |value, digit| {
                    (value << 4 | char::from(*digit).to_digit(16).unwrap_or_default()) & 0xfffff
                });
                (is_whole && char::from_u32(value).is_some()).then_some(digits + 3)
            }
            Some(first) if first.is_ascii_digit() => {
                let digits = 1 + count(2, u8::is_ascii_digit);
                let value = rest[..digits].iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
                (value < 256).then_some(digits)
            }
            _ => None,
        };
        let length = length.ok_or_else(|| self.flaw("a `\\` of a text begins no escape that there is"))?;
        self.at += 1 + length;
        Ok(())
    }
}

/// Where the first line ends.
fn end_of_line(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
}

/// Whether LuaJIT takes a number. Those that it has no room for are left out, and some that are close to them.
fn is_number(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (lower, is_whole) = match ["ull", "ll"].iter().find_map(|suffix| lower.strip_suffix(suffix)) {
        Some(rest) => (rest, true),
        None => (lower.strip_suffix('i').unwrap_or(&lower), false),
    };
    let digits = |text: &str, is: fn(&u8) -> bool| text.as_bytes().iter().all(is);
    let float = |text: &str, mark: char, is: fn(&u8) -> bool| {
        let (mantissa, exponent) = text.split_once(mark).map_or((text, None), |(own, exponent)| (own, Some(exponent)));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_exponent = exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            (1..=4).contains(&exponent.len()) && digits(exponent, u8::is_ascii_digit)
        });
        let is_plain = !is_whole || exponent.is_none() && !mantissa.contains('.') && mantissa.len() <= 16;
        is_plain && is_exponent && digits(whole, is) && digits(part, is) && !(whole.is_empty() && part.is_empty())
    };
    if let Some(hex) = lower.strip_prefix("0x") {
        return float(hex, 'p', u8::is_ascii_hexdigit);
    }
    if let Some(binary) = lower.strip_prefix("0b") {
        return (1..=64).contains(&binary.len()) && digits(binary, |byte| matches!(byte, b'0' | b'1'));
    }
    float(lower, 'e', u8::is_ascii_digit)
}
