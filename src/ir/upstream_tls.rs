//! TLS that begins at the proxy.

use std::net::IpAddr;

use serde::Serialize;

use super::{Authorities, CertificateId};

/// TLS on the connections to a backend, which always has to prove who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamTls {
    /// The server name that the handshake asks for; `None` asks for none.
    pub server_name: Option<String>,
    /// Who may vouch for the backend.
    pub authorities: Authorities,
    /// The names of which the backend's certificate must carry one; never empty.
    pub names: Vec<CertificateName>,
    /// What the proxy shows when it is asked for a certificate.
    pub client_certificate: Option<CertificateId>,
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
