//! The kinds of Gateway API v1.6 (both channels), the options of Gloo Gateway, kinds of Envoy Gateway and the core
//! kinds gwctl reads, as Rust types that mirror the Go names.
//!
//! They are decoded from values that were checked against the schema and
//! defaulted, so a field with a default is never an `Option`. One form per
//! concept: what several kinds share is declared once, in `shared`.

#![expect(missing_docs, reason = "the fields are the API's own, which documents them")]

mod core;
mod envoy_gateway;
mod gateway;
mod gloo;
mod option_list;
mod policy;
mod route;
mod shared;

pub use core::*;
pub use envoy_gateway::*;
pub use gateway::*;
pub use gloo::*;
pub use option_list::{OptionKind, OptionList, Untranslated};
pub use policy::*;
pub use route::*;
pub use shared::*;
