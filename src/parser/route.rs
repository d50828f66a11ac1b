//! Routes of all kinds as one type, and the one place that knows how the kinds differ in what they declare.

use crate::diagnostics::FieldPath;
use crate::name::{Name, Namespace, SectionName};
use crate::path;
use crate::port::Port;

use super::api::{
    BackendObjectReference, BackendRef, CorsFilter, DefaultScope, ExternalAuthFilter, GrpcBackendRef, GrpcRouteFilter,
    GrpcRouteMatch, GrpcRouteRule, GrpcRouteSpec, HeaderFilter, HttpBackendRef, HttpRouteFilter, HttpRouteMatch,
    HttpRouteRetry, HttpRouteRule, HttpRouteSpec, HttpRouteTimeouts, L4RouteRule, L4RouteSpec, LocalObjectReference,
    ParentReference, RequestMirrorFilter, RequestRedirectFilter, SessionPersistence, TlsRouteSpec, UrlRewriteFilter,
};
use super::manifests::{Kind, Manifests, Object, ObjectHead};

/// A kind of route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the API's own")]
pub enum RouteKind {
    Http,
    Grpc,
    Tls,
    Tcp,
    Udp,
}

impl RouteKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Http, Self::Grpc, Self::Tls, Self::Tcp, Self::Udp];

    /// The kind among those of all objects.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Http => Kind::HTTPRoute,
            Self::Grpc => Kind::GRPCRoute,
            Self::Tls => Kind::TLSRoute,
            Self::Tcp => Kind::TCPRoute,
            Self::Udp => Kind::UDPRoute,
        }
    }

    /// The kind as manifests write it.
    pub fn name(self) -> &'static str {
        self.kind().name()
    }

    /// The kind that manifests write so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind in the names of what is made of a route.
    pub const fn in_names(self) -> &'static str {
        match self {
            Self::Http => "httproute",
            Self::Grpc => "grpcroute",
            Self::Tls => "tlsroute",
            Self::Tcp => "tcproute",
            Self::Udp => "udproute",
        }
    }

    /// The kind that stands so in names.
    pub fn of_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.in_names() == text)
    }

    /// Whether routes of the kind are told apart by what requests say, and not by what connections say.
    pub const fn has_requests(self) -> bool {
        matches!(self, Self::Http | Self::Grpc)
    }

    /// Whether routes of the kind have hostnames.
    pub const fn has_hostnames(self) -> bool {
        matches!(self, Self::Http | Self::Grpc | Self::Tls)
    }
}

/// A route of whichever kind, as it is declared.
#[derive(Clone, Copy, Debug)]
pub struct Route<'m> {
    /// The object.
    pub object: &'m ObjectHead,
    /// Its kind.
    pub kind: RouteKind,
    /// `spec.parentRefs`.
    pub parent_refs: &'m [ParentReference],
    /// `spec.useDefaultGateways`.
    pub use_default_gateways: Option<DefaultScope>,
    /// `spec.hostnames`; empty for kinds that have none.
    pub hostnames: &'m [String],
    rules: Rules<'m>,
}

#[derive(Clone, Copy, Debug)]
enum Rules<'m> {
    Http(&'m [HttpRouteRule]),
    Grpc(&'m [GrpcRouteRule]),
    L4(&'m [L4RouteRule]),
}

/// A rule of a route of whichever kind.
#[derive(Clone, Debug)]
pub struct Rule<'m> {
    /// Its position in `spec.rules`.
    pub index: usize,
    /// Its conditions.
    pub matches: Matches<'m>,
    /// Its filters.
    pub filters: Vec<Filter<'m>>,
    /// Its backends.
    pub backends: Vec<RuleBackend<'m>>,
    /// The limits of an HTTPRoute rule.
    pub timeouts: Option<&'m HttpRouteTimeouts>,
    /// The retries of an HTTPRoute rule.
    pub retry: Option<&'m HttpRouteRetry>,
    /// The session of a rule that takes requests.
    pub session_persistence: Option<&'m SessionPersistence>,
}

impl Rule<'_> {
    /// The rule in its object.
    pub fn path(&self) -> FieldPath {
        path!["spec", "rules", self.index]
    }
}

