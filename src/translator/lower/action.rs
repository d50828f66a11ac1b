//! From the filters, backends and limits of a rule to what it does, for
//! HTTPRoutes and GRPCRoutes alike: everything that must be reported on the way.

use std::sync::Arc;

use crate::diagnostics::{FieldPath, Reported, codes};
use crate::ir::{Cors, RETRIED_BODY_BYTES, Session, Target};
use crate::parser::api::{HttpRouteRetry, HttpRouteTimeouts, SessionPersistence, XBackendTrafficPolicySpec};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{BackendRefOutcome, Place};

use super::cluster::Carried;
use super::filter::{FilterView, Filters, Idle, ListPlace};
use super::forward::{RuleAction, RuleBackend, RulePolicy, build_action};
use super::retry::{lower_retry, lower_timeouts, session_retry};
use super::rule::{RouteLowering, short};
use super::session::{SessionSource, selector_value};

/// A backendRef of a rule.
#[derive(Clone, Debug)]
pub(super) struct BackendSpec<'f> {
    pub(super) weight: u32,
    pub(super) filters: Vec<FilterView<'f>>,
    pub(super) outcome: BackendRefOutcome,
}

/// The limits of a rule.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PolicySpec<'s> {
    pub(super) timeouts: Option<&'s HttpRouteTimeouts>,
    pub(super) retry: Option<&'s HttpRouteRetry>,
    pub(super) session: Option<&'s SessionPersistence>,
    /// The policy whose session holds where the rule declares none.
    pub(super) session_policy: Option<&'s Object<XBackendTrafficPolicySpec>>,
}

