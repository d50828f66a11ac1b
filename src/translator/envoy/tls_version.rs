//! Versions and curves of TLS, on either side of the proxy.

use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::tls_parameters::TlsProtocol;

use crate::ir::TlsVersion;

/// A version, as Envoy writes it.
pub(super) fn to_version(version: TlsVersion) -> TlsProtocol {
    match version {
        TlsVersion::V1_0 => TlsProtocol::TlSv10,
        TlsVersion::V1_1 => TlsProtocol::TlSv11,
        TlsVersion::V1_2 => TlsProtocol::TlSv12,
        TlsVersion::V1_3 => TlsProtocol::TlSv13,
    }
}

/// The curves, each once: Envoy does not load a list that has one twice (seen at 1.40).
pub(super) fn each_once(curves: &[String]) -> Vec<String> {
    let firsts = curves.iter().enumerate().filter(|(index, curve)| !curves[..*index].contains(curve));
    firsts.map(|(_, curve)| curve.to_owned()).collect()
}
