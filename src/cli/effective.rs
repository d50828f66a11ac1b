//! What counts at a rule beside what it says itself, with the object that each part comes from.

use serde::Serialize;

use crate::parser::manifests::ObjectHead;
use crate::resolver::{BackendTls, Resolved, ResolvedListener, ResolvedRoute, ResolvedRule, RuleSession, SaidField};

/// A part of what counts at a rule.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PolicyPart {
    /// The field, or that something of it cannot be honoured.
    pub(super) field: String,
    /// The object that says it.
    pub(super) from: String,
    /// Where it counts: at the rule, on a listener, or on the way to a backend.
    pub(super) at: String,
}

/// What counts at a rule, where listeners are meant.
pub(super) fn effective(
    resolved: &Resolved<'_>,
    (route, rule): (&ResolvedRoute<'_>, &ResolvedRule<'_>),
    is_meant: impl Fn(&ResolvedListener<'_>) -> bool,
) -> Vec<PolicyPart> {
    let from = |head: &ObjectHead| format!("{} {}", head.kind.name(), head.full_name());
    let part = |field: &str, from: String, at: String| PolicyPart { field: field.to_owned(), from, at };
    let of_rule = |field: &str, from: String| part(field, from, "the rule".to_owned());
    let mut parts = Vec::new();
    parts.extend(rule.options.fields.iter().map(|field| of_rule(field.value.field(), from(field.source))));
    if rule.options.failed.is_some() {
        parts.push(of_rule("cannot be honoured: the rule fails", "RouteOption".to_owned()));
    }
    if let Some(RuleSession::OfPolicy(policy, _)) = rule.session {
        parts.push(of_rule("sessionPersistence", from(policy)));
    }
    let hosts = &resolved.virtual_host_options;
    let is_own = |name: &str| rule.options.fields.iter().any(|field| field.value.field() == name);
    for id in route.listeners().filter(|id| is_meant(resolved.listener(*id))) {
        let listener = resolved.listener(id);
        let at = format!("listener {}", listener.spec.name);
        let said = resolved.envoy_policies.said(route, rule.index, listener);
        let who = |field: &SaidField<'_>| match field.over {
            Some(over) => format!("{}, laid over {}", from(field.source), over.full_name()),
            None => from(field.source),
        };
        parts.extend(said.iter().map(|field| part(field.name, who(field), at.to_owned())));
        let options = hosts.of(id).map(|id| &hosts.get(id).fields);
        let options = options.into_iter().flatten().filter(|field| !is_own(field.value.field()));
        parts.extend(options.map(|field| part(field.value.field(), from(field.source), at.to_owned())));
    }
    for backend in rule.backends.iter().filter_map(|backend| backend.outcome.ok()) {
        let backend = resolved.backends.get(backend);
        let at = format!("{}/{}:{}", backend.name.namespace, backend.name.name, backend.name.port);
        if let Some(policy) = backend.policy.map(|at| resolved.backends.policies().get(at)) {
            let word = match backend.tls {
                BackendTls::Invalid(_) => "validation (cannot be used: nobody connects)",
                _ => "validation",
            };
            parts.push(part(word, from(policy.object), at.to_owned()));
        }
        let policy = resolved.traffic_policies.of_backend(backend);
        if let Some(policy) = policy.filter(|policy| policy.spec.retry_constraint.is_some()) {
            parts.push(part("retryConstraint", from(policy), at));
        }
    }
    parts
}
