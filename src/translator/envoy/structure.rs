//! JSON as messages have it.

use envoy_types::pb::google::protobuf::{ListValue, Struct, Value, value};

pub(super) fn to_struct(fields: serde_json::Map<String, serde_json::Value>) -> Struct {
    Struct { fields: fields.into_iter().map(|(key, value)| (key, to_value(value))).collect() }
}

fn to_value(value: serde_json::Value) -> Value {
    let kind = match value {
        serde_json::Value::Null => value::Kind::NullValue(0),
        serde_json::Value::Bool(is) => value::Kind::BoolValue(is),
        serde_json::Value::Number(number) => value::Kind::NumberValue(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => value::Kind::StringValue(text),
        serde_json::Value::Array(items) => {
            value::Kind::ListValue(ListValue { values: items.into_iter().map(to_value).collect() })
        }
        serde_json::Value::Object(fields) => value::Kind::StructValue(to_struct(fields)),
    };
    Value { kind: Some(kind) }
}
