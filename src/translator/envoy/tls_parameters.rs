//! Versions, ciphers and curves of handshakes, on either side of the proxy.

use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{TlsParameters, tls_parameters::TlsProtocol};

use crate::ir::TlsVersion;

/// What a handshake may agree on; versions that are `None` are left to Envoy.
pub(super) fn to_parameters(
    [oldest, newest]: [Option<TlsVersion>; 2],
    ciphers: &[String],
    curves: &[String],
) -> TlsParameters {
    TlsParameters {
        tls_minimum_protocol_version: oldest.map_or(TlsProtocol::TlsAuto, to_version) as i32,
        tls_maximum_protocol_version: newest.map_or(TlsProtocol::TlsAuto, to_version) as i32,
        cipher_suites: ciphers.to_vec(),
        ecdh_curves: each_once(curves),
        ..TlsParameters::default()
    }
}

fn to_version(version: TlsVersion) -> TlsProtocol {
    match version {
        TlsVersion::V1_0 => TlsProtocol::TlSv10,
        TlsVersion::V1_1 => TlsProtocol::TlSv11,
        TlsVersion::V1_2 => TlsProtocol::TlSv12,
        TlsVersion::V1_3 => TlsProtocol::TlSv13,
    }
}

/// The curves, each once: Envoy does not load a list that has one twice (seen at 1.40).
fn each_once(curves: &[String]) -> Vec<String> {
    let firsts = curves.iter().enumerate().filter(|(index, curve)| !curves[..*index].contains(curve));
    firsts.map(|(_, curve)| curve.to_owned()).collect()
}
