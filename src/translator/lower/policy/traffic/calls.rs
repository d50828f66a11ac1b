//! Calls that ask for health, of backends that do not speak HTTP/2: Envoy does not load such a cluster.

use typed_index_collections::TiVec;

use crate::diagnostics::{Diagnostics, Reported};
use crate::ir::{Question, UpstreamProtocol};
use crate::parser::route::RouteKind;
use crate::path;
use crate::resolver::{BackendTls, EnvoyPolicyId, Resolved, ResolvedRoute, ResolvedRule};
use crate::translator::lower::option::part::Place;

use super::TrafficPart;

/// Refuses the policies that ask in calls where HTTP/1 is spoken.
pub(in super::super) fn check_calls(
    resolved: &Resolved<'_>,
    parts: &mut TiVec<EnvoyPolicyId, Result<TrafficPart, Reported>>,
    diagnostics: &mut Diagnostics,
) {
    let asks = |part: &Result<TrafficPart, Reported>| part.as_ref().is_ok_and(TrafficPart::asks_in_calls);
    if !parts.iter().any(asks) {
        return;
    }
    let listeners = resolved.gateways.iter().flat_map(|gateway| &gateway.listeners);
    for listener in listeners {
        for route in listener.attached.iter().map(|id| resolved.routes.get(*id)) {
            if route.kind() != RouteKind::Http {
                continue;
            }
            for rule in &route.rules {
                let policies = &resolved.envoy_policies.traffic;
                let Some(id) = policies.of_rule(route, rule.index, listener).filter(|id| asks(&parts[*id])) else {
                    continue;
                };
                if parts[id].as_ref().is_ok_and(|part| part.cluster.as_clients) {
                    continue;
                }
                if let Some(index) = speaks_http1(resolved, rule) {
                    let applied = policies.get(id);
                    let place = Place { source: applied.object, field: "healthCheck" };
                    parts[id] = Err(report((route, rule, index), place, diagnostics));
                }
            }
        }
    }
}

impl TrafficPart {
    fn asks_in_calls(&self) -> bool {
        self.cluster.settings.health_checks.iter().any(|check| matches!(check.question, Question::Grpc { .. }))
    }
}

/// The first backend of a rule to which HTTP/1 is spoken.
fn speaks_http1(resolved: &Resolved<'_>, rule: &ResolvedRule<'_>) -> Option<usize> {
    rule.backends.iter().position(|backend| {
        backend.outcome.ok().map(|id| resolved.backends.get(id)).is_some_and(|backend| {
            backend.tls == BackendTls::Plain && matches!(backend.protocol, None | Some(UpstreamProtocol::Http1))
        })
    })
}

fn report(
    (route, rule, index): (&ResolvedRoute<'_>, &ResolvedRule<'_>, usize),
    place: Place<'_>,
    diagnostics: &mut Diagnostics,
) -> Reported {
    let message = format!(
        "`active.grpc` asks in HTTP/2, and a backend of rule {} of {} `{}` speaks HTTP/1",
        rule.index,
        route.object().kind.name(),
        route.object().full_name()
    );
    let help = "write `appProtocol: kubernetes.io/h2c` at the port of the Service, or ask over HTTP or TCP";
    let finding = *place.refuse(&path!["active", "grpc"], message, help);
    let at = path!["spec", "rules", rule.index, "backendRefs", index];
    diagnostics.error(finding.related(route.object().at(&at), "the backend"))
}
