//! ListenerSets
//! ([ListenerSetStatus](https://gateway-api.sigs.k8s.io/reference/spec/#listenersetstatus)).

use crate::diagnostics::{ConditionKind, Reason};
use crate::resolver::{Membership, Resolved, ResolvedListenerSet};

use super::catalogue::Subject;
use super::condition::Conditions;
use super::evidence::{Claim, Evidence, describe, whole};
use super::gateway::GatewayVerdict;
use super::listener::ListenerVerdict;
use super::object::{DEFAULT_CONDITIONS, ListenerSetStatus, ObjectStatus, Status};

/// A set's status, and which Gateway counts it.
#[derive(Clone, Debug)]
pub(super) struct SetOutcome {
    /// `None` for a set of `--context`, and for one whose Gateway is another controller's or assumed.
    pub(super) status: Option<ObjectStatus>,
    /// The Gateway, by its position in the resolved list, that has accepted the set.
    pub(super) accepted_by: Option<usize>,
}

/// What became of every set, in the order of the resolved list.
pub(super) fn set_statuses(
    resolved: &Resolved<'_>,
    evidence: &Evidence<'_>,
    verdicts: &[Option<GatewayVerdict>],
) -> Vec<SetOutcome> {
    let sets = resolved.listener_sets.iter();
    let outcomes = sets.map(|set| {
        let (status, accepted_by) = judge_set(set, evidence, verdicts);
        let status = status.filter(|_| !set.object.position.context);
        let status = status.map(|status| ObjectStatus::new(set.object, Status::ListenerSet(status)));
        SetOutcome { status, accepted_by }
    });
    outcomes.collect()
}

fn judge_set(
    set: &ResolvedListenerSet<'_>,
    evidence: &Evidence<'_>,
    verdicts: &[Option<GatewayVerdict>],
) -> (Option<ListenerSetStatus>, Option<usize>) {
    let generation = set.object.metadata.generation;
    let pending = || {
        let conditions = Conditions::pending(Subject::ListenerSet, DEFAULT_CONDITIONS);
        ListenerSetStatus { conditions, listeners: Vec::new() }
    };
    let gateway = match set.membership {
        Membership::Joined(gateway) => gateway,
        Membership::Foreign => return (None, None),
        Membership::Refused(_) => {
            let case = evidence.of(&set.object.key());
            let refusals = case.against(Subject::ListenerSet, ConditionKind::Accepted, whole);
            // Without a Gateway nobody judges the set.
            let status = if refusals.is_empty() { pending() } else { refused(&refusals, generation) };
            return (Some(status), None);
        }
    };
    let Some(verdict) = &verdicts[gateway] else { return (Some(pending()), None) };
    let listeners = &verdict.listeners[set.listeners.clone()];
    let mut conditions = Conditions::new(Subject::ListenerSet, generation);
    let is_accepted = accept(&mut conditions, verdict, listeners);
    program(&mut conditions, verdict, listeners);
    let listeners = listeners.iter().map(|listener| listener.status.clone()).collect();
    (Some(ListenerSetStatus { conditions: conditions.into_list(), listeners }), is_accepted.then_some(gateway))
}

fn refused(refusals: &[Claim<'_>], generation: i64) -> ListenerSetStatus {
    let mut conditions = Conditions::new(Subject::ListenerSet, generation);
    let reason = refusals.iter().find_map(|finding| finding.claim).map_or(Reason::NotAllowed, |found| found.reason);
    for kind in DEFAULT_CONDITIONS {
        conditions.fail(*kind, reason, describe(refusals));
        conditions.because(refusals);
    }
    ListenerSetStatus { conditions: conditions.into_list(), listeners: Vec::new() }
}

/// A listener is valid when it serves: one without a certificate that can be used is not.
fn accept(conditions: &mut Conditions, gateway: &GatewayVerdict, listeners: &[ListenerVerdict]) -> bool {
    let invalid = listeners.iter().filter(|listener| !listener.is_programmed);
    let invalid: Vec<_> = invalid.map(|listener| format!("`{}`", listener.status.name)).collect();
    if !gateway.is_accepted {
        conditions.fail(ConditionKind::Accepted, Reason::ParentNotAccepted, "the Gateway is not accepted");
    } else if invalid.is_empty() {
        conditions.hold(ConditionKind::Accepted, Reason::Accepted, "the ListenerSet is accepted");
    } else if invalid.len() < listeners.len() {
        let message = format!("listeners that are not valid: {}", invalid.join(", "));
        conditions.hold(ConditionKind::Accepted, Reason::ListenersNotValid, message);
    } else {
        conditions.fail(
            ConditionKind::Accepted,
            Reason::ListenersNotValid,
            format!("no listener is valid: {}", invalid.join(", ")),
        );
    }
    gateway.is_accepted && invalid.len() < listeners.len()
}

fn program(conditions: &mut Conditions, gateway: &GatewayVerdict, listeners: &[ListenerVerdict]) {
    if !gateway.is_programmed {
        conditions.fail(ConditionKind::Programmed, Reason::ParentNotProgrammed, "the Gateway is not programmed");
    } else if listeners.iter().any(|listener| listener.is_programmed) {
        conditions.hold(ConditionKind::Programmed, Reason::Programmed, "the ListenerSet is part of the configuration");
    } else {
        conditions.fail(
            ConditionKind::Programmed,
            Reason::ListenersNotValid,
            "no listener is part of the configuration",
        );
    }
}
