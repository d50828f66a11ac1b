//! From one value to one object: kind and version, metadata, schema, types.
//!
//! Input: a [`Node`] that is a Kubernetes object. Output: an [`Object`] whose
//! fields are checked, defaulted and typed, or a refusal after every problem
//! of the object was reported, each at its path.

mod core;
mod foreign;
mod former;
mod metadata;
mod recover;
mod shape;
mod status;

use serde::Deserialize;

use crate::diagnostics::{Change, Diagnostics, FieldPath, Finding, ObjectPart, ObjectRef, Reported, Scalar, codes};
use crate::name::{Name, Namespace};
use crate::options::Channel;
use crate::path;

use self::former::Former;
use super::any_object::AnyObject;
use super::api::{EnvoyPolicySpec, NamespaceSpec, OptionKind};
use super::foreign::ForeignObject;
use super::from_node::DecodeError;
use super::head::{Metadata, Object, ObjectHead, Position, Refusal};
use super::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP, Kind, ObjectKey};
use super::node::Node;
use super::schema::{Checker, Problem, Problems, Schema, Step, Type, listed, other_schemas, quote, schemas};
use crate::spelling::{Near, near, nearest};

/// What decides how an object is read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The namespace of objects that name none.
    pub namespace: Namespace,
    /// The release channel whose schema counts.
    pub channel: Channel,
}

/// What became of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The object, without an error.
    Read(AnyObject),
    /// The object has errors, and all of them were reported.
    Refused {
        /// The object's identity, when it has a name.
        key: Option<ObjectKey>,
        /// The proof of an error.
        proof: Reported,
        /// What of the object can be decoded.
        decoded: Option<AnyObject>,
        /// The Service of an EndpointSlice.
        service: Option<ObjectKey>,
    },
    /// An object of a group or kind that gwctl does not read, with what it says it is about.
    Foreign(Box<ForeignObject>),
    /// A value that is no object of a kind.
    Ignored,
}

/// Kinds of earlier releases, and what they are called now.
const RENAMED: [(&str, &str); 2] =
    [("ReferencePolicy", "ReferenceGrant"), ("BackendLBPolicy", "XBackendTrafficPolicy")];

/// What the mistakes of an EndpointSlice mean.
const WITHOUT_SLICE: &str = "the Service is reached as without it: at its other endpoints, or by its DNS name";

/// Whether all kinds of a group are Kubernetes' own, or the name stands for such a group by mistake.
pub fn is_built_in_group(group: &str) -> bool {
    foreign::BUILT_IN.contains(&group)
}

/// Whether gwctl reads a kind that is not of a Gateway API group.
pub(super) fn is_core_kind(group: &str, kind: &str) -> bool {
    let others = other_schemas().map(|schema| schema.kind);
    core::kinds().chain(others).any(|known| known.group() == group && known.name() == kind)
}

/// Reads an object. `node` has a string `apiVersion` and a string `kind`.
pub fn read(node: Node, position: Position, options: &ReadOptions, diagnostics: &mut Diagnostics) -> Outcome {
    let (Some(api_version), Some(kind)) =
        (node.get("apiVersion").and_then(Node::as_str), node.get("kind").and_then(Node::as_str))
    else {
        return Outcome::Ignored;
    };
    let (group, version) = match api_version.split_once('/') {
        Some((group, version)) => (group, version),
        // The group alone is a slip; as a version of the core group it would be ignored.
        None if matches!(api_version, GATEWAY_GROUP | EXPERIMENTAL_GROUP) => (api_version, ""),
        None => ("", api_version),
    };
    if let Some(schema) = other_schemas().find(|schema| schema.is_of(group, version, kind)) {
        return read_gateway_kind(node, Version::of(schema), position, options, diagnostics);
    }
    if matches!(group, GATEWAY_GROUP | EXPERIMENTAL_GROUP) {
        match find_schema(group, version, kind, options.channel) {
            Ok(schema) => read_gateway_kind(node, Version::of(schema), position, options, diagnostics),
            Err(unknown) => {
                let former = former::find(group, version, kind, options.channel);
                let readable = former.filter(|former| former.refusal().is_none());
                if let Some(version) = readable.and_then(Version::of_former) {
                    return read_gateway_kind(node, version, position, options, diagnostics);
                }
                let refusal = former.and_then(Former::refusal);
                let problem = refusal.unwrap_or_else(|| unknown.problem(group, version, kind, options.channel));
                let object = object_ref(&node, group, kind, true, options);
                refuse([problem], &position, &object, None, diagnostics)
            }
        }
    } else {
        match core::kind(group, version, kind) {
            core::CoreKind::Known(kind) => read_core_kind(node, kind, position, options, diagnostics),
            core::CoreKind::OtherVersion(known) => {
                let problem = core::wrong_version(known, version);
                let object = object_ref(&node, group, kind, known.is_namespaced(), options);
                refuse([problem], &position, &object, None, diagnostics)
            }
            core::CoreKind::Other => {
                let mut foreign = ForeignObject::read(&node, group, kind, &position, &options.namespace);
                if let Some(problem) = foreign::slip(group, version, kind, options.channel) {
                    foreign.is_slip = true;
                    let object = object_ref(&node, group, kind, true, options);
                    diagnostics.report(problem.into_finding(&position, &object));
                }
                Outcome::Foreign(Box::new(foreign))
            }
        }
    }
}

