//! Decodes checked values into the structs of [`super::api`].
//!
//! Input: a value that the schema check left without an error. Output: the
//! struct; strings are moved, not copied. An error here means that the table
//! of fields and the structs disagree, which is a fault of gwctl.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::node::Node;

/// Why a value does not decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(String);

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl IntoDeserializer<'_, DecodeError> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Int(number) => visitor.visit_i64(number),
            Self::Float(number) => visitor.visit_f64(number),
            Self::String(text) => visitor.visit_string(text),
            Self::List(items) => {
                let mut access = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut access)?;
                access.end()?;
                Ok(value)
            }
            Self::Map(entries) => {
                let mut access = MapDeserializer::new(entries.into_iter());
                let value = visitor.visit_map(&mut access)?;
                access.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self {
            Self::Null => visitor.visit_none(),
            other => visitor.visit_some(other),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self {
            Self::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            other => Err(DecodeError::custom(format!("{} where a variant of {name} is wanted", other.type_name()))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::{DecodeError, Node};

    #[derive(Debug, PartialEq, Deserialize)]
    enum Mode {
        Exact,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        port: Option<u16>,
        mode: Mode,
        #[serde(default)]
        labels: BTreeMap<String, String>,
    }

    fn text(value: &str) -> Node {
        Node::String(value.to_owned())
    }

    fn map(entries: &[(&str, Node)]) -> Node {
        Node::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn a_map_decodes_into_a_struct() {
        let node = map(&[
            ("name", text("a")),
            ("port", Node::Int(80)),
            ("mode", text("Exact")),
            ("labels", map(&[("x", text("y"))])),
        ]);
        let labels = BTreeMap::from([("x".to_owned(), "y".to_owned())]);
        let wanted = Sample { name: "a".to_owned(), port: Some(80), mode: Mode::Exact, labels };
        assert_eq!(Sample::deserialize(node), Ok(wanted));
    }

    #[test]
    fn wrong_values_are_errors_and_not_panics() {
        let refused: Vec<Result<Sample, DecodeError>> = vec![
            Sample::deserialize(Node::Null),
            Sample::deserialize(map(&[("name", Node::Int(1)), ("mode", text("Exact"))])),
            Sample::deserialize(map(&[("name", text("a")), ("mode", text("Other"))])),
            Sample::deserialize(map(&[("name", text("a")), ("mode", Node::Int(1))])),
            Sample::deserialize(map(&[("name", text("a")), ("mode", text("Exact")), ("port", Node::Int(65536))])),
            Sample::deserialize(map(&[("name", text("a")), ("mode", text("Exact")), ("more", Node::Null)])),
        ];
        assert!(refused.iter().all(Result::is_err), "{refused:?}");
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(u32::deserialize(Node::Int(1 << 40)).is_err());
        assert!(u32::deserialize(Node::Int(-1)).is_err());
    }
}
