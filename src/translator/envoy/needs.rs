//! What routes need outside themselves: filters in the chain, a cluster, a
//! limit of the process.

use std::collections::BTreeSet;

use crate::ir::{self, Action, AuthId, Compression, HttpFilters, Target};

use super::access::AccessNeeds;
use super::credentials::CredentialNeeds;
use super::limits::LimitNeeds;
use super::processors::ProcessorNeeds;
use super::scripts::ScriptNeeds;
use super::sign_in::SignInNeeds;
use super::{
    access, direct_response, ext_authz, forward, http_guards, limits, local_answer, preflight, processors, sign_in,
    tcp_proxy, tls, udp_proxy, upstream_tls,
};

/// What the routes of a connection, or of a configuration, need.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// The CORS filter.
    pub(super) cors: bool,
    /// The filters of these authorizations.
    pub(super) auths: BTreeSet<AuthId>,
    /// The filter that changes the headers of responses.
    pub(super) header_mutation: bool,
    /// The filter that looks where requests come from.
    pub(super) origins: bool,
    /// The filter that limits bodies.
    pub(super) bodies: bool,
    /// The filters that look at keys and passwords.
    pub(super) credentials: CredentialNeeds,
    /// The filters by which somebody signs in.
    pub(super) sign_ins: SignInNeeds,
    /// The filters that look at tokens.
    pub(super) access: AccessNeeds,
    /// The filters that ask whoever counts requests.
    pub(super) limits: LimitNeeds,
    /// The filter that counts requests before anybody is asked.
    pub(super) early_rates: bool,
    /// The filter that counts those that may pass otherwise.
    pub(super) rates: bool,
    /// The filters that hand requests to servers.
    pub(super) processors: ProcessorNeeds,
    /// The filters that hand requests to scripts.
    pub(super) scripts: ScriptNeeds,
    /// The filters that compress responses.
    pub(super) compressions: BTreeSet<Compression>,
    /// The filter that keeps sessions.
    pub(super) session: bool,
    /// The filters that hold bodies back.
    pub(super) bandwidth: bool,
    /// The filter that answers for an invalid share, and that makes other faults.
    pub(super) fault: bool,
    /// The cluster without endpoints.
    pub(super) invalid_cluster: bool,
    /// A higher limit on regular expressions.
    pub(super) regex: bool,
    /// Whether tunnels are asked for with `CONNECT`.
    pub(super) connect: bool,
}

impl Needs {
    /// What a connection needs.
    pub(super) fn of_connection(connection: &ir::HttpConnection, config: &ir::Config) -> Self {
        Self::of_connections([connection], config)
    }

    /// What several connections need together.
    pub(super) fn of_connections<'c>(
        connections: impl IntoIterator<Item = &'c ir::HttpConnection>,
        config: &ir::Config,
    ) -> Self {
        let mut needs = Self::default();
        let hosts = connections.into_iter().flat_map(|connection| &connection.virtual_hosts);
        hosts.flat_map(|host| &host.routes).for_each(|route| needs.add_route(route, config));
        needs
    }

    /// What a whole configuration needs.
    pub(super) fn of(config: &ir::Config) -> Self {
        let mut needs = Self::default();
        for connection in config.listeners.iter().flat_map(ir::Listener::http_connections) {
            needs.regex |= http_guards::uses_regex(&connection.settings.guards);
            needs.regex |= connection.virtual_hosts.iter().any(|host| !host.counters.is_empty());
            for route in connection.virtual_hosts.iter().flat_map(|host| &host.routes) {
                needs.add_route(route, config);
            }
        }
        let mut handshakes =
            config.listeners.iter().flat_map(ir::Listener::chains).filter_map(|chain| chain.tls.as_ref());
        needs.regex |= handshakes.any(tls::uses_regex);
        let mut chains = config.listeners.iter().flat_map(ir::Listener::chains);
        needs.invalid_cluster |= chains
            .any(|chain| matches!(&chain.handler, ir::Handler::Tcp(proxy) if tcp_proxy::has_invalid_share(proxy)));
        needs.invalid_cluster |= config.listeners.iter().any(
            |listener| matches!(&listener.transport, ir::Transport::Udp(proxy) if udp_proxy::has_invalid_share(proxy)),
        );
        needs.regex |= config.clusters.iter().any(upstream_tls::uses_regex);
        needs
    }

    fn add_route(&mut self, route: &ir::Route, config: &ir::Config) {
        self.regex |= route.matches.expressions().next().is_some();
        self.connect |= route.matches.takes_connect();
        for leaf in route.action.leaves() {
            self.add_leaf(leaf, config);
        }
        self.invalid_cluster |= self.cors && preflight::needs_invalid_cluster(&route.action);
    }

    fn add_leaf(&mut self, action: &Action, config: &ir::Config) {
        match action {
            Action::Forward(forward) => {
                let invalid = forward.backends.iter().any(|backend| matches!(backend.target, Target::Invalid(_)));
                self.bandwidth |= forward.bandwidth.is_some();
                self.fault |= invalid || forward.fault.is_some();
                self.regex |= rewrites_by_regex(forward);
                self.invalid_cluster |= invalid;
                self.session |= forward.session.is_some();
                self.regex |= forward::returning_need_regex(forward, config);
                self.add_http_filters(&forward.http_filters, config);
            }
            Action::Redirect(redirect) => {
                let changes = &redirect.response_headers;
                self.header_mutation |= local_answer::needs_mutation_filter(&redirect.http_filters, changes);
                self.add_http_filters(&redirect.http_filters, config);
            }
            Action::DirectResponse(response) => {
                self.header_mutation |= direct_response::needs_mutation_filter(response);
                self.add_http_filters(&response.http_filters, config);
            }
            Action::Respond(_) | Action::Split(_) => {}
        }
    }

    fn add_http_filters(&mut self, http_filters: &HttpFilters, config: &ir::Config) {
        let HttpFilters { cors, auths, guards, compressions } = http_filters;
        self.compressions.extend(compressions.iter().cloned());
        self.origins |= guards.origins.is_some();
        self.credentials.add(guards);
        self.sign_ins.add(guards, config);
        self.regex |= sign_in::uses_regex(guards);
        self.access.add(guards, config);
        self.invalid_cluster |= access::lacks_keys(guards);
        self.regex |= access::uses_regex(guards);
        self.early_rates |= guards.early_rate.is_some();
        self.rates |= guards.rate.is_some();
        self.limits.add(guards, config);
        self.regex |= limits::uses_regex(guards);
        self.processors.add(guards, config);
        self.scripts.add(guards);
        self.regex |= processors::uses_regex(guards);
        self.bodies |= guards.body.is_some();
        self.regex |= http_guards::route_uses_regex(guards);
        // Origins and the headers that preflights list are compared with expressions.
        self.cors |= cors.is_some();
        self.regex |= cors.is_some();
        for id in auths {
            self.regex |= ext_authz::uses_regex(config.external_auth(*id));
            self.auths.insert(*id);
        }
    }
}

/// Whether something is replaced that an expression matches.
fn rewrites_by_regex(forward: &ir::Forward) -> bool {
    matches!(forward.path_rewrite.as_deref(), Some(ir::PathRewrite::Regex(_)))
        || matches!(forward.host_rewrite.as_deref(), Some(ir::HostRewrite::Path(_)))
}
