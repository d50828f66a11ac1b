//! What backends are told of clients.

use serde::Serialize;

use super::default::is_default;

/// What backends are told of clients, and what clients say of themselves that is believed. What is left out is as
/// docs/defaults.md says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientDetails {
    /// How many proxies in front of this one are believed; `None` for as many as hold for the whole proxy.
    #[serde(skip_serializing_if = "is_default")]
    pub trusted_hops: Option<u32>,
    /// Whether `x-forwarded-for` stays as clients send it.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_addresses: bool,
    /// Whether `x-forwarded-port` tells the port that clients connect to.
    #[serde(skip_serializing_if = "is_default")]
    pub tells_port: bool,
    /// Whether `expect: 100-continue` is for the backend to answer.
    #[serde(skip_serializing_if = "is_default")]
    pub passes_expectations: bool,
    /// What becomes of `x-request-id`.
    #[serde(skip_serializing_if = "is_default")]
    pub request_id: RequestIdRules,
}

/// What becomes of `x-request-id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestIdRules {
    /// Whether the one that a client sends stays.
    #[serde(skip_serializing_if = "is_default")]
    pub kept: bool,
    /// Whether none is made.
    #[serde(skip_serializing_if = "is_default")]
    pub unmade: bool,
    /// Whether it says why its request is traced; `None` for yes.
    #[serde(skip_serializing_if = "is_default")]
    pub says_trace: Option<bool>,
    /// Whether it decides which requests are traced; `None` for yes.
    #[serde(skip_serializing_if = "is_default")]
    pub decides_trace: Option<bool>,
}

impl ClientDetails {
    /// Whether a header, named in lower case, is matched as clients send it, whatever becomes of it otherwise.
    pub fn keep_header(&self, name: &str) -> bool {
        match name {
            "x-forwarded-for" => self.keeps_addresses,
            "x-request-id" => self.request_id.kept || self.request_id.unmade,
            "expect" => self.passes_expectations,
            _ => false,
        }
    }
}
