//! From what is resolved to the picture.

mod servers;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostics::{Code, Finding, ObjectPart, ObjectRef, Severity, codes};
use crate::ir::places;
use crate::name::{Name, Namespace, SectionName};
use crate::parser::api::{LocalObjectReference, OptionTarget, PolicyTargetReference};
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::parser::route::BackendReference;
use crate::resolver::{
    BackendId, BackendObject, BackendRefOutcome, ListenerId, Membership, ParentSource, Resolved, ResolvedListener,
    ResolvedRoute, ResolvedRule,
};

use super::{Edge, Graph, Link, Mark, Node, NodeId, Presence, What};

/// What rules send to.
const BACKENDS: [Kind; 4] = [Kind::Service, Kind::XBackend, Kind::Upstream, Kind::Backend];
/// The findings that say of a rule or a match that nothing gets to it.
const SHADOWED: [Code; 4] =
    [codes::UNREACHABLE_RULE, codes::UNREACHABLE_MATCH, codes::DUPLICATE_MATCH, codes::IMPOSSIBLE_MATCH];

/// Draws an input. `findings` are all that are printed about it.
pub fn build(resolved: &Resolved<'_>, findings: &[Finding]) -> Graph {
    let mut builder = Builder::new(resolved, findings);
    builder.add_gateways();
    builder.add_routes();
    builder.add_policies();
    builder.add_servers();
    builder.add_grants();
    builder.graph
}

/// The parts of an object that findings are about, each with the code.
type Parts = HashMap<ObjectRef, Vec<(ObjectPart, Code)>>;

struct Builder<'r, 'm> {
    resolved: &'r Resolved<'m>,
    parts: Parts,
    heads: HashMap<ObjectKey, &'m ObjectHead>,
    graph: Graph,
    objects: HashMap<ObjectKey, NodeId>,
    listeners: HashMap<ListenerId, NodeId>,
    endpoints: BTreeMap<BackendId, NodeId>,
    edges: BTreeSet<(NodeId, NodeId)>,
}

impl<'r, 'm> Builder<'r, 'm> {
    fn new(resolved: &'r Resolved<'m>, findings: &[Finding]) -> Self {
        let mut parts = Parts::new();
        for finding in findings.iter().filter(|finding| finding.severity() != Severity::Note) {
            if let Some(object) = &finding.object {
                parts.entry(object.clone()).or_default().push((finding.part, finding.code));
            }
        }
        Self {
            resolved,
            parts,
            heads: resolved.manifests.heads().into_iter().map(|head| (head.key(), head)).collect(),
            graph: Graph::default(),
            objects: HashMap::new(),
            listeners: HashMap::new(),
            endpoints: BTreeMap::new(),
            edges: BTreeSet::new(),
        }
    }

    /// The findings on parts of an object that a test accepts.
    fn found(&self, object: &ObjectKey, is_meant: impl Fn(ObjectPart) -> bool) -> Vec<Code> {
        let parts = self.parts.get(&object.to_ref()).into_iter().flatten();
        let mut codes: Vec<Code> = parts.filter(|(part, _)| is_meant(*part)).map(|(_, code)| *code).collect();
        codes.sort_by_key(|code| code.id());
        codes.dedup();
        codes
    }

    /// Adds a part of an object with the findings that are about it.
    fn add(&mut self, object: &ObjectKey, what: What, is_meant: impl Fn(ObjectPart) -> bool) -> NodeId {
        let codes = self.found(object, is_meant);
        let presence = match self.heads.get(object) {
            Some(head) if head.position.context => Presence::Context,
            Some(_) => Presence::Judged,
            None if self.resolved.manifests.refused.contains_key(object) => Presence::Judged,
            None => Presence::Missing,
        };
        self.graph.nodes.push_and_get_key(Node {
            what,
            object: object.clone(),
            presence,
            is_wrong: codes.iter().any(|code| code.severity() == Severity::Error),
            codes: codes.iter().map(|code| code.id()).collect(),
            is_shadowed: false,
            mark: Mark::Same,
        })
    }

    /// The node of an object as a whole. What is about its parts is said of those that are drawn.
    fn object(&mut self, key: &ObjectKey) -> NodeId {
        if let Some(node) = self.objects.get(key) {
            return *node;
        }
        let is_route = key.kind.is_route();
        let is_own = move |part: ObjectPart| match part {
            ObjectPart::Listener(_) | ObjectPart::Certificate { .. } => false,
            ObjectPart::Rule(_) | ObjectPart::Match { .. } | ObjectPart::Filter { .. } | ObjectPart::Backend { .. } => {
                !is_route
            }
            _ => true,
        };
        let node = self.add(key, What::Object, is_own);
        self.objects.insert(key.clone(), node);
        node
    }

