//! ClientTrafficPolicy: what connections of clients are like
//! ([ClientTrafficPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#clienttrafficpolicy)).

use super::client_settings::{
    ClientConnection, ClientGrpc, ClientHeaders, ClientHealthCheck, ClientHttp1, ClientIpDetection, ClientPath,
    ClientProxyProtocol, ClientTimeout, ClientTls,
};
use super::cluster_settings::{EnvoyHttp2, TcpKeepalive};
use super::envoy_policy::EnvoyPolicySpec;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of a ClientTrafficPolicy.
pub type ClientTrafficPolicySpec = EnvoyPolicySpec<ClientTrafficPolicyField>;

options! {
    /// What a ClientTrafficPolicy says for listeners and their connections.
    ClientTrafficPolicyField also ["targetRef", "targetRefs", "targetSelectors"] {
        ClientIpDetection(ClientIpDetection) = "clientIPDetection",
        Connection(ClientConnection) = "connection",
        EnableProxyProtocol(bool) = "enableProxyProtocol",
        Grpc(ClientGrpc) = "grpc",
        Headers(Box<ClientHeaders>) = "headers",
        HealthCheck(ClientHealthCheck) = "healthCheck",
        Http1(ClientHttp1) = "http1",
        Http2(EnvoyHttp2) = "http2",
        Http3(Untranslated) = "http3",
        Path(ClientPath) = "path",
        ProxyProtocol(ClientProxyProtocol) = "proxyProtocol",
        Scheme(String) = "scheme",
        TcpKeepalive(TcpKeepalive) = "tcpKeepalive",
        Timeout(ClientTimeout) = "timeout",
        Tls(Box<ClientTls>) = "tls",
    }
}
