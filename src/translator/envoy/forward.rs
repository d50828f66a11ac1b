//! Routes that send requests to clusters.

use std::collections::HashMap;
use std::time::Duration;

use envoy_types::pb::envoy::config::route::v3::{
    HeaderMatcher, Route, RouteAction, WeightedCluster, route,
    route_action::{ClusterSpecifier, HashPolicy, HostRewriteSpecifier, MaxStreamDuration, hash_policy},
    weighted_cluster::{ClusterWeight, RandomValueSpecifier, cluster_weight},
};
use envoy_types::pb::envoy::extensions::filters::common::fault::v3::{FaultDelay, fault_delay::FaultDelaySecifier};
use envoy_types::pb::envoy::extensions::filters::http::fault::v3::{FaultAbort, HttpFault, fault_abort::ErrorType};
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{self, Across, Action, Forward, Target};

use super::header::to_header_lists;
use super::mirror::{Copies, spread, to_mirror};
use super::path::{Rewrite, substitute, to_rewrite, to_substitution};
use super::proto::{any, boolean, duration, uint32};
use super::retry::to_retry_policy;
use super::route_base::RouteBase;
use super::{
    bandwidth, compression, connection_tracing, cors, ext_authz, http_guards, limits, name, processors, retried_body,
    route_said, scripts, stateful_session, target,
};

/// The filter that answers for the share of a backend that cannot be used.
pub(super) const FAULT_FILTER: &str = "envoy.filters.http.fault";
/// The message of that filter.
pub(super) const FAULT: &str = "envoy.extensions.filters.http.fault.v3.HTTPFault";

