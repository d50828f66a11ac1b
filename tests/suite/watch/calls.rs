//! gRPC under load: a backend that returns messages as they come, and clients whose calls last one message or many.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http2;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::load::{Load, Met};
use crate::process::fail;

/// How long a message may be on its way and back.
const LIMIT: Duration = Duration::from_secs(15);
/// The method that is called.
const PATH: &str = "/load.Echo/Talk";

/// A server of calls over HTTP/2: each gets its messages back, and status 0 at its end.
pub(super) fn backend(load: &Load) -> Result<u16, String> {
    let listener = load.runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(fail)?;
    let port = listener.local_addr().map_err(fail)?.port();
    load.runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(talk)));
        }
    });
    Ok(port)
}

async fn talk(
    request: Request<Incoming>,
) -> Result<Response<impl Body<Data = Bytes, Error = hyper::Error>>, Infallible> {
    let mut status = HeaderMap::new();
    status.insert("grpc-status", HeaderValue::from_static("0"));
    let mut response = Response::new(request.into_body().with_trailers(async move { Some(Ok(status)) }));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// The messages of a call, each when it is sent.
struct Messages(mpsc::Receiver<Bytes>);

impl Body for Messages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|message| message.map(|message| Ok(Frame::data(message))))
    }
}

type Sender = http2::SendRequest<Messages>;

/// A client of calls that have this many messages, with a pause between them.
pub(super) fn add(load: &Load, name: &'static str, gateway: SocketAddr, host: &'static str, messages: usize) {
    load.add_client(move |met: Arc<Met>| async move {
        let mut connection = None;
        while !met.is_over() {
            let is_reused = connection.is_some();
            let sender = match connection.take() {
                Some(sender) => Ok(sender),
                None => open(gateway).await,
            };
            let called = match sender {
                Ok(sender) => call(sender, host, messages, &met).await,
                Err(why) => Err(Failed::Connection(why)),
            };
            match called {
                Ok(sender) => connection = Some(sender),
                // A connection that waits for a call may be closed at any time; clients then call again.
                Err(Failed::Connection(_)) if is_reused => {}
                Err(Failed::Connection(why) | Failed::Call(why)) => met.fail(format!("{name}: {why}")),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
}

/// Why a call came to nothing.
enum Failed {
    /// Nobody has begun to answer it.
    Connection(String),
    /// It was answered, and not to its end.
    Call(String),
}

async fn open(gateway: SocketAddr) -> Result<Sender, String> {
    let stream = TcpStream::connect(gateway).await.map_err(fail)?;
    let _ = stream.set_nodelay(true);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(fail)?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn call(mut sender: Sender, host: &str, messages: usize, met: &Met) -> Result<Sender, Failed> {
    let unsent = |error: &dyn std::fmt::Debug| Failed::Connection(format!("{error:?}"));
    sender.ready().await.map_err(|error| unsent(&error))?;
    let (said, body) = mpsc::channel(1);
    let request = Request::post(format!("http://{host}{PATH}")).header("content-type", "application/grpc");
    let request = request.header("te", "trailers").body(Messages(body)).map_err(|error| unsent(&error))?;
    let first = framed(0);
    said.send(first.clone()).await.map_err(|error| unsent(&error))?;
    let answer = tokio::time::timeout(LIMIT, sender.send_request(request)).await;
    let answer = answer.map_err(|_| Failed::Call("no answer".to_owned()))?.map_err(|error| unsent(&error))?;
    let why = |what: &str, answer: &dyn std::fmt::Debug| Failed::Call(format!("{what} {answer:?}"));
    if answer.status() != 200 || answer.headers().contains_key("grpc-status") {
        return Err(why("answered with", &(answer.status(), answer.headers())));
    }
    let mut answer = answer.into_body();
    let mut pending = first;
    for number in 1..=messages {
        let mut left = pending.len();
        while left > 0 {
            let frame = tokio::time::timeout(LIMIT, answer.frame()).await;
            let frame = frame.map_err(|_| Failed::Call(format!("message {number} did not come back")))?;
            let frame = frame.ok_or_else(|| Failed::Call(format!("it ended at message {number}")))?;
            let frame = frame.map_err(|error| why("it broke off:", &error))?;
            let data = frame.into_data().map_err(|frame| why("ended early by", &frame.into_trailers().ok()))?;
            left = left.checked_sub(data.len()).ok_or_else(|| why("too much came back:", &data))?;
        }
        met.count();
        if number < messages && !met.is_over() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            pending = framed(number);
            said.send(pending.clone()).await.map_err(|_| Failed::Call("nobody reads the call".to_owned()))?;
        } else {
            break;
        }
    }
    drop(said);
    let end = tokio::time::timeout(LIMIT, answer.collect()).await.map_err(|_| Failed::Call("no end".to_owned()))?;
    let end = end.map_err(|error| why("it broke off at its end:", &error))?;
    match end.trailers().and_then(|trailers| trailers.get("grpc-status")) {
        Some(status) if status == "0" => Ok(sender),
        _ => Err(why("it ended with", &end.trailers())),
    }
}

/// A message as it stands on the wire.
fn framed(number: usize) -> Bytes {
    let text = format!("message {number}");
    let length = u32::try_from(text.len()).unwrap_or_default().to_be_bytes();
    [&[0], &length[..], text.as_bytes()].concat().into()
}
