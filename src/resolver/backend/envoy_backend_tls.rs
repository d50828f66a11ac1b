//! TLS to Backends of Envoy Gateway
//! ([TLS of Backends](https://gateway.envoyproxy.io/docs/tasks/security/backend-tls/)).
//!
//! A Backend says who may vouch for it, or that nobody is asked. A BackendTLSPolicy goes before what it says of that and of
//! the server name. What is neither verified nor said to be unverified is not connected to.

use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Reported, codes};
use crate::ir::{CertificateName, ServerNameSource, TlsOffer, TlsVersion, UpstreamProtocol};
use crate::parser::api::{BackendSpec, BackendTlsOptions, SecretObjectReference, TlsProtocolVersion};
use crate::parser::manifests::{Kind, Object};
use crate::path;
use crate::whole;

use super::super::backend_tls::{SYSTEM, TlsSettings, TrustAnchors, resolve_authorities, unknown_well_known};
use super::super::certificate::{CertificateIndex, KeyPairId, Named};
use super::super::client_certificate::resolve_client_certificate;
use super::super::reference_grant::Grants;
use super::encryption::BackendTls;
use super::refused::{Refused, unusable};
use super::upstream_tls::{CIPHERS, CURVES, H2};

/// What happens where the settings cannot be used.
const FAILS: &str = "requests for this backend get 500: it would refuse connections without a certificate";

/// The names that IANA gives to the ciphers that Envoy knows.
const IANA_CIPHERS: [&str; 14] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
];

/// Whether Envoy knows a cipher of versions before 1.3, by OpenSSL's name or by IANA's.
pub fn is_cipher(name: &str) -> bool {
    CIPHERS.contains(&name) || IANA_CIPHERS.contains(&name)
}

/// Whether Envoy knows a curve of key exchanges.
pub fn is_curve(name: &str) -> bool {
    CURVES.contains(&name)
}

/// What is needed to resolve what Backends name.
pub(super) struct Names<'c, 'm> {
    pub(super) system_ca: &'c str,
    pub(super) certificates: &'c mut CertificateIndex<'m>,
}

/// How connections to a Backend are encrypted. What cannot be honoured of its fields is added to `refused`.
pub(super) fn encryption(
    object: &Object<BackendSpec>,
    policy: Option<&Result<Arc<TlsSettings>, Reported>>,
    names: &mut Names<'_, '_>,
    (refused, diagnostics): (&mut Vec<Refused>, &mut Diagnostics),
) -> BackendTls {
    let of_policy = match policy {
        Some(Err(proof)) => return BackendTls::Invalid(*proof),
        Some(Ok(settings)) => Some(settings),
        None => None,
    };
    let Some(tls) = &object.spec.tls else {
        return of_policy.map_or(BackendTls::Plain, |settings| BackendTls::Tls(Arc::clone(settings)));
    };
    let own = own_settings(object, tls, of_policy.map(Arc::as_ref), names, (refused, diagnostics));
    own.map_or_else(BackendTls::Invalid, |own| BackendTls::Tls(Arc::new(own)))
}

fn own_settings(
    object: &Object<BackendSpec>,
    tls: &BackendTlsOptions,
    of_policy: Option<&TlsSettings>,
    names: &mut Names<'_, '_>,
    (refused, diagnostics): (&mut Vec<Refused>, &mut Diagnostics),
) -> Result<TlsSettings, Reported> {
    let shown = tls.client_certificate_ref.as_ref();
    let shown = shown.map(|reference| client_certificate(object, reference, names, (refused, diagnostics))).transpose();
    let offer = offer(tls, refused);
    let verified = match of_policy {
        Some(policy) => Ok(policy.clone()),
        None => authorities(object, tls, names, diagnostics),
    };
    let (verified, shown) = (verified?, shown?);
    let named = match of_policy {
        Some(policy) => (policy.server_name.clone(), policy.names.clone(), ServerNameSource::Given),
        None => server_name(tls, verified.anchors != TrustAnchors::Unasked),
    };
    let (server_name, wanted, name_source) = named;
    let unseen = |shown: &Named<KeyPairId>| names.certificates.unseen_words(shown.id).is_some();
    Ok(TlsSettings {
        server_name,
        names: wanted,
        offer: TlsOffer { name_source, ..offer },
        client_certificate: shown.as_ref().map(|shown| shown.id),
        unplaced: verified.unplaced.or(shown.as_ref().and_then(|shown| shown.unplaced)),
        is_missing: verified.is_missing || shown.as_ref().is_some_and(unseen),
        ..verified
    })
}

