//! What connections of clients are like
//! ([ClientTrafficPolicySpec](https://gateway.envoyproxy.io/docs/api/extension_types/#clienttrafficpolicyspec)).

use serde::Deserialize;

use super::backend::TlsProtocolVersion;
use super::quantity::Quantity;
use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;
use crate::parser::api::{Duration, HttpHeader, SecretObjectReference};

/// `clientIPDetection`: how the address of a client is found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientIpDetection {
    pub custom_header: Option<Untranslated>,
    #[serde(rename = "directSourceIP")]
    pub direct_source_ip: Option<Empty>,
    pub x_forwarded_for: Option<XForwardedFor>,
}

/// A field that says all by being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// The address is in `x-forwarded-for`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct XForwardedFor {
    pub disable_x_forwarded_for_append: Option<bool>,
    pub num_trusted_hops: Option<i64>,
    #[serde(rename = "trustedCIDRs")]
    pub trusted_cidrs: Option<Untranslated>,
}

/// `connection`: how much there may be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientConnection {
    pub buffer_limit: Option<Quantity>,
    pub connection_limit: Option<ClientConnectionLimit>,
    pub max_accept_per_socket_event: i64,
    pub socket_buffer_limit: Option<Untranslated>,
}

/// How many connections there may be, and how long they may last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientConnectionLimit {
    pub close_delay: Option<Duration>,
    pub max_connection_duration: Option<Duration>,
    pub max_requests_per_connection: Option<i64>,
    pub max_stream_duration: Option<Duration>,
    pub value: Option<i64>,
}

/// `grpc`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientGrpc {
    pub enable_web: Option<bool>,
}

/// `headers`: what becomes of headers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHeaders {
    pub disable_rate_limit_headers: Option<bool>,
    pub early_request_headers: Option<ClientHeaderModifier>,
    pub enable_envoy_headers: Option<bool>,
    pub host: Option<ClientHost>,
    pub late_response_headers: Option<Untranslated>,
    pub max_request_header_limit: Option<Quantity>,
    #[serde(rename = "preserveXRequestID")]
    pub preserve_x_request_id: Option<bool>,
    /// `PreserveOrGenerate`, `Preserve`, `Generate` or `Disable`.
    #[serde(rename = "requestID")]
    pub request_id: Option<String>,
    /// `Allow`, `RejectRequest` or `DropHeader`.
    pub with_underscores_action: Option<String>,
    pub x_forwarded_client_cert: Option<XForwardedClientCert>,
}

/// What becomes of headers before rules are looked at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHeaderModifier {
    #[serde(default)]
    pub add: Vec<HttpHeader>,
    #[serde(default)]
    pub add_if_absent: Vec<HttpHeader>,
    #[serde(default)]
    pub remove: Vec<HeaderName>,
    #[serde(default)]
    pub remove_on_match: Vec<EnvoyStringMatch>,
    #[serde(default)]
    pub set: Vec<HttpHeader>,
}

/// What becomes of the host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHost {
    pub strip_trailing_host_dot: Option<bool>,
}

/// What `x-forwarded-client-cert` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct XForwardedClientCert {
    /// `Subject`, `Cert`, `Chain`, `DNS` and `URI`.
    #[serde(default)]
    pub cert_details_to_add: Vec<String>,
    /// `Sanitize`, `ForwardOnly`, `AppendForward`, `SanitizeSet` or `AlwaysForwardOnly`.
    pub mode: Option<String>,
}

/// `healthCheck`: a path that the proxy answers itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHealthCheck {
    pub path: String,
}

/// `http1`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHttp1 {
    pub disable_safe_max_connection_duration: Option<bool>,
    pub enable_trailers: Option<bool>,
    pub http10: Option<ClientHttp10>,
    pub ignored_upgrade_types: Option<Untranslated>,
    pub preserve_header_case: Option<bool>,
}

/// HTTP/1.0 is spoken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHttp10 {
    pub use_default_host: Option<bool>,
}

/// `path`: what becomes of paths.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientPath {
    pub disable_merge_slashes: Option<bool>,
    /// `KeepUnchanged`, `RejectRequest`, `UnescapeAndForward` or `UnescapeAndRedirect`.
    pub escaped_slashes_action: Option<String>,
}

/// `proxyProtocol`: connections begin with a header that tells who the client is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientProxyProtocol {
    pub optional: Option<bool>,
}

/// `timeout`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientTimeout {
    pub http: Option<ClientHttpTimeout>,
    pub tcp: Option<ClientTcpTimeout>,
}

/// Limits of time for requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientHttpTimeout {
    pub idle_timeout: Option<Duration>,
    pub request_headers_received_timeout: Option<Duration>,
    pub request_received_timeout: Option<Duration>,
    pub stream_idle_timeout: Option<Duration>,
}

/// Limits of time for connections.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientTcpTimeout {
    pub connection_inspection_timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    pub tls_handshake_timeout: Option<Duration>,
}

/// `tls`: what is offered in handshakes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientTls {
    #[serde(default)]
    pub alpn_protocols: Vec<String>,
    #[serde(default)]
    pub ciphers: Vec<String>,
    pub client_validation: Option<Box<ClientCertificateValidation>>,
    #[serde(default)]
    pub ecdh_curves: Vec<String>,
    #[serde(default)]
    pub fingerprints: Vec<String>,
    pub max_version: Option<TlsProtocolVersion>,
    pub min_version: Option<TlsProtocolVersion>,
    pub session: Option<ClientTlsSession>,
    #[serde(default)]
    pub signature_algorithms: Vec<String>,
}

/// `clientValidation`: what clients have to show.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientCertificateValidation {
    pub allow_expired_certificate: Option<bool>,
    #[serde(default)]
    pub ca_certificate_refs: Vec<SecretObjectReference>,
    #[serde(default)]
    pub certificate_hashes: Vec<String>,
    pub crl: Option<Untranslated>,
    /// `Request`, `RequireAny`, `VerifyIfGiven` or `RequireAndVerify`.
    pub mode: Option<String>,
    /// The older form of `mode: VerifyIfGiven`.
    pub optional: Option<bool>,
    #[serde(default)]
    pub spki_hashes: Vec<String>,
    pub subject_alt_names: Option<ClientSubjectAltNames>,
}

/// The names of which a certificate has to have one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientSubjectAltNames {
    #[serde(default)]
    pub dns_names: Vec<EnvoyStringMatch>,
    #[serde(default)]
    pub email_addresses: Vec<EnvoyStringMatch>,
    #[serde(default)]
    pub ip_addresses: Vec<EnvoyStringMatch>,
    #[serde(default)]
    pub other_names: Vec<Untranslated>,
    #[serde(default)]
    pub uris: Vec<EnvoyStringMatch>,
}

/// How much of a text is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvoyStringMatch {
    /// `Exact`, `Prefix`, `Suffix` or `RegularExpression`.
    #[serde(rename = "type")]
    pub match_type: String,
    pub value: String,
}

/// How handshakes are made short for clients that come back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientTlsSession {
    pub resumption: Option<ClientTlsResumption>,
}

/// By what: what is left out is not done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientTlsResumption {
    pub stateful: Option<Empty>,
    pub stateless: Option<Empty>,
}
