//! What policies of Envoy Gateway say, laid over what rules do.
//!
//! Input: the policies that count at a rule on a listener ([`crate::resolver::EnvoyPolicies`]). Output: the rule's action
//! with what they say, in the same representation as the options of other vendors. What a rule says itself goes before.
//! A policy with something that cannot be honoured is reported once, and its rules answer with an error.

mod change;
mod client;
mod extension;
mod security;
mod traffic;

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Reported};
use crate::ir::{AccessOrder, Action, HttpSettings, ListenerSettings, TcpBackend, TlsTerms};
use crate::options::EnvoyVersion;
use crate::resolver::{
    EnvoyPolicyId, EnvoyPolicyKind, ListenerId, OriginTable, PoliciesOfKind, PolicyField, Resolved, ResolvedListener,
    ResolvedRoute,
};
use typed_index_collections::TiVec;

use super::cluster::Clusters;
use super::external_auths::ExternalAuths;
use super::option::faults::Faults;
use super::option::http::change_forwards;
use super::option::part::{Place, RuleSays};
use super::socket::Socket;
use client::ClientPart;
pub(super) use client::{AskedCertificates, CertificateMode};
use extension::ExtensionPart;
use security::SecurityPart;
use traffic::{RulePlace, TrafficPart};

/// What policies say, by kind.
#[derive(Debug, Default)]
pub(super) struct PolicyParts {
    client: ClientParts,
    traffic: Parts<TrafficPart>,
    security: Parts<SecurityPart>,
    extension: Parts<ExtensionPart>,
}

type Parts<P> = TiVec<EnvoyPolicyId, Result<P, Reported>>;

/// What ClientTrafficPolicies say.
pub(super) type ClientParts = Parts<ClientPart>;

/// Lowers the policies of clients, which are judged by the sockets that listeners share.
pub(super) fn lower_clients(
    resolved: &Resolved<'_>,
    sockets: [&[Socket]; 2],
    diagnostics: &mut Diagnostics,
) -> ClientParts {
    let policies = &resolved.envoy_policies.client;
    let mut parts =
        lower_kind(policies, |field, _, part, faults| client::lower_field(field, part, faults), diagnostics);
    for sockets in sockets {
        client::shared::check_shared(resolved, &mut parts, sockets, diagnostics);
    }
    parts
}

