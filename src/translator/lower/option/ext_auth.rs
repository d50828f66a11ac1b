//! `extauth`: a server that is asked whether a request may pass.
//!
//! An HttpListenerOption says which server, and how it is asked; a VirtualHostOption or a RouteOption says of whose requests,
//! and the RouteOption counts before the other. Without `customAuth` nobody is asked, whatever server there is. Where one
//! is to be asked and cannot be, no request passes.

use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, codes};
use crate::ir::{Action, AuthId, AuthTerms, Branch, ExternalAuth, ExternalAuthProtocol, ExternalAuthSettings};
use crate::parser::api::{HttpListenerOption, OptionAuthServer, VirtualHostOption};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{ListenerId, ListenerOptionsId, Resolved};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::super::external_auths::ExternalAuths;
use super::super::socket::{Demultiplexing, Socket};
use super::auth_server::AuthServer;
use super::auth_switch::AuthSwitch;
use super::http::{HttpParts, options_of};
use super::part::Place;

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
    let mut ask = |asked: &mut Vec<AuthId>| asked.push(auths.find_or_add(&auth, asked.last().copied()));
    Arc::new(asked(Arc::unwrap_or_clone(action), &mut ask))
}

fn asked(action: Action, ask: &mut impl FnMut(&mut Vec<AuthId>)) -> Action {
    match action {
        Action::Forward(mut forward) => {
            ask(&mut forward.http_filters.auths);
            Action::Forward(forward)
        }
        Action::Redirect(mut redirect) => {
            ask(&mut redirect.http_filters.auths);
            Action::Redirect(redirect)
        }
        Action::Respond(status) => Action::Respond(status),
        Action::Split(branches) => {
            let branches = branches.into_iter().map(|Branch { weight, action, origin }| Branch {
                weight,
                action: asked(action, ask),
                origin,
            });
            Action::Split(branches.collect())
        }
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
                if said.failure_mode_allow && told.insert((source.key(), "extauth")) {
                    diagnostics.report(fails_open(source));
                }
                continue;
            }
            for source in asking {
                if told.insert((source.key(), "extauth")) {
                    let place = Place { source, field: "extauth" };
                    let name = &resolved.listener(*id).spec.name;
                    let message = format!("listener `{name}` has no server that could be asked");
                    let help = "add an HttpListenerOption with `extauth.extauthzServerRef` for the Gateway";
                    diagnostics.report(*place.refuse(&path!["customAuth"], message, help));
                }
            }
        }
    }
    for source in asking_for_clients(resolved) {
        if told.insert((source.key(), "extauth")) {
            let place = Place { source, field: "extauth" };
            let message = "clients of Services have no server that could be asked";
            let help = "take it out, or attach the route to a Gateway alone: an HttpListenerOption names the server for its listeners";
            diagnostics.report(*place.refuse(&path!["customAuth"], message, help));
        }
    }
    for (source, _) in servers.into_iter().filter(|(_, is_asked)| !is_asked) {
        let at = ObjectPart::Whole.at(&path!["spec", "options", "extauth"]);
        let message = format!("`extauth` of {} `{}` asks about no request", source.kind.name(), source.full_name());
        let finding = source.finding(codes::OPTION_UNUSED, at, message).label("nothing says whose requests");
        let consequence = "requests pass without the server being asked";
        let help = "add `extauth: {customAuth: {}}` to a VirtualHostOption or a RouteOption";
        diagnostics.report(finding.consequence(consequence).help(help));
    }
}

/// The listeners that have their connections together with one.
pub(super) fn sharing<'i>(resolved: &Resolved<'_>, id: &'i ListenerId, ids: &'i [ListenerId]) -> &'i [ListenerId] {
    let is_shared = Demultiplexing::of(resolved.listener(*id).protocol) == Demultiplexing::Http;
    if is_shared { ids } else { std::slice::from_ref(id) }
}

/// The server of what applies to a listener.
fn server_of<'r>(resolved: &'r Resolved<'_>, set: ListenerOptionsId) -> Option<(&'r ObjectHead, &'r OptionAuthServer)> {
    resolved.http_listener_options.get(set).fields.iter().find_map(|field| match field.value {
        HttpListenerOption::Extauth(said) => Some((field.source, &**said)),
        _ => None,
    })
}

/// Who says that a server is asked about requests to a listener.
fn asking<'r>(resolved: &'r Resolved<'_>, id: ListenerId) -> Vec<&'r ObjectHead> {
    let host = resolved.virtual_host_options.of(id).and_then(|set| {
        resolved.virtual_host_options.get(set).fields.iter().find_map(|field| match field.value {
            VirtualHostOption::Extauth(said) => Some((AuthSwitch::is_on(said)?, field.source)),
            _ => None,
        })
    });
    let rules = resolved.listener(id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
    let said = rules.filter_map(|rule| AuthSwitch::source(rule).or(host));
    let mut asking: Vec<&ObjectHead> = Vec::new();
    for (_, source) in said.filter(|(is_on, _)| *is_on) {
        if !asking.iter().any(|known| std::ptr::eq(*known, source)) {
            asking.push(source);
        }
    }
    asking
}

/// Who says that a server is asked about requests of clients of Services, to whom no option says which one.
fn asking_for_clients<'r>(resolved: &'r Resolved<'_>) -> impl Iterator<Item = &'r ObjectHead> {
    let said = resolved.rules_of_clients().filter_map(AuthSwitch::source);
    said.filter(|(is_on, _)| *is_on).map(|(_, source)| source)
}

fn fails_open(source: &ObjectHead) -> Finding {
    let at = ObjectPart::Whole.at(&path!["spec", "options", "extauth", "failureModeAllow"]);
    let message =
        format!("{} `{}` lets requests pass that its server does not answer", source.kind.name(), source.full_name());
    source.finding(codes::AUTH_FAILS_OPEN, at, message).label("whoever stops the server may do everything")
}
