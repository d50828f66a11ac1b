//! The routes of all kinds, each lowered once.

use crate::diagnostics::Diagnostics;
use crate::ir::TcpBackend;
use crate::parser::route::{Matches, RouteKind};
use crate::resolver::{KeyPairId, OriginTable, Resolved, ResolvedRoute, ResolvedRule, RouteId};
use typed_index_collections::TiVec;

use super::cluster::{Clusters, RouteProtocol};
use super::l4_route::{L4Shares, lower_stream_route};
use super::option::auth_switch::AuthSwitch;
use super::option::limit_told::Told;
use super::option::part::RuleSays;
use super::option::processor_said::ProcessingSaid;
use super::rule::{LoweredRule, RouteLowering, Shared};
use super::{grpc_route, http_route};

/// What became of every route, by [`RouteId`].
#[derive(Debug)]
pub(super) struct LoweredRoutes(TiVec<RouteId, LoweredRoute>);

/// What became of a route.
#[derive(Debug)]
enum LoweredRoute {
    /// The rules of one that takes requests.
    Requests(Vec<LoweredRule>),
    /// The backends of one that takes connections or datagrams.
    Stream(L4Shares),
}

impl LoweredRoutes {
    /// Lowers the rules of all routes.
    pub(super) fn new(
        resolved: &Resolved<'_>,
        clusters: &mut Clusters<'_>,
        shared: &mut Shared,
        origins: &mut OriginTable,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let lower = |route: &ResolvedRoute<'_>| {
            let replies = match route.kind() {
                RouteKind::Http => (RouteProtocol::Http, &http_route::LOCAL_REPLIES),
                RouteKind::Grpc => (RouteProtocol::Grpc, &grpc_route::LOCAL_REPLIES),
                RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => {
                    return LoweredRoute::Stream(lower_stream_route(resolved, route, origins, diagnostics));
                }
            };
            let parts = (&mut *clusters, &mut *shared, &mut *origins);
            let mut lowering = RouteLowering::new(route, replies, parts, diagnostics);
            let rules: Vec<_> = route.rules.iter().map(|rule| lowering.lower_rule(rule)).collect();
            if rules.is_empty() && route.kind() == RouteKind::Grpc {
                lowering.report_no_rules();
            }
            LoweredRoute::Requests(rules)
        };
        Self(resolved.routes.iter().map(lower).collect())
    }

    /// The rules of a route; none for kinds that HTTP listeners do not serve.
    pub(super) fn rules(&self, route: RouteId) -> &[LoweredRule] {
        match &self.0[route] {
            LoweredRoute::Requests(rules) => rules,
            LoweredRoute::Stream(_) => &[],
        }
    }

    /// The backends of a route, for what is sent to them.
    pub(super) fn backends(
        &self,
        route: RouteId,
        clusters: &mut Clusters<'_>,
        protocol: RouteProtocol,
        certificate: Option<KeyPairId>,
    ) -> Vec<TcpBackend> {
        match &self.0[route] {
            LoweredRoute::Requests(_) => Vec::new(),
            LoweredRoute::Stream(shares) => shares.backends(clusters, protocol, certificate),
        }
    }

    /// How many matches all routes declare.
    pub(super) fn count_matches(&self) -> usize {
        let rules = self.0.iter().flat_map(|route| match route {
            LoweredRoute::Requests(rules) => rules.as_slice(),
            LoweredRoute::Stream(_) => &[],
        });
        rules.map(|rule| rule.matches.len()).sum()
    }
}

impl RouteLowering<'_, '_> {
    fn lower_rule(&mut self, rule: &ResolvedRule<'_>) -> LoweredRule {
        let (matches, prefix) = match rule.matches {
            Matches::Http(matches) => (self.lower_http_matches(rule, matches), http_route::only_prefix(matches)),
            Matches::Grpc(matches) => (self.lower_grpc_matches(rule, matches), None),
            Matches::Everything => (Vec::new(), None),
        };
        let says = RuleSays::of(rule, self.local_replies.failure);
        LoweredRule {
            matches,
            action: self.lower_action(rule, prefix.as_deref()),
            says,
            auth: AuthSwitch::of_rule(rule),
            limits: Told::of_rule(rule),
            processing: ProcessingSaid::of_rule(rule),
        }
    }
}
