//! TLSRoutes: which route has a server name
//! ([TLSRoute](https://gateway-api.sigs.k8s.io/api-types/tlsroute/)).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::hostname::Hostname;
use crate::resolver::{Age, Resolved};

/// The TLSRoute among `routes` that has a server name: the most specific
/// hostname wins, then the oldest route, then the first by name.
pub(super) fn winner(resolved: &Resolved<'_>, routes: &BTreeSet<usize>, host: &Hostname) -> Option<usize> {
    let candidates = routes.iter().filter_map(|index| {
        let route = &resolved.tls_routes[*index];
        let own = route.hostnames.iter().filter(|own| own.covers(host)).map(Hostname::specificity).max()?;
        Some((Reverse(own), Age::order(&route.object.metadata), *index))
    });
    candidates.min().map(|(_, _, index)| index)
}
