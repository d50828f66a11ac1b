//! Servers that are asked before a rule is served, and that the input lacks: nothing passes without them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::ir::{
    Action, BackendName, ClusterId, Config, HttpFilters, LimitServer, ProcessorOverrides, ProcessorServer,
    ProcessorSettings, RequestLimits, RequestProcessor, Route, Site,
};
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
        let HttpFilters { cors: _, auths, guards, compressions: _ } = filters;
        let auths = auths.iter().map(|id| config.external_auth(*id).settings.cluster);
        let limits = guards.limits().map(|limits| limits.server.cluster);
        // Without a server that has the keys of tokens none of them counts, which the answer says.
        auths.chain(limits).chain(guards.processors.iter().map(RequestProcessor::asked))
    });
    let mut names = asked.map(|id| &config.cluster(id).backend);
    names.find(|name| name.site == Site::Missing)
}

/// An action without how servers would be asked that are not there: what its requests get does not depend on it.
pub(super) fn without_unasked<'a>(action: &'a Action, config: &Config) -> Cow<'a, Action> {
    if missing(action, config).is_none() {
        return Cow::Borrowed(action);
    }
    let mut own = Action::clone(action);
    forget_unasked(&mut own, &|id| config.cluster(id).backend.site == Site::Missing);
    Cow::Owned(own)
}

fn forget_unasked(action: &mut Action, is_missing: &impl Fn(ClusterId) -> bool) {
    match action {
        Action::Forward(forward) => forget_in(&mut forward.http_filters, is_missing),
        Action::Redirect(redirect) => forget_in(&mut redirect.http_filters, is_missing),
        Action::DirectResponse(response) => forget_in(&mut response.http_filters, is_missing),
        Action::Respond(_) => {}
        Action::Split(branches) => {
            branches.iter_mut().for_each(|branch| forget_unasked(&mut branch.action, is_missing));
        }
    }
}

fn forget_in(filters: &mut HttpFilters, is_missing: &impl Fn(ClusterId) -> bool) {
    let guards = &mut filters.guards;
    for limits in [&mut guards.early_limits, &mut guards.limits].into_iter().flatten() {
        let cluster = limits.server.cluster;
        if is_missing(cluster) {
            let server = LimitServer {
                cluster,
                authority: None,
                domain: String::new(),
                timeout: Duration::ZERO,
                lets_pass: false,
                is_told: false,
            };
            *limits = Arc::new(RequestLimits { server: Arc::new(server), told: Vec::new() });
        }
    }
    for processor in &mut guards.processors {
        if is_missing(processor.asked()) {
            let server = processor.overrides.server.take().map(|server| ProcessorServer {
                authority: None,
                greeting: Vec::new(),
                ..server
            });
            processor.settings = Arc::new(ProcessorSettings::default());
            processor.overrides = ProcessorOverrides { server, ..ProcessorOverrides::default() };
        }
    }
}
