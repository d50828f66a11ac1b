//! The walk over one message: wire bytes and table become the events of a [`Form`].
//!
//! Stage: emit. Input: the bytes of a message whose type is known. Output:
//! events in readable order. Invariants: every record on the wire is written or
//! is an error, and what is kept at one time is, per open message, one entry
//! per field that occurs in it.

use std::io::{self, Write};

use rayon::prelude::*;

use super::comments::Comments;
use super::form::{Container, Form, Sink};
use super::table::{self, Field, Kind, Message, Shape};
use super::value;
use super::wire::{Payload, Reader, malformed};

/// Deeper messages are refused; protobuf's own readers stop at 100 levels by default.
const DEEPEST: usize = 200;

/// From how many bytes on a message is written in pieces, on all cores, if it
/// can be: an item of a list by itself, and a list of items.
const LONG: usize = 128 * 1024;

/// How many bytes of items become one piece of work, and how many pieces are
/// in memory at a time.
const PIECE: usize = 32 * 1024;
const PIECES: usize = 64;

/// Walks messages and drives a form.
pub(super) struct Walk<'c, F> {
    pub(super) form: F,
    /// Where the text goes; a walk over a piece keeps it.
    out: Option<&'c mut dyn Write>,
    comments: Option<&'c dyn Comments>,
    /// The index of every open message, one after the other.
    runs: Vec<Run>,
    depth: usize,
}

/// Records of one field that follow one another on the wire.
#[derive(Clone, Copy)]
struct Run {
    field: &'static Field,
    start: usize,
    end: usize,
}

impl<'c, F: Form + Sync> Walk<'c, F> {
    /// Starts a document.
    pub(super) fn new(form: F, comments: Option<&'c dyn Comments>, out: &'c mut dyn Write) -> Self {
        Self { form, out: Some(out), comments, runs: Vec::new(), depth: 0 }
    }