/// Who may vouch for a Backend, by what it says itself.
fn authorities(
    object: &Object<BackendSpec>,
    tls: &BackendTlsOptions,
    names: &mut Names<'_, '_>,
    diagnostics: &mut Diagnostics,
) -> Result<TlsSettings, Reported> {
    let at = whole!["spec", "tls"];
    match tls.well_known_ca_certificates.as_deref() {
        Some(SYSTEM) => Ok(settings(TrustAnchors::System(names.system_ca.to_owned()))),
        Some(other) => Err(diagnostics.error(unknown_well_known(object, &at, other))),
        None if !tls.ca_certificate_refs.is_empty() => {
            let references = (tls.ca_certificate_refs.as_slice(), &[Kind::ConfigMap, Kind::Secret][..]);
            let resolved = resolve_authorities(object, &at, references, names.certificates, diagnostics);
            let Named { id, unplaced } = resolved?;
            let is_missing = id.iter().all(|id| names.certificates.is_unseen(*id));
            Ok(TlsSettings { unplaced, is_missing, ..settings(TrustAnchors::Bundles(id)) })
        }
        None if tls.insecure_skip_verify => {
            report_unverified(object, diagnostics);
            Ok(settings(TrustAnchors::Unasked))
        }
        None => Err(report_no_authorities(object, diagnostics)),
    }
}

/// The name that a handshake asks for, the names of which the certificate must carry one, and where else a name comes from.
fn server_name(tls: &BackendTlsOptions, is_verified: bool) -> (Option<String>, Vec<CertificateName>, ServerNameSource) {
    match &tls.sni {
        Some(sni) => {
            let names = is_verified.then(|| CertificateName::Dns(sni.clone()));
            (Some(sni.clone()), names.into_iter().collect(), ServerNameSource::Given)
        }
        None if tls.auto_sni_from_endpoint_hostname => (None, Vec::new(), ServerNameSource::Endpoint),
        None => (None, Vec::new(), ServerNameSource::Host),
    }
}

fn settings(anchors: TrustAnchors) -> TlsSettings {
    TlsSettings {
        server_name: None,
        anchors,
        names: Vec::new(),
        offer: TlsOffer::default(),
        client_certificate: None,
        unplaced: None,
        is_missing: false,
    }
}

/// The certificate that is shown, of the Backend's own namespace.
fn client_certificate(
    object: &Object<BackendSpec>,
    reference: &SecretObjectReference,
    names: &mut Names<'_, '_>,
    (refused, diagnostics): (&mut Vec<Refused>, &mut Diagnostics),
) -> Result<Named<KeyPairId>, Reported> {
    if reference.namespace.as_ref().is_some_and(|namespace| *namespace != object.metadata.namespace) {
        let why = "is not the namespace of the Backend";
        let help = "remove the field, and put the Secret beside the Backend";
        refused.push(unusable(path!["tls", "clientCertificateRef", "namespace"], why, help));
    }
    let at = whole!["spec", "tls", "clientCertificateRef"];
    // Of another namespace it is refused already.
    resolve_client_certificate(object, at, reference, FAILS, &Grants::all(), names.certificates, diagnostics)
}

/// What is spoken within TLS, where a Backend says which protocols are offered.
pub(super) fn spoken(tls: Option<&BackendTlsOptions>) -> Option<UpstreamProtocol> {
    let offered = tls?.alpn_protocols.as_ref()?;
    let has_http2 = offered.iter().any(|name| name == H2);
    match (has_http2, offered.iter().all(|name| name == H2)) {
        (true, true) => Some(UpstreamProtocol::Http2),
        (true, false) => Some(UpstreamProtocol::Negotiated),
        (false, _) => Some(UpstreamProtocol::Http1),
    }
}

