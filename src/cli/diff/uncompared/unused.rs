//! Objects that differ and that nothing of the input leads to: policies, backends outside, labels and grants.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::admission::push;
use super::applied::names_in;
use super::values::{AllLeft, Used, Values};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, ObjectPart, ObjectRef, Subject};
use crate::ir::{Handler, Listener};
use crate::name::{Name, Namespace, NamespacedName, SectionName};
use crate::parser::api::{
    EnvoyPolicyTarget, FromNamespaces, LabelSelector, ListenerTarget, ReferenceGrantFrom, ReferenceGrantTo,
};
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::parser::node::Node;
use crate::path;

const UNLED: &str = "it is on one side alone, and no route of the input leads to it";
const UNREFERRED: &str = "it is not the same, and no route of the input leads to it";
const LABELS: &str = "a selector looks at its labels, which have changed, and no route of the input is in it";
const GRANTED: &str = "what it grants has changed, and no reference of the input needs it";

/// Adds what differs and has nothing that it is compared by. `of_clients` is what clients of Services are sent to.
pub(super) fn add(values: &[Values<'_>; 2], of_clients: &Used<'_>, lists: &mut [&mut AllLeft; 2]) {
    let sides = values.each_ref().map(|values| values.compilation);
    let mut used = used(sides);
    used.extend(of_clients);
    add_targets(sides, &used, lists);
    add_backends(values, &used, lists);
    add_namespaces(sides, lists);
    add_grants(values, lists);
}

/// Targets of policies that one side alone has and nothing sends to.
fn add_targets(sides: [&Compilation; 2], used: &Used<'_>, lists: &mut [&mut AllLeft; 2]) {
    let declared = sides.map(targets);
    let said = declared.each_ref().map(|targets| targets.iter().map(Target::words).collect::<BTreeSet<_>>());
    for (at, own) in declared.iter().enumerate() {
        let is_alone = |target: &Target<'_>| said.get(1 - at).is_some_and(|other| !other.contains(&target.words()));
        for target in own.iter().filter(|target| is_alone(target)) {
            let Target { policy, index, name, .. } = target;
            if policy.position.context || used.contains(&(&policy.metadata.namespace, *name)) {
                continue;
            }
            let path = path!["spec", "targetRefs", *index];
            let subject = Subject::part(&policy.key().to_ref(), &path);
            push(lists[at], at, subject, policy.at(&path), UNLED.to_owned());
        }
    }
}

/// What is sent to on either side.
fn used(sides: [&Compilation; 2]) -> Used<'_> {
    let clusters = sides.into_iter().flat_map(|side| &side.lowered.judged().clusters);
    clusters.map(|cluster| (&cluster.backend.namespace, &cluster.backend.name)).collect()
}

/// An entry of `targetRefs`.
struct Target<'m> {
    policy: &'m ObjectHead,
    index: usize,
    kind: (&'m str, &'m str),
    name: &'m Name,
    section: &'m str,
}

impl Target<'_> {
    /// What it is, whatever its position.
    fn words(&self) -> (ObjectRef, [String; 4]) {
        let Self { policy, index: _, kind: (group, kind), name, section } = self;
        let target = [group, kind, name.as_str(), section].map(str::to_owned);
        (policy.key().to_ref(), target)
    }
}

