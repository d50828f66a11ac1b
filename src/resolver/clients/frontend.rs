//! Frontends: Services in the place of Gateways, each of their ports in that of a listener.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::FieldPath;
use crate::name::{Name, Namespace, NamespacedName};
use crate::parser::api::{
    AllowedRoutes, BackendRef, FromNamespaces, GatewaySpec, L4Protocol, L4RouteRule, L4RouteSpec, Listener,
    RouteNamespaces, Service, ServicePort, ServiceType,
};
use crate::parser::labels::Labels;
use crate::parser::manifests::{Kind, Manifests, Metadata, Object, ObjectHead, Position};
use crate::parser::route::RouteKind;
use crate::parser::source::DocumentId;
use crate::port::Port;

use super::super::mesh::{Declared, HeldPorts, ServedPort};

/// In the place of a namespace, the clients of all that have no routes of their own: no namespace has this name.
const ANY_OTHER: &str = "";

/// The port of a Service of which nobody names one.
const USUAL_PORT: Port = Port::HTTP;

/// The Services that clients connect to, by namespace and name.
#[derive(Debug, Default)]
pub struct Frontends(pub(super) Vec<Frontend>);

/// A Service as clients connect to it.
#[derive(Clone, Debug)]
pub(super) struct Frontend {
    /// The Service; its listeners are the ports. Where a Service stands for several clients, each of them has a name of its
    /// own.
    pub(super) gateway: Object<GatewaySpec>,
    /// The namespace and the name of the Service.
    pub(super) service: (Namespace, Name),
    /// The namespace whose clients these are, where they are others than the view is for.
    pub(super) client: Option<Namespace>,
    /// Those of its ports that are served.
    pub(super) ports: Vec<FrontendPort>,
}

/// A port.
#[derive(Clone, Debug)]
pub(super) struct FrontendPort {
    /// Its position in `spec.ports` of the Service.
    pub(super) index: usize,
    /// Whether it takes datagrams.
    pub(super) is_udp: bool,
    /// Whether it may well carry something else than HTTP where a route does not say that it is for this very port.
    pub(super) is_doubtful: bool,
    /// What it does where no route counts: all that arrives goes to the Service.
    pub(super) plain: Object<L4RouteSpec>,
}

impl FrontendPort {
    /// The kind of what it does where no route counts.
    pub(super) fn plain_kind(&self) -> RouteKind {
        if self.is_udp { RouteKind::Udp } else { RouteKind::Tcp }
    }
}

impl Frontends {
    /// The Services of an input that have an address of their own, and those that routes name for parents and the
    /// input lacks, with the ports that the routes name.
    pub fn new(manifests: &Manifests) -> Self {
        Self::some(manifests, missing(manifests, &BTreeSet::new()), |_| true)
    }

