//! An expression of RE2 in the syntax of Rust's engine.
//!
//! Envoy compiles patterns in Latin-1, so that they match bytes. The syntax
//! differs in places, and so a pattern is rewritten: groups lose their names,
//! classes and escapes become bytes ([RE2 syntax](https://github.com/google/re2/wiki/Syntax)).
//! Only patterns that RE2 accepts are understood.

use std::fmt::Write as _;

/// Rewrites a pattern; `None` when it is not one of RE2's.
pub(crate) fn translate(pattern: &[u8]) -> Option<String> {
    rewrite(pattern, "(?:")
}

/// The same, where groups that keep what they match begin with `open`.
pub(crate) fn rewrite(pattern: &[u8], open: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        at = match byte {
            b'\\' => escape(pattern, at, &mut out)?,
            b'[' => class(pattern, at, &mut out)?,
            b'(' => group(pattern, at, open, &mut out)?,
            b'{' => bounds(pattern, at, &mut out),
            b'.' | b'*' | b'+' | b'?' | b'|' | b')' | b'^' | b'$' => {
                out.push(char::from(byte));
                at + 1
            }
            _ => {
                literal(byte, &mut out);
                at + 1
            }
        };
    }
    Some(out)
}

fn literal(byte: u8, out: &mut String) {
    if byte.is_ascii_alphanumeric() || b"/_~%:,;=@!'\" <>".contains(&byte) {
        out.push(char::from(byte));
    } else {
        let _ = write!(out, r"\x{byte:02x}");
    }
}

/// A group: its name does not matter, its flags are the same in both engines.
fn group(pattern: &[u8], at: usize, open: &str, out: &mut String) -> Option<usize> {
    let rest = &pattern[at..];
    for form in [&b"(?P<"[..], b"(?<"] {
        if rest.starts_with(form) {
            let close = rest.iter().position(|byte| *byte == b'>')?;
            out.push_str(open);
            return Some(at + close + 1);
        }
    }
    if !rest.starts_with(b"(?") {
        out.push_str(open);
        return Some(at + 1);
    }
    let end = rest.iter().position(|byte| matches!(byte, b':' | b')'))?;
    let flags = std::str::from_utf8(&rest[2..end]).ok()?;
    if flags.is_empty() && rest[end] == b')' {
        return Some(at + end + 1);
    }
    let _ = write!(out, "(?{flags}{}", char::from(rest[end]));
    Some(at + end + 1)
}

