//! The options of listeners that are about connections: what they say, and on which connections it counts.
//!
//! Each HTTPS listener has connections of its own. The plain listeners of a port share theirs, since only a request says
//! whose it is: the first of them that has options which can be honoured decides for all, and the others' are reported.

use std::collections::HashSet;
use std::sync::Arc;

use typed_index_collections::TiVec;

use crate::diagnostics::{Diagnostics, Finding, Reported, codes};
use crate::ir::{
    Action, Branch, CertificateHeader, CertificateParts, CertificateRules, ClientDetails, EscapedSlashes, Forward,
    Http1, Http2Connections, HttpLimits, HttpSettings, HttpTimes, OnlyVersion, PathSettings, RequestIdRules,
    ServerHeader, ServerSays, Session, SessionCarrier, Underscores, Upgrades,
};
use crate::options::EnvoyVersion;
use crate::parser::api::{
    ConnectionSettings, GlooEnum, GoDuration, Http2Settings, HttpListenerOption, OptionClientCertificate,
    OptionGrpcWeb, OptionHeaderValidation, OptionHealthCheck, OptionRouter,
};
use crate::path;
use crate::resolver::{CertificateIndex, Effective, ListenerId, ListenerOptions, ListenerOptionsId, Resolved};
use crate::whole;

use super::super::socket::{Demultiplexing, Socket};
use super::auth_server;
use super::compression;
use super::faults::Faults;
use super::guards;
use super::headers;
use super::internal;
use super::limit_server;
use super::part::{HostFields, Place, RuleSays};
use super::processors;
use super::stateful_session;
use super::tracing;
use super::transcoder;
use super::upgrades::to_upgrades;

/// What the options of listeners say of their connections.
pub(in crate::translator::lower) type HttpParts = TiVec<ListenerOptionsId, Result<Arc<HttpSettings>, Reported>>;

/// The most that Envoy takes of the length of headers, in KiB.
const MOST_HEADER_KIB: u32 = 8192;

/// What Envoy takes of the numbers of HTTP/2.
const WINDOWS: std::ops::RangeInclusive<u32> = 65_535..=0x7fff_ffff;
const STREAMS: std::ops::RangeInclusive<u32> = 1..=0x7fff_ffff;

/// Lowers the options of all listeners.
pub(in crate::translator::lower) fn lower_http_options(
    resolved: &Resolved<'_>,
    version: EnvoyVersion,
    diagnostics: &mut Diagnostics,
) -> HttpParts {
    let mut known = HostFields::new();
    resolved
        .http_listener_options
        .sets()
        .map(|(_, set)| lower_set(set, Known { version, secrets: &resolved.certificates }, &mut known, diagnostics))
        .collect()
}

/// What settings are judged by.
#[derive(Clone, Copy)]
struct Known<'a> {
    version: EnvoyVersion,
    secrets: &'a CertificateIndex<'a>,
}

fn lower_set<'m>(
    ListenerOptions { fields, failed, first: _ }: &ListenerOptions<'m, HttpListenerOption>,
    by: Known<'_>,
    known: &mut HostFields<'m>,
    diagnostics: &mut Diagnostics,
) -> Result<Arc<HttpSettings>, Reported> {
    let mut failed = *failed;
    let mut settings = HttpSettings::default();
    for option in fields {
        let key = (option.source.metadata.sort_key(), option.value.field());
        // Several listeners may have the option, each among others.
        if let Some(told) = known.get(&key).copied().flatten() {
            failed = failed.or(Some(told));
            continue;
        }
        let faults = lower_option(*option, by, &mut settings);
        let proof = faults.into_iter().map(|finding| diagnostics.error(finding)).reduce(|first, _| first);
        failed = failed.or(proof);
        known.insert(key, proof);
    }
    failed.map_or(Ok(Arc::new(settings)), Err)
}

