//! Backends of Envoy Gateway: addresses, names or a socket file
//! ([Backend](https://gateway.envoyproxy.io/docs/tasks/traffic/backend/)).
//!
//! Each is judged before the first reference is followed, whether something refers to it or not. Nothing is sent to one
//! that is not accepted.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use crate::diagnostics::{Code, Diagnostics, ObjectPart, Reported, codes};
use crate::ir::{BackendName, ClusterSettings, Endpoints, UpstreamProtocol};
use crate::name::NamespacedName;
use crate::options::Options;
use crate::parser::api::{
    BackendAppProtocol, BackendEndpoint, BackendFqdn, BackendIp, BackendSocket, BackendSpec, BackendType,
};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectKey};
use crate::parser::route::RouteKind;
use crate::path;
use crate::port::Port;
use crate::whole;

use super::super::backend_tls::BackendTlsPolicies;
use super::super::certificate::CertificateIndex;
use super::envoy_backend_tls::{self, Names};
use super::index::{
    Accepted, Backend, BackendIndex, BackendObject, BackendReferrer, BackendTls, EnvoyBackend, Given, Suits, Unusable,
};
use super::refused::{Refused, unusable};
use super::upstream_backend::least_port;
use super::upstream_host;

/// Why something cannot be honoured: a Backend that Envoy Gateway would not accept, or one that gwctl does not serve.
const NOT_ACCEPTED: Code = codes::INVALID_BACKEND;
const NOT_SERVED: Code = codes::UNSUPPORTED_BACKEND;

impl<'m> BackendIndex<'m> {
    /// The port that a Backend is called by: the least one of its endpoints. A reference to it may have one, which is
    /// ignored as Envoy Gateway ignores it.
    pub(super) fn port_of_envoy(
        &self,
        from: &BackendReferrer<'_>,
        key: NamespacedName<'_>,
        port: Option<Port>,
        diagnostics: &mut Diagnostics,
    ) -> Port {
        let Some(EnvoyBackend { object, accepted: Ok(accepted) }) = self.envoy.get(&key) else {
            return port.unwrap_or_default();
        };
        let own = least_port(&accepted.endpoints);
        if let Some(port) = port.filter(|port| !ports(&accepted.endpoints).iter().all(|own| own == port)) {
            let own = ports(&accepted.endpoints).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let whose = if own.is_empty() { "has no port".to_owned() } else { format!("is on port {own}") };
            let message = format!("Backend `{}` {whose}, and not on port {port}", object.full_name());
            let finding = from.object.finding(codes::BACKEND_PORT_IGNORED, from.path.with("port"), message);
            diagnostics.report(
                finding
                    .label("ignored")
                    .related(object.at(&path!["spec", "endpoints"]), "the ports that count")
                    .consequence("connections go where the endpoints of the Backend say")
                    .help("leave `port` out: each endpoint of a Backend has its own"),
            );
        }
        own
    }

    pub(super) fn look_up_envoy(
        &mut self,
        name: &BackendName,
        from: &BackendReferrer<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Backend<'m>, Unusable> {
        let given = self.given(name);
        let Some(EnvoyBackend { object, accepted }) = self.envoy.get(&(&name.namespace, &name.name)) else {
            return Err(self.no_envoy(name));
        };
        let object = *object;
        let Accepted { endpoints, hostname, tls, policy } = accepted.clone().map_err(|_| Unusable::NotAccepted)?;
        let tls = self.closed(tls, name, from, diagnostics);
        let of_given = given.as_ref().and_then(|_| Given::hostname(&endpoints));
        let (protocol, suits) = spoken(&object.spec.app_protocols);
        let protocol = protocol.or_else(|| envoy_backend_tls::spoken(object.spec.tls.as_ref()));
        Ok(Backend {
            name: name.clone(),
            object: BackendObject::Envoy(object),
            protocol,
            tls,
            policy,
            endpoints: given.map_or(endpoints, |given| given.endpoints),
            is_virtual: false,
            suits,
            hostname: hostname.or(of_given),
            settings: ClusterSettings::none(),
            further_tls: Vec::new(),
            behind: None,
        })
    }

    fn no_envoy(&self, name: &BackendName) -> Unusable {
        let object = ObjectKey { kind: Kind::Backend, namespace: name.namespace.clone(), name: name.name.clone() };
        let likely = self.manifests.likely(Kind::Backend, &name.namespace, &name.name);
        Unusable::NoEnvoy { likely, refused: self.refused.contains_key(&object) }
    }
}

