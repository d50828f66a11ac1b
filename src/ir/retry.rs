//! How long requests may take, and when they are tried again.

use std::time::Duration;

use serde::Serialize;

/// Limits on time; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// For the whole request, all tries and the response's body included.
    pub request: Option<Duration>,
    /// For the response headers of each try.
    pub per_try: Option<Duration>,
}

/// How much of a request's body, in bytes, is kept for further tries. A longer
/// body goes to the backend all the same, once.
pub const RETRIED_BODY_BYTES: u32 = 1024 * 1024;

/// When and how often a failed try is repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retry {
    /// What is repeated besides failed connections.
    pub on: RetryOn,
    /// How many further tries there may be; above 0.
    pub attempts: u32,
    /// The base of the waits between tries, each of which is drawn at random
    /// and grows exponentially; above 0.
    pub backoff: Option<Duration>,
}

/// What is repeated besides connections that could not be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum RetryOn {
    /// Nothing: whatever reached an endpoint counts.
    #[default]
    Connect,
    /// Connections that end before the response, tries that take too long,
    /// and responses with one of these statuses, sorted.
    Failures(Vec<u16>),
}
