//! `extAuth` ([ExtAuth](https://gateway.envoyproxy.io/docs/api/extension_types/#extauth)): a service that is asked whether a
//! request may pass.

use std::time::Duration;

use crate::diagnostics::ObjectPart;
use crate::http::HeaderName;
use crate::ir::{AuthHeaders, AuthTerms, ExternalAuth, ExternalAuthProtocol, ExternalAuthSettings, Origin};
use crate::parser::api::{SecurityAuthBody, SecurityAuthContext, SecurityExtAuth, SecurityHttpAuth};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{BackendRefOutcome, OriginTable};
use crate::translator::lower::cluster::{Clusters, RouteProtocol, Sent};
use crate::translator::lower::header::bad_passed_name;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::path::{bad_path_char, path_help};

/// How long the service may take, where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Who is asked about requests, and how.
#[derive(Clone, Debug)]
pub(super) struct AuthPart {
    protocol: ExternalAuthProtocol,
    request_headers: AuthHeaders,
    max_body_bytes: Option<u32>,
    terms: AuthTerms,
    backend: BackendRefOutcome,
    origin: Origin,
}

impl AuthPart {
    /// The authorization; `None` where nobody can be asked.
    pub(super) fn authorization(&self, clusters: &mut Clusters<'_>) -> Option<ExternalAuth> {
        let Self { protocol, request_headers, max_body_bytes, terms, backend, origin } = self.to_owned();
        let spoken = if protocol == ExternalAuthProtocol::Grpc { RouteProtocol::Grpc } else { RouteProtocol::Http };
        let cluster = clusters.intern(backend.ok()?, Sent::once(spoken), None)?;
        let settings = ExternalAuthSettings { cluster, protocol, request_headers, max_body_bytes, terms };
        Some(ExternalAuth { settings, origin })
    }
}

/// Who is asked; nobody where the resolver found nobody, so that no request passes.
pub(super) fn lower(
    said: &SecurityExtAuth,
    (source, servers): (&ObjectHead, &[BackendRefOutcome]),
    origins: &mut OriginTable,
    faults: &mut Faults<'_>,
) -> Option<AuthPart> {
    // The resolver lets neither other routes nor their metadata through.
    let SecurityExtAuth {
        body_to_ext_auth,
        context_extensions,
        fail_open,
        grpc: _,
        headers_to_ext_auth,
        http,
        include_route_metadata: _,
        recompute_route: _,
        status_on_error,
        timeout,
    } = said;
    if timeout.is_some_and(|timeout| timeout.0.is_zero()) {
        faults.add(&path!["timeout"], "a service cannot answer in no time", "write a length of time above zero");
    }
    let seen = names(headers_to_ext_auth, &path!["headersToExtAuth"], false, faults);
    let protocol = match http {
        Some(http) => lower_http(http, faults),
        None => ExternalAuthProtocol::Grpc,
    };
    let context = match protocol {
        ExternalAuthProtocol::Grpc => lower_context(context_extensions, faults),
        // Nothing of it is sent over HTTP.
        ExternalAuthProtocol::Http { .. } => Vec::new(),
    };
    let object = origins.object(source);
    Some(AuthPart {
        protocol,
        request_headers: if seen.is_empty() { AuthHeaders::Default } else { AuthHeaders::Listed(seen) },
        max_body_bytes: body_to_ext_auth.as_ref().map(|SecurityAuthBody { max_request_bytes }| *max_request_bytes),
        terms: AuthTerms {
            timeout: Some(timeout.map_or(TIMEOUT, |timeout| timeout.0)),
            lets_pass: *fail_open,
            failure: *status_on_error,
            context,
            ..AuthTerms::default()
        },
        backend: *servers.first()?,
        origin: origins.origin(object, ObjectPart::Whole),
    })
}

fn lower_http(said: &SecurityHttpAuth, faults: &mut Faults<'_>) -> ExternalAuthProtocol {
    let SecurityHttpAuth { headers_to_backend, path, .. } = said;
    let path = path.as_deref().unwrap_or_default();
    if !path.is_empty() && !path.starts_with('/') {
        faults.add(&path!["http", "path"], "this is not the beginning of a path", "begin it with `/`");
    }
    if let Some((_, found)) = bad_path_char(path) {
        let message = format!("`{}` cannot stand in a path as it is", found.escape_debug());
        faults.add(&path!["http", "path"], message, path_help(path));
    }
    // What follows begins with a slash. What is not listed the backend does not get.
    ExternalAuthProtocol::Http {
        path_prefix: path.strip_suffix('/').unwrap_or(path).to_owned(),
        response_headers: AuthHeaders::Listed(names(
            headers_to_backend,
            &path!["http", "headersToBackend"],
            true,
            faults,
        )),
    }
}

/// What the service is told, by name; of two of one name the last counts, as in a map.
fn lower_context(said: &[SecurityAuthContext], faults: &mut Faults<'_>) -> Vec<(String, String)> {
    let mut context: Vec<(String, String)> = Vec::with_capacity(said.len());
    for (index, SecurityAuthContext { name, value_type: _, value, value_ref: _ }) in said.iter().enumerate() {
        if context.iter().any(|(known, _)| known == name) {
            let message = format!("`{}` is told twice", name.escape_debug());
            faults.add(&path!["contextExtensions", index, "name"], message, "write each name once");
        }
        context.push((name.to_owned(), value.as_ref().map(String::to_owned).unwrap_or_default()));
    }
    context
}

/// The names of headers that are passed on, each once.
fn names(
    listed: &[HeaderName],
    at: &crate::diagnostics::FieldPath,
    is_answer: bool,
    faults: &mut Faults<'_>,
) -> Vec<HeaderName> {
    for (index, name) in listed.iter().enumerate() {
        if let Some((message, help)) = bad_passed_name(name, is_answer) {
            faults.add(&at.with(index), message, help);
        }
    }
    let mut names: Vec<HeaderName> = listed.iter().map(HeaderName::lower).collect();
    names.sort_unstable();
    names.dedup();
    names
}
