//! `extauth` of an HttpListenerOption: which server is asked, and how.

use std::collections::HashMap;
use std::time::Duration;

use crate::diagnostics::ObjectPart;
use crate::http::HeaderName;
use crate::ir::{AuthHeaders, AuthTerms, ExternalAuthProtocol, Origin};
use crate::parser::api::{
    GoDuration, HttpListenerOption, OptionAuthBody, OptionAuthHttp, OptionAuthRequest, OptionAuthResponse,
    OptionAuthServer, OptionAuthority,
};
use crate::path;
use crate::resolver::{BackendRefOutcome, Effective, ListenerOptionsId, OriginTable, Resolved};

use super::super::header::bad_passed_name;
use super::super::path::{bad_path_char, path_help};
use super::faults::Faults;
use super::part::Place;

/// The statuses that Envoy lets a server's failure have.
const FAILURES: [u16; 38] = [
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426,
    428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 451,
];

/// How long a server may take that nothing else is said of, and how much of a body it sees, as with Gloo Gateway
/// ([filter](https://github.com/solo-io/gloo/blob/main/projects/gloo/pkg/plugins/extauth/filter.go)).
const TIMEOUT: Duration = Duration::from_millis(200);
const BODY_BYTES: u32 = 4096;

/// How the server of a listener is asked.
#[derive(Clone, Debug)]
pub(in crate::translator::lower) struct AuthServer {
    pub(super) protocol: ExternalAuthProtocol,
    pub(super) request_headers: AuthHeaders,
    pub(super) max_body_bytes: Option<u32>,
    pub(super) terms: AuthTerms,
    pub(super) backend: BackendRefOutcome,
    pub(super) origin: Origin,
}

/// The servers, by what applies to a listener.
pub(in crate::translator::lower) type AuthServers = HashMap<ListenerOptionsId, AuthServer>;

/// Lowers the servers that listeners have.
pub(in crate::translator::lower) fn lower_servers(resolved: &Resolved<'_>, origins: &mut OriginTable) -> AuthServers {
    let mut servers = AuthServers::new();
    for (id, set) in resolved.http_listener_options.sets() {
        for Effective { value, source } in &set.fields {
            let HttpListenerOption::Extauth(said) = value else { continue };
            let Some(backend) = resolved.auth_servers.get(&(source.metadata.sort_key(), value.field())) else {
                continue;
            };
            let mut faults = Faults::new(Place { source, field: value.field() });
            let object = origins.object(source);
            let origin = origins.origin(object, ObjectPart::Whole);
            if let Some(server) = lower_server(said.as_ref().clone(), *backend, origin, &mut faults) {
                servers.insert(id, server);
            }
        }
    }
    servers
}

/// Says what of a server cannot be honoured.
pub(super) fn check_server(said: OptionAuthServer, faults: &mut Faults<'_>) {
    if said.extauthz_server_ref.is_none() {
        let help = "name an Upstream in `extauthzServerRef`";
        faults.add(&path![], "no server is named that could be asked", help);
    }
    // Of what is only checked nothing is kept.
    let _ = read_server(said, faults);
}

fn lower_server(
    said: OptionAuthServer,
    backend: BackendRefOutcome,
    origin: Origin,
    faults: &mut Faults<'_>,
) -> Option<AuthServer> {
    let (protocol, request_headers, max_body_bytes, terms) = read_server(said, faults)?;
    Some(AuthServer { protocol, request_headers, max_body_bytes, terms, backend, origin })
}

type Read = (ExternalAuthProtocol, AuthHeaders, Option<u32>, AuthTerms);