/// How an object of a Gateway API group is read.
struct Version {
    schema: &'static Schema,
    /// `apiVersion` without the group, as the object says it.
    name: &'static str,
    /// What is to be said of the version.
    warning: Option<Problem>,
}

impl Version {
    fn of(schema: &'static Schema) -> Self {
        Self { schema, name: schema.version, warning: schema.deprecated.then(|| deprecation(schema)) }
    }

    /// What an earlier release served, read as what it became.
    fn of_former(former: &'static Former) -> Option<Self> {
        Some(Self { schema: former.schema()?, name: former.version, warning: Some(former.warning()) })
    }
}

/// Why an object of a Gateway API group has no schema.
enum Unknown {
    Kind,
    /// The kind has other versions; those that the channel serves, and whether this one exists in the other channel.
    Version {
        served: Vec<&'static str>,
        is_elsewhere: bool,
    },
}

fn find_schema(group: &str, version: &str, kind: &str, channel: Channel) -> Result<&'static Schema, Unknown> {
    let rows = || schemas().iter().filter(|schema| schema.kind.group() == group && schema.kind.name() == kind);
    if rows().next().is_none() {
        return Err(Unknown::Kind);
    }
    let mut served = rows().filter(|schema| schema.served.is_in(channel));
    served.clone().find(|schema| schema.version == version).ok_or_else(|| Unknown::Version {
        served: served.by_ref().filter(|schema| !schema.deprecated).map(|schema| schema.version).collect(),
        is_elsewhere: rows().any(|schema| schema.version == version),
    })
}

impl Unknown {
    fn problem(&self, group: &str, version: &str, kind: &str, channel: Channel) -> Problem {
        let experimental = "pass `--channel experimental` to read it";
        match self {
            Self::Kind => {
                let problem = Problem::new(
                    codes::UNKNOWN_KIND,
                    path!["kind"],
                    format!("the group `{group}` has no kind {}", quote(kind)),
                );
                problem.label("unknown kind").help(kind_help(group, kind, channel))
            }
            Self::Version { served, is_elsewhere } if served.is_empty() => {
                let problem = Problem::new(
                    codes::UNKNOWN_KIND,
                    path!["kind"],
                    format!("the kind `{kind}` is in the experimental channel only"),
                );
                let version = if *is_elsewhere { version } else { "v1alpha1" };
                problem.label("not in the standard channel").help(format!("{experimental} as `{group}/{version}`"))
            }
            Self::Version { served, is_elsewhere } => {
                let versions = served.iter().map(|version| format!("{group}/{version}")).collect::<Vec<_>>();
                let mut help = format!("write `apiVersion: {}`", versions.first().map_or("", String::as_str));
                if let [_, others @ ..] = versions.as_slice() {
                    for other in others {
                        help.push_str(&format!(" or `{other}`"));
                    }
                }
                let (message, label) = match (version, is_elsewhere) {
                    ("", _) => (format!("the `apiVersion` of `{kind}` has no version"), "no version"),
                    (_, true) => {
                        help.push_str(&format!("; or {experimental}"));
                        let message = format!("the standard channel does not serve version `{version}` of `{kind}`");
                        (message, "not served")
                    }
                    _ => (format!("the kind `{kind}` has no version {}", quote(version)), "unknown version"),
                };
                let fix =
                    versions.first().filter(|_| !is_elsewhere).map(|first| Change::Set(Scalar::Text(first.clone())));
                Problem::new(codes::UNKNOWN_KIND, path!["apiVersion"], message).label(label).help(help).fix(fix)
            }
        }
    }
}

