//! Stand-ins: Gateways that routes and ListenerSets name and the input lacks.
//!
//! Teams often keep their routes without the platform's Gateway. Their rules
//! are judged all the same, on listeners made of what the routes themselves
//! say: the sections and ports that they name, else plain HTTP on port 80 and
//! HTTPS on port 443. Sections that options name are there too. A stand-in admits every namespace and every host. A route
//! that names no parent at all has a stand-in of its own. Nothing
//! is ever reported on it, and nothing of it is emitted.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{FieldPath, Location, ObjectPart, ObjectRef, PartPath};
use crate::hostname::Hostname;
use crate::ir::UNNAMED;
use crate::name::{Name, Namespace};
use crate::options::Options;
use crate::parser::api::{
    AllowedListeners, AllowedRoutes, DefaultScope, FromNamespaces, GatewaySpec, Listener, ListenerTarget, ListenerTls,
    ParentGatewayReference, ParentReference, RouteNamespaces, TlsMode,
};
use crate::parser::labels::Labels;
use crate::parser::manifests::{Kind, Manifests, Metadata, Object, ObjectHead, ObjectKey, Position};
use crate::parser::route::{Route, RouteKind};
use crate::parser::source::DocumentId;
use crate::port::Port;
use crate::whole;

/// What stands in for the default Gateways of a cluster, where the input has none and routes ask for them.
const DEFAULT_NAME: &str = "(default Gateway)";

/// From which port on a stand-in looks for one that nothing else of it has.
const FREE_PORTS: u16 = 10_000;

/// The stand-ins of an input.
#[derive(Debug, Default)]
pub struct StandIns(Vec<StandIn>);

/// A Gateway in place of one that is missing.
#[derive(Debug)]
pub struct StandIn {
    /// What is missing: a Gateway, or a ListenerSet whose Gateway nobody knows.
    pub key: ObjectKey,
    /// The Gateway.
    pub gateway: Object<GatewaySpec>,
    /// The first reference to what is missing, of an object that is judged.
    pub named_at: Option<NamedAt>,
}

/// A reference to what is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedAt {
    /// The object that refers.
    pub object: ObjectRef,
    /// The field of it.
    pub at: PartPath,
    /// Whether it asks for default Gateways, and names none.
    pub is_default: bool,
    /// The place.
    pub location: Location,
}

/// What is known about something missing.
#[derive(Default)]
struct Missing<'m> {
    wishes: Wishes<'m>,
    /// The listeners that ListenerSets add to it.
    of_sets: Vec<&'m Listener>,
    /// The sections that options for listeners name, `None` for all of it.
    of_options: BTreeSet<Option<&'m str>>,
    named_at: Option<NamedAt>,
}

impl<'m> Missing<'m> {
    /// Notes the hostnames that some routes want of a listener.
    fn wish(&mut self, wish: Wish<'m>, hostnames: &'m [String]) {
        let wanted = self.wishes.entry(wish).or_default();
        wanted.extend(hostnames.iter().map(String::as_str));
        // A route without hostnames is for every host.
        if hostnames.is_empty() {
            wanted.insert("");
        }
    }

    /// Keeps the first reference: by kind, namespace and name of the object, whatever the order of files.
    fn name(&mut self, object: &ObjectHead, at: PartPath, is_default: bool) {
        let is_before = |other: &NamedAt| {
            let (own, other) = (object.key().to_ref(), &other.object);
            (&own.kind, &own.namespace, &own.name) < (&other.kind, &other.namespace, &other.name)
        };
        if !object.position.context && self.named_at.as_ref().is_none_or(is_before) {
            let location = object.at(&at);
            self.named_at = Some(NamedAt { object: object.key().to_ref(), at, is_default, location });
        }
    }
}

/// All that is missing.
type AllMissing<'m> = BTreeMap<ObjectKey, Missing<'m>>;

/// What the routes want of a missing parent: for each kind, section and port the hostnames that they name.
type Wishes<'m> = BTreeMap<Wish<'m>, BTreeSet<&'m str>>;

/// The listeners of a missing parent that some routes name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wish<'m> {
    carrier: Carrier,
    section: Option<&'m str>,
    port: Option<Port>,
}

/// What carries routes of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Carrier {
    Http,
    Tls,
    Tcp,
    Udp,
}

