//! Compressed responses
//! ([Compressor](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/compressor_filter)).

use std::collections::BTreeSet;

use envoy_types::pb::envoy::config::core::v3::TypedExtensionConfig;
use envoy_types::pb::envoy::extensions::compression::brotli::compressor::v3::Brotli;
use envoy_types::pb::envoy::extensions::compression::gzip::compressor::v3::{
    Gzip,
    gzip::{CompressionLevel, CompressionStrategy as Strategy},
};
use envoy_types::pb::envoy::extensions::compression::zstd::compressor::v3::Zstd;
use envoy_types::pb::envoy::extensions::filters::http::compressor::v3::{
    Compressor, CompressorOverrides, CompressorPerRoute, ResponseDirectionOverrides,
    compressor::{CommonDirectionConfig, ResponseDirectionConfig},
    compressor_per_route::Override,
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use envoy_types::pb::google::protobuf::Any;
use prost::Message;

use crate::ir::{Compression, CompressionLibrary, CompressionStrategy, GzipSettings, LEAST_COMPRESSED_BYTES};

use super::proto::{any, exact, http_filter, uint32};

const FILTER: &str = "envoy.filters.http.compressor";

/// The filter that compresses all responses.
pub(super) fn to_filter(compression: &Compression) -> HttpFilter {
    http_filter(FILTER, to_compressor(compression))
}

/// The filters that compress responses where a rule says so. Where clients take what comes, the first one counts.
pub(super) fn filters(compressions: &BTreeSet<Compression>) -> impl Iterator<Item = HttpFilter> {
    let (preferred, others): (Vec<_>, Vec<_>) = compressions.iter().partition(|one| one.is_preferred);
    let to_filter =
        |one: &Compression| HttpFilter { disabled: true, ..http_filter(&filter_name(one), to_compressor(one)) };
    preferred.into_iter().chain(others).map(to_filter)
}

/// What switches them on for the responses of a rule.
pub(super) fn per_route(compressions: &[Compression]) -> impl Iterator<Item = (String, Any)> {
    compressions.iter().map(|compression| {
        let overrides = CompressorOverrides {
            response_direction_config: Some(ResponseDirectionOverrides::default()),
            ..CompressorOverrides::default()
        };
        let message = CompressorPerRoute { r#override: Some(Override::Overrides(overrides)) };
        let config = any("envoy.extensions.filters.http.compressor.v3.CompressorPerRoute", &message);
        (filter_name(compression), config)
    })
}

/// A filter for each way to compress: rules can switch one on, and change little of it.
fn filter_name(Compression { is_preferred, least_bytes, library, .. }: &Compression) -> String {
    let first = if *is_preferred { ".first" } else { "" };
    match *least_bytes {
        LEAST_COMPRESSED_BYTES => format!("{FILTER}.{}{first}", library.encoding()),
        bytes => format!("{FILTER}.{}{first}.{bytes}", library.encoding()),
    }
}

#[expect(deprecated, reason = "older releases know no other list of media types")]
fn to_compressor(compression: &Compression) -> Any {
    let Compression { least_bytes, types, is_old, spares_etags, hides_encodings, is_preferred, library } = compression;
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
        compressor_library: Some(match library {
            CompressionLibrary::Gzip(settings) => gzip(settings),
            CompressionLibrary::Brotli => extension("brotli", "Brotli", &Brotli::default()),
            CompressionLibrary::Zstd => extension("zstd", "Zstd", &Zstd::default()),
        }),
        choose_first: *is_preferred,
        ..Compressor::default()
    };
    any("envoy.extensions.filters.http.compressor.v3.Compressor", &compressor)
}

fn extension(name: &str, message: &str, library: &impl Message) -> TypedExtensionConfig {
    let message = format!("envoy.extensions.compression.{name}.compressor.v3.{message}");
    TypedExtensionConfig {
        name: format!("envoy.compression.{name}.compressor"),
        typed_config: Some(any(&message, library)),
    }
}

fn gzip(GzipSettings { level, strategy, memory, window }: &GzipSettings) -> TypedExtensionConfig {
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
    extension("gzip", "Gzip", &library)
}
