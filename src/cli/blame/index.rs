//! Every name that the output has, with what of the manifests is behind it.

use std::collections::BTreeMap;

use crate::cli::name_kind::NameKind;
use crate::ir::{
    Action, Config, FilterChain, ForwardProxy, Handler, HttpConnection, Listener, Origin, Target, TcpBackend, Transport,
};
use crate::translator::envoy::{gloo_name, has_invalid_backend, name, secrets_of_sign_in, target};

/// What stands behind a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// The objects that it stands for.
    pub(super) origins: Vec<Origin>,
    /// The rules that send to it, of a cluster.
    pub(super) senders: Vec<Origin>,
    /// What there is to know of a name that gwctl made itself.
    pub(super) note: Option<&'static str>,
}

/// The names of one or two configurations of the same input.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: BTreeMap<(NameKind, String), Entry>,
}

impl Index {
    /// Adds what a configuration names, whatever naming an output has.
    pub(super) fn add_both(&mut self, config: &Config) {
        let mut config = config.clone();
        for name in [gloo_name::take, gloo_name::give] {
            name(&mut config);
            self.add(&config);
        }
    }

    fn add(&mut self, config: &Config) {
        for kind in [NameKind::Listener, NameKind::Statistics] {
            self.note(kind, "admin".to_owned(), "Envoy's admin interface (`--admin-address`), which no manifest names");
        }
        let note =
            "what Envoy sends on its own: mirrored requests, questions to authorization services, logs and spans";
        self.note(NameKind::Statistics, "async-client".to_owned(), note);
        if has_invalid_backend(config) {
            let note = "has no endpoint: it stands for backends that cannot be used, and where a rule sends to none";
            self.note(NameKind::Cluster, name::INVALID_BACKEND.to_owned(), note);
        }
        for listener in &config.listeners {
            match listener.entrance.is_shared() {
                true => self.add_shared(listener, config),
                false => self.add_listener(listener, config),
            }
        }
        if let Some(proxy) = &config.forward_proxy {
            self.add_forward_proxy(proxy, config);
        }
        if config.listeners.iter().any(|listener| listener.entrance.is_shared()) {
            let note =
                "serves every port of a Service whose routes are all that it has of its own, a virtual host for each";
            for kind in [NameKind::RouteConfiguration, NameKind::Statistics] {
                self.note(kind, name::SHARED_PORTS.to_owned(), note);
            }
            let internal = config.forward_proxy.iter();
            let internal = internal.flat_map(|_| [NameKind::Listener, NameKind::Cluster, NameKind::VirtualHost]);
            internal.for_each(|kind| self.note(kind, name::SHARED_PORTS.to_owned(), note));
        }
        if config.outbound.is_some() {
            let note = "the port that rules of the machine lead connections to Services to; what is for no served port is refused";
            self.note(NameKind::Listener, name::OUTBOUND.to_owned(), note);
        }
        for cluster in &config.clusters {
            self.put(NameKind::Cluster, name::cluster(cluster), cluster.origin);
            if cluster.settings.tunnel.is_some() {
                let note = "leads to the backend through a proxy, which its Upstream names";
                for kind in [NameKind::Listener, NameKind::Cluster, NameKind::Statistics] {
                    self.put(kind, name::tunnel(cluster), cluster.origin);
                    self.note(kind, name::tunnel(cluster), note);
                }
            }
        }
        for pair in &config.certificates {
            self.put(NameKind::Secret, name::secret(pair), pair.origin);
        }
        for authorities in config.authorities() {
            if let Some(object) = &authorities.object {
                self.put(NameKind::Secret, name::authorities(object), authorities.origin);
            }
        }
        let own = config.proxy.collectors();
        for collector in config.collectors() {
            let note = match own.contains(&collector) {
                true => "the collector of `--tracing` or `--access-log`, which no manifest names",
                false => "the collector of logs that a ListenerOption asks for",
            };
            self.note(NameKind::Cluster, name::collector(collector), note);
        }
    }

