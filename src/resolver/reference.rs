//! Which objects the input refers to, and where: those of other groups, and those that judged objects refer to where
//! some are not judged.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, FieldPath, Location, ObjectRef, codes};
use crate::name::{Name, Namespace};
use crate::options::Options;
use crate::parser::api::{
    EnvoyPolicyTarget, FrontendTlsConfig, GatewayTls, GlooResourceRef, Listener, ListenerTarget, LocalObjectReference,
    ObjectReference, OptionAuth, OptionLimitConfigs, OptionTarget, ParentReference, RouteOption, SecretObjectReference,
    VirtualHostOption,
};
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::parser::route::{BackendReference, Filter};
use crate::path;
use crate::spelling::nearest;
use crate::whole;

/// The group, the kind, the namespace (empty for an object of the cluster) and the name of an object.
type Key = (String, String, Namespace, Name);

/// The kinds of Gloo Gateway and of Envoy Gateway that gwctl reads.
const OF_OTHERS: [Kind; 7] = [
    Kind::RouteOption,
    Kind::VirtualHostOption,
    Kind::ListenerOption,
    Kind::HttpListenerOption,
    Kind::Upstream,
    Kind::Backend,
    Kind::HTTPRouteFilter,
];

/// The kinds for the servers of Gloo Gateway, which options name.
const LIMIT_CONFIG: (&str, &str) = ("ratelimit.solo.io", "RateLimitConfig");
const AUTH_CONFIG: (&str, &str) = ("enterprise.gloo.solo.io", "AuthConfig");

/// Annotations that name objects which gwctl does not translate, in a list with commas: the group and the kinds.
const ANNOTATIONS: [(&str, &str, &[&str]); 3] = [
    ("konghq.com/plugins", KONG, &["KongPlugin", KONG_OF_CLUSTER]),
    ("konghq.com/override", KONG, &["KongIngress"]),
    ("konghq.com/upstream-policy", KONG, &["KongUpstreamPolicy"]),
];
/// The group of Kong's kinds
/// ([annotations](https://developer.konghq.com/kubernetes-ingress-controller/reference/annotations/)).
const KONG: &str = "configuration.konghq.com";
/// The one of them that is in no namespace.
const KONG_OF_CLUSTER: &str = "KongClusterPlugin";

/// A name in an annotation.
pub struct Annotated {
    /// The annotation.
    pub annotation: &'static str,
    group: &'static str,
    kinds: &'static [&'static str],
    /// The namespace of what is meant: that of the object where none is written.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
}

impl Annotated {
    /// The kind that it is about, or the first one.
    pub fn kind(&self) -> &'static str {
        self.kinds.first().copied().unwrap_or_default()
    }

    /// The kinds that it may be about, each with the namespace in which the object would be.
    fn candidates(&self) -> impl Iterator<Item = (&'static str, Namespace)> {
        let namespace =
            |kind: &str| if kind == KONG_OF_CLUSTER { Namespace::default() } else { self.namespace.clone() };
        self.kinds.iter().map(move |kind| (*kind, namespace(kind)))
    }
}

/// All names in annotations of an object. `NAMESPACE:NAME` names an object of another namespace.
fn names_in_annotations(object: &ObjectHead) -> impl Iterator<Item = Annotated> {
    ANNOTATIONS.iter().flat_map(move |(annotation, group, kinds)| {
        let names = object.metadata.annotations.get(annotation).unwrap_or_default();
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(move |full| {
            let (namespace, name) = match full.split_once(':') {
                Some((namespace, name)) => (Namespace::from(namespace), name),
                None => (object.metadata.namespace.clone(), full),
            };
            Annotated { annotation, group, kinds, namespace, name: Name::from(name) }
        })
    })
}

/// The objects of the input that annotations may name: group, kind, namespace (empty for one of the cluster) and name.
pub struct Annotatable<'m>(HashSet<(&'m str, &'m str, &'m str, &'m Name)>);

