//! ClientTrafficPolicy: what connections of clients are like
//! ([ClientTrafficPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#clienttrafficpolicy)).

use super::envoy_policy::EnvoyPolicySpec;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of a ClientTrafficPolicy.
pub type ClientTrafficPolicySpec = EnvoyPolicySpec<ClientTrafficPolicyField>;

options! {
    /// What a ClientTrafficPolicy says for listeners and their connections.
    ClientTrafficPolicyField also ["targetRef", "targetRefs", "targetSelectors"] {
        ClientIpDetection(Untranslated) = "clientIPDetection",
        Connection(Untranslated) = "connection",
        EnableProxyProtocol(Untranslated) = "enableProxyProtocol",
        Grpc(Untranslated) = "grpc",
        Headers(Untranslated) = "headers",
        HealthCheck(Untranslated) = "healthCheck",
        Http1(Untranslated) = "http1",
        Http2(Untranslated) = "http2",
        Http3(Untranslated) = "http3",
        Path(Untranslated) = "path",
        ProxyProtocol(Untranslated) = "proxyProtocol",
        Scheme(Untranslated) = "scheme",
        TcpKeepalive(Untranslated) = "tcpKeepalive",
        Timeout(Untranslated) = "timeout",
        Tls(Untranslated) = "tls",
    }
}
