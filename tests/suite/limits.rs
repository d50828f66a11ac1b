//! Limits of Envoy's own that no manifest asks for. Each test holds more calls,
//! requests or connections open at a time than the limit: the backend answers
//! none of them before it has all.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use libtest_mimic::Trial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::harness::Harness;
use crate::proxy;

/// How long all answers together may take, and how long those are waited for that must not come.
const AT_ONCE: Duration = Duration::from_secs(20);
const IN_VAIN: Duration = Duration::from_secs(3);

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, test: fn(&Harness) -> Result<(), String>| {
        let harness = harness.clone();
        Trial::test(name, move || Ok(test(&harness)?))
    };
    vec![
        test("limits::a_client_holds_more_than_a_hundred_calls_on_one_connection", streams),
        test("limits::a_backend_has_more_than_a_thousand_calls_in_hand", requests),
        test("limits::a_backend_of_http1_has_more_than_a_thousand_requests_in_hand", requests_of_http1),
        test("limits::a_tcp_backend_has_more_than_a_thousand_connections", connections),
    ]
}

/// Envoy's guidance for the edge is 100 streams, and a client of gRPC opens no second connection.
fn streams(harness: &Harness) -> Result<(), String> {
    hold_open(harness, &calls(1), AT_ONCE, str::to_owned)?;
    let of_the_edge = "max_concurrent_streams: 100\n            initial_stream_window_size";
    let limited =
        hold_open(harness, &calls(1), IN_VAIN, |text| text.replace("initial_stream_window_size", of_the_edge));
    expect_none("100 streams", limited)
}

/// Envoy's circuit breakers open at 1,024 requests.
fn requests(harness: &Harness) -> Result<(), String> {
    hold_open(harness, &calls(8), AT_ONCE, str::to_owned)?;
    let limited =
        hold_open(harness, &calls(8), IN_VAIN, |text| text.replace("max_requests: 1000000", "max_requests: 1024"));
    expect_none("1,024 requests", limited)
}

/// Each request that an HTTP/1.1 backend has in hand takes a connection of its own.
fn requests_of_http1(harness: &Harness) -> Result<(), String> {
    let held = Held { case: "http/proxy-defaults", backend: "shop/a:80", connections: 12, each: 95, is_call: false };
    hold_open(harness, &held, AT_ONCE, str::to_owned)?;
    expect_none("1,024 connections", hold_open(harness, &held, IN_VAIN, fewer_connections))
}

fn fewer_connections(text: &str) -> String {
    text.replace("max_connections: 1000000", "max_connections: 1024")
}

/// Connections that are handed on as they are: beyond the limit Envoy closes them.
fn connections(harness: &Harness) -> Result<(), String> {
    hold_connections(harness, AT_ONCE, str::to_owned)?;
    expect_none("1,024 connections", hold_connections(harness, IN_VAIN, fewer_connections))
}

fn expect_none(limit: &str, result: Result<(), String>) -> Result<(), String> {
    match result {
        Err(reason) if reason.contains("got to the backend") => Ok(()),
        other => Err(format!("with a limit of {limit}: {other:?}")),
    }
}

/// What is held open.
struct Held {
    case: &'static str,
    /// The backend, as `--resolve` names it.
    backend: &'static str,
    /// Over how many connections of HTTP/2, and how many over each.
    connections: usize,
    each: usize,
    is_call: bool,
}

fn calls(connections: usize) -> Held {
    Held { case: "grpc/long-stream", backend: "shop/feed:50051", connections, each: 150, is_call: true }
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())
}

/// Opens 1,100 connections of bytes, and expects the backend to answer each of them.
fn hold_connections(harness: &Harness, limit: Duration, change: impl Fn(&str) -> String) -> Result<(), String> {
    const ALL: usize = 1100;
    let runtime = runtime()?;
    let backend = runtime.block_on(stream_backend(ALL)).map_err(|error| error.to_string())?;
    let resolve = format!("--resolve=shop/queue:5672={backend}");
    let proxy = proxy::start(harness, "tcp/many-connections", &[&resolve], change)?;
    let answers = runtime.block_on(async {
        let mut clients = JoinSet::new();
        for _ in 0..ALL {
            clients.spawn(is_answered(proxy.address, limit));
        }
        clients.join_all().await
    });
    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    let first = answers.iter().find(|answer| answer.is_err());
    if answered == ALL { Ok(()) } else { Err(format!("{answered} of {ALL} connections got to the backend: {first:?}")) }
}

