//! Servers that are asked whether there are too many requests.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::ClusterId;
use super::default::is_default;
use super::text_is::TextIs;
use crate::http::HeaderName;

/// What a server is told of the requests of a rule: it counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestLimits {
    /// The server.
    pub server: Arc<LimitServer>,
    /// What it is told, each by itself; never empty. A request that is one too many by any of them is refused.
    pub told: Vec<Descriptor>,
}

/// A server that counts requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitServer {
    /// Where it is.
    pub cluster: ClusterId,
    /// The host by which it is called; `None` for its name.
    #[serde(skip_serializing_if = "is_default")]
    pub authority: Option<String>,
    /// Whose limits these are among all that it knows.
    pub domain: String,
    /// How long it may take, above zero.
    pub timeout: Duration,
    /// Whether requests pass that it does not answer.
    #[serde(skip_serializing_if = "is_default")]
    pub lets_pass: bool,
    /// Whether clients are told what is left.
    #[serde(skip_serializing_if = "is_default")]
    pub is_told: bool,
}

/// What a server is told of a request: nothing at all where one of the parts has nothing to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor(pub Vec<DescriptorPart>);

/// A part of what a server is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum DescriptorPart {
    /// This text.
    Text(String),
    /// What a header says, by this name.
    Header(HeaderName, String),
    /// The address of the client.
    Address,
    /// What is known by this name.
    Known {
        /// The name that the server knows it by.
        called: String,
        /// Who knows it: a filter, or whoever else.
        reader: String,
        /// The names of the fields that lead to it; never empty.
        path: Vec<String>,
        /// What is told where nothing is known; nothing where it is empty.
        #[serde(skip_serializing_if = "is_default")]
        otherwise: String,
        /// Whether it is known of the rule, and not of the request.
        #[serde(skip_serializing_if = "is_default")]
        is_of_rule: bool,
    },
    /// This text, where headers are like this, or where they are not.
    Headers {
        /// The text.
        text: String,
        /// Whether they have to be.
        expected: bool,
        /// What they have to be, all of them; never empty.
        tests: Vec<HeaderTest>,
    },
}

/// What a header has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderTest {
    /// The name.
    pub name: HeaderName,
    /// The value; `None` for any, as long as it is there.
    pub is: Option<TextIs>,
    /// The whole number that the value is: from the first, below the second.
    #[serde(skip_serializing_if = "is_default")]
    pub within: Option<(i64, i64)>,
    /// Whether it must not be so.
    #[serde(skip_serializing_if = "is_default")]
    pub inverted: bool,
}

impl RequestLimits {
    /// The same with a server elsewhere.
    #[must_use]
    pub(super) fn with_clusters(&self, replace: &impl Fn(ClusterId) -> ClusterId) -> Self {
        let LimitServer { cluster, authority, domain, timeout, lets_pass, is_told } = &*self.server;
        let server = LimitServer {
            cluster: replace(*cluster),
            authority: authority.clone(),
            domain: domain.clone(),
            timeout: *timeout,
            lets_pass: *lets_pass,
            is_told: *is_told,
        };
        Self { server: Arc::new(server), told: self.told.clone() }
    }
}
