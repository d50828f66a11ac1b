//! Ports of Services whose routes leave requests to nobody: without routes these would have gone to the Service.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, Location, Witness, codes};
use crate::hostname::Hostname;
use crate::ir::{Config, GatewayName, Origin, PathMatch, Route, RouteMatch};
use crate::port::Port;
use crate::simulate::{Request, Simulator};

use super::objects::Objects;
use super::reach::{Host, hosts};
use super::witness::Witnesses;

/// Paths of which the first that no rule takes is shown.
const PATHS: [&str; 3] = ["/", "/other", "/other.Service/Method"];

/// The ports of a Service whose last rule is the same.
#[derive(Default)]
struct Ports {
    numbers: Vec<Port>,
    witness: Option<Witness>,
    service: Option<Location>,
}

/// Notes which requests of the clients of Services get 404, a call 12 (UNIMPLEMENTED).
pub(super) fn report<'c>(
    config: &'c Config,
    (objects, witnesses): (&Objects<'_>, &Witnesses<'c>),
    diagnostics: &mut Diagnostics,
) {
    let mut found: BTreeMap<(&GatewayName, Origin), Ports> = BTreeMap::new();
    let mut whose = BTreeMap::new();
    for at in hosts(config) {
        let (Some(service), Some(last)) = (at.listener.gateways.first(), at.host.routes.last()) else { continue };
        if at.host.routes.iter().any(|route| takes_all(&route.matches)) {
            continue;
        }
        let key = (service, last.origin);
        whose.entry(key).or_insert_with(|| witnesses.whose(&at, &at.host.hostname));
        let ports = found.entry(key).or_default();
        ports.numbers.push(at.listener.port);
        ports.service = ports.service.take().or_else(|| objects.location(at.listener.origin));
        ports.witness = ports.witness.take().or_else(|| refused(&at, last, witnesses));
    }
    for (key, Ports { numbers, witness, service }) in found {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let ports = if numbers.len() == 1 { "port" } else { "ports" };
        let clients = whose.remove(&key).unwrap_or_default();
        let message = format!("what no rule takes is refused to {clients} on {ports} {}", numbers.join(", "));
        let Some(finding) = objects.finding(codes::MESH_NO_CATCH_ALL, key.1, true, message) else { continue };
        let finding = match service {
            Some(location) => finding.related(location, "the Service"),
            None => finding,
        };
        diagnostics.report(
            finding
                .label("the last of the rules that count there")
                .consequence("a request that no rule takes is refused, and does not go to the Service")
                .help("add a rule without matches whose backend is the Service, when the others shall go on")
                .witness(witness),
        );
    }
}

/// Whether every request meets a match, or every call where it is one of calls.
fn takes_all(matches: &RouteMatch) -> bool {
    let RouteMatch { path, method, headers, query, grpc: _ } = matches;
    *path == PathMatch::Prefix(String::new()) && method.is_none() && headers.is_empty() && query.is_empty()
}

/// A request that no rule takes.
fn refused<'c>(at: &Host<'c>, last: &Route, witnesses: &Witnesses<'c>) -> Option<Witness> {
    let simulator = witnesses.simulator(at.listener)?;
    PATHS.iter().find_map(|path| {
        let request = witnesses
            .asked(at.listener, Request::get(at.listener.port, &Simulator::example_host(&Hostname::Any), path));
        let request = match last.matches.grpc {
            true => Request {
                method: "POST".to_owned(),
                headers: vec![("content-type".to_owned(), "application/grpc".to_owned())],
                ..request
            },
            false => request,
        };
        let decision = simulator.decide(&request);
        decision.route.is_none().then(|| witnesses.witness(at.listener, &request, &decision)).flatten()
    })
}
