//! The fields that gwctl needs of Kubernetes' core kinds. All other fields are ignored.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::name::{Name, SectionName};
use crate::parser::labels::Labels;
use crate::port::Port;

/// A Namespace; its labels are in the metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceSpec;

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// How the Service is reached.
    pub service_type: ServiceType,
    /// The name that an ExternalName Service stands for.
    pub external_name: Option<String>,
    /// `clusterIP: None`.
    pub headless: bool,
    /// Its address, where the manifest says it.
    pub cluster_ip: Option<IpAddr>,
    /// Its address of the other family (`clusterIPs`).
    pub other_cluster_ip: Option<IpAddr>,
    /// `sessionAffinity: ClientIP`.
    pub client_ip_affinity: bool,
    /// The labels of the pods behind it; empty where somebody else writes its endpoints.
    pub selector: Labels,
    /// The ports, in the order of the manifest.
    pub ports: Vec<ServicePort>,
}

impl Service {
    /// Its addresses, of each family one at most.
    pub fn cluster_ips(&self) -> impl Iterator<Item = IpAddr> + use<> {
        self.cluster_ip.into_iter().chain(self.other_cluster_ip)
    }
}

/// The type of a Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceType {
    #[default]
    ClusterIP,
    NodePort,
    LoadBalancer,
    ExternalName,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// The name; empty when there is none.
    pub name: SectionName,
    /// The port that references name.
    pub port: Port,
    /// The protocol below HTTP.
    pub protocol: L4Protocol,
    /// The port of the pods: a number, or the name of a container port. The Service's port by default.
    pub target_port: TargetPort,
    /// `appProtocol`.
    pub app_protocol: Option<String>,
}

/// TCP, UDP or SCTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum L4Protocol {
    #[default]
    Tcp,
    Udp,
    Sctp,
}

/// The port of the pods behind a Service port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// A number.
    Number(Port),
    /// The name of a container port, known only to the cluster.
    Name(String),
}

/// The label with the Service of an EndpointSlice
/// ([ownership](https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ownership)).
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// An EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSlice {
    /// The Service that the label `kubernetes.io/service-name` names.
    pub service_name: Option<Name>,
    /// The type of the addresses.
    pub address_type: AddressType,
    /// The endpoints, in the order of the manifest.
    pub endpoints: Vec<Endpoint>,
    /// The ports, in the order of the manifest.
    pub ports: Vec<EndpointPort>,
}

/// The type of an EndpointSlice's addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressType {
    #[default]
    IPv4,
    IPv6,
    Fqdn,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its addresses; all are the same endpoint.
    pub addresses: Vec<String>,
    /// `conditions.ready`; absent means ready.
    pub ready: bool,
    /// The Pod behind it (`targetRef`), of the namespace of the slice.
    pub pod: Option<Name>,
}

/// One port of an EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPort {
    /// The name of the Service port; empty when there is none.
    pub name: SectionName,
    /// The port of the pods; absent means all ports.
    pub port: Option<Port>,
    /// The protocol below HTTP.
    pub protocol: L4Protocol,
    /// `appProtocol`.
    pub app_protocol: Option<String>,
}

/// A Secret, its data decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    /// The type, such as `kubernetes.io/tls`; `Opaque` by default.
    pub secret_type: String,
    /// `data` decoded from base64, with `stringData` laid over it.
    pub data: BTreeMap<String, Vec<u8>>,
    /// Whether its values are encrypted by SOPS: nothing is known of what they are.
    pub encrypted: bool,
}

/// A ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigMap {
    /// `data`, and `binaryData` decoded from base64.
    pub data: BTreeMap<String, Vec<u8>>,
}
