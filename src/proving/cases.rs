//! The format of request cases: what to send, and what must come back.
//!
//! Input: the text of a `requests.yaml`. Output: a [`CaseFile`] in which every
//! URL, header and share has been checked. Unknown fields are errors, and
//! every error has its line and column. The format is documented for users in
//! `docs/request-cases.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hyper::Method;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::amounts::{Count, Patterns};
use super::grpc::GrpcCall;
use super::tls::{BackendTlsSpec, TlsSpec};
use super::tunnel::TunnelSpec;
use super::values::{
    GatewayName, Headers, HttpVersion, Mirrors, Shares, Target, Window, decode_method, decode_names, decode_raw_target,
};

/// The longest body that a case may ask for.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// A file of request cases.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseFile {
    /// The cases, run in this order.
    pub requests: Vec<RequestCase>,
    /// Whether the addresses of EndpointSlices count: backends are started on
    /// them (they must be loopback addresses) and are named `IP:PORT`. See [`CaseFile::kept_addresses`].
    #[serde(default)]
    pub keep_endpoints: bool,
    /// Service ports, `NAMESPACE/NAME:PORT`, whose backend refuses connections.
    #[serde(default)]
    pub down: Vec<String>,
    /// Service ports, `NAMESPACE/NAME:PORT`, that keep the address they have
    /// in the output, such as a DNS name that nobody answers for. See [`CaseFile::kept_addresses`].
    #[serde(default)]
    pub unresolved: Vec<String>,
    /// The folder of certificates, relative to the file of cases; that file's own by default.
    #[serde(default)]
    pub pki: PathBuf,
    /// Service ports, `NAMESPACE/NAME:PORT`, whose backend serves TLS.
    #[serde(default)]
    pub backend_tls: BTreeMap<String, BackendTlsSpec>,
    /// Service ports, `NAMESPACE/NAME:PORT`, whose backend is a proxy that is asked for tunnels, with what it does; those of
    /// Upstreams with `httpProxyHostname` agree without it.
    #[serde(default)]
    pub tunnels: BTreeMap<String, TunnelSpec>,
    /// Envoy's counters and gauges after all cases, by name.
    #[serde(default)]
    pub stats: BTreeMap<String, u64>,
}

/// One case: a request, sent once or often, and what must come back.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestCase {
    /// What the case shows.
    pub name: String,
    /// The Gateway, where several share a port.
    pub gateway: Option<GatewayName>,
    /// The namespace of the client, which connects to the Service that the URL's host names.
    pub from: Option<String>,
    /// The request.
    pub request: RequestSpec,
    /// What must come back.
    #[serde(deserialize_with = "decode_expectation")]
    pub expect: Expectation,
    /// How often the request is sent; once, or as often as shares need.
    pub repeat: Option<u32>,
    /// Whether each request begins a session.
    pub session: Option<SessionSpec>,
}

/// What follows a request that begins a session.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionSpec {
    /// How many more requests there are, with the cookies of the answers. The
    /// backend that answered the first one must answer them all.
    pub follow_ups: u32,
    /// The response header that is sent back in place of cookies.
    pub header: Option<String>,
}

/// A request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestSpec {
    /// The method; `GET` by default.
    #[serde(default, deserialize_with = "decode_method")]
    pub method: Method,
    /// Scheme and port pick the listener, the host is the Host header.
    pub url: Target,
    /// Header lines; a list of values is one line each.
    #[serde(default)]
    pub headers: Headers,
    /// The body; none by default.
    pub body: Option<String>,
    /// A body of this many bytes in place of a written one.
    pub body_bytes: Option<usize>,
    /// The protocol; HTTP/1.1 by default.
    #[serde(default)]
    pub http: HttpVersion,
    /// How TLS is used, for `https` URLs.
    pub tls: Option<TlsSpec>,
    /// Whether each request has a connection of its own.
    #[serde(default)]
    pub new_connection: bool,
    /// The Host header, where it is not the URL's host.
    pub host: Option<String>,
    /// The request target as it is sent, where it is not the URL's path and query.
    #[serde(default, deserialize_with = "decode_raw_target")]
    pub raw_path: Option<String>,
    /// A protocol to upgrade to, such as `websocket`; the body is then sent on
    /// the upgraded stream, and as many bytes are read back.
    pub upgrade: Option<String>,
    /// A gRPC call in place of a request: POST over HTTP/2, with the path of
    /// the method and the messages as the body.
    pub grpc: Option<GrpcCall>,
}

impl RequestSpec {
    /// The protocol that the request is sent with.
    pub(super) fn version(&self) -> HttpVersion {
        if self.grpc.is_some() { HttpVersion::Http2 } else { self.http }
    }

    /// Host and port of the tunnel that it asks for with `CONNECT`.
    pub(super) fn tunnel(&self) -> Option<String> {
        let asks = self.method == Method::CONNECT && self.upgrade.is_none() && self.grpc.is_none();
        let host = self.host.as_deref().unwrap_or(&self.url.host);
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let own = || if has_port { host.to_owned() } else { format!("{host}:{}", self.url.port) };
        asks.then(|| self.raw_path.clone().unwrap_or_else(own))
    }

