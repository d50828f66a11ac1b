//! What of a rule's requests is decided by what: the parts in which two actions may differ.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::ir::{
    AccessRule, Action, Cluster, ClusterId, Config, Forward, HttpFilters, Mirror, RouteGuards, Target, Timeouts,
};

/// A part of what a rule does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// That something else is done at all: requests are answered in the place of backends.
    Answer,
    /// Who answers, and how connections to them are made.
    Backends,
    RequestHeaders,
    ResponseHeaders,
    Path,
    Host,
    ForwardedHost,
    Faults,
    Bandwidth,
    Timeouts,
    IdleTimeout,
    StreamTimeout,
    Retries,
    AttemptCount,
    Upgrades,
    Metadata,
    Spans,
    Mirrors,
    Hash,
    Session,
    Cors,
    Compression,
    BodyLimit,
    Rate,
    Origins,
    Tokens,
    Credentials,
    Authorization,
    Access,
    Limits,
    Processors,
    ClientCertificates,
    Tunnels,
    Scripts,
}

impl Topic {
    /// Whether requests get through that should not, where nothing is said of it.
    pub(super) fn keeps_out(self) -> bool {
        matches!(
            self,
            Self::Answer
                | Self::Origins
                | Self::Tokens
                | Self::Credentials
                | Self::Authorization
                | Self::Access
                | Self::Processors
                | Self::ClientCertificates
                | Self::Tunnels
                | Self::Scripts
        )
    }

    /// What it is called.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Answer => "answers in the place of backends",
            Self::Backends => "how connections to backends are made",
            Self::RequestHeaders => "changes to the headers of requests",
            Self::ResponseHeaders => "changes to the headers of responses",
            Self::Path => "the path that backends see",
            Self::Host => "the host that backends see",
            Self::ForwardedHost => "whether backends are told the host that was asked for",
            Self::Faults => "faults on purpose",
            Self::Bandwidth => "limits of how fast bodies are sent on",
            Self::Timeouts => "limits of time for requests and tries",
            Self::IdleTimeout => "a limit of time in which nothing is sent",
            Self::StreamTimeout => "a limit of time for streams",
            Self::Retries => "further tries",
            Self::AttemptCount => "who is told how often a request was sent",
            Self::Upgrades => "what connections may become",
            Self::Metadata => "metadata of the rule",
            Self::Spans => "what is said of spans",
            Self::Mirrors => "copies of requests",
            Self::Hash => "a hash that endpoints are chosen by",
            Self::Session => "sessions",
            Self::Cors => "what other origins may do",
            Self::Compression => "how responses are compressed",
            Self::BodyLimit => "how long bodies may be",
            Self::Rate => "how many requests there may be",
            Self::Origins => "where requests that change something may come from",
            Self::Tokens => "tokens that requests have to bring",
            Self::Credentials => "keys and passwords that requests have to bring",
            Self::Authorization => "who is asked whether requests may pass",
            Self::Access => "who may send requests",
            Self::Limits => "servers that count requests",
            Self::Processors => "servers that requests are handed to",
            Self::ClientCertificates => "certificates that clients have to show",
            Self::Tunnels => "that no tunnels are made",
            Self::Scripts => "scripts that requests and responses pass",
        }
    }

    /// Whether a field of policies is about it: fields of one name are about the same in all kinds.
    pub(super) fn is_of(self, field: &str) -> bool {
        let fields: &[&str] = match self {
            Self::Answer => &["directResponse"],
            Self::Backends => &[
                "admissionControl",
                "circuitBreaker",
                "connection",
                "dns",
                "healthCheck",
                "http2",
                "loadBalancer",
                "proxyProtocol",
                "tcpKeepalive",
                "timeout",
                "useClientProtocol",
            ],
            Self::RequestHeaders => &["headerManipulation", "credentialInjection"],
            Self::ResponseHeaders => &["headerManipulation"],
            Self::Path => &["prefixRewrite", "regexRewrite", "urlRewrite"],
            Self::Host => {
                &["autoHostRewrite", "hostRewrite", "hostRewriteHeader", "hostRewritePathRegex", "urlRewrite"]
            }
            Self::ForwardedHost => &["appendXForwardedHost", "urlRewrite"],
            Self::Faults => &["faults", "faultInjection"],
            Self::Bandwidth => &["bandwidthLimit"],
            Self::Timeouts => &["retries", "retry", "timeout"],
            Self::IdleTimeout => &["idleTimeout", "timeout"],
            Self::StreamTimeout => &["maxStreamDuration", "timeout"],
            Self::Retries => &["retries", "retry"],
            Self::AttemptCount => &["includeAttemptCountInResponse", "includeRequestAttemptCount"],
            Self::Upgrades => &["httpUpgrade", "requestBuffer", "upgrades"],
            Self::Metadata => &["envoyMetadata"],
            Self::Spans => &["telemetry", "tracing"],
            Self::Mirrors => &["shadowing"],
            Self::Hash => &["lbHash", "loadBalancer"],
            Self::Session => &[],
            Self::Cors => &["cors", "corsPolicyMergeSettings"],
            Self::Compression => &["compression", "compressor"],
            Self::BodyLimit => &["bufferPerRoute", "requestBuffer"],
            Self::Rate => &["rateLimit", "ratelimit", "ratelimitEarly", "ratelimitRegular"],
            Self::Origins => &["csrf"],
            Self::Tokens => &["jwt", "jwtProvidersStaged", "jwtStaged"],
            Self::Credentials => &["apiKeyAuth", "basicAuth"],
            Self::Authorization => &["extAuth", "extauth", "oidc"],
            Self::Access => &["authorization", "rbac"],
            Self::Limits => &[
                "rateLimitConfigs",
                "rateLimitEarlyConfigs",
                "rateLimitRegularConfigs",
                "ratelimit",
                "ratelimitBasic",
                "ratelimitEarly",
                "ratelimitRegular",
            ],
            Self::Processors => &["extProc", "extProcEarly", "extProcLate"],
            Self::ClientCertificates => &["tls"],
            Self::Tunnels => &["httpConnectionManagerSettings", "httpUpgrade", "upgrades"],
            Self::Scripts => &["lua"],
        };
        fields.contains(&field)
    }
}

