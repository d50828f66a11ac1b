//! What ClientTrafficPolicies say of handshakes, where there are none.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, codes};
use crate::parser::api::ClientTrafficPolicyField;
use crate::resolver::gateway::ResolvedGateway;
use crate::resolver::listener::{Protocol, ResolvedListener};
use crate::whole;

use super::applied::EnvoyPolicyId;
use super::table::PoliciesOfKind;

/// Whether handshakes are made at a listener.
pub(super) fn has_handshakes(listener: &ResolvedListener<'_>) -> bool {
    matches!(listener.protocol, Protocol::Https | Protocol::TlsTerminate)
}

impl<'m> PoliciesOfKind<'m, ClientTrafficPolicyField> {
    /// Warns of certificates that nobody is asked for: no listener where the policy counts makes handshakes.
    pub(super) fn report_without_handshakes(&self, gateways: &[ResolvedGateway<'m>], diagnostics: &mut Diagnostics) {
        let mut makes: BTreeMap<EnvoyPolicyId, bool> = BTreeMap::new();
        for listener in gateways.iter().flat_map(|gateway| &gateway.listeners) {
            if let Some(id) = self.of_listener(listener) {
                *makes.entry(id).or_default() |= has_handshakes(listener);
            }
        }
        for id in makes.into_iter().filter(|(_, makes)| !makes).map(|(id, _)| id) {
            for field in &self.get(id).fields {
                let ClientTrafficPolicyField::Tls(said) = &*field.value else { continue };
                if said.client_validation.is_none() {
                    continue;
                }
                let message = format!(
                    "`tls.clientValidation` of {} `{}` asks nobody: no listener where it counts ends TLS",
                    field.source.kind.name(),
                    field.source.full_name()
                );
                let at = whole!["spec", "tls", "clientValidation"];
                let finding = field.source.finding(codes::OPTION_UNUSED, at, message).label("nobody is asked");
                diagnostics
                    .report(finding.help("let the policy be about listeners of HTTPS, or of TLS that ends there"));
            }
        }
    }
}
