//! What a collector of OpenTelemetry gets: spans that say route and backend, and the entries of the access log.
//!
//! The collector is written here: OTLP over gRPC, of whose messages it reads what the tests look at.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use libtest_mimic::Trial;
use prost::Message;
use tokio::net::TcpListener;

use crate::harness::Harness;
use crate::proxy;

/// Envoy sends spans every five seconds, and entries of logs every second.
const ARRIVAL: Duration = Duration::from_secs(30);
const AT_ONCE: Duration = Duration::from_secs(5);
/// How long the spans are waited for that must not come: longer than Envoy keeps them.
const IN_VAIN: Duration = Duration::from_secs(7);

/// A trace that a client has begun.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// The route and the backend of the case.
const ROUTE: &str = "httproute/shop/all/rule/0/match/0";
const BACKEND: &str = "shop/a/80";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, test: fn(&Harness) -> Result<(), String>| {
        let harness = harness.clone();
        Trial::test(name, move || Ok(test(&harness)?))
    };
    vec![
        test("tracing::spans_say_route_and_backend_and_belong_to_the_trace_of_the_client", spans),
        test("tracing::a_collector_gets_the_access_log", logs),
        test("tracing::only_a_share_begins_a_trace", shares),
        test("tracing::a_collector_that_is_gone_holds_no_request_up", no_collector),
        test("tracing::spans_of_a_listener_get_to_its_upstream", of_listeners),
    ]
}

