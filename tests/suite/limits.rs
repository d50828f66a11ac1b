//! Limits of Envoy's own that no manifest asks for. Each test holds more calls
//! open at a time than the limit: the backend answers none of them before it
//! has all.

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
    ]
}

/// Envoy's guidance for the edge is 100 streams, and a client of gRPC opens no second connection.
fn streams(harness: &Harness) -> Result<(), String> {
    hold_open(harness, 1, AT_ONCE, str::to_owned)?;
    let of_the_edge = "max_concurrent_streams: 100\n            initial_stream_window_size";
    let limited = hold_open(harness, 1, IN_VAIN, |text| text.replace("initial_stream_window_size", of_the_edge));
    expect_none("100 streams", limited)
}

/// Envoy's circuit breakers open at 1,024 requests.
fn requests(harness: &Harness) -> Result<(), String> {
    hold_open(harness, 8, AT_ONCE, str::to_owned)?;
    let limited = hold_open(harness, 8, IN_VAIN, |text| text.replace("max_requests: 1000000", "max_requests: 1024"));
    expect_none("1,024 requests", limited)
}

fn expect_none(limit: &str, result: Result<(), String>) -> Result<(), String> {
    match result {
        Err(reason) if reason.contains("got to the backend") => Ok(()),
        other => Err(format!("with a limit of {limit}: {other:?}")),
    }
}

/// Sends 150 calls over each of `connections`, and expects every one of them to be answered.
fn hold_open(
    harness: &Harness,
    connections: usize,
    limit: Duration,
    change: impl Fn(&str) -> String,
) -> Result<(), String> {
    const CALLS: usize = 150;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let all = connections * CALLS;
    let backend = runtime.block_on(backend(all)).map_err(|error| error.to_string())?;
    let resolve = format!("--resolve=shop/feed:50051={backend}");
    let proxy = proxy::start(harness, "grpc/long-stream", &[&resolve], change)?;
    let answers = runtime.block_on(async {
        let mut senders = JoinSet::new();
        for _ in 0..connections {
            let sender = connect(proxy.address).await?;
            for _ in 0..CALLS {
                senders.spawn(is_held(sender.clone(), limit));
            }
        }
        Ok::<_, String>(senders.join_all().await)
    })?;
    let answered = answers.iter().filter(|answer| **answer == Ok(true)).count();
    let first = answers.iter().find(|answer| **answer != Ok(true));
    if answered == all { Ok(()) } else { Err(format!("{answered} of {all} calls got to the backend: {first:?}")) }
}

/// Whether the backend itself answers a call.
async fn is_held(mut sender: http2::SendRequest<Empty<Bytes>>, limit: Duration) -> Result<bool, String> {
    let answer = tokio::time::timeout(limit, sender.send_request(call())).await;
    let answer = answer.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())?;
    Ok(answer.headers().contains_key("x-held"))
}

/// A backend that answers calls when it has `all` of them.
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

fn call() -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = hyper::Uri::from_static("http://grpc.example.com/shop.Feed/Watch");
    let value = hyper::header::HeaderValue::from_static("application/grpc");
    request.headers_mut().insert("content-type", value);
    request
}
