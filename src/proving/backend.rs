//! Echo backends: HTTP servers on loopback that answer with what they
//! received, over HTTP/1.1, HTTP/2 with prior knowledge, and upgraded streams,
//! all on one port.
//!
//! A request can steer its answer through controls, each given as a request
//! header or as a query parameter of the same name (the header wins):
//!
//! | control | effect |
//! |---|---|
//! | `x-echo-status: N` | the status of the answer |
//! | `x-echo-header: name=value` | a response header; repeatable, but not `content-length` and `transfer-encoding`, which are the body's own |
//! | `x-echo-body: TEXT` | the body, in place of the report |
//! | `x-echo-delay-ms: N` | wait before the answer begins |
//! | `x-echo-chunks: N` | stream N chunks `chunk 0\n`, `chunk 1\n`, … as the body |
//! | `x-echo-gap-ms: N` | wait before each chunk |
//! | `x-echo-close: before` or `body` | close the connection in place of an answer, or after the chunks |
//! | `x-echo-for: NAME` | only the backend NAME obeys the controls |
//! | `x-echo-grpc-status: N` | the status of a gRPC call, 0 by default |
//! | `x-echo-response-header: name=value` | a response header that a server sets which responses are handed to; repeatable |
//! | `x-echo-fail: KEY:N[:STATUS]` | the first N requests with this KEY get STATUS (503) or, when STATUS is `close`, a closed connection |

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::authorization;
use super::grpc;
use super::journal::{Journal, Received};
use super::processor::{self, Processing, Steered};
use super::query::parameters;
use super::tls::{TlsReport, report_of_client};
use super::tunnel::{self, Opened, TunnelEnd, TunnelReport};

/// The response header that names the backend that answered.
pub(super) const ECHO_BACKEND: &str = "x-echo-backend";

/// The largest request body that a backend reads, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// The longest wait that a control may ask for.
const MAX_WAIT: Duration = Duration::from_secs(600);

/// The most chunks of one answer.
const MAX_CHUNKS: u64 = 100_000;

/// How long an upgraded stream may last.
const MAX_STREAM: Duration = Duration::from_secs(600);

type EchoBody = UnsyncBoxBody<Bytes, io::Error>;

/// A running echo backend. Dropping it closes its port and its connections.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Backend {
    /// Starts a backend called `name` on `address`, where port 0 means a free
    /// one. It records what it receives in `journal`. With `tls` it speaks
    /// nothing else, and with `tunnel` it is a proxy that is asked for tunnels to itself. Must be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(
        name: &str,
        address: SocketAddr,
        (tls, tunnel): (Option<TlsAcceptor>, Option<TunnelEnd>),
        journal: Journal,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let echo = Arc::new(Echo { name: name.to_owned(), journal, tunnel });
        Ok(Self { address, task: tokio::spawn(accept(listener, tls, echo)) })
    }

    /// The address that the backend listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, echo: Arc<Echo>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Small writes must not wait for each other: cases measure time.
                    let _ = stream.set_nodelay(true);
                    let (tls, echo) = (tls.clone(), Arc::clone(&echo));
                    connections.spawn(async move {
                        match tls {
                            None => serve(stream, Way::default(), echo).await,
                            // A handshake that fails is the client's to notice.
                            Some(tls) => if let Ok(stream) = tls.accept(stream).await {
                                let report = report_of_client(stream.get_ref().1);
                                serve(stream, Way { tls: Some(report), tunnel: None }, echo).await;
                            }
                        }
                    });
                }
                // Out of descriptors: leave the connections time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// How a connection came.
#[derive(Clone, Default)]
struct Way {
    tls: Option<TlsReport>,
    tunnel: Option<TunnelReport>,
}

/// Serves what comes through a tunnel, as a future of a known type: there may be a tunnel in a tunnel.
fn serve_tunnel(
    end: TunnelEnd,
    upgraded: hyper::upgrade::OnUpgrade,
    report: TunnelReport,
    echo: Arc<Echo>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        match tunnel::open(&end, upgraded).await {
            Ok(Opened::Plain(stream)) => serve(stream, Way { tls: None, tunnel: Some(report) }, echo).await,
            Ok(Opened::Tls(stream, tls)) => serve(stream, Way { tls: Some(tls), tunnel: Some(report) }, echo).await,
            // Whoever is at the other end notices.
            Err(_) => {}
        }
    })
}

