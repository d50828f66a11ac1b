//! Listeners: what is said of each of a Gateway's, its own and those of its
//! ListenerSets
//! ([ListenerStatus](https://gateway-api.sigs.k8s.io/reference/spec/#listenerstatus)).

use crate::diagnostics::{FieldPath, Finding};
use crate::parser::api::FrontendTls;
use crate::path;
use crate::resolver::{Protocol, ResolvedGateway, ResolvedListener};

use super::catalogue::Subject;
use super::condition::Conditions;
use super::evidence::{Case, Evidence, describe, position_in};
use super::{ListenerStatus, SupportedKind, route_group};

/// The reasons of unresolved references, the most telling first: a listener states one.
const PREFERENCE: &[&str] = &[
    "RefNotPermitted",
    "InvalidCertificateRef",
    "InvalidCACertificateKind",
    "InvalidCACertificateRef",
    "InvalidRouteKinds",
];

/// A listener's status, and what others conclude from it.
#[derive(Clone, Debug)]
pub(super) struct ListenerVerdict {
    pub(super) status: ListenerStatus,
    pub(super) is_accepted: bool,
    pub(super) is_programmed: bool,
    pub(super) is_resolved: bool,
}

/// Where the findings on one listener are.
struct Search<'e> {
    subject: Subject,
    /// On the object that declares it, below this path.
    own: Case<'e>,
    at: FieldPath,
    /// On its Gateway, below the settings for client certificates that count for it.
    gateway: Case<'e>,
    frontend: Option<FieldPath>,
}

impl<'e> Search<'e> {
    fn new(gateway: &ResolvedGateway<'_>, listener: &ResolvedListener<'_>, evidence: &'e Evidence<'_>) -> Self {
        let subject = if listener.owner.set.is_some() { Subject::ListenerEntry } else { Subject::Listener };
        let frontend = gateway.object.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let asks = frontend.filter(|_| listener.protocol == Protocol::Https);
        Self {
            subject,
            own: evidence.of(&listener.owner.key()),
            at: path!["spec", "listeners", listener.index],
            gateway: evidence.of(&gateway.object.key()),
            frontend: asks.map(|frontend| frontend_path(frontend, listener.spec.port)),
        }
    }

    fn against(&self, kind: &str) -> Vec<&'e Finding> {
        let mut found = self.own.against(self.subject, kind, &[&self.at]);
        if let Some(frontend) = &self.frontend {
            found.extend(self.gateway.against(self.subject, kind, &[frontend]));
        }
        found
    }

    fn asserting(&self, kind: &str) -> Option<&'e Finding> {
        self.own.asserting(self.subject, kind, &[&self.at]).first().copied()
    }
}

/// The settings of a port replace the default ones as a whole.
fn frontend_path(frontend: &FrontendTls, port: u16) -> FieldPath {
    let at = path!["spec", "tls", "frontend"];
    match frontend.per_port.iter().position(|entry| entry.port == port) {
        Some(index) => at.with("perPort").with(index),
        None => at.with("default"),
    }
}

/// Judges a listener of a Gateway that is refused as a whole, or is not.
pub(super) fn judge_listener(
    gateway: &ResolvedGateway<'_>,
    listener: &ResolvedListener<'_>,
    evidence: &Evidence<'_>,
    attached_routes: usize,
    is_gateway_refused: bool,
) -> ListenerVerdict {
    let search = Search::new(gateway, listener, evidence);
    let mut conditions = Conditions::new(search.subject, listener.owner.metadata().generation);
    let conflict = search.asserting("Conflicted");
    let conflict_reason = conflict.and_then(|finding| finding.condition).map(|condition| condition.reason);
    let is_accepted = match (conflict, conflict_reason) {
        (Some(finding), Some(reason)) => {
            conditions.fail("Accepted", reason, explain_conflict(listener, finding));
            false
        }
        _ => conditions.judge("Accepted", &search.against("Accepted"), "Accepted", "the listener is accepted"),
    };
    let mut unresolved = search.against("ResolvedRefs");
    let obstacle = match (is_gateway_refused, conflict_reason) {
        (true, _) => Some(("Invalid", "the Gateway is not accepted".to_owned())),
        (_, Some(reason)) => Some((reason, "another listener has its place".to_owned())),
        _ if !is_accepted => Some(("Invalid", "the listener is not accepted".to_owned())),
        _ => obstacle(listener, &search, &unresolved).map(|why| ("Invalid", why)),
    };
    match &obstacle {
        Some((reason, why)) => conditions.fail("Programmed", reason, why.clone()),
        None => conditions.hold("Programmed", "Programmed", "the listener is part of the configuration"),
    }
    let rank = |finding: &&Finding| {
        let reason = finding.condition.map(|condition| condition.reason).unwrap_or_default();
        PREFERENCE.iter().position(|preferred| *preferred == reason)
    };
    unresolved.sort_by_key(rank);
    let is_resolved = conditions.judge("ResolvedRefs", &unresolved, "ResolvedRefs", "all references are resolved");
    if let (Some(finding), Some(reason)) = (conflict, conflict_reason) {
        conditions.hold("Conflicted", reason, explain_conflict(listener, finding));
    }
    if let Some(finding) = search.asserting("OverlappingTLSConfig") {
        conditions.hold("OverlappingTLSConfig", "OverlappingHostnames", finding.message.clone());
    }
    let kinds = listener.kinds.iter().map(|kind| SupportedKind { group: route_group(), kind: kind.name() });
    let status = ListenerStatus {
        attached_routes,
        conditions: conditions.into_list(),
        name: listener.spec.name.clone(),
        supported_kinds: kinds.collect(),
    };
    ListenerVerdict { status, is_accepted, is_programmed: obstacle.is_none(), is_resolved }
}

/// Why an accepted listener serves nothing.
fn obstacle(listener: &ResolvedListener<'_>, search: &Search<'_>, unresolved: &[&Finding]) -> Option<String> {
    let stated = search.against("Programmed");
    if !stated.is_empty() {
        return Some(describe(&stated));
    }
    let references = listener.spec.tls.as_ref().map_or(0, |tls| tls.certificate_refs.len());
    let is_bad = |index: usize| {
        let of_this = |path: &FieldPath| position_in(path, "certificateRefs") == Some(index);
        unresolved.iter().any(|finding| finding.path.as_ref().is_some_and(of_this))
    };
    if matches!(listener.protocol, Protocol::Https | Protocol::TlsTerminate)
        && references > 0
        && (0..references).all(is_bad)
    {
        return Some("no certificate can be used".to_owned());
    }
    listener.kinds.is_empty().then(|| "no route kind is left that the listener could serve".to_owned())
}

/// A ListenerSet is not told who has what it asks for: the owners of one Gateway's listeners may not know each other.
fn explain_conflict(listener: &ResolvedListener<'_>, finding: &Finding) -> String {
    let reason = finding.label.as_deref().unwrap_or_default();
    match listener.owner.set {
        Some(_) => format!("conflicts with another listener of the Gateway: {reason}"),
        None => format!("{}: {reason}", finding.message),
    }
}
