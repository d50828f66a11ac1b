//! The servers that HttpListenerOptions name: whoever a rule or a listener asks whether a request may pass
//! ([external auth](https://docs.solo.io/gateway/latest/security/external-auth/)).

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::name::NamespacedName;
use crate::parser::api::{GlooResourceRef, HttpListenerOption};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::route::{BackendReference, RouteKind};
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::consequence::Consequence;
use super::listener_options::OptionsOfListeners;
use super::reference_grant::Grants;

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
    GlooResourceRef { name, namespace }: &'m GlooResourceRef,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> BackendRefOutcome {
    const CLOSED: &str = "all requests that it would be asked about get 500";
    let at = ObjectPart::Whole.at(&path!["spec", "options", "extauth", "extauthzServerRef"]);
    if namespace.is_empty() {
        let message = "`extauthzServerRef` names no namespace";
        let finding = source.finding(codes::UNUSABLE_OPTION, at, message).label("is missing");
        let help = "write the name and the namespace of an Upstream";
        return Err(diagnostics.error(finding.consequence(CLOSED).help(help)));
    }
    let reference = BackendReference {
        group: Kind::Upstream.group(),
        kind: Kind::Upstream.name(),
        name,
        namespace: Some(namespace),
        port: None,
    };
    let from = BackendReferrer {
        through: None,
        object: source,
        kind: RouteKind::Http,
        path: at,
        consequence: Consequence::Fixed(CLOSED),
    };
    backends.resolve(&from, reference, &Grants::all(), diagnostics)
}
