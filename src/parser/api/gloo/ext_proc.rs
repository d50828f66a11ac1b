//! The options that hand requests and responses to a server, which may change and answer them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use super::header_option::HeaderOption;
use super::http_guards::{OptionTextMatch, OptionTextPattern};
use super::resource_ref::GlooResourceRef;
use crate::parser::api::option_list::Untranslated;

/// `extProc` and its kin of an HttpListenerOption: the server, and what it gets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionProcessor {
    #[serde(default)]
    pub allow_mode_override: bool,
    #[serde(default)]
    pub async_mode: bool,
    #[serde(default)]
    pub disable_clear_route_cache: bool,
    #[serde(default)]
    pub failure_mode_allow: bool,
    #[serde(default)]
    pub filter_metadata: BTreeMap<String, Value>,
    pub filter_stage: Option<OptionFilterStage>,
    pub forward_rules: Option<OptionForwardRules>,
    pub grpc_service: Option<OptionProcessorService>,
    pub max_message_timeout: Option<GoDuration>,
    pub message_timeout: Option<GoDuration>,
    #[serde(default)]
    pub metadata_context_namespaces: Vec<String>,
    pub mutation_rules: Option<OptionMutationRules>,
    pub processing_mode: Option<OptionProcessingMode>,
    #[serde(default)]
    pub request_attributes: Vec<String>,
    #[serde(default)]
    pub response_attributes: Vec<String>,
    #[serde(default)]
    pub stat_prefix: String,
    #[serde(default)]
    pub typed_metadata_context_namespaces: Vec<String>,
}

/// `grpcService`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionProcessorService {
    #[serde(default)]
    pub authority: String,
    pub ext_proc_server_ref: Option<GlooResourceRef>,
    #[serde(default)]
    pub initial_metadata: Vec<HeaderOption>,
    pub retry_policy: Option<Untranslated>,
    pub timeout: Option<Untranslated>,
}

/// `filterStage`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionFilterStage {
    pub predicate: Option<GlooEnum>,
    pub stage: Option<GlooEnum>,
}

/// `processingMode`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionProcessingMode {
    pub request_body_mode: Option<GlooEnum>,
    pub request_header_mode: Option<GlooEnum>,
    pub request_trailer_mode: Option<GlooEnum>,
    pub response_body_mode: Option<GlooEnum>,
    pub response_header_mode: Option<GlooEnum>,
    pub response_trailer_mode: Option<GlooEnum>,
}

/// `forwardRules`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionForwardRules {
    pub allowed_headers: Option<OptionHeaderNames>,
    pub disallowed_headers: Option<OptionHeaderNames>,
}

/// `allowedHeaders` and `disallowedHeaders`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHeaderNames {
    #[serde(default)]
    pub patterns: Vec<OptionTextMatch>,
}

/// `mutationRules`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionMutationRules {
    #[serde(default)]
    pub allow_all_routing: bool,
    #[serde(default)]
    pub allow_envoy: bool,
    pub allow_expression: Option<OptionTextPattern>,
    #[serde(default)]
    pub disallow_all: bool,
    pub disallow_expression: Option<OptionTextPattern>,
    #[serde(default)]
    pub disallow_is_error: bool,
    #[serde(default)]
    pub disallow_system: bool,
}

/// `extProc` and its kin of a RouteOption or a VirtualHostOption.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionProcessing {
    pub disabled: Option<bool>,
    pub overrides: Option<OptionProcessingOverrides>,
}

/// `overrides`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionProcessingOverrides {
    #[serde(default)]
    pub async_mode: bool,
    pub grpc_service: Option<OptionProcessorService>,
    #[serde(default)]
    pub metadata_context_namespaces: Vec<String>,
    pub processing_mode: Option<OptionProcessingMode>,
    #[serde(default)]
    pub request_attributes: Vec<Untranslated>,
    #[serde(default)]
    pub response_attributes: Vec<Untranslated>,
    #[serde(default)]
    pub typed_metadata_context_namespaces: Vec<String>,
}
