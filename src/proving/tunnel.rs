//! Proxies that connections are asked of: what a backend does that an Upstream with `httpProxyHostname` names. It stands
//! for whoever the tunnel leads to as well.

use std::io;
use std::path::Path;

use hyper::Request;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;

use super::error::Error;
use super::tls::{self, BackendTlsSpec, TlsReport, report_of_client};

/// What a proxy does with who asks it for a tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TunnelSpec {
    /// The status that it refuses with; without one it agrees.
    pub status: Option<u16>,
    /// How the backend at the end serves TLS; plain text without it.
    pub tls: Option<BackendTlsSpec>,
}

/// The same, ready for use.
#[derive(Clone)]
pub struct TunnelEnd {
    pub(super) status: Option<u16>,
    tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for TunnelEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TunnelEnd").field("status", &self.status).finish_non_exhaustive()
    }
}

impl TunnelEnd {
    pub(super) fn load(spec: &TunnelSpec, pki: &Path) -> Result<Self, Error> {
        let tls = spec.tls.as_ref().map(|spec| tls::acceptor(spec, pki)).transpose()?;
        Ok(Self { status: spec.status, tls })
    }
}

/// The request for a tunnel as a proxy received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TunnelReport {
    /// Where it is to lead to.
    pub to: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Every header line, in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What the proxy saw of the connection's TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsReport>,
}

impl TunnelReport {
    /// What a proxy saw of a request.
    pub(super) fn new(request: &Request<Incoming>, tls: Option<TlsReport>) -> Self {
        let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            to: request.uri().authority().map_or_else(|| request.uri().to_string(), ToString::to_string),
            version: format!("{:?}", request.version()),
            headers: request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            tls,
        }
    }
}

/// Both ends of a tunnel.
pub(super) enum Opened {
    Plain(TokioIo<Upgraded>),
    Tls(Box<tokio_rustls::server::TlsStream<TokioIo<Upgraded>>>, TlsReport),
}

/// Waits for the stream of a tunnel that was agreed to.
pub(super) async fn open(end: &TunnelEnd, upgraded: hyper::upgrade::OnUpgrade) -> io::Result<Opened> {
    let stream = TokioIo::new(upgraded.await.map_err(io::Error::other)?);
    Ok(match &end.tls {
        None => Opened::Plain(stream),
        Some(tls) => {
            let stream = tls.accept(stream).await?;
            let report = report_of_client(stream.get_ref().1);
            Opened::Tls(Box::new(stream), report)
        }
    })
}
