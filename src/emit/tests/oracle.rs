//! An independent reader of the same descriptors agrees with what we write.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{
    Cardinality, DescriptorPool, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    SerializeOptions, Value,
};

use super::super::{BOOTSTRAP, table};
use super::{json, samples, yaml};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let bytes = std::fs::read(env!("GWCTL_DESCRIPTOR_SET")).unwrap();
    DescriptorPool::decode(bytes.as_slice()).unwrap()
});

/// The oracle's JSON of a message.
fn oracle_json(message: &DynamicMessage) -> serde_json::Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

/// Our text, read by the oracle and by other parsers, says what the bytes say.
fn check(name: &str, wire: &[u8]) {
    let descriptor = POOL.get_message_by_name(name).unwrap();
    let original = DynamicMessage::decode(descriptor.clone(), wire).unwrap();
    let ours = json(name, wire);
    let mut reader = serde_json::Deserializer::from_str(&ours);
    let back = DynamicMessage::deserialize_with_options(descriptor, &mut reader, &DeserializeOptions::new())
        .unwrap_or_else(|error| panic!("{name}: {error}\n{ours}"));
    reader.end().unwrap();
    assert_eq!(oracle_json(&back), oracle_json(&original), "{name}\n{ours}");
    let parsed: serde_json::Value = serde_json::from_str(&ours).unwrap();
    let text = yaml(name, wire);
    let loaded: serde_json::Value =
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
    assert_eq!(loaded, parsed, "{name}\n{text}");
}

#[test]
fn a_whole_bootstrap_is_read_back() {
    check(BOOTSTRAP, &samples::bootstrap_wire());
}

#[test]
fn random_messages_of_every_type_are_read_back() {
    let mut random = Random(0x5eed);
    for round in 0..4 {
        for message in table::messages() {
            if message.shape() == table::Shape::MapEntry {
                continue;
            }
            let descriptor = POOL.get_message_by_name(message.name()).unwrap();
            let value = random.message(&descriptor, 3 + round % 2);
            check(message.name(), &value.encode_to_vec());
        }
    }
}

/// A small generator with a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize].clone()
    }

    fn message(&mut self, descriptor: &MessageDescriptor, depth: u32) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        match descriptor.full_name() {
            "google.protobuf.Duration" => {
                let sign = self.pick(&[1, -1]);
                let (seconds, nanos) =
                    (self.pick(&[0, 1, 315_576_000_000]), self.pick(&[0, 1, 5_000_000, 999_999_999]));
                message.set_field_by_name("seconds", Value::I64(sign * seconds));
                message.set_field_by_name("nanos", Value::I32(sign as i32 * nanos));
                return message;
            }
            "google.protobuf.Timestamp" => {
                message.set_field_by_name("seconds", Value::I64(self.pick(&[0, -1, 951_782_400, 4_102_444_799])));
                message.set_field_by_name("nanos", Value::I32(self.pick(&[0, 1, 250_000_000])));
                return message;
            }
            "google.protobuf.Any" => {
                let packed = self.pick(&[BOOTSTRAP, "google.protobuf.Duration", "google.protobuf.Struct"]);
                let inner = self.message(&POOL.get_message_by_name(packed).unwrap(), depth.saturating_sub(2));
                let url = format!("type.googleapis.com/{packed}");
                message.set_field_by_name("type_url", Value::String(url));
                message.set_field_by_name("value", Value::Bytes(inner.encode_to_vec().into()));
                return message;
            }
            // A value must have a kind, and a number in it must be finite.
            "google.protobuf.Value" => {
                let field = self.pick(&["null_value", "number_value", "string_value", "bool_value", "list_value"]);
                let field = descriptor.get_field_by_name(field).unwrap();
                let value = match field.name() {
                    "number_value" => Value::F64(self.pick(&[0.0, -1.5, 1e300, 1e-7, 7.0])),
                    "list_value" if depth == 0 => return self.message(descriptor, 0),
                    _ => self.value(&field, depth),
                };
                message.set_field(&field, value);
                return message;
            }
            _ => {}
        }
        for field in descriptor.fields() {
            let chosen = match field.containing_oneof() {
                Some(oneof) => {
                    let members: Vec<FieldDescriptor> = oneof.fields().collect();
                    self.pick(&members) == field
                }
                None => self.below(3) > 0,
            };
            if chosen && (depth > 0 || !matches!(field.kind(), Kind::Message(_))) {
                let value = self.field(&field, depth);
                message.set_field(&field, value);
            }
        }
        message
    }

    fn field(&mut self, field: &FieldDescriptor, depth: u32) -> Value {
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { panic!("a map of {:?}", field.kind()) };
            let key = entry.map_entry_key_field();
            let value = entry.map_entry_value_field();
            let entries = (0..self.below(4)).map(|_| {
                let key = match self.value(&key, depth) {
                    Value::String(text) => MapKey::String(text),
                    Value::U32(number) => MapKey::U32(number),
                    Value::U64(number) => MapKey::U64(number),
                    Value::I32(number) => MapKey::I32(number),
                    Value::I64(number) => MapKey::I64(number),
                    Value::Bool(flag) => MapKey::Bool(flag),
                    other => panic!("a key of {other:?}"),
                };
                (key, self.value(&value, depth))
            });
            return Value::Map(entries.collect());
        }
        if field.cardinality() == Cardinality::Repeated {
            return Value::List((0..self.below(3)).map(|_| self.value(field, depth)).collect());
        }
        self.value(field, depth)
    }

    fn value(&mut self, field: &FieldDescriptor, depth: u32) -> Value {
        match field.kind() {
            Kind::Double => Value::F64(self.pick(&[0.0, -0.0, 1.0, 0.1, -2.5e-9, 1e22, f64::MAX, f64::INFINITY])),
            Kind::Float => Value::F32(self.pick(&[0.0, 1.0, 0.1, -2.5e-9, 3.4e38, f32::NEG_INFINITY])),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(self.pick(&[0, 1, -1, i32::MAX, i32::MIN])),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(self.pick(&[0, -1, 1 << 53, i64::MAX, i64::MIN])),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(self.pick(&[0, 1, 80, u32::MAX])),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(self.pick(&[0, 1, 1 << 53, (1 << 53) + 1, u64::MAX])),
            Kind::Bool => Value::Bool(self.below(2) == 1),
            Kind::String => Value::String(self.pick(&STRINGS).to_owned()),
            Kind::Bytes => Value::Bytes(self.pick(&[&b""[..], b"a", b"ab", b"\xff\xfe\xfd", b"abcd"]).into()),
            Kind::Message(descriptor) => Value::Message(self.message(&descriptor, depth.saturating_sub(1))),
            Kind::Enum(descriptor) => {
                let values: Vec<i32> = descriptor.values().map(|value| value.number()).collect();
                Value::EnumNumber(self.pick(&values))
            }
        }
    }
}

const STRINGS: [&str; 12] = [
    "",
    "plain",
    "on",
    "1",
    "*",
    "a: b",
    "a #b",
    "two\nlines\n",
    "\\d+\\.\"x\"",
    "é 🦀",
    "\u{2028}\u{85}\t\u{0}",
    "10.0.0.1",
];
