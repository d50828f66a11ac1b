//! TCPRoutes and UDPRoutes: which of several routes a listener serves
//! ([TCPRoute](https://gateway-api.sigs.k8s.io/reference/spec/#tcproute)).

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostics, Finding, codes};
use crate::hostname::Hostname;
use crate::parser::manifests::ObjectHead;
use crate::parser::route::RouteKind;
use crate::path;
use crate::whole;

use super::age::Age;
use super::gateway::ResolvedGateway;
use super::listener::{Protocol, ResolvedListener, listener_path};
use super::route::Routes;
use super::route_id::RouteId;
use super::tls_route::ServerNames;

/// The one attached route that a listener serves: the oldest, then the first by
/// namespace and name
/// ([conflicts](https://gateway-api.sigs.k8s.io/guides/api-design/#conflicts)).
pub fn serving_route(listener: &ResolvedListener<'_>, kind: RouteKind, routes: &Routes<'_>) -> Option<RouteId> {
    let attached = routes.of_kind(&listener.attached, kind);
    attached.min_by_key(|route| Age::order(&routes.get(*route).object().metadata))
}

/// Reports the routes that attached to a listener and get nothing from it.
pub(super) fn report_idle_routes(
    gateways: &[ResolvedGateway<'_>],
    kind: RouteKind,
    routes: &Routes<'_>,
    diagnostics: &mut Diagnostics,
) {
    for listener in gateways.iter().flat_map(|gateway| &gateway.listeners) {
        let Some(serving) = serving_route(listener, kind, routes) else { continue };
        for idle in routes.of_kind(&listener.attached, kind).filter(|route| *route != serving) {
            report_idle_route(listener, routes.get(idle).object(), routes.get(serving).object(), diagnostics);
        }
    }
}

/// Reports the TCPRoutes that listeners of protocol TLS serve: what they are
/// called in the specification, and where a TLSRoute takes every connection.
pub(super) fn report_tcp_on_tls(gateways: &[ResolvedGateway<'_>], routes: &Routes<'_>, diagnostics: &mut Diagnostics) {
    let mut noted = BTreeSet::new();
    let listeners = gateways.iter().flat_map(|gateway| &gateway.listeners);
    for listener in listeners.filter(|listener| listener.protocol == Protocol::TlsTerminate) {
        let Some(serving) = serving_route(listener, RouteKind::Tcp, routes) else { continue };
        let object = routes.get(serving).object();
        if let Some(other) = ServerNames::of_listener(listener, routes).route(&listener.hostname) {
            report_idle_route(listener, object, routes.get(other).object(), diagnostics);
        } else if noted.insert(serving) {
            diagnostics.report(tcp_on_tls(listener, object));
        }
    }
}

fn tcp_on_tls(listener: &ResolvedListener<'_>, route: &ObjectHead) -> Finding {
    let hostnames = match listener.hostname {
        Hostname::Any => "the server names that it serves in `hostnames`".to_owned(),
        _ => format!("`hostnames: [\"{}\"]`", listener.hostname),
    };
    route
        .finding(
            codes::TCP_ROUTE_ON_TLS,
            whole!["spec", "parentRefs"],
            format!("{} ends TLS, for which the specification lists TLSRoute", listener.in_words()),
        )
        .related(listener.owner.at(&listener_path(listener.index)), "the listener")
        .consequence("served: TLS ends here and its bytes go to the backends, as with Envoy Gateway; other implementations refuse the route")
        .help(format!("portable is `kind: TLSRoute` with the same `parentRefs` and `rules`, and {hostnames}"))
}

fn report_idle_route(
    listener: &ResolvedListener<'_>,
    idle: &ObjectHead,
    serving: &ObjectHead,
    diagnostics: &mut Diagnostics,
) {
    let (kind, other) = (serving.kind.name(), if serving.kind == idle.kind { "another" } else { "a" });
    diagnostics.report(
        idle.finding(
            codes::IDLE_ROUTE,
            whole!["spec", "parentRefs"],
            format!("{} serves {other} {kind}, `{}`", listener.in_words(), serving.full_name()),
        )
        .label("attached, and without traffic on this listener")
        .related(
            serving.at(&path!["metadata"]),
            match serving.kind == idle.kind {
                true => "the route that is served: the older one, or the first by name",
                false => "the route that is served: TLSRoute goes before TCPRoute",
            },
        )
        .by_age(serving.kind == idle.kind && Age::is_open(&serving.metadata, &idle.metadata))
        .consequence(format!("nothing that arrives on port {} reaches this route", listener.spec.port))
        .help("give each route a listener of its own"),
    );
}
