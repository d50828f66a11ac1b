//! The backends that Upstreams are: a port of a Service, the same with what the Upstream says, or hosts.

use std::net::IpAddr;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Reported, codes};
use crate::ir::{BackendName, ClusterSettings, Endpoints, Site, UpstreamProtocol};
use crate::name::NamespacedName;
use crate::parser::api::{OptionList, UpstreamOption, UpstreamSpec};
use crate::parser::manifests::{Kind, Object, ObjectHead, ObjectKey};
use crate::parser::route::RouteKind;
use crate::path;
use crate::port::Port;
use crate::whole;

use super::super::backend_tls::TlsSettings;
use super::index::{
    Backend, BackendId, BackendIndex, BackendObject, BackendRefOutcome, BackendReferrer, BackendTls, Behind, Given,
    Suits, Unusable,
};
use super::service::find_port;
use super::unusable::unsuitable;
use super::upstream::{Meant, Place, Says, meant, report};
use super::upstream_checks;

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
                let known = self
                    .meant
                    .entry(object.metadata.sort_key())
                    .or_insert_with(|| meant(object, &self.upstream_secrets, diagnostics));
                known.as_ref().ok().cloned()
            }
            None => None,
        };
        let (namespace, name) = (key.0.to_owned(), key.1.to_owned());
        let own = |port| BackendName { namespace, name, port, site: Site::Upstream };
        match known {
            Some(Meant { place: Place::Service(service), says }) => {
                let own = own(service.port);
                let through = self.upstreams.get(&key).map(|object| &object.head);
                let of_upstream = BackendReferrer { path: from.path.clone(), through, ..*from };
                let found = self.resolve_named(&of_upstream, service.clone(), diagnostics);
                if let (Err(_), Some(object)) = (found, self.upstreams.get(&key)) {
                    self.note_nowhere(object.metadata.sort_key(), &service, from.kind == RouteKind::Udp);
                }
                let id = found?;
                if says == Says::default() {
                    return Ok(id);
                }
                let derived = self.derive(own, id, says, from.kind, diagnostics);
                match unsuitable(from, self.get(derived)) {
                    Some(finding) => Err(diagnostics.error(finding)),
                    None => Ok(derived),
                }
            }
            Some(Meant { place: Place::Hosts(endpoints), .. }) => {
                self.resolve_named(from, own(least_port(&endpoints)), diagnostics)
            }
            None => self.resolve_named(from, own(Port::default()), diagnostics),
        }
    }

    /// A port of a Service with what an Upstream says of it.
    fn derive(
        &mut self,
        own: BackendName,
        id: BackendId,
        says: Says,
        kind: RouteKind,
        diagnostics: &mut Diagnostics,
    ) -> BackendId {
        let key = (own, kind == RouteKind::Udp);
        if let Some(Ok(known)) = self.by_name.get(&key) {
            return *known;
        }
        let own = key.0.clone();
        let base = self.get(id).clone();
        let given = self.given(&own).map(|given| given.endpoints);
        let object = self.upstreams.get(&(&own.namespace, &own.name)).copied();
        let is_told = self.is_resolved(&own);
        let port = match base.object {
            BackendObject::Service(service) => find_port(&service.spec, base.name.port, kind).ok(),
            BackendObject::External(_)
            | BackendObject::Upstream(_)
            | BackendObject::Envoy(_)
            | BackendObject::Url(_)
            | BackendObject::Assumed => None,
        };
        let chosen =
            object.filter(|_| !is_told).map(|object| self.choose(object, &says, (&base.name, port), diagnostics));
        let Says { protocol, tls, settings, chosen: _, further_tls } = says;
        let mut settings = self.with_given(&own, settings);
        // A policy of the Service is about the proxies of a tunnel, and nobody could say whether it holds at its end.
        let has_two = (tls.is_some() || settings.tunnel.is_some()) && base.tls != BackendTls::Plain;
        let tls = match object.filter(|_| has_two) {
            Some(object) => {
                let policy = base.policy.map(|policy| self.policies.get(policy).object);
                BackendTls::Invalid(report_two(object, &base.name, policy.map(|policy| &policy.head), diagnostics))
            }
            None => tls.unwrap_or_else(|| base.tls.clone()),
        };
        let protocol = protocol.or(base.protocol);
        if settings.tunnel.is_some() && base.protocol == Some(UpstreamProtocol::Http2) {
            // The proxies are who speaks what the Service says.
            let tunnel = &mut Arc::make_mut(&mut settings).tunnel;
            tunnel.iter_mut().for_each(|tunnel| tunnel.over_http2 = true);
        }
        // A handshake may agree on HTTP/2.
        let has_http2 = settings.tunnel.as_ref().map_or_else(
            || protocol.map_or(tls != BackendTls::Plain, |protocol| protocol == UpstreamProtocol::Http2),
            |tunnel| tunnel.over_http2,
        );
        let refused = object
            .filter(|_| !has_http2)
            .and_then(|object| report(object, upstream_checks::over_http2(&settings.health_checks), diagnostics));
        let mut tls = refused.map_or(tls, BackendTls::Invalid);
        let chosen = chosen.transpose().unwrap_or_else(|proof| {
            tls = BackendTls::Invalid(proof);
            None
        });
        let chosen = chosen.flatten().map(Endpoints::Static);
        let derived = Backend {
            object: object.map_or(base.object, BackendObject::Upstream),
            protocol,
            tls,
            settings,
            further_tls,
            behind: Some(Box::new(Behind { id, name: base.name })),
            is_virtual: base.is_virtual && given.is_none(),
            endpoints: given.or(chosen).unwrap_or(base.endpoints),
            name: own,
            ..base
        };
        let derived = self.add(derived);
        self.by_name.insert(key, Ok(derived));
        derived
    }

    /// The settings with the addresses that are given to hosts of a failover. Such a host is called by the Upstream and its port.
    fn with_given(&mut self, own: &BackendName, settings: Arc<ClusterSettings>) -> Arc<ClusterSettings> {
        if settings.failover.is_none() {
            return settings;
        }
        let mut settings = Arc::unwrap_or_clone(settings);
        let localities = settings.failover.iter_mut().flat_map(|failover| &mut failover.localities);
        for host in localities.flat_map(|locality| &mut locality.hosts) {
            let name = BackendName { port: host.called, ..own.clone() };
            let place = self.given(&name).and_then(|given| match given.endpoints {
                Endpoints::Static(addresses) => addresses.first().map(|at| (at.ip().to_string(), at.port().into())),
                Endpoints::Dns(names) => names.into_iter().next(),
                Endpoints::File(_) => None,
            });
            let Some((address, port)) = place else { continue };
            let declared = std::mem::replace(&mut host.host, address);
            host.hostname = declared.parse::<IpAddr>().is_err().then_some(declared);
            host.port = port;
            host.checked_port = None;
        }
        Arc::new(settings)
    }

    pub(super) fn look_up_upstream(&mut self, name: &BackendName) -> Result<Backend<'m>, Unusable> {
        let given = self.given(name);
        let key = (&name.namespace, &name.name);
        let (Some(object), Some(meant)) = (self.upstreams.get(&key).copied(), self.meant.get(&key)) else {
            let likely = self.manifests.likely(Kind::Upstream, &name.namespace, &name.name);
            let (namespace, name) = (name.namespace.clone(), name.name.clone());
            let refused = self.refused.contains_key(&ObjectKey { kind: Kind::Upstream, namespace, name });
            return Err(Unusable::NoUpstream { likely, refused });
        };
        let Meant { place, says: Says { protocol, tls, settings, chosen: _, further_tls } } = match meant {
            Ok(meant) => meant.clone(),
            Err(proof) => return Err(Unusable::BadUpstream(*proof)),
        };
        let endpoints = match place {
            Place::Hosts(endpoints) => endpoints,
            // Whoever asks for it asks for the Service.
            Place::Service(_) => Endpoints::Static(Vec::new()),
        };
        let hostname = given.as_ref().and_then(|_| Given::hostname(&endpoints));
        let tls = tls.unwrap_or(BackendTls::Plain);
        let (tls, settings) = if given.is_some() { as_one_host(tls, settings) } else { (tls, settings) };
        let settings = self.with_given(name, settings);
        Ok(Backend {
            name: name.clone(),
            object: BackendObject::Upstream(object),
            protocol,
            tls,
            policy: None,
            endpoints: given.map_or(endpoints, |given| given.endpoints),
            is_virtual: false,
            suits: Suits::Every,
            hostname,
            settings,
            further_tls,
            behind: None,
        })
    }
}

