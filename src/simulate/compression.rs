//! Which responses are compressed
//! ([Compressor](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/compressor_filter)).

use crate::ir::{COMPRESSED_TYPES, Compression};

use super::header::{Lines, line, set};

const VARY: &str = "vary";

/// The headers of responses that compressing changes.
pub(super) const CHANGED: [&str; 3] = ["content-encoding", "etag", VARY];

/// How a response may be compressed, and the encoding that its client takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Compressing<'c> {
    ways: Vec<&'c Compression>,
    chosen: Option<&'static str>,
}

impl<'c> Compressing<'c> {
    /// For a request with such headers. Each library is among them once.
    pub(super) fn new(ways: Vec<&'c Compression>, request: &Lines) -> Self {
        let chosen = choose(&ways, request);
        Self { ways, chosen }
    }

    /// Whether a response may get other headers.
    pub(super) fn is_offered(&self) -> bool {
        !self.ways.is_empty()
    }

    /// Whether a response may get other bytes.
    pub(super) fn is_taken(&self) -> bool {
        self.chosen.is_some()
    }

    /// Changes the headers of a response with so many bytes as compressing it does.
    pub(super) fn compress(&self, bytes: usize, lines: &mut Lines) {
        // The last filter sees it first.
        for way in self.ways.iter().rev() {
            compress(way, self.chosen == Some(way.library.encoding()), bytes, lines);
        }
    }
}

/// What a client takes best; what is preferred goes before what it takes as gladly and names first.
fn choose(ways: &[&Compression], request: &Lines) -> Option<&'static str> {
    let accepted = line(request, "accept-encoding")?;
    let entries: Vec<(&str, f64)> = accepted.split(',').map(entry).collect();
    let refused = |way: &Compression| entries.iter().any(|(name, q)| *name == way.library.encoding() && *q == 0.0);
    let ways: Vec<&Compression> = ways.iter().copied().filter(|way| !refused(way)).collect();
    let way_of = |name: &str| ways.iter().find(|way| way.library.encoding() == name);
    let mut best = ("identity", 0.0);
    for (name, quality) in entries {
        let way = way_of(name);
        let is_known = way.is_some() || ["identity", "*"].contains(&name);
        let is_preferred = way.is_some_and(|way| way.is_preferred);
        if is_known && (quality > best.1 || is_preferred && quality == best.1) {
            best = (name, quality);
        }
    }
    let way = if best.0 == "*" { ways.first() } else { way_of(best.0) };
    way.filter(|_| best.1 > 0.0).map(|way| way.library.encoding())
}

/// An entry of `accept-encoding`, and how gladly it is taken.
fn entry(text: &str) -> (&str, f64) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    (name, quality.map_or(1.0, |text| text.parse().unwrap_or(0.0)))
}

fn compress(compression: &Compression, is_taken: bool, bytes: usize, lines: &mut Lines) {
    let Compression { least_bytes, types, spares_etags, library, .. } = compression;
    let media = line(lines, "content-type").map(|media| media.split(';').next().unwrap_or_default().trim());
    let is_listed = |media: &str| match types.as_slice() {
        [] => COMPRESSED_TYPES.contains(&media),
        types => types.iter().any(|one| one == media),
    };
    let stays = line(lines, "cache-control").is_some_and(|control| control.contains("no-transform"));
    // Where no length is said there may be many bytes: without any, the client is told of encodings all the same.
    let length = line(lines, "content-length").and_then(|length| length.parse().ok()).or((bytes > 0).then_some(bytes));
    let is_meant = length.is_none_or(|bytes| u32::try_from(bytes).is_ok_and(|bytes| bytes >= *least_bytes))
        && !stays
        && media.is_none_or(is_listed)
        && !(*spares_etags && line(lines, "etag").is_some())
        && line(lines, "content-encoding").is_none();
    if !is_meant {
        return;
    }
    if is_taken && bytes > 0 {
        // What is compressed has other bytes than a strong validator is about.
        lines.retain(|(name, value)| name != "etag" || value.starts_with("W/"));
        set(lines, "content-encoding", library.encoding());
    }
    let vary = line(lines, VARY).filter(|vary| !vary.is_empty()).map(str::to_owned);
    match vary {
        None => set(lines, VARY, "Accept-Encoding"),
        Some(vary) if vary.to_ascii_lowercase().contains("accept-encoding") => {}
        Some(vary) => set(lines, VARY, &format!("{vary}, Accept-Encoding")),
    }
}
