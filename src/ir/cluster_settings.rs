//! What is asked for beyond the endpoints of a cluster: how they are chosen, watched and limited, and how connections to
//! them are kept. What is left out is as docs/defaults.md says.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Serialize;

use super::admission::Admission;
use super::default::is_default;
use super::failover::Failover;
use super::header::HeaderMutations;
use super::tunnel::Tunnel;
use crate::masked;

/// The settings of a cluster; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterSettings {
    /// How an endpoint is chosen.
    #[serde(skip_serializing_if = "is_default")]
    pub balancing: Balancing,
    /// The weight of each endpoint, above 0, in the order of the endpoints; those that are not named have 1.
    #[serde(skip_serializing_if = "is_default")]
    pub weights: Vec<u32>,
    /// The server name that TLS to each endpoint asks for, in the order of the endpoints; `None` and those that are not
    /// named ask for that of the cluster. Only with TLS.
    #[serde(skip_serializing_if = "is_default")]
    pub server_names: Vec<Option<String>>,
    /// How much there may be at a time.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// What endpoints are asked, to know whether they can be sent to.
    #[serde(skip_serializing_if = "is_default")]
    pub health_checks: Vec<HealthCheck>,
    /// Whether endpoints that are no longer known are left at once, whatever their health checks say.
    #[serde(skip_serializing_if = "is_default")]
    pub drops_removed: bool,
    /// When endpoints are left out because of what they answered.
    #[serde(skip_serializing_if = "is_default")]
    pub outliers: Option<Outliers>,
    /// Which requests are refused, because too many of those before them failed.
    #[serde(skip_serializing_if = "is_default")]
    pub admission: Option<Admission>,
    /// How connections are made and kept.
    #[serde(skip_serializing_if = "is_default")]
    pub connections: Connections,
    /// What HTTP/1 is spoken with.
    #[serde(skip_serializing_if = "is_default")]
    pub http1: ClusterHttp1,
    /// What HTTP/2 is spoken with.
    #[serde(skip_serializing_if = "is_default")]
    pub http2: Http2,
    /// How often names are looked up.
    #[serde(skip_serializing_if = "is_default")]
    pub dns: Dns,
    /// Who is sent to where the endpoints are not healthy.
    #[serde(skip_serializing_if = "is_default")]
    pub failover: Option<Failover>,
    /// What leads from the endpoints to the backend, where they are proxies on the way.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnel: Option<Tunnel>,
}

impl ClusterSettings {
    /// What asks for nothing, as most backends do, which all share.
    pub fn none() -> Arc<Self> {
        static NONE: LazyLock<Arc<ClusterSettings>> = LazyLock::new(Arc::default);
        Arc::clone(&NONE)
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        is_default(self)
    }

    /// Whether endpoints may get no request because of what went before, or because none may be sent at all, or whether
    /// what they answer may not count.
    pub fn can_close(&self) -> bool {
        let Limits { connections, waiting, requests, retries: _, connections_of_endpoint, counts_rest: _ } =
            self.limits;
        let is_closed = [connections, waiting, requests, connections_of_endpoint].contains(&Some(0));
        is_closed
            || self.connections.most_headers.is_some()
            || self.outliers.is_some()
            || self.admission.is_some()
            || !self.health_checks.is_empty()
    }
}

impl ClusterSettings {
    /// What becomes of the headers of everything that endpoints are asked.
    pub fn headers(&self) -> impl Iterator<Item = &HeaderMutations> {
        let asked = self.health_checks.iter().filter_map(|check| match &check.question {
            Question::Http { headers, .. } => Some(headers),
            Question::Grpc { metadata, .. } => Some(metadata),
            Question::Tcp | Question::Exchange { .. } => None,
        });
        asked.chain(self.tunnel.iter().map(|tunnel| &tunnel.headers))
    }

    /// The same settings, with what reports may show in the place of headers that say who somebody is.
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        for check in &mut masked.health_checks {
            match &mut check.question {
                Question::Http { headers, path, .. } => {
                    headers.mask();
                    *path = masked::query(path).into_owned();
                }
                Question::Grpc { metadata, .. } => metadata.mask(),
                Question::Tcp | Question::Exchange { .. } => {}
            }
        }
        if let Some(tunnel) = &mut masked.tunnel {
            tunnel.headers.mask();
        }
        masked
    }
}

