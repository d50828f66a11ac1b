//! gwctl compiles Kubernetes Gateway API manifests to an Envoy configuration.
//!
//! The stages are folders of the same names: `parser` → `resolver` →
//! `translator` (through `ir`) → `emit`; `diagnostics` is what they all report
//! to. `proving` runs what came out through a real proxy. See `docs/architecture.md`.

pub mod analysis;
pub mod certificate;
pub mod cli;
pub mod comments;
pub mod compile;
mod context;
pub mod diagnostics;
pub mod emit;
pub mod hostname;
pub mod ir;
pub mod leftovers;
pub mod options;
pub mod parser;
pub mod proving;
pub mod resolver;
pub mod simulate;
mod spelling;
pub mod status;
mod suppress;
pub mod translator;
