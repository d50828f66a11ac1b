//! A rule that is written in other terms.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::ir::PathMatch;
use crate::name::Namespace;
use crate::parser::manifests::Kind;

use super::topic::Place;

/// A rule: what it does, and what is written of that so far.
pub(super) struct Rule<'c> {
    /// What it does.
    pub(super) place: Place<'c>,
    /// The paths of its matches.
    pub(super) paths: Vec<&'c PathMatch>,
    /// The namespace of its route.
    pub(super) namespace: &'c Namespace,
    /// The rule as it is written, but for its filters.
    fields: Map<String, Value>,
    filters: Vec<Value>,
    /// What policies of its own have to say, by the kind of these.
    pub(super) policies: BTreeMap<OwnObject, Value>,
    /// The kinds of which another policy counts at the rule already: of such one counts as a whole.
    pub(super) occupied: Vec<Kind>,
}

/// A kind of objects that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OwnObject {
    /// Options for the requests of rules.
    Options,
    /// How requests get to backends.
    Traffic,
    /// Who gets in.
    Security,
    /// A filter that rules name.
    Filter,
}

impl OwnObject {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Options => Kind::RouteOption,
            Self::Traffic => Kind::BackendTrafficPolicy,
            Self::Security => Kind::SecurityPolicy,
            Self::Filter => Kind::HTTPRouteFilter,
        }
    }

    /// Whether rules name it in a filter; it names them otherwise.
    pub(super) fn is_named_by_rules(self) -> bool {
        matches!(self, Self::Options | Self::Filter)
    }
}

impl<'c> Rule<'c> {
    /// A rule of which nothing is written yet.
    pub(super) fn new(place: Place<'c>, paths: Vec<&'c PathMatch>, namespace: &'c Namespace, value: &Value) -> Self {
        let mut fields = value.as_object().cloned().unwrap_or_default();
        let filters = fields.remove("filters").and_then(|filters| filters.as_array().cloned()).unwrap_or_default();
        let filters = filters.into_iter().filter(Value::is_object).collect();
        Self { place, paths, namespace, fields, filters, policies: BTreeMap::new(), occupied: Vec::new() }
    }

    /// The rule as it is written.
    pub(super) fn into_value(self) -> Value {
        let mut fields = self.fields;
        if !self.filters.is_empty() {
            fields.insert("filters".to_owned(), self.filters.into());
        }
        fields.into()
    }

    /// Sets a field of the rule; an empty value takes it away.
    pub(super) fn set(&mut self, field: &str, value: Map<String, Value>) {
        if value.is_empty() {
            self.fields.remove(field);
        } else {
            self.fields.insert(field.to_owned(), value.into());
        }
    }

    /// Takes the filters of a type away.
    pub(super) fn remove_filter(&mut self, filter: &str) {
        self.filters.retain(|own| own["type"] != filter);
    }

    /// Adds a filter.
    pub(super) fn push_filter(&mut self, filter: &str, field: &str, value: Value) {
        self.filters.push(json!({ "type": filter, field: value }));
    }

    /// Lets the only filter of a type say something.
    pub(super) fn tell(&mut self, (filter, field): (&str, &str), name: &str, value: Value) {
        let at = self.filters.iter().position(|own| own["type"] == filter).unwrap_or(self.filters.len());
        if at == self.filters.len() {
            self.filters.push(json!({ "type": filter }));
        }
        let said = &mut self.filters[at];
        if !said[field].is_object() {
            said[field] = json!({});
        }
        said[field][name] = value;
    }

    /// What a policy of the rule's own says.
    ///
    /// # Errors
    /// That one counts already, which it would hide.
    pub(super) fn policy(&mut self, policy: OwnObject) -> Result<&mut Value, String> {
        let kind = policy.kind();
        if self.occupied.contains(&kind) {
            return Err(format!("a {} counts at the rule already, which one more would hide", kind.name()));
        }
        Ok(self.policies.entry(policy).or_insert_with(|| json!({})))
    }
}
