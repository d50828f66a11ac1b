//! Services as backends: their ports, their endpoints, and what is spoken to them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, codes};
use crate::ir::{BackendName, ClusterSettings, Endpoints, Site, UpstreamProtocol};
use crate::parser::api::{
    AddressType, Endpoint, EndpointPort, EndpointSlice, L4Protocol, Service, ServicePort, ServiceType, TargetPort,
};
use crate::parser::manifests::{Kind, Object, ObjectKey};
use crate::parser::route::RouteKind;
use crate::path;
use crate::port::Port;

use super::index::{
    Backend, BackendIndex, BackendObject, BackendReferrer, BackendTls, Given, Suits, UnreadablePolicy, Unusable,
};

impl<'m> BackendIndex<'m> {
    pub(super) fn look_up_service(
        &mut self,
        name: &BackendName,
        from: &BackendReferrer<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Backend<'m>, Unusable> {
        let given = self.given(name);
        let is_given = given.is_some();
        let service = self.services.get(&(&name.namespace, &name.name)).copied();
        let Some(service) = service else {
            let missing = self.no_service(name);
            // One that the API server refuses is not there, whatever is said of its endpoints.
            if matches!(missing, Unusable::NoService { refused: true, .. }) {
                return Err(missing);
            }
            let is_assumed = self.settings.assume_services;
            let declared = self.dns(name, name.port);
            let hostname = given.as_ref().filter(|given| given.stands_in).and_then(|_| Given::hostname(&declared));
            let endpoints = match given {
                Some(Given { endpoints, stands_in }) if is_assumed || !stands_in => endpoints,
                Some(_) => return Err(missing),
                None if is_assumed => declared,
                None => return Err(missing),
            };
            let assumed = self.assumed(name, endpoints, from, diagnostics);
            return Ok(Backend { is_virtual: !is_given, hostname, ..assumed });
        };
        let port = find_port(&service.spec, name.port, from.kind).map_err(|why| match why {
            // The port may be one of those that cannot be decoded.
            Unusable::NoPort { .. } if lacks_ports(service) => Unusable::NoService { likely: None, refused: true },
            why => why,
        })?;
        let mut hostname = None;
        let endpoints = match given {
            Some(Given { endpoints, stands_in: false }) => endpoints,
            Some(given @ Given { stands_in: true, .. }) => {
                hostname = Given::hostname(&self.service_endpoints(service, port, name)?);
                given.endpoints
            }
            None => self.service_endpoints(service, port, name)?,
        };
        let is_dns = matches!(endpoints, Endpoints::Dns(_));
        let spec = &service.spec;
        let section = Some(port.name.as_str()).filter(|name| !name.is_empty());
        let policy = (port.protocol == L4Protocol::Tcp)
            .then(|| self.policies.of(Kind::Service, &name.namespace, &name.name, section))
            .flatten();
        Ok(Backend {
            name: name.clone(),
            object: BackendObject::Service(service),
            protocol: upstream_protocol(port),
            tls: match self.refused_datagrams(name, port, spec) {
                Some(refused) => refused,
                None if port.protocol == L4Protocol::Tcp => {
                    self.closed(self.policy_tls(policy), name, from, diagnostics)
                }
                None => self.policy_tls(policy),
            },
            policy,
            is_virtual: !is_given && is_dns && !spec.headless && spec.service_type != ServiceType::ExternalName,
            endpoints,
            hostname,
            suits: suits(port),
            settings: ClusterSettings::none(),
            further_tls: Vec::new(),
            behind: None,
        })
    }

