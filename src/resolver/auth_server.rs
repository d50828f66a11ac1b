//! The servers that HttpListenerOptions name: whoever a rule or a listener asks whether a request may pass
//! ([external auth](https://docs.solo.io/gateway/latest/security/external-auth/)).

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::name::NamespacedName;
use crate::parser::api::{GlooResourceRef, HttpListenerOption};
use crate::parser::manifests::ObjectHead;
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome};
use super::listener_options::OptionsOfListeners;
use super::reference_grant::Grants;
use super::upstream_reference::resolve_upstream;

/// What became of the server that each HttpListenerOption names, by its namespace and name.
pub(super) type AuthServers<'m> = HashMap<NamespacedName<'m>, BackendRefOutcome>;

/// Looks up the servers of the options that count somewhere. An Upstream of whichever namespace may be one.
pub(super) fn resolve_auth_servers<'m>(
    options: &OptionsOfListeners<'m, HttpListenerOption>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> AuthServers<'m> {
    let mut servers = AuthServers::new();
    for (_, set) in options.sets() {
        for field in &set.fields {
            let HttpListenerOption::Extauth(said) = field.value else { continue };
            // Who names none is told where the option is lowered.
            let Some(reference) = &said.extauthz_server_ref else { continue };
            let key = field.source.metadata.sort_key();
            servers.entry(key).or_insert_with(|| look_up(field.source, reference, backends, diagnostics));
        }
    }
    servers
}

fn look_up<'m>(
    source: &'m ObjectHead,
    reference: &GlooResourceRef,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> BackendRefOutcome {
    const CLOSED: &str = "all requests that it would be asked about get 500";
    let at = ObjectPart::Whole.at(&path!["spec", "options", "extauth", "extauthzServerRef"]);
    if reference.namespace.is_empty() {
        let message = "`extauthzServerRef` names no namespace";
        let finding = source.finding(codes::UNUSABLE_OPTION, at, message).label("is missing");
        let help = "write the name and the namespace of an Upstream";
        return Err(diagnostics.error(finding.consequence(CLOSED).help(help)));
    }
    resolve_upstream(reference, (source, at), CLOSED, (backends, &Grants::all()), diagnostics)
}
