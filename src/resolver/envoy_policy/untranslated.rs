//! What of a policy's fields is not translated, and what it means that it is missing.

use crate::diagnostics::FieldPath;
use crate::parser::api::{BackendTimeout, BackendTrafficPolicyField, ClientTrafficPolicyField};
use crate::resolver::missing::{Missing, NOT_TRANSLATED};
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

impl PolicyOption for ClientTrafficPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::ClientIpDetection(_) => Said::Whole("the address of the connection would be the client's", true),
            Self::EnableProxyProtocol(_) | Self::ProxyProtocol(_) => {
                Said::Whole("connections would be read without the header that tells the client's address", true)
            }
            Self::Tls(_) => {
                Said::Whole("clients would meet the defaults of TLS, and be asked for no certificate", true)
            }
            Self::Path(_) => Said::Whole("paths would be normalized as by default", true),
            Self::Headers(_) => Said::Whole("headers would be treated as by default", true),
            Self::Connection(_) => Said::Whole("connections would have the default limits", true),
            Self::Grpc(_)
            | Self::HealthCheck(_)
            | Self::Http1(_)
            | Self::Http2(_)
            | Self::Http3(_)
            | Self::Scheme(_)
            | Self::TcpKeepalive(_)
            | Self::Timeout(_) => Said::Whole("connections would be as by default", false),
        }
    }
}

impl PolicyOption for BackendTrafficPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::RateLimit(_) => Said::Whole("there would be no limit", true),
            Self::RequestBuffer(_) => Said::Whole("requests of any length would pass", true),
            Self::BandwidthLimit(_) => Said::Whole("there would be no limit", false),
            Self::AdmissionControl(_) => Said::Whole("backends in trouble would get every request", false),
            Self::CircuitBreaker(_) => Said::Whole("backends would get any number of requests at a time", false),
            Self::Compression(_) | Self::Compressor(_) => Said::Whole("responses would not be compressed", false),
            Self::Connection(_) | Self::Http2(_) | Self::TcpKeepalive(_) | Self::UseClientProtocol(_) => {
                Said::Whole("connections to backends would be as by default", false)
            }
            Self::Dns(_) => Said::Whole("names would be looked up as by default", false),
            Self::FaultInjection(_) => Said::Whole("nothing would go wrong on purpose", false),
            Self::HealthCheck(_) => Said::Whole("endpoints in trouble would get requests", false),
            Self::HttpUpgrade(_) => Said::Whole("connections could become what they can by default", false),
            Self::LoadBalancer(_) => Said::Whole("endpoints would be chosen as by default", false),
            Self::ProxyProtocol(_) => Said::Whole("backends would not be told the client's address", false),
            Self::ResponseOverride(_) => Said::Whole("responses would pass as they are", false),
            Self::Retry(_) => Said::Whole("requests that fail would not be sent again", false),
            Self::RoutingType(_) | Self::Telemetry(_) => Said::Whole("it would not be followed", false),
            Self::Timeout(said) => Said::Parts(said),
        }
    }
}

impl SaysMissing for BackendTimeout {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { http, tcp: _ } = self;
        let duration = http.as_ref().and_then(|http| http.max_connection_duration);
        let path = at.with("http").with("maxConnectionDuration");
        let loss = "connections to backends would last for any time";
        duration.map(|_| Missing { path, loss, is_security: false, why: NOT_TRANSLATED }).into_iter().collect()
    }
}
