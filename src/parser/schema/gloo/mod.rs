//! The schema of Gloo Gateway's options, as the rows of Gateway API's kinds are.
//!
//! The rows are what the API server holds objects to. What only Gloo's own decoder would refuse, which takes a
//! whole object with it, are rules of their own ([`rules`]).

mod access;
mod ai;
mod rate_limit;
mod route_option;
mod rules;
mod shared;
mod transformation;

use super::Schema;
use super::table::row;
use crate::parser::manifests::Kind;

pub(super) static SCHEMAS: &[Schema] = &[row(Kind::RouteOption, "v1", &route_option::ROUTE_OPTION)];
