//! Chains that speak HTTP: one for all plain listeners of a socket, and one for
//! each HTTPS listener.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::diagnostics::Reported;
use crate::hostname::Hostname;
use crate::ir::{
    Action, ChainMatch, ClusterId, ConnectionTracing, FilterChain, Handler, HttpConnection, HttpProfile, HttpSettings,
    Route,
};
use crate::port::Port;
use crate::resolver::{Audience, KeyPairId, ListenerId, ListenerOptionsId, Resolved, ResolvedListener, RouteId};

use super::cluster::Clusters;
use super::external_auths::ExternalAuths;
use super::l4_chain::lower_stream_chain;
use super::misdirected;
use super::option::ext_auth::{self, AuthOnListener};
use super::option::host::{HostPart, lay_under};
use super::option::http::{self, settings_of};
use super::option::limits::{self, LimitsOnListener};
use super::option::processors::{self, ProcessorsOnListener};
use super::option::rates;
use super::option::told_header::{self, ToldHeaders, is_chosen_by, told_headers};
use super::policy::{self, PoliciesAt, PoliciesOfListener};
use super::precedence::{MatchRank, Precedence};
use super::rule::LoweredRule;
use super::socket_lowering::SocketLowering;
use super::virtual_host::{ListenerRoutes, build_virtual_hosts};

/// The chains of the plain HTTP listeners of a socket: theirs, and one beside it for what turns out to be no HTTP where
/// that may be.
pub(super) fn lower_http_chains(
    lowering: &mut SocketLowering<'_, '_>,
    first: ListenerId,
    ids: &[ListenerId],
) -> Vec<FilterChain> {
    let chain = lower_http_chain(lowering, first, ids);
    match lowering.resolved.listener(first).unlike_http {
        None => vec![chain],
        Some(route) => {
            let select = ChainMatch::Http;
            vec![FilterChain { select, ..chain }, lower_stream_chain(lowering, first, route)]
        }
    }
}

/// The chain of the plain HTTP listeners of a socket. They share it: the host
/// of a request, not the connection, says which listener it belongs to.
fn lower_http_chain(lowering: &mut SocketLowering<'_, '_>, first: ListenerId, ids: &[ListenerId]) -> FilterChain {
    let origin = lowering.origin_of(first);
    let profile = match lowering.resolved.audience {
        Audience::Strangers => HttpProfile::Edge,
        Audience::Neighbours => HttpProfile::Mesh,
    };
    let (settings, tracing) = connection_settings(lowering, ids);
    let mut listeners = listener_routes(lowering, ids, "http");
    let virtual_hosts =
        build_virtual_hosts(&mut listeners, lowering.placement).into_iter().map(|(_, host)| host).collect();
    FilterChain {
        name: None,
        select: ChainMatch::Any,
        tls: None,
        handler: Handler::Http(HttpConnection { virtual_hosts, misdirected: Vec::new(), profile, settings, tracing }),
        origin,
    }
}

/// The hosts and routes of the HTTPS listeners of a socket, in their order.
/// Each serves its own hosts only; requests for those of another one came over
/// the wrong connection
/// ([GEP-3567](https://gateway-api.sigs.k8s.io/geps/gep-3567/)).
pub(super) fn lower_https_connections(
    lowering: &mut SocketLowering<'_, '_>,
    ids: &[ListenerId],
) -> Vec<HttpConnection> {
    let mut listeners = listener_routes(lowering, ids, "https");
    let hostnames: Vec<&Hostname> = listeners.iter().map(|listener| listener.hostname).collect();
    let misdirected = misdirected::listed(&hostnames);
    let mut connections: Vec<_> = ids
        .iter()
        .zip(misdirected)
        .map(|(id, misdirected)| {
            let (settings, tracing) = connection_settings(lowering, std::slice::from_ref(id));
            HttpConnection { virtual_hosts: Vec::new(), misdirected, profile: HttpProfile::Edge, settings, tracing }
        })
        .collect();
    for (index, host) in build_virtual_hosts(&mut listeners, lowering.placement) {
        connections[index].virtual_hosts.push(host);
    }
    connections
}

