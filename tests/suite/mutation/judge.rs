//! What must come of a change, and whether it did.
//!
//! The rule of places. What the API server refuses is reported on the lines of
//! the changed entry, or, where the entry is gone or it is the list that has
//! become wrong, on those of the mapping or list that held it. Everything else
//! is reported in the changed object or in an object that names it or that it
//! names; only what is said about routing may be about any object on the way.

use std::ops::RangeInclusive;

use gwctl::parser::schema::{Identity, List, Map, Shape, Type};

use super::edit::{Edit, Subject};
use super::tree::{Path, Step, Tree};

/// What must come of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// An error with one of these codes, because the schema says so.
    Refused(&'static [&'static str]),
    /// A finding, or another output. The value means something else now, so that saying nothing and changing nothing
    /// is wrong.
    Noticed,
    /// A finding, another output, or the same output: a default may take the place of what is gone.
    Anything,
}

/// A finding with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Kind, namespace and name.
    pub(super) object: Option<(String, String, String)>,
    /// File and line; none for findings about the run.
    pub(super) place: Option<(String, usize)>,
}

const MISSING: &[&str] = &["GW1004"];
const WRONG_TYPE: &[&str] = &["GW1003", "GW1011"];
const LIMITS: &[&str] = &["GW1005", "GW1006", "GW1007"];

/// What the schema and the words of the specification say about a change. `before` is the object as it was, and
/// `after` the changed value.
pub(super) fn expected(before: Subject<'_>, path: &[Step], edit: Edit, after: Option<&Tree>) -> Expected {
    refused(before, path, edit, after).map_or_else(
        || match edit {
            Edit::Text("") if is_the_same_as_nothing(path) => Expected::Anything,
            // Of core kinds only what is needed is read.
            Edit::Rename if !before.is_strict() => Expected::Anything,
            Edit::Text(_) | Edit::TooLong | Edit::Number(_) | Edit::Other | Edit::OtherChoice | Edit::Rename => {
                Expected::Noticed
            }
            _ => Expected::Anything,
        },
        Expected::Refused,
    )
}

/// Whether an empty string is what there would be without the field.
fn is_the_same_as_nothing(path: &[Step]) -> bool {
    let Some(Step::Key(key)) = path.last() else { return false };
    ["namespace", "replacePrefixMatch", "replaceFullPath", "group", "clusterIP", "protocol"].contains(&key.as_str())
}

