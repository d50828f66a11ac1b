//! EnvoyExtensionPolicy: scripts, servers and modules that requests are handed to
//! ([EnvoyExtensionPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#envoyextensionpolicy)).

use serde::Deserialize;
use serde_json::Value;

use super::envoy_policy::EnvoyPolicySpec;
use super::ext_auth::PolicyBackendRef;
use crate::parser::api::option_list::{Untranslated, options};
use crate::parser::api::{BackendObjectReference, Duration, LocalObjectReference};

/// The spec of an EnvoyExtensionPolicy.
pub type EnvoyExtensionPolicySpec = EnvoyPolicySpec<EnvoyExtensionPolicyField>;

options! {
    /// What an EnvoyExtensionPolicy says for rules.
    EnvoyExtensionPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        DynamicModule(Vec<Untranslated>) = "dynamicModule",
        ExtProc(Vec<ExtensionProcessor>) = "extProc",
        Lua(Vec<ExtensionScript>) = "lua",
        Wasm(Vec<Untranslated>) = "wasm",
    }
}

/// A script that requests and responses are handed to ([Lua](https://gateway.envoyproxy.io/docs/api/extension_types/#lua)).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionScript {
    /// What the script is told where it asks for its context.
    pub filter_context: Option<Value>,
    pub inline: Option<String>,
    /// `Inline` or `ValueRef`.
    #[serde(rename = "type")]
    pub script_type: String,
    pub value_ref: Option<LocalObjectReference>,
}

/// A server that requests and responses are handed to
/// ([ExtProc](https://gateway.envoyproxy.io/docs/api/extension_types/#extproc)).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionProcessor {
    /// The schema lets none through.
    pub backend_ref: Option<BackendObjectReference>,
    #[serde(default)]
    pub backend_refs: Vec<PolicyBackendRef>,
    pub backend_settings: Option<Untranslated>,
    pub fail_open: bool,
    pub message_timeout: Option<Duration>,
    pub metadata: Option<ExtensionMetadata>,
    pub processing_mode: Option<ExtensionProcessing>,
    pub shadow_mode: Option<bool>,
    pub status_on_error: Option<u16>,
}

/// What a server may know and write of what filters know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionMetadata {
    #[serde(default)]
    pub accessible_namespaces: Vec<String>,
    #[serde(default)]
    pub writable_namespaces: Vec<String>,
}

/// What a server gets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionProcessing {
    pub allow_mode_override: Option<bool>,
    pub request: Option<ExtensionProcessed>,
    pub response: Option<ExtensionProcessed>,
}

/// What it gets of a message: the headers, and what is said here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionProcessed {
    #[serde(default)]
    pub attributes: Vec<String>,
    /// `Streamed`, `Buffered`, `BufferedPartial` or `FullDuplexStreamed`.
    pub body: Option<String>,
}
