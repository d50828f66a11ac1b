//! Routes that carry connections or datagrams without looking into them:
//! TLSRoutes, TCPRoutes and UDPRoutes.

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, PartPath, codes};
use crate::ir::{BackendName, Origin, TcpBackend};
use crate::parser::manifests::ObjectHead;
use crate::parser::route::RouteKind;
use crate::path;
use crate::resolver::{
    Backend, BackendId, BackendTls, KeyPairId, OriginTable, Protocol, Resolved, ResolvedBackend, ResolvedRoute,
};

use super::cluster::{Clusters, RouteProtocol, Sent};

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
        clusters: &mut Clusters<'_>,
        protocol: RouteProtocol,
        certificate: Option<KeyPairId>,
    ) -> Vec<TcpBackend> {
        let lower = |share: &L4Share| {
            let cluster = share.backend.and_then(|id| clusters.intern(id, Sent::once(protocol), certificate));
            TcpBackend { weight: share.weight, cluster, origin: share.origin }
        };
        let backends: Vec<_> = self.entries.iter().map(lower).collect();
        if backends.iter().all(|backend| backend.cluster.is_none()) {
            return vec![TcpBackend { weight: 1, cluster: None, origin: self.origin }];
        }
        backends
    }
}

/// The backends of a route. Rules have no conditions: the first one takes everything.
pub(super) fn lower_stream_route(
    resolved: &Resolved<'_>,
    route: &ResolvedRoute<'_>,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> L4Shares {
    let is_tls = route.kind() == RouteKind::Tls;
    let lost = match route.kind() {
        RouteKind::Udp => "all datagrams of this rule are dropped",
        _ => "all connections of this rule are closed",
    };
    let watched = if is_tls { Protocol::TlsPassthrough } else { Protocol::Tcp };
    if route.listeners().any(|id| resolved.listener(id).protocol == watched) {
        let finding = if is_tls { passed_through } else { second_layer };
        report_tls_of_backends(resolved, route, diagnostics, |at, backend| finding(route.object(), at, backend));
    }
    lower_rules(route, lost, origins, diagnostics)
}

/// Reports something about each backend of a route's first rule that wants TLS.
fn report_tls_of_backends(
    resolved: &Resolved<'_>,
    route: &ResolvedRoute<'_>,
    diagnostics: &mut Diagnostics,
    finding: impl Fn(PartPath, &Backend<'_>) -> Finding,
) {
    let backends = route.rules.first().map(|rule| rule.backends.as_slice()).unwrap_or_default();
    for (index, backend) in backends.iter().enumerate() {
        let Ok(id) = backend.outcome else { continue };
        let backend = resolved.backends.get(id);
        if let BackendTls::Tls(settings) = &backend.tls
            && !settings.is_missing
        {
            let finding = finding(ObjectPart::Backend { rule: 0, index }.into(), backend);
            let policy = backend.policy.map(|policy| resolved.backends.policies().get(policy).object);
            diagnostics.report(match policy {
                Some(policy) => {
                    finding.related(policy.at(&path!["spec", "targetRefs"]), "the policy that asks for TLS")
                }
                None => backend.relate(finding),
            });
        }
    }
}

fn in_words(backend: &BackendName) -> String {
    let BackendName { namespace, name, port, site: _ } = backend;
    format!("`{namespace}/{name}` port {port}")
}

/// Who connects to a listener of protocol TCP may speak TLS or not: nobody looks.
fn second_layer(route: &ObjectHead, at: PartPath, backend: &Backend<'_>) -> Finding {
    let message = format!("the gateway begins TLS to {}, whatever clients send", in_words(&backend.name));
    route
        .finding(codes::SECOND_TLS_LAYER, at, message)
        .consequence("what clients send goes to the backend inside TLS; a client that speaks TLS itself gets two layers")
        .help("let clients connect in plain text, or hand their TLS on: a TLSRoute on a listener with `mode: Passthrough`")
}

/// The backend sees the handshake of the client: nothing goes around it.
fn passed_through(route: &ObjectHead, at: PartPath, backend: &Backend<'_>) -> Finding {
    let is_asked = backend.settings.health_checks.iter().any(|check| check.question.is_of_http());
    let backend = in_words(&backend.name);
    let asked = if is_asked { "; its health checks ask in plain text, which a TLS port does not answer" } else { "" };
    let message = format!("the TLS settings of {backend} do not apply to TLS that is passed through");
    route
        .finding(codes::POLICY_NOT_APPLIED, at, message)
        .consequence(format!("the client's own TLS reaches the backend; the gateway verifies nothing{asked}"))
        .help("let the listener end TLS (`mode: Terminate`) where the gateway has to verify the backend")
}

fn lower_rules(
    route: &ResolvedRoute<'_>,
    lost: &str,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> L4Shares {
    let object = route.object();
    let registered = origins.object(object);
    for unused in route.rules.iter().skip(1) {
        diagnostics.report(
            object
                .finding(codes::NO_EFFECT, ObjectPart::Rule(unused.index), "the first rule takes everything")
                .consequence("this rule carries no traffic"),
        );
    }
    let mut entries = Vec::new();
    let backends = route.rules.first().map(|rule| rule.backends.as_slice()).unwrap_or_default();
    for (index, ResolvedBackend { weight, outcome, filters: _ }) in backends.iter().enumerate() {
        // Envoy refuses an entry of weight 0, which takes nothing anyway
        // ([weights](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto#envoy-v3-api-field-extensions-filters-network-tcp-proxy-v3-tcpproxy-weightedcluster-clusterweight-weight)).
        if *weight > 0 {
            let origin = origins.origin(registered, ObjectPart::Backend { rule: 0, index });
            entries.push(L4Share { weight: *weight, backend: outcome.ok(), origin });
        }
    }
    if entries.is_empty() {
        let at = ObjectPart::Rule(0).with("backendRefs");
        diagnostics.report(
            object
                .finding(codes::ZERO_WEIGHTS, at, "every backend of the rule has weight 0")
                .consequence(lost)
                .help("give one backend a weight"),
        );
    }
    L4Shares { entries, origin: origins.origin(registered, ObjectPart::Rule(0)) }
}
