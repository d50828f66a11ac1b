//! The whole compilation in memory: no file system, no printing, no globals.

use prost::Message;

use crate::diagnostics::{Diagnostics, Finding, Location};
use crate::emit;
use crate::options::Options;
use crate::parser;
use crate::parser::manifests::Manifests;
use crate::parser::source::SourceSet;
use crate::resolver;
use crate::suppress;
use crate::translator::lower::Lowered;
use crate::translator::{envoy, lower};

/// What a compilation leaves behind.
#[derive(Debug, Default)]
pub struct Compilation {
    /// The input, read.
    pub manifests: Manifests,
    /// Everything that was found, those on context objects left out.
    pub findings: Vec<Finding>,
    /// The intermediate representation, with its origins.
    pub lowered: Lowered,
    /// The encoded Envoy bootstrap; `None` when there is nothing to serve.
    pub bootstrap: Option<Vec<u8>>,
    /// Whether the bootstrap holds a private key.
    pub holds_private_key: bool,
}

/// Compiles `sources`. `diagnostics` holds what reading them found already.
pub fn compile(sources: SourceSet, options: &Options, mut diagnostics: Diagnostics) -> Compilation {
    let manifests = parser::parse::parse_with(sources, options, &mut diagnostics, parser::object::read);
    let lowered = {
        let resolved = resolver::resolve(&manifests, options, &mut diagnostics);
        lower::lower(&resolved, options, &mut diagnostics)
    };
    let bootstrap = (!lowered.config.listeners.is_empty()).then(|| encode(&lowered));
    let mut findings = diagnostics.into_findings();
    findings.retain(|finding| !is_on_context(&manifests, &finding.location));
    suppress::apply(&manifests, options, &mut findings);
    Compilation { manifests, findings, lowered, bootstrap, holds_private_key: false }
}

fn encode(lowered: &Lowered) -> Vec<u8> {
    let mut wire = envoy::to_bootstrap(&lowered.config).encode_to_vec();
    // Map entries are hashed in memory; the same configuration gives the same bytes.
    let sorted = emit::sort_map_entries(emit::BOOTSTRAP, &mut wire);
    debug_assert!(sorted.is_ok(), "{sorted:?}");
    wire
}

/// Whether a place is in a file of `--context`: known, and not judged.
fn is_on_context(manifests: &Manifests, location: &Location) -> bool {
    let source = match location {
        Location::Source(source) | Location::Bytes(source, _) => *source,
        Location::Field { document, .. } => match manifests.documents.get(document.0 as usize) {
            Some(document) => document.source,
            None => return false,
        },
        Location::Run | Location::Path(_) => return false,
    };
    manifests.sources.get(source).context
}
