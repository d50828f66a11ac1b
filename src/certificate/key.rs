//! Private keys, and whether a key belongs to a certificate.

use num_bigint::BigUint;
use p256::NistP256;
use p384::NistP384;
use p521::NistP521;
use p521::elliptic_curve::sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint};
use p521::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey as CurvePoint, SecretKey};
use pkcs8::der::Decode;
use ring::signature::Ed25519KeyPair;
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::algorithm::{Algorithm, algorithm_of};
use super::flaw::Flaw;
use super::pem::KeyLabel;

/// A private key, taken apart.
#[derive(Debug)]
pub(super) enum PrivateKey {
    /// The modulus and the public exponent; the rest has been checked against them.
    Rsa { modulus: BigUint, exponent: BigUint },
    /// The scalar, and the curve where the key names it.
    Curve { scalar: Vec<u8>, curve: Option<Algorithm> },
    /// The seed.
    Ed25519 { seed: Vec<u8> },
}

const OID_RSA: &str = "1.2.840.113549.1.1.1";
const OID_EC: &str = "1.2.840.10045.2.1";
const OID_ED25519: &str = "1.3.101.112";
const OID_P256: &str = "1.2.840.10045.3.1.7";
const OID_P384: &str = "1.3.132.0.34";
const OID_P521: &str = "1.3.132.0.35";

/// Reads a private key.
pub(super) fn parse(label: KeyLabel, der: &[u8]) -> Result<PrivateKey, Flaw> {
    match label {
        KeyLabel::Pkcs1 => parse_rsa(der),
        KeyLabel::Sec1 => parse_curve(der, None),
        KeyLabel::Pkcs8 => {
            let info = pkcs8::PrivateKeyInfo::try_from(der).map_err(|_| Flaw::BrokenKey)?;
            match info.algorithm.oid.to_string().as_str() {
                OID_RSA => parse_rsa(info.private_key),
                OID_EC => {
                    let curve = info.algorithm.parameters_oid().ok().map(|oid| oid.to_string());
                    parse_curve(info.private_key, curve.as_deref())
                }
                OID_ED25519 => {
                    // The seed is an octet string inside the octet string.
                    let seed = pkcs8::der::asn1::OctetStringRef::from_der(info.private_key);
                    let seed = seed.map_err(|_| Flaw::BrokenKey)?.as_bytes().to_vec();
                    Ok(PrivateKey::Ed25519 { seed })
                }
                _ => Err(Flaw::UnsupportedKey("its key is none of RSA, ECDSA and Ed25519".to_owned())),
            }
        }
    }
}

/// Reads an RSA key and checks that its numbers fit each other, as BoringSSL does.
fn parse_rsa(der: &[u8]) -> Result<PrivateKey, Flaw> {
    let key = pkcs1::RsaPrivateKey::try_from(der).map_err(|_| Flaw::BrokenKey)?;
    let number = |value: pkcs1::UintRef<'_>| BigUint::from_bytes_be(value.as_bytes());
    let (n, e, d) = (number(key.modulus), number(key.public_exponent), number(key.private_exponent));
    let (p, q) = (number(key.prime1), number(key.prime2));
    let one = BigUint::from(1_u8);
    if p <= one || q <= one {
        return Err(Flaw::BrokenKey);
    }
    let (p1, q1) = (&p - &one, &q - &one);
    let product = &e * &d;
    let consistent = &p * &q == n
        && &product % &p1 == &one % &p1
        && &product % &q1 == &one % &q1
        && &d % &p1 == number(key.exponent1)
        && &d % &q1 == number(key.exponent2)
        && (number(key.coefficient) * &q) % &p == one;
    if consistent { Ok(PrivateKey::Rsa { modulus: n, exponent: e }) } else { Err(Flaw::BrokenKey) }
}

fn parse_curve(der: &[u8], curve: Option<&str>) -> Result<PrivateKey, Flaw> {
    let key = sec1::EcPrivateKey::try_from(der).map_err(|_| Flaw::BrokenKey)?;
    let own = key.parameters.and_then(|parameters| parameters.named_curve()).map(|oid| oid.to_string());
    let curve = match own.as_deref().or(curve) {
        None => None,
        Some(OID_P256) => Some(Algorithm::P256),
        Some(OID_P384) => Some(Algorithm::P384),
        Some(OID_P521) => Some(Algorithm::P521),
        Some(_) => {
            let what = "its elliptic curve is none of P-256, P-384 and P-521";
            return Err(Flaw::UnsupportedKey(what.to_owned()));
        }
    };
    Ok(PrivateKey::Curve { scalar: key.private_key.to_vec(), curve })
}

impl PrivateKey {
    /// Whether the certificate's public key is this key's.
    pub(super) fn belongs_to(&self, certificate: &X509Certificate<'_>) -> Result<bool, Flaw> {
        let public = certificate.public_key();
        let Ok(algorithm) = algorithm_of(public) else { return Ok(false) };
        Ok(match (self, algorithm) {
            (Self::Rsa { modulus, exponent }, Algorithm::Rsa) => match public.parsed() {
                Ok(PublicKey::RSA(rsa)) => {
                    BigUint::from_bytes_be(rsa.modulus) == *modulus && BigUint::from_bytes_be(rsa.exponent) == *exponent
                }
                _ => false,
            },
            (Self::Ed25519 { seed }, Algorithm::Ed25519) => {
                Ed25519KeyPair::from_seed_and_public_key(seed, &public.subject_public_key.data).is_ok()
            }
            (Self::Curve { scalar, curve }, algorithm) if curve.is_none_or(|curve| curve == algorithm) => {
                let point = &public.subject_public_key.data;
                match algorithm {
                    Algorithm::P256 => is_pair::<NistP256>(scalar, point),
                    Algorithm::P384 => is_pair::<NistP384>(scalar, point),
                    Algorithm::P521 => is_pair::<NistP521>(scalar, point),
                    Algorithm::Rsa | Algorithm::Ed25519 => false,
                }
            }
            _ => false,
        })
    }
}

/// Whether the point is that of the scalar, in whichever form it is written.
fn is_pair<C>(scalar: &[u8], point: &[u8]) -> bool
where
    C: CurveArithmetic,
    AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C>,
    FieldBytesSize<C>: ModulusSize,
{
    match (SecretKey::<C>::from_slice(scalar), CurvePoint::<C>::from_sec1_bytes(point)) {
        (Ok(secret), Ok(public)) => secret.public_key() == public,
        _ => false,
    }
}
