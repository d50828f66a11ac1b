//! Which XMeshes are ours, and what is wrong with them
//! ([GEP-3949](https://gateway-api.sigs.k8s.io/geps/gep-3949/)).
//!
//! A mesh needs none: an XMesh changes nothing about the routes of Services. It says who the mesh is, and its status
//! what this one can.

use crate::diagnostics::{Diagnostics, codes};
use crate::options::Options;
use crate::parser::api::{ObjectReference, XMeshSpec};
use crate::parser::manifests::{Manifests, Object};
use crate::path;
use crate::whole;

/// The XMeshes that are for the controller that gwctl stands for, by name: all of them, unless the command line names a
/// controller. One whose parameters nobody knows is reported.
pub(super) fn judge<'m>(
    manifests: &'m Manifests,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Vec<&'m Object<XMeshSpec>> {
    let is_ours = |mesh: &&Object<XMeshSpec>| {
        let is_unknown = || mesh.missing(&path!["spec", "controllerName"]).is_some();
        options.controller.as_ref().is_none_or(|name| mesh.spec.controller_name == *name || is_unknown())
    };
    let mut meshes: Vec<_> = manifests.meshes.iter().filter(is_ours).collect();
    meshes.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
    for mesh in &meshes {
        // A description is for people.
        let XMeshSpec { controller_name: _, parameters_ref, description: _ } = &mesh.spec;
        let Some(ObjectReference { group, kind, name, namespace: _ }) = parameters_ref else { continue };
        if options.assume.parameters {
            continue;
        }
        let message = format!("parameters `{name}` are of kind `{group}/{kind}`, which gwctl does not know");
        diagnostics.report(
            mesh.finding(codes::INVALID_PARAMETERS, whole!["spec", "parametersRef"], message)
                .label("settings that would be left out")
                .consequence("the mesh is not accepted, and routes of Services are judged without these settings")
                .help("remove `parametersRef`, or pass `--assume parameters` to serve without these settings"),
        );
    }
    meshes
}

/// The controller that the status of a route names for its Service parents: that of the meshes of the input, where they
/// agree on one.
pub(crate) fn controller<'c>(meshes: &[&'c Object<XMeshSpec>], options: &'c Options) -> &'c str {
    let mut named = meshes.iter().map(|mesh| mesh.spec.controller_name.as_str()).filter(|name| !name.is_empty());
    match named.next() {
        Some(first) if named.all(|other| other == first) => first,
        _ => options.controller_name(),
    }
}
