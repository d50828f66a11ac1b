//! Stage 2: who refers to whom, and whether it may.
//!
//! Input: [`Manifests`]. Output: [`Resolved`], which borrows them: Gateways
//! with their listeners, routes with the listeners they attach to, backends
//! with their endpoints. Every refusal has been reported when this stage ends;
//! an invalid reference stays as a value that carries the proof.

mod attachment;
mod backend;
mod filter;
mod gateway;
mod http_route;
mod listener;
mod origin;
mod reference_grant;
mod selector;

use crate::diagnostics::{Diagnostics, codes};
use crate::options::Options;
use crate::parser::manifests::Manifests;

pub use attachment::{Attachment, RouteParent};
pub use backend::{Backend, BackendId, BackendIndex, BackendRefOutcome};
pub use filter::FilterRefs;
pub use gateway::ResolvedGateway;
pub use http_route::ResolvedHttpRoute;
pub use listener::{ListenerId, Protocol, ResolvedListener, RouteKind};
pub use origin::{OriginTable, Place};
pub use reference_grant::Grants;

/// The manifests with every reference looked up.
#[derive(Debug)]
pub struct Resolved<'m> {
    /// What was resolved.
    pub manifests: &'m Manifests,
    /// The Gateways that are ours, by namespace and name.
    pub gateways: Vec<ResolvedGateway<'m>>,
    /// The HTTPRoutes, by namespace and name.
    pub http_routes: Vec<ResolvedHttpRoute<'m>>,
    /// Every backend that some reference names and may use.
    pub backends: BackendIndex<'m>,
}

impl<'m> Resolved<'m> {
    /// The listener of an id.
    pub fn listener(&self, id: ListenerId) -> &ResolvedListener<'m> {
        &self.gateways[id.gateway].listeners[id.listener]
    }
}

/// Resolves all references of the input.
pub fn resolve<'m>(manifests: &'m Manifests, options: &Options, diagnostics: &mut Diagnostics) -> Resolved<'m> {
    let mut gateways = gateway::resolve_gateways(manifests, options, diagnostics);
    let grants = Grants::new(&manifests.reference_grants, options);
    let mut backends = BackendIndex::new(manifests, options);
    let mut parents = attachment::Attacher::new(manifests, options, &mut gateways);
    let mut routes: Vec<_> = manifests.http_routes.iter().collect();
    routes.sort_by_key(|route| route.metadata.sort_key());
    let http_routes: Vec<_> = routes
        .into_iter()
        .map(|route| http_route::resolve_http_route(route, &mut parents, &grants, &mut backends, diagnostics))
        .collect();
    report_unserved_kinds(manifests, diagnostics);
    for entry in backends.unused_resolves() {
        diagnostics.report(crate::diagnostics::Finding::new(
            codes::UNUSED_RESOLVE,
            crate::diagnostics::Location::Run,
            format!(
                "`--resolve {}/{}:{}` names a Service port that no route uses",
                entry.namespace, entry.name, entry.port
            ),
        ));
    }
    gateway::mark_emitted(&mut gateways, &http_routes);
    Resolved { manifests, gateways, http_routes, backends }
}

/// Kinds that are decoded and checked, and not served yet.
fn report_unserved_kinds(manifests: &Manifests, diagnostics: &mut Diagnostics) {
    macro_rules! unserved {
        ($($list:ident),+) => {$(
            for object in &manifests.$list {
                let kind = object.kind.name();
                diagnostics.report(
                    object
                        .finding(codes::KIND_NOT_SERVED, crate::path!["kind"], format!("{kind} is not served by gwctl yet"))
                        .label("read and checked, but not translated")
                        .consequence("the traffic that this object describes is not served")
                        .help("leave the object out of this input, or pass its file with `--context`"),
                );
            }
        )+};
    }
    unserved!(
        listener_sets,
        grpc_routes,
        tls_routes,
        tcp_routes,
        udp_routes,
        backend_tls_policies,
        backends,
        backend_traffic_policies,
        meshes
    );
}