/// Lowers all policies, those of clients aside.
pub(super) fn lower_policies(
    resolved: &Resolved<'_>,
    (clients, version): (&ClientParts, EnvoyVersion),
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> PolicyParts {
    let policies = &resolved.envoy_policies;
    let mut traffic = lower_kind(
        &policies.traffic,
        |field, _, part, faults| traffic::lower_field(&field.value, part, version, faults),
        diagnostics,
    );
    for (part, (_, applied)) in traffic.iter_mut().zip(policies.traffic.applied()) {
        if let Ok(part) = part {
            part.called(applied.in_names());
        }
    }
    traffic::check_calls(resolved, &mut traffic, diagnostics);
    PolicyParts {
        client: clients.to_owned(),
        traffic,
        security: lower_kind(
            &policies.security,
            |field, beside, part, faults| {
                security::lower_field(field, beside, part, (&resolved.certificates, &mut *origins), faults);
            },
            diagnostics,
        ),
        extension: lower_extensions(resolved, diagnostics),
    }
}

fn lower_extensions(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> Parts<ExtensionPart> {
    let (policies, objects) = (&resolved.envoy_policies.extension, &resolved.certificates);
    let mut parts = lower_kind(
        policies,
        |field, _, part, faults| extension::lower_field(field, part, objects, faults),
        diagnostics,
    );
    for (part, (_, applied)) in parts.iter_mut().zip(policies.applied()) {
        if let Ok(part) = part {
            part.called(&applied.in_names());
        }
    }
    parts
}

fn lower_kind<T: EnvoyPolicyKind, P: Default>(
    policies: &PoliciesOfKind<'_, T>,
    mut lower_field: impl FnMut(&PolicyField<'_, T>, &[PolicyField<'_, T>], &mut P, &mut Faults<'_>),
    diagnostics: &mut Diagnostics,
) -> Parts<P> {
    // A field that counts alone and in what is merged is told of once.
    let mut known: HashMap<*const T, Option<Reported>> = HashMap::new();
    let lower = policies.applied().map(|(_, applied)| {
        let mut part = P::default();
        let mut failed = applied.failed;
        for field in &applied.fields {
            let mut faults = Faults::new(Place { source: field.source, field: field.value.field() });
            lower_field(field, &applied.fields, &mut part, &mut faults);
            let found = faults.found().into_iter();
            let proof = *known
                .entry(Arc::as_ptr(&field.value))
                .or_insert_with(|| found.map(|finding| diagnostics.error(finding)).reduce(|first, _| first));
            failed = failed.or(proof);
        }
        failed.map_or(Ok(part), Err)
    });
    lower.collect()
}

/// What counts at the rules of a listener, and makes them differ from those of others: policies of listeners.
pub(super) type PoliciesOfListener = [Option<EnvoyPolicyId>; 4];

/// The policies of a listener.
pub(super) fn of_listener<'m>(resolved: &Resolved<'m>, listener: &ResolvedListener<'m>) -> PoliciesOfListener {
    let policies = &resolved.envoy_policies;
    let (client, traffic) = (policies.client.of_listener(listener), policies.traffic.of_listener(listener));
    [client, traffic, policies.security.of_listener(listener), policies.extension.of_listener(listener)]
}

/// What policies are looked up by.
#[derive(Clone, Copy)]
pub(super) struct PoliciesAt<'a, 'm> {
    pub(super) resolved: &'a Resolved<'m>,
    pub(super) parts: &'a PolicyParts,
    pub(super) listener: &'a ResolvedListener<'m>,
    pub(super) route: &'a ResolvedRoute<'m>,
}

impl<'p> PoliciesAt<'p, '_> {
    /// What a rule does where policies count; `rule` is its position.
    pub(super) fn lay_over(
        self,
        rule: usize,
        says: RuleSays,
        action: Arc<Action>,
        clusters: &mut Clusters<'_>,
        auths: &mut ExternalAuths,
    ) -> Arc<Action> {
        let Self { resolved, parts, listener, route } = self;
        let policies = &resolved.envoy_policies;
        let traffic = policies.traffic.of_rule(route, rule, listener).map(|id| &parts.traffic[id]);
        let security = policies.security.of_rule(route, rule, listener).map(|id| &parts.security[id]);
        if self.fails(rule) {
            return Arc::new(Action::Respond(says.failure));
        }
        let action = match traffic {
            Some(Ok(part)) => part.over((says, self.place(&|| self.name_of(rule))), action, clusters),
            _ => action,
        };
        let action = match security {
            Some(Ok(part)) => part.over(says, action, clusters, auths),
            _ => action,
        };
        let extension = policies.extension.of_rule(route, rule, listener).map(|id| &parts.extension[id]);
        let action = match extension {
            Some(Ok(part)) => part.over(says.failure, action, clusters),
            _ => action,
        };
        match self.client().and_then(|part| part.http.times.stream_idle) {
            // Without a limit for silence a rule would set that there is none.
            Some(idle) => Arc::new(change_forwards(Arc::unwrap_or_clone(action), &mut |forward| {
                forward.timeouts.idle = forward.timeouts.idle.or(Some(idle));
            })),
            None => action,
        }
    }

    /// What counts of the connections of the listener.
    fn client(self) -> Option<&'p ClientPart> {
        let id = self.resolved.envoy_policies.client.of_listener(self.listener)?;
        self.parts.client[id].as_ref().ok()
    }

    /// Changes the backends of a route of connections where policies count.
    pub(super) fn lay_over_bytes(self, backends: &mut [TcpBackend], clusters: &mut Clusters<'_>) {
        let Self { resolved, parts, listener, route } = self;
        let id = resolved.envoy_policies.traffic.of_rule(route, 0, listener);
        if let Some(Ok(part)) = id.map(|id| &parts.traffic[id]) {
            part.over_bytes(self.place(&|| self.name_of(0)), backends, clusters);
        }
    }

    /// Whose connections a route takes, where a policy says it.
    pub(super) fn access_of_bytes(self) -> Option<Arc<AccessOrder>> {
        let Self { resolved, parts, listener, route } = self;
        let id = resolved.envoy_policies.security.of_rule(route, 0, listener)?;
        parts.security[id].as_ref().ok()?.access().map(Arc::clone)
    }

    /// What is made of a rule alone is called so.
    fn name_of(self, rule: usize) -> String {
        let object = self.route.object();
        format!("{}/{}/rule/{rule}", object.kind.name().to_ascii_lowercase(), object.full_name())
    }

    fn place<'n>(&'n self, name: &'n dyn Fn() -> String) -> RulePlace<'n> {
        let tells_rates = self.client().is_none_or(|part| !part.hides_rates);
        RulePlace { name, hosts: &self.route.hostnames, tells_rates }
    }

    /// Whether a policy that counts at a rule cannot be honoured.
    pub(super) fn fails(self, rule: usize) -> bool {
        let Self { resolved, parts, listener, route } = self;
        let policies = &resolved.envoy_policies;
        let client = policies.client.of_listener(listener).is_some_and(|id| parts.client[id].is_err());
        let traffic = policies.traffic.of_rule(route, rule, listener).is_some_and(|id| parts.traffic[id].is_err());
        let security = policies.security.of_rule(route, rule, listener).is_some_and(|id| parts.security[id].is_err());
        // Connections are handed to nothing.
        let extension = policies.extension.of_rule(route, rule, listener).filter(|_| route.kind().has_requests());
        let extension = extension.is_some_and(|id| parts.extension[id].is_err());
        client || traffic || security || extension || policies.failure_of(route, rule).is_some()
    }
}