impl Carrier {
    fn of(kind: RouteKind) -> Self {
        match kind {
            RouteKind::Http | RouteKind::Grpc => Self::Http,
            RouteKind::Tls => Self::Tls,
            RouteKind::Tcp => Self::Tcp,
            RouteKind::Udp => Self::Udp,
        }
    }
}

impl StandIns {
    /// A stand-in for every Gateway and ListenerSet that is named and missing.
    pub fn new(manifests: &Manifests, options: &Options) -> Self {
        // What is selected by class is known, and so is what others have.
        if !options.gateway_classes.is_empty() {
            return Self::default();
        }
        let mut missing: AllMissing<'_> = BTreeMap::new();
        let known = Known::new(manifests, options);
        for route in manifests.routes() {
            known.note_route(route, &mut missing);
            known.note_default(route, &mut missing);
            known.note_unnamed(route, &mut missing);
        }
        for set in &manifests.listener_sets {
            let ParentGatewayReference { group, kind, name, namespace } = &set.spec.parent_ref;
            let is_gateway = group == Kind::Gateway.group() && kind == Kind::Gateway.name();
            let namespace = namespace.as_ref().unwrap_or(&set.metadata.namespace);
            if is_gateway && let Some(key) = known.missing_object(Kind::Gateway, namespace, name) {
                let missing = missing.entry(key).or_default();
                missing.name(set, whole!["spec", "parentRef", "name"], false);
                missing.of_sets.extend(&set.spec.listeners);
            }
        }
        for (object, targets) in manifests.options_of_listeners() {
            known.note_options(object, targets, &mut missing);
        }
        Self(missing.into_iter().map(|(key, missing)| StandIn::new(key, missing)).collect())
    }

    /// The Gateways that are missing and that somebody names.
    pub fn gateways(&self) -> impl Iterator<Item = &ObjectKey> {
        let keys = self.iter().map(|stand_in| &stand_in.key);
        keys.filter(|key| key.kind == Kind::Gateway && !key.name.starts_with(UNNAMED))
    }

    /// The stand-ins, by kind, namespace and name of what is missing.
    pub fn iter(&self) -> impl Iterator<Item = &StandIn> {
        self.0.iter()
    }
}

/// The parents that the input has.
struct Known<'m> {
    objects: HashSet<(Kind, &'m Namespace, &'m Name)>,
    /// Whether some Gateway is a default one.
    has_default: bool,
    options: &'m Options,
}

impl<'m> Known<'m> {
    fn new(manifests: &'m Manifests, options: &'m Options) -> Self {
        fn names<S>(kind: Kind, objects: &[Object<S>]) -> impl Iterator<Item = (Kind, &Namespace, &Name)> {
            objects.iter().map(move |object| (kind, &object.metadata.namespace, &object.metadata.name))
        }
        let sets = names(Kind::ListenerSet, &manifests.listener_sets);
        let objects = names(Kind::Gateway, &manifests.gateways).chain(sets).collect();
        let is_default = |gateway: &Object<GatewaySpec>| gateway.spec.default_scope == Some(DefaultScope::All);
        Self { objects, has_default: manifests.gateways.iter().any(is_default), options }
    }

    /// Notes what a route wants of parents that are missing.
    fn note_route(&self, route: Route<'m>, missing: &mut AllMissing<'m>) {
        for (index, reference) in route.parent_refs.iter().enumerate() {
            let Some(key) = self.missing(&route.object.metadata.namespace, reference) else { continue };
            let missing = missing.entry(key).or_default();
            missing.name(route.object, ObjectPart::Parent(index).with("name"), false);
            let ParentReference { group: _, kind: _, namespace: _, name: _, section_name, port } = reference;
            let wish = Wish { carrier: Carrier::of(route.kind), section: section_name.as_deref(), port: *port };
            missing.wish(wish, route.hostnames);
        }
    }

    /// Notes that a route asks for default Gateways of which the input has none.
    fn note_default(&self, route: Route<'m>, missing: &mut AllMissing<'m>) {
        let is_asked = route.use_default_gateways == Some(DefaultScope::All);
        if self.has_default || !is_asked || !self.options.gateways.is_empty() {
            return;
        }
        let key =
            ObjectKey { kind: Kind::Gateway, namespace: Namespace::from("default"), name: Name::from(DEFAULT_NAME) };
        let missing = missing.entry(key).or_default();
        missing.name(route.object, whole!["spec", "useDefaultGateways"], true);
        missing.wish(Wish { carrier: Carrier::of(route.kind), section: None, port: None }, route.hostnames);
    }

