//! What the page of a picture says of each object, and the way of a request for each rule.

use std::collections::BTreeMap;

use crate::cli::trace::Tracer;
use crate::cli::view::View;
use crate::diagnostics::{Finding, Locate};
use crate::emit;
use crate::graph::form::html::{Card, Note, Notes, Way, node_number};
use crate::graph::{Edge, Graph, Link, NodeId, What};
use crate::ir::{GatewayName, ObjectName, RouteName};
use crate::parser::manifests::{Kind, ObjectKey};
use crate::parser::shown::shown;
use crate::simulate::{Simulator, Witness};

/// So many requests are precomputed.
const MOST: usize = 2000;

/// What is known of what is drawn.
pub(super) fn of(view: &View<'_, '_>, graph: &Graph) -> Notes {
    let mut nodes: BTreeMap<&ObjectKey, Vec<usize>> = BTreeMap::new();
    for (id, node) in graph.nodes.iter_enumerated() {
        nodes.entry(&node.object).or_default().push(node_number(id));
    }
    let cards = nodes.into_iter().map(|(key, nodes)| card(view, key, nodes)).collect();
    Notes { cards, requests: ways(view, graph), live: None }
}

fn card(view: &View<'_, '_>, key: &ObjectKey, nodes: Vec<usize>) -> Card {
    let mut card = Card { nodes, title: title(key), ..Card::default() };
    let heads = view.resolved.manifests.heads();
    if let Some(head) = heads.into_iter().find(|head| head.key() == *key) {
        card.place = view.place(head);
        let mut text = Vec::new();
        let value = shown(&view.compilation.manifests, &view.locator, head);
        if value.is_some_and(|value| emit::write_yaml_value(&value, &mut text).is_ok()) {
            card.manifest = String::from_utf8_lossy(&text).into_owned();
        }
    }
    if let Some(status) = view.status(key) {
        let line = |condition: &crate::status::StatusCondition| {
            format!("{}={} ({}): {}", condition.kind, condition.status, condition.reason, condition.message)
        };
        card.conditions = status.conditions().map(line).collect();
    }
    card.conditions.extend(view.states(key).into_iter().map(|state| {
        let reason = state.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} says {}{reason}", state.reported_by, state.state.as_str())
    }));
    card.findings = view.findings(key).into_iter().map(|finding| note(view, finding)).collect();
    card
}

fn title(key: &ObjectKey) -> String {
    match key.namespace.is_empty() {
        true => format!("{} {}", key.kind.name(), key.name),
        false => format!("{} {}/{}", key.kind.name(), key.namespace, key.name),
    }
}

fn note(view: &View<'_, '_>, finding: &Finding) -> Note {
    note_of(finding, view.locate)
}

/// A finding with its place.
pub(in crate::cli) fn note_of(finding: &Finding, locate: &dyn Locate) -> Note {
    let place = locate.place(&finding.location);
    Note {
        code: finding.code.id().to_owned(),
        severity: finding.severity().as_str().to_owned(),
        place: place.map_or_else(String::new, |place| match &place.span {
            Some(span) => format!("{}:{}", place.file, span.line),
            None => place.file,
        }),
        message: finding.message.clone(),
        consequence: finding.consequence.clone().unwrap_or_default(),
        help: finding.help.clone().unwrap_or_default(),
    }
}

/// A request for each rule that a host has, with the way that it takes through the picture.
fn ways(view: &View<'_, '_>, graph: &Graph) -> Vec<Way> {
    let config = view.compilation.lowered.judged();
    let tracer = Tracer::new(view.compilation);
    let mut gateways: Vec<&GatewayName> = config.listeners.iter().flat_map(|listener| &listener.gateways).collect();
    gateways.sort();
    gateways.dedup();
    let mut ways = Vec::new();
    for gateway in gateways.into_iter().filter(|gateway| !gateway.is_unnamed()) {
        let simulator = Simulator::of_gateway(config, gateway);
        for Witness { route, request, is_taken, .. } in simulator.witnesses() {
            let nodes = way_of_route(graph, gateway, &route.name);
            if nodes.is_empty() || !is_taken || ways.len() >= MOST {
                continue;
            }
            let mut text = Vec::new();
            // Memory takes whatever is written.
            let _ = tracer.trace(&request, simulator.decide(&request)).write(false, &mut text);
            let text = String::from_utf8_lossy(&text);
            ways.push(Way {
                url: request.url(),
                method: request.method,
                headers: request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect(),
                // The first line is the request.
                answer: text.lines().skip(1).map(|line| line.trim().to_owned()).collect(),
                nodes,
            });
        }
    }
    ways
}

/// The nodes from a Gateway to the rule that a route of the configuration is made of, and to what it sends to.
pub(super) fn way_of_route(graph: &Graph, gateway: &GatewayName, route: &RouteName) -> Vec<usize> {
    let ObjectName { kind, namespace, name } = &*route.route;
    let kind = if *kind == "grpcroute" { Kind::GRPCRoute } else { Kind::HTTPRoute };
    way_of(graph, gateway, &ObjectKey::new(kind, (namespace, name)), route.rule)
}

/// The nodes from a Gateway to a rule of a route and to what it sends to.
fn way_of(graph: &Graph, gateway: &GatewayName, route: &ObjectKey, rule: usize) -> Vec<usize> {
    let is_rule =
        |id: &NodeId| graph.nodes[*id].object == *route && graph.nodes[*id].what == What::Rule { index: rule };
    let is_route = |id: &NodeId| graph.nodes[*id].object == *route && graph.nodes[*id].what == What::Object;
    let ids = || (0..graph.nodes.len()).map(NodeId::from);
    let Some(start) = ids().find(is_rule).or_else(|| ids().find(is_route)) else { return Vec::new() };
    let mut found = vec![start];
    let add = |id: NodeId, found: &mut Vec<NodeId>| {
        if !found.contains(&id) {
            found.push(id);
        }
    };
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for edge in graph.edges.iter().filter(|edge| edge.from == node && edge.link.carries()) {
            let is_way = matches!(edge.link, Link::Sends { .. } | Link::Stands | Link::Reaches);
            if is_way && !found.contains(&edge.to) {
                open.push(edge.to);
                add(edge.to, &mut found);
            }
        }
    }
    found.extend(ids().filter(is_route).filter(|id| *id != start));
    let is_entry = |edge: &&Edge| found.contains(&edge.to) && edge.link == Link::Takes && !edge.is_broken;
    let entries: Vec<&Edge> = graph.edges.iter().filter(is_entry).collect();
    for edge in entries {
        for has in graph.edges.iter().filter(|has| has.to == edge.from && has.link == Link::Has) {
            let owner = &graph.nodes[has.from].object;
            if owner.kind == Kind::Gateway && owner.namespace == gateway.namespace && owner.name == gateway.name {
                add(edge.from, &mut found);
                add(has.from, &mut found);
            }
        }
    }
    found.into_iter().map(node_number).collect()
}
