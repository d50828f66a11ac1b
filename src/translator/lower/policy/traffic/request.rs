//! What a BackendTrafficPolicy does to requests on their way: faults on purpose, bodies that are held, and what connections
//! may become.

use crate::diagnostics::FieldPath;
use crate::ir::{
    AbortStatus, Compression, CompressionLibrary, Fault, GzipSettings, LEAST_COMPRESSED_BYTES, Share, Upgrades,
};
use crate::parser::api::{BackendCompression, FaultAbort, FaultDelay, FaultInjection, HttpUpgrade, RequestBuffer};
use crate::path;
use crate::translator::lower::option::fault::share_of;
use crate::translator::lower::option::faults::Faults;

use super::cluster::bytes;

/// `faultInjection` ([FaultInjection](https://gateway.envoyproxy.io/docs/api/extension_types/#faultinjection)).
pub(super) fn lower_fault(said: &FaultInjection, faults: &mut Faults<'_>) -> Fault {
    let FaultInjection { abort, delay } = said;
    let abort = abort.as_ref().map(|FaultAbort { grpc_status, http_status, percentage }| {
        let status = match (http_status, grpc_status) {
            (Some(status), _) => AbortStatus::Http(*status),
            (None, status) => AbortStatus::Grpc(status.unwrap_or_default()),
        };
        if status == AbortStatus::Http(600) {
            let message = "`600` is no status that requests can be answered with";
            faults.add(&path!["abort", "httpStatus"], message, "write a number from 200 to 599");
        }
        (share(&path!["abort", "percentage"], *percentage, faults), status)
    });
    let delay = delay.as_ref().map(|FaultDelay { fixed_delay, percentage }| {
        if fixed_delay.is_zero() {
            let help = "write a length of time above zero";
            faults.add(&path!["delay", "fixedDelay"], "the delay has no length", help);
        }
        (share(&path!["delay", "percentage"], *percentage, faults), fixed_delay.0)
    });
    Fault { abort, delay }
}

fn share(at: &FieldPath, percent: f64, faults: &mut Faults<'_>) -> Share {
    faults.lowered(|place| share_of(place, at, percent).map(Some)).unwrap_or(Share::ALL)
}

/// `requestBuffer` ([RequestBuffer](https://gateway.envoyproxy.io/docs/api/extension_types/#requestbuffer)): the longest body.
pub(super) fn lower_buffer(RequestBuffer { limit }: &RequestBuffer, faults: &mut Faults<'_>) -> Option<u32> {
    let Some(limit) = limit else {
        faults.add(&path![], "`requestBuffer` has no limit", "add `limit`");
        return None;
    };
    let bytes = bytes(*limit, &path!["limit"], faults);
    faults.number(&path!["limit"], bytes, 1..=u32::MAX)
}

/// `compressor`, and `compression` ([Compression](https://gateway.envoyproxy.io/docs/api/extension_types/#compression)): the first
/// goes before others that a client takes as gladly. An entry counts by its type alone.
pub(super) fn lower_compressions(said: &[BackendCompression], faults: &mut Faults<'_>) -> Vec<Compression> {
    let mut compressions: Vec<Compression> = Vec::with_capacity(said.len());
    for (index, BackendCompression { brotli: _, gzip: _, min_content_length, library, zstd: _ }) in
        said.iter().enumerate()
    {
        let library = match library.as_str() {
            "Brotli" => CompressionLibrary::Brotli,
            "Zstd" => CompressionLibrary::Zstd,
            _ => CompressionLibrary::Gzip(GzipSettings::default()),
        };
        if compressions.iter().any(|one| one.library == library) {
            let message = format!("`{}` is there twice", said[index].library);
            faults.add(&path![index, "type"], message, "remove one of the two");
            continue;
        }
        let at = path![index, "minContentLength"];
        let least = min_content_length.and_then(|least| bytes(least, &at, faults));
        let least_bytes = least.unwrap_or(LEAST_COMPRESSED_BYTES);
        let is_preferred = index == 0 && said.len() > 1;
        compressions.push(Compression { is_preferred, least_bytes, library, ..Compression::default() });
    }
    compressions
}

/// `httpUpgrade`: connections may become what is named, and nothing else.
pub(super) fn lower_upgrades(said: &[HttpUpgrade]) -> Upgrades {
    let has = |name: &str| said.iter().any(|own| own.upgrade_type.eq_ignore_ascii_case(name));
    Upgrades { websockets: Some(has("websocket")), tunnels: Some(has("CONNECT")) }
}
