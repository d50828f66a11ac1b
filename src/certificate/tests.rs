//! The flaws that Envoy 1.40 refuses a configuration for, and the forms that it takes.

use super::{Bundle, Flaw, KeyPair, read_bundle, read_key_pair};
use crate::hostname::Hostname;

/// A file of the test certificates.
fn pki(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/pki/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pair(certificate: &str, key: &str) -> Result<KeyPair, Flaw> {
    let chain: Vec<u8> = certificate.split('+').flat_map(pki).collect();
    read_key_pair(&chain, &pki(key))
}

fn flaw(certificate: &str, key: &str) -> Flaw {
    pair(certificate, key).expect_err("a flaw")
}

#[test]
fn every_form_of_key_that_envoy_takes_is_read() {
    for (certificate, key) in [
        ("web.crt", "web.key"),
        ("rsa.crt", "rsa.key"),
        ("rsa.crt", "rsa-pkcs1.key"),
        ("curve.crt", "curve-sec1.key"),
        ("p384.crt", "p384.key"),
        ("p521.crt", "p521.key"),
        ("compressed-p256.crt", "compressed-p256.key"),
        ("compressed-p384.crt", "compressed-p384.key"),
        ("ed25519.crt", "ed25519.key"),
        ("chained.crt", "chained.key"),
    ] {
        let read = pair(certificate, key).unwrap_or_else(|flaw| panic!("{certificate}, {key}: {flaw}"));
        // What openssl wrote is canonical already.
        assert_eq!(read.chain.as_bytes(), pki(certificate), "{certificate}");
        assert_eq!(read.key.as_bytes(), pki(key), "{key}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    for (certificate, key) in [
        ("web.crt", "api.key"),
        ("web.crt", "rsa.key"),
        ("rsa.crt", "web-rsa.key"),
        ("rsa.crt", "web.key"),
        ("p384.crt", "web.key"),
        ("p521.crt", "p384.key"),
        ("compressed-p256.crt", "web.key"),
        ("compressed-p384.crt", "p384.key"),
        ("ed25519.crt", "web.key"),
        ("web.crt", "ed25519.key"),
    ] {
        assert_eq!(flaw(certificate, key), Flaw::KeyMismatch(None), "{certificate}, {key}");
    }
    assert_eq!(flaw("intermediate.crt+chained.crt", "chained.key"), Flaw::KeyMismatch(Some(1)));
    assert!(Flaw::KeyMismatch(None).is_in_key() && !Flaw::KeyMismatch(Some(1)).is_in_key());
}

#[test]
fn keys_that_envoy_does_not_take_are_refused() {
    assert!(matches!(flaw("weak.crt", "weak.key"), Flaw::UnsupportedKey(text) if text.contains("1024 bits")));
    assert!(matches!(flaw("koblitz.crt", "koblitz.key"), Flaw::UnsupportedKey(_)));
    assert!(matches!(flaw("web.crt", "koblitz.key"), Flaw::UnsupportedKey(_)));
    assert_eq!(flaw("unsigned-usage.crt", "unsigned-usage.key"), Flaw::CannotSign);
    assert_eq!(flaw("rsa.crt", "rsa-encrypted.key"), Flaw::EncryptedKey);
    assert_eq!(flaw("rsa.crt", "rsa-legacy-encrypted.key"), Flaw::EncryptedKey);
    assert_eq!(flaw("web.crt", "web.crt"), Flaw::NoKey);
}

#[test]
fn one_broken_block_spoils_a_chain() {
    let good = String::from_utf8(pki("web.crt")).unwrap();
    let with = |text: &str| read_key_pair(text.as_bytes(), &pki("web.key"));
    assert_eq!(with(""), Err(Flaw::NoCertificate));
    assert_eq!(with("not a certificate"), Err(Flaw::NoCertificate));
    let broken = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydA==\n-----END CERTIFICATE-----\n";
    assert_eq!(with(&format!("{good}{broken}")), Err(Flaw::BrokenCertificate(1)));
    assert_eq!(with(&good.replace("-----END", "----END")), Err(Flaw::BrokenPem));
    assert_eq!(with(&good.replace("MII", "!II")), Err(Flaw::BrokenPem));
}

#[test]
fn the_form_of_the_text_does_not_reach_the_output() {
    let good = String::from_utf8(pki("web.crt")).unwrap();
    let body: String = good.lines().filter(|line| !line.starts_with('-')).collect();
    let key = String::from_utf8(pki("web.key")).unwrap();
    for text in [
        good.replace('\n', "\r\n"),
        format!("Subject: CN=web\n{good}\ntrailing text"),
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"),
        format!("{key}{good}"),
    ] {
        assert_eq!(read_key_pair(text.as_bytes(), key.as_bytes()).map(|pair| pair.chain), Ok(good.clone()));
    }
}

#[test]
fn an_rsa_key_whose_numbers_do_not_fit_is_refused() {
    use base64::Engine;
    let text = String::from_utf8(pki("rsa-pkcs1.key")).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    // The last byte belongs to the coefficient.
    *der.last_mut().unwrap() ^= 2;
    let spoiled = super::pem::encode("RSA PRIVATE KEY", &der);
    assert_eq!(read_key_pair(&pki("rsa.crt"), spoiled.as_bytes()), Err(Flaw::BrokenKey));
}

#[test]
fn bundles_keep_every_authority() {
    let bundle: Vec<u8> = [pki("ca.crt"), pki("other-ca.crt")].concat();
    let Bundle { pem, authorities } = read_bundle(&bundle).unwrap();
    assert_eq!(pem.as_bytes(), bundle);
    let facts: Vec<_> = authorities.iter().map(|a| (a.subject.as_str(), a.is_authority)).collect();
    assert_eq!(facts, [("CN=ca", true), ("CN=other-ca", true)]);
    assert!(!read_bundle(&pki("client.crt")).unwrap().authorities[0].is_authority);
    assert_eq!(read_bundle(b""), Err(Flaw::NoCertificate));
}

#[test]
fn a_wildcard_of_a_certificate_covers_one_label() {
    let leaf = pair("web.crt", "web.key").unwrap().leaf;
    let covers = |text: &str| leaf.covers(&Hostname::from_field(Some(text)));
    for covered in ["example.com", "www.example.com", "*.example.com", "*.wildcard.org"] {
        assert!(covers(covered), "{covered}");
    }
    for other in ["a.b.example.com", "*.b.example.com", "wildcard.org", "*.org", "other.test"] {
        assert!(!covers(other), "{other}");
    }
    assert!(leaf.covers(&Hostname::Any));
}

#[test]
fn validity_is_in_unix_time() {
    let validity = pair("expired.crt", "expired.key").unwrap().leaf.validity;
    assert_eq!((validity.not_before, validity.not_after), (1_577_836_800, 1_609_459_200));
}
