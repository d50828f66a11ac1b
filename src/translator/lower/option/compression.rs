//! `gzip` ([Gzip](https://docs.solo.io/gateway/latest/traffic-management/gzip/)).

use crate::ir::{Compression, CompressionLibrary, CompressionStrategy, GzipSettings, LEAST_COMPRESSED_BYTES};
use crate::options::EnvoyVersion;
use crate::parser::api::{GlooEnum, OptionGzip};
use crate::path;

use super::faults::Faults;

/// The release that knows patterns of media types, and warns of lists (seen at 1.36 to 1.40).
const TYPE_PATTERNS: EnvoyVersion = EnvoyVersion(40);

pub(super) fn lower(said: &OptionGzip, version: EnvoyVersion, faults: &mut Faults<'_>) -> Compression {
    let OptionGzip {
        compression_level,
        compression_strategy,
        content_length,
        content_type,
        disable_on_etag_header,
        memory_level,
        remove_accept_encoding_header,
        window_bits,
    } = said;
    for (index, kind) in content_type.iter().enumerate() {
        if kind.is_empty() || kind.chars().any(|c| !c.is_ascii_graphic() || ";,".contains(c)) {
            let message = format!("`{}` is no media type", kind.escape_debug());
            faults.add(&path!["contentType", index], message, "write a type such as `text/html`");
        }
    }
    Compression {
        least_bytes: content_length.unwrap_or(LEAST_COMPRESSED_BYTES),
        types: content_type.to_vec(),
        is_old: version < TYPE_PATTERNS,
        spares_etags: *disable_on_etag_header,
        hides_encodings: *remove_accept_encoding_header,
        is_preferred: false,
        library: CompressionLibrary::Gzip(GzipSettings {
            level: compression_level.as_ref().and_then(|word| level(word, faults)),
            strategy: compression_strategy.as_ref().map(|word| strategy(word, faults)).unwrap_or_default(),
            memory: faults.number(&path!["memoryLevel"], *memory_level, 1..=9),
            window: faults.number(&path!["windowBits"], *window_bits, 9..=15),
        }),
    }
}

/// `None` where it is left to the library.
fn level(GlooEnum(word): &GlooEnum, faults: &mut Faults<'_>) -> Option<u8> {
    match word.as_str() {
        "" | "DEFAULT" | "0" => None,
        // Gloo Gateway's words are older than the numbers of levels.
        "BEST" | "1" => Some(9),
        "SPEED" | "2" => Some(1),
        other => {
            let message = format!("`{other}` is no level");
            faults.add(&path!["compressionLevel"], message, "write `DEFAULT`, `BEST` or `SPEED`");
            None
        }
    }
}

fn strategy(GlooEnum(word): &GlooEnum, faults: &mut Faults<'_>) -> CompressionStrategy {
    match word.as_str() {
        "" | "DEFAULT" | "0" => CompressionStrategy::Usual,
        "FILTERED" | "1" => CompressionStrategy::Filtered,
        "HUFFMAN" | "2" => CompressionStrategy::HuffmanOnly,
        "RLE" | "3" => CompressionStrategy::RunLength,
        other => {
            let message = format!("`{other}` is no strategy");
            let help = "write `DEFAULT`, `FILTERED`, `HUFFMAN` or `RLE`";
            faults.add(&path!["compressionStrategy"], message, help);
            CompressionStrategy::Usual
        }
    }
}
