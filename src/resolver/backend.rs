//! Backend references: kind, grant, existence, port, protocol, endpoints
//! ([Service backends](https://gateway-api.sigs.k8s.io/api-types/httproute/#backendrefs-optional)).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use crate::diagnostics::{Change, Diagnostics, FieldPath, Finding, Reported, Scalar, codes};
use crate::ir::{BackendName, Endpoints, UpstreamProtocol};
use crate::options::{Options, Resolve};
use crate::parser::api::{
    AddressType, BackendObjectReference, EndpointPort, EndpointSlice, L4Protocol, Service, ServicePort, ServiceType,
    TargetPort,
};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectKey};
use crate::path;
use crate::spelling::nearest;

use super::listener::RouteKind;
use super::reference_grant::{Grants, Referent, Referrer};

/// A backend, by its position in the [`BackendIndex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u32);

/// A Service port that may be used, with where it is.
#[derive(Clone, Debug)]
pub struct Backend<'m> {
    /// Namespace, name and port.
    pub name: BackendName,
    /// The Service; `None` when it was assumed.
    pub service: Option<&'m Object<Service>>,
    /// What `appProtocol` asks for; `None` leaves it to the route.
    pub protocol: Option<UpstreamProtocol>,
    /// Where it is.
    pub endpoints: Endpoints,
}

/// What became of a backend reference.
pub type BackendRefOutcome = Result<BackendId, Reported>;

/// Every backend that some reference names, each looked up once.
#[derive(Debug)]
pub struct BackendIndex<'m> {
    backends: Vec<Backend<'m>>,
    by_name: HashMap<BackendName, Result<BackendId, Unusable>>,
    services: HashMap<(&'m str, &'m str), &'m Object<Service>>,
    slices: HashMap<(&'m str, &'m str), Vec<&'m Object<EndpointSlice>>>,
    refused: &'m HashSet<ObjectKey>,
    resolve: Vec<Resolve>,
    used_resolves: HashSet<usize>,
    warned: HashSet<BackendName>,
    settings: Settings,
}

#[derive(Debug)]
struct Settings {
    assume_services: bool,
    allow_external_name: bool,
    cluster_domain: String,
}

/// Why a Service port cannot be a backend; the finding is made for each reference.
#[derive(Clone, Debug)]
enum Unusable {
    NoService { near: Option<String>, refused: bool },
    NoPort { ports: Vec<String> },
    WrongL4 { protocol: L4Protocol },
    ExternalName { target: String },
    UnknownTargetPort { name: String },
}

/// Who refers, and from which field.
#[derive(Debug)]
pub(super) struct BackendReferrer<'r, S> {
    pub(super) object: &'r Object<S>,
    pub(super) kind: RouteKind,
    pub(super) path: FieldPath,
    /// What the traffic does when the reference is invalid.
    pub(super) consequence: String,
}

impl<'m> BackendIndex<'m> {
    pub(super) fn new(manifests: &'m Manifests, options: &Options) -> Self {
        let mut slices: HashMap<_, Vec<_>> = HashMap::new();
        for slice in &manifests.endpoint_slices {
            if let Some(service) = &slice.spec.service_name {
                slices.entry((slice.metadata.namespace.as_str(), service.as_str())).or_default().push(slice);
            }
        }
        let services = manifests
            .services
            .iter()
            .map(|service| ((service.metadata.namespace.as_str(), service.metadata.name.as_str()), service))
            .collect();
        Self {
            backends: Vec::new(),
            by_name: HashMap::new(),
            services,
            slices,
            refused: &manifests.refused,
            resolve: options.resolve.clone(),
            used_resolves: HashSet::new(),
            warned: HashSet::new(),
            settings: Settings {
                assume_services: options.assume.services,
                allow_external_name: options.allow_external_name,
                cluster_domain: options.cluster_domain.clone(),
            },
        }
    }