/// The settings of the connections that listeners share, and who gets their spans.
fn connection_settings(
    lowering: &mut SocketLowering<'_, '_>,
    ids: &[ListenerId],
) -> (Arc<HttpSettings>, Option<Arc<ConnectionTracing>>) {
    let decided = http::decided(lowering.resolved, lowering.options.settings, ids);
    let tracing = decided.and_then(|id| lowering.options.tracings.get(&id)?.intern(lowering.clusters));
    let settings = match policy::http_settings(lowering.resolved, lowering.options.policies, ids) {
        Some(settings) => Arc::clone(settings),
        None => settings_of(lowering.resolved, lowering.options.settings, ids),
    };
    let told = told_headers(lowering.resolved, ids);
    (told_header::without_forged(settings, &told, lowering.options.release), tracing.map(Arc::new))
}

/// The HTTP routes of listeners that share a socket.
fn listener_routes<'a>(
    lowering: &mut SocketLowering<'a, '_>,
    ids: &[ListenerId],
    scheme: &'static str,
) -> Vec<ListenerRoutes<'a>> {
    let resolved = lowering.resolved;
    let mut lowered: BTreeMap<RoutesKey, Vec<RankedRoute>> = BTreeMap::new();
    let shared = (scheme == "http").then(|| told_headers(resolved, ids));
    ids.iter()
        .map(|id| {
            let listener = resolved.listener(*id);
            let mut own = ListenerRoutes::new(&listener.hostname, lowering.origin_of(*id));
            let host = resolved.virtual_host_options.of(*id);
            if let Some(Ok(said)) = host.map(|host| lowering.options.hosts[host].as_ref()) {
                own.counters = said.counters();
            }
            let sharing = if scheme == "http" { ids } else { std::slice::from_ref(id) };
            let http = http::options_of(resolved, lowering.options.settings, *id, sharing);
            let failed = lowering.failure_of(*id);
            let policies = policy::of_listener(resolved, listener);
            let own_told = if shared.is_none() { told_headers(resolved, sharing) } else { ToldHeaders::new() };
            let told = shared.as_ref().unwrap_or(&own_told);
            for route in &listener.attached {
                let certificate = lowering.clusters.certificate_of(&resolved.gateways[id.gateway]);
                let key = (*route, certificate, [host, http], failed.is_some(), policies);
                let at = PoliciesAt {
                    resolved,
                    parts: lowering.options.policies,
                    listener,
                    route: resolved.routes.get(*route),
                };
                let routes = lowered.entry(key).or_insert_with(|| {
                    let options = host.map(|host| lowering.options.hosts[host].as_ref().map_err(|proof| *proof));
                    let settings = http.map(|http| lowering.options.settings[http].as_ref().map_err(|proof| *proof));
                    let settings = failed.map(Err).or(settings);
                    let auth = AuthOnListener {
                        host: options.and_then(|options| options.ok()?.auth()),
                        server: http.and_then(|http| lowering.options.servers.get(&http)),
                    };
                    let limits = LimitsOnListener {
                        host: options.and_then(|options| Some(options.ok()?.limits())),
                        server: http.and_then(|http| lowering.options.limits.get(&http)),
                    };
                    let processors = ProcessorsOnListener {
                        host: options.and_then(|options| Some(options.ok()?.processing())),
                        servers: http
                            .and_then(|http| lowering.options.processors.get(&http))
                            .map(Vec::as_slice)
                            .unwrap_or_default(),
                    };
                    let on = OnListener {
                        scheme,
                        port: listener.spec.port,
                        certificate,
                        options,
                        auth,
                        limits,
                        processors,
                        settings,
                        told,
                        policies: at,
                    };
                    routes_on_listener(lowering.routes.rules(*route), &on, lowering.clusters, lowering.auths)
                });
                add_route(resolved, listener, *route, routes, &mut own);
            }
            own
        })
        .collect()
}

/// What makes the routes of a route object differ from one listener to another: the certificate that backends are shown,
/// what options say of requests and of connections, and whether those of sockets cannot be honoured.
type RoutesKey = (RouteId, Option<KeyPairId>, [Option<ListenerOptionsId>; 2], bool, PoliciesOfListener);

/// The hostnames of a route that names none.
static ANY_HOST: [Hostname; 1] = [Hostname::Any];

/// A route with what its match says about its place.
type RankedRoute = (MatchRank, Arc<Route>);

