//! What is written on nodes and edges, in every form: plain text, not escaped for any of them.

use std::collections::BTreeMap;

use crate::graph::{Edge, Graph, Link, Mark, Node, NodeId, Presence, What};

/// So many endpoints are named.
const MOST: usize = 3;

/// The lines on a node.
pub(super) fn lines(node: &Node) -> Vec<String> {
    let mut lines = match &node.what {
        What::Object => vec![node.object.kind.name().to_owned(), node.name().to_string()],
        What::Listener { name, port, protocol, hostname } => {
            let host = hostname.as_deref().unwrap_or("*");
            vec![format!("listener {name}"), format!("{protocol} {port}"), host.to_owned()]
        }
        What::Rule { index } => vec![format!("rule {index}")],
        What::Endpoints { places, port, .. } => {
            let mut lines = vec![format!("port {port}")];
            lines.extend(places.iter().take(MOST).cloned());
            match places.len().checked_sub(MOST) {
                Some(more @ 1..) => lines.push(format!("and {more} more")),
                _ if places.is_empty() => lines.push("no endpoint".to_owned()),
                _ => {}
            }
            lines
        }
    };
    match node.presence {
        Presence::Judged => {}
        Presence::Context => lines.push("context".to_owned()),
        Presence::Missing => lines.push("not in the input".to_owned()),
    }
    if !node.codes.is_empty() {
        lines.push(node.codes.join(" "));
    }
    lines.extend(marked(node.mark).map(str::to_owned));
    lines
}

/// What is written on an edge.
pub(super) fn on_edge(edge: &Edge) -> String {
    let mut words = Vec::new();
    match edge.link {
        Link::Sends { of: 0, .. } | Link::Has | Link::Takes | Link::Reaches | Link::Joins => {}
        Link::Sends { weight, of } if u64::from(weight) == of && !matches!(edge.mark, Mark::Changed(Some(_))) => {}
        Link::Sends { weight, of } => words.push(format!("{weight}/{of}")),
        Link::Filter(member) => words.push(member.to_owned()),
        Link::Stands => words.push("stands for".to_owned()),
        Link::Applies => {}
        Link::Allows => words.push("allows".to_owned()),
    }
    match (edge.is_broken, edge.codes.as_slice()) {
        (false, _) => {}
        (true, []) => words.push("broken".to_owned()),
        (true, codes) => words.extend(codes.iter().map(|code| (*code).to_owned())),
    }
    match edge.mark {
        Mark::Changed(Some(Link::Sends { weight, of })) if of > 0 => words.push(format!("was {weight}/{of}")),
        mark => words.extend(marked(mark).map(str::to_owned)),
    }
    words.join(" ")
}

/// The word for what became of something.
fn marked(mark: Mark) -> Option<&'static str> {
    match mark {
        Mark::Same => None,
        Mark::Added => Some("added"),
        Mark::Removed => Some("removed"),
        Mark::Changed(_) => Some("changed"),
    }
}

/// The class of a node, by which forms give it a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Gateway,
    Listener,
    Route,
    Rule,
    Backend,
    Endpoints,
    Policy,
}

impl Class {
    pub(super) const ALL: [Self; 7] =
        [Self::Gateway, Self::Listener, Self::Route, Self::Rule, Self::Backend, Self::Endpoints, Self::Policy];

    pub(super) fn of(node: &Node) -> Self {
        use crate::parser::manifests::Kind;
        match node.what {
            What::Listener { .. } => Self::Listener,
            What::Rule { .. } => Self::Rule,
            What::Endpoints { .. } => Self::Endpoints,
            What::Object => match node.object.kind {
                Kind::Gateway | Kind::ListenerSet => Self::Gateway,
                kind if kind.is_route() => Self::Route,
                Kind::Service | Kind::XBackend | Kind::Upstream | Kind::Backend => Self::Backend,
                _ => Self::Policy,
            },
        }
    }

    /// Its word, and the fill that it has on a light page.
    pub(super) fn word(self) -> (&'static str, &'static str) {
        match self {
            Self::Gateway => ("gateway", "#d6e4ff"),
            Self::Listener => ("listener", "#e8f0ff"),
            Self::Route => ("route", "#d9f2d9"),
            Self::Rule => ("rule", "#eefaee"),
            Self::Backend => ("backend", "#fff0cc"),
            Self::Endpoints => ("endpoints", "#fff9e6"),
            Self::Policy => ("policy", "#ecdff7"),
        }
    }
}

/// The nodes of each namespace, in order.
pub(super) fn by_namespace(graph: &Graph) -> BTreeMap<&str, Vec<(NodeId, &Node)>> {
    let mut groups: BTreeMap<&str, Vec<(NodeId, &Node)>> = BTreeMap::new();
    for (id, node) in graph.nodes.iter_enumerated() {
        groups.entry(node.namespace().as_str()).or_default().push((id, node));
    }
    groups
}

/// The number of a node, by which forms name it: nothing of the input is in a name.
pub(super) fn number(id: NodeId) -> usize {
    usize::from(id)
}