    /// The backend of an id.
    pub fn get(&self, id: BackendId) -> &Backend<'m> {
        &self.backends[id.0 as usize]
    }

    /// The `--resolve` entries that no reference met.
    pub(super) fn unused_resolves(&self) -> impl Iterator<Item = &Resolve> {
        self.resolve.iter().enumerate().filter(|(index, _)| !self.used_resolves.contains(index)).map(|(_, entry)| entry)
    }

    /// Resolves one reference and reports why it is invalid.
    pub(super) fn resolve<S>(
        &mut self,
        from: &BackendReferrer<'_, S>,
        reference: &BackendObjectReference,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> BackendRefOutcome {
        let BackendObjectReference { group, kind, name, namespace, port } = reference;
        let namespace = namespace.as_deref().unwrap_or(&from.object.metadata.namespace);
        if !group.is_empty() || kind != Kind::Service.name() {
            return Err(diagnostics.error(invalid_kind(from, group, kind)));
        }
        let referrer = Referrer { kind: from.object.kind, namespace: &from.object.metadata.namespace };
        if !grants.permit(referrer, Referent { group, kind, namespace, name }) {
            let grant = grants.missing(referrer, Referent { group, kind, namespace, name });
            return Err(diagnostics.error(not_permitted(from, kind, namespace, name, grant)));
        }
        let key = BackendName { namespace: namespace.to_owned(), name: name.clone(), port: port.unwrap_or_default() };
        let known = match self.by_name.get(&key) {
            Some(known) => known.clone(),
            None => {
                let found = self.look_up(&key, from.kind).map(|backend| {
                    self.backends.push(backend);
                    BackendId(u32::try_from(self.backends.len() - 1).unwrap_or(u32::MAX))
                });
                self.by_name.insert(key.clone(), found.clone());
                found
            }
        };
        match known {
            Ok(id) => {
                if self.warned.insert(key) {
                    self.warn(from, id, diagnostics);
                }
                Ok(id)
            }
            Err(why) => Err(diagnostics.error(self.unusable(from, &key, why))),
        }
    }

    fn look_up(&mut self, key: &BackendName, kind: RouteKind) -> Result<Backend<'m>, Unusable> {
        let given = self
            .resolve
            .iter()
            .position(|entry| entry.namespace == key.namespace && entry.name == key.name && entry.port == key.port);
        let given = given.map(|index| {
            self.used_resolves.insert(index);
            given_endpoints(&self.resolve[index].endpoints)
        });
        let service = self.services.get(&(key.namespace.as_str(), key.name.as_str())).copied();
        let Some(service) = service else {
            let endpoints = match given {
                Some(endpoints) => endpoints,
                None if self.settings.assume_services => self.dns(key, key.port),
                None => return Err(self.no_service(key)),
            };
            return Ok(Backend { name: key.clone(), service: None, protocol: None, endpoints });
        };
        let port = find_port(&service.spec, key.port, kind)?;
        let endpoints = match given {
            Some(endpoints) => endpoints,
            None => self.service_endpoints(service, port, key)?,
        };
        Ok(Backend { name: key.clone(), service: Some(service), protocol: upstream_protocol(port), endpoints })
    }

    fn no_service(&self, key: &BackendName) -> Unusable {
        let object = ObjectKey { kind: Kind::Service, namespace: key.namespace.clone(), name: key.name.clone() };
        let names = self.services.keys().filter(|(namespace, _)| *namespace == key.namespace).map(|(_, name)| *name);
        Unusable::NoService {
            near: nearest(&key.name, names).map(str::to_owned),
            refused: self.refused.contains(&object),
        }
    }

    fn dns(&self, key: &BackendName, port: u16) -> Endpoints {
        let BackendName { namespace, name, port: _ } = key;
        Endpoints::Dns(vec![(format!("{name}.{namespace}.svc.{}", self.settings.cluster_domain), port)])
    }

    fn service_endpoints(
        &self,
        service: &Object<Service>,
        port: &ServicePort,
        key: &BackendName,
    ) -> Result<Endpoints, Unusable> {
        let spec = &service.spec;
        if spec.service_type == ServiceType::ExternalName {
            let target = spec.external_name.clone().unwrap_or_default();
            if !self.settings.allow_external_name {
                return Err(Unusable::ExternalName { target });
            }
            return Ok(Endpoints::Dns(vec![(target, port.port)]));
        }
        if let Some(slices) = self.slices.get(&(key.namespace.as_str(), key.name.as_str())) {
            return Ok(Endpoints::Static(ready_addresses(slices, port)));
        }
        match (&port.target_port, spec.headless) {
            (_, false) => Ok(self.dns(key, port.port)),
            (TargetPort::Number(target), true) => Ok(self.dns(key, *target)),
            (TargetPort::Name(name), true) => Err(Unusable::UnknownTargetPort { name: name.clone() }),
        }
    }

    fn warn<S>(&self, from: &BackendReferrer<'_, S>, id: BackendId, diagnostics: &mut Diagnostics) {
        let backend = self.get(id);
        let BackendName { namespace, name, port } = &backend.name;
        if backend.endpoints == Endpoints::Static(Vec::new()) {
            diagnostics.report(
                from.object
                    .finding(
                        codes::NO_READY_ENDPOINTS,
                        from.path.with("name"),
                        format!("Service `{namespace}/{name}` has no ready endpoint for port {port}"),
                    )
                    .consequence("requests for this backend get 503")
                    .help("add a ready endpoint to its EndpointSlices, or leave them out to use DNS"),
            );
        }
        let Some(service) = backend.service else { return };
        let found = service.spec.ports.iter().enumerate().find(|(_, p)| p.port == *port);
        let Some((index, declared)) = found else { return };
        if let Some(protocol @ ("https" | "kubernetes.io/wss")) = declared.app_protocol.as_deref() {
            diagnostics.report(
                service
                    .finding(
                        codes::PLAINTEXT_BACKEND,
                        path!["spec", "ports", index, "appProtocol"],
                        format!("appProtocol `{protocol}` does not turn TLS on"),
                    )
                    .related(from.object.at(&from.path), "used by this reference")
                    .consequence("the gateway speaks plain text to this backend")
                    .help("add a BackendTLSPolicy for the Service"),
            );
        }
    }

    fn unusable<S>(&self, from: &BackendReferrer<'_, S>, key: &BackendName, why: Unusable) -> Finding {
        let BackendName { namespace, name, port } = key;
        let full = format!("{namespace}/{name}");
        let at = |code, field: &'static str, message: String| from.object.finding(code, from.path.with(field), message);
        let set = |field: &'static str, value| from.object.fix(&from.path.with(field), Change::Set(value));
        let finding = match why {
            Unusable::NoService { near, refused } => {
                let fix = near.clone().filter(|_| !refused).map(|near| set("name", Scalar::Text(near)));
                at(codes::BACKEND_NOT_FOUND, "name", format!("Service `{full}` is not in the input"))
                    .label("no such Service")
                    .help(match (near, refused) {
                        (_, true) => {
                            "the Service is in the input and has errors of its own: mend them first".to_owned()
                        }
                        (Some(near), _) => format!("did you mean `{near}`?"),
                        _ => "add the Service to the input, or pass `--assume services`".to_owned(),
                    })
                    .fix(fix)
            }
            Unusable::NoPort { ports } => {
                let fix = match ports.as_slice() {
                    [only] => only.parse().ok().map(|port| set("port", Scalar::Number(port))),
                    _ => None,
                };
                at(codes::PORT_NOT_FOUND, "port", format!("Service `{full}` has no port {port}"))
                    .label("no such port")
                    .help(match ports.as_slice() {
                        [] => "add the port to the Service".to_owned(),
                        [only] => format!("its port is {only}"),
                        many => format!("its ports are {}", many.join(", ")),
                    })
                    .fix(fix)
            }
            Unusable::WrongL4 { protocol } => at(
                codes::UNSUPPORTED_PROTOCOL,
                "port",
                format!("port {port} of Service `{full}` is {}", l4_name(protocol)),
            )
            .label(format!("{} needs another protocol", from.kind.name()))
            .help("refer to a port of the protocol that the route carries"),
            Unusable::ExternalName { target } => at(
                codes::EXTERNAL_NAME,
                "name",
                format!("Service `{full}` is an ExternalName for `{target}`"),
            )
            .label("not allowed as a backend")
            .help("refer to a Service with endpoints, or pass `--allow-external-name` after reading CVE-2021-25740"),
            Unusable::UnknownTargetPort { name: target } => at(
                codes::UNKNOWN_TARGET_PORT,
                "port",
                format!("port {port} of headless Service `{full}` targets the container port `{target}`"),
            )
            .label("its number is known only to the cluster")
            .help(format!("add the Service's EndpointSlices, or pass `--resolve {full}:{port}=HOST:PORT`")),
        };
        let finding = match self.services.get(&(namespace.as_str(), name.as_str())) {
            Some(service) => finding.related(service.at(&path!["spec"]), "the Service"),
            None => finding,
        };
        finding.consequence(from.consequence.clone())
    }
}

