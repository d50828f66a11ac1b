//! `lbHash` ([Session affinity](https://docs.solo.io/gateway/latest/traffic-management/session-affinity/)).

use crate::diagnostics::{FieldPath, Finding};
use crate::ir::{HashCookie, HashOf, HashPart};
use crate::parser::api::{GoDuration, OptionHash, OptionHashCookie, OptionHashPolicy};
use crate::path;

use super::part::{Part, Place};

pub(super) fn lower(place: Place<'_>, option: OptionHash) -> Result<Part, Box<Finding>> {
    let OptionHash { hash_policies } = option;
    let mut parts = Vec::with_capacity(hash_policies.len());
    for (index, OptionHashPolicy { cookie, header, source_ip, terminal }) in hash_policies.into_iter().enumerate() {
        let at = path!["hashPolicies", index];
        let of = match (cookie, header, source_ip) {
            (Some(cookie), ..) => {
                let OptionHashCookie { name, path, ttl } = cookie;
                if !is_cookie_name(&name) {
                    let message = format!("`{}` is not the name of a cookie", name.escape_debug());
                    return Err(place.refuse(
                        &at.join(&path!["cookie", "name"]),
                        message,
                        "write a name of letters, digits and `-`",
                    ));
                }
                match ttl {
                    // Its path is for those that the proxy makes.
                    None => HashOf::Cookie(name),
                    Some(GoDuration(life)) => {
                        let given = HashCookie { name, life, path };
                        HashOf::GivenCookie(check_given(place, &at.join(&path!["cookie"]), given)?)
                    }
                }
            }
            (None, Some(name), _) if name.is_token() => HashOf::Header(name.lower()),
            (None, Some(name), _) => {
                let message = format!("`{name}` is not a header name");
                return Err(place.refuse(
                    &at.join(&path!["header"]),
                    message,
                    "write a name of letters, digits and `-`",
                ));
            }
            (None, None, Some(true)) => HashOf::Client,
            // Nothing is looked at.
            (None, None, _) => continue,
        };
        parts.push(HashPart { of, ends: terminal });
    }
    Ok(if parts.is_empty() { Part::Nothing } else { Part::Hash(parts) })
}

/// Whether a text can be the name of a cookie.
pub(in crate::translator::lower) fn is_cookie_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c))
}

/// A cookie that clients are given, where it can be made.
fn check_given(place: Place<'_>, at: &FieldPath, given: HashCookie) -> Result<HashCookie, Box<Finding>> {
    if given.life.subsec_nanos() != 0 {
        let message = "the life of a cookie is counted in whole seconds";
        return Err(place.refuse(&at.join(&path!["ttl"]), message, "write whole seconds, or `0s` for a session"));
    }
    if let Some(found) = given.path.chars().find(|c| !c.is_ascii_graphic() || *c == ';') {
        let message = format!("`{}` cannot stand in the path of a cookie", found.escape_debug());
        return Err(place.refuse(&at.join(&path!["path"]), message, "write a path of printable characters"));
    }
    Ok(given)
}
