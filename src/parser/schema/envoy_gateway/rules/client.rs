//! Rules about connections from clients.

use crate::parser::node::Node;
use crate::parser::schema::rules::{is, list, word};
use crate::parser::schema::table::Breaks;
use crate::path;

/// The versions from the lowest on.
const VERSIONS: [&str; 4] = ["1.0", "1.1", "1.2", "1.3"];
/// Envoy's lowest version where none is set.
const LOWEST: &str = "1.2";

pub(in crate::parser::schema) fn details_have_a_mode(certificate: &Node, breaks: &mut Breaks) {
    let adds = is(certificate, "mode", "AppendForward") || is(certificate, "mode", "SanitizeSet");
    if !list(certificate, "certDetailsToAdd").is_empty() && !adds {
        breaks.at(path!["certDetailsToAdd"], "write `mode: AppendForward` or `mode: SanitizeSet`");
    }
}

pub(in crate::parser::schema) fn ciphers_have_effect(tls: &Node, breaks: &mut Breaks) {
    if is(tls, "minVersion", "1.3") && tls.get("ciphers").is_some() {
        breaks.at(path!["ciphers"], "remove `ciphers`: those of TLS 1.3 cannot be chosen");
    }
}

/// `Auto` is the lowest version as `minVersion`, and the highest as `maxVersion`.
pub(in crate::parser::schema) fn versions_are_in_order(tls: &Node, breaks: &mut Breaks) {
    let rank = |version: &str| VERSIONS.iter().position(|known| *known == version);
    let Some(max) = word(tls, "maxVersion").and_then(rank) else { return };
    if rank(word(tls, "minVersion").unwrap_or(LOWEST)).is_some_and(|min| min > max) {
        breaks.at(
            path!["maxVersion"],
            "write a `minVersion` that is not above `maxVersion`; it is `1.2` where none is set",
        );
    }
}

pub(in crate::parser::schema) fn expiry_is_looked_at(validation: &Node, breaks: &mut Breaks) {
    let allows = validation.get("allowExpiredCertificate") == Some(&Node::Bool(true));
    let verifies = word(validation, "mode").is_none_or(|mode| ["VerifyIfGiven", "RequireAndVerify"].contains(&mode));
    if allows && !verifies {
        let help = "write `mode: RequireAndVerify` or `mode: VerifyIfGiven`, or remove `allowExpiredCertificate`";
        breaks.at(path!["allowExpiredCertificate"], help);
    }
}
