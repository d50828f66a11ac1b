//! The kinds of Envoy Gateway.

mod backend;

pub use backend::*;
