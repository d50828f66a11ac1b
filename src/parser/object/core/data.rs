//! The data of Secrets and ConfigMaps.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use crate::parser::api::{ConfigMap, Secret};
use crate::parser::node::Node;
use crate::parser::schema::{Step, quote, wrong_type};

use super::{Place, Reader};

/// The greatest size of all values together, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// What SOPS adds to a file that it encrypts ([SOPS](https://getsops.io/docs/)).
const SOPS: &str = "sops";

const TLS_TYPE: &str = "kubernetes.io/tls";

/// Base64 as Kubernetes reads it: padded, and with any bits in the last character.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

type Data = BTreeMap<String, Vec<u8>>;

impl Reader<'_> {
    pub(super) fn secret(&mut self, secret: Place<'_>) -> Secret {
        let secret_type = self.text(secret, "type").filter(|text| !text.is_empty()).unwrap_or("Opaque").to_owned();
        if secret.get(SOPS).is_some() {
            return Secret { secret_type, data: Data::new(), encrypted: true };
        }
        let mut data = self.data(secret, "data", Self::decode);
        data.extend(self.data(secret, "stringData", Self::plain));
        self.check_size(&data, &secret.at.field("data"));
        if secret_type == TLS_TYPE {
            let is_there = |field: &str, key: &str| secret.get(field).is_some_and(|map| map.get(key).is_some());
            for key in ["tls.crt", "tls.key"] {
                if !is_there("data", key) && !is_there("stringData", key) {
                    let message = format!("a Secret of type `{TLS_TYPE}` needs the key `{key}`");
                    self.report(&secret.at.field("data").field(key), message, format!("add `{key}` to `data`"));
                }
            }
        }
        Secret { secret_type, data, encrypted: false }
    }

    pub(super) fn config_map(&mut self, map: Place<'_>) -> ConfigMap {
        let mut data = self.data(map, "data", Self::plain);
        let binary = self.data(map, "binaryData", Self::decode);
        for key in binary.keys().filter(|key| data.contains_key(*key)) {
            let message = format!("the key {} is in both `data` and `binaryData`", quote(key));
            self.report(&map.at.field("binaryData").field(key), message, "remove one of the two");
        }
        data.extend(binary);
        self.check_size(&data, &map.at.field("data"));
        ConfigMap { data }
    }

    /// A map of keys to values, each read by `value`; an empty value is an empty string.
    fn data(
        &mut self,
        place: Place<'_>,
        field: &str,
        value: fn(&mut Self, &str, &Step<'_>) -> Option<Vec<u8>>,
    ) -> Data {
        let at = place.at.field(field);
        let mut data = Data::new();
        let Some(node) = place.get(field) else { return data };
        if !self.is_map(node, &at) {
            return data;
        }
        for (key, node) in node.as_map().unwrap_or_default() {
            let at = at.field(key);
            if !is_data_key(key) {
                let help = "write at most 253 letters, digits, `-`, `_` and `.`";
                self.report(&at, format!("{} is not a key", quote(key)), help);
            }
            let bytes = match node {
                Node::Null => Some(Vec::new()),
                Node::String(text) => value(self, text, &at),
                other => {
                    self.push(wrong_type(other, "string", &at));
                    None
                }
            };
            data.extend(bytes.map(|bytes| (key.clone(), bytes)));
        }
        data
    }

    fn plain(&mut self, text: &str, _at: &Step<'_>) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_owned())
    }

    fn decode(&mut self, text: &str, at: &Step<'_>) -> Option<Vec<u8>> {
        // Line ends are skipped wherever they are.
        let bytes = if text.contains(['\n', '\r']) {
            BASE64.decode(text.replace(['\n', '\r'], ""))
        } else {
            BASE64.decode(text)
        };
        if bytes.is_err() {
            // The value may be secret: it is not shown.
            let help =
                "write the value in base64, or in plain text under `stringData` (a Secret) or `data` (a ConfigMap)";
            self.report(at, "the value is not base64", help);
        }
        bytes.ok()
    }

    fn check_size(&mut self, data: &Data, at: &Step<'_>) {
        let size: usize = data.values().map(Vec::len).sum();
        if size > MOST_BYTES {
            let message = format!("the data has {size} bytes, and may have at most {MOST_BYTES}");
            self.report(at, message, "spread it over several objects");
        }
    }
}

fn is_data_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 253
        && !matches!(key, "." | "..")
        && !key.starts_with("..")
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}
