//! Hostnames of listeners and routes, and the algebra on them
//! ([Gateway API: hostnames](https://gateway-api.sigs.k8s.io/reference/spec/#hostname)).

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// A set of hosts. The order is the order of specificity: what is more
/// specific comes first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hostname {
    /// One host, in lower case.
    Exact(String),
    /// `*.` and this suffix: every host with one or more labels before it.
    Wildcard(String),
    /// Every host: no hostname was given.
    Any,
}

impl Hostname {
    /// Reads a hostname that has passed the schema; `None` and the empty string are every host.
    pub fn from_field(field: Option<&str>) -> Self {
        match field {
            None | Some("") => Self::Any,
            Some(text) => match text.strip_prefix("*.") {
                Some(suffix) => Self::Wildcard(suffix.to_ascii_lowercase()),
                None => Self::Exact(text.to_ascii_lowercase()),
            },
        }
    }

    /// Whether every host of `other` is one of this hostname's.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::Any) => false,
            (Self::Exact(host), Self::Exact(other)) => host == other,
            (Self::Exact(_), Self::Wildcard(_)) => false,
            (Self::Wildcard(suffix), Self::Exact(host)) => is_below(host, suffix),
            (Self::Wildcard(suffix), Self::Wildcard(other)) => other == suffix || is_below(other, suffix),
        }
    }

    /// The hosts that belong to both; `None` when there are none.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if self.covers(other) {
            Some(other.clone())
        } else if other.covers(self) {
            Some(self.clone())
        } else {
            None
        }
    }

    /// This hostname and every less specific one that covers it, most specific first.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        let labels = match self {
            Self::Exact(host) => host.split_once('.').map(|(_, rest)| rest.to_owned()),
            Self::Wildcard(suffix) => suffix.split_once('.').map(|(_, rest)| rest.to_owned()),
            Self::Any => None,
        };
        let above = std::iter::successors(labels, |suffix| suffix.split_once('.').map(|(_, rest)| rest.to_owned()));
        let any = (*self != Self::Any).then_some(Self::Any);
        std::iter::once(self.clone()).chain(above.map(Self::Wildcard)).chain(any)
    }

    /// How specific the hostname is for the precedence of routes: the
    /// characters of a hostname without a wildcard, then the characters of any.
    pub fn specificity(&self) -> (usize, usize) {
        match self {
            Self::Exact(host) => (host.len(), host.len()),
            Self::Wildcard(suffix) => (0, suffix.len() + 2),
            Self::Any => (0, 0),
        }
    }
}

fn is_below(host: &str, suffix: &str) -> bool {
    host.len() > suffix.len() + 1 && host.ends_with(suffix) && host.as_bytes()[host.len() - suffix.len() - 1] == b'.'
}

impl Ord for Hostname {
    fn cmp(&self, other: &Self) -> Ordering {
        other.specificity().cmp(&self.specificity()).then_with(|| self.text().cmp(other.text()))
    }
}

impl PartialOrd for Hostname {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hostname {
    fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Wildcard(text) => text,
            Self::Any => "",
        }
    }
}

/// As text.
impl Serialize for Hostname {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// As Envoy and Gateway API write it; `*` for every host.
impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host),
            Self::Wildcard(suffix) => write!(f, "*.{suffix}"),
            Self::Any => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hostname;

    fn host(text: &str) -> Hostname {
        Hostname::from_field((text != "*").then_some(text))
    }

    #[test]
    fn intersections_follow_the_table_of_the_specification() {
        for (listener, route, result) in [
            ("www.example.com", "www.example.com", Some("www.example.com")),
            ("*.example.com", "www.example.com", Some("www.example.com")),
            ("*.example.com", "sub.domain.example.com", Some("sub.domain.example.com")),
            ("*.example.com", "example.com", None),
            ("www.example.com", "*.example.com", Some("www.example.com")),
            ("*.com", "*.example.com", Some("*.example.com")),
            ("*.example.com", "*.com", Some("*.example.com")),
            ("*", "www.example.com", Some("www.example.com")),
            ("www.example.com", "*", Some("www.example.com")),
            ("*", "*", Some("*")),
            ("*.foo.com", "*.bar.com", None),
            ("*.foo.com", "barfoo.com", None),
        ] {
            let expected = result.map(host);
            assert_eq!(host(listener).intersection(&host(route)), expected, "{listener} and {route}");
            assert_eq!(host(route).intersection(&host(listener)), expected, "{route} and {listener}");
        }
    }

    #[test]
    fn ancestors_go_from_specific_to_general() {
        let names: Vec<String> = host("a.b.com").ancestors().map(|h| h.to_string()).collect();
        assert_eq!(names, ["a.b.com", "*.b.com", "*.com", "*"]);
        let names: Vec<String> = host("*.b.com").ancestors().map(|h| h.to_string()).collect();
        assert_eq!(names, ["*.b.com", "*.com", "*"]);
        assert_eq!(host("*").ancestors().count(), 1);
    }

    #[test]
    fn exact_sorts_before_long_wildcard_before_short_wildcard_before_any() {
        let mut hosts = ["*", "*.com", "*.example.com", "a.io"].map(host);
        hosts.sort();
        assert_eq!(hosts, ["a.io", "*.example.com", "*.com", "*"].map(host));
    }
}