/// What policies ask for of the connections of listeners that share them: the first that can be honoured.
pub(super) fn http_settings<'p>(
    resolved: &Resolved<'_>,
    parts: &'p PolicyParts,
    ids: &[ListenerId],
) -> Option<&'p Arc<HttpSettings>> {
    of_clients(resolved, parts, ids).map(|part| &part.http)
}

/// What policies ask for of the socket of listeners.
pub(super) fn socket_settings<'p>(
    resolved: &Resolved<'_>,
    parts: &'p PolicyParts,
    ids: &[ListenerId],
) -> Option<&'p ListenerSettings> {
    of_clients(resolved, parts, ids).map(|part| &part.socket)
}

/// What policies ask for of the handshakes of a listener.
pub(super) fn tls_terms(
    resolved: &Resolved<'_>,
    parts: &PolicyParts,
    listener: &ResolvedListener<'_>,
) -> Arc<TlsTerms> {
    let id = resolved.envoy_policies.client.of_listener(listener);
    let part = id.and_then(|id| parts.client[id].as_ref().ok());
    part.map(|part| Arc::clone(&part.tls)).unwrap_or_default()
}

/// What a policy says clients of a listener have to show.
pub(super) fn asked_certificates<'p>(
    resolved: &Resolved<'_>,
    parts: &'p PolicyParts,
    listener: &ResolvedListener<'_>,
) -> Option<&'p AskedCertificates> {
    let id = resolved.envoy_policies.client.of_listener(listener)?;
    parts.client[id].as_ref().ok()?.certificates.as_ref()
}

fn of_clients<'p>(resolved: &Resolved<'_>, parts: &'p PolicyParts, ids: &[ListenerId]) -> Option<&'p ClientPart> {
    let own = ids.iter().filter_map(|id| resolved.envoy_policies.client.of_listener(resolved.listener(*id)));
    own.into_iter().find_map(|id| parts.client[id].as_ref().ok())
}