/// Adds what an option says; what of it cannot be honoured.
fn lower_option(
    Effective { value, source }: Effective<'_, HttpListenerOption>,
    Known { version, secrets }: Known<'_>,
    settings: &mut HttpSettings,
) -> Vec<Finding> {
    let place = Place { source, field: value.field() };
    let mut faults = Faults::new(place);
    match value.clone() {
        HttpListenerOption::HttpConnectionManagerSettings(said) => lower_connections(*said, secrets, settings, &mut faults),
        HttpListenerOption::HealthCheck(OptionHealthCheck { path }) => {
            if !path.starts_with('/') || path.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
                let message = format!("`{path}` is the path of no request");
                faults.add(&path!["path"], message, "write a path that begins with `/`");
            }
            settings.health_path = Some(path);
        }
        HttpListenerOption::Buffer(said) => settings.guards.body = guards::lower_buffer(said, &mut faults),
        HttpListenerOption::Extauth(said) => auth_server::check_server(*said, &mut faults),
        HttpListenerOption::RatelimitServer(said) => limit_server::check_server(&said, &mut faults),
        HttpListenerOption::ExtProc(said)
        | HttpListenerOption::ExtProcEarly(said)
        | HttpListenerOption::ExtProcLate(said) => processors::check_server(&said, &mut faults),
        HttpListenerOption::Csrf(said) => settings.guards.origins = guards::lower_csrf(said, &mut faults),
        HttpListenerOption::ConnectionLimit(said) => {
            settings.guards.connections = guards::lower_connection_limit(said, &mut faults);
        }
        HttpListenerOption::NetworkLocalRatelimit(said) => {
            settings.guards.new_connections = guards::lower_bucket(&path![], said, &mut faults);
        }
        HttpListenerOption::HttpLocalRatelimit(said) => {
            settings.guards.requests = guards::lower_rate(said, &mut faults);
        }
        HttpListenerOption::Router(OptionRouter { dynamic_stats, suppress_envoy_headers }) => {
            settings.silent = suppress_envoy_headers.unwrap_or_default();
            settings.uncounted = dynamic_stats == Some(false);
        }
        HttpListenerOption::GrpcWeb(OptionGrpcWeb { disable }) => {
            settings.web_calls = !disable;
            transcoder::check_web_calls(settings, &mut faults);
        }
        HttpListenerOption::GrpcJsonTranscoder(said) => {
            settings.transcoder = transcoder::lower(*said, &mut faults).map(Arc::new);
            transcoder::check_web_calls(settings, &mut faults);
        }
        HttpListenerOption::Gzip(said) => settings.compression = Some(compression::lower(&said, version, &mut faults)),
        HttpListenerOption::StatefulSession(said) => {
            settings.session = stateful_session::lower(said, &mut faults).map(Arc::new);
        }
        HttpListenerOption::HeaderValidationSettings(OptionHeaderValidation { disable_http1_method_validation }) => {
            settings.http1.any_method = disable_http1_method_validation.is_some();
        }
        // None of them asks for anything.
        HttpListenerOption::DisableExtProc(_)
        | HttpListenerOption::DisableExtProcEarly(_)
        | HttpListenerOption::DisableExtProcLate(_)
        // No rule of Gateway API chooses its backend by a header.
        | HttpListenerOption::SanitizeClusterHeader(_) => {}
        // The resolver hands on none of the others.
        other => {
            let message = format!("`{}` is not translated", other.field());
            faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
        }
    }
    faults.found()
}

