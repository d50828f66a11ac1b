//! What of an option is not translated, and what it means that it is missing.

use crate::diagnostics::FieldPath;
use crate::parser::api::{
    ConnectionSettings, HttpListenerOption, ListenerOption, OptionAccessLogs, OptionAuth, OptionAuthServer,
    OptionProcessing, OptionProcessor, OptionRateLimits, OptionStagedTokens, OptionTokens, OptionUpgrade, RouteOption,
    VirtualHostOption,
};
use crate::path;

use super::listener_logs::untranslated_logs;
use super::missing::{Missing, NOT_TRANSLATED};
use super::untranslated_auth::{untranslated_auth, untranslated_server};
use super::untranslated_limits::{NOT_LIMITED, untranslated_limits};
use super::untranslated_processors::{untranslated_processing, untranslated_processor};
use super::untranslated_tokens::{untranslated_stages, untranslated_tokens};
use super::untranslated_tracing::untranslated_tracing;

const NOT_FILTERED: &str = "what it filters out would pass";
const NOT_CHANGED: &str = "requests and responses would pass as they are";
const NOT_MASKED: &str = "responses would show what it masks";
const ENDS: &str = "a tunnel is handed on to the backend that ends it: what stands behind a proxy that ended it is bytes, and no request that rules are about";
const NOT_KNOWN: &str = "what it asks for is not known";

/// An option of some kind of policy.
pub trait PolicyOption {
    /// The field.
    fn field(&self) -> &'static str;

    /// What of the option is judged.
    fn said(&self) -> Said<'_>;

    /// Whether something of it keeps requests out: it is never left out then, whatever of it is not translated.
    fn keeps_out(&self) -> bool {
        false
    }
}

