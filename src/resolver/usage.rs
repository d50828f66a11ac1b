//! Through which Gateways routes use which backends: the ancestors of policies
//! and the parents of XBackends in their status
//! ([PolicyAncestorStatus](https://gateway-api.sigs.k8s.io/reference/spec/#policyancestorstatus)).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::ir::{BackendName, Site};
use crate::name::{Name, Namespace, NamespacedName, SectionName};
use crate::parser::route::RouteKind;

use super::attachment::RouteParent;
use super::backend::{Backend, BackendId, BackendIndex, BackendObject};

/// The uses of backends while routes are gone through: of XBackends, and of the
/// Services that policies name. Nobody asks about other ones.
#[derive(Debug)]
pub(super) struct UsageBuilder<'m> {
    /// By namespace and name.
    services: HashSet<NamespacedName<'m>>,
    users: HashMap<BackendId, Users>,
}

/// The Gateways, by their position in the resolved list, through which a backend is used.
#[derive(Debug, Default)]
struct Users {
    all: BTreeSet<usize>,
    /// Those through which requests or TLS reach it, as policies on traffic see it.
    requests: BTreeSet<usize>,
    /// Those through which connections reach it, which policies on TLS apply to; datagrams have none.
    connections: BTreeSet<usize>,
}

impl<'m> UsageBuilder<'m> {
    pub(super) fn new(services: HashSet<NamespacedName<'m>>) -> Self {
        Self { services, users: HashMap::new() }
    }

    /// Notes that a route of `kind` with these parents uses a backend.
    pub(super) fn add(&mut self, id: BackendId, backend: &Backend<'_>, kind: RouteKind, parents: &[RouteParent]) {
        let BackendName { namespace, name, port: _, site } = &backend.name;
        if *site == Site::Missing {
            return;
        }
        if *site == Site::Internal && !self.services.contains(&(namespace, name)) {
            return;
        }
        // Through a Gateway that is assumed or missing nobody uses anything yet.
        let known = parents.iter().filter(|parent| parent.gateway.is_some());
        let mut gateways = known.flat_map(|parent| &parent.listeners).map(|id| id.gateway).peekable();
        if gateways.peek().is_none() {
            return;
        }
        let users = self.users.entry(id).or_default();
        for gateway in gateways {
            users.all.insert(gateway);
            if !matches!(kind, RouteKind::Tcp | RouteKind::Udp) {
                users.requests.insert(gateway);
            }
            if kind != RouteKind::Udp {
                users.connections.insert(gateway);
            }
        }
    }

    pub(super) fn build(self, backends: &BackendIndex<'_>) -> BackendUsage {
        let mut usage = BackendUsage::default();
        for (id, Users { all, requests, connections }) in self.users {
            let backend = backends.get(id);
            let BackendName { namespace, name, port, site } = &backend.name;
            let key = (namespace.clone(), name.clone());
            if *site == Site::Backend {
                usage.envoy.entry(key).or_default().extend(connections);
                continue;
            }
            // Nobody asks for the users of an Upstream, or of a host that a URL names.
            if matches!(site, Site::Upstream | Site::Url) {
                continue;
            }
            if *site == Site::External {
                usage.external.entry(key).or_default().extend(all);
                continue;
            }
            let service = usage.services.entry(key).or_default();
            let mut section = None;
            if let BackendObject::Service(object) = backend.object {
                section = object.spec.ports.iter().find(|own| own.port == *port).map(|own| own.name.clone());
                service.declared = object.spec.ports.iter().map(|port| port.name.clone()).collect();
            }
            let port = service.ports.entry(section).or_default();
            port.requests.extend(requests);
            port.connections.extend(connections);
        }
        usage
    }
}

/// The Gateways, by their position in the resolved list, through which each backend is used.
#[derive(Clone, Debug, Default)]
pub struct BackendUsage {
    /// By namespace and name.
    services: BTreeMap<(Namespace, Name), ServiceUsage>,
    /// By namespace and name of the XBackend.
    external: BTreeMap<(Namespace, Name), BTreeSet<usize>>,
    /// By namespace and name of the Backend: those through which connections reach it.
    envoy: BTreeMap<(Namespace, Name), BTreeSet<usize>>,
}

/// The use of one Service.
#[derive(Clone, Debug, Default)]
struct ServiceUsage {
    /// The names of its ports.
    declared: BTreeSet<SectionName>,
    /// By the name of the port; `None` where that is not known.
    ports: BTreeMap<Option<SectionName>, PortUsage>,
}

/// The Gateways through which a port is used.
#[derive(Clone, Debug, Default)]
struct PortUsage {
    requests: BTreeSet<usize>,
    connections: BTreeSet<usize>,
}

impl BackendUsage {
    /// The Gateways through which policies on traffic matter to a Service.
    pub(super) fn requests_of(&self, namespace: &Namespace, name: &Name) -> BTreeSet<usize> {
        let service = self.services.get(&(namespace.clone(), name.clone()));
        service
            .into_iter()
            .flat_map(|service| service.ports.values())
            .flat_map(|port| &port.requests)
            .copied()
            .collect()
    }

    /// The Gateways through which policies on TLS matter to a Service, or to one of its ports. A port that the
    /// Service does not have stands for all of them, so that whoever asks for it is told.
    pub(super) fn connections_of(&self, namespace: &Namespace, name: &Name, section: Option<&str>) -> BTreeSet<usize> {
        let Some(service) = self.services.get(&(namespace.clone(), name.clone())) else { return BTreeSet::new() };
        let wanted = section.filter(|section| service.declared.contains(*section));
        let used = service.ports.iter().filter(|(port, _)| wanted.is_none() || port.as_deref() == wanted);
        used.flat_map(|(_, port)| &port.connections).copied().collect()
    }

    /// The Gateways through which policies on TLS matter to a Backend.
    pub(super) fn connections_of_backend(&self, namespace: &Namespace, name: &Name) -> BTreeSet<usize> {
        self.envoy.get(&(namespace.clone(), name.clone())).cloned().unwrap_or_default()
    }

    /// The Gateways that use an XBackend.
    pub fn of_external(&self, namespace: &Namespace, name: &Name) -> impl Iterator<Item = usize> {
        self.external.get(&(namespace.clone(), name.clone())).into_iter().flatten().copied()
    }
}