    fn add_listener(&mut self, listener: &Listener, config: &Config) {
        self.put(NameKind::Listener, name::listener(listener), Some(listener.origin));
        if !listener.misdirected.is_empty() {
            self.add_misdirected(listener);
        }
        if let Transport::Udp(proxy) = &listener.transport {
            self.put(NameKind::Statistics, name::udp_proxy(listener), Some(listener.origin));
            for backend in &proxy.backends {
                self.send(stream_cluster(backend, config), backend.origin);
            }
        }
        for chain in listener.chains() {
            self.put(NameKind::Listener, name::listener(listener), Some(chain.origin));
            if let Some(own) = &chain.name {
                self.put(NameKind::FilterChain, name::filter_chain(own), Some(chain.origin));
            }
            match &chain.handler {
                Handler::Http(_) => self.add_connection(listener, chain, config),
                Handler::Tcp(proxy) => {
                    self.put(NameKind::Statistics, name::tcp_proxy(listener), Some(chain.origin));
                    for backend in &proxy.backends {
                        self.send(stream_cluster(backend, config), backend.origin);
                    }
                }
                Handler::Close => {}
            }
        }
    }

    /// A port of a Service that shares a connection manager: of its own it has a virtual host.
    fn add_shared(&mut self, listener: &Listener, config: &Config) {
        for connection in listener.http_connections() {
            let origins =
                std::iter::once(listener.origin).chain(connection.virtual_hosts.iter().map(|host| host.origin));
            self.put(NameKind::VirtualHost, name::listener(listener), origins);
            self.add_routes(listener, connection, config);
        }
    }

    /// What leads the clients of a forward proxy to the listeners of Services.
    fn add_forward_proxy(&mut self, proxy: &ForwardProxy, config: &Config) {
        let note = "the forward proxy that clients name (`--mesh-capture proxy`)";
        for kind in [NameKind::Listener, NameKind::RouteConfiguration, NameKind::Statistics] {
            self.note(kind, name::FORWARD_PROXY.to_owned(), note);
        }
        for listener in proxy.ports.iter().filter_map(|port| config.listeners.get(port.listener)) {
            if !listener.entrance.is_shared() {
                self.put(NameKind::VirtualHost, name::listener(listener), Some(listener.origin));
                self.put(NameKind::Cluster, name::listener(listener), Some(listener.origin));
            }
        }
        if proxy.passes_unknown {
            let note = "whatever is no served Service (`--mesh-unknown pass`)";
            for kind in [NameKind::VirtualHost, NameKind::Cluster] {
                self.note(kind, name::ELSEWHERE.to_owned(), note);
            }
            let note = "refuses what names the port of the proxy itself, which might come back for ever";
            self.note(NameKind::VirtualHost, name::ITSELF.to_owned(), note);
        }
    }

    /// What answers for the hosts of a socket that the chains of others do not know.
    fn add_misdirected(&mut self, listener: &Listener) {
        let note = "answers 421 to hosts that other listeners of the port serve, and 404 to those of none";
        let kinds = [
            NameKind::Listener,
            NameKind::Cluster,
            NameKind::RouteConfiguration,
            NameKind::VirtualHost,
            NameKind::Route,
        ];
        let names = kinds.map(|kind| (kind, name::misdirected(listener)));
        let inner = [NameKind::VirtualHost, NameKind::Route].map(|kind| (kind, name::MISDIRECTED.to_owned()));
        let statistics = (NameKind::Statistics, name::misdirected_statistics(listener));
        let chains = listener.chains().iter().filter(|chain| matches!(chain.handler, Handler::Http(_)));
        let origins: Vec<Origin> = chains.map(|chain| chain.origin).collect();
        for (kind, name) in names.into_iter().chain(inner).chain([statistics]) {
            self.put(kind, name.clone(), origins.iter().copied());
            self.note(kind, name, note);
        }
    }

    fn add_connection(&mut self, listener: &Listener, chain: &FilterChain, config: &Config) {
        let Handler::Http(connection) = &chain.handler else { return };
        if !connection.misdirected.is_empty() {
            for kind in [NameKind::VirtualHost, NameKind::Route] {
                self.put(kind, name::MISDIRECTED.to_owned(), Some(chain.origin));
                let note = "answers 421 to hosts that other listeners of the port serve";
                self.note(kind, name::MISDIRECTED.to_owned(), note);
            }
        }
        let origins = || std::iter::once(chain.origin).chain(connection.virtual_hosts.iter().map(|host| host.origin));
        self.put(NameKind::Statistics, name::http_statistics(listener, chain), origins());
        self.put(NameKind::RouteConfiguration, name::route_configuration(listener, chain), origins());
        for host in &connection.virtual_hosts {
            self.put(NameKind::Listener, name::listener(listener), Some(host.origin));
            self.put(NameKind::VirtualHost, name::virtual_host(listener, &host.hostname), Some(host.origin));
        }
        self.add_routes(listener, connection, config);
    }