    /// The Services with these ports alone. One that the input lacks has those of the ports that are known from elsewhere
    /// as well.
    pub fn with_ports<'m>(manifests: &'m Manifests, ports: &BTreeSet<&'m ServedPort>) -> Self {
        let services: BTreeSet<NamespacedName<'_>> =
            ports.iter().map(|port| (&port.namespace, &port.service)).collect();
        Self::some(manifests, missing(manifests, ports), |key| services.contains(key))
    }

    /// Each Service as those meet it who have routes there: once as the clients of each namespace with routes of its own,
    /// and once as all others, with the ports that these routes are for.
    pub fn of_everybody(manifests: &Manifests, held: &HeldPorts) -> Self {
        let (produced, consumers) = (held.produced().collect::<BTreeSet<_>>(), held.consumers());
        let all = consumers.values().flatten().chain(&produced).copied().collect();
        let whole = Self::with_ports(manifests, &all).0;
        let whole: BTreeMap<NamespacedName<'_>, &Frontend> =
            whole.iter().map(|one| ((&one.service.0, &one.service.1), one)).collect();
        let mut some = Vec::new();
        for (client, ports) in [(ANY_OTHER, &produced)].into_iter().chain(consumers.iter().map(|(c, p)| (*c, p))) {
            let services: BTreeSet<NamespacedName<'_>> =
                ports.iter().map(|port| (&port.namespace, &port.service)).collect();
            let own = services.into_iter().filter_map(|key| whole.get(&key));
            some.extend(own.map(|frontend| frontend.for_client(client, ports)));
        }
        Self(some)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them with the name that stands in the place of a Gateway's, and with the namespace whose clients meet it;
    /// `None` is those of all namespaces that have no routes of their own.
    pub fn names(&self) -> impl Iterator<Item = (NamespacedName<'_>, NamespacedName<'_>, Option<&Namespace>)> {
        self.0.iter().map(|Frontend { gateway, service, client, ports: _ }| {
            let client = client.as_ref().filter(|client| client.as_str() != ANY_OTHER);
            (gateway.metadata.sort_key(), (&service.0, &service.1), client)
        })
    }

    fn some(
        manifests: &Manifests,
        missing: BTreeMap<NamespacedName<'_>, BTreeSet<(Port, bool)>>,
        is_wanted: impl Fn(&NamespacedName<'_>) -> bool,
    ) -> Self {
        let mut frontends: BTreeMap<NamespacedName<'_>, Frontend> = BTreeMap::new();
        let own = manifests.services.iter().map(|service| (service.metadata.sort_key(), service));
        for (key, service) in own.filter(|(key, service)| has_address(&service.spec) && is_wanted(key)) {
            frontends.entry(key).or_insert_with(|| Frontend::of(service));
        }
        for (key, ports) in missing.into_iter().filter(|(key, _)| is_wanted(key)) {
            let ports: Vec<_> = ports.into_iter().map(Some).collect();
            frontends.insert(key, Frontend::new(&absent(key), &ports));
        }
        Self(frontends.into_values().collect())
    }
}

impl Frontend {
    fn of(service: &Object<Service>) -> Self {
        let numbers: Vec<_> = service.spec.ports.iter().map(number).collect();
        let mut frontend = Self::new(&service.head, &numbers);
        // A route for a Service with one port is for that port.
        let is_alone = numbers.iter().flatten().filter(|(_, is_udp)| !is_udp).count() < 2;
        for port in &mut frontend.ports {
            port.is_doubtful = match service.spec.ports.get(port.index).map(Declared::of) {
                Some(Declared::Http) | None => false,
                Some(Declared::Nothing) => !is_alone,
                Some(Declared::Other) => true,
            };
        }
        frontend
    }

    /// `ports` are numbers, and whether they take datagrams; `None` for those that gwctl knows no protocol of.
    fn new(service: &ObjectHead, ports: &[Option<(Port, bool)>]) -> Self {
        let known = || ports.iter().enumerate().filter_map(|(index, port)| Some((index, (*port)?)));
        let spec = GatewaySpec {
            gateway_class_name: Name::default(),
            listeners: known().map(|(_, (number, is_udp))| listener(number, is_udp)).collect(),
            addresses: Vec::new(),
            infrastructure: None,
            allowed_listeners: None,
            tls: None,
            default_scope: None,
        };
        let plain = |number| Object { head: service.clone(), spec: plain(&service.metadata.name, number) };
        let ports = known().map(|(index, (number, is_udp))| FrontendPort {
            index,
            is_udp,
            is_doubtful: false,
            plain: plain(number),
        });
        let ports = ports.collect();
        let Metadata { namespace, name, .. } = &service.metadata;
        let key = (namespace.clone(), name.clone());
        Self { gateway: Object { head: service.clone(), spec }, service: key, client: None, ports }
    }

    /// The same as the clients of a namespace meet it, with some of the ports.
    fn for_client(&self, client: &str, held: &BTreeSet<&ServedPort>) -> Self {
        let (namespace, service) = &self.service;
        let is_held = |port: &FrontendPort, listener: &Listener| {
            let port = |number| ServedPort {
                namespace: namespace.clone(),
                service: service.clone(),
                port: number,
                is_udp: port.is_udp,
            };
            held.contains(&port(Some(listener.port))) || held.contains(&port(None))
        };
        let mut own = self.clone();
        own.client = Some(Namespace::from(client));
        own.gateway.head.metadata.name = Name::from(format!("{service} (clients of {client})"));
        let all = self.ports.iter().zip(&self.gateway.spec.listeners);
        let kept: Vec<_> = all.filter(|(port, listener)| is_held(port, listener)).collect();
        own.gateway.spec.listeners = kept.iter().map(|(_, listener)| (*listener).clone()).collect();
        own.ports = kept.into_iter().map(|(port, _)| port.clone()).collect();
        own
    }
}

/// Whether clients connect to an address of the Service, and not to those of its pods or to a host elsewhere.
fn has_address(service: &Service) -> bool {
    service.service_type != ServiceType::ExternalName && !service.headless
}

fn number(port: &ServicePort) -> Option<(Port, bool)> {
    match port.protocol {
        L4Protocol::Tcp => Some((port.port, false)),
        L4Protocol::Udp => Some((port.port, true)),
        L4Protocol::Sctp => None,
    }
}

/// The Services that routes name for parents and the input lacks, with the ports that they name or that are known from
/// elsewhere: the usual one where nobody names any, and one that stands for all others where these are asked for.
fn missing<'m>(
    manifests: &'m Manifests,
    elsewhere: &BTreeSet<&'m ServedPort>,
) -> BTreeMap<NamespacedName<'m>, BTreeSet<(Port, bool)>> {
    let known: BTreeSet<_> = manifests.services.iter().map(|service| service.metadata.sort_key()).collect();
    let mut missing: BTreeMap<NamespacedName<'_>, BTreeMap<bool, BTreeSet<Port>>> = BTreeMap::new();
    for ServedPort { namespace, service, port, is_udp } in elsewhere {
        if !known.contains(&(namespace, service)) {
            let ports = missing.entry((namespace, service)).or_default().entry(*is_udp).or_default();
            ports.extend(port.or_else(|| unnamed(elsewhere, (namespace, service))));
        }
    }
    for route in manifests.routes() {
        let object = route.object;
        for parent in route.parent_refs.iter().filter(|parent| parent.is_service()) {
            let namespace = parent.namespace.as_ref().unwrap_or(&object.metadata.namespace);
            let key = (namespace, &parent.name);
            if !known.contains(&key) {
                let ports = missing.entry(key).or_default().entry(route.kind == RouteKind::Udp).or_default();
                ports.extend(parent.port);
            }
        }
    }
    let numbered = |(is_udp, mut numbers): (bool, BTreeSet<Port>)| {
        if numbers.is_empty() {
            numbers.insert(USUAL_PORT);
        }
        numbers.into_iter().map(move |number| (number, is_udp))
    };
    missing.into_iter().map(|(key, ports)| (key, ports.into_iter().flat_map(numbered).collect())).collect()
}