/// The distinct ports of endpoints, in order.
fn ports(endpoints: &Endpoints) -> Vec<Port> {
    let mut ports: Vec<Port> = match endpoints {
        Endpoints::Static(addresses) => addresses.iter().map(|address| address.port().into()).collect(),
        Endpoints::Dns(names) => names.iter().map(|(_, port)| *port).collect(),
        Endpoints::File(_) => Vec::new(),
    };
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Judges every Backend of the input.
pub(in super::super) fn judge_envoy_backends<'m>(
    manifests: &'m Manifests,
    options: &Options,
    (policies, certificates): (&BackendTlsPolicies<'m>, &mut CertificateIndex<'m>),
    diagnostics: &mut Diagnostics,
) -> HashMap<NamespacedName<'m>, EnvoyBackend<'m>> {
    let mut names = Names { system_ca: &options.system_ca, certificates };
    let objects = manifests.envoy_backends.iter();
    objects
        .map(|object| {
            let accepted = judge(object, policies, &mut names, diagnostics);
            (object.metadata.sort_key(), EnvoyBackend { object, accepted })
        })
        .collect()
}

fn judge(
    object: &Object<BackendSpec>,
    policies: &BackendTlsPolicies<'_>,
    names: &mut Names<'_, '_>,
    diagnostics: &mut Diagnostics,
) -> Result<Accepted, Reported> {
    let BackendSpec { backend_type, endpoints, app_protocols: _, fallback, tls: _ } = &object.spec;
    let metadata = &object.metadata;
    let policy = policies.of(Kind::Backend, &metadata.namespace, &metadata.name, None);
    let mut refused = Vec::new();
    let of_policy = policy.map(|index| &policies.get(index).value);
    let tls = envoy_backend_tls::encryption(object, of_policy, names, (&mut refused, diagnostics));
    let mut judge = Judge { object, diagnostics, proof: None };
    if *backend_type == BackendType::DynamicResolver {
        let message = "sends every request to whichever host its `Host` names";
        judge.refuse(NOT_SERVED, unusable(path!["type"], message, "list the hosts in `endpoints`"));
        return Err(judge.proof());
    }
    if *fallback {
        let help = "remove the field";
        judge.refuse(NOT_SERVED, unusable(path!["fallback"], "is not translated", help));
    }
    for one in refused {
        judge.refuse(NOT_SERVED, one);
    }
    if endpoints.is_empty() {
        let help = "add an endpoint with `fqdn`, `ip` or `unix`";
        judge.refuse(NOT_SERVED, unusable(path!["endpoints"], "is empty: there is nobody to send to", help));
    }
    let places: Vec<_> = endpoints.iter().enumerate().map(|(index, one)| judge.place(one, index)).collect();
    let hostname = judge.hostname(endpoints);
    match judge.proof {
        Some(proof) => Err(proof),
        None => Ok(Accepted { endpoints: judge.gathered(places)?, hostname, tls, policy }),
    }
}

/// Where an endpoint is.
enum Place {
    Address(SocketAddr),
    Name(String, Port),
    File(String),
}

struct Judge<'a> {
    object: &'a Object<BackendSpec>,
    diagnostics: &'a mut Diagnostics,
    proof: Option<Reported>,
}

