//! What is asked for of HTTP connections, laid over the connection manager.

use envoy_types::pb::envoy::config::core::v3::{
    CidrRange, Http1ProtocolOptions, Http2ProtocolOptions, HttpProtocolOptions, TypedExtensionConfig,
    http_protocol_options::HeadersWithUnderscoresAction,
    http1_protocol_options::{
        HeaderKeyFormat,
        header_key_format::{HeaderFormat, ProperCaseWords},
    },
};
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::filters::http::health_check::v3::HealthCheck;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter, RequestIdExtension,
    http_connection_manager::{
        CodecType, ForwardClientCertDetails, InternalAddressConfig, PathWithEscapedSlashesAction,
        ServerHeaderTransformation, SetCurrentClientCertDetails, StripPortMode,
    },
};
use envoy_types::pb::envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;
use envoy_types::pb::envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig;

use crate::ir::{
    self, CertificateHeader, ClientDetails, EscapedSlashes, HttpSettings, OnlyVersion, ServerSays, Underscores,
};

use super::cluster_settings::to_http2_keepalive;
use super::header;
use super::proto::{any, boolean, duration, exact, http_filter, text, uint32};

/// The filters that answer before all others.
pub(super) fn first_filters(settings: &HttpSettings) -> Vec<HttpFilter> {
    let health_check = settings.health_path.as_ref().map(|path| {
        let matcher = HeaderMatcher {
            name: ":path".to_owned(),
            header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(exact(path))),
            ..HeaderMatcher::default()
        };
        let filter =
            HealthCheck { pass_through_mode: Some(boolean(false)), headers: vec![matcher], ..HealthCheck::default() };
        let filter = any("envoy.extensions.filters.http.health_check.v3.HealthCheck", &filter);
        http_filter("envoy.filters.http.health_check", filter)
    });
    health_check.into_iter().collect()
}

/// The connection manager with what is asked for.
pub(super) fn lay_over(connection: &ir::HttpConnection, manager: HttpConnectionManager) -> HttpConnectionManager {
    let settings = &*connection.settings;
    if settings.is_empty() {
        return manager;
    }
    let HttpSettings {
        only,
        early_headers,
        paths: _,
        underscores,
        strips_port,
        server,
        via,
        // Filters, and what is said to them.
        health_path: _,
        guards: _,
        silent: _,
        uncounted: _,
        web_calls: _,
        transcoder: _,
        // Each rule has it.
        session: _,
        // Beside what routes need.
        upgrades: _,
        compression: _,
        clients,
        internal,
        limits,
        times,
        http1,
        http2,
    } = settings;
    let rules = connection.path_rules();
    let ClientDetails {
        trusted_hops,
        keeps_addresses,
        tells_port,
        passes_expectations,
        request_id,
        are_believed,
        // The addresses say who.
        some_are_internal: _,
        certificate,
    } = clients;
    let use_remote_address = match are_believed {
        true => Some(boolean(false)),
        false => manager.use_remote_address,
    };
    HttpConnectionManager {
        codec_type: match only {
            None => CodecType::Auto,
            Some(OnlyVersion::Http1) => CodecType::Http1,
            Some(OnlyVersion::Http2) => CodecType::Http2,
        } as i32,
        early_header_mutation_extensions: header::early(early_headers).into_iter().collect(),
        use_remote_address,
        internal_address_config: internal.as_ref().map(to_internal).or(manager.internal_address_config),
        forward_client_cert_details: to_certificate_header(certificate.header) as i32,
        set_current_client_cert_details: certificate.header.is_told().then(|| to_certificate_parts(certificate.told)),
        xff_num_trusted_hops: trusted_hops.unwrap_or(manager.xff_num_trusted_hops),
        skip_xff_append: *keeps_addresses,
        append_x_forwarded_port: *tells_port,
        proxy_100_continue: *passes_expectations,
        preserve_external_request_id: request_id.kept,
        generate_request_id: request_id.unmade.then(|| boolean(false)),
        request_id_extension: to_request_id(*request_id),
        normalize_path: Some(boolean(rules.resolve_dots)),
        merge_slashes: rules.merge_slashes,
        path_with_escaped_slashes_action: to_escaped_slashes(rules.escaped_slashes) as i32,
        strip_port_mode: strips_port.then_some(StripPortMode::StripAnyHostPort(true)),
        server_name: text(server.name.as_deref()),
        server_header_transformation: match server.says {
            ServerSays::Backend => ServerHeaderTransformation::PassThrough,
            ServerSays::ProxyWithoutBackend => ServerHeaderTransformation::AppendIfAbsent,
            ServerSays::Proxy => ServerHeaderTransformation::Overwrite,
        } as i32,
        via: text(via.as_deref()),
        max_request_headers_kb: limits.header_kib.map(uint32),
        stream_idle_timeout: times.stream_idle.map(duration),
        request_timeout: times.request.map(duration),
        request_headers_timeout: times.headers.map(duration),
        drain_timeout: times.drain.map(duration),
        delayed_close_timeout: times.close.map(duration),
        common_http_protocol_options: common(manager.common_http_protocol_options, *underscores, *limits, *times),
        http_protocol_options: to_http1(http1),
        http2_protocol_options: manager.http2_protocol_options.map(|own| to_http2(own, *http2)),
        ..manager
    }
}

fn to_internal(addresses: &ir::InternalAddresses) -> InternalAddressConfig {
    let ir::InternalAddresses { ranges, by_file } = addresses;
    let range = |range: &ir::AddressRange| CidrRange {
        address_prefix: range.address.to_string(),
        prefix_len: Some(uint32(u32::from(range.bits))),
    };
    InternalAddressConfig { unix_sockets: *by_file, cidr_ranges: ranges.iter().map(range).collect() }
}

