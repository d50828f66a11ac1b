//! Reads Kubernetes' core kinds: only the fields that gwctl needs. The others
//! are ignored, but for names that Kubernetes does not know (see [`fields`]).
//!
//! What is needed must be as the API server wants it; a fault is an
//! `invalid-core-object` error at the field.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::diagnostics::{Change, FieldPath, Scalar, Segment, codes};
use crate::name::{Name, SectionName};
use crate::parser::api::{
    AddressType, ConfigMap, Endpoint, EndpointPort, EndpointSlice, L4Protocol, SERVICE_NAME_LABEL, Secret, Service,
    ServicePort, ServiceType, TargetPort,
};
use crate::parser::manifests::{Kind, Metadata};
use crate::parser::node::Node;
use crate::parser::schema::pattern::{self, is_label, is_qualified_name, is_subdomain};
use crate::parser::schema::{Problem, Problems, Step, quote, unsupported, wrong_type};
use crate::path;
use crate::port::Port;

mod data;
mod fields;
mod unused;

/// Whether gwctl reads an object outside the Gateway API groups.
pub(super) enum CoreKind {
    /// It reads the kind in this version.
    Known(Kind),
    /// It reads the kind, in another version.
    OtherVersion(Kind),
    /// It does not read the kind.
    Other,
}

/// The content of a core object.
pub(super) enum Content {
    Namespace,
    Service(Service),
    EndpointSlice(EndpointSlice),
    Secret(Secret),
    ConfigMap(ConfigMap),
}

const CORE_KINDS: [Kind; 5] = [Kind::Namespace, Kind::Service, Kind::EndpointSlice, Kind::Secret, Kind::ConfigMap];
/// The version of every core kind that gwctl reads.
pub(super) const VERSION: &str = "v1";

/// The core kinds that gwctl reads.
pub(super) fn kinds() -> impl Iterator<Item = Kind> {
    CORE_KINDS.into_iter()
}

/// The core kind of a group, version and kind.
pub(super) fn kind(group: &str, version: &str, kind: &str) -> CoreKind {
    match CORE_KINDS.into_iter().find(|known| known.group() == group && known.name() == kind) {
        Some(known) if version == VERSION => CoreKind::Known(known),
        Some(known) => CoreKind::OtherVersion(known),
        None => CoreKind::Other,
    }
}

/// A core kind in a version that Kubernetes does not serve.
pub(super) fn wrong_version(kind: Kind, version: &str) -> Problem {
    let separator = if kind.group().is_empty() { "" } else { "/" };
    let message = format!("the kind `{}` has no version {}", kind.name(), quote(version));
    Problem::new(codes::BAD_CORE_OBJECT, path!["apiVersion"], message)
        .label("unknown version")
        .help(format!("write `apiVersion: {}{separator}{VERSION}`", kind.group()))
        .fix(Some(Change::Set(Scalar::Text(format!("{}{separator}{VERSION}", kind.group())))))
}

/// Reads the fields of `node`, an object of the core kind `kind`.
pub(super) fn read(node: &Node, kind: Kind, metadata: &Metadata, problems: &mut Problems) -> Content {
    fields::check(node, kind, problems);
    let root = Step::Root;
    let mut reader = Reader { problems };
    match kind {
        Kind::Service => Content::Service(reader.service(node)),
        Kind::EndpointSlice => Content::EndpointSlice(reader.endpoint_slice(node, metadata)),
        Kind::Secret => Content::Secret(reader.secret(Place { node, at: &root })),
        Kind::ConfigMap => Content::ConfigMap(reader.config_map(Place { node, at: &root })),
        _ => Content::Namespace,
    }
}

/// What of an object of a core kind is not known because of faults at these paths: nothing where there is none, and `None`
/// where the rest says too little. A Service without one of its fields is a Service; of the other kinds what is wrong is
/// what they are there for.
pub(super) fn without<'p>(kind: Kind, faults: impl Iterator<Item = &'p FieldPath>) -> Option<Vec<FieldPath>> {
    let (mut without, mut known) = (Vec::new(), HashSet::new());
    for FieldPath(path) in faults {
        let part = match path.as_slice() {
            _ if kind != Kind::Service => return None,
            [spec, ports, at @ Segment::Index(_), ..] if *ports == "ports".into() => vec![spec, ports, at],
            [spec, field, ..] => vec![spec, field],
            _ => return None,
        };
        if known.insert(part.clone()) {
            without.push(FieldPath(part.into_iter().cloned().collect()));
        }
    }
    Some(without)
}

