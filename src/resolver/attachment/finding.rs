//! The findings of attachment: why a parent takes no route.

use crate::diagnostics::{Change, Code, Condition, ConditionKind, Finding, PartPath, Reason, Scalar, codes};
use crate::parser::api::{ListenerSetSpec, ParentReference};
use crate::parser::manifests::{Kind, Object, ObjectHead};
use crate::path;
use crate::spelling::{Near, near};
use crate::whole;

use super::super::listener::{ResolvedListener, listener_path};
use super::view::{Parent, Refusal, RouteView};

/// What a parent that fails means for the traffic.
pub(super) const NO_TRAFFIC: &str = "the route serves no traffic through this parent";

/// The note on a parent that is no Gateway.
pub(super) fn foreign_parent(route: RouteView<'_>, reference: &ParentReference, at: &PartPath) -> Finding {
    let ParentReference { group: _, kind, name, namespace: _, section_name: _, port: _ } = reference;
    let message = if reference.is_service() {
        format!("parent `{name}` is a Service: it belongs to a mesh")
    } else {
        format!("parent `{name}` of kind `{kind}` is not a Gateway")
    };
    let finding = route.object.finding(codes::MESH_PARENT, at.clone(), message);
    finding.consequence("it has no effect in the configuration of a gateway")
}

/// The warning on a parent by a name that a release has dropped, where no object of the input says the same.
pub(super) fn former_parent(route: RouteView<'_>, reference: &ParentReference, at: &PartPath) -> Finding {
    let ParentReference { group: _, kind, name, namespace: _, section_name: _, port: _ } = reference;
    let meant = Kind::ListenerSet;
    let set = |text: &str| Change::Set(Scalar::Text(text.to_owned()));
    let mut fix = route.object.fix(&at.with("kind"), set(meant.name()));
    fix.edits.extend(route.object.fix(&at.with("group"), set(meant.group())).edits);
    route
        .object
        .finding(
            codes::DROPPED_VERSION,
            at.with("kind"),
            format!("parent `{name}` is read as a `{}`: Gateway API v1.5 dropped `{kind}`", meant.name()),
        )
        .label("no such kind since v1.5")
        .consequence("clusters with Gateway API v1.5 or later know no such parent")
        .help(format!("write `kind: {}` with `group: {}`", meant.name(), meant.group()))
        .fix(fix)
}

/// The condition of a route whose parent's Gateway does not admit the parent: it has no listener there. Where the
/// Gateway does not exist nobody has anything to say.
const NO_LISTENERS: Condition = Condition::fails(ConditionKind::Accepted, Reason::NoMatchingParent);

pub(super) fn parent_not_accepted(
    route: RouteView<'_>,
    set: &Object<ListenerSetSpec>,
    why: Code,
    at: &PartPath,
) -> Finding {
    let name = set.full_name();
    let mut finding = route
        .object
        .finding(codes::PARENT_NOT_ACCEPTED, at.with("name"), format!("ListenerSet `{name}` has joined no Gateway"))
        .label("a parent without a Gateway")
        .related(set.at(&path!["spec", "parentRef"]), "the set's own parent")
        .consequence(NO_TRAFFIC)
        .help("mend the ListenerSet first");
    finding.claim = (why == codes::LISTENER_SET_NOT_ALLOWED).then_some(NO_LISTENERS);
    finding
}

pub(super) fn no_default_gateway(route: RouteView<'_>) -> Finding {
    let at = whole!["spec", "useDefaultGateways"];
    route
        .object
        .finding(codes::PARENT_NOT_FOUND, at, "no Gateway of the input is a default Gateway")
        .label("asks for default Gateways")
        .consequence("the route serves no traffic through a default Gateway")
        .help("set `defaultScope: All` on a Gateway, or name a Gateway under `spec.parentRefs`")
}

