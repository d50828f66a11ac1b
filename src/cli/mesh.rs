//! Requests of clients that connect to Services: which Service a host stands for, and who answers there.

use std::net::IpAddr;

use super::trace::{Clients, CountingRoutes, Trace, Tracer};
use super::unlooked::unread_of_mesh;
use crate::compile::{ClientView, Compilation, view_of_clients};
use crate::ir::{Config, GatewayName};
use crate::name::{Name, Namespace, owned};
use crate::options::Options;
use crate::parser::api::{L4Protocol, Service, ServiceType};
use crate::parser::manifests::Object;
use crate::proving::RequestCase;
use crate::resolver::{RouteSet, ServedPort, service_named};
use crate::simulate::{Decision, Request, Security, Simulator};

/// How clients write the names of Services.
const NAMES: &str = "`NAME`, `NAME.NAMESPACE`, `NAME.NAMESPACE.svc` or `NAME.NAMESPACE.svc.DOMAIN`";

/// An address in the place of a host, as URLs have it.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// What the clients of a namespace meet, with the input that it is made of.
pub(super) struct ClientSide<'c> {
    compilation: &'c Compilation,
    view: ClientView,
    assumes_services: bool,
    /// The DNS domain of the cluster.
    domain: &'c str,
}

impl<'c> ClientSide<'c> {
    pub(super) fn new(compilation: &'c Compilation, client: &str, options: &'c Options) -> Self {
        let view = view_of_clients(&compilation.manifests, client, options);
        Self { compilation, view, assumes_services: options.assume.services, domain: &options.cluster_domain }
    }

    /// Who answers at a Service.
    pub(super) fn simulator(&self, service: &GatewayName) -> Simulator<'_> {
        Simulator::of_gateway(self.config(), service)
    }

    /// What the clients are served by.
    pub(super) fn config(&self) -> &Config {
        self.view.lowered.judged()
    }

    /// What puts decisions in the words of the manifests.
    pub(super) fn tracer(&self) -> Tracer<'_> {
        Tracer::of(self.compilation, &self.view.lowered)
    }

    /// The Service that a client connects to by the host of a URL, where it has the port.
    ///
    /// # Errors
    /// Why nobody knows who gets the request, in words.
    pub(super) fn service(&self, host: &str, request: &Request) -> Result<GatewayName, String> {
        let named = match address(host) {
            Some(address) => self.at(address)?,
            None => {
                // Names have no letter case.
                let lower = host.to_ascii_lowercase();
                let Some((namespace, name)) = service_named(&lower, &self.view.client, self.domain) else {
                    return Err(format!(
                        "`{host}` is no name of a Service: clients ask for {NAMES}, or for a `clusterIP`"
                    ));
                };
                GatewayName { namespace: Namespace::from(namespace), name: Name::from(name) }
            }
        };
        let services = &self.compilation.manifests.services;
        match services.iter().find(|service| service.metadata.sort_key() == (&named.namespace, &named.name)) {
            Some(service) => self.check_port(service, &named, request)?,
            None if self.assumes_services && self.listens(&named, request) => {}
            None if self.assumes_services => {
                let port = request.connection.port;
                return Err(format!("Service `{named}` is assumed, and no route names its port {port}"));
            }
            None => return Err(format!("Service `{named}` is not in the input")),
        }
        match unread_of_mesh(self.compilation) {
            Some(why) => Err(format!("what could not be read may take the request{why}")),
            None => Ok(named),
        }
    }

    /// The Service that an address is a `clusterIP` of.
    fn at(&self, address: IpAddr) -> Result<GatewayName, String> {
        let services = self.compilation.manifests.services.iter();
        let mut found = services.filter(|service| service.spec.cluster_ips().any(|own| own == address));
        let name = |service: &Object<Service>| GatewayName::new(service.metadata.sort_key());
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(name(only)),
            (None, _) => Err(format!("{address} is the `clusterIP` of no Service of the input")),
            (Some(one), Some(other)) => {
                Err(format!("{address} is the `clusterIP` of Service `{}` and of `{}`", name(one), name(other)))
            }
        }
    }

    fn check_port(&self, service: &Object<Service>, named: &GatewayName, request: &Request) -> Result<(), String> {
        if self.listens(named, request) {
            return Ok(());
        }
        if service.spec.service_type == ServiceType::ExternalName {
            return Err(format!("Service `{named}` is another name of a host outside: no route of a mesh is for it"));
        }
        if service.spec.headless {
            return Err(format!(
                "Service `{named}` is headless: its clients connect to pods, and no route is for them"
            ));
        }
        let (transport, protocol) = match request.connection.security {
            Security::Udp => ("UDP", L4Protocol::Udp),
            Security::Plain | Security::Tls { .. } => ("TCP", L4Protocol::Tcp),
        };
        let ports = service.spec.ports.iter().filter(|port| port.protocol == protocol);
        let ports: Vec<String> = ports.map(|port| port.port.to_string()).collect();

        let port = request.connection.port;
        Err(match ports.as_slice() {
            [] => format!("Service `{named}` has no {transport} port"),
            ports => {
                format!("Service `{named}` has no {transport} port {port}: those that it has are {}", ports.join(", "))
            }
        })
    }

    fn listens(&self, service: &GatewayName, request: &Request) -> bool {
        let serving = Simulator::gateways_of(self.config(), &request.connection);
        serving.into_iter().any(|name| name == service)
    }

    /// The Service that a case is about, which says from where it asks.
    ///
    /// # Errors
    /// Why nobody knows who gets the request, in words.
    pub(super) fn service_of(&self, case: &RequestCase, request: &Request) -> Result<GatewayName, String> {
        match case.gateway {
            Some(_) => {
                Err("`from` asks for a Service, and `gateway` for a Gateway: they exclude each other".to_owned())
            }
            None => self.service(&case.request.url.host, request),
        }
    }

    /// Which routes count for the clients on the port that a request is for.
    fn counting(&self, service: &GatewayName, request: &Request) -> CountingRoutes {
        let (namespace, service) = owned((&service.namespace, &service.name));
        let port = ServedPort {
            namespace,
            service,
            port: Some(request.connection.port),
            is_udp: request.connection.security == Security::Udp,
        };
        match self.view.held.set(&port, &self.view.client) {
            RouteSet::Consumer(_) => CountingRoutes::Consumer,
            RouteSet::Producer(_) => CountingRoutes::Producer,
            RouteSet::None => CountingRoutes::None,
        }
    }

    /// What becomes of a request, in the words of the manifests.
    pub(super) fn trace(&self, service: &GatewayName, request: &Request, is_explained: bool) -> Trace {
        let (simulator, tracer) = (self.simulator(service), self.tracer());
        let mut trace = self.in_words(service, request, simulator.decide(request));
        if is_explained {
            tracer.explain(&mut trace, &simulator.candidates(request));
        }
        trace
    }

    /// A decision in the words of the manifests.
    pub(super) fn in_words(&self, service: &GatewayName, request: &Request, decision: Decision<'_>) -> Trace {
        let mut trace = self.tracer().trace(request, decision);
        let routes = self.counting(service, request);
        trace.gateway = None;
        trace.clients = Some(Clients { from: self.view.client.clone(), service: service.to_string(), routes });
        trace
    }
}
