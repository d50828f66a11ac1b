//! Regular expressions as Envoy reads them: the syntax of RE2, over bytes.
//!
//! Envoy refuses a whole configuration for one expression that RE2 refuses, so
//! every pattern is checked here first, with the place of the mistake, and its
//! cost is known (`size`). Nothing is matched and no automaton is built: this is
//! the grammar of the [RE2 syntax](https://github.com/google/re2/wiki/Syntax),
//! measured against Envoy 1.40. Envoy compiles patterns in Latin-1: a character outside ASCII is
//! several single bytes to it, `.` takes one byte, and `\x{100}` does not exist.

mod class;
mod group;
mod refusal;
mod rust;
mod size;
mod substitution;

pub(crate) use rust::{rewrite, translate};
pub(crate) use size::{beginning, instructions, most_instructions};
pub(crate) use substitution::{Flaw, FlawedPart, flaw};

use refusal::{Refusal, refuse};

/// The most that repetitions of repetitions may multiply to.
const MAX_REPEAT: u64 = 1000;

/// The most instructions of one pattern. Envoy would load more, up to 699,050 (measured), but the time for it grows
/// with the square where alternatives repeat: 2 s at this number, 80 s at 600,000, at each place that has the pattern.
pub(crate) const MAX_INSTRUCTIONS: u64 = 100_000;

/// Why RE2 refuses a pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRegex {
    /// The byte of the pattern at which it goes wrong, always the first byte of a character; `None` where it is too
    /// large as a whole.
    pub(crate) offset: Option<usize>,
    /// What is wrong, in a few words.
    pub(crate) message: String,
}

/// Checks a pattern that Envoy will have to load.
pub(crate) fn check(pattern: &str) -> Result<(), BadRegex> {
    let size = Parser::new(pattern.as_bytes()).parse().map_err(|Refusal { at, message }| BadRegex {
        offset: (0..=at.min(pattern.len())).rev().find(|at| pattern.is_char_boundary(*at)),
        message: message.into(),
    })?;
    let size = if size > MAX_INSTRUCTIONS { instructions(pattern) } else { size };
    if size <= MAX_INSTRUCTIONS {
        return Ok(());
    }
    let message = format!("it compiles to {size} instructions, and at most {MAX_INSTRUCTIONS} are loaded");
    Err(BadRegex { offset: None, message })
}

/// What a repetition would repeat.
#[derive(Clone, Copy, Debug)]
struct Operand {
    /// About how many instructions it compiles to.
    size: u64,
    /// The largest product of the repetitions inside it.
    repeat: u64,
}

impl Operand {
    fn of_size(size: u64) -> Self {
        Self { size, repeat: 1 }
    }
}

/// The pattern as a whole, or one open parenthesis.
#[derive(Debug)]
struct Level {
    /// Where the parenthesis is.
    at: usize,
    /// The instructions of the parenthesis itself.
    own_size: u64,
    /// Everything before the operand.
    size: u64,
    repeat: u64,
    operand: Option<Operand>,
}

impl Level {
    fn new(at: usize, own_size: u64) -> Self {
        Self { at, own_size, size: 0, repeat: 1, operand: None }
    }

    fn settle(&mut self) {
        if let Some(Operand { size, repeat }) = self.operand.take() {
            self.size = self.size.saturating_add(size);
            self.repeat = self.repeat.max(repeat);
        }
    }
}