    /// Hands collected text on when it is much.
    pub(super) fn relieve(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), |out| self.form.sink().relieve(*out))
    }

    /// Hands all text on.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), |out| self.form.sink().flush(*out))
    }

    /// Writes a message, whatever its shape.
    pub(super) fn message(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        if self.depth >= DEEPEST {
            return Err(malformed(format!("`{}` is nested too deeply", message.name())));
        }
        self.depth += 1;
        match message.shape() {
            Shape::Fields | Shape::MapEntry => {
                self.form.open(Container::Map);
                self.fields(message, wire)?;
                self.form.close();
            }
            Shape::Any => self.any(wire)?,
            Shape::Wrapper => self.wrapper(message, wire)?,
            Shape::Duration => self.form.bare_text(&value::duration(wire)?),
            Shape::Timestamp => self.form.text(&value::timestamp(wire)?),
            Shape::Struct => self.structure(message, wire)?,
            Shape::Value => self.value(message, wire)?,
            Shape::ListValue => self.list_value(message, wire)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes the fields of a message into the map that is open.
    pub(super) fn fields(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        let base = self.runs.len();
        self.index(message, wire)?;
        let end = self.runs.len();
        let mut at = base;
        while at < end {
            let field = self.runs[at].field;
            let mut next = at + 1;
            while next < end && std::ptr::eq(self.runs[next].field, field) {
                next += 1;
            }
            self.field(message, field, wire, at..next)?;
            at = next;
        }
        self.runs.truncate(base);
        Ok(())
    }

    /// Adds the runs of a message to the index, in the order of the output.
    fn index(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        let base = self.runs.len();
        let mut reader = Reader::new(wire);
        loop {
            let start = reader.position();
            let Some(record) = reader.record()? else { break };
            let end = reader.position();
            if let Some(last) = self.runs[base..].last_mut()
                && last.field.number() == record.number
            {
                last.end = end;
                continue;
            }
            let Some(field) = message.field(record.number) else {
                return Err(malformed(format!("`{}` has no field {}", message.name(), record.number)));
            };
            self.runs.push(Run { field, start, end });
        }
        self.runs[base..].sort_unstable_by_key(|run| (run.field.rank(), run.start));
        Ok(())
    }

    /// Writes one field: a map, a list or a single value.
    fn field(
        &mut self,
        message: &'static Message,
        field: &'static Field,
        wire: &[u8],
        runs: std::ops::Range<usize>,
    ) -> io::Result<()> {
        if let Some(entry) = field.map_entry() {
            self.form.key(field.name(), None);
            return self.map(entry, wire, runs);
        }
        if field.repeated() {
            self.form.key(field.name(), None);
            return self.list(field, wire, runs);
        }
        let run = self.runs[runs.start];
        let mut reader = Reader::new(&wire[run.start..run.end]);
        let Some(record) = reader.record()? else { return Ok(()) };
        if runs.len() > 1 || !reader.is_at_end() {
            return Err(malformed(format!("`{}.{}` is given twice", message.name(), field.name())));
        }
        let comment = self.comment(field.kind(), record.payload)?;
        self.form.key(field.name(), comment.as_deref());
        self.single(field.kind(), record.payload)
    }

    /// Writes the items of a repeated field, packed or not.
    fn list(&mut self, field: &'static Field, wire: &[u8], runs: std::ops::Range<usize>) -> io::Result<()> {
        self.form.open(Container::List);
        for place in runs {
            let run = self.runs[place];
            let items = &wire[run.start..run.end];
            if items.len() >= LONG && self.out.is_some() && !value::is_packable(field.kind()) {
                self.long_list(field.kind(), items)?;
                continue;
            }
            let mut reader = Reader::new(items);
            while let Some(record) = reader.record()? {
                match record.payload {
                    Payload::Bytes(packed) if value::is_packable(field.kind()) => {
                        let mut reader = Reader::new(packed);
                        while let Some(payload) = value::unpack(field.kind(), &mut reader)? {
                            self.form.item(None);
                            self.single(field.kind(), payload)?;
                        }
                    }
                    payload => self.item(field.kind(), payload)?,
                }
            }
        }
        self.form.close();
        Ok(())
    }

    fn item(&mut self, kind: Kind, payload: Payload<'_>) -> io::Result<()> {
        let comment = self.comment(kind, payload)?;
        self.form.item(comment.as_deref());
        self.single(kind, payload)?;
        self.relieve()
    }

    /// Writes the items of a long list on all cores; the first one comes
    /// before, because it may stand where the others do not.
    fn long_list(&mut self, kind: Kind, items: &[u8]) -> io::Result<()> {
        let mut reader = Reader::new(items);
        let mut piece = Vec::new();
        let (mut pieces, mut length) = (Vec::new(), 0);
        let mut is_first = true;
        while let Some(record) = reader.record()? {
            let own = record.payload.bytes()?.len();
            if is_first || own >= LONG {
                pieces.push(std::mem::take(&mut piece));
                self.write_pieces(kind, &mut pieces)?;
                self.item(kind, record.payload)?;
                (is_first, length) = (false, 0);
                continue;
            }
            piece.push(record.payload);
            length += own;
            if length >= PIECE {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
            if pieces.len() >= PIECES {
                self.write_pieces(kind, &mut pieces)?;
            }
        }
        pieces.push(piece);
        self.write_pieces(kind, &mut pieces)
    }

    fn write_pieces(&mut self, kind: Kind, pieces: &mut Vec<Vec<Payload<'_>>>) -> io::Result<()> {
        let (form, comments, depth) = (&self.form, self.comments, self.depth);
        let write = |piece: Vec<Payload<'_>>| {
            let mut walk = Walk { form: form.branch(), out: None, comments, runs: Vec::new(), depth };
            piece.into_iter().try_for_each(|payload| walk.item(kind, payload))?;
            Ok(std::mem::take(walk.form.sink()))
        };
        let written: Vec<io::Result<Sink>> = pieces.par_drain(..).map(write).collect();
        for sink in written {
            self.form.sink().push(sink?.text());
            self.relieve()?;
        }
        Ok(())
    }

    /// Writes the entries of a map field, sorted by key: encoders write them in any order.
    fn map(&mut self, entry: &'static Message, wire: &[u8], runs: std::ops::Range<usize>) -> io::Result<()> {
        let mut entries = Vec::new();
        for place in runs {
            let run = self.runs[place];
            let mut reader = Reader::new(&wire[run.start..run.end]);
            while let Some(record) = reader.record()? {
                entries.push(value::map_entry(entry, record.payload.bytes()?)?);
            }
        }
        entries.sort_by(|one, other| one.key.cmp(&other.key));
        let Some(value) = entry.field(2) else { return Err(malformed("a map has no values")) };
        self.form.open(Container::Map);
        for entry in entries {
            let payload = entry.value.unwrap_or_else(|| value::zero(value.kind()));
            let comment = self.comment(value.kind(), payload)?;
            self.form.key(&entry.key, comment.as_deref());
            self.single(value.kind(), payload)?;
            self.relieve()?;
        }
        self.form.close();
        Ok(())
    }

    /// Writes one value.
    fn single(&mut self, kind: Kind, payload: Payload<'_>) -> io::Result<()> {
        match kind {
            Kind::Message(place) => self.message(table::message_at(place), payload.bytes()?),
            scalar => value::write(&mut self.form, scalar, payload),
        }
    }

    /// Writes a packed message: its type first, then what is in it.
    fn any(&mut self, wire: &[u8]) -> io::Result<()> {
        let packed = Packed::read(wire)?;
        self.form.open(Container::Map);
        if !packed.type_url.is_empty() {
            self.packed(&packed)?;
        } else if !packed.value.is_empty() {
            return Err(malformed("a packed message has no type"));
        }
        self.form.close();
        Ok(())
    }

    /// Writes the type and the fields of a packed message into the map that is open.
    pub(super) fn packed(&mut self, packed: &Packed<'_>) -> io::Result<()> {
        let message = packed.message()?;
        self.form.key("@type", None);
        self.form.text(packed.type_url);
        if message.shape() == Shape::Fields {
            return self.fields(message, packed.value);
        }
        self.form.key("value", None);
        self.message(message, packed.value)
    }

    /// Writes the only field of a wrapper, also when it is zero and so not on the wire.
    fn wrapper(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        let Some(field) = message.field(1) else { return Err(malformed("a wrapper wraps nothing")) };
        let mut reader = Reader::new(wire);
        let record = reader.record()?;
        if record.is_some_and(|record| record.number != 1) || !reader.is_at_end() {
            return Err(malformed(format!("`{}` has more than its value", message.name())));
        }
        self.single(field.kind(), record.map_or(value::zero(field.kind()), |record| record.payload))
    }

    /// Writes a `google.protobuf.Struct` as the map that it stands for.
    fn structure(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        let base = self.runs.len();
        self.index(message, wire)?;
        let runs = base..self.runs.len();
        match message.field(1).and_then(Field::map_entry) {
            Some(entry) => self.map(entry, wire, runs)?,
            None => return Err(malformed("a structure has no map")),
        }
        self.runs.truncate(base);
        Ok(())
    }

    /// Writes a `google.protobuf.ListValue` as the list that it stands for.
    fn list_value(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        let base = self.runs.len();
        self.index(message, wire)?;
        let runs = base..self.runs.len();
        match message.field(1) {
            Some(field) => self.list(field, wire, runs)?,
            None => return Err(malformed("a list has no values")),
        }
        self.runs.truncate(base);
        Ok(())
    }

    /// Writes a `google.protobuf.Value` as the value that it stands for.
    fn value(&mut self, message: &'static Message, wire: &[u8]) -> io::Result<()> {
        let mut reader = Reader::new(wire);
        let Some(record) = reader.record()? else {
            self.form.token("null");
            return Ok(());
        };
        let Some(field) = message.field(record.number).filter(|_| reader.is_at_end()) else {
            return Err(malformed("a value has more than one kind"));
        };
        if field.name() == "null_value" {
            self.form.token("null");
            return Ok(());
        }
        self.single(field.kind(), record.payload)
    }

    /// What is to be said above a value.
    fn comment(&self, kind: Kind, payload: Payload<'_>) -> io::Result<Option<String>> {
        match (self.comments, kind) {
            (Some(comments), Kind::Message(place)) => comment_on(comments, table::message_at(place), payload.bytes()?),
            _ => Ok(None),
        }
    }

    /// What is to be said above a packed message.
    pub(super) fn comment_on_packed(&self, packed: &Packed<'_>) -> io::Result<Option<String>> {
        match self.comments {
            Some(comments) => comment_on(comments, packed.message()?, packed.value),
            None => Ok(None),
        }
    }
}

/// A message in a `google.protobuf.Any`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    /// The type, with its prefix.
    pub(super) type_url: &'a str,
    /// The bytes of the message.
    pub(super) value: &'a [u8],
}