/// A number in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Thousandths(pub u32);

impl Thousandths {
    /// The number itself.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// How an endpoint is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balancing {
    /// By which rule; `None` is the one of docs/defaults.md.
    pub choice: Option<Choice>,
    /// How new endpoints get their share little by little.
    #[serde(skip_serializing_if = "is_default")]
    pub slow_start: Option<SlowStart>,
    /// The share of healthy endpoints, in percent, below which all are sent to as if they were healthy.
    #[serde(skip_serializing_if = "is_default")]
    pub panic_below: Option<Thousandths>,
    /// How long changes of endpoints are collected.
    #[serde(skip_serializing_if = "is_default")]
    pub merge_window: Option<Duration>,
    /// Whether a hash is of the names of endpoints, not of their addresses.
    #[serde(skip_serializing_if = "is_default")]
    pub hashes_names: bool,
    /// Whether all connections end where an endpoint comes or goes.
    #[serde(skip_serializing_if = "is_default")]
    pub closes_on_change: bool,
    /// Whether localities of one priority share requests by their weights, not by their healthy endpoints. Only with a
    /// failover.
    #[serde(skip_serializing_if = "is_default")]
    pub weighs_localities: bool,
}

/// A rule by which an endpoint is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Choice {
    /// One after the other.
    RoundRobin,
    /// The one with the fewest requests among some that are drawn.
    LeastRequest {
        /// How many are drawn; `None` is two.
        drawn: Option<u32>,
    },
    /// Any.
    Random,
    /// By a ring of hashes: the same hash finds the same endpoint.
    RingHash {
        /// The least size of the ring.
        least: Option<u64>,
        /// The largest size of the ring.
        most: Option<u64>,
    },
    /// By a table of hashes: the same hash finds the same endpoint.
    Maglev {
        /// The size of the table, a prime number; `None` is the proxy's own.
        #[serde(skip_serializing_if = "is_default")]
        table: Option<u64>,
    },
}

impl Choice {
    /// Whether requests of one hash find one endpoint.
    pub fn is_by_hash(self) -> bool {
        matches!(self, Self::RingHash { .. } | Self::Maglev { .. })
    }
}

/// How new endpoints get their share little by little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SlowStart {
    /// For how long; above 0.
    pub window: Duration,
    /// The exponent of the growth; `None` is linear.
    pub aggression: Option<Thousandths>,
    /// The least weight, in percent.
    pub least_percent: Option<Thousandths>,
}

/// How much there may be at a time; what is left out has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Connections.
    pub connections: Option<u32>,
    /// Requests that wait for a connection.
    pub waiting: Option<u32>,
    /// Requests.
    pub requests: Option<u32>,
    /// Further tries; what is left out is what the rules ask for.
    pub retries: Option<u32>,
    /// Connections to one endpoint.
    #[serde(skip_serializing_if = "is_default")]
    pub connections_of_endpoint: Option<u32>,
    /// Whether what is left is counted.
    #[serde(skip_serializing_if = "is_default")]
    pub counts_rest: bool,
}

impl Limits {
    /// Whether no request is ever sent: each waits for a connection first, if only for a moment
    /// ([max_pending_requests](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto#envoy-v3-api-field-config-cluster-v3-circuitbreakers-thresholds-max-pending-requests)).
    pub fn take_none(&self) -> bool {
        [self.waiting, self.requests].contains(&Some(0))
    }
}

/// What endpoints are asked, to know whether they can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// The question.
    pub question: Question,
    /// How often it is asked; above 0.
    pub interval: Duration,
    /// How long an answer may take; above 0.
    pub timeout: Duration,
    /// How many failures in a row make an endpoint unhealthy.
    pub unhealthy_after: u32,
    /// How many successes in a row make it healthy again.
    pub healthy_after: u32,
    /// Other waits.
    #[serde(skip_serializing_if = "is_default")]
    pub waits: HealthWaits,
    /// Whether each question has a connection of its own.
    #[serde(skip_serializing_if = "is_default")]
    pub reconnects: bool,
    /// Whether every failure is logged, not the first alone.
    #[serde(skip_serializing_if = "is_default")]
    pub logs_all: bool,
}

