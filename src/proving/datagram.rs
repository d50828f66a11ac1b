//! Datagrams: an echo backend on a UDP port, and the client that sends one
//! datagram and waits for its answer.
//!
//! The answer of a backend begins with its name and a newline; the datagram
//! follows as it came.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::backend::ECHO_BACKEND;
use super::client::{NoAnswer, Reply};

/// The most that one datagram carries, in bytes.
const MAX_DATAGRAM: usize = 65_507;

/// How long an answer may take on loopback; after that the datagram counts as dropped.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// A running UDP backend. Dropping it closes its port.
#[derive(Debug)]
pub(super) struct DatagramBackend {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl DatagramBackend {
    /// Starts a backend called `name` on `address`, where port 0 means a free
    /// one. Must be called inside a tokio runtime.
    pub(super) async fn start(name: &str, address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let address = socket.local_addr()?;
        let name = name.to_owned();
        Ok(Self { address, task: tokio::spawn(async move { answer_all(&socket, &name).await }) })
    }

    /// The address that the backend listens on.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DatagramBackend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer_all(socket: &UdpSocket, name: &str) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        // An error belongs to an earlier answer whose client has gone.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        let mut answer = format!("{name}\n").into_bytes();
        answer.extend_from_slice(&buffer[..length]);
        let _ = socket.send_to(&answer, client).await;
    }
}

/// Sends `text` from a port of its own and waits for the answer.
pub(super) async fn exchange(address: SocketAddr, text: &str) -> Result<Reply, NoAnswer> {
    let start = Instant::now();
    let failed = |error: io::Error| NoAnswer::Failed(error.to_string());
    let local: SocketAddr =
        if address.is_ipv4() { ([127, 0, 0, 1], 0).into() } else { (std::net::Ipv6Addr::LOCALHOST, 0).into() };
    let socket = UdpSocket::bind(local).await.map_err(failed)?;
    socket.connect(address).await.map_err(failed)?;
    socket.send(text.as_bytes()).await.map_err(failed)?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    let received = tokio::time::timeout(ANSWER_TIMEOUT, socket.recv(&mut buffer)).await;
    let length = received.map_err(|_| NoAnswer::Closed(format!("no datagram within {ANSWER_TIMEOUT:?}")))?;
    buffer.truncate(length.map_err(failed)?);
    let cut = buffer.iter().position(|byte| *byte == b'\n').unwrap_or(buffer.len());
    let name = String::from_utf8_lossy(&buffer[..cut]).into_owned();
    Ok(Reply {
        status: 0,
        headers: vec![(ECHO_BACKEND.to_owned(), name)],
        body: buffer.split_off((cut + 1).min(buffer.len())),
        trailers: Vec::new(),
        truncated: false,
        tls: None,
        elapsed: start.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::{DatagramBackend, NoAnswer, exchange};

    #[tokio::test]
    async fn a_datagram_comes_back_with_the_name_of_the_backend() {
        let backend = DatagramBackend::start("shop/dns:53", ([127, 0, 0, 1], 0).into()).await.expect("a backend");
        for text in ["ping", "two\nlines", ""] {
            let reply = exchange(backend.address(), text).await.expect("an answer");
            assert_eq!(reply.header_lines("x-echo-backend"), ["shop/dns:53"]);
            assert_eq!(String::from_utf8_lossy(&reply.body), text);
        }
    }

    #[tokio::test]
    async fn a_datagram_that_nobody_answers_counts_as_dropped() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let outcome = exchange(silent.local_addr().expect("an address"), "ping").await;
        assert!(matches!(outcome, Err(NoAnswer::Closed(_))), "{outcome:?}");
    }
}
