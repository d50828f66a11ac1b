//! The picture of a change: what two inputs have, each node and edge marked with what becomes of it.

use std::collections::{HashMap, HashSet};

use typed_index_collections::TiVec;

use super::{Edge, Graph, Level, Link, Mark, Node, NodeId, Presence, What};
use crate::name::SectionName;
use crate::parser::manifests::ObjectKey;
use crate::port::Port;

/// A rule that both inputs have, or one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulePair {
    /// Its position in the old input.
    pub old: Option<usize>,
    /// Its position in the new input.
    pub new: Option<usize>,
    /// Whether both say the same.
    pub is_same: bool,
}

/// What the manifests of both inputs say of what is drawn.
#[derive(Clone, Copy)]
pub struct Written<'w> {
    /// The rules of a route.
    pub rules: &'w dyn Fn(&ObjectKey) -> Vec<RulePair>,
    /// Whether an object that both have is the same, apart from the parts that have nodes of their own.
    pub is_same: &'w dyn Fn(&ObjectKey) -> bool,
    /// Whether the old input has an object, also one that nothing leads to.
    pub is_in_old: &'w dyn Fn(&ObjectKey) -> bool,
    /// The same for the new input.
    pub is_in_new: &'w dyn Fn(&ObjectKey) -> bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Whole,
    Listener(SectionName),
    Rule(usize),
    Endpoints(Port),
}

/// What a node is known by on both sides; the number tells those apart that nothing else does.
type Key = (ObjectKey, Part, usize);

/// Both pictures as one: what the new one has, and then what it has no longer.
pub fn between(old: &Graph, new: &Graph, written: Written<'_>) -> Graph {
    let mut pairs: HashMap<ObjectKey, Vec<RulePair>> = HashMap::new();
    for node in old.nodes.iter().chain(&new.nodes).filter(|node| matches!(node.what, What::Rule { .. })) {
        pairs.entry(node.object.clone()).or_insert_with(|| (written.rules)(&node.object));
    }
    let before = keys(old, |object, index| position(&pairs, object, |pair| pair.old == Some(index)));
    let after = keys(new, |object, index| position(&pairs, object, |pair| pair.new == Some(index)));
    let known: HashMap<&Key, NodeId> = before.iter_enumerated().map(|(id, key)| (key, id)).collect();
    let mut places: HashMap<&Key, NodeId> = HashMap::new();
    let mut merged = Graph::default();
    for ((_, node), key) in new.nodes.iter_enumerated().zip(&after) {
        let mark = match known.get(key) {
            None if is_apart(node) && is_elsewhere(node, written.is_in_old) || is_unreached(node) => Mark::Same,
            None => Mark::Added,
            Some(id) if is_unreached(&old.nodes[*id]) && is_unreached(node) => Mark::Same,
            Some(id) if is_same(&old.nodes[*id], node, key, &pairs, written) => Mark::Same,
            Some(_) => Mark::Changed(None),
        };
        places.insert(key, merged.nodes.push_and_get_key(Node { mark, ..node.clone() }));
    }
    let gone = old.nodes.iter().zip(&before).filter(|(node, key)| !is_unreached(node) && !places.contains_key(key));
    for (node, key) in gone.collect::<Vec<_>>() {
        let is_left = is_apart(node) && is_elsewhere(node, written.is_in_new);
        let mark = if is_left { Mark::Same } else { Mark::Removed };
        places.insert(key, merged.nodes.push_and_get_key(Node { mark, ..node.clone() }));
    }
    merged.edges = edges((old, &before), (new, &after), &places);
    merged
}

/// Whether a node is drawn because something leads to it, whatever it is by itself.
fn is_apart(node: &Node) -> bool {
    matches!(node.what, What::Object | What::Endpoints { .. })
}

/// Whether a node is a rule that no request gets to: whatever becomes of it is nothing to traffic.
fn is_unreached(node: &Node) -> bool {
    matches!(node.what, What::Rule { .. }) && node.is_shadowed
}

/// Whether the other input has it as well, or neither has.
fn is_elsewhere(node: &Node, is_there: &dyn Fn(&ObjectKey) -> bool) -> bool {
    is_there(&node.object) || node.presence == Presence::Missing
}

fn position(
    pairs: &HashMap<ObjectKey, Vec<RulePair>>,
    object: &ObjectKey,
    is_it: impl Fn(&RulePair) -> bool,
) -> Option<usize> {
    pairs.get(object)?.iter().position(is_it)
}

fn keys(graph: &Graph, pair: impl Fn(&ObjectKey, usize) -> Option<usize>) -> TiVec<NodeId, Key> {
    let mut counts: HashMap<(ObjectKey, Part), usize> = HashMap::new();
    let key = |node: &Node| {
        let part = match &node.what {
            What::Object => Part::Whole,
            What::Listener { name, .. } => Part::Listener(name.clone()),
            What::Rule { index } => Part::Rule(pair(&node.object, *index).unwrap_or(*index)),
            What::Endpoints { port, .. } => Part::Endpoints(*port),
        };
        let count = counts.entry((node.object.clone(), part.clone())).or_default();
        *count += 1;
        (node.object.clone(), part, *count)
    };
    graph.nodes.iter().map(key).collect()
}

