//! The picture of what a change of the manifests does to traffic: the routes, listeners and backends that changes touch, with what
//! leads to them and where they lead.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::change::{Change, Picture, Touch, Touched};
use crate::compile::{self, Compilation};
use crate::graph::change::{RulePair, Written, between};
use crate::graph::{self, Graph, Link, Node, form};
use crate::name::{Name, Namespace};
use crate::options::Options;
use crate::parser::locate::Locator;
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::parser::shown::shown;

/// So many nodes can be taken in on the page of a pull request.
const MOST_NODES: usize = 48;
/// So many edges.
const MOST_EDGES: usize = 120;
/// So long a text: what shows it refuses long ones, and a comment has room for 65,536 characters.
const MOST_BYTES: usize = 20_000;

/// The fields of an object that have nodes of their own, or say nothing of traffic.
const DRAWN_APART: [&str; 2] = ["rules", "listeners"];

/// Draws what changes; nothing where nothing of it can be drawn.
pub(super) fn draw(old: &Compilation, new: &Compilation, changes: &[Change], options: &Options) -> Option<Picture> {
    let [before, after] = [old, new].map(|side| {
        let whole = compile::look(side, options, |resolved| graph::build(resolved, &side.findings));
        touched_of(&whole, changes)
    });
    let manifests = Manifests::new(old, new);
    let [is_in_old, is_in_new] = [0, 1].map(|side| {
        let side = &manifests.sides[side];
        move |object: &ObjectKey| side.has(object)
    });
    let written = Written {
        rules: &|route| manifests.rules(route),
        is_same: &|object| manifests.is_same(object),
        is_in_old: &is_in_old,
        is_in_new: &is_in_new,
    };
    let mut merged = between(&before, &after, written);
    for touched in changes.iter().flat_map(|change| &change.touched) {
        let Touched { what, namespace, name } = touched;
        merged.mark(|node| (&node.object.namespace, &node.object.name) == (namespace, name) && is_touched(node, *what));
    }
    let all = merged.nodes.len();
    for graph in merged.ever_less() {
        if graph.nodes.is_empty() || graph.nodes.len() > MOST_NODES || graph.edges.len() > MOST_EDGES {
            continue;
        }
        let mut text = Vec::new();
        // Memory takes whatever is written.
        let _ = form::write_mermaid(&graph, &mut text);
        if text.len() <= MOST_BYTES {
            let chart = String::from_utf8_lossy(&text).into_owned();
            return Some(Picture { chart: Some(chart), all, drawn: graph.nodes.len() });
        }
    }
    (all > 0).then_some(Picture { chart: None, all, drawn: 0 })
}

/// What of a side changes touch.
fn touched_of(graph: &Graph, changes: &[Change]) -> Graph {
    let touched: Vec<&Touched> = changes.iter().flat_map(|change| &change.touched).collect();
    let mut known: HashMap<(&Namespace, &Name), Vec<Touch>> = HashMap::new();
    for Touched { what, namespace, name } in touched {
        known.entry((namespace, name)).or_default().push(*what);
    }
    let is_any = |object: &ObjectKey, is_meant: &dyn Fn(Touch) -> bool| {
        let touches = known.get(&(&object.namespace, &object.name));
        touches.is_some_and(|touches| touches.iter().any(|what| is_meant(*what)))
    };
    let is_stream = |kind: Kind| matches!(kind, Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute);
    let mut streams: HashSet<&ObjectKey> = HashSet::new();
    for edge in graph.edges.iter().filter(|edge| edge.link == Link::Takes) {
        let (from, to) = (&graph.nodes[edge.from].object, &graph.nodes[edge.to].object);
        if is_stream(to.kind) && is_any(from, &|what| what == Touch::Streams) {
            streams.insert(to);
        }
    }
    let is_own = |node: &Node| {
        let is_one = |what: Touch| what != Touch::Gateway && is_touched(node, what);
        streams.contains(&node.object) || is_any(&node.object, &is_one)
    };
    let is_gateway = |what: Touch| matches!(what, Touch::Gateway | Touch::Streams);
    graph.around_and(is_own, |node| node.object.kind == Kind::Gateway && is_any(&node.object, &is_gateway))
}

/// Whether a node of this namespace and name is what is touched.
fn is_touched(node: &Node, what: Touch) -> bool {
    match (what, node.object.kind) {
        (Touch::Route(own), kind) => kind == own,
        (Touch::Gateway, kind) => kind == Kind::Gateway,
        (Touch::Streams, _) => false,
        (Touch::Backend, kind) => matches!(kind, Kind::Service | Kind::XBackend | Kind::Upstream | Kind::Backend),
    }
}

