//! The rules across fields of Envoy Gateway's policies that are more than which fields stand together.
//!
//! Each is the meaning of one or more of the CEL rules of the definitions. Where a CEL rule fails because it reads a
//! field that is absent, the rule is broken too, as the API server has it.

pub(super) mod backend;
pub(super) mod balancer;
pub(super) mod client;
pub(super) mod connection;
pub(super) mod extension;
pub(super) mod health;
pub(super) mod security;
pub(super) mod target;
pub(super) mod traffic;
