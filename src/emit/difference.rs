//! What differs between two configurations, in the words of Envoy's resources.
//!
//! Stage: emit. Input: two documents as trees, comments and formatting gone.
//! Output: one line a difference. Listeners, virtual hosts, routes, clusters
//! and whatever else has a name are compared by it; order counts only where
//! Envoy takes the first that fits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// Lists whose items are found by name, the word for an item, and whether their order has a meaning.
const NAMED: &[(&str, &str, bool)] = &[
    ("listeners", "listener", false),
    ("clusters", "cluster", false),
    ("secrets", "secret", false),
    ("virtual_hosts", "virtual host", false),
    ("filter_chains", "filter chain", false),
    ("routes", "route", true),
    ("filters", "filter", true),
    ("http_filters", "HTTP filter", true),
    ("listener_filters", "listener filter", true),
    ("access_log", "access log", false),
];

/// Lists whose order has no meaning, and whose items have no names.
const UNORDERED: &[&str] = &["domains", "server_names", "lb_endpoints", "application_protocols"];

/// The longest value that a line shows.
const LONGEST_VALUE: usize = 120;

/// One difference; `Display` prints it as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    place: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Added(Option<String>),
    Removed(Option<String>),
    Changed(String, String),
    Reordered,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        let with = |value: &Option<String>| value.as_ref().map_or_else(String::new, |value| format!(": {value}"));
        match &self.kind {
            Kind::Added(value) => write!(f, "+ {place}{}", with(value)),
            Kind::Removed(value) => write!(f, "- {place}{}", with(value)),
            Kind::Changed(old, new) => write!(f, "~ {place}: {old} -> {new}"),
            Kind::Reordered => write!(f, "~ {place}: in another order"),
        }
    }
}

/// What must change in `old` to become `new`, in the order of the resources.
pub fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let mut walk = Walk::default();
    walk.value(old, new, "");
    walk.found
}

/// A step from the root to a value.
enum Step {
    /// An item with a name.
    Item(&'static str, String),
    /// A field, or a position in a list.
    Field(String),
}

#[derive(Default)]
struct Walk {
    path: Vec<Step>,
    found: Vec<Difference>,
}

impl Walk {
    /// Compares two values; `key` is the field that holds them.
    fn value(&mut self, old: &Value, new: &Value, key: &str) {
        match (old, new) {
            (Value::Object(left), Value::Object(right)) => {
                let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
                for key in keys {
                    self.path.push(Step::Field(key.clone()));
                    match (left.get(key), right.get(key)) {
                        (Some(old), Some(new)) => self.value(old, new, key),
                        (old, new) => self.one_sided(old, new, key),
                    }
                    self.path.pop();
                }
            }
            (Value::Array(left), Value::Array(right)) => self.list(left, right, key),
            _ if old == new => {}
            _ => self.report(Kind::Changed(shown(old), shown(new))),
        }
    }

    /// A value that only one of the two has: items with names are listed one by one.
    fn one_sided(&mut self, old: Option<&Value>, new: Option<&Value>, key: &str) {
        let empty = Value::Array(Vec::new());
        let is_list = |value: Option<&Value>| value.is_some_and(Value::is_array);
        if NAMED.iter().any(|(list, ..)| *list == key) && (is_list(old) || is_list(new)) {
            return self.value(old.unwrap_or(&empty), new.unwrap_or(&empty), key);
        }
        // A section that is there or not: what is in it counts.
        if let (Some(Value::Object(_)), None) | (None, Some(Value::Object(_))) = (old, new)
            && key == "static_resources"
        {
            let empty = Value::Object(serde_json::Map::new());
            return self.value(old.unwrap_or(&empty), new.unwrap_or(&empty), key);
        }
        match (old, new) {
            (Some(old), _) => self.report(Kind::Removed(Some(shown(old)))),
            (None, Some(new)) => self.report(Kind::Added(Some(shown(new)))),
            (None, None) => {}
        }
    }

    fn list(&mut self, old: &[Value], new: &[Value], key: &str) {
        if old == new {
            return;
        }
        if let Some((_, noun, is_ordered)) = NAMED.iter().find(|(list, ..)| *list == key)
            && let (Some(left), Some(right)) = (by_name(old), by_name(new))
        {
            return self.named(&left, &right, noun, *is_ordered, (old, new));
        }
        if UNORDERED.contains(&key) {
            return self.unordered(old, new);
        }
        for index in 0..old.len().max(new.len()) {
            self.path.push(Step::Field(format!("[{index}]")));
            match (old.get(index), new.get(index)) {
                (Some(old), Some(new)) => self.value(old, new, ""),
                (old, new) => self.one_sided(old, new, ""),
            }
            self.path.pop();
        }
    }

    fn named(
        &mut self,
        left: &BTreeMap<&str, &Value>,
        right: &BTreeMap<&str, &Value>,
        noun: &'static str,
        is_ordered: bool,
        (old, new): (&[Value], &[Value]),
    ) {
        let names: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for name in names {
            self.path.push(Step::Item(noun, name.to_owned()));
            match (left.get(name), right.get(name)) {
                (Some(old), Some(new)) => self.value(old, new, ""),
                (Some(_), None) => self.report(Kind::Removed(None)),
                (None, _) => self.report(Kind::Added(None)),
            }
            self.path.pop();
        }
        let common = |items: &[Value]| -> Vec<String> {
            let names = items.iter().filter_map(name_of);
            names.filter(|name| left.contains_key(name) && right.contains_key(name)).map(str::to_owned).collect()
        };
        if is_ordered && common(old) != common(new) {
            self.report(Kind::Reordered);
        }
    }