    /// Notes that a route names no parent: usually an overlay adds it. Each such route is judged by itself, since nobody
    /// knows whether two of them will have one Gateway.
    fn note_unnamed(&self, route: Route<'m>, missing: &mut AllMissing<'m>) {
        let is_by_default = route.use_default_gateways == Some(DefaultScope::All);
        if !route.parent_refs.is_empty() || is_by_default || !self.options.gateways.is_empty() {
            return;
        }
        let missing = missing.entry(unnamed(route.object)).or_default();
        missing.wish(Wish { carrier: Carrier::of(route.kind), section: None, port: None }, route.hostnames);
    }

    /// Notes which listeners of missing parents some options are about. What no route names is missed only where it is
    /// to be assumed.
    fn note_options(&self, object: &ObjectHead, targets: &'m [ListenerTarget], missing: &mut AllMissing<'m>) {
        let own = &object.metadata.namespace;
        for (index, target) in targets.iter().enumerate() {
            let Some(kind) = target.owner().filter(|_| target.other_namespace(own).is_none()) else { continue };
            let Some(key) = self.missing_object(kind, own, &target.name) else { continue };
            if !self.options.assume.gateways && !missing.contains_key(&key) {
                continue;
            }
            let missing = missing.entry(key).or_default();
            missing.name(object, ObjectPart::Target(index).with("name"), false);
            missing.of_options.insert(target.section().map(|section| section.as_str()));
        }
    }

    /// The parent that a reference names, when it is missing.
    fn missing(&self, own: &Namespace, reference: &ParentReference) -> Option<ObjectKey> {
        let ParentReference { group, kind, namespace, name, section_name: _, port: _ } = reference;
        let parents = [Kind::Gateway, Kind::ListenerSet];
        let kind = parents.into_iter().find(|known| known.is_named(group, kind))?;
        self.missing_object(kind, namespace.as_ref().unwrap_or(own), name)
    }

    fn missing_object(&self, kind: Kind, namespace: &Namespace, name: &Name) -> Option<ObjectKey> {
        let selected = &self.options.gateways;
        let is_selected = selected.is_empty() || selected.iter().any(|(own, other)| own == namespace && other == name);
        let is_missing = is_selected && !self.objects.contains(&(kind, namespace, name));
        is_missing.then(|| ObjectKey { kind, namespace: namespace.clone(), name: name.clone() })
    }
}

impl StandIn {
    fn new(key: ObjectKey, missing: Missing<'_>) -> Self {
        let Missing { wishes, of_sets, of_options, named_at } = missing;
        let mut listeners = Listeners { made: Vec::new(), of_sets };
        // Those that say most come first: the others may find a place on what is there then.
        let rank = |wish: &Wish<'_>| (wish.section.is_none(), wish.port.is_none());
        let mut sorted: Vec<_> = wishes.iter().collect();
        sorted.sort_by_key(|(wish, _)| rank(wish));
        for (wish, hostnames) in sorted {
            listeners.add(*wish, hostnames, &wishes);
        }
        // Routes have their listeners by now: what options name are others of the same Gateway.
        of_options.into_iter().for_each(|section| listeners.add_of_options(section));
        // A set that is missing has a Gateway that nobody knows.
        let name = match key.kind {
            Kind::ListenerSet => Name::from(format!("{} (ListenerSet)", key.name)),
            _ => key.name.clone(),
        };
        let metadata = Metadata {
            namespace: key.namespace.clone(),
            name,
            labels: Labels::default(),
            annotations: Labels::default(),
            creation_timestamp: None,
            generation: 0,
        };
        let spec = GatewaySpec {
            gateway_class_name: Name::default(),
            listeners: listeners.made,
            addresses: Vec::new(),
            infrastructure: None,
            allowed_listeners: Some(AllowedListeners { namespaces: everywhere() }),
            tls: None,
            default_scope: (key.name == DEFAULT_NAME).then_some(DefaultScope::All),
        };
        let position = Position { document: DocumentId::NOWHERE, base: FieldPath::ROOT, context: false };
        Self {
            key,
            gateway: Object {
                head: ObjectHead { kind: Kind::Gateway, version: "v1", metadata, position, refusal: None },
                spec,
            },
            named_at,
        }
    }
}