/// The backends that a route is for.
#[derive(Clone, Debug)]
enum Meant<'f> {
    /// All of its rule.
    All,
    /// One of them, without those that are drawn otherwise.
    One(&'f ir::WeightedBackend),
    /// Several members of the rule's pool.
    Members(Vec<(ir::ClusterId, &'f ir::WeightedBackend)>),
}

/// The route of `forward`.
pub(super) fn forward_route(base: RouteBase<'_>, forward: &Forward, copies: Copies) -> Route {
    to_route(base.to_route(), forward, &Meant::All, copies, base.config)
}

fn to_route(base: Route, forward: &Forward, meant: &Meant<'_>, copies: Copies, config: &ir::Config) -> Route {
    let Forward {
        backends: _,
        http_filters,
        // What is changed depends on who is meant.
        request_headers: _,
        response_headers: _,
        path_rewrite,
        host_rewrite: _,
        tells_host,
        fault,
        bandwidth,
        timeouts,
        retry,
        // A setting of the virtual host.
        attempts: _,
        upgrades,
        metadata,
        tracing,
        mirrors,
        hash,
        // What is drawn from says it.
        draws_by_hash: _,
        session,
    } = forward;
    let (request_headers, response_headers, host_rewrite) = meant.changes(forward);
    let ir::Timeouts { request, per_try: _, idle, stream } = **timeouts;
    let (request_headers_to_add, request_headers_to_remove) = to_header_lists(request_headers);
    let (response_headers_to_add, mut response_headers_to_remove) = to_header_lists(response_headers);
    if http_filters.cors.is_some() {
        response_headers_to_remove.extend(ir::CORS_RESPONSE_HEADERS.iter().map(|name| (*name).to_owned()));
    }
    let mut action = RouteAction {
        cluster_specifier: Some(meant.to_cluster_specifier(forward, copies, config)),
        host_rewrite_specifier: host_rewrite,
        append_x_forwarded_host: *tells_host,
        // Envoy's own defaults, 15 s and 5 min, are limits that the specification does not set
        // ([timeouts](https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts#route-timeouts)).
        timeout: Some(duration(request.unwrap_or(Duration::ZERO))),
        idle_timeout: Some(duration(idle.unwrap_or(Duration::ZERO))),
        max_stream_duration: stream.map(to_stream_limit),
        retry_policy: to_retry_policy(retry.as_deref(), **timeouts, session.is_some()),
        hash_policy: hash.iter().map(to_hash_policy).collect(),
        upgrade_configs: route_said::to_upgrades(*upgrades),
        rate_limits: limits::of_route(&http_filters.guards),
        request_mirror_policies: copies.of(mirrors).map(|(mirror, share)| to_mirror(mirror, share, config)).collect(),
        ..RouteAction::default()
    };
    match path_rewrite.as_deref().map_or(Rewrite::None, to_rewrite) {
        Rewrite::None => {}
        Rewrite::Prefix(prefix) => action.prefix_rewrite = prefix.to_owned(),
        Rewrite::Regex(rewrite) => action.regex_rewrite = Some(rewrite),
        Rewrite::Full(path) => action.regex_rewrite = Some(substitute("^/.*$", path)),
    }
    let mut typed_per_filter_config: HashMap<String, Any> = ext_authz::enable(&http_filters.auths, config).collect();
    typed_per_filter_config.extend(http_filters.cors.as_deref().map(cors::per_route));
    typed_per_filter_config.extend(http_guards::per_route(&http_filters.guards, config));
    typed_per_filter_config.extend(bandwidth.iter().flat_map(|bandwidth| bandwidth::per_route(bandwidth)));
    typed_per_filter_config.extend(processors::per_route(&http_filters.guards, config));
    typed_per_filter_config.extend(scripts::per_route(&http_filters.guards));
    typed_per_filter_config.extend(compression::per_route(&http_filters.compressions));
    typed_per_filter_config.extend(session.as_deref().map(stateful_session::per_route));
    typed_per_filter_config
        .extend(fault.as_deref().map(|fault| (FAULT_FILTER.to_owned(), any(FAULT, &to_fault(*fault)))));
    let (tracing, decorator) = tracing.as_deref().map(connection_tracing::to_route).unzip();
    let request_body_buffer_limit = retried_body::of_rule(forward, &config.proxy);
    Route {
        action: Some(route::Action::Route(action)),
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        typed_per_filter_config,
        request_body_buffer_limit,
        metadata: route_said::to_metadata(metadata.as_ref().clone()),
        tracing,
        decorator: decorator.flatten().or(base.decorator),
        ..base
    }
}

/// The routes that lead clients back to the backend of their session, ahead of
/// the one that draws a backend.
pub(super) fn selector_routes(base: RouteBase<'_>, action: &Action) -> Vec<Route> {
    let Action::Forward(forward) = action else { return Vec::new() };
    let Some(session) = forward.session.as_deref() else { return Vec::new() };
    let lead_back = |(meant, condition): (Meant<'_>, HeaderMatcher)| {
        to_route(base.to_route_if([condition]), forward, &meant, Copies::OfShares, base.config)
    };
    returning(forward, session, base.config).into_iter().map(lead_back).collect()
}

/// The backends of clients that come back, with what their requests have.
fn returning<'f>(forward: &'f Forward, session: &ir::Session, config: &ir::Config) -> Vec<(Meant<'f>, HeaderMatcher)> {
    let backends = forward.backends.iter();
    match &session.across {
        Across::Nothing => Vec::new(),
        Across::Selector(cookie) => {
            let own = |backend: &'f ir::WeightedBackend| {
                let condition = stateful_session::selected(cookie, backend.selector.as_ref()?);
                Some((Meant::One(backend), condition))
            };
            backends.filter_map(own).collect()
        }
        Across::Endpoints => {
            let own = |backend: &'f ir::WeightedBackend| {
                let Target::Cluster(id) = backend.target else { return None };
                let condition = stateful_session::names_endpoint(&session.carrier, &config.cluster(id).endpoints)?;
                Some((Meant::One(backend), condition))
            };
            backends.filter_map(own).collect()
        }
        // Whoever has a session has it with one of the members.
        Across::Pool(_) => {
            let members = target::members(forward, config).unwrap_or_default();
            if members.is_empty() || members.len() == forward.backends.len() {
                return Vec::new();
            }
            let meant = match members.as_slice() {
                [(_, only)] => Meant::One(only),
                _ => Meant::Members(members),
            };
            vec![(meant, stateful_session::is_carried(&session.carrier))]
        }
    }
}

