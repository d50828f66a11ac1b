//! A header as options of all kinds write it.

use serde::Deserialize;

use crate::http::HeaderName;

/// The name and the value of a header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderOption {
    #[serde(default)]
    pub key: HeaderName,
    #[serde(default)]
    pub value: String,
}