struct Parser<'p> {
    pattern: &'p [u8],
    at: usize,
    /// The innermost one last; never empty.
    levels: Vec<Level>,
    outer: Level,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p [u8]) -> Self {
        Self { pattern, at: 0, levels: Vec::new(), outer: Level::new(0, 0) }
    }

    fn rest(&self) -> &'p [u8] {
        &self.pattern[self.at..]
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().unwrap_or(&mut self.outer)
    }

    fn push(&mut self, operand: Operand) {
        let level = self.level();
        level.settle();
        level.operand = Some(operand);
    }

    /// Reads the pattern; the result is about how many instructions it compiles to, and not less.
    fn parse(&mut self) -> Result<u64, Refusal> {
        if self.pattern.is_empty() {
            return refuse(0, "the pattern is empty");
        }
        // A repetition directly behind a repetition is an error in Perl's syntax.
        let mut after_repetition = false;
        while let Some(&byte) = self.rest().first() {
            after_repetition = self.parse_item(byte, after_repetition)?;
        }
        if let Some(level) = self.levels.last() {
            return refuse(level.at, "this `(` is never closed");
        }
        self.outer.settle();
        Ok(self.outer.size)
    }

    /// Reads one item; the result says whether it was a repetition.
    fn parse_item(&mut self, byte: u8, after_repetition: bool) -> Result<bool, Refusal> {
        match byte {
            b'(' => self.open()?,
            b')' => self.close()?,
            b'|' => {
                let level = self.level();
                level.settle();
                level.size = level.size.saturating_add(1);
                self.at += 1;
            }
            b'*' | b'+' | b'?' => {
                let start = self.at;
                self.at += 1;
                self.repeat(start, after_repetition, 0, None)?;
                return Ok(true);
            }
            b'{' => {
                if let Some((low, high, end)) = parse_bounds(self.pattern, self.at) {
                    let start = self.at;
                    self.at = end;
                    self.repeat(start, after_repetition, low, high)?;
                    return Ok(true);
                }
                self.literal(1);
            }
            b'[' => {
                let (end, ranges) = class::parse_class(self.pattern, self.at)?;
                self.at = end;
                self.push(Operand::of_size(class::size(ranges)));
            }
            b'\\' => self.escape()?,
            b'.' => {
                self.at += 1;
                self.push(Operand::of_size(class::size(2)));
            }
            _ => self.literal(1),
        }
        Ok(false)
    }

    fn literal(&mut self, bytes: usize) {
        self.at += bytes;
        self.push(Operand::of_size(1));
    }

    /// Reads what follows a repetition at `start`. `high` is `None` for no upper bound.
    fn repeat(&mut self, start: usize, doubled: bool, low: u64, high: Option<u64>) -> Result<(), Refusal> {
        if self.rest().first() == Some(&b'?') {
            self.at += 1;
        }
        if doubled {
            return refuse(start, "a repetition of a repetition");
        }
        if high.is_some_and(|high| high < low) || low.max(high.unwrap_or(0)) > MAX_REPEAT {
            return refuse(start, "bounds that are not in order, or above 1000");
        }
        let Some(operand) = self.level().operand else {
            return refuse(start, "nothing to repeat");
        };
        let most = high.unwrap_or(low);
        let product = operand.repeat.saturating_mul(most.max(1));
        if most >= 2 && product > MAX_REPEAT {
            return refuse(start, "repetitions that multiply to more than 1000");
        }
        let optional = high.map_or(1, |high| high - low);
        let size = operand.size.saturating_mul(most.max(1)).saturating_add(optional);
        self.level().operand = Some(Operand { size, repeat: product });
        Ok(())
    }

    fn open(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        if !self.rest().starts_with(b"(?") {
            self.at += 1;
            self.levels.push(Level::new(start, 2));
            return Ok(());
        }
        let rest = self.rest();
        for (form, message) in [
            (&b"(?="[..], "look-ahead, which RE2 does not have"),
            (b"(?!", "look-ahead, which RE2 does not have"),
            (b"(?<=", "look-behind, which RE2 does not have"),
            (b"(?<!", "look-behind, which RE2 does not have"),
            (b"(?>", "an atomic group, which RE2 does not have"),
            (b"(?#", "a comment, which RE2 does not have"),
        ] {
            if rest.starts_with(form) {
                return refuse(start, message);
            }
        }
        for form in [&b"(?P<"[..], b"(?<"] {
            if let Some(named) = rest.strip_prefix(form)
                && !named.is_empty()
            {
                return self.open_named(start, form.len(), named);
            }
        }
        self.open_flags(start)
    }

    fn open_named(&mut self, start: usize, prefix: usize, named: &'p [u8]) -> Result<(), Refusal> {
        let Some(length) = named.iter().position(|byte| *byte == b'>') else {
            return refuse(start, "the name of this group has no `>`");
        };
        let name = &named[..length];
        if name.is_empty() || !name.iter().all(|byte| is_name_byte(*byte)) {
            return refuse(start, "a group name is made of letters, digits and `_`");
        }
        self.at += prefix + length + 1;
        self.levels.push(Level::new(start, 2));
        Ok(())
    }

    /// `(?flags)` and `(?flags:`.
    fn open_flags(&mut self, start: usize) -> Result<(), Refusal> {
        let (mut negated, mut has_flag) = (false, false);
        self.at += 2;
        loop {
            let Some(&byte) = self.rest().first() else {
                return refuse(start, "this group has no end");
            };
            self.at += 1;
            match byte {
                b'i' | b'm' | b's' | b'U' => has_flag = true,
                b'-' if !negated => (negated, has_flag) = (true, false),
                b':' | b')' if negated && !has_flag => return refuse(start, "`-` without a flag behind it"),
                b':' => {
                    self.levels.push(Level::new(start, 0));
                    return Ok(());
                }
                b')' => return Ok(()),
                _ => return refuse(start, "a form of group that RE2 does not have: its flags are `imsU`"),
            }
        }
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some(mut level) = self.levels.pop() else {
            return refuse(self.at, "this `)` closes nothing");
        };
        self.at += 1;
        level.settle();
        let size = level.size.max(1).saturating_add(level.own_size);
        self.push(Operand { size, repeat: level.repeat });
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        match self.rest().get(1) {
            Some(b'b' | b'B' | b'A' | b'z' | b'C') => self.literal(2),
            Some(b'Q') => self.quoted(),
            Some(b'd' | b'D' | b's' | b'S' | b'w' | b'W') => {
                self.at += 2;
                self.push(Operand::of_size(class::size(3)));
            }
            Some(b'p' | b'P') => {
                let (end, ranges) = class::parse_unicode_group(self.pattern, self.at)?;
                self.at = end;
                self.push(Operand::of_size(class::size(ranges)));
            }
            _ => {
                let (end, _) = class::parse_escape(self.pattern, self.at)?;
                self.literal(end - self.at);
            }
        }
        Ok(())
    }

    /// `\Q..\E`: every byte is itself, to the end of the pattern when `\E` is missing.
    fn quoted(&mut self) {
        self.at += 2;
        while !self.rest().is_empty() {
            if self.rest().starts_with(b"\\E") {
                self.at += 2;
                return;
            }
            self.literal(1);
        }
    }
}

/// Letters, digits, `_`, and the letters of Latin-1.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0xAA | 0xB5 | 0xBA | 0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0xFF)
}

/// `{n}`, `{n,}` or `{n,m}` at `at`, with the byte behind it; anything else is literal text.
fn parse_bounds(pattern: &[u8], at: usize) -> Option<(u64, Option<u64>, usize)> {
    let (low, at) = parse_number(pattern, at + 1)?;
    match pattern.get(at)? {
        b'}' => Some((low, Some(low), at + 1)),
        b',' if pattern.get(at + 1) == Some(&b'}') => Some((low, None, at + 2)),
        b',' => {
            let (high, at) = parse_number(pattern, at + 1)?;
            (pattern.get(at) == Some(&b'}')).then_some((low, Some(high), at + 1))
        }
        _ => None,
    }
}

/// A number without leading zeros, below 1,000,000,000.
fn parse_number(pattern: &[u8], at: usize) -> Option<(u64, usize)> {
    let digits = pattern.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > 9 || (digits > 1 && pattern[at] == b'0') {
        return None;
    }
    let number = pattern[at..at + digits].iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    Some((number, at + digits))
}

#[cfg(test)]
mod tests;
