//! What a rule does: backends, filters and limits become one action. Shared by
//! the kinds of routes.

use std::sync::Arc;

use crate::ir::{
    Across, Action, AttemptCount, DirectResponse, Fault, Forward, HashPart, HeaderMutations, HostRewrite, HttpFilters,
    Metadata, Origin, Retry, RouteGuards, RouteTracing, Session, Target, Timeouts, Upgrades, WeightedBackend,
};

use super::filter::Filters;
use super::redirect_template::RedirectTemplate;
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
    /// What is said of spans.
    pub(super) tracing: Option<RouteTracing>,
    /// What is kept out.
    pub(super) guards: RouteGuards,
    /// The status of what cannot be served.
    pub(super) status: u16,
}

/// Combines the filters of a rule with its backends. There is at least one
/// backend with a weight above 0, or a redirect of the rule itself.
pub(super) fn build_action(
    rule: Filters<'_>,
    mut backends: Vec<RuleBackend<'_>>,
    mut policy: RulePolicy,
) -> RuleAction {
    let session = policy.session.take().map(Arc::new);
    if rule.redirect.is_some() || rule.direct_response.is_some() || backends.is_empty() {
        return build_leaf(rule, Vec::new(), policy, None);
    }
    // A backend that lost its share is here for the sessions that it has.
    if !backends.iter().any(is_cluster) {
        return RuleAction::respond(policy.status);
    }
    if let [only] = backends.as_mut_slice() {
        let filters = rule.followed_by(std::mem::take(&mut only.filters));
        return build_leaf(filters, backends, policy, session);
    }
    // An entry of a list has no host but one that is known.
    let is_literal = |filters: &Filters<'_>| matches!(filters.host_rewrite, None | Some(HostRewrite::Literal(_)));
    let has_host = backends.iter().any(|backend| backend.filters.host_rewrite.is_some());
    let are_entries = is_literal(&rule) || !has_host;
    if are_entries && !backends.iter().any(|backend| backend.filters.need_a_route()) {
        return build_leaf(rule, backends, policy, session);
    }
    let all = (rule, policy, session);
    let branches = backends.into_iter().map(|mut backend| {
        // Each has what the rule says, with its own laid over it.
        let (rule, policy, session) = all.clone();
        let filters = rule.followed_by(std::mem::take(&mut backend.filters));
        let (weight, origin) = (backend.weight, backend.origin);
        (weight, build_leaf(filters, vec![backend], policy, session), origin)
    });
    RuleAction::Split(branches.collect())
}

pub(super) fn is_cluster(backend: &RuleBackend<'_>) -> bool {
    matches!(backend.target, Target::Cluster(_))
}

/// An action that is no split. A single backend's filters are among `filters`.
fn build_leaf(
    mut filters: Filters<'_>,
    backends: Vec<RuleBackend<'_>>,
    policy: RulePolicy,
    session: Option<Arc<Session>>,
) -> RuleAction {
    let RulePolicy {
        timeouts,
        retry,
        session: _,
        tells_host,
        fault,
        hash,
        upgrades,
        metadata,
        tracing,
        guards,
        status,
    } = policy;
    // A service that is not among the clusters leaves nobody to ask.
    let Some(auths) = filters.auths.iter().copied().collect::<Option<Vec<_>>>() else {
        return RuleAction::respond(status);
    };
    let http_filters = HttpFilters { cors: filters.cors.take(), auths, guards, ..HttpFilters::default() }.into();
    if let Some(template) = filters.redirect.take() {
        let response_headers = filters.response_mutations();
        let template = RedirectTemplate { response_headers, http_filters, ..template };
        return RuleAction::Redirect(Box::new(template));
    }
    if let Some(response) = filters.direct_response.take() {
        let response_headers = filters.response_mutations();
        let response = DirectResponse { response_headers, http_filters, ..response };
        return RuleAction::Fixed(Arc::new(Action::DirectResponse(Box::new(response))));
    }
    let selecting = session.as_ref().is_some_and(|session| matches!(session.across, Across::Selector(_)));
    let (entries, request_headers, response_headers) = distribute_headers(&filters, backends, selecting);
    // Envoy prefers the route's host to an entry's: only one of them may have one (measured;
    // [weighted clusters](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-weightedcluster-clusterweight-host-rewrite-literal) name no order).
    let on_entries = entries.iter().any(|entry| entry.host_rewrite.is_some());
    RuleAction::Fixed(Arc::new(Action::Forward(Forward {
        backends: entries,
        http_filters,
        request_headers,
        response_headers,
        path_rewrite: filters.path_rewrite.map(Box::new),
        host_rewrite: filters.host_rewrite.filter(|_| !on_entries).map(Box::new),
        tells_host,
        fault: fault.map(Box::new),
        // Policies alone ask for it.
        bandwidth: None,
        timeouts: timeouts.into(),
        retry: retry.map(Box::new),
        // Options of virtual hosts alone ask for it.
        attempts: AttemptCount::default(),
        upgrades,
        metadata,
        tracing: tracing.map(Box::new),
        mirrors: filters.mirrors,
        hash,
        // Policies alone ask for it.
        draws_by_hash: false,
        session,
    })))
}

/// Puts the rule's changes to headers and host on the route; where one of several backends
/// has its own, on every entry, with the backend's laid over them: Envoy runs
/// an entry's changes before the route's.
fn distribute_headers(
    filters: &Filters<'_>,
    backends: Vec<RuleBackend<'_>>,
    selecting: bool,
) -> (Vec<WeightedBackend>, HeaderMutations, HeaderMutations) {
    let several = backends.len() > 1;
    let fold_request = several && backends.iter().any(|backend| backend.filters.change_request());
    let fold_response = several && backends.iter().any(|backend| backend.filters.change_response());
    let fold_host = several && backends.iter().any(|backend| backend.filters.host_rewrite.is_some());
    let entries =
        backends.into_iter().map(|RuleBackend { weight, target, selector, filters: own, origin }| WeightedBackend {
            weight,
            target,
            request_headers: if fold_request { filters.request_mutations_with(&own) } else { Default::default() },
            response_headers: if fold_response { filters.response_mutations_with(&own) } else { Default::default() },
            host_rewrite: match own.host_rewrite.or_else(|| filters.host_rewrite.clone()) {
                Some(HostRewrite::Literal(host)) if fold_host => Some(host),
                _ => None,
            },
            selector: selector.filter(|_| selecting),
            origin,
        });
    // Collected, the list would keep the room of what it is made of, which takes four times as much.
    let mut list = Vec::with_capacity(entries.len());
    list.extend(entries);
    let on_route = |fold: bool, mutations: HeaderMutations| if fold { HeaderMutations::default() } else { mutations };
    (list, on_route(fold_request, filters.request_mutations()), on_route(fold_response, filters.response_mutations()))
}