fn spans(harness: &Harness) -> Result<(), String> {
    let (collector, (backend, heads)) = (Collector::start()?, proxy::backend(Duration::ZERO)?);
    let tracing = format!("--tracing=otlp={}", collector.address);
    let proxy = start(harness, backend, &[&tracing])?;
    ask(&proxy, &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n"))?;
    let head = heads.recv_timeout(AT_ONCE).map_err(|error| error.to_string())?;
    proxy::expect("request", &head, &format!("traceparent: 00-{TRACE}-"))?;
    let arrived = collector.wait(|received| received.spans.len() >= 2)?;
    let find = |kind| arrived.spans.iter().find(|span| span.kind == kind);
    let (Some(request), Some(upstream)) = (find(SERVER), find(CLIENT)) else {
        return Err(format!("no span of each kind: {arrived:?}"));
    };
    proxy::expect("the span of the request", &request.name, &format!("GET {ROUTE}"))?;
    proxy::expect("the span of the try", &upstream.name, BACKEND)?;
    proxy::expect("service", &arrived.services.join(","), "gwctl")?;
    if [request, upstream].iter().any(|span| hex(&span.trace_id) != TRACE) {
        return Err(format!("another trace: {arrived:?}"));
    }
    if hex(&request.parent_span_id) != PARENT || upstream.parent_span_id != request.span_id {
        return Err(format!("the spans do not hang together: {arrived:?}"));
    }
    // The backend goes on where the last span ends.
    proxy::expect("request", &head, &hex(&upstream.span_id))
}

fn logs(harness: &Harness) -> Result<(), String> {
    let (collector, (backend, _heads)) = (Collector::start()?, proxy::backend(Duration::ZERO)?);
    let (log, tracing) =
        (format!("--access-log=otlp={}", collector.address), format!("--tracing=otlp={}", collector.address));
    let proxy = start(harness, backend, &[&log, &tracing, "--access-log-format=json"])?;
    ask(&proxy, &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n"))?;
    let arrived = collector.wait(|received| !received.records.is_empty())?;
    let Some(record) = arrived.records.first() else { return Err("no entry".to_owned()) };
    let attribute = |key: &str| record.attributes.iter().find(|one| one.key == key).map(KeyValue::text);
    let expected = [("route_name", ROUTE), ("upstream_cluster", BACKEND), ("method", "GET"), ("response_code", "200")];
    for (key, value) in expected {
        if attribute(key).as_deref() != Some(value) {
            return Err(format!("`{key}` is not `{value}`: {record:?}"));
        }
    }
    proxy::expect("body", &record.body.as_ref().map(AnyValue::text).unwrap_or_default(), &format!("\"{ROUTE}\""))?;
    if hex(&record.trace_id) != TRACE { Err(format!("another trace: {record:?}")) } else { Ok(()) }
}

fn shares(harness: &Harness) -> Result<(), String> {
    let (collector, (backend, _heads)) = (Collector::start()?, proxy::backend(Duration::ZERO)?);
    let proxy = start(harness, backend, &[&format!("--tracing=otlp={},0", collector.address)])?;
    for _ in 0..20 {
        ask(&proxy, "x-client-trace-id: forced\r\nx-envoy-force-trace: true\r\n")?;
    }
    thread::sleep(IN_VAIN);
    let none = collector.now();
    if !none.spans.is_empty() {
        return Err(format!("a share of 0 percent makes spans: {none:?}"));
    }
    // A trace that has begun goes on.
    ask(&proxy, &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n"))?;
    collector.wait(|received| received.spans.len() >= 2).map(|_| ())
}

fn no_collector(harness: &Harness) -> Result<(), String> {
    let (backend, _heads) = proxy::backend(Duration::ZERO)?;
    // Nobody listens there.
    let gone = proxy::free_port()?;
    let (tracing, log) = (format!("--tracing=otlp={gone}"), format!("--access-log=otlp={gone}"));
    let proxy = start(harness, backend, &[&tracing, &log])?;
    (0..50).try_for_each(|_| ask(&proxy, ""))
}

/// Each listener of the case sends its spans to an Upstream of its own, as it has them.
fn of_listeners(harness: &Harness) -> Result<(), String> {
    let (collector, (backend, _heads)) = (Collector::start()?, proxy::backend(Duration::ZERO)?);
    let ((zipkin, of_zipkin), (datadog, of_datadog)) =
        (proxy::backend(Duration::ZERO)?, proxy::backend(Duration::ZERO)?);
    let ports = [proxy::free_port()?, proxy::free_port()?, proxy::free_port()?];
    let flags = [
        format!("--resolve=shop/cart:80={backend}"),
        format!("--resolve=traces/zipkin:9411={zipkin}"),
        format!("--resolve=traces/telemetry:4317={}", collector.address),
        format!("--resolve=traces/datadog:8126={datadog}"),
        format!("--port-map=81={}", ports[0].port()),
        format!("--port-map=82={}", ports[1].port()),
        format!("--port-map=83={}", ports[2].port()),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let proxy = proxy::start(harness, "http-listener-option/spans", &flags, str::to_owned)?;
    let asked = |address, path| proxy::expect("status", &proxy::get_with(address, path, "", "", AT_ONCE)?, "200");
    for _ in 0..6 {
        asked(proxy.address, "/named")?;
        asked(ports[0], "/named")?;
        asked(ports[1], "/named")?;
    }
    let head = of_zipkin.recv_timeout(ARRIVAL).map_err(|error| format!("nothing for Zipkin: {error}"))?;
    proxy::expect("spans for Zipkin", &head, "post /api/v2/spans")?;
    let head = of_datadog.recv_timeout(ARRIVAL).map_err(|error| format!("nothing for Datadog: {error}"))?;
    proxy::expect("spans for Datadog", &head, "host: agent.example")?;
    let arrived = collector.wait(|received| !received.spans.is_empty())?;
    proxy::expect("service", &arrived.services.join(","), "shop")?;
    let names: Vec<&str> = arrived.spans.iter().map(|span| span.name.as_str()).collect();
    proxy::expect("names", &names.join(","), "the named rule")
}

fn start(harness: &Harness, backend: SocketAddr, flags: &[&str]) -> Result<proxy::Proxy, String> {
    let resolve = format!("--resolve=shop/a:80={backend}");
    let flags: Vec<&str> = flags.iter().copied().chain([resolve.as_str()]).collect();
    proxy::start(harness, "http/proxy-defaults", &flags, str::to_owned)
}

fn ask(proxy: &proxy::Proxy, lines: &str) -> Result<(), String> {
    proxy::expect("status", &proxy::get_with(proxy.address, "/", "", lines, AT_ONCE)?, "200")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A collector on loopback.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Arrived>>,
    _runtime: tokio::runtime::Runtime,
}

/// What it has received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    spans: Vec<Span>,
    pub(crate) records: Vec<LogRecord>,
    /// The names of the services that sent them.
    services: Vec<String>,
}

impl Collector {
    pub(crate) fn start() -> Result<Self, String> {
        let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let received = Arc::new(Mutex::new(Arrived::default()));
        let own = received.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let received = own.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| take(request, received.clone()));
                    // A proxy that ends cuts its connection.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .http2_only()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self { address, received, _runtime: runtime })
    }

    fn now(&self) -> Arrived {
        self.received.lock().map(|received| received.clone()).unwrap_or_default()
    }

    pub(crate) fn wait(&self, is_there: impl Fn(&Arrived) -> bool) -> Result<Arrived, String> {
        let deadline = Instant::now() + ARRIVAL;
        while Instant::now() < deadline {
            let now = self.now();
            if is_there(&now) {
                return Ok(now);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the collector got {:?}", self.now()))
    }
}

/// Takes one export and accepts it.
async fn take(
    request: Request<Incoming>,
    received: Arc<Mutex<Arrived>>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let message = body.get(5..).unwrap_or_default();
    let status = match (path.as_str(), received.lock()) {
        ("/opentelemetry.proto.collector.trace.v1.TraceService/Export", Ok(mut received)) => {
            Spans::decode(message).map(|spans| received.add_spans(spans)).map_or("3", |()| "0")
        }
        ("/opentelemetry.proto.collector.logs.v1.LogsService/Export", Ok(mut received)) => {
            Logs::decode(message).map(|logs| received.add_logs(logs)).map_or("3", |()| "0")
        }
        _ => "12",
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", hyper::header::HeaderValue::from_static(status));
    // An empty message: everything was accepted.
    let answer = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(answer);
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/grpc"));
    Ok(response)
}

impl Arrived {
    fn add_spans(&mut self, spans: Spans) {
        for ResourceSpans { resource, scopes } in spans.resources {
            self.services.extend(resource.iter().filter_map(Resource::service));
            self.spans.extend(scopes.into_iter().flat_map(|scope| scope.spans));
        }
    }

    fn add_logs(&mut self, logs: Logs) {
        for ResourceLogs { resource, scopes } in logs.resources {
            self.services.extend(resource.iter().filter_map(Resource::service));
            self.records.extend(scopes.into_iter().flat_map(|scope| scope.records));
        }
    }
}

// What the tests read of https://github.com/open-telemetry/opentelemetry-proto.

/// The kinds of spans: what was received, and what was sent.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

#[derive(Clone, PartialEq, Message)]
struct Spans {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Logs {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LogRecord {
    #[prost(message, optional, tag = "5")]
    pub(crate) body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    pub(crate) attributes: Vec<KeyValue>,
    #[prost(bytes = "vec", tag = "9")]
    trace_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnyValue {
    #[prost(string, tag = "1")]
    string: String,
}

impl Resource {
    fn service(&self) -> Option<String> {
        self.attributes.iter().find(|one| one.key == "service.name").map(KeyValue::text)
    }
}

impl KeyValue {
    pub(crate) fn text(&self) -> String {
        self.value.as_ref().map(AnyValue::text).unwrap_or_default()
    }
}

impl AnyValue {
    pub(crate) fn text(&self) -> String {
        self.string.clone()
    }
}
