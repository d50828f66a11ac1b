//! ExternalAuth: each distinct authorization once
//! ([HTTPExternalAuthFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httpexternalauthfilter)).
//! Whatever cannot be honoured closes the rule: no request passes unasked.

use std::collections::HashMap;

use crate::diagnostics::{Reported, codes};
use crate::ir::{AuthHeaders, AuthId, ClusterId, ExternalAuth, ExternalAuthProtocol, ExternalAuthSettings};
use crate::parser::api::{self, ExternalAuthFilter, ForwardBody, GrpcAuthConfig, HttpAuthConfig};
use crate::resolver::Place;

use super::super::cluster::Carried;
use super::super::path::bad_path_char;
use super::super::rule::RouteLowering;
use super::FilterContext;

/// The authorizations so far.
#[derive(Debug, Default)]
pub(in crate::translator::lower) struct ExternalAuths {
    list: Vec<ExternalAuth>,
    ids: HashMap<ExternalAuthSettings, AuthId>,
}

impl ExternalAuths {
    pub(in crate::translator::lower) fn into_list(self) -> Vec<ExternalAuth> {
        self.list
    }

    /// The authorization with these settings.
    fn find_or_add(&mut self, auth: ExternalAuth) -> AuthId {
        if let Some(id) = self.ids.get(&auth.settings) {
            return *id;
        }
        let id = AuthId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.ids.insert(auth.settings.clone(), id);
        self.list.push(auth);
        id
    }

    /// The same authorization, asked at the cluster that `replace` gives.
    pub(in crate::translator::lower) fn with_cluster(
        &mut self,
        id: AuthId,
        replace: &impl Fn(ClusterId) -> ClusterId,
    ) -> AuthId {
        let Some(ExternalAuth { settings, origin }) = self.list.get(id.0 as usize).cloned() else { return id };
        let settings = ExternalAuthSettings { cluster: replace(settings.cluster), ..settings };
        self.find_or_add(ExternalAuth { settings, origin })
    }
}

impl<S> RouteLowering<'_, S> {
    /// Lowers an authorization; `None` when its service is not served because the route is not.
    pub(super) fn lower_external_auth(
        &mut self,
        context: &FilterContext<'_>,
        filter: &ExternalAuthFilter,
    ) -> Result<Option<AuthId>, Reported> {
        let ExternalAuthFilter { protocol, backend_ref: _, grpc, http, forward_body } = filter;
        let (protocol, request_headers) = match protocol {
            api::ExternalAuthProtocol::Grpc => {
                let GrpcAuthConfig { allowed_headers } = grpc.clone().unwrap_or_default();
                (ExternalAuthProtocol::Grpc, allowed_headers)
            }
            api::ExternalAuthProtocol::Http => {
                let HttpAuthConfig { path, allowed_headers, allowed_response_headers } =
                    http.clone().unwrap_or_default();
                let path_prefix = self.lower_auth_path(context, path.as_deref().unwrap_or_default())?;
                let response_headers = lower_names(allowed_response_headers);
                (ExternalAuthProtocol::Http { path_prefix, response_headers }, allowed_headers)
            }
        };
        let Some(outcome) = context.outcome else { return Ok(None) };
        let carried = if protocol == ExternalAuthProtocol::Grpc { Carried::Grpc } else { Carried::Http };
        let Some(cluster) = self.clusters.get_for(outcome?, carried) else { return Ok(None) };
        let max_body_bytes = forward_body.as_ref().and_then(lower_body);
        let settings =
            ExternalAuthSettings { cluster, protocol, request_headers: lower_names(request_headers), max_body_bytes };
        Ok(Some(self.find_or_add(context, settings)))
    }

    fn find_or_add(&mut self, context: &FilterContext<'_>, settings: ExternalAuthSettings) -> AuthId {
        let place = Place::Rule(u16::try_from(context.list.rule).unwrap_or(u16::MAX));
        let origin = self.origins.origin(self.registered, place);
        self.shared.auths.find_or_add(ExternalAuth { settings, origin })
    }

    /// The prefix of the path at the service, without a trailing `/`.
    fn lower_auth_path(&mut self, context: &FilterContext<'_>, path: &str) -> Result<String, Reported> {
        let Some((_, found)) = bad_path_char(path) else {
            let path = path.trim_matches('/');
            return Ok(if path.is_empty() { String::new() } else { format!("/{path}") });
        };
        Err(self.diagnostics.error(
            self.object
                .finding(
                    codes::UNSAFE_VALUE,
                    context.at.with("externalAuth").with("http").with("path"),
                    format!("`{path}` is not a path"),
                )
                .label(format!("{found:?} cannot stand in a path as it is"))
                .consequence(context.consequence)
                .help("write the path without query and fragment, other characters percent-encoded"),
        ))
    }
}

/// An empty list leaves the choice to the protocol.
fn lower_names(names: Vec<String>) -> AuthHeaders {
    if names.is_empty() {
        return AuthHeaders::Default;
    }
    let mut names: Vec<String> = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    AuthHeaders::Listed(names)
}

/// The limit in bytes; 0 and nothing at all send no body.
fn lower_body(body: &ForwardBody) -> Option<u32> {
    let ForwardBody { max_size } = body;
    let size = max_size.filter(|size| *size > 0)?;
    Some(u32::try_from(size).unwrap_or(u32::MAX))
}