fn lower_connections(
    said: ConnectionSettings,
    secrets: &CertificateIndex<'_>,
    settings: &mut HttpSettings,
    faults: &mut Faults<'_>,
) {
    let ConnectionSettings {
        accept_http10,
        allow_chunked_length,
        append_x_forwarded_port,
        generate_request_id,
        preserve_case_header_key_format,
        preserve_external_request_id,
        proxy_100_continue,
        skip_xff_append,
        upgrades,
        uuid_request_id_config,
        xff_num_trusted_hops,
        default_host_for_http10,
        delayed_close_timeout,
        drain_timeout,
        enable_trailers,
        headers_with_underscores_action,
        http2_protocol_options,
        idle_timeout,
        max_connection_duration,
        max_headers_count,
        max_request_headers_kb,
        max_requests_per_connection,
        max_stream_duration,
        merge_slashes,
        normalize_path,
        path_with_escaped_slashes_action,
        proper_case_header_key_format,
        request_headers_timeout,
        request_timeout,
        server_header_transformation,
        server_name,
        stream_idle_timeout,
        strip_any_host_port,
        via,
        codec_type,
        early_header_manipulation,
        forward_client_cert_details,
        set_current_client_cert_details,
        use_remote_address,
        tracing,
        internal_address_config,
    } = said;
    if let Some(tracing) = &tracing {
        tracing::check(tracing, faults);
    }
    settings.only = codec_type.as_ref().and_then(only_version);
    if let Some(early) = early_header_manipulation {
        settings.early_headers = faults.lowered(|place| headers::lower_early(place, early, secrets));
    }
    settings.paths = PathSettings {
        resolve_dots: normalize_path,
        merge_slashes,
        escaped_slashes: path_with_escaped_slashes_action.as_ref().and_then(escaped_slashes),
    };
    settings.underscores = headers_with_underscores_action.as_ref().map(underscores);
    settings.strips_port = strip_any_host_port.unwrap_or_default();
    settings.server = ServerHeader {
        says: match server_header_transformation.as_ref().map(word) {
            Some("PASS_THROUGH" | "2") => ServerSays::Backend,
            Some("APPEND_IF_ABSENT" | "1") => ServerSays::ProxyWithoutBackend,
            Some(_) => ServerSays::Proxy,
            // A name that nobody says is not what is meant.
            None if server_name.is_some() => ServerSays::Proxy,
            None => ServerSays::Backend,
        },
        name: faults.text("serverName", server_name),
    };
    settings.via = faults.text("via", via);
    settings.limits = HttpLimits {
        header_kib: faults.number(&path!["maxRequestHeadersKb"], max_request_headers_kb, 1..=MOST_HEADER_KIB),
        headers: faults.number(&path!["maxHeadersCount"], max_headers_count, 1..=u32::MAX),
        requests: max_requests_per_connection,
    };
    let time = |said: Option<GoDuration>| said.map(|GoDuration(time)| time);
    settings.times = HttpTimes {
        idle: time(idle_timeout),
        connection: time(max_connection_duration),
        stream_idle: time(stream_idle_timeout),
        stream: time(max_stream_duration),
        request: time(request_timeout),
        headers: time(request_headers_timeout),
        drain: time(drain_timeout),
        close: time(delayed_close_timeout),
    };
    settings.http1 = Http1 {
        old_version: accept_http10,
        default_host: faults.text("defaultHostForHttp10", default_host_for_http10),
        chunked_length: allow_chunked_length,
        trailers: enable_trailers,
        capitals: proper_case_header_key_format.unwrap_or_default(),
        keeps_case: preserve_case_header_key_format.unwrap_or_default(),
        any_method: settings.http1.any_method,
    };
    if settings.http1.capitals && settings.http1.keeps_case {
        let message = "names of headers cannot both stay as they are and get capitals";
        let help = "keep one of `preserveCaseHeaderKeyFormat` and `properCaseHeaderKeyFormat`";
        faults.add(&path!["preserveCaseHeaderKeyFormat"], message, help);
    }
    settings.internal = internal_address_config.map(|said| internal::lower(said, faults));
    let id = uuid_request_id_config.as_ref();
    settings.clients = ClientDetails {
        trusted_hops: xff_num_trusted_hops,
        keeps_addresses: skip_xff_append.unwrap_or_default(),
        tells_port: append_x_forwarded_port.unwrap_or_default(),
        passes_expectations: proxy_100_continue.unwrap_or_default(),
        request_id: RequestIdRules {
            kept: preserve_external_request_id.unwrap_or_default(),
            unmade: generate_request_id == Some(false),
            says_trace: id.and_then(|id| id.pack_trace_reason),
            decides_trace: id.and_then(|id| id.use_request_id_for_trace_sampling),
        },
        are_believed: use_remote_address == Some(false),
        some_are_internal: settings.internal.as_ref().is_some_and(|internal| !internal.ranges.is_empty()),
        certificate: CertificateRules {
            header: forward_client_cert_details.as_ref().map(certificate_header).unwrap_or_default(),
            told: set_current_client_cert_details.map(certificate_parts).unwrap_or_default(),
        },
    };
    settings.upgrades = to_upgrades(upgrades.as_deref().unwrap_or_default()).unwrap_or_else(|(at, message)| {
        faults.add(&path!["upgrades"].join(&at), message, "keep one of the entries");
        Upgrades::default()
    });
    settings.http2 = http2_protocol_options.map(|said| lower_http2(said, faults)).unwrap_or_default();
}

