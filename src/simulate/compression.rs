//! Which responses are compressed
//! ([Compressor](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/compressor_filter)).

use crate::ir::{COMPRESSED_TYPES, Compression};

use super::header::{Lines, line, set};

const VARY: &str = "vary";

/// The headers of responses that compressing changes.
pub(super) const CHANGED: [&str; 3] = ["content-encoding", "etag", VARY];

/// Whether a client takes what is compressed with gzip.
pub(super) fn takes_gzip(request: &Lines) -> bool {
    let Some(accepted) = line(request, "accept-encoding") else { return false };
    let quality = |wanted: &str| {
        let entries = accepted.split(',').map(|entry| entry.split(';').map(str::trim));
        let mut found = entries.filter_map(|mut entry| {
            let is_wanted = entry.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let quality = entry.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |text| text.parse().ok());
            quality.filter(|_: &f64| is_wanted)
        });
        found.next_back()
    };
    let gzip = quality("gzip").or_else(|| quality("*")).unwrap_or(0.0);
    gzip > 0.0 && quality("identity").is_none_or(|identity| identity <= gzip)
}

/// Changes the headers of a response with so many bytes as compressing it does, for a client that takes that or not.
pub(super) fn compress(compression: &Compression, is_taken: bool, bytes: usize, lines: &mut Lines) {
    let Compression { least_bytes, types, spares_etags, .. } = compression;
    let media = line(lines, "content-type").map(|media| media.split(';').next().unwrap_or_default().trim());
    let is_listed = |media: &str| match types.as_slice() {
        [] => COMPRESSED_TYPES.contains(&media),
        types => types.iter().any(|one| one == media),
    };
    let stays = line(lines, "cache-control").is_some_and(|control| control.contains("no-transform"));
    let is_meant = u32::try_from(bytes).is_ok_and(|bytes| bytes >= *least_bytes)
        && bytes > 0
        && !stays
        && media.is_none_or(is_listed)
        && !(*spares_etags && line(lines, "etag").is_some())
        && line(lines, "content-encoding").is_none();
    if !is_meant {
        return;
    }
    if is_taken {
        // What is compressed has other bytes than a strong validator is about.
        lines.retain(|(name, value)| name != "etag" || value.starts_with("W/"));
        set(lines, "content-encoding", "gzip");
    }
    let vary = line(lines, VARY).filter(|vary| !vary.is_empty()).map(str::to_owned);
    match vary {
        None => set(lines, VARY, "Accept-Encoding"),
        Some(vary) if vary.to_ascii_lowercase().contains("accept-encoding") => {}
        Some(vary) => set(lines, VARY, &format!("{vary}, Accept-Encoding")),
    }
}
