//! Single values: what a number, string, enum, duration or map key on the wire
//! is in the text form.
//!
//! Stage: emit. Input: an undecoded value and its kind. Output: one event, or
//! the text of it. Invariant: the proto3 JSON mapping, with integers as numbers
//! wherever every reader keeps them exact.

use std::borrow::Cow;
use std::io;

use super::form::Form;
use super::table::{self, Kind, Message};
use super::wire::{Payload, Reader, malformed};

/// Integers beyond this lose digits in readers that hold numbers as doubles.
const LARGEST_EXACT: u64 = 1 << 53;

/// One entry of a map field.
pub(super) struct Entry<'a> {
    /// The key as text.
    pub(super) key: Cow<'a, str>,
    /// The value; `None` when it is zero and so not on the wire.
    pub(super) value: Option<Payload<'a>>,
}

/// Reads the key and the value of a map's entry.
pub(super) fn map_entry<'a>(entry: &'static Message, wire: &'a [u8]) -> io::Result<Entry<'a>> {
    let Some(kind) = entry.field(1).map(table::Field::kind) else { return Err(malformed("a map has no keys")) };
    let (mut key, mut value) = (zero(kind), None);
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        match record.number {
            1 => key = record.payload,
            2 => value = Some(record.payload),
            other => return Err(malformed(format!("`{}` has no field {other}", entry.name()))),
        }
    }
    let key = match kind {
        Kind::String => Cow::Borrowed(key.text()?),
        other => Cow::Owned(integer(other, key)?.map(|integer| integer.to_string()).unwrap_or_default()),
    };
    Ok(Entry { key, value })
}

/// What a field that is not on the wire holds.
pub(super) fn zero(kind: Kind) -> Payload<'static> {
    match kind {
        Kind::String | Kind::Bytes | Kind::Message(_) => Payload::Bytes(&[]),
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Payload::Fixed64(0),
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Payload::Fixed32(0),
        _ => Payload::Varint(0),
    }
}

/// Whether a repeated field of this kind may be packed.
pub(super) fn is_packable(kind: Kind) -> bool {
    !matches!(kind, Kind::String | Kind::Bytes | Kind::Message(_))
}

/// The next number of a packed field.
pub(super) fn unpack<'a>(kind: Kind, reader: &mut Reader<'a>) -> io::Result<Option<Payload<'a>>> {
    if reader.is_at_end() {
        return Ok(None);
    }
    Ok(Some(match zero(kind) {
        Payload::Fixed64(_) => Payload::Fixed64(reader.fixed64()?),
        Payload::Fixed32(_) => Payload::Fixed32(reader.fixed32()?),
        _ => Payload::Varint(reader.varint()?),
    }))
}

/// Writes a value that is not a message.
pub(super) fn write(form: &mut impl Form, kind: Kind, payload: Payload<'_>) -> io::Result<()> {
    match (kind, payload) {
        (Kind::String, _) => form.text(payload.text()?),
        (Kind::Bytes, _) => form.text(&base64(payload.bytes()?)),
        (Kind::Bool, Payload::Varint(value)) => form.token(if value == 0 { "false" } else { "true" }),
        (Kind::Double, Payload::Fixed64(bits)) => float(form, f64::from_bits(bits), |value| format!("{value:?}")),
        (Kind::Float, Payload::Fixed32(bits)) => {
            let single = f32::from_bits(bits);
            float(form, f64::from(single), |_| format!("{single:?}"));
        }
        (Kind::Enum(place), Payload::Varint(value)) => match table::variant_name(place, value as i32) {
            Some(name) => form.text(name),
            None => form.token(&(value as i32).to_string()),
        },
        _ => match integer(kind, payload)? {
            Some(value) if value.unsigned_abs() <= u128::from(LARGEST_EXACT) => form.token(&value.to_string()),
            Some(value) => form.text(&value.to_string()),
            None => return Err(malformed("a value has the wire type of another kind")),
        },
    }
    Ok(())
}

/// The value of an integer (a bool as 0 or 1).
fn integer(kind: Kind, payload: Payload<'_>) -> io::Result<Option<i128>> {
    Ok(Some(match (kind, payload) {
        (Kind::Int64, Payload::Varint(value)) | (Kind::Sfixed64, Payload::Fixed64(value)) => i128::from(value as i64),
        (Kind::Uint64, Payload::Varint(value)) | (Kind::Fixed64, Payload::Fixed64(value)) => i128::from(value),
        (Kind::Int32, Payload::Varint(value)) => i128::from(value as i32),
        (Kind::Uint32, Payload::Varint(value)) => i128::from(value as u32),
        (Kind::Fixed32, Payload::Fixed32(value)) => i128::from(value),
        (Kind::Sfixed32, Payload::Fixed32(value)) => i128::from(value as i32),
        (Kind::Sint32 | Kind::Sint64, Payload::Varint(value)) => {
            i128::from((value >> 1) as i64 ^ -((value & 1) as i64))
        }
        (Kind::Bool, Payload::Varint(value)) => i128::from(value != 0),
        _ => return Ok(None),
    }))
}

