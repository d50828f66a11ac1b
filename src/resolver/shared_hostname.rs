//! HTTPRoutes and GRPCRoutes that share hosts of one listener.
//!
//! gwctl serves both: gRPC calls are told from other requests by their content
//! type, and the rules of GRPCRoutes are tried first. The API reference lets a
//! controller accept only one of the two
//! ([GRPCRoute](https://gateway-api.sigs.k8s.io/api-types/grpcroute/)), so the
//! pair is worth a warning.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, codes};
use crate::hostname::Hostname;
use crate::parser::route::RouteKind;
use crate::whole;

use super::gateway::ResolvedGateway;
use super::listener::ResolvedListener;
use super::route::{ResolvedRoute, Routes};
use super::route_id::RouteId;

/// Warns once for each GRPCRoute that shares hosts with an HTTPRoute.
pub(super) fn report_shared_hostnames(
    gateways: &[ResolvedGateway<'_>],
    routes: &Routes<'_>,
    diagnostics: &mut Diagnostics,
) {
    let mut warned = BTreeSet::new();
    for listener in gateways.iter().flat_map(|gateway| &gateway.listeners) {
        let mut grpc = routes.of_kind(&listener.attached, RouteKind::Grpc).peekable();
        if grpc.peek().is_none() {
            continue;
        }
        let mut hosts = HttpHosts::default();
        let http = routes.of_kind(&listener.attached, RouteKind::Http);
        http.for_each(|route| hosts.add(listener, &routes.get(route).hostnames, route));
        for route in grpc {
            let shared = served(listener, &routes.get(route).hostnames).find_map(|host| hosts.meet(&host));
            if let Some(other) = shared
                && warned.insert(route)
            {
                warn(listener, routes.get(route), routes.get(other), diagnostics);
            }
        }
    }
}

/// The hosts of a route on a listener; a route without hostnames has the listener's.
fn served(listener: &ResolvedListener<'_>, hostnames: &[Hostname]) -> impl Iterator<Item = Hostname> {
    let own = hostnames.is_empty().then(|| listener.hostname.clone());
    own.into_iter().chain(hostnames.iter().filter_map(|host| host.intersection(&listener.hostname)))
}

/// The hosts of all HTTPRoutes of a listener, each with the first route that has them.
#[derive(Default)]
struct HttpHosts {
    /// The hostnames themselves.
    exactly: HashMap<Hostname, RouteId>,
    /// The hostnames and everything that covers them.
    covering: HashMap<Hostname, RouteId>,
}

impl HttpHosts {
    fn add(&mut self, listener: &ResolvedListener<'_>, hostnames: &[Hostname], route: RouteId) {
        for host in served(listener, hostnames) {
            for above in host.ancestors() {
                self.covering.entry(above).or_insert(route);
            }
            self.exactly.entry(host).or_insert(route);
        }
    }

    /// A route that has some host in common with `host`: of two hostnames that
    /// meet, one covers the other.
    fn meet(&self, host: &Hostname) -> Option<RouteId> {
        let below = self.covering.get(host).copied();
        below.or_else(|| host.ancestors().find_map(|above| self.exactly.get(&above).copied()))
    }
}

fn warn(
    listener: &ResolvedListener<'_>,
    grpc: &ResolvedRoute<'_>,
    http: &ResolvedRoute<'_>,
    diagnostics: &mut Diagnostics,
) {
    let (name, other) = (listener.in_words(), http.object().full_name());
    let field = |route: &ResolvedRoute<'_>| match route.hostnames.is_empty() {
        true => whole!["spec"],
        false => whole!["spec", "hostnames"],
    };
    diagnostics.report(
        grpc.object()
            .finding(
                codes::SHARED_HOSTNAME,
                field(grpc),
                format!("the route shares hosts of {name} with HTTPRoute `{other}`"),
            )
            .label("a controller may accept only one of the two")
            .related(http.object().at(&field(http)), "the HTTPRoute")
            .consequence("gRPC calls are tried here first; all other requests go to the HTTPRoute")
            .help("give the two routes hostnames that do not overlap, if other controllers shall serve them as well"),
    );
}
