//! What a proof must know of the manifests: the Gateways' ports, the Services'
//! ports, and the addresses of EndpointSlices.
//!
//! Input: the text of the manifests. Output: a [`Topology`]. The scan is
//! lenient: what is not a well-formed object is passed over, because the
//! compiler reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;
use serde_yaml::Value;

use crate::name::{Name, Namespace};
use crate::url::UrlHost;

use super::values::GatewayName;

/// A port of a Service. Prints as `NAMESPACE/NAME:PORT`, the name of its backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceKey {
    /// The namespace.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
    /// The port.
    pub port: u16,
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.port)
    }
}

/// The ports and addresses of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayPorts {
    /// The ports of its listeners, those of its ListenerSets included.
    pub ports: BTreeSet<u16>,
    /// The IP addresses of `spec.addresses`.
    pub addresses: Vec<IpAddr>,
}

/// An address of an EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SliceAddress {
    /// The namespace of the slice.
    pub namespace: String,
    /// The Service it belongs to.
    pub service: String,
    /// The address of an endpoint.
    pub address: SocketAddr,
}

/// The ports, Services and addresses that the manifests name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// The Gateways.
    pub gateways: BTreeMap<GatewayName, GatewayPorts>,
    /// The TCP ports of the Services, and the ports of XBackends, of the hosts of Upstreams and of those that URLs name.
    pub services: BTreeSet<ServiceKey>,
    /// The Services by their `clusterIP`, as namespace and name.
    pub cluster_ips: BTreeMap<IpAddr, (Namespace, Name)>,
    /// The UDP ports of the Services.
    pub datagram_services: BTreeSet<ServiceKey>,
    /// The Service ports that routes refer to, declared or not.
    pub referenced: BTreeSet<ServiceKey>,
    /// Those of them that UDPRoutes refer to.
    pub referenced_datagrams: BTreeSet<ServiceKey>,
    /// The Services that have EndpointSlices, as namespace and name.
    pub sliced: BTreeSet<(Namespace, Name)>,
    /// The Services that Upstreams name, as namespace and name.
    pub behind: BTreeMap<ServiceKey, (Namespace, Name)>,
    /// The names of those ports of Upstreams at which proxies are asked for tunnels.
    pub tunnels: BTreeSet<String>,
    /// The addresses of the EndpointSlices.
    pub endpoints: BTreeSet<SliceAddress>,
}

