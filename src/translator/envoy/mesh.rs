//! The connection manager between clients and backends that are neighbours: what arrives is handed on as it came.

use envoy_types::pb::envoy::config::bootstrap::v3::bootstrap::DeferredStatOptions;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, http_connection_manager::PathWithEscapedSlashesAction,
};

use crate::ir::{self, Entrance};

use super::proto::boolean;

/// When the statistics of clusters are made. Of the Services of a cluster a client asks few, and those of all the others, a
/// hundred for each port, would be most of what the proxy takes: each cluster has its own from the first request on
/// ([deferred creation](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto#config-bootstrap-v3-bootstrap-deferredstatoptions)).
pub(super) fn statistics(config: &ir::Config) -> Option<DeferredStatOptions> {
    let is_of_service = |listener: &ir::Listener| listener.entrance != Entrance::Socket;
    let deferred = DeferredStatOptions { enable_deferred_creation_stats: true };
    config.listeners.iter().any(is_of_service).then_some(deferred)
}

/// Takes back what only strangers make necessary. Dots in paths are still resolved, so that rules see what servers see.
pub(super) fn manager(edge: HttpConnectionManager) -> HttpConnectionManager {
    HttpConnectionManager {
        // What clients say of themselves counts, and stays as it is.
        use_remote_address: Some(boolean(false)),
        skip_xff_append: true,
        generate_request_id: Some(boolean(false)),
        preserve_external_request_id: true,
        merge_slashes: false,
        path_with_escaped_slashes_action: PathWithEscapedSlashesAction::KeepUnchanged as i32,
        strip_trailing_host_dot: false,
        // Header names may have underscores.
        common_http_protocol_options: None,
        ..edge
    }
}