async fn serve<S>(stream: S, way: Way, echo: Arc<Echo>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request| {
        let (way, echo) = (way.clone(), Arc::clone(&echo));
        async move {
            match echo.tunnel.clone().filter(|_| request.method() == Method::CONNECT) {
                Some(end) => Ok(echo.dig(request, end, way)),
                None => echo.answer(request, way).await,
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection that breaks is the client's business, and often the point of a case.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}

/// The state that all connections of one backend share.
#[derive(Debug)]
struct Echo {
    name: String,
    journal: Journal,
    /// What becomes of requests for tunnels, where the backend is a proxy.
    tunnel: Option<TunnelEnd>,
}

/// Tells hyper to close the connection without an answer.
#[derive(Debug)]
struct CloseConnection;

impl std::fmt::Display for CloseConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request asked for a closed connection")
    }
}

impl std::error::Error for CloseConnection {}

impl Echo {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        Way { tls, tunnel }: Way,
    ) -> Result<Response<EchoBody>, CloseConnection> {
        let upgrade = request.headers().get(UPGRADE).cloned().filter(|_| request.version() < Version::HTTP_2);
        let upgraded = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
        let (head, body) = request.into_parts();
        if head.uri.path() == processor::PROCESS_PATH {
            return Ok(self.process(&head.headers, body));
        }
        // What follows a request for a tunnel is no body.
        let has_body = upgraded.is_none() && head.method != Method::CONNECT;
        let body = if !has_body { Bytes::new() } else { read(body).await.ok_or(CloseConnection)? };
        if head.uri.path() == authorization::CHECK_PATH {
            return self.authorize(&body).await;
        }
        if head.uri.path() == authorization::LIMIT_PATH {
            return self.count(&body).await;
        }
        let controls = Controls { headers: &head.headers, query: head.uri.query().unwrap_or_default() };
        let controls = controls.of(&self.name);
        let received = self.journal.record(Received { tls, tunnel, ..self.describe(&head, &body) });

        tokio::time::sleep(controls.wait("x-echo-delay-ms")).await;
        let failing = self.failure(&controls);
        if failing == Some(Failure::Close) || controls.get("x-echo-close").as_deref() == Some("before") {
            return Err(CloseConnection);
        }
        let status = match failing {
            Some(Failure::Status(status)) => Some(status),
            _ => controls.get("x-echo-status").and_then(|text| status_code(&text)),
        };
        if let (None, Some(token), Some(upgraded)) = (status, upgrade, upgraded) {
            tokio::spawn(echo_stream(upgraded));
            return Ok(self.response(&controls, StatusCode::SWITCHING_PROTOCOLS, Some(token), empty()));
        }
        if status.is_none() && grpc::is_call(&head.headers) {
            let mut response = self.response(&controls, StatusCode::OK, None, controls.call(&received));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(grpc::MEDIA_TYPE));
            return Ok(response);
        }
        // hyper leaves the body of such an answer out over HTTP/1.1 alone.
        let body = if head.method == Method::HEAD { empty() } else { controls.body(&received) };
        Ok(self.response(&controls, status.unwrap_or(StatusCode::OK), None, body))
    }

    /// Agrees to a tunnel, or does not.
    fn dig(self: Arc<Self>, mut request: Request<Incoming>, end: TunnelEnd, way: Way) -> Response<EchoBody> {
        let mut response = Response::new(empty());
        if let Some(status) = end.status.and_then(|status| StatusCode::from_u16(status).ok()) {
            *response.status_mut() = status;
            return response;
        }
        let report = TunnelReport::new(&request, way.tls);
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(serve_tunnel(end, upgraded, report, self));
        response
    }

    /// Answers whether a request may pass, as its own controls say.
    async fn authorize(&self, body: &[u8]) -> Result<Response<EchoBody>, CloseConnection> {
        let question = authorization::decode_question(&self.name, body).ok_or(CloseConnection)?;
        let headers = question.headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_str(value).ok()?))
        });
        let headers: HeaderMap = headers.collect();
        let query = question.path.split_once('?').map_or("", |(_, query)| query).to_owned();
        self.journal.record(question);
        let controls = Controls { headers: &headers, query: &query }.of(&self.name);
        tokio::time::sleep(controls.wait("x-echo-delay-ms")).await;
        if controls.get("x-echo-close").is_some() {
            return Err(CloseConnection);
        }
        let status = controls.get("x-echo-status").and_then(|text| status_code(&text)).unwrap_or(StatusCode::OK);
        let mut set: Vec<(String, String)> = Vec::new();
        for text in controls.all("x-echo-header") {
            set.extend(text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        if status != StatusCode::OK {
            set.push((ECHO_BACKEND.to_owned(), self.name.clone()));
        }
        let body = controls.get("x-echo-body").unwrap_or_default();
        Ok(call_answer(authorization::encode_answer(status.as_u16(), &set, body)))
    }

    /// Answers the messages of a stream as they come.
    fn process(&self, headers: &HeaderMap, mut body: Incoming) -> Response<EchoBody> {
        let (sender, receiver) = mpsc::channel(1);
        let name = self.name.clone();
        let mut processing = Processing::begin(headers);
        tokio::spawn(async move {
            while let Some(Ok(frame)) = body.frame().await {
                let Ok(bytes) = frame.into_data() else { break };
                let (answers, goes_on) =
                    processing.take(&bytes, |headers, query| Controls { headers, query }.of(&name).steered(&name));
                for answer in answers {
                    if sender.send(Ok(Frame::data(answer))).await.is_err() {
                        return;
                    }
                }
                if !goes_on {
                    // Whoever waits for an answer sees a broken stream.
                    drop(sender.send(Err(io::Error::other(CloseConnection))).await);
                    return;
                }
            }
            drop(sender.send(Ok(Frame::trailers(grpc::trailers("0", None)))).await);
        });
        let mut response = Response::new(ChannelBody(receiver).boxed_unsync());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(grpc::MEDIA_TYPE));
        response
    }

    /// Answers whether there are too many requests, as what it is told of one says.
    async fn count(&self, body: &[u8]) -> Result<Response<EchoBody>, CloseConnection> {
        let headers = authorization::decode_told(body).ok_or(CloseConnection)?;
        let controls = Controls { headers: &headers, query: "" }.of(&self.name);
        tokio::time::sleep(controls.wait("x-echo-delay-ms")).await;
        if controls.get("x-echo-close").is_some() {
            return Err(CloseConnection);
        }
        let is_too_many = controls.get("x-echo-status").as_deref() == Some("429");
        Ok(call_answer(authorization::encode_count(is_too_many)))
    }

    fn describe(&self, head: &hyper::http::request::Parts, body: &Bytes) -> Received {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        // Of a call, the text of its messages is worth recording.
        let messages = grpc::messages(body).filter(|_| grpc::is_call(&head.headers)).map(|m| m.join(&b'\n'));
        let authority = head.uri.authority().map(ToString::to_string);
        // Over HTTP/2 the URI holds `:authority`; the target is what followed it.
        let path = if head.version == Version::HTTP_2 {
            head.uri.path_and_query().map_or_else(String::new, ToString::to_string)
        } else {
            head.uri.to_string()
        };
        Received {
            backend: self.name.clone(),
            method: head.method.to_string(),
            path,
            version: format!("{:?}", head.version),
            host: head.headers.get(HOST).map(text).or(authority),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body_length: body.len(),
            body: String::from_utf8_lossy(messages.as_deref().unwrap_or(body)).into_owned(),
            tls: None,
            tunnel: None,
            order: 0,
        }
    }

    fn failure(&self, controls: &Controls<'_>) -> Option<Failure> {
        let text = controls.get("x-echo-fail")?;
        let mut parts = text.splitn(3, ':');
        let key = parts.next()?;
        let times: u32 = parts.next()?.parse().ok()?;
        let how = match parts.next() {
            None => Failure::Status(StatusCode::SERVICE_UNAVAILABLE),
            Some("close") => Failure::Close,
            Some(status) => Failure::Status(status_code(status)?),
        };
        (self.journal.count(key) < times).then_some(how)
    }

    fn response(
        &self,
        controls: &Controls<'_>,
        status: StatusCode,
        upgrade: Option<HeaderValue>,
        body: EchoBody,
    ) -> Response<EchoBody> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if let Some(token) = upgrade {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, token);
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Ok(name) = HeaderValue::from_str(&self.name) {
            headers.insert(ECHO_BACKEND, name);
        }
        for text in controls.all("x-echo-header") {
            let Some((name, value)) = text.split_once('=') else { continue };
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name.trim()), HeaderValue::from_str(value)) else {
                continue;
            };
            // How long the body is, and how it is sent, nobody else says: the server would fail on another length.
            if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
                continue;
            }
            // A control that names a header of ours replaces it; further lines are appended.
            if name == CONTENT_TYPE {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        response
    }
}

