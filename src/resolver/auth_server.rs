//! The servers that HttpListenerOptions name: whoever a rule or a listener asks whether a request may pass, and whoever gets
//! spans
//! ([external auth](https://docs.solo.io/gateway/latest/security/external-auth/)).

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, codes};
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
            // Who names none is told where the option is lowered.
            let Some((below, named, reference)) = server_of(field.value) else { continue };
            let option = field.value.field();
            let key = (field.source.metadata.sort_key(), option);
            let place = (field.source, path![option].join(&below).with(named), named);
            servers.entry(key).or_insert_with(|| look_up(place, reference, backends, diagnostics));
        }
    }
    servers
}

/// The server that an option names: where below it, by which field, and which.
fn server_of(option: &HttpListenerOption) -> Option<(FieldPath, &'static str, &GlooResourceRef)> {
    let (below, named, reference) = match option {
        HttpListenerOption::Extauth(said) => (path![], "extauthzServerRef", &said.extauthz_server_ref),
        HttpListenerOption::RatelimitServer(said) => (path![], "ratelimitServerRef", &said.ratelimit_server_ref),
        HttpListenerOption::ExtProc(said)
        | HttpListenerOption::ExtProcEarly(said)
        | HttpListenerOption::ExtProcLate(said) => {
            (path!["grpcService"], "extProcServerRef", &said.grpc_service.as_ref()?.ext_proc_server_ref)
        }
        HttpListenerOption::HttpConnectionManagerSettings(said) => {
            let (tracer, reference, _) = said.tracing.as_ref()?.collectors().next()?;
            return Some((path!["tracing", tracer], "collectorUpstreamRef", reference?));
        }
        _ => return None,
    };
    Some((below, named, reference.as_ref()?))
}

/// What became of a reference to a server; `at` is its place below `options`, and `named` its field.
pub(super) fn look_up<'m>(
    (source, at, named): (&ObjectHead, FieldPath, &'static str),
    reference: &GlooResourceRef,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> BackendRefOutcome {
    // Spans decide about no request.
    let consequence = match named {
        "collectorUpstreamRef" => "nobody gets spans of requests to the listener",
        _ => "all requests that it would be asked about get 500",
    };
    let at = ObjectPart::Whole.at(&path!["spec", "options"].join(&at));
    if reference.namespace.is_empty() {
        let message = format!("`{named}` names no namespace");
        let finding = source.finding(codes::UNUSABLE_OPTION, at, message).label("is missing");
        let help = "write the name and the namespace of an Upstream";
        return Err(diagnostics.error(finding.consequence(consequence).help(help)));
    }
    resolve_upstream(reference, (source, at), consequence, (backends, &Grants::all()), diagnostics)
}