/// `{n}`, `{n,}` and `{n,m}`; any other brace is itself.
fn bounds(pattern: &[u8], at: usize, out: &mut String) -> usize {
    let number = |from: usize| {
        let digits = pattern[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (digits > 0 && digits <= 9 && (digits == 1 || pattern[from] != b'0')).then_some(from + digits)
    };
    let end = number(at + 1).and_then(|next| match pattern.get(next)? {
        b'}' => Some(next + 1),
        b',' if pattern.get(next + 1) == Some(&b'}') => Some(next + 2),
        b',' => number(next + 1).filter(|end| pattern.get(*end) == Some(&b'}')).map(|end| end + 1),
        _ => None,
    });
    match end {
        Some(end) => {
            out.push_str(&String::from_utf8_lossy(&pattern[at..end]));
            end
        }
        None => {
            literal(b'{', out);
            at + 1
        }
    }
}

fn escape(pattern: &[u8], at: usize, out: &mut String) -> Option<usize> {
    match *pattern.get(at + 1)? {
        byte @ (b'b' | b'B' | b'A' | b'z') => {
            let _ = write!(out, "\\{}", char::from(byte));
            Some(at + 2)
        }
        b'C' => {
            out.push_str("(?s:.)");
            Some(at + 2)
        }
        b'Q' => {
            let quoted = &pattern[at + 2..];
            let length = quoted.windows(2).position(|pair| pair == b"\\E").unwrap_or(quoted.len());
            quoted[..length].iter().for_each(|byte| literal(*byte, out));
            Some((at + 2 + length + 2).min(pattern.len()))
        }
        _ => {
            let (set, end) = set_of_escape(pattern, at)?;
            set.write(out);
            Some(end)
        }
    }
}

/// A set of bytes.
struct Bytes([bool; 256]);

impl Bytes {
    fn of(member: impl Fn(u8) -> bool) -> Self {
        Self(std::array::from_fn(|code| member(u8::try_from(code).unwrap_or_default())))
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
    }

    fn negated(self) -> Self {
        Self(self.0.map(|member| !member))
    }

    fn write(&self, out: &mut String) {
        if self.0.iter().all(|member| !member) {
            // A class without members matches nothing.
            out.push_str(r"[^\x00-\xff]");
            return;
        }
        out.push('[');
        let mut code = 0;
        while code < 256 {
            let length = self.0[code..].iter().take_while(|member| **member).count();
            if length > 0 {
                let _ = write!(out, r"\x{code:02x}-\x{:02x}", code + length - 1);
            }
            code += length.max(1);
        }
        out.push(']');
    }
}

/// A bracket expression.
fn class(pattern: &[u8], at: usize, out: &mut String) -> Option<usize> {
    let mut set = Bytes([false; 256]);
    let negated = pattern.get(at + 1) == Some(&b'^');
    let start = at + 1 + usize::from(negated);
    let mut at = start;
    loop {
        let rest = pattern.get(at..)?;
        match rest {
            [b']', ..] if at > start => {
                let set = if negated { set.negated() } else { set };
                set.write(out);
                return Some(at + 1);
            }
            [b'[', b':', ..] if posix(rest).is_some() => {
                let (named, length) = posix(rest)?;
                set.add(&named);
                at += length;
            }
            [b'\\', b'p' | b'P' | b'd' | b'D' | b's' | b'S' | b'w' | b'W', ..] => {
                let (named, end) = set_of_escape(pattern, at)?;
                set.add(&named);
                at = end;
            }
            _ => {
                let (low, next) = member(pattern, at)?;
                let (high, end) = match pattern.get(next..)? {
                    [b'-', other, ..] if *other != b']' => member(pattern, next + 1)?,
                    _ => (low, next),
                };
                set.add(&Bytes::of(|byte| (low..=high).contains(&byte)));
                at = end;
            }
        }
    }
}

/// One member of a class.
fn member(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    match *pattern.get(at)? {
        b'\\' => code_of_escape(pattern, at),
        byte => Some((byte, at + 1)),
    }
}

/// `[:name:]` and `[:^name:]`, with their length.
fn posix(rest: &[u8]) -> Option<(Bytes, usize)> {
    let close = rest.get(2..)?.windows(2).position(|pair| pair == b":]")?;
    let name = std::str::from_utf8(rest.get(2..2 + close)?).ok()?;
    let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    let set = match name {
        "alnum" => Bytes::of(|b| b.is_ascii_alphanumeric()),
        "alpha" => Bytes::of(|b| b.is_ascii_alphabetic()),
        "ascii" => Bytes::of(|b| b.is_ascii()),
        "blank" => Bytes::of(|b| b == b' ' || b == b'\t'),
        "cntrl" => Bytes::of(|b| b.is_ascii_control()),
        "digit" => Bytes::of(|b| b.is_ascii_digit()),
        "graph" => Bytes::of(|b| b.is_ascii_graphic()),
        "lower" => Bytes::of(|b| b.is_ascii_lowercase()),
        "print" => Bytes::of(|b| b.is_ascii_graphic() || b == b' '),
        "punct" => Bytes::of(|b| b.is_ascii_punctuation()),
        "space" => Bytes::of(|b| b.is_ascii_whitespace() || b == 0x0b),
        "upper" => Bytes::of(|b| b.is_ascii_uppercase()),
        "word" => Bytes::of(is_word),
        "xdigit" => Bytes::of(|b| b.is_ascii_hexdigit()),
        _ => return None,
    };
    Some((if negated { set.negated() } else { set }, close + 4))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// An escape that stands for a set of bytes, or for one.
fn set_of_escape(pattern: &[u8], at: usize) -> Option<(Bytes, usize)> {
    let letter = *pattern.get(at + 1)?;
    let set = match letter {
        b'd' | b'D' => Bytes::of(|b| b.is_ascii_digit()),
        // Without the vertical tab, unlike Rust's.
        b's' | b'S' => Bytes::of(|b| b.is_ascii_whitespace()),
        b'w' | b'W' => Bytes::of(is_word),
        b'p' | b'P' => return unicode(pattern, at, letter == b'P'),
        _ => {
            let (code, end) = code_of_escape(pattern, at)?;
            return Some((Bytes::of(|byte| byte == code), end));
        }
    };
    Some((if letter.is_ascii_uppercase() { set.negated() } else { set }, at + 2))
}

/// `\pN`, `\p{Name}` and `\p{^Name}`: the members among the first 256 characters.
fn unicode(pattern: &[u8], at: usize, negated: bool) -> Option<(Bytes, usize)> {
    let rest = pattern.get(at + 2..)?;
    let (name, end) = match rest.first()? {
        b'{' => {
            let close = rest.iter().position(|byte| *byte == b'}')?;
            (&rest[1..close], at + 2 + close + 1)
        }
        _ => (&rest[..1], at + 3),
    };
    let name = std::str::from_utf8(name).ok()?;
    let (name, inverted) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    let regex = regex::Regex::new(&format!(r"\A\p{{{name}}}\z")).ok()?;
    let mut buffer = [0; 4];
    let members: Vec<bool> =
        (0..=u8::MAX).map(|code| regex.is_match(char::from(code).encode_utf8(&mut buffer))).collect();
    let set = Bytes::of(|byte| members[usize::from(byte)]);
    Some((if negated == inverted { set } else { set.negated() }, end))
}

/// An escape that stands for one byte.
fn code_of_escape(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *pattern.get(at + 1)?;
    let next = at + 2;
    let code = match byte {
        b'a' => 0x07,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'x' => return hex(pattern, next),
        b'0'..=b'7' => {
            let digits = pattern[at + 1..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(*b)).count();
            let value = pattern[at + 1..at + 1 + digits].iter().fold(0_u32, |v, b| v * 8 + u32::from(b - b'0'));
            return Some((u8::try_from(value).ok()?, at + 1 + digits));
        }
        _ if byte.is_ascii_punctuation() || byte == b' ' => byte,
        _ => return None,
    };
    Some((code, next))
}

/// The digits of `\xHH` and `\x{H…}`.
fn hex(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = pattern.get(at..)?;
    let (digits, end) = match rest.first()? {
        b'{' => {
            let close = rest.iter().position(|byte| *byte == b'}')?;
            (&rest[1..close], at + close + 1)
        }
        _ => (rest.get(..2)?, at + 2),
    };
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((u8::try_from(value).ok()?, end))
}