fn lower_http2(said: Http2Settings, faults: &mut Faults<'_>) -> Http2Connections {
    let Http2Settings {
        initial_connection_window_size,
        initial_stream_window_size,
        max_concurrent_streams,
        override_stream_error_on_invalid_http_message,
    } = said;
    let mut number =
        |field: &'static str, said, range| faults.number(&path!["http2ProtocolOptions", field], said, range);
    Http2Connections {
        streams: number("maxConcurrentStreams", max_concurrent_streams, STREAMS),
        stream_window: number("initialStreamWindowSize", initial_stream_window_size, WINDOWS),
        connection_window: number("initialConnectionWindowSize", initial_connection_window_size, WINDOWS),
        spares_connection: override_stream_error_on_invalid_http_message,
        keepalive: None,
    }
}

fn word(GlooEnum(word): &GlooEnum) -> &str {
    word
}

/// `None` where clients choose.
fn only_version(said: &GlooEnum) -> Option<OnlyVersion> {
    match word(said) {
        "HTTP1" | "1" => Some(OnlyVersion::Http1),
        "HTTP2" | "2" => Some(OnlyVersion::Http2),
        _ => None,
    }
}

fn certificate_header(said: &GlooEnum) -> CertificateHeader {
    match word(said) {
        "FORWARD_ONLY" | "1" => CertificateHeader::OfShown,
        "APPEND_FORWARD" | "2" => CertificateHeader::Appended,
        "SANITIZE_SET" | "3" => CertificateHeader::Replaced,
        "ALWAYS_FORWARD_ONLY" | "4" => CertificateHeader::Kept,
        _ => CertificateHeader::Removed,
    }
}

fn certificate_parts(said: OptionClientCertificate) -> CertificateParts {
    let OptionClientCertificate { cert, chain, dns, subject, uri } = said;
    CertificateParts { certificate: cert, chain, subject, uris: uri, names: dns }
}

/// `None` where it is left to the proxy.
fn escaped_slashes(said: &GlooEnum) -> Option<EscapedSlashes> {
    match word(said) {
        "KEEP_UNCHANGED" | "1" => Some(EscapedSlashes::Kept),
        "REJECT_REQUEST" | "2" => Some(EscapedSlashes::Refused),
        "UNESCAPE_AND_REDIRECT" | "3" => Some(EscapedSlashes::Redirected),
        "UNESCAPE_AND_FORWARD" | "4" => Some(EscapedSlashes::Replaced),
        _ => None,
    }
}

fn underscores(said: &GlooEnum) -> Underscores {
    match word(said) {
        "REJECT_CLIENT_REQUEST" | "1" => Underscores::Refused,
        "DROP_HEADER" | "2" => Underscores::Dropped,
        _ => Underscores::Kept,
    }
}

/// The options that decide about the connections of listeners which share them: the first that can be honoured.
fn deciding(resolved: &Resolved<'_>, parts: &HttpParts, ids: &[ListenerId]) -> Option<(ListenerId, ListenerOptionsId)> {
    let options = ids.iter().filter_map(|id| Some((*id, resolved.http_listener_options.of(*id)?)));
    options.into_iter().find(|(_, options)| parts[*options].is_ok())
}

/// What decides about the connections of listeners that share them.
pub(in crate::translator::lower) fn decided(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    ids: &[ListenerId],
) -> Option<ListenerOptionsId> {
    deciding(resolved, parts, ids).map(|(_, id)| id)
}

/// What is asked for of the connections of listeners that share them.
pub(in crate::translator::lower) fn settings_of(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    ids: &[ListenerId],
) -> Arc<HttpSettings> {
    let decided = decided(resolved, parts, ids);
    decided.and_then(|id| parts[id].as_ref().ok()).cloned().unwrap_or_default()
}