    /// A Service that is not in the input. Its port names are not known, so a
    /// policy for one of them may be meant for this port: it fails closed.
    fn assumed(
        &self,
        name: &BackendName,
        endpoints: Endpoints,
        from: &BackendReferrer<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Backend<'m> {
        let kind = from.kind;
        let policy = (kind != RouteKind::Udp)
            .then(|| self.policies.of(Kind::Service, &name.namespace, &name.name, None))
            .flatten();
        let of_port = self.policies.of_any_section(Kind::Service, &name.namespace, &name.name);
        let tls = match (policy, of_port) {
            (None, Some(index)) if kind != RouteKind::Udp => {
                let object = self.policies.get(index).object;
                BackendTls::Invalid(diagnostics.error(
                    object
                        .finding(
                            codes::POLICY_TARGET_NOT_FOUND,
                            ObjectPart::Targets,
                            format!("Service `{}/{}` is assumed, and the names of its ports are not known", name.namespace, name.name),
                        )
                        .label(format!("this may or may not be port {}", name.port))
                        .consequence("traffic for this port of the Service fails: it never goes out in plain text by mistake")
                        .help("add the Service to the input, or leave out `sectionName`"),
                ))
            }
            _ if kind == RouteKind::Udp => self.policy_tls(policy),
            _ => self.closed(self.policy_tls(policy), name, from, diagnostics),
        };
        let name = name.clone();
        Backend {
            name,
            object: BackendObject::Assumed,
            protocol: None,
            tls,
            policy,
            endpoints,
            is_virtual: false,
            suits: Suits::Every,
            hostname: None,
            settings: ClusterSettings::none(),
            further_tls: Vec::new(),
            behind: None,
        }
    }

    /// A policy that asks for TLS on a UDP port, or on a Service that has no
    /// other ports: it is refused, and its datagrams do not go out without it.
    fn refused_datagrams(&self, name: &BackendName, port: &ServicePort, service: &Service) -> Option<BackendTls> {
        if port.protocol == L4Protocol::Tcp {
            return None;
        }
        let has_tcp = service.ports.iter().any(|port| port.protocol == L4Protocol::Tcp);
        let is_meant = |section: Option<&str>| section.map_or(!has_tcp, |section| section == port.name);
        let refused = self.refused_targets.get(&(&name.namespace, &name.name))?;
        let (_, proof) = refused.iter().find(|(section, _)| is_meant(*section))?;
        Some(BackendTls::Invalid(*proof))
    }

    fn policy_tls(&self, policy: Option<usize>) -> BackendTls {
        match policy.map(|index| &self.policies.get(index).value) {
            None => BackendTls::Plain,
            Some(Ok(tls)) => BackendTls::Tls(tls.clone()),
            Some(Err(proof)) => BackendTls::Invalid(*proof),
        }
    }

    /// What goes out in plain text does not go out at all where a policy of the namespace may ask for TLS and nobody can tell
    /// for whom.
    pub(super) fn closed(
        &self,
        tls: BackendTls,
        name: &BackendName,
        from: &BackendReferrer<'_>,
        diagnostics: &mut Diagnostics,
    ) -> BackendTls {
        let BackendName { namespace, name, port: _, site } = name;
        let noun = if *site == Site::Backend { "Backend" } else { "Service" };
        let Some(UnreadablePolicy { name: policy, location }) =
            self.unreadable.get(namespace).filter(|_| tls == BackendTls::Plain)
        else {
            return tls;
        };
        let message = format!("BackendTLSPolicy `{namespace}/{policy}` may be about {noun} `{namespace}/{name}`");
        let mut finding = from.object.finding(codes::POLICY_TARGET_NOT_FOUND, from.path.with("name"), message);
        // It says nothing of the status of who refers.
        (finding.claim, finding.condition) = (None, None);
        let finding = finding
            .label("no connection is made to it: it never goes out in plain text by mistake")
            .related(location.clone(), "whom the policy is about cannot be read")
            .consequence(from.consequence.describe())
            .help("mend the `targetRefs` of the policy");
        BackendTls::Invalid(diagnostics.error(finding))
    }

    pub(super) fn no_service(&self, name: &BackendName) -> Unusable {
        let object = ObjectKey { kind: Kind::Service, namespace: name.namespace.clone(), name: name.name.clone() };
        let likely = self.manifests.likely(Kind::Service, &name.namespace, &name.name);
        Unusable::NoService { likely, refused: self.refused.contains_key(&object) }
    }

    fn dns(&self, name: &BackendName, port: Port) -> Endpoints {
        let BackendName { namespace, name, port: _, site: _ } = name;
        Endpoints::Dns(vec![(format!("{name}.{namespace}.svc.{}", self.settings.cluster_domain), port)])
    }

