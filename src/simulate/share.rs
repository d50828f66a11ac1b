//! Exact shares of requests.

use std::fmt;
use std::ops::{Add, Mul};

/// A fraction of all requests, in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    parts: u128,
    of: u128,
}

impl Share {
    /// Every request.
    pub const ALL: Self = Self { parts: 1, of: 1 };

    /// `parts` of every `of` requests.
    pub fn new(parts: u128, of: u128) -> Self {
        let divisor = gcd(parts, of).max(1);
        Self { parts: parts / divisor, of: (of / divisor).max(1) }
    }

    /// The numerator.
    pub fn parts(self) -> u128 {
        self.parts
    }

    /// The denominator.
    pub fn of(self) -> u128 {
        self.of
    }

    /// The share in percent, as near as a float comes.
    #[expect(clippy::cast_precision_loss, reason = "a percentage is for people and for tolerances")]
    pub fn percent(self) -> f64 {
        self.parts as f64 * 100.0 / self.of as f64
    }
}

impl Add for Share {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if self.of == other.of {
            return Self::new(self.parts + other.parts, self.of);
        }
        Self::new(self.parts * other.of + other.parts * self.of, self.of * other.of)
    }
}

impl Mul for Share {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::new(self.parts * other.parts, self.of * other.of)
    }
}

/// A percentage with at most two decimals; what is not 0 never prints as `0 %`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.percent());
        let text = text.trim_end_matches('0').trim_end_matches('.');
        match text {
            "0" if self.parts > 0 => f.write_str("< 0.01 %"),
            "100" if self.parts < self.of => f.write_str("> 99.99 %"),
            text => write!(f, "{text} %"),
        }
    }
}

/// The greatest common divisor.
pub(super) fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn shares_are_exact_and_in_lowest_terms() {
        assert_eq!(Share::new(50, 100), Share::new(1, 2));
        assert_eq!(Share::new(1, 3) + Share::new(1, 6), Share::new(1, 2));
        assert_eq!(Share::new(1, 3) + Share::new(2, 3), Share::ALL);
    }

    #[test]
    fn a_share_prints_as_a_percentage() {
        for (parts, of, text) in [
            (1, 2, "50 %"),
            (1, 3, "33.33 %"),
            (1, 1, "100 %"),
            (0, 7, "0 %"),
            (1, 100_000, "< 0.01 %"),
            (99_999, 100_000, "> 99.99 %"),
        ] {
            assert_eq!(Share::new(parts, of).to_string(), text);
        }
    }
}
