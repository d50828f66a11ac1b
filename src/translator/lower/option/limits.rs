//! `ratelimit` and its kin: a server that is asked whether there are too many requests.
//!
//! An HttpListenerOption says which server; a VirtualHostOption or a RouteOption says what it is told of requests. What a
//! rule says goes before what its listener says, unless it asks for both. Where a server is to be asked and cannot be,
//! no request passes. A redirect is made by nobody who is asked: such rules have no limits, as with Gloo Gateway.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ir::{Action, HttpFilters, LimitServer, RequestLimits};
use crate::parser::api::{GoDuration, HttpListenerOption, OptionAuthority, OptionLimitServer};
use crate::resolver::{BackendRefOutcome, Effective, ListenerOptionsId, Resolved};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::http_filters::change_filters;
use super::limit_told::Told;

/// Whose limits these are, to the server.
const DOMAIN: &str = "custom";

/// How long a server may take that nothing else is said of.
const TIMEOUT: Duration = Duration::from_millis(100);

/// A server that counts the requests of a listener.
#[derive(Clone, Debug)]
pub(in crate::translator::lower) struct LimitServerOption<'m> {
    said: &'m OptionLimitServer,
    backend: BackendRefOutcome,
}

/// The servers, by what applies to a listener.
pub(in crate::translator::lower) type LimitServers<'m> = HashMap<ListenerOptionsId, LimitServerOption<'m>>;

/// The servers that listeners have.
pub(in crate::translator::lower) fn servers<'m>(resolved: &Resolved<'m>) -> LimitServers<'m> {
    let mut servers = LimitServers::new();
    for (id, set) in resolved.http_listener_options.sets() {
        for Effective { value, source } in &set.fields {
            let HttpListenerOption::RatelimitServer(said) = value else { continue };
            if let Some(backend) = resolved.auth_servers.get(&(source.metadata.sort_key(), value.field())) {
                servers.insert(id, LimitServerOption { said, backend: *backend });
            }
        }
    }
    servers
}

/// What is asked on a listener.
#[derive(Clone, Copy)]
pub(in crate::translator::lower) struct LimitsOnListener<'h> {
    /// What a VirtualHostOption says.
    pub(in crate::translator::lower) host: Option<&'h Told>,
    pub(in crate::translator::lower) server: Option<&'h LimitServerOption<'h>>,
}

/// What a rule does where a server may have to be asked. `failure` is the status of a rule that fails.
pub(in crate::translator::lower) fn lay_under(
    on: LimitsOnListener<'_>,
    (own, failure): (&Told, u16),
    action: Arc<Action>,
    clusters: &mut Clusters<'_>,
) -> Arc<Action> {
    let nothing = Told::default();
    let host = on.host.unwrap_or(&nothing);
    if own.is_empty() && host.is_empty() {
        return action;
    }
    let closed = || Arc::new(Action::Respond(failure));
    let Some(LimitServerOption { said, backend }) = on.server else { return closed() };
    let cluster = backend.ok().and_then(|id| clusters.intern(id, Sent::once(RouteProtocol::Grpc), None));
    let Some(cluster) = cluster else { return closed() };
    let OptionLimitServer {
        deny_on_fail,
        enable_x_ratelimit_headers,
        grpc_service,
        rate_limit_before_auth,
        ratelimit_server_ref: _,
        request_timeout,
    } = said;
    let authority = grpc_service.as_ref().map(|OptionAuthority { authority }| authority.to_owned());
    let server = Arc::new(LimitServer {
        cluster,
        authority: authority.filter(|authority| !authority.is_empty()),
        domain: DOMAIN.to_owned(),
        timeout: request_timeout.map_or(TIMEOUT, |GoDuration(timeout)| timeout),
        lets_pass: !deny_on_fail,
        is_told: *enable_x_ratelimit_headers,
    });
    let [early, late] = own.together(host, *rate_limit_before_auth).map(|told| {
        let server = Arc::clone(&server);
        (!told.is_empty()).then(|| Arc::new(RequestLimits { server, told }))
    });
    let mut limit = |filters: &mut HttpFilters| {
        filters.guards.early_limits = early.as_ref().map(Arc::clone);
        filters.guards.limits = late.as_ref().map(Arc::clone);
    };
    Arc::new(change_filters(Arc::unwrap_or_clone(action), false, &mut limit))
}
