//! [Backend](https://gateway.envoyproxy.io/docs/api/extension_types/#backend).

use serde::Deserialize;

use super::super::shared::{LocalObjectReference, SecretObjectReference};
use crate::port::Port;

/// The spec of a Backend.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendSpec {
    #[serde(rename = "type")]
    pub backend_type: BackendType,
    #[serde(default)]
    pub endpoints: Vec<BackendEndpoint>,
    #[serde(default)]
    pub app_protocols: Vec<BackendAppProtocol>,
    #[serde(default)]
    pub fallback: bool,
    pub tls: Option<BackendTlsOptions>,
}

/// How its endpoints are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum BackendType {
    Endpoints,
    DynamicResolver,
}

/// What is spoken to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum BackendAppProtocol {
    #[serde(rename = "gateway.envoyproxy.io/h2c")]
    H2c,
    #[serde(rename = "gateway.envoyproxy.io/ws")]
    WebSocket,
    #[serde(rename = "gateway.envoyproxy.io/wss")]
    SecureWebSocket,
}

/// One of its endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendEndpoint {
    pub fqdn: Option<BackendFqdn>,
    pub ip: Option<BackendIp>,
    pub unix: Option<BackendSocket>,
    pub hostname: Option<String>,
    pub zone: Option<String>,
}

/// A DNS name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendFqdn {
    pub hostname: String,
    pub port: Port,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendIp {
    pub address: String,
    pub port: Port,
}

/// A socket file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendSocket {
    pub path: String,
}

/// How connections to it are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendTlsOptions {
    #[serde(default)]
    pub ca_certificate_refs: Vec<LocalObjectReference>,
    #[serde(rename = "wellKnownCACertificates")]
    pub well_known_ca_certificates: Option<String>,
    #[serde(default)]
    pub insecure_skip_verify: bool,
    pub sni: Option<String>,
    #[serde(default, rename = "autoSNIFromEndpointHostname")]
    pub auto_sni_from_endpoint_hostname: bool,
    pub client_certificate_ref: Option<SecretObjectReference>,
    pub min_version: Option<TlsProtocolVersion>,
    pub max_version: Option<TlsProtocolVersion>,
    pub ciphers: Option<Vec<String>>,
    #[serde(default)]
    pub ecdh_curves: Vec<String>,
    #[serde(default)]
    pub signature_algorithms: Vec<String>,
    pub alpn_protocols: Option<Vec<String>>,
    #[serde(default)]
    pub fingerprints: Vec<String>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum TlsProtocolVersion {
    Auto,
    #[serde(rename = "1.0")]
    V1_0,
    #[serde(rename = "1.1")]
    V1_1,
    #[serde(rename = "1.2")]
    V1_2,
    #[serde(rename = "1.3")]
    V1_3,
}
