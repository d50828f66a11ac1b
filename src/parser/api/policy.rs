//! BackendTLSPolicy, XBackend, XBackendTrafficPolicy and XMesh.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::shared::{Duration, LocalObjectReference, ObjectReference, SecretObjectReference, SessionPersistence};
use crate::name::{Name, SectionName};
use crate::port::Port;

/// [BackendTLSPolicySpec](https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicyspec).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendTlsPolicySpec {
    pub target_refs: Vec<PolicyTargetReference>,
    pub validation: BackendTlsValidation,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// What a policy applies to, with the port name of a Service as section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyTargetReference {
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub section_name: Option<SectionName>,
}

/// How a backend's certificate is checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendTlsValidation {
    #[serde(default)]
    pub ca_certificate_refs: Vec<LocalObjectReference>,
    #[serde(rename = "wellKnownCACertificates")]
    pub well_known_ca_certificates: Option<String>,
    pub hostname: String,
    #[serde(default)]
    pub subject_alt_names: Vec<SubjectAltName>,
}

/// A name that a backend's certificate may carry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectAltName {
    #[serde(rename = "type")]
    pub san_type: SubjectAltNameType,
    pub hostname: Option<String>,
    pub uri: Option<String>,
}

/// The type of a subject alternative name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SubjectAltNameType {
    Hostname,
    #[serde(rename = "URI")]
    Uri,
}

/// The spec of an XBackend: a backend outside the cluster.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct XBackendSpec {
    #[serde(rename = "type")]
    pub backend_type: XBackendType,
    pub port: XBackendPort,
    pub protocol: Option<XBackendProtocol>,
    pub external_hostname: Option<ExternalHostname>,
    pub tls: Option<XBackendTls>,
}

/// What an XBackend stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum XBackendType {
    ExternalHostname,
}

/// The port of an XBackend.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XBackendPort {
    pub name: Option<String>,
    pub port: Port,
}

/// What an XBackend speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum XBackendProtocol {
    Tcp,
    Http,
    Http2,
    Http11,
    H2c,
    Mcp,
}

/// A DNS name outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalHostname {
    pub hostname: String,
}

/// TLS to an XBackend.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct XBackendTls {
    pub mode: XBackendTlsMode,
    pub client_certificate_ref: Option<SecretObjectReference>,
    pub validation: Option<BackendTlsValidation>,
}

/// Who authenticates whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum XBackendTlsMode {
    None,
    ServerOnly,
    ClientAndServer,
}

/// The spec of an XBackendTrafficPolicy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct XBackendTrafficPolicySpec {
    pub target_refs: Vec<LocalObjectReference>,
    pub retry_constraint: Option<RetryConstraint>,
    pub session_persistence: Option<SessionPersistence>,
}

/// A limit on retries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryConstraint {
    pub budget: RetryBudget,
    pub min_retry_rate: MinRetryRate,
}

/// The share of requests that may be retries, over an interval.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryBudget {
    pub percent: u32,
    pub interval: Duration,
}

/// Retries that are always allowed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinRetryRate {
    pub count: Option<u32>,
    pub interval: Option<Duration>,
}

/// The spec of an XMesh.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct XMeshSpec {
    pub controller_name: String,
    pub parameters_ref: Option<ObjectReference>,
    pub description: Option<String>,
}