/// The options that the rules of a listener meet: its own where they cannot be honoured, and else those of the
/// listeners that it shares connections with.
pub(in crate::translator::lower) fn options_of(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    id: ListenerId,
    sharing: &[ListenerId],
) -> Option<ListenerOptionsId> {
    let own = resolved.http_listener_options.of(id).filter(|own| parts[*own].is_err());
    own.or_else(|| deciding(resolved, parts, sharing).map(|(_, id)| id))
}

/// What a rule does where the options of a listener are about its connections; `is_secure` is whether these are TLS.
pub(in crate::translator::lower) fn lay_under(
    settings: Result<&Arc<HttpSettings>, Reported>,
    (says, is_secure): (RuleSays, bool),
    action: Arc<Action>,
) -> Arc<Action> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(_) => return Arc::new(Action::Respond(says.failure)),
    };
    let (idle, session) = (settings.times.stream_idle, settings.session.as_ref());
    if idle.is_none() && session.is_none() {
        return action;
    }
    let session = session.map(|session| with_security(session, is_secure));
    let mut change = |forward: &mut Forward| {
        // Without a limit for silence a rule would set that there is none.
        forward.timeouts.idle = forward.timeouts.idle.or(idle);
        forward.session = forward.session.take().or_else(|| session.as_ref().map(Arc::clone));
    };
    Arc::new(change_forwards(Arc::unwrap_or_clone(action), &mut change))
}

/// The session, with a cookie that is sent over TLS alone where connections are.
fn with_security(session: &Arc<Session>, is_secure: bool) -> Arc<Session> {
    let mut session = Arc::clone(session);
    if is_secure && let SessionCarrier::Cookie(cookie) = &mut Arc::make_mut(&mut session).carrier {
        cookie.secure = true;
    }
    session
}

/// Changes all that sends in an action.
pub(in crate::translator::lower) fn change_forwards(action: Action, change: &mut impl FnMut(&mut Forward)) -> Action {
    match action {
        Action::Forward(mut forward) => {
            change(&mut forward);
            Action::Forward(forward)
        }
        Action::Split(branches) => {
            let branches = branches.into_iter().map(|Branch { weight, action, origin }| Branch {
                weight,
                action: change_forwards(action, change),
                origin,
            });
            Action::Split(branches.collect())
        }
        other @ (Action::Redirect(_) | Action::DirectResponse(_) | Action::Respond(_)) => other,
    }
}

/// Says which options do not count since another listener of their port decides for all.
pub(in crate::translator::lower) fn report_shared(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    sockets: [&[Socket]; 2],
    diagnostics: &mut Diagnostics,
) {
    let options = &resolved.http_listener_options;
    let mut told = HashSet::new();
    for (_, ids) in sockets.into_iter().flatten() {
        let is_shared = |id: &ListenerId| Demultiplexing::of(resolved.listener(*id).protocol) == Demultiplexing::Http;
        let Some((first, winner)) = deciding(resolved, parts, ids).filter(|(first, _)| is_shared(first)) else {
            continue;
        };
        let winner = options.get(winner).first;
        // Of what cannot be honoured it was told what that does.
        let others = ids.iter().filter_map(|id| Some((*id, options.of(*id)?)));
        let others = others.filter(|(_, own)| parts[*own].is_ok()).map(|(id, own)| (id, options.get(own).first));
        for (id, loser) in others.filter(|(_, loser)| !std::ptr::eq(*loser, winner)) {
            if !told.insert((id, loser.metadata.sort_key(), winner.metadata.sort_key())) {
                continue;
            }
            let (listener, other) = (resolved.listener(id), resolved.listener(first));
            let (kind, port) = (loser.kind.name(), listener.spec.port);
            let message = format!(
                "nothing of {kind} `{}` counts at listener `{}`: its connections are those of listener `{}` too",
                loser.full_name(),
                listener.spec.name,
                other.spec.name
            );
            let finding = loser.finding(codes::OPTION_HIDDEN, whole!["spec", "options"], message);
            let why = format!("listener `{}` is the first of port {port} that has options", other.spec.name);
            diagnostics.report(
                finding
                    .label(format!("another {kind} counts"))
                    .related(winner.at(&path!["spec", "options"]), format!("the one that counts: {why}"))
                    .consequence(format!("`{}` counts for all requests to port {port}", winner.full_name()))
                    .help("give the listener another port, or let one object be about both"),
            );
        }
    }
}
