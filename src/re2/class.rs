//! Escapes and character classes of RE2, over bytes.

use super::group::{is_posix_class, unicode_group};
use super::refusal::{Refusal, refuse};

/// About how many instructions a class of so many ranges compiles to.
pub(super) fn size(ranges: u64) -> u64 {
    ranges.saturating_mul(2).saturating_sub(1).max(1)
}

/// Reads the bracket expression at `at`: the byte behind it, and about how many ranges it has.
pub(super) fn parse_class(pattern: &[u8], at: usize) -> Result<(usize, u64), Refusal> {
    let start = at;
    let mut at = at + 1;
    let mut ranges = 0;
    if pattern.get(at) == Some(&b'^') {
        at += 1;
        ranges += 1;
    }
    // A `]` that comes first is a member.
    let mut first = true;
    loop {
        let rest = pattern.get(at..).unwrap_or_default();
        match rest {
            [] => return refuse(start, "this `[` is never closed"),
            [b']', ..] if !first => return Ok((at + 1, ranges)),
            [b'[', b':', _, ..] if posix_end(rest).is_some() => at = parse_posix_class(pattern, at)?,
            [b'\\', b'p' | b'P', _, ..] => {
                let (end, group) = parse_unicode_group(pattern, at)?;
                at = end;
                ranges += group;
            }
            [b'\\', b'd' | b'D' | b's' | b'S' | b'w' | b'W', ..] => {
                at += 2;
                ranges += 2;
            }
            _ => at = parse_range(pattern, start, at)?,
        }
        ranges += 1;
        first = false;
    }
}

/// Where `[:name:]` ends inside `rest`, which begins with it.
fn posix_end(rest: &[u8]) -> Option<usize> {
    let close = rest.get(2..)?.windows(2).position(|pair| pair == b":]")?;
    Some(2 + close + 2)
}

fn parse_posix_class(pattern: &[u8], at: usize) -> Result<usize, Refusal> {
    let end = at + posix_end(&pattern[at..]).unwrap_or_default();
    let name = std::str::from_utf8(&pattern[at + 2..end - 2]).unwrap_or_default();
    if is_posix_class(name) { Ok(end) } else { refuse(at, format!("`[:{name}:]` is not a class of characters")) }
}

/// One member, or two joined by `-`.
fn parse_range(pattern: &[u8], class: usize, at: usize) -> Result<usize, Refusal> {
    let (next, low) = parse_member(pattern, class, at)?;
    match pattern.get(next..).unwrap_or_default() {
        [b'-', other, ..] if *other != b']' => {
            let (next, high) = parse_member(pattern, class, next + 1)?;
            if high < low { refuse(at, "a range whose ends are not in order") } else { Ok(next) }
        }
        _ => Ok(next),
    }
}

fn parse_member(pattern: &[u8], class: usize, at: usize) -> Result<(usize, u8), Refusal> {
    match pattern.get(at) {
        None => refuse(class, "this `[` is never closed"),
        Some(b'\\') => parse_escape(pattern, at),
        Some(&byte) => Ok((at + 1, byte)),
    }
}

/// `\pN`, `\p{Name}`, `\p{^Name}` and their negations: the byte behind it, and how many ranges it has.
pub(super) fn parse_unicode_group(pattern: &[u8], at: usize) -> Result<(usize, u64), Refusal> {
    let name = pattern.get(at + 2..).unwrap_or_default();
    let (name, end) = match name.first() {
        None => return refuse(at, "the name of this class is missing"),
        Some(b'{') => match name.iter().position(|byte| *byte == b'}') {
            Some(close) => (&name[1..close], at + 2 + close + 1),
            None => return refuse(at, "the name of this class has no `}`"),
        },
        Some(_) => (&name[..1], at + 3),
    };
    let name = String::from_utf8_lossy(name);
    match unicode_group(&name) {
        Some(ranges) => Ok((end, ranges)),
        None => refuse(at, format!("`{name}` is not a class of characters")),
    }
}

/// An escape that stands for one byte: the byte behind it, and the byte that it stands for.
pub(super) fn parse_escape(pattern: &[u8], at: usize) -> Result<(usize, u8), Refusal> {
    let Some(&byte) = pattern.get(at + 1) else {
        return refuse(at, "a backslash at the end");
    };
    let next = at + 2;
    match byte {
        b'a' => Ok((next, 0x07)),
        b'f' => Ok((next, 0x0C)),
        b'n' => Ok((next, b'\n')),
        b'r' => Ok((next, b'\r')),
        b't' => Ok((next, b'\t')),
        b'v' => Ok((next, 0x0B)),
        b'x' => parse_hex(pattern, at),
        b'0'..=b'7' => parse_octal(pattern, at, byte),
        b'8' | b'9' => refuse(at, "a back-reference, which RE2 does not have"),
        _ if byte.is_ascii_alphabetic() => {
            refuse(at, format!("the escape `\\{}`, which RE2 does not have here", char::from(byte)))
        }
        _ if byte.is_ascii() => Ok((next, byte)),
        _ => refuse(at, "a backslash before a character outside ASCII"),
    }
}

/// `\0` and up to two more digits, or two to three digits: `\1` alone is a back-reference.
fn parse_octal(pattern: &[u8], at: usize, first: u8) -> Result<(usize, u8), Refusal> {
    let rest = pattern.get(at + 2..).unwrap_or_default();
    let more = rest.iter().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    if first != b'0' && more == 0 {
        return refuse(at, "a back-reference, which RE2 does not have");
    }
    let digits = std::iter::once(&first).chain(&rest[..more]);
    let code = digits.fold(0_u16, |code, digit| code * 8 + u16::from(digit - b'0'));
    match u8::try_from(code) {
        Ok(code) => Ok((at + 2 + more, code)),
        Err(_) => refuse(at, "a character above `\\377`"),
    }
}

/// `\xHH` or `\x{H..}`, up to `\x{ff}`.
fn parse_hex(pattern: &[u8], at: usize) -> Result<(usize, u8), Refusal> {
    let rest = pattern.get(at + 2..).unwrap_or_default();
    let (digits, end) = match rest {
        [b'{', braced @ ..] => match braced.iter().position(|byte| *byte == b'}') {
            Some(close) => (&braced[..close], at + 2 + close + 2),
            None => return refuse(at, "this escape has no `}`"),
        },
        [high, low, ..] => (&[*high, *low][..], at + 4),
        _ => return refuse(at, "`\\x` wants two hexadecimal digits"),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return refuse(at, "`\\x` wants hexadecimal digits");
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default();
    let code = digits.iter().fold(0_u32, |code, byte| code.saturating_mul(16).saturating_add(digit(byte)));
    match u8::try_from(code) {
        Ok(code) => Ok((end, code)),
        Err(_) => refuse(at, "a character above `\\x{ff}`: Envoy matches bytes"),
    }
}