fn invalid_kind<S>(from: &BackendReferrer<'_, S>, group: &str, kind: &str) -> Finding {
    let full = if group.is_empty() { kind.to_owned() } else { format!("{group}/{kind}") };
    from.object
        .finding(codes::INVALID_KIND, from.path.with("kind"), format!("`{full}` cannot be a backend"))
        .label("not a kind that answers requests")
        .consequence(from.consequence.clone())
        .help("refer to a `Service`")
}

fn not_permitted<S>(
    from: &BackendReferrer<'_, S>,
    kind: &str,
    namespace: &str,
    name: &str,
    grant: String,
) -> Finding {
    let mine = &from.object.metadata.namespace;
    let route = from.object.kind.name();
    from.object
        .finding(
            codes::REF_NOT_PERMITTED,
            from.path.with("namespace"),
            format!("no ReferenceGrant lets {route}s of namespace `{mine}` refer to {kind} `{namespace}/{name}`"),
        )
        .label(format!("another namespace than `{mine}`"))
        .consequence(from.consequence.clone())
        .help(format!(
            "add a ReferenceGrant to namespace `{namespace}`, from {{group: {}, kind: {route}, namespace: {mine}}} to {{group: \"\", kind: {kind}, name: {name}}}",
            from.object.kind.group()
        ))
        .fix(from.object.fix(&FieldPath::ROOT, Change::Append(grant)).titled("add the ReferenceGrant"))
}