/// Sends a byte, and waits for the one of the backend.
async fn is_answered(address: SocketAddr, limit: Duration) -> Result<(), String> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"?").await?;
        stream.read_u8().await
    };
    let answer = tokio::time::timeout(limit, exchange).await.map_err(|_| "no answer".to_owned())?;
    answer.map(drop).map_err(|error| error.to_string())
}

/// A backend that sends a byte on each connection when it has `all` of them.
async fn stream_backend(all: usize) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let barrier = Arc::new(Barrier::new(all));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                if stream.read_u8().await.is_ok() {
                    barrier.wait().await;
                    // A connection that breaks off shows at the client.
                    drop(stream.write_all(b"!").await);
                }
            });
        }
    });
    Ok(address)
}

/// Sends requests over several connections, and expects the backend to answer every one of them.
fn hold_open(harness: &Harness, held: &Held, limit: Duration, change: impl Fn(&str) -> String) -> Result<(), String> {
    let Held { case, backend: name, connections, each, is_call } = *held;
    let runtime = runtime()?;
    let all = connections * each;
    let backend = runtime.block_on(backend(all)).map_err(|error| error.to_string())?;
    let resolve = format!("--resolve={name}={backend}");
    let proxy = proxy::start(harness, case, &[&resolve], change)?;
    let answers = runtime.block_on(async {
        let mut senders = JoinSet::new();
        for _ in 0..connections {
            let sender = connect(proxy.address).await?;
            for _ in 0..each {
                senders.spawn(is_held(sender.clone(), is_call, limit));
            }
        }
        Ok::<_, String>(senders.join_all().await)
    })?;
    let answered = answers.iter().filter(|answer| **answer == Ok(true)).count();
    let first = answers.iter().find(|answer| **answer != Ok(true));
    if answered == all { Ok(()) } else { Err(format!("{answered} of {all} calls got to the backend: {first:?}")) }
}

/// Whether the backend itself answers a request.
async fn is_held(mut sender: http2::SendRequest<Empty<Bytes>>, is_call: bool, limit: Duration) -> Result<bool, String> {
    let request = if is_call { call() } else { get() };
    let answer = tokio::time::timeout(limit, sender.send_request(request)).await;
    let answer = answer.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())?;
    Ok(answer.headers().contains_key("x-held"))
}

/// A backend that answers calls and other requests when it has `all` of them.
async fn backend(all: usize) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let barrier = Arc::new(Barrier::new(all));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let barrier = Arc::clone(&barrier);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let barrier = Arc::clone(&barrier);
                async move {
                    // The client has nothing to say; what it may have said goes nowhere.
                    drop(request.into_body().collect().await);
                    barrier.wait().await;
                    let answer = Response::builder().header("content-type", "application/grpc");
                    let answer = answer.header("grpc-status", "0").header("x-held", "1");
                    Ok::<_, Infallible>(answer.body(Empty::<Bytes>::new()).unwrap_or_default())
                }
            });
            tokio::spawn(async move {
                let mut builder = auto::Builder::new(TokioExecutor::new());
                builder.http2().max_concurrent_streams(None);
                // A connection that breaks off shows in the answers.
                drop(builder.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    Ok(address)
}

async fn connect(address: SocketAddr) -> Result<http2::SendRequest<Empty<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

fn get() -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = hyper::Uri::from_static("http://a.example.com/");
    request
}

fn call() -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = hyper::Uri::from_static("http://grpc.example.com/shop.Feed/Watch");
    let value = hyper::header::HeaderValue::from_static("application/grpc");
    request.headers_mut().insert("content-type", value);
    request
}
