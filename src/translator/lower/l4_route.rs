//! Routes that carry connections or datagrams without looking into them:
//! TLSRoutes, TCPRoutes and UDPRoutes.

use crate::diagnostics::{Diagnostics, codes};
use crate::ir::{ChainMatch, FilterChain, Handler, Origin, TcpBackend, TcpProxy, UdpProxy};
use crate::parser::api::L4RouteRule;
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{
    BackendId, BackendRefOutcome, KeyPairId, ListenerId, OriginTable, Place, Resolved, ResolvedL4Route, RouteKind,
    serving_route,
};

use super::cluster::{Carried, Clusters};
use super::listener::SocketLowering;
use super::rule::short;

/// The backends of a route with their shares, before it is known what is sent
/// to them.
#[derive(Debug)]
pub(super) struct L4Shares {
    entries: Vec<L4Share>,
    /// Where the share stands that takes everything when no entry can.
    origin: Origin,
}

#[derive(Debug)]
struct L4Share {
    weight: u32,
    /// `None` when the reference is invalid.
    backend: Option<BackendId>,
    origin: Origin,
}

impl L4Shares {
    /// The weighted list for what is sent to the backends. When none of them
    /// can be used, one entry without a cluster takes everything.
    pub(super) fn backends(
        &self,
        clusters: &Clusters,
        carried: Carried,
        certificate: Option<KeyPairId>,
    ) -> Vec<TcpBackend> {
        let lower = |share: &L4Share| {
            let cluster = share.backend.and_then(|id| clusters.get_for(id, carried));
            let cluster = cluster.map(|cluster| clusters.with_certificate(cluster, certificate));
            TcpBackend { weight: share.weight, cluster, origin: share.origin }
        };
        let backends: Vec<_> = self.entries.iter().map(lower).collect();
        if backends.iter().all(|backend| backend.cluster.is_none()) {
            return vec![TcpBackend { weight: 1, cluster: None, origin: self.origin }];
        }
        backends
    }
}

/// The backends of every TLSRoute, by its position.
pub(super) fn lower_tls_routes(
    resolved: &Resolved<'_>,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<L4Shares> {
    let routes = resolved.tls_routes.iter();
    routes
        .map(|route| {
            let lost = "all connections of this rule are closed";
            lower_rules(route.object, &route.object.spec.rules, &route.backends, lost, origins, diagnostics)
        })
        .collect()
}

/// The backends of every TCPRoute or UDPRoute, by its position.
pub(super) fn lower_l4_routes(
    routes: &[ResolvedL4Route<'_>],
    kind: RouteKind,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<L4Shares> {
    let lost = match kind {
        RouteKind::Udp => "all datagrams of this rule are dropped",
        _ => "all connections of this rule are closed",
    };
    routes
        .iter()
        .map(|route| lower_rules(route.object, &route.object.spec.rules, &route.backends, lost, origins, diagnostics))
        .collect()
}

/// Rules have no conditions: the first one takes everything.
fn lower_rules<S>(
    object: &Object<S>,
    rules: &[L4RouteRule],
    outcomes: &[Vec<BackendRefOutcome>],
    lost: &str,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> L4Shares {
    let registered = origins.object(object);
    for unused in 1..rules.len() {
        diagnostics.report(
            object
                .finding(codes::NO_EFFECT, path!["spec", "rules", unused], "the first rule takes everything")
                .consequence("this rule carries no traffic"),
        );
    }
    let mut entries = Vec::new();
    let (backend_refs, outcomes) = match (rules.first(), outcomes.first()) {
        (Some(L4RouteRule { name: _, backend_refs }), Some(outcomes)) => (backend_refs.as_slice(), outcomes.as_slice()),
        _ => (&[][..], &[][..]),
    };
    for (index, (backend, outcome)) in backend_refs.iter().zip(outcomes).enumerate() {
        // Envoy refuses an entry of weight 0, which takes nothing anyway.
        if backend.weight > 0 {
            let origin = origins.origin(registered, Place::BackendRef { rule: 0, index: short(index) });
            entries.push(L4Share { weight: backend.weight, backend: outcome.ok(), origin });
        }
    }
    if entries.is_empty() {
        let at = path!["spec", "rules", 0, "backendRefs"];
        diagnostics.report(
            object
                .finding(codes::ZERO_WEIGHTS, at, "every backend of the rule has weight 0")
                .consequence(lost)
                .help("give one backend a weight"),
        );
    }
    L4Shares { entries, origin: origins.origin(registered, Place::Rule(0)) }
}

/// The only chain of a listener of protocol TCP. Without a route it closes what it accepts.
pub(super) fn lower_tcp_chain(lowering: &mut SocketLowering<'_, '_>, id: ListenerId) -> FilterChain {
    let resolved = lowering.resolved;
    let handler = match serving_route(resolved.listener(id), RouteKind::Tcp, &resolved.tcp_routes) {
        None => Handler::Close,
        Some(route) => {
            // Bytes go on as they come: there is no TLS that a certificate could be shown in.
            let backends = lowering.routes.tcp[route].backends(lowering.clusters, Carried::Bytes, None);
            Handler::Tcp(TcpProxy { backends })
        }
    };
    FilterChain { name: None, select: ChainMatch::Any, tls: None, handler, origin: lowering.origin_of(id) }
}

/// What a listener of protocol UDP does. Without a route it drops what it receives.
pub(super) fn lower_udp(lowering: &mut SocketLowering<'_, '_>, id: ListenerId) -> UdpProxy {
    let resolved = lowering.resolved;
    let backends = match serving_route(resolved.listener(id), RouteKind::Udp, &resolved.udp_routes) {
        None => vec![TcpBackend { weight: 1, cluster: None, origin: lowering.origin_of(id) }],
        Some(route) => lowering.routes.udp[route].backends(lowering.clusters, Carried::Datagrams, None),
    };
    UdpProxy { backends }
}
