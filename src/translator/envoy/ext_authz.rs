//! External authorization: one filter for each distinct configuration,
//! switched off in the chain and on by the routes that ask for it
//! ([External authorization](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter)).

use std::collections::BTreeSet;
use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::{Cluster, cluster::EdsClusterConfig};
use envoy_types::pb::envoy::config::core::v3::{ApiVersion, GrpcService, HttpUri, http_uri::HttpUpstreamType};
use envoy_types::pb::envoy::extensions::filters::http::ext_authz::v3::{
    AuthorizationResponse, BufferSettings, CheckSettings, ExtAuthz, ExtAuthzPerRoute, HttpService, ext_authz,
    ext_authz_per_route,
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpFilter, http_filter::ConfigType,
};
use envoy_types::pb::envoy::r#type::matcher::v3::{ListStringMatcher, StringMatcher};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::protobuf::Any;
use prost::Message as _;

use crate::http::HeaderName;
use crate::ir::{
    self, AUTH_ANSWER_HEADERS, AuthHeaders, AuthId, AuthTerms, ClusterId, ExternalAuth, ExternalAuthProtocol,
    ExternalAuthSettings,
};

use super::cluster::to_cluster;
use super::grpc_server::{own_host, to_grpc};
use super::layout::Layout;
use super::name;
use super::proto::{any, duration, exact, matching};

const EXT_AUTHZ: &str = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz";
const EXT_AUTHZ_PER_ROUTE: &str = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";

/// How long the service may take. Envoy's own 200 ms refuse requests whenever
/// a service pauses for a moment
/// ([gRPC service](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto#envoy-v3-api-field-extensions-filters-http-ext-authz-v3-extauthz-grpc-service)).
const TIMEOUT: Duration = Duration::from_secs(1);

/// The filter of an authorization in the chain.
pub(super) fn to_http_filter(id: AuthId, config: &ir::Config, layout: &Layout) -> HttpFilter {
    let ExternalAuth { settings, origin: _ } = config.external_auth(id);
    let ExternalAuthSettings { cluster, protocol, request_headers, max_body_bytes, terms } = settings.clone();
    let AuthTerms {
        timeout,
        lets_pass,
        failure,
        cuts_body,
        body_as_bytes,
        context: _,
        authority,
        seen_like,
        told_to_clients,
        appended,
        counted_as,
    } = terms;
    let timeout = timeout.unwrap_or(TIMEOUT);
    let backend = &config.cluster(cluster).backend;
    let cluster = asked(config.cluster(cluster), config, layout).name;
    let services = match protocol {
        ExternalAuthProtocol::Grpc => ext_authz::Services::GrpcService(GrpcService {
            timeout: Some(duration(timeout)),
            ..to_grpc(cluster, authority.unwrap_or_else(|| own_host(backend)))
        }),
        ExternalAuthProtocol::Http { path_prefix, response_headers } => {
            let answer = AuthorizationResponse {
                allowed_upstream_headers: to_backend(&response_headers),
                allowed_upstream_headers_to_append: (!appended.is_empty()).then(|| listed(&appended)),
                allowed_client_headers: told_to_clients.map(|names| listed(&names)),
                ..AuthorizationResponse::default()
            };
            let service = http_service((cluster, timeout), backend, path_prefix, answer);
            ext_authz::Services::HttpService(service)
        }
    };
    let filter = ExtAuthz {
        services: Some(services),
        transport_api_version: ApiVersion::V3 as i32,
        allowed_headers: shown(&request_headers, &seen_like),
        // A longer body is refused: a service that sees a part of it would be asked about something else.
        with_request_body: max_body_bytes.map(|bytes| BufferSettings {
            max_request_bytes: bytes,
            allow_partial_message: cuts_body,
            pack_as_bytes: body_as_bytes,
        }),
        failure_mode_allow: lets_pass,
        status_on_error: failure.map(|code| HttpStatus { code: i32::from(code) }),
        stat_prefix: counted_as,
        ..ExtAuthz::default()
    };
    HttpFilter {
        name: name::external_auth(id, config),
        disabled: true,
        config_type: Some(ConfigType::TypedConfig(any(EXT_AUTHZ, &filter))),
        ..HttpFilter::default()
    }
}

/// The cluster through which a service is asked. With discovery it is one of its own, whose name changes with its settings:
/// Envoy ends the questions on their way when a cluster is replaced by one of the same name, and refuses their requests
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/common/http/async_client_impl.cc), `~AsyncClientImpl`).
fn asked(cluster: &ir::Cluster, config: &ir::Config, layout: &Layout) -> Cluster {
    let plain = to_cluster(cluster, config, layout);
    if !layout.has_route_files() {
        return plain;
    }
    let digest = name::digest(&plain.encode_to_vec());
    let name = name::authorizing(&plain.name, &digest);
    let alt_stat_name = if plain.alt_stat_name.is_empty() { plain.name.clone() } else { plain.alt_stat_name };
    let endpoints = EdsClusterConfig { service_name: plain.name, ..EdsClusterConfig::default() };
    Cluster {
        alt_stat_name,
        eds_cluster_config: plain
            .eds_cluster_config
            .map(|eds| EdsClusterConfig { eds_config: eds.eds_config, ..endpoints }),
        name,
        ..plain
    }
}