/// A cluster that an action sends requests to.
pub(super) fn find_cluster(action: &Action, config: &ir::Config) -> Option<String> {
    let Action::Forward(forward) = action else { return None };
    let is_valid = |backend: &ir::WeightedBackend| matches!(backend.target, Target::Cluster(_));
    entries(forward, config).into_iter().find(|entry| entry.backend.is_none_or(is_valid)).map(|entry| entry.name)
}

/// Whether the requests of clients that come back are told by an expression.
pub(super) fn returning_need_regex(forward: &Forward, config: &ir::Config) -> bool {
    match forward.session.as_deref() {
        Some(ir::Session { across: Across::Selector(_) | Across::Endpoints, .. }) => true,
        Some(ir::Session { across: Across::Pool(_), carrier: ir::SessionCarrier::Cookie(_), .. }) => {
            target::members(forward, config).is_some_and(|members| members.len() < forward.backends.len())
        }
        _ => false,
    }
}

/// Whether some backend of an action is a cluster.
pub(super) fn has_cluster(action: &Action) -> bool {
    let Action::Forward(forward) = action else { return false };
    forward.backends.iter().any(|backend| matches!(backend.target, Target::Cluster(_)))
}

impl<'f> Meant<'f> {
    /// The changes to the headers of requests and of responses, and to the host; those of one backend go before those of
    /// its rule.
    fn changes(
        &self,
        forward: &'f Forward,
    ) -> (&'f ir::HeaderMutations, &'f ir::HeaderMutations, Option<HostRewriteSpecifier>) {
        let of_rule = forward.host_rewrite.as_deref();
        let (Self::One(one), all) = (self, (&forward.request_headers, &forward.response_headers)) else {
            return (&forward.request_headers, &forward.response_headers, of_rule.map(to_host_rewrite));
        };
        let first = |own: &'f ir::HeaderMutations, all| if own.0.is_empty() { all } else { own };
        let host = one.host_rewrite.as_deref().map(literal_host);
        (
            first(&one.request_headers, all.0),
            first(&one.response_headers, all.1),
            host.or_else(|| of_rule.map(to_host_rewrite)),
        )
    }

    fn to_cluster_specifier(&self, forward: &Forward, copies: Copies, config: &ir::Config) -> ClusterSpecifier {
        match self {
            Self::All => to_cluster_specifier(forward, copies, config),
            Self::One(one) => match one.target {
                Target::Cluster(id) => ClusterSpecifier::Cluster(name::cluster(config.cluster(id))),
                Target::Invalid(status) => ClusterSpecifier::WeightedClusters(WeightedCluster {
                    clusters: vec![ClusterWeight {
                        weight: Some(uint32(1)),
                        name: name::INVALID_BACKEND.to_owned(),
                        typed_per_filter_config: failure(status),
                        ..ClusterWeight::default()
                    }],
                    ..WeightedCluster::default()
                }),
            },
            Self::Members(members) => ClusterSpecifier::Cluster(target::cluster_name(forward, members, config)),
        }
    }
}

