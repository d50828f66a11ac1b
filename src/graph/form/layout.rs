//! Where each node and edge is, on a page: layers from left to right, a box around each namespace.
//!
//! The crate `dagre` decides (docs/decisions/graph.md). It knows sizes and numbers, and no text.

use std::collections::BTreeMap;

use dagre::graph::{Graph as Layers, GraphOptions};
use dagre::{EdgeLabel, GraphLabel, LayoutOptions, NodeLabel, RankDir};
use typed_index_collections::TiVec;

use super::label::{by_namespace, lines, number, on_edge};
use crate::diagnostics::escape::for_terminal;
use crate::graph::{Graph, NodeId};

/// The height of a line of text, in units of the picture.
pub(super) const LINE: f64 = 14.0;
/// The space around the text of a node.
const PADDING: f64 = 8.0;
/// The most characters of a line; a longer one is cut, and whole where the picture can say so.
pub(super) const LONGEST: usize = 34;
/// The space around the picture.
const MARGIN: f64 = 12.0;

/// A rectangle, by its left upper corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Right and down, in pixels.
pub(super) type Point = (f64, f64);

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) nodes: TiVec<NodeId, Area>,
    /// The boxes of namespaces.
    pub(super) boxes: Vec<(String, Area)>,
    /// The points of each edge, in its direction, and where its label is.
    pub(super) edges: Vec<(Vec<Point>, Option<Point>)>,
}

/// Places everything.
pub(super) fn place(graph: &Graph) -> Page {
    let mut layers: Layers<NodeLabel, EdgeLabel> =
        Layers::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    let groups: BTreeMap<&str, Vec<NodeId>> = by_namespace(graph)
        .into_iter()
        .map(|(namespace, nodes)| (namespace, nodes.into_iter().map(|(id, _)| id).collect()))
        .collect();
    for (position, nodes) in groups.values().enumerate() {
        let own = box_name(position);
        layers.set_node(own.as_str(), Some(NodeLabel::default()));
        for id in nodes {
            let text = lines(&graph.nodes[*id]);
            let width = text.iter().map(|line| width_of(line)).fold(0.0, f64::max) + 2.0 * PADDING;
            let height = float(text.len()) * LINE + PADDING;
            let name = node_name(*id);
            layers.set_node(name.as_str(), Some(NodeLabel { width, height, ..NodeLabel::default() }));
            layers.set_parent(&name, Some(&own));
        }
    }
    for (position, edge) in graph.edges.iter().enumerate() {
        let label = on_edge(edge);
        let size = if label.is_empty() { (0.0, 0.0) } else { (width_of(&label), LINE) };
        let label = EdgeLabel { width: size.0, height: size.1, ..EdgeLabel::default() };
        let name = position.to_string();
        layers.set_edge(node_name(edge.from), node_name(edge.to), Some(label), Some(&name));
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 14.0,
        edgesep: 8.0,
        ranksep: 44.0,
        marginx: MARGIN,
        marginy: MARGIN + LINE,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut layers, Some(options));
    let area = |name: &str| {
        layers.node(name).map_or_else(Area::default, |label| Area {
            x: round(label.x.unwrap_or_default() - label.width / 2.0),
            y: round(label.y.unwrap_or_default() - label.height / 2.0),
            width: round(label.width),
            height: round(label.height),
        })
    };
    let edges = graph.edges.iter().enumerate().map(|(position, edge)| {
        let label = layers.edge(&node_name(edge.from), &node_name(edge.to), Some(&position.to_string()));
        let points = label.map(|label| label.points.iter().map(|point| (round(point.x), round(point.y))).collect());
        let place = label.and_then(|label| Some((round(label.x?), round(label.y?))));
        (points.unwrap_or_default(), place)
    });
    let edges = edges.collect();
    let nodes: TiVec<NodeId, Area> = graph.nodes.iter_enumerated().map(|(id, _)| area(&node_name(id))).collect();
    let boxes: Vec<(String, Area)> =
        groups.keys().enumerate().map(|(position, name)| ((*name).to_owned(), area(&box_name(position)))).collect();
    let size = layers.graph_label::<GraphLabel>().map_or((0.0, 0.0), |label| (label.width, label.height));
    let reach =
        |end: fn(&Area) -> f64| nodes.iter().chain(boxes.iter().map(|(_, area)| area)).map(end).fold(0.0, f64::max);
    Page {
        width: round(size.0.max(reach(|area| area.x + area.width) + MARGIN)),
        height: round(size.1.max(reach(|area| area.y + area.height) + MARGIN)),
        nodes,
        boxes,
        edges,
    }
}

fn node_name(id: NodeId) -> String {
    format!("n{}", number(id))
}

fn box_name(position: usize) -> String {
    format!("b{position}")
}

/// How much room a line takes, as it is drawn: no less than in the widest of common fonts.
fn width_of(line: &str) -> f64 {
    for_terminal(line).chars().take(LONGEST).map(character).sum()
}

fn character(character: char) -> f64 {
    match character {
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '#' | '=' | '<' | '>' | '+' | '~' | '&' | '^' => 11.0,
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | 'I' | 'J' | ' ' | '.' | ',' | ':' | ';' | '/' | '\\' | '(' | ')' | '['
        | ']' | '-' | '\'' | '|' | '!' => 4.6,
        'A'..='Z' => 8.7,
        character if character.is_ascii() => 7.1,
        _ => 11.0,
    }
}

/// A tenth is less than anybody sees, and the same on every machine.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
