//! Which Pods of a Service an Upstream means: those with the labels of its `selector` or its `subsetSpec`.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use crate::diagnostics::FieldPath;
use crate::name::{Namespace, NamespacedName};
use crate::parser::api::{Endpoint, GlooEnum, UpstreamSubset, UpstreamSubsetKeys, UpstreamSubsets};
use crate::parser::labels::Labels;
use crate::parser::manifests::Manifests;
use crate::parser::pod::Pod;
use crate::path;

use super::refused::{Refused, unusable};

/// Labels that Pods must have, and the field of the Upstream that asks for them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChosenPods {
    pub(super) path: FieldPath,
    pub(super) labels: BTreeMap<String, String>,
}

impl ChosenPods {
    /// Whether a Pod is meant.
    pub(super) fn has(&self, pod: &Pod) -> bool {
        self.labels.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
    }

    /// Whether every Pod that a Service selects is meant.
    pub(super) fn is_implied(&self, selector: &Labels) -> bool {
        self.labels.iter().all(|(key, value)| selector.get(key) == Some(value.as_str()))
    }
}

/// The Pods of the input.
#[derive(Debug, Default)]
pub(super) struct Pods<'m> {
    by_name: HashMap<NamespacedName<'m>, &'m Pod>,
    /// `None` where two Pods say that they have the address.
    by_address: HashMap<(&'m Namespace, IpAddr), Option<&'m Pod>>,
}

impl<'m> Pods<'m> {
    /// The Pods, where there are Upstreams: nobody else asks for them.
    pub(super) fn of(manifests: &'m Manifests) -> Self {
        let mut pods = Self::default();
        if manifests.upstreams.is_empty() {
            return pods;
        }
        for object in &manifests.foreign {
            let (Some(pod), identity) = (&object.pod, &object.identity) else { continue };
            pods.by_name.insert((&identity.namespace, &identity.name), pod);
            for address in &pod.addresses {
                let known = pods.by_address.entry((&identity.namespace, *address));
                known.and_modify(|other| *other = None).or_insert(Some(pod));
            }
        }
        pods
    }

    /// The Pod behind an endpoint: the one that it names, else the one that has its address.
    pub(super) fn behind(&self, namespace: &Namespace, endpoint: &Endpoint, address: IpAddr) -> Option<&'m Pod> {
        match &endpoint.pod {
            Some(name) => self.by_name.get(&(namespace, name)).copied(),
            None => self.by_address.get(&(namespace, address)).copied().flatten(),
        }
    }
}

/// The labels that a `subsetSpec` asks for. No route of Gateway API names a subset, so that its fallback is what counts;
/// without `selectors` there are no subsets, and nothing falls back
/// ([subsets](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/subsets)).
pub(super) fn of_subsets(subsets: &UpstreamSubsets, refused: &mut Vec<Refused>) -> Option<ChosenPods> {
    let UpstreamSubsets { default_subset, fallback_policy, selectors } = subsets;
    let at = path!["kube", "subsetSpec"];
    let policy = fallback_policy.as_ref().map_or("", |GlooEnum(word)| word);
    let is_default = match policy {
        "" | "0" | "ANY_ENDPOINT" => false,
        "1" | "DEFAULT_SUBSET" => true,
        "2" | "NO_FALLBACK" if selectors.is_empty() => false,
        "2" | "NO_FALLBACK" => {
            let help = "write `ANY_ENDPOINT`, or `DEFAULT_SUBSET` and a `defaultSubset`";
            let why = "sends nothing where no route names a subset, and no route of Gateway API names one";
            refused.push(unusable(at.with("fallbackPolicy"), why, help));
            return None;
        }
        _ => {
            let help = "write `ANY_ENDPOINT`, `DEFAULT_SUBSET` or `NO_FALLBACK`";
            refused.push(unusable(at.with("fallbackPolicy"), "is no way to fall back", help));
            return None;
        }
    };
    let labels = default_subset.as_ref().map(|UpstreamSubset { values }| values).filter(|_| is_default)?;
    let path = at.with("defaultSubset");
    if selectors.is_empty() {
        return None;
    }
    let is_listed = |key: &String| selectors.iter().any(|UpstreamSubsetKeys { keys, .. }| keys.contains(key));
    for (key, value) in labels {
        let why = match (is_listed(key), value.is_empty()) {
            (false, _) => "has a label that no entry of `selectors` lists, so that no endpoint is in it",
            (true, true) => "has a label without a value",
            (true, false) => continue,
        };
        let help = "write labels with their values, and list them in `selectors`";
        refused.push(unusable(path.with("values"), why, help));
    }
    Some(ChosenPods { path, labels: labels.clone() })
}
