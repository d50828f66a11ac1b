//! What the rules of HTTPRoutes and GRPCRoutes have in common: conditions on
//! headers, weighted backends with their filters, and how a rule fails.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, codes};
use crate::ir::{
    Action, Forward, HeaderMutations, Origin, RouteMatch, RouteName, Target, ValueMatch, ValuePattern, WeightedBackend,
};
use crate::parser::api::{HttpRouteFilter, ValueMatchType};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{Attachment, BackendRefOutcome, OriginTable, Place, RouteKind};

use super::cluster::{Carried, Clusters};
use super::filter::{self, RedirectTemplate};
use super::l4_route::L4Shares;
use super::precedence::MatchRank;
use super::re2;

/// The rules of every route, by the position of the route in its kind.
#[derive(Debug)]
pub(super) struct LoweredRoutes {
    /// The rules of the HTTPRoutes.
    pub(super) http: Vec<Vec<LoweredRule>>,
    /// The rules of the GRPCRoutes.
    pub(super) grpc: Vec<Vec<LoweredRule>>,
    /// The backends of the TLSRoutes.
    pub(super) tls: Vec<L4Shares>,
    /// The backends of the TCPRoutes.
    pub(super) tcp: Vec<L4Shares>,
    /// The backends of the UDPRoutes.
    pub(super) udp: Vec<L4Shares>,
}

impl LoweredRoutes {
    /// The rules of an attached route; none for kinds that HTTP listeners do not serve.
    pub(super) fn rules(&self, attachment: Attachment) -> &[LoweredRule] {
        match attachment.kind {
            RouteKind::Http => &self.http[attachment.route],
            RouteKind::Grpc => &self.grpc[attachment.route],
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => &[],
        }
    }

    /// How many matches all routes declare.
    pub(super) fn count_matches(&self) -> usize {
        self.http.iter().chain(&self.grpc).flatten().map(|rule| rule.matches.len()).sum()
    }
}

/// How the rules of a kind of route answer when they cannot forward.
#[derive(Debug)]
pub(super) struct Answers {
    /// The kind in route names.
    pub(super) kind: &'static str,
    /// What is sent to backends.
    pub(super) carried: Carried,
    /// The status of a rule or a share that fails.
    pub(super) failure: u16,
    /// The status of a rule without backends.
    pub(super) no_backends: u16,
    /// What a rule without backends means, in words.
    pub(super) rule_is_empty: &'static str,
    /// What a rule that fails means, in words.
    pub(super) rule_fails: &'static str,
    /// What a backend that fails means, in words.
    pub(super) backend_fails: &'static str,
}

/// A rule, lowered once for all listeners that its route attaches to.
#[derive(Debug)]
pub(super) struct LoweredRule {
    /// Its matches. An invalid one is left out: it has been reported.
    pub(super) matches: Vec<LoweredMatch>,
    /// What it does.
    pub(super) action: RuleAction,
}

/// One match of a rule.
#[derive(Debug)]
pub(super) struct LoweredMatch {
    pub(super) name: RouteName,
    pub(super) matches: RouteMatch,
    pub(super) rank: MatchRank,
    pub(super) origin: Origin,
}

/// What a rule does; a redirect depends on the listener's port.
#[derive(Debug)]
pub(super) enum RuleAction {
    Fixed(Arc<Action>),
    Redirect(RedirectTemplate),
}

/// A backend of a rule.
#[derive(Debug)]
pub(super) struct RuleBackend<'a> {
    pub(super) weight: u32,
    pub(super) filters: Cow<'a, [HttpRouteFilter]>,
    pub(super) outcome: &'a BackendRefOutcome,
}

