//! Scalars in quotes.

use std::borrow::Cow;

use super::cursor::{Cursor, Unsure};
use super::plain::push_folded;

impl<'t> Cursor<'t> {
    /// The scalar whose opening quote comes next; the cursor is left behind the closing one.
    ///
    /// It is borrowed when it stands on one line as it is.
    #[inline]
    pub(super) fn quoted(&mut self) -> Result<Cow<'t, str>, Unsure> {
        let quote = self.peek();
        let start = self.at + 1;
        let ends = |byte: &u8| *byte == quote || matches!(byte, b'\\' | b'\n' | b'\r');
        let length = self.rest(start).iter().position(ends).ok_or(Unsure)?;
        let end = start + length;
        let is_doubled = quote == b'\'' && self.byte(end + 1) == b'\'';
        if self.byte(end) == quote && !is_doubled {
            self.at = end + 1;
            return self.slice(start..end).map(Cow::Borrowed);
        }
        self.at = start;
        self.unquoted(quote).map(Cow::Owned)
    }

    #[cold]
    fn unquoted(&mut self, quote: u8) -> Result<String, Unsure> {
        let mut text = String::new();
        // Blanks that an escape stands for, or follows, are no blanks at the end of a line.
        let mut kept = 0;
        loop {
            let start = self.at;
            let is_literal = |byte: &&u8| !matches!(byte, b'\n' | b'\r' | b'\\') && **byte != quote;
            self.at += self.rest(start).iter().take_while(is_literal).count();
            text.push_str(self.slice(start..self.at)?);
            match self.peek() {
                0 => return Err(Unsure),
                b'\n' | b'\r' => {
                    text.truncate(text.trim_end_matches([' ', '\t']).len().max(kept));
                    push_folded(&mut text, self.skip_breaks());
                    kept = text.len();
                }
                b'\\' if quote == b'\'' => {
                    text.push('\\');
                    self.at += 1;
                }
                b'\\' => {
                    self.at += 1;
                    if matches!(self.peek(), b'\n' | b'\r') {
                        (1..self.skip_breaks()).for_each(|_| text.push('\n'));
                    } else {
                        text.push(self.escaped()?);
                    }
                    kept = text.len();
                }
                _ if quote == b'\'' && self.byte(self.at + 1) == b'\'' => {
                    text.push('\'');
                    self.at += 2;
                }
                _ => {
                    self.at += 1;
                    return Ok(text);
                }
            }
        }
    }

    /// Behind line breaks and the blanks between and behind them; how many breaks there were.
    fn skip_breaks(&mut self) -> usize {
        let mut breaks = 0;
        while self.skip_break() {
            breaks += 1;
            while matches!(self.peek(), b' ' | b'\t') {
                self.at += 1;
            }
        }
        breaks
    }

    /// The character that the escape behind a `\` stands for.
    fn escaped(&mut self) -> Result<char, Unsure> {
        let escape = self.peek();
        self.at += 1;
        let digits = match escape {
            b'0' => return Ok('\0'),
            b'a' => return Ok('\u{7}'),
            b'b' => return Ok('\u{8}'),
            b't' => return Ok('\t'),
            b'n' => return Ok('\n'),
            b'v' => return Ok('\u{b}'),
            b'f' => return Ok('\u{c}'),
            b'r' => return Ok('\r'),
            b'e' => return Ok('\u{1b}'),
            b' ' | b'"' | b'\\' => return Ok(char::from(escape)),
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => return Err(Unsure),
        };
        let code = self.slice(self.at..self.at + digits)?;
        if !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Unsure);
        }
        self.at += digits;
        u32::from_str_radix(code, 16).ok().and_then(char::from_u32).ok_or(Unsure)
    }
}
