//! Parameters of Gateways and of their classes
//! ([ParametersReference](https://gateway-api.sigs.k8s.io/reference/spec/#parametersreference)).
//!
//! Such objects configure one controller. An EnvoyProxy of Envoy Gateway that says nothing but how proxies are deployed
//! ([EnvoyProxy](https://gateway.envoyproxy.io/docs/api/extension_types/#envoyproxyspec)) changes nothing of what they do with
//! requests; whatever else it says may protect something.

use std::collections::HashMap;

use crate::name::Namespace;
use crate::parser::foreign::ForeignObject;
use crate::parser::kind::ENVOY_GATEWAY_GROUP;
use crate::parser::manifests::Manifests;

/// The kind of Envoy Gateway's parameters.
const ENVOY_PROXY: &str = "EnvoyProxy";

/// The fields of its spec that are about how proxies run: where, with how many threads, what they log of themselves, how
/// they end, and whether endpoints are those of Services, which they are here as slices say.
const WITHOUT_EFFECT: [&str; 5] = ["concurrency", "logging", "provider", "routingType", "shutdown"];

/// The objects that parameters may be.
pub(super) struct Parameters<'m> {
    envoy_proxies: HashMap<(&'m Namespace, &'m str), &'m ForeignObject>,
}

/// What a reference to parameters leads to.
pub(super) struct Reference<'r> {
    pub(super) group: &'r str,
    pub(super) kind: &'r str,
    pub(super) namespace: Option<&'r Namespace>,
    pub(super) name: &'r str,
}

impl<'m> Parameters<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        let is_proxy =
            |object: &&ForeignObject| is_envoy_proxy(&object.identity.group, &object.identity.kind) && !object.is_slip;
        let proxies = manifests.foreign.iter().filter(is_proxy);
        let by_name = |object: &'m ForeignObject| ((&object.identity.namespace, &*object.identity.name), object);
        Self { envoy_proxies: proxies.map(by_name).collect() }
    }

    /// Why what parameters say is not known, or not translated.
    pub(super) fn unknown(&self, reference: &Reference<'_>) -> Option<String> {
        let Reference { group, kind, namespace, name } = reference;
        if !is_envoy_proxy(group, kind) {
            return Some(format!("parameters `{name}` are of kind `{group}/{kind}`, which gwctl does not know"));
        }
        let object = namespace.and_then(|namespace| self.envoy_proxies.get(&(namespace, *name)));
        let Some(object) = object else {
            return Some(format!("{ENVOY_PROXY} `{name}` is not in the input: what it says is not known"));
        };
        let said: Vec<String> = object
            .fields
            .iter()
            .filter(|field| !WITHOUT_EFFECT.contains(&field.as_str()))
            .map(|field| format!("`{field}`"))
            .collect();
        let verb = if said.len() == 1 { "is" } else { "are" };
        (!said.is_empty()).then(|| {
            format!("{} of {ENVOY_PROXY} `{}/{name}` {verb} not translated", said.join(", "), object.identity.namespace)
        })
    }
}

fn is_envoy_proxy(group: &str, kind: &str) -> bool {
    (group, kind) == (ENVOY_GATEWAY_GROUP, ENVOY_PROXY)
}
