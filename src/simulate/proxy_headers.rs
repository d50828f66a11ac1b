//! What the proxy says of itself in messages, where it is asked to
//! ([server_name, via](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers)).

use crate::ir::{HttpSettings, ServerHeader, ServerSays};

use super::header::{Lines, line, set};

const SERVER: &str = "server";
const VIA: &str = "via";

/// The headers of responses that say something of the proxy.
pub(super) fn named_of_proxy(settings: &HttpSettings) -> Vec<&'static str> {
    let server = (settings.server.says != ServerSays::Backend).then_some(SERVER);
    server.into_iter().chain(settings.via.is_some().then_some(VIA)).collect()
}

/// Writes them.
pub(super) fn tell_of_proxy(HttpSettings { server, via, .. }: &HttpSettings, lines: &mut Lines) {
    let ServerHeader { says, .. } = server;
    let is_told = match says {
        ServerSays::Backend => false,
        ServerSays::ProxyWithoutBackend => line(lines, SERVER).is_none(),
        ServerSays::Proxy => true,
    };
    if is_told {
        set(lines, SERVER, server.name());
    }
    if let Some(via) = via {
        add_via(via, lines);
    }
}

/// Names the proxy behind those that a message has passed.
pub(super) fn add_via(via: &str, lines: &mut Lines) {
    let passed = line(lines, VIA).filter(|passed| !passed.is_empty());
    let all = passed.map_or_else(|| via.to_owned(), |passed| format!("{passed}, {via}"));
    set(lines, VIA, &all);
}