fn to_cluster_specifier(forward: &Forward, copies: Copies, config: &ir::Config) -> ClusterSpecifier {
    let mut entries = entries(forward, config);
    let is_plain = entries.len() == 1 && entries.iter().all(|entry| entry.backend.is_none_or(is_plain));
    if let Some(only) = entries.pop_if(|_| is_plain) {
        return ClusterSpecifier::Cluster(only.name);
    }
    let mut weights: Vec<u32> = entries.iter().map(|entry| entry.weight.max(1)).collect();
    if copies.of(&forward.mirrors).any(|(_, share)| share < ir::Share::ALL) {
        spread(&mut weights);
    }
    let selector = match forward.session.as_ref().map(|session| &session.across) {
        Some(Across::Selector(cookie)) => Some(cookie),
        _ => None,
    };
    let clusters = entries.into_iter().zip(weights).map(|(entry, weight)| to_cluster_weight(entry, weight, selector));
    // Otherwise whoever has a hash is sent to another backend each time.
    let random_value_specifier = forward.draws_by_hash.then(|| RandomValueSpecifier::UseHashPolicy(boolean(true)));
    ClusterSpecifier::WeightedClusters(WeightedCluster {
        clusters: clusters.collect(),
        random_value_specifier,
        ..WeightedCluster::default()
    })
}

/// One entry of a weighted list.
struct Entry<'f> {
    weight: u32,
    /// The cluster.
    name: String,
    /// The backend; `None` for a pool of several.
    backend: Option<&'f ir::WeightedBackend>,
}

/// What a request may be sent to: the pool as one, and every other backend that is drawn.
fn entries<'f>(forward: &'f Forward, config: &ir::Config) -> Vec<Entry<'f>> {
    let members = target::members(forward, config).filter(|members| members.len() > 1).unwrap_or_default();
    let is_member = |backend: &ir::WeightedBackend| members.iter().any(|(_, member)| std::ptr::eq(*member, backend));
    let drawn = forward.backends.iter().filter(|backend| backend.weight > 0 || forward.backends.len() == 1);
    let others = drawn.filter(|backend| !is_member(backend)).map(|backend| Entry {
        weight: backend.weight,
        name: match backend.target {
            Target::Cluster(id) => name::cluster(config.cluster(id)),
            Target::Invalid(_) => name::INVALID_BACKEND.to_owned(),
        },
        backend: Some(backend),
    });
    let weight = members.iter().map(|(_, backend)| backend.weight).sum();
    let pool = || Entry { weight, name: target::cluster_name(forward, &members, config), backend: None };
    // Whoever leads back to a pool whose members all have weight 0 has nothing else to draw.
    let has_pool = !members.is_empty() && (weight > 0 || members.len() == forward.backends.len());
    has_pool.then(pool).into_iter().chain(others).collect()
}

/// Whether the name of its cluster says everything about a backend.
fn is_plain(backend: &ir::WeightedBackend) -> bool {
    let ir::WeightedBackend { weight: _, target, request_headers, response_headers, host_rewrite, selector, origin: _ } =
        backend;
    let is_valid = matches!(target, Target::Cluster(_));
    is_valid
        && request_headers.0.is_empty()
        && response_headers.0.is_empty()
        && host_rewrite.is_none()
        && selector.is_none()
}

fn to_cluster_weight(
    Entry { weight: _, name, backend }: Entry<'_>,
    weight: u32,
    session_selector: Option<&ir::SessionCookie>,
) -> ClusterWeight {
    let entry = ClusterWeight { weight: Some(uint32(weight)), name, ..ClusterWeight::default() };
    let Some(backend) = backend else { return entry };
    let ir::WeightedBackend { weight: _, target, request_headers, response_headers, host_rewrite, selector, origin: _ } =
        backend;
    let (request_headers_to_add, request_headers_to_remove) = to_header_lists(request_headers);
    let (mut response_headers_to_add, response_headers_to_remove) = to_header_lists(response_headers);
    if let (Some(cookie), Some(value)) = (session_selector, selector) {
        response_headers_to_add.push(stateful_session::select(cookie, value));
    }
    let host_rewrite = host_rewrite.clone().map(cluster_weight::HostRewriteSpecifier::HostRewriteLiteral);
    let typed_per_filter_config = match target {
        Target::Cluster(_) => HashMap::new(),
        Target::Invalid(status) => failure(*status),
    };
    ClusterWeight {
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        host_rewrite_specifier: host_rewrite,
        typed_per_filter_config,
        ..entry
    }
}