impl RouteLowering<'_> {
    /// Lowers what a rule does.
    pub(super) fn lower_action<'f>(
        &mut self,
        list: ListPlace<'_>,
        filters: impl Iterator<Item = FilterView<'f>>,
        backends: &[BackendSpec<'f>],
        policy: PolicySpec<'_>,
    ) -> RuleAction {
        let own = self.lower_filters(list, filters);
        let given = policy;
        let policy = self.lower_policy(list, policy);
        let (Ok(mut filters), Ok(mut policy)) = (own, policy) else { return self.fail() };
        if filters.redirect.is_some() {
            self.report_idle_policy(list, given);
        } else if given.retry.is_some() {
            self.note_retried_bodies(list);
        }
        if filters.redirect.is_none()
            && let Some(empty) = self.report_no_backend(list.owner, backends)
        {
            return empty;
        }
        let list = ListPlace { after_changes: filters.changes_for_backend(), ..list };
        let mut lowered = Vec::with_capacity(backends.len());
        for (index, spec) in backends.iter().enumerate() {
            let backend = self.lower_backend(list, index, spec);
            if backend.filters.redirect.is_some() && !filters.mirrors.is_empty() {
                let at = list.owner.with("backendRefs").with(index).with("filters");
                self.report_idle(at, Idle::Copies);
            }
            // A backend that lost its share keeps the sessions that it has.
            if spec.weight > 0 || policy.session.is_some() && matches!(backend.target, Target::Cluster(_)) {
                lowered.push(backend);
            }
        }
        let Ok(cors) = self.settle_cors(list, backends, &mut lowered) else { return self.fail() };
        filters.cors = cors.or(filters.cors);
        self.order_auths(&mut filters, &mut lowered);
        if let Some(session) = &mut policy.session {
            let Ok(across) = self.lower_across(list, &session.carrier, &lowered) else { return self.fail() };
            session.across = across;
            self.warn_virtual_backends(list, backends);
        }
        build_action(&filters, &lowered, &policy)
    }

    /// Says up to which body a request is tried again.
    fn note_retried_bodies(&mut self, list: ListPlace<'_>) {
        let limit = RETRIED_BODY_BYTES / (1024 * 1024);
        self.diagnostics.report(
            self.object
                .finding(
                    codes::RETRIED_BODY_LIMIT,
                    list.owner.with("retry"),
                    format!("a request is tried again when its body has {limit} MiB at most"),
                )
                .consequence(format!(
                    "requests with a body above {limit} MiB are sent once, and a failure is the client's to see"
                ))
                .help("let clients repeat large uploads, or split them"),
        );
    }

    /// Warns about limits of a rule that redirects.
    fn report_idle_policy(&mut self, list: ListPlace<'_>, spec: PolicySpec<'_>) {
        let PolicySpec { timeouts, retry, session, session_policy: _ } = spec;
        let fields =
            [("timeouts", timeouts.is_some()), ("retry", retry.is_some()), ("sessionPersistence", session.is_some())];
        for (field, _) in fields.iter().filter(|(_, is_given)| *is_given) {
            self.report_idle(list.owner.with(*field), Idle::Policy);
        }
    }

    /// Makes every request ask the services of its rule first, then those of its backend, each list in its order.
    fn order_auths(&mut self, rule: &mut Filters<'_>, backends: &mut [RuleBackend<'_>]) {
        let auths = &mut self.shared.auths;
        auths.put_in_order(&[], &mut rule.auths);
        backends.iter_mut().for_each(|backend| auths.put_in_order(&rule.auths, &mut backend.filters.auths));
    }

    /// What holds for all backends of a rule.
    fn lower_policy(&mut self, list: ListPlace<'_>, spec: PolicySpec<'_>) -> Result<RulePolicy, Reported> {
        let PolicySpec { timeouts, retry, session, session_policy } = spec;
        let retry = retry.map(lower_retry);
        let timeouts = lower_timeouts(timeouts, retry.is_some());
        let session = self.lower_session(list, session, session_policy)?;
        let retry = retry.or_else(|| session.as_ref().map(|_| session_retry()));
        Ok(RulePolicy { timeouts, retry, session, status: self.answers.failure })
    }

    /// The session of a rule: its own, else that of a policy.
    fn lower_session(
        &mut self,
        list: ListPlace<'_>,
        own: Option<&SessionPersistence>,
        policy: Option<&Object<XBackendTrafficPolicySpec>>,
    ) -> Result<Option<Session>, Reported> {
        let rule = self.rule_in_words(list.rule);
        let consequence = self.answers.rule_fails;
        let of_policy = policy.and_then(|policy| Some((policy, policy.spec.session_persistence.as_ref()?)));
        let session = match (own, of_policy) {
            (Some(spec), _) => {
                let at = list.owner.with("sessionPersistence");
                let source = SessionSource { object: self.object, at, rule, shared: false, consequence };
                self.shared.sessions.lower(&source, spec, self.diagnostics)?
            }
            (None, Some((object, spec))) => {
                let at = path!["spec", "sessionPersistence"];
                let source = SessionSource { object, at, rule, shared: true, consequence };
                self.shared.sessions.lower(&source, spec, self.diagnostics)?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(session))
    }

    /// A rule in words that no other rule has.
    pub(super) fn rule_in_words(&self, rule: usize) -> String {
        format!("{}/{}/{}/{rule}", self.answers.kind, self.namespace, self.name)
    }

    /// What a rule does that nobody answers for; the reason has been reported then.
    fn report_no_backend(&mut self, at: &FieldPath, backends: &[BackendSpec<'_>]) -> Option<RuleAction> {
        if backends.is_empty() {
            self.report_no_backends(at.clone());
            return Some(RuleAction::respond(self.answers.no_backends));
        }
        if backends.iter().any(|backend| backend.weight > 0) {
            return None;
        }
        self.diagnostics.report(
            self.object
                .finding(codes::ZERO_WEIGHTS, at.with("backendRefs"), "every backend of the rule has weight 0")
                .consequence(self.answers.rule_fails)
                .help("give one backend a weight"),
        );
        Some(self.fail())
    }

    fn report_no_backends(&mut self, at: FieldPath) {
        self.diagnostics.report(
            self.object
                .finding(codes::NO_BACKENDS, at, "the rule has no backends")
                .label("no `backendRefs` and no filter that answers")
                .consequence(self.answers.rule_is_empty)
                .help(if self.answers.carried == Carried::Http {
                    "add `backendRefs`, or a RequestRedirect filter"
                } else {
                    "add `backendRefs`"
                }),
        );
    }

    fn lower_backend<'f>(&mut self, rule: ListPlace<'_>, index: usize, spec: &BackendSpec<'f>) -> RuleBackend<'f> {
        let BackendSpec { weight, filters, outcome } = spec;
        let at = rule.owner.with("backendRefs").with(index);
        let list = ListPlace { backend: Some(index), owner: &at, ..rule };
        let own = self.lower_filters(list, filters.iter().copied());
        let cluster = outcome.ok().and_then(|id| self.clusters.get_for(id, self.answers.carried));
        let failure = Target::Invalid(self.answers.failure);
        let (target, filters) = match (cluster, own) {
            (Some(cluster), Ok(own)) => (Target::Cluster(cluster), own),
            // A reference that cannot be used answers with an error, also where a redirect would not need it.
            (None, Ok(own)) => (failure, own.of_failure()),
            (_, Err(_)) => (failure, Filters::default()),
        };
        let selector =
            cluster.and_then(|cluster| self.clusters.get(cluster)).map(|cluster| selector_value(&cluster.backend));
        let place = Place::BackendRef { rule: short(rule.rule), index: short(index) };
        let origin = self.origins.origin(self.registered, place);
        RuleBackend { weight: *weight, target, selector, filters, origin }
    }

    /// CORS of backends: a preflight is answered before a backend is drawn, so
    /// all backends that are drawn must agree. What they agree on is the rule's.
    fn settle_cors(
        &mut self,
        list: ListPlace<'_>,
        specs: &[BackendSpec<'_>],
        backends: &mut [RuleBackend<'_>],
    ) -> Result<Option<Arc<Cors>>, Reported> {
        let Some(first) = backends.iter().find_map(|backend| backend.filters.cors.clone()) else { return Ok(None) };
        let agree = |backend: &RuleBackend<'_>| backend.weight == 0 || backend.filters.cors.as_ref() == Some(&first);
        if backends.iter().all(agree) {
            backends.iter_mut().for_each(|backend| backend.filters.cors = None);
            return Ok(Some(first));
        }
        let has_cors = |spec: &BackendSpec<'_>| spec.filters.iter().any(|f| matches!(f, FilterView::Cors(_)));
        let index = specs.iter().position(has_cors).unwrap_or_default();
        Err(self.diagnostics.error(
            self.object
                .finding(
                    codes::CORS_PER_BACKEND,
                    list.owner.join(&path!["backendRefs", index, "filters"]),
                    "a preflight is answered before a backend is drawn",
                )
                .label("not every backend of the rule has this CORS filter")
                .consequence(self.answers.rule_fails)
                .help("put the filter into the rule's `filters`, or give every backend the same one"),
        ))
    }
}
