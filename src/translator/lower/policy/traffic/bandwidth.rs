//! `bandwidthLimit` ([BandwidthLimitSpec](https://gateway.envoyproxy.io/docs/api/extension_types/#bandwidthlimitspec)).

use crate::diagnostics::FieldPath;
use crate::ir::Bandwidth;
use crate::parser::api::{
    BandwidthLimit, BandwidthTrailers, BandwidthValue, Quantity, RequestBandwidth, ResponseBandwidth,
};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// How fast bodies are sent on. Envoy counts whole KiB in a second: what is over is left out, as with Envoy Gateway.
pub(super) fn lower(said: &BandwidthLimit, faults: &mut Faults<'_>) -> Bandwidth {
    let BandwidthLimit { request, response } = said;
    let request = request.as_ref().and_then(|RequestBandwidth { limit }| kib(limit, &path!["request"], faults));
    let mut told_in = None;
    let response = response.as_ref().and_then(|ResponseBandwidth { limit, response_trailers }| {
        told_in = response_trailers.as_ref().map(|trailers| lower_trailers(trailers, faults));
        kib(limit, &path!["response"], faults)
    });
    Bandwidth { request, response, told_in }
}

fn kib(BandwidthValue { unit, value }: &BandwidthValue, at: &FieldPath, faults: &mut Faults<'_>) -> Option<u64> {
    let seconds = match unit.as_str() {
        "Hour" => 60 * 60,
        "Minute" => 60,
        // The definition has no other.
        _ => 1,
    };
    let Quantity(bytes) = *value;
    let kib = bytes.map(|bytes| bytes / (seconds * 1024)).filter(|kib| *kib > 0);
    if kib.is_none() {
        let message = "it is not a whole number of bytes with 1 KiB in a second at least";
        faults.add(&at.with("limit").with("value"), message, "write a larger number, such as `1Mi`");
    }
    kib
}

fn lower_trailers(BandwidthTrailers { prefix }: &BandwidthTrailers, faults: &mut Faults<'_>) -> String {
    let prefix = prefix.as_deref().unwrap_or_default();
    if !prefix.is_empty() && !prefix.bytes().all(crate::http::is_token) {
        let message = format!("no name of a trailer begins with `{}`", prefix.escape_debug());
        let at = path!["response", "responseTrailers", "prefix"];
        faults.add(&at, message, "write letters, digits and `-`");
    }
    prefix.to_owned()
}
