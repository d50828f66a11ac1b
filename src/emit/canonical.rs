//! One order for map entries in protobuf output.
//!
//! Stage: emit. Input: the bytes of a message. Output: the same bytes with the
//! entries of every map sorted by key. Invariant: an encoder that iterates hash
//! maps in any order gives the same bytes afterwards; no length changes, so the
//! bytes are permuted in place.

use std::io;
use std::ops::Range;

use rayon::prelude::*;

use super::table::{self, Field, Kind, Message, Shape};
use super::value;
use super::walk::Packed;
use super::wire::{Payload, Reader, malformed};

/// From how many bytes on a message is worth the work of several cores.
const LONG: usize = 128 * 1024;

/// Sorts the entries of every map in a message and in what is packed in it.
///
/// # Errors
/// `InvalidData` when the message is unknown or the bytes are not such a message.
pub fn sort_map_entries(message: &str, wire: &mut [u8]) -> io::Result<()> {
    let row = table::message_named(message)
        .ok_or_else(|| malformed(format!("`{message}` is not in the table of messages")))?;
    sort(row, wire)
}

fn sort(message: &'static Message, wire: &mut [u8]) -> io::Result<()> {
    let message = match message.shape() {
        Shape::Any => {
            let packed = Packed::read(wire)?;
            match packed.type_url.is_empty() {
                true => return Ok(()),
                false => packed.message()?,
            }
        }
        _ => return sort_fields(message, wire),
    };
    let mut at = 0;
    while let Some((number, range)) = record_at(wire, at)? {
        at = range.end;
        if number == 2 {
            sort(message, &mut wire[range])?;
        }
    }
    Ok(())
}

fn sort_fields(message: &'static Message, wire: &mut [u8]) -> io::Result<()> {
    sort_inner(message, wire)?;
    let mut at = 0;
    while let Some((number, range)) = record_at(wire, at)? {
        let start = at;
        at = range.end;
        let Some(entry) = message.field(number).and_then(Field::map_entry) else { continue };
        while let Some((_, range)) = record_at(wire, at)?.filter(|(next, _)| *next == number) {
            at = range.end;
        }
        sort_entries(entry, &mut wire[start..at])?;
    }
    Ok(())
}

/// Sorts what is in the messages of a message; those of a long one on all cores.
fn sort_inner(message: &'static Message, wire: &mut [u8]) -> io::Result<()> {
    let is_long = wire.len() >= LONG;
    let mut later = Vec::new();
    let mut rest = wire;
    while let Some((number, range)) = record_at(rest, 0)? {
        let Some(field) = message.field(number) else {
            return Err(malformed(format!("`{}` has no field {number}", message.name())));
        };
        let (record, behind) = rest.split_at_mut(range.end);
        rest = behind;
        let Kind::Message(place) = field.kind() else { continue };
        let inner = (table::message_at(place), &mut record[range.start..]);
        if is_long {
            later.push(inner);
        } else {
            sort(inner.0, inner.1)?;
        }
    }
    later.into_par_iter().try_for_each(|(message, wire)| sort(message, wire))
}

/// The record that starts at a place: its number, and where its value lies.
/// The value of a number has no place of its own and is empty.
fn record_at(wire: &[u8], at: usize) -> io::Result<Option<(u32, Range<usize>)>> {
    let mut reader = Reader::new(&wire[at..]);
    let Some(record) = reader.record()? else { return Ok(None) };
    let end = at + reader.position();
    let length = if let Payload::Bytes(bytes) = record.payload { bytes.len() } else { 0 };
    Ok(Some((record.number, end - length..end)))
}

/// Sorts the records of one map, which follow one another.
fn sort_entries(entry: &'static Message, wire: &mut [u8]) -> io::Result<()> {
    let mut entries: Vec<(String, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some((_, range)) = record_at(wire, at)? {
        let key = value::map_entry(entry, &wire[range.clone()])?.key.into_owned();
        entries.push((key, at..range.end));
        at = range.end;
    }
    if !entries.is_sorted_by(|one, other| one.0 <= other.0) {
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        let sorted: Vec<u8> = entries.into_iter().flat_map(|(_, range)| wire[range].iter().copied()).collect();
        wire.copy_from_slice(&sorted);
    }
    Ok(())
}