impl<'m> Annotatable<'m> {
    /// Those of an input.
    pub fn new(manifests: &'m Manifests) -> Self {
        let is_one = |identity: &&ObjectRef| ANNOTATIONS.iter().any(|(_, group, _)| *group == identity.group);
        let identities = manifests.foreign.iter().map(|object| &object.identity).filter(is_one);
        let key = |ObjectRef { group, kind, namespace, name }: &'m ObjectRef| {
            let namespace = if kind == KONG_OF_CLUSTER { "" } else { namespace.as_str() };
            (group.as_str(), kind.as_str(), namespace, name)
        };
        Self(identities.map(key).collect())
    }

    /// The names in annotations of an object that lead to none of them.
    pub fn unknown(&self, object: &ObjectHead) -> impl Iterator<Item = Annotated> {
        names_in_annotations(object).filter(|one| {
            !one.candidates()
                .any(|(kind, namespace)| self.0.contains(&(one.group, kind, namespace.as_str(), &one.name)))
        })
    }
}

/// The objects whose annotations count.
pub fn annotated(manifests: &Manifests) -> impl Iterator<Item = &ObjectHead> {
    let Manifests { gateways, services, .. } = manifests;
    let routes = manifests.routes().map(|route| route.object);
    gateways.iter().map(|one| &one.head).chain(routes).chain(services.iter().map(|one| &one.head))
}

/// Says which names in annotations lead to no object of the input.
pub(super) fn report_unknown_names(manifests: &Manifests, diagnostics: &mut Diagnostics) {
    let known = Annotatable::new(manifests);
    for object in annotated(manifests).filter(|object| !object.metadata.annotations.is_empty()) {
        for one in known.unknown(object) {
            let Annotated { annotation, group, kinds: _, namespace, name } = &one;
            let same = manifests.foreign.iter().filter(|one| one.identity.group == *group);
            let near = nearest(name, same.map(|one| &one.identity.name));
            let kind = one.kind();
            let message = format!("`{annotation}` names {kind} `{namespace}/{name}`, which is not in the input");
            let at = whole!["metadata", "annotations", *annotation];
            let finding = object.finding(codes::UNKNOWN_ANNOTATED, at, message).label("no such object");
            diagnostics.report(finding.consequence(NOT_SERVED).help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "test what it does in a cluster; nothing needs to change where it is in another place".to_owned()
                }
            }));
        }
    }
}

/// What an object that nobody has seen would do is not done here.
const NOT_SERVED: &str = "gwctl's configuration serves this object without it";