fn kind_help(group: &str, kind: &str, channel: Channel) -> String {
    let rows = || schemas().iter().filter(|schema| schema.served.is_in(channel));
    let preferred = |name: &str| rows().find(|schema| schema.kind.name() == name);
    let full = |schema: &Schema| {
        format!("`kind: {}` with `apiVersion: {}/{}`", schema.kind.name(), schema.kind.group(), schema.version)
    };
    // The kinds that have left, or have not yet come to, the experimental group bear an `X`.
    let renamed = RENAMED.iter().find(|(old, _)| *old == kind).map_or(kind, |(_, new)| new);
    let moved = [renamed.to_owned(), kind.strip_prefix('X').unwrap_or(kind).to_owned(), format!("X{kind}")];
    if let Some(schema) = moved.iter().find_map(|name| preferred(name)) {
        return format!("write {}", full(schema));
    }
    if let Some(schema) = nearest(kind, rows().map(|schema| schema.kind.name())).and_then(preferred) {
        return format!("did you mean {}?", full(schema));
    }
    let mut names: Vec<&str> =
        rows().filter(|schema| schema.kind.group() == group).map(|schema| schema.kind.name()).collect();
    names.dedup();
    match names.as_slice() {
        [] => "the standard channel has no kinds in this group: pass `--channel experimental`".to_owned(),
        _ => format!("the kinds of this group are {}", listed(names, "and")),
    }
}

fn object_ref(node: &Node, group: &str, kind: &str, is_namespaced: bool, options: &ReadOptions) -> ObjectRef {
    let metadata = node.get("metadata");
    let word = |field: &str| {
        metadata.and_then(|metadata| metadata.get(field)).and_then(Node::as_str).filter(|text| !text.is_empty())
    };
    let namespace = match is_namespaced {
        true => word("namespace").map_or_else(|| options.namespace.clone(), Namespace::from),
        false => Namespace::default(),
    };
    ObjectRef {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace,
        name: word("name").or_else(|| word("generateName")).map(Name::from).unwrap_or_default(),
    }
}

/// Reports `problems`, of which at least one is an error.
fn refuse(
    problems: impl IntoIterator<Item = Problem>,
    position: &Position,
    object: &ObjectRef,
    key: Option<ObjectKey>,
    diagnostics: &mut Diagnostics,
) -> Outcome {
    let mut proof = None;
    for problem in problems {
        let is_error = problem.is_error();
        let mut finding = problem.into_finding(position, object);
        if finding.code == codes::BAD_CORE_OBJECT && object.kind == Kind::EndpointSlice.name() {
            // Nobody refers to endpoints.
            finding = finding.consequence(WITHOUT_SLICE);
        }
        if is_error {
            proof = Some(diagnostics.error(finding));
        } else {
            diagnostics.report(finding);
        }
    }
    let proof = proof
        .unwrap_or_else(|| diagnostics.error(internal(position, object, "an object was refused without a reason")));
    Outcome::Refused { key, proof, decoded: None, service: None }
}

fn internal(position: &Position, object: &ObjectRef, what: &str) -> Finding {
    let location = position.at(&FieldPath::ROOT);
    Finding::new(codes::INTERNAL, location, format!("internal error: {what}"))
        .help("this is a fault of gwctl: please report it with the manifest")
        .object(object.clone(), ObjectPart::Whole)
}

fn key_of(kind: Kind, metadata: &Metadata) -> ObjectKey {
    ObjectKey { kind, namespace: metadata.namespace.clone(), name: metadata.name.clone() }
}

