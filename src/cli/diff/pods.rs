//! Which pods are behind a backend, where nothing but its Service says so.
//!
//! A Service without EndpointSlices in the input is sent to by its name. Its
//! selector and its target port are then all that says where requests end.

use std::collections::{HashMap, HashSet};

use super::describe::describe_pods;
use crate::ir::{BackendName, Cluster, Endpoints, Site, UpstreamProtocol};
use crate::name::NamespacedName;
use crate::options::{Options, Resolve};
use crate::parser::api::{L4Protocol, Service, ServiceType};
use crate::parser::manifests::Manifests;

/// What is behind a backend, in words.
pub(super) struct Behind {
    /// What the configuration says of it.
    pub(super) words: String,
    /// The pods that its Service selects; `None` where something else says where requests end.
    pub(super) pods: Option<String>,
    /// Whether nobody sends there, because what its TLS needs is missing.
    pub(super) is_withheld: bool,
}

impl Behind {
    /// Both in words, where they differ. Pods that only one side knows of are no difference.
    pub(super) fn apart(&self, later: &Self) -> Option<[String; 2]> {
        let Self { words, pods, is_withheld } = self;
        let Self { words: new_words, pods: new_pods, is_withheld: is_withheld_now } = later;
        // Its rules tell what comes or goes.
        if is_withheld != is_withheld_now {
            return None;
        }
        match (pods, new_pods) {
            (Some(old), Some(new)) if old != new => Some([format!("{words} ({old})"), format!("{new_words} ({new})")]),
            _ => (words != new_words).then(|| [words, new_words].map(String::to_owned)),
        }
    }
}

/// The Services of one side that say themselves where their endpoints are.
pub(super) struct Pods<'c> {
    services: HashMap<NamespacedName<'c>, &'c Service>,
    resolve: &'c [Resolve],
}

impl<'c> Pods<'c> {
    pub(super) fn new(manifests: &'c Manifests, options: &'c Options) -> Self {
        let slices = manifests.endpoint_slices.iter();
        let sliced: HashSet<NamespacedName<'_>> =
            slices.filter_map(|slice| Some((&slice.metadata.namespace, slice.spec.service_name.as_ref()?))).collect();
        let services = manifests.services.iter().filter(|service| {
            service.spec.service_type != ServiceType::ExternalName && !sliced.contains(&service.metadata.sort_key())
        });
        Self {
            services: services.map(|service| (service.metadata.sort_key(), &service.spec)).collect(),
            resolve: &options.resolve,
        }
    }

    /// The pods behind a cluster, in words.
    pub(super) fn behind(&self, cluster: &Cluster) -> Option<String> {
        let BackendName { namespace, name, port, site } = &cluster.backend;
        let is_given = |entry: &Resolve| (&entry.namespace, &entry.name, entry.port) == (namespace, name, *port);
        let is_by_name = *site == Site::Internal && matches!(cluster.endpoints, Endpoints::Dns(_));
        if !is_by_name || self.resolve.iter().any(is_given) {
            return None;
        }
        let service = self.services.get(&(namespace, name))?;
        let protocol = match cluster.protocol {
            UpstreamProtocol::Udp => L4Protocol::Udp,
            UpstreamProtocol::Http1
            | UpstreamProtocol::Http2
            | UpstreamProtocol::Negotiated
            | UpstreamProtocol::AsClients => L4Protocol::Tcp,
        };
        let own = service.ports.iter().find(|own| own.port == *port && own.protocol == protocol)?;
        Some(describe_pods(service, own))
    }
}