/// Writes a float in the fewest digits, as an integer when it is one.
fn float(form: &mut impl Form, value: f64, shortest: impl Fn(f64) -> String) {
    if value.is_nan() {
        form.text("NaN");
    } else if value.is_infinite() {
        form.text(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT as f64 && !(value == 0.0 && value.is_sign_negative())
    {
        form.token(&(value as i64).to_string());
    } else {
        // YAML 1.1 asks for a point in the mantissa and a sign in the exponent.
        let digits = shortest(value);
        form.token(&match digits.split_once('e') {
            Some((mantissa, exponent)) => {
                let point = if mantissa.contains('.') { "" } else { ".0" };
                let sign = if exponent.starts_with('-') { "" } else { "+" };
                format!("{mantissa}{point}e{sign}{exponent}")
            }
            None => digits,
        });
    }
}

/// Reads the two numbers of a duration or a timestamp.
fn seconds_and_nanos(wire: &[u8]) -> io::Result<(i64, i32)> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        match (record.number, record.payload) {
            (1, Payload::Varint(value)) => seconds = value as i64,
            (2, Payload::Varint(value)) => nanos = value as i32,
            (other, _) => return Err(malformed(format!("a duration or timestamp has no field {other}"))),
        }
    }
    Ok((seconds, nanos))
}

/// The fraction of a second with its point, without needless zeros.
fn fraction(nanos: u32) -> String {
    if nanos == 0 {
        return String::new();
    }
    let digits = format!(".{nanos:09}");
    digits.trim_end_matches('0').to_owned()
}

/// A `google.protobuf.Duration`: `10s`, `0.25s`.
pub(super) fn duration(wire: &[u8]) -> io::Result<String> {
    let (seconds, nanos) = seconds_and_nanos(wire)?;
    if nanos.unsigned_abs() > 999_999_999 || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0) {
        return Err(malformed(format!("{seconds} s and {nanos} ns is not a duration")));
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    Ok(format!("{sign}{}{}s", seconds.unsigned_abs(), fraction(nanos.unsigned_abs())))
}

/// A `google.protobuf.Timestamp`: `2024-02-29T12:00:00Z`.
pub(super) fn timestamp(wire: &[u8]) -> io::Result<String> {
    const DAY: i64 = 86_400;
    let (seconds, nanos) = seconds_and_nanos(wire)?;
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos <= 999_999_999);
    // The mapping ends with the years 1 and 9999.
    let (Some(nanos), true) = (nanos, (-62_135_596_800..=253_402_300_799).contains(&seconds)) else {
        return Err(malformed(format!("{seconds} s is not a timestamp")));
    };
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Ok(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{}Z", fraction(nanos)))
}

/// The Gregorian date of a day counted from 1970-01-01.
fn civil_date(days: i64) -> (i64, i64, i64) {
    const CYCLE: i64 = 146_097; // days of 400 years
    let from_march_0 = days + 719_468;
    let (cycle, day) = (from_march_0.div_euclid(CYCLE), from_march_0.rem_euclid(CYCLE));
    let year_of_cycle = (day - day / 1_460 + day / 36_524 - day / (CYCLE - 1)) / 365;
    let day_of_year = day - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day_of_month)
}

/// Base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_rfc_4648_shows() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }

    fn encoded(seconds: i64, nanos: i32) -> Vec<u8> {
        prost::Message::encode_to_vec(&prost_types_duration(seconds, nanos))
    }

    fn prost_types_duration(seconds: i64, nanos: i32) -> envoy_types::pb::google::protobuf::Duration {
        envoy_types::pb::google::protobuf::Duration { seconds, nanos }
    }

    #[test]
    fn durations_have_no_needless_digits() {
        for (seconds, nanos, text) in [
            (0, 0, "0s"),
            (10, 0, "10s"),
            (0, 250_000_000, "0.25s"),
            (1, 1, "1.000000001s"),
            (-1, -500_000_000, "-1.5s"),
            (0, -1_000_000, "-0.001s"),
            (315_576_000_000, 0, "315576000000s"),
        ] {
            assert_eq!(duration(&encoded(seconds, nanos)).unwrap(), text);
        }
        assert!(duration(&encoded(1, -1)).is_err());
        assert!(duration(&encoded(0, 1_000_000_000)).is_err());
    }

    #[test]
    fn timestamps_are_rfc_3339() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (951_782_400, 0, "2000-02-29T00:00:00Z"),
            (1_709_208_000, 500_000_000, "2024-02-29T12:00:00.5Z"),
            (-1, 0, "1969-12-31T23:59:59Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(&encoded(seconds, nanos)).unwrap(), text);
        }
        assert!(timestamp(&encoded(253_402_300_800, 0)).is_err());
    }
}
