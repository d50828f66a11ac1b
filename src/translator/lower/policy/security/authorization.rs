//! `authorization` ([Authorization](https://gateway.envoyproxy.io/docs/api/extension_types/#authorization)).

use crate::diagnostics::FieldPath;
use crate::ir::{AccessCondition, AccessOrder, AddressRange, Claim, ClaimIs, OrderedRule, PathMatch, Verdict};
use crate::parser::api::{
    AuthorizationClaim, AuthorizationHeader, AuthorizationOperation, AuthorizationPath, AuthorizationPrincipal,
    AuthorizationRule, AuthorizationToken, SecurityAuthorization,
};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// The claims that scopes are in: as a list, or as words with spaces between them
/// ([RFC 8693](https://www.rfc-editor.org/rfc/rfc8693#name-scope-scopes-claim)).
pub(super) const SCOPES: [&str; 2] = ["scope", "scp"];

/// Who may send which requests. Whoever meets no rule may not, unless it is said that they may.
pub(super) fn lower(said: &SecurityAuthorization, faults: &mut Faults<'_>) -> AccessOrder {
    let SecurityAuthorization { default_action, rules } = said;
    let rules = rules.iter().enumerate().map(|(index, rule)| lower_rule(rule, index, faults));
    AccessOrder { rules: rules.collect(), otherwise: default_action.as_deref().map_or(Verdict::Refused, verdict) }
}

fn verdict(word: &str) -> Verdict {
    match word {
        "Allow" => Verdict::Passes,
        _ => Verdict::Refused,
    }
}

fn lower_rule(rule: &AuthorizationRule, index: usize, faults: &mut Faults<'_>) -> OrderedRule {
    // The resolver lets no `cel` through.
    let AuthorizationRule { action, cel: _, name, operation, principal } = rule;
    let at = path!["rules", index];
    let mut asks = Vec::new();
    if let Some(AuthorizationOperation { methods, path }) = operation {
        asks.extend((!methods.is_empty()).then(|| AccessCondition::Method(methods.to_vec())));
        let at = at.with("operation").with("path");
        asks.extend(path.as_ref().map(|path| lower_path(path, &at, faults)));
    }
    if let Some(principal) = principal {
        lower_principal(principal, &at.with("principal"), &mut asks, faults);
    }
    let name = name.as_ref().map_or_else(|| format!("rule-{index}"), String::to_owned);
    OrderedRule { name, verdict: verdict(action), asks }
}

/// Prefixes are whole parts of the path; an expression sees the query too.
fn lower_path(said: &AuthorizationPath, at: &FieldPath, faults: &mut Faults<'_>) -> AccessCondition {
    let AuthorizationPath { invert, path_type, value } = said;
    let is = match path_type.as_str() {
        "RegularExpression" => PathMatch::Regex(value.to_owned()),
        "Exact" => PathMatch::Exact(value.to_owned()),
        _ => PathMatch::Prefix(value.trim_end_matches('/').to_owned()),
    };
    match &is {
        PathMatch::Regex(expression) => {
            faults.expression(&at.with("value"), expression);
        }
        PathMatch::Exact(_) | PathMatch::Prefix(_) => {
            let is_path = value.starts_with('/') && value.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_path || value.contains(['?', '#']) {
                faults.add(&at.with("value"), "no path is like it", "write a path from its `/` on and without a query");
            }
        }
    }
    AccessCondition::Path { is, inverted: *invert }
}

fn lower_principal(
    said: &AuthorizationPrincipal,
    at: &FieldPath,
    asks: &mut Vec<AccessCondition>,
    faults: &mut Faults<'_>,
) {
    // The resolver lets no places through.
    let AuthorizationPrincipal { client_cidrs, client_ip_geo_locations: _, headers, jwt } = said;
    let mut ranges = Vec::with_capacity(client_cidrs.len());
    for (index, text) in client_cidrs.iter().enumerate() {
        match AddressRange::parse(text) {
            Some(range) => ranges.push(range),
            None => {
                let message = format!("`{}` is no range of addresses", text.escape_debug());
                faults.add(
                    &at.with("clientCIDRs").with(index),
                    message,
                    "write it like `10.0.0.0/8` or `2001:db8::/32`",
                );
            }
        }
    }
    asks.extend((!client_cidrs.is_empty()).then_some(AccessCondition::Client(ranges)));
    for (index, AuthorizationHeader { name, values }) in headers.iter().enumerate() {
        if !name.is_token() {
            let message = format!("`{}` is no name of a header", name.as_str().escape_debug());
            faults.add(&at.with("headers").with(index).with("name"), message, "write a name like `x-user`");
        }
        asks.push(AccessCondition::Header { name: name.lower(), values: values.to_vec() });
    }
    if let Some(token) = jwt {
        lower_token(token, &at.with("jwt"), asks, faults);
    }
}

/// A claim has one of its values, and all scopes are there.
fn lower_token(said: &AuthorizationToken, at: &FieldPath, asks: &mut Vec<AccessCondition>, faults: &mut Faults<'_>) {
    let AuthorizationToken { claims, provider, scopes } = said;
    let mut ask = |any_of: Vec<Claim>| asks.push(AccessCondition::Token { provider: provider.to_owned(), any_of });
    for scope in scopes {
        let claim = |name: &str| Claim { path: vec![name.to_owned()], is: ClaimIs::ListWith(scope.to_owned()) };
        ask(SCOPES.into_iter().map(claim).collect());
    }
    for (index, AuthorizationClaim { name, value_type, values }) in claims.iter().enumerate() {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            let help = "write the names of claims, one within the other, with dots between them";
            faults.add(&at.with("claims").with(index).with("name"), "a part of the name is empty", help);
        }
        let claim = |value: &String| Claim {
            path: path.to_vec(),
            is: match value_type.as_str() {
                "StringArray" => ClaimIs::ListWith(value.to_owned()),
                _ => ClaimIs::Text(value.to_owned()),
            },
        };
        ask(values.iter().map(claim).collect());
    }
}