    fn unordered(&mut self, old: &[Value], new: &[Value]) {
        let mut rest: Vec<&Value> = new.iter().collect();
        for item in old {
            match rest.iter().position(|other| *other == item) {
                Some(at) => drop(rest.swap_remove(at)),
                None => self.report(Kind::Removed(Some(shown(item)))),
            }
        }
        // In the order of the new list.
        for item in new.iter().filter(|item| rest.iter().any(|other| std::ptr::eq(*other, *item))) {
            self.report(Kind::Added(Some(shown(item))));
        }
    }

    fn report(&mut self, kind: Kind) {
        self.found.push(Difference { place: self.place(), kind });
    }

    /// The named items on the way, and the fields below the last of them.
    fn place(&self) -> String {
        let last = self.path.iter().rposition(|step| matches!(step, Step::Item(..)));
        let is_route_part = |noun: &str| matches!(noun, "virtual host" | "route");
        let leads_to_route = self.path.iter().any(|step| matches!(step, Step::Item(noun, _) if is_route_part(noun)));
        let mut items: Vec<String> = Vec::new();
        for step in self.path.iter().take(last.map_or(0, |last| last + 1)) {
            match step {
                // The connection manager on the way to a route says nothing.
                Step::Item("filter", _) if leads_to_route => {}
                Step::Item(noun, name) => items.push(format!("{noun} `{name}`")),
                Step::Field(_) => {}
            }
        }
        let mut fields = String::new();
        for step in self.path.iter().skip(last.map_or(0, |last| last + 1)) {
            if let Step::Field(name) = step {
                if !fields.is_empty() && !name.starts_with('[') {
                    fields.push('.');
                }
                fields.push_str(name);
            }
        }
        match (items.is_empty(), fields.is_empty()) {
            (_, true) => items.join(" > "),
            (true, _) => fields,
            _ => format!("{}: {fields}", items.join(" > ")),
        }
    }
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// The items by name; `None` when one has none, or two have the same.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let named: BTreeMap<&str, &Value> = items.iter().map(|item| Some((name_of(item)?, item))).collect::<Option<_>>()?;
    (named.len() == items.len()).then_some(named)
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(old: &Value, new: &Value) -> Vec<String> {
        differences(old, new).iter().map(ToString::to_string).collect()
    }

    fn config(routes: &Value, clusters: &Value) -> Value {
        json!({"static_resources": {
            "listeners": [{"name": "0.0.0.0:80", "filter_chains": [{"filters": [{"name": "hcm", "typed_config": {
                "route_config": {"virtual_hosts": [{"name": "a", "domains": ["a", "b"], "routes": routes}]},
            }}]}]}],
            "clusters": clusters,
        }})
    }

    #[test]
    fn resources_are_compared_by_name_and_not_by_order() {
        let old = config(&json!([]), &json!([{"name": "x", "connect_timeout": "10s"}, {"name": "y"}]));
        let mut new = config(&json!([]), &json!([{"name": "z"}, {"name": "x", "connect_timeout": "5s"}]));
        let host = &mut new["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]
            ["virtual_hosts"][0];
        host["domains"] = json!(["c", "a"]);
        assert_eq!(
            lines(&old, &new),
            [
                "~ cluster `x`: connect_timeout: \"10s\" -> \"5s\"",
                "- cluster `y`",
                "+ cluster `z`",
                "- listener `0.0.0.0:80` > virtual host `a`: domains: \"b\"",
                "+ listener `0.0.0.0:80` > virtual host `a`: domains: \"c\"",
            ]
        );
        assert!(lines(&old, &old).is_empty());
    }

    #[test]
    fn the_order_of_routes_has_a_meaning() {
        let route = |name: &str, status: u16| json!({"name": name, "direct_response": {"status": status}});
        let old = config(&json!([route("r1", 200), route("r2", 200), route("r3", 200)]), &json!([]));
        let new = config(&json!([route("r2", 200), route("r1", 404)]), &json!([]));
        let place = "listener `0.0.0.0:80` > virtual host `a`";
        assert_eq!(
            lines(&old, &new),
            [
                format!("~ {place} > route `r1`: direct_response.status: 200 -> 404"),
                format!("- {place} > route `r3`"),
                format!("~ {place}: routes: in another order"),
            ]
        );
    }

    #[test]
    fn sections_lists_and_types_that_come_and_go_are_named() {
        let old = json!({"admin": {"port": 1}, "list": [1, {"a": 1}]});
        let new = json!({"static_resources": {"clusters": [{"name": "x"}]}, "list": [1, {"a": "1"}, true]});
        assert_eq!(
            lines(&old, &new),
            ["- admin: {\"port\":1}", "~ list[1].a: 1 -> \"1\"", "+ list[2]: true", "+ cluster `x`"]
        );
    }
}
