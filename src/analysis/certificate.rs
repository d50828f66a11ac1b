//! Certificates of one listener that are good for the hosts of another one on
//! the same port ([GEP-3567](https://gateway-api.sigs.k8s.io/geps/gep-3567/)).

use crate::diagnostics::{Diagnostics, codes};
use crate::ir::Listener;
use crate::path;
use crate::resolver::{Protocol, Resolved, ResolvedGateway, ResolvedListener};

use super::listener::Sockets;
use super::witness::Witnesses;

/// Reports each listener whose certificate clients may take for another one's hosts.
pub(super) fn report(
    resolved: &Resolved<'_>,
    sockets: &Sockets<'_>,
    witnesses: &Witnesses<'_>,
    diagnostics: &mut Diagnostics,
) {
    for gateway in &resolved.gateways {
        for listener in gateway.listeners.iter().filter(|listener| is_https(listener)) {
            let Some(other) = overlapping(resolved, gateway, listener) else { continue };
            let (name, other_name) = (&listener.spec.name, &other.spec.name);
            let witness = |socket: &Listener| witnesses.misdirected(socket, &listener.hostname, &other.hostname);
            let at = path!["spec", "listeners", listener.index, "tls", "certificateRefs"];
            let message = format!(
                "the certificates of listener `{name}` cover `{}`, which belongs to listener `{other_name}`",
                other.hostname
            );
            diagnostics.report(
                listener
                    .owner
                    .finding(codes::OVERLAPPING_CERTIFICATES, at, message)
                    .label("good for hosts of another listener")
                    .related(
                        other.owner.at(&path!["spec", "listeners", other.index]),
                        format!("listener `{other_name}`"),
                    )
                    .consequence("an HTTP/2 client that takes one connection for both gets 421 and has to open another")
                    .help("nothing needs to be done; a certificate for the listener's own hosts alone spares clients this")
                    .witness(sockets.of(listener).and_then(witness)),
            );
        }
    }
}

fn is_https(listener: &ResolvedListener<'_>) -> bool {
    listener.protocol == Protocol::Https && listener.refused.is_none()
}

/// The first other listener whose hosts the certificates of a listener cover. Hostnames that overlap themselves are
/// another finding.
fn overlapping<'g, 'm>(
    resolved: &Resolved<'m>,
    gateway: &'g ResolvedGateway<'m>,
    listener: &ResolvedListener<'m>,
) -> Option<&'g ResolvedListener<'m>> {
    let termination = listener.termination.as_ref()?;
    let known = |id| resolved.certificates.pair(id).known.as_ref().map(|(_, pair)| &pair.leaf);
    let leaves: Vec<_> = termination.certificates.iter().copied().filter_map(known).collect();
    gateway.listeners.iter().filter(|other| is_https(other)).find(|other| {
        !std::ptr::eq(*other, listener)
            && other.spec.port == listener.spec.port
            && other.hostname.intersection(&listener.hostname).is_none()
            && leaves.iter().any(|leaf| leaf.covers(&other.hostname))
    })
}
