//! Walks one value and its row of the table: nulls, defaults, unknown fields,
//! types, limits, list identities, rules.
//!
//! Input: the `spec` of an object. Output: the same value with every default
//! filled in and nothing in it that the table does not know, and a list of
//! problems. Without an error in that list the value decodes into its struct.

use std::collections::HashMap;

use crate::diagnostics::{Change, FieldPath, Segment, codes};
use crate::options::Channel;
use crate::parser::node::Node;
use crate::spelling::near;

use super::pattern::{self, Pattern};
use super::problem::{self, Problem, Step, listed, quote};
use super::problems::Problems;
use super::table::{Breaks, Field, Identity, Integer, List, Map, Presence, Rule, Shape, Text, Type};

/// The state of one check.
#[derive(Debug)]
pub(in crate::parser) struct Checker {
    channel: Channel,
    problems: Problems,
    /// How many errors leave a value without the shape that the rules about it expect.
    blocks: usize,
}

impl Checker {
    /// A check against the schema of `channel`.
    pub(in crate::parser) fn new(channel: Channel) -> Self {
        Self { channel, problems: Problems::default(), blocks: 0 }
    }

    /// All problems.
    pub(in crate::parser) fn finish(self) -> Problems {
        self.problems
    }

    /// Adds an error after which rules about the values around it are not checked.
    pub(in crate::parser) fn block(&mut self, problem: Problem) {
        self.blocks += 1;
        self.problems.push(problem);
    }

    /// Adds the problems of parts that are checked by others.
    pub(in crate::parser) fn append(&mut self, problems: Problems) {
        self.problems.append(problems);
    }

    /// Adds a problem found outside the walk.
    pub(in crate::parser) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Checks and completes one value.
    pub(in crate::parser) fn value(&mut self, node: &mut Node, ty: &Type, at: &Step<'_>) {
        match (ty, &mut *node) {
            (Type::Text(limits), Node::String(text)) => self.text(text, limits, at),
            (Type::Integer(limits), Node::Int(number)) => self.integer(*number, limits, at),
            (Type::Quantity, Node::String(text)) => self.form(text, &pattern::QUANTITY, at),
            (Type::Boolean, Node::Bool(_)) => {}
            (Type::Number, Node::Int(_) | Node::Float(_))
            | (Type::IntOrText, Node::Int(_) | Node::String(_))
            | (Type::Quantity, Node::Int(_))
            | (Type::Any, _) => {}
            (Type::List(list), Node::List(_)) => self.list(node, list, at),
            (Type::Map(map), Node::Map(entries)) => self.map(entries, map, at),
            (Type::Object(shape), Node::Map(_)) => self.object(node, shape, at),
            (ty, node) => {
                let problem = problem::wrong_type(node, type_name(ty), at);
                let is_certain = problem.fix.is_some() && fits(ty, node);
                let fix = problem.fix.clone().filter(|_| is_certain);
                self.block(problem.fix(fix));
            }
        }
    }

    fn text(&mut self, text: &str, limits: &Text, at: &Step<'_>) {
        if !limits.values.is_empty() && !limits.values.contains(&text) {
            return self.block(problem::unsupported(text, limits.values, at));
        }
        // Bytes are at least as many as characters.
        if limits.max.is_some_and(|max| text.len() > max) || text.len() < limits.min.saturating_mul(4) {
            let length = text.chars().count();
            if limits.max.is_some_and(|max| length > max) {
                self.block(problem::length_out_of_bounds(length, limits, at));
            } else if length < limits.min {
                // One problem is enough: an empty string has no form either.
                return self.report(problem::length_out_of_bounds(length, limits, at));
            }
        }
        if let Some(pattern) = limits.pattern {
            self.form(text, pattern, at);
        }
    }

    fn form(&mut self, text: &str, pattern: &Pattern, at: &Step<'_>) {
        if !(pattern.matches)(text) {
            self.report(problem::malformed(text, pattern.noun, pattern.rule, at));
        }
    }

    fn integer(&mut self, number: i64, limits: &Integer, at: &Step<'_>) {
        if !limits.values.is_empty() && !limits.values.contains(&number) {
            let allowed: Vec<String> = limits.values.iter().map(i64::to_string).collect();
            let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
            return self.block(problem::unsupported(&number.to_string(), &allowed, at));
        }
        let is_too_wide = limits.is_32_bit && i32::try_from(number).is_err();
        if is_too_wide {
            self.block(problem::number_out_of_bounds(number, limits, at));
        } else if number < limits.min || number > limits.max {
            self.report(problem::number_out_of_bounds(number, limits, at));
        }
    }

