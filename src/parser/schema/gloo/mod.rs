//! The schema of Gloo Gateway's options and Upstreams, as the rows of Gateway API's kinds are.
//!
//! The rows are what the API server holds objects to. What only Gloo's own decoder would refuse, which takes a
//! whole object with it, are rules of their own ([`rules`]).

mod access;
mod access_log;
mod ai;
mod http_connection_manager;
mod http_listener_option;
mod http_listener_services;
mod listener_option;
mod listener_rules;
mod rate_limit;
mod route_option;
mod rules;
mod service_spec;
mod shared;
mod transformation;
mod upstream;
mod upstream_ai;
mod virtual_host_option;

use super::Schema;
use super::table::row;
use crate::parser::manifests::Kind;

pub(super) static SCHEMAS: &[Schema] = &[
    row(Kind::RouteOption, "v1", &route_option::ROUTE_OPTION),
    row(Kind::VirtualHostOption, "v1", &virtual_host_option::VIRTUAL_HOST_OPTION),
    row(Kind::ListenerOption, "v1", &listener_option::LISTENER_OPTION),
    row(Kind::HttpListenerOption, "v1", &http_listener_option::HTTP_LISTENER_OPTION),
    row(Kind::Upstream, "v1", &upstream::UPSTREAM),
];
