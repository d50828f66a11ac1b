//! Routes that carry connections or datagrams without looking into them:
//! TLSRoutes, TCPRoutes and UDPRoutes.

use crate::diagnostics::{Diagnostics, FieldPath, Finding, codes};
use crate::ir::{BackendName, ChainMatch, FilterChain, Handler, Origin, TcpBackend, TcpProxy, UdpProxy};
use crate::parser::api::{L4RouteRule, L4RouteSpec};
use crate::parser::manifests::{Object, ObjectHead};
use crate::path;
use crate::resolver::{
    Backend, BackendId, BackendRefOutcome, BackendTls, KeyPairId, ListenerId, OriginTable, Place, Protocol, Resolved,
    ResolvedL4Route, RouteKind, RouteParent, serving_route,
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
            if is_on(resolved, &route.parents, Protocol::TlsPassthrough) {
                report_tls_of_backends(resolved, &route.backends, diagnostics, |at, backend| {
                    passed_through(route.object, at, backend)
                });
            }
            lower_rules(route.object, &route.object.spec.rules, &route.backends, lost, origins, diagnostics)
        })
        .collect()
}

/// The backends of every TCPRoute or UDPRoute, by its position.
pub(super) fn lower_l4_routes(
    resolved: &Resolved<'_>,
    kind: RouteKind,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<L4Shares> {
    let (routes, lost) = match kind {
        RouteKind::Udp => (&resolved.udp_routes, "all datagrams of this rule are dropped"),
        _ => (&resolved.tcp_routes, "all connections of this rule are closed"),
    };
    let lower = |route: &ResolvedL4Route<'_>| {
        if is_on(resolved, &route.parents, Protocol::Tcp) {
            report_tls_of_backends(resolved, &route.backends, diagnostics, |at, backend| {
                second_layer(route.object, at, backend)
            });
        }
        lower_rules(route.object, &route.object.spec.rules, &route.backends, lost, origins, diagnostics)
    };
    routes.iter().map(lower).collect()
}

/// Whether a route attached to some listener of a protocol.
fn is_on(resolved: &Resolved<'_>, parents: &[RouteParent], protocol: Protocol) -> bool {
    parents.iter().flat_map(|parent| &parent.listeners).any(|id| resolved.listener(*id).protocol == protocol)
}

/// Reports something about each backend of a route's first rule that wants TLS.
fn report_tls_of_backends(
    resolved: &Resolved<'_>,
    outcomes: &[Vec<BackendRefOutcome>],
    diagnostics: &mut Diagnostics,
    finding: impl Fn(FieldPath, &Backend<'_>) -> Finding,
) {
    for (index, outcome) in outcomes.first().into_iter().flatten().enumerate() {
        let Ok(id) = outcome else { continue };
        let backend = resolved.backends.get(*id);
        if let BackendTls::Tls(settings) = &backend.tls
            && !settings.is_missing
        {
            diagnostics.report(finding(path!["spec", "rules", 0, "backendRefs", index], backend));
        }
    }
}

/// Who connects to a listener of protocol TCP may speak TLS or not: nobody looks.
fn second_layer(route: &Object<L4RouteSpec>, at: FieldPath, backend: &Backend<'_>) -> Finding {
    let BackendName { namespace, name, port, site: _ } = &backend.name;
    route
        .finding(
            codes::SECOND_TLS_LAYER,
            at,
            format!("the gateway begins TLS to `{namespace}/{name}` port {port}, whatever clients send"),
        )
        .consequence("what clients send goes to the backend inside TLS; a client that speaks TLS itself gets two layers")
        .help("let clients connect in plain text, or hand their TLS on: a TLSRoute on a listener with `mode: Passthrough`")
}

/// The backend sees the handshake of the client: nothing goes around it.
fn passed_through(route: &ObjectHead, at: FieldPath, backend: &Backend<'_>) -> Finding {
    let BackendName { namespace, name, port, site: _ } = &backend.name;
    route
        .finding(
            codes::POLICY_NOT_APPLIED,
            at,
            format!("the TLS settings of `{namespace}/{name}` port {port} do not apply to TLS that is passed through"),
        )
        .consequence("the client's own TLS reaches the backend; the gateway verifies nothing")
        .help("let the listener end TLS (`mode: Terminate`) where the gateway has to verify the backend")
}

/// Rules have no conditions: the first one takes everything.
fn lower_rules(
    object: &ObjectHead,
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
            let certificate = resolved.gateways[id.gateway].client_certificate;
            let backends = lowering.routes.tcp[route].backends(lowering.clusters, Carried::Stream, certificate);
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