    fn list(&mut self, node: &mut Node, list: &List, at: &Step<'_>) {
        let Node::List(items) = node else { return };
        let blocks = self.blocks;
        for (index, item) in items.iter_mut().enumerate() {
            self.value(item, &list.items, &at.index(index));
        }
        if list.max.is_some_and(|max| items.len() > max) {
            self.block(problem::count_out_of_bounds(items.len(), list.min, list.max, at));
        } else if items.len() < list.min {
            self.report(problem::count_out_of_bounds(items.len(), list.min, list.max, at));
        }
        self.identities(items, list.identity, at);
        self.rules(node, list.rules, at, blocks);
    }

    fn identities(&mut self, items: &[Node], identity: Identity, at: &Step<'_>) {
        let keys = match identity {
            Identity::Atomic => return,
            Identity::Set => &[][..],
            Identity::Keys(keys) => keys,
        };
        let is_equal = |one: &Node, other: &Node| match keys {
            [] => one == other,
            _ => keys.iter().all(|key| one.get(key) == other.get(key)),
        };
        // Quadratic is faster while the list is short; a long one is an error in nearly every field.
        if items.len() <= 64 {
            for (second, item) in items.iter().enumerate().skip(1) {
                if let Some(first) = items[..second].iter().position(|other| is_equal(item, other)) {
                    self.duplicate(items, first, second, keys, at);
                }
            }
            return;
        }
        let mut seen: HashMap<String, usize> = HashMap::with_capacity(items.len());
        for (second, item) in items.iter().enumerate() {
            let first = *seen.entry(identity_of(item, keys)).or_insert(second);
            if first != second {
                self.duplicate(items, first, second, keys, at);
            }
        }
    }

    fn duplicate(&mut self, items: &[Node], first: usize, second: usize, keys: &[&str], at: &Step<'_>) {
        let shown: Vec<String> = match keys {
            [] => vec![plain(&items[second])],
            // A missing key is reported as such.
            _ if keys.iter().any(|key| items[second].get(key).is_none()) => return,
            _ => keys.iter().filter_map(|key| items[second].get(key)).map(plain).collect(),
        };
        self.report(problem::duplicate(&listed(shown.iter().map(String::as_str), "and"), first, second, keys, at));
    }

    fn map(&mut self, entries: &mut Vec<(String, Node)>, map: &Map, at: &Step<'_>) {
        entries.retain(|(_, value)| !matches!(value, Node::Null));
        for (key, value) in entries.iter_mut() {
            self.value(value, &map.values, &at.field(key));
        }
        if map.max.is_some_and(|max| entries.len() > max) {
            self.block(problem::count_out_of_bounds(entries.len(), 0, map.max, at));
        }
    }

    fn object(&mut self, node: &mut Node, shape: &'static Shape, at: &Step<'_>) {
        let Node::Map(entries) = node else { return };
        let blocks = self.blocks;
        // Bits of the rows whose field is there, and whether it was null.
        let (mut seen, mut nulls) = (0_u64, 0_u64);
        entries.retain_mut(|(name, value)| {
            let Some((row, field)) = shape.field(name, self.channel) else {
                self.unknown(name, shape, at);
                return false;
            };
            if matches!(value, Node::Null) {
                nulls |= 1 << row;
                return false;
            }
            // The loader has reported a key that occurs twice.
            if seen & (1 << row) != 0 {
                return false;
            }
            seen |= 1 << row;
            self.field(value, field, at);
            true
        });
        for (row, field) in shape.fields.iter().enumerate() {
            if seen & (1 << row) != 0 || !field.presence.is_in(self.channel) {
                continue;
            }
            if let Some(default) = field.default {
                let mut value = default.to_node();
                self.value(&mut value, &field.ty, &at.field(field.name));
                entries.push((field.name.to_owned(), value));
            } else if field.required {
                self.block(problem::missing(field, at, nulls & (1 << row) != 0));
            }
        }
        self.rules(node, shape.rules, at, blocks);
    }

    fn field(&mut self, value: &mut Node, field: &'static Field, at: &Step<'_>) {
        let at = at.field(field.name);
        if field.presence == Presence::Unreleased {
            let message = format!("`{}` is not in Gateway API v1.6", field.name);
            self.report(
                Problem::new(codes::UNRELEASED_FIELD, at.path(), message)
                    .key()
                    .label("only on the main branch of Gateway API")
                    .help("an API server with v1.6 refuses it; a later release may still change it"),
            );
        }
        self.value(value, &field.ty, &at);
    }

