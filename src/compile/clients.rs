//! What the clients of one namespace meet when they connect to Services.

use crate::diagnostics::Diagnostics;
use crate::options::{Mesh, Options};
use crate::parser::manifests::Manifests;
use crate::resolver::{self, Frontends, HeldPorts};
use crate::translator::lower::{self, Lowered};

/// An input as the clients of a namespace meet it. What is wrong with the input is told by its compilation.
#[derive(Debug, Default)]
pub struct ClientView {
    /// The namespace.
    pub client: String,
    /// In place of Gateways the Services, by name; each port is a listener of its own. Nothing of it is emitted.
    pub lowered: Lowered,
    /// Which routes have which ports, those of other clients included.
    pub held: HeldPorts,
}

/// Lowers an input as the clients of a namespace meet it.
pub fn view_of_clients(manifests: &Manifests, client: &str, options: &Options) -> ClientView {
    let frontends = Frontends::new(manifests);
    let resolved = resolver::of_clients(manifests, &frontends, client, options);
    let lowered = lower::lower(&resolved, options, &mut Diagnostics::new());
    ClientView { client: client.to_owned(), lowered, held: resolved.mesh_parents.held }
}

/// Lowers an input into what the clients of a namespace are served with.
pub(super) fn serve_clients(
    manifests: &Manifests,
    mesh: &Mesh,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Lowered {
    let frontends = Frontends::new(manifests);
    let resolved = resolver::of_clients(manifests, &frontends, &mesh.client, options);
    lower::lower_for_clients(&resolved, mesh, options, diagnostics)
}