/// What stands in for the Gateway of a route that names none.
pub(super) fn unnamed(route: &ObjectHead) -> ObjectKey {
    let name = Name::from(format!("{UNNAMED}{} {})", route.kind.name(), route.metadata.name));
    ObjectKey { kind: Kind::Gateway, namespace: route.metadata.namespace.clone(), name }
}

/// The listeners of a stand-in while they are made.
struct Listeners<'m> {
    made: Vec<Listener>,
    /// Those that are declared: what is made takes no place of theirs.
    of_sets: Vec<&'m Listener>,
}

impl Listeners<'_> {
    /// Adds the listeners that some routes name.
    fn add(&mut self, wish: Wish<'_>, hostnames: &BTreeSet<&str>, all: &Wishes<'_>) {
        let Wish { carrier, section, port } = wish;
        match carrier {
            Carrier::Http => {
                for protocol in http_protocols(section, port) {
                    let usual = if *protocol == "HTTPS" { Port::HTTPS } else { Port::HTTP };
                    // A listener of its own for each hostname keeps sections apart on one port.
                    let is_only = all.keys().filter(|other| other.carrier == carrier).count() == 1;
                    let hosts = if is_only || section.is_none() { BTreeSet::from([""]) } else { hostnames.clone() };
                    self.place(section, port, (protocol, usual), &hosts);
                }
            }
            Carrier::Tls => self.place(section, port, ("TLS", Port::HTTPS), hostnames),
            Carrier::Tcp => self.place(section, port, ("TCP", FREE_PORTS.into()), &BTreeSet::from([""])),
            Carrier::Udp => self.place(section, port, ("UDP", FREE_PORTS.into()), &BTreeSet::from([""])),
        }
    }

    /// Adds the listener that some options name, or one for those that name none, unless there is one.
    fn add_of_options(&mut self, section: Option<&str>) {
        let is_meant = |one: &Listener| match section {
            Some(section) => one.name == *section,
            None => matches!(one.protocol.as_str(), "HTTP" | "HTTPS"),
        };
        if !self.made.iter().any(is_meant) {
            self.add(Wish { carrier: Carrier::Http, section, port: None }, &BTreeSet::from([""]), &Wishes::new());
        }
    }

    /// Puts listeners on a port: the one that is asked for, else the usual one, else one that is free.
    fn place(
        &mut self,
        section: Option<&str>,
        port: Option<Port>,
        (protocol, usual): (&'static str, Port),
        hostnames: &BTreeSet<&str>,
    ) {
        let wanted = port.unwrap_or(usual);
        // Routes that name no section attach to what is there.
        let is_there = |listener: &Listener| {
            section.is_none()
                && listener.protocol == protocol
                && (port.is_none() || listener.port == wanted)
                && hostnames.iter().all(|host| meets(listener, host))
        };
        if self.made.iter().any(is_there) {
            return;
        }
        // A port that a route names is kept.
        let of_sets = if port.is_some() { &[][..] } else { &self.of_sets };
        let fits = |port: &Port| hostnames.iter().all(|host| !self.is_taken(of_sets, *port, protocol, host));
        let port = std::iter::once(wanted).chain((FREE_PORTS..).map(Port::new)).find(fits).unwrap_or(wanted);
        // Nobody has named the others.
        let name = section.unwrap_or_default();
        self.made.extend(hostnames.iter().map(|host| listener(name, port, protocol, host)));
    }

    /// Whether a listener could not be told from one that is there.
    fn is_taken(&self, of_sets: &[&Listener], port: Port, protocol: &str, hostname: &str) -> bool {
        let is_tls = |protocol: &str| matches!(protocol, "HTTPS" | "TLS");
        let of = |hostname: &str| Hostname::from_field(Some(hostname));
        let others = self.made.iter().chain(of_sets.iter().copied());
        let mut near = others.filter(|other| other.port == port && (other.protocol == "UDP") == (protocol == "UDP"));
        near.any(|other| {
            let can_share = other.protocol == protocol && protocol != "TCP" && protocol != "UDP"
                || is_tls(&other.protocol) && is_tls(protocol);
            !can_share || Hostname::from_field(other.hostname.as_deref()) == of(hostname)
        })
    }
}

fn meets(listener: &Listener, hostname: &str) -> bool {
    Hostname::from_field(listener.hostname.as_deref()).covers(&Hostname::from_field(Some(hostname)))
}