/// An option that names objects for a server of Gloo Gateway.
enum OfServers<'o> {
    Limits(&'o OptionLimitConfigs),
    Auth(&'o OptionAuth),
}

/// The references to each object.
#[derive(Debug, Default)]
pub struct References {
    /// To objects of kinds that gwctl does not read, in the order of the input.
    foreign: HashMap<Key, Vec<(String, Location)>>,
    /// The first one of those of judged objects to objects of kinds that gwctl reads, where the input has context.
    judged: HashMap<Key, (String, Location)>,
    has_context: bool,
}

impl References {
    /// Looks through the input.
    pub fn new(manifests: &Manifests, options: &Options) -> Self {
        let has_context = manifests.sources.sources.iter().any(|source| source.context);
        let mut references = Self { has_context, ..Self::default() };
        references.add_gateways(manifests, options);
        references.add_routes(manifests);
        references.add_policies(manifests);
        references.add_annotations(manifests);
        references
    }

    /// Who refers to the object of a kind that gwctl does not read, and where.
    pub fn of(&self, ObjectRef { group, kind, namespace, name }: &ObjectRef) -> &[(String, Location)] {
        let key = |namespace: Namespace| (group.clone(), kind.clone(), namespace, name.clone());
        let of_namespace = self.foreign.get(&key(namespace.clone()));
        let found = of_namespace.or_else(|| self.foreign.get(&key(Namespace::default())));
        found.map_or(&[], Vec::as_slice)
    }

    /// Which judged object refers to the object of a kind that gwctl reads, and where; where the input has context.
    pub fn judged(&self, object: &ObjectRef) -> Option<&(String, Location)> {
        let ObjectRef { group, kind, namespace, name } = object;
        self.judged.get(&(group.clone(), kind.clone(), namespace.clone(), name.clone()))
    }

    /// Which judged object refers to some Service of a namespace, and where; where the input has context.
    pub fn judged_service_of(&self, namespace: &Namespace) -> Option<&(String, Location)> {
        let is_there = |(group, kind, own, _): &Key| group.is_empty() && kind == "Service" && own == namespace;
        let found = self.judged.iter().filter(|(key, _)| is_there(key));
        found.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, by)| by)
    }

    /// Notes a reference.
    fn add(
        &mut self,
        from: &ObjectHead,
        at: impl FnOnce() -> FieldPath,
        (group, kind): (&str, &str),
        namespace: Option<&Namespace>,
        name: &Name,
    ) {
        let is_core =
            || [Kind::Service, Kind::Secret, Kind::ConfigMap, Kind::Namespace].iter().any(|own| own.name() == kind);
        let is_own = group == Kind::Gateway.group()
            || group == Kind::XBackend.group()
            || OF_OTHERS.iter().any(|own| own.is_named(group, kind))
            || (group.is_empty() && is_core());
        if is_own && (!self.has_context || from.position.context) {
            return;
        }
        let namespace = namespace.unwrap_or(&from.metadata.namespace);
        let key = (group.to_owned(), kind.to_owned(), namespace.clone(), name.clone());
        let by = || {
            let name =
                if from.metadata.namespace.is_empty() { from.metadata.name.to_string() } else { from.full_name() };
            (format!("{} `{name}`", from.kind.name()), from.at(&at()))
        };
        if is_own {
            self.judged.entry(key).or_insert_with(by);
        } else {
            self.foreign.entry(key).or_default().push(by());
        }
    }

    fn add_local(&mut self, from: &ObjectHead, at: impl FnOnce() -> FieldPath, reference: &LocalObjectReference) {
        let LocalObjectReference { group, kind, name } = reference;
        self.add(from, at, (group, kind), None, name);
    }

    fn add_object(&mut self, from: &ObjectHead, at: impl FnOnce() -> FieldPath, reference: &ObjectReference) {
        let ObjectReference { group, kind, name, namespace } = reference;
        self.add(from, at, (group, kind), namespace.as_ref(), name);
    }

    fn add_secret(&mut self, from: &ObjectHead, at: impl FnOnce() -> FieldPath, reference: &SecretObjectReference) {
        let SecretObjectReference { group, kind, name, namespace } = reference;
        self.add(from, at, (group, kind), namespace.as_ref(), name);
    }

    fn add_backend(&mut self, from: &ObjectHead, at: impl FnOnce() -> FieldPath, reference: BackendReference<'_>) {
        let BackendReference { group, kind, name, namespace, port: _ } = reference;
        self.add(from, at, (group, kind), namespace, name);
    }

    fn add_gateways(&mut self, manifests: &Manifests, options: &Options) {
        // Parameters that are assumed have no effect, whatever they are.
        let has_parameters = !options.assume.parameters;
        for class in manifests.gateway_classes.iter().filter(|_| has_parameters) {
            if let Some(reference) = &class.spec.parameters_ref {
                self.add_object(class, || path!["spec", "parametersRef"], reference);
            }
        }
        for gateway in &manifests.gateways {
            let infrastructure = gateway.spec.infrastructure.as_ref().filter(|_| has_parameters);
            if let Some(reference) = infrastructure.and_then(|settings| settings.parameters_ref.as_ref()) {
                self.add_local(gateway, || path!["spec", "infrastructure", "parametersRef"], reference);
            }
            self.add_listeners(gateway, &gateway.spec.listeners);
            if let Some(tls) = &gateway.spec.tls {
                self.add_gateway_tls(gateway, tls);
            }
        }
        manifests.listener_sets.iter().for_each(|set| self.add_listeners(set, &set.spec.listeners));
    }

    fn add_listeners(&mut self, from: &ObjectHead, listeners: &[Listener]) {
        for (listener, spec) in listeners.iter().enumerate() {
            let certificates = spec.tls.as_ref().map(|tls| tls.certificate_refs.as_slice()).unwrap_or_default();
            for (index, reference) in certificates.iter().enumerate() {
                let at = || path!["spec", "listeners", listener, "tls", "certificateRefs", index];
                self.add_secret(from, at, reference);
            }
        }
    }

    fn add_gateway_tls(&mut self, from: &ObjectHead, tls: &GatewayTls) {
        let GatewayTls { backend, frontend } = tls;
        if let Some(reference) = backend.as_ref().and_then(|backend| backend.client_certificate_ref.as_ref()) {
            self.add_secret(from, || path!["spec", "tls", "backend", "clientCertificateRef"], reference);
        }
        let Some(frontend) = frontend else { return };
        let at = path!["spec", "tls", "frontend"];
        self.add_authorities(from, &at.with("default"), &frontend.default);
        for (index, port) in frontend.per_port.iter().enumerate() {
            self.add_authorities(from, &at.with("perPort").with(index).with("tls"), &port.tls);
        }
    }

    fn add_authorities(&mut self, from: &ObjectHead, at: &FieldPath, settings: &FrontendTlsConfig) {
        let references = settings.validation.as_ref().map(|validation| validation.ca_certificate_refs.as_slice());
        for (index, reference) in references.unwrap_or_default().iter().enumerate() {
            let at = || at.with("validation").with("caCertificateRefs").with(index);
            self.add_object(from, at, reference);
        }
    }

    fn add_routes(&mut self, manifests: &Manifests) {
        for route in manifests.routes() {
            let object = route.object;
            self.add_parents(object, route.parent_refs);
            for rule in route.rules() {
                // Nearly no reference is noted: a place is made for those that are.
                self.add_filters(object, || rule.path(), &rule.filters);
                for (index, backend) in rule.backends.iter().enumerate() {
                    let at = || rule.path().with("backendRefs").with(index);
                    self.add_backend(object, at, backend.reference);
                    self.add_filters(object, at, &backend.filters);
                }
            }
        }
    }

    fn add_parents(&mut self, from: &ObjectHead, parents: &[ParentReference]) {
        for (index, parent) in parents.iter().enumerate() {
            let ParentReference { group, kind, namespace, name, section_name: _, port: _ } = parent;
            let at = || path!["spec", "parentRefs", index];
            self.add(from, at, (group, kind), namespace.as_ref(), name);
        }
    }

    fn add_filters(&mut self, from: &ObjectHead, owner: impl Fn() -> FieldPath + Copy, filters: &[Filter<'_>]) {
        for (index, filter) in filters.iter().enumerate() {
            let at = || owner().with("filters").with(index).with(filter.member());
            if let Filter::ExtensionRef(reference) = filter {
                self.add_local(from, at, reference);
            } else if let Some(reference) = filter.backend() {
                self.add_backend(from, || at().with("backendRef"), reference);
            }
        }
    }

    fn add_annotations(&mut self, manifests: &Manifests) {
        for from in annotated(manifests) {
            for one in names_in_annotations(from) {
                for (kind, namespace) in one.candidates() {
                    let at = || path!["metadata", "annotations", one.annotation];
                    self.add(from, at, (one.group, kind), Some(&namespace), &one.name);
                }
            }
        }
    }

    /// The objects for servers of Gloo Gateway that an option names.
    fn add_of_servers(&mut self, from: &ObjectHead, field: &'static str, named: OfServers<'_>) {
        let at = path!["spec", "options", field];
        let named: Vec<_> = match named {
            OfServers::Limits(OptionLimitConfigs { refs }) => {
                let refs = refs.iter().enumerate();
                refs.map(|(index, named)| (at.join(&path!["refs", index]), LIMIT_CONFIG, named)).collect()
            }
            OfServers::Auth(OptionAuth { config_ref, custom_auth: _, disable: _ }) => {
                config_ref.iter().map(|named| (at.with("configRef"), AUTH_CONFIG, named)).collect()
            }
        };
        for (at, kind, GlooResourceRef { name, namespace }) in named {
            let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
            self.add(from, || at, kind, namespace, name);
        }
    }

    fn add_policies(&mut self, manifests: &Manifests) {
        for policy in &manifests.backend_tls_policies {
            for (index, target) in policy.spec.target_refs.iter().enumerate() {
                let at = || path!["spec", "targetRefs", index];
                self.add(policy, at, (&target.group, &target.kind), None, &target.name);
            }
            for (index, reference) in policy.spec.validation.ca_certificate_refs.iter().enumerate() {
                let at = || path!["spec", "validation", "caCertificateRefs", index];
                self.add_local(policy, at, reference);
            }
        }
        for policy in &manifests.x_backend_traffic_policies {
            for (index, target) in policy.spec.target_refs.iter().enumerate() {
                self.add_local(policy, || path!["spec", "targetRefs", index], target);
            }
        }
        for policy in &manifests.route_options {
            for (index, target) in policy.spec.target_refs.iter().enumerate() {
                let OptionTarget { group, kind, name, namespace: _ } = target;
                self.add(policy, || path!["spec", "targetRefs", index], (group, kind), None, name);
            }
            for option in &policy.spec.options.0 {
                let named = match option {
                    RouteOption::RateLimitConfigs(configs)
                    | RouteOption::RateLimitEarlyConfigs(configs)
                    | RouteOption::RateLimitRegularConfigs(configs) => OfServers::Limits(configs),
                    RouteOption::Extauth(auth) => OfServers::Auth(auth),
                    _ => continue,
                };
                self.add_of_servers(policy, option.field(), named);
            }
        }
        for policy in &manifests.virtual_host_options {
            for option in &policy.spec.options.0 {
                let named = match option {
                    VirtualHostOption::RateLimitConfigs(configs)
                    | VirtualHostOption::RateLimitEarlyConfigs(configs)
                    | VirtualHostOption::RateLimitRegularConfigs(configs) => OfServers::Limits(configs),
                    VirtualHostOption::Extauth(auth) => OfServers::Auth(auth),
                    _ => continue,
                };
                self.add_of_servers(policy, option.field(), named);
            }
        }
        for (policy, targets) in manifests.options_of_listeners() {
            for (index, target) in targets.iter().enumerate() {
                let ListenerTarget { group, kind, name, namespace: _, section_name: _ } = target;
                self.add(policy, || path!["spec", "targetRefs", index], (group, kind), None, name);
            }
        }
        for (policy, targets) in manifests.targets_of_envoy_policies() {
            for (index, target) in targets {
                let EnvoyPolicyTarget { group, kind, name, section_name: _ } = target;
                let at = || match index {
                    Some(index) => path!["spec", "targetRefs", index],
                    None => path!["spec", "targetRef"],
                };
                self.add(policy, at, (group, kind), None, name);
            }
        }
        for backend in &manifests.backends {
            let Some(tls) = &backend.spec.tls else { continue };
            if let Some(reference) = &tls.client_certificate_ref {
                self.add_secret(backend, || path!["spec", "tls", "clientCertificateRef"], reference);
            }
            let authorities = tls.validation.as_ref().map(|validation| validation.ca_certificate_refs.as_slice());
            for (index, reference) in authorities.unwrap_or_default().iter().enumerate() {
                let at = || path!["spec", "tls", "validation", "caCertificateRefs", index];
                self.add_local(backend, at, reference);
            }
        }
        for mesh in &manifests.meshes {
            if let Some(reference) = &mesh.spec.parameters_ref {
                self.add_object(mesh, || path!["spec", "parametersRef"], reference);
            }
        }
    }
}
