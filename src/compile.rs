//! The whole compilation in memory: no file system, no printing, no globals.

use crate::diagnostics::Finding;
use crate::parser::manifests::Manifests;

/// What a compilation leaves behind.
#[derive(Debug, Default)]
pub struct Compilation {
    /// The input, read.
    pub manifests: Manifests,
    /// Everything that was found, those on context objects left out.
    pub findings: Vec<Finding>,
    /// The encoded Envoy bootstrap; `None` when there is nothing to serve.
    pub bootstrap: Option<Vec<u8>>,
    /// Whether the bootstrap holds a private key.
    pub holds_private_key: bool,
}
