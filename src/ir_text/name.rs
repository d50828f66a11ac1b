//! What the ids of the representation stand for, in words.

use crate::compile::Compilation;
use crate::ir::{AuthId, CertificateId, ClusterId, Config, Origin};
use crate::parser::locate::Locator;
use crate::translator::envoy::name;
use typed_index_collections::TiVec;

/// The names of what a configuration refers to.
#[derive(Debug)]
pub(super) struct Names<'c> {
    config: &'c Config,
    origins: TiVec<Origin, String>,
}

impl<'c> Names<'c> {
    pub(super) fn new(compilation: &'c Compilation, config: &'c Config) -> Self {
        Self { config, origins: places(compilation) }
    }

    pub(super) fn cluster(&self, id: ClusterId) -> String {
        name::cluster(self.config.cluster(id))
    }

    pub(super) fn external_auth(&self, id: AuthId) -> String {
        name::external_auth(id, self.config)
    }

    pub(super) fn certificate(&self, id: CertificateId) -> String {
        name::secret(self.config.certificate(id))
    }

    /// The words for a position in a list, by the type of the id; `None` for every other type.
    pub(super) fn of(&self, id: &str, position: usize) -> Option<String> {
        match id {
            "Origin" => self.origins.get(Origin(position)).cloned(),
            "ClusterId" => Some(self.cluster(ClusterId(position))),
            "AuthId" => Some(self.external_auth(AuthId(position))),
            "CertificateId" => Some(self.certificate(CertificateId(position))),
            _ => None,
        }
    }
}

/// `file:line kind namespace/name` of each origin.
fn places(compilation: &Compilation) -> TiVec<Origin, String> {
    let origins = &compilation.emitted().origins;
    let ids = (0..).map(Origin);
    let (objects, locations): (Vec<_>, Vec<_>) =
        ids.map_while(|id| Some((origins.get(id)?.0, origins.location(id)?))).unzip();
    let locator = Locator::new(&compilation.manifests);
    let lines = locator.lines_of(&locations);
    let words = objects.into_iter().zip(locations.iter().zip(lines)).map(|(key, (location, line))| {
        let object = format!("{} {}/{}", key.kind.name(), key.namespace, key.name);
        let file = locator.source_of(location).map(|source| &compilation.manifests.sources.get(source).name);
        match (file, line) {
            (Some(file), Some(line)) => format!("{file}:{line} {object}"),
            // It stands in for an object that nobody has seen.
            _ => object,
        }
    });
    words.collect()
}
