//! gwctl compiles Kubernetes Gateway API manifests to an Envoy configuration.
//!
//! The stages are folders of the same names: `parser` → `resolver` →
//! `translator` (through `ir`) → `emit`; `diagnostics` is what they all report
//! to. `proving` runs what came out through a real proxy; it and `cli` stand behind the feature `cli`, which is on by
//! default. See `docs/architecture.md`.
//!
#![doc = include_str!("../docs/library.md")]
#![cfg_attr(not(feature = "cli"), expect(dead_code, unused_imports, reason = "the command line is who asks for it"))]

pub mod analysis;
pub mod certificate;
#[cfg(feature = "cli")]
pub mod cli;
pub mod comments;
pub mod compile;
mod context;
pub mod diagnostics;
pub mod emit;
mod glob;
#[cfg(feature = "cli")]
pub mod graph;
pub mod hostname;
pub mod http;
mod id;
pub mod ir;
pub mod ir_text;
mod jwks;
#[cfg(feature = "cli")]
pub mod leftovers;
mod lua;
mod masked;
#[cfg(feature = "cli")]
pub mod migrate;
pub mod name;
pub mod options;
pub mod parser;
pub mod port;
mod private_key;
#[cfg(feature = "cli")]
pub mod proving;
mod re2;
pub mod resolver;
pub mod simulate;
mod spelling;
pub mod status;
mod suppress;
pub mod transcoding;
pub mod translator;
mod url;