    fn add_routes(&mut self, listener: &Listener, connection: &HttpConnection, config: &Config) {
        for host in &connection.virtual_hosts {
            for (position, route) in host.routes.iter().enumerate() {
                let called = name::route(listener, &host.hostname, position, &route.name);
                self.put(NameKind::Route, called, Some(route.origin));
                self.add_action(&route.action, route.origin, config);
            }
        }
    }

    fn add_action(&mut self, action: &Action, origin: Origin, config: &Config) {
        for id in config.clusters_of(action) {
            self.send(name::cluster(config.cluster(id)), origin);
        }
        let filters = action.leaves().filter_map(Action::http_filters);
        for sign_in in filters.filter_map(|filters| filters.guards.sign_in.as_ref()) {
            for secret in secrets_of_sign_in(sign_in, config) {
                self.note(
                    NameKind::Secret,
                    secret.clone(),
                    "what the `oidc` of a SecurityPolicy needs, for these rules",
                );
                self.put(NameKind::Secret, secret, Some(origin));
            }
        }
        for leaf in action.leaves() {
            let Action::Forward(forward) = leaf else { continue };
            if let Some(pool) = target::pool_of(forward, config) {
                self.send(pool, origin);
            }
            if forward.backends.iter().any(|backend| matches!(backend.target, Target::Invalid(_))) {
                self.send(name::INVALID_BACKEND.to_owned(), origin);
            }
        }
    }

    fn put(&mut self, kind: NameKind, name: String, origins: impl IntoIterator<Item = Origin>) {
        let entry = self.entries.entry((kind, name)).or_default();
        entry.origins.extend(origins);
    }

    fn send(&mut self, cluster: String, origin: Origin) {
        self.entries.entry((NameKind::Cluster, cluster)).or_default().senders.push(origin);
    }

    fn note(&mut self, kind: NameKind, name: String, note: &'static str) {
        self.entries.entry((kind, name)).or_default().note = Some(note);
    }

    /// What bears a name. What statistics begin with is found where nothing else has the name.
    pub(super) fn named(&self, name: &str, kind: Option<NameKind>) -> Vec<(NameKind, &str, &Entry)> {
        // Of a cluster that leads to another one, as authorizations have them, that one is meant.
        let is_known = self.entries.contains_key(&(NameKind::Cluster, name.to_owned()));
        let cluster = if is_known { name } else { name::plain_cluster(name) };
        let is_named =
            |(own, text): &(NameKind, String)| text == name || (*own == NameKind::Cluster && text == cluster);
        let is_meant = |key: &(NameKind, String)| is_named(key) && kind.is_none_or(|kind| kind == key.0);
        let found = self.entries.iter().filter(|(key, _)| is_meant(key));
        let mut all: Vec<_> = found.map(|((kind, text), entry)| (*kind, text.as_str(), entry)).collect();
        if all.len() > 1 {
            all.retain(|(kind, ..)| *kind != NameKind::Statistics);
        }
        all
    }

    /// What a statistic of a kind is about: the longest name that stands at its beginning.
    pub(super) fn measured(&self, kind: NameKind, statistic: &str) -> Option<(NameKind, &str, &Entry)> {
        let begins = |name: &str| {
            let counted = counted(kind, name);
            let rest = statistic.strip_prefix(&counted)?;
            (rest.is_empty() || rest.starts_with(['.', ':', ' '])).then_some(counted.len())
        };
        let of_kind = self.entries.iter().filter(|((own, _), _)| *own == kind);
        let found = of_kind.filter_map(|((_, name), entry)| Some((begins(name)?, name, entry)));
        let (_, name, entry) = found.max_by_key(|(length, ..)| *length)?;
        Some((kind, name, entry))
    }
}

/// The cluster of a backend of streams; one that cannot be used has that of all such.
fn stream_cluster(backend: &TcpBackend, config: &Config) -> String {
    backend.cluster.map_or_else(|| name::INVALID_BACKEND.to_owned(), |id| name::cluster(config.cluster(id)))
}

/// A name as statistics have it: without colons, and that of a cluster without dots
/// ([alt_stat_name](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto)).
fn counted(kind: NameKind, name: &str) -> String {
    let name = name.replace(':', "_");
    if kind == NameKind::Cluster { name.replace('.', "_") } else { name }
}
