//! The ports of a Service that a parent is about.

use crate::parser::api::{L4Protocol, ParentReference, Service, ServicePort, ServiceType};
use crate::parser::manifests::Object;
use crate::parser::route::RouteKind;
use crate::port::Port;

/// What the name of a port, or its `appProtocol`, says of HTTP; what is sent within TLS is none to whoever looks at it
/// ([application protocols](https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol)).
const HTTP_PROTOCOLS: [&str; 8] =
    ["http", "http2", "grpc", "grpc-web", "h2c", "ws", "kubernetes.io/h2c", "kubernetes.io/ws"];
/// What the name of a port says of other protocols.
const OTHER_PREFIXES: [&str; 8] = ["https", "mongo", "mysql", "postgres", "redis", "tcp", "tls", "udp"];

/// Why a Service has no port for a route.
pub(super) enum Unusable {
    /// It has no address of its own: it is headless.
    Headless,
    /// It stands for a name elsewhere.
    ExternalName,
    /// It has no such port; the field that asks for it.
    NoPort(&'static str),
    /// It has no port of the route's protocol.
    NoProtocol,
}

/// The ports of a Service that a reference is about: all of them, unless it says which.
pub(super) fn ports_of(
    service: &Object<Service>,
    kind: RouteKind,
    reference: &ParentReference,
) -> Result<Vec<Port>, Unusable> {
    if service.spec.service_type == ServiceType::ExternalName {
        return Err(Unusable::ExternalName);
    }
    if service.spec.headless {
        return Err(Unusable::Headless);
    }
    let is_asked = |port: &&ServicePort| reference.port.is_none_or(|asked| asked == port.port);
    let is_named =
        |port: &&ServicePort| reference.section_name.as_ref().is_none_or(|section| *section == *port.name.as_str());
    let has_section = service.spec.ports.iter().any(|port| is_named(&port));
    let meant: Vec<&ServicePort> = service.spec.ports.iter().filter(is_asked).filter(is_named).collect();
    if meant.is_empty() && (reference.port.is_some() || reference.section_name.is_some()) {
        return Err(Unusable::NoPort(if has_section { "port" } else { "sectionName" }));
    }
    let protocol = if kind == RouteKind::Udp { L4Protocol::Udp } else { L4Protocol::Tcp };
    let ports: Vec<Port> = meant.iter().filter(|port| port.protocol == protocol).map(|port| port.port).collect();
    if ports.is_empty() { Err(Unusable::NoProtocol) } else { Ok(ports) }
}

/// Whether a port is declared for something else than HTTP.
pub(super) fn is_of_other_protocol(port: &ServicePort) -> bool {
    Declared::of(port) == Declared::Other
}

/// What a port is declared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resolver) enum Declared {
    /// HTTP, in some version.
    Http,
    /// Something else.
    Other,
    /// Nobody says.
    Nothing,
}

impl Declared {
    /// By `appProtocol`, and without it by the beginning of the name.
    pub(in crate::resolver) fn of(port: &ServicePort) -> Self {
        let prefix = port.name.split('-').next().unwrap_or_default();
        match &port.app_protocol {
            Some(protocol) if HTTP_PROTOCOLS.contains(&protocol.to_ascii_lowercase().as_str()) => Self::Http,
            Some(_) => Self::Other,
            None if HTTP_PROTOCOLS.contains(&prefix) => Self::Http,
            None if OTHER_PREFIXES.contains(&prefix) => Self::Other,
            None => Self::Nothing,
        }
    }
}
