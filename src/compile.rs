//! The whole compilation in memory: no file system, no printing, no globals.

use crate::diagnostics::{Diagnostics, Finding};
use crate::emit::Comments;
use crate::options::Options;
use crate::parser::manifests::Manifests;
use crate::parser::object::Outcome;
use crate::parser::parse::parse_with;
use crate::parser::source::SourceSet;

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

impl Comments for Compilation {
    fn comment(&self, _message: &str, _name: &str) -> Option<String> {
        None
    }
}

/// Compiles the text of manifests.
pub fn compile(sources: SourceSet, options: &Options) -> Compilation {
    let mut diagnostics = Diagnostics::new();
    let manifests = parse_with(sources, options, &mut diagnostics, |_, _, _, _| Outcome::Ignored);
    Compilation { manifests, findings: diagnostics.into_findings(), ..Compilation::default() }
}
