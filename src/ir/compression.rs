//! Responses that are compressed.

use serde::Serialize;

use super::default::is_default;

/// How responses are compressed, for clients that take it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Compression {
    /// Whether it goes before others that clients take as gladly.
    #[serde(skip_serializing_if = "is_default")]
    pub is_preferred: bool,
    /// How many bytes a response has at least.
    pub least_bytes: u32,
    /// The media types; empty for those of texts.
    #[serde(skip_serializing_if = "is_default")]
    pub types: Vec<String>,
    /// Whether the proxy is a release that knows no patterns of media types.
    #[serde(skip_serializing_if = "is_default")]
    pub is_old: bool,
    /// Whether responses with an `etag` are left alone.
    #[serde(skip_serializing_if = "is_default")]
    pub spares_etags: bool,
    /// Whether backends are not told which encodings clients take.
    #[serde(skip_serializing_if = "is_default")]
    pub hides_encodings: bool,
    /// What compresses.
    pub library: CompressionLibrary,
}

/// What compresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum CompressionLibrary {
    /// zlib ([Gzip](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/compression/gzip/compressor/v3/gzip.proto)).
    Gzip(GzipSettings),
    /// Brotli with what Envoy sets where nothing is said.
    Brotli,
    /// Zstandard, likewise.
    Zstd,
}

impl Default for CompressionLibrary {
    fn default() -> Self {
        Self::Gzip(GzipSettings::default())
    }
}

impl CompressionLibrary {
    /// The name by which clients and servers agree on it
    /// ([content codings](https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding)).
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// How zlib compresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GzipSettings {
    /// From 1, the fastest, to 9; `None` leaves it to the library.
    #[serde(skip_serializing_if = "is_default")]
    pub level: Option<u8>,
    /// How the library looks for what repeats.
    #[serde(skip_serializing_if = "is_default")]
    pub strategy: CompressionStrategy,
    /// How much memory it takes, from 1 to 9.
    #[serde(skip_serializing_if = "is_default")]
    pub memory: Option<u32>,
    /// How far it looks back, in bits, from 9 to 15.
    #[serde(skip_serializing_if = "is_default")]
    pub window: Option<u32>,
}

/// How the library looks for what repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum CompressionStrategy {
    /// As it likes.
    #[default]
    Usual,
    /// For data of small values.
    Filtered,
    /// By the frequency of bytes alone.
    HuffmanOnly,
    /// By runs of one byte.
    RunLength,
}

/// The media types that are compressed where none are named
/// ([Compressor](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/compressor/v3/compressor.proto)).
pub const COMPRESSED_TYPES: &[&str] = &[
    "application/javascript",
    "application/json",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/plain",
    "text/xml",
];

/// How many bytes a response has at least that is compressed, where nothing is said.
pub const LEAST_COMPRESSED_BYTES: u32 = 30;
