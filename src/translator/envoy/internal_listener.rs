//! Listeners that nothing is bound for: other parts of the proxy connect to them
//! ([internal listeners](https://www.envoyproxy.io/docs/envoy/latest/configuration/other_features/internal_listener)).

use envoy_types::pb::envoy::config::core::v3::TypedExtensionConfig;
use envoy_types::pb::envoy::extensions::bootstrap::internal_listener::v3::InternalListener;

use super::proto::any;

/// What lets a listener be one that other parts of the proxy connect to.
pub(super) fn extension() -> TypedExtensionConfig {
    let message = "envoy.extensions.bootstrap.internal_listener.v3.InternalListener";
    TypedExtensionConfig {
        name: "envoy.bootstrap.internal_listener".to_owned(),
        typed_config: Some(any(message, &InternalListener::default())),
    }
}
