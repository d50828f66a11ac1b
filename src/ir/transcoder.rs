//! Requests in JSON that become calls of gRPC, and whose answers are JSON again.

use ring::digest::{SHA256, digest};
use serde::{Serialize, Serializer};

use crate::transcoding::Binding;

use super::default::is_default;

/// Which requests become calls, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Transcoder {
    /// What describes the services: a `google.protobuf.FileDescriptorSet` that has been read.
    #[serde(serialize_with = "serialize_digest")]
    pub descriptors: Vec<u8>,
    /// The full names of the services.
    pub services: Vec<String>,
    /// The requests that become calls of them.
    pub bindings: Vec<Binding>,
    /// Whether requests for the paths of methods are calls where these say nothing of requests.
    #[serde(skip_serializing_if = "is_default")]
    pub maps_all: bool,
    /// Whether the rule that takes a request takes its call, and none is looked for by the path of the call.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_rule: bool,
    /// Parameters of queries that are no fields of a message.
    #[serde(skip_serializing_if = "is_default")]
    pub ignored_parameters: Vec<String>,
    /// Whether parameters of queries that no message has are ignored.
    #[serde(skip_serializing_if = "is_default")]
    pub ignores_unknown_parameters: bool,
    /// Whether the status of a call is told in JSON where it failed.
    #[serde(skip_serializing_if = "is_default")]
    pub tells_status: bool,
    /// How messages are written.
    #[serde(skip_serializing_if = "is_default")]
    pub written: WrittenMessages,
}

/// How messages are written in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrittenMessages {
    /// With spaces and lines.
    #[serde(skip_serializing_if = "is_default")]
    pub spaced: bool,
    /// With fields that have their default.
    #[serde(skip_serializing_if = "is_default")]
    pub whole: bool,
    /// With numbers in the place of the names of enums.
    #[serde(skip_serializing_if = "is_default")]
    pub numbered: bool,
    /// With the names of fields as they are declared.
    #[serde(skip_serializing_if = "is_default")]
    pub as_declared: bool,
}

fn serialize_digest<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digest = digest(&SHA256, bytes);
    let hex: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&format!("sha256:{hex}"))
}
