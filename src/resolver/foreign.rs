//! Objects that gwctl does not translate, and that are about objects which it does.
//!
//! What such an object demands of traffic is missing from the configuration: a
//! policy that lets nobody in is not there. It applies to the objects that it
//! names itself, or it is used by those that refer to it. Whatever else is of
//! other groups has no effect here and is counted in one note.

mod applied;
mod meaning;
mod shown;
mod uses;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::diagnostics::{Code, Diagnostics, FieldPath, Finding, Location, ObjectPart, PartPath, codes};
use crate::name::{Name, Namespace};
use crate::options::Options;
use crate::parser::api::LabelSelector;
use crate::parser::foreign::{ForeignObject, ForeignTarget, Selection};
use crate::parser::manifests::{Kind, Manifests, Metadata, ObjectHead, ObjectKey};
use crate::path;
use crate::whole;

use self::applied::{Applicable, Told};
use self::shown::shown;
use super::certificate::CertificateIndex;
use super::gateway::is_selected;
use super::reference::References;
use super::selector::matches_labels;

pub use uses::{ForeignUse, foreign_uses};

/// How many of an object's targets a finding shows.
const MOST_SHOWN: usize = 8;

/// Groups of Kubernetes itself that say nothing of traffic: nobody needs to hear that they are ignored.
const WITHOUT_TRAFFIC: [&str; 14] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "events.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Reports the objects that are about others, and counts the rest.
pub(super) fn report(
    manifests: &Manifests,
    certificates: &CertificateIndex<'_>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) {
    if manifests.foreign.is_empty() {
        return;
    }
    let known = Known::new(manifests, options, &[]);
    let references = References::new(manifests, options);
    let applies = manifests.foreign.iter().any(|object| object.applied.is_some());
    let applicable = applies.then(|| Applicable::new(manifests, diagnostics));
    let mut ignored: BTreeMap<String, usize> = BTreeMap::new();
    for object in &manifests.foreign {
        let concern = Concern::of(object, &known, &references, MOST_SHOWN);
        if let Some(finding) = concern.finding(object, options) {
            diagnostics.report(finding);
        // What makes a Secret that is counted on has been told.
        } else if !(object.position.context
            || object.is_slip
            || is_without_traffic(object)
            || certificates.count_on(object))
        {
            match applicable.as_ref().map_or(Told::Nothing, |applicable| applicable.told(object)) {
                Told::Now(finding) => diagnostics.report(*finding),
                Told::Before => {}
                Told::Nothing => *ignored.entry(object.full_kind()).or_default() += 1,
            }
        }
    }
    report_ignored(&ignored, diagnostics);
}

/// Whether an object is of a group that says nothing of traffic.
pub fn is_without_traffic(object: &ForeignObject) -> bool {
    WITHOUT_TRAFFIC.contains(&object.identity.group.as_str())
}

/// `KIND.GROUP`, as the command line names a kind.
fn report_ignored(ignored: &BTreeMap<String, usize>, diagnostics: &mut Diagnostics) {
    let total: usize = ignored.values().sum();
    let kinds: Vec<String> = ignored.iter().map(|(kind, count)| format!("{count} {}", shown(kind))).collect();
    let message = match total {
        0 => return,
        1 => format!("1 object of a kind that gwctl does not read is ignored: {}", kinds.join(", ")),
        _ => format!("{total} objects of kinds that gwctl does not read are ignored: {}", kinds.join(", ")),
    };
    diagnostics.report(Finding::new(codes::IGNORED_OBJECTS, Location::Run, message));
}

/// An object that may be a target.
struct Candidate<'m> {
    metadata: &'m Metadata,
    place: Location,
    is_judged: bool,
    /// Whether it is none of the Gateways that nobody asked for.
    is_asked: bool,
}

