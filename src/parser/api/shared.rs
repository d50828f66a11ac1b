//! Types that several kinds share.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use serde::Deserialize;

use crate::http::HeaderName;
use crate::name::{Name, Namespace, SectionName};
use crate::parser::kind::GATEWAY_GROUP;
use crate::port::Port;

/// A reference to a Gateway, ListenerSet or Service that a route attaches to
/// ([ParentReference](https://gateway-api.sigs.k8s.io/reference/spec/#parentreference)).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParentReference {
    pub group: String,
    pub kind: String,
    pub namespace: Option<Namespace>,
    pub name: Name,
    pub section_name: Option<SectionName>,
    pub port: Option<Port>,
}

impl ParentReference {
    /// The group under which documentation of meshes writes Services. The core group has no name.
    pub const CORE: &str = "core";

    /// Whether it names a Service, as routes of a mesh do.
    pub fn is_service(&self) -> bool {
        (self.group.is_empty() || self.group == Self::CORE) && self.kind == "Service"
    }

    /// Whether it would name a Service, had it the group of one: without any it is Gateway API's, which has no such kind.
    pub fn lacks_group_of_service(&self) -> bool {
        self.group == GATEWAY_GROUP && self.kind == "Service"
    }
}

/// A reference to an object that answers requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendObjectReference {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub port: Option<Port>,
}

/// A backend reference with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendRef {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub port: Option<Port>,
    pub weight: u32,
}

/// A reference to a Secret, or to another kind that holds a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretObjectReference {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
}

/// A reference to any object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectReference {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
}

/// A reference to an object of the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalObjectReference {
    pub group: String,
    pub kind: String,
    pub name: Name,
}

/// A label selector
/// ([LabelSelector](https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    #[serde(default)]
    pub match_labels: BTreeMap<String, String>,
    #[serde(default)]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One expression of a label selector. The operator is not checked by the schema.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelectorRequirement {
    pub key: String,
    pub operator: String,
    #[serde(default)]
    pub values: Vec<String>,
}

/// A duration as Gateway API writes it
/// ([GEP-2257](https://gateway-api.sigs.k8s.io/geps/gep-2257/)): one to four
/// components of h, m, s and ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Duration(pub StdDuration);

impl Duration {
    /// Reads a duration; `None` when the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut millis: u64 = 0;
        let mut components = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            components += 1;
            if digits == 0 || digits > 5 || components > 4 {
                return None;
            }
            let number: u64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let (unit, length) = match rest.as_bytes() {
                [b'm', b's', ..] => (1, 2),
                [b'h', ..] => (3_600_000, 1),
                [b'm', ..] => (60_000, 1),
                [b's', ..] => (1_000, 1),
                _ => return None,
            };
            millis += number * unit;
            rest = &rest[length..];
        }
        (components > 0).then(|| Self(StdDuration::from_millis(millis)))
    }

    /// Whether the duration is zero, which switches a timeout off.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a duration"))
    }
}

/// What modifies headers: `set` overwrites, `add` appends, `remove` deletes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderFilter {
    #[serde(default)]
    pub set: Vec<HttpHeader>,
    #[serde(default)]
    pub add: Vec<HttpHeader>,
    #[serde(default)]
    pub remove: Vec<HeaderName>,
}

/// A header with a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpHeader {
    pub name: HeaderName,
    pub value: String,
}

/// How a header or query parameter value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum ValueMatchType {
    Exact,
    RegularExpression,
}

/// A match on a header.
pub type HeaderMatch = ValueMatch<HeaderName>;

/// A match on a query parameter.
pub type QueryMatch = ValueMatch<String>;

/// A match on a header or on a query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValueMatch<N> {
    #[serde(rename = "type")]
    pub match_type: ValueMatchType,
    pub name: N,
    pub value: String,
}

/// A copy of requests to another backend.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestMirrorFilter {
    pub backend_ref: BackendObjectReference,
    pub percent: Option<u32>,
    pub fraction: Option<Fraction>,
}

/// A share of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fraction {
    pub numerator: u32,
    pub denominator: u32,
}

/// Session persistence: the fields of v1.6.1 and, as later ones, those of the main branch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionPersistence {
    pub session_name: Option<String>,
    pub absolute_timeout: Option<Duration>,
    #[serde(rename = "type")]
    pub persistence_type: SessionPersistenceType,
    pub cookie_config: Option<CookieConfig>,
    pub cookie: Option<SessionCookie>,
    pub header: Option<SessionHeader>,
}

/// Where a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum SessionPersistenceType {
    Cookie,
    Header,
}

/// Whether a session cookie outlives the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum CookieLifetimeType {
    Permanent,
    Session,
}

/// v1.6.1's cookie settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CookieConfig {
    pub lifetime_type: CookieLifetimeType,
}

/// The main branch's cookie settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionCookie {
    pub name: Option<String>,
    pub path: String,
    pub lifetime_type: CookieLifetimeType,
}

/// The main branch's header settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionHeader {
    pub name: HeaderName,
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn durations_are_sums_of_components() {
        for (text, millis) in [("0s", 0), ("2h30m", 9_000_000), ("10s30m1h", 5_410_000), ("100ms200ms300ms", 600)] {
            assert_eq!(Duration::parse(text).map(|d| d.0.as_millis()), Some(millis), "{text}");
        }
        for text in ["", "0", "1", "1m1", "1d", "1h30m10s20ms50h", "999999h", "1.5h", "-15m"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