fn read_server(said: OptionAuthServer, faults: &mut Faults<'_>) -> Option<Read> {
    let OptionAuthServer {
        clear_route_cache: _,
        extauthz_server_ref: _,
        failure_mode_allow,
        grpc_service,
        http_service,
        request_body,
        request_timeout,
        stat_prefix,
        status_on_error,
        transport_api_version: _,
        user_id_header: _,
    } = said;
    let known = faults.count();
    let failure = u16::try_from(status_on_error).ok().filter(|status| FAILURES.contains(status));
    if failure.is_none() && status_on_error != 0 {
        let message = format!("{status_on_error} is no status of a failure that Envoy answers with");
        faults.add(&path!["statusOnError"], message, "write a known status from 400 on, such as 503");
    }
    if let Some(GoDuration(Duration::ZERO)) = request_timeout {
        faults.add(&path!["requestTimeout"], "a server cannot answer in no time", "write a length of time above zero");
    }
    if http_service.is_some() && grpc_service.is_some() {
        let message = "`grpcService` stands beside `httpService`";
        faults.add(&path!["grpcService"], message, "keep the one that the server speaks");
    }
    if let Some(OptionAuthBody { pack_as_bytes: true, .. }) = request_body.as_ref().filter(|_| http_service.is_some()) {
        let message = "a server over HTTP gets the bytes of a body in any case";
        faults.add(&path!["requestBody", "packAsBytes"], message, "remove the field");
    }
    if !stat_prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        let help = "write letters, digits, `-`, `_` and `.`";
        faults.add(&path!["statPrefix"], "no statistic has this name", help);
    }
    let authority =
        grpc_service.map(|OptionAuthority { authority }| authority).filter(|authority| !authority.is_empty());
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if authority.as_ref().is_some_and(|authority| !authority.chars().all(is_host)) {
        faults.add(&path!["grpcService", "authority"], "this is no host", "write a name, and perhaps a port");
    }
    let (protocol, request_headers, details) = match http_service {
        None => (ExternalAuthProtocol::Grpc, AuthHeaders::Default, AuthTerms::default()),
        Some(OptionAuthHttp { path_prefix, request, response }) => {
            if !path_prefix.is_empty() && !path_prefix.starts_with('/') {
                let at = path!["httpService", "pathPrefix"];
                faults.add(&at, "this is not the beginning of a path", "begin it with `/`");
            }
            if let Some((_, found)) = bad_path_char(&path_prefix) {
                let message = format!("`{}` cannot stand in a path as it is", found.escape_debug());
                faults.add(&path!["httpService", "pathPrefix"], message, path_help(&path_prefix));
            }
            let details = http_terms(request.as_ref(), response.as_ref(), faults);
            let seen = request.as_ref().map(|request| request.allowed_headers.as_slice()).unwrap_or_default();
            let seen = names(seen, ["request", "allowedHeaders"], faults);
            let given = response.as_ref().map(|response| response.allowed_upstream_headers.as_slice());
            let given = names(given.unwrap_or_default(), ["response", "allowedUpstreamHeaders"], faults);
            let seen = if seen.is_empty() { AuthHeaders::Default } else { AuthHeaders::Listed(seen) };
            // What is not listed the backend does not get.
            let response_headers = AuthHeaders::Listed(given);
            // What follows begins with a slash.
            let path_prefix = path_prefix.strip_suffix('/').map(str::to_owned).unwrap_or(path_prefix);
            (ExternalAuthProtocol::Http { path_prefix, response_headers }, seen, details)
        }
    };
    let terms = AuthTerms {
        timeout: Some(request_timeout.map_or(TIMEOUT, |GoDuration(timeout)| timeout)),
        lets_pass: failure_mode_allow,
        failure,
        cuts_body: request_body.is_some_and(|body| body.allow_partial_message),
        body_as_bytes: request_body.is_some_and(|body| body.pack_as_bytes),
        context: Vec::new(),
        authority,
        counted_as: stat_prefix,
        ..details
    };
    let shown = |body: OptionAuthBody| if body.max_request_bytes == 0 { BODY_BYTES } else { body.max_request_bytes };
    let max_body_bytes = request_body.map(shown);
    (faults.count() == known).then_some((protocol, request_headers, max_body_bytes, terms))
}

/// What is said of headers where a server is asked over HTTP, but for those that are listed by name.
fn http_terms(
    request: Option<&OptionAuthRequest>,
    response: Option<&OptionAuthResponse>,
    faults: &mut Faults<'_>,
) -> AuthTerms {
    let like = request.map(|request| request.allowed_headers_regex.as_slice()).unwrap_or_default();
    for (index, expression) in like.iter().enumerate() {
        faults.expression(&path!["httpService", "request", "allowedHeadersRegex", index], expression);
    }
    let Some(response) = response else { return AuthTerms { seen_like: like.to_vec(), ..AuthTerms::default() } };
    let OptionAuthResponse { allowed_client_headers, allowed_upstream_headers: _, allowed_upstream_headers_to_append } =
        response;
    let told = names(allowed_client_headers, ["response", "allowedClientHeaders"], faults);
    AuthTerms {
        seen_like: like.to_vec(),
        // An empty list says nothing.
        told_to_clients: (!told.is_empty()).then_some(told),
        appended: names(allowed_upstream_headers_to_append, ["response", "allowedUpstreamHeadersToAppend"], faults),
        ..AuthTerms::default()
    }
}

/// The names of headers that are passed on, each once.
fn names(listed: &[HeaderName], [side, field]: [&'static str; 2], faults: &mut Faults<'_>) -> Vec<HeaderName> {
    for (index, name) in listed.iter().enumerate() {
        if let Some((message, help)) = bad_passed_name(name, side == "response") {
            faults.add(&path!["httpService", side, field, index], message, help);
        }
    }
    let mut names: Vec<HeaderName> = listed.iter().map(HeaderName::lower).collect();
    names.sort_unstable();
    names.dedup();
    names
}
