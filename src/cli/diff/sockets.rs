//! What listeners ask for of their sockets before and after.

use super::change::{Change, ChangeKind, Touch, Touched};
use super::rules::Both;
use super::settings::in_words;
use super::side::SocketKey;
use crate::ir::ListenerSettings;

/// Compares what is asked for of the sockets that both sides have.
pub(super) fn compare(both: Both<'_, '_>, changes: &mut Vec<Change>) {
    for (key, socket) in &both.new.sockets {
        let Some(earlier) = both.old.sockets.get(key).filter(|earlier| earlier.settings != socket.settings) else {
            continue;
        };
        let SocketKey { gateway, port, is_udp: _ } = key;
        changes.push(Change {
            kind: ChangeKind::Listener,
            subject: format!("listener on port {port}"),
            gateway: gateway.to_string(),
            host: String::new(),
            further_hosts: 0,
            clients: None,
            old_place: both.old.tracer.listener_place(earlier.origin),
            new_place: both.new.tracer.listener_place(socket.origin),
            witness: None,
            old_answer: words(earlier.settings),
            new_answer: words(socket.settings),
            touched: vec![Touched::new(Touch::Gateway, (&gateway.namespace, &gateway.name))],
        });
    }
}

fn words(settings: &ListenerSettings) -> String {
    match in_words(settings).strip_prefix(", ") {
        Some(settings) => format!("a socket with {settings}"),
        None => "a socket as it is without options".to_owned(),
    }
}