fn to_certificate_header(header: CertificateHeader) -> ForwardClientCertDetails {
    match header {
        CertificateHeader::Removed => ForwardClientCertDetails::Sanitize,
        CertificateHeader::OfShown => ForwardClientCertDetails::ForwardOnly,
        CertificateHeader::Appended => ForwardClientCertDetails::AppendForward,
        CertificateHeader::Replaced => ForwardClientCertDetails::SanitizeSet,
        CertificateHeader::Kept => ForwardClientCertDetails::AlwaysForwardOnly,
    }
}

fn to_certificate_parts(parts: ir::CertificateParts) -> SetCurrentClientCertDetails {
    let ir::CertificateParts { certificate, chain, subject, uris, names } = parts;
    SetCurrentClientCertDetails {
        subject: subject.then(|| boolean(true)),
        cert: certificate,
        chain,
        dns: names,
        uri: uris,
        ..SetCurrentClientCertDetails::default()
    }
}

fn to_escaped_slashes(escaped: EscapedSlashes) -> PathWithEscapedSlashesAction {
    match escaped {
        EscapedSlashes::Kept => PathWithEscapedSlashesAction::KeepUnchanged,
        EscapedSlashes::Refused => PathWithEscapedSlashesAction::RejectRequest,
        EscapedSlashes::Redirected => PathWithEscapedSlashesAction::UnescapeAndRedirect,
        EscapedSlashes::Replaced => PathWithEscapedSlashesAction::UnescapeAndForward,
    }
}

fn common(
    own: Option<HttpProtocolOptions>,
    underscores: Option<Underscores>,
    limits: ir::HttpLimits,
    times: ir::HttpTimes,
) -> Option<HttpProtocolOptions> {
    let ir::HttpLimits { header_kib: _, headers, requests } = limits;
    let ir::HttpTimes { idle, connection, stream, .. } = times;
    let has_own = own.is_some();
    let own = own.unwrap_or_default();
    let options = HttpProtocolOptions {
        headers_with_underscores_action: match underscores {
            None => own.headers_with_underscores_action,
            Some(Underscores::Kept) => HeadersWithUnderscoresAction::Allow as i32,
            Some(Underscores::Refused) => HeadersWithUnderscoresAction::RejectRequest as i32,
            Some(Underscores::Dropped) => HeadersWithUnderscoresAction::DropHeader as i32,
        },
        max_headers_count: headers.map(uint32),
        max_requests_per_connection: requests.map(uint32),
        idle_timeout: idle.map(duration),
        max_connection_duration: connection.map(duration),
        max_stream_duration: stream.map(duration),
        ..own
    };
    (has_own || options != HttpProtocolOptions::default()).then_some(options)
}

fn to_http1(http1: &ir::Http1) -> Option<Http1ProtocolOptions> {
    let ir::Http1 { old_version, default_host, chunked_length, trailers, capitals, keeps_case, any_method } = http1;
    let case = match (capitals, keeps_case) {
        (true, _) => Some(HeaderFormat::ProperCaseWords(ProperCaseWords {})),
        (false, true) => Some(HeaderFormat::StatefulFormatter(preserve_case())),
        (false, false) => None,
    };
    let options = Http1ProtocolOptions {
        accept_http_10: old_version.unwrap_or_default(),
        default_host_for_http_10: text(default_host.as_deref()),
        allow_chunked_length: chunked_length.unwrap_or_default(),
        enable_trailers: trailers.unwrap_or_default(),
        header_key_format: case.map(|case| HeaderKeyFormat { header_format: Some(case) }),
        allow_custom_methods: *any_method,
        ..Http1ProtocolOptions::default()
    };
    (options != Http1ProtocolOptions::default()).then_some(options)
}

/// Names of headers as they were received.
fn preserve_case() -> TypedExtensionConfig {
    let config = PreserveCaseFormatterConfig::default();
    TypedExtensionConfig {
        name: "envoy.http.stateful_header_formatters.preserve_case".to_owned(),
        typed_config: Some(any(
            "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
            &config,
        )),
    }
}

/// What identifiers of requests say of traces, where that is asked for.
fn to_request_id(rules: ir::RequestIdRules) -> Option<RequestIdExtension> {
    let ir::RequestIdRules { kept: _, unmade: _, says_trace, decides_trace } = rules;
    let config = UuidRequestIdConfig {
        pack_trace_reason: says_trace.map(boolean),
        use_request_id_for_trace_sampling: decides_trace.map(boolean),
    };
    (config != UuidRequestIdConfig::default()).then(|| RequestIdExtension {
        typed_config: Some(any("envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", &config)),
    })
}

fn to_http2(own: Http2ProtocolOptions, http2: ir::Http2Connections) -> Http2ProtocolOptions {
    let ir::Http2Connections { streams, stream_window, connection_window, spares_connection, keepalive } = http2;
    Http2ProtocolOptions {
        max_concurrent_streams: streams.map(uint32).or(own.max_concurrent_streams),
        initial_stream_window_size: stream_window.map(uint32).or(own.initial_stream_window_size),
        initial_connection_window_size: connection_window.map(uint32).or(own.initial_connection_window_size),
        override_stream_error_on_invalid_http_message: spares_connection.map(boolean),
        connection_keepalive: keepalive.map(to_http2_keepalive).or(own.connection_keepalive),
        ..own
    }
}
