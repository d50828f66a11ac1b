//! The backends that Upstreams are: a port of a Service, the same with what the Upstream says, or hosts.

use std::net::SocketAddr;

use crate::diagnostics::Diagnostics;
use crate::ir::{BackendName, Endpoints, Site};
use crate::name::NamespacedName;
use crate::parser::manifests::{Kind, ObjectKey};
use crate::parser::route::RouteKind;
use crate::spelling::nearest;

use super::index::{
    Backend, BackendId, BackendIndex, BackendObject, BackendRefOutcome, BackendReferrer, BackendTls, Behind, Given,
    Suits, Unusable,
};
use super::upstream::{Meant, Place, Says, meant};

impl<'m> BackendIndex<'m> {
    /// What a reference to an Upstream stands for.
    pub(super) fn resolve_upstream(
        &mut self,
        from: &BackendReferrer<'_>,
        key: NamespacedName<'_>,
        diagnostics: &mut Diagnostics,
    ) -> BackendRefOutcome {
        let known = match self.upstreams.get(&key) {
            Some(object) => {
                let known = self.meant.entry(object.metadata.sort_key()).or_insert_with(|| meant(object, diagnostics));
                known.as_ref().ok().cloned()
            }
            None => None,
        };
        let (namespace, name) = (key.0.to_owned(), key.1.to_owned());
        let own = |port| BackendName { namespace, name, port, site: Site::Upstream };
        match known {
            Some(Meant { place: Place::Service(service), says }) => {
                let own = own(service.port);
                let id = self.resolve_named(from, service, diagnostics)?;
                Ok(if says == Says::default() { id } else { self.derive(own, id, says, from.kind) })
            }
            Some(Meant { place: Place::Hosts(endpoints), .. }) => {
                self.resolve_named(from, own(least_port(&endpoints)), diagnostics)
            }
            None => self.resolve_named(from, own(0), diagnostics),
        }
    }

    /// A port of a Service with what an Upstream says of it.
    fn derive(&mut self, own: BackendName, id: BackendId, says: Says, kind: RouteKind) -> BackendId {
        let key = (own, kind == RouteKind::Udp);
        if let Some(Ok(known)) = self.by_name.get(&key) {
            return *known;
        }
        let own = key.0.clone();
        let base = self.get(id).clone();
        let given = self.given(&own).map(|given| given.endpoints);
        let object = self.upstreams.get(&(&own.namespace, &own.name));
        let Says { protocol, settings } = says;
        let derived = Backend {
            object: object.map_or(base.object, |object| BackendObject::Upstream(object)),
            protocol: protocol.or(base.protocol),
            settings,
            behind: Some(Behind { id, name: base.name }),
            is_virtual: base.is_virtual && given.is_none(),
            endpoints: given.unwrap_or(base.endpoints),
            name: own,
            ..base
        };
        let derived = self.add(derived);
        self.by_name.insert(key, Ok(derived));
        derived
    }

    pub(super) fn look_up_upstream(&mut self, name: &BackendName) -> Result<Backend<'m>, Unusable> {
        let given = self.given(name);
        let key = (&name.namespace, &name.name);
        let (Some(object), Some(meant)) = (self.upstreams.get(&key), self.meant.get(&key)) else {
            let names = self.upstreams.keys().filter(|(namespace, _)| **namespace == name.namespace);
            let near = nearest(&name.name, names.map(|(_, name)| *name)).cloned();
            let (namespace, name) = (name.namespace.clone(), name.name.clone());
            let refused = self.refused.contains_key(&ObjectKey { kind: Kind::Upstream, namespace, name });
            return Err(Unusable::NoUpstream { near, refused });
        };
        let Meant { place, says: Says { protocol, settings } } = match meant {
            Ok(meant) => meant.clone(),
            Err(proof) => return Err(Unusable::BadUpstream(*proof)),
        };
        let endpoints = match place {
            Place::Hosts(endpoints) => endpoints,
            // Whoever asks for it asks for the Service.
            Place::Service(_) => Endpoints::Static(Vec::new()),
        };
        let hostname = given.as_ref().and_then(|_| Given::hostname(&endpoints));
        Ok(Backend {
            name: name.clone(),
            object: BackendObject::Upstream(object),
            protocol,
            tls: BackendTls::Plain,
            policy: None,
            endpoints: given.map_or(endpoints, |given| given.endpoints),
            is_virtual: false,
            suits: Suits::Every,
            hostname,
            settings,
            behind: None,
        })
    }
}

/// The least port of the hosts, by which their backend is called, whatever their order is.
fn least_port(endpoints: &Endpoints) -> u16 {
    let port = match endpoints {
        Endpoints::Static(addresses) => addresses.iter().map(SocketAddr::port).min(),
        Endpoints::Dns(names) => names.iter().map(|(_, port)| *port).min(),
    };
    port.unwrap_or_default()
}
