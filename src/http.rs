//! Words of HTTP that manifests write: the names of headers, and methods.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// The name of a header, as it is written. Two that differ by letter case are equal
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#name-field-names)).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeaderName(Arc<str>);

impl HeaderName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in lower case, as messages of HTTP/2 have it and configurations write it.
    pub fn lower(&self) -> Self {
        match self.0.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Self(Arc::from(self.0.to_ascii_lowercase())),
            false => self.clone(),
        }
    }

    /// Whether the name is one of these, which are in lower case.
    pub fn is_among(&self, names: &[&str]) -> bool {
        names.iter().any(|name| *self == **name)
    }

    /// Whether the name is a token, as names of headers are ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#name-tokens)).
    pub fn is_token(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(is_token)
    }
}

/// Whether a byte may stand in the name of a header or cookie ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#name-tokens)).
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl From<&str> for HeaderName {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl From<String> for HeaderName {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        *self == *other.0
    }
}

impl Eq for HeaderName {}

impl PartialEq<str> for HeaderName {
    fn eq(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl PartialEq<&str> for HeaderName {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
        state.write_u8(0xff);
    }
}

impl PartialOrd for HeaderName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeaderName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        fn lower(name: &str) -> impl Iterator<Item = u8> {
            name.bytes().map(|byte| byte.to_ascii_lowercase())
        }
        lower(self).cmp(lower(other))
    }
}

impl PartialEq<HeaderName> for String {
    fn eq(&self, other: &HeaderName) -> bool {
        *other == **self
    }
}

impl Deref for HeaderName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A method that a match of an HTTPRoute can name
/// ([HTTPMethod](https://gateway-api.sigs.k8s.io/reference/spec/#httpmethod)). Requests may have others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the protocol's own")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
}

impl Method {
    /// The method as requests have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::HeaderName;

    #[test]
    fn names_of_headers_do_not_differ_by_letter_case() {
        let (one, other) = (HeaderName::from("X-Tenant"), HeaderName::from("x-tenant"));
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), std::cmp::Ordering::Equal);
        assert!(HashSet::from([one.clone()]).contains(&other));
        assert_eq!((one.to_string(), one.lower().to_string()), ("X-Tenant".to_owned(), "x-tenant".to_owned()));
        assert!(one.is_among(&["x-tenant"]));
        let last = HeaderName::from("X-Z");
        assert!(one < last);
    }
}
