//! TLS to backends
//! ([UpstreamTlsContext](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto#extensions-transport-sockets-tls-v3-upstreamtlscontext)).

use envoy_types::pb::envoy::config::core::v3::TransportSocket;
use envoy_types::pb::envoy::config::core::v3::transport_socket::ConfigType;
use envoy_types::pb::envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::subject_alt_name_matcher::SanType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, SubjectAltNameMatcher, UpstreamTlsContext,
};

use crate::ir::{CertificateName, Cluster, Config, ServerNameSource, TlsOffer, TlsVersion, UpstreamTls};

use super::layout::Layout;
use super::path::quote;
use super::proto::{any, exact, matching, text};
use super::tls::{TRANSPORT_SOCKET, to_validation, with_certificates};
use super::tls_parameters::to_parameters;

const UPSTREAM_CONTEXT: &str = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

const PLAIN_SOCKET: &str = "envoy.transport_sockets.raw_buffer";
const RAW_BUFFER: &str = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";

/// The newest version that is offered to backends; Envoy's own limit for them is 1.2
/// ([versions](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto#envoy-v3-api-field-extensions-transport-sockets-tls-v3-tlsparameters-tls-maximum-protocol-version)).
const NEWEST: TlsVersion = TlsVersion::V1_3;

/// The transport socket of connections to a backend.
pub(super) fn to_upstream_socket(tls: &UpstreamTls, config: &Config, layout: &Layout) -> TransportSocket {
    to_named_socket(tls, tls.server_name.as_deref(), config, layout)
}

/// The same with a server name of its own.
pub(super) fn to_named_socket(
    tls: &UpstreamTls,
    server_name: Option<&str>,
    config: &Config,
    layout: &Layout,
) -> TransportSocket {
    let UpstreamTls { server_name: _, authorities, names, client_certificate, offer } = tls;
    let TlsOffer { name_source, alpn, oldest, newest, ciphers, curves, renegotiates } = offer.clone();
    let validation = CertificateValidationContext {
        match_typed_subject_alt_names: names.iter().map(to_name_matcher).collect(),
        ..CertificateValidationContext::default()
    };
    let by_endpoint = name_source == ServerNameSource::Endpoint;
    let context = UpstreamTlsContext {
        sni: text(server_name),
        auto_host_sni: by_endpoint,
        auto_sni_san_validation: by_endpoint && authorities.is_some(),
        common_tls_context: Some(CommonTlsContext {
            tls_params: Some(to_parameters([oldest, newest.or(Some(NEWEST))], &ciphers, &curves)),
            alpn_protocols: alpn,
            validation_context_type: authorities
                .as_ref()
                .map(|authorities| to_validation(authorities, validation, layout)),
            ..with_certificates(client_certificate.as_slice(), config, layout)
        }),
        allow_renegotiation: renegotiates,
        ..UpstreamTlsContext::default()
    };
    TransportSocket {
        name: TRANSPORT_SOCKET.to_owned(),
        config_type: Some(ConfigType::TypedConfig(any(UPSTREAM_CONTEXT, &context))),
    }
}

/// The transport socket of plain text.
pub(super) fn plain_socket() -> TransportSocket {
    TransportSocket {
        name: PLAIN_SOCKET.to_owned(),
        config_type: Some(ConfigType::TypedConfig(any(RAW_BUFFER, &RawBuffer::default()))),
    }
}

/// Whether a cluster's certificates are compared with a regular expression.
pub(super) fn uses_regex(cluster: &Cluster) -> bool {
    let names = cluster.every_tls().flat_map(|tls| &tls.names);
    let mut names = names;
    names.any(|name| matches!(name, CertificateName::DnsWildcard(_)))
}

/// One matching name is enough. Exact DNS names are compared without case, and
/// a certificate's wildcard covers its one label.
fn to_name_matcher(name: &CertificateName) -> SubjectAltNameMatcher {
    let (kind, matcher) = match name {
        CertificateName::Dns(name) => (SanType::Dns, exact(name)),
        CertificateName::DnsWildcard(suffix) => (SanType::Dns, matching(&format!("(?i)[^.]+\\.{}", quote(suffix)))),
        CertificateName::Uri(uri) => (SanType::Uri, exact(uri)),
        CertificateName::Ip(address) => (SanType::IpAddress, exact(&address.to_string())),
    };
    SubjectAltNameMatcher { san_type: kind as i32, matcher: Some(matcher), ..SubjectAltNameMatcher::default() }
}