impl<'a> Packed<'a> {
    /// Reads the two fields of an Any.
    pub(super) fn read(wire: &'a [u8]) -> io::Result<Self> {
        let mut packed = Self { type_url: "", value: &[] };
        let mut reader = Reader::new(wire);
        while let Some(record) = reader.record()? {
            match record.number {
                1 => packed.type_url = record.payload.text()?,
                2 => packed.value = record.payload.bytes()?,
                other => return Err(malformed(format!("`google.protobuf.Any` has no field {other}"))),
            }
        }
        Ok(packed)
    }

    /// The full name of the message's type.
    pub(super) fn name(&self) -> &'a str {
        self.type_url.rsplit('/').next().unwrap_or_default()
    }

    /// The row of the message's type.
    pub(super) fn message(&self) -> io::Result<&'static Message> {
        table::message_named(self.name())
            .ok_or_else(|| malformed(format!("the packed type `{}` is not in the table of messages", self.name())))
    }
}

/// Asks what is to be said above a message that has a name, also a packed one.
fn comment_on(comments: &dyn Comments, message: &'static Message, wire: &[u8]) -> io::Result<Option<String>> {
    if message.shape() == Shape::Any {
        let packed = Packed::read(wire)?;
        return if packed.type_url.is_empty() {
            Ok(None)
        } else {
            comment_on(comments, packed.message()?, packed.value)
        };
    }
    let Some(number) = message.name_number() else { return Ok(None) };
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        if record.number == number {
            return Ok(comments.comment(message.name(), record.payload.text()?));
        }
    }
    Ok(None)
}