/// A fault that answers every request with `status`, under the name of its filter.
fn failure(status: u16) -> HashMap<String, Any> {
    let all = FractionalPercent { numerator: 100, denominator: 0 };
    let fault = HttpFault { abort: Some(to_abort(all, ir::AbortStatus::Http(status))), ..HttpFault::default() };
    [(FAULT_FILTER.to_owned(), any(FAULT, &fault))].into()
}

fn to_abort(percentage: FractionalPercent, status: ir::AbortStatus) -> FaultAbort {
    FaultAbort {
        percentage: Some(percentage),
        error_type: Some(match status {
            ir::AbortStatus::Http(status) => ErrorType::HttpStatus(u32::from(status)),
            ir::AbortStatus::Grpc(status) => ErrorType::GrpcStatus(status),
        }),
        ..FaultAbort::default()
    }
}

fn to_fault(ir::Fault { abort, delay }: ir::Fault) -> HttpFault {
    let millionths =
        |share: ir::Share| FractionalPercent { numerator: share.parts(), denominator: DenominatorType::Million as i32 };
    HttpFault {
        abort: abort.map(|(share, status)| to_abort(millionths(share), status)),
        delay: delay.map(|(share, wait)| FaultDelay {
            percentage: Some(millionths(share)),
            fault_delay_secifier: Some(FaultDelaySecifier::FixedDelay(duration(wait))),
        }),
        ..HttpFault::default()
    }
}

fn to_host_rewrite(rewrite: &ir::HostRewrite) -> HostRewriteSpecifier {
    match rewrite {
        ir::HostRewrite::Literal(host) => literal_host(host),
        ir::HostRewrite::Endpoint => HostRewriteSpecifier::AutoHostRewrite(boolean(true)),
        ir::HostRewrite::Header(name) => HostRewriteSpecifier::HostRewriteHeader(name.to_string()),
        ir::HostRewrite::Path(substitution) => {
            HostRewriteSpecifier::HostRewritePathRegex(to_substitution(substitution))
        }
    }
}

fn literal_host(host: &str) -> HostRewriteSpecifier {
    HostRewriteSpecifier::HostRewriteLiteral(host.to_owned())
}

fn to_hash_policy(ir::HashPart { of, ends }: &ir::HashPart) -> HashPolicy {
    let cookie = |name: &str, life: Option<Duration>, path: &str| {
        hash_policy::PolicySpecifier::Cookie(hash_policy::Cookie {
            name: name.to_owned(),
            ttl: life.map(duration),
            path: path.to_owned(),
            ..hash_policy::Cookie::default()
        })
    };
    let of = match of {
        ir::HashOf::Header(name) => hash_policy::PolicySpecifier::Header(hash_policy::Header {
            header_name: name.to_string(),
            ..hash_policy::Header::default()
        }),
        ir::HashOf::Cookie(name) => cookie(name, None, ""),
        ir::HashOf::GivenCookie(ir::HashCookie { name, life, path }) => cookie(name, Some(*life), path),
        ir::HashOf::Client => {
            hash_policy::PolicySpecifier::ConnectionProperties(hash_policy::ConnectionProperties { source_ip: true })
        }
        ir::HashOf::Parameter(name) => {
            hash_policy::PolicySpecifier::QueryParameter(hash_policy::QueryParameter { name: name.to_owned() })
        }
    };
    HashPolicy { terminal: *ends, policy_specifier: Some(of) }
}

fn to_stream_limit(ir::StreamLimit { longest, longest_of_calls, calls_earlier }: ir::StreamLimit) -> MaxStreamDuration {
    MaxStreamDuration {
        max_stream_duration: longest.map(duration),
        grpc_timeout_header_max: longest_of_calls.map(duration),
        grpc_timeout_header_offset: calls_earlier.map(duration),
    }
}
