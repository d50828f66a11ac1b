//! Whether an output holds secret key material, and so must be for its owner alone; and what of it reports may show.
//!
//! Stage: emit. Input: the bytes of a message, or the tree of a configuration.
//! Output: yes or no, or the tree with digests in the place of secrets.
//! Invariant: a key that the output refers to by its path is not in it; one that
//! stands in the output is found wherever it is packed.

use std::collections::BTreeSet;
use std::io;

use serde_json::Value;

use crate::masked::{self, short_digest};

use super::table::{self, Kind, Message, Shape};
use super::walk::Packed;
use super::wire::{Reader, malformed};

/// The fields whose data source is secret.
const SECRET_FIELDS: &[(&str, &str)] = &[
    ("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "private_key"),
    ("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "pkcs12"),
    ("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "password"),
    ("envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys", "keys"),
    ("envoy.extensions.transport_sockets.tls.v3.GenericSecret", "secret"),
];

/// Whether a message holds a private key (or a password, or a ticket key) itself.
///
/// # Errors
/// `InvalidData` when the message is unknown or the bytes are not such a message.
pub fn holds_private_key(message: &str, wire: &[u8]) -> io::Result<bool> {
    let row = table::message_named(message)
        .ok_or_else(|| malformed(format!("`{message}` is not in the table of messages")))?;
    search(row, wire)
}

/// The fields of data sources that hold what is secret in these fields.
const SECRET_SOURCES: [&str; 9] =
    ["private_key", "pkcs12", "password", "keys", "secret", "generic_secret", "token_secret", "hmac_secret", "users"];

/// The field with a list of clients and their keys.
const CREDENTIALS: &str = "credentials";

/// A configuration with a short digest in the place of everything secret, so that it can be compared and shown. Headers of
/// these `names`, in lower case, have values of Secrets.
pub fn masked(value: &Value, names: &BTreeSet<String>) -> Value {
    mask(&without_credentials(value, names), false)
}

/// A configuration with a short digest in the place of each value of a header that says who somebody is.
pub fn without_credentials(value: &Value, names: &BTreeSet<String>) -> Value {
    match value {
        Value::Object(fields) => {
            let header = fields.get("key").and_then(Value::as_str).zip(fields.get("value").and_then(Value::as_str));
            let shown = header.map(|(name, value)| match names.contains(&name.to_ascii_lowercase()) {
                true => short_digest(value),
                false => masked::header_value(name, value).into_owned(),
            });
            let matched = fields.get("name").and_then(Value::as_str);
            let field = |(name, value): (&String, &Value)| match (&shown, name.as_str(), matched) {
                (Some(shown), "value", _) => (name.clone(), shown.clone().into()),
                (_, "string_match", Some(matched)) => (name.clone(), without_matched(matched, value)),
                (_, "uri", _) if value.is_string() => {
                    (name.clone(), masked::url(value.as_str().unwrap_or_default()).into())
                }
                (_, "http_health_check", _) => (name.clone(), without_query(&without_credentials(value, names))),
                _ => (name.clone(), without_credentials(value, names)),
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| without_credentials(item, names)).collect()),
        other => other.clone(),
    }
}

/// What the value of a header is matched with, with digests in the place of texts that say who somebody is.
fn without_matched(header: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| (name.clone(), without_matched(header, value));
            Value::Object(fields.iter().map(field).collect())
        }
        Value::String(text) => masked::header_value(header, text).into_owned().into(),
        other => other.clone(),
    }
}

/// What hosts are asked, with digests in the place of the credentials in its query.
fn without_query(check: &Value) -> Value {
    let mut check = check.clone();
    if let Some(Value::String(path)) = check.get_mut("path") {
        *path = masked::query(path).into_owned();
    }
    check
}

/// What a proxy shows in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// A configuration as a running proxy shows it: no text in a field for secrets, the paths of files included.
pub fn redacted(value: &Value) -> Value {
    fn redact(value: &Value, is_secret: bool) -> Value {
        match value {
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| {
                    let is_source = SECRET_SOURCES.contains(&name.as_str()) && !value.is_array();
                    let is_secret = is_secret || is_source || is_list_of_keys(name, value);
                    (name.clone(), redact(value, is_secret))
                };
                Value::Object(fields.iter().map(field).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| redact(item, is_secret)).collect()),
            Value::String(_) if is_secret => REDACTED.into(),
            other => other.clone(),
        }
    }
    redact(value, false)
}

/// Whether a field lists clients with their keys.
fn is_list_of_keys(name: &str, value: &Value) -> bool {
    name == CREDENTIALS && value.is_array()
}

/// Clients with digests in the place of their keys.
fn without_keys(credentials: &Value) -> Value {
    let mut credentials = credentials.clone();
    for one in credentials.as_array_mut().into_iter().flatten() {
        if let Some(Value::String(key)) = one.get_mut("key") {
            *key = short_digest(key);
        }
    }
    credentials
}

