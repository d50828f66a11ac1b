//! Services in the place of Gateways: whose clients requests are, and how these ask.

use std::collections::{HashMap, HashSet};

use crate::hostname::Hostname;
use crate::ir::{GatewayName, Listener, Transport};
use crate::name::{Namespace, NamespacedName};
use crate::resolver::{Frontends, Resolved, ServedPort, service_named};
use crate::simulate::{Request, Simulator};
use crate::translator::lower::Lowered;

/// The header that says which host a request is for.
const HOST: &str = "host";

/// The input as the clients of Services meet it.
#[derive(Clone, Copy, Debug)]
pub struct OfServices<'v> {
    /// The Services that have routes, each once for those of its clients that have the same routes.
    pub frontends: &'v Frontends,
    /// The input, with these in the place of Gateways.
    pub resolved: &'v Resolved<'v>,
    /// The same, lowered.
    pub lowered: &'v Lowered,
    /// The DNS domain of the cluster.
    pub domain: &'v str,
    /// Whether a Service that the input lacks is taken to be there.
    pub assumes: bool,
}

/// Who the clients of listeners are that are ports of Services.
#[derive(Debug)]
pub(super) struct Services<'v> {
    by_name: HashMap<NamespacedName<'v>, Clients<'v>>,
    /// The Services of the input; `None` where any may be there.
    known: Option<HashSet<NamespacedName<'v>>>,
    resolved: &'v Resolved<'v>,
    domain: &'v str,
}

/// The Service, and the namespace whose clients alone have the routes.
type Clients<'v> = (NamespacedName<'v>, Option<&'v Namespace>);

impl<'v> Services<'v> {
    pub(super) fn new(services: &OfServices<'v>) -> Self {
        let OfServices { frontends, resolved, lowered: _, domain, assumes } = *services;
        let by_name = frontends.names().map(|(name, service, client)| (name, (service, client))).collect();
        let known = || resolved.manifests.services.iter().map(|service| service.metadata.sort_key()).collect();
        Self { by_name, known: (!assumes).then(known), resolved, domain }
    }

    /// Whether there is a Service that the clients of a port ask.
    pub(super) fn is_there(&self, listener: &Listener) -> bool {
        let clients = self.clients(listener);
        clients.is_some_and(|(service, _)| self.known.as_ref().is_none_or(|known| known.contains(&service)))
    }

    /// Whether a route has a port by one of its parents.
    pub(super) fn is_held_by(&self, listener: &Listener, route: (&str, &str, &str), parent: usize) -> bool {
        let Some(((namespace, service), client)) = self.clients(listener) else { return false };
        let port = ServedPort {
            namespace: namespace.clone(),
            service: service.clone(),
            port: Some(listener.port),
            is_udp: matches!(listener.transport, Transport::Udp(_)),
        };
        let Resolved { routes, mesh_parents, .. } = self.resolved;
        let set = mesh_parents.held.set(&port, client.map_or("", Namespace::as_str));
        set.holders().iter().any(|holder| {
            let route_of = routes.get(holder.route);
            let metadata = &route_of.object().metadata;
            holder.parent == parent && (route_of.kind().name(), &*metadata.namespace, &*metadata.name) == route
        })
    }

    fn clients(&self, listener: &Listener) -> Option<Clients<'v>> {
        let GatewayName { namespace, name } = listener.gateways.first()?;
        self.by_name.get(&(namespace, name)).copied()
    }

    /// The clients of a port in words.
    pub(super) fn in_words(&self, listener: &Listener) -> String {
        let Some(((namespace, name), client)) = self.clients(listener) else { return String::new() };
        let which = client.map(|client| format!(" in namespace `{client}`")).unwrap_or_default();
        format!("clients of Service `{namespace}/{name}`{which}")
    }

    /// The namespace that a client of a port sends from.
    pub(super) fn from(&self, listener: &Listener) -> Option<&'v Namespace> {
        let ((namespace, _), client) = self.clients(listener)?;
        Some(client.unwrap_or(namespace))
    }

    /// A request as a client sends it that asks for the Service, where the rules are about no other host.
    pub(super) fn named(&self, listener: &Listener, request: Request) -> Request {
        let is_any = request.authority.as_deref() == Some(&Simulator::example_host(&Hostname::Any));
        match self.host(listener) {
            Some(host) if is_any => Request { authority: Some(host), ..request },
            _ => request,
        }
    }

    /// The URL of such a request, which names the Service, and the header that says another host.
    pub(super) fn url(&self, listener: &Listener, request: &Request) -> (String, Option<(String, String)>) {
        let Some(host) = self.host(listener) else { return (request.url(), None) };
        let asked = request.authority.clone().filter(|asked| *asked != host);
        let url = Request { authority: Some(host), ..request.clone() }.url();
        (url, asked.map(|asked| (HOST.to_owned(), asked)))
    }

    /// Whether a client of a port that asks for a host gets to the same Service.
    pub(super) fn is_same(&self, listener: &Listener, host: &str) -> bool {
        let (Some(((namespace, name), _)), Some(from)) = (self.clients(listener), self.from(listener)) else {
            return false;
        };
        service_named(host, from, self.domain) == Some((namespace.as_str(), name.as_str()))
    }

    fn host(&self, listener: &Listener) -> Option<String> {
        let ((namespace, name), _) = self.clients(listener)?;
        Some(format!("{name}.{namespace}"))
    }
}
