//! Certificates, keys and bundles of authorities, read as strictly as Envoy
//! reads them when it loads its configuration.
//!
//! Input: the bytes of a Secret or a ConfigMap. Output: the same material in
//! one canonical PEM form, with what is to be known of it; or the flaw that
//! Envoy would refuse the whole configuration for. Pure: no clock, no files.

mod chain;
mod key;
mod pem;

use std::fmt;

pub use chain::{Authority, Leaf, Validity};

/// A certificate chain with the private key of its leaf, both in canonical PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The chain, the leaf first.
    pub chain: String,
    /// The key.
    pub key: String,
    /// What the leaf says.
    pub leaf: Leaf,
    /// The validity of each certificate behind it.
    pub issuers: Vec<Validity>,
}

/// A set of authorities in canonical PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The certificates.
    pub pem: String,
    /// What each of them says, in the same order.
    pub authorities: Vec<Authority>,
}

/// Why Envoy would refuse a certificate, a key or a bundle. Positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// There is no PEM block of a certificate.
    NoCertificate,
    /// The text is not PEM, or a block is not base64.
    BrokenPem,
    /// A block is not an X.509 certificate.
    BrokenCertificate(usize),
    /// The leaf has a key that cannot serve TLS.
    UnsupportedKey(String),
    /// The leaf is for signing certificates, not connections.
    CannotSign,
    /// There is no PEM block of a private key.
    NoKey,
    /// The private key is protected by a password.
    EncryptedKey,
    /// The block is not a private key, or not a consistent one.
    BrokenKey,
    /// The key is not that of the first certificate; of which other one it is, if any.
    KeyMismatch(Option<usize>),
}

impl Flaw {
    /// Whether the fault lies in the private key's text rather than in the certificate's.
    pub fn is_in_key(&self) -> bool {
        matches!(self, Self::NoKey | Self::EncryptedKey | Self::BrokenKey | Self::KeyMismatch(None))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("there is no certificate in it"),
            Self::BrokenPem => f.write_str("a PEM block is broken"),
            Self::BrokenCertificate(index) => write!(f, "block {} is not an X.509 certificate", index + 1),
            Self::UnsupportedKey(what) => write!(f, "{what}"),
            Self::CannotSign => f.write_str("its key usage does not allow digital signatures"),
            Self::NoKey => f.write_str("there is no private key in it"),
            Self::EncryptedKey => f.write_str("the private key is encrypted"),
            Self::BrokenKey => f.write_str("the private key cannot be read"),
            Self::KeyMismatch(None) => f.write_str("the private key belongs to another certificate"),
            Self::KeyMismatch(Some(index)) => {
                write!(f, "the private key belongs to certificate {} of the chain, not to the first", index + 1)
            }
        }
    }
}

/// Reads a chain and the key of its leaf.
///
/// # Errors
///
/// The first flaw that Envoy would refuse the pair for.
pub fn read_key_pair(chain: &[u8], key: &[u8]) -> Result<KeyPair, Flaw> {
    let certificates = pem::certificates(chain)?;
    let parsed = chain::parse_all(&certificates)?;
    let leaf = chain::leaf(&parsed)?;
    let (label, der) = pem::private_key(key)?;
    let private = key::parse(label, &der)?;
    if !private.belongs_to(&parsed[0])? {
        let owner = parsed.iter().position(|certificate| private.belongs_to(certificate) == Ok(true));
        return Err(Flaw::KeyMismatch(owner));
    }
    let issuers = parsed.iter().skip(1).map(chain::validity).collect();
    let chain = pem::encode_all("CERTIFICATE", &certificates);
    Ok(KeyPair { chain, key: pem::encode(label.text(), &der), leaf, issuers })
}

/// Reads a bundle of authorities. Every block counts: Envoy refuses the whole
/// bundle for one that is broken.
///
/// # Errors
///
/// The first flaw that Envoy would refuse the bundle for.
pub fn read_bundle(bundle: &[u8]) -> Result<Bundle, Flaw> {
    let certificates = pem::certificates(bundle)?;
    let parsed = chain::parse_all(&certificates)?;
    Ok(Bundle {
        pem: pem::encode_all("CERTIFICATE", &certificates),
        authorities: parsed.iter().map(chain::authority).collect(),
    })
}

#[cfg(test)]
mod tests;
