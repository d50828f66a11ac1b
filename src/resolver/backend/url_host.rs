//! Hosts that policies name by a URL alone, as that of a server with the keys of tokens: DNS says where they are, and
//! the authorities of the proxy's machine who may answer for them.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, codes};
use crate::ir::{BackendName, CertificateName, ClusterSettings, Endpoints, Site, TlsOffer};
use crate::parser::manifests::ObjectHead;
use crate::url::UrlHost;

use super::super::backend_tls::{TlsSettings, TrustAnchors};
use super::index::{
    Backend, BackendIndex, BackendObject, BackendRefOutcome, BackendReferrer, BackendTls, Given, Suits,
};

/// What clusters of such hosts are kept apart by: a host may be spoken to with TLS and without.
fn name_of(host: &UrlHost) -> BackendName {
    BackendName {
        namespace: host.scheme().into(),
        name: host.host.as_str().into(),
        port: host.port.into(),
        site: Site::Url,
    }
}

fn endpoints(host: &UrlHost) -> Endpoints {
    match host.address() {
        Some(address) => Endpoints::Static(vec![SocketAddr::new(address, host.port)]),
        None => Endpoints::Dns(vec![(host.host.clone(), host.port.into())]),
    }
}

/// The host's certificate has to carry its name, and the handshake asks for it, where it is no address
/// ([RFC 6066](https://www.rfc-editor.org/rfc/rfc6066#section-3)).
fn encryption(host: &UrlHost, system_ca: &str) -> BackendTls {
    if !host.is_tls {
        return BackendTls::Plain;
    }
    let address = host.address();
    let name = address.map_or_else(|| CertificateName::Dns(host.host.clone()), CertificateName::Ip);
    BackendTls::Tls(Arc::new(TlsSettings {
        server_name: address.is_none().then(|| host.host.clone()),
        anchors: TrustAnchors::System(system_ca.to_owned()),
        names: vec![name],
        offer: TlsOffer::default(),
        client_certificate: None,
        unplaced: None,
        is_missing: false,
    }))
}

impl<'m> BackendIndex<'m> {
    /// The host of a URL that a policy names, `object`. `--resolve` says where it is as it does of a Service `https/HOST:PORT`.
    pub(in super::super) fn resolve_url(
        &mut self,
        (object, from): (&'m ObjectHead, &BackendReferrer<'_>),
        url: &str,
        diagnostics: &mut Diagnostics,
    ) -> BackendRefOutcome {
        let Some(host) = UrlHost::read(url) else {
            let message = "there is nothing to be had by this URL";
            let finding = object.finding(codes::UNUSABLE_OPTION, from.path.clone(), message);
            let finding = finding.label("this cannot be honoured").consequence(from.consequence.describe());
            return Err(diagnostics.error(finding.help("write `http://` or `https://`, a host and a path")));
        };
        let key = (name_of(&host), false);
        if let Some(Ok(known)) = self.by_name.get(&key) {
            return Ok(*known);
        }
        let declared = endpoints(&host);
        let given = self.given(&key.0);
        let id = self.add(Backend {
            name: key.0.clone(),
            object: BackendObject::Url(object),
            protocol: None,
            tls: encryption(&host, &self.settings.system_ca),
            policy: None,
            hostname: given.as_ref().and_then(|_| Given::hostname(&declared)),
            endpoints: given.map_or(declared, |given| given.endpoints),
            is_virtual: false,
            suits: Suits::Every,
            settings: ClusterSettings::none(),
            further_tls: Vec::new(),
            behind: None,
        });
        self.by_name.insert(key, Ok(id));
        Ok(id)
    }
}
