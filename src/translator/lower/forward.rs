//! What a rule does: backends, filters and limits become one action. Shared by
//! the kinds of routes.

use std::sync::Arc;

use crate::ir::{
    Across, Action, AttemptCount, Fault, Forward, HashPart, HeaderMutations, HostRewrite, HttpFilters, Metadata,
    Origin, Retry, RouteGuards, Session, Target, Timeouts, Upgrades, WeightedBackend,
};

use super::filter::Filters;
use super::rule_action::RuleAction;

/// A backend of a rule with its own filters.
#[derive(Clone, Debug)]
pub(super) struct RuleBackend<'f> {
    pub(super) weight: u32,
    pub(super) target: Target,
    /// What a session's selector says for the backend; `None` for one that cannot be used.
    pub(super) selector: Option<String>,
    pub(super) filters: Filters<'f>,
    pub(super) origin: Origin,
}

/// What holds for all backends of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct RulePolicy {
    pub(super) timeouts: Timeouts,
    pub(super) retry: Option<Retry>,
    pub(super) session: Option<Session>,
    /// Whether backends that see another host are told which one was asked for.
    pub(super) tells_host: bool,
    /// What goes wrong on purpose.
    pub(super) fault: Option<Fault>,
    /// What endpoints are chosen by.
    pub(super) hash: Vec<HashPart>,
    /// What connections may become.
    pub(super) upgrades: Upgrades,
    /// What filters and logs are told.
    pub(super) metadata: Metadata,
    /// What is kept out.
    pub(super) guards: RouteGuards,
    /// The status of what cannot be served.
    pub(super) status: u16,
}

/// Combines the filters of a rule with its backends. There is at least one
/// backend with a weight above 0, or a redirect of the rule itself.
pub(super) fn build_action(rule: &Filters<'_>, backends: &[RuleBackend<'_>], policy: &RulePolicy) -> RuleAction {
    if rule.redirect.is_some() || backends.is_empty() {
        return build_leaf(rule, &[], policy, None);
    }
    // A backend that lost its share is here for the sessions that it has.
    if !backends.iter().any(is_cluster) {
        return RuleAction::respond(policy.status);
    }
    let session = policy.session.clone().map(Arc::new);
    if let [only] = backends {
        return build_leaf(&rule.followed_by(&only.filters), backends, policy, session);
    }
    // An entry of a list has no host but one that is known.
    let is_literal = |filters: &Filters<'_>| matches!(filters.host_rewrite, None | Some(HostRewrite::Literal(_)));
    let has_host = backends.iter().any(|backend| backend.filters.host_rewrite.is_some());
    let are_entries = is_literal(rule) || !has_host;
    if are_entries && !backends.iter().any(|backend| backend.filters.need_a_route()) {
        return build_leaf(rule, backends, policy, session);
    }
    let branches = backends.iter().map(|backend| {
        let filters = rule.followed_by(&backend.filters);
        let leaf = build_leaf(&filters, std::slice::from_ref(backend), policy, session.clone());
        (backend.weight, leaf, backend.origin)
    });
    RuleAction::Split(branches.collect())
}

pub(super) fn is_cluster(backend: &RuleBackend<'_>) -> bool {
    matches!(backend.target, Target::Cluster(_))
}

/// An action that is no split. A single backend's filters are among `filters`.
fn build_leaf(
    filters: &Filters<'_>,
    backends: &[RuleBackend<'_>],
    policy: &RulePolicy,
    session: Option<Arc<Session>>,
) -> RuleAction {
    // A service that is not among the clusters leaves nobody to ask.
    let Some(auths) = filters.auths.iter().copied().collect::<Option<Vec<_>>>() else {
        return RuleAction::respond(policy.status);
    };
    let http_filters = HttpFilters { cors: filters.cors.clone(), auths, guards: policy.guards.clone() };
    if let Some(template) = &filters.redirect {
        let response_headers = filters.response_mutations();
        return RuleAction::Redirect { template: template.clone(), response_headers, http_filters };
    }
    let selecting = session.as_ref().is_some_and(|session| matches!(session.across, Across::Selector(_)));
    let (entries, request_headers, response_headers) = distribute_headers(filters, backends, selecting);
    // Envoy prefers the route's host to an entry's: only one of them may have one (measured;
    // [weighted clusters](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-weightedcluster-clusterweight-host-rewrite-literal) name no order).
    let on_entries = entries.iter().any(|entry| entry.host_rewrite.is_some());
    RuleAction::Fixed(Arc::new(Action::Forward(Forward {
        backends: entries,
        http_filters,
        request_headers,
        response_headers,
        path_rewrite: filters.path_rewrite.clone(),
        host_rewrite: filters.host_rewrite.clone().filter(|_| !on_entries),
        tells_host: policy.tells_host,
        fault: policy.fault,
        timeouts: policy.timeouts,
        retry: policy.retry.clone(),
        // Options of virtual hosts alone ask for it.
        attempts: AttemptCount::default(),
        upgrades: policy.upgrades,
        metadata: policy.metadata.clone(),
        mirrors: filters.mirrors.clone(),
        hash: policy.hash.clone(),
        session,
    })))
}

/// Puts the rule's changes to headers and host on the route; where one of several backends
/// has its own, on every entry, with the backend's laid over them: Envoy runs
/// an entry's changes before the route's.
fn distribute_headers(
    filters: &Filters<'_>,
    backends: &[RuleBackend<'_>],
    selecting: bool,
) -> (Vec<WeightedBackend>, HeaderMutations, HeaderMutations) {
    let several = backends.len() > 1;
    let fold_request = several && backends.iter().any(|backend| backend.filters.change_request());
    let fold_response = several && backends.iter().any(|backend| backend.filters.change_response());
    let fold_host = several && backends.iter().any(|backend| backend.filters.host_rewrite.is_some());
    let entries = backends.iter().map(|backend| {
        let own = (fold_request || fold_response).then(|| filters.followed_by(&backend.filters));
        let folded = |fold: bool| own.as_ref().filter(|_| fold);
        WeightedBackend {
            weight: backend.weight,
            target: backend.target,
            request_headers: folded(fold_request).map(Filters::request_mutations).unwrap_or_default(),
            response_headers: folded(fold_response).map(Filters::response_mutations).unwrap_or_default(),
            host_rewrite: match backend.filters.host_rewrite.as_ref().or(filters.host_rewrite.as_ref()) {
                Some(HostRewrite::Literal(host)) if fold_host => Some(host.clone()),
                _ => None,
            },
            selector: backend.selector.clone().filter(|_| selecting),
            origin: backend.origin,
        }
    });
    let on_route = |fold: bool, mutations: HeaderMutations| if fold { HeaderMutations::default() } else { mutations };
    (
        entries.collect(),
        on_route(fold_request, filters.request_mutations()),
        on_route(fold_response, filters.response_mutations()),
    )
}
