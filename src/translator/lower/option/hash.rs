//! `lbHash` ([Session affinity](https://docs.solo.io/gateway/latest/traffic-management/session-affinity/)).

use crate::diagnostics::Finding;
use crate::ir::{HashOf, HashPart};
use crate::parser::api::{OptionHash, OptionHashCookie, OptionHashPolicy};
use crate::path;

use super::part::{Part, Place};

pub(super) fn lower(place: Place<'_>, option: &OptionHash) -> Result<Part, Box<Finding>> {
    let OptionHash { hash_policies } = option;
    let mut parts = Vec::with_capacity(hash_policies.len());
    for (index, OptionHashPolicy { cookie, header, source_ip, terminal }) in hash_policies.iter().enumerate() {
        let at = path!["hashPolicies", index];
        let of = match (cookie, header, source_ip) {
            // The resolver lets no cookie with a length of life through; its path is for those that the proxy makes.
            (Some(OptionHashCookie { name, path: _, ttl: _ }), ..) => {
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c))
                {
                    let message = format!("`{}` is not the name of a cookie", name.escape_debug());
                    return Err(place.refuse(
                        &at.join(&path!["cookie", "name"]),
                        message,
                        "write a name of letters, digits and `-`",
                    ));
                }
                HashOf::Cookie(name.clone())
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
        parts.push(HashPart { of, ends: *terminal });
    }
    Ok(if parts.is_empty() { Part::Nothing } else { Part::Hash(parts) })
}
