//! Policies of Envoy Gateway: what each is about, which of several counts at a rule of a listener, and what it says there
//! ([concepts](https://gateway.envoyproxy.io/docs/concepts/gateway_api_extensions/)).
//!
//! Of the policies of a kind one counts at a rule, as a whole: the one for the rule, else the one for the route, the
//! listener, the ListenerSet or the Gateway. Of two for the same target the older one counts. Only a policy with a
//! `mergeType` is laid over the next one of that chain. One that cannot be read or honoured makes its rules fail.

mod applied;
mod authorities;
mod extension;
mod handshakes;
mod kind;
mod known;
mod meets;
mod overridden;
mod place;
mod scope;
mod server;
mod table;
mod target;
mod untranslated;
mod untranslated_client;
mod untranslated_limits;
mod untranslated_security;

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, Reported};
use crate::options::Options;
use crate::parser::api::{
    BackendTrafficPolicyField, ClientTrafficPolicyField, EnvoyExtensionPolicyField, SecurityPolicyField,
};
use crate::parser::manifests::{Manifests, ObjectHead};

use super::backend::BackendIndex;
use super::certificate::CertificateIndex;
use super::gateway::ResolvedGateway;
use super::listener::ResolvedListener;
use super::reference_grant::Grants;
use super::route::{ResolvedRoute, Routes};
use handshakes::has_handshakes;
use known::Known;
use meets::Meetings;

pub use applied::{AppliedPolicy, EnvoyPolicyId, PolicyField, SaidField};
pub use kind::EnvoyPolicyKind;
pub(super) use known::OptionsOfGloo;
pub use scope::PolicyScope;
pub use table::{PoliciesOfKind, ResolvedEnvoyPolicy};

/// The policies of all kinds.
#[derive(Debug, Default)]
pub struct EnvoyPolicies<'m> {
    /// What is said of connections of clients.
    pub client: PoliciesOfKind<'m, ClientTrafficPolicyField>,
    /// What is said of requests on their way to backends.
    pub traffic: PoliciesOfKind<'m, BackendTrafficPolicyField>,
    /// What is said of who may send requests.
    pub security: PoliciesOfKind<'m, SecurityPolicyField>,
    /// What requests are handed to.
    pub extension: PoliciesOfKind<'m, EnvoyExtensionPolicyField>,
    /// The rules that fail although each policy is right: another vendor says the same of them.
    failed: HashMap<(*const ObjectHead, usize), Reported>,
}

impl<'m> EnvoyPolicies<'m> {
    /// The proof that a rule fails although each policy is right; `rule` is its position.
    pub fn failure_of(&self, route: &ResolvedRoute<'_>, rule: usize) -> Option<Reported> {
        self.failed.get(&(std::ptr::from_ref(route.object()), rule)).copied()
    }

    /// What policies say at a rule on a listener, by field, and what cannot be honoured.
    pub fn said(&self, route: &ResolvedRoute<'m>, rule: usize, listener: &ResolvedListener<'m>) -> Vec<SaidField<'m>> {
        let Self { client, traffic, security, extension, failed: _ } = self;
        let mut said = Vec::new();
        // Without handshakes nothing counts that is said of them.
        let is_meant = |field: &SaidField<'_>| field.name != "tls" || has_handshakes(listener);
        let of_client = client.of_listener(listener).into_iter().flat_map(|id| client.get(id).said());
        said.extend(of_client.filter(is_meant));
        said.extend(traffic.of_rule(route, rule, listener).into_iter().flat_map(|id| traffic.get(id).said()));
        said.extend(security.of_rule(route, rule, listener).into_iter().flat_map(|id| security.get(id).said()));
        said.extend(extension.of_rule(route, rule, listener).into_iter().flat_map(|id| extension.get(id).said()));
        said
    }

    /// Every policy, of all kinds.
    pub fn list(&self) -> impl Iterator<Item = &ResolvedEnvoyPolicy<'m>> {
        let requests = self.security.list.iter().chain(&self.extension.list);
        self.client.list.iter().chain(&self.traffic.list).chain(requests)
    }
}

/// Resolves the policies of all kinds.
pub(super) fn resolve_envoy_policies<'m>(
    manifests: &'m Manifests,
    (gateways, routes): (&[ResolvedGateway<'m>], &Routes<'m>),
    gloo: OptionsOfGloo<'_, 'm>,
    (grants, certificates): (&Grants<'m>, &mut CertificateIndex<'m>),
    backends: &mut BackendIndex<'m>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> EnvoyPolicies<'m> {
    if manifests.targets_of_envoy_policies().next().is_none() && manifests.decoded.is_empty() {
        return EnvoyPolicies::default();
    }
    let known = Known::new(manifests, (gateways, routes), gloo, (grants, certificates));
    let mut meetings = Meetings::default();
    let client: PoliciesOfKind<'_, ClientTrafficPolicyField> =
        table::resolve(&known, options, &mut meetings, diagnostics);
    let traffic = table::resolve(&known, options, &mut meetings, diagnostics);
    let security: PoliciesOfKind<'_, SecurityPolicyField> = table::resolve(&known, options, &mut meetings, diagnostics);
    let extension: PoliciesOfKind<'_, EnvoyExtensionPolicyField> =
        table::resolve(&known, options, &mut meetings, diagnostics);
    client.report_without_handshakes(gateways, diagnostics);
    EnvoyPolicies {
        client: client.resolve_authorities((certificates, grants), diagnostics),
        traffic,
        security: security.resolve_servers((backends, grants), diagnostics),
        extension: extension.resolve_servers((backends, grants), diagnostics),
        failed: meetings.into_failed(),
    }
}