/// The manifests of both sides.
struct Manifests<'c> {
    sides: [Side<'c>; 2],
}

struct Side<'c> {
    compilation: &'c Compilation,
    locator: Locator<'c>,
    heads: HashMap<ObjectKey, &'c ObjectHead>,
}

impl Side<'_> {
    /// Whether the side has an object, also one of which little can be read.
    fn has(&self, object: &ObjectKey) -> bool {
        self.heads.contains_key(object) || self.compilation.manifests.refused.contains_key(object)
    }
}

impl<'c> Manifests<'c> {
    fn new(old: &'c Compilation, new: &'c Compilation) -> Self {
        let sides = [old, new].map(|compilation| Side {
            compilation,
            locator: Locator::new(&compilation.manifests),
            heads: compilation.manifests.heads().into_iter().map(|head| (head.key(), head)).collect(),
        });
        Self { sides }
    }

    /// What both sides say under `spec` of an object, as far as they have it.
    fn specs(&self, object: &ObjectKey) -> [Option<Value>; 2] {
        self.sides.each_ref().map(|side| {
            let head = side.heads.get(object)?;
            let mut value = shown(&side.compilation.manifests, &side.locator, head)?;
            Some(value.get_mut("spec")?.take())
        })
    }

    /// The rules of a route.
    fn rules(&self, route: &ObjectKey) -> Vec<RulePair> {
        let [old, new] =
            self.specs(route).map(|spec| match spec.and_then(|mut spec| Some(spec.get_mut("rules")?.take())) {
                Some(Value::Array(rules)) => rules,
                // A route without rules has one all the same.
                _ => vec![Value::Null],
            });
        pairs(&old, &new)
    }

    /// Whether both sides say the same of an object, apart from what is drawn by itself.
    fn is_same(&self, object: &ObjectKey) -> bool {
        let [old, new] = self.specs(object).map(|mut spec| {
            if let Some(Value::Object(fields)) = &mut spec {
                fields.retain(|name, _| !DRAWN_APART.contains(&name.as_str()));
            }
            spec
        });
        old == new
    }
}

/// Which rules are each other's: those that say the same, and then those that have the same matches, in order.
fn pairs(old: &[Value], new: &[Value]) -> Vec<RulePair> {
    let mut of_new: Vec<Option<(usize, bool)>> = vec![None; new.len()];
    let mut is_free = vec![true; old.len()];
    let is_alike: [fn(&Value, &Value) -> bool; 2] =
        [|old, new| old == new, |old, new| old.get("matches") == new.get("matches")];
    for (round, is_alike) in is_alike.into_iter().enumerate() {
        for (rule, found) in new.iter().zip(&mut of_new).filter(|(_, found)| found.is_none()) {
            let place = old.iter().zip(&is_free).position(|(old, is_free)| *is_free && is_alike(old, rule));
            if let Some(place) = place {
                is_free[place] = false;
                *found = Some((place, round == 0));
            }
        }
    }
    let kept = of_new.iter().enumerate().map(|(position, found)| RulePair {
        old: found.map(|(place, _)| place),
        new: Some(position),
        is_same: found.is_none_or(|(_, is_same)| is_same),
    });
    let gone = is_free.iter().enumerate().filter(|(_, is_free)| **is_free);
    let gone = gone.map(|(place, _)| RulePair { old: Some(place), new: None, is_same: true });
    kept.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::pairs;

    #[test]
    fn rules_are_known_by_what_they_say_and_then_by_their_matches() {
        let rule = |path: &str, backend: &str| json!({"matches": [{"path": path}], "backendRefs": [{"name": backend}]});
        let found = |old: &[serde_json::Value], new: &[serde_json::Value]| {
            pairs(old, new).into_iter().map(|pair| (pair.old, pair.new, pair.is_same)).collect::<Vec<_>>()
        };
        let (a, b) = (rule("/a", "one"), rule("/b", "one"));
        // One more at the beginning moves the others, and is the only one that is new.
        assert_eq!(
            found(&[a.clone(), b.clone()], &[rule("/c", "one"), a.clone(), b.clone()]),
            [(None, Some(0), true), (Some(0), Some(1), true), (Some(1), Some(2), true)]
        );
        assert_eq!(
            found(&[a.clone(), b.clone()], &[rule("/b", "two"), rule("/d", "one")]),
            [(Some(1), Some(0), false), (None, Some(1), true), (Some(0), None, true)]
        );
        // Of equal ones each is another's.
        assert_eq!(found(&[a.clone(), a.clone()], std::slice::from_ref(&a)).len(), 2);
    }
}