/// The targets of the policies of a side.
fn targets(side: &Compilation) -> Vec<Target<'_>> {
    let Manifests { backend_tls_policies, x_backend_traffic_policies, route_options, .. } = &side.manifests;
    let mut targets = Vec::new();
    for policy in backend_tls_policies {
        targets.extend(policy.spec.target_refs.iter().enumerate().map(|(index, target)| Target {
            policy: &policy.head,
            index,
            kind: (&target.group, &target.kind),
            name: &target.name,
            section: target.section_name.as_deref().unwrap_or_default(),
        }));
    }
    for policy in x_backend_traffic_policies {
        targets.extend(policy.spec.target_refs.iter().enumerate().map(|(index, target)| Target {
            policy: &policy.head,
            index,
            kind: (&target.group, &target.kind),
            name: &target.name,
            section: "",
        }));
    }
    // The rules of a route that is there have what its options say.
    let routes: BTreeSet<_> = side.manifests.http_routes.iter().map(|route| route.metadata.sort_key()).collect();
    let is_there = |policy: &ObjectHead, name: &Name| routes.contains(&(&policy.metadata.namespace, name));
    for policy in route_options {
        let unled = policy.spec.target_refs.iter().enumerate().filter(|(_, target)| !is_there(policy, &target.name));
        targets.extend(unled.map(|(index, target)| Target {
            policy: &policy.head,
            index,
            kind: (&target.group, &target.kind),
            name: &target.name,
            section: target.namespace.as_deref().unwrap_or_default(),
        }));
    }
    // The rules of a listener have what its options say.
    let is_there = side.manifests.options_of_listeners().next().is_some();
    let routed = if is_there { routed_listeners(side) } else { BTreeSet::new() };
    for (policy, own) in side.manifests.options_of_listeners() {
        let unled = own.iter().enumerate();
        let unled = unled.filter(|(_, target)| !routed.contains(&listeners_of(policy, target)));
        targets.extend(unled.map(|(index, target)| Target {
            policy,
            index,
            kind: (&target.group, &target.kind),
            name: &target.name,
            section: target.section().map(SectionName::as_str).unwrap_or_default(),
        }));
    }
    // The rules of a target that is there have what its policies say.
    let heads: BTreeSet<(Kind, _)> =
        side.manifests.heads().into_iter().map(|head| (head.kind, head.metadata.sort_key())).collect();
    for (policy, own) in side.manifests.targets_of_envoy_policies() {
        let is_there = |target: &EnvoyPolicyTarget| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.is_named(&target.group, &target.kind));
            kind.is_some_and(|kind| heads.contains(&(kind, (&policy.metadata.namespace, &target.name))))
        };
        let unled = own.into_iter().filter(|(_, target)| !is_there(target));
        targets.extend(unled.map(|(index, target)| Target {
            policy,
            index: index.unwrap_or_default(),
            kind: (&target.group, &target.kind),
            name: &target.name,
            section: target.section_name.as_deref().unwrap_or_default(),
        }));
    }
    targets
}

/// One listener of an object, or all of them, as options name them.
type Listeners<'m> = (Kind, &'m Namespace, &'m Name, Option<&'m SectionName>);

/// The listeners that a target of options names.
fn listeners_of<'m>(policy: &'m ObjectHead, target: &'m ListenerTarget) -> Listeners<'m> {
    let kind = if Kind::Gateway.is_named(&target.group, &target.kind) { Kind::Gateway } else { Kind::ListenerSet };
    (kind, &policy.metadata.namespace, &target.name, target.section())
}

/// Whatever options can name that leads to a listener which has routes.
fn routed_listeners(side: &Compilation) -> BTreeSet<Listeners<'_>> {
    let Manifests { gateways, listener_sets, .. } = &side.manifests;
    let listeners = &side.lowered.judged().listeners;
    let connections = listeners.iter().flat_map(Listener::http_connections);
    let hosts = connections.flat_map(|connection| &connection.virtual_hosts).filter(|host| !host.routes.is_empty());
    let streams = listeners.iter().flat_map(Listener::chains);
    let streams = streams.filter(|chain| matches!(chain.handler, Handler::Tcp(_))).map(|chain| chain.origin);
    let sets: HashMap<_, _> = listener_sets.iter().map(|set| (set.metadata.sort_key(), &set.spec)).collect();
    let gateways: HashMap<_, _> = gateways.iter().map(|one| (one.metadata.sort_key(), &one.spec)).collect();
    let mut routed = BTreeSet::new();
    for origin in hosts.map(|host| host.origin).chain(streams) {
        let Some((key, _, ObjectPart::Listener(index))) = side.lowered.origins.get(origin) else { continue };
        let named = (&key.namespace, &key.name);
        let set = sets.get(&named).filter(|_| key.kind == Kind::ListenerSet);
        let gateway = gateways.get(&named).filter(|_| key.kind == Kind::Gateway);
        let listeners = set.map(|set| &set.listeners).or(gateway.map(|gateway| &gateway.listeners));
        let section = listeners.and_then(|listeners| listeners.get(index)).map(|listener| &listener.name);
        let parent = set.map(|set| {
            let parent = &set.parent_ref;
            (Kind::Gateway, parent.namespace.as_ref().unwrap_or(&key.namespace), &parent.name)
        });
        for (kind, namespace, name) in [Some((key.kind, &key.namespace, &key.name)), parent].into_iter().flatten() {
            for section in [None, section] {
                routed.insert((kind, namespace, name, section));
            }
        }
    }
    routed
}

