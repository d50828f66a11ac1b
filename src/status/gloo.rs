//! Options and Upstreams of Gloo Gateway: one state for each object, as its controllers write it
//! ([status of resources](https://docs.solo.io/gateway/latest/reference/api/status/)).
//!
//! Errors on an object reject it, and warnings are told. Options that no Gateway has are nobody's to judge: they have no
//! state. Upstreams are judged whether something refers to them or not.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::{Finding, ObjectRef, Severity, codes};
use crate::name::NamespacedName;
use crate::parser::manifests::ObjectHead;
use crate::resolver::{ListenerId, OptionsOfListeners, Resolved, ResolvedGateway, ResolvedRoute};

use super::object::{GlooState, GlooStatus, ObjectStatus, StateOfObject, Status};

/// The namespace that Gloo Gateway is installed in unless one says otherwise, by which its controllers tell their
/// entries from those of others.
const NAMESPACE: &str = "gloo-system";
/// Who judges options.
const OF_OPTIONS: &str = "gloo-kube-gateway";
/// Who judges Upstreams.
const OF_UPSTREAMS: &str = "gloo";

/// The status of every object of Gloo Gateway.
pub(super) fn gloo_statuses(resolved: &Resolved<'_>, findings: &[Finding]) -> Vec<ObjectStatus> {
    let Resolved { route_options, virtual_host_options, listener_options, http_listener_options, .. } = resolved;
    let has_none = route_options.is_empty() && resolved.manifests.upstreams.is_empty();
    let lists = [&virtual_host_options.list, &listener_options.list, &http_listener_options.list];
    if has_none && lists.iter().all(|list| list.is_empty()) {
        return Vec::new();
    }
    let mut told: HashMap<&ObjectRef, Vec<&Finding>> = HashMap::new();
    for finding in findings {
        if let Some(object) = &finding.object {
            told.entry(object).or_default().push(finding);
        }
    }
    let judge = |object: &ObjectHead, attachment: Option<Attachment>| {
        let findings = told.get(&object.key().to_ref()).map(Vec::as_slice).unwrap_or_default();
        status_of(object, attachment.map(|attachment| state(findings, attachment, OF_OPTIONS)))
    };
    let mut statuses = Vec::new();
    let mut of_rules = attached_to_rules(resolved);
    for option in route_options {
        statuses.push(judge(&option.object.head, of_rules.remove(&option.object.metadata.sort_key())));
    }
    let of_hosts = attached_to_listeners(virtual_host_options, &resolved.gateways, Losers::Told);
    let of_sockets = attached_to_listeners(listener_options, &resolved.gateways, Losers::Told);
    let of_connections = attached_to_listeners(http_listener_options, &resolved.gateways, Losers::Silent);
    for (list, mut attached) in lists.into_iter().zip([of_hosts, of_sockets, of_connections]) {
        statuses.extend(list.iter().map(|one| judge(one.object, attached.remove(&one.object.metadata.sort_key()))));
    }
    statuses.extend(resolved.manifests.upstreams.iter().map(|object| {
        let findings = told.get(&object.key().to_ref()).map(Vec::as_slice).unwrap_or_default();
        let nowhere = resolved.backends.why_nowhere(object.metadata.sort_key());
        let broken = nowhere.map(str::to_owned).into_iter().collect();
        status_of(&object.head, Some(state(findings, Attachment { broken, ..Attachment::default() }, OF_UPSTREAMS)))
    }));
    statuses.into_iter().flatten().collect()
}

/// `None` for an object of `--context`.
fn status_of(object: &ObjectHead, state: Option<StateOfObject>) -> Option<ObjectStatus> {
    let statuses = state.map(|state| BTreeMap::from([(NAMESPACE, state)])).unwrap_or_default();
    (!object.position.context).then(|| ObjectStatus::new(object, Status::Gloo(GlooStatus { statuses })))
}

/// The RouteOptions that some rule of a route has which a Gateway that somebody serves takes.
fn attached_to_rules<'m>(resolved: &Resolved<'m>) -> HashMap<NamespacedName<'m>, Attachment> {
    let is_served = |route: &&ResolvedRoute<'m>| {
        let mut listeners = route.listeners();
        listeners.any(|listener| resolved.gateways[listener.gateway].controller.is_some())
    };
    let rules = resolved.routes.iter().filter(is_served).flat_map(|route| &route.rules);
    let mut found: HashMap<_, Attachment> = HashMap::new();
    for options in rules.map(|rule| &rule.options) {
        for object in &options.applied {
            found.entry(object.metadata.sort_key()).or_default();
        }
    }
    found
}

/// The options that some listener has of a Gateway that somebody serves.
fn attached_to_listeners<'m, T>(
    options: &OptionsOfListeners<'m, T>,
    gateways: &[ResolvedGateway<'m>],
    losers: Losers,
) -> HashMap<NamespacedName<'m>, Attachment> {
    let mut found: HashMap<_, Attachment> = HashMap::new();
    for (ListenerId { gateway, listener }, applied) in options.listeners() {
        let gateway = &gateways[gateway];
        if gateway.controller.is_none() {
            continue;
        }
        let listener = &gateway.listeners[listener];
        let (name, holder) = (&listener.spec.name, listener.owner.describe());
        for object in &applied.all {
            found.entry(object.metadata.sort_key()).or_default();
        }
        for object in applied.lost.iter().filter(|_| losers == Losers::Told) {
            let winners: Vec<_> = applied.winners.iter().map(|winner| format!("`{}`", winner.full_name())).collect();
            let why =
                format!("nothing of it counts at listener `{name}` of {holder}, because of {}", winners.join(", "));
            found.entry(object.metadata.sort_key()).or_default().lost.push(why);
        }
    }
    found
}

/// That options are somewhere in force, or would be.
#[derive(Debug, Default)]
struct Attachment {
    /// Where nothing of them counts, in words.
    lost: Vec<String>,
    /// What cannot be used of what they refer to, in words, where no finding on themselves says so.
    broken: Vec<String>,
}

/// What is said of options of which nothing counts at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Losers {
    Told,
    Silent,
}

/// What findings make of an object, places where nothing of it counts, and what it refers to.
fn state(findings: &[&Finding], Attachment { lost, broken }: Attachment, reported_by: &'static str) -> StateOfObject {
    // A target that leads nowhere leaves the others as they are.
    let is_warning =
        |finding: &&&Finding| finding.severity() == Severity::Warning || finding.code == codes::OPTION_TARGET_IGNORED;
    let describe = |finding: &&Finding| match &finding.path {
        Some(path) if !path.0.is_empty() => format!("{path}: {}", finding.message),
        _ => finding.message.clone(),
    };
    let warnings: Vec<String> = findings.iter().filter(is_warning).map(describe).chain(lost).collect();
    // Who has the cluster reads there what the input lacks.
    let is_unread = |finding: &&&Finding| finding.code == codes::ASSUMED_WITHOUT_DIRECTORY;
    let is_error =
        |finding: &&&Finding| finding.severity() == Severity::Error && !is_warning(finding) && !is_unread(finding);
    let mut errors: Vec<String> = findings.iter().filter(is_error).map(describe).collect();
    if errors.is_empty() {
        errors = broken;
    }
    let state = match (errors.is_empty(), warnings.is_empty()) {
        (false, _) => GlooState::Rejected,
        (true, false) => GlooState::Warning,
        (true, true) => GlooState::Accepted,
    };
    let all: Vec<String> = errors.into_iter().chain(warnings).collect();
    StateOfObject { reason: (!all.is_empty()).then(|| all.join("; ")), reported_by, state }
}