fn find_port(service: &Service, number: u16, kind: RouteKind) -> Result<&ServicePort, Unusable> {
    let wanted = if kind == RouteKind::Udp { L4Protocol::Udp } else { L4Protocol::Tcp };
    let mut same = service.ports.iter().filter(|port| port.port == number).peekable();
    let Some(first) = same.peek().copied() else {
        let ports = service.ports.iter().map(|port| port.port.to_string()).collect();
        return Err(Unusable::NoPort { ports });
    };
    let protocol = first.protocol;
    same.find(|port| port.protocol == wanted).ok_or(Unusable::WrongL4 { protocol })
}

fn l4_name(protocol: L4Protocol) -> &'static str {
    match protocol {
        L4Protocol::Tcp => "TCP",
        L4Protocol::Udp => "UDP",
        L4Protocol::Sctp => "SCTP",
    }
}

/// What a Service port's `appProtocol` asks for.
fn upstream_protocol(port: &ServicePort) -> Option<UpstreamProtocol> {
    match port.app_protocol.as_deref()? {
        "grpc" | "http2" | "kubernetes.io/h2c" => Some(UpstreamProtocol::Http2),
        "http" | "https" | "kubernetes.io/ws" | "kubernetes.io/wss" => Some(UpstreamProtocol::Http1),
        _ => None,
    }
}

fn given_endpoints(endpoints: &[(String, u16)]) -> Endpoints {
    let addresses: Option<Vec<_>> =
        endpoints.iter().map(|(host, port)| host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, *port))).collect();
    addresses.map_or_else(|| Endpoints::Dns(endpoints.to_vec()), Endpoints::Static)
}

/// The ready endpoints of a Service port, sorted: the port's name selects the port of each slice.
fn ready_addresses(slices: &[&Object<EndpointSlice>], port: &ServicePort) -> Vec<SocketAddr> {
    let mut addresses = BTreeSet::new();
    for slice in slices.iter().map(|slice| &slice.spec) {
        if slice.address_type == AddressType::Fqdn {
            continue;
        }
        let target = slice.ports.iter().find(|p| p.name == port.name && p.protocol == port.protocol);
        let number = match (target, &port.target_port) {
            (Some(EndpointPort { port: Some(number), .. }), _) => *number,
            (Some(EndpointPort { port: None, .. }), TargetPort::Number(number)) => *number,
            _ => continue,
        };
        let ready = slice.endpoints.iter().filter(|endpoint| endpoint.ready);
        let hosts = ready.filter_map(|endpoint| endpoint.addresses.first()?.parse::<IpAddr>().ok());
        addresses.extend(hosts.map(|ip| SocketAddr::new(ip, number)));
    }
    addresses.into_iter().collect()
}