impl Topology {
    /// Scans the text of manifests. Objects without a namespace are in `namespace`.
    pub fn scan<'a>(texts: impl IntoIterator<Item = &'a str>, namespace: &str) -> Self {
        let mut topology = Self::default();
        for text in texts {
            for document in serde_yaml::Deserializer::from_str(text) {
                // Behind a syntax error there is no next document.
                let Ok(mut value) = Value::deserialize(document) else { break };
                // A merge key that cannot be applied is the compiler's to report.
                let _ = value.apply_merge();
                topology.add(&value, namespace);
            }
        }
        topology
    }

    /// All ports that the Gateways listen on.
    pub fn ports(&self) -> BTreeSet<u16> {
        self.gateways.values().flat_map(|gateway| gateway.ports.iter().copied()).collect()
    }

    fn add(&mut self, object: &Value, default_namespace: &str) {
        let kind = text(object, &["kind"]).unwrap_or_default();
        if kind.ends_with("List") || kind == "List" {
            for item in items(object, &["items"]) {
                self.add(item, default_namespace);
            }
            return;
        }
        let namespace = text(object, &["metadata", "namespace"]).filter(|text| !text.is_empty());
        let namespace = namespace.unwrap_or(default_namespace);
        let Some(name) = text(object, &["metadata", "name"]) else { return };
        match kind {
            "Gateway" => self.add_gateway(object, namespace, name),
            "ListenerSet" | "XListenerSet" => self.add_listener_set(object, namespace),
            "Service" => self.add_service(object, namespace, name),
            "XBackend" => self.add_external(object, namespace, name),
            "Upstream" => self.add_upstream(object, namespace, name),
            "Backend" => self.add_envoy_backend(object, namespace, name),
            "EndpointSlice" => self.add_slice(object, namespace),
            "SecurityPolicy" => self.add_hosts_of_urls(object),
            _ if kind.ends_with("Route") => {
                let mut references = BTreeSet::new();
                add_references(object, namespace, &mut references);
                if kind == "UDPRoute" {
                    self.referenced_datagrams.extend(references.iter().cloned());
                }
                self.referenced.extend(references);
            }
            _ => {}
        }
    }

    fn add_gateway(&mut self, object: &Value, namespace: &str, name: &str) {
        let name = GatewayName { namespace: Namespace::from(namespace), name: Name::from(name) };
        let gateway = self.gateways.entry(name).or_default();
        gateway.ports.extend(listener_ports(object));
        let addresses = items(object, &["spec", "addresses"]);
        gateway.addresses.extend(addresses.iter().filter_map(|item| text(item, &["value"])?.parse::<IpAddr>().ok()));
    }

    fn add_listener_set(&mut self, object: &Value, namespace: &str) {
        let Some(name) = text(object, &["spec", "parentRef", "name"]) else { return };
        let namespace = text(object, &["spec", "parentRef", "namespace"]).unwrap_or(namespace);
        let name = GatewayName { namespace: Namespace::from(namespace), name: Name::from(name) };
        self.gateways.entry(name).or_default().ports.extend(listener_ports(object));
    }

    fn add_service(&mut self, object: &Value, namespace: &str, name: &str) {
        let others = items(object, &["spec", "clusterIPs"]).iter().filter_map(|item| item.as_str());
        for address in
            text(object, &["spec", "clusterIP"]).into_iter().chain(others).filter_map(|text| text.parse().ok())
        {
            self.cluster_ips.insert(address, (Namespace::from(namespace), Name::from(name)));
        }
        for item in items(object, &["spec", "ports"]) {
            let Some(port) = port(item) else { continue };
            let key = ServiceKey { namespace: Namespace::from(namespace), name: Name::from(name), port };
            match text(item, &["protocol"]) {
                None | Some("TCP") => self.services.insert(key),
                Some("UDP") => self.datagram_services.insert(key),
                Some(_) => false,
            };
        }
    }

    /// A host outside the cluster has a backend of ours in its place.
    fn add_external(&mut self, object: &Value, namespace: &str, name: &str) {
        if let Some(port) = at(object, &["spec", "port"]).and_then(port) {
            self.services.insert(ServiceKey { namespace: Namespace::from(namespace), name: Name::from(name), port });
        }
    }

    /// Adds an Upstream with the port of each of its hosts, those of its failover included, or of its Service: it is called
    /// by one of them.
    fn add_upstream(&mut self, object: &Value, namespace: &str, name: &str) {
        let hosts = items(object, &["spec", "static", "hosts"]);
        let key = |port| ServiceKey { namespace: Namespace::from(namespace), name: Name::from(name), port };
        let mut own: Vec<ServiceKey> = hosts.iter().filter_map(port).map(key).collect();
        let priorities = items(object, &["spec", "failover", "prioritizedLocalities"]).iter();
        let localities = priorities.flat_map(|priority| items(priority, &["localityEndpoints"]));
        own.extend(localities.flat_map(|one| items(one, &["lbEndpoints"])).filter_map(port).map(key));
        // A socket file has no port, and is called by that of HTTP.
        own.extend(at(object, &["spec", "pipe"]).map(|_| key(80)));
        let of_service = at(object, &["spec", "kube", "servicePort"]).and_then(Value::as_u64);
        if let Some(own_key) = of_service.and_then(|port| port.try_into().ok()).map(key) {
            let named = |field| text(object, &["spec", "kube", field]).filter(|name| !name.is_empty());
            let of = named("serviceNamespace").unwrap_or(namespace);
            let service = named("serviceName").map(|service| (Namespace::from(of), Name::from(service)));
            self.behind.extend(service.map(|service| (own_key.clone(), service)));
            own.push(own_key);
        }
        if text(object, &["spec", "httpProxyHostname"]).is_some_and(|to| !to.is_empty()) {
            self.tunnels.extend(own.iter().map(ToString::to_string));
        }
        self.services.extend(own);
    }

    /// Adds a Backend of Envoy Gateway with the port of each of its endpoints: it is called by one of them.
    fn add_envoy_backend(&mut self, object: &Value, namespace: &str, name: &str) {
        let endpoints = items(object, &["spec", "endpoints"]).iter();
        let ports = endpoints.filter_map(|endpoint| {
            let place = at(endpoint, &["ip"]).or_else(|| at(endpoint, &["fqdn"]));
            // A socket file has no port, and is called by that of HTTP.
            place.map_or_else(|| at(endpoint, &["unix"]).map(|_| 80), port)
        });
        let key = |port| ServiceKey { namespace: Namespace::from(namespace), name: Name::from(name), port };
        self.services.extend(ports.filter(|port| *port > 0).map(key));
    }

    /// Adds the hosts that a policy names by a URL alone.
    fn add_hosts_of_urls(&mut self, object: &Value) {
        let providers = items(object, &["spec", "jwt", "providers"]).iter();
        let of_keys = providers.filter_map(|provider| Some((at(provider, &["remoteJWKS"])?, "uri")));
        let of_tokens = at(object, &["spec", "oidc", "provider"]).map(|provider| (provider, "tokenEndpoint"));
        let urls = of_keys.chain(of_tokens).filter_map(|(server, url)| {
            let has_backends = at(server, &["backendRef"]).is_some() || !items(server, &["backendRefs"]).is_empty();
            text(server, &[url]).filter(|_| !has_backends)
        });
        self.services.extend(urls.filter_map(UrlHost::read).map(|host| ServiceKey {
            namespace: host.scheme().into(),
            port: host.port,
            name: host.host.into(),
        }));
    }

    fn add_slice(&mut self, object: &Value, namespace: &str) {
        let Some(service) = text(object, &["metadata", "labels", "kubernetes.io/service-name"]) else { return };
        self.sliced.insert((Namespace::from(namespace), Name::from(service)));
        let ports: Vec<_> = items(object, &["ports"]).iter().filter_map(port).collect();
        for endpoint in items(object, &["endpoints"]) {
            for ip in items(endpoint, &["addresses"]).iter().filter_map(|item| item.as_str()?.parse::<IpAddr>().ok()) {
                self.endpoints.extend(ports.iter().map(|port| SliceAddress {
                    namespace: namespace.to_owned(),
                    service: service.to_owned(),
                    address: SocketAddr::new(ip, *port),
                }));
            }
        }
    }
}

