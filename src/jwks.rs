//! Keys and tokens: what verifies a token, and what a token says
//! ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517), [RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
//!
//! Only keys are taken of which everything is understood: public ones of RSA, of the curves P-256 and P-384 and of
//! Ed25519. What a token is worth is decided as Envoy does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value, json};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The least size of an RSA key, in bits.
const LEAST_RSA_BITS: usize = 2048;
/// The largest.
const MOST_RSA_BITS: usize = 8192;

/// Keys, any of which may have signed a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Jwks(Vec<Jwk>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Jwk {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { x: Vec<u8>, y: Vec<u8> },
    P384 { x: Vec<u8>, y: Vec<u8> },
    Ed25519(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
    /// One that no public key here is for: its tokens are read, and none of them counts.
    Unverified,
}

const ALGORITHMS: &[(&str, Algorithm)] = &[
    ("RS256", Algorithm::Rs256),
    ("RS384", Algorithm::Rs384),
    ("RS512", Algorithm::Rs512),
    ("PS256", Algorithm::Ps256),
    ("PS384", Algorithm::Ps384),
    ("PS512", Algorithm::Ps512),
    ("ES256", Algorithm::Es256),
    ("ES384", Algorithm::Es384),
    ("EdDSA", Algorithm::EdDsa),
];

/// What tokens may be signed with beside these.
const UNVERIFIED: [&str; 4] = ["ES512", "HS256", "HS384", "HS512"];

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(own, _)| *own == name).map(|(_, algorithm)| *algorithm)
    }

    /// The algorithm of a token.
    fn of_token(name: &str) -> Option<Self> {
        Self::named(name).or_else(|| UNVERIFIED.contains(&name).then_some(Self::Unverified))
    }

    fn name(self) -> &'static str {
        ALGORITHMS.iter().find(|(_, own)| *own == self).map_or("", |(name, _)| name)
    }
}

impl Jwks {
    /// Reads a set of keys, or one public key in PEM.
    ///
    /// # Errors
    /// What is not understood, as the end of a sentence about the text. No word of the text is in it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with("-----BEGIN") {
            return Ok(Self(vec![Jwk { id: None, algorithm: None, key: of_pem(text)? }]));
        }
        let Ok(Value::Object(set)) = serde_json::from_str::<Value>(text) else {
            return Err("it is neither a set of JSON Web Keys nor a public key in PEM".to_owned());
        };
        let Some(Value::Array(keys)) = set.get("keys") else { return Err("it has no list of `keys`".to_owned()) };
        if keys.is_empty() {
            return Err("it has no key".to_owned());
        }
        let keys = keys.iter().enumerate().map(|(index, key)| {
            let key = key.as_object().ok_or_else(|| "is no object".to_owned()).and_then(jwk);
            key.map_err(|why| format!("the key at position {index} {why}"))
        });
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// The keys as JSON, and nothing else of what was read.
    pub(crate) fn to_json(&self) -> String {
        let keys: Vec<Value> = self.0.iter().map(Jwk::to_json).collect();
        json!({ "keys": keys }).to_string()
    }

    /// Whether one of the keys signed a token.
    pub(crate) fn signature_of(&self, token: &Token) -> Signature {
        let is_other = |own: &Option<String>, said: &Option<String>| own.is_some() && said.is_some() && own != said;
        let mut meant = self
            .0
            .iter()
            .filter(|jwk| !is_other(&jwk.id, &token.key_id) && jwk.algorithm.is_none_or(|own| own == token.algorithm));
        let mut has_key = false;
        let is_right = meant.any(|jwk| {
            has_key = true;
            jwk.key.verifies(token.algorithm, &token.signed, &token.signature)
        });
        match (is_right, has_key) {
            (true, _) => Signature::Right,
            (false, true) => Signature::Wrong,
            (false, false) => Signature::NoKey,
        }
    }
}

/// The members that a key may have: those of its kind, and others that change nothing.
const KNOWN: &[&str] = &["kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y", "x5c", "x5t", "x5t#S256"];

