//! The schema of Envoy Gateway's kinds, as the rows of Gateway API's kinds are
//! ([API](https://gateway.envoyproxy.io/docs/api/extension_types/)).

mod backend;
mod backend_rules;

use super::Schema;
use super::table::row;
use crate::parser::manifests::Kind;

pub(super) static SCHEMAS: &[Schema] = &[row(Kind::Backend, "v1alpha1", &backend::BACKEND)];
