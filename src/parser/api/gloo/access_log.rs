//! Logs of ListenerOption.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use super::http_guards::{OptionFraction, OptionTextPattern};
use crate::parser::api::option_list::Untranslated;

/// `accessLoggingService` and `listenerAccessLoggingService`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAccessLogs {
    #[serde(default)]
    pub access_log: Vec<OptionAccessLog>,
}

/// A log: where its entries go, and which there are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionAccessLog {
    pub file_sink: Option<OptionFileSink>,
    pub filter: Option<OptionLogFilter>,
    pub grpc_service: Option<Untranslated>,
    pub open_telemetry_service: Option<OptionOpenTelemetry>,
}

/// `fileSink`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionFileSink {
    /// The entries as JSON objects.
    pub json_format: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub path: String,
    /// The entries as text.
    pub string_format: Option<String>,
}

/// `openTelemetryService`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionOpenTelemetry {
    pub attributes: Option<OptionLogAttributes>,
    pub body: Option<Value>,
    pub collector: Option<OptionCollector>,
    #[serde(default)]
    pub disable_builtin_labels: bool,
    #[serde(default)]
    pub filter_state_objects_to_log: Vec<String>,
    #[serde(default)]
    pub log_name: String,
}

/// `attributes` of entries.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLogAttributes {
    #[serde(default)]
    pub values: Vec<OptionLogAttribute>,
}

/// An attribute of an entry.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLogAttribute {
    #[serde(default)]
    pub key: String,
    pub value: Option<Value>,
}

/// `collector`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionCollector {
    #[serde(default)]
    pub authority: String,
    #[serde(default)]
    pub endpoint: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub insecure: bool,
    pub ssl_config: Option<Untranslated>,
    pub timeout: Option<GoDuration>,
}

/// `filter`: one of its fields.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionLogFilter {
    /// The API server does not look into it, nor into `orFilter`: filters within filters have no end.
    pub and_filter: Option<Value>,
    pub duration_filter: Option<OptionCompared>,
    pub grpc_status_filter: Option<OptionGrpcStatuses>,
    pub header_filter: Option<OptionHeaderFilter>,
    pub not_health_check_filter: Option<Untranslated>,
    pub or_filter: Option<Value>,
    pub response_flag_filter: Option<OptionResponseFlags>,
    pub runtime_filter: Option<OptionLogShare>,
    pub status_code_filter: Option<OptionCompared>,
    pub traceable_filter: Option<Untranslated>,
}

/// `andFilter` and `orFilter`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLogFilters {
    #[serde(default)]
    pub filters: Vec<OptionLogFilter>,
}

/// `durationFilter` and `statusCodeFilter`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionCompared {
    pub comparison: Option<OptionComparison>,
}

/// `comparison`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionComparison {
    pub op: Option<GlooEnum>,
    pub value: Option<OptionRuntimeNumber>,
}

/// A number that has a name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRuntimeNumber {
    #[serde(default)]
    pub default_value: u32,
    #[serde(default)]
    pub runtime_key: String,
}

/// `grpcStatusFilter`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionGrpcStatuses {
    #[serde(default)]
    pub exclude: bool,
    #[serde(default)]
    pub statuses: Vec<GlooEnum>,
}

/// `headerFilter`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHeaderFilter {
    pub header: Option<OptionLogHeader>,
}

/// `header` of `headerFilter`: a name, and one of its other fields at most.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionLogHeader {
    pub exact_match: Option<String>,
    #[serde(default)]
    pub invert_match: bool,
    #[serde(default)]
    pub name: String,
    pub prefix_match: Option<String>,
    pub present_match: Option<bool>,
    pub range_match: Option<OptionRange>,
    pub safe_regex_match: Option<OptionTextPattern>,
    pub suffix_match: Option<String>,
}

/// Numbers from the first, below the last.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionRange {
    pub end: Option<GlooEnum>,
    pub start: Option<GlooEnum>,
}

/// `responseFlagFilter`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionResponseFlags {
    #[serde(default)]
    pub flags: Vec<String>,
}

/// `runtimeFilter`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLogShare {
    pub percent_sampled: Option<OptionFraction>,
    #[serde(default)]
    pub runtime_key: String,
    #[serde(default)]
    pub use_independent_randomness: bool,
}
