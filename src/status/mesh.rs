//! XMeshes
//! ([GEP-3949](https://gateway-api.sigs.k8s.io/geps/gep-3949/)).

use crate::diagnostics::{ConditionKind, Reason};
use crate::options::Options;
use crate::resolver::Resolved;

use super::catalogue::Subject;
use super::condition::Conditions;
use super::evidence::{Evidence, anywhere};
use super::features::mesh_features_of;
use super::object::{MeshStatus, ObjectStatus, Status};

/// The status of every mesh that is ours.
pub(super) fn mesh_statuses(resolved: &Resolved<'_>, evidence: &Evidence<'_>, options: &Options) -> Vec<ObjectStatus> {
    let meshes = resolved.meshes.iter().filter(|mesh| !mesh.position.context);
    let statuses = meshes.map(|mesh| {
        let mut conditions = Conditions::new(Subject::XMesh, mesh.metadata.generation);
        let case = evidence.of(&mesh.key());
        let refusals = case.against(Subject::XMesh, ConditionKind::Accepted, anywhere);
        conditions.judge(ConditionKind::Accepted, &refusals, Reason::Accepted, "routes of Services are served");
        let conditions = conditions.into_list();
        let supported_features = mesh_features_of(options.channel);
        ObjectStatus::new(mesh, Status::Mesh(MeshStatus { conditions, supported_features }))
    });
    statuses.collect()
}
