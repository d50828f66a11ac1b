//! The route kinds.

use serde::Deserialize;

use crate::http::{HeaderName, Method};
use crate::name::{Name, Namespace, SectionName};
use crate::port::Port;

use super::gateway::DefaultScope;
use super::shared::{
    BackendObjectReference, BackendRef, Duration, HeaderFilter, HeaderMatch, LocalObjectReference, ParentReference,
    QueryMatch, RequestMirrorFilter, SessionPersistence,
};

/// [HTTPRouteSpec](https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRouteSpec {
    #[serde(default)]
    pub parent_refs: Vec<ParentReference>,
    pub use_default_gateways: Option<DefaultScope>,
    #[serde(default)]
    pub hostnames: Vec<String>,
    pub rules: Vec<HttpRouteRule>,
}

/// One rule: what it matches, what it changes, who answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRouteRule {
    pub name: Option<SectionName>,
    pub matches: Vec<HttpRouteMatch>,
    #[serde(default)]
    pub filters: Vec<HttpRouteFilter>,
    #[serde(default)]
    pub backend_refs: Vec<HttpBackendRef>,
    pub timeouts: Option<Box<HttpRouteTimeouts>>,
    pub retry: Option<Box<HttpRouteRetry>>,
    pub session_persistence: Option<Box<SessionPersistence>>,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRouteMatch {
    pub path: HttpPathMatch,
    #[serde(default)]
    pub headers: Vec<HeaderMatch>,
    #[serde(default)]
    pub query_params: Vec<QueryMatch>,
    pub method: Option<Method>,
}

/// A match on the path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpPathMatch {
    #[serde(rename = "type")]
    pub match_type: PathMatchType,
    pub value: String,
}

/// How a path is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum PathMatchType {
    Exact,
    PathPrefix,
    RegularExpression,
}

/// A backend of an HTTPRoute rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpBackendRef {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub port: Option<Port>,
    pub weight: u32,
    #[serde(default)]
    pub filters: Vec<HttpRouteFilter>,
}

/// A filter of an HTTPRoute, one variant for each type.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "HttpRouteFilterFields")]
pub enum HttpRouteFilter {
    RequestHeaderModifier(HeaderFilter),
    ResponseHeaderModifier(HeaderFilter),
    RequestMirror(RequestMirrorFilter),
    RequestRedirect(RequestRedirectFilter),
    UrlRewrite(UrlRewriteFilter),
    Cors(CorsFilter),
    ExternalAuth(ExternalAuthFilter),
    ExtensionRef(LocalObjectReference),
}

impl HttpRouteFilter {
    /// The value of the filter's `type` field.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::RequestHeaderModifier(_) => "RequestHeaderModifier",
            Self::ResponseHeaderModifier(_) => "ResponseHeaderModifier",
            Self::RequestMirror(_) => "RequestMirror",
            Self::RequestRedirect(_) => "RequestRedirect",
            Self::UrlRewrite(_) => "URLRewrite",
            Self::Cors(_) => "CORS",
            Self::ExternalAuth(_) => "ExternalAuth",
            Self::ExtensionRef(_) => "ExtensionRef",
        }
    }
}

/// The wire form of [`HttpRouteFilter`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HttpRouteFilterFields {
    #[serde(rename = "type")]
    filter_type: String,
    request_header_modifier: Option<HeaderFilter>,
    response_header_modifier: Option<HeaderFilter>,
    request_mirror: Option<RequestMirrorFilter>,
    request_redirect: Option<RequestRedirectFilter>,
    url_rewrite: Option<UrlRewriteFilter>,
    cors: Option<CorsFilter>,
    external_auth: Option<ExternalAuthFilter>,
    extension_ref: Option<LocalObjectReference>,
}

impl TryFrom<HttpRouteFilterFields> for HttpRouteFilter {
    type Error = String;

