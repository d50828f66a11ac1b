//! What of options that hand requests to a server is not translated: all of it may keep requests out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{OptionProcessing, OptionProcessingOverrides, OptionProcessor, OptionProcessorService};

use super::missing::Missing;

const NOT_WAITED: &str = "requests would wait for the server";
const NOT_TOLD: &str = "the server would not be told all";

const WAITS: &str =
    "Envoy either waits for what the server says of each part, or (`observability_mode`) takes nothing that it says";
const ASKED_ONCE: &str = "Envoy opens a stream to such a server once, whatever this says";
const ENDLESS: &str = "Envoy gives streams to such a server no such end; `messageTimeout` is one for each answer";
const OF_SERVER: &str = "Envoy takes attributes from what the server as a whole is told: a rule has none of its own";

pub(super) fn untranslated_processor(server: &OptionProcessor, at: &FieldPath) -> Vec<Missing> {
    let OptionProcessor {
        allow_mode_override: _,
        async_mode,
        disable_clear_route_cache: _,
        failure_mode_allow: _,
        filter_metadata: _,
        filter_stage: _,
        forward_rules: _,
        grpc_service,
        max_message_timeout: _,
        message_timeout: _,
        metadata_context_namespaces: _,
        mutation_rules: _,
        processing_mode: _,
        request_attributes: _,
        response_attributes: _,
        stat_prefix: _,
        typed_metadata_context_namespaces: _,
    } = server;
    let mut fields = vec![(at.with("asyncMode"), *async_mode, NOT_WAITED, WAITS)];
    fields.extend(grpc_service.iter().flat_map(|service| of_service(service, at)));
    missing(fields)
}

/// A field, whether it is set, what is lost without it, and why it is not translated.
type Field = (FieldPath, bool, &'static str, &'static str);

fn of_service(service: &OptionProcessorService, at: &FieldPath) -> [Field; 2] {
    let OptionProcessorService { authority: _, ext_proc_server_ref: _, initial_metadata: _, retry_policy, timeout } =
        service;
    let at = at.with("grpcService");
    [
        (at.with("retryPolicy"), retry_policy.is_some(), "the server would be asked once", ASKED_ONCE),
        (at.with("timeout"), timeout.is_some(), "a stream to the server would last as long as its request", ENDLESS),
    ]
}

pub(super) fn untranslated_processing(said: &OptionProcessing, at: &FieldPath) -> Vec<Missing> {
    let OptionProcessing { disabled: _, overrides } = said;
    let Some(overrides) = overrides else { return Vec::new() };
    let OptionProcessingOverrides {
        async_mode,
        grpc_service,
        metadata_context_namespaces: _,
        processing_mode: _,
        request_attributes,
        response_attributes,
        typed_metadata_context_namespaces: _,
    } = overrides;
    let at = at.with("overrides");
    let mut fields = vec![
        (at.with("asyncMode"), *async_mode, NOT_WAITED, WAITS),
        (at.with("requestAttributes"), !request_attributes.is_empty(), NOT_TOLD, OF_SERVER),
        (at.with("responseAttributes"), !response_attributes.is_empty(), NOT_TOLD, OF_SERVER),
    ];
    fields.extend(grpc_service.iter().flat_map(|service| of_service(service, &at)));
    missing(fields)
}

fn missing(fields: Vec<Field>) -> Vec<Missing> {
    let fields = fields.into_iter().filter(|(_, is_set, ..)| *is_set);
    fields.map(|(path, _, loss, why)| Missing { path, loss, is_security: true, why }).collect()
}