/// The fields of an object that are read.
#[derive(Debug, Default)]
struct Parts {
    metadata: Option<Node>,
    spec: Option<Node>,
}

fn read_gateway_kind(
    node: Node,
    Version { schema, name: version, warning }: Version,
    position: Position,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Outcome {
    let kind = schema.kind;
    let mut checker = Checker::new(options.channel);
    if let Some(warning) = warning {
        checker.report(warning);
    }
    let parts = top_level(node, schema, &mut checker);
    let mut problems = Problems::default();
    let metadata = metadata::read(parts.metadata, kind, &options.namespace, &mut problems);
    checker.append(problems);
    let mut spec = parts.spec.unwrap_or(Node::Null);
    if matches!(spec, Node::Null) {
        checker.block(missing_spec(kind));
    } else {
        checker.value(&mut spec, &Type::Object(schema.spec), &Step::Root.field("spec"));
    }
    let problems = checker.finish();
    let without = match problems.iter().any(Problem::is_error) {
        true => recover::recover(&mut spec, schema, &problems, options.channel),
        false => None,
    };
    let refused = settle(problems, &key_of(kind, &metadata), &position, diagnostics);
    let envelope = Envelope { kind, version, metadata, position };
    match (refused, without) {
        (None, _) => envelope.open(spec, diagnostics),
        (Some(Outcome::Refused { key: Some(key), proof, .. }), Some(without)) => {
            let decoded = envelope.salvage(spec, Refusal { proof, without, repeated: Vec::new() });
            Outcome::Refused { key: Some(key), proof, decoded, service: None }
        }
        (Some(refused), _) => refused,
    }
}

/// Reports what was found of an object; the outcome when one of the problems is an error.
fn settle(problems: Problems, key: &ObjectKey, position: &Position, diagnostics: &mut Diagnostics) -> Option<Outcome> {
    if problems.is_empty() {
        return None;
    }
    let object = key.to_ref();
    if problems.iter().any(Problem::is_error) {
        let known = Some(key.clone()).filter(|key| !key.name.is_empty());
        return Some(refuse(problems.into_told(), position, &object, known, diagnostics));
    }
    for problem in problems.into_told() {
        diagnostics.report(problem.into_finding(position, &object));
    }
    None
}

fn deprecation(schema: &Schema) -> Problem {
    let (kind, version) = (schema.kind.name(), schema.version);
    let message = format!("version `{version}` of `{kind}` is deprecated and will be removed");
    let stable = format!("{}/v1", schema.kind.group());
    let is_same = schemas()
        .iter()
        .any(|other| other.kind == schema.kind && other.version == "v1" && std::ptr::eq(other.spec, schema.spec));
    Problem::new(codes::DEPRECATED_VERSION, path!["apiVersion"], message)
        .label("deprecated")
        .help(format!("write `apiVersion: {}/v1`", schema.kind.group()))
        .fix(is_same.then_some(Change::Set(Scalar::Text(stable))))
}

fn missing_spec(kind: Kind) -> Problem {
    Problem::new(codes::MISSING_FIELD, path!["spec"], format!("`spec` is required in a {}", kind.name()))
        .label("the field is missing here")
        .help(format!("add `spec` with what the {} shall do", kind.name()))
}

/// Takes the object apart. `status` is what a controller writes: only the names in it are looked at.
fn top_level(node: Node, schema: &Schema, checker: &mut Checker) -> Parts {
    let mut parts = Parts::default();
    let Node::Map(entries) = node else { return parts };
    for (name, value) in entries {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => parts.metadata = parts.metadata.or(Some(value)),
            "spec" => parts.spec = parts.spec.or(Some(value)),
            "status" if schema.has_status => {
                let mut problems = Problems::default();
                status::check(&value, schema.kind, &mut problems);
                checker.append(problems);
            }
            _ => checker.report(unknown_top_level(&name, schema)),
        }
    }
    parts
}