fn jwk(members: &Map<String, Value>) -> Result<Jwk, String> {
    if let Some(position) = members.keys().position(|name| !KNOWN.contains(&name.as_str())) {
        // A private key, or one that both sides share, is no key to be written here.
        return Err(format!("has a member that no public key has, the one at position {position}"));
    }
    let text = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("has a `{name}` that is no text")),
    };
    let bytes = |name: &str| {
        let text = text(name)?.ok_or_else(|| format!("has no `{name}`"))?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("has a `{name}` that is no base64url"))?;
        if bytes.is_empty() { Err(format!("has an empty `{name}`")) } else { Ok(bytes) }
    };
    if text("use")?.is_some_and(|what| what != "sig") {
        return Err("is not for signatures".to_owned());
    }
    let is_for_verifying =
        |operations: &Value| operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
    if members.get("key_ops").is_some_and(|operations| !is_for_verifying(operations)) {
        return Err("is not for verifying".to_owned());
    }
    let key = match (text("kty")?.as_deref(), text("crv")?.as_deref()) {
        (Some("RSA"), _) => rsa(bytes("n")?, bytes("e")?)?,
        (Some("EC"), Some("P-256")) => Key::P256 { x: sized(bytes("x")?, 32)?, y: sized(bytes("y")?, 32)? },
        (Some("EC"), Some("P-384")) => Key::P384 { x: sized(bytes("x")?, 48)?, y: sized(bytes("y")?, 48)? },
        (Some("OKP"), Some("Ed25519")) => Key::Ed25519(sized(bytes("x")?, 32)?),
        _ => return Err("is none of RSA, P-256, P-384 and Ed25519".to_owned()),
    };
    let algorithm = match text("alg")? {
        None => None,
        Some(name) => {
            let known = Algorithm::named(&name).filter(|algorithm| key.suits(*algorithm));
            Some(known.ok_or("has an `alg` that is none of its kind")?)
        }
    };
    let id = text("kid")?.filter(|id| !id.is_empty());
    Ok(Jwk { id, algorithm, key })
}

fn sized(bytes: Vec<u8>, length: usize) -> Result<Vec<u8>, String> {
    if bytes.len() == length { Ok(bytes) } else { Err("has a coordinate of another length than its curve".to_owned()) }
}

fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Key, String> {
    let leading = modulus.iter().take_while(|byte| **byte == 0).count();
    let modulus = modulus[leading..].to_vec();
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits) {
        return Err(format!("has {bits} bits, and {LEAST_RSA_BITS} to {MOST_RSA_BITS} are taken"));
    }
    let leading = exponent.iter().take_while(|byte| **byte == 0).count();
    let exponent = exponent[leading..].to_vec();
    match exponent.last() {
        Some(last) if last % 2 == 1 && exponent.len() <= 4 && exponent != [1] => Ok(Key::Rsa { modulus, exponent }),
        _ => Err("has an exponent that is none".to_owned()),
    }
}

fn of_pem(text: &str) -> Result<Key, String> {
    let bad = || "it is no public key in PEM".to_owned();
    let (rest, pem) = x509_parser::pem::parse_x509_pem(text.as_bytes()).map_err(|_| bad())?;
    if pem.label != "PUBLIC KEY" || !rest.trim_ascii().is_empty() {
        return Err(bad());
    }
    let (rest, info) = SubjectPublicKeyInfo::from_der(&pem.contents).map_err(|_| bad())?;
    if !rest.is_empty() {
        return Err(bad());
    }
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => rsa(key.modulus.to_vec(), key.exponent.to_vec()).map_err(|why| format!("it {why}")),
        Ok(PublicKey::EC(point)) => {
            let (form, coordinates) = point.data().split_first().ok_or_else(bad)?;
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            match (form, coordinates.len()) {
                (4, 64) => Ok(Key::P256 { x: x.to_vec(), y: y.to_vec() }),
                (4, 96) => Ok(Key::P384 { x: x.to_vec(), y: y.to_vec() }),
                _ => Err("it is no key of P-256 or P-384".to_owned()),
            }
        }
        _ => Err("it is none of RSA, P-256 and P-384".to_owned()),
    }
}

impl Jwk {
    fn to_json(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.key {
            Key::Rsa { modulus, exponent } => json!({"kty": "RSA", "n": encode(modulus), "e": encode(exponent)}),
            Key::P256 { x, y } => json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)}),
            Key::P384 { x, y } => json!({"kty": "EC", "crv": "P-384", "x": encode(x), "y": encode(y)}),
            Key::Ed25519(x) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(x)}),
        };
        if let Some(id) = &self.id {
            key["kid"] = id.as_str().into();
        }
        if let Some(algorithm) = self.algorithm {
            key["alg"] = algorithm.name().into();
        }
        key
    }
}

