//! TLS that begins at the proxy.

use std::net::IpAddr;

use serde::Serialize;

use super::default::is_default;
use super::{Authorities, CertificateId};

/// TLS on the connections to a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamTls {
    /// The server name that the handshake asks for; `None` asks for none.
    pub server_name: Option<String>,
    /// Who may vouch for the backend; `None` where nobody asks, and whoever answers is trusted.
    pub authorities: Option<Authorities>,
    /// The names of which the backend's certificate must carry one; where there are none every name will do.
    pub names: Vec<CertificateName>,
    /// What the proxy shows when it is asked for a certificate.
    pub client_certificate: Option<CertificateId>,
    /// What else the handshake says.
    #[serde(skip_serializing_if = "is_default")]
    pub offer: TlsOffer,
}

/// What the proxy offers in a handshake, where it is not what docs/defaults.md says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsOffer {
    /// Where the server name comes from.
    #[serde(skip_serializing_if = "is_default")]
    pub name_source: ServerNameSource,
    /// The application protocols, the preferred one first; without any, what is spoken.
    #[serde(skip_serializing_if = "is_default")]
    pub alpn: Vec<String>,
    /// The oldest version.
    #[serde(skip_serializing_if = "is_default")]
    pub oldest: Option<TlsVersion>,
    /// The newest version.
    #[serde(skip_serializing_if = "is_default")]
    pub newest: Option<TlsVersion>,
    /// The ciphers of versions before 1.3, by OpenSSL's names.
    #[serde(skip_serializing_if = "is_default")]
    pub ciphers: Vec<String>,
    /// The curves of the key exchange.
    #[serde(skip_serializing_if = "is_default")]
    pub curves: Vec<String>,
    /// Whether the server may ask for another handshake.
    #[serde(skip_serializing_if = "is_default")]
    pub renegotiates: bool,
}

/// Where the server name of a handshake comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum ServerNameSource {
    /// It is given, or there is none.
    #[default]
    Given,
    /// It is the host that the request is sent for, which the server's certificate must carry where somebody vouches for the
    /// server. Only where requests are sent.
    Host,
    /// It is the name of the endpoint, which the server's certificate must carry likewise.
    Endpoint,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TlsVersion {
    /// 1.0.
    V1_0,
    /// 1.1.
    V1_1,
    /// 1.2.
    V1_2,
    /// 1.3.
    V1_3,
}

/// A name in a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum CertificateName {
    /// A DNS name. The certificate may cover it with a wildcard for its first label.
    Dns(String),
    /// Any one label in front of this DNS name.
    DnsWildcard(String),
    /// A URI.
    Uri(String),
    /// An IP address.
    Ip(IpAddr),
}
