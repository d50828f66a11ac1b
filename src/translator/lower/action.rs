//! From the filters, backends and limits of a rule to what it does, for
//! HTTPRoutes and GRPCRoutes alike: everything that must be reported on the way.

use std::sync::Arc;

use crate::diagnostics::{ObjectPart, PartPath, Reported, codes};
use crate::ir::{Cors, RETRIED_BODY_BYTES, Session, Target};
use crate::parser::api::RouteOption;
use crate::parser::route::Filter;
use crate::resolver::{ResolvedBackend, ResolvedFilter, ResolvedRule, RuleSession};
use crate::whole;

use super::cluster::{RouteProtocol, Sent};
use super::filter::{Beside, Filters, Idle, ListPlace};
use super::forward::{RuleBackend, RulePolicy, build_action};
use super::retry::{lower_retry, lower_timeouts, session_retry};
use super::rule::RouteLowering;
use super::rule_action::RuleAction;
use super::session::{SessionSource, selector_value};

impl RouteLowering<'_, '_> {
    /// Lowers what a rule does. `prefix` is that of its only match.
    pub(super) fn lower_action(&mut self, rule: &ResolvedRule<'_>, prefix: Option<&str>) -> RuleAction {
        let at = PartPath::from(ObjectPart::Rule(rule.index));
        let list = ListPlace { rule: rule.index, backend: None, owner: &at, prefix, after_changes: false };
        let (filters, failed) = self.lower_filters(list, &rule.filters);
        let policy = self.lower_policy(list, rule);
        let options = self.lower_options(rule);
        match (failed, policy, options) {
            (None, Ok(mut policy), Ok(options)) => {
                let mut filters = filters;
                policy.tells_host |= filters.tells_host;
                match self.apply_options(list, rule, options, &mut filters, &mut policy) {
                    Ok(()) => self.lower_rest(list, rule, filters, policy),
                    Err(_) => self.fail(),
                }
            }
            (_, policy, _) => {
                // What else is wrong with the rule is found all the same, and nothing that it sends is sent: what it asks
                // for is entered into tables that nobody reads.
                let unread = self.clusters.without_any();
                let kept = (std::mem::replace(self.clusters, unread), std::mem::take(self.shared));
                let none = RulePolicy { status: self.local_replies.failure, ..RulePolicy::default() };
                self.lower_rest(list, rule, filters, policy.unwrap_or(none));
                (*self.clusters, *self.shared) = kept;
                self.fail()
            }
        }
    }

