//! How long requests may take, and when they are tried again.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::default::is_default;
use crate::http::HeaderName;

/// Limits on time; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// For the whole request, all tries and the response's body included.
    pub request: Option<Duration>,
    /// For the response headers of each try.
    pub per_try: Option<Duration>,
    /// For the time in which nothing is sent either way.
    #[serde(skip_serializing_if = "is_default")]
    pub idle: Option<Duration>,
    /// For the stream from its first byte to its last.
    #[serde(skip_serializing_if = "is_default")]
    pub stream: Option<StreamLimit>,
}

/// How long a stream may last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamLimit {
    /// The longest time.
    pub longest: Option<Duration>,
    /// The longest time that a call may ask for with `grpc-timeout`, which then counts in place of the other; zero is
    /// whatever it asks for.
    pub longest_of_calls: Option<Duration>,
    /// How much earlier than it asks for a call is given up.
    pub calls_earlier: Option<Duration>,
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
    /// The waits between tries, each of which is drawn at random and grows exponentially.
    pub backoff: Option<BackOff>,
    /// The waits that backends ask for, which go before the others.
    #[serde(skip_serializing_if = "is_default")]
    pub asked: Option<AskedWaits>,
    /// After how many tries others than the priorities of endpoints that were tried are taken; above 0. `None` goes by health
    /// alone.
    #[serde(skip_serializing_if = "is_default")]
    pub leaves_priority_after: Option<u32>,
}

/// The waits that backends ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedWaits {
    /// The headers of responses that say how long, at least one; the first that can be read counts.
    pub headers: Vec<(HeaderName, AskedTime)>,
    /// A header that asks for longer does not count; above 0. `None` is 5 minutes.
    pub longest: Option<Duration>,
}

/// What a header says of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AskedTime {
    /// For how many seconds.
    Seconds,
    /// Until when, in seconds since 1970.
    Until,
}

/// The waits between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BackOff {
    /// The base; above 0.
    pub base: Duration,
    /// The longest wait, where it is not ten times the base.
    pub longest: Option<Duration>,
}

impl BackOff {
    /// The same without what counts anyway.
    #[must_use]
    pub fn settled(self) -> Self {
        Self { longest: self.longest.filter(|longest| *longest != self.base * 10), ..self }
    }
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
    /// What meets one of these conditions, and nothing else: not even a connection that could not be made.
    Conditions {
        /// The conditions, sorted.
        conditions: Vec<RetryCondition>,
        /// The statuses that `RetriableStatusCodes` means, sorted.
        codes: Vec<u16>,
    },
}

impl RetryOn {
    /// The same in the fewest forms: conditions that are lost connections and statuses are that
    /// ([retry_on](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on)).
    pub fn settled(&self) -> Cow<'_, Self> {
        let Self::Conditions { conditions, codes } = self else { return Cow::Borrowed(self) };
        let has = |condition: RetryCondition| conditions.contains(&condition);
        let mut statuses: BTreeSet<u16> = BTreeSet::new();
        let mut is_lost = false;
        for condition in conditions {
            match condition {
                RetryCondition::ServerError => statuses.extend(500..600),
                RetryCondition::GatewayError => statuses.extend([502, 503, 504]),
                RetryCondition::Retriable4xx => statuses.extend([409]),
                RetryCondition::RetriableStatusCodes => statuses.extend(codes),
                RetryCondition::Reset
                | RetryCondition::ResetBeforeRequest
                | RetryCondition::ConnectFailure
                | RetryCondition::RefusedStream => {}
                RetryCondition::EnvoyRateLimited
                | RetryCondition::RetriableHeaders
                | RetryCondition::Http3PostConnectFailure
                | RetryCondition::Cancelled
                | RetryCondition::DeadlineExceeded
                | RetryCondition::Internal
                | RetryCondition::ResourceExhausted
                | RetryCondition::Unavailable => return Cow::Borrowed(self),
            }
            // What gets no response counts as one of these.
            is_lost |=
                matches!(condition, RetryCondition::ServerError | RetryCondition::GatewayError | RetryCondition::Reset);
        }
        match is_lost {
            true => Cow::Owned(Self::Failures(statuses.into_iter().collect())),
            false
                if statuses.is_empty()
                    && has(RetryCondition::ConnectFailure)
                    && has(RetryCondition::RefusedStream)
                    && !has(RetryCondition::ResetBeforeRequest) =>
            {
                Cow::Owned(Self::Connect)
            }
            false => Cow::Borrowed(self),
        }
    }
}

macro_rules! conditions {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What may be wrong with a try
        /// ([retry_on](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on)).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum RetryCondition {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl RetryCondition {
            /// The condition that proxies call so.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// What proxies call it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

conditions! {
    /// A status of 500 or above, or no answer at all.
    ServerError = "5xx",
    /// 502, 503 or 504.
    GatewayError = "gateway-error",
    /// The connection ends before the response.
    Reset = "reset",
    /// The connection ends before the request was sent.
    ResetBeforeRequest = "reset-before-request",
    /// No connection can be made.
    ConnectFailure = "connect-failure",
    /// The proxy's own limit of requests.
    EnvoyRateLimited = "envoy-ratelimited",
    /// 409.
    Retriable4xx = "retriable-4xx",
    /// The backend has not begun with the stream.
    RefusedStream = "refused-stream",
    /// One of the listed statuses.
    RetriableStatusCodes = "retriable-status-codes",
    /// One of the listed headers.
    RetriableHeaders = "retriable-headers",
    /// HTTP/3 that fails after the connection.
    Http3PostConnectFailure = "http3-post-connect-failure",
    /// gRPC's CANCELLED.
    Cancelled = "cancelled",
    /// gRPC's DEADLINE_EXCEEDED.
    DeadlineExceeded = "deadline-exceeded",
    /// gRPC's INTERNAL.
    Internal = "internal",
    /// gRPC's RESOURCE_EXHAUSTED.
    ResourceExhausted = "resource-exhausted",
    /// gRPC's UNAVAILABLE.
    Unavailable = "unavailable",
}

#[cfg(test)]
mod tests {
    use super::RetryCondition::{Cancelled, ConnectFailure, GatewayError, RefusedStream, Reset, RetriableStatusCodes};
    use super::{RetryCondition, RetryOn};

    #[test]
    fn conditions_that_are_lost_connections_and_statuses_are_settled() {
        let on = |conditions: &[RetryCondition], codes: &[u16]| {
            RetryOn::Conditions { conditions: conditions.to_vec(), codes: codes.to_vec() }.settled().into_owned()
        };
        assert_eq!(on(&[GatewayError], &[]), RetryOn::Failures(vec![502, 503, 504]));
        assert_eq!(on(&[Reset, RetriableStatusCodes], &[500, 409]), RetryOn::Failures(vec![409, 500]));
        assert_eq!(on(&[Reset, ConnectFailure], &[500]), RetryOn::Failures(Vec::new()));
        assert_eq!(on(&[ConnectFailure, RefusedStream], &[]), RetryOn::Connect);
        for others in
            [&[ConnectFailure][..], &[Reset, Cancelled], &[ConnectFailure, RefusedStream, RetriableStatusCodes]]
        {
            assert!(matches!(on(others, &[503]), RetryOn::Conditions { .. }), "{others:?}");
        }
    }
}