/// The waits between questions that differ from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HealthWaits {
    /// Up to this long before the first.
    pub initial_jitter: Option<Duration>,
    /// Up to this much more between any.
    pub jitter: Option<Duration>,
    /// The same in percent of the interval.
    pub jitter_percent: u32,
    /// Where nothing was ever sent to the cluster.
    pub unused: Option<Duration>,
    /// To an endpoint that is unhealthy.
    pub unhealthy: Option<Duration>,
    /// To one that is about to be unhealthy.
    pub turning_unhealthy: Option<Duration>,
    /// To one that is about to be healthy.
    pub turning_healthy: Option<Duration>,
}

/// What an endpoint is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Question {
    /// A request.
    Http {
        /// Its method.
        #[serde(skip_serializing_if = "is_default")]
        method: ProbeMethod,
        /// The path.
        path: String,
        /// The host; `None` is the name of the cluster.
        host: Option<String>,
        /// The statuses of those that are healthy, each the first and the one behind the last; none is 200 alone.
        statuses: Vec<(u16, u16)>,
        /// The statuses that make nobody unhealthy at once, but count as failures, as those above are written.
        #[serde(skip_serializing_if = "is_default")]
        retriable: Vec<(u16, u16)>,
        /// The body, in hexadecimal digits; none is no body.
        #[serde(skip_serializing_if = "is_default")]
        sent: Option<String>,
        /// The bytes that have to be in the answer, in hexadecimal digits.
        #[serde(skip_serializing_if = "is_default")]
        received: Vec<String>,
        /// Whether it is HTTP/2.
        http2: bool,
        /// What becomes of its headers.
        #[serde(skip_serializing_if = "is_default")]
        headers: HeaderMutations,
    },
    /// Whether there is a connection.
    Tcp,
    /// What a connection answers.
    Exchange {
        /// The bytes that are sent, in hexadecimal digits; none is nothing.
        sent: Option<String>,
        /// The bytes that have to be in the answer, in this order.
        received: Vec<String>,
    },
    /// The standard call for it.
    Grpc {
        /// The service that is asked for; empty is the server as a whole.
        service: String,
        /// The authority; `None` is the name of the cluster.
        authority: Option<String>,
        /// What its metadata are besides.
        #[serde(skip_serializing_if = "is_default")]
        metadata: HeaderMutations,
    },
}

impl Question {
    /// Whether it is a request, not bytes of a connection alone.
    pub fn is_of_http(&self) -> bool {
        matches!(self, Self::Http { .. } | Self::Grpc { .. })
    }
}

/// The method of a request that asks for health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of HTTP")]
pub enum ProbeMethod {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Trace,
    Patch,
}

impl ProbeMethod {
    /// The method of a name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            "TRACE" => Self::Trace,
            "PATCH" => Self::Patch,
            _ => return None,
        })
    }
}

/// When endpoints are left out because of what they answered. What is left out is the proxy's own choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outliers {
    /// How often it is decided; above 0.
    pub interval: Option<Duration>,
    /// How long the first exclusion lasts; each further one lasts longer.
    pub base_time: Option<Duration>,
    /// The share of endpoints that may be left out, in percent.
    pub most_percent: Option<u32>,
    /// How many 5xx in a row.
    #[serde(skip_serializing_if = "is_default")]
    pub errors: Streak,
    /// How many 502, 503 and 504 in a row.
    #[serde(skip_serializing_if = "is_default")]
    pub gateway_errors: Streak,
    /// How many failed connections in a row, where they are counted apart.
    #[serde(skip_serializing_if = "is_default")]
    pub local_errors: Streak,
    /// By how far the rate of success is below that of others.
    #[serde(skip_serializing_if = "is_default")]
    pub success_rate: SuccessRate,
    /// Whether what fails on the way is told from what backends answer.
    #[serde(skip_serializing_if = "is_default")]
    pub splits_local: bool,
    /// The share of failures, in percent, from which an endpoint is left out.
    #[serde(skip_serializing_if = "is_default")]
    pub failure_percentage: Option<u32>,
    /// Whether one endpoint is left out whatever share of them that is.
    #[serde(skip_serializing_if = "is_default")]
    pub ejects_one: bool,
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Streak {
    /// How many; 0 is never.
    pub count: Option<u32>,
    /// How often, in percent, the endpoint is left out then.
    pub enforced: Option<u32>,
}

