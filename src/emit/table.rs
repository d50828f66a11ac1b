//! The table of Envoy's messages that the build script generates from the
//! descriptor set of `envoy-types`.
//!
//! Stage: emit. Input: nothing. Output: rows looked up by message name and field
//! number. Invariant: every number in a row is a place in another of these
//! arrays; messages are sorted by name, the fields of a message and the variants
//! of an enum by number.

/// A name: its place and length in [`NAMES`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Text(u32, u16);

impl Text {
    /// The name itself.
    pub(super) fn as_str(self) -> &'static str {
        let start = self.0 as usize;
        &NAMES[start..start + usize::from(self.1)]
    }
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A map of its fields.
    Fields,
    /// One entry of a map field.
    MapEntry,
    /// A packed message with its type.
    Any,
    /// The value of its only field.
    Wrapper,
    /// Seconds with the suffix `s`.
    Duration,
    /// RFC 3339.
    Timestamp,
    /// A free-form map.
    Struct,
    /// A free-form value.
    Value,
    /// A free-form list.
    ListValue,
}

/// A message: name, first field, number of fields, the field number of its
/// string field `name` (0 without one), shape.
#[derive(Debug)]
pub(super) struct Message(Text, u32, u16, u16, Shape);

impl Message {
    /// The full name, for example `envoy.config.route.v3.Route`.
    pub(super) fn name(&self) -> &'static str {
        self.0.as_str()
    }

    /// How it is written.
    pub(super) fn shape(&self) -> Shape {
        self.4
    }

    /// The number of the string field `name`, when there is one.
    pub(super) fn name_number(&self) -> Option<u32> {
        (self.3 != 0).then_some(u32::from(self.3))
    }

    /// The fields, sorted by number.
    pub(super) fn fields(&self) -> &'static [Field] {
        let first = self.1 as usize;
        &FIELDS[first..first + usize::from(self.2)]
    }

    /// The field with this number.
    pub(super) fn field(&self, number: u32) -> Option<&'static Field> {
        let fields = self.fields();
        // Most messages number their fields without gaps.
        if let Some(field) = fields.get((number as usize).wrapping_sub(1))
            && field.number() == number
        {
            return Some(field);
        }
        fields.binary_search_by_key(&number, Field::number).ok().map(|place| &fields[place])
    }

    /// The field with this name.
    #[cfg(test)]
    pub(super) fn field_named(&self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name() == name)
    }
}

/// A field: number, place in the output, name, kind, whether it repeats.
#[derive(Debug)]
pub(super) struct Field(u32, u16, Text, Kind, bool);

impl Field {
    /// The number on the wire.
    pub(super) fn number(&self) -> u32 {
        self.0
    }

    /// The place among the fields of the message in the output.
    pub(super) fn rank(&self) -> u16 {
        self.1
    }

    /// The name in the proto, which is what people write.
    pub(super) fn name(&self) -> &'static str {
        self.2.as_str()
    }

    /// What it holds.
    pub(super) fn kind(&self) -> Kind {
        self.3
    }

    /// Whether it is a list or a map.
    pub(super) fn repeated(&self) -> bool {
        self.4
    }

    /// The message of the entries, when the field is a map.
    pub(super) fn map_entry(&self) -> Option<&'static Message> {
        match self.kind() {
            Kind::Message(place) if self.4 => Some(message_at(place)).filter(|m| m.shape() == Shape::MapEntry),
            _ => None,
        }
    }
}

/// What a field holds: a scalar, or the place of a message or enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "which scalars occur depends on the descriptor set")]
pub(super) enum Kind {
    /// 64-bit float.
    Double,
    /// 32-bit float.
    Float,
    /// Varint.
    Int64,
    /// Varint.
    Uint64,
    /// Varint.
    Int32,
    /// Little-endian.
    Fixed64,
    /// Little-endian.
    Fixed32,
    /// Varint.
    Bool,
    /// UTF-8.
    String,
    /// Anything.
    Bytes,
    /// Varint.
    Uint32,
    /// Little-endian.
    Sfixed32,
    /// Little-endian.
    Sfixed64,
    /// Zigzag varint.
    Sint32,
    /// Zigzag varint.
    Sint64,
    /// The message in this place.
    Message(u16),
    /// The enum in this place.
    Enum(u16),
}

/// An enum: first variant, number of variants.
#[derive(Debug)]
pub(super) struct Enum(u32, u16);

/// A variant of an enum: number, name.
#[derive(Debug)]
pub(super) struct Variant(i32, Text);

/// The message in a place that a row names.
pub(super) fn message_at(place: u16) -> &'static Message {
    &MESSAGES[usize::from(place)]
}

/// The message with a full name.
pub(super) fn message_named(name: &str) -> Option<&'static Message> {
    MESSAGES.binary_search_by(|message| message.name().cmp(name)).ok().map(|place| &MESSAGES[place])
}

/// All messages, in the order of their names.
#[cfg(test)]
pub(super) fn messages() -> &'static [Message] {
    &MESSAGES
}

/// The name of an enum's variant.
pub(super) fn variant_name(place: u16, number: i32) -> Option<&'static str> {
    let Enum(first, count) = ENUMS[usize::from(place)];
    let variants = &VARIANTS[first as usize..first as usize + usize::from(count)];
    variants.binary_search_by_key(&number, |variant| variant.0).ok().map(|found| variants[found].1.as_str())
}

include!(concat!(env!("OUT_DIR"), "/fields.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_found_by_its_name_and_every_field_by_its_number() {
        for message in &MESSAGES {
            assert!(std::ptr::eq(message_named(message.name()).unwrap(), message));
            for field in message.fields() {
                assert!(std::ptr::eq(message.field(field.number()).unwrap(), field), "{}", message.name());
            }
            assert!(message.field(0).is_none());
        }
    }

    #[test]
    fn ranks_are_a_permutation_that_begins_with_the_name() {
        for message in &MESSAGES {
            let mut ranks: Vec<u16> = message.fields().iter().map(Field::rank).collect();
            ranks.sort_unstable();
            assert!(ranks.iter().enumerate().all(|(place, &rank)| place == usize::from(rank)), "{}", message.name());
        }
        let route = message_named("envoy.config.route.v3.Route").unwrap();
        assert_eq!(route.field_named("name").unwrap().rank(), 0);
        assert_eq!(route.field_named("match").unwrap().rank(), 1);
    }

    #[test]
    fn the_table_stays_small() {
        let rows = size_of_val(&MESSAGES) + size_of_val(&FIELDS) + size_of_val(&ENUMS) + size_of_val(&VARIANTS);
        assert!(rows + NAMES.len() < 300_000, "{} messages, {} bytes", MESSAGES.len(), rows + NAMES.len());
    }
}
