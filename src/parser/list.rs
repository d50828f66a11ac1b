//! Lists of objects, as `kubectl get -o yaml` writes them: which objects are
//! lists, and what is wrong with a list itself.
//!
//! Whatever keeps the items of a list from being read is an error: they would
//! be passed over in silence.

use crate::diagnostics::{Change, FieldPath, Scalar, codes};
use crate::path;
use crate::spelling::{Near, near};

use super::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use super::node::Node;
use super::object::is_core_kind;
use super::schema::{Problem, Problems, Step, listed, quote, wrong_type};

/// The kind of a list of objects of any kind, and how the kinds of other lists end.
const LIST: &str = "List";
/// The version of the core group.
const CORE: &str = "v1";
const ITEMS: &str = "items";
/// The fields of a list
/// ([API conventions](https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#lists-and-simple-kinds)).
const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", ITEMS];

/// What an object is by its version and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One object.
    Single,
    /// A list that gwctl knows: it has the fields of a list and no others.
    Known,
    /// A list of kinds that gwctl does not know, which may have fields of its own.
    Foreign,
    /// An object with `items` and a kind that is none of a list.
    Misnamed,
}

/// Whether an object is a list.
pub(super) fn form(node: &Node, version: &str, kind: &str) -> Form {
    let (group, _) = version.split_once('/').unwrap_or(("", version));
    let items = node.get(ITEMS);
    let has_items = matches!(items, Some(Node::List(_) | Node::Null));
    match kind.strip_suffix(LIST) {
        Some("") if version == CORE => Form::Known,
        Some(item) if is_core_kind(group, item) => Form::Known,
        // A kind that the group does not have is an error of its own.
        Some(_) if is_gateway_group(group) && (items.is_some() || node.get("spec").is_none()) => Form::Known,
        Some(_) if has_items => Form::Foreign,
        None if version == CORE && is_misnamed(items, kind) => Form::Misnamed,
        _ => Form::Single,
    }
}

fn is_gateway_group(group: &str) -> bool {
    matches!(group, GATEWAY_GROUP | EXPERIMENTAL_GROUP)
}

/// Whether a kind of the core group is a slip in `List`: no object there but a list has `items`.
fn is_misnamed(items: Option<&Node>, kind: &str) -> bool {
    let is_of_objects = |items: &[Node]| items.iter().any(|item| item.get("kind").is_some());
    let holds_objects = items.and_then(Node::as_list).is_some_and(is_of_objects);
    kind.eq_ignore_ascii_case(LIST) || (holds_objects && !is_core_kind("", kind))
}

/// What is wrong with a known list, its items aside.
pub(super) fn problems(node: &Node, kind: &str) -> Problems {
    let names = node.as_map().unwrap_or_default().iter().map(|(name, _)| name.as_str());
    let mut problems: Problems =
        names.filter(|name| !FIELDS.contains(name)).map(|name| unknown_field(name, kind)).collect();
    match node.get(ITEMS) {
        Some(Node::List(_) | Node::Null) => {}
        Some(other) => problems.push(wrong_type(other, "array", &Step::Root.field(ITEMS))),
        // Of a list whose `items` is misspelt that is said.
        None if !problems.is_empty() => {}
        None => problems.push(
            Problem::new(codes::MISSING_FIELD, path![ITEMS], format!("`{ITEMS}` is required in a {kind}"))
                .label("the field is missing here")
                .help("write the objects below `items`"),
        ),
    }
    problems
}

fn unknown_field(name: &str, kind: &str) -> Problem {
    let near = near(name, FIELDS);
    let help = match near {
        Some(Near { name: meant, is_certain: _ }) => format!("did you mean `{meant}`?"),
        None => format!("the fields of a {kind} are {}, and its objects are in `{ITEMS}`", listed(FIELDS, "and")),
    };
    let message = format!("unknown field {} in a {kind}", quote(name));
    Problem::new(codes::UNKNOWN_FIELD, path![name.to_owned()], message)
        .key()
        .label("what is below it is not read")
        .help(help)
        .fix(near.and_then(Near::certain).map(|meant| Change::Rename(meant.to_owned())))
}

/// The error about an object with `items` whose kind is none of a list.
pub(super) fn misnamed(kind: &str) -> Problem {
    Problem::new(codes::UNKNOWN_KIND, path!["kind"], format!("{} is not the kind of a list", quote(kind)))
        .label("its items are not read")
        .help(format!("write `kind: {LIST}`"))
        .fix(Some(Change::Set(Scalar::Text(LIST.to_owned()))))
}

/// The kind of the items of a typed list.
pub(super) fn item_kind(kind: &str) -> Option<&str> {
    kind.strip_suffix(LIST).filter(|item| !item.is_empty())
}

/// Whether a path inside a list leads to one of its items.
pub(super) fn is_of_item(path: &FieldPath) -> bool {
    path.0.len() > 1 && path.0.first() == Some(&ITEMS.into())
}
