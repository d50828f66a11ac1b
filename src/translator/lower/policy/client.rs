//! ClientTrafficPolicy: what connections of clients are like.

mod certificates;
mod connection;
mod http;
pub(super) mod shared;
mod tls;

use std::sync::Arc;

use crate::ir::{HttpSettings, ListenerSettings, ProxyHeader, TlsTerms};
use crate::parser::api::{ClientProxyProtocol, ClientTrafficPolicyField};
use crate::resolver::PolicyField;
use crate::translator::lower::option::faults::Faults;

pub(in crate::translator::lower) use certificates::{AskedCertificates, CertificateMode};

/// What a ClientTrafficPolicy says, as settings of connections.
#[derive(Clone, Debug, Default)]
pub(in crate::translator::lower) struct ClientPart {
    /// Of those that carry requests.
    pub(super) http: Arc<HttpSettings>,
    /// Of the socket.
    pub(super) socket: ListenerSettings,
    /// Of handshakes.
    pub(super) tls: Arc<TlsTerms>,
    /// Whether they are not told how many requests they may make.
    pub(super) hides_rates: bool,
    /// What clients have to show.
    pub(super) certificates: Option<AskedCertificates>,
}

/// Adds what a field says.
pub(super) fn lower_field(
    field: &PolicyField<'_, ClientTrafficPolicyField>,
    part: &mut ClientPart,
    faults: &mut Faults<'_>,
) {
    let ClientPart { http, socket, tls, hides_rates, certificates } = part;
    let settings = Arc::make_mut(http);
    match &*field.value {
        ClientTrafficPolicyField::ClientIpDetection(said) => http::lower_address(said, settings, faults),
        ClientTrafficPolicyField::Connection(said) => connection::lower(said, settings, socket, faults),
        ClientTrafficPolicyField::EnableProxyProtocol(is_set) => {
            let header = || ProxyHeader { is_optional: false, values: Vec::new() };
            socket.proxy_header = socket.proxy_header.take().or_else(|| is_set.then(header));
        }
        ClientTrafficPolicyField::Grpc(said) => settings.web_calls = said.enable_web.unwrap_or_default(),
        ClientTrafficPolicyField::Headers(said) => {
            *hides_rates = said.disable_rate_limit_headers.unwrap_or_default();
            http::lower_headers(said, settings, faults);
        }
        ClientTrafficPolicyField::HealthCheck(said) => http::lower_health(said, settings, faults),
        ClientTrafficPolicyField::Http1(said) => http::lower_http1(said, settings),
        ClientTrafficPolicyField::Http2(said) => http::lower_http2(said, settings, faults),
        ClientTrafficPolicyField::Path(said) => http::lower_path(said, settings),
        ClientTrafficPolicyField::ProxyProtocol(ClientProxyProtocol { optional }) => {
            socket.proxy_header = Some(ProxyHeader { is_optional: optional.unwrap_or_default(), values: Vec::new() });
        }
        ClientTrafficPolicyField::TcpKeepalive(said) => {
            socket.socket_options = connection::lower_keepalive(said, faults);
        }
        ClientTrafficPolicyField::Timeout(said) => connection::lower_timeout(said, settings, socket, faults),
        ClientTrafficPolicyField::Tls(said) => {
            let terms = tls::lower(said, faults);
            let validation = said.client_validation.as_deref().map(|said| (said, &terms.checks));
            *certificates = validation.map(|said| certificates::lower(said, &field.authorities, faults));
            *tls = Arc::new(terms);
        }
        // Of the one that is translated backends are told as ever; the resolver hands on none of the others.
        ClientTrafficPolicyField::Scheme(_) | ClientTrafficPolicyField::Http3(_) => {}
    }
}