/// A port of a Service that none of these is.
fn unnamed(ports: &BTreeSet<&ServedPort>, key: NamespacedName<'_>) -> Option<Port> {
    let own = ports.iter().filter(|port| (&port.namespace, &port.service) == key);
    let named: BTreeSet<Port> = own.filter_map(|port| port.port).collect();
    (USUAL_PORT.number()..=u16::MAX).map(Port::new).find(|port| !named.contains(port))
}

/// What is known of a Service that is not in the input.
fn absent((namespace, name): NamespacedName<'_>) -> ObjectHead {
    let metadata = Metadata {
        namespace: namespace.clone(),
        name: name.clone(),
        labels: Labels::default(),
        annotations: Labels::default(),
        creation_timestamp: None,
        generation: 0,
    };
    let position = Position { document: DocumentId::NOWHERE, base: FieldPath::ROOT, context: false };
    ObjectHead { kind: Kind::Service, version: "v1", metadata, position, refusal: None }
}

fn listener(port: Port, is_udp: bool) -> Listener {
    Listener {
        name: String::new().into(),
        hostname: None,
        port,
        protocol: if is_udp { "UDP" } else { "TCP" }.to_owned(),
        tls: None,
        allowed_routes: AllowedRoutes {
            namespaces: RouteNamespaces { from: FromNamespaces::All, selector: None },
            kinds: Vec::new(),
        },
    }
}

/// One rule for everything that arrives.
fn plain(service: &Name, port: Port) -> L4RouteSpec {
    let backend = BackendRef {
        group: String::new(),
        kind: Kind::Service.name().to_owned(),
        name: service.clone(),
        namespace: None,
        port: Some(port),
        weight: 1,
    };
    let rule = L4RouteRule { name: None, backend_refs: vec![backend] };
    L4RouteSpec { parent_refs: Vec::new(), use_default_gateways: None, rules: vec![rule] }
}
