//! What backends are told of clients.

use serde::Serialize;

use super::default::is_default;

/// What backends are told of clients, and what clients say of themselves that is believed. What is left out is as
/// docs/defaults.md says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientDetails {
    /// How many proxies in front of this one are believed; `None` for as many as hold for the whole proxy.
    #[serde(skip_serializing_if = "is_default")]
    pub trusted_hops: Option<u32>,
    /// Whether `x-forwarded-for` stays as clients send it.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_addresses: bool,
    /// Whether `x-forwarded-port` tells the port that clients connect to.
    #[serde(skip_serializing_if = "is_default")]
    pub tells_port: bool,
    /// Whether `expect: 100-continue` is for the backend to answer.
    #[serde(skip_serializing_if = "is_default")]
    pub passes_expectations: bool,
    /// What becomes of `x-request-id`.
    #[serde(skip_serializing_if = "is_default")]
    pub request_id: RequestIdRules,
    /// Whether what clients say of themselves is believed, and stays ([`KEPT_OF_BELIEVED`]).
    #[serde(skip_serializing_if = "is_default")]
    pub are_believed: bool,
    /// What `x-forwarded-client-cert` tells of the certificates that clients show.
    #[serde(skip_serializing_if = "is_default")]
    pub certificate: CertificateRules,
}

/// What a client that is believed says of itself, and of whom it speaks for.
pub const KEPT_OF_BELIEVED: &[&str] = &[
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-external-address",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
];

/// What becomes of `x-forwarded-client-cert`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CertificateRules {
    /// What of it backends get.
    #[serde(skip_serializing_if = "is_default")]
    pub header: CertificateHeader,
    /// What is told of a certificate beside its digest, where something is.
    #[serde(skip_serializing_if = "is_default")]
    pub told: CertificateParts,
}

/// What of `x-forwarded-client-cert` backends get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum CertificateHeader {
    /// Nothing.
    #[default]
    Removed,
    /// What a client that shows a certificate says; nothing of others.
    OfShown,
    /// The same, and behind it what the certificate says.
    Appended,
    /// What the certificate says, and nothing of clients without one.
    Replaced,
    /// What any client says, also one without a certificate.
    Kept,
}

impl CertificateHeader {
    /// Whether the certificate is told.
    pub fn is_told(self) -> bool {
        matches!(self, Self::Appended | Self::Replaced)
    }
}

/// What of a certificate is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CertificateParts {
    /// The certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub certificate: bool,
    /// The certificate and those behind it.
    #[serde(skip_serializing_if = "is_default")]
    pub chain: bool,
    /// Its subject.
    #[serde(skip_serializing_if = "is_default")]
    pub subject: bool,
    /// Its URIs.
    #[serde(skip_serializing_if = "is_default")]
    pub uris: bool,
    /// Its DNS names.
    #[serde(skip_serializing_if = "is_default")]
    pub names: bool,
}

/// What becomes of `x-request-id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestIdRules {
    /// Whether the one that a client sends stays.
    #[serde(skip_serializing_if = "is_default")]
    pub kept: bool,
    /// Whether none is made.
    #[serde(skip_serializing_if = "is_default")]
    pub unmade: bool,
    /// Whether it says why its request is traced; `None` for yes.
    #[serde(skip_serializing_if = "is_default")]
    pub says_trace: Option<bool>,
    /// Whether it decides which requests are traced; `None` for yes.
    #[serde(skip_serializing_if = "is_default")]
    pub decides_trace: Option<bool>,
}

impl ClientDetails {
    /// Whatever any listener may keep is kept.
    pub const OPEN: Self = Self {
        trusted_hops: None,
        keeps_addresses: true,
        tells_port: false,
        passes_expectations: true,
        request_id: RequestIdRules { kept: true, unmade: false, says_trace: None, decides_trace: None },
        are_believed: true,
        certificate: CertificateRules {
            header: CertificateHeader::Kept,
            told: CertificateParts { certificate: false, chain: false, subject: false, uris: false, names: false },
        },
    };

    /// Whether a header, named in lower case, may be matched as clients send it, whatever becomes of it otherwise.
    pub fn keep_header(&self, name: &str) -> bool {
        match name {
            name if self.are_believed && KEPT_OF_BELIEVED.contains(&name) => true,
            "x-forwarded-client-cert" => self.certificate.header != CertificateHeader::Removed,
            "x-forwarded-for" => self.keeps_addresses,
            "x-request-id" => self.request_id.kept || self.request_id.unmade,
            "expect" => self.passes_expectations,
            _ => false,
        }
    }
}
