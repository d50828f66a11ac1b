//! What of a policy's fields is not translated, and what it means that it is missing.

use crate::diagnostics::FieldPath;
use crate::parser::api::{
    ActiveHealthCheck, BackendConnection, BackendHealthCheck, BackendTrafficPolicyField, ClientTrafficPolicyField,
    HttpUpgrade, LoadBalancer,
};
use crate::resolver::missing::{Missing, NOT_TRANSLATED};
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

impl PolicyOption for ClientTrafficPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::ClientIpDetection(said) => Said::Parts(said),
            Self::Connection(said) => Said::Parts(said),
            Self::Headers(said) => Said::Parts(&**said),
            Self::Http1(said) => Said::Parts(said),
            Self::Tls(said) => Said::Parts(&**said),
            Self::Scheme(scheme) if scheme != "Preserve" => {
                Said::Whole("backends would be told the scheme of the client", false)
            }
            Self::Http3(_) => Said::Whole("clients would not be offered HTTP/3", false),
            Self::EnableProxyProtocol(_)
            | Self::Grpc(_)
            | Self::HealthCheck(_)
            | Self::Http2(_)
            | Self::Path(_)
            | Self::ProxyProtocol(_)
            | Self::Scheme(_)
            | Self::TcpKeepalive(_)
            | Self::Timeout(_) => Said::Translated,
        }
    }

    fn keeps_out(&self) -> bool {
        match self {
            Self::ClientIpDetection(_) => true,
            Self::Connection(said) => said.connection_limit.is_some(),
            Self::Headers(said) => {
                said.early_request_headers.is_some()
                    || said.with_underscores_action.is_some()
                    || said.x_forwarded_client_cert.is_some()
            }
            Self::Tls(said) => said.keeps_out(),
            Self::EnableProxyProtocol(_)
            | Self::Grpc(_)
            | Self::HealthCheck(_)
            | Self::Http1(_)
            | Self::Http2(_)
            | Self::Http3(_)
            | Self::Path(_)
            | Self::ProxyProtocol(_)
            | Self::Scheme(_)
            | Self::TcpKeepalive(_)
            | Self::Timeout(_) => false,
        }
    }
}

impl PolicyOption for BackendTrafficPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::ResponseOverride(_) => Said::Whole("responses would pass as they are", false),
            Self::Telemetry(_) => Said::Whole("it would not be followed", false),
            Self::Connection(said) => Said::Parts(said),
            Self::RateLimit(said) => Said::Parts(said),
            Self::HealthCheck(said) => Said::Parts(&**said),
            Self::HttpUpgrade(said) => Said::Parts(said),
            Self::LoadBalancer(said) => Said::Parts(said),
            Self::AdmissionControl(_)
            | Self::BandwidthLimit(_)
            | Self::CircuitBreaker(_)
            | Self::Compression(_)
            | Self::Compressor(_)
            | Self::Dns(_)
            | Self::FaultInjection(_)
            | Self::Http2(_)
            | Self::ProxyProtocol(_)
            | Self::RequestBuffer(_)
            | Self::Retry(_)
            | Self::RoutingType(_)
            | Self::TcpKeepalive(_)
            | Self::Timeout(_)
            | Self::UseClientProtocol(_) => Said::Translated,
        }
    }
}

/// A part that is not translated, and keeps nobody out.
pub(super) fn missing(path: FieldPath, loss: &'static str) -> Missing {
    Missing { path, loss, is_security: false, why: NOT_TRANSLATED }
}

impl SaysMissing for BackendConnection {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { buffer_limit: _, preconnect: _, socket_buffer_limit } = self;
        let buffer = socket_buffer_limit.map(|_| at.with("socketBufferLimit"));
        buffer.map(|path| missing(path, "sockets would have the buffers of the system")).into_iter().collect()
    }
}

impl SaysMissing for BackendHealthCheck {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Some(ActiveHealthCheck { health_check_log, overrides, .. }) = &self.active else { return Vec::new() };
        let at = at.with("active");
        let log = health_check_log.map(|_| missing(at.with("healthCheckLog"), "checks would not be logged"));
        let port = overrides
            .map(|_| missing(at.with("overrides"), "endpoints would be asked at the port that requests go to"));
        log.into_iter().chain(port).collect()
    }
}

impl SaysMissing for LoadBalancer {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self {
            backend_utilization,
            consistent_hash,
            dynamic_module,
            endpoint_override,
            slow_start: _,
            balancer_type: _,
            zone_aware,
        } = self;
        let attributes = consistent_hash.as_ref().and_then(|hash| hash.cookie.as_ref());
        let attributes = attributes.is_some_and(|cookie| !cookie.attributes.is_empty());
        let cookie = at.with("consistentHash").with("cookie").with("attributes");
        let parts = [
            (backend_utilization.is_some(), at.with("backendUtilization"), "endpoints would be chosen as by default"),
            (dynamic_module.is_some(), at.with("dynamicModule"), "endpoints would be chosen as by default"),
            (attributes, cookie, "the cookie would have no attributes"),
            (endpoint_override.is_some(), at.with("endpointOverride"), "no header would name an endpoint"),
            (zone_aware.is_some(), at.with("zoneAware"), "endpoints of all zones would get requests alike"),
        ];
        parts.into_iter().filter(|(is_set, ..)| *is_set).map(|(_, path, loss)| missing(path, loss)).collect()
    }
}

impl SaysMissing for Vec<HttpUpgrade> {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let parts = self.iter().enumerate().filter_map(|(index, HttpUpgrade { connect, upgrade_type })| {
            let at = at.with(index);
            let is_known = ["websocket", "connect"].contains(&upgrade_type.to_ascii_lowercase().as_str());
            let terminates = connect.as_ref().is_some_and(|connect| connect.terminate == Some(true));
            let terminate = || at.with("connect").with("terminate");
            (!is_known).then(|| at.with("type")).or_else(|| terminates.then(terminate))
        });
        parts.map(|path| missing(path, "connections would not become this")).collect()
    }
}
