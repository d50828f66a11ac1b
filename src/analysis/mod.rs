//! What is served as declared and probably not meant.
//!
//! Input: what the resolver and `lower` made of the manifests. Output:
//! warnings, each with a witness where a request can show it: the request and
//! what the configuration makes of it, as the simulator says. The test suite
//! sends every witness of every case through a real Envoy.
//!
//! Invariant: nothing here changes the configuration, and the cost stays linear
//! in its size but for bounded comparisons.

mod address;
mod certificate;
pub(crate) mod cover;
mod header;
mod hostname;
mod impossible;
mod ledger;
mod listener;
mod objects;
mod port;
mod reach;
mod redirect;
mod rewritten;
mod unenforced;
mod unreachable;
mod witness;

use crate::diagnostics::{Diagnostics, Ledger};
use crate::options::Options;
use crate::resolver::Resolved;
use crate::translator::lower::Lowered;

use objects::Objects;
use witness::Witnesses;

pub(crate) use listener::Sockets;
pub(crate) use rewritten::outcome;

/// Reports what is probably not meant, and adds witnesses to what was found before. The result says how much of what
/// is declared was judged; the rest is among what `diagnostics` has as left out.
pub fn analyse(resolved: &Resolved<'_>, lowered: &Lowered, options: &Options, diagnostics: &mut Diagnostics) -> Ledger {
    let objects = Objects::new(resolved, &lowered.origins);
    let witnesses = Witnesses::new(lowered.judged());
    let sockets = Sockets::new(lowered.judged(), &lowered.origins);
    address::report(resolved.manifests, diagnostics);
    unenforced::report(resolved.manifests, options, diagnostics);
    certificate::report(resolved, &sockets, &witnesses, diagnostics);
    let hostnames = certificate::report_uncovered(resolved, diagnostics);
    listener::report_idle(resolved, &sockets, &witnesses, diagnostics);
    hostname::report_taken(resolved, &sockets, &witnesses, diagnostics);
    unreachable::report(lowered, &objects, &witnesses, diagnostics);
    redirect::report(lowered.judged(), &objects, &witnesses, diagnostics);
    rewritten::report(lowered.judged(), &objects, diagnostics);
    port::complete(resolved.manifests, diagnostics.findings_mut());
    hostname::attach(resolved, &sockets, &witnesses, diagnostics.findings_mut());
    witnesses.attach(&resolved.http_routes, diagnostics.findings_mut());
    ledger::balance(resolved, lowered, &sockets, hostnames, diagnostics)
}