/// What an option says, as far as that decides whether it is translated.
#[derive(Clone, Copy, Debug)]
pub enum Said<'o> {
    /// Nothing that is not translated.
    Translated,
    /// Something that is not translated at all: what is lost without it, and whether it keeps requests out.
    Whole(&'static str, bool),
    /// What it lists of itself.
    Parts(&'o dyn SaysMissing),
    /// What connections may become.
    Upgrades(&'o [OptionUpgrade]),
    /// Settings of connections.
    Connections(&'o ConnectionSettings),
    /// Logs.
    Logs(&'o OptionAccessLogs),
    /// Tokens.
    Tokens(&'o OptionTokens),
    /// Whose requests a server is asked about.
    Auth(&'o OptionAuth),
    /// Such a server.
    AuthServer(&'o OptionAuthServer),
    /// A server that requests are handed to.
    Processor(&'o OptionProcessor),
    /// What of requests such a server gets.
    Processing(&'o OptionProcessing),
    /// What a server of limits is told.
    Limits(&'o OptionRateLimits),
    /// Tokens, by stage.
    Staged(&'o OptionStagedTokens),
}

/// Something that knows what of it is not translated.
pub trait SaysMissing: std::fmt::Debug {
    /// The parts that are not; `at` is its own place, from the fields of the policy.
    fn missing(&self, at: &FieldPath) -> Vec<Missing>;
}

impl PolicyOption for RouteOption {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::JwtProvidersStaged(staged) => Said::Staged(staged),
            Self::AppendXForwardedHost(_)
            | Self::AutoHostRewrite(_)
            | Self::BufferPerRoute(_)
            | Self::Cors(_)
            | Self::Csrf(_)
            | Self::EnvoyMetadata(_)
            | Self::Faults(_)
            | Self::Retries(_)
            | Self::HeaderManipulation(_)
            | Self::HostRewrite(_)
            | Self::HostRewriteHeader(_)
            | Self::HostRewritePathRegex(_)
            | Self::IdleTimeout(_)
            | Self::Jwt(_)
            | Self::JwtStaged(_)
            | Self::LbHash(_)
            | Self::MaxStreamDuration(_)
            | Self::PrefixRewrite(_)
            | Self::Rbac(_)
            | Self::RegexRewrite(_)
            | Self::Shadowing(_)
            | Self::Timeout(_)
            | Self::Tracing(_) => Said::Translated,
            Self::Extauth(auth) => Said::Auth(auth),
            Self::Ratelimit(said) | Self::RatelimitEarly(said) | Self::RatelimitRegular(said) => {
                Said::Limits(&said.limits)
            }
            Self::RatelimitBasic(_)
            | Self::RateLimitConfigs(_)
            | Self::RateLimitEarlyConfigs(_)
            | Self::RateLimitRegularConfigs(_) => Said::Whole(NOT_LIMITED, true),
            Self::Waf(_) => Said::Whole(NOT_FILTERED, true),
            Self::ExtProc(said) | Self::ExtProcEarly(said) | Self::ExtProcLate(said) => Said::Processing(said),
            Self::Dlp(_) => Said::Whole(NOT_MASKED, true),
            Self::Ai(_) | Self::Transformations(_) | Self::StagedTransformations(_) => Said::Whole(NOT_CHANGED, false),
            Self::Extensions(_) => Said::Whole(NOT_KNOWN, true),
            Self::Upgrades(upgrades) => Said::Upgrades(upgrades),
        }
    }
}

impl PolicyOption for VirtualHostOption {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::BufferPerRoute(_)
            | Self::Retries(_)
            | Self::Cors(_)
            | Self::CorsPolicyMergeSettings(_)
            | Self::Csrf(_)
            | Self::HeaderManipulation(_)
            | Self::IncludeAttemptCountInResponse(_)
            | Self::IncludeRequestAttemptCount(_)
            | Self::Rbac(_)
            | Self::Stats(_) => Said::Translated,
            Self::Jwt(tokens) => Said::Tokens(tokens),
            Self::JwtStaged(staged) => Said::Staged(staged),
            Self::Extauth(auth) => Said::Auth(auth),
            Self::Ratelimit(said) | Self::RatelimitEarly(said) | Self::RatelimitRegular(said) => Said::Limits(said),
            Self::RatelimitBasic(_)
            | Self::RateLimitConfigs(_)
            | Self::RateLimitEarlyConfigs(_)
            | Self::RateLimitRegularConfigs(_) => Said::Whole(NOT_LIMITED, true),
            Self::Waf(_) => Said::Whole(NOT_FILTERED, true),
            Self::ExtProc(said) | Self::ExtProcEarly(said) | Self::ExtProcLate(said) => Said::Processing(said),
            Self::Dlp(_) => Said::Whole(NOT_MASKED, true),
            Self::Transformations(_) | Self::StagedTransformations(_) => Said::Whole(NOT_CHANGED, false),
            Self::Extensions(_) => Said::Whole(NOT_KNOWN, true),
        }
    }
}

impl PolicyOption for ListenerOption {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::AccessLoggingService(logs) | Self::ListenerAccessLoggingService(logs) => Said::Logs(logs),
            Self::ConnectionBalanceConfig(_)
            | Self::PerConnectionBufferLimitBytes(_)
            | Self::ProxyProtocol(_)
            | Self::SocketOptions(_)
            | Self::TcpStats(_) => Said::Translated,
            Self::Extensions(_) => Said::Whole(NOT_KNOWN, true),
        }
    }
}

impl PolicyOption for HttpListenerOption {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::Buffer(_)
            | Self::ConnectionLimit(_)
            | Self::Csrf(_)
            | Self::GrpcJsonTranscoder(_)
            | Self::GrpcWeb(_)
            | Self::Gzip(_)
            | Self::HeaderValidationSettings(_)
            | Self::HealthCheck(_)
            | Self::HttpLocalRatelimit(_)
            | Self::NetworkLocalRatelimit(_)
            | Self::RatelimitServer(_)
            | Self::Router(_)
            | Self::StatefulSession(_)
            // No rule of Gateway API chooses its backend by a header: there is none to take out.
            | Self::SanitizeClusterHeader(_) => Said::Translated,
            Self::HttpConnectionManagerSettings(settings) => Said::Connections(settings),
            Self::Extauth(server) => Said::AuthServer(server),
            Self::Waf(_) => Said::Whole(NOT_FILTERED, true),
            Self::ExtProc(server) | Self::ExtProcEarly(server) | Self::ExtProcLate(server) => Said::Processor(server),
            // What it takes away, the settings of all listeners, is not part of the input.
            Self::DisableExtProc(_) | Self::DisableExtProcEarly(_) | Self::DisableExtProcLate(_) => Said::Translated,
            Self::Dlp(_) => Said::Whole(NOT_MASKED, true),
            Self::Extensions(_) | Self::Wasm(_) => Said::Whole(NOT_KNOWN, true),
            Self::Caching(_) => Said::Whole("every request would get to a backend", false),
            Self::DynamicForwardProxy(_) => Said::Whole("requests would get to no host but the rules' own", false),
            Self::LeftmostXffAddress(_) => Said::Whole("the address of the connection would be the client's", false),
            Self::ProxyLatency(_) => Said::Whole("nobody would measure how long the proxy takes", false),
            Self::Tap(_) => Said::Whole("nothing would be recorded", false),
        }
    }
}

/// What settings of connections are not translated; what says no more than is so without it is nothing.
fn untranslated_settings(settings: &ConnectionSettings) -> Vec<Missing> {
    let ConnectionSettings {
        accept_http10: _,
        allow_chunked_length: _,
        append_x_forwarded_port: _,
        codec_type: _,
        default_host_for_http10: _,
        delayed_close_timeout: _,
        drain_timeout: _,
        early_header_manipulation: _,
        enable_trailers: _,
        forward_client_cert_details: _,
        generate_request_id: _,
        headers_with_underscores_action: _,
        http2_protocol_options: _,
        idle_timeout: _,
        internal_address_config: _,
        max_connection_duration: _,
        max_headers_count: _,
        max_request_headers_kb: _,
        max_requests_per_connection: _,
        max_stream_duration: _,
        merge_slashes: _,
        normalize_path: _,
        path_with_escaped_slashes_action: _,
        preserve_case_header_key_format: _,
        preserve_external_request_id: _,
        proper_case_header_key_format: _,
        proxy_100_continue: _,
        request_headers_timeout: _,
        request_timeout: _,
        server_header_transformation: _,
        server_name: _,
        set_current_client_cert_details: _,
        skip_xff_append: _,
        stream_idle_timeout: _,
        strip_any_host_port: _,
        tracing,
        upgrades,
        use_remote_address: _,
        uuid_request_id_config: _,
        via: _,
        xff_num_trusted_hops: _,
    } = settings;
    let path = |field: &'static str| path!["httpConnectionManagerSettings", field];
    let traced = tracing.as_ref().map(|said| untranslated_tracing(said, &path("tracing")));
    let missing = traced.into_iter().flatten();
    let upgrades = upgrades.as_deref().unwrap_or_default();
    missing.chain(untranslated_upgrades(path("upgrades"), upgrades)).collect()
}

/// Tunnels that the proxy would end are not translated; without them nothing is different.
fn untranslated_upgrades(at: FieldPath, upgrades: &[OptionUpgrade]) -> Vec<Missing> {
    let ended = upgrades.iter().enumerate().filter(|(_, upgrade)| upgrade.connect_terminate.is_some());
    let loss = "tunnels would not end at the proxy";
    let path = |index: usize| at.join(&path![index, "connectTerminate"]);
    ended.map(|(index, _)| Missing { path: path(index), loss, is_security: false, why: ENDS }).collect()
}

/// What of an option is not translated; nothing for one that is as a whole.
pub(super) fn untranslated(option: &impl PolicyOption) -> Vec<Missing> {
    match option.said() {
        Said::Translated => Vec::new(),
        Said::Parts(said) => said.missing(&path![option.field()]),
        Said::Auth(auth) => untranslated_auth(auth, &path![option.field()]),
        Said::AuthServer(server) => untranslated_server(server, &path![option.field()]),
        Said::Processor(server) => untranslated_processor(server, &path![option.field()]),
        Said::Processing(said) => untranslated_processing(said, &path![option.field()]),
        Said::Limits(limits) => untranslated_limits(limits, option.field()),
        Said::Tokens(tokens) => untranslated_tokens(tokens, &path![option.field()]),
        Said::Staged(staged) => untranslated_stages(staged, &path![option.field()]),
        Said::Connections(settings) => untranslated_settings(settings),
        Said::Logs(logs) => {
            let missing = untranslated_logs(option.field(), logs).into_iter();
            missing.map(|(path, loss)| Missing { path, loss, is_security: false, why: NOT_TRANSLATED }).collect()
        }
        Said::Whole(loss, is_security) => {
            vec![Missing { path: path![option.field()], loss, is_security, why: reason(option.field()) }]
        }
        Said::Upgrades(upgrades) => untranslated_upgrades(path![option.field()], upgrades),
    }
}

/// Why an option is not translated at all.
fn reason(field: &str) -> &'static str {
    match field {
        "ai" | "dlp" | "proxyLatency" | "stagedTransformations" | "transformations" | "waf" => {
            "it needs a proxy of Gloo's own build"
        }
        "ratelimitBasic" => "the limits are for the server of Gloo Gateway alone",
        "rateLimitConfigs" | "rateLimitEarlyConfigs" | "rateLimitRegularConfigs" => {
            "a RateLimitConfig is for the server of Gloo Gateway alone"
        }
        // Seen at Envoy 1.40, which does not start with both.
        "leftmostXffAddress" => "Envoy takes such an address only where it believes clients in all else as well",
        _ => NOT_TRANSLATED,
    }
}

/// Whether all that an option says is translated.
pub fn is_translated(option: &impl PolicyOption) -> bool {
    untranslated(option).is_empty()
}
