//! What the rules of HTTPRoutes and GRPCRoutes have in common: conditions on
//! headers, weighted backends with their filters, and how a rule fails.

use std::sync::Arc;

use crate::diagnostics::{Diagnostics, ObjectPart, PartPath, codes};
use crate::http::HeaderName;
use crate::ir::{ClusterId, HeaderMatch, ObjectName, Origin, RouteMatch, RouteName, ValueMatch, ValuePattern};
use crate::parser::api::ValueMatchType;
use crate::parser::manifests::ObjectHead;
use crate::resolver::{BackendId, KeyPairId, OriginObject, OriginTable, ResolvedRoute};

use super::cluster::{Clusters, RouteProtocol, Sent};
use super::external_auths::ExternalAuths;
use super::option::auth_switch::AuthSwitch;
use super::option::limit_told::Told;
use super::option::part::{Parts, RuleSays};
use super::option::processor_said::ProcessingSaid;
use super::precedence::MatchRank;
use super::rule_action::RuleAction;
use super::session::SessionNames;
use crate::re2;

/// What Envoy answers itself in place of a backend, for the rules of a kind of route.
#[derive(Debug)]
pub(super) struct LocalReplies {
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
    /// What goes before options of listeners.
    pub(super) says: RuleSays,
    /// Whether a server is asked about its requests.
    pub(super) auth: Option<AuthSwitch>,
    /// What a server is told of its requests, which counts them.
    pub(super) limits: Told,
    /// What of its requests servers get.
    pub(super) processing: ProcessingSaid,
}

/// One match of a rule.
#[derive(Debug)]
pub(super) struct LoweredMatch {
    pub(super) name: RouteName,
    pub(super) matches: Arc<RouteMatch>,
    pub(super) rank: MatchRank,
    pub(super) origin: Origin,
}

/// What all routes add to while they are lowered.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    /// The distinct authorizations.
    pub(super) auths: ExternalAuths,
    /// The names of sessions.
    pub(super) sessions: SessionNames,
    /// What the options of policies say.
    pub(super) options: Parts,
}

