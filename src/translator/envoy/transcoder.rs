//! Requests in JSON that become calls of gRPC
//! ([gRPC-JSON transcoder](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_json_transcoder_filter)).

use envoy_types::pb::envoy::extensions::filters::http::grpc_json_transcoder::v3::{
    GrpcJsonTranscoder,
    grpc_json_transcoder::{DescriptorSet, PrintOptions},
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use crate::ir::{Transcoder, WrittenMessages};

use super::proto::{any, http_filter};

/// The filter that makes calls of requests. It stands before all that asks who may: a rule is looked for anew by the path of
/// the call, and its checks are the ones that count.
pub(super) fn to_filter(transcoder: &Transcoder) -> HttpFilter {
    let Transcoder {
        descriptors,
        services,
        bindings: _,
        maps_all,
        keeps_rule,
        ignored_parameters,
        ignores_unknown_parameters,
        tells_status,
        written,
    } = transcoder;
    let filter = GrpcJsonTranscoder {
        services: services.to_vec(),
        print_options: (*written != WrittenMessages::default()).then(|| to_print_options(*written)),
        match_incoming_request_route: *keeps_rule,
        ignored_query_parameters: ignored_parameters.to_vec(),
        auto_mapping: *maps_all,
        ignore_unknown_query_parameters: *ignores_unknown_parameters,
        convert_grpc_status: *tells_status,
        descriptor_set: Some(DescriptorSet::ProtoDescriptorBin(descriptors.to_vec())),
        ..GrpcJsonTranscoder::default()
    };
    let filter = any("envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder", &filter);
    http_filter("envoy.filters.http.grpc_json_transcoder", filter)
}

fn to_print_options(written: WrittenMessages) -> PrintOptions {
    let WrittenMessages { spaced, whole, numbered, as_declared } = written;
    PrintOptions {
        add_whitespace: spaced,
        always_print_primitive_fields: whole,
        always_print_enums_as_ints: numbered,
        preserve_proto_field_names: as_declared,
        ..PrintOptions::default()
    }
}
