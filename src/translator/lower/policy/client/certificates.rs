//! `tls.clientValidation`: what clients have to show
//! ([ClientValidationContext](https://gateway.envoyproxy.io/docs/api/extension_types/#clientvalidationcontext)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnostics::FieldPath;
use crate::ir::{ClientChecks, ClientName, ClientNameKind, TextIs};
use crate::parser::api::{ClientCertificateValidation, ClientSubjectAltNames, EnvoyStringMatch};
use crate::path;
use crate::resolver::BundleId;
use crate::translator::lower::option::faults::Faults;

/// How many bytes a SHA-256 has.
const DIGEST_BYTES: usize = 32;

/// What clients have to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::translator::lower) struct AskedCertificates {
    pub(in crate::translator::lower) mode: CertificateMode,
    pub(in crate::translator::lower) authorities: Vec<BundleId>,
}

/// Whether they have to show one, and whether it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::translator::lower) enum CertificateMode {
    /// They are asked.
    Request,
    /// They have to.
    RequireAny,
    /// What they show is checked.
    VerifyIfGiven,
    /// Both.
    RequireAndVerify,
}

/// The authorities are those that the resolver found.
pub(super) fn lower(
    (said, checks): (&ClientCertificateValidation, &ClientChecks),
    authorities: &[BundleId],
    faults: &mut Faults<'_>,
) -> AskedCertificates {
    let mode = match said.mode.as_deref() {
        Some("Request") => CertificateMode::Request,
        Some("RequireAny") => CertificateMode::RequireAny,
        Some("VerifyIfGiven") => CertificateMode::VerifyIfGiven,
        None if said.optional == Some(true) => CertificateMode::VerifyIfGiven,
        Some(_) | None => CertificateMode::RequireAndVerify,
    };
    let at = path!["clientValidation"];
    match mode {
        CertificateMode::VerifyIfGiven | CertificateMode::RequireAndVerify if said.ca_certificate_refs.is_empty() => {
            let message = "certificates of clients shall be checked, and no authority is named for it";
            faults.add(&at, message, "add `caCertificateRefs`");
        }
        CertificateMode::RequireAny if said.ca_certificate_refs.is_empty() => {
            let message = "Envoy lets clients without a certificate in where no authority is named";
            faults.add(&at, message, "add `caCertificateRefs`: clients are told of them, and may show another");
        }
        CertificateMode::Request | CertificateMode::RequireAny if *checks != ClientChecks::default() => {
            let message =
                "certificates of clients are not checked with this `mode`, and something is said of what they are";
            faults.add(&at.with("mode"), message, "write `mode: RequireAndVerify`");
        }
        _ => {}
    }
    AskedCertificates { mode, authorities: authorities.to_vec() }
}

/// What certificates have to be beside being of an authority.
pub(super) fn lower_checks(said: &ClientCertificateValidation, faults: &mut Faults<'_>) -> ClientChecks {
    let ClientCertificateValidation {
        allow_expired_certificate,
        ca_certificate_refs: _,
        certificate_hashes,
        crl: _,
        mode: _,
        optional: _,
        spki_hashes,
        subject_alt_names,
    } = said;
    let at = path!["clientValidation"];
    for (index, _) in certificate_hashes.iter().enumerate().filter(|(_, hash)| !is_hexadecimal(hash)) {
        let message = "it is no SHA-256 of a certificate";
        let help = "write 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` shows them";
        faults.add(&at.with("certificateHashes").with(index), message, help);
    }
    let is_digest = |hash: &String| STANDARD.decode(hash).is_ok_and(|bytes| bytes.len() == DIGEST_BYTES);
    for (index, _) in spki_hashes.iter().enumerate().filter(|(_, hash)| !is_digest(hash)) {
        let message = "it is no SHA-256 of a public key";
        faults.add(&at.with("spkiHashes").with(index), message, "write the 32 bytes of the digest in Base64");
    }
    let names = subject_alt_names.as_ref().map(|names| lower_names(names, &at.with("subjectAltNames"), faults));
    ClientChecks {
        hashes: certificate_hashes.to_vec(),
        key_hashes: spki_hashes.to_vec(),
        names: names.unwrap_or_default(),
        takes_expired: *allow_expired_certificate == Some(true),
    }
}

/// Pairs of digits, with colons between them or without.
fn is_hexadecimal(hash: &str) -> bool {
    let digits = match hash.len() {
        64 => hash.to_owned(),
        95 => hash.split(':').filter(|pair| pair.len() == 2).collect(),
        _ => return false,
    };
    digits.len() == 2 * DIGEST_BYTES && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn lower_names(said: &ClientSubjectAltNames, at: &FieldPath, faults: &mut Faults<'_>) -> Vec<ClientName> {
    let ClientSubjectAltNames { dns_names, email_addresses, ip_addresses, other_names: _, uris } = said;
    let lists = [
        ("dnsNames", ClientNameKind::Dns, dns_names),
        ("emailAddresses", ClientNameKind::Email, email_addresses),
        ("ipAddresses", ClientNameKind::Ip, ip_addresses),
        ("uris", ClientNameKind::Uri, uris),
    ];
    let mut names = Vec::new();
    for (field, kind, list) in lists {
        for (index, EnvoyStringMatch { match_type, value }) in list.iter().enumerate() {
            let text = value.to_owned();
            let is = match match_type.as_str() {
                "Prefix" => TextIs::Prefix(text),
                "Suffix" => TextIs::Suffix(text),
                "RegularExpression" => TextIs::Regex(text),
                _ => TextIs::Exact(text),
            };
            if let TextIs::Regex(pattern) = &is {
                faults.expression(&at.with(field).with(index).with("value"), pattern);
            }
            names.push(ClientName { kind, is });
        }
    }
    names
}
