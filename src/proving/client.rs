//! The client of the runner: sends a case's request as it is written and
//! reads the whole answer, over HTTP/1.1 or HTTP/2, on connections that are
//! kept.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::ext::Protocol;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hyper::{Method, Request, Response, StatusCode, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::rustls;

use super::cases::RequestSpec;
use super::grpc::{self, GrpcCall};
use super::journal::{REQUEST_ID, lines};
use super::raw_target::{NextTarget, Replacing, is_kept};
use super::tls::{ClientTls, TlsReport, report_of_server};
use super::values::HttpVersion;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the answer of a connection that has ended may be on its way.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// How long the server's settings may be on their way before a stream is upgraded over HTTP/2.
const SETTINGS_DELAY: Duration = Duration::from_millis(100);

/// The fixed key of the protocol's own example: nobody here checks the answer to it.
pub(super) const WEBSOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(super) const WEBSOCKET_VERSION: &str = "13";

/// The largest response body that is read, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// The status.
    pub(super) status: u16,
    /// Every header line, in order.
    pub(super) headers: Vec<(String, String)>,
    /// The body, or as much as came.
    pub(super) body: Vec<u8>,
    /// Every line behind the body, in order.
    pub(super) trailers: Vec<(String, String)>,
    /// Whether the body broke off.
    pub(super) truncated: bool,
    /// From the first byte sent to the last one read.
    pub(super) elapsed: Duration,
    /// What the client saw of the server's TLS.
    pub(super) tls: Option<TlsReport>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The other side closed the connection, or the datagram was dropped.
    Closed(String),
    /// Anything else.
    Failed(String),
}

impl From<String> for NoAnswer {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(reason) => write!(f, "the connection was closed: {reason}"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl Reply {
    /// The values of all lines of one header, in order.
    pub(super) fn header_lines(&self, name: &str) -> Vec<&str> {
        lines(&self.headers, name)
    }

    /// The status of a gRPC call, which stands behind the body, or among the
    /// headers when there is none.
    pub(super) fn grpc_status(&self) -> Option<u32> {
        let line = lines(&self.trailers, grpc::STATUS).into_iter().chain(self.header_lines(grpc::STATUS)).next();
        line?.parse().ok()
    }
}

/// Where connections are made to.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// The address.
    pub(super) address: SocketAddr,
    /// The host and port that a forward proxy there is asked for a tunnel to.
    pub(super) tunnel: Option<String>,
}

impl Destination {
    async fn connect(&self) -> Result<TcpStream, NoAnswer> {
        let mut stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let Some(host) = &self.tunnel else { return Ok(stream) };
        let request = format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        // What follows the head is none of the proxy's.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.map_err(|error| format!("no tunnel to {host}: {error}"))?);
        }
        let head = String::from_utf8_lossy(&head);
        let status = head.lines().next().unwrap_or_default();
        match status.split(' ').nth(1) {
            Some("200") => Ok(stream),
            // The port is there, and ended the connection before a byte was on its way.
            Some("503") => Err(NoAnswer::Closed(format!("a tunnel to {host} ends at once"))),
            _ => Err(NoAnswer::Failed(format!("no tunnel to {host}: {status}"))),
        }
    }
}