fn refused(before: Subject<'_>, path: &[Step], edit: Edit, after: Option<&Tree>) -> Option<&'static [&'static str]> {
    if !before.is_strict() {
        return None;
    }
    if edit == Edit::RepeatKey {
        return Some(&["GW1002"]);
    }
    let row = before.row(path)?;
    let (_, parents) = path.split_last()?;
    let parent = before.row(parents).map(|row| row.ty);
    let is_item = matches!(path.last(), Some(Step::Item(_)));
    let is_needed = path.len() == 1 || row.field.is_some_and(|field| field.required && field.default.is_none());
    let count = match before.tree.at(parents) {
        Some(Tree::List(items)) => items.len(),
        _ => 0,
    };
    match (edit, parent) {
        (Edit::Remove, Some(Type::List(List { min, .. }))) if count <= *min => Some(&["GW1006"]),
        (Edit::Remove | Edit::Empty, _) if is_needed => Some(MISSING),
        (Edit::Empty, _) if is_item => Some(WRONG_TYPE),
        (Edit::Rename, None | Some(Type::Object(Shape { .. }))) => Some(&["GW1001"]),
        (Edit::RepeatItem, Some(Type::List(List { max: Some(max), .. }))) if count == *max => Some(&["GW1006"]),
        (Edit::RepeatItem, Some(Type::List(List { identity: Identity::Set | Identity::Keys(_), .. }))) => {
            Some(&["GW1008"])
        }
        (Edit::Retype(written), _) if row.refuses_type(written) => Some(WRONG_TYPE),
        (Edit::Rename, Some(Type::Map(Map { .. }))) => None,
        (Edit::Number(_) | Edit::Text(_) | Edit::TooLong | Edit::Other, _) => match after? {
            Tree::Text(text) if row.refuses_text(text) => Some(LIMITS),
            Tree::Bare(text) if text.parse().is_ok_and(|number| row.refuses_number(number)) => Some(LIMITS),
            _ => None,
        },
        _ => None,
    }
}

/// The place where a refusal must be reported, in the changed document.
pub(super) fn place_of(path: &[Step], edit: Edit) -> Path {
    let (last, parents) = path.split_last().map_or((None, path), |(last, parents)| (Some(last), parents));
    match (edit, last) {
        (Edit::Remove | Edit::RepeatItem, _) => parents.to_vec(),
        (Edit::Rename, Some(Step::Key(key))) => {
            let renamed = Step::Key(format!("{key}X"));
            parents.iter().cloned().chain([renamed]).collect()
        }
        _ => path.to_vec(),
    }
}

/// Whether one of the findings is on one of the lines, with one of the codes.
pub(super) fn is_refused(found: &[Found], codes: &[&str], file: &str, lines: &RangeInclusive<usize>) -> bool {
    found.iter().any(|finding| {
        let is_there = finding.place.as_ref().is_some_and(|(name, line)| name == file && lines.contains(line));
        codes.contains(&finding.code) && is_there
    })
}

/// Codes of findings about the whole run that a change in one object can bring.
const OF_THE_RUN: &[&str] = &["GW2011", "GW2014", "GW3012", "GW3015", "GW6018", "GW8008", "GW8012", "GW8025"];

/// Whether a finding may be about an object that the changed one does not touch by name: the parent of a route's parent,
/// and whatever meets it in routing, which is what the series GW4 is about.
fn is_of_a_relation(code: &str) -> bool {
    code == "GW3022" || code.starts_with("GW4")
}

/// Why a finding is not where it should be: neither in the changed object, nor in one that names it or that it names.
pub(super) fn misplaced(
    finding: &Found,
    file: &str,
    lines: &RangeInclusive<usize>,
    names: &[&str],
    changed: &str,
    text_of: impl Fn(&Found) -> Option<String>,
) -> Option<String> {
    let Some((name, line)) = &finding.place else {
        let is_known = OF_THE_RUN.contains(&finding.code);
        return (!is_known).then(|| format!("{finding:?} has no place"));
    };
    // A file from which the only object goes is empty.
    if name == file && (lines.contains(line) || finding.code == "GW8006") {
        return None;
    }
    let other = text_of(finding).unwrap_or_default();
    let is_named = names.iter().any(|name| !name.is_empty() && other.contains(name));
    let names_it = finding
        .object
        .as_ref()
        .is_some_and(|(_, namespace, name)| changed.contains(name.as_str()) || changed.contains(namespace.as_str()));
    // An Upstream stands for a Service that its routes do not name.
    let is_told = names.iter().any(|name| !name.is_empty() && finding.message.contains(name));
    (!is_named && !names_it && !is_told && !is_of_a_relation(finding.code))
        .then(|| format!("{finding:?} is about an object that has nothing to do with the change"))
}

/// Fields whose value can change without changing what is served, as `docs/mutation.md` says of each. The kinds are
/// separated by `|`, and `*` stands for all; the path begins at the object, `[]` stands for any item, and whatever is
/// below it belongs to it.
pub(super) const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("*", "metadata.annotations"),
    ("*", "metadata.labels"),
    ("*", "metadata.generation"),
    ("*", "metadata.creationTimestamp"),
    ("*", "metadata.uid"),
    ("*", "metadata.resourceVersion"),
    ("*", "metadata.managedFields"),
    ("*", "metadata.ownerReferences"),
    ("*", "metadata.finalizers"),
    ("*", "status"),
    ("BackendTLSPolicy|EndpointSlice|ReferenceGrant|XBackendTrafficPolicy", "metadata.name"),
    ("TCPRoute|UDPRoute|TLSRoute", "metadata.name"),
    ("GatewayClass|Namespace", "metadata.name"),
    ("GatewayClass", "spec.description"),
    ("GatewayClass", "spec.controllerName"),
    ("Gateway", "spec.gatewayClassName"),
    ("Gateway", "spec.infrastructure"),
    ("Gateway", "spec.addresses"),
    ("Gateway|GatewayClass", "spec.parametersRef"),
    ("Gateway|ListenerSet|XListenerSet", "spec.listeners[].name"),
    ("HTTPRoute|GRPCRoute|TLSRoute|TCPRoute|UDPRoute", "spec.rules[].name"),
    ("Service", "spec.selector"),
    ("Service", "spec.clusterIP"),
    ("Service", "spec.ports[].name"),
    ("Service", "spec.ports[].targetPort"),
    ("Service", "spec.ports[].nodePort"),
    ("Service", "spec.ports[].appProtocol"),
    ("EndpointSlice", "endpoints[].conditions"),
    ("EndpointSlice", "endpoints[].deprecatedTopology"),
    ("EndpointSlice", "endpoints[].hints"),
    ("EndpointSlice", "endpoints[].hostname"),
    ("EndpointSlice", "endpoints[].nodeName"),
    ("EndpointSlice", "endpoints[].targetRef"),
    ("EndpointSlice", "endpoints[].zone"),
    ("EndpointSlice", "ports[].name"),
    ("Secret", "stringData"),
    ("Secret", "data"),
    ("ConfigMap", "data"),
];

