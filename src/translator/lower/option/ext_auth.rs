//! `extauth`: a server that is asked whether a request may pass.
//!
//! An HttpListenerOption says which server, and how it is asked; a VirtualHostOption or a RouteOption says of whose requests,
//! and the RouteOption counts before the other. Without `customAuth` nobody is asked, whatever server there is. Where one
//! is to be asked and cannot be, no request passes.

use std::sync::Arc;

use crate::ir::{Action, AuthTerms, ExternalAuth, ExternalAuthProtocol, ExternalAuthSettings, HttpFilters};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::super::external_auths::ExternalAuths;
use super::auth_server::AuthServer;
use super::auth_switch::AuthSwitch;
use super::http_filters::change_filters;

/// What is asked on a listener.
#[derive(Clone, Copy)]
pub(in crate::translator::lower) struct AuthOnListener<'h> {
    /// What a VirtualHostOption says.
    pub(in crate::translator::lower) host: Option<&'h AuthSwitch>,
    pub(in crate::translator::lower) server: Option<&'h AuthServer>,
}

/// What a rule does where a server may have to be asked. `failure` is the status of a rule that fails.
pub(in crate::translator::lower) fn lay_under(
    on: AuthOnListener<'_>,
    (own, failure): (Option<&AuthSwitch>, u16),
    action: Arc<Action>,
    clusters: &mut Clusters<'_>,
    auths: &mut ExternalAuths,
) -> Arc<Action> {
    let Some(AuthSwitch::On(context)) = own.or(on.host) else { return action };
    let closed = || Arc::new(Action::Respond(failure));
    let Some(server) = on.server else { return closed() };
    // Each has terms of its own.
    let AuthServer { protocol, request_headers, max_body_bytes, terms, backend, origin } = server.clone();
    let spoken = if protocol == ExternalAuthProtocol::Grpc { RouteProtocol::Grpc } else { RouteProtocol::Http };
    let cluster = backend.ok().and_then(|id| clusters.intern(id, Sent::once(spoken), None));
    let Some(cluster) = cluster else { return closed() };
    let terms = AuthTerms { context: context.to_vec(), ..terms };
    let settings = ExternalAuthSettings { cluster, protocol, request_headers, max_body_bytes, terms };
    let auth = ExternalAuth { settings, origin };
    let mut ask = |HttpFilters { auths: asked, .. }: &mut HttpFilters| {
        asked.push(auths.find_or_add(&auth, asked.last().copied()));
    };
    Arc::new(change_filters(Arc::unwrap_or_clone(action), true, &mut ask))
}