/// Adds every Service that a route refers to, at whatever depth.
fn add_references(value: &Value, namespace: &str, references: &mut BTreeSet<ServiceKey>) {
    match value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                match key.as_str() {
                    Some("backendRefs") => {
                        let items = value.as_sequence().into_iter().flatten();
                        references.extend(items.filter_map(|item| reference(item, namespace)));
                    }
                    Some("backendRef") => references.extend(reference(value, namespace)),
                    _ => {}
                }
                add_references(value, namespace, references);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|item| add_references(item, namespace, references)),
        _ => {}
    }
}

fn reference(reference: &Value, namespace: &str) -> Option<ServiceKey> {
    let is_service = text(reference, &["kind"]).is_none_or(|kind| kind == "Service");
    let namespace = text(reference, &["namespace"]).unwrap_or(namespace);
    let name = text(reference, &["name"]).filter(|_| is_service)?;
    Some(ServiceKey { namespace: Namespace::from(namespace), name: Name::from(name), port: port(reference)? })
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(*key))
}

fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path)?.as_str()
}

fn items<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).and_then(Value::as_sequence).map_or(&[], Vec::as_slice)
}

fn port(value: &Value) -> Option<u16> {
    value.get("port")?.as_u64()?.try_into().ok()
}

fn listener_ports(object: &Value) -> impl Iterator<Item = u16> {
    items(object, &["spec", "listeners"]).iter().filter_map(port)
}

#[cfg(test)]
mod tests {
    use super::Topology;

    const MANIFESTS: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: cart}, spec: {ports: [{port: 80}, {port: 53, protocol: UDP}]}}
- apiVersion: gateway.networking.k8s.io/v1
  kind: Gateway
  metadata: {name: edge, namespace: infra}
  spec: {addresses: [{value: 127.0.0.7}, {value: a.example}], listeners: [{port: 80}, {port: 8080}]}
---
kind: ListenerSet
metadata: {name: more, namespace: infra}
spec: {parentRef: {name: edge}, listeners: [{port: 9090}]}
---
kind: HTTPRoute
metadata: {name: shop}
spec:
  rules:
  - filters: [{type: RequestMirror, requestMirror: {backendRef: {name: audit, namespace: ops, port: 81}}}]
    backendRefs: [{name: cart, port: 80}, {kind: XBackend, name: out, port: 1}]
---
kind: EndpointSlice
metadata: {name: cart-1, labels: {kubernetes.io/service-name: cart}}
ports: [{port: 8001}]
endpoints: [{addresses: [127.0.0.9]}]
---
kind: EndpointSlice
metadata: {name: none-1, labels: {kubernetes.io/service-name: none}}
---
this is: {not yaml
---
kind: Gateway
metadata: {name: never}
";

    #[test]
    fn the_scan_finds_ports_services_references_and_endpoints() {
        let topology = Topology::scan([MANIFESTS], "shop");
        let names = |keys: &std::collections::BTreeSet<super::ServiceKey>| -> Vec<String> {
            keys.iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(&topology.services), ["shop/cart:80"]);
        assert_eq!(names(&topology.referenced), ["ops/audit:81", "shop/cart:80"]);
        assert_eq!(topology.ports().into_iter().collect::<Vec<_>>(), [80, 8080, 9090]);
        let (name, gateway) = topology.gateways.first_key_value().expect("a Gateway");
        assert_eq!((name.to_string().as_str(), topology.gateways.len()), ("infra/edge", 1));
        assert_eq!(gateway.addresses, ["127.0.0.7".parse::<std::net::IpAddr>().expect("an address")]);
        let sliced: Vec<_> = topology.sliced.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(sliced, ["cart", "none"]);
        let endpoints: Vec<_> =
            topology.endpoints.iter().map(|e| (e.service.as_str(), e.address.to_string())).collect();
        assert_eq!(endpoints, [("cart", "127.0.0.9:8001".to_owned())]);
    }
}
