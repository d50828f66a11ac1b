//! What refers to clusters and authorizations, and the same action with others.

use std::collections::HashSet;

use super::{
    Action, AuthId, Authorities, Branch, Cluster, ClusterId, Config, DirectResponse, Forward, Handler, HttpFilters,
    Listener, Mirror, Redirect, Seldom, Target, TcpBackend, Transport, WeightedBackend,
};

/// A reference of an action to what stands beside it in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// To the cluster of a backend of the action's own list.
    Backend(&'a Forward, ClusterId),
    /// To the cluster of a mirror.
    Mirror(ClusterId),
    /// To an authorization, which names a cluster itself.
    Auth(AuthId),
    /// To the cluster of a server that has keys of tokens, gives tokens, counts requests, or gets them.
    Guard(ClusterId),
}

impl Action {
    /// Everything that the action refers to, in its order.
    pub fn references(&self) -> Vec<Reference<'_>> {
        let mut found = Vec::new();
        for leaf in self.leaves() {
            match leaf {
                Self::Forward(forward) => {
                    let Forward {
                        backends,
                        http_filters,
                        mirrors,
                        request_headers: _,
                        response_headers: _,
                        path_rewrite: _,
                        host_rewrite: _,
                        tells_host: _,
                        fault: _,
                        timeouts: _,
                        retry: _,
                        attempts: _,
                        upgrades: _,
                        metadata: _,
                        tracing: _,
                        hash: _,
                        bandwidth: _,
                        draws_by_hash: _,
                        session: _,
                    } = forward;
                    found.extend(backends.iter().filter_map(|backend| match backend.target {
                        Target::Cluster(id) => Some(Reference::Backend(forward, id)),
                        Target::Invalid(_) => None,
                    }));
                    found.extend(mirrors.iter().map(|mirror| Reference::Mirror(mirror.cluster)));
                    found.extend(of_filters(http_filters));
                }
                Self::Redirect(redirect) => found.extend(of_filters(&redirect.http_filters)),
                Self::DirectResponse(response) => found.extend(of_filters(&response.http_filters)),
                Self::Respond(_) | Self::Split(_) => {}
            }
        }
        found
    }
}

/// What requests pass first.
fn of_filters(
    HttpFilters { cors: _, auths, guards, compressions: _ }: &HttpFilters,
) -> impl Iterator<Item = Reference<'_>> {
    let keys = guards.token_rules().flat_map(|rules| rules.clusters());
    let counting = guards.limits().map(|limits| limits.server.cluster);
    let signing_in = guards.sign_in.iter().map(|sign_in| sign_in.provider.cluster);
    let processing = guards.processors.iter().flat_map(|processor| [processor.cluster, processor.asked()]);
    auths
        .iter()
        .copied()
        .map(Reference::Auth)
        .chain(keys.chain(counting).chain(processing).chain(signing_in).map(Reference::Guard))
}

impl Config {
    /// The actions of all routes; those that routes share come again.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        let connections = self.listeners.iter().flat_map(Listener::http_connections);
        let routes = connections.flat_map(|connection| &connection.virtual_hosts).flat_map(|host| &host.routes);
        routes.map(|route| &*route.action)
    }

    /// The backends of streams and datagrams.
    pub fn stream_backends(&self) -> impl Iterator<Item = &TcpBackend> {
        self.listeners.iter().flat_map(|listener| {
            let datagrams = match &listener.transport {
                Transport::Udp(proxy) => proxy.backends.as_slice(),
                Transport::Tcp(_) => &[],
            };
            let streams = listener.chains().iter().flat_map(|chain| match &chain.handler {
                Handler::Tcp(proxy) => proxy.backends.as_slice(),
                Handler::Http(_) | Handler::Close => &[],
            });
            datagrams.iter().chain(streams)
        })
    }

    /// The authorities that clients and backends are judged by; those that several share come again.
    pub fn authorities(&self) -> impl Iterator<Item = &Authorities> {
        let chains = self.listeners.iter().flat_map(Listener::chains);
        let of_clients = chains.filter_map(|chain| chain.tls.as_ref()?.clients.authorities());
        let of_clusters = self.clusters.iter().flat_map(Cluster::every_tls);
        of_clients.chain(of_clusters.filter_map(|tls| tls.authorities.as_ref()))
    }

    /// The clusters that nothing needs, since policies ask for others in their place wherever something is sent.
    pub fn idle_clusters(&self) -> HashSet<ClusterId> {
        let aside = self.clusters.iter_enumerated().filter(|(_, cluster)| cluster.stands_aside);
        let mut idle: HashSet<ClusterId> = aside.map(|(id, _)| id).collect();
        if idle.is_empty() {
            return idle;
        }
        for id in self.actions().flat_map(|action| self.clusters_of(action)) {
            idle.remove(&id);
        }
        let streams = self.stream_backends().filter_map(|backend| backend.cluster);
        let traced = self.listeners.iter().flat_map(Listener::http_connections);
        let traced = traced.filter_map(|connection| Some(connection.tracing.as_ref()?.cluster));
        for id in streams.chain(traced) {
            idle.remove(&id);
        }
        idle
    }

    /// Every cluster that an action sends something to.
    pub fn clusters_of(&self, action: &Action) -> impl Iterator<Item = ClusterId> {
        action.references().into_iter().map(|reference| match reference {
            Reference::Backend(_, id) | Reference::Mirror(id) | Reference::Guard(id) => id,
            Reference::Auth(id) => self.external_auth(id).settings.cluster,
        })
    }
}