fn unknown_top_level(name: &str, schema: &Schema) -> Problem {
    const KNOWN: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
    let is_of_spec = schema.spec.fields.iter().any(|field| field.name == name);
    let near = near(name, KNOWN).filter(|_| !is_of_spec);
    let help = if is_of_spec {
        format!("move `{name}` into `spec`")
    } else if let Some(Near { name: meant, is_certain: _ }) = near {
        format!("did you mean `{meant}`?")
    } else {
        format!("the fields here are {}", listed(KNOWN, "and"))
    };
    Problem::new(codes::UNKNOWN_FIELD, path![name.to_owned()], format!("unknown field {}", quote(name)))
        .key()
        .label("no such field")
        .help(help)
        .fix(near.and_then(Near::certain).map(|meant| Change::Rename(meant.to_owned())))
}

/// An object without its spec.
struct Envelope {
    kind: Kind,
    version: &'static str,
    metadata: Metadata,
    position: Position,
}

impl Envelope {
    /// The object with its spec.
    fn open(self, spec: Node, diagnostics: &mut Diagnostics) -> Outcome {
        let (key, position) = (key_of(self.kind, &self.metadata), self.position.clone());
        match self.decode_any(spec, None) {
            Some(Ok(object)) => Outcome::Read(object),
            Some(Err(error)) => {
                let what = format!("a checked {} does not decode: {error}", key.kind.name());
                let proof = diagnostics.error(internal(&position, &key.to_ref(), &what));
                Outcome::Refused { key: Some(key), proof, decoded: None, service: None }
            }
            None => Outcome::Ignored,
        }
    }

    /// The refused object with what is left of its spec, where that is enough to decode it.
    fn salvage(self, spec: Node, refusal: Refusal) -> Option<AnyObject> {
        self.decode_any(spec, Some(refusal))?.ok()
    }

    /// Decodes the spec by the kind of the object; nothing for kinds that have none.
    fn decode_any(self, spec: Node, refusal: Option<Refusal>) -> Option<Result<AnyObject, DecodeError>> {
        Some(match self.kind {
            Kind::GatewayClass => self.decode(spec, AnyObject::GatewayClass, refusal),
            Kind::Gateway => self.decode(spec, AnyObject::Gateway, refusal),
            Kind::ListenerSet => self.decode(spec, AnyObject::ListenerSet, refusal),
            Kind::HTTPRoute => self.decode(spec, AnyObject::HttpRoute, refusal),
            Kind::GRPCRoute => self.decode(spec, AnyObject::GrpcRoute, refusal),
            Kind::TLSRoute => self.decode(spec, AnyObject::TlsRoute, refusal),
            Kind::TCPRoute => self.decode(spec, AnyObject::TcpRoute, refusal),
            Kind::UDPRoute => self.decode(spec, AnyObject::UdpRoute, refusal),
            Kind::ReferenceGrant => self.decode(spec, AnyObject::ReferenceGrant, refusal),
            Kind::BackendTLSPolicy => self.decode(spec, AnyObject::BackendTlsPolicy, refusal),
            Kind::XBackend => self.decode(spec, AnyObject::Backend, refusal),
            Kind::XBackendTrafficPolicy => self.decode(spec, AnyObject::XBackendTrafficPolicy, refusal),
            Kind::XMesh => self.decode(spec, AnyObject::Mesh, refusal),
            Kind::RouteOption => self.decode(spec, AnyObject::RouteOption, refusal),
            Kind::VirtualHostOption => self.decode(spec, AnyObject::VirtualHostOption, refusal),
            Kind::ListenerOption => self.decode(spec, AnyObject::ListenerOption, refusal),
            Kind::HttpListenerOption => self.decode(spec, AnyObject::HttpListenerOption, refusal),
            Kind::Upstream => self.decode(spec, AnyObject::Upstream, refusal),
            Kind::Backend => self.decode(spec, AnyObject::EnvoyBackend, refusal),
            Kind::ClientTrafficPolicy => self.decode_policy(spec, AnyObject::ClientTrafficPolicy, refusal),
            Kind::BackendTrafficPolicy => self.decode_policy(spec, AnyObject::BackendTrafficPolicy, refusal),
            Kind::SecurityPolicy => self.decode_policy(spec, AnyObject::SecurityPolicy, refusal),
            Kind::EnvoyExtensionPolicy => self.decode_policy(spec, AnyObject::EnvoyExtensionPolicy, refusal),
            Kind::HTTPRouteFilter => self.decode(spec, AnyObject::HttpRouteFilter, refusal),
            Kind::Namespace | Kind::Service | Kind::EndpointSlice | Kind::Secret | Kind::ConfigMap => return None,
        })
    }

