//! ReferenceGrants: may an object of one namespace refer into another?
//! ([ReferenceGrant](https://gateway-api.sigs.k8s.io/api-types/referencegrant/))

use std::collections::HashMap;

use crate::options::Options;
use crate::parser::api::{ReferenceGrantFrom, ReferenceGrantSpec};
use crate::parser::manifests::{Kind, Object};

/// The longest name of an object ([names](https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)).
const LONGEST_NAME: usize = 253;

/// All grants of the input, by the namespace that grants.
#[derive(Debug)]
pub struct Grants<'m> {
    by_namespace: HashMap<&'m str, Vec<&'m Object<ReferenceGrantSpec>>>,
    assumed: bool,
}

/// The object that refers.
#[derive(Clone, Copy, Debug)]
pub struct Referrer<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: &'a str,
}

/// The object that is referred to.
#[derive(Clone, Copy, Debug)]
pub struct Referent<'a> {
    /// Its group; empty for core.
    pub group: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'m> Grants<'m> {
    /// Indexes the grants.
    pub fn new(grants: &'m [Object<ReferenceGrantSpec>], options: &Options) -> Self {
        let mut by_namespace: HashMap<&str, Vec<_>> = HashMap::new();
        for grant in grants {
            by_namespace.entry(&grant.metadata.namespace).or_default().push(grant);
        }
        Self { by_namespace, assumed: options.assume.grants }
    }

    /// Whether the reference stays in its namespace or some grant of the
    /// target's namespace allows it.
    pub fn permit(&self, from: Referrer<'_>, to: Referent<'_>) -> bool {
        if from.namespace == to.namespace || self.assumed {
            return true;
        }
        let grants = self.by_namespace.get(to.namespace).map_or(&[][..], Vec::as_slice);
        grants.iter().map(|grant| &grant.spec).any(|grant| {
            grant.from.iter().any(|ReferenceGrantFrom { group, kind, namespace }| {
                group == from.kind.group() && kind == from.kind.name() && namespace == from.namespace
            }) && grant.to.iter().any(|target| {
                target.group == to.group
                    && target.kind == to.kind
                    && target.name.as_deref().is_none_or(|name| name == to.name)
            })
        })
    }

    /// The document of a grant that allows the reference and nothing else.
    pub fn missing(&self, from: Referrer<'_>, to: Referent<'_>) -> String {
        let kind = from.kind.name();
        let base = format!("{}-from-{}-to-{}", kind.to_lowercase(), from.namespace, to.name);
        let base: String = base.chars().take(LONGEST_NAME - 4).collect();
        let base = base.trim_end_matches(['-', '.']);
        let taken = self.by_namespace.get(to.namespace).map_or(&[][..], Vec::as_slice);
        let is_free = |name: &String| taken.iter().all(|grant| grant.metadata.name != *name);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let name = std::iter::once(base.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
        format!(
            "apiVersion: {group}/v1\n\
             kind: ReferenceGrant\n\
             metadata:\n  name: {name}\n  namespace: \"{}\"\n\
             spec:\n  \
               from:\n  - group: {}\n    kind: {kind}\n    namespace: \"{}\"\n  \
               to:\n  - group: \"{}\"\n    kind: {}\n    name: \"{}\"\n",
            to.namespace,
            from.kind.group(),
            from.namespace,
            to.group,
            to.kind,
            to.name,
            group = Kind::ReferenceGrant.group(),
        )
    }
}
