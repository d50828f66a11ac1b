//! Numbers of bytes, as Kubernetes writes them
//! ([Quantity](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/)).

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A number of bytes; `None` where what is written is no whole number, or is below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity(pub Option<u64>);

/// What the suffixes stand for.
const SUFFIXES: [(&str, u128); 12] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("Ei", 1 << 60),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000),
];

/// What the suffixes stand for that make numbers smaller.
const PARTS: [(&str, u128); 3] = [("m", 1_000), ("u", 1_000_000), ("n", 1_000_000_000)];

/// The most digits that are read.
const MOST_DIGITS: usize = 18;

impl Quantity {
    fn parse(text: &str) -> Self {
        Self(whole(text).and_then(|number| u64::try_from(number).ok()))
    }
}

/// The whole number that a text stands for.
fn whole(text: &str) -> Option<u128> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (units, parts) = number.split_once('.').unwrap_or((number, ""));
    let parts = parts.trim_end_matches('0');
    let digits = format!("{units}{parts}");
    let digits = digits.trim_start_matches('0');
    if digits.len() > MOST_DIGITS || parts.len() > MOST_DIGITS {
        return None;
    }
    let number: u128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let (times, over) = scale(suffix)?;
    let over = 10u128.checked_pow(u32::try_from(parts.len()).ok()?)?.checked_mul(over)?;
    let number = number.checked_mul(times)?;
    (number % over == 0).then(|| number / over)
}

/// What a suffix multiplies by, and what it divides by.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    if suffix.is_empty() {
        return Some((1, 1));
    }
    let known = |list: &[(&str, u128)]| list.iter().find(|(name, _)| *name == suffix).map(|(_, value)| *value);
    if let Some(times) = known(&SUFFIXES) {
        return Some((times, 1));
    }
    if let Some(over) = known(&PARTS) {
        return Some((1, over));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10u128.checked_pow(exponent.unsigned_abs())?;
    Some(if exponent < 0 { (1, power) } else { (power, 1) })
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a quantity")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Quantity, E> {
        Ok(Quantity(Some(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Quantity, E> {
        Ok(Quantity(u64::try_from(value).ok()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Quantity, E> {
        Ok(Quantity(u64::try_from(value).ok()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Quantity, E> {
        Ok(Quantity::parse(value))
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        let read = |text: &str| Quantity::parse(text).0;
        assert_eq!(read("32768"), Some(32_768));
        assert_eq!(read("32Ki"), Some(32_768));
        assert_eq!(read("1.5Ki"), Some(1_536));
        assert_eq!(read("+2k"), Some(2_000));
        assert_eq!(read("3000m"), Some(3));
        assert_eq!(read("4e3"), Some(4_000));
        assert_eq!(read("4000E-3"), Some(4));
        assert_eq!(read(".5Mi"), Some(524_288));
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("1Ei"), Some(1 << 60));
        for wrong in ["1500m", "-1", "-1Ki", "16Ei", "1e99", "1e-99", "9999999999999999999", "1.0000000000000000001"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