/// What a listener for HTTP speaks, as far as its name and its port tell; both where they do not.
fn http_protocols(section: Option<&str>, port: Option<Port>) -> &'static [&'static str] {
    let name = section.unwrap_or_default().to_ascii_lowercase();
    let tells = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if tells(&["https", "tls", "ssl", "443"]) || port.is_some_and(|port| port.number() % 1000 == 443) {
        &["HTTPS"]
    } else if tells(&["http", "plain", "80"]) || port.is_some() {
        &["HTTP"]
    } else {
        &["HTTP", "HTTPS"]
    }
}

fn listener(name: &str, port: Port, protocol: &str, hostname: &str) -> Listener {
    // Whether bytes are handed on as they come is not known; most TLSRoutes are written for that.
    let tls = (protocol == "TLS").then(|| ListenerTls {
        mode: TlsMode::Passthrough,
        certificate_refs: Vec::new(),
        options: BTreeMap::new(),
    });
    Listener {
        name: name.to_owned().into(),
        hostname: (!hostname.is_empty()).then(|| hostname.to_owned()),
        port,
        protocol: protocol.to_owned(),
        tls,
        allowed_routes: AllowedRoutes { namespaces: everywhere(), kinds: Vec::new() },
    }
}

fn everywhere() -> RouteNamespaces {
    RouteNamespaces { from: FromNamespaces::All, selector: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(section: Option<&'static str>, port: Option<Port>) -> Wish<'static> {
        Wish { carrier: Carrier::Http, section, port }
    }

    fn made(wishes: &[(Wish<'static>, &[&'static str])]) -> Vec<String> {
        made_with(wishes, &[])
    }

    fn made_with(wishes: &[(Wish<'static>, &[&'static str])], of_options: &[Option<&'static str>]) -> Vec<String> {
        let wishes = wishes.iter().map(|(wish, hosts)| (*wish, hosts.iter().copied().collect())).collect();
        let key = ObjectKey { kind: Kind::Gateway, namespace: "infra".into(), name: "edge".into() };
        let missing = Missing { wishes, of_options: of_options.iter().copied().collect(), ..Missing::default() };
        let listeners = StandIn::new(key, missing).gateway.spec.listeners;
        let shown =
            |l: &Listener| format!("{} {} {} {}", l.name, l.protocol, l.port, l.hostname.as_deref().unwrap_or("*"));
        listeners.iter().map(shown).collect()
    }

    #[test]
    fn routes_that_name_no_section_get_the_usual_ports() {
        assert_eq!(made(&[(wish(None, None), &["a.test"])]), [" HTTP 80 *", " HTTPS 443 *"]);
    }

    #[test]
    fn names_of_sections_tell_what_they_speak() {
        let made = made(&[(wish(Some("http"), None), &["a.test"]), (wish(Some("https"), None), &["a.test", "b.test"])]);
        assert_eq!(made, ["http HTTP 80 a.test", "https HTTPS 443 a.test", "https HTTPS 443 b.test"]);
    }

    #[test]
    fn sections_with_the_same_host_are_on_ports_of_their_own() {
        let made = made(&[(wish(Some("https-a"), None), &["a.test"]), (wish(Some("https-b"), None), &["a.test"])]);
        assert_eq!(made, ["https-a HTTPS 443 a.test", "https-b HTTPS 10000 a.test"]);
    }

    #[test]
    fn sections_that_only_options_name_are_beside_those_of_routes() {
        let of_routes: &[(Wish<'static>, &[&'static str])] = &[(wish(Some("http"), None), &["a.test"])];
        assert_eq!(made_with(of_routes, &[None, Some("http")]), ["http HTTP 80 *"]);
        assert_eq!(made_with(of_routes, &[Some("http-admin")]), ["http HTTP 80 *", "http-admin HTTP 10000 *"]);
        assert_eq!(made_with(&[], &[None]), [" HTTP 80 *", " HTTPS 443 *"]);
    }

    #[test]
    fn a_port_that_is_named_is_kept() {
        assert_eq!(made(&[(wish(None, Some(8443.into())), &[""])]), [" HTTPS 8443 *"]);
        let both =
            made(&[(wish(Some("web"), Some(8080.into())), &["a.test"]), (wish(None, Some(8080.into())), &["b.test"])]);
        assert_eq!(both, ["web HTTP 8080 a.test", " HTTP 8080 *"]);
    }
}
