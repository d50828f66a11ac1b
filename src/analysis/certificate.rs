//! Certificates of one listener that are good for the hosts of another one on
//! the same port ([GEP-3567](https://gateway-api.sigs.k8s.io/geps/gep-3567/)),
//! and hosts of routes that no certificate of their listener is good for.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::certificate::KeyPair;
use crate::diagnostics::{Diagnostics, Finding, ObjectPart, Omission, codes};
use crate::hostname::Hostname;
use crate::ir::Listener;
use crate::parser::api::Secret;
use crate::path;
use crate::port::Port;
use crate::resolver::{Holder, ListenerId, Protocol, Resolved, ResolvedGateway, ResolvedListener, ResolvedRoute};

use super::hostname::Owners;
use super::listener::Sockets;
use super::subject::{CoveredName, Subjects, Verdict, Verdicts};
use super::witness::Witnesses;

/// Reports each listener whose certificate clients may take for another one's hosts.
pub(super) fn report(
    resolved: &Resolved<'_>,
    sockets: &Sockets<'_>,
    witnesses: &Witnesses<'_>,
    diagnostics: &mut Diagnostics,
) {
    for gateway in &resolved.gateways {
        let overlaps = OtherHosts::new(gateway);
        for listener in gateway.listeners.iter().filter(|listener| is_https(listener)) {
            let Some(other) = overlaps.overlapping(resolved, listener) else { continue };
            let (name, other_name) = (&listener.spec.name, &other.spec.name);
            let witness = |socket: &Listener| witnesses.misdirected(socket, &listener.hostname, &other.hostname);
            let at = ObjectPart::Listener(listener.index).with("tls").with("certificateRefs");
            let message = format!(
                "the certificates of listener `{name}` cover `{}`, which belongs to listener `{other_name}`",
                other.hostname
            );
            let finding = listener
                .owner
                .finding(codes::OVERLAPPING_CERTIFICATES, at, message)
                .label("good for hosts of another listener")
                .related(other.owner.at(&path!["spec", "listeners", other.index]), format!("listener `{other_name}`"));
            diagnostics.report(
                relate(finding, &served(resolved, listener))
                    .consequence("an HTTP/2 client that takes one connection for both gets 421 and has to open another")
                    .help("nothing needs to be done; a certificate for the listener's own hosts alone spares clients this")
                    .witness(sockets.of(listener).and_then(witness)),
            );
        }
    }
}

/// Reports each hostname of a route that is served with certificates of which none covers it, and says of which
/// hostnames it is known: one of a route where it is known of every listener that serves it. A certificate that nobody
/// has seen may cover what the others do not.
pub(super) fn report_uncovered<'s>(
    owners: &Owners<'_, '_>,
    names: &'s Subjects<CoveredName>,
    diagnostics: &mut Diagnostics,
) -> Verdicts<'s, CoveredName> {
    let (mut seen, resolved) = (HashSet::new(), owners.resolved);
    for (gateway, of_gateway) in resolved.gateways.iter().enumerate() {
        for (listener, own) in of_gateway.listeners.iter().enumerate() {
            let Some(Named { known, unseen: None }) = Named::of(resolved, own) else { continue };
            let served = Served { owners, id: ListenerId { gateway, listener }, own, known };
            for route in &own.attached {
                let once = |index: usize| seen.insert((*route, index));
                served.report(resolved.routes.get(*route), once, diagnostics);
            }
        }
    }
    names.judge(|name| match name.listeners.iter().find_map(|id| unknown(resolved, *id, &name.hostname)) {
        None => Verdict::Judged,
        Some(omission) => Verdict::Unjudged(omission),
    })
}

/// Why it is not known whether the certificates of a listener cover a hostname.
fn unknown(resolved: &Resolved<'_>, id: ListenerId, hostname: &Hostname) -> Option<Omission> {
    let own = resolved.listener(id);
    let Some(Named { known, unseen }) = Named::of(resolved, own) else { return Some(Omission::NoCertificate) };
    let host = own.hostname.intersection(hostname);
    let is_covered = host.is_some_and(|host| known.iter().any(|(_, pair)| pair.leaf.covers(&host)));
    unseen.filter(|_| !is_covered).map(Omission::UnseenCertificate)
}

/// A certificate that was read, with the Secret that holds it.
type Known<'r, 'm> = &'r (Holder<'m, Secret>, KeyPair);

/// The certificates that a listener which ends TLS names.
struct Named<'r, 'm> {
    known: Vec<Known<'r, 'm>>,
    /// The Secrets of those that nobody has seen, because they are missing, assumed or of no use.
    unseen: Option<String>,
}

impl<'r, 'm> Named<'r, 'm> {
    /// `None` where it names none.
    fn of(resolved: &'r Resolved<'m>, listener: &ResolvedListener<'_>) -> Option<Self> {
        let pairs = || listener.named_certificates.iter().map(|id| resolved.certificates.pair(*id));
        let unseen = pairs().filter(|pair| pair.known.is_none());
        let unseen: Vec<_> = unseen.map(|pair| format!("`{}/{}`", pair.namespace, pair.name)).collect();
        let unseen = (!unseen.is_empty()).then(|| unseen.join(", "));
        (!listener.named_certificates.is_empty())
            .then(|| Self { known: pairs().filter_map(|pair| pair.known.as_ref()).collect(), unseen })
    }
}

