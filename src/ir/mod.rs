//! The intermediate representation: what a proxy needs and nothing else.
//!
//! No Kubernetes type, no protobuf type and no file position occurs here.
//! Every node carries an [`Origin`], which the resolver turns back into an
//! object and a field when something is to be printed. `translator::envoy` and
//! `simulate` are two readers of the same value. Every node can be serialized, its key material as digests:
//! [`crate::ir_text`] prints it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::http::HeaderName;
use crate::id::ids;
use typed_index_collections::TiVec;

mod access;
mod access_order;
mod action;
mod admission;
mod bandwidth;
mod claim;
mod cluster;
mod cluster_settings;
mod compression;
mod cors;
mod credentials;
mod default;
mod direct_response;
mod external_auth;
mod failover;
mod hash;
mod header;
mod http_clients;
mod http_guards;
mod http_route;
mod http_settings;
mod limits;
mod listener;
mod listener_settings;
mod log;
mod mesh;
mod mirror;
mod object_name;
mod place;
mod processor;
mod references;
mod request_counter;
mod request_rate;
mod retry;
mod route_tree;
mod script;
mod seldom;
mod session;
mod sign_in;
mod tcp_proxy;
mod text_is;
mod tls;
mod tracing;
mod transcoder;
mod tunnel;
mod udp_proxy;
mod underscore;
mod upgrade;
mod upstream_tls;

pub use access::*;
pub use access_order::*;
pub use action::*;
pub use admission::*;
pub use bandwidth::*;
pub use claim::*;
pub use cluster::*;
pub use cluster_settings::*;
pub use compression::*;
pub use cors::*;
pub use credentials::*;
pub use direct_response::*;
pub use external_auth::*;
pub use failover::*;
pub use hash::*;
pub use header::*;
pub use http_clients::*;
pub use http_guards::*;
pub use http_route::*;
pub use http_settings::*;
pub use limits::*;
pub use listener::*;
pub use listener_settings::*;
pub use log::*;
pub use mesh::*;
pub use mirror::*;
pub use object_name::*;
pub use place::places;
pub use processor::*;
pub use references::*;
pub use request_counter::*;
pub use request_rate::*;
pub use retry::*;
pub use route_tree::*;
pub use script::*;
pub use seldom::*;
pub use session::*;
pub use sign_in::*;
pub use tcp_proxy::*;
pub use text_is::*;
pub use tls::*;
pub use tracing::*;
pub use transcoder::*;
pub use tunnel::*;
pub use udp_proxy::*;
pub use upgrade::*;
pub use upstream_tls::*;

ids! {
    /// Where a node comes from: an index that only the resolver can read.
    pub struct Origin;
}

/// The whole configuration, in the order in which it is emitted.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// One for each socket.
    pub listeners: Vec<Listener>,
    /// One for each backend and distinct upstream settings, addressed by [`ClusterId`].
    pub clusters: TiVec<ClusterId, Cluster>,
    /// One for each distinct authorization, addressed by [`AuthId`].
    pub external_auths: TiVec<AuthId, ExternalAuth>,
    /// The certificates that connections are served with, addressed by [`CertificateId`].
    pub certificates: TiVec<CertificateId, KeyPair>,
    /// How clients of Services get to the listeners of their ports, where they name them to a proxy.
    pub forward_proxy: Option<ForwardProxy>,
    /// Where their connections are led to, where rules of the machine do that.
    pub outbound: Option<Outbound>,
    /// Settings of the proxy itself.
    pub proxy: Proxy,
}

impl Config {
    /// The cluster of an id.
    pub fn cluster(&self, id: ClusterId) -> &Cluster {
        &self.clusters[id]
    }

    /// The authorization of an id.
    pub fn external_auth(&self, id: AuthId) -> &ExternalAuth {
        &self.external_auths[id]
    }

    /// The actions of rules, each that is no split.
    fn leaves(&self) -> impl Iterator<Item = &Action> {
        let connections = self.listeners.iter().flat_map(Listener::chains);
        let hosts = connections.flat_map(|chain| match &chain.handler {
            Handler::Http(connection) => connection.virtual_hosts.as_slice(),
            Handler::Tcp(_) | Handler::Close => &[],
        });
        hosts.flat_map(|host| &host.routes).flat_map(|route| route.action.leaves())
    }

    /// The headers whose values are those of Secrets, each value once.
    pub fn secret_headers(&self) -> BTreeSet<(&HeaderName, &str)> {
        let of_routes = self.leaves().flat_map(Action::request_headers);
        let of_clusters = self.clusters.iter().flat_map(|cluster| cluster.settings.headers());
        let connections = self.listeners.iter().flat_map(Listener::http_connections);
        let early = connections.map(|connection| &connection.settings.early_headers);
        let values = of_routes.chain(of_clusters).chain(early).flat_map(HeaderMutations::values);
        values.filter_map(|(name, value)| Some((name, value.secret_text()?))).collect()
    }

    /// The keys and passwords that requests have to bring, each once.
    pub fn credentials(&self) -> BTreeSet<String> {
        let filters = self.leaves().filter_map(Action::http_filters);
        filters.flat_map(|filters| filters.guards.secrets()).collect()
    }

    /// The ways to sign in, each once.
    pub fn sign_ins(&self) -> Vec<&Arc<SignIn>> {
        let mut all: Vec<&Arc<SignIn>> = Vec::new();
        for filters in self.leaves().filter_map(Action::http_filters) {
            all.extend(filters.guards.sign_in.as_ref().filter(|own| !all.contains(own)));
        }
        all
    }

    /// The names of these headers, in lower case.
    pub fn names_of_secret_headers(&self) -> BTreeSet<String> {
        self.secret_headers().into_iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    /// The texts of Secrets as they stand in a configuration: the values of these headers, where percent signs are written
    /// twice, and what requests have to bring.
    pub fn sent_secrets(&self) -> SentSecrets {
        let headers = self.secret_headers();
        let headers = headers.into_iter().map(|(_, text)| text.replace('%', "%%"));
        SentSecrets(headers.chain(self.credentials()).collect())
    }

    /// The collectors of the proxy and of listeners, each once.
    pub fn collectors(&self) -> Vec<&Collector> {
        let of_listeners = self.listeners.iter().flat_map(|listener| listener.settings.collectors());
        let mut all: Vec<&Collector> = self.proxy.collectors().into_iter().chain(of_listeners).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The certificate of an id.
    pub fn certificate(&self, id: CertificateId) -> &KeyPair {
        &self.certificates[id]
    }
}

/// The values of Secrets that stand in a configuration.
#[derive(Clone, Default)]
pub struct SentSecrets(BTreeSet<String>);

impl SentSecrets {
    /// Whether a part of the output has one of them.
    pub fn are_in(&self, wire: &[u8]) -> bool {
        !self.0.is_empty() && {
            let text = String::from_utf8_lossy(wire);
            self.0.iter().any(|secret| text.contains(secret.as_str()))
        }
    }
}
