//! How a policy with a `mergeType` is laid over another one: maps are merged, and lists are replaced
//! ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)), but for those that a strategic merge joins by the key of their
//! items ([merging](https://gateway.envoyproxy.io/docs/concepts/gateway_api_extensions/backend-traffic-policy/#policy-merging)).

use serde::Deserialize as _;

use super::api::{EnvoyPolicySpec, MergeType, OptionKind};
use super::kind::Kind;
use super::node::Node;
use super::schema::{Checker, Step, Type, other_schemas};
use crate::options::Channel;

/// The lists whose items a strategic merge joins, each by the field that names an item.
const JOINED: [(&str, &str); 4] =
    [("compression", "type"), ("compressor", "type"), ("httpUpgrade", "type"), ("contextExtensions", "name")];

/// The fields that say what a policy is about: no other policy says that for it.
const OF_TARGETS: [&str; 4] = ["targetRef", "targetRefs", "targetSelectors", "mergeType"];

/// A policy laid over its parent, as the policy that it is then.
///
/// # Errors
/// What is wrong with it, in words: both may be right, and the two together not.
pub fn laid_over_parent<T: OptionKind>(
    kind: Kind,
    (parent, child): (&EnvoyPolicySpec<T>, &EnvoyPolicySpec<T>),
    how: MergeType,
    channel: Channel,
) -> Result<EnvoyPolicySpec<T>, String> {
    let mut said = merged(&parent.said, &child.said, how);
    if let Some(schema) = other_schemas().find(|schema| schema.kind == kind) {
        let mut checker = Checker::new(channel);
        checker.value(&mut said, &Type::Object(schema.spec), &Step::Root.field("spec"));
        let problems = checker.finish();
        if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
            return Err(format!("{}: {}", problem.path, problem.message));
        }
    }
    let decoded = EnvoyPolicySpec::deserialize(said.clone()).map_err(|error| error.to_string())?;
    Ok(EnvoyPolicySpec { said, ..decoded })
}

/// The spec of a policy laid over what the spec of its parent sets.
fn merged(parent: &Node, child: &Node, how: MergeType) -> Node {
    let sets = match parent {
        Node::Map(fields) => {
            let own = fields.iter().filter(|(name, _)| !OF_TARGETS.contains(&name.as_str()));
            Node::Map(own.cloned().collect())
        }
        other => other.clone(),
    };
    laid_over(sets, child, how)
}

fn laid_over(below: Node, above: &Node, how: MergeType) -> Node {
    let Node::Map(above) = above else { return above.clone() };
    let mut fields = match below {
        Node::Map(fields) => fields,
        _ => Vec::new(),
    };
    for (name, value) in above {
        let place = fields.iter().position(|(own, _)| own == name);
        if matches!(value, Node::Null) {
            if let Some(place) = place {
                fields.remove(place);
            }
            continue;
        }
        let Some(place) = place else {
            fields.push((name.clone(), laid_over(Node::Null, value, how)));
            continue;
        };
        let below = std::mem::replace(&mut fields[place].1, Node::Null);
        let key = JOINED.iter().find(|(list, _)| list == name).filter(|_| how == MergeType::Strategic);
        fields[place].1 = match (key, below, value) {
            (Some((_, key)), Node::List(below), Node::List(above)) => joined(below, above, key, how),
            (_, below, value) => laid_over(below, value, how),
        };
    }
    Node::Map(fields)
}

/// Two lists with each item once, by its key: those of the first in their order, then what the second has besides.
fn joined(below: Vec<Node>, above: &[Node], key: &str, how: MergeType) -> Node {
    let mut items = below;
    for item in above {
        let same = items.iter().position(|own| own.get(key).is_some() && own.get(key) == item.get(key));
        match same {
            Some(place) => {
                let below = std::mem::replace(&mut items[place], Node::Null);
                items[place] = laid_over(below, item, how);
            }
            None => items.push(item.clone()),
        }
    }
    Node::List(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::schema::tests::yaml as node;

    #[test]
    fn maps_are_merged_and_lists_replaced() {
        let parent =
            node("{targetRefs: [{name: a}], retry: {numRetries: 3, retryOn: {triggers: [5xx]}}, timeout: {tcp: {}}}");
        let child = node("{mergeType: JSONMerge, targetRefs: [{name: b}], retry: {retryOn: {triggers: [reset]}}}");
        let expected = node(
            "{retry: {numRetries: 3, retryOn: {triggers: [reset]}}, timeout: {tcp: {}}, mergeType: JSONMerge, targetRefs: [{name: b}]}",
        );
        assert_eq!(merged(&parent, &child, MergeType::Json), expected);
    }

    #[test]
    fn items_of_some_lists_are_joined_by_their_type() {
        let parent = node("{compressor: [{type: Gzip, gzip: {}}, {type: Brotli, brotli: {}}]}");
        let child = node("{compressor: [{type: Gzip, minContentLength: 9}, {type: Zstd, zstd: {}}]}");
        let expected = node(
            "{compressor: [{type: Gzip, gzip: {}, minContentLength: 9}, {type: Brotli, brotli: {}}, {type: Zstd, zstd: {}}]}",
        );
        assert_eq!(merged(&parent, &child, MergeType::Strategic), expected);
        assert_eq!(merged(&parent, &child, MergeType::Json), child);
    }
}