/// A connection to the proxy.
pub(super) struct Connection {
    destination: Destination,
    tls: Option<ClientTls>,
    report: Option<TlsReport>,
    sender: Sender,
    next: NextTarget,
    /// What reads and writes; it ends with the connection.
    task: JoinHandle<()>,
    /// Whether a request was sent: only then may a closed connection be one that grew stale.
    is_used: bool,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(
        destination: &Destination,
        tls: Option<&ClientTls>,
        version: HttpVersion,
    ) -> Result<Self, NoAnswer> {
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, destination.connect()).await;
        let stream = stream.map_err(|_| "no connection in time".to_owned())??;
        let next = NextTarget::default();
        let ((sender, task), report) = match tls {
            None => (Sender::open_in_time(Replacing { stream, next: next.clone() }, version).await?, None),
            Some(tls) => {
                let stream = tokio::time::timeout(CONNECT_TIMEOUT, tls.connect(stream)).await;
                let stream = stream.map_err(|_| "no TLS handshake in time".to_owned())?.map_err(broken)?;
                let report = report_of_server(&stream);
                (Sender::open_in_time(Replacing { stream, next: next.clone() }, version).await?, Some(report))
            }
        };
        Ok(Self { destination: destination.clone(), tls: tls.cloned(), report, sender, next, task, is_used: false })
    }

    /// Sends the request under `id` and reads the answer. A connection that the
    /// other side has closed since the last request is opened anew; one that is
    /// closed before its first request is an answer.
    pub(super) async fn exchange(&mut self, spec: &RequestSpec, id: &str, limit: Duration) -> Result<Reply, NoAnswer> {
        let exchange = self.exchange_in_time(spec, id);
        tokio::time::timeout(limit, exchange).await.map_err(|_| format!("no answer within {limit:?}"))?
    }

    async fn exchange_in_time(&mut self, spec: &RequestSpec, id: &str) -> Result<Reply, NoAnswer> {
        if let Err(closed) = self.ready().await {
            if !self.is_used {
                return Err(closed);
            }
            *self = Self::open(&self.destination.clone(), self.tls.as_ref(), spec.version()).await?;
            self.ready().await?;
        }
        self.is_used = true;
        let request = build(spec, id, &self.next)?;
        self.send(request, spec).await
    }

    async fn ready(&mut self) -> Result<(), NoAnswer> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await.map_err(describe),
            Sender::Http2(sender) => sender.ready().await.map_err(describe),
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>, spec: &RequestSpec) -> Result<Reply, NoAnswer> {
        let extended = spec.upgrade.is_some() && spec.version() == HttpVersion::Http2;
        if extended {
            // The server has to say first that it knows extended CONNECT (RFC 8441, section 3).
            tokio::time::sleep(SETTINGS_DELAY).await;
        }
        let start = Instant::now();
        let mut response = match &mut self.sender {
            Sender::Http1(sender) => answer(sender.send_request(request), &mut self.task).await?,
            Sender::Http2(sender) => answer(sender.send_request(request), &mut self.task).await?,
        };
        let status = response.status();
        let headers = text_headers(response.headers());
        let upgraded = status == StatusCode::SWITCHING_PROTOCOLS || (extended && status == StatusCode::OK);
        let Body { bytes, trailers, truncated } = if upgraded {
            let bytes = exchange_bytes(&mut response, spec.body.as_deref().unwrap_or_default()).await?;
            Body { bytes, ..Body::default() }
        } else {
            read(response.into_body()).await
        };
        let (status, tls) = (status.as_u16(), self.report.clone());
        Ok(Reply { status, headers, body: bytes, trailers, truncated, elapsed: start.elapsed(), tls })
    }
}

/// Waits for an answer as long as there is a connection. A request that is handed over at the very moment at which its
/// connection ends is neither sent nor refused: nobody would ever answer it.
async fn answer(
    response: impl Future<Output = hyper::Result<Response<Incoming>>>,
    task: &mut JoinHandle<()>,
) -> Result<Response<Incoming>, NoAnswer> {
    let mut response = std::pin::pin!(response);
    tokio::select! {
        biased;
        response = &mut response => return response.map_err(describe),
        () = ended(task) => {}
    }
    // What came last may still be on its way from there to here.
    match tokio::time::timeout(LAST_ANSWER, response).await {
        Ok(response) => response.map_err(describe),
        Err(_) => Err(NoAnswer::Closed("it ended before the request was sent".to_owned())),
    }
}

async fn ended(task: &mut JoinHandle<()>) {
    if !task.is_finished() {
        // A task that panics is over as well.
        drop(task.await);
    }
}

impl Sender {
    async fn open_in_time<S>(stream: S, version: HttpVersion) -> Result<(Self, JoinHandle<()>), NoAnswer>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, Self::open(stream, version)).await;
        opened.map_err(|_| "no HTTP connection in time".to_owned())?
    }

    async fn open<S>(stream: S, version: HttpVersion) -> Result<(Self, JoinHandle<()>), NoAnswer>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        Ok(match version {
            HttpVersion::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.map_err(describe)?;
                // How it ends is told to those who wait for answers.
                let task = tokio::spawn(async move { drop(connection.with_upgrades().await) });
                (Self::Http1(sender), task)
            }
            HttpVersion::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.map_err(describe)?;
                let task = tokio::spawn(async move { drop(connection.await) });
                (Self::Http2(sender), task)
            }
        })
    }
}

/// What an error of HTTP means, with its causes.
fn describe(error: hyper::Error) -> NoAnswer {
    let text = match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    if error.is_parse() || error.is_user() || error.is_timeout() {
        NoAnswer::Failed(text)
    } else {
        NoAnswer::Closed(text)
    }
}

