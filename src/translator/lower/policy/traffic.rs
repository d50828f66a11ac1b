//! BackendTrafficPolicy: how requests get to backends.

mod admission;
mod balancer;
mod bandwidth;
mod calls;
pub(super) mod cluster;
mod health;
mod rate;
mod request;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use crate::hostname::Hostname;
use crate::ir::{
    Action, Bandwidth, BodyRule, Compression, Fault, Forward, HashPart, HttpFilters, Question, RequestRate, Retry,
    Target, TcpBackend, Timeouts, Upgrades,
};
use crate::options::EnvoyVersion;
use crate::parser::api::{BackendTimeout, BackendTrafficPolicyField, HttpBackendTimeout, TcpBackendTimeout};
use crate::path;
use crate::translator::lower::cluster::{AskedSettings, Clusters};
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::http::change_forwards;
use crate::translator::lower::option::part::RuleSays;

use super::change::change_filters;

pub(super) use calls::check_calls;

/// What a BackendTrafficPolicy says, as parts of rules and of the clusters that they send to.
#[derive(Clone, Debug, Default)]
pub(super) struct TrafficPart {
    timeouts: Timeouts,
    /// Further tries, and the limit for each; none at all, where that is said.
    retry: Option<Option<(Retry, Option<Duration>)>>,
    /// What endpoints are chosen by.
    hash: Vec<HashPart>,
    fault: Option<Fault>,
    bandwidth: Option<Bandwidth>,
    /// The longest body.
    body: Option<u32>,
    upgrades: Option<Upgrades>,
    compressions: Vec<Compression>,
    /// How many requests there may be.
    rate: Option<rate::RatePart>,
    /// What is asked for of clusters: what is set goes before what their backend says.
    cluster: Arc<AskedSettings>,
}

/// A rule on a listener.
#[derive(Clone, Copy)]
pub(super) struct RulePlace<'a> {
    /// What is made of it alone is called so.
    pub(super) name: &'a dyn Fn() -> String,
    /// The hosts of its route.
    pub(super) hosts: &'a [Hostname],
    /// Whether its clients are told how many requests they may make, where nobody says so.
    pub(super) tells_rates: bool,
}

/// Adds what a field says.
pub(super) fn lower_field(
    field: &BackendTrafficPolicyField,
    part: &mut TrafficPart,
    version: EnvoyVersion,
    faults: &mut Faults<'_>,
) {
    let asked = Arc::make_mut(&mut part.cluster);
    let settings = &mut asked.settings;
    match field {
        BackendTrafficPolicyField::AdmissionControl(said) => {
            settings.admission = Some(admission::lower(said, faults));
        }
        BackendTrafficPolicyField::BandwidthLimit(said) => part.bandwidth = Some(bandwidth::lower(said, faults)),
        BackendTrafficPolicyField::CircuitBreaker(said) => cluster::lower_breaker(said, asked, faults),
        BackendTrafficPolicyField::Compression(said) | BackendTrafficPolicyField::Compressor(said) => {
            part.compressions = request::lower_compressions(said, faults);
        }
        BackendTrafficPolicyField::Connection(said) => {
            cluster::lower_connection(said, &mut settings.connections, faults);
        }
        BackendTrafficPolicyField::Dns(said) => settings.dns = cluster::lower_dns(said, faults),
        BackendTrafficPolicyField::FaultInjection(said) => part.fault = Some(request::lower_fault(said, faults)),
        BackendTrafficPolicyField::HealthCheck(said) => health::lower(said, settings, faults),
        BackendTrafficPolicyField::Http2(said) => settings.http2 = cluster::lower_http2(said, faults),
        // An empty list says nothing.
        BackendTrafficPolicyField::HttpUpgrade(said) => {
            part.upgrades = (!said.is_empty()).then(|| request::lower_upgrades(said));
        }
        BackendTrafficPolicyField::LoadBalancer(said) => {
            let panic_below = settings.balancing.panic_below;
            (settings.balancing, part.hash) = balancer::lower(said, faults);
            settings.balancing.panic_below = panic_below;
        }
        BackendTrafficPolicyField::ProxyProtocol(said) => {
            settings.connections.proxy_protocol = Some(cluster::lower_proxy_protocol(said));
        }
        BackendTrafficPolicyField::RateLimit(said) => part.rate = rate::lower(said, version, faults),
        BackendTrafficPolicyField::RequestBuffer(said) => part.body = request::lower_buffer(said, faults),
        BackendTrafficPolicyField::Retry(said) => part.retry = Some(retry::lower(said, faults)),
        // Clusters have the endpoints that are known.
        BackendTrafficPolicyField::RoutingType(_) => {}
        BackendTrafficPolicyField::TcpKeepalive(said) => {
            settings.connections.keepalive = Some(cluster::lower_keepalive(said, faults));
        }
        BackendTrafficPolicyField::Timeout(said) => lower_timeout(said, part, faults),
        BackendTrafficPolicyField::UseClientProtocol(said) => asked.as_clients = *said,
        // The resolver hands on none of the others.
        other => {
            let message = format!("`{}` is not translated", other.field());
            faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
        }
    }
}