/// The objects of the input that others may be about.
struct Known<'m> {
    manifests: &'m Manifests,
    options: &'m Options,
    /// What is missing and judged by a stand-in: what applies to it applies to something.
    missing: &'m [ObjectKey],
    by_name: HashMap<(Kind, &'m Namespace, &'m Name), Candidate<'m>>,
    /// The names of each kind in each namespace, in the order of the input.
    names: HashMap<(Kind, &'m Namespace), Vec<&'m Name>>,
    /// The names of each kind in each namespace that have a label, by its key and value.
    labelled: HashMap<(Kind, &'m Namespace, &'m str, &'m str), Vec<&'m Name>>,
    /// The namespaces that some object is in; few manifests hold the Namespace itself.
    inhabited: HashSet<&'m str>,
    /// The names of the classes whose Gateways Istio serves.
    istio_classes: HashSet<&'m str>,
}

/// What a kind of the API may be targeted as.
const TARGETS: [Kind; 18] = [
    Kind::GatewayClass,
    Kind::Gateway,
    Kind::ListenerSet,
    Kind::HTTPRoute,
    Kind::GRPCRoute,
    Kind::TLSRoute,
    Kind::TCPRoute,
    Kind::UDPRoute,
    Kind::ReferenceGrant,
    Kind::BackendTLSPolicy,
    Kind::XBackend,
    Kind::XBackendTrafficPolicy,
    Kind::XMesh,
    Kind::Backend,
    Kind::Namespace,
    Kind::Service,
    Kind::Secret,
    Kind::ConfigMap,
];

/// The kind that a target names. Who leaves the group out, or writes `core`, means the kind of that name.
fn kind_of(target: &ForeignTarget) -> Option<Kind> {
    let of_name = TARGETS.into_iter().find(|kind| match &target.group {
        Some(group) => kind.is_named(group, &target.kind),
        None => kind.name() == target.kind,
    });
    of_name.or_else(|| super::group_slip::meant(target.group.as_deref()?, &target.kind, &TARGETS))
}

impl<'m> Known<'m> {
    fn new(manifests: &'m Manifests, options: &'m Options, missing: &'m [ObjectKey]) -> Self {
        let mut known = Self {
            manifests,
            options,
            missing,
            by_name: HashMap::new(),
            names: HashMap::new(),
            labelled: HashMap::new(),
            inhabited: HashSet::new(),
            istio_classes: istio_classes(manifests),
        };
        if manifests.foreign.iter().all(|object| object.targets.is_empty()) {
            return known;
        }
        macro_rules! add {
            ($($list:ident),+) => { $(manifests.$list.iter().for_each(|object| known.add(object));)+ };
        }
        add!(gateway_classes, gateways, listener_sets, http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes);
        add!(reference_grants, backend_tls_policies, backends, x_backend_traffic_policies, meshes, envoy_backends);
        add!(namespaces, services, secrets, config_maps);
        for gateway in manifests.gateways.iter().filter(|gateway| !is_selected(gateway, options)) {
            let Metadata { namespace, name, .. } = &gateway.metadata;
            if let Some(candidate) = known.by_name.get_mut(&(gateway.kind, namespace, name)) {
                candidate.is_asked = false;
            }
        }
        known
    }

    fn add(&mut self, object: &'m ObjectHead) {
        let metadata = &object.metadata;
        let (namespace, name) = (&metadata.namespace, &metadata.name);
        let (place, is_judged) = (object.at(&path!["metadata", "name"]), !object.position.context);
        let candidate = Candidate { metadata, place, is_judged, is_asked: true };
        self.by_name.insert((object.kind, namespace, name), candidate);
        self.names.entry((object.kind, namespace)).or_default().push(name);
        if object.kind.is_namespaced() {
            self.inhabited.insert(namespace);
        }
        for (key, value) in metadata.labels.iter() {
            self.labelled.entry((object.kind, namespace, key, value)).or_default().push(name);
        }
    }

    /// The names of objects among which are all that meet a selector: with its first label, where it asks for one.
    fn selectable<'k>(&'k self, kind: Kind, namespace: &'k Namespace, selector: &'k LabelSelector) -> &'k [&'k Name] {
        let found = match selector.match_labels.first_key_value() {
            Some((key, value)) => self.labelled.get(&(kind, namespace, key.as_str(), value.as_str())),
            None => self.names.get(&(kind, namespace)),
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether an object that was not read could be one that the input takes for given.
    fn is_taken_for_given(&self, kind: Kind, namespace: &Namespace, name: &Name) -> bool {
        let key = ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
        let assume = &self.options.assume;
        let is_class_of = |class: &str| self.manifests.gateways.iter().any(|g| g.spec.gateway_class_name == class);
        self.manifests.refused.contains_key(&key)
            || self.missing.contains(&key)
            || match kind {
                Kind::Gateway => assume.gateways,
                Kind::Service => assume.services,
                Kind::Secret => assume.secrets,
                Kind::ConfigMap => assume.config_maps,
                Kind::Namespace => assume.namespaces || self.inhabited.contains(name.as_str()),
                Kind::GatewayClass => is_class_of(name),
                _ => false,
            }
    }
}

fn istio_classes(manifests: &Manifests) -> HashSet<&str> {
    let is_istio = |text: &str| text.contains("istio");
    let declared = manifests.gateway_classes.iter().filter(|class| is_istio(&class.spec.controller_name));
    let by_name = manifests.gateways.iter().map(|gateway| gateway.spec.gateway_class_name.as_str());
    declared.map(|class| class.metadata.name.as_str()).chain(by_name.filter(|name| is_istio(name))).collect()
}

/// One object that a foreign object is about.
struct About {
    /// The field of the foreign object that says so.
    path: FieldPath,
    /// The object, as a sentence names it.
    name: String,
    kind: Kind,
    /// Where it is; `None` when it is not in the input, and assumed or refused.
    place: Option<Location>,
    /// Whether it is judged; those that are go before those of the context.
    is_judged: bool,
    /// Whether it is none of the Gateways that nobody asked for.
    is_asked: bool,
}

/// What a foreign object has to do with the input.
enum Concern {
    /// It applies to these objects, and to so many more.
    Applies(Vec<About>, usize),
    /// An object of the input refers to it, here.
    Named {
        by: String,
        place: Location,
    },
    /// It would apply to an object that the input does not have.
    Missed {
        path: FieldPath,
        name: String,
        help: Option<String>,
    },
    Nothing,
}

impl Concern {
    /// `most` of the objects that it applies to are named.
    fn of(object: &ForeignObject, known: &Known<'_>, references: &References, most: usize) -> Self {
        let (mut found, mut more, mut missed) = (Vec::new(), 0, None);
        for target in &object.targets {
            let Some(kind) = kind_of(target) else { continue };
            match &target.selection {
                Selection::Name(name) => match of_name(target, kind, name, known) {
                    Ok(about) => found.push(about),
                    Err(concern) => missed = missed.or(Some(concern)),
                },
                Selection::Labels(_) | Selection::Istio { .. } => {
                    more += of_selection(target, kind, known, &mut found, most);
                }
            }
        }
        found.sort_by_key(|about| !about.is_judged);
        more += found.len().saturating_sub(most);
        found.truncate(most);
        if !found.is_empty() {
            return Self::Applies(found, more);
        }
        match references.of(&object.identity).first() {
            Some((by, place)) => Self::Named { by: by.to_owned(), place: place.clone() },
            None => missed.unwrap_or(Self::Nothing),
        }
    }
}

fn of_name(target: &ForeignTarget, kind: Kind, name: &Name, known: &Known<'_>) -> Result<About, Concern> {
    let of_cluster = Namespace::default();
    let namespace = if kind.is_namespaced() { &target.namespace } else { &of_cluster };
    let full = if namespace.is_empty() { shown(name) } else { format!("{}/{}", shown(namespace), shown(name)) };
    let (path, full) = (target.path.clone(), format!("{} `{full}`", kind.name()));
    match known.by_name.get(&(kind, namespace, name)) {
        Some(Candidate { metadata: _, place, is_judged, is_asked }) => {
            let (is_judged, is_asked) = (*is_judged, *is_asked);
            Ok(About { path, name: full, kind, place: Some(place.clone()), is_judged, is_asked })
        }
        None if known.is_taken_for_given(kind, namespace, name) => {
            Ok(About { path, name: full, kind, place: None, is_judged: true, is_asked: true })
        }
        None => {
            let help = known.manifests.likely(kind, namespace, name).map(|likely| likely.help(kind.name(), name));
            Err(Concern::Missed { path, name: full, help })
        }
    }
}

/// Adds the first objects that a target selects; the number of the others.
fn of_selection(target: &ForeignTarget, kind: Kind, known: &Known<'_>, found: &mut Vec<About>, most: usize) -> usize {
    let mut more = 0;
    let mut add = |name: &str, place: Location, (is_judged, is_asked): (bool, bool)| {
        let about = || {
            let name = format!("{} `{name}`", kind.name());
            About { path: target.path.clone(), name, kind, place: Some(place), is_judged, is_asked }
        };
        if found.len() < most {
            found.push(about());
            return;
        }
        more += 1;
        if let Some(other) = found.iter_mut().rfind(|other| is_judged && !other.is_judged) {
            *other = about();
        }
    };
    match &target.selection {
        Selection::Labels(selector) => {
            let of_cluster = Namespace::default();
            let namespace = if kind.is_namespaced() { &target.namespace } else { &of_cluster };
            for name in known.selectable(kind, namespace, selector) {
                let Some(candidate) = known.by_name.get(&(kind, namespace, *name)) else { continue };
                let Candidate { metadata, place, is_judged, is_asked } = candidate;
                if matches_labels(selector, |key| metadata.labels.get(key)) {
                    let full = if namespace.is_empty() { name.to_string() } else { format!("{namespace}/{name}") };
                    add(&full, place.clone(), (*is_judged, *is_asked));
                }
            }
        }
        Selection::Istio { everywhere } => {
            let gateways = known.manifests.gateways.iter();
            let is_meant = |namespace: &Namespace| *everywhere || *namespace == target.namespace;
            for gateway in gateways.filter(|gateway| is_meant(&gateway.metadata.namespace)) {
                if known.istio_classes.contains(gateway.spec.gateway_class_name.as_str()) {
                    let standing = (!gateway.position.context, is_selected(gateway, known.options));
                    add(&gateway.full_name(), gateway.at(&path!["metadata", "name"]), standing);
                }
            }
        }
        Selection::Name(_) => {}
    }
    more
}

/// What a target is called when it is spoken of again.
fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::HTTPRoute | Kind::GRPCRoute | Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute => "route",
        Kind::Gateway => "Gateway",
        Kind::ListenerSet => "ListenerSet",
        Kind::GatewayClass => "class",
        Kind::Service | Kind::XBackend | Kind::Backend => "backend",
        _ => "object",
    }
}

