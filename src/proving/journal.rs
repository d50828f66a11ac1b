//! What the echo backends received, in one list that all backends of a run
//! share, so that mirrored copies and retries can be told from the answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::tls::TlsReport;
use super::tunnel::TunnelReport;

/// The request header that identifies a request of the runner at the backends.
pub const REQUEST_ID: &str = "x-gwctl-request";

/// A request as a backend received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Received {
    /// The name of the backend, such as `shop/cart:80`.
    pub backend: String,
    /// The method.
    pub method: String,
    /// The request target exactly as it was received, query included.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// The Host header or `:authority`.
    pub host: Option<String>,
    /// Every header line, in order, names in lower case. HTTP/2 pseudo-headers are not among them.
    pub headers: Vec<(String, String)>,
    /// The length of the body in bytes.
    pub body_length: usize,
    /// The body, as text.
    pub body: String,
    /// What the backend saw of the connection's TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsReport>,
    /// The tunnel that it came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<TunnelReport>,
    /// When it came, among all that was received.
    #[serde(skip)]
    pub order: u64,
}

impl Received {
    /// The values of all lines of one header, in order.
    pub fn header_lines(&self, name: &str) -> Vec<&str> {
        lines(&self.headers, name)
    }
}

/// The values of all lines of `name`, in order, without regard to letter case.
pub(super) fn lines<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
}

#[derive(Debug, Default)]
struct State {
    received: HashMap<String, Vec<Arc<Received>>>,
    /// How many requests came so far.
    count: u64,
    failures: HashMap<String, u32>,
}

/// The shared record of a run.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<State>>);

impl Journal {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request under its [`REQUEST_ID`] (empty when it has none).
    pub(super) fn record(&self, received: Received) -> Arc<Received> {
        let id = received.header_lines(REQUEST_ID).first().copied().unwrap_or_default().to_owned();
        let mut state = self.state();
        let received = Arc::new(Received { order: state.count, ..received });
        state.count += 1;
        state.received.entry(id).or_default().push(Arc::clone(&received));
        received
    }

    /// How many requests came so far.
    pub(super) fn count_received(&self) -> u64 {
        self.state().count
    }

    /// What came without a [`REQUEST_ID`] after so many others, in order of arrival.
    pub(super) fn unnamed_since(&self, count: u64) -> Vec<Arc<Received>> {
        let state = self.state();
        let unnamed = state.received.get("").into_iter().flatten();
        unnamed.filter(|received| received.order >= count).cloned().collect()
    }

    /// Everything received with this [`REQUEST_ID`], in order of arrival.
    pub fn received(&self, id: &str) -> Vec<Arc<Received>> {
        self.state().received.get(id).cloned().unwrap_or_default()
    }

    /// Counts one more use of `key` and returns how many there were before.
    pub(super) fn count(&self, key: &str) -> u32 {
        let mut state = self.state();
        let count = state.failures.entry(key.to_owned()).or_default();
        *count += 1;
        *count - 1
    }
}
