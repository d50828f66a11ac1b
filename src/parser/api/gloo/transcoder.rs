//! `grpcJsonTranscoder` of an HttpListenerOption.

use serde::Deserialize;

use crate::parser::api::option_list::Untranslated;

/// `grpcJsonTranscoder`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionTranscoder {
    pub auto_mapping: bool,
    pub convert_grpc_status: bool,
    pub ignore_unknown_query_parameters: bool,
    pub ignored_query_parameters: Vec<String>,
    pub match_incoming_request_route: bool,
    pub print_options: Option<OptionPrinting>,
    pub proto_descriptor: Option<String>,
    pub proto_descriptor_bin: Option<String>,
    pub proto_descriptor_config_map: Option<Untranslated>,
    pub services: Vec<String>,
}

/// `printOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionPrinting {
    pub add_whitespace: bool,
    pub always_print_enums_as_ints: bool,
    pub always_print_primitive_fields: bool,
    pub preserve_proto_field_names: bool,
}
