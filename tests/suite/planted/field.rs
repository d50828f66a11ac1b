//! Objects with a text in one field after the other, for every field of every kind.

use gwctl::parser::schema::{Shape, Type, schemas};
use serde_json::{Value, json};

/// One file for each kind and version: a document for each of its fields, with `text` in it.
pub(super) fn files(text: &str) -> Vec<(String, String)> {
    let kinds = schemas().iter().map(|schema| {
        let (kind, group, version) = (schema.kind.name(), schema.kind.group(), schema.version);
        let mut specs = Vec::new();
        of_shape(schema.spec, text, 0, &mut specs);
        let documents = specs.iter().enumerate().map(|(position, spec)| {
            let metadata = json!({"name": format!("planted-{position}"), "annotations": {"note": text}});
            let object =
                json!({"apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": metadata, "spec": spec});
            // Places of several lines are the harder ones.
            serde_json::to_string_pretty(&object).unwrap_or_default()
        });
        let documents: Vec<String> = documents.collect();
        (format!("{kind}-{version}.yaml"), documents.join("\n---\n"))
    });
    kinds.collect()
}

/// Deeper fields are those of shapes that contain themselves.
const DEEPEST: usize = 12;

/// Every way to put `text` into a field of a shape, the other fields left out.
fn of_shape(shape: &Shape, text: &str, depth: usize, found: &mut Vec<Value>) {
    if depth > DEEPEST {
        return;
    }
    for field in shape.fields {
        let mut values = Vec::new();
        of_type(&field.ty, text, depth, &mut values);
        found.extend(values.into_iter().map(|value| {
            let mut object = serde_json::Map::new();
            object.insert(field.name.to_owned(), value);
            Value::Object(object)
        }));
    }
    // A field that the shape does not have.
    found.push(json!({text: text}));
}

fn of_type(ty: &Type, text: &str, depth: usize, found: &mut Vec<Value>) {
    match ty {
        Type::Text(_)
        | Type::Integer(_)
        | Type::Boolean
        | Type::Number
        | Type::IntOrText
        | Type::Quantity
        | Type::Any => found.push(text.into()),
        Type::List(list) => {
            let mut items = Vec::new();
            of_type(&list.items, text, depth + 1, &mut items);
            found.extend(items.into_iter().map(|item| json!([item])));
        }
        Type::Map(_) => found.push(json!({"a": text, text: "a"})),
        Type::Object(shape) => of_shape(shape, text, depth + 1, found),
    }
}