fn mask(value: &Value, is_secret: bool) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                if is_list_of_keys(name, value) {
                    return (name.clone(), without_keys(value));
                }
                let is_source = SECRET_SOURCES.contains(&name.as_str());
                let is_inline = is_secret && name.starts_with("inline");
                let value = match value {
                    Value::String(text) if is_inline || holds_key(text) => short_digest(text).into(),
                    // A file, a variable or a name is no secret.
                    other => mask(other, is_source || (is_secret && !other.is_string())),
                };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| mask(item, is_secret)).collect()),
        Value::String(text) if holds_key(text) => short_digest(text).into(),
        other => other.clone(),
    }
}

/// Everything secret in a configuration, as text. Headers of these `names`, in lower case, have values of Secrets.
pub fn secrets(value: &Value, names: &BTreeSet<String>) -> Vec<String> {
    fn collect(value: &Value, masked: &Value, found: &mut Vec<String>) {
        match (value, masked) {
            (Value::Object(fields), Value::Object(masked)) => {
                fields.iter().for_each(|(name, value)| collect(value, &masked[name], found));
            }
            (Value::Array(items), Value::Array(masked)) => {
                items.iter().zip(masked).for_each(|(item, masked)| collect(item, masked, found));
            }
            (Value::String(text), Value::String(masked)) if text != masked => found.push(text.clone()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, &masked(value, names), &mut found);
    found
}

/// Whether a text is or holds a private key, as PEM or as PEM in base64.
fn holds_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || text.contains("LS0tLS1CRUdJTiBQUklWQVRF") || {
        // `RSA PRIVATE KEY` and its like; base64 of certificates begins otherwise.
        text.match_indices("LS0tLS1CRUdJTiB")
            .any(|(at, _)| !text.get(at..).is_some_and(|rest| rest.starts_with("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0t")))
    }
}

fn search(message: &'static Message, wire: &[u8]) -> io::Result<bool> {
    if message.shape() == Shape::Any {
        let packed = Packed::read(wire)?;
        return if packed.type_url.is_empty() { Ok(false) } else { search(packed.message()?, packed.value) };
    }
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        let Some(field) = message.field(record.number) else {
            return Err(malformed(format!("`{}` has no field {}", message.name(), record.number)));
        };
        let Kind::Message(place) = field.kind() else { continue };
        let (inner, bytes) = (table::message_at(place), record.payload.bytes()?);
        let is_secret = SECRET_FIELDS.iter().any(|known| known.1 == field.name() && known.0 == message.name());
        if (is_secret && is_inline(inner, bytes)?) || search(inner, bytes)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a data source holds its data instead of naming a file or a variable.
fn is_inline(source: &'static Message, wire: &[u8]) -> io::Result<bool> {
    let mut reader = Reader::new(wire);
    while let Some(record) = reader.record()? {
        if source.field(record.number).is_some_and(|field| field.name().starts_with("inline_")) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_digests_and_paths_stay() {
        let config = json!({"tls": {
            "private_key": {"inline_string": "marked"},
            "password": {"filename": "/a/b"},
            "certificate_chain": {"inline_string": "-----BEGIN CERTIFICATE-----"},
            "keys": [{"inline_bytes": "marked"}],
            "secret": {"secret": {"inline_string": "marked"}},
            "note": "x\n-----BEGIN EC PRIVATE KEY-----\nmarked",
        }});
        let none = BTreeSet::new();
        let shown = masked(&config, &none);
        assert!(!shown.to_string().contains("marked"), "{shown}");
        assert_eq!(shown["tls"]["password"], config["tls"]["password"]);
        assert_eq!(shown["tls"]["certificate_chain"], config["tls"]["certificate_chain"]);
        assert_eq!(shown["tls"]["private_key"]["inline_string"], shown["tls"]["keys"][0]["inline_bytes"]);
        assert_ne!(shown["tls"]["private_key"]["inline_string"], shown["tls"]["note"]);
        assert_eq!(secrets(&config, &none).len(), 4);
    }
    #[test]
    fn headers_that_say_who_somebody_is_are_digests() {
        let header = |key: &str, value: &str| json!({"header": {"key": key, "value": value}, "append_action": 1});
        let config = json!([header("authorization", "marked"), header("x-team", "marked"), header("x-note", "plain")]);
        let shown = masked(&config, &BTreeSet::from(["x-team".to_owned()]));
        assert!(!shown.to_string().contains("marked"), "{shown}");
        assert_eq!(shown[2], config[2]);
        assert_eq!(shown[0]["append_action"], config[0]["append_action"]);
    }

    #[test]
    fn what_credentials_are_matched_with_and_queries_of_health_checks_are_digests() {
        let matched = |name: &str, how: Value| json!({"name": name, "string_match": how});
        let config = json!([
            matched("authorization", json!({"exact": "marked"})),
            matched("cookie", json!({"safe_regex": {"regex": "marked.*"}})),
            matched("x-team", json!({"exact": "shop"})),
            {"http_health_check": {"path": "/ready?token=marked", "request_headers_to_add": []}},
        ]);
        let shown = without_credentials(&config, &BTreeSet::new());
        assert!(!shown.to_string().contains("marked"), "{shown}");
        assert_eq!(shown[2], config[2]);
    }
}
