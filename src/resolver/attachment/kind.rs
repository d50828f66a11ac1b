//! What a parentRef names by its group and kind, where that is neither a Gateway nor a ListenerSet
//! ([ParentReference](https://gateway-api.sigs.k8s.io/reference/spec/#parentreference)).

use crate::diagnostics::{Change, Finding, Fix, PartPath, Scalar, codes};
use crate::parser::api::ParentReference;
use crate::parser::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use crate::parser::manifests::Kind;
use crate::parser::object::is_built_in_group;
use crate::spelling::{Near, near, nearest};
use crate::whole;

use super::finding::NO_TRAFFIC;
use super::view::RouteView;

/// The kinds that routes attach to.
const PARENTS: [Kind; 3] = [Kind::Gateway, Kind::ListenerSet, Kind::Service];
const HELP: &str = "routes attach to a Gateway or a ListenerSet, and in a mesh to a Service with `group: \"\"`";

/// What takes the routes of a parent that is no Gateway and no ListenerSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParentKind {
    /// A mesh, or a controller of another project's kind.
    Elsewhere,
    /// Nothing: such a kind does not exist, or takes no routes. What was probably meant.
    Nothing(Option<Near<Kind>>),
}

impl ParentKind {
    pub(super) fn of(reference: &ParentReference) -> Self {
        let (group, kind) = (reference.group.as_str(), reference.kind.as_str());
        let is_known = reference.is_service() || PARENTS.iter().any(|parent| parent.is_named(group, kind));
        if is_known || !is_group_of_ours(group) {
            return Self::Elsewhere;
        }
        let of_kind = near(kind, PARENTS.map(Kind::name));
        let is_certain = is_certain_group(group);
        Self::Nothing(of_kind.and_then(|near| {
            let name = PARENTS.into_iter().find(|parent| parent.name() == near.name)?;
            Some(Near { name, is_certain: near.is_certain && is_certain })
        }))
    }
}

/// Whether all kinds of a group are known, or the group is a slip in the name of such a one.
fn is_group_of_ours(group: &str) -> bool {
    is_built_in_group(group) || nearest(group, [GATEWAY_GROUP, EXPERIMENTAL_GROUP]).is_some()
}

/// Whether a group is known, or nothing but one such can be meant.
fn is_certain_group(group: &str) -> bool {
    is_built_in_group(group) || near(group, [GATEWAY_GROUP, EXPERIMENTAL_GROUP]).is_some_and(|near| near.is_certain)
}

/// The warning on a parent of a kind that takes no routes.
pub(super) fn unknown_parent_kind(
    route: RouteView<'_>,
    reference: &ParentReference,
    near: Option<Near<Kind>>,
    at: &PartPath,
) -> Finding {
    if reference.lacks_group_of_service() {
        return service_without_group(route, reference, at);
    }
    let ParentReference { group, kind, name, namespace: _, section_name: _, port: _ } = reference;
    let meant = near.map(|near| near.name);
    let message = match group.as_str() {
        "" => format!("parent `{name}` is a `{kind}` of the core group, and no such kind takes routes"),
        group => format!("parent `{name}` is a `{kind}` of the group `{group}`, and no such kind takes routes"),
    };
    let is_kind = meant.is_none_or(|meant| meant.name() == kind && group != GATEWAY_GROUP);
    let field = if is_kind && meant.is_some() { "group" } else { "kind" };
    let finding = route.object.finding(codes::UNKNOWN_PARENT_KIND, at.with(field), message);
    let help = meant.map_or_else(|| HELP.to_owned(), |meant| suggestion(meant, group));
    let fix = near.and_then(Near::certain).and_then(|meant| fix(route, reference, meant, at));
    finding.label("nothing takes the route here").consequence(NO_TRAFFIC).help(help).fix(fix)
}

/// The error on a Service that is looked for in Gateway API's own group.
fn service_without_group(route: RouteView<'_>, reference: &ParentReference, at: &PartPath) -> Finding {
    let message = format!("parent `{}` is a Service without `group: \"\"`, and is none so", reference.name);
    let fix = route.object.fix(at, Change::Insert { key: "group".to_owned(), value: Scalar::Text(String::new()) });
    let fix = fix.titled("write `group: \"\"`");
    let finding = route.object.finding(codes::MESH_PARENT_GROUP, at.with("kind"), message);
    finding.label(format!("of the group `{GATEWAY_GROUP}`, which has no such kind")).fix(Some(fix))
}

fn suggestion(meant: Kind, group: &str) -> String {
    match meant {
        Kind::Service => "did you mean `kind: Service` with `group: \"\"`, of a mesh?".to_owned(),
        meant if meant.group() == group => format!("did you mean `kind: {}`?", meant.name()),
        meant => format!("did you mean `kind: {}` with `group: {}`?", meant.name(), meant.group()),
    }
}

/// The change to the reference; nothing where its group may not be written at all.
fn fix(route: RouteView<'_>, reference: &ParentReference, meant: Kind, at: &PartPath) -> Option<Fix> {
    let set = |text: &str| Change::Set(Scalar::Text(text.to_owned()));
    let kind = (reference.kind != meant.name()).then(|| route.object.fix(&at.with("kind"), set(meant.name())));
    if reference.group == meant.group() {
        return kind;
    }
    if reference.group == GATEWAY_GROUP {
        return None;
    }
    let mut fix = route.object.fix(&at.with("group"), set(meant.group()));
    fix.edits.extend(kind.into_iter().flat_map(|kind| kind.edits));
    Some(fix)
}

/// The warning on a route whose every parent is of a kind that takes no routes.
pub(super) fn no_parent_takes_routes(route: RouteView<'_>) -> Finding {
    let message = format!("no parent of this {} is of a kind that takes routes", route.kind.name());
    route
        .object
        .finding(codes::NO_PARENTS, whole!["spec", "parentRefs"], message)
        .label("no Gateway, no ListenerSet, no Service of a mesh")
        .consequence("the route attaches to no Gateway and serves no traffic")
        .help("name a Gateway under `spec.parentRefs`")
}
