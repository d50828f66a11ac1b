//! Block scalars: `|` and `>`.

use std::ops::Range;

use super::cursor::{Cursor, Unsure};

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

impl Cursor<'_> {
    /// The scalar whose `|` or `>` comes next; its lines begin at the column `least` or behind it.
    ///
    /// The cursor is left at the end of its last line.
    pub(super) fn block_scalar(&mut self, least: usize) -> Result<(String, Range<usize>), Unsure> {
        let indicator = self.at;
        let is_folded = self.peek() == b'>';
        self.at += 1;
        let (chomping, explicit) = self.block_header();
        let header = self.at;
        self.skip_spaces();
        match self.peek() {
            b'#' if self.at > header => self.skip_line(),
            b'\n' | b'\r' | 0 => self.at = header,
            _ => return Err(Unsure),
        }
        let first = *self;
        self.skip_spaces();
        let (mut text, mut breaks) = (String::new(), 0);
        self.skip_break();
        let indent = match explicit {
            Some(explicit) => {
                breaks += self.skip_blank_lines(explicit + least.saturating_sub(1));
                explicit + least.saturating_sub(1)
            }
            None => self.block_indent(least, &mut breaks)?,
        };
        let (start, mut end) = (self.at, first);
        // Whether a line break of the text has not been written yet, and whether the line before begins with a blank.
        let (mut has_break, mut is_indented) = (false, false);
        while self.column() == indent && !self.is_at_end() {
            let begins_blank = matches!(self.peek(), b' ' | b'\t');
            if is_folded && has_break && !is_indented && !begins_blank {
                if breaks == 0 {
                    text.push(' ');
                }
            } else if has_break {
                text.push('\n');
            }
            (0..breaks).for_each(|_| text.push('\n'));
            is_indented = begins_blank;
            let from = self.at;
            self.skip_line();
            text.push_str(self.slice(from..self.at)?);
            end = *self;
            has_break = self.skip_break();
            breaks = if has_break { self.skip_blank_lines(indent) } else { 0 };
        }
        // Readers disagree about a tab in the place of spaces.
        if self.peek() == b'\t' {
            return Err(Unsure);
        }
        if chomping != Chomping::Strip && has_break {
            text.push('\n');
        }
        if chomping == Chomping::Keep {
            (0..breaks).for_each(|_| text.push('\n'));
        }
        *self = end;
        let start = if end.at == first.at { indicator } else { start };
        let length = self.slice(start..end.at)?.trim_end().len();
        Ok((text, start..start + length))
    }

    /// The indicators behind `|` or `>`: what becomes of the end, and how far the lines are indented beyond the parent.
    fn block_header(&mut self) -> (Chomping, Option<usize>) {
        let (mut chomping, mut indent) = (Chomping::Clip, None);
        loop {
            match self.peek() {
                b'-' if chomping == Chomping::Clip => chomping = Chomping::Strip,
                b'+' if chomping == Chomping::Clip => chomping = Chomping::Keep,
                digit @ b'1'..=b'9' if indent.is_none() => indent = Some(usize::from(digit - b'0')),
                _ => return (chomping, indent),
            }
            self.at += 1;
        }
    }

    /// The column of the lines, which the first that is not blank gives, where the cursor is left.
    fn block_indent(&mut self, least: usize, breaks: &mut usize) -> Result<usize, Unsure> {
        let mut widest = 0;
        loop {
            self.skip_spaces();
            let column = self.column();
            if self.skip_break() {
                widest = widest.max(column);
                *breaks += 1;
            } else if widest > column || self.peek() == b'\t' {
                return Err(Unsure);
            } else {
                return Ok(column.max(least).max(1));
            }
        }
    }

    /// Behind lines that have nothing up to the column `indent`, and to it on the next line; how many there were.
    fn skip_blank_lines(&mut self, indent: usize) -> usize {
        let mut breaks = 0;
        loop {
            while self.peek() == b' ' && self.column() < indent {
                self.at += 1;
            }
            if !self.skip_break() {
                return breaks;
            }
            breaks += 1;
        }
    }
}