/// Leads actions to the clusters that show a Gateway's certificate.
fn show_certificate<'r>(
    actions: impl Iterator<Item = &'r mut Arc<Action>>,
    clusters: &mut Clusters<'_>,
    auths: &mut ExternalAuths,
    certificate: Option<KeyPairId>,
) {
    let mut known: HashMap<ClusterId, ClusterId> = HashMap::new();
    for action in actions {
        for id in auths.clusters_of(action) {
            known.entry(id).or_insert_with(|| clusters.with_certificate(id, certificate));
        }
        let shown = |id| known.get(&id).copied().unwrap_or(id);
        *action = Arc::new(action.with_clusters(&shown, &mut |ids| auths.with_clusters(ids, &shown)));
    }
}

/// What listeners have in common that serve the same routes alike.
struct OnListener<'h, 'm> {
    scheme: &'static str,
    port: Port,
    /// The certificate that backends are shown.
    certificate: Option<KeyPairId>,
    /// What their options say of requests.
    options: Option<Result<&'h HostPart, Reported>>,
    /// Who is asked about requests.
    auth: AuthOnListener<'h>,
    /// Who counts requests.
    limits: LimitsOnListener<'h>,
    /// Who gets requests.
    processors: ProcessorsOnListener<'h>,
    /// What their options say of connections.
    settings: Option<Result<&'h Arc<HttpSettings>, Reported>>,
    /// The headers that tokens are told in.
    told: &'h ToldHeaders<'h>,
    /// The policies.
    policies: PoliciesAt<'h, 'm>,
}

/// The routes of all rules of a route object, as they are on a listener.
fn routes_on_listener(
    rules: &[LoweredRule],
    on: &OnListener<'_, '_>,
    clusters: &mut Clusters<'_>,
    auths: &mut ExternalAuths,
) -> Vec<RankedRoute> {
    let actions = rules.iter().enumerate().map(|(index, rule)| {
        if is_chosen_by(on.told, rule) {
            return Arc::new(Action::Respond(rule.says.failure));
        }
        let action = rule.action.on_listener(on.scheme, on.port);
        let action = match on.options {
            Some(options) => lay_under(options, rule.says, action, &mut |cluster| clusters.retry(cluster)),
            None => action,
        };
        let of_listener = on.settings.and_then(|settings| settings.ok()?.guards.requests.as_ref());
        let action = rates::on_listener(of_listener, action);
        let own = (rule.auth.as_ref(), rule.says.failure);
        let action = ext_auth::lay_under(on.auth, own, action, clusters, auths);
        let action = limits::lay_under(on.limits, (&rule.limits, rule.says.failure), action, clusters);
        let own = (&rule.processing, rule.says.failure);
        let action = processors::lay_under(on.processors, own, action, clusters);
        let action = on.policies.lay_over(index, rule.says, action, clusters, auths);
        match on.settings {
            Some(settings) => http::lay_under(settings, (rule.says, on.scheme == "https"), action),
            None => action,
        }
    });
    let mut actions: Vec<Arc<Action>> = actions.collect();
    if clusters.show_certificates() {
        let served = rules.iter().zip(&mut actions).filter(|(rule, _)| !rule.matches.is_empty());
        show_certificate(served.map(|(_, action)| action), clusters, auths, on.certificate);
    }
    let routes = rules.iter().zip(&actions).flat_map(|(rule, action)| {
        rule.matches.iter().map(|lowered| {
            let route = Route {
                name: lowered.name.clone(),
                matches: Arc::clone(&lowered.matches),
                action: action.clone(),
                origin: lowered.origin,
            };
            (lowered.rank, Arc::new(route))
        })
    });
    routes.collect()
}

fn add_route<'a>(
    resolved: &'a Resolved<'_>,
    listener: &ResolvedListener<'_>,
    route: RouteId,
    routes: &[RankedRoute],
    own: &mut ListenerRoutes<'a>,
) {
    let (metadata, hostnames) = (&resolved.routes.get(route).object().metadata, &resolved.routes.get(route).hostnames);
    let hostnames = if hostnames.is_empty() { &ANY_HOST[..] } else { hostnames };
    for hostname in hostnames.iter().filter(|host| host.intersection(&listener.hostname).is_some()) {
        let ranked = |(rank, route): &RankedRoute| {
            (Precedence::new(*rank, metadata, route.name.rule, route.name.index), route.clone())
        };
        own.add(hostname, route, routes.iter().map(ranked));
    }
}