/// The clusters of services that authorize, beside those of the same backends for requests.
pub(super) fn clusters(config: &ir::Config, layout: &Layout) -> Vec<Cluster> {
    let services: BTreeSet<ClusterId> = config.external_auths.iter().map(|auth| auth.settings.cluster).collect();
    let services = services.into_iter().filter(|_| layout.has_route_files());
    services.map(|id| asked(config.cluster(id), config, layout)).collect()
}

fn http_service(
    (cluster, timeout): (String, Duration),
    backend: &ir::BackendName,
    path_prefix: String,
    answer: AuthorizationResponse,
) -> HttpService {
    HttpService {
        server_uri: Some(HttpUri {
            // Required, and of no effect: the cluster says where, the request which host.
            uri: format!("http://{}.{}:{}", backend.name, backend.namespace, backend.port),
            timeout: Some(duration(timeout)),
            http_upstream_type: Some(HttpUpstreamType::Cluster(cluster)),
        }),
        path_prefix,
        authorization_response: Some(answer),
        ..HttpService::default()
    }
}

/// Which headers of an answer backends get.
fn to_backend(response_headers: &AuthHeaders) -> Option<ListStringMatcher> {
    match response_headers {
        // Envoy takes no empty list, and passes nothing on without one.
        AuthHeaders::Listed(names) if names.is_empty() => None,
        AuthHeaders::Listed(names) => Some(listed(names)),
        AuthHeaders::Default => Some(ListStringMatcher { patterns: vec![matching(&none_of(AUTH_ANSWER_HEADERS))] }),
    }
}

/// Which headers of a request a service sees beside the protocol's own.
fn shown(names: &AuthHeaders, like: &[String]) -> Option<ListStringMatcher> {
    let mut shown = match names {
        AuthHeaders::Default => ListStringMatcher::default(),
        AuthHeaders::Listed(names) => listed(names),
    };
    shown.patterns.extend(like.iter().map(|expression| matching(expression)));
    (!shown.patterns.is_empty() || matches!(names, AuthHeaders::Listed(_))).then_some(shown)
}

fn listed(names: &[HeaderName]) -> ListStringMatcher {
    let patterns = names.iter().map(|name| StringMatcher { ignore_case: true, ..exact(name.as_ref()) });
    ListStringMatcher { patterns: patterns.collect() }
}

/// An RE2 expression for every header name but `words`, and no pseudo-header:
/// RE2 has no look-ahead, so each prefix of a word says what may not follow.
fn none_of(words: &[&str]) -> String {
    let pattern = branch(words);
    // Names of pseudo-headers begin with a colon.
    pattern.replacen("[^", "[^:", 1)
}

/// What may follow a common prefix of `words`, which are what is left of them.
fn branch(words: &[&str]) -> String {
    let mut first: Vec<char> = words.iter().filter_map(|word| word.chars().next()).collect();
    first.sort_unstable();
    first.dedup();
    if first.is_empty() {
        return ".+".to_owned();
    }
    let mut class = String::from("[^");
    for c in &first {
        if !c.is_ascii_alphanumeric() {
            class.push('\\');
        }
        class.push(*c);
    }
    class.push(']');
    let mut choices = vec![format!("{class}.*")];
    for c in &first {
        let rest: Vec<&str> = words.iter().filter_map(|word| word.strip_prefix(*c)).collect();
        let ends = rest.contains(&"");
        let rest: Vec<&str> = rest.into_iter().filter(|word| !word.is_empty()).collect();
        let tail = branch(&rest);
        choices.push(if ends { format!("{c}{tail}") } else { format!("{c}({tail})?") });
    }
    format!("({})", choices.join("|"))
}

/// What a route says to each of its filters to switch it on.
pub(super) fn enable<'a>(auths: &'a [AuthId], config: &'a ir::Config) -> impl Iterator<Item = (String, Any)> + 'a {
    auths.iter().map(|id| {
        let context = &config.external_auth(*id).settings.terms.context;
        let context_extensions = context.iter().cloned().collect();
        let settings = CheckSettings { context_extensions, ..CheckSettings::default() };
        let settings = ext_authz_per_route::Override::CheckSettings(settings);
        let message = ExtAuthzPerRoute { r#override: Some(settings) };
        (name::external_auth(*id, config), any(EXT_AUTHZ_PER_ROUTE, &message))
    })
}

/// Whether the filter of an authorization needs regular expressions.
pub(super) fn uses_regex(auth: &ExternalAuth) -> bool {
    !auth.settings.terms.seen_like.is_empty()
        || matches!(auth.settings.protocol, ExternalAuthProtocol::Http { response_headers: AuthHeaders::Default, .. })
}

#[cfg(test)]
mod tests {
    use super::{AUTH_ANSWER_HEADERS, none_of};

    #[test]
    fn every_name_but_the_words_matches() {
        let pattern = regex::Regex::new(&format!("^(?:{})$", none_of(AUTH_ANSWER_HEADERS))).unwrap();
        for word in AUTH_ANSWER_HEADERS {
            assert!(!pattern.is_match(word), "{word}");
            assert!(pattern.is_match(&format!("{word}x")), "{word}x");
            assert!(pattern.is_match(&format!("x{word}")), "x{word}");
            assert!(pattern.is_match(&word[..1]), "{}", &word[..1]);
        }
        for name in ["x-user", "content", "content-", "trailers", "t", "authorization"] {
            assert!(pattern.is_match(name), "{name}");
        }
        assert!(!pattern.is_match(":status"));
        assert!(!pattern.is_match(""));
    }
}
