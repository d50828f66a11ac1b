//! How many connections there may be, and how long they may take
//! ([ClientConnection](https://gateway.envoyproxy.io/docs/api/extension_types/#clientconnection),
//! [ClientTimeout](https://gateway.envoyproxy.io/docs/api/extension_types/#clienttimeout)).

use std::time::Duration as StdDuration;

use crate::diagnostics::FieldPath;
use crate::ir::{ConnectionLimit, HttpSettings, Keepalive, ListenerSettings, SocketOption, SocketState, SocketValue};
use crate::parser::api::{
    ClientConnection, ClientConnectionLimit, ClientHttpTimeout, ClientTcpTimeout, ClientTimeout, Duration, TcpKeepalive,
};
use crate::path;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::policy::traffic::cluster::{bytes, lower_keepalive as lower_tcp_keepalive};

/// The numbers of Linux for options of sockets: the level of all sockets with that of keepalive, and that of TCP with
/// those of its details.
const SOCKET: (i64, i64) = (1, 9);
const TCP: i64 = 6;
const AFTER: i64 = 4;
const EVERY: i64 = 5;
const PROBES: i64 = 6;

/// `connection`.
pub(super) fn lower(
    said: &ClientConnection,
    settings: &mut HttpSettings,
    socket: &mut ListenerSettings,
    faults: &mut Faults<'_>,
) {
    let ClientConnection { buffer_limit, connection_limit, max_accept_per_socket_event, socket_buffer_limit: _ } = said;
    socket.buffer_bytes = buffer_limit.and_then(|limit| bytes(limit, &path!["bufferLimit"], faults));
    socket.most_accepted = count(*max_accept_per_socket_event, &path!["maxAcceptPerSocketEvent"], faults);
    let Some(limit) = connection_limit else { return };
    let ClientConnectionLimit {
        close_delay,
        max_connection_duration,
        max_requests_per_connection,
        max_stream_duration,
        value,
    } = limit;
    let at = |field: &'static str| path!["connectionLimit", field];
    let most = value.and_then(|most| count(most, &at("value"), faults));
    settings.guards.connections = most.map(|most| ConnectionLimit { most, delay: close_delay.map(|delay| delay.0) });
    settings.times.connection = not_zero(max_connection_duration);
    settings.times.stream = max_stream_duration.map(|longest| longest.0);
    settings.limits.requests = max_requests_per_connection
        .and_then(|most| if most == 0 { Some(0) } else { count(most, &at("maxRequestsPerConnection"), faults) });
}

/// A number above zero that Envoy takes.
fn count(number: i64, at: &FieldPath, faults: &mut Faults<'_>) -> Option<u32> {
    let known = u32::try_from(number).ok().filter(|number| *number > 0);
    if known.is_none() {
        faults.add(at, format!("Envoy does not take {number} here"), "write a number from 1 to 4294967295");
    }
    known
}

/// Zero is no limit.
fn not_zero(time: &Option<Duration>) -> Option<StdDuration> {
    time.map(|time| time.0).filter(|time| !time.is_zero())
}

/// `timeout`; zero is no limit.
pub(super) fn lower_timeout(
    said: &ClientTimeout,
    settings: &mut HttpSettings,
    socket: &mut ListenerSettings,
    faults: &mut Faults<'_>,
) {
    let ClientTimeout { http, tcp } = said;
    if let Some(http) = http {
        let ClientHttpTimeout {
            idle_timeout,
            request_headers_received_timeout,
            request_received_timeout,
            stream_idle_timeout,
        } = http;
        let time = |said: &Option<Duration>| said.map(|time| time.0);
        settings.times.idle = time(idle_timeout);
        settings.times.headers = time(request_headers_received_timeout);
        settings.times.request = time(request_received_timeout);
        settings.times.stream_idle = time(stream_idle_timeout);
    }
    let Some(ClientTcpTimeout { connection_inspection_timeout, idle_timeout, tls_handshake_timeout }) = tcp else {
        return;
    };
    socket.stream_idle = idle_timeout.map(|time| time.0);
    let mut above_zero = |said: &Option<Duration>, field: &'static str| {
        let time = said.map(|time| time.0);
        if time.is_some_and(|time| time.is_zero()) {
            faults.add(&path!["tcp", field], "it has no length", "write a length of time above zero");
        }
        time
    };
    socket.handshake = above_zero(tls_handshake_timeout, "tlsHandshakeTimeout");
    socket.inspection = above_zero(connection_inspection_timeout, "connectionInspectionTimeout");
}

/// `tcpKeepalive`, as options of the socket, which connections have from it.
pub(super) fn lower_keepalive(said: &TcpKeepalive, faults: &mut Faults<'_>) -> Vec<SocketOption> {
    let Keepalive { probes, after_seconds, every_seconds } = lower_tcp_keepalive(said, faults);
    let option = |description: &str, (level, name), value: u32| SocketOption {
        description: description.to_owned(),
        level,
        name,
        value: SocketValue::Number(i64::from(value)),
        state: SocketState::Unbound,
    };
    let mut options = vec![option("SO_KEEPALIVE", SOCKET, 1)];
    options.extend(probes.map(|count| option("TCP_KEEPCNT", (TCP, PROBES), count)));
    options.extend(after_seconds.map(|seconds| option("TCP_KEEPIDLE", (TCP, AFTER), seconds)));
    options.extend(every_seconds.map(|seconds| option("TCP_KEEPINTVL", (TCP, EVERY), seconds)));
    options
}
