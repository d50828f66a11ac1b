//! What the page of a picture says of each object, and the way of a request for each rule.

use std::collections::{BTreeMap, HashMap};

use crate::cli::trace::Tracer;
use crate::cli::view::View;
use crate::diagnostics::{Finding, Locate};
use crate::emit;
use crate::graph::Graph;
use crate::graph::form::html::{Card, Note, Notes, Way, node_number};
use crate::parser::manifests::{ObjectHead, ObjectKey};
use crate::parser::shown::shown;
use crate::simulate::{Simulator, Witness};

use super::paths::Paths;

/// So many requests are precomputed.
const MOST: usize = 2000;

/// What is known of what is drawn.
pub(super) fn of(view: &View<'_, '_>, graph: &Graph) -> Notes {
    let mut nodes: BTreeMap<&ObjectKey, Vec<usize>> = BTreeMap::new();
    for (id, node) in graph.nodes.iter_enumerated() {
        nodes.entry(&node.object).or_default().push(node_number(id));
    }
    let heads: HashMap<ObjectKey, &ObjectHead> =
        view.resolved.manifests.heads().into_iter().map(|head| (head.key(), head)).collect();
    let cards = nodes.into_iter().map(|(key, nodes)| card(view, key, (heads.get(key).copied(), nodes))).collect();
    Notes { cards, requests: ways(view, graph), live: None }
}

fn card(view: &View<'_, '_>, key: &ObjectKey, (head, nodes): (Option<&ObjectHead>, Vec<usize>)) -> Card {
    let mut card = Card { nodes, title: title(key), ..Card::default() };
    if let Some(head) = head {
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
    card.findings = view.findings(key).iter().map(|finding| note(view, finding)).collect();
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
    let paths = Paths::new(graph);
    let mut ways = Vec::new();
    for (gateway, simulator) in Simulator::of_each_gateway(config) {
        if gateway.is_unnamed() {
            continue;
        }
        for Witness { route, request, is_taken, .. } in simulator.witnesses() {
            if ways.len() >= MOST {
                return ways;
            }
            let nodes = if is_taken { paths.of_route(gateway, &route.name) } else { Vec::new() };
            if nodes.is_empty() {
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
