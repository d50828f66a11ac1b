//! What requests say of whoever sends them: keys, and names with passwords.

use serde::Serialize;

use super::default::is_default;
use super::header::SecretText;
use crate::http::HeaderName;

/// Requests have to bring a key that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKeys {
    /// The keys, no two alike; without any, nobody passes.
    pub known: Vec<ApiKey>,
    /// Where a key may be, in the order in which it is looked for: the first that has one counts.
    pub places: Vec<KeyPlace>,
    /// The header that backends get the client in whose key it is.
    #[serde(skip_serializing_if = "is_default")]
    pub told: Option<HeaderName>,
    /// Whether backends get the key.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_key: bool,
}

/// The key of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// The client.
    pub client: String,
    /// The key, never empty.
    pub key: SecretText,
}

/// Where a key may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum KeyPlace {
    /// In a header, perhaps behind `Bearer `.
    Header(HeaderName),
    /// In a parameter of the query.
    Parameter(String),
    /// In a cookie.
    Cookie(String),
}

/// Requests have to bring a name and its password
/// ([Basic authentication](https://www.rfc-editor.org/rfc/rfc7617)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passwords {
    /// Who may send requests, no two of one name; without any, nobody passes.
    pub users: Vec<User>,
    /// The header that backends get the name in.
    #[serde(skip_serializing_if = "is_default")]
    pub told: Option<HeaderName>,
}

/// A user of a file of passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// The name, never empty and without `:`.
    pub name: SecretText,
    /// The SHA-1 of the password, in base64.
    pub digest: SecretText,
}

impl User {
    /// The line of the user in a file of passwords
    /// ([htpasswd](https://httpd.apache.org/docs/current/misc/password_encryptions.html)).
    pub fn line(&self) -> String {
        format!("{}:{{SHA}}{}", self.name.text(), self.digest.text())
    }
}
