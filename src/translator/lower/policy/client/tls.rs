//! `tls` ([ClientTLSSettings](https://gateway.envoyproxy.io/docs/api/extension_types/#clienttlssettings)).

use crate::ir::TlsTerms;
use crate::parser::api::{ClientTls, ClientTlsResumption, ClientTlsSession};
use crate::path;
use crate::resolver::{is_cipher, is_curve, tls_version};
use crate::translator::lower::option::faults::Faults;

use super::certificates::lower_checks;

/// What is offered in handshakes. Where nothing is said of sessions they are resumed as Envoy does by default.
pub(super) fn lower(said: &ClientTls, faults: &mut Faults<'_>) -> TlsTerms {
    let ClientTls {
        alpn_protocols,
        ciphers,
        client_validation,
        ecdh_curves,
        fingerprints: _,
        max_version,
        min_version,
        session,
        signature_algorithms: _,
    } = said;
    let mut check = |list: &[String], field: &'static str, is_known: &dyn Fn(&str) -> bool, help: &str| {
        for (index, text) in list.iter().enumerate().filter(|(_, text)| !is_known(text)) {
            let message = format!("`{}` is none that Envoy knows", text.escape_debug());
            faults.add(&path![field, index], message, help);
        }
    };
    check(ciphers, "ciphers", &is_cipher, "write a cipher such as `ECDHE-RSA-AES128-GCM-SHA256`");
    check(ecdh_curves, "ecdhCurves", &is_curve, "write `X25519`, `P-256`, `P-384` or `P-521`");
    let is_protocol = |text: &str| (1..256).contains(&text.len());
    check(alpn_protocols, "alpnProtocols", &is_protocol, "write the name of a protocol, such as `http/1.1`");
    let resumption = session.as_ref().map(|ClientTlsSession { resumption }| resumption.as_ref());
    let has = |is_set: fn(&ClientTlsResumption) -> bool| resumption.map(|said| said.is_some_and(is_set));
    TlsTerms {
        alpn: alpn_protocols.to_vec(),
        oldest: min_version.and_then(tls_version),
        newest: max_version.and_then(tls_version),
        ciphers: ciphers.to_vec(),
        curves: ecdh_curves.to_vec(),
        has_tickets: has(|said| said.stateless.is_some()),
        remembers: has(|said| said.stateful.is_some()),
        checks: client_validation.as_deref().map(|said| lower_checks(said, faults)).unwrap_or_default(),
    }
}
