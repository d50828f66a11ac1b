//! The intermediate representation as text, for people and for tests.
//!
//! Input: a [`Compilation`]. Output: one YAML document in the order of the model. Whatever is empty or the default of
//! its type is left out; clusters, authorizations and certificates are called by the names that they have in Envoy;
//! each origin is a file, a line and an object. Key material is a digest. The words are those of [`crate::ir`], which
//! may change from release to release.

mod name;
mod serializer;

use std::io::{self, Write};

use serde::Serialize;

use crate::compile::Compilation;
use crate::emit::{Tree, write_compact_yaml};
use crate::ir::{AuthId, CertificateId, ClusterId, Config};

use name::Names;
use serializer::TreeSerializer;

/// Writes the representation of what is emitted.
///
/// # Errors
/// Those of `out`.
pub fn write(compilation: &Compilation, out: &mut dyn Write) -> io::Result<()> {
    let config = &compilation.emitted().config;
    let names = Names::new(compilation, config);
    write_compact_yaml(&tree(config, &names).map_err(io::Error::other)?, out)
}

/// The lists whose items have names are maps here.
fn tree(config: &Config, names: &Names<'_>) -> Result<Tree, serializer::Unprintable> {
    let Config { listeners, clusters, external_auths, certificates, forward_proxy, outbound, proxy } = config;
    let parts = [
        ("listeners", print(listeners, names)?),
        ("clusters", print_named(clusters.iter_enumerated(), |id: ClusterId| names.cluster(id), names)?),
        ("external_auths", print_named(external_auths.iter_enumerated(), |id: AuthId| names.external_auth(id), names)?),
        (
            "certificates",
            print_named(certificates.iter_enumerated(), |id: CertificateId| names.certificate(id), names)?,
        ),
        ("forward_proxy", forward_proxy.as_ref().map_or(Ok(Tree::Map(Vec::new())), |proxy| print(proxy, names))?),
        ("outbound", outbound.as_ref().map_or(Ok(Tree::Map(Vec::new())), |outbound| print(outbound, names))?),
        ("proxy", print(proxy, names)?),
    ];
    let is_there =
        |tree: &Tree| !matches!(tree, Tree::List(items) if items.is_empty()) && *tree != Tree::Map(Vec::new());
    let there = parts.into_iter().filter(|(_, tree)| is_there(tree));
    Ok(Tree::Map(there.map(|(key, tree)| (key.to_owned(), tree)).collect()))
}

fn print(value: &impl Serialize, names: &Names<'_>) -> Result<Tree, serializer::Unprintable> {
    Ok(value.serialize(TreeSerializer(names))?.tree)
}

fn print_named<'c, I, T: Serialize + 'c>(
    items: impl Iterator<Item = (I, &'c T)>,
    name: impl Fn(I) -> String,
    names: &Names<'_>,
) -> Result<Tree, serializer::Unprintable> {
    let entries = items.map(|(id, item)| Ok((name(id), print(item, names)?)));
    Ok(Tree::Map(entries.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests;
