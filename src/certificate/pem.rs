//! PEM: text around the blocks, line lengths and line ends do not matter; a
//! broken block does. What is written is canonical, so that nothing of the
//! input's form reaches the proxy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::flaw::Flaw;

/// How long the lines of a block are.
const LINE: usize = 64;

/// The form of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyLabel {
    /// PKCS#8, of any algorithm.
    Pkcs8,
    /// PKCS#1: RSA.
    Pkcs1,
    /// SEC1: elliptic curves.
    Sec1,
}

impl KeyLabel {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Pkcs8 => "PRIVATE KEY",
            Self::Pkcs1 => "RSA PRIVATE KEY",
            Self::Sec1 => "EC PRIVATE KEY",
        }
    }
}

/// Every certificate of a text, at least one.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, Flaw> {
    let mut found = Vec::new();
    for block in blocks(text) {
        let (kind, der) = block?;
        if kind == SectionKind::Certificate {
            found.push(der);
        }
    }
    if found.is_empty() { Err(Flaw::NoCertificate) } else { Ok(found) }
}

/// The first private key of a text.
pub(super) fn private_key(text: &[u8]) -> Result<(KeyLabel, Vec<u8>), Flaw> {
    let is_encrypted = is_encrypted(text);
    for block in blocks(text) {
        let (kind, der) = block.map_err(|_| if is_encrypted { Flaw::EncryptedKey } else { Flaw::BrokenKey })?;
        let label = match kind {
            SectionKind::PrivateKey => KeyLabel::Pkcs8,
            SectionKind::RsaPrivateKey => KeyLabel::Pkcs1,
            SectionKind::EcPrivateKey => KeyLabel::Sec1,
            _ => continue,
        };
        return Ok((label, der));
    }
    Err(if is_encrypted { Flaw::EncryptedKey } else { Flaw::NoKey })
}

/// Whether a block has the label of an encrypted key, or the header of one.
fn is_encrypted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let is_sign = |line: &str| line == "-----BEGIN ENCRYPTED PRIVATE KEY-----" || line == "Proc-Type: 4,ENCRYPTED";
    text.lines().any(|line| is_sign(line.trim_end()))
}

fn blocks(text: &[u8]) -> impl Iterator<Item = Result<(SectionKind, Vec<u8>), Flaw>> {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(text).map(|block| block.map_err(|_| Flaw::BrokenPem))
}

/// One block of PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).
pub fn encode(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Blocks of one label.
pub(super) fn encode_all(label: &str, ders: &[Vec<u8>]) -> String {
    ders.iter().map(|der| encode(label, der)).collect()
}