    /// Adds an edge, each pair of nodes once but for those that carry shares.
    fn link(&mut self, from: NodeId, to: NodeId, link: Link, broken: Option<Vec<Code>>) {
        let is_share = matches!(link, Link::Sends { .. } | Link::Filter(_));
        if !self.edges.insert((from, to)) && !is_share {
            return;
        }
        let is_broken = broken.is_some();
        let codes = broken.unwrap_or_default().iter().map(|code| code.id()).collect();
        let is_shadowed = self.graph.nodes[from].is_shadowed;
        self.graph.edges.push(Edge { from, to, link, codes, is_broken, is_shadowed, mark: Mark::Same });
    }

    fn add_gateways(&mut self) {
        let resolved = self.resolved;
        for (at, gateway) in resolved.gateways.iter().enumerate() {
            if gateway.stand_in.is_some() {
                continue;
            }
            let node = self.object(&gateway.object.key());
            for (index, listener) in gateway.listeners.iter().enumerate() {
                let id = ListenerId { gateway: at, listener: index };
                let own = self.add_listener(id, listener);
                let owner = self.object(&listener.owner.key());
                if owner != node {
                    self.link(owner, node, Link::Joins, None);
                }
                let broken = listener.refused.map(|_| self.found_at_listener(listener));
                self.link(owner, own, Link::Has, broken);
            }
        }
        for set in &resolved.listener_sets {
            let Membership::Refused(code) = set.membership else { continue };
            let parent = &set.object.spec.parent_ref;
            let namespace = parent.namespace.as_ref().unwrap_or(&set.object.metadata.namespace);
            let gateway = self.object(&key(Kind::Gateway, namespace, &parent.name));
            let node = self.object(&set.object.key());
            self.link(node, gateway, Link::Joins, Some(vec![code]));
        }
    }

    fn found_at_listener(&self, listener: &ResolvedListener<'_>) -> Vec<Code> {
        let index = listener.index;
        let is_own = |part: ObjectPart| match part {
            ObjectPart::Listener(at) | ObjectPart::Certificate { listener: at, .. } => at == index,
            _ => false,
        };
        let codes = self.found(&listener.owner.key(), is_own);
        codes.into_iter().filter(|code| code.severity() == Severity::Error).collect()
    }

    fn add_listener(&mut self, id: ListenerId, listener: &ResolvedListener<'_>) -> NodeId {
        let what = What::Listener {
            name: SectionName::clone(&listener.spec.name),
            port: listener.spec.port,
            protocol: listener.spec.protocol.clone(),
            hostname: listener.spec.hostname.clone(),
        };
        let index = listener.index;
        let node = self.add(&listener.owner.key(), what, |part| match part {
            ObjectPart::Listener(at) | ObjectPart::Certificate { listener: at, .. } => at == index,
            _ => false,
        });
        self.listeners.insert(id, node);
        node
    }

    fn add_routes(&mut self) {
        let resolved = self.resolved;
        for (id, route) in resolved.routes.with_ids() {
            let key = route.object().key();
            let node = self.object(&key);
            for parent in &route.parents {
                for listener in &parent.listeners {
                    if let Some(own) = self.listeners.get(listener).copied() {
                        self.link(own, node, Link::Takes, None);
                    }
                }
                if let ParentSource::Ref(index) = parent.source {
                    self.link_unserved(route, index, parent.refused.is_some(), parent.listeners.is_empty(), node);
                }
            }
            for parent in resolved.mesh_parents.of(id) {
                self.link_unserved(route, parent.index, parent.refused.is_some(), true, node);
            }
            for rule in &route.rules {
                self.add_rule(route, rule, node);
            }
        }
    }

    /// Draws a parent that no listener stands for: one that refuses the route, is missing or assumed, or is a Service.
    fn link_unserved(
        &mut self,
        route: &ResolvedRoute<'_>,
        index: usize,
        is_refused: bool,
        is_whole: bool,
        node: NodeId,
    ) {
        let Some(declared) = route.declared.parent_refs.get(index) else { return };
        let kinds = [Kind::Gateway, Kind::ListenerSet, Kind::Service];
        let Some(kind) = kinds.into_iter().find(|kind| kind.is_named(&declared.group, &declared.kind)) else { return };
        let namespace = declared.namespace.as_ref().unwrap_or(&route.object().metadata.namespace);
        let parent = key(kind, namespace, &declared.name);
        // A parent that stands in for a missing one has listeners that nobody declares.
        if !is_whole && self.heads.contains_key(&parent) {
            return;
        }
        let own = route.object().key();
        let broken = is_refused.then(|| {
            self.found(&own, |part| part == ObjectPart::Parent(index) || part == ObjectPart::Whole)
                .into_iter()
                .filter(|code| code.severity() == Severity::Error)
                .collect()
        });
        let parent = self.object(&parent);
        self.link(parent, node, Link::Takes, broken);
    }

