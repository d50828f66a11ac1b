//! Compressed responses
//! ([Compressor](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/compressor_filter)).

use envoy_types::pb::envoy::config::core::v3::TypedExtensionConfig;
use envoy_types::pb::envoy::extensions::compression::gzip::compressor::v3::{
    Gzip,
    gzip::{CompressionLevel, CompressionStrategy as Strategy},
};
use envoy_types::pb::envoy::extensions::filters::http::compressor::v3::{
    Compressor,
    compressor::{CommonDirectionConfig, ResponseDirectionConfig},
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use crate::ir::{Compression, CompressionStrategy};

use super::proto::{any, exact, http_filter, uint32};

/// The filter that compresses responses.
#[expect(deprecated, reason = "older releases know no other list of media types")]
pub(super) fn to_filter(compression: &Compression) -> HttpFilter {
    let Compression { least_bytes, types, is_old, spares_etags, hides_encodings, level, strategy, memory, window } =
        compression;
    let library = Gzip {
        memory_level: memory.map(uint32),
        // Its levels have their own numbers.
        compression_level: level.map_or(CompressionLevel::DefaultCompression as i32, i32::from),
        compression_strategy: match strategy {
            CompressionStrategy::Usual => Strategy::DefaultStrategy,
            CompressionStrategy::Filtered => Strategy::Filtered,
            CompressionStrategy::HuffmanOnly => Strategy::HuffmanOnly,
            CompressionStrategy::RunLength => Strategy::Rle,
        } as i32,
        window_bits: window.map(uint32),
        chunk_size: None,
    };
    let compressor = Compressor {
        response_direction_config: Some(ResponseDirectionConfig {
            common_config: Some(CommonDirectionConfig {
                min_content_length: Some(uint32(*least_bytes)),
                content_type: if *is_old { types.to_vec() } else { Vec::new() },
                content_type_matcher: types.iter().filter(|_| !is_old).map(|kind| exact(kind)).collect(),
                ..CommonDirectionConfig::default()
            }),
            disable_on_etag_header: *spares_etags,
            remove_accept_encoding_header: *hides_encodings,
            ..ResponseDirectionConfig::default()
        }),
        compressor_library: Some(TypedExtensionConfig {
            name: "envoy.compression.gzip.compressor".to_owned(),
            typed_config: Some(any("envoy.extensions.compression.gzip.compressor.v3.Gzip", &library)),
        }),
        ..Compressor::default()
    };
    http_filter(
        "envoy.filters.http.compressor",
        any("envoy.extensions.filters.http.compressor.v3.Compressor", &compressor),
    )
}