pub(super) fn no_matching_parent(
    route: &ObjectHead,
    parent: &Parent<'_, '_>,
    declared: &[ResolvedListener<'_>],
) -> Finding {
    let owner = parent.owner.object.describe();
    let names = || declared.iter().map(|listener| listener.spec.name.as_str());
    if declared.is_empty() {
        return route
            .finding(codes::NO_MATCHING_PARENT, parent.at.clone(), format!("{owner} has no listener"))
            .label("a parent without listeners")
            .related(parent.owner.object.at(&path!["spec", "listeners"]), "the listeners")
            .consequence(NO_TRAFFIC)
            .help("add a listener to it, or mend those that it has");
    }
    let (field, message) = match (parent.section_name, parent.port) {
        (Some(section), _) if !names().any(|name| *section == *name) => {
            (parent.at.with("sectionName"), format!("{owner} has no listener `{section}`"))
        }
        (Some(section), Some(port)) => {
            (parent.at.with("port"), format!("listener `{section}` of {owner} is not on port {port}"))
        }
        (_, port) => (parent.at.with("port"), format!("{owner} has no listener on port {}", port.unwrap_or_default())),
    };
    let listed: Vec<_> = declared.iter().map(|l| format!("`{}` (port {})", l.spec.name, l.spec.port)).collect();
    let unknown = parent.section_name.filter(|section| !names().any(|name| **section == *name));
    let near = unknown.and_then(|section| near(section, names()));
    let set = |near: &str| route.fix(&parent.at.with("sectionName"), Change::Set(Scalar::Text(near.to_owned())));
    let fix = near.and_then(Near::certain).map(set);
    let help = near.map_or_else(
        || format!("its listeners are {}", listed.join(", ")),
        |near| format!("did you mean `{}`?", near.name),
    );
    route
        .finding(codes::NO_MATCHING_PARENT, field, message)
        .label("selects no listener")
        .related(parent.owner.object.at(&path!["spec", "listeners"]), "the listeners")
        .consequence(NO_TRAFFIC)
        .help(help)
        .fix(fix)
}

/// A listener with the reason why it does not take a route.
pub(super) type Judged<'l, 'm> = (&'l ResolvedListener<'m>, Option<Refusal>);

pub(super) fn not_allowed(route: RouteView<'_>, parent: &Parent<'_, '_>, judged: &[Judged<'_, '_>]) -> Finding {
    let namespace = &route.object.metadata.namespace;
    let reason = |(listener, refusal): &Judged<'_, '_>| {
        let spec = listener.spec;
        match refusal {
            Some(Refusal::Namespace(why)) => format!("listener `{}` admits {why}", spec.name),
            _ => format!("listener `{}` ({}) does not admit {}", spec.name, spec.protocol, route.kind.name()),
        }
    };
    let reasons: Vec<_> = judged.iter().map(reason).collect();
    let by_namespace = judged.iter().find(|(_, refusal)| matches!(refusal, Some(Refusal::Namespace(_))));
    let (related, help) = match by_namespace {
        Some((listener, _)) => (
            listener_path(listener.index).with("allowedRoutes").with("namespaces"),
            format!("let the listener admit namespace `{namespace}` with `allowedRoutes.namespaces`"),
        ),
        None => (
            listener_path(judged.first().map_or(0, |(listener, _)| listener.index)),
            format!("attach the route to a listener for {}s", route.kind.name()),
        ),
    };
    route
        .object
        .finding(
            codes::NOT_ALLOWED,
            parent.at.clone(),
            match parent.section_name {
                Some(_) => format!("{} does not allow this route", parent.describe()),
                None => format!("no listener of {} allows this route", parent.describe()),
            },
        )
        .label(reasons.join("; "))
        .related(parent.owner.object.at(&related), "the listener")
        .consequence(NO_TRAFFIC)
        .help(help)
}

/// Names with the verb that follows them.
fn are(names: &[String]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

pub(super) fn no_matching_hostname(
    route: RouteView<'_>,
    parent: &Parent<'_, '_>,
    judged: &[Judged<'_, '_>],
) -> Finding {
    let mismatched: Vec<_> =
        judged.iter().filter(|(_, refusal)| *refusal == Some(Refusal::Hostname)).map(|(l, _)| *l).collect();
    let served: Vec<_> = mismatched.iter().map(|listener| format!("`{}`", listener.hostname)).collect();
    let asked: Vec<_> = route.hostnames.iter().map(|host| format!("`{host}`")).collect();
    let first = mismatched.first().map_or(0, |listener| listener.index);
    let message = match parent.section_name {
        Some(_) => format!("no hostname of the route meets {}", parent.describe()),
        None => format!("no hostname of the route meets a listener of {}", parent.describe()),
    };
    // What becomes of the requests depends on what else serves the ports: the analysis says so.
    route
        .object
        .finding(codes::NO_MATCHING_HOSTNAME, parent.at.clone(), message)
        .label(format!("{} served here, not {}", are(&served), asked.join(", ")))
        .related(route.object.at(&path!["spec", "hostnames"]), "the route's hostnames")
        .related(parent.owner.object.at(&listener_path(first).with("hostname")), "the listener's hostname")
        .consequence(NO_TRAFFIC)
        .help("use a hostname that a listener covers, or widen the listener's `hostname`")
}