    fn add_rule(&mut self, route: &ResolvedRoute<'m>, rule: &ResolvedRule<'m>, node: NodeId) {
        let (own, index) = (route.object().key(), rule.index);
        let is_own = |part: ObjectPart| match part {
            ObjectPart::Rule(at)
            | ObjectPart::Match { rule: at, .. }
            | ObjectPart::Filter { rule: at, .. }
            | ObjectPart::Backend { rule: at, .. } => at == index,
            _ => false,
        };
        let part = self.add(&own, What::Rule { index }, is_own);
        self.graph.nodes[part].is_shadowed = self.is_shadowed(&own, rule);
        self.link(node, part, Link::Has, None);
        if let Some(edge) = self.graph.edges.last_mut() {
            edge.is_shadowed = self.graph.nodes[part].is_shadowed;
        }
        let of = rule.backends.iter().map(|backend| u64::from(backend.weight)).sum();
        let declared = route.declared.rules().nth(index);
        let declared = declared.into_iter().flat_map(|rule| rule.backends);
        for (position, (backend, declared)) in rule.backends.iter().zip(declared).enumerate() {
            let is_own = |part: ObjectPart| part == ObjectPart::Backend { rule: index, index: position };
            let link = Link::Sends { weight: backend.weight, of };
            self.link_backend(route, (part, link), (declared.reference, backend.outcome), is_own);
        }
        for filter in rule.all_filters() {
            let Some((reference, outcome)) = filter.filter.backend().zip(filter.outcome) else { continue };
            let is_own = |part: ObjectPart| matches!(part, ObjectPart::Filter { rule: at, .. } if at == index);
            self.link_backend(route, (part, Link::Filter(filter.filter.member())), (reference, outcome), is_own);
        }
    }

    /// Whether findings say of the rule, or of all its matches, that nothing gets there.
    fn is_shadowed(&self, route: &ObjectKey, rule: &ResolvedRule<'_>) -> bool {
        let parts: Vec<(ObjectPart, Code)> = self.parts.get(&route.to_ref()).cloned().unwrap_or_default();
        let says = |of: ObjectPart| parts.iter().any(|(part, code)| *part == of && SHADOWED.contains(code));
        let matches = rule.matches.len();
        let of_match = |index: usize| says(ObjectPart::Match { rule: rule.index, index });
        says(ObjectPart::Rule(rule.index)) || (matches > 0 && (0..matches).all(of_match))
    }

