//! Clients that ask a gateway all the time, each in its own way, and remember what failed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// How a client asks.
#[derive(Clone)]
pub(crate) enum Way {
    /// HTTP/1.1 over a new connection each time.
    New,
    /// HTTP/1.1 over one connection for as long as it may be used.
    Kept,
    /// The same with HTTP/2.
    Http2,
    /// HTTP/1.1 over TLS, by a new connection each time.
    Tls(TlsConnector),
}

/// What clients met.
#[derive(Debug, Default)]
pub(crate) struct Met {
    answered: AtomicUsize,
    failures: Mutex<Vec<String>>,
    is_over: AtomicBool,
    /// The edit that is made.
    edit: AtomicUsize,
}

/// Clients that run until they are stopped.
pub(crate) struct Load {
    pub(crate) runtime: tokio::runtime::Runtime,
    met: Arc<Met>,
    clients: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Load {
    pub(crate) fn new() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(|error| error.to_string())?,
            met: Arc::default(),
            clients: Mutex::default(),
        })
    }

    /// Says which edit failures happen at.
    pub(super) fn say(&self, edit: usize) {
        self.met.edit.store(edit, Ordering::Relaxed);
    }

    /// One more client.
    pub(crate) fn add(&self, name: &'static str, gateway: SocketAddr, host: &'static str, way: Way) {
        self.add_client(move |met| async move { ask_on(&met, name, gateway, host, way).await });
    }

    /// One more client of whatever kind, which goes on until it is over.
    pub(super) fn add_client<C: Future<Output = ()> + Send + 'static>(&self, client: impl FnOnce(Arc<Met>) -> C) {
        let client = self.runtime.spawn(client(Arc::clone(&self.met)));
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(client);
    }

    /// Stops all; how many requests were answered, and which were not.
    pub(crate) fn stop(self) -> (usize, Vec<String>) {
        self.met.is_over.store(true, Ordering::Relaxed);
        // Whoever is in the middle of a request ends it first: a runtime takes their connections away before.
        let clients = self.clients.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.runtime.block_on(async {
            for client in clients {
                // A client that panics has told so, and one that does not end is cut off.
                let _ = tokio::time::timeout(Duration::from_secs(20), client).await;
            }
        });
        self.runtime.shutdown_timeout(Duration::from_secs(10));
        let failures = self.met.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.met.answered.load(Ordering::Relaxed), failures)
    }
}

/// A connection.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

pub(crate) async fn open(gateway: SocketAddr, host: &str, way: &Way) -> Result<Sender, String> {
    let stream = TcpStream::connect(gateway).await.map_err(|error| format!("no connection: {error}"))?;
    open_over(stream, host, way).await
}

/// Speaks over a connection that is there.
pub(crate) async fn open_over(stream: TcpStream, host: &str, way: &Way) -> Result<Sender, String> {
    let fail = |error: &dyn std::fmt::Display| format!("no connection: {error}");
    // Whoever ends a connection first keeps its port busy for a while; a test asks more often than there are ports.
    let _ = stream.set_nodelay(true);
    match way {
        Way::New | Way::Kept => {
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| fail(&error))?;
            tokio::spawn(connection);
            Ok(Sender::Http1(sender))
        }
        Way::Http2 => {
            let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            let (sender, connection) = handshake.map_err(|error| fail(&error))?;
            tokio::spawn(connection);
            Ok(Sender::Http2(sender))
        }
        Way::Tls(connector) => {
            let name = ServerName::try_from(host.to_owned()).map_err(|error| fail(&error))?;
            let stream = connector.connect(name, stream).await.map_err(|error| fail(&error))?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| fail(&error))?;
            tokio::spawn(connection);
            Ok(Sender::Http1(sender))
        }
    }
}

impl Sender {
    /// Asks once, and reads the whole answer.
    pub(crate) async fn ask(&mut self, host: &str, path: &str) -> Result<Response<Bytes>, String> {
        let request = |uri: &str| Request::builder().uri(uri).header("host", host).body(Empty::new());
        let answer = match self {
            Self::Http1(sender) => sender.send_request(request(path).map_err(|error| error.to_string())?).await,
            Self::Http2(sender) => {
                let request = Request::builder().uri(format!("http://{host}{path}")).body(Empty::new());
                sender.send_request(request.map_err(|error| error.to_string())?).await
            }
        };
        let (head, body) = answer.map_err(|error| format!("{error:?}"))?.into_parts();
        let body = body.collect().await.map_err(|error| format!("the body broke off: {error:?}"))?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

/// Asks on a new connection.
pub(crate) async fn ask(gateway: SocketAddr, host: &str, path: &str, way: &Way) -> Result<Response<Bytes>, String> {
    open(gateway, host, way).await?.ask(host, path).await
}

async fn ask_on(met: &Met, name: &str, gateway: SocketAddr, host: &str, way: Way) {
    let mut connection: Option<Sender> = None;
    while !met.is_over.load(Ordering::Relaxed) {
        let is_reused = connection.is_some();
        let answer = tokio::time::timeout(Duration::from_secs(15), async {
            let mut sender = match connection.take() {
                Some(sender) => sender,
                None => open(gateway, host, &way).await?,
            };
            sender.ask(host, "/x").await.map(|answer| (sender, answer))
        });
        match answer.await {
            Ok(Ok((sender, answer))) if answer.status() == 200 => {
                met.answered.fetch_add(1, Ordering::Relaxed);
                let ends = answer.headers().get("connection").is_some_and(|value| value == "close");
                connection = Some(sender).filter(|_| matches!(way, Way::Kept | Way::Http2) && !ends);
            }
            // A connection that waits for a request may be closed at any time; clients then ask again.
            Ok(Err(_)) if is_reused => {}
            Ok(Ok((_, answer))) => met.fail(format!("{name}: status {}: {:?}", answer.status(), answer.body())),
            Ok(Err(error)) => met.fail(format!("{name}: {error}")),
            Err(_) => met.fail(format!("{name}: no answer")),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Met {
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fail(&self, why: String) {
        let why = match self.edit.load(Ordering::Relaxed) {
            0 => why,
            edit => format!("edit {edit}: {why}"),
        };
        // The list is whole whatever happened to another client.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(why);
    }
}
