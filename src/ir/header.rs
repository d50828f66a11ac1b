//! Changes to headers.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::http::HeaderName;
use crate::masked;

use super::Seldom;
use super::seldom::usual;

/// How many headers Envoy takes in one list of those that it sets.
pub const MOST_SET_HEADERS: usize = 1000;
/// How many bytes Envoy takes in the name and in the value of a header that it sets.
pub const LONGEST_HEADER_TEXT: usize = 16_384;

/// Changes to headers: one entry a header, in the order of first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeaderMutations(pub Seldom<Vec<HeaderMutation>>);

usual!(Vec<HeaderMutation>);

/// What happens to one header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderMutation {
    /// The name, in lower case.
    pub name: HeaderName,
    /// What becomes of the values that the message has.
    pub existing: Existing,
    /// Values that are added after that, in order.
    pub added: Vec<HeaderValue>,
}

/// What becomes of a header's present values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Existing {
    /// They stay.
    Kept,
    /// They go.
    Removed,
    /// This one takes their place.
    Replaced(HeaderValue),
    /// They stay; where there are none, there is this one.
    Defaulted(HeaderValue),
}

/// A value that a header is given.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// As whoever writes manifests wrote it.
    Plain(String),
    /// Of a Secret: whatever reads the representation but the proxy is shown a digest.
    Secret(SecretText),
    /// Whatever a Secret gives that nobody has read: the name of the header says which Secret. It is judged, never sent.
    Unread,
}

/// What the name of the header of a Secret begins with that nobody has read: no header has a space in its name.
const UNREAD: &str = "secret ";

/// What stands for the headers of a Secret that nobody has read.
pub fn unread_headers(namespace: &str, name: &str) -> (HeaderName, HeaderValue) {
    (format!("{UNREAD}{namespace}/{name}").as_str().into(), HeaderValue::Unread)
}

/// The Secret that the name of a header stands for, of which nobody knows what it gives.
pub fn unread_secret(name: &str) -> Option<&str> {
    name.strip_prefix(UNREAD)
}

/// A text that nothing shows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretText(Arc<str>);

impl SecretText {
    /// A text of a Secret.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, for whoever compares it and for the proxy.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl HeaderValue {
    /// A value of a Secret.
    pub fn secret(text: &str) -> Self {
        Self::Secret(SecretText(text.into()))
    }

    /// What the proxy sends.
    pub fn sent(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(SecretText(text)) => text,
            Self::Unread => "",
        }
    }

    /// What may be shown of it.
    pub fn shown(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Secret(SecretText(text)) => masked::secret(text),
            Self::Unread => "not known".to_owned(),
        }
    }

    /// The text, where nothing may show it.
    pub fn secret_text(&self) -> Option<&str> {
        match self {
            Self::Plain(_) | Self::Unread => None,
            Self::Secret(SecretText(text)) => Some(text),
        }
    }

    /// Whether there is no text, which is not sent.
    pub fn is_empty(&self) -> bool {
        *self != Self::Unread && self.sent().is_empty()
    }
}

impl From<String> for HeaderValue {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), formatter)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&masked::secret(&self.0))
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&masked::secret(&self.0))
    }
}

impl Serialize for HeaderValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

impl HeaderMutation {
    /// Gives the header a value where it has none by then.
    fn default_to(&mut self, value: &HeaderValue) {
        let Self { name: _, existing, added } = self;
        if !added.is_empty() {
            return;
        }
        *existing = match std::mem::replace(existing, Existing::Kept) {
            Existing::Kept => Existing::Defaulted(value.clone()),
            Existing::Removed => Existing::Replaced(value.clone()),
            known @ (Existing::Replaced(_) | Existing::Defaulted(_)) => known,
        };
    }
}

impl HeaderMutations {
    /// Lays changes over these, which are made first.
    pub fn lay_over(&mut self, over: &Self) {
        for HeaderMutation { name, existing, added } in over.0.iter() {
            let entry = self.entry(name);
            match existing {
                Existing::Kept => {}
                Existing::Defaulted(value) => entry.default_to(value),
                Existing::Removed | Existing::Replaced(_) => {
                    entry.existing = existing.clone();
                    entry.added.clear();
                }
            }
            entry.added.extend(added.iter().cloned());
        }
    }