/// What an error of a TLS handshake means: an alert, an end or an answer that is no TLS is the server's
/// doing, everything else is what the client thinks of the server.
fn broken(error: std::io::Error) -> NoAnswer {
    let text = error.to_string();
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::AlertReceived(_)) => NoAnswer::Closed(text),
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            NoAnswer::Closed("the server speaks no TLS".to_owned())
        }
        Some(_) => NoAnswer::Failed(text),
        None => NoAnswer::Closed(text),
    }
}

fn build(spec: &RequestSpec, id: &str, next: &NextTarget) -> Result<Request<Full<Bytes>>, String> {
    let call = spec.grpc.as_ref().map(GrpcCall::path);
    let path = call.as_deref().or(spec.raw_path.as_deref()).unwrap_or(&spec.url.path);
    let tunnel = spec.tunnel();
    let (host, path) = match (&tunnel, spec.version()) {
        (Some(tunnel), HttpVersion::Http1) => (spec.host.as_deref().unwrap_or(tunnel), tunnel.as_str()),
        // The path is not sent.
        (Some(tunnel), HttpVersion::Http2) => (tunnel.as_str(), "/"),
        (None, _) => (spec.host.as_deref().unwrap_or(&spec.url.host), path),
    };
    let mut headers = HeaderMap::new();
    for (name, values) in &spec.headers.0 {
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).map_err(|error| error.to_string())?);
        }
    }
    headers.insert(HeaderName::from_static(REQUEST_ID), HeaderValue::from_str(id).map_err(|error| error.to_string())?);
    let uri: Uri = match spec.version() {
        HttpVersion::Http1 => {
            if !headers.contains_key(HOST) {
                headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| format!("`{host}` is not a host"))?);
            }
            match &spec.raw_path {
                Some(raw) if raw == path && !is_kept(raw) => Ok(next.replace(spec.method.as_str(), raw)?),
                _ => path.parse(),
            }
        }
        HttpVersion::Http2 => {
            let scheme = if spec.url.scheme.is_tls() { "https" } else { "http" };
            format!("{scheme}://{host}{path}").parse()
        }
    }
    .map_err(|error| format!("`{host}{path}` cannot be requested: {error}"))?;
    let mut body = spec.body.clone().unwrap_or_default().into_bytes();
    if let Some(token) = &spec.upgrade {
        if spec.version() == HttpVersion::Http1 {
            let token = HeaderValue::from_str(token).map_err(|_| format!("`{token}` is not a protocol"))?;
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, token);
        }
        headers.insert("sec-websocket-key", HeaderValue::from_static(WEBSOCKET_KEY));
        headers.insert("sec-websocket-version", HeaderValue::from_static(WEBSOCKET_VERSION));
        body.clear();
    }
    if let Some(call) = &spec.grpc {
        GrpcCall::add_headers(&mut headers);
        body = call.body();
    }
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = if spec.grpc.is_some() { Method::POST } else { spec.method.clone() };
    if let (Some(token), HttpVersion::Http2) = (&spec.upgrade, spec.version()) {
        *request.method_mut() = Method::CONNECT;
        request.extensions_mut().insert(Protocol::from(token.as_str()));
    }
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    *request.version_mut() = match spec.version() {
        HttpVersion::Http1 => Version::HTTP_11,
        HttpVersion::Http2 => Version::HTTP_2,
    };
    Ok(request)
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// What followed the headers of an answer.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    trailers: Vec<(String, String)>,
    truncated: bool,
}

/// Reads the body as far as it comes.
async fn read(mut incoming: Incoming) -> Body {
    let mut body = Body::default();
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else { return Body { truncated: true, ..body } };
        if let Some(data) = frame.data_ref() {
            body.bytes.extend_from_slice(data);
        }
        if let Some(trailers) = frame.trailers_ref() {
            body.trailers = text_headers(trailers);
        }
        if body.bytes.len() > MAX_BODY {
            return Body { truncated: true, ..body };
        }
    }
    // A body that is cut ends with an error.
    body
}

/// Sends `text` on the upgraded stream and reads as many bytes back.
async fn exchange_bytes(response: &mut Response<Incoming>, text: &str) -> Result<Vec<u8>, String> {
    let stream = hyper::upgrade::on(response).await.map_err(|error| error.to_string())?;
    let mut stream = TokioIo::new(stream);
    stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).await.map_err(|error| error.to_string())?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::{NoAnswer, answer};

    #[tokio::test]
    async fn nobody_waits_for_the_answer_of_a_connection_that_has_ended() {
        let mut task = tokio::spawn(std::future::ready(()));
        for _ in 0..2 {
            let lost = answer(std::future::pending(), &mut task).await;
            assert!(matches!(lost, Err(NoAnswer::Closed(_))), "{lost:?}");
        }
    }
}
