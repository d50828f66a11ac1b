//! How many requests there may be, by tokens that the proxy itself counts.

use std::time::Duration;

use serde::Serialize;

use super::access_order::AddressRange;
use super::default::is_default;
use super::http_route::PathMatch;
use super::text_is::TextIs;
use crate::http::HeaderName;

/// Tokens, of which each request or connection takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TokenBucket {
    /// The most there may be, and there are at first; above 0.
    pub most: u32,
    /// How many come each time; above 0.
    pub fill: u32,
    /// How long it takes until more come; 50 ms at least.
    pub interval: Duration,
}

/// How many requests there may be. Of a listener all of them have the tokens together, of a rule those of each of its matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestRate {
    /// The tokens of requests that nothing below selects; `None` for no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub bucket: Option<TokenBucket>,
    /// Whether each connection has tokens of its own; nothing is selected then.
    pub per_connection: bool,
    /// Whether clients are told what is left.
    pub is_told: bool,
    /// Requests that have tokens of their own. One that several select takes tokens of each, and passes where all have them.
    #[serde(skip_serializing_if = "is_default")]
    pub selected: Vec<SelectedRate>,
    /// Whether a rule shares the tokens with all others of its virtual host that have no limit of their own.
    #[serde(skip_serializing_if = "is_default")]
    pub is_of_host: bool,
}

/// How many of the requests there may be that are like this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelectedRate {
    /// What has to be so of a request, all of it.
    pub asks: Vec<RateAsk>,
    /// The tokens.
    pub bucket: TokenBucket,
    /// How many tokens a request takes; where that is more than there may be none passes.
    pub cost: u32,
    /// Whether clients are told what is left, where that is said for these alone.
    #[serde(skip_serializing_if = "is_default")]
    pub is_told: Option<bool>,
    /// Whether all pass, and are only counted.
    #[serde(skip_serializing_if = "is_default")]
    pub is_only_counted: bool,
}

impl SelectedRate {
    /// Whether no request that is like this passes.
    pub fn refuses_all(&self) -> bool {
        self.cost > self.bucket.most && !self.is_only_counted
    }
}

/// Something that has to be so of a request that is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum RateAsk {
    /// What a header says.
    Header {
        /// The name in lower case.
        name: HeaderName,
        /// The value; `None` for any.
        is: Option<TextIs>,
        /// Whether it must not be there with that value.
        inverted: bool,
    },
    /// The method is one of these.
    Method {
        /// The methods; never empty.
        any_of: Vec<String>,
        /// Whether it must be none of them.
        inverted: bool,
    },
    /// The path, without the query but for expressions.
    Path {
        /// What it has to be.
        is: PathMatch,
        /// Whether it must not be that.
        inverted: bool,
    },
    /// What a parameter of the query says.
    Parameter {
        /// The name.
        name: String,
        /// The value; `None` for any.
        is: Option<TextIs>,
        /// Whether it must not be there with that value.
        inverted: bool,
    },
    /// The client's address, as far as proxies in front are trusted to tell it, is here.
    Client(AddressRange),
    /// A header is there; each of its values has tokens of its own.
    EachHeader(HeaderName),
    /// A parameter of the query is there; each of its values has tokens of its own.
    EachParameter(String),
    /// Each client has tokens of its own.
    EachClient,
}

impl RateAsk {
    /// What has to be so of a request of which this is not; `None` where that cannot be asked.
    pub fn inverse(&self) -> Option<Self> {
        Some(match self {
            Self::Header { name, is, inverted } => {
                Self::Header { name: name.clone(), is: is.clone(), inverted: !inverted }
            }
            Self::Method { any_of, inverted } => Self::Method { any_of: any_of.clone(), inverted: !inverted },
            Self::Path { is, inverted } => Self::Path { is: is.clone(), inverted: !inverted },
            Self::Parameter { name, is, inverted } => {
                Self::Parameter { name: name.clone(), is: is.clone(), inverted: !inverted }
            }
            Self::EachHeader(name) => Self::Header { name: name.clone(), is: None, inverted: true },
            Self::EachParameter(name) => Self::Parameter { name: name.clone(), is: None, inverted: true },
            Self::Client(_) | Self::EachClient => return None,
        })
    }

    /// Whether texts are compared with an expression: as a path is.
    pub fn uses_regex(&self) -> bool {
        match self {
            Self::Header { is, .. } | Self::Parameter { is, .. } => matches!(is, Some(TextIs::Regex(_))),
            Self::Method { .. } | Self::Path { .. } => true,
            Self::Client(_) | Self::EachHeader(_) | Self::EachParameter(_) | Self::EachClient => false,
        }
    }
}

impl RequestRate {
    /// Whether some text is compared with an expression.
    pub fn uses_regex(&self) -> bool {
        self.selected.iter().flat_map(|selected| &selected.asks).any(RateAsk::uses_regex)
    }

    /// Whether nothing has a limit.
    pub fn is_empty(&self) -> bool {
        self.bucket.is_none() && self.selected.is_empty()
    }
}
