//! Stage 2: who refers to whom, and whether it may.
//!
//! Input: [`Manifests`]. Output: [`Resolved`], which borrows them: Gateways
//! with their listeners, routes with the listeners they attach to, backends
//! with their endpoints. Every refusal has been reported when this stage ends;
//! an invalid reference stays as a value that carries the proof.

mod age;
mod attachment;
mod backend;
mod filter;
mod gateway;
mod grpc_route;
mod http_route;
mod listener;
mod listener_set;
mod origin;
mod owner;
mod reference_grant;
mod selector;
mod share;
mod shared_hostname;

use crate::diagnostics::{Diagnostics, codes};
use crate::options::Options;
use crate::parser::manifests::{Manifests, Object};

pub use age::Age;
pub use attachment::{Attachment, ParentSource, RouteParent};
pub use backend::{Backend, BackendId, BackendIndex, BackendRefOutcome};
pub use filter::FilterRefs;
pub use gateway::ResolvedGateway;
pub use grpc_route::ResolvedGrpcRoute;
pub use http_route::ResolvedHttpRoute;
pub use listener::{ListenerId, Protocol, ResolvedListener, RouteKind};
pub use listener_set::{Membership, ResolvedListenerSet};
pub use origin::{OriginTable, Place};
pub use owner::ListenerOwner;
pub use reference_grant::Grants;

/// The manifests with every reference looked up.
#[derive(Debug)]
pub struct Resolved<'m> {
    /// What was resolved.
    pub manifests: &'m Manifests,
    /// The Gateways that are ours, by namespace and name.
    pub gateways: Vec<ResolvedGateway<'m>>,
    /// The ListenerSets, by age, namespace and name.
    pub listener_sets: Vec<ResolvedListenerSet<'m>>,
    /// The HTTPRoutes, by namespace and name.
    pub http_routes: Vec<ResolvedHttpRoute<'m>>,
    /// The GRPCRoutes, by namespace and name.
    pub grpc_routes: Vec<ResolvedGrpcRoute<'m>>,
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
    let listener_sets = listener_set::join_listener_sets(manifests, options, &mut gateways, diagnostics);
    let grants = Grants::new(&manifests.reference_grants, options);
    let mut backends = BackendIndex::new(manifests, options);
    let mut parents = attachment::Attacher::new(manifests, options, &mut gateways, &listener_sets);
    let http_routes: Vec<_> = by_name(&manifests.http_routes)
        .into_iter()
        .map(|route| http_route::resolve_http_route(route, &mut parents, &grants, &mut backends, diagnostics))
        .collect();
    let grpc_routes: Vec<_> = by_name(&manifests.grpc_routes)
        .into_iter()
        .map(|route| grpc_route::resolve_grpc_route(route, &mut parents, &grants, &mut backends, diagnostics))
        .collect();
    shared_hostname::report_shared_hostnames(&gateways, &http_routes, &grpc_routes, diagnostics);
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
    let http = http_routes.iter().filter(|route| !route.object.position.context).flat_map(|route| &route.parents);
    let grpc = grpc_routes.iter().filter(|route| !route.object.position.context).flat_map(|route| &route.parents);
    gateway::mark_emitted(&mut gateways, http.chain(grpc));
    Resolved { manifests, gateways, listener_sets, http_routes, grpc_routes, backends }
}

/// The objects in the order of namespace and name.
fn by_name<S>(objects: &[Object<S>]) -> Vec<&Object<S>> {
    let mut sorted: Vec<_> = objects.iter().collect();
    sorted.sort_by_key(|object| object.metadata.sort_key());
    sorted
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
    unserved!(tls_routes, tcp_routes, udp_routes, backend_tls_policies, backends, backend_traffic_policies, meshes);
}