impl Action {
    /// The action with every cluster replaced by what `replace` gives for it,
    /// and the authorizations of each part by what `replace_auths` gives.
    #[must_use]
    pub fn with_clusters(
        &self,
        replace: &impl Fn(ClusterId) -> ClusterId,
        replace_auths: &mut impl FnMut(&[AuthId]) -> Vec<AuthId>,
    ) -> Self {
        match self {
            Self::Forward(forward) => Self::Forward(with_clusters(forward, replace, replace_auths)),
            Self::Redirect(redirect) => {
                let http_filters = replaced(&redirect.http_filters, replace, replace_auths);
                Self::Redirect(Box::new(Redirect { http_filters, ..Redirect::clone(redirect) }))
            }
            Self::DirectResponse(response) => {
                let http_filters = replaced(&response.http_filters, replace, replace_auths);
                Self::DirectResponse(Box::new(DirectResponse { http_filters, ..DirectResponse::clone(response) }))
            }
            Self::Respond(status) => Self::Respond(*status),
            Self::Split(branches) => {
                let branches = branches.iter().map(|Branch { weight, action, origin }| Branch {
                    weight: *weight,
                    action: action.with_clusters(replace, replace_auths),
                    origin: *origin,
                });
                Self::Split(branches.collect())
            }
        }
    }
}

fn with_clusters(
    forward: &Forward,
    replace: &impl Fn(ClusterId) -> ClusterId,
    replace_auths: &mut impl FnMut(&[AuthId]) -> Vec<AuthId>,
) -> Forward {
    let Forward {
        backends,
        http_filters,
        mirrors,
        request_headers: _,
        response_headers: _,
        path_rewrite: _,
        host_rewrite: _,
        tells_host: _,
        fault: _,
        timeouts: _,
        retry: _,
        attempts: _,
        upgrades: _,
        metadata: _,
        tracing: _,
        hash: _,
        bandwidth: _,
        draws_by_hash: _,
        session: _,
    } = forward;
    let backends = backends.iter().map(|backend| {
        let target = match backend.target {
            Target::Cluster(id) => Target::Cluster(replace(id)),
            Target::Invalid(status) => Target::Invalid(status),
        };
        WeightedBackend { target, ..backend.clone() }
    });
    let mirrors = mirrors.iter().map(|mirror| Mirror { cluster: replace(mirror.cluster), ..mirror.clone() });
    Forward {
        backends: backends.collect(),
        mirrors: mirrors.collect(),
        http_filters: replaced(http_filters, replace, replace_auths),
        ..forward.clone()
    }
}

fn replaced(
    HttpFilters { cors, auths, guards, compressions }: &HttpFilters,
    replace: &impl Fn(ClusterId) -> ClusterId,
    replace_auths: &mut impl FnMut(&[AuthId]) -> Vec<AuthId>,
) -> Seldom<HttpFilters> {
    let guards = guards.clone().with_clusters(replace);
    HttpFilters { cors: cors.clone(), auths: replace_auths(auths), guards, compressions: compressions.clone() }.into()
}