/// The conditions of a rule.
#[derive(Clone, Copy, Debug)]
pub enum Matches<'m> {
    /// On requests.
    Http(&'m [HttpRouteMatch]),
    /// On calls.
    Grpc(&'m [GrpcRouteMatch]),
    /// None: the rule takes every connection, or every datagram.
    Everything,
}

impl Matches<'_> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::Http(matches) => matches.len(),
            Self::Grpc(matches) => matches.len(),
            Self::Everything => 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// A backend of a rule.
#[derive(Clone, Debug)]
pub struct RuleBackend<'m> {
    /// What is referred to.
    pub reference: BackendReference<'m>,
    /// Its share of the traffic, relative to the other backends.
    pub weight: u32,
    /// Its own filters.
    pub filters: Vec<Filter<'m>>,
}

/// A reference to a backend, of a rule or of a filter.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct BackendReference<'m> {
    pub group: &'m str,
    pub kind: &'m str,
    pub name: &'m Name,
    pub namespace: Option<&'m Namespace>,
    pub port: Option<Port>,
}

impl<'m> From<&'m BackendObjectReference> for BackendReference<'m> {
    fn from(reference: &'m BackendObjectReference) -> Self {
        let BackendObjectReference { group, kind, name, namespace, port } = reference;
        Self { group, kind, name, namespace: namespace.as_ref(), port: *port }
    }
}

impl<'m> From<&'m HttpBackendRef> for RuleBackend<'m> {
    fn from(backend: &'m HttpBackendRef) -> Self {
        let HttpBackendRef { group, kind, name, namespace, port, weight, filters } = backend;
        let reference = BackendReference { group, kind, name, namespace: namespace.as_ref(), port: *port };
        Self { reference, weight: *weight, filters: filters.iter().map(Filter::from).collect() }
    }
}

impl<'m> From<&'m GrpcBackendRef> for RuleBackend<'m> {
    fn from(backend: &'m GrpcBackendRef) -> Self {
        let GrpcBackendRef { group, kind, name, namespace, port, weight, filters } = backend;
        let reference = BackendReference { group, kind, name, namespace: namespace.as_ref(), port: *port };
        Self { reference, weight: *weight, filters: filters.iter().map(Filter::from).collect() }
    }
}

impl<'m> From<&'m BackendRef> for RuleBackend<'m> {
    fn from(backend: &'m BackendRef) -> Self {
        let BackendRef { group, kind, name, namespace, port, weight } = backend;
        let reference = BackendReference { group, kind, name, namespace: namespace.as_ref(), port: *port };
        Self { reference, weight: *weight, filters: Vec::new() }
    }
}