/// The answer to a call.
fn call_answer(message: Bytes) -> Response<EchoBody> {
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    let body = full(message).with_trailers(std::future::ready(Some(Ok(trailers)))).boxed_unsync();
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// How a request that shall fail is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Status(StatusCode),
    Close,
}

/// The controls of one request.
#[derive(Clone, Copy)]
struct Controls<'a> {
    headers: &'a HeaderMap,
    query: &'a str,
}

impl Controls<'_> {
    /// These, or none at all where they are meant for another backend.
    fn of(self, backend: &str) -> Self {
        static NOTHING: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        if self.get("x-echo-for").is_none_or(|name| name == backend) {
            return self;
        }
        Controls { headers: &NOTHING, query: "" }
    }

    fn all(&self, name: &str) -> Vec<String> {
        let lines = self.headers.get_all(name).iter();
        let headers: Vec<_> = lines.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        if !headers.is_empty() {
            return headers;
        }
        parameters(self.query, name)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// What a server of this name does with what it is handed.
    fn steered(&self, name: &str) -> Steered {
        let pairs = |control: &str| {
            let texts = self.all(control).into_iter();
            let pairs = texts.filter_map(|text| {
                text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
            });
            pairs.collect::<Vec<_>>()
        };
        let status = self.get("x-echo-status").and_then(|text| status_code(&text)).map(|status| status.as_u16());
        let mut headers = pairs("x-echo-header");
        if status.is_some() {
            headers.push((ECHO_BACKEND.to_owned(), name.to_owned()));
        }
        Steered {
            status,
            headers,
            response_headers: pairs("x-echo-response-header"),
            body: self.get("x-echo-body").unwrap_or_default(),
            closes: self.get("x-echo-close").is_some(),
        }
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    fn wait(&self, name: &str) -> Duration {
        Duration::from_millis(self.number(name).unwrap_or(0)).min(MAX_WAIT)
    }

    fn body(&self, received: &Received) -> EchoBody {
        if let Some(chunks) = self.number("x-echo-chunks") {
            let chunk = |chunk| Bytes::from(format!("chunk {chunk}\n"));
            return stream(
                chunks.min(MAX_CHUNKS),
                self.wait("x-echo-gap-ms"),
                chunk,
                self.broken().unwrap_or(End::Body),
            );
        }
        full(self.report(received))
    }

    /// The body and the trailers of a gRPC call: its chunks as messages, or one
    /// message with the report; none when the call fails.
    fn call(&self, received: &Received) -> EchoBody {
        let status = self.get("x-echo-grpc-status").unwrap_or_else(|| "0".to_owned());
        let end = self.broken().unwrap_or_else(|| End::Trailers(grpc::trailers(&status, None)));
        let report = self.report(received);
        match self.number("x-echo-chunks") {
            Some(chunks) => {
                let message = |chunk| Bytes::from(grpc::frame(format!("chunk {chunk}").as_bytes()));
                stream(chunks.min(MAX_CHUNKS), self.wait("x-echo-gap-ms"), message, end)
            }
            None => {
                let count = u64::from(status == "0");
                stream(count, Duration::ZERO, move |_| Bytes::from(grpc::frame(&report)), end)
            }
        }
    }

    fn report(&self, received: &Received) -> Bytes {
        match self.get("x-echo-body") {
            Some(text) => Bytes::from(text),
            None => Bytes::from(serde_json::to_vec_pretty(received).unwrap_or_default()),
        }
    }

    fn broken(&self) -> Option<End> {
        (self.get("x-echo-close").as_deref() == Some("body")).then_some(End::Broken)
    }
}

fn status_code(text: &str) -> Option<StatusCode> {
    text.parse().ok().and_then(|code| StatusCode::from_u16(code).ok()).filter(|code| !code.is_informational())
}

async fn read(body: Incoming) -> Option<Bytes> {
    Limited::new(body, MAX_BODY).collect().await.ok().map(http_body_util::Collected::to_bytes)
}

fn full(bytes: Bytes) -> EchoBody {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
}

fn empty() -> EchoBody {
    full(Bytes::new())
}

/// How a streamed body ends.
enum End {
    /// With its last chunk.
    Body,
    /// With these trailers.
    Trailers(HeaderMap),
    /// As a broken connection.
    Broken,
}

/// A body of chunks with a gap before each.
fn stream(chunks: u64, gap: Duration, chunk: impl Fn(u64) -> Bytes + Send + 'static, end: End) -> EchoBody {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for number in 0..chunks {
            tokio::time::sleep(gap).await;
            if sender.send(Ok(Frame::data(chunk(number)))).await.is_err() {
                return;
            }
        }
        // A receiver that has gone does not miss the end.
        match end {
            End::Body => {}
            End::Trailers(trailers) => drop(sender.send(Ok(Frame::trailers(trailers))).await),
            End::Broken => {
                // The chunks must be on the wire before the connection breaks.
                tokio::time::sleep(Duration::from_millis(50)).await;
                drop(sender.send(Err(io::Error::other(CloseConnection))).await);
            }
        }
    });
    ChannelBody(receiver).boxed_unsync()
}

struct ChannelBody(mpsc::Receiver<io::Result<Frame<Bytes>>>);

impl Body for ChannelBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(cx)
    }
}

/// Sends every byte of an upgraded stream back.
async fn echo_stream(upgraded: hyper::upgrade::OnUpgrade) {
    let Ok(stream) = upgraded.await else { return };
    let (mut from, mut to) = tokio::io::split(TokioIo::new(stream));
    let _ = tokio::time::timeout(MAX_STREAM, tokio::io::copy(&mut from, &mut to)).await;
}