    /// What happens to a header so far.
    pub fn entry(&mut self, name: &HeaderName) -> &mut HeaderMutation {
        let name = name.lower();
        let position = self.0.iter().position(|mutation| mutation.name == name);
        let position = position.unwrap_or_else(|| {
            self.0.push(HeaderMutation { name, existing: Existing::Kept, added: Vec::new() });
            self.0.len() - 1
        });
        &mut self.0[position]
    }

    /// All values that are set or added, each with the name of its header.
    pub fn values(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().flat_map(|HeaderMutation { name, existing, added }| {
            let replaced = match existing {
                Existing::Replaced(value) | Existing::Defaulted(value) => Some(value),
                Existing::Kept | Existing::Removed => None,
            };
            replaced.into_iter().chain(added).map(move |value| (name, value))
        })
    }

    /// Puts what reports may show in the place of every value that says who somebody is.
    pub fn mask(&mut self) {
        if self.0.is_empty() {
            return;
        }
        for HeaderMutation { name, existing, added } in self.0.iter_mut() {
            let replaced = match existing {
                Existing::Replaced(value) | Existing::Defaulted(value) => Some(value),
                Existing::Kept | Existing::Removed => None,
            };
            for value in replaced.into_iter().chain(added) {
                if let HeaderValue::Plain(text) = value {
                    *text = masked::header_value(name, text).into_owned();
                }
            }
        }
    }
}

/// Headers that the router takes for orders to itself when rules set them, and hands on to nobody
/// ([router filter](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#http-headers-consumed)).
pub const ROUTER_ORDERS: &[&str] = &[
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-max-retries",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-stream-duration-ms",
];

/// The operators that Envoy rewrites before it sees that a `%` is written twice, each with what begins its argument
/// ([header manipulation](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers)).
const REWRITTEN_OPERATORS: [(&str, &str); 3] =
    [("UPSTREAM_METADATA", "["), ("DYNAMIC_METADATA", "["), ("PER_REQUEST_STATE", "")];

/// The operator in a value that Envoy would evaluate although each `%` is written twice: its parser of headers rewrites old
/// forms before it unescapes
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/common/router/header_parser.cc)).
pub fn evaluated_operator(value: &str) -> Option<&'static str> {
    REWRITTEN_OPERATORS.iter().find_map(|(name, opening)| {
        let is_operator = |rest: &str| {
            let argument = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('('));
            argument.is_some_and(|rest| rest.trim_start().starts_with(opening) && rest.contains(")%"))
        };
        let mut operators = value.match_indices('%').filter_map(|(at, _)| value.get(at + 1..));
        operators.any(is_operator).then_some(*name)
    })
}

#[cfg(test)]
mod tests {
    use super::{Existing, HeaderMutation, HeaderMutations, HeaderValue};

    fn one(existing: Existing, added: &[&str]) -> HeaderMutations {
        let added = added.iter().map(|text| HeaderValue::from((*text).to_owned())).collect();
        HeaderMutations(vec![HeaderMutation { name: "a".into(), existing, added }].into())
    }

    #[test]
    fn a_default_counts_where_nothing_before_it_gives_a_value() {
        let value = |text: &str| HeaderValue::from(text.to_owned());
        let default = one(Existing::Defaulted(value("new")), &[]);
        for (before, after) in [
            (one(Existing::Kept, &[]), default.clone()),
            (one(Existing::Removed, &[]), one(Existing::Replaced(value("new")), &[])),
            (one(Existing::Replaced(value("old")), &[]), one(Existing::Replaced(value("old")), &[])),
            (one(Existing::Kept, &["more"]), one(Existing::Kept, &["more"])),
            (one(Existing::Removed, &["more"]), one(Existing::Removed, &["more"])),
        ] {
            let mut laid = before;
            laid.lay_over(&default);
            assert_eq!(laid, after);
        }
    }

    #[test]
    fn what_is_laid_over_a_default_goes_before_it() {
        let value = |text: &str| HeaderValue::from(text.to_owned());
        for (over, after) in [
            (one(Existing::Removed, &[]), one(Existing::Removed, &[])),
            (one(Existing::Replaced(value("new")), &[]), one(Existing::Replaced(value("new")), &[])),
            (one(Existing::Kept, &["more"]), one(Existing::Defaulted(value("old")), &["more"])),
        ] {
            let mut laid = one(Existing::Defaulted(value("old")), &[]);
            laid.lay_over(&over);
            assert_eq!(laid, after);
        }
    }
}
