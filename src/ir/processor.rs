//! Servers that requests and responses are handed to: they may change them, and answer in the place of a backend.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::ClusterId;
use super::action::Metadata;
use super::default::is_default;
use super::header::HeaderValue;
use super::text_is::OriginText;
use crate::http::HeaderName;

/// A server that the requests of a rule are handed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestProcessor {
    /// Which of the servers of a listener it is.
    pub stage: ProcessorStage,
    /// Where a policy says it, which may have several; `None` for what options say.
    #[serde(skip_serializing_if = "is_default")]
    pub part: Option<PolicyPart>,
    /// Behind what it is asked.
    pub place: ProcessorPlace,
    /// Where it is that is asked where the rule names no other.
    pub cluster: ClusterId,
    /// How it is asked.
    pub settings: Arc<ProcessorSettings>,
    /// What the rule says, in place of what is said for all.
    #[serde(skip_serializing_if = "is_default")]
    pub overrides: ProcessorOverrides,
}

/// A part of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PolicyPart {
    /// The policy.
    pub of: String,
    /// Which of its parts of a kind it is, from 0.
    pub index: usize,
}

/// Which of the servers of a listener one is; it has one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ProcessorStage {
    /// The early one.
    Early,
    /// The one that is neither.
    Regular,
    /// The late one.
    Late,
}

/// Behind what a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ProcessorPlace {
    /// Behind CORS, before anybody asks who sends a request.
    BeforeAuthorization,
    /// Behind whatever says who sends it and whether he may, before it is counted.
    BehindAuthorization,
    /// Behind all that keeps requests out.
    Last,
}

/// What a rule says in place of what is said for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessorOverrides {
    /// What the server gets.
    #[serde(skip_serializing_if = "is_default")]
    pub parts: Option<ProcessedParts>,
    /// What it is told of what filters know.
    #[serde(skip_serializing_if = "is_default")]
    pub told: ToldMetadata,
    /// Another server, which gets it in place of that one.
    #[serde(skip_serializing_if = "is_default")]
    pub server: Option<ProcessorServer>,
}

/// A server in the place of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessorServer {
    /// Where it is.
    pub cluster: ClusterId,
    /// The host by which it is called; `None` for its name.
    #[serde(skip_serializing_if = "is_default")]
    pub authority: Option<String>,
    /// The headers that a stream to it begins with.
    #[serde(skip_serializing_if = "is_default")]
    pub greeting: Vec<(HeaderName, HeaderValue)>,
}

/// How a server is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessorSettings {
    /// The host by which it is called; `None` for its name.
    #[serde(skip_serializing_if = "is_default")]
    pub authority: Option<String>,
    /// Whether requests and responses pass as they are that it does not answer.
    #[serde(skip_serializing_if = "is_default")]
    pub lets_pass: bool,
    /// The status where it does not answer; `None` for 500.
    #[serde(skip_serializing_if = "is_default")]
    pub failure: Option<u16>,
    /// What it gets.
    pub parts: ProcessedParts,
    /// How long it may take for each of its answers, above zero; `None` for the proxy's own limit.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: Option<Duration>,
    /// How long it may ask for; `None` where it may not.
    #[serde(skip_serializing_if = "is_default")]
    pub longest: Option<Duration>,
    /// The name that its statistics have; empty for none of their own.
    #[serde(skip_serializing_if = "is_default")]
    pub counted_as: String,
    /// Whether the rule stays whatever it changes.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_route: bool,
    /// Whether it may say what it gets.
    #[serde(skip_serializing_if = "is_default")]
    pub chooses_parts: bool,
    /// The names of headers that it sees; all without any.
    #[serde(skip_serializing_if = "is_default")]
    pub seen: Vec<OriginText>,
    /// The names of headers that it does not see.
    #[serde(skip_serializing_if = "is_default")]
    pub unseen: Vec<OriginText>,
    /// What it may do to headers.
    #[serde(skip_serializing_if = "is_default")]
    pub changes: ChangeRules,
    /// What it is told of what filters know.
    #[serde(skip_serializing_if = "is_default")]
    pub told: ToldMetadata,
    /// What is known of requests and of responses that it is told besides.
    #[serde(skip_serializing_if = "is_default")]
    pub attributes: ToldAttributes,
    /// The headers that a stream to it begins with.
    #[serde(skip_serializing_if = "is_default")]
    pub greeting: Vec<(HeaderName, HeaderValue)>,
    /// What logs may say of it.
    #[serde(skip_serializing_if = "is_default")]
    pub logged: Metadata,
}

/// What is known of requests and of responses, by its names
/// ([attributes](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToldAttributes {
    /// Of requests.
    #[serde(skip_serializing_if = "is_default")]
    pub request: Vec<String>,
    /// Of responses.
    #[serde(skip_serializing_if = "is_default")]
    pub response: Vec<String>,
}

/// What a server gets of requests and of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessedParts {
    /// Of requests.
    pub request: Processed,
    /// Of responses.
    pub response: Processed,
}

/// What a server gets of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Processed {
    /// Whether it gets the headers.
    pub headers: bool,
    /// How it gets the body.
    pub body: ProcessedBody,
    /// Whether it gets the trailers.
    pub trailers: bool,
}

/// How a server gets a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum ProcessedBody {
    /// Not at all.
    #[default]
    None,
    /// Piece by piece.
    Streamed,
    /// As a whole; a longer one than the proxy holds is refused.
    Buffered,
    /// As much of it as the proxy holds.
    Beginning,
}

/// What is known of requests that a server is told, by the names of who knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToldMetadata {
    /// As fields.
    #[serde(skip_serializing_if = "is_default")]
    pub fields: Vec<String>,
    /// As messages.
    #[serde(skip_serializing_if = "is_default")]
    pub messages: Vec<String>,
}

/// What a server may do to headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeRules {
    /// Whether it may change what rules are chosen by.
    #[serde(skip_serializing_if = "is_default")]
    pub routing: bool,
    /// Whether it may change the proxy's own headers.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy: bool,
    /// The names that it may change, whatever else is said.
    #[serde(skip_serializing_if = "is_default")]
    pub allowed: Option<String>,
    /// Whether it may change nothing else.
    #[serde(skip_serializing_if = "is_default")]
    pub nothing: bool,
    /// The names that it may not change.
    #[serde(skip_serializing_if = "is_default")]
    pub disallowed: Option<String>,
    /// Whether a change that it may not make is an error, and not passed over.
    #[serde(skip_serializing_if = "is_default")]
    pub is_error: bool,
    /// Whether it may not change what a request is (method, path, scheme, host).
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_pseudo: bool,
}

impl Default for ProcessedParts {
    /// Headers alone
    /// ([ProcessingMode](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_proc/v3/processing_mode.proto)).
    fn default() -> Self {
        let headers = Processed { headers: true, body: ProcessedBody::None, trailers: false };
        Self { request: headers, response: headers }
    }
}

impl RequestProcessor {
    /// What the server gets.
    pub fn parts(&self) -> ProcessedParts {
        self.overrides.parts.unwrap_or(self.settings.parts)
    }

    /// Who gets the requests.
    pub fn asked(&self) -> ClusterId {
        self.overrides.server.as_ref().map_or(self.cluster, |server| server.cluster)
    }

    /// The same with servers elsewhere.
    #[must_use]
    pub(super) fn with_clusters(mut self, replace: &impl Fn(ClusterId) -> ClusterId) -> Self {
        if let Some(server) = &mut self.overrides.server {
            server.cluster = replace(server.cluster);
        }
        Self { cluster: replace(self.cluster), ..self }
    }
}
