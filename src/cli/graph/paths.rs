//! The ways of requests through a picture: from a Gateway to the rule of a route, and to what it sends to.

use std::collections::HashMap;

use crate::graph::form::html::node_number;
use crate::graph::{Edge, Graph, Link, NodeId, What};
use crate::ir::{GatewayName, ObjectName, RouteName};
use crate::parser::manifests::{Kind, ObjectKey};

/// A picture with what finds its nodes and edges.
pub(super) struct Paths<'g> {
    graph: &'g Graph,
    /// The nodes of each object as a whole, and of each rule.
    objects: HashMap<&'g ObjectKey, Vec<NodeId>>,
    rules: HashMap<(&'g ObjectKey, usize), NodeId>,
    from: HashMap<NodeId, Vec<&'g Edge>>,
    to: HashMap<NodeId, Vec<&'g Edge>>,
}

impl<'g> Paths<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let mut paths =
            Self { graph, objects: HashMap::new(), rules: HashMap::new(), from: HashMap::new(), to: HashMap::new() };
        for (id, node) in graph.nodes.iter_enumerated() {
            match node.what {
                What::Object => paths.objects.entry(&node.object).or_default().push(id),
                What::Rule { index } => {
                    paths.rules.entry((&node.object, index)).or_insert(id);
                }
                _ => {}
            }
        }
        for edge in &graph.edges {
            paths.from.entry(edge.from).or_default().push(edge);
            paths.to.entry(edge.to).or_default().push(edge);
        }
        paths
    }

    /// The nodes from a Gateway to the rule that a route of the configuration is made of, and to what it sends to.
    pub(super) fn of_route(&self, gateway: &GatewayName, route: &RouteName) -> Vec<usize> {
        let ObjectName { kind, namespace, name } = &*route.route;
        let kind = if *kind == "grpcroute" { Kind::GRPCRoute } else { Kind::HTTPRoute };
        self.of_rule(gateway, &ObjectKey::new(kind, (namespace, name)), route.rule)
    }

    fn of_rule(&self, gateway: &GatewayName, route: &ObjectKey, rule: usize) -> Vec<usize> {
        let routes = self.objects.get(route).map(Vec::as_slice).unwrap_or_default();
        let Some(start) = self.rules.get(&(route, rule)).or_else(|| routes.first()).copied() else { return Vec::new() };
        let mut found = vec![start];
        let mut open = vec![start];
        while let Some(node) = open.pop() {
            for edge in self.edges(&self.from, node).filter(|edge| edge.link.carries()) {
                let is_way = matches!(edge.link, Link::Sends { .. } | Link::Stands | Link::Reaches);
                if is_way && !found.contains(&edge.to) {
                    open.push(edge.to);
                    found.push(edge.to);
                }
            }
        }
        found.extend(routes.iter().filter(|id| **id != start));
        let reached = found.to_vec();
        let entries = reached.into_iter().flat_map(|node| self.edges(&self.to, node));
        for edge in entries.filter(|edge| edge.link == Link::Takes && !edge.is_broken) {
            for has in self.edges(&self.to, edge.from).filter(|has| has.link == Link::Has) {
                let owner = &self.graph.nodes[has.from].object;
                if owner.kind == Kind::Gateway && owner.namespace == gateway.namespace && owner.name == gateway.name {
                    for node in [edge.from, has.from] {
                        if !found.contains(&node) {
                            found.push(node);
                        }
                    }
                }
            }
        }
        found.into_iter().map(node_number).collect()
    }

    fn edges<'s>(
        &'s self,
        of: &'s HashMap<NodeId, Vec<&'g Edge>>,
        node: NodeId,
    ) -> impl Iterator<Item = &'g Edge> + use<'s, 'g> {
        of.get(&node).into_iter().flatten().copied()
    }
}
