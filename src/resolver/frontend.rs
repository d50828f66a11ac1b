//! Client certificates: whom a Gateway's HTTPS listeners ask, by default and on
//! single ports
//! ([FrontendTLSConfig](https://gateway-api.sigs.k8s.io/reference/spec/#frontendtlsconfig)).
//!
//! Verification never fails open: where no authority can be used, the
//! listeners that need it are refused.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, Finding, FrontendPart, ObjectPart, PartPath, Reported, codes};
use crate::parser::api::{
    FrontendTls, FrontendTlsConfig, FrontendTlsValidation, FrontendValidationMode, GatewaySpec, ObjectReference,
};
use crate::parser::manifests::{Kind, Object};
use crate::port::Port;

use super::certificate::{BundleId, CertificateIndex, CertificateReferrer, Named};
use super::reference_grant::Grants;

/// What the clients of a listener have to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientValidation {
    /// Nothing.
    Unasked,
    /// A certificate of one of these authorities.
    Required(Vec<BundleId>),
    /// A certificate, or not; it is not checked.
    Optional,
}

/// The settings of one Gateway, with whether their authorities have a place.
#[derive(Debug)]
pub(super) struct Frontend {
    default: Result<Named<ClientValidation>, Reported>,
    ports: BTreeMap<Port, Result<Named<ClientValidation>, Reported>>,
}

impl Frontend {
    /// What the HTTPS listeners of a port ask. The setting of a port replaces
    /// the default one as a whole.
    pub(super) fn on_port(&self, port: Port) -> Result<ClientValidation, Reported> {
        self.setting(port).clone().map(|setting| setting.id)
    }

    /// That the authorities for a port are missing, or assumed and nobody says where their files are.
    pub(super) fn unplaced(&self, port: Port) -> Option<Reported> {
        self.setting(port).as_ref().ok().and_then(|setting| setting.unplaced)
    }

    fn setting(&self, port: Port) -> &Result<Named<ClientValidation>, Reported> {
        self.ports.get(&port).unwrap_or(&self.default)
    }

    /// Whether clients are asked anywhere.
    pub(super) fn asks(&self) -> bool {
        let is_unasked = |setting: &Named<ClientValidation>| setting.id == ClientValidation::Unasked;
        self.ports.values().chain([&self.default]).any(|setting| !setting.as_ref().is_ok_and(is_unasked))
    }
}

/// What holds where no setting is.
const UNASKED: Named<ClientValidation> = Named { id: ClientValidation::Unasked, unplaced: None };

/// Resolves the settings of a Gateway.
pub(super) fn resolve_frontend(
    gateway: &Object<GatewaySpec>,
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Frontend {
    let frontend = gateway.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
    let Some(FrontendTls { default, per_port }) = frontend else {
        return Frontend { default: Ok(UNASKED), ports: BTreeMap::new() };
    };
    let mut resolve = |config: &FrontendTlsConfig, at: PartPath| {
        let FrontendTlsConfig { validation } = config;
        match validation {
            None => Ok(UNASKED),
            Some(validation) => {
                resolve_validation(gateway, validation, &at.with("validation"), grants, certificates, diagnostics)
            }
        }
    };
    let default = resolve(default, ObjectPart::Frontend(FrontendPart::Default).into());
    let ports = per_port
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            (entry.port, resolve(&entry.tls, ObjectPart::Frontend(FrontendPart::Port(index)).with("tls")))
        })
        .collect();
    Frontend { default, ports }
}

fn resolve_validation(
    gateway: &Object<GatewaySpec>,
    validation: &FrontendTlsValidation,
    at: &PartPath,
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Named<ClientValidation>, Reported> {
    let FrontendTlsValidation { ca_certificate_refs, mode } = validation;
    // Whatever becomes of the authorities.
    if *mode == FrontendValidationMode::AllowInsecureFallback {
        let finding = gateway
            .finding(
                codes::CLIENTS_NOT_CHECKED,
                at.with("mode"),
                "clients are asked for a certificate, and every answer is accepted",
            )
            .consequence("a client without a certificate, or with one of an unknown authority, is served")
            .help("write `mode: AllowValidOnly`, unless backends check the clients themselves");
        diagnostics.report(finding);
    }
    let mut named: Vec<Named<BundleId>> = Vec::new();
    for (index, reference) in ca_certificate_refs.iter().enumerate() {
        let from = CertificateReferrer {
            kind: gateway.kind,
            namespace: &gateway.metadata.namespace,
            path: at.with("caCertificateRefs").with(index),
            consequence: "client certificates of these authorities are refused",
            finding: &|code, path, message| gateway.finding(code, path, message),
        };
        match certificates.resolve_bundle(&from, reference, grants, diagnostics) {
            Ok(bundle) if named.iter().any(|other| other.id == bundle.id) => {}
            Ok(bundle) => named.push(bundle),
            Err(_) => {}
        }
    }
    let Named { id: bundles, unplaced } = Named::all(&named);
    let unplaced = match cannot_check(gateway, at, ca_certificate_refs, &named, certificates) {
        None => unplaced,
        Some(finding) if named.is_empty() => return Err(diagnostics.error(finding)),
        // They are declared, and so they are judged.
        Some(finding) => Some(diagnostics.error(finding)),
    };
    let clients = match mode {
        FrontendValidationMode::AllowValidOnly => ClientValidation::Required(bundles),
        FrontendValidationMode::AllowInsecureFallback => ClientValidation::Optional,
    };
    Ok(Named { id: clients, unplaced })
}

/// Why no proxy could check the certificates of clients, whatever is declared.
fn cannot_check(
    gateway: &Object<GatewaySpec>,
    at: &PartPath,
    references: &[ObjectReference],
    named: &[Named<BundleId>],
    certificates: &CertificateIndex<'_>,
) -> Option<Finding> {
    let at = at.with("caCertificateRefs");
    if named.iter().all(|bundle| certificates.is_unseen(bundle.id)) {
        let message = "client certificates shall be checked, and no authority can be used for it";
        let finding = gateway.finding(codes::NO_CLIENT_CA, at, message).label("none of these can be used");
        let finding = references.iter().fold(finding, |finding, reference| {
            let ObjectReference { group: _, kind, name, namespace } = reference;
            let kind = if kind == Kind::Secret.name() { Kind::Secret } else { Kind::ConfigMap };
            let namespace = namespace.as_ref().unwrap_or(&gateway.metadata.namespace);
            certificates.relate(finding, kind, (namespace, name), None)
        });
        return Some(
            finding
                .consequence(
                    "the HTTPS listeners of these settings accept no connections: serving them unchecked would be worse",
                )
                .help("mend one of the references, or remove `validation` to serve every client"),
        );
    }
    let message = "authorities of several objects, one of them assumed, cannot be joined";
    certificates.cannot_join(named).then(|| {
        gateway
            .finding(codes::NOT_SUPPORTED, at, message)
            .consequence("the HTTPS listeners of these settings accept no connections")
            .help("add the assumed objects to the input, or join all authorities in one object")
    })
}
