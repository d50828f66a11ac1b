//! A place in a document, and how it moves from token to token.

use std::ops::Range;

/// The text is not read for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Unsure;

/// A place in a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    /// The next byte.
    pub(super) at: usize,
    /// Where its line begins.
    pub(super) line: usize,
}

impl<'t> Cursor<'t> {
    /// The beginning of a document, when all of its characters are ones that all readers take for the same.
    pub(super) fn new(text: &'t str) -> Result<Self, Unsure> {
        // Markers end documents in whatever state they are; `split` leaves none of them in a text.
        let has_marker = |marker: &str| text.starts_with(marker);
        if !is_readable(text)
            || has_marker("---")
            || has_marker("...")
            || text.contains("\n---")
            || text.contains("\n...")
        {
            return Err(Unsure);
        }
        Ok(Self { text, at: 0, line: 0 })
    }

    /// The byte at a place; 0, which no text has, behind the end.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// The next byte.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.byte(self.at)
    }

    /// How far the next byte is from the beginning of its line.
    #[inline]
    pub(super) fn column(&self) -> usize {
        self.at - self.line
    }

    /// A part of the text.
    #[inline]
    pub(super) fn slice(&self, range: Range<usize>) -> Result<&'t str, Unsure> {
        self.text.get(range).ok_or(Unsure)
    }

    /// The bytes from a place on.
    #[inline]
    pub(super) fn rest(&self, at: usize) -> &'t [u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    /// Whether the text ends here.
    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Whether the next byte, at the beginning of a token, introduces an item of a list.
    #[inline]
    pub(super) fn is_at_dash(&self) -> bool {
        self.peek() == b'-' && is_blank_or_end(self.byte(self.at + 1))
    }

    /// Whether the line has no more tokens.
    #[inline]
    pub(super) fn is_at_line_end(&self) -> bool {
        matches!(self.peek(), b'\n' | b'\r' | b'#' | 0)
    }

    /// Behind the spaces that come next.
    #[inline]
    pub(super) fn skip_spaces(&mut self) {
        while self.peek() == b' ' {
            self.at += 1;
        }
    }

    /// Behind the line break that comes next; whether one does.
    #[inline]
    pub(super) fn skip_break(&mut self) -> bool {
        let length = match self.peek() {
            b'\n' => 1,
            b'\r' => 2,
            _ => return false,
        };
        self.at += length;
        self.line = self.at;
        true
    }

    /// To the line break that comes next, or to the end of the text.
    pub(super) fn skip_line(&mut self) {
        let end = self.rest(self.at).iter().position(|byte| *byte == b'\n');
        self.at = end.map_or(self.text.len(), |end| self.at + end);
        if self.at > self.line && self.byte(self.at - 1) == b'\r' && !self.is_at_end() {
            self.at -= 1;
        }
    }

    /// From the end of a value to the first token of a later line; its column, or `None` at the end of the text.
    ///
    /// Nothing but a comment may follow the value on its line.
    #[inline]
    pub(super) fn next_line(&mut self) -> Result<Option<usize>, Unsure> {
        let end = self.at;
        self.skip_spaces();
        if self.peek() == b'#' {
            if self.at == end {
                return Err(Unsure);
            }
            self.skip_line();
        }
        while self.skip_break() {
            self.skip_spaces();
            if self.peek() == b'#' {
                self.skip_line();
            } else if !matches!(self.peek(), b'\n' | b'\r' | 0) {
                return Ok(Some(self.column()));
            }
        }
        if self.is_at_end() { Ok(None) } else { Err(Unsure) }
    }

    /// Between the tokens of a flow: to the next one, on whichever line it is. Its first byte.
    #[inline]
    pub(super) fn next_token(&mut self) -> Result<u8, Unsure> {
        loop {
            let before = self.at;
            self.skip_spaces();
            if self.peek() == b'#' {
                if self.at == before && self.at != self.line {
                    return Err(Unsure);
                }
                self.skip_line();
            }
            if !self.skip_break() {
                return Ok(self.peek());
            }
        }
    }
}

/// Whether a token may end before this byte, whatever it is.
#[inline]
pub(super) fn is_blank_or_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | 0)
}

/// Whether a text has only characters that may stand in YAML, and no line breaks but `\n` and `\r\n`.
fn is_readable(text: &str) -> bool {
    let odd = text.bytes().fold(false, |odd, byte| odd | ((byte < b' ') & (byte != b'\n')) | (byte >= 0x7f));
    if !odd {
        return true;
    }
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_usual = match character {
            '\n' | '\t' => true,
            '\r' => characters.peek() == Some(&'\n'),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
            other => !other.is_control(),
        };
        if !is_usual {
            return false;
        }
    }
    true
}
