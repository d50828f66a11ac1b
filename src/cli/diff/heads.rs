//! All objects of an input, whatever their kind.

use crate::parser::manifests::{Manifests, Object, ObjectHead};

/// The head of every object, those of the context included.
pub(super) fn heads(manifests: &Manifests) -> Vec<&ObjectHead> {
    fn add<'m, S>(heads: &mut Vec<&'m ObjectHead>, objects: &'m [Object<S>]) {
        heads.extend(objects.iter().map(|object| &object.head));
    }
    let Manifests {
        sources: _,
        documents: _,
        rule_starts: _,
        gateway_classes,
        gateways,
        listener_sets,
        http_routes,
        grpc_routes,
        tls_routes,
        tcp_routes,
        udp_routes,
        reference_grants,
        backend_tls_policies,
        backends,
        backend_traffic_policies,
        meshes,
        namespaces,
        services,
        endpoint_slices,
        secrets,
        config_maps,
        foreign: _,
        skipped: _,
        overridden: _,
        refused: _,
        decoded: _,
        undecoded_slices: _,
        object_count: _,
        judged_count: _,
    } = manifests;
    let mut heads = Vec::new();
    add(&mut heads, gateway_classes);
    add(&mut heads, gateways);
    add(&mut heads, listener_sets);
    add(&mut heads, http_routes);
    add(&mut heads, grpc_routes);
    add(&mut heads, tls_routes);
    add(&mut heads, tcp_routes);
    add(&mut heads, udp_routes);
    add(&mut heads, reference_grants);
    add(&mut heads, backend_tls_policies);
    add(&mut heads, backends);
    add(&mut heads, backend_traffic_policies);
    add(&mut heads, meshes);
    add(&mut heads, namespaces);
    add(&mut heads, services);
    add(&mut heads, endpoint_slices);
    add(&mut heads, secrets);
    add(&mut heads, config_maps);
    heads
}