/// Lowers the rules of one route object.
pub(super) struct RouteLowering<'a, S> {
    pub(super) object: &'a Object<S>,
    pub(super) answers: &'static Answers,
    registered: u32,
    namespace: Arc<str>,
    name: Arc<str>,
    clusters: &'a Clusters,
    origins: &'a mut OriginTable,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl<'a, S> RouteLowering<'a, S> {
    pub(super) fn new(
        object: &'a Object<S>,
        answers: &'static Answers,
        clusters: &'a Clusters,
        origins: &'a mut OriginTable,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            object,
            answers,
            registered: origins.object(object),
            namespace: object.metadata.namespace.as_str().into(),
            name: object.metadata.name.as_str().into(),
            clusters,
            origins,
            diagnostics,
        }
    }

    /// An action for requests that cannot be forwarded.
    pub(super) fn fail(&self) -> RuleAction {
        RuleAction::Fixed(Arc::new(Action::Respond(self.answers.failure)))
    }

    /// Reports the fields among `fields` that are present: they are not
    /// translated yet, so their rule fails.
    pub(super) fn report_untranslated(&mut self, at: &FieldPath, fields: &[(&'static str, bool)]) -> bool {
        for (field, _) in fields.iter().filter(|(_, present)| *present) {
            self.diagnostics.report(
                self.object
                    .finding(codes::NOT_SUPPORTED, at.with(*field), format!("`{field}` is not translated yet"))
                    .consequence(self.answers.rule_fails),
            );
        }
        fields.iter().any(|(_, present)| *present)
    }

    /// A match with its name and its place.
    pub(super) fn named_match(
        &mut self,
        rule: usize,
        index: usize,
        place: Place,
        matches: RouteMatch,
        rank: MatchRank,
    ) -> LoweredMatch {
        let name = RouteName {
            kind: self.answers.kind,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            rule: short(rule),
            index: short(index),
        };
        LoweredMatch { name, matches, rank, origin: self.origins.origin(self.registered, place) }
    }

    /// Conditions on headers; `None` when one of them cannot be evaluated.
    /// Names do not differ by letter case, and of two equal ones the first counts.
    pub(super) fn lower_headers(
        &mut self,
        at: &FieldPath,
        headers: &[crate::parser::api::ValueMatch],
    ) -> Option<Vec<ValueMatch>> {
        let mut valid = true;
        let mut lowered: Vec<ValueMatch> = Vec::with_capacity(headers.len());
        for (position, header) in headers.iter().enumerate() {
            let at = at.with("headers").with(position);
            let name = header.name.to_ascii_lowercase();
            if lowered.iter().any(|before| before.name == name) {
                self.report_ignored_header(at, &header.name);
                continue;
            }
            valid &= self.check_value(&at, header);
            lowered.push(lower_value_match(name, header));
        }
        valid.then_some(lowered)
    }

    fn report_ignored_header(&mut self, at: FieldPath, name: &str) {
        self.diagnostics.report(
            self.object
                .finding(codes::IGNORED_MATCH, at, format!("header `{name}` is matched before in the same match"))
                .label("ignored: header names do not differ by letter case")
                .consequence("only the first of the two conditions counts")
                .help("remove one of them"),
        );
    }

    pub(super) fn check_value(&mut self, at: &FieldPath, spec: &crate::parser::api::ValueMatch) -> bool {
        spec.match_type == ValueMatchType::Exact || self.check_regex(at.with("value"), &spec.value)
    }

    pub(super) fn check_regex(&mut self, at: FieldPath, pattern: &str) -> bool {
        let Err(bad) = re2::check(pattern) else { return true };
        self.diagnostics.report(
            self.object
                .finding(codes::BAD_REGEX, at, format!("Envoy's regular expressions (RE2) refuse `{pattern}`"))
                .label(format!("{} at character {}", bad.message, pattern[..bad.offset].chars().count() + 1))
                .consequence("the match takes no requests")
                .help("write the pattern in RE2 syntax: https://github.com/google/re2/wiki/Syntax"),
        );
        false
    }

    /// Sends requests to `backends` by weight.
    pub(super) fn lower_forward(
        &mut self,
        rule: usize,
        backends: &[RuleBackend<'_>],
        filters: filter::RuleFilters,
        prefix: Option<&str>,
    ) -> Action {
        let at = path!["spec", "rules", rule];
        if backends.is_empty() {
            self.report_no_backends(at);
            return Action::Respond(self.answers.no_backends);
        }
        if backends.iter().all(|backend| backend.weight == 0) {
            self.diagnostics.report(
                self.object
                    .finding(codes::ZERO_WEIGHTS, at.with("backendRefs"), "every backend of the rule has weight 0")
                    .consequence(self.answers.rule_fails)
                    .help("give one backend a weight"),
            );
            return Action::Respond(self.answers.failure);
        }
        let backends = self.lower_backends(rule, &at, backends, prefix);
        if backends.iter().all(|(backend, _)| matches!(backend.target, Target::Invalid(_))) {
            return Action::Respond(self.answers.failure);
        }
        let (backends, request_headers, response_headers) = distribute_headers(backends, &filters);
        Action::Forward(Forward {
            backends,
            request_headers,
            response_headers,
            path_rewrite: filters.path_rewrite,
            host_rewrite: filters.host_rewrite,
        })
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

    fn lower_backends(
        &mut self,
        rule: usize,
        at: &FieldPath,
        backends: &[RuleBackend<'_>],
        prefix: Option<&str>,
    ) -> Vec<(WeightedBackend, filter::BackendFilters)> {
        let mut lowered = Vec::with_capacity(backends.len());
        for (index, RuleBackend { weight, filters, outcome }) in backends.iter().enumerate() {
            let at = at.with("backendRefs").with(index);
            let own = filter::lower_backend_filters(self.object, &at, self.answers, filters, prefix, self.diagnostics);
            if *weight == 0 {
                continue;
            }
            let cluster = outcome.ok().and_then(|id| self.clusters.get_for(id, self.answers.carried));
            let (target, own) = match (cluster, own) {
                (Some(cluster), Ok(own)) => (Target::Cluster(cluster), own),
                _ => (Target::Invalid(self.answers.failure), filter::BackendFilters::default()),
            };
            let place = Place::BackendRef { rule: short(rule), index: short(index) };
            let origin = self.origins.origin(self.registered, place);
            lowered.push((WeightedBackend::new(*weight, target, origin), own));
        }
        lowered
    }
}

/// A position as names and places keep it.
pub(super) fn short(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

impl WeightedBackend {
    fn new(weight: u32, target: Target, origin: Origin) -> Self {
        Self {
            weight,
            target,
            request_headers: HeaderMutations::default(),
            response_headers: HeaderMutations::default(),
            origin,
        }
    }
}

/// Puts the rule's header changes on the route; where a backend has its own,
/// on every entry, with the backend's laid over them.
fn distribute_headers(
    backends: Vec<(WeightedBackend, filter::BackendFilters)>,
    filters: &filter::RuleFilters,
) -> (Vec<WeightedBackend>, HeaderMutations, HeaderMutations) {
    let fold = |rule: &HeaderMutations, own: &[crate::parser::api::HeaderFilter]| {
        let mut mutations = rule.clone();
        own.iter().for_each(|filter| super::header::compose(&mut mutations, filter));
        mutations
    };
    let fold_request = backends.iter().any(|(_, own)| !own.request_headers.is_empty());
    let fold_response = backends.iter().any(|(_, own)| !own.response_headers.is_empty());
    let entries = backends
        .into_iter()
        .map(|(mut backend, own)| {
            if fold_request {
                backend.request_headers = fold(&filters.request_headers, &own.request_headers);
            }
            if fold_response {
                backend.response_headers = fold(&filters.response_headers, &own.response_headers);
            }
            backend
        })
        .collect();
    let on_route =
        |folded: bool, rule: &HeaderMutations| if folded { HeaderMutations::default() } else { rule.clone() };
    (entries, on_route(fold_request, &filters.request_headers), on_route(fold_response, &filters.response_headers))
}

pub(super) fn lower_value_match(name: String, spec: &crate::parser::api::ValueMatch) -> ValueMatch {
    let value = match spec.match_type {
        ValueMatchType::Exact => ValuePattern::Exact(spec.value.clone()),
        ValueMatchType::RegularExpression => ValuePattern::Regex(spec.value.clone()),
    };
    ValueMatch { name, value }
}