    fn unknown(&mut self, name: &str, shape: &'static Shape, at: &Step<'_>) {
        let known = || shape.fields.iter().filter(|field| field.presence.is_in(self.channel)).map(|field| field.name);
        let elsewhere = shape.fields.iter().any(|field| field.name == name);
        let problem =
            Problem::new(codes::UNKNOWN_FIELD, at.field(name).path(), format!("unknown field {}", quote(name))).key();
        let problem = if elsewhere {
            problem
                .label("not in the standard channel")
                .help(format!("`{name}` is in the experimental channel only: pass `--channel experimental`"))
        } else if let Some(near) = near(name, known()) {
            let fix = near.certain().map(|meant| Change::Rename(meant.to_owned()));
            problem.label("no such field").help(format!("did you mean `{}`?", near.name)).fix(fix)
        } else {
            problem.label("no such field").help(format!("the fields here are {}", listed(known(), "and")))
        };
        self.report(problem);
    }

    /// Checks the rules about a value. The API server checks none where an object has an error of shape anywhere; all
    /// problems are wanted at once here, and a rule needs the shape of its own value only. `blocks` is how many such
    /// errors there were before the value.
    fn rules(&mut self, node: &Node, rules: &'static [Rule], at: &Step<'_>, blocks: usize) {
        let has_shape = self.blocks == blocks;
        for rule in rules {
            if !rule.presence.is_in(self.channel) || !(has_shape || rule.is_structural) {
                continue;
            }
            let mut breaks = Breaks::default();
            (rule.check)(node, &mut breaks);
            for broken in breaks.found {
                let here = at.path();
                let message = broken.message.unwrap_or_else(|| rule.statement.to_owned());
                let mut problem = Problem::new(rule.code, here.join(&broken.at), message);
                problem.label = match (&broken.first, find(node, &broken.at)) {
                    (Some(_), _) => Some("the second one".to_owned()),
                    (None, None) => Some("missing here".to_owned()),
                    (None, Some(_)) => None,
                };
                problem.help = broken.help;
                problem.first = broken.first.map(|first| here.join(&first));
                problem.port_of = broken.port_of.map(|(namespace, name)| (here.clone(), namespace, name));
                self.problems.push(problem);
            }
        }
    }
}

/// The value at `path` below `node`.
fn find<'n>(node: &'n Node, path: &FieldPath) -> Option<&'n Node> {
    path.0.iter().try_fold(node, |node, segment| match segment {
        Segment::Field(name) => node.get(name),
        Segment::Index(index) => node.as_list()?.get(*index),
    })
}

/// Whether a scalar would be within its limits if it had the right type.
fn fits(ty: &Type, node: &Node) -> bool {
    match ty {
        Type::Text(limits) => {
            let text = plain(node);
            let length = text.chars().count();
            (limits.values.is_empty() || limits.values.contains(&text.as_str()))
                && length >= limits.min
                && limits.max.is_none_or(|max| length <= max)
                && limits.pattern.is_none_or(|pattern| (pattern.matches)(&text))
        }
        Type::Integer(limits) => plain(node).parse().is_ok_and(|number: i64| {
            (limits.min..=limits.max).contains(&number)
                && (limits.values.is_empty() || limits.values.contains(&number))
                && (!limits.is_32_bit || i32::try_from(number).is_ok())
        }),
        _ => true,
    }
}

fn type_name(ty: &Type) -> &'static str {
    match ty {
        Type::Text(_) => "string",
        Type::Integer(_) => "integer",
        Type::Boolean => "boolean",
        Type::Number => "number",
        Type::IntOrText | Type::Quantity => "integer or string",
        Type::Any => "value",
        Type::List(_) => "array",
        Type::Map(_) | Type::Object(_) => "object",
    }
}

fn identity_of(item: &Node, keys: &[&str]) -> String {
    match keys {
        [] => format!("{item:?}"),
        _ => keys.iter().map(|key| format!("{:?}", item.get(key))).collect(),
    }
}

fn plain(node: &Node) -> String {
    match node {
        Node::String(text) => text.clone(),
        Node::Int(number) => number.to_string(),
        Node::Float(number) => number.to_string(),
        Node::Bool(value) => value.to_string(),
        Node::Null | Node::List(_) | Node::Map(_) => node.type_name().to_owned(),
    }
}