    fn try_from(fields: HttpRouteFilterFields) -> Result<Self, String> {
        let member = match fields.filter_type.as_str() {
            "RequestHeaderModifier" => fields.request_header_modifier.map(Self::RequestHeaderModifier),
            "ResponseHeaderModifier" => fields.response_header_modifier.map(Self::ResponseHeaderModifier),
            "RequestMirror" => fields.request_mirror.map(Self::RequestMirror),
            "RequestRedirect" => fields.request_redirect.map(Self::RequestRedirect),
            "URLRewrite" => fields.url_rewrite.map(Self::UrlRewrite),
            "CORS" => fields.cors.map(Self::Cors),
            "ExternalAuth" => fields.external_auth.map(Self::ExternalAuth),
            "ExtensionRef" => fields.extension_ref.map(Self::ExtensionRef),
            _ => None,
        };
        member.ok_or_else(|| format!("filter `{}` has no member of its type", fields.filter_type))
    }
}

/// Answers with a redirect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestRedirectFilter {
    pub scheme: Option<String>,
    pub hostname: Option<String>,
    pub path: Option<HttpPathModifier>,
    pub port: Option<Port>,
    pub status_code: u16,
}

/// Changes the host or path that the backend sees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UrlRewriteFilter {
    pub hostname: Option<String>,
    pub path: Option<HttpPathModifier>,
}

/// How a path is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "HttpPathModifierFields")]
pub enum HttpPathModifier {
    ReplaceFullPath(String),
    ReplacePrefixMatch(String),
}

/// The wire form of [`HttpPathModifier`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HttpPathModifierFields {
    #[serde(rename = "type")]
    modifier_type: String,
    replace_full_path: Option<String>,
    replace_prefix_match: Option<String>,
}

impl TryFrom<HttpPathModifierFields> for HttpPathModifier {
    type Error = String;

    fn try_from(fields: HttpPathModifierFields) -> Result<Self, String> {
        let member = match fields.modifier_type.as_str() {
            "ReplaceFullPath" => fields.replace_full_path.map(Self::ReplaceFullPath),
            "ReplacePrefixMatch" => fields.replace_prefix_match.map(Self::ReplacePrefixMatch),
            _ => None,
        };
        member.ok_or_else(|| format!("path modifier `{}` has no value", fields.modifier_type))
    }
}

/// Cross-origin resource sharing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorsFilter {
    #[serde(default)]
    pub allow_origins: Vec<String>,
    pub allow_credentials: Option<bool>,
    #[serde(default)]
    pub allow_methods: Vec<String>,
    #[serde(default)]
    pub allow_headers: Vec<String>,
    #[serde(default)]
    pub expose_headers: Vec<String>,
    pub max_age: u32,
}

/// Asks another service whether a request may pass.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalAuthFilter {
    pub protocol: ExternalAuthProtocol,
    pub backend_ref: BackendObjectReference,
    pub grpc: Option<GrpcAuthConfig>,
    pub http: Option<HttpAuthConfig>,
    pub forward_body: Option<ForwardBody>,
}

/// How the authorization service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExternalAuthProtocol {
    Http,
    Grpc,
}

/// What a gRPC authorization service sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcAuthConfig {
    #[serde(default)]
    pub allowed_headers: Vec<HeaderName>,
}

/// What an HTTP authorization service sees and answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpAuthConfig {
    pub path: Option<String>,
    #[serde(default)]
    pub allowed_headers: Vec<HeaderName>,
    #[serde(default)]
    pub allowed_response_headers: Vec<HeaderName>,
}

/// How much of the body the authorization service sees, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForwardBody {
    pub max_size: Option<i64>,
}

/// Limits on how long a request may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRouteTimeouts {
    pub request: Option<Duration>,
    pub backend_request: Option<Duration>,
}

/// When and how often a request is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRouteRetry {
    #[serde(default)]
    pub codes: Vec<u16>,
    pub attempts: Option<u64>,
    pub backoff: Option<Duration>,
}

/// [GRPCRouteSpec](https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutespec).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcRouteSpec {
    #[serde(default)]
    pub parent_refs: Vec<ParentReference>,
    pub use_default_gateways: Option<DefaultScope>,
    #[serde(default)]
    pub hostnames: Vec<String>,
    #[serde(default)]
    pub rules: Vec<GrpcRouteRule>,
}