fn is_same(
    old: &Node,
    new: &Node,
    (object, part, _): &Key,
    pairs: &HashMap<ObjectKey, Vec<RulePair>>,
    written: Written<'_>,
) -> bool {
    let is_there = (old.presence == Presence::Missing) == (new.presence == Presence::Missing);
    let is_alike = (old.is_wrong, old.is_shadowed) == (new.is_wrong, new.is_shadowed);
    is_there
        && is_alike
        && match (&old.what, &new.what, part) {
            (_, _, Part::Rule(position)) => {
                pairs.get(object).and_then(|pairs| pairs.get(*position)).is_none_or(|pair| pair.is_same)
            }
            (What::Endpoints { places: old, .. }, What::Endpoints { places: new, .. }, _) => old == new,
            (What::Listener { .. }, _, _) => old.what == new.what,
            _ => new.presence == Presence::Missing || (written.is_same)(object),
        }
}

fn edges(
    (old, before): (&Graph, &TiVec<NodeId, Key>),
    (new, after): (&Graph, &TiVec<NodeId, Key>),
    places: &HashMap<&Key, NodeId>,
) -> Vec<Edge> {
    type EdgeKey<'k> = (&'k Key, &'k Key, &'static str, usize);
    fn keyed<'k>(graph: &'k Graph, keys: &'k TiVec<NodeId, Key>) -> Vec<(EdgeKey<'k>, &'k Edge)> {
        let mut counts: HashMap<(&Key, &Key, &'static str), usize> = HashMap::new();
        let key = |edge: &'k Edge| {
            let own = (&keys[edge.from], &keys[edge.to], word(edge.link));
            let count = counts.entry(own).or_default();
            *count += 1;
            ((own.0, own.1, own.2, *count), edge)
        };
        graph.edges.iter().map(key).collect()
    }
    let placed = |(from, to, ..): &EdgeKey<'_>| Some((*places.get(*from)?, *places.get(*to)?));
    let earlier = keyed(old, before);
    let known: HashMap<EdgeKey<'_>, &Edge> = earlier.iter().copied().collect();
    let mut merged = Vec::new();
    let mut seen: HashSet<EdgeKey<'_>> = HashSet::new();
    for (key, edge) in keyed(new, after) {
        let mark = match known.get(&key) {
            None if edge.is_shadowed => Mark::Same,
            None => Mark::Added,
            Some(old) if old.is_shadowed && edge.is_shadowed => Mark::Same,
            Some(old) if old.link != edge.link => Mark::Changed(Some(old.link)),
            Some(old) if (old.is_broken, old.is_shadowed) != (edge.is_broken, edge.is_shadowed) => Mark::Changed(None),
            Some(_) => Mark::Same,
        };
        merged.extend(placed(&key).map(|(from, to)| Edge { from, to, mark, ..edge.clone() }));
        seen.insert(key);
    }
    for (key, edge) in earlier.into_iter().filter(|(key, edge)| !seen.contains(key) && !edge.is_shadowed) {
        merged.extend(placed(&key).map(|(from, to)| Edge { from, to, mark: Mark::Removed, ..edge.clone() }));
    }
    merged
}

fn word(link: Link) -> &'static str {
    match link {
        Link::Has => "has",
        Link::Joins => "joins",
        Link::Takes => "takes",
        Link::Sends { .. } => "sends",
        Link::Filter(member) => member,
        Link::Stands => "stands",
        Link::Reaches => "reaches",
        Link::Applies => "applies",
        Link::Allows => "allows",
    }
}

impl Graph {
    /// Marks what a test accepts as changed, unless something of it is marked already: what changes need not be drawn.
    pub fn mark(&mut self, is_meant: impl Fn(&Node) -> bool) {
        let is_own = |id: NodeId| is_meant(&self.nodes[id]);
        let is_marked = self.nodes.iter().any(|node| is_meant(node) && node.mark != Mark::Same)
            || self.edges.iter().any(|edge| edge.mark != Mark::Same && (is_own(edge.from) || is_own(edge.to)));
        if !is_marked && let Some(node) = self.nodes.iter_mut().find(|node| is_meant(node) && node.what == What::Object)
        {
            node.mark = Mark::Changed(None);
        }
    }

    /// The pictures of a change, each with less than the one before: without endpoints that stay, with that alone which changes and
    /// what leads there, with routes in the place of their rules, and without what routes send to.
    pub fn ever_less(self) -> impl Iterator<Item = Self> {
        let reached = {
            let graph = self.clone();
            self.clone().keep(|id| graph.nodes[id].level() < Level::Endpoints || graph.nodes[id].mark != Mark::Same)
        };
        let changed = self.changed();
        let (services, routes) = (changed.at(Level::Services), changed.at(Level::Routes));
        [self, reached, changed, services, routes].into_iter()
    }

    /// What is marked, and what leads there.
    fn changed(&self) -> Self {
        let mut open: Vec<NodeId> =
            self.nodes.iter_enumerated().filter(|(_, node)| node.mark != Mark::Same).map(|(id, _)| id).collect();
        for edge in self.edges.iter().filter(|edge| edge.mark != Mark::Same) {
            open.extend([edge.from, edge.to]);
        }
        let mut before: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
        for edge in self.edges.iter().filter(|edge| edge.link.carries()) {
            before.entry(edge.to).or_default().push(edge.from);
        }
        let mut kept: HashSet<NodeId> = HashSet::new();
        while let Some(node) = open.pop() {
            if kept.insert(node) {
                open.extend(before.get(&node).into_iter().flatten());
            }
        }
        self.clone().keep(|id| kept.contains(&id))
    }
}
