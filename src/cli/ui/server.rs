//! The server of the page: it answers whoever is on this machine and asks for it by its own name, and has three things to give.
//!
//! A page of another site may send requests here, and a name of that site may lead here. So the `Host` has to be the address, what a
//! browser says of where a request comes from has to be this page, and nothing allows other pages to read an answer.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::server::conn::http1;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::ask::{Answered, Asked};

/// So long may a request be that somebody types.
const LONGEST: usize = 16 * 1024;
/// So many connections are served at once.
const MOST: usize = 64;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// What goes with every answer: nothing is kept, framed or taken for anything else.
const ALWAYS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("content-security-policy", "frame-ancestors 'none'"),
];

/// What is served now.
#[derive(Default)]
pub(super) struct Shared(RwLock<Option<Arc<Asked>>>);

impl Shared {
    /// Shows something else from now on.
    pub(super) fn show(&self, asked: Asked) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(asked));
    }

    fn now(&self) -> Option<Arc<Asked>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(Arc::clone)
    }
}

/// The server, which runs until it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    pub(super) fn start(address: SocketAddr, shared: &Arc<Shared>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        runtime.spawn(accept(listener, address, Arc::clone(shared)));
        Ok(Self { address, _runtime: runtime })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| {
                        let shared = Arc::clone(&shared);
                        async move { Ok::<_, Infallible>(answer(request, address, &shared).await) }
                    });
                    let mut builder = http1::Builder::new();
                    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
                    // A connection that breaks is the client's business.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    drop(place);
                });
            }
            // Out of descriptors: leave the connections time to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn answer(request: Request<Incoming>, address: SocketAddr, shared: &Shared) -> Response<Full<Bytes>> {
    if !is_for_us(request.headers(), address) {
        return respond(StatusCode::FORBIDDEN, "text/plain; charset=utf-8", "this page is for this machine alone\n");
    }
    let Some(now) = shared.now() else {
        return respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "not compiled yet\n");
    };
    let (method, path) = (request.method(), request.uri().path());
    match (method, path) {
        (&Method::GET | &Method::HEAD, "/") => {
            respond(StatusCode::OK, "text/html; charset=utf-8", now.page.text.to_vec())
        }
        (&Method::GET | &Method::HEAD, "/version") => {
            respond(StatusCode::OK, "text/plain; charset=utf-8", now.version.to_string())
        }
        (&Method::POST, "/ask") => {
            let read = Limited::new(request.into_body(), LONGEST).collect();
            let answered = match tokio::time::timeout(PATIENCE, read).await {
                Ok(Ok(body)) => match String::from_utf8(body.to_bytes().to_vec()) {
                    Ok(line) => {
                        let simulated = tokio::task::spawn_blocking(move || now.answer(&line)).await;
                        simulated.unwrap_or_else(|_| Answered::refused("the simulator has no answer"))
                    }
                    Err(_) => Answered::refused("the request is no text"),
                },
                _ => Answered::refused("the request is too long"),
            };
            let text = serde_json::to_string(&answered).unwrap_or_default();
            respond(StatusCode::OK, "application/json", text)
        }
        (_, "/" | "/version" | "/ask") => {
            respond(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "not so\n")
        }
        _ => respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "there is one page: /\n"),
    }
}

/// Whether a request asks for this server by its own name, and comes from its own page or from nobody's.
fn is_for_us(headers: &HeaderMap, address: SocketAddr) -> bool {
    let port = address.port();
    let own = [address.to_string(), format!("localhost:{port}")];
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    let is_own = host.is_some_and(|host| own.iter().any(|own| own.eq_ignore_ascii_case(host)));
    let origin = headers.get(ORIGIN);
    let is_same = origin.is_none_or(|origin| {
        host.is_some_and(|host| {
            origin.to_str().is_ok_and(|origin| origin.eq_ignore_ascii_case(&format!("http://{host}")))
        })
    });
    let site = headers.get("sec-fetch-site");
    is_own && is_same && site.is_none_or(|site| site == "same-origin" || site == "none")
}

fn respond(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
