//! The connection manager between clients and backends that are neighbours: what arrives is handed on as it came.

use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, http_connection_manager::PathWithEscapedSlashesAction,
};

use super::proto::boolean;

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