/// A filter of a rule or of a backend.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the variants are the API's own")]
pub enum Filter<'m> {
    RequestHeaderModifier(&'m HeaderFilter),
    ResponseHeaderModifier(&'m HeaderFilter),
    RequestMirror(&'m RequestMirrorFilter),
    RequestRedirect(&'m RequestRedirectFilter),
    UrlRewrite(&'m UrlRewriteFilter),
    Cors(&'m CorsFilter),
    ExternalAuth(&'m ExternalAuthFilter),
    ExtensionRef(&'m LocalObjectReference),
}

impl<'m> From<&'m HttpRouteFilter> for Filter<'m> {
    fn from(filter: &'m HttpRouteFilter) -> Self {
        match filter {
            HttpRouteFilter::RequestHeaderModifier(filter) => Self::RequestHeaderModifier(filter),
            HttpRouteFilter::ResponseHeaderModifier(filter) => Self::ResponseHeaderModifier(filter),
            HttpRouteFilter::RequestMirror(filter) => Self::RequestMirror(filter),
            HttpRouteFilter::RequestRedirect(filter) => Self::RequestRedirect(filter),
            HttpRouteFilter::UrlRewrite(filter) => Self::UrlRewrite(filter),
            HttpRouteFilter::Cors(filter) => Self::Cors(filter),
            HttpRouteFilter::ExternalAuth(filter) => Self::ExternalAuth(filter),
            HttpRouteFilter::ExtensionRef(reference) => Self::ExtensionRef(reference),
        }
    }
}

impl<'m> From<&'m GrpcRouteFilter> for Filter<'m> {
    fn from(filter: &'m GrpcRouteFilter) -> Self {
        match filter {
            GrpcRouteFilter::RequestHeaderModifier(filter) => Self::RequestHeaderModifier(filter),
            GrpcRouteFilter::ResponseHeaderModifier(filter) => Self::ResponseHeaderModifier(filter),
            GrpcRouteFilter::RequestMirror(filter) => Self::RequestMirror(filter),
            GrpcRouteFilter::ExtensionRef(reference) => Self::ExtensionRef(reference),
        }
    }
}

impl<'m> Filter<'m> {
    /// The member of the filter that its type names.
    pub fn member(self) -> &'static str {
        match self {
            Self::RequestHeaderModifier(_) => "requestHeaderModifier",
            Self::ResponseHeaderModifier(_) => "responseHeaderModifier",
            Self::RequestMirror(_) => "requestMirror",
            Self::RequestRedirect(_) => "requestRedirect",
            Self::UrlRewrite(_) => "urlRewrite",
            Self::Cors(_) => "cors",
            Self::ExternalAuth(_) => "externalAuth",
            Self::ExtensionRef(_) => "extensionRef",
        }
    }

    /// The backend that the filter refers to, in the field `backendRef` of its member.
    pub fn backend(self) -> Option<BackendReference<'m>> {
        match self {
            Self::RequestMirror(filter) => Some((&filter.backend_ref).into()),
            Self::ExternalAuth(filter) => Some((&filter.backend_ref).into()),
            Self::RequestHeaderModifier(_)
            | Self::ResponseHeaderModifier(_)
            | Self::RequestRedirect(_)
            | Self::UrlRewrite(_)
            | Self::Cors(_)
            | Self::ExtensionRef(_) => None,
        }
    }
}

impl<'m> Route<'m> {
    /// Whether all of its parents are Services, or are meant for such. Its references need no grants: it gives nobody access
    /// ([GEP-1294](https://gateway-api.sigs.k8s.io/geps/gep-1294/)).
    pub fn is_of_mesh(&self) -> bool {
        let has_others = self.parent_refs.is_empty() || self.use_default_gateways.is_some();
        let is_meant = |parent: &ParentReference| parent.is_service() || parent.lacks_group_of_service();
        !has_others && self.parent_refs.iter().all(is_meant)
    }

    fn http(object: &'m Object<HttpRouteSpec>) -> Self {
        let HttpRouteSpec { parent_refs, use_default_gateways, hostnames, rules } = &object.spec;
        let (use_default_gateways, rules) = (*use_default_gateways, Rules::Http(rules));
        Self { object, kind: RouteKind::Http, parent_refs, use_default_gateways, hostnames, rules }
    }

    fn grpc(object: &'m Object<GrpcRouteSpec>) -> Self {
        let GrpcRouteSpec { parent_refs, use_default_gateways, hostnames, rules } = &object.spec;
        let (use_default_gateways, rules) = (*use_default_gateways, Rules::Grpc(rules));
        Self { object, kind: RouteKind::Grpc, parent_refs, use_default_gateways, hostnames, rules }
    }

    fn tls(object: &'m Object<TlsRouteSpec>) -> Self {
        let TlsRouteSpec { parent_refs, use_default_gateways, hostnames, rules } = &object.spec;
        let (use_default_gateways, rules) = (*use_default_gateways, Rules::L4(rules));
        Self { object, kind: RouteKind::Tls, parent_refs, use_default_gateways, hostnames, rules }
    }

    /// A route of connections or datagrams.
    pub(crate) fn l4(kind: RouteKind, object: &'m Object<L4RouteSpec>) -> Self {
        let L4RouteSpec { parent_refs, use_default_gateways, rules } = &object.spec;
        let (use_default_gateways, rules) = (*use_default_gateways, Rules::L4(rules));
        Self { object, kind, parent_refs, use_default_gateways, hostnames: &[], rules }
    }

    /// How many rules the route has.
    pub fn rule_count(&self) -> usize {
        match self.rules {
            Rules::Http(rules) => rules.len(),
            Rules::Grpc(rules) => rules.len(),
            Rules::L4(rules) => rules.len(),
        }
    }

    /// The name of a rule, by which policies are about it alone.
    pub fn rule_name(&self, index: usize) -> Option<&'m SectionName> {
        match self.rules {
            Rules::Http(rules) => rules.get(index)?.name.as_ref(),
            Rules::Grpc(rules) => rules.get(index)?.name.as_ref(),
            Rules::L4(rules) => rules.get(index)?.name.as_ref(),
        }
    }

    /// The rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = Rule<'m>> + use<'m> {
        let rules = self.rules;
        (0..self.rule_count()).map(move |index| match rules {
            Rules::Http(rules) => Rule::http(index, &rules[index]),
            Rules::Grpc(rules) => Rule::grpc(index, &rules[index]),
            Rules::L4(rules) => Rule::l4(index, &rules[index]),
        })
    }
}

// The name of a rule serves those who refer to it; it changes nothing for traffic.
impl<'m> Rule<'m> {
    fn http(index: usize, rule: &'m HttpRouteRule) -> Self {
        let HttpRouteRule { name: _, matches, filters, backend_refs, timeouts, retry, session_persistence } = rule;
        Self {
            index,
            matches: Matches::Http(matches),
            filters: filters.iter().map(Filter::from).collect(),
            backends: backend_refs.iter().map(RuleBackend::from).collect(),
            timeouts: timeouts.as_deref(),
            retry: retry.as_deref(),
            session_persistence: session_persistence.as_deref(),
        }
    }

    fn grpc(index: usize, rule: &'m GrpcRouteRule) -> Self {
        let GrpcRouteRule { name: _, matches, filters, backend_refs, session_persistence } = rule;
        Self {
            index,
            matches: Matches::Grpc(matches),
            filters: filters.iter().map(Filter::from).collect(),
            backends: backend_refs.iter().map(RuleBackend::from).collect(),
            timeouts: None,
            retry: None,
            session_persistence: session_persistence.as_ref(),
        }
    }

    fn l4(index: usize, rule: &'m L4RouteRule) -> Self {
        let L4RouteRule { name: _, backend_refs } = rule;
        Self {
            index,
            matches: Matches::Everything,
            filters: Vec::new(),
            backends: backend_refs.iter().map(RuleBackend::from).collect(),
            timeouts: None,
            retry: None,
            session_persistence: None,
        }
    }
}

impl Manifests {
    /// The routes of all kinds.
    pub fn routes(&self) -> impl Iterator<Item = Route<'_>> {
        let Self { http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes, .. } = self;
        let requests = http_routes.iter().map(Route::http).chain(grpc_routes.iter().map(Route::grpc));
        let connections = tls_routes.iter().map(Route::tls);
        let l4 = |kind| move |object| Route::l4(kind, object);
        requests
            .chain(connections)
            .chain(tcp_routes.iter().map(l4(RouteKind::Tcp)))
            .chain(udp_routes.iter().map(l4(RouteKind::Udp)))
    }
}
