//! Protobuf's wire format, read in place.
//!
//! Stage: emit. Input: the bytes of one message. Output: its records, borrowed.
//! Invariant: nothing is copied, and a malformed byte is an error, never a panic.

use std::io;

/// One field on the wire: its number and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// The number of the field.
    pub(super) number: u32,
    /// The undecoded value.
    pub(super) payload: Payload<'a>,
}

/// An undecoded value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payload<'a> {
    /// A variable-length integer.
    Varint(u64),
    /// Eight bytes, little-endian.
    Fixed64(u64),
    /// Four bytes, little-endian.
    Fixed32(u32),
    /// A string, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
}

/// The error for bytes that no encoder writes, or that the table does not know.
pub(super) fn malformed(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

/// A cursor over the records of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    wire: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first record.
    pub(super) fn new(wire: &'a [u8]) -> Self {
        Self { wire, at: 0 }
    }

    /// Where the next record starts.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.wire.len()
    }

    /// The next record, or `None` at the end.
    pub(super) fn record(&mut self) -> io::Result<Option<Record<'a>>> {
        if self.is_at_end() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| malformed("a field number is out of range"))?;
        let payload = match tag & 7 {
            0 => Payload::Varint(self.varint()?),
            1 => Payload::Fixed64(self.fixed64()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| malformed("a length is out of range"))?;
                Payload::Bytes(self.take(length)?)
            }
            5 => Payload::Fixed32(self.fixed32()?),
            other => return Err(malformed(format!("field {number} has the unknown wire type {other}"))),
        };
        Ok(Some(Record { number, payload }))
    }

    /// A variable-length integer.
    pub(super) fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let &byte = self.wire.get(self.at).ok_or_else(truncated)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("an integer is longer than ten bytes"))
    }

    /// Eight bytes.
    pub(super) fn fixed64(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(bytes))
    }

    /// Four bytes.
    pub(super) fn fixed32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Ok(u32::from_le_bytes(bytes))
    }

    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or_else(truncated)?;
        let taken = self.wire.get(self.at..end).ok_or_else(truncated)?;
        self.at = end;
        Ok(taken)
    }
}

fn truncated() -> io::Error {
    malformed("the message ends in the middle of a field")
}

impl<'a> Payload<'a> {
    /// The bytes of a string, bytes or message field.
    pub(super) fn bytes(self) -> io::Result<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(malformed("a number stands where a length is expected")),
        }
    }

    /// The text of a string field.
    pub(super) fn text(self) -> io::Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|error| malformed(format!("a string is not UTF-8: {error}")))
    }
}

/// Appends a variable-length integer.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the tag and the length of a string, bytes or message field.
pub(super) fn put_header(out: &mut Vec<u8>, number: u32, length: usize) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, length as u64);
}

/// Appends a string, bytes or message field.
pub(super) fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_header(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_field_is_read_back() {
        let mut wire = Vec::new();
        put_bytes(&mut wire, 1_000, &[7; 300]);
        let mut reader = Reader::new(&wire);
        let record = reader.record().unwrap().unwrap();
        assert_eq!((record.number, record.payload), (1_000, Payload::Bytes(&[7; 300])));
        assert!(reader.record().unwrap().is_none());
    }

    #[test]
    fn truncated_and_garbled_bytes_are_errors() {
        for wire in [&[0x0a][..], &[0x0a, 5, 1], &[0x08], &[0x09, 1, 2], &[0x0d, 1], &[0x0b], &[0xff; 11]] {
            assert_eq!(Reader::new(wire).record().unwrap_err().kind(), io::ErrorKind::InvalidData, "{wire:?}");
        }
        let huge = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert!(Reader::new(&huge).record().is_err());
    }
}
