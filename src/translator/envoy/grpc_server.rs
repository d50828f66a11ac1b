//! Servers that the proxy itself calls
//! ([GrpcService](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto)).

use envoy_types::pb::envoy::config::core::v3::{GrpcService, grpc_service};

use crate::ir::BackendName;

/// The server that is a cluster, by the name of that and the host that it is called by. Envoy would call it by the name of the
/// cluster, whose slashes no authority may have
/// ([authority](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto#envoy-v3-api-field-config-core-v3-grpcservice-envoygrpc-authority)).
pub(super) fn to_grpc(cluster_name: String, authority: Option<String>, backend: &BackendName) -> GrpcService {
    let BackendName { namespace, name, port: _, site: _ } = backend;
    let authority = authority.unwrap_or_else(|| format!("{name}.{namespace}"));
    let target = grpc_service::EnvoyGrpc { cluster_name, authority, ..grpc_service::EnvoyGrpc::default() };
    GrpcService { target_specifier: Some(grpc_service::TargetSpecifier::EnvoyGrpc(target)), ..GrpcService::default() }
}