/// XBackends and Upstreams that differ and that nothing sends to, RouteOptions that no route of the input has, and
/// options of listeners without routes.
fn add_backends(values: &[Values<'_>; 2], used: &Used<'_>, lists: &mut [&mut AllLeft; 2]) {
    let contents = values.each_ref().map(|values| {
        let Manifests { backends, upstreams, route_options, .. } = &values.compilation.manifests;
        let heads = backends.iter().map(|one| &one.head).chain(upstreams.iter().map(|one| &one.head));
        let mut unused: Vec<&ObjectHead> = heads.filter(|head| !used.contains(&head.metadata.sort_key())).collect();
        let untargeted = route_options.iter().filter(|one| one.spec.target_refs.is_empty()).map(|one| &one.head);
        let untargeted: Vec<&ObjectHead> = untargeted.collect();
        let options = || values.compilation.manifests.options_of_listeners();
        let is_there = options().next().is_some();
        let routed = if is_there { routed_listeners(values.compilation) } else { BTreeSet::new() };
        let is_led = |(object, targets): &(&ObjectHead, &[ListenerTarget])| {
            targets.iter().any(|target| routed.contains(&listeners_of(object, target)))
        };
        unused.extend(options().filter(|one| !is_led(one)).map(|(object, _)| object));
        // Every route is decoded for it.
        let named = if untargeted.is_empty() { BTreeSet::new() } else { names_of_routes(values) };
        let is_named = |head: &ObjectHead| {
            let (namespace, name) = head.metadata.sort_key();
            named.contains(&(namespace.as_str(), name.as_str()))
        };
        unused.extend(untargeted.into_iter().filter(|head| !is_named(head)));
        unused.retain(|head| !head.position.context);
        let content = |head: &ObjectHead| values.content_of(head.kind, &head.at(&FieldPath::ROOT));
        unused.into_iter().map(|head| (head.key().to_ref(), (head, content(head)))).collect::<BTreeMap<_, _>>()
    });
    for (at, own) in contents.iter().enumerate() {
        for (key, (head, content)) in own {
            if contents.get(1 - at).and_then(|other| other.get(key)).is_none_or(|(_, other)| other != content) {
                let subject = key.to_string();
                push(lists[at], at, subject, head.at(&FieldPath::ROOT), UNREFERRED.to_owned());
            }
        }
    }
}

/// What routes may name, by namespace and name. An ExtensionRef names what is in the namespace of its route.
fn names_of_routes<'v>(values: &'v Values<'_>) -> BTreeSet<(&'v str, &'v str)> {
    let mut names = BTreeSet::new();
    for route in values.compilation.manifests.routes() {
        let Ok(node) = values.object(&route.object.at(&FieldPath::ROOT)) else { continue };
        node.get("spec").into_iter().for_each(|spec| names_in(spec, &route.object.metadata.namespace, &mut names));
    }
    names
}

