//! How the session of a rule holds across its backends.
//!
//! A session names an endpoint, and Envoy looks for it in the cluster that was
//! drawn for the request. Backends that are alike become one pool: a session
//! finds any of its endpoints, and goes on at any other. Where they differ, the
//! client has to be led back to its backend before one is drawn.

use std::sync::Arc;

use crate::diagnostics::{Finding, ObjectPart, Reported, codes};
use crate::ir::{Across, Endpoints, SessionCarrier, SessionCookie, SessionRule, Target, UpstreamProtocol};
use crate::path;
use crate::resolver::{Backend, ResolvedBackend, ResolvedRule, RuleSession};

use super::filter::ListPlace;
use super::forward::{RuleBackend, is_cluster};
use super::rule::RouteLowering;

/// Why the backends of a rule cannot form a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    /// A backend has filters of its own.
    Filters,
    /// They are spoken to in different versions of HTTP.
    Protocol,
    /// An Upstream asks for something for one of them alone.
    Settings,
    /// A policy limits the retries to one of them alone.
    RetryBudget,
}

impl Difference {
    fn as_str(self) -> &'static str {
        match self {
            Self::Filters => "one of the backends has filters of its own",
            Self::Protocol => "the backends speak different versions of HTTP",
            Self::Settings => "an Upstream asks for something for one of the backends",
            Self::RetryBudget => "one of the backends has a retry budget of its own",
        }
    }
}

impl<'m> RouteLowering<'_, 'm> {
    /// How a session holds across these backends; an error means that it cannot.
    pub(super) fn lower_across(
        &mut self,
        list: ListPlace<'_>,
        (rule, carrier): (&ResolvedRule<'_>, &SessionCarrier),
        backends: &[RuleBackend<'_>],
    ) -> Result<Across, Reported> {
        if backends.len() < 2 || !backends.iter().any(is_cluster) {
            return Ok(Across::Nothing);
        }
        let (difference, is_known) = {
            let live = self.live_backends(backends);
            let is_known = live.iter().all(|(backend, _)| matches!(backend.endpoints, Endpoints::Static(_)));
            (self.find_difference(backends, &live), is_known)
        };
        let pool = Across::Pool(SessionRule { route: Arc::clone(&self.own), rule: list.rule });
        match (carrier, difference) {
            (_, None) => Ok(pool),
            (SessionCarrier::Cookie(cookie), Some(_)) => {
                let rule = self.rule_in_words(list.rule);
                let name = self.shared.sessions.claim_selector(&cookie.name, &rule);
                Ok(Across::Selector(SessionCookie { name, ..cookie.clone() }))
            }
            (SessionCarrier::Header(_), Some(_)) if is_known => Ok(Across::Endpoints),
            (SessionCarrier::Header(_), Some(Difference::RetryBudget)) => Ok(pool),
            (SessionCarrier::Header(_), Some(difference)) => Err(self.report_header(list, rule, difference)),
        }
    }

    /// Warns where a session names the address of a Service, behind which the cluster chooses an endpoint.
    pub(super) fn warn_virtual_backends(&mut self, list: ListPlace<'_>, rule: &ResolvedRule<'_>) {
        let is_virtual = |spec: &ResolvedBackend<'_>| spec.outcome.is_ok_and(|id| self.clusters.is_virtual(id));
        let Some(index) = rule.backends.iter().position(is_virtual) else { return };
        let finding = self.object.finding(
            codes::SESSION_AT_SERVICE,
            ObjectPart::Backend { rule: list.rule, index }.with("name"),
            "a session keeps clients at the address of this Service, not at one of its endpoints",
        );
        let id = rule.backends.get(index).and_then(|backend| backend.outcome.ok());
        let finding = match id {
            Some(id) => self.clusters.relate(id, finding),
            None => finding,
        };
        self.diagnostics.report(
            relate_session(finding, rule)
                .label("known by its DNS name alone")
                .consequence("where that is a cluster IP, the cluster chooses an endpoint for each connection")
                .help("add the EndpointSlices of the Service to the input, or make it headless"),
        );
    }

    /// The backends that have an endpoint, with what is spoken to them.
    fn live_backends(&self, backends: &[RuleBackend<'_>]) -> Vec<(&'m Backend<'m>, UpstreamProtocol)> {
        let clusters = backends.iter().filter_map(|backend| match backend.target {
            Target::Cluster(id) => Some(self.clusters.get(id)),
            Target::Invalid(_) => None,
        });
        clusters.filter(|(backend, _)| !backend.endpoints.is_empty()).collect()
    }

    /// What keeps backends from forming a pool.
    fn find_difference(
        &self,
        backends: &[RuleBackend<'_>],
        live: &[(&'m Backend<'m>, UpstreamProtocol)],
    ) -> Option<Difference> {
        if backends.iter().any(|backend| backend.filters.are_own()) {
            return Some(Difference::Filters);
        }
        if live.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            return Some(Difference::Protocol);
        }
        // Nor has a cluster files among its endpoints that asks DNS for others.
        let is_apart =
            |backend: &Backend<'_>| !backend.settings.is_empty() || matches!(backend.endpoints, Endpoints::File(_));
        if live.iter().any(|(backend, _)| is_apart(backend)) {
            return Some(Difference::Settings);
        }
        let has_budget = |(backend, _): &(&Backend<'m>, _)| self.clusters.has_retry_budget(backend);
        (live.len() > 1 && live.iter().any(has_budget)).then_some(Difference::RetryBudget)
    }

    fn report_header(&mut self, list: ListPlace<'_>, rule: &ResolvedRule<'_>, difference: Difference) -> Reported {
        let finding = self.object.finding(
            codes::SESSION_HEADER_SPLIT,
            list.owner.with("sessionPersistence"),
            "a session in a header cannot lead back to one of these backends",
        );
        let ids = rule.backends.iter().filter_map(|backend| backend.outcome.ok());
        let finding = ids.fold(finding, |finding, id| self.clusters.relate(id, finding));
        self.diagnostics.error(
            relate_session(finding, rule)
                .label(format!("{}, and their addresses are known only to DNS", difference.as_str()))
                .consequence(self.local_replies.rule_fails)
                .help("use the type `Cookie`, make the backends alike, or add their EndpointSlices to the input"),
        )
    }
}

/// The finding with the policy that declares the session of a rule as a place to look at.
fn relate_session(finding: Finding, rule: &ResolvedRule<'_>) -> Finding {
    match rule.session {
        Some(RuleSession::OfPolicy(policy, _)) => {
            finding.related(policy.at(&path!["spec", "sessionPersistence"]), "the policy with the session")
        }
        Some(RuleSession::OfRule(_)) | None => finding,
    }
}
