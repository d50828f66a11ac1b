//! Lengths of time as Go reads them.

use std::time::Duration as StdDuration;

use serde::Deserialize;

/// A length of time of zero or more ([ParseDuration](https://pkg.go.dev/time#ParseDuration)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct GoDuration(pub StdDuration);

impl GoDuration {
    /// Reads one; `None` where the text is none, is below zero, or is longer than Go can tell.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        if rest == "0" {
            return Some(Self(StdDuration::ZERO));
        }
        let mut total: u128 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (nanos, behind) = component(rest)?;
            total = total.checked_add(nanos)?;
            rest = behind;
        }
        // Go counts nanoseconds in 63 bits.
        let total = u64::try_from(total).ok().filter(|total| i64::try_from(*total).is_ok())?;
        Some(Self(StdDuration::from_nanos(total)))
    }
}

/// The nanoseconds of the first number with its unit, and what follows.
fn component(text: &str) -> Option<(u128, &str)> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, rest) = text.split_at(length);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > 19 || fraction.contains('.') {
        return None;
    }
    let units = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000_u128),
    ];
    let (unit, scale) = units.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
    let mut nanos = if whole.is_empty() { 0 } else { whole.parse::<u128>().ok()? * scale };
    let mut part = scale;
    for digit in fraction.bytes() {
        part /= 10;
        nanos += u128::from(digit - b'0') * part;
    }
    Some((nanos, &rest[unit.len()..]))
}

impl TryFrom<String> for GoDuration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a length of time"))
    }
}

#[cfg(test)]
mod tests {
    use super::{GoDuration, StdDuration};

    #[test]
    fn lengths_of_time_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("1s", 1_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1m30s", 90_000_000_000),
            ("250ms", 250_000_000),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("+2h", 7_200_000_000_000),
        ] {
            assert_eq!(GoDuration::parse(text), Some(GoDuration(StdDuration::from_nanos(nanos))), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_none() {
        for text in ["", "1", "s", ".s", "1 s", "-1s", "1d", "1.2.3s", "99999999999h", "1sx", "é"] {
            assert_eq!(GoDuration::parse(text), None, "{text}");
        }
    }
}