impl Concern {
    fn finding(self, object: &ForeignObject, options: &Options) -> Option<Finding> {
        let kind = object.full_kind();
        let is_allowed = options.allow_unsupported.contains(&kind);
        let identity = &object.identity;
        let name = format!("{} `{}/{}`", shown(&identity.kind), shown(&identity.namespace), shown(&identity.name));
        let group =
            if identity.group.is_empty() { String::new() } else { format!(" of group `{}`", shown(&identity.group)) };
        let finding = |code: Code, at: PartPath, message: String| {
            Finding::new(code, object.at(&at), message).object(identity.clone(), at)
        };
        // What applies to Gateways alone that the configuration is not about is missing from none.
        let is_missing = match &self {
            Self::Applies(found, more) => *more > 0 || found.iter().any(|about| about.is_asked),
            Self::Named { .. } | Self::Missed { .. } | Self::Nothing => true,
        };
        let code = match (is_allowed, options.writes_configuration && is_missing) {
            (true, _) => codes::FOREIGN_OBJECT_ALLOWED,
            (false, true) => codes::FOREIGN_OBJECT_REFUSED,
            (false, false) => codes::FOREIGN_OBJECT,
        };
        let help = help(code, &shown(&kind));
        match self {
            Self::Nothing => None,
            Self::Applies(found, more) => {
                let (first, others) = found.split_first()?;
                let total = others.len() + more;
                let and_more = match total {
                    0 => String::new(),
                    1 => " and 1 other object".to_owned(),
                    _ => format!(" and {total} other objects"),
                };
                let message = format!("{name}{group} applies to {}{and_more}, and is not translated", first.name);
                let noun = noun(first.kind);
                let without = match meaning::of(object) {
                    Some(said) => format!("without what it says of {said}"),
                    None => "without it".to_owned(),
                };
                let consequence = match total {
                    0 => format!("gwctl's configuration serves this {noun} {without}"),
                    _ => format!("gwctl's configuration serves this {noun} and the others {without}"),
                };
                let start = finding(code, ObjectPart::Whole.at(&first.path), message)
                    .label("applies to it")
                    .consequence(consequence);
                let places = found.iter().filter_map(|about| Some((about.place.clone()?, about.name.clone())));
                Some(places.fold(start.help(help), |finding, (place, name)| finding.related(place, name)))
            }
            Self::Named { by, place } => {
                let message = format!("{name}{group} is named by {by}, and is not translated");
                // A rule fails that sends to it or has it among its filters, and says so itself.
                let consequence = "what refers to it is served as if it did not exist, which fails where it is needed";
                let finding = finding(code, whole!["metadata", "name"], message).label("not translated");
                Some(finding.consequence(consequence).help(help).related(place, "named here"))
            }
            Self::Missed { path, name: target, help } => {
                let message = format!("{name}{group} applies to {target}, which is not in the input");
                let help = match help {
                    Some(help) => help,
                    None => "nothing needs to change where the object is in another place".to_owned(),
                };
                Some(
                    finding(codes::FOREIGN_TARGET_NOT_FOUND, ObjectPart::Whole.at(&path), message)
                        .label("no such object")
                        .help(help),
                )
            }
        }
    }
}

fn help(code: Code, kind: &str) -> String {
    if code == codes::FOREIGN_OBJECT_ALLOWED {
        return "nothing needs to change: `--allow-unsupported` names the kind".to_owned();
    }
    if code == codes::FOREIGN_OBJECT_REFUSED {
        return format!("pass `--allow-unsupported {kind}` to serve without objects of the kind");
    }
    format!("test what it does in a cluster; `gwctl translate` needs `--allow-unsupported {kind}` to leave it out")
}
