//! Servers that the proxy itself calls
//! ([GrpcService](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto)).

use envoy_types::pb::envoy::config::core::v3::{GrpcService, grpc_service};

use crate::ir::BackendName;

/// The host that a server is called by where nothing else is said: Envoy would call it by the name of its cluster, whose slashes
/// no authority may have
/// ([authority](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto#envoy-v3-api-field-config-core-v3-grpcservice-envoygrpc-authority)).
pub(super) fn own_host(BackendName { namespace, name, port: _, site: _ }: &BackendName) -> String {
    format!("{name}.{namespace}")
}

/// The server that is a cluster, by the name of that and the host that it is called by.
pub(super) fn to_grpc(cluster_name: String, authority: String) -> GrpcService {
    let target = grpc_service::EnvoyGrpc { cluster_name, authority, ..grpc_service::EnvoyGrpc::default() };
    GrpcService { target_specifier: Some(grpc_service::TargetSpecifier::EnvoyGrpc(target)), ..GrpcService::default() }
}
