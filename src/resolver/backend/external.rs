//! XBackends: hosts outside the cluster
//! ([GEP-4894](https://gateway-api.sigs.k8s.io/geps/gep-4894/)).

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Reported, codes};
use crate::ir::{BackendName, ClusterSettings, Endpoints, UpstreamProtocol};
use crate::name::NamespacedName;
use crate::options::Options;
use crate::parser::api::{
    ExternalHostname, XBackendPort, XBackendProtocol, XBackendSpec, XBackendTls, XBackendTlsMode, XBackendType,
};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectKey};
use crate::parser::route::RouteKind;
use crate::path;
use crate::port::Port;
use crate::whole;

use super::super::backend_tls::{TlsSettings, resolve_validation};
use super::super::certificate::{CertificateIndex, Named};
use super::super::client_certificate::resolve_client_certificate;
use super::super::reference_grant::Grants;
use super::index::{
    Backend, BackendIndex, BackendObject, BackendReferrer, BackendTls, ExternalBackend, Given, Suits, Unusable,
};

impl<'m> BackendIndex<'m> {
    /// The port of an XBackend is its own; a reference may repeat it.
    pub(super) fn external_port(
        &self,
        from: &BackendReferrer<'_>,
        key: NamespacedName<'_>,
        port: Option<Port>,
        diagnostics: &mut Diagnostics,
    ) -> Port {
        let Some((object, _)) = self.external.get(&key) else { return port.unwrap_or_default() };
        let own = object.spec.port.port;
        if port.is_some_and(|port| port != own) {
            diagnostics.report(
                from.object
                    .finding(
                        codes::BACKEND_PORT_IGNORED,
                        from.path.with("port"),
                        format!("XBackend `{}` is on port {own}", object.full_name()),
                    )
                    .label("ignored")
                    .related(object.at(&path!["spec", "port", "port"]), "the port that counts")
                    .consequence(format!("connections go to port {own}"))
                    .help("leave `port` out: an XBackend has one port"),
            );
        }
        own
    }

    pub(super) fn look_up_external(
        &mut self,
        name: &BackendName,
        from: &BackendReferrer<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Backend<'m>, Unusable> {
        let given = self.given(name);
        let Some((object, tls)) = self.external.get(&(&name.namespace, &name.name)) else {
            return Err(self.no_external(name));
        };
        let XBackendSpec { backend_type: XBackendType::ExternalHostname, port, protocol, external_hostname, tls: _ } =
            &object.spec;
        let XBackendPort { name: _, port } = port;
        let declared = match external_hostname {
            Some(ExternalHostname { hostname }) => host_endpoints(object, (hostname, *port), from, diagnostics),
            // The schema refuses an ExternalHostname without a hostname.
            None => Endpoints::Static(Vec::new()),
        };
        let hostname = given.as_ref().and_then(|_| Given::hostname(&declared));
        let endpoints = given.map_or(declared, |given| given.endpoints);
        let (protocol, suits) = upstream_protocol(*protocol);
        let (object, tls) = (BackendObject::External(object), tls.clone());
        Ok(Backend {
            name: name.clone(),
            object,
            protocol,
            tls,
            policy: None,
            endpoints,
            is_virtual: false,
            suits,
            hostname,
            settings: ClusterSettings::none(),
            further_tls: Vec::new(),
            behind: None,
        })
    }

    fn no_external(&self, name: &BackendName) -> Unusable {
        let object = ObjectKey { kind: Kind::XBackend, namespace: name.namespace.clone(), name: name.name.clone() };
        let likely = self.manifests.likely(Kind::XBackend, &name.namespace, &name.name);
        Unusable::NoExternal { likely, refused: self.refused.contains_key(&object) }
    }
}

/// Resolves the TLS settings of every XBackend, by namespace and name.
pub(in super::super) fn resolve_external<'m>(
    manifests: &'m Manifests,
    options: &Options,
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> HashMap<NamespacedName<'m>, ExternalBackend<'m>> {
    let objects = manifests.backends.iter();
    objects
        .map(|object| {
            let tls = match &object.spec.tls {
                None | Some(XBackendTls { mode: XBackendTlsMode::None, .. }) => BackendTls::Plain,
                Some(tls) => resolve_tls(object, tls, &options.system_ca, grants, certificates, diagnostics)
                    .map_or_else(BackendTls::Invalid, |settings| BackendTls::Tls(Arc::new(settings))),
            };
            ((&object.metadata.namespace, &object.metadata.name), (object, tls))
        })
        .collect()
}

