//! `rbac`: who may send requests, by what tokens say. What is not understood as a whole is refused, and its rules with it.

use std::sync::Arc;

use crate::diagnostics::{FieldPath, Finding};
use crate::ir::{AccessPolicy, AccessRule, Claim, ClaimIs, Principal};
use crate::parser::api::{
    GlooEnum, OptionAccess, OptionAccessPolicy, OptionPermissions, OptionPrincipal, OptionTokenPrincipal,
};
use crate::path;

use super::faults::Faults;
use super::part::{Part, Place};

/// Who of those with a token may send which requests.
pub(super) fn lower_access(place: Place<'_>, said: &OptionAccess) -> Result<Part, Box<Finding>> {
    let OptionAccess { disable, policies } = said;
    let mut faults = Faults::new(place);
    match (disable, policies.is_empty()) {
        (true, true) => return Ok(Part::Access(AccessRule::Anybody)),
        (true, false) => {
            faults.add(
                &path!["disable"],
                "there are policies, and none counts",
                "keep one of `disable` and `policies`",
            );
        }
        (false, true) => {
            let help = "add a policy to `policies`, or `disable: true` to let everybody pass";
            faults.add(&path![], "it is not said who may pass", help);
        }
        (false, false) => {}
    }
    let policies = policies.iter().map(|(name, policy)| {
        let at = path!["policies"].with(name.to_owned());
        lower_policy(name, policy, &at, &mut faults)
    });
    let policies = policies.collect();
    first_of(faults, Part::Access(AccessRule::Listed(Arc::new(policies))))
}

fn lower_policy(name: &str, policy: &OptionAccessPolicy, at: &FieldPath, faults: &mut Faults<'_>) -> AccessPolicy {
    let OptionAccessPolicy { nested_claim_delimiter, permissions, principals } = policy;
    if name.is_empty() {
        faults.add(at, "a policy has no name", "write a name");
    }
    if principals.is_empty() {
        faults.add(&at.with("principals"), "the policy is for nobody", "add who may pass, or remove the policy");
    }
    let principals = principals.iter().enumerate().map(|(index, OptionPrincipal { jwt_principal })| {
        let at = at.with("principals").with(index);
        match jwt_principal {
            Some(said) => lower_principal(said, nested_claim_delimiter, &at.with("jwtPrincipal"), faults),
            None => {
                faults.add(&at, "it is not said who may pass", "add `jwtPrincipal`");
                Principal { provider: None, claims: Vec::new() }
            }
        }
    });
    let principals = principals.collect();
    let OptionPermissions { methods, path_prefix } =
        permissions.clone().unwrap_or(OptionPermissions { methods: Vec::new(), path_prefix: String::new() });
    let is_path = |text: &str| text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !path_prefix.is_empty() && (!is_path(&path_prefix) || path_prefix.contains(['?', '#'])) {
        let help = "write the beginning of a path, from its `/` on and without a query";
        faults.add(&at.with("permissions").with("pathPrefix"), "no path begins with it", help);
    }
    for (index, method) in methods.iter().enumerate() {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let help = "write a method in upper case, as `GET`";
            faults.add(&at.with("permissions").with("methods").with(index), "it is no method of HTTP", help);
        }
    }
    let path_prefix = Some(path_prefix).filter(|prefix| !prefix.is_empty());
    AccessPolicy { name: name.to_owned(), principals, path_prefix, methods }
}

fn lower_principal(said: &OptionTokenPrincipal, delimiter: &str, at: &FieldPath, faults: &mut Faults<'_>) -> Principal {
    let OptionTokenPrincipal { claims, matcher, provider } = said;
    if claims.is_empty() {
        faults.add(&at.with("claims"), "it is not said what a token has to say", "add a claim and its value");
    }
    let word = matcher.as_ref().map_or("", |GlooEnum(word)| word.as_str());
    let claims = claims.iter().map(|(name, value)| {
        let here = at.with("claims").with(name.to_owned());
        let path: Vec<String> = match delimiter {
            "" => vec![name.to_owned()],
            delimiter => name.split(delimiter).map(str::to_owned).collect(),
        };
        if path.iter().any(String::is_empty) {
            faults.add(&here, "a part of the name is empty", "write the names of claims, one within the other");
        }
        let is = match (word, value.as_str()) {
            ("" | "0" | "EXACT_STRING", _) => ClaimIs::Text(value.to_owned()),
            ("1" | "BOOLEAN", "true") => ClaimIs::Flag(true),
            ("1" | "BOOLEAN", "false") => ClaimIs::Flag(false),
            ("2" | "LIST_CONTAINS", _) => ClaimIs::ListWith(value.to_owned()),
            ("1" | "BOOLEAN", _) => {
                faults.add(&here, "it is neither true nor false", "write `\"true\"` or `\"false\"`");
                ClaimIs::Flag(false)
            }
            _ => {
                let help = "write `EXACT_STRING`, `BOOLEAN` or `LIST_CONTAINS`";
                faults.add(&at.with("matcher"), "it is not clear how claims are compared", help);
                ClaimIs::Flag(false)
            }
        };
        Claim { path, is }
    });
    Principal { claims: claims.collect(), provider: Some(provider.to_owned()).filter(|name| !name.is_empty()) }
}

fn first_of(faults: Faults<'_>, part: Part) -> Result<Part, Box<Finding>> {
    faults.found().into_iter().next().map_or(Ok(part), |first| Err(Box::new(first)))
}