/// One rule of a GRPCRoute.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcRouteRule {
    pub name: Option<SectionName>,
    #[serde(default)]
    pub matches: Vec<GrpcRouteMatch>,
    #[serde(default)]
    pub filters: Vec<GrpcRouteFilter>,
    #[serde(default)]
    pub backend_refs: Vec<GrpcBackendRef>,
    pub session_persistence: Option<SessionPersistence>,
}

/// Conditions on a gRPC call that must all hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcRouteMatch {
    pub method: Option<GrpcMethodMatch>,
    #[serde(default)]
    pub headers: Vec<HeaderMatch>,
}

/// A match on service and method.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcMethodMatch {
    #[serde(rename = "type")]
    pub match_type: super::shared::ValueMatchType,
    pub service: Option<String>,
    pub method: Option<String>,
}

/// A backend of a GRPCRoute rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcBackendRef {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub port: Option<Port>,
    pub weight: u32,
    #[serde(default)]
    pub filters: Vec<GrpcRouteFilter>,
}

/// A filter of a GRPCRoute, one variant for each type.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "GrpcRouteFilterFields")]
pub enum GrpcRouteFilter {
    RequestHeaderModifier(HeaderFilter),
    ResponseHeaderModifier(HeaderFilter),
    RequestMirror(RequestMirrorFilter),
    ExtensionRef(LocalObjectReference),
}

/// The filters of GRPCRoutes are some of those of HTTPRoutes, with the same members.
impl From<&GrpcRouteFilter> for HttpRouteFilter {
    fn from(filter: &GrpcRouteFilter) -> Self {
        match filter.clone() {
            GrpcRouteFilter::RequestHeaderModifier(filter) => Self::RequestHeaderModifier(filter),
            GrpcRouteFilter::ResponseHeaderModifier(filter) => Self::ResponseHeaderModifier(filter),
            GrpcRouteFilter::RequestMirror(filter) => Self::RequestMirror(filter),
            GrpcRouteFilter::ExtensionRef(reference) => Self::ExtensionRef(reference),
        }
    }
}

/// The wire form of [`GrpcRouteFilter`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GrpcRouteFilterFields {
    #[serde(rename = "type")]
    filter_type: String,
    request_header_modifier: Option<HeaderFilter>,
    response_header_modifier: Option<HeaderFilter>,
    request_mirror: Option<RequestMirrorFilter>,
    extension_ref: Option<LocalObjectReference>,
}

impl TryFrom<GrpcRouteFilterFields> for GrpcRouteFilter {
    type Error = String;

    fn try_from(fields: GrpcRouteFilterFields) -> Result<Self, String> {
        let member = match fields.filter_type.as_str() {
            "RequestHeaderModifier" => fields.request_header_modifier.map(Self::RequestHeaderModifier),
            "ResponseHeaderModifier" => fields.response_header_modifier.map(Self::ResponseHeaderModifier),
            "RequestMirror" => fields.request_mirror.map(Self::RequestMirror),
            "ExtensionRef" => fields.extension_ref.map(Self::ExtensionRef),
            _ => None,
        };
        member.ok_or_else(|| format!("filter `{}` has no member of its type", fields.filter_type))
    }
}

/// [TLSRouteSpec](https://gateway-api.sigs.k8s.io/reference/spec/#tlsroutespec).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsRouteSpec {
    #[serde(default)]
    pub parent_refs: Vec<ParentReference>,
    pub use_default_gateways: Option<DefaultScope>,
    #[serde(default)]
    pub hostnames: Vec<String>,
    pub rules: Vec<L4RouteRule>,
}

/// The spec of a TCPRoute or UDPRoute.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct L4RouteSpec {
    #[serde(default)]
    pub parent_refs: Vec<ParentReference>,
    pub use_default_gateways: Option<DefaultScope>,
    pub rules: Vec<L4RouteRule>,
}

/// A rule of a TLSRoute, TCPRoute or UDPRoute.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct L4RouteRule {
    pub name: Option<SectionName>,
    pub backend_refs: Vec<BackendRef>,
}