/// Lowers the rules of one route object.
pub(super) struct RouteLowering<'a, 'm> {
    pub(super) object: &'a ObjectHead,
    /// What is sent to backends.
    pub(super) protocol: RouteProtocol,
    pub(super) local_replies: &'static LocalReplies,
    pub(super) registered: OriginObject,
    pub(super) own: Arc<ObjectName>,
    /// The certificate that is shown to backends; `None` for a route that is attached nowhere.
    shown: Option<Option<KeyPairId>>,
    pub(super) clusters: &'a mut Clusters<'m>,
    pub(super) shared: &'a mut Shared,
    pub(super) origins: &'a mut OriginTable,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl<'a, 'm> RouteLowering<'a, 'm> {
    pub(super) fn new(
        route: &'a ResolvedRoute<'_>,
        (protocol, local_replies): (RouteProtocol, &'static LocalReplies),
        (clusters, shared, origins): (&'a mut Clusters<'m>, &'a mut Shared, &'a mut OriginTable),
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let object = route.object();
        Self {
            object,
            shown: clusters.certificate_for(route),
            protocol,
            local_replies,
            registered: origins.object(object),
            own: Arc::new(ObjectName::new(route.kind().in_names(), object.metadata.sort_key())),
            clusters,
            shared,
            origins,
            diagnostics,
        }
    }

    /// The cluster for what is sent to a backend; `None` when the backend must not be connected to, and for a route that
    /// is attached nowhere. Where Gateways show certificates, [`Clusters::with_certificate`] gives the one for a Gateway.
    pub(super) fn cluster(&mut self, backend: BackendId, sent: Sent) -> Option<ClusterId> {
        self.clusters.intern(backend, sent, self.shown?)
    }

    /// The certificate that is shown to backends, which may be none; `None` for a route that is attached nowhere.
    pub(super) fn shown(&self) -> Option<Option<KeyPairId>> {
        self.shown
    }

    /// A number of the API, which has 64 bits there, as one of the 32 bits that Envoy has for it.
    pub(super) fn fit(&mut self, at: impl FnOnce() -> PartPath, number: u64) -> u32 {
        u32::try_from(number).unwrap_or_else(|_| {
            let message = format!("`{number}` is more than Envoy can hold");
            self.diagnostics.report(
                self.object
                    .finding(codes::BEYOND_ENVOY, at(), message)
                    .label(format!("Envoy counts up to {}", u32::MAX))
                    .help(format!("write a number up to {}", u32::MAX)),
            );
            u32::MAX
        })
    }

    /// An action for requests that cannot be forwarded.
    pub(super) fn fail(&self) -> RuleAction {
        RuleAction::respond(self.local_replies.failure)
    }

    /// A match with its name and its place.
    pub(super) fn named_match(
        &mut self,
        rule: usize,
        index: usize,
        place: ObjectPart,
        matches: RouteMatch,
        rank: MatchRank,
    ) -> LoweredMatch {
        let name = RouteName { route: Arc::clone(&self.own), rule, index };
        let (matches, origin) = (Arc::new(matches), self.origins.origin(self.registered, place));
        LoweredMatch { name, matches, rank, origin }
    }

    /// Conditions on headers; `None` when one of them cannot be evaluated.
    /// Names do not differ by letter case, and of two equal ones the first counts.
    pub(super) fn lower_headers(
        &mut self,
        at: &PartPath,
        headers: &[crate::parser::api::HeaderMatch],
    ) -> Option<Vec<HeaderMatch>> {
        let mut valid = true;
        let mut lowered: Vec<HeaderMatch> = Vec::with_capacity(headers.len());
        for (position, header) in headers.iter().enumerate() {
            let at = at.with("headers").with(position);
            let name = header.name.lower();
            if lowered.iter().any(|before| before.name == name) {
                self.report_ignored_header(at, &header.name);
                continue;
            }
            valid &= self.check_value(&at, header);
            lowered.push(lower_value_match(name, header));
        }
        valid.then_some(lowered)
    }

    fn report_ignored_header(&mut self, at: PartPath, name: &HeaderName) {
        self.diagnostics.report(
            self.object
                .finding(codes::IGNORED_MATCH, at, format!("header `{name}` is matched before in the same match"))
                .label("ignored: header names do not differ by letter case")
                .consequence("only the first of the two conditions counts")
                .help("remove one of them"),
        );
    }

    pub(super) fn check_value<N>(&mut self, at: &PartPath, spec: &crate::parser::api::ValueMatch<N>) -> bool {
        spec.match_type == ValueMatchType::Exact || self.check_regex(at.with("value"), &spec.value)
    }

    pub(super) fn check_regex(&mut self, at: PartPath, pattern: &str) -> bool {
        let Err(bad) = re2::check(pattern) else {
            if is_like_prefix(pattern) {
                self.report_prefix(at, pattern);
            }
            return true;
        };
        let (message, label, help) = match bad.offset {
            Some(offset) => (
                format!("Envoy's regular expressions (RE2) refuse `{pattern}`"),
                format!("{} at character {}", bad.message, pattern[..offset].chars().count() + 1),
                "write the pattern in RE2 syntax: https://github.com/google/re2/wiki/Syntax",
            ),
            None => (
                "the expression is too large for Envoy to load it in a reasonable time".to_owned(),
                bad.message,
                "lower the bounds of repetitions, or write several matches",
            ),
        };
        self.diagnostics.report(
            self.object
                .finding(codes::BAD_REGEX, at, message)
                .label(label)
                .consequence("the match takes no requests")
                .help(help),
        );
        false
    }

    fn report_prefix(&mut self, at: PartPath, pattern: &str) {
        self.diagnostics.report(
            self.object
                .finding(
                    codes::PREFIX_LIKE_REGEX,
                    at,
                    format!("`{pattern}` is compared with the whole value, not with its beginning"),
                )
                .label("no `.*` and no `$` at the end")
                .consequence("a value that goes on after it does not match")
                .help("add `.*` to match everything that begins so, or `$` to show that nothing follows"),
        );
    }
}

/// Whether an expression says how values begin and nothing of what may follow. Envoy compares whole values
/// ([string matchers](https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto#envoy-v3-api-field-type-matcher-v3-stringmatcher-safe-regex)).
fn is_like_prefix(pattern: &str) -> bool {
    let is_open = |ending: &str| pattern.contains(ending);
    pattern.starts_with('^')
        && !pattern.ends_with(['$', '*', '+', '?', '}'])
        && ![".*", ".+", "$)"].into_iter().any(is_open)
}

pub(super) fn lower_value_match<N>(name: N, spec: &crate::parser::api::ValueMatch<N>) -> ValueMatch<N> {
    let pattern = match spec.match_type {
        ValueMatchType::Exact => ValuePattern::Exact,
        ValueMatchType::RegularExpression => ValuePattern::Regex,
    };
    ValueMatch { name, value: pattern(spec.value.clone()) }
}