impl Key {
    fn suits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => matches!(self, Self::Rsa { .. }),
            Algorithm::Es256 => matches!(self, Self::P256 { .. }),
            Algorithm::Es384 => matches!(self, Self::P384 { .. }),
            Algorithm::EdDsa => matches!(self, Self::Ed25519(_)),
            Algorithm::Unverified => false,
        }
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let by_rsa = |parameters: &'static signature::RsaParameters| match self {
            Self::Rsa { modulus, exponent } => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }
            _ => false,
        };
        let by_point = |rule: &'static signature::EcdsaVerificationAlgorithm, (x, y): (&[u8], &[u8])| {
            let point = [&[4], x, y].concat();
            UnparsedPublicKey::new(rule, point).verify(message, signature).is_ok()
        };
        match (algorithm, self) {
            (Algorithm::Rs256, _) => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            (Algorithm::Rs384, _) => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            (Algorithm::Rs512, _) => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            (Algorithm::Ps256, _) => by_rsa(&signature::RSA_PSS_2048_8192_SHA256),
            (Algorithm::Ps384, _) => by_rsa(&signature::RSA_PSS_2048_8192_SHA384),
            (Algorithm::Ps512, _) => by_rsa(&signature::RSA_PSS_2048_8192_SHA512),
            (Algorithm::Es256, Self::P256 { x, y }) => by_point(&signature::ECDSA_P256_SHA256_FIXED, (x, y)),
            (Algorithm::Es384, Self::P384 { x, y }) => by_point(&signature::ECDSA_P384_SHA384_FIXED, (x, y)),
            (Algorithm::EdDsa, Self::Ed25519(x)) => {
                UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// Whether a token was signed with one of some keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// It was.
    Right,
    /// It was signed with another key.
    Wrong,
    /// None of them is for it, by its name or its algorithm.
    NoKey,
}

/// A token, of which nothing is verified.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    algorithm: Algorithm,
    key_id: Option<String>,
    signed: Vec<u8>,
    signature: Vec<u8>,
    /// What it says.
    pub(crate) claims: Map<String, Value>,
    /// Who made it.
    pub(crate) issuer: Option<String>,
    /// Whom it is for.
    pub(crate) audiences: Vec<String>,
    /// Until when it counts, in seconds of Unix time; 0 is for ever.
    pub(crate) expires: u64,
    /// From when on.
    pub(crate) begins: u64,
}

impl Token {
    /// Reads a token; `None` for a text that is none, or that no key here can have signed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let object = |part: &str| serde_json::from_slice::<Map<String, Value>>(&decode(part)?).ok();
        let (header, claims) = (object(header)?, object(payload)?);
        let key_id = optional(header.get("kid"), as_text)?.filter(|id| !id.is_empty());
        let number = |name: &str| optional(claims.get(name), as_seconds).map(Option::unwrap_or_default);
        optional(claims.get("sub"), as_text)?;
        number("iat")?;
        let audiences = match claims.get("aud") {
            None => Vec::new(),
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => all.iter().map(as_text).collect::<Option<_>>()?,
            Some(_) => return None,
        };
        Some(Self {
            algorithm: Algorithm::of_token(header.get("alg")?.as_str()?)?,
            key_id,
            signed: text.rsplit_once('.')?.0.as_bytes().to_vec(),
            signature: decode(signature)?,
            issuer: optional(claims.get("iss"), as_text)?,
            audiences,
            expires: number("exp")?,
            begins: number("nbf")?,
            claims,
        })
    }
}

/// A time; what is behind the second does not count.
fn as_seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..9e18).contains(seconds))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is neither below zero nor too large"
    )]
    Some(seconds as u64)
}

fn as_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A member that may be missing, and is of one form where it is there: otherwise `None`.
fn optional<T>(value: Option<&Value>, read: impl Fn(&Value) -> Option<T>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::{Jwks, Token};

    #[test]
    fn keys_of_which_something_is_unknown_are_refused_without_a_word_of_them() {
        let of = |key: &str| Jwks::parse(&format!("{{\"keys\":[{key}]}}")).map(|keys| keys.to_json());
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let key = |more: &str| format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{x}\"{more}}}");
        assert!(of(&key("")).is_ok_and(|json| json.contains(x)));
        assert!(of(&key(",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":\"a\"")).is_ok());
        for more in [
            ",\"d\":\"SECRET\"",
            ",\"k\":\"SECRET\"",
            ",\"alg\":\"RS256\"",
            ",\"alg\":\"none\"",
            ",\"use\":\"enc\"",
            ",\"key_ops\":[\"sign\"]",
            ",\"kid\":1",
        ] {
            assert!(of(&key(more)).is_err_and(|why| !why.contains("SECRET")), "{more}");
        }
        assert!(of("{\"kty\":\"oct\",\"k\":\"SECRET\"}").is_err_and(|why| !why.contains("SECRET")));
        assert!(of("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}").is_err());
    }

    #[test]
    fn tokens_of_another_form_are_none() {
        // {"alg":"EdDSA"}, {}, and a signature that nobody has looked at.
        assert!(Token::parse("eyJhbGciOiJFZERTQSJ9.e30.AA").is_some());
        // {"alg":"HS256"}
        assert!(Token::parse("eyJhbGciOiJIUzI1NiJ9.e30.AA").is_some());
        for text in [
            "",
            "..",
            "eyJhbGciOiJFZERTQSJ9.e30",
            "eyJhbGciOiJFZERTQSJ9.e30.AA.AA",
            "eyJhbGciOiJFZERTQSJ9.W10.AA",
            // {"alg":"none"}
            "eyJhbGciOiJub25lIn0.e30.",
            // {"exp":-1}
            "eyJhbGciOiJFZERTQSJ9.eyJleHAiOi0xfQ.AA",
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }
}
