//! Who stands in for the Services of `gwctl run`: echo backends, and servers that say that nobody is there.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};

use super::backend::Backend;
use super::datagram::DatagramBackend;
use super::error::Error;
use super::grpc;
use super::journal::Journal;
use super::ports::Reservation;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const FREE: SocketAddr = SocketAddr::new(LOOPBACK, 0);

/// `UNAVAILABLE` ([status codes](https://grpc.github.io/grpc/core/md_doc_statuscodes.html)).
const UNAVAILABLE: HeaderValue = HeaderValue::from_static("14");

/// Who stands in for a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// A server that answers with what it received.
    Echo,
    /// A server that answers 503 with this text; datagrams are dropped.
    Nobody(String),
}

/// Running stand-ins on loopback, which stay until the value is dropped.
#[derive(Debug)]
pub struct StandIns {
    runtime: Runtime,
    admin: Reservation,
    journal: Journal,
    /// By the name of the backend, and whether it takes datagrams.
    held: BTreeMap<(String, bool), Held>,
}

#[derive(Debug)]
enum Held {
    Echo(Backend),
    Datagrams(DatagramBackend),
    Nobody(Nobody),
    Silent(Reservation),
}

impl StandIns {
    /// None yet.
    ///
    /// # Errors
    /// What the system answered.
    pub fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(Error::system("start a runtime"))?;
        let admin = runtime.block_on(async { Reservation::new(LOOPBACK) })?;
        Ok(Self { runtime, admin, journal: Journal::default(), held: BTreeMap::new() })
    }

    /// A port that nobody else gets, for Envoy's administration.
    pub fn admin(&self) -> SocketAddr {
        self.admin.address()
    }

    /// The address of the stand-in for a backend, which is started when it is first asked for.
    ///
    /// # Errors
    /// What the system answered.
    pub fn address(&mut self, name: &str, is_datagrams: bool, who: &StandIn) -> Result<SocketAddr, Error> {
        let Self { runtime, journal, held, .. } = self;
        let key = (name.to_owned(), is_datagrams);
        if let Some(held) = held.get(&key) {
            return Ok(held.address());
        }
        let started = runtime.block_on(async {
            Ok::<_, io::Error>(match (who, is_datagrams) {
                (StandIn::Echo, false) => Held::Echo(Backend::start(name, FREE, (None, None), journal.clone()).await?),
                (StandIn::Echo, true) => Held::Datagrams(DatagramBackend::start(name, FREE).await?),
                (StandIn::Nobody(words), false) => Held::Nobody(Nobody::start(words).await?),
                (StandIn::Nobody(_), true) => {
                    Held::Silent(Reservation::new(LOOPBACK).map_err(|error| io::Error::other(error.to_string()))?)
                }
            })
        });
        let started = started.map_err(Error::system(format!("start a stand-in for {name}")))?;
        let address = started.address();
        held.insert(key, started);
        Ok(address)
    }
}

impl Held {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Echo(backend) => backend.address(),
            Self::Datagrams(backend) => backend.address(),
            Self::Nobody(nobody) => nobody.address,
            Self::Silent(reservation) => reservation.address(),
        }
    }
}

/// A server that answers every request with 503.
#[derive(Debug)]
struct Nobody {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Nobody {
    async fn start(words: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(FREE).await?;
        let address = listener.local_addr()?;
        let words: Arc<str> = words.into();
        Ok(Self { address, task: tokio::spawn(accept(listener, words)) })
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, words: Arc<str>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let words = Arc::clone(&words);
                    connections.spawn(async move {
                        let service = hyper::service::service_fn(move |request| {
                            let answer = refuse(&request, &words);
                            async move { Ok::<_, Infallible>(answer) }
                        });
                        let builder = auto::Builder::new(TokioExecutor::new());
                        // A connection that breaks is the client's business.
                        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    });
                }
                // Out of descriptors: leave the connections time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// 503 with the text; the status of a call where the client reads that.
fn refuse(request: &Request<Incoming>, words: &str) -> Response<Full<Bytes>> {
    let is_call = grpc::is_call(request.headers());
    let body = if is_call { Bytes::new() } else { Bytes::from(words.to_owned()) };
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    if is_call {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(grpc::MEDIA_TYPE));
        headers.insert(grpc::STATUS, UNAVAILABLE);
        if let Ok(message) = HeaderValue::from_str(words.trim_end()) {
            headers.insert(grpc::MESSAGE, message);
        }
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}
