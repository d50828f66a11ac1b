//! What the policies have in common: what they are about, how they are merged, and the fields that they set.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::target::{EnvoyPolicyTarget, TargetSelector};
use crate::parser::api::OptionKind;
use crate::parser::node::Node;

/// The spec of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvoyPolicySpec<T> {
    /// The deprecated form of `targetRefs`, for one target.
    pub target_ref: Option<EnvoyPolicyTarget>,
    pub target_refs: Vec<EnvoyPolicyTarget>,
    pub target_selectors: Vec<TargetSelector>,
    /// How the policy is laid over that of a parent; in place of it without one.
    pub merge_type: Option<MergeType>,
    /// Every other field that is set.
    pub fields: Vec<T>,
    /// The spec as it is written: what is merged.
    pub said: Node,
}

/// How a policy is laid over another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeType {
    /// By [RFC 7396](https://www.rfc-editor.org/rfc/rfc7396): lists are replaced.
    Json,
    /// The same, and items of some lists are joined by their keys.
    Strategic,
}

impl<T: OptionKind> EnvoyPolicySpec<T> {
    /// A spec that sets nothing yet.
    fn empty() -> Self {
        Self {
            target_ref: None,
            target_refs: Vec::new(),
            target_selectors: Vec::new(),
            merge_type: None,
            fields: Vec::new(),
            said: Node::Null,
        }
    }

    /// The targets that are named, each with the place of its reference: `None` for `targetRef`.
    pub fn targets(&self) -> impl Iterator<Item = (Option<usize>, &EnvoyPolicyTarget)> {
        let one = self.target_ref.iter().map(|target| (None, target));
        one.chain(self.target_refs.iter().enumerate().map(|(index, target)| (Some(index), target)))
    }
}

impl<'de, T: OptionKind> Deserialize<'de> for EnvoyPolicySpec<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("spec", T::FIELDS, SpecVisitor(PhantomData))
    }
}

struct SpecVisitor<T>(PhantomData<T>);

impl<'de, T: OptionKind> Visitor<'de> for SpecVisitor<T> {
    type Value = EnvoyPolicySpec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut spec = EnvoyPolicySpec::empty();
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "targetRef" => spec.target_ref = map.next_value()?,
                "targetRefs" => spec.target_refs = map.next_value()?,
                "targetSelectors" => spec.target_selectors = map.next_value()?,
                "mergeType" => {
                    let word: String = map.next_value()?;
                    spec.merge_type =
                        Some(if word == "StrategicMerge" { MergeType::Strategic } else { MergeType::Json });
                }
                field => spec.fields.push(T::read(field, &mut map)?),
            }
        }
        Ok(spec)
    }
}