fn resolve_tls(
    object: &Object<XBackendSpec>,
    tls: &XBackendTls,
    system_ca: &str,
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<TlsSettings, Reported> {
    let XBackendTls { mode: _, client_certificate_ref, validation } = tls;
    let at = whole!["spec", "tls"];
    let Some(validation) = validation else { return Err(report_unverified(object, diagnostics)) };
    let verified = resolve_validation(object, &at.with("validation"), validation, system_ca, certificates, diagnostics);
    let Some(reference) = client_certificate_ref else { return verified };
    let at = at.with("clientCertificateRef");
    let consequence = "requests to the backend get 500: it would refuse connections without a certificate";
    let shown = resolve_client_certificate(object, at, reference, consequence, grants, certificates, diagnostics);
    let (verified, Named { id, unplaced }) = (verified?, shown?);
    Ok(TlsSettings {
        client_certificate: Some(id),
        unplaced: verified.unplaced.or(unplaced),
        is_missing: verified.is_missing || certificates.unseen_words(id).is_some(),
        ..verified
    })
}

/// TLS that does not verify whom it talks to is none.
fn report_unverified(object: &Object<XBackendSpec>, diagnostics: &mut Diagnostics) -> Reported {
    diagnostics.error(
        object
            .finding(codes::UNVERIFIED_TLS, whole!["spec", "tls"], "TLS without `validation` verifies nothing")
            .label("the backend could be anybody")
            .consequence("requests to the backend get 500: nothing is sent to a host that is not verified")
            .help("add `validation` with a `hostname` and `wellKnownCACertificates: System` or `caCertificateRefs`"),
    )
}

/// The hostname, which DNS resolves; an address needs no DNS.
fn host_endpoints(
    object: &Object<XBackendSpec>,
    (hostname, port): (&str, Port),
    from: &BackendReferrer<'_>,
    diagnostics: &mut Diagnostics,
) -> Endpoints {
    let Ok(address) = hostname.parse::<IpAddr>() else {
        return Endpoints::Dns(vec![(hostname.to_owned(), port)]);
    };
    diagnostics.report(
        object
            .finding(
                codes::ADDRESS_AS_HOSTNAME,
                whole!["spec", "externalHostname", "hostname"],
                format!("`{hostname}` is an address, not a hostname"),
            )
            .related(from.object.at(&from.path), "used by this reference")
            .consequence("connections go to this address; other implementations may refuse it")
            .help("write a DNS name"),
    );
    Endpoints::Static(vec![SocketAddr::new(address, port.number())])
}

/// What an XBackend's `protocol` asks for. MCP is carried by HTTP.
fn upstream_protocol(protocol: Option<XBackendProtocol>) -> (Option<UpstreamProtocol>, Suits) {
    match protocol {
        None | Some(XBackendProtocol::Http | XBackendProtocol::Mcp) => (None, Suits::Every),
        Some(XBackendProtocol::Http11) => (Some(UpstreamProtocol::Http1), Suits::NoGrpc),
        Some(XBackendProtocol::Http2 | XBackendProtocol::H2c) => (Some(UpstreamProtocol::Http2), Suits::Every),
        Some(XBackendProtocol::Tcp) => (None, Suits::Bytes),
    }
}

/// Plain text leaves the cluster.
pub(super) fn warn_plain(
    from: &BackendReferrer<'_>,
    backend: &Backend<'_>,
    object: &Object<XBackendSpec>,
    diagnostics: &mut Diagnostics,
) {
    if backend.tls != BackendTls::Plain || !matches!(from.kind, RouteKind::Http | RouteKind::Grpc) {
        return;
    }
    diagnostics.report(
        object
            .finding(codes::PLAINTEXT_EXTERNAL, whole!["spec", "tls"], "requests leave the cluster without encryption")
            .related(from.object.at(&from.path), "used by this reference")
            .consequence("everybody on the way to the host can read and change them")
            .help("add `tls` with `mode: ServerOnly` and a `validation`"),
    );
}