    fn decode<S: for<'de> Deserialize<'de>>(
        self,
        spec: Node,
        wrap: fn(Box<Object<S>>) -> AnyObject,
        refusal: Option<Refusal>,
    ) -> Result<AnyObject, DecodeError> {
        let spec = S::deserialize(spec)?;
        Ok(wrap(Box::new(self.fill(spec, refusal))))
    }

    /// Decodes a policy that others may be laid over, as it is written.
    fn decode_policy<T: OptionKind>(
        self,
        spec: Node,
        wrap: fn(Box<Object<EnvoyPolicySpec<T>>>) -> AnyObject,
        refusal: Option<Refusal>,
    ) -> Result<AnyObject, DecodeError> {
        let decoded = EnvoyPolicySpec::deserialize(spec.clone())?;
        Ok(wrap(Box::new(self.fill(EnvoyPolicySpec { said: spec, ..decoded }, refusal))))
    }

    fn fill<S>(self, spec: S, refusal: Option<Refusal>) -> Object<S> {
        let Self { kind, version, metadata, position } = self;
        Object { head: ObjectHead { kind, version, metadata, position, refusal }, spec }
    }
}

fn read_core_kind(
    node: Node,
    kind: Kind,
    position: Position,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Outcome {
    let mut problems = Problems::default();
    let metadata = metadata::read(node.get("metadata").cloned(), kind, &options.namespace, &mut problems);
    let content = core::read(&node, kind, &metadata, &mut problems);
    // An unknown field or a label of the wrong form says nothing of the content.
    let is_harmless = |problem: &Problem| {
        let is_metadata = problem.path.0.first() == Some(&"metadata".into());
        !problem.is_error() || problem.code == codes::UNKNOWN_FIELD || is_metadata
    };
    let without = match problems.hide(|problem| !is_harmless(problem)) {
        // Nobody knows what else is missing.
        true => None,
        false => {
            let faults = problems.iter().filter(|problem| !is_harmless(problem));
            core::without(kind, faults.map(|problem| &problem.path))
        }
    };
    let refused = settle(problems, &key_of(kind, &metadata), &position, diagnostics);
    let envelope = Envelope { kind, version: "v1", metadata, position };
    match (refused, without) {
        (None, _) => Outcome::Read(envelope.contain(content, None)),
        (Some(Outcome::Refused { key: Some(key), proof, .. }), Some(without)) => {
            let refusal = Refusal { proof, without, repeated: Vec::new() };
            let decoded = envelope.contain(content, Some(refusal));
            Outcome::Refused { key: Some(key), proof, decoded: Some(decoded), service: None }
        }
        (Some(Outcome::Refused { key, proof, decoded, service: _ }), _) => {
            // Whose endpoints are not known is known.
            let service = match content {
                core::Content::EndpointSlice(slice) => slice.service_name,
                _ => None,
            };
            let namespace = envelope.metadata.namespace;
            let service = service.map(|name| ObjectKey { kind: Kind::Service, namespace, name });
            Outcome::Refused { key, proof, decoded, service }
        }
        (Some(refused), _) => refused,
    }
}

impl Envelope {
    /// The object of a core kind.
    fn contain(self, content: core::Content, refusal: Option<Refusal>) -> AnyObject {
        match content {
            core::Content::Namespace => AnyObject::Namespace(Box::new(self.fill(NamespaceSpec, refusal))),
            core::Content::Service(service) => AnyObject::Service(Box::new(self.fill(service, refusal))),
            core::Content::EndpointSlice(slice) => AnyObject::EndpointSlice(Box::new(self.fill(slice, refusal))),
            core::Content::Secret(secret) => AnyObject::Secret(Box::new(self.fill(secret, refusal))),
            core::Content::ConfigMap(map) => AnyObject::ConfigMap(Box::new(self.fill(map, refusal))),
        }
    }
}

#[cfg(test)]
mod tests;
