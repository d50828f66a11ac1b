//! Spans of requests that a listener has made, and what a rule says of its own.

use std::time::Duration;

use serde::Serialize;

use super::default::is_default;
use super::{ClusterId, Share};

/// Spans of the requests of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionTracing {
    /// Who gets them.
    pub cluster: ClusterId,
    /// How they are made.
    pub said: TracingSettings,
}

/// How spans are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TracingSettings {
    /// How they are written, and what goes on with requests.
    pub tracer: Tracer,
    /// Which requests have one.
    pub shares: TraceShares,
    /// Whether each try has a span of its own.
    #[serde(skip_serializing_if = "is_default")]
    pub spans_tries: bool,
    /// Whether spans say what happens in their time.
    #[serde(skip_serializing_if = "is_default")]
    pub verbose: bool,
    /// What spans say besides.
    #[serde(skip_serializing_if = "is_default")]
    pub tags: Vec<SpanTag>,
}

/// How spans are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Tracer {
    /// As Zipkin's.
    Zipkin {
        /// The path that they are sent to.
        path: String,
        /// As messages, in place of JSON.
        as_messages: bool,
        /// Whether identifiers of traces are twice as long.
        long_ids: bool,
        /// Whether the client's span and this one are one; as Envoy has it where nothing is said.
        shares_span: Option<bool>,
    },
    /// As OpenTelemetry's.
    OpenTelemetry {
        /// The name of the service; Envoy's own without one.
        service: String,
        /// The authority of calls.
        authority: Option<String>,
        /// How many spans are kept at most while the collector does not answer.
        most_kept: Option<u32>,
    },
    /// As Datadog's.
    Datadog {
        /// The name of the service.
        service: String,
        /// The host of requests to the collector.
        host: Option<String>,
        /// How often the collector is asked for settings; it is not without.
        asks_every: Option<AskedEvery>,
    },
}

/// How often a collector is asked for settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AskedEvery(pub Option<Duration>);

/// Which requests have spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TraceShares {
    /// Of those whose client asks for it.
    pub asked: Share,
    /// Of those that belong to no trace yet.
    pub begun: Share,
    /// Of all that would have one.
    pub whole: Share,
}

impl Default for TraceShares {
    fn default() -> Self {
        Self { asked: Share::ALL, begun: Share::ALL, whole: Share::ALL }
    }
}

/// What a span says besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpanTag {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: TagValue,
}

/// What a tag of a span says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TagValue {
    /// This.
    Text(String),
    /// What a variable of the proxy's environment has, or this.
    Variable(String, Option<String>),
    /// What a header of the request has.
    Header(String),
}

/// What a rule says of its spans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteTracing {
    /// Which requests have spans.
    pub shares: TraceShares,
    /// The name of its spans.
    pub name: Option<String>,
    /// Whether clients are not told the name.
    #[serde(skip_serializing_if = "is_default")]
    pub is_untold: bool,
}