    /// Puts a body of the wanted length in place.
    pub(super) fn write_body(&mut self) -> Result<(), String> {
        let Some(length) = self.body_bytes else { return Ok(()) };
        if self.body.is_some() {
            return Err("`body` and `bodyBytes` exclude each other".to_owned());
        }
        if length > MAX_BODY_BYTES {
            return Err(format!("`bodyBytes` is {MAX_BODY_BYTES} at most"));
        }
        self.body = Some("x".repeat(length));
        Ok(())
    }

    /// Whether fields are given that a call decides itself.
    pub(super) fn contradicts_call(&self) -> bool {
        let has_body = self.body.is_some() || self.body_bytes.is_some();
        let plain = self.method == Method::GET && !has_body && self.upgrade.is_none();
        self.grpc.is_some() && !(plain && self.raw_path.is_none() && self.url.path == "/")
    }
}

/// What must come back. A case file gives at least one field.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// The status.
    pub status: Option<u16>,
    /// The status of a gRPC call.
    pub grpc_status: Option<u32>,
    /// How many messages a gRPC call returned.
    pub grpc_messages: Option<usize>,
    /// Who answered, as `NAMESPACE/NAME:PORT`.
    pub backend: Option<String>,
    /// Who answered how often, in percent.
    pub backends: Option<Shares>,
    /// Who answered and who received a copy, how often, in percent: the name
    /// of the backend, its request target where one is given, and after ` + `
    /// each mirror in alphabetical order.
    pub joint: Option<Shares>,
    /// Everything that may come back, each with its share. Unlike `backends`,
    /// this ties the share to what the backend saw and to what came back.
    #[serde(default)]
    pub outcomes: Vec<OutcomeShare>,
    /// What the backend that answered received.
    pub upstream: Option<UpstreamExpectation>,
    /// The response's headers.
    pub response: Option<ResponseExpectation>,
    /// The Location header of a redirect.
    pub redirect: Option<String>,
    /// Who received a copy.
    pub mirrors: Option<Mirrors>,
    /// How often each request was tried at the backend that answered, retries included.
    pub attempts: Option<Count>,
    /// How often all requests of the case together were tried.
    pub total_attempts: Option<Count>,
    /// Whom a request reached, in this order: backends, authorization services and mirrors.
    pub reached: Option<Vec<String>>,
    /// The response's body.
    pub body: Option<String>,
    /// How long the whole response takes.
    pub within: Option<Window>,
    /// Whether the response breaks off.
    #[serde(default)]
    pub truncated: bool,
    /// Whether the connection is closed without an answer, in the TLS handshake or after it.
    #[serde(default)]
    pub closed: bool,
    /// What the client sees of the server's TLS.
    pub tls: Option<TlsExpectation>,
}

impl Expectation {
    /// Whether every answer meets it.
    pub(super) fn is_silent(&self) -> bool {
        let says_nothing = Self {
            response: self.response.clone().filter(|response| *response != ResponseExpectation::default()),
            outcomes: self.outcomes.iter().filter(|outcome| !outcome.is_silent()).cloned().collect(),
            attempts: self.attempts.filter(|count| !count.is_any()),
            total_attempts: self.total_attempts.filter(|count| !count.is_any()),
            mirrors: self.mirrors.clone().filter(|mirrors| *mirrors != Mirrors::Percent(Vec::new())),
            ..self.clone()
        };
        says_nothing == Self::default()
    }
}

/// What one side of a TLS connection must see of the other.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsExpectation {
    /// The server name that the client sent; the empty one when it sent none. Only backends see it.
    pub sni: Option<String>,
    /// The application protocol; the empty one when there is none.
    pub alpn: Option<String>,
    /// The common name of the peer's certificate; the empty one when it showed none.
    pub peer: Option<String>,
}

fn decode_expectation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Expectation, D::Error> {
    struct ExpectationVisitor;

    impl<'de> Visitor<'de> for ExpectationVisitor {
        type Value = Expectation;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping that says what must come back")
        }

        // Errors that are raised inside the visitor get the place of the mapping.
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expectation, A::Error> {
            let expectation = Expectation::deserialize(MapAccessDeserializer::new(map))?;
            if expectation == Expectation::default() {
                return Err(A::Error::custom("`expect` is empty: say at least the status"));
            }
            if expectation.is_silent() {
                return Err(A::Error::custom("every answer meets this `expect`: say at least the status"));
            }
            if expectation.backend.is_some() && expectation.backends.is_some() {
                return Err(A::Error::custom("`backend` and `backends` exclude each other"));
            }
            let sum: f64 = expectation.outcomes.iter().map(|outcome| outcome.percent).sum();
            if !expectation.outcomes.is_empty() && (sum - 100.0).abs() > 1.0 {
                return Err(A::Error::custom(format!("the outcomes sum up to {sum} percent, not to 100")));
            }
            Ok(expectation)
        }
    }

    deserializer.deserialize_map(ExpectationVisitor)
}