/// Changes that the rest of their case keeps from having an effect: the case, the kind, the path, and why.
const KEPT_FROM_EFFECT: &[(&str, &str, &str, &str)] = &[
    ("http/headers-order", "HTTPRoute", "spec.rules[].filters[]", "the backend's own filter sets the header again"),
    ("grpc/filters", "GRPCRoute", "spec.rules[].filters[]", "the backend's own filter sets the header again"),
    ("http/headers-repeated", "HTTPRoute", "spec.rules[].filters[]", "the header is modified twice, which is reported"),
    ("http/weights-nobody", "HTTPRoute", "spec.rules[].filters[]", "no backend of the rule gets a request"),
    ("getting-started/all-versions", "HTTPRoute", "spec", "a later object replaces this one, which is reported"),
    ("http-listener-option/web-calls", "EndpointSlice", "ports[]", "the slice has no endpoints"),
    ("http/resolve", "Service", "kind", "`--resolve` says where the Service's requests go, also where there is none"),
    ("http/gateways-port-map", "Gateway", "spec.listeners[].port", "it was mapped to the very port that it now has"),
    (
        "diagnostics/GW2010",
        "Gateway",
        "spec.listeners[].allowedRoutes",
        "the Namespace is not in the input, which is reported",
    ),
    (
        "diagnostics/GW2015",
        "Gateway",
        "spec.listeners[].allowedRoutes",
        "the Namespace is not in the input, which is reported",
    ),
    ("diagnostics/GW3046", "Service", "spec.ports[]", "only clients of the Service connect to the port"),
    ("diagnostics/GW4051", "Service", "kind", "no route names the Service"),
    ("foreign/flux-applies", "Service", "kind", "no route names the Service"),
    ("backend/tls", "Secret", "type", "authorities are read from Secrets of every type"),
    ("diagnostics/GW4054", "Service", "spec.ports[]", "the route that names the Service attaches to no listener"),
    ("getting-started/all-versions", "Service", "metadata", "a later object replaces this one, which is reported"),
    ("diagnostics/GW8055", "Service", "spec", "the fields that only the cluster itself reads, each of them once"),
    ("getting-started/all-versions", "Service", "spec", "a later object replaces this one, which is reported"),
    ("getting-started/all-versions", "Service", "kind", "a later object replaces this one, which is reported"),
    ("diagnostics/GW8055", "EndpointSlice", "ports[]", "no route names the Service of the slice"),
    ("diagnostics/GW8056", "EndpointSlice", "ports[]", "no route names the Service of the slice"),
    ("words/grant-slips", "ReferenceGrant", "spec.to[]", "a grant for references of kinds that gwctl does not read"),
    ("words/grant-slips", "ReferenceGrant", "spec.from[]", "a grant for references of kinds that gwctl does not read"),
    ("listenerset/selected-gateway", "*", "", "only one of the Gateways is selected"),
    ("http/allowed-namespaces", "*", "", "the namespace is not selected before nor after"),
    ("http/allowed-namespaces", "Gateway", "spec.listeners[]", "the namespace is not selected before nor after"),
    ("http/endpoint-slices", "EndpointSlice", "", "another Service's slice, which is reported, or an unused port"),
    ("diagnostics/GW2073", "EndpointSlice", "", "a slice that no Service uses, which is reported"),
    ("diagnostics/GW2007", "EndpointSlice", "", "a slice without a ready endpoint, which is reported"),
    ("diagnostics/GW3016", "Gateway", "spec.listeners[].allowedRoutes", "the route is in the namespace of the Gateway"),
    (
        "diagnostics/GW5082",
        "HTTPRoute",
        "spec.rules[]",
        "beside a redirect nothing of this has an effect, which is reported",
    ),
    ("foreign/server-fields", "*", "", "what the API server adds is accepted unread"),
    ("diagnostics/GW4003", "HTTPRoute", "spec.rules[].matches[]", "a match that is ignored, which is reported"),
    ("diagnostics/GW5010", "TLSRoute", "spec", "the route has no parent, which is reported"),
    ("diagnostics/GW5010", "Gateway", "metadata.namespace", "no route names the Gateway"),
    ("diagnostics/GW2071", "*", "metadata.namespace", "the namespace has no effect, which is reported"),
    ("diagnostics/GW2070", "*", "metadata", "a field that is not read, which is reported"),
    ("diagnostics/suppressed", "HTTPRoute", "spec.parentRefs[]", "the note about a parent of another kind is left out"),
    ("http/weights", "HTTPRoute", "spec.rules[].backendRefs[].weight", "the only backend with a weight gets all"),
    ("session/drained", "HTTPRoute", "spec.rules[].backendRefs[].weight", "the only backend with a weight gets all"),
    ("http/gateways-selected", "*", "", "only one of the Gateways is selected"),
    ("http/resolve", "Service", "metadata", "`--resolve` stands for a Service that is not in the input"),
    ("session/pool-by-name", "Service", "", "`--resolve` stands for a Service that is not in the input"),
    ("session/pool-by-name", "EndpointSlice", "", "the sessions of the Service need its name, and not its slices"),
    ("default-gateway/attaches", "Gateway", "spec.defaultScope", "no default route is admitted before nor after"),
    ("tls/client-certificates", "Gateway", "spec.tls.frontend.perPort[].port", "two HTTPS listeners ask for the same"),
    ("xbackend/protocols-and-tls", "XBackend", "spec.protocol", "the routes of this backend speak TCP or HTTP/1.1"),
    (
        "route-option/header-secrets",
        "Secret",
        "type",
        "a Secret without a type is `Opaque`, and headers are read of any",
    ),
];

/// Whether a changed value is one that has no effect.
pub(super) fn is_without_effect(case: &str, subject: Subject<'_>, path: &[Step]) -> bool {
    let general = general(path);
    let kind = subject.kind();
    let is_kind = |known: &str| known == "*" || known.split('|').any(|one| one == kind);
    let is_below = |prefix: &str| {
        prefix.is_empty()
            || general.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let is_read =
        subject.is_strict() || ["Namespace", "Service", "EndpointSlice", "Secret", "ConfigMap"].contains(&kind);
    !is_read
        || WITHOUT_EFFECT.iter().any(|(kinds, prefix)| is_kind(kinds) && is_below(prefix))
        || KEPT_FROM_EFFECT.iter().any(|(name, kinds, prefix, _)| *name == case && is_kind(kinds) && is_below(prefix))
}

/// A path with every index as `[]`.
pub(super) fn general(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Item(_) => text.push_str("[]"),
        }
    }
    text
}
