//! ReferenceGrants: may an object of one namespace refer into another?
//! ([ReferenceGrant](https://gateway-api.sigs.k8s.io/api-types/referencegrant/))

use std::collections::HashMap;

use crate::options::Options;
use crate::parser::api::{ReferenceGrantFrom, ReferenceGrantSpec};
use crate::parser::manifests::{Kind, Object};

/// All grants of the input, by the namespace that grants.
#[derive(Debug)]
pub struct Grants<'m> {
    by_namespace: HashMap<&'m str, Vec<&'m ReferenceGrantSpec>>,
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
            by_namespace.entry(&grant.metadata.namespace).or_default().push(&grant.spec);
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
        grants.iter().any(|grant| {
            grant.from.iter().any(|ReferenceGrantFrom { group, kind, namespace }| {
                group == from.kind.group() && kind == from.kind.name() && namespace == from.namespace
            }) && grant.to.iter().any(|target| {
                target.group == to.group
                    && target.kind == to.kind
                    && target.name.as_deref().is_none_or(|name| name == to.name)
            })
        })
    }
}