/// A mapping and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    node: &'a Node,
    at: &'a Step<'a>,
}

impl<'a> Place<'a> {
    /// The value of a field; null counts as absent.
    fn get(self, field: &str) -> Option<&'a Node> {
        self.node.get(field).filter(|value| !matches!(value, Node::Null))
    }
}

/// The state of one reading.
struct Reader<'p> {
    problems: &'p mut Problems,
}

impl Reader<'_> {
    fn report(&mut self, at: &Step<'_>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(codes::BAD_CORE_OBJECT, at.path(), message.into()).help(help));
    }

    fn push(&mut self, mut problem: Problem) {
        problem.code = codes::BAD_CORE_OBJECT;
        self.problems.push(problem);
    }

    fn text<'n>(&mut self, place: Place<'n>, field: &str) -> Option<&'n str> {
        let value = place.get(field)?;
        if value.as_str().is_none() {
            self.push(wrong_type(value, "string", &place.at.field(field)));
        }
        value.as_str()
    }

    fn list<'n>(&mut self, place: Place<'n>, field: &str) -> &'n [Node] {
        let Some(value) = place.get(field) else { return &[] };
        if value.as_list().is_none() {
            self.push(wrong_type(value, "array", &place.at.field(field)));
        }
        value.as_list().unwrap_or_default()
    }

    /// Whether `node` is a mapping; reported when it is not.
    fn is_map(&mut self, node: &Node, at: &Step<'_>) -> bool {
        let is_map = node.as_map().is_some();
        if !is_map {
            self.push(wrong_type(node, "object", at));
        }
        is_map
    }

    /// One of the allowed words, by its position; the first where the field is absent.
    fn choice(&mut self, place: Place<'_>, field: &str, allowed: &[&str]) -> usize {
        let Some(word) = self.text(place, field).filter(|word| !word.is_empty()) else { return 0 };
        allowed.iter().position(|choice| *choice == word).unwrap_or_else(|| {
            self.push(unsupported(word, allowed, &place.at.field(field)));
            0
        })
    }

    /// A port number; `None` where it is absent or wrong.
    fn port(&mut self, value: &Node, at: &Step<'_>) -> Option<Port> {
        let Some(number) = value.as_int() else {
            self.push(wrong_type(value, "integer", at));
            return None;
        };
        let port = u16::try_from(number).ok().filter(|port| *port > 0).map(Port::new);
        if port.is_none() {
            self.report(at, format!("{number} is not a port"), "write a number between 1 and 65535");
        }
        port
    }

    fn protocol(&mut self, place: Place<'_>) -> L4Protocol {
        [L4Protocol::Tcp, L4Protocol::Udp, L4Protocol::Sctp][self.choice(place, "protocol", &["TCP", "UDP", "SCTP"])]
    }

    fn app_protocol(&mut self, place: Place<'_>) -> Option<String> {
        let protocol = self.text(place, "appProtocol")?;
        if !is_qualified_name(protocol) {
            let help = format!("write {}", pattern::QUALIFIED_NAME.rule);
            self.report(&place.at.field("appProtocol"), format!("{} is not a protocol", quote(protocol)), help);
        }
        Some(protocol.to_owned())
    }

    /// The name of a port; empty where there is none.
    fn port_name(&mut self, place: Place<'_>) -> SectionName {
        let name = self.text(place, "name").unwrap_or_default();
        if !name.is_empty() && (name.len() > 63 || !is_label(name)) {
            let help = format!("write at most 63 characters: {}", pattern::NAMESPACE.rule);
            self.report(&place.at.field("name"), format!("{} is not the name of a port", quote(name)), help);
        }
        SectionName::from(name)
    }

    fn service(&mut self, node: &Node) -> Service {
        let at = Step::Root.field("spec");
        let Some(spec) = node.get("spec").filter(|spec| !matches!(spec, Node::Null)) else {
            self.report(&at, "this Service has no `spec`", "add `spec` with `ports`");
            return Service::default();
        };
        if !self.is_map(spec, &at) {
            return Service::default();
        }
        let spec = Place { node: spec, at: &at };
        let types =
            [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer, ServiceType::ExternalName];
        let service_type = types[self.choice(spec, "type", &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])];
        let address = self.cluster_ip(spec);
        let headless = address == Some("None");
        let cluster_ip = address.and_then(|address| address.parse().ok());
        let other_cluster_ip = cluster_ip.and_then(|first| Self::other_cluster_ip(spec, first));
        let client_ip_affinity = self.choice(spec, "sessionAffinity", &["None", "ClientIP"]) == 1;
        let external_name = self.external_name(spec, service_type);
        let ports = self.service_ports(spec);
        let needs_ports = !headless && service_type != ServiceType::ExternalName;
        let is_empty = |ports: &Node| ports.as_list().is_some_and(<[Node]>::is_empty);
        if needs_ports && spec.get("ports").is_none_or(is_empty) {
            self.report(&at.field("ports"), "this Service has no `ports`", "add `ports` with a `port`");
        }
        let selector = self.selector(spec);
        self.unused_fields(spec);
        Service {
            service_type,
            external_name,
            headless,
            cluster_ip,
            other_cluster_ip,
            client_ip_affinity,
            selector,
            ports,
        }
    }

    /// The address of a Service: `None` for a headless one, empty where the cluster chooses.
    fn cluster_ip<'n>(&mut self, spec: Place<'n>) -> Option<&'n str> {
        let address = self.text(spec, "clusterIP").filter(|address| !address.is_empty())?;
        if address != "None" && address.parse::<IpAddr>().is_err() {
            let help = "write an IP address, `None` for a headless Service, or nothing";
            self.report(&spec.at.field("clusterIP"), format!("{} is not an IP address", quote(address)), help);
        }
        Some(address)
    }

    fn external_name(&mut self, spec: Place<'_>, service_type: ServiceType) -> Option<String> {
        let name = self.text(spec, "externalName").filter(|name| !name.is_empty());
        let at = spec.at.field("externalName");
        match name {
            None if service_type == ServiceType::ExternalName => {
                self.report(&at, "a Service of type `ExternalName` needs `externalName`", "add `externalName`");
            }
            // As in DNS, one dot may end the name.
            Some(name) if !is_subdomain(name.strip_suffix('.').unwrap_or(name)) || name.len() > 254 => {
                let help = format!("write {}", pattern::SUBDOMAIN.rule);
                self.report(&at, format!("{} is not a DNS name", quote(name)), help);
            }
            _ => {}
        }
        name.map(str::to_owned)
    }

    fn service_ports(&mut self, spec: Place<'_>) -> Vec<ServicePort> {
        let list = spec.at.field("ports");
        let nodes = self.list(spec, "ports");
        let mut ports = Vec::with_capacity(nodes.len());
        let (mut names, mut numbers) = (HashSet::new(), HashSet::new());
        for (index, node) in nodes.iter().enumerate() {
            let at = list.index(index);
            if !self.is_map(node, &at) {
                continue;
            }
            let place = Place { node, at: &at };
            let Some(port) = self.service_port(place) else { continue };
            if port.name.is_empty() && nodes.len() > 1 {
                let help = "add a `name` to each port of a Service with several";
                self.report(&at.field("name"), "this port has no name", help);
            }
            if !port.name.is_empty() && !names.insert(port.name.clone()) {
                let message = format!("two ports have the name {}", quote(&port.name));
                self.report(&at.field("name"), message, "give each port its own name");
            }
            if !numbers.insert((port.port, port.protocol)) {
                let message = format!("two ports have the number {} and the same protocol", port.port);
                self.report(&at.field("port"), message, "remove one of the two");
            }
            ports.push(port);
        }
        ports
    }

    fn service_port(&mut self, place: Place<'_>) -> Option<ServicePort> {
        let name = self.port_name(place);
        let protocol = self.protocol(place);
        let app_protocol = self.app_protocol(place);
        let number = match place.get("port") {
            Some(value) => self.port(value, &place.at.field("port")),
            None => {
                self.report(&place.at.field("port"), "this port has no number", "add `port`");
                None
            }
        };
        if let Some(value) = place.get("nodePort").filter(|value| value.as_int().is_none()) {
            self.push(wrong_type(value, "integer", &place.at.field("nodePort")));
        }
        let target = self.target_port(place);
        let port = number?;
        let target_port = target.unwrap_or(TargetPort::Number(port));
        Some(ServicePort { name, port, protocol, target_port, app_protocol })
    }

    /// The target port; `None` where the Service's own port is meant.
    fn target_port(&mut self, place: Place<'_>) -> Option<TargetPort> {
        let at = place.at.field("targetPort");
        match place.get("targetPort")? {
            Node::Int(0) => None,
            Node::String(name) if name.is_empty() => None,
            Node::String(name) => {
                if !is_container_port_name(name) {
                    let help = match name.parse::<u16>() {
                        Ok(number) => format!("remove the quotes: `{number}`"),
                        Err(_) => "write a number, or at most 15 lower-case letters, digits and single `-`".to_owned(),
                    };
                    self.report(&at, format!("{} is not the name of a port", quote(name)), help);
                }
                Some(TargetPort::Name(name.clone()))
            }
            other => self.port(other, &at).map(TargetPort::Number),
        }
    }

    fn endpoint_slice(&mut self, node: &Node, metadata: &Metadata) -> EndpointSlice {
        let root = Step::Root;
        let place = Place { node, at: &root };
        let allowed = ["IPv4", "IPv6", "FQDN"];
        if place.get("addressType").is_none_or(|value| value.as_str() == Some("")) {
            let help = "add `addressType: IPv4`, `IPv6` or `FQDN`";
            self.report(&root.field("addressType"), "this EndpointSlice has no `addressType`", help);
        }
        let address_type =
            [AddressType::IPv4, AddressType::IPv6, AddressType::Fqdn][self.choice(place, "addressType", &allowed)];
        EndpointSlice {
            service_name: metadata.labels.get(SERVICE_NAME_LABEL).filter(|name| !name.is_empty()).map(Name::from),
            address_type,
            endpoints: self.endpoints(place, address_type),
            ports: self.endpoint_ports(place),
        }
    }

    fn endpoints(&mut self, slice: Place<'_>, address_type: AddressType) -> Vec<Endpoint> {
        const MOST: usize = 1000;
        let list = slice.at.field("endpoints");
        let nodes = self.list(slice, "endpoints");
        if nodes.len() > MOST {
            let message = format!("this EndpointSlice has {} endpoints, and may have at most {MOST}", nodes.len());
            self.report(&list, message, "spread them over several EndpointSlices");
        }
        let mut endpoints = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let at = list.index(index);
            if self.is_map(node, &at) {
                let place = Place { node, at: &at };
                endpoints.push(Endpoint {
                    addresses: self.addresses(place, address_type),
                    ready: self.is_ready(place),
                    pod: pod_of(place),
                });
            }
        }
        endpoints
    }

    fn addresses(&mut self, endpoint: Place<'_>, address_type: AddressType) -> Vec<String> {
        const MOST: usize = 100;
        let list = endpoint.at.field("addresses");
        let nodes = self.list(endpoint, "addresses");
        if endpoint.get("addresses").is_none_or(|addresses| addresses.as_list().is_some_and(<[Node]>::is_empty)) {
            self.report(&list, "this endpoint has no address", "add an address to `addresses`");
        }
        if nodes.len() > MOST {
            let message = format!("this endpoint has {} addresses, and may have at most {MOST}", nodes.len());
            self.report(&list, message, "keep the first");
        }
        let mut addresses = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let at = list.index(index);
            let Node::String(address) = node else {
                self.push(wrong_type(node, "string", &at));
                continue;
            };
            let (is_valid, noun) = match address_type {
                AddressType::IPv4 => (address.parse::<Ipv4Addr>().is_ok(), "an IPv4 address"),
                AddressType::IPv6 => (address.parse::<Ipv6Addr>().is_ok(), "an IPv6 address"),
                AddressType::Fqdn => (is_fully_qualified(address), "a DNS name of two or more labels"),
            };
            if is_valid {
                self.check_special(address, &at);
            } else {
                let help = format!("write {noun} without a port, or another `addressType`");
                self.report(&at, format!("{} is not {noun}", quote(address)), help);
            }
            addresses.push(address.clone());
        }
        addresses
    }

    /// Warns of an address that the API server refuses for an endpoint: it does not lead to another host. Without a
    /// cluster it may be what is meant.
    fn check_special(&mut self, address: &str, at: &Step<'_>) {
        let Some(special) = address.parse().ok().and_then(special) else { return };
        self.problems.push(
            Problem::new(codes::SPECIAL_ADDRESS, at.path(), format!("{} is {special}", quote(address)))
                .label("refused by the API server")
                .help("write the address of the endpoint, or say where the Service is with `--resolve`"),
        );
    }

    /// Whether an endpoint is ready; one that does not say so is.
    fn is_ready(&mut self, endpoint: Place<'_>) -> bool {
        let at = endpoint.at.field("conditions");
        let Some(conditions) = endpoint.get("conditions") else { return true };
        if !self.is_map(conditions, &at) {
            return true;
        }
        match (Place { node: conditions, at: &at }).get("ready") {
            None => true,
            Some(Node::Bool(ready)) => *ready,
            Some(other) => {
                self.push(wrong_type(other, "boolean", &at.field("ready")));
                true
            }
        }
    }

    fn endpoint_ports(&mut self, slice: Place<'_>) -> Vec<EndpointPort> {
        const MOST: usize = 20_000;
        let list = slice.at.field("ports");
        let nodes = self.list(slice, "ports");
        if nodes.len() > MOST {
            let message = format!("this EndpointSlice has {} ports, and may have at most {MOST}", nodes.len());
            self.report(&list, message, "spread them over several EndpointSlices");
        }
        let mut ports = Vec::with_capacity(nodes.len());
        let mut names = HashSet::new();
        for (index, node) in nodes.iter().enumerate() {
            let at = list.index(index);
            if !self.is_map(node, &at) {
                continue;
            }
            let place = Place { node, at: &at };
            let name = self.port_name(place);
            if !names.insert(name.clone()) {
                let message = match name.as_str() {
                    "" => "two ports have no name".to_owned(),
                    name => format!("two ports have the name {}", quote(name)),
                };
                self.report(&at.field("name"), message, "give each port its own name");
            }
            ports.push(EndpointPort {
                name,
                port: place.get("port").and_then(|port| self.port(port, &at.field("port"))),
                protocol: self.protocol(place),
                app_protocol: self.app_protocol(place),
            });
        }
        ports
    }
}

