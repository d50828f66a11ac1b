//! `ratelimit` and its kin: a server that is asked whether there are too many requests.
//!
//! An HttpListenerOption says which server; a VirtualHostOption or a RouteOption says what it is told of requests. What a
//! rule says goes before what its listener says, unless it asks for both. Where a server is to be asked and cannot be,
//! no request passes. A redirect is made by nobody who is asked: such rules have no limits, as with Gloo Gateway.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, codes};
use crate::ir::{Action, Branch, HttpFilters, LimitServer, RequestLimits};
use crate::parser::api::{GoDuration, HttpListenerOption, OptionAuthority, OptionLimitServer};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{BackendRefOutcome, Effective, ListenerId, ListenerOptionsId, Resolved};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::super::socket::Socket;
use super::ext_auth::sharing;
use super::http::{HttpParts, options_of};
use super::limit_told::{Told, is_host_limit, is_limit};
use super::part::Place;

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
    let limit = |filters: &mut HttpFilters| {
        filters.guards.early_limits = early.as_ref().map(Arc::clone);
        filters.guards.limits = late.as_ref().map(Arc::clone);
    };
    Arc::new(limited(Arc::unwrap_or_clone(action), &limit))
}

fn limited(action: Action, limit: &impl Fn(&mut HttpFilters)) -> Action {
    match action {
        Action::Forward(mut forward) => {
            limit(&mut forward.http_filters);
            Action::Forward(forward)
        }
        Action::Split(branches) => {
            let branches = branches.into_iter().map(|Branch { weight, action, origin }| Branch {
                weight,
                action: limited(action, limit),
                origin,
            });
            Action::Split(branches.collect())
        }
        other @ (Action::Redirect(_) | Action::Respond(_)) => other,
    }
}

/// Says which options ask nobody, which servers nobody asks, and which let requests pass that nobody answered for.
pub(in crate::translator::lower) fn report(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    sockets: &[Socket],
    diagnostics: &mut Diagnostics,
) {
    let mut told = HashSet::new();
    let mut servers: Vec<(&ObjectHead, bool)> = Vec::new();
    for (_, ids) in sockets {
        for id in ids {
            let sharing = sharing(resolved, id, ids);
            let options = options_of(resolved, parts, *id, sharing);
            // What it says that cannot be honoured was told, and lets no request pass.
            if options.is_some_and(|set| parts[set].is_err()) {
                continue;
            }
            let server = options.and_then(|set| server_of(resolved, set));
            let asking = asking(resolved, *id);
            if let Some((source, said)) = server {
                match servers.iter_mut().find(|(known, _)| std::ptr::eq(*known, source)) {
                    Some((_, is_asked)) => *is_asked |= !asking.is_empty(),
                    None => servers.push((source, !asking.is_empty())),
                }
                if !said.deny_on_fail && !asking.is_empty() && told.insert((source.key(), "ratelimitServer")) {
                    diagnostics.report(fails_open(source));
                }
                continue;
            }
            for (source, field) in asking {
                if told.insert((source.key(), field)) {
                    let place = Place { source, field };
                    let name = &resolved.listener(*id).spec.name;
                    let message = format!("listener `{name}` has no server that could be asked");
                    let help = "add an HttpListenerOption with `ratelimitServer.ratelimitServerRef` for the Gateway";
                    diagnostics.report(*place.refuse(&path![], message, help));
                }
            }
        }
    }
    for Effective { value, source } in resolved.rules_of_clients().flat_map(|rule| &rule.options.fields) {
        if is_limit(value) && told.insert((source.key(), value.field())) {
            let message = "clients of Services have no server that could be asked";
            let help = "take it out, or attach the route to a Gateway alone: an HttpListenerOption names the server for its listeners";
            diagnostics.report(*Place { source, field: value.field() }.refuse(&path![], message, help));
        }
    }
    for (source, _) in servers.into_iter().filter(|(_, is_asked)| !is_asked) {
        let at = ObjectPart::Whole.at(&path!["spec", "options", "ratelimitServer"]);
        let (kind, name) = (source.kind.name(), source.full_name());
        let message = format!("`ratelimitServer` of {kind} `{name}` is asked about no request");
        let finding = source.finding(codes::OPTION_UNUSED, at, message).label("nothing says what it is told");
        let consequence = "requests pass without the server being asked";
        let help = "add `ratelimit` with `rateLimits` to a VirtualHostOption or a RouteOption";
        diagnostics.report(finding.consequence(consequence).help(help));
    }
}

/// The server of what applies to a listener.
fn server_of<'r>(
    resolved: &'r Resolved<'_>,
    set: ListenerOptionsId,
) -> Option<(&'r ObjectHead, &'r OptionLimitServer)> {
    resolved.http_listener_options.get(set).fields.iter().find_map(|field| match field.value {
        HttpListenerOption::RatelimitServer(said) => Some((field.source, said)),
        _ => None,
    })
}

/// Who says that a server is told of requests to a listener.
fn asking<'r>(resolved: &'r Resolved<'_>, id: ListenerId) -> Vec<(&'r ObjectHead, &'static str)> {
    let mut asking: Vec<(&ObjectHead, &'static str)> = Vec::new();
    let mut add = |source: &'r ObjectHead, field: &'static str| {
        if !asking.iter().any(|(known, own)| std::ptr::eq(*known, source) && *own == field) {
            asking.push((source, field));
        }
    };
    let host = resolved.virtual_host_options.of(id).map(|set| &resolved.virtual_host_options.get(set).fields);
    for Effective { value, source } in host.into_iter().flatten() {
        if is_host_limit(value) {
            add(source, value.field());
        }
    }
    let rules = resolved.listener(id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
    for Effective { value, source } in rules.flat_map(|rule| &rule.options.fields) {
        if is_limit(value) {
            add(source, value.field());
        }
    }
    asking
}

fn fails_open(source: &ObjectHead) -> Finding {
    let at = ObjectPart::Whole.at(&path!["spec", "options", "ratelimitServer"]);
    let message =
        format!("{} `{}` lets requests pass that its server does not answer", source.kind.name(), source.full_name());
    let finding = source.finding(codes::AUTH_FAILS_OPEN, at, message);
    finding.label("`denyOnFail` is not set").help("write `denyOnFail: true`: such requests get 500 then")
}
