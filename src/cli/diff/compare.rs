//! Compares two compilations on everything that is declared, each Gateway by
//! itself, and what clients of Services meet; then findings.

use std::collections::BTreeSet;

use super::change::{Difference, VERSION};
use super::clients::MeshSide;
use super::pods::Pods;
use super::rules::Both;
use super::side::{Names, Side};
use super::{clients, findings, traffic, uncompared};
use crate::compile::Compilation;
use crate::options::Options;

/// Compares two compilations. Which objects differ besides is left to [`unnamed`](super::unnamed): not everybody asks.
///
/// # Errors
/// Why a side has nothing that could be compared, in words: `old` or `new` and the reason.
pub(super) fn compare(old: &Compilation, new: &Compilation, options: &Options) -> Result<Difference, String> {
    let names = Names::default();
    let (before, after) = (Side::new(old, &names), Side::new(new, &names));
    let meshes = [old, new].map(|compilation| MeshSide::new(compilation, options));
    let [of_old, of_new] = &meshes;
    for (side, mesh, other, what, compilation) in
        [(&before, of_old, of_new, "old", old), (&after, of_new, of_old, "new", new)]
    {
        if side.is_empty() && mesh.is_empty() && !mesh.has_service_of(other) {
            return Err(uncompared::nothing(what, compilation));
        }
    }
    let both = Both { old: &before, new: &after };
    let pods = [&Pods::new(&old.manifests, options), &Pods::new(&new.manifests, options)];
    let mut moved = BTreeSet::new();
    // Where clients of Services are served, no Gateway is.
    let mut changes = match options.mesh {
        Some(_) => Vec::new(),
        None => traffic::compare(both, pods, &mut moved),
    };
    let met = clients::compare(&meshes, pods, options, (&mut changes, &mut moved));
    let gateways: BTreeSet<_> = [&before, &after].iter().flat_map(|side| side.sockets.keys()).collect();
    let gateways: BTreeSet<_> = gateways.into_iter().map(|socket| &socket.gateway).collect();
    Ok(Difference {
        version: VERSION,
        changes,
        findings: findings::compare(old, new),
        uncompared: uncompared::compare([old, new], &moved, (&meshes, &met), options),
        unnamed: Vec::new(),
        has_several_gateways: gateways.len() > 1,
        picture: None,
    })
}