/// Where actions are looked up.
#[derive(Clone, Copy)]
pub(super) struct Place<'c> {
    pub(super) action: &'c Action,
    pub(super) config: &'c Config,
}

impl<'c> Place<'c> {
    /// The one thing that is done; nothing where requests are split, and the parts do different things.
    pub(super) fn forward(self) -> Option<&'c Forward> {
        let mut leaves = self.action.leaves().filter_map(|leaf| match leaf {
            Action::Forward(forward) => Some(forward),
            _ => None,
        });
        leaves.next()
    }
}

/// The parts in which two actions differ.
pub(super) fn apart(one: Place<'_>, other: Place<'_>) -> BTreeSet<Topic> {
    let mut topics = BTreeSet::new();
    let (ones, others): (Vec<&Action>, Vec<&Action>) = (one.action.leaves().collect(), other.action.leaves().collect());
    // Requests that are split are compared by what all parts do, and by what the first does beside that.
    let pairs = ones.iter().enumerate().map(|(at, leaf)| (*leaf, others.get(at).or(others.first()).copied()));
    for (leaf, twin) in pairs {
        let Some(twin) = twin else { continue };
        match (leaf, twin) {
            (Action::Forward(own), Action::Forward(its)) => {
                forwards_apart((own, one.config), (its, other.config), &mut topics);
            }
            (Action::Redirect(own), Action::Redirect(its)) => {
                filters_apart(&own.http_filters, &its.http_filters, &mut topics);
                if own.response_headers != its.response_headers {
                    topics.insert(Topic::ResponseHeaders);
                }
            }
            (Action::DirectResponse(own), Action::DirectResponse(its)) if own == its => {}
            (Action::Respond(own), Action::Respond(its)) if own == its => {}
            _ => {
                topics.insert(Topic::Answer);
            }
        }
    }
    topics
}

