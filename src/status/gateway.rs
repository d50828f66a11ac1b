//! GatewayClasses and Gateways
//! ([GatewayStatus](https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus)).

use crate::diagnostics::{ConditionKind, ObjectPart, Reason};
use crate::options::Options;
use crate::parser::api::{DefaultScope, GatewaySpec};
use crate::resolver::{Resolved, ResolvedGateway, ResolvedListener};

use super::catalogue::Subject;
use super::condition::{Conditions, StatusCondition};
use super::evidence::{Case, Evidence, anywhere, describe, whole};
use super::features::features_of;
use super::listener::{ListenerVerdict, judge_listener};
use super::object::{Address, DEFAULT_CONDITIONS, GatewayClassStatus, GatewayStatus, ObjectStatus, Status};
use super::route::RouteVerdicts;

/// The status of every class that is ours.
pub(super) fn class_statuses(resolved: &Resolved<'_>, evidence: &Evidence<'_>, options: &Options) -> Vec<ObjectStatus> {
    let classes = resolved.gateway_classes.iter().filter(|class| !class.object.position.context);
    let statuses = classes.map(|class| {
        let mut conditions = Conditions::new(Subject::GatewayClass, class.object.metadata.generation);
        let case = evidence.of(&class.object.key());
        let refusals = case.against(Subject::GatewayClass, ConditionKind::Accepted, anywhere);
        conditions.judge(ConditionKind::Accepted, &refusals, Reason::Accepted, "Gateways of this class are served");
        conditions.hold(
            ConditionKind::SupportedVersion,
            Reason::SupportedVersion,
            "the definitions of Gateway API v1.6 are built in",
        );
        let conditions = conditions.into_list();
        let supported_features = features_of(options.channel);
        let status = Status::GatewayClass(GatewayClassStatus { conditions, supported_features });
        ObjectStatus::new(class.object, status)
    });
    statuses.collect()
}

/// A Gateway's conditions and listeners, and what others conclude from them.
#[derive(Clone, Debug)]
pub(super) struct GatewayVerdict {
    /// Of the Gateway as a whole.
    conditions: Vec<StatusCondition>,
    /// By the position of the listener in the resolved list: the Gateway's own and those of its ListenerSets.
    pub(super) listeners: Vec<ListenerVerdict>,
    pub(super) is_accepted: bool,
    pub(super) is_programmed: bool,
}

/// Judges every Gateway that a controller would serve, by its position in the resolved list.
pub(super) fn judge_gateways(
    resolved: &Resolved<'_>,
    evidence: &Evidence<'_>,
    routes: &RouteVerdicts<'_>,
) -> Vec<Option<GatewayVerdict>> {
    let gateways = resolved.gateways.iter();
    gateways.map(|gateway| gateway.controller.as_ref().map(|_| judge_gateway(gateway, evidence, routes))).collect()
}

fn judge_gateway(gateway: &ResolvedGateway<'_>, evidence: &Evidence<'_>, routes: &RouteVerdicts<'_>) -> GatewayVerdict {
    let case = evidence.of(&gateway.object.key());
    let refusals = case.against(Subject::Gateway, ConditionKind::Accepted, whole);
    let judge = |listener: &ResolvedListener<'_>, is_gateway_refused: bool| {
        let attached = listener.attached.iter().filter(|attachment| routes.is_accepted(**attachment)).count();
        judge_listener(gateway, listener, evidence, attached, is_gateway_refused)
    };
    let (own, of_sets) = gateway.listeners.split_at(gateway.object.spec.listeners.len());
    let mut listeners: Vec<_> = own.iter().map(|listener| judge(listener, !refusals.is_empty())).collect();
    let mut conditions = Conditions::new(Subject::Gateway, gateway.object.metadata.generation);
    let is_accepted = if refusals.is_empty() {
        accept_by_listeners(&mut conditions, &listeners)
    } else {
        conditions.judge(ConditionKind::Accepted, &refusals, Reason::Accepted, "")
    };
    listeners.extend(of_sets.iter().map(|listener| judge(listener, !is_accepted)));
    let unusable = case.against(Subject::Gateway, ConditionKind::Programmed, whole);
    let is_programmed = if !is_accepted {
        conditions.fail(ConditionKind::Programmed, Reason::Invalid, "the Gateway is not accepted");
        conditions.because(&unusable);
        false
    } else if unusable.is_empty() && !listeners.iter().any(|listener| listener.is_programmed) {
        conditions.fail(ConditionKind::Programmed, Reason::Invalid, "no listener is part of the configuration");
        false
    } else {
        conditions.judge(
            ConditionKind::Programmed,
            &unusable,
            Reason::Programmed,
            "the Gateway is part of the configuration",
        )
    };
    judge_references(&mut conditions, case, &listeners[..own.len()]);
    add_informative(&mut conditions, case, &gateway.object.spec);
    GatewayVerdict { conditions: conditions.into_list(), listeners, is_accepted, is_programmed }
}