    fn link_backend(
        &mut self,
        route: &ResolvedRoute<'m>,
        (from, link): (NodeId, Link),
        (reference, outcome): (BackendReference<'m>, BackendRefOutcome),
        is_own: impl Fn(ObjectPart) -> bool,
    ) {
        let BackendReference { group, kind, name, namespace, port: _ } = reference;
        let Some(kind) = BACKENDS.into_iter().find(|own| own.is_named(group, kind)) else { return };
        let own = &route.object().metadata.namespace;
        let to = self.object(&key(kind, namespace.unwrap_or(own), name));
        let broken = outcome.is_err().then(|| {
            let codes = self.found(&route.object().key(), is_own);
            codes.into_iter().filter(|code| code.severity() == Severity::Error).collect()
        });
        self.link(from, to, link, broken);
        if let Ok(id) = outcome {
            self.add_endpoints(id, to);
        }
    }

    fn add_endpoints(&mut self, id: BackendId, of: NodeId) {
        let backend = self.resolved.backends.get(id);
        if let Some(behind) = &backend.behind {
            let service = self.object(&key(Kind::Service, &behind.name.namespace, &behind.name.name));
            self.link(of, service, Link::Stands, None);
            // Some of the Service's endpoints may be meant, or what lies behind them.
            let is_whole = backend.endpoints == self.resolved.backends.get(behind.id).endpoints;
            if is_whole && !backend.is_behind_tunnel() {
                self.add_endpoints(behind.id, service);
                return;
            }
        }
        if matches!(backend.object, BackendObject::Assumed) || self.endpoints.contains_key(&id) {
            return;
        }
        let places = places(&backend.endpoints, &backend.settings);
        let object = self.graph.nodes[of].object.clone();
        let what = What::Endpoints { backend: id, port: backend.name.port, places };
        let node = self.add(&object, what, |_| false);
        self.endpoints.insert(id, node);
        self.link(of, node, Link::Reaches, None);
    }

    fn add_policies(&mut self) {
        let resolved = self.resolved;
        for policy in resolved.backends.policies().iter() {
            for (index, target) in policy.object.spec.target_refs.iter().enumerate() {
                let PolicyTargetReference { group, kind, name, section_name: _ } = target;
                let is_refused = policy.targets.get(index).is_none_or(Result::is_err) || policy.value.is_err();
                self.link_target(&policy.object.head, index, (group, kind, name), is_refused);
            }
        }
        for policy in resolved.traffic_policies.iter() {
            for (index, target) in policy.object.spec.target_refs.iter().enumerate() {
                let LocalObjectReference { group, kind, name } = target;
                let is_refused = policy.targets.get(index).is_none_or(Result::is_err);
                self.link_target(&policy.object.head, index, (group, kind, name), is_refused);
            }
        }
        for option in &resolved.route_options {
            for (index, target) in option.object.spec.target_refs.iter().enumerate() {
                let OptionTarget { group, kind, name, namespace: _ } = target;
                let is_refused = option.targets.get(index).is_none_or(Option::is_none);
                self.link_target(&option.object.head, index, (group, kind, name), is_refused);
            }
            self.link_named_option(&option.object.head);
        }
        for (head, targets) in resolved.manifests.options_of_listeners() {
            for (index, target) in targets.iter().enumerate() {
                let is_refused = target.other_namespace(&head.metadata.namespace).is_some();
                self.link_target(head, index, (&target.group, &target.kind, &target.name), is_refused);
            }
        }
    }

    /// A policy's edge to what it names in its own namespace.
    fn link_target(
        &mut self,
        policy: &ObjectHead,
        index: usize,
        (group, kind, name): (&str, &str, &Name),
        is_refused: bool,
    ) {
        let own = policy.key();
        let Some(kind) = Kind::ALL.into_iter().find(|own| own.is_named(group, kind)) else { return };
        let target = key(kind, &policy.metadata.namespace, name);
        let is_there = self.heads.contains_key(&target);
        let broken = (is_refused || !is_there).then(|| {
            let is_own = |part: ObjectPart| {
                matches!(part, ObjectPart::Whole | ObjectPart::Targets) || part == ObjectPart::Target(index)
            };
            self.found(&own, is_own)
        });
        let (from, to) = (self.object(&own), self.object(&target));
        self.link(from, to, Link::Applies, broken);
    }

    /// The routes whose filters name a RouteOption.
    fn link_named_option(&mut self, option: &ObjectHead) {
        use crate::parser::route::Filter;
        let resolved = self.resolved;
        for route in resolved.routes.iter() {
            let is_near = route.object().metadata.namespace == option.metadata.namespace;
            let filters = || route.rules.iter().flat_map(|rule| &rule.filters);
            let is_named = filters().any(|filter| {
                let is_found = filter.route_filter.is_none() && matches!(filter.extension, Some(Ok(())));
                matches!(filter.filter, Filter::ExtensionRef(own) if is_found && own.name == option.metadata.name)
            });
            if is_near && is_named {
                let (from, to) = (self.object(&option.key()), self.object(&route.object().key()));
                self.link(from, to, Link::Applies, None);
            }
        }
    }

    /// Grants, with the backends that they allow references to.
    fn add_grants(&mut self) {
        let resolved = self.resolved;
        for grant in &resolved.manifests.reference_grants {
            let namespace = &grant.metadata.namespace;
            let mut allowed: BTreeSet<ObjectKey> = BTreeSet::new();
            for route in resolved.routes.iter() {
                let from = route.object();
                let is_from =
                    grant.spec.from.iter().any(|own| {
                        own.namespace == from.metadata.namespace && from.kind.is_named(&own.group, &own.kind)
                    });
                if !is_from || from.metadata.namespace == *namespace {
                    continue;
                }
                for backend in route.declared.rules().flat_map(|rule| rule.backends) {
                    let BackendReference { group, kind, name, namespace: of, port: _ } = backend.reference;
                    let Some(kind) = BACKENDS.into_iter().find(|own| own.is_named(group, kind)) else { continue };
                    let is_to = grant.spec.to.iter().any(|own| {
                        kind.is_named(&own.group, &own.kind) && own.name.as_ref().is_none_or(|own| own == name)
                    });
                    if is_to && of == Some(namespace) {
                        allowed.insert(key(kind, namespace, name));
                    }
                }
            }
            let node = self.object(&grant.key());
            for backend in allowed {
                let backend = self.object(&backend);
                self.link(node, backend, Link::Allows, None);
            }
        }
    }
}

fn key(kind: Kind, namespace: &Namespace, name: &Name) -> ObjectKey {
    ObjectKey { kind, namespace: namespace.clone(), name: name.clone() }
}
