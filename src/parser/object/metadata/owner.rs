//! Finalizers and owner references: what must have happened before an object goes, and with what it goes. Neither has
//! an effect here; the API server refuses what has another form.

use crate::parser::node::Node;
use crate::parser::schema::Step;
use crate::parser::schema::pattern::{self, is_qualified_name};
use crate::parser::schema::quote;

use super::Reader;
use crate::parser::manifests::Kind;

/// The finalizers that need no domain
/// ([finalizers](https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/)).
const STANDARD: [&str; 3] = ["foregroundDeletion", "kubernetes", "orphan"];

impl Reader<'_> {
    /// Each a qualified name, that of a core object with a domain; an object cannot both leave what it owns and take it
    /// along.
    pub(super) fn check_finalizers(&mut self, node: &Node, at: &Step<'_>) {
        let Some(items) = node.as_list() else { return self.wrong_type(node, "array", at) };
        let mut names = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let at = at.index(index);
            let Some(name) = item.as_str() else {
                self.wrong_type(item, "string", &at);
                continue;
            };
            names.push(name);
            if !is_qualified_name(name) {
                let help = format!("write {}", pattern::QUALIFIED_NAME.rule);
                self.report(&at, format!("{} is not a finalizer", quote(name)), help);
            } else if self.is_core() && !name.contains('/') && !STANDARD.contains(&name) {
                let help = "write it with the domain of the controller that it waits for: `example.com/NAME`";
                self.report(&at, format!("the finalizer {} names no domain", quote(name)), help.to_owned());
            }
        }
        if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
            let message = "the finalizers `orphan` and `foregroundDeletion` exclude each other".to_owned();
            self.report(at, message, "keep one of the two".to_owned());
        }
    }

    /// Each with `apiVersion`, `kind`, `name` and `uid`; at most one of them is the controller.
    pub(super) fn check_owners(&mut self, node: &Node, at: &Step<'_>) {
        let Some(items) = node.as_list() else { return self.wrong_type(node, "array", at) };
        let mut controllers = 0;
        for (index, item) in items.iter().enumerate() {
            let at = at.index(index);
            if item.as_map().is_none() {
                self.wrong_type(item, "object", &at);
                continue;
            }
            for field in ["apiVersion", "kind", "name", "uid"] {
                let value = item.get(field).filter(|value| !matches!(value, Node::Null));
                match value.map(|value| (value, value.as_str())) {
                    Some((value, None)) => self.wrong_type(value, "string", &at.field(field)),
                    Some((_, Some(text))) if !text.is_empty() => {}
                    _ => {
                        let message = format!("this owner reference has no `{field}`");
                        self.report(&at.field(field), message, format!("add `{field}`, or remove the reference"));
                    }
                }
            }
            controllers += usize::from(matches!(item.get("controller"), Some(Node::Bool(true))));
        }
        if controllers > 1 {
            let message = format!("{controllers} owner references are the controller, and one at most can be");
            self.report(at, message, "keep `controller: true` on one of them".to_owned());
        }
    }

    pub(super) fn is_core(&self) -> bool {
        matches!(self.kind, Kind::Namespace | Kind::Service | Kind::EndpointSlice | Kind::Secret | Kind::ConfigMap)
    }
}