/// A Gateway with one valid listener is accepted; the others are mentioned.
fn accept_by_listeners(conditions: &mut Conditions, own: &[ListenerVerdict]) -> bool {
    let refused: Vec<_> =
        own.iter().filter(|listener| !listener.is_accepted).map(|l| format!("`{}`", l.status.name)).collect();
    let names = refused.join(", ");
    if refused.is_empty() {
        conditions.hold(ConditionKind::Accepted, Reason::Accepted, "the Gateway is accepted");
    } else if refused.len() < own.len() {
        conditions.hold(
            ConditionKind::Accepted,
            Reason::ListenersNotValid,
            format!("listeners that are not accepted: {names}"),
        );
    } else {
        conditions.fail(
            ConditionKind::Accepted,
            Reason::ListenersNotValid,
            format!("no listener is accepted: {names}"),
        );
        return false;
    }
    true
}

/// The references of the Gateway itself go before those of its listeners. The authorities for clients belong to the
/// listeners, whether there is one that asks for them or not.
fn judge_references(conditions: &mut Conditions, case: Case<'_>, own: &[ListenerVerdict]) {
    const KIND: ConditionKind = ConditionKind::ResolvedRefs;
    let unresolved = case.against(Subject::Gateway, KIND, |part| part == ObjectPart::ClientCertificate);
    let authorities = case.against(Subject::Listener, KIND, is_frontend);
    let listeners = own.iter().filter(|listener| !listener.is_resolved);
    let listeners: Vec<_> = listeners.map(|listener| format!("`{}`", listener.status.name)).collect();
    if !unresolved.is_empty() || listeners.is_empty() && authorities.is_empty() {
        conditions.judge(KIND, &unresolved, Reason::ResolvedRefs, "all references are resolved");
    } else if listeners.is_empty() {
        conditions.fail(KIND, Reason::ListenersNotResolved, describe(&authorities));
        conditions.because(&authorities);
    } else {
        let message = format!("listeners with references that are not resolved: {}", listeners.join(", "));
        conditions.fail(KIND, Reason::ListenersNotResolved, message);
    }
}

/// Whether a finding is about whom the listeners ask for certificates.
fn is_frontend(part: ObjectPart) -> bool {
    matches!(part, ObjectPart::Frontend(_))
}

/// Conditions that are there only when they are true.
fn add_informative(conditions: &mut Conditions, case: Case<'_>, spec: &GatewaySpec) {
    let insecure = ConditionKind::InsecureFrontendValidationMode;
    let changed = case.asserting(Subject::Gateway, insecure, is_frontend);
    if let Some(finding) = changed.first() {
        conditions.hold(insecure, Reason::ConfigurationChanged, finding.message.clone());
        conditions.because(&changed);
    }
    if spec.default_scope == Some(DefaultScope::All) {
        let message = "routes that ask for default Gateways attach here";
        conditions.hold(ConditionKind::DefaultGateway, Reason::DefaultGateway, message);
    }
}

/// The status of every Gateway that is ours. `accepted_by` names the Gateway of each ListenerSet that one has accepted.
pub(super) fn gateway_statuses(
    resolved: &Resolved<'_>,
    verdicts: &[Option<GatewayVerdict>],
    accepted_by: &[usize],
) -> Vec<ObjectStatus> {
    let gateways = resolved.gateways.iter().zip(verdicts).enumerate();
    let is_judged = |gateway: &ResolvedGateway<'_>| gateway.stand_in.is_none() && !gateway.object.position.context;
    let judged = gateways.filter(|(_, (gateway, _))| is_judged(gateway));
    let statuses = judged.map(|(index, (gateway, verdict))| {
        let status = match verdict {
            Some(verdict) => gateway_status(gateway, verdict, accepted_by.iter().filter(|of| **of == index).count()),
            None => GatewayStatus {
                conditions: Conditions::pending(Subject::Gateway, DEFAULT_CONDITIONS),
                ..GatewayStatus::default()
            },
        };
        ObjectStatus::new(gateway.object, Status::Gateway(status))
    });
    statuses.collect()
}

fn gateway_status(gateway: &ResolvedGateway<'_>, verdict: &GatewayVerdict, attached: usize) -> GatewayStatus {
    let addresses = gateway.addresses.stated.iter();
    let own = &verdict.listeners[..gateway.object.spec.listeners.len()];
    GatewayStatus {
        addresses: addresses.map(|ip| Address { address_type: "IPAddress", value: ip.to_string() }).collect(),
        attached_listener_sets: Some(attached),
        conditions: verdict.conditions.clone(),
        listeners: own.iter().map(|listener| listener.status.clone()).collect(),
    }
}