    /// Lowers what a rule does with its filters and its limits.
    fn lower_rest<'f>(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'f>,
        mut filters: Filters<'f>,
        mut policy: RulePolicy,
    ) -> RuleAction {
        let has = |is: fn(&Filter<'_>) -> bool| rule.filters.iter().any(|own| is(&own.filter));
        // A redirect that is wrong is one.
        let is_redirect = has(|filter| matches!(filter, Filter::RequestRedirect(_)));
        let named = rule.filters.iter().filter_map(|own| own.route_filter);
        let is_answered = named.filter(|named| named.object.spec.direct_response.is_some()).count() > 0;
        if is_redirect {
            self.report_idle_policy(list, rule, Beside::Redirect);
        } else if is_answered {
            self.report_idle_policy(list, rule, Beside::DirectResponse);
            if !rule.backends.is_empty() {
                self.report_idle(list.owner.with("backendRefs"), (Idle::Backends, Beside::DirectResponse));
            }
        } else if rule.retry.is_some() || rule.options.retry() {
            self.note_retried_bodies(list, rule);
        }
        let backends = rule.backends.as_slice();
        let is_unknown = |own: &ResolvedFilter<'_>| {
            matches!(own.filter, Filter::ExtensionRef(_)) && !matches!(own.extension, Some(Ok(())))
        };
        if backends.is_empty() && rule.filters.iter().any(is_unknown) {
            // Nobody knows whether the extension would answer.
            return self.fail();
        }
        if !is_redirect
            && !is_answered
            && let Some(empty) = self.report_no_backend(list.rule, backends)
        {
            return empty;
        }
        let list = ListPlace { after_changes: filters.changes_for_backend(), ..list };
        let mut lowered = Vec::with_capacity(backends.len());
        for (index, spec) in backends.iter().enumerate() {
            let backend = self.lower_backend(list, index, (rule, spec));
            if backend.filters.redirect.is_some() && !filters.mirrors.is_empty() {
                let at = ObjectPart::Backend { rule: list.rule, index }.with("filters");
                self.report_idle(at, (Idle::Copies, Beside::Redirect));
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
            let Ok(across) = self.lower_across(list, (rule, &session.carrier), &lowered) else { return self.fail() };
            session.across = across;
            self.warn_virtual_backends(list, rule);
        }
        build_action(filters, lowered, policy)
    }

    /// Says up to which body a request is tried again.
    fn note_retried_bodies(&mut self, list: ListPlace<'_>, rule: &ResolvedRule<'_>) {
        let at = PartPath::from(ObjectPart::Rule(list.rule));
        let at = if rule.retry.is_some() { at.with("retry") } else { at };
        // What the rule declares to be held of a body is held for further tries too.
        let declared = rule.options.fields.iter().find_map(|option| match option.value {
            RouteOption::BufferPerRoute(said) => said.buffer?.max_request_bytes,
            _ => None,
        });
        let limit = match declared {
            Some(bytes) if bytes > RETRIED_BODY_BYTES => format!("{bytes} bytes"),
            _ => format!("{} MiB", RETRIED_BODY_BYTES / (1024 * 1024)),
        };
        self.diagnostics.report(
            self.object
                .finding(
                    codes::RETRIED_BODY_LIMIT,
                    at,
                    format!("a request is tried again when its body has {limit} at most"),
                )
                .consequence(format!(
                    "requests with a body above {limit} are sent once, and a failure is the client's to see"
                ))
                .help("let clients repeat large uploads, or split them"),
        );
    }

    /// Warns about limits of a rule that answers by itself.
    fn report_idle_policy(&mut self, list: ListPlace<'_>, rule: &ResolvedRule<'_>, beside: Beside) {
        let has_session = matches!(rule.session, Some(RuleSession::OfRule(_)));
        let fields = [
            ("timeouts", rule.timeouts.is_some()),
            ("retry", rule.retry.is_some()),
            ("sessionPersistence", has_session),
        ];
        for (field, _) in fields.iter().filter(|(_, is_given)| *is_given) {
            self.report_idle(list.owner.with(*field), (Idle::Policy, beside));
        }
    }

    /// Makes every request ask the services of its rule first, then those of its backend, each list in its order.
    fn order_auths(&mut self, rule: &mut Filters<'_>, backends: &mut [RuleBackend<'_>]) {
        let auths = &mut self.shared.auths;
        auths.put_in_order(&[], &mut rule.auths);
        backends.iter_mut().for_each(|backend| auths.put_in_order(&rule.auths, &mut backend.filters.auths));
    }

    /// What holds for all backends of a rule.
    fn lower_policy(&mut self, list: ListPlace<'_>, rule: &ResolvedRule<'_>) -> Result<RulePolicy, Reported> {
        let retry = rule.retry.map(|retry| {
            lower_retry(retry, |attempts| self.fit(|| list.owner.with("retry").with("attempts"), attempts))
        });
        let timeouts = lower_timeouts(rule.timeouts, retry.is_some());
        let session = rule.session.map(|session| self.lower_session(list, session)).transpose()?;
        let retry = retry.or_else(|| session.as_ref().map(|_| session_retry()));
        Ok(RulePolicy { timeouts, retry, session, status: self.local_replies.failure, ..RulePolicy::default() })
    }

    fn lower_session(&mut self, list: ListPlace<'_>, session: RuleSession<'_>) -> Result<Session, Reported> {
        let rule = self.rule_in_words(list.rule);
        let consequence = self.local_replies.rule_fails;
        let (object, at, spec) = match session {
            RuleSession::OfRule(spec) => (self.object, list.owner.with("sessionPersistence"), spec),
            RuleSession::OfPolicy(policy, spec) => (&policy.head, whole!["spec", "sessionPersistence"], spec),
        };
        let shared = matches!(session, RuleSession::OfPolicy(..));
        let source = SessionSource { object, at, rule, shared, consequence };
        self.shared.sessions.lower(&source, spec, self.diagnostics)
    }

    /// A rule in words that no other rule has.
    pub(super) fn rule_in_words(&self, rule: usize) -> String {
        format!("{}/{rule}", self.own)
    }

    /// What a rule does that nobody answers for; the reason has been reported then.
    fn report_no_backend(&mut self, rule: usize, backends: &[ResolvedBackend<'_>]) -> Option<RuleAction> {
        let at = PartPath::from(ObjectPart::Rule(rule));
        if backends.is_empty() {
            self.report_no_backends(at);
            return Some(RuleAction::respond(self.local_replies.no_backends));
        }
        if backends.iter().any(|backend| backend.weight > 0) {
            return None;
        }
        self.diagnostics.report(
            self.object
                .finding(codes::ZERO_WEIGHTS, at.with("backendRefs"), "every backend of the rule has weight 0")
                .consequence(self.local_replies.rule_fails)
                .help("give one backend a weight"),
        );
        Some(self.fail())
    }

    fn report_no_backends(&mut self, at: PartPath) {
        self.diagnostics.report(
            self.object
                .finding(codes::NO_BACKENDS, at, "the rule has no backends")
                .label("no `backendRefs` and no filter that answers")
                .consequence(self.local_replies.rule_is_empty)
                .help(if self.protocol == RouteProtocol::Http {
                    "add `backendRefs`, or a RequestRedirect filter"
                } else {
                    "add `backendRefs`"
                }),
        );
    }

    fn lower_backend<'f>(
        &mut self,
        rule: ListPlace<'_>,
        index: usize,
        (of, backend): (&ResolvedRule<'_>, &ResolvedBackend<'f>),
    ) -> RuleBackend<'f> {
        let ResolvedBackend { weight, filters, outcome } = backend;
        let at = PartPath::from(ObjectPart::Backend { rule: rule.rule, index });
        let list = ListPlace { backend: Some(index), owner: &at, ..rule };
        let (own, failed) = self.lower_filters(list, filters);
        let own = failed.map_or(Ok(own), Err);
        let sent = Sent { protocol: self.protocol, is_retried: of.is_retried() };
        let used = outcome.ok().filter(|_| of.uses(backend));
        let cluster = used.and_then(|id| self.cluster(id, sent));
        let failure = Target::Invalid(self.local_replies.failure);
        let (target, filters) = match (cluster, own) {
            (Some(cluster), Ok(own)) => (Target::Cluster(cluster), own),
            // A reference that cannot be used answers with an error, also where a redirect would not need it.
            (None, Ok(own)) => (failure, own.of_failure()),
            (_, Err(_)) => (failure, Filters::default()),
        };
        let selector = cluster.map(|cluster| selector_value(&self.clusters.get(cluster).0.name));
        let place = ObjectPart::Backend { rule: rule.rule, index };
        let origin = self.origins.origin(self.registered, place);
        RuleBackend { weight: *weight, target, selector, filters, origin }
    }

    /// CORS of backends: a preflight is answered before a backend is drawn, so
    /// all backends that are drawn must agree. What they agree on is the rule's.
    fn settle_cors(
        &mut self,
        list: ListPlace<'_>,
        specs: &[ResolvedBackend<'_>],
        backends: &mut [RuleBackend<'_>],
    ) -> Result<Option<Arc<Cors>>, Reported> {
        let Some(first) = backends.iter().find_map(|backend| backend.filters.cors.as_ref()) else { return Ok(None) };
        let agree = |backend: &RuleBackend<'_>| backend.weight == 0 || backend.filters.cors.as_ref() == Some(first);
        if backends.iter().all(agree) {
            return Ok(backends.iter_mut().filter_map(|backend| backend.filters.cors.take()).reduce(|first, _| first));
        }
        let has_cors =
            |spec: &ResolvedBackend<'_>| spec.filters.iter().any(|own| matches!(own.filter, Filter::Cors(_)));
        let index = specs.iter().position(has_cors).unwrap_or_default();
        Err(self.diagnostics.error(
            self.object
                .finding(
                    codes::CORS_PER_BACKEND,
                    list.owner.with("backendRefs").with(index).with("filters"),
                    "a preflight is answered before a backend is drawn",
                )
                .label("not every backend of the rule has this CORS filter")
                .consequence(self.local_replies.rule_fails)
                .help("put the filter into the rule's `filters`, or give every backend the same one"),
        ))
    }
}
