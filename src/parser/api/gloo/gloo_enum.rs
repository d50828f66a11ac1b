//! Members of enumerations, as protobuf's JSON writes them.

use serde::Deserialize;
use serde_yaml::Value;

/// A member of an enumeration, by its name or its number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Value")]
pub struct GlooEnum(pub String);

impl From<Value> for GlooEnum {
    fn from(read: Value) -> Self {
        Self(match read {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text,
            // The schema lets nothing else through.
            _ => String::new(),
        })
    }
}
