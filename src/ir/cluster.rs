//! Clusters and endpoints.

use crate::id::ids;
use crate::name::{Name, Namespace};
use crate::port::Port;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;

use super::default::is_default;
use super::{ClusterSettings, Failover, Origin, Thousandths, UpstreamTls};

ids! {
    /// A cluster, by its position in [`super::Config::clusters`].
    pub struct ClusterId;
}

/// The backend that a cluster stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct BackendName {
    /// The namespace.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
    /// The port that references name.
    pub port: Port,
    /// Where its endpoints are.
    #[serde(skip_serializing_if = "is_default")]
    pub site: Site,
}

/// On which side of the cluster's border a backend is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Site {
    /// Inside: a Service.
    #[default]
    Internal,
    /// Outside: a host that is known by its DNS name.
    External,
    /// Wherever an Upstream says.
    Upstream,
    /// Wherever a Backend says.
    Backend,
    /// Outside: a host that a URL names. The namespace is what the URL begins with, `http` or `https`.
    Url,
    /// Nobody knows: it stands for what a reference names and the input lacks, or may not use. Only where inputs are
    /// compared.
    Missing,
}

/// Endpoints that share their settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// The backend.
    pub backend: BackendName,
    /// What is spoken to it.
    pub protocol: UpstreamProtocol,
    /// How its connections are encrypted; `None` is plain text.
    pub tls: Option<Box<UpstreamTls>>,
    /// How connections are encrypted that `tls` is not about: to hosts of the failover that say so themselves, and to the
    /// proxies of a tunnel.
    #[serde(skip_serializing_if = "is_default")]
    pub further_tls: Vec<UpstreamTls>,
    /// What tells this cluster from the backend's plain one; empty for that one.
    pub variant: String,
    /// Where it is.
    pub endpoints: Endpoints,
    /// How many retries there may be at a time.
    #[serde(skip_serializing_if = "is_default")]
    pub retries: RetryLimit,
    /// The name of the endpoints where addresses stand in for it; names have it of their own.
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: Option<String>,
    /// What is asked for besides.
    #[serde(skip_serializing_if = "is_default")]
    pub settings: Arc<ClusterSettings>,
    /// That what its TLS needs is missing, so that no route sends to it. Only in what is judged.
    pub withheld: bool,
    /// The Service; `None` when it was assumed.
    pub origin: Option<Origin>,
    /// Whether policies ask for another cluster of the backend in its place, wherever they count: it is needed only where none
    /// does.
    #[serde(skip_serializing_if = "is_default")]
    pub stands_aside: bool,
    /// What the proxy calls it, where that is not made of what is above.
    #[serde(skip_serializing_if = "is_default")]
    pub called: Option<String>,
}

impl Cluster {
    /// Whether there is nobody to connect to.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty() && self.settings.failover.is_none()
    }

    /// Whether some endpoint is looked up by its name.
    pub fn is_dns(&self) -> bool {
        let has_names = self.settings.failover.as_ref().is_some_and(Failover::has_names);
        has_names || matches!(self.endpoints, Endpoints::Dns(_))
    }

    /// How connections are encrypted: those to its endpoints, and those to hosts of the failover and proxies of a tunnel.
    pub fn every_tls(&self) -> impl Iterator<Item = &UpstreamTls> {
        self.tls.as_deref().into_iter().chain(&self.further_tls)
    }
}

/// The protocol on upstream connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum UpstreamProtocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// HTTP/2 or HTTP/1.1, as the TLS handshake agrees on. Only with TLS.
    Negotiated,
    /// What the client speaks, HTTP/1.1 or HTTP/2.
    AsClients,
    /// Datagrams.
    Udp,
}

/// How many retries a cluster may carry at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum RetryLimit {
    /// Nothing retries requests to it.
    #[default]
    Unused,
    /// As many as the routes ask for.
    Unlimited,
    /// A share of the requests under way.
    Budget {
        /// The share, in percent.
        percent: Thousandths,
        /// How many there may be whatever the share is.
        least: u32,
    },
}

/// Where a cluster's endpoints are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Endpoints {
    /// These addresses; none at all answers 503.
    Static(Vec<SocketAddr>),
    /// DNS names, each with a port; every address that a name resolves to is an endpoint.
    Dns(Vec<(String, Port)>),
    /// A socket file of the machine that the proxy runs on.
    File(String),
}

impl Endpoints {
    /// Whether there is nobody to connect to.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Static(addresses) => addresses.is_empty(),
            Self::Dns(names) => names.is_empty(),
            Self::File(_) => false,
        }
    }

    /// What each of them is called.
    pub fn in_words(&self) -> Vec<String> {
        match self {
            Self::Static(addresses) => addresses.iter().map(ToString::to_string).collect(),
            Self::Dns(names) => names.iter().map(|(name, port)| format!("{name}:{port}")).collect(),
            Self::File(path) => vec![format!("unix:{path}")],
        }
    }
}
