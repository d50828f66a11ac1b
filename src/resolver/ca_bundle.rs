//! Bundles of certificate authorities: the PEM text that decides whom the
//! proxy trusts.
//!
//! Input: what a ConfigMap holds under `ca.crt`. Output: the same certificates
//! and revocation lists as PEM without anything around them, or what is wrong.
//! The check is as strict as the proxy's own, because one broken block there
//! stops the whole configuration.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

/// The key that holds the bundle
/// ([caCertificateRefs](https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicyvalidation)).
pub(super) const CA_KEY: &str = "ca.crt";

/// How many characters of base64 a line of PEM has
/// ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468#section-2)).
const PEM_LINE: usize = 64;

const CERTIFICATE: &str = "CERTIFICATE";
const REVOCATION_LIST: &str = "X509 CRL";

/// The certificates and revocation lists of a bundle as clean PEM, or why it cannot be used.
pub(super) fn read_bundle(text: &[u8]) -> Result<String, String> {
    let mut bundle = String::new();
    let mut certificates = 0;
    for (index, block) in Pem::iter_from_buffer(text).enumerate() {
        let number = index + 1;
        let block = block.map_err(|error| format!("PEM block {number} cannot be read: {error}"))?;
        match block.label.as_str() {
            CERTIFICATE => {
                let (rest, _) = X509Certificate::from_der(&block.contents)
                    .map_err(|error| format!("PEM block {number} is no certificate: {error}"))?;
                check_rest(rest, number)?;
                certificates += 1;
            }
            REVOCATION_LIST => {
                let (rest, _) = CertificateRevocationList::from_der(&block.contents)
                    .map_err(|error| format!("PEM block {number} is no revocation list: {error}"))?;
                check_rest(rest, number)?;
            }
            // Keys and parameters beside the certificates are not trusted, and not passed on.
            _ => continue,
        }
        append_block(&mut bundle, &block);
    }
    if certificates == 0 { Err("it holds no certificate".to_owned()) } else { Ok(bundle) }
}

fn check_rest(rest: &[u8], number: usize) -> Result<(), String> {
    if rest.is_empty() { Ok(()) } else { Err(format!("PEM block {number} has bytes behind its content")) }
}

fn append_block(bundle: &mut String, block: &Pem) {
    let encoded = STANDARD.encode(&block.contents);
    let mut rest = encoded.as_str();
    // Writing to a string cannot fail.
    let _ = writeln!(bundle, "-----BEGIN {}-----", block.label);
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(PEM_LINE));
        let _ = writeln!(bundle, "{line}");
        rest = more;
    }
    let _ = writeln!(bundle, "-----END {}-----", block.label);
}
