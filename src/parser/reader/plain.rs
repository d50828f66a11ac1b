//! Plain scalars: the ones without quotes.

use std::ops::Range;

use super::cursor::{Cursor, Unsure, is_blank_or_end};

/// What a scalar stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Block,
    /// Between brackets.
    Flow,
}

impl Context {
    /// Before which bytes it must be looked whether a plain scalar ends.
    fn stops(self) -> &'static [bool; 256] {
        static BLOCK: [bool; 256] = table(b":#\n\r\t\0");
        static FLOW: [bool; 256] = table(b":#\n\r\t\0,[]{}?");
        match self {
            Self::Block => &BLOCK,
            Self::Flow => &FLOW,
        }
    }
}

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

/// A scalar as the reader hands it on.
pub(super) enum Plain<'t> {
    /// It may be a string, a number, or what its word says.
    Line(&'t str, Range<usize>),
    /// A string, folded.
    Lines(String, Range<usize>),
}

impl<'t> Cursor<'t> {
    /// What of a plain scalar stands on the present line. The cursor is left before what ends it.
    #[inline]
    pub(super) fn plain_on_line(&mut self, context: Context) -> Result<Range<usize>, Unsure> {
        let next = self.byte(self.at + 1);
        let may_begin = match (self.peek(), context) {
            (b'-', Context::Block) => !is_blank_or_end(next),
            (b'-', Context::Flow) => !is_blank_or_end(next) && !matches!(next, b',' | b'[' | b']' | b'{' | b'}'),
            (b':', Context::Block) => !is_blank_or_end(next),
            // The readers of YAML differ about it.
            (b'?', _) | (b':', Context::Flow) => false,
            (first, _) => !NOT_FIRST[first as usize],
        };
        if !may_begin {
            return Err(Unsure);
        }
        let start = self.at;
        // `:x` is a scalar in a block.
        self.at += usize::from(self.peek() == b':');
        self.plain_up_to_stop(start, context)
    }

    #[inline]
    fn plain_up_to_stop(&mut self, start: usize, context: Context) -> Result<Range<usize>, Unsure> {
        let stops = context.stops();
        loop {
            self.at += self.rest(self.at).iter().take_while(|byte| !stops[usize::from(**byte)]).count();
            match self.peek() {
                b':' => {
                    let next = self.byte(self.at + 1);
                    if is_blank_or_end(next) {
                        break;
                    }
                    if next == b'\t'
                        || (context == Context::Flow && matches!(next, b',' | b'[' | b']' | b'{' | b'}' | b'?'))
                    {
                        return Err(Unsure);
                    }
                    self.at += 1;
                }
                b'#' if self.at > start && self.byte(self.at - 1) != b' ' => self.at += 1,
                b'\t' | b'?' => return Err(Unsure),
                _ => break,
            }
        }
        let blanks = self.slice(start..self.at)?.bytes().rev().take_while(|byte| *byte == b' ').count();
        Ok(start..self.at - blanks)
    }

    /// The plain scalar in a block of which `first` is on the present line; lines from the column `least` on are its.
    #[inline]
    pub(super) fn plain_from(&mut self, first: Range<usize>, least: usize) -> Result<Plain<'t>, Unsure> {
        let goes_on = self.plain_continuation(least).is_some();
        self.at = first.end;
        if goes_on { self.folded(first, least) } else { Ok(Plain::Line(self.slice(first.clone())?, first)) }
    }

    /// From the end of a line of a plain scalar: where its next line begins, and how many line breaks are between.
    #[inline]
    fn plain_continuation(&self, least: usize) -> Option<(Self, usize)> {
        let mut next = *self;
        let mut breaks = 0;
        next.skip_spaces();
        while next.skip_break() {
            breaks += 1;
            next.skip_spaces();
        }
        // Text behind a comment would be an error, which the caller finds.
        let goes_on = breaks > 0 && !matches!(next.peek(), 0 | b'#') && next.column() >= least;
        goes_on.then_some((next, breaks))
    }

    #[cold]
    fn folded(&mut self, first: Range<usize>, least: usize) -> Result<Plain<'t>, Unsure> {
        let mut text = self.slice(first.clone())?.to_owned();
        let mut end = first.end;
        while let Some((next, breaks)) = self.plain_continuation(least) {
            push_folded(&mut text, breaks);
            *self = next;
            let line = self.plain_up_to_stop(self.at, Context::Block)?;
            if self.peek() == b':' {
                return Err(Unsure);
            }
            text.push_str(self.slice(line.clone())?);
            end = line.end;
            self.at = end;
        }
        Ok(Plain::Lines(text, first.start..end))
    }
}

/// What becomes of line breaks inside a scalar: one is a space, and of more the first is left out.
pub(super) fn push_folded(text: &mut String, breaks: usize) {
    match breaks {
        0 => {}
        1 => text.push(' '),
        more => (1..more).for_each(|_| text.push('\n')),
    }
}

/// What a plain scalar cannot begin with.
static NOT_FIRST: [bool; 256] = table(b"\0\n\r\t ,[]{}#&*!|>'\"%@`?:-");
