//! Why Envoy would refuse a certificate, a key or a bundle.

use std::fmt;

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
