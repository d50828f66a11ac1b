//! The certificate that a Gateway shows to backends
//! ([GatewayBackendTLS](https://gateway-api.sigs.k8s.io/reference/spec/#gatewaybackendtls)).
//!
//! It turns no TLS on: connections that use TLS show it when the backend asks.

use crate::diagnostics::{Condition, ConditionKind, Diagnostics, ObjectPart, PartPath, Reason, Reported, codes};
use crate::parser::api::{GatewayBackendTls, SecretObjectReference};
use crate::parser::manifests::ObjectHead;

use super::certificate::{CertificateIndex, CertificateReferrer, KeyPairId, Named};
use super::gateway::ResolvedGateway;
use super::reference_grant::Grants;

/// What a Gateway's status says of a certificate that cannot be used.
const INVALID: Condition = Condition::fails(ConditionKind::ResolvedRefs, Reason::InvalidClientCertificateRef);

/// Resolves the certificate of every Gateway that names one.
pub(super) fn resolve_client_certificates(
    gateways: &mut [ResolvedGateway<'_>],
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) {
    for gateway in gateways {
        let backend = gateway.object.spec.tls.as_ref().and_then(|tls| tls.backend.as_ref());
        let Some(GatewayBackendTls { client_certificate_ref: Some(reference) }) = backend else { continue };
        let at = PartPath::from(ObjectPart::ClientCertificate);
        // Backends that insist on a certificate refuse connections without one by themselves.
        let consequence = "connections to backends show no certificate";
        let resolved =
            resolve_client_certificate(gateway.object, at, reference, consequence, grants, certificates, diagnostics);
        gateway.client_certificate = resolved.ok().map(|named| named.id);
    }
}

/// Resolves a certificate that is shown to backends.
pub(super) fn resolve_client_certificate(
    object: &ObjectHead,
    path: PartPath,
    reference: &SecretObjectReference,
    consequence: &str,
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Named<KeyPairId>, Reported> {
    let from = CertificateReferrer {
        kind: object.kind,
        namespace: &object.metadata.namespace,
        path,
        consequence,
        finding: &|code, path, message| {
            let mut finding = object.finding(code, path, message);
            if code != codes::REF_NOT_PERMITTED && finding.claim.is_some() {
                finding.claim = Some(INVALID);
            }
            finding
        },
    };
    certificates.resolve_pair(&from, reference, grants, diagnostics)
}
