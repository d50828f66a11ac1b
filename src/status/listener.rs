//! Listeners: what is said of each of a Gateway's, its own and those of its
//! ListenerSets
//! ([ListenerStatus](https://gateway-api.sigs.k8s.io/reference/spec/#listenerstatus)).

use crate::diagnostics::{ConditionKind, FrontendPart, ObjectPart, Reason};
use crate::parser::api::FrontendTls;
use crate::port::Port;
use crate::resolver::{Protocol, ResolvedGateway, ResolvedListener};

use super::catalogue::Subject;
use super::condition::Conditions;
use super::evidence::{Case, Claim, Evidence, describe};
use super::object::{ListenerStatus, SupportedKind, route_group};

/// The reasons of unresolved references, the most telling first: a listener states one.
const PREFERENCE: &[Reason] = &[
    Reason::RefNotPermitted,
    Reason::InvalidCertificateRef,
    Reason::InvalidCACertificateKind,
    Reason::InvalidCACertificateRef,
    Reason::InvalidRouteKinds,
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
    /// On the object that declares it, about the listener at this position.
    own: Case<'e>,
    index: usize,
    /// On its Gateway, about the settings for client certificates that count for it.
    gateway: Case<'e>,
    frontend: Option<FrontendPart>,
}

impl<'e> Search<'e> {
    fn new(gateway: &ResolvedGateway<'_>, listener: &ResolvedListener<'_>, evidence: &'e Evidence<'_>) -> Self {
        let subject = if listener.owner.set.is_some() { Subject::ListenerEntry } else { Subject::Listener };
        let frontend = gateway.object.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let asks = frontend.filter(|_| listener.protocol == Protocol::Https);
        Self {
            subject,
            own: evidence.of(&listener.owner.key()),
            index: listener.index,
            gateway: evidence.of(&gateway.object.key()),
            frontend: asks.map(|frontend| frontend_part(frontend, listener.spec.port)),
        }
    }

    fn against(&self, kind: ConditionKind) -> Vec<Claim<'e>> {
        let mut found = self.own.against(self.subject, kind, |part| part.listener() == Some(self.index));
        if let Some(frontend) = self.frontend {
            let is_asked = |part| part == ObjectPart::Frontend(frontend);
            found.extend(self.gateway.against(self.subject, kind, is_asked));
        }
        found
    }

    /// The references that are not resolved, the most telling first.
    fn unresolved(&self) -> Vec<Claim<'e>> {
        let rank = |finding: &Claim<'_>| {
            PREFERENCE.iter().position(|reason| finding.claim.is_some_and(|condition| condition.reason == *reason))
        };
        let mut unresolved = self.against(ConditionKind::ResolvedRefs);
        unresolved.sort_by_key(rank);
        unresolved
    }

    fn asserting(&self, kind: ConditionKind) -> Vec<Claim<'e>> {
        self.own.asserting(self.subject, kind, |part| part.listener() == Some(self.index))
    }
}

/// The settings of a port replace the default ones as a whole.
fn frontend_part(frontend: &FrontendTls, port: Port) -> FrontendPart {
    frontend.per_port.iter().position(|entry| entry.port == port).map_or(FrontendPart::Default, FrontendPart::Port)
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
    let conflict = Conflict::find(listener, &search);
    let is_accepted = match &conflict {
        Some(Conflict { reason, message, findings }) => {
            conditions.fail(ConditionKind::Accepted, *reason, message.clone());
            conditions.because(findings);
            false
        }
        None => conditions.judge(
            ConditionKind::Accepted,
            &search.against(ConditionKind::Accepted),
            Reason::Accepted,
            "the listener is accepted",
        ),
    };
    let unresolved = search.unresolved();
    let stated = search.against(ConditionKind::Programmed);
    let obstacle = match &conflict {
        _ if is_gateway_refused => Some((Reason::Invalid, "the Gateway is not accepted".to_owned())),
        Some(Conflict { reason, .. }) => Some((*reason, "another listener has its place".to_owned())),
        None if !is_accepted => Some((Reason::Invalid, "the listener is not accepted".to_owned())),
        None if !stated.is_empty() => Some((Reason::Invalid, describe(&stated))),
        None => obstacle(listener, &unresolved).map(|why| (Reason::Invalid, why)),
    };
    let is_programmed = obstacle.is_none();
    match obstacle {
        Some((reason, why)) => {
            conditions.fail(ConditionKind::Programmed, reason, why);
            conditions.because(&stated);
        }
        None => {
            conditions.hold(ConditionKind::Programmed, Reason::Programmed, "the listener is part of the configuration")
        }
    }
    let is_resolved =
        conditions.judge(ConditionKind::ResolvedRefs, &unresolved, Reason::ResolvedRefs, "all references are resolved");
    if let Some(Conflict { reason, message, findings }) = conflict {
        conditions.hold(ConditionKind::Conflicted, reason, message);
        conditions.because(&findings);
    }
    let overlaps = search.asserting(ConditionKind::OverlappingTLSConfig);
    if let Some(finding) = overlaps.first() {
        conditions.hold(ConditionKind::OverlappingTLSConfig, Reason::OverlappingHostnames, finding.message.clone());
        conditions.because(&overlaps);
    }
    let status = listener_status(listener, conditions, attached_routes);
    ListenerVerdict { status, is_accepted, is_programmed, is_resolved }
}

fn listener_status(listener: &ResolvedListener<'_>, conditions: Conditions, attached_routes: usize) -> ListenerStatus {
    let kinds = listener.kinds.iter().map(|kind| SupportedKind { group: route_group(), kind: kind.name() });
    ListenerStatus {
        attached_routes,
        conditions: conditions.into_list(),
        name: listener.spec.name.to_string(),
        supported_kinds: kinds.collect(),
    }
}

/// Another listener that has the place of this one.
struct Conflict<'e> {
    reason: Reason,
    message: String,
    findings: Vec<Claim<'e>>,
}

impl<'e> Conflict<'e> {
    /// A ListenerSet is not told who has what it asks for: the owners of one Gateway's listeners may not know each
    /// other.
    fn find(listener: &ResolvedListener<'_>, search: &Search<'e>) -> Option<Self> {
        let findings = search.asserting(ConditionKind::Conflicted);
        let finding = findings.first()?;
        let why = finding.label.as_deref().unwrap_or_default();
        let message = match listener.owner.set {
            Some(_) => format!("conflicts with another listener of the Gateway: {why}"),
            None => format!("{}: {why}", finding.message),
        };
        Some(Self { reason: finding.claim?.reason, message, findings })
    }
}

/// Why an accepted listener serves nothing.
fn obstacle(listener: &ResolvedListener<'_>, unresolved: &[Claim<'_>]) -> Option<String> {
    let references = listener.spec.tls.as_ref().map_or(0, |tls| tls.certificate_refs.len());
    let is_bad = |index: usize| {
        let reference = ObjectPart::Certificate { listener: listener.index, index };
        unresolved.iter().any(|finding| finding.part == reference)
    };
    if matches!(listener.protocol, Protocol::Https | Protocol::TlsTerminate)
        && references > 0
        && (0..references).all(is_bad)
    {
        return Some("no certificate can be used".to_owned());
    }
    listener.kinds.is_empty().then(|| "no route kind is left that the listener could serve".to_owned())
}
