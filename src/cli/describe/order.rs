//! The rules of HTTP listeners in the order in which requests try them, as the judged configuration has them.

use crate::cli::view::View;
use crate::compile::RoutedServices;
use crate::diagnostics::ObjectPart;
use crate::ir::{Config, Handler, VirtualHost};
use crate::parser::manifests::{Kind, ObjectKey};

/// A host with the listener that owns it.
pub(super) struct Host<'c> {
    /// The Gateway or ListenerSet.
    pub(super) owner: &'c ObjectKey,
    /// The listener, by its position.
    pub(super) listener: usize,
    /// The Gateways of the socket, `NAMESPACE/NAME`.
    pub(super) gateways: Vec<String>,
    /// The host with its routes in order.
    pub(super) host: &'c VirtualHost,
}

/// All hosts, in the order of the configuration.
pub(super) fn hosts<'v>(view: &View<'v, '_>) -> Vec<Host<'v>> {
    let lowered = &view.compilation.lowered;
    let config: &'v Config = lowered.judged();
    let mut hosts = Vec::new();
    for listener in &config.listeners {
        for chain in listener.chains() {
            let Handler::Http(connection) = &chain.handler else { continue };
            for host in &connection.virtual_hosts {
                if let Some((owner, _, ObjectPart::Listener(index))) = lowered.origins.get(host.origin) {
                    let gateways = listener.gateways.iter().map(ToString::to_string).collect();
                    hosts.push(Host { owner, listener: index, gateways, host });
                }
            }
        }
    }
    hosts
}

/// The hosts of Services, each with the name and port that clients ask for.
pub(super) fn hosts_of_services(services: &RoutedServices) -> Vec<(&VirtualHost, String)> {
    let RoutedServices { lowered, hosts } = services;
    let mut found = Vec::new();
    for listener in &lowered.judged().listeners {
        let Some(host) = listener.gateways.first().and_then(|name| hosts.get(name)) else { continue };
        let own = listener.http_connections().flat_map(|connection| &connection.virtual_hosts);
        found.extend(own.map(|own| (own, format!("{host}:{}", listener.port))));
    }
    found
}

/// Whether a host is one of a Gateway, those of its ListenerSets included, or of a ListenerSet.
pub(super) fn is_of(host: &Host<'_>, key: &ObjectKey) -> bool {
    match key.kind {
        Kind::Gateway => host.gateways.contains(&format!("{}/{}", key.namespace, key.name)),
        _ => host.owner == key,
    }
}