/// Limits of time ([Timeout](https://gateway.envoyproxy.io/docs/api/extension_types/#timeout)); zero is none.
fn lower_timeout(said: &BackendTimeout, part: &mut TrafficPart, faults: &mut Faults<'_>) {
    let BackendTimeout { http, tcp } = said;
    let limit = |said: Option<crate::parser::api::Duration>| said.map(|said| said.0);
    let connections = &mut Arc::make_mut(&mut part.cluster).settings.connections;
    if let Some(TcpBackendTimeout { connect_timeout }) = tcp {
        if limit(*connect_timeout).is_some_and(|limit| limit.is_zero()) {
            let message = "no connection can be made in no time";
            faults.add(&path!["tcp", "connectTimeout"], message, "write a length of time above zero");
        }
        connections.timeout = limit(*connect_timeout);
    }
    let Some(http) = http else { return };
    let HttpBackendTimeout {
        connection_idle_timeout,
        max_connection_duration,
        max_stream_duration,
        request_timeout,
        stream_idle_timeout,
    } = http;
    part.timeouts.request = limit(*request_timeout);
    part.timeouts.idle = limit(*stream_idle_timeout);
    part.timeouts.stream = limit(*max_stream_duration)
        .map(|longest| crate::ir::StreamLimit { longest: Some(longest), ..Default::default() });
    connections.idle = limit(*connection_idle_timeout);
    connections.longest = limit(*max_connection_duration).filter(|longest| !longest.is_zero());
}

impl TrafficPart {
    /// Sets the name by which clusters tell that they are as this policy says.
    pub(super) fn called(&mut self, name: String) {
        if self.cluster.asks() {
            Arc::make_mut(&mut self.cluster).by = name;
        }
    }

