//! What the clients of one namespace meet when they connect to Services.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, Finding, ObjectRef, codes};
use crate::ir::GatewayName;
use crate::options::{Mesh, Options};
use crate::parser::manifests::{Kind, Manifests, ObjectKey};
use crate::resolver::{self, Frontends, HeldPorts, Resolved, ServedPort};
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

/// Who has which ports of Services, whoever asks.
#[derive(Debug, Default)]
pub struct ServiceParents {
    /// Which routes have which ports.
    pub held: HeldPorts,
    /// The parents by which they have them: the route, and the position in `spec.parentRefs`.
    pub holding: BTreeSet<(ObjectKey, usize)>,
    /// The parents that are refused, whether their routes would have a port or not.
    pub refused: BTreeSet<(ObjectKey, usize)>,
}

/// Who has which ports of Services.
pub fn parents_of_services(manifests: &Manifests, options: &Options) -> ServiceParents {
    let nobody = Frontends::default();
    let resolved = resolver::of_clients(manifests, &nobody, "", options);
    let key = |route| resolved.routes.get(route).object().key();
    let held = &resolved.mesh_parents.held;
    let holding = held.holders().map(|holder| (key(holder.route), holder.parent)).collect();
    let judged = resolved.routes.with_ids().map(|(id, _)| (id, resolved.mesh_parents.of(id)));
    let refused = judged.flat_map(|(id, parents)| {
        let refused = parents.iter().filter(|parent| parent.refused.is_some());
        refused.map(move |parent| (key(id), parent.index))
    });
    let refused = refused.collect();
    ServiceParents { holding, refused, held: resolved.mesh_parents.held }
}

/// Lowers an input as the clients of a namespace meet it.
pub fn view_of_clients(manifests: &Manifests, client: &str, options: &Options) -> ClientView {
    view(manifests, &Frontends::new(manifests), client, options)
}

/// The same for some ports of Services alone.
pub fn view_of_ports(
    manifests: &Manifests,
    ports: &BTreeSet<&ServedPort>,
    client: &str,
    options: &Options,
) -> ClientView {
    view(manifests, &Frontends::with_ports(manifests, ports), client, options)
}

fn view(manifests: &Manifests, frontends: &Frontends, client: &str, options: &Options) -> ClientView {
    let resolved = resolver::of_clients(manifests, frontends, client, options);
    let lowered = lower::lower(&resolved, options, &mut Diagnostics::new());
    ClientView { client: client.to_owned(), lowered, held: resolved.mesh_parents.held }
}

/// The input as all clients of Services meet it, those of each namespace at Services of their own.
pub(super) fn view_of_everybody<'m>(
    manifests: &'m Manifests,
    frontends: &'m Frontends,
    options: &'m Options,
) -> (Resolved<'m>, Lowered) {
    // Each of these Services says whose it is.
    let resolved = resolver::of_clients(manifests, frontends, "", options);
    let lowered = lower::lower(&resolved, options, &mut Diagnostics::new());
    (resolved, lowered)
}

/// The Services with routes, each as those of its clients meet it that have the same ones.
#[derive(Debug)]
pub struct RoutedServices {
    /// In place of Gateways the Services; nothing of it is emitted.
    pub lowered: Lowered,
    /// The Service, `NAME.NAMESPACE`, by the name that stands in the place of a Gateway's.
    pub hosts: HashMap<GatewayName, String>,
}

/// All Services with routes.
pub fn routed_services(manifests: &Manifests, options: &Options) -> RoutedServices {
    let frontends = Frontends::of_everybody(manifests, &parents_of_services(manifests, options).held);
    let hosts =
        frontends.names().map(|(key, (namespace, name), _)| (GatewayName::new(key), format!("{name}.{namespace}")));
    let hosts = hosts.collect();
    let (_, lowered) = view_of_everybody(manifests, &frontends, options);
    RoutedServices { lowered, hosts }
}

/// Whether a finding is about what a configuration for Gateways would lack alone.
pub(super) fn is_of_gateways(finding: &Finding) -> bool {
    let of_gateways = [Kind::Gateway, Kind::ListenerSet, Kind::BackendTLSPolicy];
    let is_on = |object: &ObjectRef| of_gateways.iter().any(|kind| kind.is_named(&object.group, &object.kind));
    finding.code == codes::ASSUMED_WITHOUT_DIRECTORY && finding.object.as_ref().is_some_and(is_on)
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
