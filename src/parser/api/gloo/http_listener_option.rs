//! HttpListenerOption
//! ([HttpListenerOption](https://docs.solo.io/gateway/latest/reference/api/http_listener_options/)).

use serde::Deserialize;

use super::duration::GoDuration;
use super::ext_auth::OptionAuthServer;
use super::ext_proc::OptionProcessor;
use super::gloo_enum::GlooEnum;
use super::http_connections::{
    OptionClientCertificate, OptionEarlyHeaders, OptionGrpcWeb, OptionGzip, OptionHeaderValidation,
    OptionInternalAddresses, OptionRequestId, OptionStatefulSession,
};
use super::http_guards::{
    OptionBuffer, OptionConnectionLimit, OptionCsrf, OptionLocalRateLimit, OptionRouter, OptionTokenBucket,
};
use super::listener_options::ListenerOptionsSpec;
use super::rate_limit::OptionLimitServer;
use super::route_traffic::OptionUpgrade;
use super::tracing::OptionTracing;
use super::transcoder::OptionTranscoder;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of an HttpListenerOption.
pub type HttpListenerOptionSpec = ListenerOptionsSpec<HttpListenerOption>;

options! {
    /// An option for the connections of a listener that speak HTTP.
    HttpListenerOption {
        Buffer(OptionBuffer) = "buffer",
        Caching(Untranslated) = "caching",
        ConnectionLimit(OptionConnectionLimit) = "connectionLimit",
        Csrf(OptionCsrf) = "csrf",
        DisableExtProc(bool) = "disableExtProc",
        DisableExtProcEarly(bool) = "disableExtProcEarly",
        DisableExtProcLate(bool) = "disableExtProcLate",
        Dlp(Untranslated) = "dlp",
        DynamicForwardProxy(Untranslated) = "dynamicForwardProxy",
        ExtProc(Box<OptionProcessor>) = "extProc",
        ExtProcEarly(Box<OptionProcessor>) = "extProcEarly",
        ExtProcLate(Box<OptionProcessor>) = "extProcLate",
        Extauth(Box<OptionAuthServer>) = "extauth",
        Extensions(Untranslated) = "extensions",
        GrpcJsonTranscoder(Box<OptionTranscoder>) = "grpcJsonTranscoder",
        GrpcWeb(OptionGrpcWeb) = "grpcWeb",
        Gzip(OptionGzip) = "gzip",
        HeaderValidationSettings(OptionHeaderValidation) = "headerValidationSettings",
        HealthCheck(OptionHealthCheck) = "healthCheck",
        HttpConnectionManagerSettings(Box<ConnectionSettings>) = "httpConnectionManagerSettings",
        HttpLocalRatelimit(OptionLocalRateLimit) = "httpLocalRatelimit",
        LeftmostXffAddress(Untranslated) = "leftmostXffAddress",
        NetworkLocalRatelimit(OptionTokenBucket) = "networkLocalRatelimit",
        ProxyLatency(Untranslated) = "proxyLatency",
        RatelimitServer(OptionLimitServer) = "ratelimitServer",
        Router(OptionRouter) = "router",
        SanitizeClusterHeader(bool) = "sanitizeClusterHeader",
        StatefulSession(OptionStatefulSession) = "statefulSession",
        Tap(Untranslated) = "tap",
        Waf(Untranslated) = "waf",
        Wasm(Untranslated) = "wasm",
    }
}

/// `healthCheck`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHealthCheck {
    #[serde(default)]
    pub path: String,
}

/// `httpConnectionManagerSettings`. What is left out stays as it is without the option.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct ConnectionSettings {
    pub accept_http10: Option<bool>,
    pub allow_chunked_length: Option<bool>,
    pub append_x_forwarded_port: Option<bool>,
    pub codec_type: Option<GlooEnum>,
    pub default_host_for_http10: Option<String>,
    pub delayed_close_timeout: Option<GoDuration>,
    pub drain_timeout: Option<GoDuration>,
    pub early_header_manipulation: Option<OptionEarlyHeaders>,
    pub enable_trailers: Option<bool>,
    pub forward_client_cert_details: Option<GlooEnum>,
    pub generate_request_id: Option<bool>,
    pub headers_with_underscores_action: Option<GlooEnum>,
    pub http2_protocol_options: Option<Http2Settings>,
    pub idle_timeout: Option<GoDuration>,
    pub internal_address_config: Option<OptionInternalAddresses>,
    pub max_connection_duration: Option<GoDuration>,
    pub max_headers_count: Option<u32>,
    pub max_request_headers_kb: Option<u32>,
    pub max_requests_per_connection: Option<u32>,
    pub max_stream_duration: Option<GoDuration>,
    pub merge_slashes: Option<bool>,
    pub normalize_path: Option<bool>,
    pub path_with_escaped_slashes_action: Option<GlooEnum>,
    pub preserve_case_header_key_format: Option<bool>,
    pub preserve_external_request_id: Option<bool>,
    pub proper_case_header_key_format: Option<bool>,
    pub proxy_100_continue: Option<bool>,
    pub request_headers_timeout: Option<GoDuration>,
    pub request_timeout: Option<GoDuration>,
    pub server_header_transformation: Option<GlooEnum>,
    pub server_name: Option<String>,
    pub set_current_client_cert_details: Option<OptionClientCertificate>,
    pub skip_xff_append: Option<bool>,
    pub stream_idle_timeout: Option<GoDuration>,
    pub strip_any_host_port: Option<bool>,
    pub tracing: Option<OptionTracing>,
    pub upgrades: Option<Vec<OptionUpgrade>>,
    pub use_remote_address: Option<bool>,
    pub uuid_request_id_config: Option<OptionRequestId>,
    pub via: Option<String>,
    pub xff_num_trusted_hops: Option<u32>,
}

/// `http2ProtocolOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Http2Settings {
    pub initial_connection_window_size: Option<u32>,
    pub initial_stream_window_size: Option<u32>,
    pub max_concurrent_streams: Option<u32>,
    pub override_stream_error_on_invalid_http_message: Option<bool>,
}
