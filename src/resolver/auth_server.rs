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

/// What became of the servers that each HttpListenerOption names, by its namespace and name and by the option.
pub(super) type AuthServers<'m> = HashMap<(NamespacedName<'m>, &'static str), BackendRefOutcome>;

/// Looks up the servers of the options that count somewhere. An Upstream of whichever namespace may be one.
pub(super) fn resolve_auth_servers<'m>(
    options: &OptionsOfListeners<'m, HttpListenerOption>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> AuthServers<'m> {
    let mut servers = AuthServers::new();
    for (_, set) in options.sets() {
        for field in &set.fields {
            let (named, reference) = match field.value {
                HttpListenerOption::Extauth(said) => ("extauthzServerRef", &said.extauthz_server_ref),
                HttpListenerOption::RatelimitServer(said) => ("ratelimitServerRef", &said.ratelimit_server_ref),
                _ => continue,
            };
            // Who names none is told where the option is lowered.
            let Some(reference) = reference else { continue };
            let option = field.value.field();
            let key = (field.source.metadata.sort_key(), option);
            let place = (field.source, [option, named]);
            servers.entry(key).or_insert_with(|| look_up(place, reference, backends, diagnostics));
        }
    }
    servers
}

fn look_up<'m>(
    (source, [option, named]): (&'m ObjectHead, [&'static str; 2]),
    reference: &GlooResourceRef,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> BackendRefOutcome {
    const CLOSED: &str = "all requests that it would be asked about get 500";
    let at = ObjectPart::Whole.at(&path!["spec", "options", option, named]);
    if reference.namespace.is_empty() {
        let message = format!("`{named}` names no namespace");
        let finding = source.finding(codes::UNUSABLE_OPTION, at, message).label("is missing");
        let help = "write the name and the namespace of an Upstream";
        return Err(diagnostics.error(finding.consequence(CLOSED).help(help)));
    }
    resolve_upstream(reference, (source, at), CLOSED, (backends, &Grants::all()), diagnostics)
}
