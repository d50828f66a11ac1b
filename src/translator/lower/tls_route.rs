//! TLSRoutes: which route has a server name, and where its connections go
//! ([TLSRoute](https://gateway-api.sigs.k8s.io/api-types/tlsroute/)).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostics, codes};
use crate::hostname::Hostname;
use crate::ir::{TcpBackend, TcpProxy};
use crate::parser::api::L4RouteRule;
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{Age, BackendRefOutcome, OriginTable, Place, Resolved};

use super::cluster::{Carried, Clusters};

/// The TLSRoute among `routes` that has a server name: the most specific
/// hostname wins, then the oldest route, then the first by name.
pub(super) fn winner(resolved: &Resolved<'_>, routes: &BTreeSet<usize>, host: &Hostname) -> Option<usize> {
    let candidates = routes.iter().filter_map(|index| {
        let route = &resolved.tls_routes[*index];
        let own = route.hostnames.iter().filter(|own| own.covers(host)).map(Hostname::specificity).max()?;
        Some((Reverse(own), Age::order(&route.object.metadata), *index))
    });
    candidates.min().map(|(_, _, index)| index)
}

/// Lowers every TLSRoute, by its position.
pub(super) fn lower_tls_routes(
    resolved: &Resolved<'_>,
    clusters: &Clusters,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<TcpProxy> {
    let routes = resolved.tls_routes.iter();
    routes
        .map(|route| {
            let (rules, outcomes) = (&route.object.spec.rules, &route.backends);
            lower_l4_rules(route.object, rules, outcomes, clusters, origins, diagnostics)
        })
        .collect()
}

/// Lowers the rules of a route that carries connections. Rules have no
/// conditions: the first one takes everything.
pub(super) fn lower_l4_rules<S>(
    object: &Object<S>,
    rules: &[L4RouteRule],
    outcomes: &[Vec<BackendRefOutcome>],
    clusters: &Clusters,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> TcpProxy {
    let registered = origins.object(object);
    for unused in 1..rules.len() {
        diagnostics.report(
            object
                .finding(codes::NO_EFFECT, path!["spec", "rules", unused], "the first rule takes every connection")
                .consequence("this rule carries no traffic"),
        );
    }
    let (Some(L4RouteRule { name: _, backend_refs }), Some(outcomes)) = (rules.first(), outcomes.first()) else {
        let origin = origins.origin(registered, Place::Object);
        return TcpProxy { backends: vec![TcpBackend { weight: 1, cluster: None, origin }] };
    };
    let mut backends = Vec::new();
    for (index, (backend, outcome)) in backend_refs.iter().zip(outcomes).enumerate() {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        // Envoy refuses an entry of weight 0, which takes nothing anyway.
        if backend.weight > 0 {
            let origin = origins.origin(registered, Place::BackendRef { rule: 0, index });
            let cluster = outcome.ok().and_then(|id| clusters.get_for(id, Carried::Bytes));
            backends.push(TcpBackend { weight: backend.weight, cluster, origin });
        }
    }
    if backends.is_empty() {
        diagnostics.report(
            object
                .finding(
                    codes::ZERO_WEIGHTS,
                    path!["spec", "rules", 0, "backendRefs"],
                    "every backend of the rule has weight 0",
                )
                .consequence("all connections of this rule are closed")
                .help("give one backend a weight"),
        );
    }
    if backends.iter().all(|backend| backend.cluster.is_none()) {
        let origin = origins.origin(registered, Place::Rule(0));
        backends = vec![TcpBackend { weight: 1, cluster: None, origin }];
    }
    TcpProxy { backends }
}
