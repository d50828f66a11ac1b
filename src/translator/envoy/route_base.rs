//! What the routes of Envoy's have in common that one route becomes.

use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, Route, RouteMatch};

use crate::hostname::Hostname;
use crate::ir;

use super::mirror::fraction;
use super::route_match::to_match;
use super::{name, tracing};

/// A route with its place. Each route of Envoy's that it becomes is made of it anew: none is a copy of another.
#[derive(Clone, Copy)]
pub(super) struct RouteBase<'r> {
    pub(super) route: &'r ir::Route,
    /// The position among the routes of its host.
    pub(super) position: usize,
    /// The virtual host that it stands in.
    pub(super) host: &'r Hostname,
    pub(super) listener: &'r ir::Listener,
    pub(super) config: &'r ir::Config,
    /// Up to which millionth requests are meant; `None` for all of them.
    pub(super) up_to: Option<u32>,
}

impl RouteBase<'_> {
    /// A route for the requests of its match, as long as nothing is said of what is done with them.
    pub(super) fn to_route(self) -> Route {
        self.to_route_if([])
    }

    /// The same for those that meet these conditions too.
    pub(super) fn to_route_if(self, conditions: impl IntoIterator<Item = HeaderMatcher>) -> Route {
        let mut matcher = to_match(&self.route.matches);
        matcher.headers.extend(conditions);
        matcher.runtime_fraction = self.up_to.map(fraction);
        self.to_route_for(matcher)
    }

    /// The same for other requests.
    pub(super) fn to_route_for(self, matcher: RouteMatch) -> Route {
        let name = name::route(self.listener, self.host, self.position, &self.route.name);
        Route { decorator: tracing::to_decorator(&name, self.config), name, r#match: Some(matcher), ..Route::default() }
    }
}