/// What else the handshake says.
fn offer(tls: &BackendTlsOptions, refused: &mut Vec<Refused>) -> TlsOffer {
    let BackendTlsOptions {
        ca_certificate_refs: _,
        well_known_ca_certificates: _,
        insecure_skip_verify: _,
        sni: _,
        auto_sni_from_endpoint_hostname: _,
        client_certificate_ref: _,
        min_version,
        max_version,
        ciphers,
        ecdh_curves,
        signature_algorithms,
        alpn_protocols,
        // What is told of clients is not told of the proxy.
        fingerprints: _,
    } = tls;
    let at = |field: &'static str| path!["tls", field];
    let mut check = |list: &[String], field, is_known: &dyn Fn(&str) -> bool, help| {
        for (index, text) in list.iter().enumerate().filter(|(_, text)| !is_known(text)) {
            refused.push(unusable(at(field).with(index), &format!("`{text}` is none that Envoy knows"), help));
        }
    };
    let ciphers = ciphers.clone().unwrap_or_default();
    check(&ciphers, "ciphers", &is_cipher, "write a cipher such as `ECDHE-RSA-AES128-GCM-SHA256`");
    check(ecdh_curves, "ecdhCurves", &is_curve, "write `X25519`, `P-256`, `P-384` or `P-521`");
    let alpn = alpn_protocols.clone().unwrap_or_default();
    let is_protocol = |text: &str| (1..256).contains(&text.len());
    check(&alpn, "alpnProtocols", &is_protocol, "write the name of a protocol, such as `http/1.1`");
    if !signature_algorithms.is_empty() {
        refused.push(unusable(at("signatureAlgorithms"), "is not translated", "remove the field"));
    }
    TlsOffer {
        alpn,
        oldest: min_version.and_then(tls_version),
        newest: max_version.and_then(tls_version),
        ciphers,
        curves: ecdh_curves.clone(),
        ..TlsOffer::default()
    }
}

/// The version that is named; `None` where it is left to the proxy.
pub fn tls_version(version: TlsProtocolVersion) -> Option<TlsVersion> {
    match version {
        TlsProtocolVersion::Auto => None,
        TlsProtocolVersion::V1_0 => Some(TlsVersion::V1_0),
        TlsProtocolVersion::V1_1 => Some(TlsVersion::V1_1),
        TlsProtocolVersion::V1_2 => Some(TlsVersion::V1_2),
        TlsProtocolVersion::V1_3 => Some(TlsVersion::V1_3),
    }
}

/// TLS that verifies nobody without saying so.
fn report_no_authorities(object: &Object<BackendSpec>, diagnostics: &mut Diagnostics) -> Reported {
    let message = format!("Backend `{}`: `tls` does not say who may vouch for it", object.full_name());
    let finding =
        object.finding(codes::INVALID_BACKEND, whole!["spec", "tls"], message).label("the Backend is not accepted");
    let help =
        "add `wellKnownCACertificates: System` or `caCertificateRefs`, or target the Backend with a BackendTLSPolicy";
    let consequence = "requests for this backend get 500: nothing is sent to a host that is not verified";
    diagnostics.error(finding.consequence(consequence).help(help))
}

/// Warns that whoever answers is trusted.
fn report_unverified(object: &Object<BackendSpec>, diagnostics: &mut Diagnostics) {
    let at = whole!["spec", "tls", "insecureSkipVerify"];
    let message = format!("TLS to Backend `{}` does not verify who answers", object.full_name());
    let finding = object.finding(codes::UNVERIFIED_BACKEND, at, message).label("no authorities");
    let consequence = "requests are encrypted, and whoever answers at the address can read them";
    let help = "remove `insecureSkipVerify`, and add `caCertificateRefs` or `wellKnownCACertificates: System`";
    diagnostics.report(finding.consequence(consequence).help(help));
}