    fn service_endpoints(
        &self,
        service: &Object<Service>,
        port: &ServicePort,
        name: &BackendName,
    ) -> Result<Endpoints, Unusable> {
        let spec = &service.spec;
        if spec.service_type == ServiceType::ExternalName {
            let target = spec.external_name.clone().unwrap_or_default();
            if !self.settings.allow_external_name {
                return Err(Unusable::ExternalName { target });
            }
            return Ok(Endpoints::Dns(vec![(target, port.port)]));
        }
        if let Some(slices) = self.slices.get(&(&name.namespace, &name.name)) {
            return Ok(Endpoints::Static(ready_addresses(slices, port)));
        }
        match (&port.target_port, spec.headless) {
            (_, false) => Ok(self.dns(name, port.port)),
            (TargetPort::Number(target), true) => Ok(self.dns(name, *target)),
            (TargetPort::Name(name), true) => Err(Unusable::UnknownTargetPort { name: name.clone() }),
        }
    }
}

/// The field of an Upstream for a Service that names what cannot be used.
pub(super) fn field_of(why: &Unusable) -> &'static str {
    let is_of_port =
        matches!(why, Unusable::NoPort { .. } | Unusable::WrongL4 { .. } | Unusable::UnknownTargetPort { .. });
    if is_of_port { "servicePort" } else { "serviceName" }
}

/// Whether some port of a Service could not be decoded.
fn lacks_ports(service: &Object<Service>) -> bool {
    let is_port = |part: &FieldPath| part.0.starts_with(&path!["spec", "ports"].0);
    service.refusal.iter().flat_map(|refusal| &refusal.without).any(is_port)
}

pub(super) fn find_port(service: &Service, number: Port, kind: RouteKind) -> Result<&ServicePort, Unusable> {
    let wanted = if kind == RouteKind::Udp { L4Protocol::Udp } else { L4Protocol::Tcp };
    let mut same = service.ports.iter().filter(|port| port.port == number).peekable();
    let Some(first) = same.peek().copied() else {
        let ports = service.ports.iter().map(|port| port.port.to_string()).collect();
        let targets = |port: &&ServicePort| port.protocol == wanted && port.target_port == TargetPort::Number(number);
        let of_target = service.ports.iter().find(targets).map(|port| port.port);
        return Err(Unusable::NoPort { ports, of_target });
    };
    let protocol = first.protocol;
    same.find(|port| port.protocol == wanted).ok_or(Unusable::WrongL4 { protocol })
}

/// What a Service port's `appProtocol` asks for
/// ([GEP-1911](https://gateway-api.sigs.k8s.io/geps/gep-1911/)). Values that
/// are not listed leave the protocol to the route.
pub(super) fn upstream_protocol(port: &ServicePort) -> Option<UpstreamProtocol> {
    match port.app_protocol.as_deref()? {
        "grpc" | "http2" | "kubernetes.io/h2c" => Some(UpstreamProtocol::Http2),
        "http" | "kubernetes.io/ws" | "kubernetes.io/wss" => Some(UpstreamProtocol::Http1),
        _ => None,
    }
}

/// WebSockets are HTTP/1.1, which gRPC is not.
fn suits(port: &ServicePort) -> Suits {
    match port.app_protocol.as_deref() {
        Some("kubernetes.io/ws" | "kubernetes.io/wss") => Suits::NoGrpc,
        _ => Suits::Every,
    }
}

/// The ready endpoints of a Service port, sorted: the port's name selects the port of each slice.
fn ready_addresses(slices: &[&Object<EndpointSlice>], port: &ServicePort) -> Vec<SocketAddr> {
    let addresses: BTreeSet<_> = ready_endpoints(slices, port).map(|(_, address)| address).collect();
    addresses.into_iter().collect()
}

/// The ready endpoints, each with its address.
pub(super) fn ready_endpoints<'s>(
    slices: &'s [&Object<EndpointSlice>],
    port: &ServicePort,
) -> impl Iterator<Item = (&'s Endpoint, SocketAddr)> {
    let slices = slices.iter().map(|slice| &slice.spec).filter(|slice| slice.address_type != AddressType::Fqdn);
    slices.flat_map(|slice| {
        let target = slice.ports.iter().find(|p| p.name == port.name && p.protocol == port.protocol);
        let number = match (target, &port.target_port) {
            (Some(EndpointPort { port: Some(number), .. }), _) => Some(*number),
            (Some(EndpointPort { port: None, .. }), TargetPort::Number(number)) => Some(*number),
            _ => None,
        };
        let ready = slice.endpoints.iter().filter(|endpoint| endpoint.ready);
        ready.filter_map(move |endpoint| {
            let address = endpoint.addresses.first()?.parse::<IpAddr>().ok()?;
            Some((endpoint, SocketAddr::new(address, number?.number())))
        })
    })
}
