//! Requests that want their connection to become something else.

use crate::ir::{CONNECT, Route, Upgrades};

use super::admitted::Admitted;
use super::header::{is_upgradable, upgrade};

/// Whether what a request wants its connection to become is refused, where this is said of it.
pub(super) fn is_refused(admitted: &Admitted, said: Upgrades) -> bool {
    match upgrade(&admitted.headers) {
        Some(protocol) if admitted.method != CONNECT => !is_upgradable(protocol) || said.websockets == Some(false),
        Some(_) => false,
        None => admitted.method == CONNECT && said.tunnels == Some(false),
    }
}

/// What is said of the connections of requests that a route takes: what its rule says goes before the listener's.
pub(super) fn said_by(route: &Route, of_listener: Upgrades) -> Upgrades {
    let own = route.action.leaves().find_map(|leaf| match leaf {
        crate::ir::Action::Forward(forward) => Some(forward.upgrades),
        _ => None,
    });
    own.unwrap_or_default().or(of_listener)
}