/// Namespaces with other labels, where a selector looks at them and no route shows what that does.
fn add_namespaces(sides: [&Compilation; 2], lists: &mut [&mut AllLeft; 2]) {
    let read: BTreeSet<&str> = sides.iter().flat_map(|side| selectors(&side.manifests)).flat_map(keys).collect();
    if read.is_empty() {
        return;
    }
    let inhabited: BTreeSet<&str> = sides
        .iter()
        .flat_map(|side| {
            let routes = side.manifests.routes().map(|route| route.object);
            routes.chain(side.manifests.listener_sets.iter().map(|set| &set.head))
        })
        .map(|head| head.metadata.namespace.as_str())
        .collect();
    let labels = sides.map(|side| {
        let judged = side.manifests.namespaces.iter().filter(|one| !one.position.context);
        let labels = judged.map(|one| {
            let labels = one.metadata.labels.iter().filter(|(key, _)| read.contains(key));
            (one.metadata.name.as_str(), (&one.head, labels.collect::<Labels<'_>>()))
        });
        labels.collect::<BTreeMap<_, _>>()
    });
    for (at, own) in labels.iter().enumerate() {
        let other = labels.get(1 - at);
        for (name, (head, labels)) in own.iter().filter(|(name, _)| !inhabited.contains(**name)) {
            let is_same = match other.and_then(|other| other.get(name)) {
                Some((_, other)) => other == labels,
                None => labels.is_empty(),
            };
            if !is_same {
                let subject = Subject::Object(head.key().to_ref()).to_string();
                push(lists[at], at, subject, head.at(&path!["metadata", "labels"]), LABELS.to_owned());
            }
        }
    }
}

type Labels<'m> = BTreeMap<&'m str, &'m str>;

/// The selectors of a side that look at labels of Namespaces.
fn selectors(manifests: &Manifests) -> Vec<&LabelSelector> {
    let Manifests { gateways, listener_sets, .. } = manifests;
    let of_gateways = gateways.iter().flat_map(|gateway| {
        let own = gateway.spec.allowed_listeners.iter().map(|allowed| &allowed.namespaces);
        own.chain(gateway.spec.listeners.iter().map(|listener| &listener.allowed_routes.namespaces))
    });
    let of_sets = listener_sets.iter().flat_map(|set| &set.spec.listeners);
    let all = of_gateways.chain(of_sets.map(|listener| &listener.allowed_routes.namespaces));
    all.filter(|allowed| allowed.from == FromNamespaces::Selector)
        .filter_map(|allowed| allowed.selector.as_ref())
        .collect()
}

/// The labels that a selector looks at.
fn keys(selector: &LabelSelector) -> impl Iterator<Item = &str> {
    let LabelSelector { match_labels, match_expressions } = selector;
    match_labels.keys().map(String::as_str).chain(match_expressions.iter().map(|asked| asked.key.as_str()))
}

/// Who may refer to what in a namespace.
type Grant<'m> = (&'m str, &'m ReferenceGrantFrom, &'m ReferenceGrantTo);

/// What a reference refers to: a namespace, a kind where it says one, and a name.
struct Reference<'v> {
    from: (Kind, &'v Namespace),
    namespace: &'v str,
    kind: Option<&'v str>,
    name: &'v str,
}

/// Grants that come, go or change for references that the input does not have.
fn add_grants(values: &[Values<'_>; 2], lists: &mut [&mut AllLeft; 2]) {
    let sides = values.each_ref().map(|values| values.compilation);
    let granted = sides.map(|side| grants(&side.manifests));
    let [old, new] = &granted;
    let [known_old, known_new] =
        granted.each_ref().map(|list| list.iter().map(|(_, grant)| *grant).collect::<HashSet<Grant<'_>>>());
    let changed = [
        old.iter().filter(|(_, grant)| !known_new.contains(grant)).collect::<Vec<_>>(),
        new.iter().filter(|(_, grant)| !known_old.contains(grant)).collect::<Vec<_>>(),
    ];
    if changed.iter().all(Vec::is_empty) {
        return;
    }
    let mut into: HashMap<&str, Vec<Reference<'_>>> = HashMap::new();
    for reference in values.iter().flat_map(references) {
        into.entry(reference.namespace).or_default().push(reference);
    }
    for (at, changed) in changed.iter().enumerate() {
        let mut told: BTreeSet<NamespacedName<'_>> = BTreeSet::new();
        for (head, grant) in changed {
            let is_needed = into.get(grant.0).into_iter().flatten().any(|reference| permits(grant, reference));
            if !is_needed && !head.position.context && told.insert(head.metadata.sort_key()) {
                let subject = head.key().to_ref().to_string();
                push(lists[at], at, subject, head.at(&FieldPath::ROOT), GRANTED.to_owned());
            }
        }
    }
}

fn grants(manifests: &Manifests) -> Vec<(&ObjectHead, Grant<'_>)> {
    let pairs = manifests.reference_grants.iter().flat_map(|grant| {
        let namespace = grant.metadata.namespace.as_str();
        let of = move |from| grant.spec.to.iter().map(move |to| (&grant.head, (namespace, from, to)));
        grant.spec.from.iter().flat_map(of)
    });
    pairs.collect()
}

fn permits((namespace, from, to): &Grant<'_>, reference: &Reference<'_>) -> bool {
    let (kind, own) = &reference.from;
    (from.group.as_str(), from.kind.as_str(), &from.namespace) == (kind.group(), kind.name(), *own)
        && reference.namespace == *namespace
        && reference.kind.is_none_or(|kind| kind == to.kind)
        && to.name.as_ref().is_none_or(|name| *name == reference.name)
}

/// All references of a side from one namespace into another that grants are for.
fn references<'v>(values: &'v Values<'_>) -> Vec<Reference<'v>> {
    let manifests = &values.compilation.manifests;
    let mut found = Vec::new();
    for head in manifests.heads().into_iter().filter(|head| refers(head.kind)) {
        let Ok(node) = values.object(&head.at(&FieldPath::ROOT)) else { continue };
        let Some(spec) = node.get("spec") else { continue };
        let own = &head.metadata.namespace;
        references_in(spec, &mut |namespace, kind, name| {
            if *own != *namespace {
                found.push(Reference { from: (head.kind, own), namespace, kind, name });
            }
        });
    }
    found
}

fn refers(kind: Kind) -> bool {
    kind.is_route() || matches!(kind, Kind::Gateway | Kind::ListenerSet)
}

/// Calls back with everything that names an object of a namespace, parents left out.
fn references_in<'n>(node: &'n Node, found: &mut dyn FnMut(&'n str, Option<&'n str>, &'n str)) {
    let word = |field: &str| node.get(field).and_then(Node::as_str);
    if let (Some(namespace), Some(name)) = (word("namespace"), word("name")) {
        found(namespace, word("kind"), name);
    }
    match node {
        Node::Map(entries) => {
            let entries = entries.iter().filter(|(field, _)| field != "parentRefs" && field != "parentRef");
            entries.for_each(|(_, value)| references_in(value, found));
        }
        Node::List(items) => items.iter().for_each(|item| references_in(item, found)),
        Node::String(_) | Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
    }
}
