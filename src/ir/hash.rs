//! What the endpoint of a request is chosen by, where that is a hash.

use serde::Serialize;

use crate::http::HeaderName;

/// One of the things that a hash is made of; where a request has none of it, the next one counts alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HashPart {
    /// What of a request is looked at.
    pub of: HashOf,
    /// Whether nothing that follows counts for a request that has this.
    pub ends: bool,
}

/// What of a request a hash is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum HashOf {
    /// A header; its name in lower case.
    Header(HeaderName),
    /// A cookie.
    Cookie(String),
    /// The client's address.
    Client,
}
