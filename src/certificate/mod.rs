//! Certificates, keys and bundles of authorities, read as strictly as Envoy
//! reads them when it loads its configuration.
//!
//! Input: the bytes of a Secret or a ConfigMap. Output: the same material in
//! one canonical PEM form, with what is to be known of it; or the flaw that
//! Envoy would refuse the whole configuration for. Pure: no clock, no files.

mod algorithm;
mod chain;
mod flaw;
mod key;
mod pem;

pub use chain::{Authority, Leaf, Validity};
pub use flaw::Flaw;
pub use pem::encode as to_pem;

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