/// A listener that ends TLS, with its certificates.
struct Served<'r, 'm> {
    owners: &'r Owners<'r, 'm>,
    id: ListenerId,
    own: &'r ResolvedListener<'m>,
    known: Vec<Known<'r, 'm>>,
}

impl Served<'_, '_> {
    /// Reports what a route has here and no certificate covers; `once` says whether a hostname is a new one.
    fn report(&self, route: &ResolvedRoute<'_>, mut once: impl FnMut(usize) -> bool, diagnostics: &mut Diagnostics) {
        let object = route.object();
        for (index, (text, hostname)) in route.declared.hostnames.iter().zip(&route.hostnames).enumerate() {
            let Some(host) = self.own.hostname.intersection(hostname) else { continue };
            // The hostname of the listener itself is told of where the listener stands.
            let is_listeners = host == self.own.hostname;
            let is_covered = || self.known.iter().any(|(_, pair)| pair.leaf.covers(&host));
            let is_served = || self.owners.of(self.id, hostname) == Some(self.id);
            if is_listeners || is_covered() || !is_served() || !once(index) {
                continue;
            }
            let name = &self.own.spec.name;
            let message = format!("no certificate of listener `{name}` covers `{text}`");
            let finding = object
                .finding(codes::HOSTNAME_NOT_COVERED, ObjectPart::Hostname(index), message)
                .label(format!("covered: {}", covered_in_words(&self.known)))
                .related(
                    self.own.owner.at(&path!["spec", "listeners", self.own.index, "tls", "certificateRefs"]),
                    "the certificates of the listener",
                );
            diagnostics.report(
                relate(finding, &self.known)
                    .consequence("clients that check the name refuse the connection")
                    .help("use a certificate with this subject alternative name; a wildcard stands for one label"),
            );
        }
    }
}

/// The finding with the Secrets of certificates as places to look at.
fn relate(finding: Finding, known: &[Known<'_, '_>]) -> Finding {
    known.iter().fold(finding, |finding, (secret, _)| {
        finding.related(secret.at(&path!["data"]), "a certificate of the listener")
    })
}

/// The names that certificates are good for.
fn covered_in_words(known: &[Known<'_, '_>]) -> String {
    let names: BTreeSet<String> =
        known.iter().flat_map(|(_, pair)| &pair.leaf.dns_names).map(|name| format!("`{name}`")).collect();
    match names.is_empty() {
        true => "no name at all".to_owned(),
        false => names.into_iter().collect::<Vec<_>>().join(", "),
    }
}

/// Whether HTTPS is served, were it only not for authorities of clients that are assumed.
fn is_https(listener: &ResolvedListener<'_>) -> bool {
    listener.protocol == Protocol::Https && listener.is_declared() && listener.termination.is_some()
}

/// The certificates that a listener serves, as far as somebody has seen them.
fn served<'r, 'm>(resolved: &'r Resolved<'m>, listener: &ResolvedListener<'_>) -> Vec<Known<'r, 'm>> {
    let served = listener.termination.iter().flat_map(|termination| &termination.certificates);
    served.filter_map(|id| resolved.certificates.pair(*id).known.as_ref()).collect()
}

/// The HTTPS listeners of a Gateway by what names of certificates are compared with.
struct OtherHosts<'g, 'm> {
    /// By their hostname, and by what follows its first label.
    by_name: HashMap<(Port, String), Vec<(usize, &'g ResolvedListener<'m>)>>,
}

impl<'g, 'm> OtherHosts<'g, 'm> {
    fn new(gateway: &'g ResolvedGateway<'m>) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for (place, listener) in gateway.listeners.iter().enumerate().filter(|(_, listener)| is_https(listener)) {
            let host = listener.hostname.to_string();
            let below = host.split_once('.').map(|(_, rest)| format!("*.{rest}")).filter(|below| *below != host);
            for name in below.into_iter().chain([host]) {
                by_name.entry((listener.spec.port, name)).or_default().push((place, listener));
            }
        }
        Self { by_name }
    }

    /// The first other listener whose hosts the certificates of a listener cover. Hostnames that overlap themselves are
    /// another finding.
    fn overlapping(
        &self,
        resolved: &Resolved<'m>,
        listener: &ResolvedListener<'m>,
    ) -> Option<&'g ResolvedListener<'m>> {
        let known = served(resolved, listener);
        let names = known.iter().flat_map(|(_, pair)| &pair.leaf.dns_names);
        let alike = names.filter_map(|name| self.by_name.get(&(listener.spec.port, name.to_ascii_lowercase())));
        // One without a hostname overlaps itself.
        let is_other = |other: &&ResolvedListener<'_>| other.hostname.intersection(&listener.hostname).is_none();
        let first = alike.filter_map(|alike| alike.iter().find(|(_, other)| is_other(other)));
        first.min_by_key(|(place, _)| *place).map(|(_, other)| *other)
    }
}