/// The Pod that an endpoint names.
fn pod_of(endpoint: Place<'_>) -> Option<Name> {
    let target = endpoint.get("targetRef")?;
    let text = |field: &str| target.get(field).and_then(Node::as_str);
    text("name").filter(|_| text("kind") == Some("Pod")).map(Name::from)
}

/// What an address is that no endpoint may have
/// ([`ValidateEndpointIP`](https://pkg.go.dev/k8s.io/kubernetes/pkg/apis/core/validation#ValidateEndpointIP)).
fn special(address: IpAddr) -> Option<&'static str> {
    let is_link_local_group = match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    };
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if address.is_unspecified() {
        Some("the unspecified address")
    } else if address.is_loopback() {
        Some("an address of the host itself")
    } else if is_link_local {
        Some("a link-local address")
    } else {
        is_link_local_group.then_some("a link-local multicast address")
    }
}

/// A DNS name with a dot in it; another one may end it.
fn is_fully_qualified(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253 && name.contains('.') && is_subdomain(name)
}

/// The name of a container's port: at most 15 lower-case letters, digits and single inner `-`, one of them a letter.
fn is_container_port_name(name: &str) -> bool {
    name.len() <= 15 && is_label(name) && !name.contains("--") && name.bytes().any(|byte| byte.is_ascii_lowercase())
}