/// One of several outcomes. A request counts for the first one that it meets in full.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeShare {
    /// The share in percent.
    pub percent: f64,
    /// The status.
    pub status: Option<u16>,
    /// The status of a gRPC call.
    pub grpc_status: Option<u32>,
    /// Who answered.
    pub backend: Option<String>,
    /// What the backend that answered received.
    pub upstream: Option<UpstreamExpectation>,
    /// The response's headers.
    pub response: Option<ResponseExpectation>,
}

impl OutcomeShare {
    /// Whether every answer is of this kind.
    fn is_silent(&self) -> bool {
        let Self { percent: _, status, grpc_status, backend, upstream, response } = self;
        let is_free = status.is_none() && grpc_status.is_none() && backend.is_none() && upstream.is_none();
        is_free && response.as_ref().is_none_or(|response| *response == ResponseExpectation::default())
    }
}

/// What a backend must have received.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamExpectation {
    /// The method.
    pub method: Option<String>,
    /// The raw request target, query included.
    pub path: Option<String>,
    /// The Host header or `:authority`.
    pub host: Option<String>,
    /// Headers with all their lines.
    #[serde(default)]
    pub headers: Headers,
    /// Headers of which some line must match an expression in full.
    #[serde(default)]
    pub matching: Patterns,
    /// Headers that must not be there.
    #[serde(default, deserialize_with = "decode_names")]
    pub absent: Vec<String>,
    /// The protocol.
    pub http: Option<HttpVersion>,
    /// The body.
    pub body: Option<String>,
    /// How many bytes its body has; each mirror must have received as many.
    pub body_bytes: Option<usize>,
    /// What the backend saw of the proxy's TLS; an empty mapping when there is none to be.
    pub tls: Option<TlsExpectation>,
    /// What the proxy on the way was asked.
    pub tunnel: Option<TunnelExpectation>,
}

/// What a proxy must have seen of who asks it for a tunnel.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TunnelExpectation {
    /// Where it is to lead to.
    pub to: Option<String>,
    /// Headers of the request for it, with all their lines.
    #[serde(default)]
    pub headers: Headers,
    /// The protocol that it is asked for in.
    pub http: Option<HttpVersion>,
    /// What the proxy saw of TLS on the way to it.
    pub tls: Option<TlsExpectation>,
}

/// What the response's headers must be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResponseExpectation {
    /// Headers with all their lines.
    #[serde(default)]
    pub headers: Headers,
    /// Headers of which some line must match an expression in full.
    #[serde(default)]
    pub matching: Patterns,
    /// Headers that must not be there.
    #[serde(default, deserialize_with = "decode_names")]
    pub absent: Vec<String>,
}

/// Why a case file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormatError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for FormatError {}

impl CaseFile {
    /// The Service ports that the file names, each with the field that does. With `keepEndpoints` addresses are left out.
    pub fn service_ports(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let is_address = |name: &str| self.keep_endpoints && name.parse::<SocketAddr>().is_ok();
        let down = self.down.iter().map(|name| ("down", name));
        let unresolved = self.unresolved.iter().map(|name| ("unresolved", name));
        let backend_tls = self.backend_tls.keys().map(|name| ("backendTls", name));
        let tunnels = self.tunnels.keys().map(|name| ("tunnels", name));
        let named =
            down.chain(unresolved).chain(backend_tls).chain(tunnels).map(|(field, name)| (field, name.as_str()));
        named.filter(move |(_, name)| !is_address(name))
    }

    /// The first file or folder that the file names and that does not exist.
    pub fn missing_file(&self) -> Option<PathBuf> {
        let of_requests = self.requests.iter().filter_map(|case| case.request.tls.as_ref());
        let of_requests = of_requests.flat_map(|tls| [&tls.ca, &tls.certificate]).flatten();
        let of_backends = self.backend_tls.values().chain(self.tunnels.values().filter_map(|end| end.tls.as_ref()));
        let of_backends = of_backends.flat_map(|tls| std::iter::once(&tls.certificate).chain(&tls.client_ca));
        let files = of_requests.chain(of_backends).map(|file| self.pki.join(file));
        let folder = (!self.pki.as_os_str().is_empty()).then(|| self.pki.clone());
        folder.into_iter().chain(files).find(|path| !path.exists())
    }

    /// The field that lets Envoy leave its echo backends for addresses of the
    /// manifests, where one is set. The project's own cases use such fields;
    /// whoever runs cases of others has to refuse them.
    pub fn kept_addresses(&self) -> Option<&'static str> {
        let Self { keep_endpoints, unresolved, .. } = self;
        if *keep_endpoints {
            return Some("keepEndpoints");
        }
        (!unresolved.is_empty()).then_some("unresolved")
    }

    /// Makes the names of certificate files relative to `folder`, where the file of cases is.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.pki = folder.join(&self.pki);
        self
    }

    /// Whether the text looks like a file of cases: a top-level key `requests`, and no `kind`.
    pub fn recognises(text: &str) -> bool {
        let has = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        has("requests") && !has("kind") && !has("apiVersion")
    }
}

#[cfg(test)]
#[path = "cases_tests.rs"]
mod tests;