impl Judge<'_> {
    fn refuse(&mut self, code: Code, Refused { path, message, help }: Refused) {
        let at = ObjectPart::Whole.at(&path!["spec"].join(&path));
        let message = format!("Backend `{}`: {message}", self.object.full_name());
        let label = if code == NOT_SERVED { "gwctl does not serve it" } else { "the Backend is not accepted" };
        let finding = self.object.finding(code, at, message).label(label);
        let consequence = "requests for this backend get 500: nothing is sent to it";
        self.proof = Some(self.diagnostics.error(finding.consequence(consequence).help(help)));
    }

    /// The proof of something that was refused.
    fn proof(self) -> Reported {
        match self.proof {
            Some(proof) => proof,
            None => {
                self.diagnostics.error(self.object.finding(NOT_SERVED, whole!["spec"], "the Backend is not served"))
            }
        }
    }

    /// Where an endpoint is; `None` where that is refused. The schema has made sure that it says one place.
    fn place(&mut self, endpoint: &BackendEndpoint, index: usize) -> Option<Place> {
        // Which zone an endpoint is in matters to nobody who does not know that of the proxy.
        let BackendEndpoint { fqdn, ip, unix, hostname, zone: _ } = endpoint;
        let at = |field: &'static str| path!["endpoints", index, field];
        if let Some(name) = hostname
            && !is_domain(name)
        {
            self.refuse(NOT_ACCEPTED, unusable(at("hostname"), NO_DOMAIN, DOMAIN_HELP));
        }
        if let Some(BackendFqdn { hostname, port }) = fqdn {
            let at = at("fqdn");
            self.check_port(*port, &at);
            if !is_domain(hostname.strip_suffix('.').unwrap_or(hostname)) {
                self.refuse(NOT_ACCEPTED, unusable(at.with("hostname"), NO_DOMAIN, DOMAIN_HELP));
            }
            return Some(Place::Name(hostname.clone(), *port));
        }
        if let Some(BackendIp { address, port }) = ip {
            let at = at("ip");
            self.check_port(*port, &at);
            return self
                .address(address, &at.with("address"))
                .map(|ip| Place::Address(SocketAddr::new(ip, port.number())));
        }
        let BackendSocket { path } = unix.as_ref()?;
        if let Some((why, help)) = upstream_host::socket_fault(path) {
            self.refuse(NOT_SERVED, unusable(at("unix").with("path"), why, help));
        }
        Some(Place::File(path.clone()))
    }

    fn check_port(&mut self, port: Port, at: &crate::diagnostics::FieldPath) {
        if port == Port::default() {
            self.refuse(NOT_SERVED, unusable(at.with("port"), "is no port", "write a number from 1 to 65535"));
        }
    }

    fn address(&mut self, address: &str, at: &crate::diagnostics::FieldPath) -> Option<IpAddr> {
        let Ok(ip) = address.parse::<IpAddr>() else {
            self.refuse(NOT_ACCEPTED, unusable(at.clone(), "is no address", "write an IPv4 or IPv6 address"));
            return None;
        };
        if ip.to_canonical().is_loopback() {
            let why = "is an address of the proxy's own machine";
            let help =
                "write the address of another machine; locally `--resolve` and `run --local` say where a backend is";
            self.refuse(NOT_ACCEPTED, unusable(at.clone(), why, help));
        }
        Some(ip)
    }

    /// What all endpoints without a name of their own are called.
    fn hostname(&mut self, endpoints: &[BackendEndpoint]) -> Option<String> {
        let names = || endpoints.iter().map(|endpoint| endpoint.hostname.as_deref());
        let first = names().next().flatten();
        if let Some(index) = names().position(|name| name != first) {
            let why = "differs from that of another endpoint";
            let help = "write one `hostname` for all endpoints, or a Backend for each";
            self.refuse(NOT_SERVED, unusable(path!["endpoints", index, "hostname"], why, help));
        }
        first.map(str::to_owned)
    }

    /// The endpoints together.
    fn gathered(mut self, places: Vec<Option<Place>>) -> Result<Endpoints, Reported> {
        let (mut addresses, mut names, mut files) = (Vec::new(), Vec::new(), Vec::new());
        for place in places.into_iter().flatten() {
            match place {
                Place::Address(address) => addresses.push(address),
                Place::Name(name, port) => names.push((name, port)),
                Place::File(path) => files.push(path),
            }
        }
        match (addresses.is_empty(), files.len()) {
            _ if !names.is_empty() => Ok(Endpoints::Dns(names)),
            (false, 0) => Ok(Endpoints::Static(addresses)),
            (true, 1) => Ok(Endpoints::File(files.remove(0))),
            _ => {
                let why = "has a socket file beside other endpoints";
                let help = "write a Backend for each socket file";
                self.refuse(NOT_SERVED, unusable(path!["endpoints"], why, help));
                Err(self.proof())
            }
        }
    }
}

const NO_DOMAIN: &str = "is no domain of two labels or more";
const DOMAIN_HELP: &str = "write a DNS name such as `api.example.com`; an address stands in `ip`";

/// Whether a name is what Envoy Gateway takes for a domain.
fn is_domain(name: &str) -> bool {
    name.contains('.') && name.parse::<IpAddr>().is_err() && !name.ends_with('.')
}

/// What `appProtocols` ask for: HTTP/2 where it is among them. WebSockets are HTTP/1.1, which gRPC is not.
fn spoken(protocols: &[BackendAppProtocol]) -> (Option<UpstreamProtocol>, Suits) {
    if protocols.contains(&BackendAppProtocol::H2c) {
        (Some(UpstreamProtocol::Http2), Suits::Every)
    } else if protocols.is_empty() {
        (None, Suits::Every)
    } else {
        (Some(UpstreamProtocol::Http1), Suits::NoGrpc)
    }
}

/// `wss` turns no TLS on.
pub(super) fn warn_plain(
    from: &BackendReferrer<'_>,
    backend: &Backend<'_>,
    object: &Object<BackendSpec>,
    diagnostics: &mut Diagnostics,
) {
    if backend.tls != BackendTls::Plain || !matches!(from.kind, RouteKind::Http | RouteKind::Grpc) {
        return;
    }
    let protocols = &object.spec.app_protocols;
    let Some(index) = protocols.iter().position(|one| *one == BackendAppProtocol::SecureWebSocket) else { return };
    let message = "appProtocol `gateway.envoyproxy.io/wss` does not turn TLS on";
    diagnostics.report(
        object
            .finding(codes::PLAINTEXT_BACKEND, whole!["spec", "appProtocols", index], message)
            .related(from.object.at(&from.path), "used by this reference")
            .consequence("the gateway speaks plain text to this backend")
            .help("add `tls` to the Backend"),
    );
}