/// What stands in for several hosts is asked for the name of the first one.
fn as_one_host(tls: BackendTls, settings: Arc<ClusterSettings>) -> (BackendTls, Arc<ClusterSettings>) {
    let (BackendTls::Tls(own), Some(first)) = (&tls, settings.server_names.first()) else { return (tls, settings) };
    let server_name = first.clone().or_else(|| own.server_name.clone());
    let own = TlsSettings { server_name, ..TlsSettings::clone(own) };
    let settings = ClusterSettings { server_names: Vec::new(), ..ClusterSettings::clone(&settings) };
    (BackendTls::Tls(Arc::new(own)), Arc::new(settings))
}

/// An Upstream and a policy that both say how connections to a Service are encrypted.
pub(super) fn report_two(
    object: &Object<UpstreamSpec>,
    service: &BackendName,
    policy: Option<&ObjectHead>,
    diagnostics: &mut Diagnostics,
) -> Reported {
    let (upstream, service) = (object.full_name(), format!("{}/{}", service.namespace, service.name));
    let OptionList(options) = &object.spec;
    let has_tunnel =
        options.iter().any(|option| matches!(option, UpstreamOption::HttpProxyHostname(to) if !to.is_empty()));
    let (field, what, label) = match has_tunnel {
        true => (
            "httpProxyHostname",
            "do not say together who is to be verified",
            "a tunnel through a Service with a policy",
        ),
        false => ("sslConfig", "both ask for TLS", "two kinds of TLS to one Service"),
    };
    let message = format!("Upstream `{upstream}` and a BackendTLSPolicy of Service `{service}` {what}");
    let mut finding = object.finding(codes::UNSUPPORTED_UPSTREAM, whole!["spec", field], message).label(label);
    if let Some(policy) = policy {
        finding = finding.related(policy.at(&path!["spec", "targetRefs"]), "the policy of the Service");
    }
    diagnostics.error(finding.consequence("requests for this backend get 500").help("keep one of the two"))
}

/// The least port of the hosts, by which their backend is called, whatever their order is.
pub(super) fn least_port(endpoints: &Endpoints) -> Port {
    let port = match endpoints {
        Endpoints::Static(addresses) => addresses.iter().map(|address| address.port().into()).min(),
        Endpoints::Dns(names) => names.iter().map(|(_, port)| *port).min(),
        // A file has none, and names of backends have one.
        Endpoints::File(_) => Some(Port::HTTP),
    };
    port.unwrap_or_default()
}
