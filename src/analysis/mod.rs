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
mod policy;
mod reach;
mod redirect;
mod release;
mod rewritten;
mod selection;
mod stream;
mod subject;
mod unenforced;
mod unreachable;
mod witness;

use crate::diagnostics::{Diagnostics, Ledger};
use crate::options::Options;
use crate::resolver::Resolved;
use crate::translator::lower::Lowered;

use ledger::{Errors, Judgements};
use listener::Heard;
use objects::Objects;
use selection::Selection;
use subject::Asked;
use witness::Witnesses;

pub(crate) use listener::Sockets;
pub(crate) use reach::unreached;
pub(crate) use rewritten::outcome;

/// Reports what is probably not meant, and adds witnesses to what was found before. The result says how much of what
/// is declared was judged; the rest is among what `diagnostics` has as left out.
pub fn analyse(resolved: &Resolved<'_>, lowered: &Lowered, options: &Options, diagnostics: &mut Diagnostics) -> Ledger {
    let asked = Asked::of(resolved);
    let objects = Objects::new(resolved, &lowered.origins);
    let witnesses = Witnesses::new(lowered.judged());
    let sockets = Sockets::new(lowered.judged(), &lowered.origins);
    let selection = Selection::of(resolved);
    address::report(resolved.manifests, diagnostics);
    unenforced::report(resolved.manifests, options, diagnostics);
    certificate::report(resolved, &sockets, &witnesses, diagnostics);
    let names = certificate::report_uncovered(resolved, &asked.names, diagnostics);
    let listeners = listener::report_idle(resolved, &asked.listeners, (&sockets, &witnesses), diagnostics);
    let heard = Heard::of(&listeners);
    hostname::report_taken(resolved, &sockets, &witnesses, diagnostics);
    let reached = unreachable::report(lowered, &asked.http_rules, &heard, (&objects, &witnesses), diagnostics);
    let http_rules = reached.and(redirect::report(lowered.judged(), &objects, &witnesses, diagnostics));
    rewritten::report(lowered.judged(), options.envoy_version, &objects, diagnostics);
    release::report(lowered.judged(), options.envoy_version, &objects, diagnostics);
    hostname::attach(resolved, &sockets, &witnesses, diagnostics.findings_mut());
    witnesses.attach(&resolved.routes, diagnostics.findings_mut());
    let stream_rules = stream::judge(&asked.stream_rules, lowered, &heard, &Errors::of(diagnostics));
    let (wholes, parents) =
        (selection::judge(&asked.wholes, &selection), selection::judge_parents(&asked.parents, &selection));
    let targets = policy::judge(&asked.targets);
    let judgements = Judgements { wholes, listeners, parents, http_rules, stream_rules, targets, names };
    ledger::balance(judgements, diagnostics)
}