/// What is compared of the rates of success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SuccessRate {
    /// How many endpoints there have to be.
    pub least_hosts: Option<u32>,
    /// How many requests each of them has to have.
    pub least_requests: Option<u32>,
    /// How many thousandths of the deviation are too many.
    pub deviation: Option<u32>,
    /// How often, in percent, the endpoint is left out then.
    pub enforced: Option<u32>,
    /// The same of what fails on the way.
    pub enforced_local: Option<u32>,
}

/// How connections are made and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// How long it may take to make one; above 0.
    pub timeout: Option<Duration>,
    /// How many bytes are kept of each.
    #[serde(skip_serializing_if = "is_default")]
    pub buffer_bytes: Option<u32>,
    /// How many requests one carries.
    #[serde(skip_serializing_if = "is_default")]
    pub most_requests: Option<u32>,
    /// How long one without requests is kept; zero is for ever.
    #[serde(skip_serializing_if = "is_default")]
    pub idle: Option<Duration>,
    /// How long one is kept, whatever it carries; above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub longest: Option<Duration>,
    /// How long a request and its answer may take; above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub longest_stream: Option<Duration>,
    /// How many headers an answer may have; above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub most_headers: Option<u32>,
    /// How it is found out that the other side is gone.
    #[serde(skip_serializing_if = "is_default")]
    pub keepalive: Option<Keepalive>,
    /// The version of the PROXY protocol that tells the endpoint who the client is.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy_protocol: Option<ProxyVersion>,
    /// How many connections there are in advance for each that is needed, by endpoint.
    #[serde(skip_serializing_if = "is_default")]
    pub ahead: Option<Thousandths>,
    /// The same by cluster.
    #[serde(skip_serializing_if = "is_default")]
    pub ahead_of_cluster: Option<Thousandths>,
}

/// How it is found out that the other side of a connection is gone; what is left out is the system's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Keepalive {
    /// How many questions stay without an answer.
    pub probes: Option<u32>,
    /// After how many seconds of silence it is asked, above 0.
    pub after_seconds: Option<u32>,
    /// How many seconds there are between questions, above 0.
    pub every_seconds: Option<u32>,
}

/// A version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// Bytes.
    V2,
}

/// What HTTP/1 is spoken with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterHttp1 {
    /// Whether trailers are sent and taken.
    pub trailers: bool,
    /// Whether the connection outlives a bad message.
    pub forgives: Option<bool>,
    /// How names of headers are written.
    pub names: HeaderCase,
}

/// How names of headers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum HeaderCase {
    /// In lower case.
    #[default]
    Lower,
    /// Each word with a capital.
    Words,
    /// As the backend writes them, in what it answers.
    Kept,
}

/// What HTTP/2 is spoken with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Http2 {
    /// The window of each stream, in bytes.
    pub stream_window: Option<u32>,
    /// The window of each connection, in bytes.
    pub connection_window: Option<u32>,
    /// How many streams a connection carries at a time.
    pub streams: Option<u32>,
    /// Whether a bad message ends its stream alone, not the connection.
    pub forgives: Option<bool>,
    /// How it is found out that the other side is gone.
    #[serde(skip_serializing_if = "is_default")]
    pub keepalive: Option<Http2Keepalive>,
}

/// How it is found out in HTTP/2 that the other side is gone; what is left out is never done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Http2Keepalive {
    /// How often it is asked; above 0.
    pub every: Option<Duration>,
    /// How long an answer may take; above 0.
    pub timeout: Option<Duration>,
    /// How much longer, in percent, the waits may be.
    pub jitter_percent: Option<u32>,
    /// After how long a silence it is asked before a request is sent; above 0.
    pub after_silence: Option<Duration>,
}

/// How often names are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dns {
    /// How often; at least a millisecond.
    pub refresh: Option<Duration>,
    /// Whether the answers say how long they hold.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_ttl: bool,
    /// Which addresses are looked for; `None` is those of IPv4 and, where there are none, of IPv6.
    #[serde(skip_serializing_if = "is_default")]
    pub family: Option<LookupFamily>,
}

/// Which addresses are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LookupFamily {
    /// Those of IPv4 alone.
    V4,
    /// Those of IPv6 alone.
    V6,
    /// Those of IPv4, else of IPv6.
    V4Preferred,
    /// Those of IPv6, else of IPv4.
    V6Preferred,
    /// Both.
    Both,
}
