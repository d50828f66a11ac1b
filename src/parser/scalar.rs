//! What Kubernetes makes of an unquoted YAML scalar.
//!
//! Kubernetes reads YAML 1.1 through go-yaml v2: `yes` is a boolean, `0777`
//! is octal, `1_000` is a number; a number without a fraction is an integer
//! once it has been through JSON, however it was written.

use std::borrow::Cow;

use super::node::Node;

/// The value of a plain scalar without a tag.
pub(super) fn read_plain(text: &str) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Node::Null,
        "true" | "True" | "TRUE" => Node::Bool(true),
        "false" | "False" | "FALSE" => Node::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Node::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Node::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Node::Float(f64::NAN),
        _ => match (boolean_word(text), number(text)) {
            (Some(value), _) => Node::Bool(value),
            (None, Some(number)) => number,
            (None, None) => Node::String(text.to_owned()),
        },
    }
}

/// Whether a plain scalar is a string for what it begins with.
#[inline]
pub(super) fn is_text(text: &str) -> bool {
    let first = text.as_bytes().first().copied().unwrap_or(b'~');
    let is_special = first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.' | b'~');
    !is_special && !matches!(first.to_ascii_lowercase(), b'n' | b't' | b'f' | b'y' | b'o')
}

/// The boolean that YAML 1.1 makes of a word that YAML 1.2 takes for a string.
pub(super) fn boolean_word(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number that go-yaml makes of a plain scalar.
pub(super) fn number(text: &str) -> Option<Node> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let digits: Cow<'_, str> = if text.contains('_') && !text.starts_with('.') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    integer(&digits).or_else(|| {
        let float = is_float_form(&digits).then(|| digits.parse::<f64>().ok())??;
        float.is_finite().then(|| from_float(float))
    })
}

/// Whether a scalar that is no number here may be one elsewhere: integers of another base have 64 bits.
pub(super) fn may_be_long(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    ["0x", "0o", "0b"].iter().any(|base| digits.starts_with(base))
}

/// A number as it is after a way through JSON: whole ones are integers.
pub(super) fn from_float(float: f64) -> Node {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float) {
        #[expect(clippy::cast_possible_truncation, reason = "the value is whole and within the bounds of i64")]
        return Node::Int(float as i64);
    }
    Node::Float(float)
}

/// The text of a mapping key that is not a string; `None` for null, which Kubernetes refuses.
pub(super) fn key_text(key: Node) -> Option<String> {
    match key {
        Node::String(text) => Some(text),
        Node::Bool(value) => Some(value.to_string()),
        Node::Int(number) => Some(number.to_string()),
        // Kubernetes prints float keys with the precision of 32 bits.
        #[expect(clippy::cast_possible_truncation, reason = "what Kubernetes does")]
        Node::Float(number) => Some((number as f32).to_string()),
        Node::Null | Node::List(_) | Node::Map(_) => None,
    }
}

fn integer(text: &str) -> Option<Node> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -magnitude } else { magnitude };
    match i64::try_from(value) {
        Ok(value) => Some(Node::Int(value)),
        Err(_) if negative => None,
        #[expect(clippy::cast_precision_loss, reason = "JSON readers make a float of it too")]
        Err(_) => Some(Node::Float(value as f64)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float_form(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && are_digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::{Node, key_text, read_plain};

    #[test]
    fn plain_scalars_are_read_as_yaml_1_1() {
        let cases = [
            ("yes", Node::Bool(true)),
            ("Off", Node::Bool(false)),
            ("y", Node::Bool(true)),
            ("yEs", Node::String("yEs".into())),
            ("0777", Node::Int(511)),
            ("-010", Node::Int(-8)),
            ("08", Node::Int(8)),
            ("0o17", Node::Int(15)),
            ("0x1F", Node::Int(31)),
            ("0X1f", Node::Int(31)),
            ("0b101", Node::Int(5)),
            ("1_000", Node::Int(1000)),
            ("+1", Node::Int(1)),
            ("1.0", Node::Int(1)),
            ("1e3", Node::Int(1000)),
            ("1.5", Node::Float(1.5)),
            (".5", Node::Float(0.5)),
            ("5.", Node::Int(5)),
            ("18446744073709551615", Node::Float(18_446_744_073_709_551_615.0)),
            ("99999999999999999999", Node::Float(1e20)),
            ("9223372036854775807", Node::Int(i64::MAX)),
            ("-9223372036854775808", Node::Int(i64::MIN)),
            ("1e400", Node::String("1e400".into())),
            ("10.0.0.1", Node::String("10.0.0.1".into())),
            ("1.2.3", Node::String("1.2.3".into())),
            ("12:30", Node::String("12:30".into())),
            ("2001-12-14", Node::String("2001-12-14".into())),
            ("-", Node::String("-".into())),
            ("+", Node::String("+".into())),
            (".", Node::String(".".into())),
            ("0x", Node::String("0x".into())),
            ("0x+1", Node::String("0x+1".into())),
            ("é", Node::String("é".into())),
            ("+é", Node::String("+é".into())),
            ("~", Node::Null),
        ];
        for (text, expected) in cases {
            assert_eq!(read_plain(text), expected, "{text}");
        }
    }

    #[test]
    fn keys_become_strings() {
        for (text, expected) in [("on", "true"), ("1", "1"), ("1.5", "1.5"), ("0777", "511"), ("a", "a")] {
            assert_eq!(key_text(read_plain(text)).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(key_text(read_plain("~")), None);
    }
}
