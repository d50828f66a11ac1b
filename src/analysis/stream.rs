//! Rules of routes that hand on connections or datagrams: which of them some
//! listener follows, and what keeps the others from it.

use std::collections::HashSet;

use crate::diagnostics::{ObjectPart, Omission};
use crate::ir::{FilterChain, Handler, Listener, Transport};
use crate::parser::manifests::ObjectKey;
use crate::parser::route::RouteKind;
use crate::translator::lower::Lowered;

use super::ledger::Errors;
use super::listener::Heard;
use super::subject::{StreamRule, Subject as _, Subjects, Verdict, Verdicts};

/// Looks for each rule in the judged configuration, and in that of the clients of Services.
pub(super) fn judge<'s, 'r, 'm>(
    rules: &'s Subjects<StreamRule<'r, 'm>>,
    (lowered, of_services): (&Lowered, Option<&Lowered>),
    heard: &Heard,
    errors: &Errors,
) -> Verdicts<'s, StreamRule<'r, 'm>> {
    let mut served = served(lowered);
    served.extend(of_services.into_iter().flat_map(self::served));
    rules.judge(|subject| {
        let StreamRule { route, rule } = subject;
        if rule.index > 0 {
            return Verdict::Unjudged(Omission::BehindFirst);
        }
        let is_heard = heard.hears(&route.parents);
        // Without a weight it closes what it takes, which is judged.
        let is_idle = is_heard && rule.backends.iter().all(|backend| backend.weight == 0);
        if is_idle || served.contains(&(&route.object().key(), rule.index)) {
            return Verdict::Judged;
        }
        Verdict::Unjudged(match route.kind() {
            _ if errors.is_below(&subject.part()) => Omission::Wrong,
            _ if !is_heard => Omission::Unheard,
            RouteKind::Tls => Omission::HostsTaken,
            RouteKind::Tcp | RouteKind::Udp => Omission::ConnectionsTaken,
            RouteKind::Http | RouteKind::Grpc => Omission::Unaccounted,
        })
    })
}

/// The rules that hand on what the judged configuration takes: the object, and the number of the rule.
fn served(lowered: &Lowered) -> HashSet<(&ObjectKey, usize)> {
    let of_chain = |chain: &'_ FilterChain| match &chain.handler {
        Handler::Tcp(proxy) => proxy.backends.iter().map(|backend| backend.origin).collect(),
        Handler::Http(_) | Handler::Close => Vec::new(),
    };
    let of_listener = |listener: &'_ Listener| match &listener.transport {
        Transport::Tcp(chains) => chains.iter().flat_map(of_chain).collect(),
        Transport::Udp(proxy) => proxy.backends.iter().map(|backend| backend.origin).collect::<Vec<_>>(),
    };
    let origins = lowered.judged().listeners.iter().flat_map(of_listener);
    let rules = origins.filter_map(|origin| match lowered.origins.get(origin)? {
        (key, _, ObjectPart::Rule(rule) | ObjectPart::Backend { rule, .. }) => Some((key, rule)),
        (_, _, _) => None,
    });
    rules.collect()
}