fn forwards_apart(
    (one, of_one): (&Forward, &Config),
    (other, of_other): (&Forward, &Config),
    topics: &mut BTreeSet<Topic>,
) {
    let Forward {
        backends,
        http_filters,
        request_headers,
        response_headers,
        path_rewrite,
        host_rewrite,
        tells_host,
        fault,
        bandwidth,
        timeouts,
        retry,
        attempts,
        upgrades,
        metadata,
        tracing,
        mirrors,
        hash,
        draws_by_hash,
        session,
    } = one;
    let Timeouts { request, per_try, idle, stream } = **timeouts;
    let limit = |time: Option<Duration>| time.filter(|time| !time.is_zero());
    let own_clusters = || clusters(one, of_one);
    let its_clusters = || clusters(other, of_other);
    let headers = |forward: &Forward| {
        let own =
            forward.backends.iter().map(|backend| (backend.request_headers.clone(), backend.response_headers.clone()));
        own.collect::<Vec<_>>()
    };
    let (own_headers, its_headers) = (headers(one), headers(other));
    let of_backends =
        |at: fn(&(crate::ir::HeaderMutations, crate::ir::HeaderMutations)) -> &crate::ir::HeaderMutations| {
            own_headers.iter().map(at).eq(its_headers.iter().map(at))
        };
    let hosts =
        |forward: &Forward| forward.backends.iter().map(|backend| backend.host_rewrite.clone()).collect::<Vec<_>>();
    let parts = [
        (Topic::Backends, backends.len() == other.backends.len() && own_clusters() == its_clusters()),
        (Topic::RequestHeaders, *request_headers == other.request_headers && of_backends(|both| &both.0)),
        (Topic::ResponseHeaders, *response_headers == other.response_headers && of_backends(|both| &both.1)),
        (Topic::Path, *path_rewrite == other.path_rewrite),
        (Topic::Host, *host_rewrite == other.host_rewrite && hosts(one) == hosts(other)),
        (Topic::ForwardedHost, *tells_host == other.tells_host),
        (Topic::Faults, *fault == other.fault),
        (Topic::Bandwidth, *bandwidth == other.bandwidth),
        (Topic::Timeouts, (request, per_try) == (other.timeouts.request, other.timeouts.per_try)),
        (Topic::IdleTimeout, limit(idle) == limit(other.timeouts.idle)),
        (Topic::StreamTimeout, stream == other.timeouts.stream),
        (Topic::Retries, *retry == other.retry),
        (Topic::AttemptCount, *attempts == other.attempts),
        (Topic::Upgrades, *upgrades == other.upgrades),
        (Topic::Metadata, *metadata == other.metadata),
        (Topic::Spans, *tracing == other.tracing),
        (Topic::Mirrors, copies(mirrors, of_one) == copies(&other.mirrors, of_other)),
        (Topic::Hash, *hash == other.hash && *draws_by_hash == other.draws_by_hash),
        (Topic::Session, session.is_some() == other.session.is_some()),
    ];
    topics.extend(parts.into_iter().filter(|(_, is_same)| !is_same).map(|(topic, _)| topic));
    filters_apart(http_filters, &other.http_filters, topics);
}

/// Who may send requests; nothing where anybody may.
fn limits_access(access: Option<&AccessRule>) -> Option<&AccessRule> {
    access.filter(|access| **access != AccessRule::Anybody)
}

/// What is asked for of the clusters of backends: their names tell who asks for it.
fn clusters<'c>(forward: &Forward, config: &'c Config) -> Vec<Option<Asked<'c>>> {
    let targets = forward.backends.iter().map(|backend| match backend.target {
        Target::Cluster(id) => Some(asked(config, id)),
        Target::Invalid(_) => None,
    });
    targets.collect()
}

/// What tells clusters apart but for who asks for it.
type Asked<'c> = (
    &'c crate::ir::BackendName,
    crate::ir::UpstreamProtocol,
    Option<&'c crate::ir::UpstreamTls>,
    &'c crate::ir::Endpoints,
    &'c crate::ir::ClusterSettings,
    bool,
);

fn asked(config: &Config, id: ClusterId) -> Asked<'_> {
    // How often requests are sent again is said of the rule.
    let Cluster { backend, protocol, tls, endpoints, settings, withheld, .. } = config.cluster(id);
    (backend, *protocol, tls.as_deref(), endpoints, settings, *withheld)
}

/// Who gets copies.
fn copies<'c>(
    mirrors: &'c [Mirror],
    config: &'c Config,
) -> Vec<(Asked<'c>, crate::ir::Share, &'c crate::ir::CopyHost)> {
    mirrors.iter().map(|mirror| (asked(config, mirror.cluster), mirror.share, &mirror.host)).collect()
}

fn filters_apart(one: &HttpFilters, other: &HttpFilters, topics: &mut BTreeSet<Topic>) {
    let HttpFilters { cors, auths, guards, compressions } = one;
    let RouteGuards {
        body,
        origins,
        early_tokens,
        keys,
        passwords,
        tokens,
        early_rate,
        rate,
        early_limits,
        limits,
        processors,
        access,
        scripts,
        sign_in,
    } = guards;
    let its = &other.guards;
    let parts = [
        (Topic::Cors, *cors == other.cors),
        (Topic::Authorization, auths.len() == other.auths.len() && sign_in.is_some() == its.sign_in.is_some()),
        (Topic::Compression, *compressions == other.compressions),
        (Topic::BodyLimit, *body == its.body),
        (Topic::Origins, *origins == its.origins),
        (Topic::Tokens, *early_tokens == its.early_tokens && *tokens == its.tokens),
        (Topic::Credentials, *keys == its.keys && *passwords == its.passwords),
        (Topic::Rate, *early_rate == its.early_rate && *rate == its.rate),
        (
            Topic::Limits,
            early_limits.is_some() == its.early_limits.is_some() && limits.is_some() == its.limits.is_some(),
        ),
        (Topic::Scripts, *scripts == its.scripts),
        (Topic::Processors, processors.len() == its.processors.len()),
        (Topic::Access, limits_access(access.as_ref()) == limits_access(its.access.as_ref())),
    ];
    topics.extend(parts.into_iter().filter(|(_, is_same)| !is_same).map(|(topic, _)| topic));
}
