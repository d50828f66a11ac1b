//! What of a picture is shown: how deep it goes, and what it is about.

use std::collections::{HashMap, HashSet};

use typed_index_collections::{TiVec, ti_vec};

use super::{Edge, Graph, Link, Mark, Node, NodeId, What};
use crate::parser::manifests::ObjectKey;

/// So many nodes can be told from each other without a search.
pub const MOST: usize = 120;

/// How deep a picture goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Gateways with their listeners.
    Gateways,
    /// And routes.
    Routes,
    /// And what these send to, policies and grants.
    Services,
    /// And each rule by itself.
    Rules,
    /// And where backends are.
    Endpoints,
}

impl Level {
    /// All of them, the deepest first.
    const ALL: [Self; 5] = [Self::Endpoints, Self::Rules, Self::Services, Self::Routes, Self::Gateways];
}

/// The deepest picture that can still be taken in, and its level.
pub fn fitting(graph: &Graph) -> (Graph, Level) {
    for level in Level::ALL {
        let shown = graph.at(level);
        if shown.nodes.len() <= MOST || level == Level::Gateways {
            return (shown, level);
        }
    }
    (graph.clone(), Level::Endpoints)
}

impl Graph {
    /// The picture down to a level. What a rule leads to its route does where rules are not shown, each way once.
    pub fn at(&self, level: Level) -> Self {
        // What stands in the place of a node that is not shown: the route of a rule.
        let mut stands: HashMap<NodeId, NodeId> = HashMap::new();
        if level < Level::Rules {
            for edge in self.edges.iter().filter(|edge| edge.link == Link::Has) {
                if matches!(self.nodes[edge.to].what, What::Rule { .. }) {
                    stands.insert(edge.to, edge.from);
                }
            }
        }
        let mut merged: Vec<Edge> = Vec::new();
        let mut places: HashMap<(NodeId, NodeId, bool), usize> = HashMap::new();
        for edge in &self.edges {
            let Some(from) = stands.get(&edge.from).copied() else {
                if !stands.contains_key(&edge.to) {
                    merged.push(edge.clone());
                }
                continue;
            };
            let is_share = matches!(edge.link, Link::Sends { .. });
            match places.get(&(from, edge.to, is_share)).and_then(|at| merged.get_mut(*at)) {
                Some(known) => {
                    known.is_broken |= edge.is_broken;
                    known.is_shadowed &= edge.is_shadowed;
                    known.codes.extend(&edge.codes);
                    known.codes.sort_unstable();
                    known.codes.dedup();
                    if known.mark != edge.mark {
                        known.mark = Mark::Changed(None);
                    }
                }
                None => {
                    places.insert((from, edge.to, is_share), merged.len());
                    // Shares of different rules have no sum.
                    let link = if is_share { Link::Sends { weight: 0, of: 0 } } else { edge.link };
                    let mark = if matches!(edge.mark, Mark::Changed(_)) { Mark::Changed(None) } else { edge.mark };
                    merged.push(Edge { from, link, mark, ..edge.clone() });
                }
            }
        }
        let mut graph = Self { nodes: self.nodes.clone(), edges: merged };
        for (rule, route) in &stands {
            let (codes, is_wrong) = (self.nodes[*rule].codes.clone(), self.nodes[*rule].is_wrong);
            let is_same = self.nodes[*rule].mark == Mark::Same;
            let route = &mut graph.nodes[*route];
            route.is_wrong |= is_wrong;
            if !is_same && route.mark == Mark::Same {
                route.mark = Mark::Changed(None);
            }
            route.codes.extend(codes);
            route.codes.sort_unstable();
            route.codes.dedup();
        }
        graph.keep(|id| self.nodes[id].level() <= level)
    }

    /// What leads to an object and what it leads to, with the policies and grants about all of that; `None` where nothing
    /// of it is drawn.
    pub fn about(&self, object: &ObjectKey) -> Option<Self> {
        let shown = self.around(|node| node.object == *object);
        (!shown.nodes.is_empty()).then_some(shown)
    }

    /// The same for all nodes that a test accepts.
    fn around(&self, is_own: impl Fn(&Node) -> bool) -> Self {
        self.around_and(is_own, |_| false)
    }

    /// The same, with nodes of which only they themselves are shown.
    pub fn around_and(&self, is_own: impl Fn(&Node) -> bool, is_beside: impl Fn(&Node) -> bool) -> Self {
        let mut kept: TiVec<NodeId, bool> = ti_vec![false; self.nodes.len()];
        let own: Vec<NodeId> =
            self.nodes.iter_enumerated().filter(|(_, node)| is_own(node)).map(|(id, _)| id).collect();
        let is_among: HashSet<NodeId> = own.iter().copied().collect();
        // A policy is shown with what it is about, and what that leads to.
        let carries = |edge: &&Edge| edge.link.carries() || is_among.contains(&edge.from);
        let mut next: TiVec<NodeId, Vec<NodeId>> = ti_vec![Vec::new(); self.nodes.len()];
        let mut before = next.clone();
        for edge in self.edges.iter().filter(carries) {
            next[edge.from].push(edge.to);
            before[edge.to].push(edge.from);
        }
        for ways in [&next, &before] {
            let mut seen: TiVec<NodeId, bool> = ti_vec![false; self.nodes.len()];
            let mut open = own.clone();
            while let Some(node) = open.pop() {
                if !std::mem::replace(&mut seen[node], true) {
                    kept[node] = true;
                    open.extend(&ways[node]);
                }
            }
        }
        for (id, node) in self.nodes.iter_enumerated() {
            kept[id] |= is_beside(node);
        }
        let about: Vec<NodeId> =
            self.edges.iter().filter(|edge| !edge.link.carries() && kept[edge.to]).map(|edge| edge.from).collect();
        about.into_iter().for_each(|node| kept[node] = true);
        self.clone().keep(|id| kept[id])
    }

    /// The picture of some nodes, and what leads from one of them to another.
    pub(super) fn keep(self, is_kept: impl Fn(NodeId) -> bool) -> Self {
        let mut places: HashMap<NodeId, NodeId> = HashMap::new();
        let mut kept = Self::default();
        for (id, node) in self.nodes.into_iter_enumerated() {
            if is_kept(id) {
                places.insert(id, kept.nodes.push_and_get_key(node));
            }
        }
        kept.edges = self.edges;
        kept.edges.retain_mut(|edge| match (places.get(&edge.from), places.get(&edge.to)) {
            (Some(from), Some(to)) => {
                (edge.from, edge.to) = (*from, *to);
                true
            }
            _ => false,
        });
        kept
    }
}