    /// What a rule does where the policy counts. What the rule says itself goes before it.
    pub(super) fn over(
        &self,
        (says, place): (RuleSays, RulePlace<'_>),
        action: Arc<Action>,
        clusters: &mut Clusters<'_>,
    ) -> Arc<Action> {
        let asked = self.asked_at(place);
        let mut change = |forward: &mut Forward| self.change(says, asked.as_ref(), forward, clusters);
        let action = change_forwards(Arc::unwrap_or_clone(action), &mut change);
        let rate = self.rate.as_ref().map(|rate::RatePart { rate, is_told }| {
            Arc::new(RequestRate { is_told: is_told.unwrap_or(place.tells_rates), ..rate.to_owned() })
        });
        let mut guard = |filters: &mut HttpFilters| {
            filters.guards.body = self.body.map(BodyRule::Limit).or(filters.guards.body);
            filters.guards.rate = rate.as_ref().map(Arc::clone);
            filters.compressions.extend_from_slice(&self.compressions);
        };
        let is_guarded = self.body.is_some() || rate.is_some() || !self.compressions.is_empty();
        Arc::new(if is_guarded { change_filters(action, &mut guard) } else { action })
    }

    /// The backends of a route of connections where the policy counts.
    pub(super) fn over_bytes(&self, place: RulePlace<'_>, backends: &mut [TcpBackend], clusters: &mut Clusters<'_>) {
        let Some(asked) = self.asked_at(place) else { return };
        for id in backends.iter_mut().filter_map(|backend| backend.cluster.as_mut()) {
            *id = clusters.with_settings(*id, &asked);
        }
    }

    /// What is asked for of the clusters of a rule. What is counted is counted by rule, and who asks for health asks for a
    /// host of the rule where the policy names none: such a rule has clusters of its own.
    fn asked_at(&self, RulePlace { name, hosts, tells_rates: _ }: RulePlace<'_>) -> Option<Arc<AskedSettings>> {
        if !self.cluster.asks() {
            return None;
        }
        let host = hosts.iter().find_map(|host| match host {
            Hostname::Exact(name) => Some(name.to_owned()),
            Hostname::Wildcard(_) | Hostname::Any => None,
        });
        let lacks_host = |question: &Question| matches!(question, Question::Http { host: None, .. });
        let settings = &self.cluster.settings;
        let asks_host = host.is_some() && settings.health_checks.iter().any(|check| lacks_host(&check.question));
        let limits = settings.limits != Default::default();
        let counts = limits || settings.outliers.is_some() || settings.admission.is_some();
        if !counts && !asks_host {
            return Some(Arc::clone(&self.cluster));
        }
        let mut asked = AskedSettings::clone(&self.cluster);
        asked.by = format!("{}/{}", asked.by, name());
        for check in &mut asked.settings.health_checks {
            if let Question::Http { host: own @ None, .. } = &mut check.question {
                own.clone_from(&host);
            }
        }
        Some(Arc::new(asked))
    }

    fn change(
        &self,
        says: RuleSays,
        asked: Option<&Arc<AskedSettings>>,
        forward: &mut Forward,
        clusters: &mut Clusters<'_>,
    ) {
        let Self { timeouts, retry, hash, fault, bandwidth, body, upgrades, compressions: _, rate: _, cluster: _ } =
            self;
        let Timeouts { request, per_try, idle, stream } = *timeouts;
        let is_limit = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero());
        if !says.request_timeout && request.is_some() {
            forward.timeouts.request = is_limit(request);
        }
        forward.timeouts.per_try = per_try.or(forward.timeouts.per_try);
        forward.timeouts.idle = idle.or(forward.timeouts.idle);
        forward.timeouts.stream = stream.or(forward.timeouts.stream);
        if !hash.is_empty() {
            forward.hash = hash.to_vec();
            forward.draws_by_hash = true;
        }
        if let Some(fault) = fault {
            forward.fault = Some(Box::new(*fault));
        }
        if let Some(bandwidth) = bandwidth {
            forward.bandwidth = Some(Box::new(bandwidth.to_owned()));
        }
        match (upgrades, body) {
            (Some(upgrades), _) => forward.upgrades = *upgrades,
            // A connection that becomes another one has no body that could be held.
            (None, Some(_)) => forward.upgrades.websockets = Some(false),
            (None, None) => {}
        }
        let own_retry = retry.as_ref().filter(|_| !says.retry);
        if let Some(retry) = own_retry {
            let (retry, limit) = retry.to_owned().unzip();
            forward.retry = retry.map(Box::new);
            forward.timeouts.per_try = limit.flatten().or(forward.timeouts.per_try);
        }
        for backend in &mut forward.backends {
            let Target::Cluster(id) = &mut backend.target else { continue };
            if let Some(asked) = asked {
                *id = clusters.with_settings(*id, asked);
            }
            if own_retry.is_some_and(Option::is_some) {
                clusters.retry(*id);
            }
        }
    }
}
