//! X.509 certificates: what Envoy checks of a leaf, and what is worth knowing.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::hostname::Hostname;

use super::algorithm::{Algorithm, algorithm_of};
use super::flaw::Flaw;

/// From when to when a certificate holds, in seconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: i64,
    /// The last second.
    pub not_after: i64,
}

/// What is known of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its validity.
    pub validity: Validity,
    /// The DNS names among its subject alternative names.
    pub dns_names: Vec<String>,
}

impl Leaf {
    /// Whether the names cover a hostname as clients compare them: a wildcard
    /// stands for exactly one label
    /// ([RFC 6125, section 6.4.3](https://www.rfc-editor.org/rfc/rfc6125#section-6.4.3)).
    pub fn covers(&self, hostname: &Hostname) -> bool {
        let wanted = hostname.to_string();
        let covers = |name: &String| {
            let name = name.to_ascii_lowercase();
            let below = |suffix: &str| wanted.split_once('.').is_some_and(|(_, rest)| rest == suffix);
            name == wanted || name.strip_prefix("*.").is_some_and(below)
        };
        *hostname == Hostname::Any || self.dns_names.iter().any(covers)
    }
}

/// What is known of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its validity.
    pub validity: Validity,
    /// Whether it may sign certificates.
    pub is_authority: bool,
    /// Its subject.
    pub subject: String,
}

/// Parses every certificate; each is read to its last byte.
pub(super) fn parse_all(ders: &[Vec<u8>]) -> Result<Vec<X509Certificate<'_>>, Flaw> {
    let mut parsed = Vec::with_capacity(ders.len());
    for (index, der) in ders.iter().enumerate() {
        match X509Certificate::from_der(der) {
            Ok(([], certificate)) => parsed.push(certificate),
            _ => return Err(Flaw::BrokenCertificate(index)),
        }
    }
    Ok(parsed)
}

/// The first certificate of a chain, when its key can serve TLS.
pub(super) fn leaf(chain: &[X509Certificate<'_>]) -> Result<Leaf, Flaw> {
    let Some(certificate) = chain.first() else { return Err(Flaw::NoCertificate) };
    let algorithm = algorithm_of(certificate.public_key())?;
    // BoringSSL refuses an elliptic curve leaf that may not sign handshakes.
    let usage = certificate.key_usage().ok().flatten();
    if !matches!(algorithm, Algorithm::Rsa | Algorithm::Ed25519)
        && usage.is_some_and(|usage| !usage.value.digital_signature())
    {
        return Err(Flaw::CannotSign);
    }
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let dns_name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    };
    Ok(Leaf { validity: validity(certificate), dns_names: names.iter().filter_map(dns_name).collect() })
}

/// What a certificate says as an authority.
pub(super) fn authority(certificate: &X509Certificate<'_>) -> Authority {
    let constraints = certificate.basic_constraints().ok().flatten();
    Authority {
        validity: validity(certificate),
        is_authority: constraints.is_some_and(|extension| extension.value.ca),
        subject: certificate.subject().to_string(),
    }
}

pub(super) fn validity(certificate: &X509Certificate<'_>) -> Validity {
    let validity = certificate.validity();
    Validity { not_before: validity.not_before.timestamp(), not_after: validity.not_after.timestamp() }
}
