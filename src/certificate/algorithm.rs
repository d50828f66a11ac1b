//! The algorithms of keys, and which of them Envoy accepts in a leaf.

use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::flaw::Flaw;

/// An algorithm of keys that Envoy loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

/// The smallest RSA key that Envoy loads.
const LEAST_RSA_BITS: usize = 2048;

/// The algorithm of a public key, when Envoy accepts it in a leaf.
pub(super) fn algorithm_of(key: &SubjectPublicKeyInfo<'_>) -> Result<Algorithm, Flaw> {
    let unsupported = |what: &str| Err(Flaw::UnsupportedKey(what.to_owned()));
    let oid = &key.algorithm.algorithm;
    if *oid == OID_PKCS1_RSAENCRYPTION {
        let Ok(PublicKey::RSA(rsa)) = key.parsed() else { return unsupported("its RSA key cannot be read") };
        let bits = rsa.key_size();
        if bits < LEAST_RSA_BITS {
            return Err(Flaw::UnsupportedKey(format!(
                "its RSA key has {bits} bits, and Envoy demands {LEAST_RSA_BITS} or more"
            )));
        }
        return Ok(Algorithm::Rsa);
    }
    if *oid == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        return match curve {
            Some(curve) if curve == OID_EC_P256 => Ok(Algorithm::P256),
            Some(curve) if curve == OID_NIST_EC_P384 => Ok(Algorithm::P384),
            Some(curve) if curve == OID_NIST_EC_P521 => Ok(Algorithm::P521),
            _ => unsupported("its elliptic curve is none of P-256, P-384 and P-521"),
        };
    }
    if *oid == OID_SIG_ED25519 {
        return Ok(Algorithm::Ed25519);
    }
    unsupported("its key is none of RSA, ECDSA and Ed25519")
}
