//! What backends are told of clients.

use std::net::IpAddr;

use serde::Serialize;

use super::access_order::AddressRange;
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
    /// Whether some clients are of the house ([`InternalAddresses`]): what they say of themselves stays.
    #[serde(skip_serializing_if = "is_default")]
    pub some_are_internal: bool,
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

/// Tells backends that a request is one of the house.
pub const INTERNAL: &str = "x-envoy-internal";

/// The addresses whose clients are of the house, where they name no other client in `x-forwarded-for`: they may say of a
/// request what is taken out of those of others, and backends are told so ([`INTERNAL`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InternalAddresses {
    /// Ranges of addresses.
    pub ranges: Vec<AddressRange>,
    /// Whether those who come by a socket file are too.
    #[serde(skip_serializing_if = "is_default")]
    pub by_file: bool,
}

impl InternalAddresses {
    /// Whether an address is in one of the ranges.
    pub fn hold(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }
}

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
        some_are_internal: true,
        certificate: CertificateRules {
            header: CertificateHeader::Kept,
            told: CertificateParts { certificate: false, chain: false, subject: false, uris: false, names: false },
        },
    };

    /// Whether a header, named in lower case, may be matched as clients send it, whatever becomes of it otherwise.
    pub fn keep_header(&self, name: &str) -> bool {
        match name {
            name if (self.are_believed || self.some_are_internal) && KEPT_OF_BELIEVED.contains(&name) => true,
            INTERNAL => self.some_are_internal,
            "x-forwarded-client-cert" => self.certificate.header != CertificateHeader::Removed,
            "x-forwarded-for" => self.keeps_addresses,
            "x-request-id" => self.request_id.kept || self.request_id.unmade,
            "expect" => self.passes_expectations,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressRange, InternalAddresses};

    #[test]
    fn ranges_hold_what_begins_alike() {
        let holds = |range: &str, bits: u8, address: &str| {
            let range = AddressRange { address: range.parse().expect("an address"), bits };
            InternalAddresses { ranges: vec![range], by_file: false }.hold(address.parse().expect("an address"))
        };
        assert!(holds("10.0.0.0", 8, "10.255.0.1") && !holds("10.0.0.0", 8, "11.0.0.1"));
        assert!(holds("10.0.0.1", 32, "10.0.0.1") && !holds("10.0.0.1", 32, "10.0.0.0"));
        assert!(holds("0.0.0.0", 0, "192.0.2.1") && !holds("0.0.0.0", 0, "::1"));
        assert!(holds("::", 0, "2001:db8::1") && holds("2001:db8::", 32, "2001:db8:1::"));
        assert!(!holds("2001:db8::", 32, "2001:db9::") && holds("::1", 128, "::1"));
    }
}
