//! Which routes count for the clients of one namespace on one port of a Service
//! ([GEP-1294](https://gateway-api.sigs.k8s.io/geps/gep-1294/)).

use std::collections::{BTreeMap, BTreeSet};

use crate::name::{Name, Namespace};
use crate::port::Port;

use super::super::route_id::RouteId;

/// A port of a Service, as clients connect to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServedPort {
    /// The namespace of the Service.
    pub namespace: Namespace,
    /// The name of the Service.
    pub service: Name,
    /// The port; `None` is every port that no reference has the number of, of a Service that is not in the input.
    pub port: Option<Port>,
    /// Whether it takes datagrams.
    pub is_udp: bool,
}

/// A route that has a port, of the kind that counts there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortHolder {
    /// The route.
    pub route: RouteId,
    /// The parent by which it has the port, in `spec.parentRefs`.
    pub parent: usize,
    /// Whether the parent says which port it is about.
    pub names_port: bool,
    /// The namespace whose clients alone have it; `None` is everybody.
    pub clients: Option<Namespace>,
}

/// The routes that count for one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteSet<'h> {
    /// Those that stand in the namespace of the client, which is not that of the Service.
    Consumer(Vec<&'h PortHolder>),
    /// Those that stand beside the Service, for everybody who has none of their own.
    Producer(Vec<&'h PortHolder>),
    /// None: what is sent to the Service goes on as it would without a mesh.
    None,
}

impl<'h> RouteSet<'h> {
    /// The routes that count for a client, of all that have a port.
    pub fn of(holders: &'h [PortHolder], client: &str) -> Self {
        let among =
            |clients: Option<&str>| holders.iter().filter(|one| one.clients.as_deref() == clients).collect::<Vec<_>>();
        let own = among(Some(client));
        if !own.is_empty() {
            return Self::Consumer(own);
        }
        let others = among(None);
        if others.is_empty() { Self::None } else { Self::Producer(others) }
    }

    /// The routes.
    pub fn holders(&self) -> &[&'h PortHolder] {
        match self {
            Self::Consumer(holders) | Self::Producer(holders) => holders,
            Self::None => &[],
        }
    }
}

/// The routes of every port that some route has.
#[derive(Debug, Default)]
pub struct HeldPorts(pub(super) BTreeMap<ServedPort, Vec<PortHolder>>);

impl HeldPorts {
    /// The routes that count for a client on a port. Of a Service that is not in the input routes may have ports that
    /// nobody names.
    pub fn set(&self, port: &ServedPort, client: &str) -> RouteSet<'_> {
        let unnamed = || self.0.get(&ServedPort { port: None, ..port.clone() });
        self.0.get(port).or_else(unnamed).map_or(RouteSet::None, |holders| RouteSet::of(holders, client))
    }

    /// The routes of all ports.
    pub fn holders(&self) -> impl Iterator<Item = &PortHolder> {
        self.0.values().flatten()
    }

    /// All ports that some route has.
    pub fn ports(&self) -> impl Iterator<Item = &ServedPort> {
        self.0.keys()
    }

    /// The ports of which routes for everybody have some.
    pub fn produced(&self) -> impl Iterator<Item = &ServedPort> {
        let is_for_all = |holders: &Vec<PortHolder>| holders.iter().any(|holder| holder.clients.is_none());
        self.0.iter().filter(move |(_, holders)| is_for_all(holders)).map(|(port, _)| port)
    }

    /// The namespaces whose clients have routes of their own, each with the ports that these are for.
    pub fn consumers(&self) -> BTreeMap<&str, BTreeSet<&ServedPort>> {
        let mut consumers: BTreeMap<&str, BTreeSet<&ServedPort>> = BTreeMap::new();
        for (port, holders) in &self.0 {
            for client in holders.iter().filter_map(|holder| holder.clients.as_deref()) {
                consumers.entry(client).or_default().insert(port);
            }
        }
        consumers
    }
}

#[cfg(test)]
mod tests {
    use super::{Namespace, PortHolder, RouteSet};
    use crate::resolver::RouteId;

    fn holder(route: usize, clients: Option<&str>) -> PortHolder {
        PortHolder { route: RouteId(route), parent: 0, names_port: true, clients: clients.map(Namespace::from) }
    }

    fn routes(set: &RouteSet<'_>) -> Vec<usize> {
        set.holders().iter().map(|holder| holder.route.0).collect()
    }

    #[test]
    fn consumer_routes_replace_producer_routes_and_are_not_added_to_them() {
        let all = [holder(0, None), holder(1, Some("team")), holder(2, None), holder(3, Some("team"))];
        let team = RouteSet::of(&all, "team");
        assert!(matches!(team, RouteSet::Consumer(_)));
        assert_eq!(routes(&team), [1, 3]);
        let others = RouteSet::of(&all, "web");
        assert!(matches!(others, RouteSet::Producer(_)));
        assert_eq!(routes(&others), [0, 2]);
    }

    #[test]
    fn consumer_routes_of_others_are_nobodys_else() {
        assert_eq!(RouteSet::of(&[holder(0, Some("team"))], "web"), RouteSet::None);
        assert_eq!(RouteSet::of(&[], "web"), RouteSet::None);
    }
}
