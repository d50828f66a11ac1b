//! What the endpoint of a request is chosen by, where that is a hash.

use std::time::Duration;

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
    /// A cookie that is given to clients which have none.
    GivenCookie(HashCookie),
    /// The client's address.
    Client,
    /// A parameter of the query.
    Parameter(String),
}

/// A cookie that clients are given, so that they come back to their endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HashCookie {
    /// Its name.
    pub name: String,
    /// How long clients keep it, in whole seconds; zero for as long as they run.
    pub life: Duration,
    /// The paths that it is for; empty for those beside the path of the request.
    pub path: String,
}
