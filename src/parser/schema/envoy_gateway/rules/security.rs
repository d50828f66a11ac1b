//! Rules about who may send requests.

use crate::parser::node::Node;
use crate::parser::schema::rules::{is, list, word};
use crate::parser::schema::table::Breaks;
use crate::path;

pub(in crate::parser::schema) fn claims_have_a_provider(spec: &Node, breaks: &mut Breaks) {
    let rules = spec.get("authorization").map(|authorization| list(authorization, "rules")).unwrap_or_default();
    let asks = |rule: &Node| rule.get("principal").is_some_and(|principal| principal.get("jwt").is_some());
    if spec.get("jwt").is_none()
        && let Some(index) = rules.iter().position(asks)
    {
        let help = "add `jwt` with the provider of the tokens to this policy";
        breaks.at(path!["authorization", "rules", index, "principal", "jwt"], help);
    }
}

pub(in crate::parser::schema) fn value_is_in_a_known_kind(reference: &Node, breaks: &mut Breaks) {
    if !["ConfigMap", "Secret"].iter().any(|kind| is(reference, "kind", kind)) {
        breaks.at(path!["kind"], "write `ConfigMap` or `Secret`");
    }
    if !["", "v1"].iter().any(|group| is(reference, "group", group)) {
        breaks.at(path!["group"], "write `\"\"`");
    }
}

pub(in crate::parser::schema) fn claims_choose_the_route(provider: &Node, breaks: &mut Breaks) {
    let recomputes = provider.get("recomputeRoute") == Some(&Node::Bool(true));
    if recomputes && list(provider, "claimToHeaders").is_empty() {
        breaks.at(path!["claimToHeaders"], "add `claimToHeaders`, or remove `recomputeRoute`");
    }
}

pub(in crate::parser::schema) fn tokens_have_their_headers(oidc: &Node, breaks: &mut Breaks) {
    let forwards = oidc.get("forwardAccessToken") == Some(&Node::Bool(true));
    let header = oidc.get("forwardIDToken").and_then(|forward| word(forward, "header"));
    if forwards && header.is_some_and(|header| header.eq_ignore_ascii_case("authorization")) {
        let help = "write another header, or remove `forwardAccessToken`";
        breaks.at(path!["forwardIDToken", "header"], help);
    }
}

pub(in crate::parser::schema) fn token_is_not_the_host(forward: &Node, breaks: &mut Breaks) {
    if word(forward, "header").is_some_and(|header| header.eq_ignore_ascii_case("host")) {
        breaks.at(path!["header"], "write another header");
    }
}
