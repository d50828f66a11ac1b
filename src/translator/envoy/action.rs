//! The routes of an action that is no split.

use envoy_types::pb::envoy::config::route::v3::{DirectResponseAction, Route, route};

use crate::ir::Action;

use super::mirror::Copies;
use super::route_base::RouteBase;
use super::{direct_response, forward, redirect};

/// The routes of an action that is no split.
pub(super) fn to_leaf_routes(base: RouteBase<'_>, action: &Action, copies: Copies) -> Vec<Route> {
    match action {
        Action::Respond(status) => vec![respond_route(base.to_route(), *status)],
        Action::Forward(forward) => vec![forward::forward_route(base, forward, copies)],
        Action::Redirect(redirect) => redirect::redirect_routes(base, redirect),
        Action::DirectResponse(response) => direct_response::routes(base, response),
        // A split has no split among its branches.
        Action::Split(_) => Vec::new(),
    }
}

/// A route that answers by itself, without a body.
pub(super) fn respond_route(base: Route, status: u16) -> Route {
    let response = DirectResponseAction { status: u32::from(status), ..DirectResponseAction::default() };
    Route { action: Some(route::Action::DirectResponse(response)), ..base }
}
