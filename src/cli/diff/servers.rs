//! Servers that are asked before a rule is served, and that the input lacks: nothing passes without them.

use crate::ir::{Action, BackendName, Config, HttpFilters, Route, Site};
use crate::parser::route::RouteKind;

/// What every request of a rule gets in place of what the rule says, in words; `None` where all servers are there that it asks.
pub(super) fn refusal(route: &Route, config: &Config) -> Option<String> {
    let BackendName { namespace, name, .. } = missing(&route.action, config)?;
    let status = match RouteKind::of_name(route.name.route.kind) {
        // Clients of gRPC see that it is unavailable.
        Some(RouteKind::Grpc) => 503,
        _ => 500,
    };
    // A stand-in has its group and kind in its name.
    let (kind, name) = name.as_str().split_once('/').unwrap_or(("server", name.as_str()));
    let kind = kind.split('.').next().unwrap_or(kind);
    Some(format!("{status}: {kind} {namespace}/{name}, which is asked first, is missing or of no use"))
}

/// The first server that an action asks, and that stands for itself alone.
fn missing<'c>(action: &Action, config: &'c Config) -> Option<&'c BackendName> {
    let asked = action.leaves().filter_map(Action::http_filters).flat_map(|filters| {
        let HttpFilters { cors: _, auths, guards } = filters;
        let auths = auths.iter().map(|id| config.external_auth(*id).settings.cluster);
        let limits = guards.limits().map(|limits| limits.server.cluster);
        // Without a server that has the keys of tokens none of them counts, which the answer says.
        auths.chain(limits).chain(guards.processors.iter().map(|processor| processor.cluster))
    });
    let mut names = asked.map(|id| &config.cluster(id).backend);
    names.find(|name| name.site == Site::Missing)
}
