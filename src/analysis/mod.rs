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
mod connections;
pub(crate) mod cover;
mod expressions;
mod header;
mod hostname;
mod impossible;
mod ledger;
mod listener;
mod neighbours;
mod objects;
mod policy;
mod reach;
mod redirect;
mod release;
mod rewritten;
mod route_table;
mod selection;
mod services;
mod stream;
mod subject;
mod unenforced;
mod unmatched;
mod unreachable;
mod witness;

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, Ledger};
use crate::ir::RouteName;
use crate::options::Options;
use crate::resolver::Resolved;
use crate::translator::lower::Lowered;

use ledger::{Errors, Judgements};
use listener::Heard;
use objects::Objects;
use reach::Reach;
use selection::Selection;
use services::Services;
use subject::Asked;
use unreachable::Names;
use witness::{ABOUT_CLIENTS, ABOUT_HOSTS, ABOUT_RULES, Witnesses};

pub(crate) use listener::Sockets;
pub(crate) use reach::unreached;
pub(crate) use rewritten::outcome;
pub use services::OfServices;

/// Reports what is probably not meant, and adds witnesses to what was found before. The result says how much of what
/// is declared was judged; the rest is among what `diagnostics` has as left out. `services` is there where routes are
/// for the clients of Services.
pub fn analyse(
    resolved: &Resolved<'_>,
    lowered: &Lowered,
    services: Option<OfServices<'_>>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Ledger {
    let asked = Asked::of(resolved);
    let objects = Objects::new(resolved, &lowered.origins);
    let witnesses = Witnesses::new(lowered.judged());
    let sockets = Sockets::new(lowered.judged(), &lowered.origins);
    let selection = Selection::of(resolved);
    address::report(resolved.manifests, diagnostics);
    unenforced::report(resolved.manifests, options, diagnostics);
    certificate::report(resolved, &sockets, &witnesses, diagnostics);
    let owners = hostname::Owners::new(resolved);
    let names = certificate::report_uncovered(&owners, &asked.names, diagnostics);
    let listeners = listener::report_idle(resolved, &asked.listeners, (&sockets, &witnesses), diagnostics);
    let heard = Heard::of(&listeners);
    hostname::report_taken(&owners, &sockets, &witnesses, diagnostics);
    let reach = reach::reach(lowered);
    let reach_of_services = services.as_ref().map(|services| reach::reach(services.lowered));
    let met = services.as_ref().zip(reach_of_services.as_ref());
    let elsewhere = met.map(|(services, reach)| unreachable::reached(services.lowered, reach)).unwrap_or_default();
    let about = (&objects, &witnesses);
    let mut looping = HashSet::new();
    let of_services = (&elsewhere, reach_of_services.as_ref());
    let reached = unreachable::report((lowered, &reach), &asked.http_rules, &heard, about, of_services, diagnostics);
    let http_rules = reached.and(redirect::report(lowered.judged(), about, &mut looping, diagnostics));
    if let Some((services, of_services)) = met {
        report_for_clients(services, of_services, (lowered, &reach), (&mut looping, options), diagnostics);
    }
    rewritten::report(lowered.judged(), options.envoy_version, &objects, (&elsewhere, &Names::new()), diagnostics);
    release::report(lowered.judged(), options.envoy_version, &objects, diagnostics);
    let mut told = HashSet::new();
    expressions::report(lowered.judged(), &objects, &mut told, diagnostics);
    route_table::report(lowered.judged(), &objects, diagnostics);
    if let Some(services) = &services {
        let of_services = Objects::new(services.resolved, &services.lowered.origins);
        expressions::report(services.lowered.judged(), &of_services, &mut told, diagnostics);
        route_table::report(services.lowered.judged(), &of_services, diagnostics);
    }
    hostname::attach(resolved, &sockets, &witnesses, diagnostics.findings_mut());
    for codes in [ABOUT_RULES, ABOUT_HOSTS] {
        witnesses.attach(codes, &resolved.routes, diagnostics.findings_mut());
    }
    let configurations = (lowered, services.as_ref().map(|services| services.lowered));
    let stream_rules = stream::judge(&asked.stream_rules, configurations, &heard, &Errors::of(diagnostics));
    let (wholes, parents) =
        (selection::judge(&asked.wholes, &selection), selection::judge_parents(&asked.parents, &selection));
    let targets = policy::judge(&asked.targets);
    let judgements = Judgements { wholes, listeners, parents, http_rules, stream_rules, targets, names };
    ledger::balance(judgements, diagnostics)
}

/// Reports which rules get nothing from the clients of Services, and nothing from Gateways either, and which redirects
/// these clients do not get out of.
fn report_for_clients<'c>(
    services: &OfServices<'c>,
    of_services: &Reach<'c>,
    (lowered, reach): (&Lowered, &Reach<'_>),
    (looping, options): (&mut HashSet<RouteName>, &Options),
    diagnostics: &mut Diagnostics,
) {
    let config = services.lowered.judged();
    let objects = Objects::new(services.resolved, &services.lowered.origins);
    let witnesses = Witnesses::of_services(config, Services::new(services));
    let elsewhere = (&unreachable::reached(lowered, reach), &unreachable::lost(reach));
    unreachable::report_lost(services.lowered, of_services, (&objects, &witnesses), elsewhere, diagnostics);
    // What could not be followed is said of rules that Gateways serve.
    drop(redirect::report(config, (&objects, &witnesses), looping, diagnostics));
    neighbours::report(services.resolved.manifests, config, diagnostics);
    release::report_for_clients(config, options.envoy_version, &objects, diagnostics);
    unmatched::report(config, (&objects, &witnesses), diagnostics);
    let told = unreachable::served(lowered);
    rewritten::report(config, options.envoy_version, &objects, (&Names::new(), &told), diagnostics);
    // Where a Gateway serves the rule as well, its clients show it.
    witnesses.attach(ABOUT_RULES, &services.resolved.routes, diagnostics.findings_mut());
    witnesses.attach(ABOUT_CLIENTS, &services.resolved.routes, diagnostics.findings_mut());
    witnesses.attach_connections(ABOUT_CLIENTS, &services.lowered.origins, diagnostics.findings_mut());
}
