//! TLS that asks each endpoint for a server name of its own
//! ([transport socket matches](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto#envoy-v3-api-field-config-cluster-v3-cluster-transport-socket-matches)).

use std::collections::{BTreeSet, HashMap};

use envoy_types::pb::envoy::config::cluster::v3::cluster::TransportSocketMatch;
use envoy_types::pb::envoy::config::core::v3::Metadata;
use envoy_types::pb::envoy::config::endpoint::v3::LbEndpoint;
use envoy_types::pb::google::protobuf::{Struct, Value, value};

use crate::ir::{Config, UpstreamTls};

use super::layout::Layout;
use super::upstream_tls::to_named_socket;

/// The metadata of endpoints that choose the transport socket of a connection.
pub(super) const SOCKET_METADATA: &str = "envoy.transport_socket_match";
/// The key in it.
const NAME_KEY: &str = "server_name";

/// A socket for each server name.
pub(super) fn to_matches(
    names: &[Option<String>],
    tls: &UpstreamTls,
    config: &Config,
    layout: &Layout,
) -> Vec<TransportSocketMatch> {
    let distinct: BTreeSet<&String> = names.iter().flatten().collect();
    let socket = |name: &String| TransportSocketMatch {
        name: name.clone(),
        r#match: Some(to_struct(name)),
        transport_socket: Some(to_named_socket(tls, Some(name), config, layout)),
    };
    distinct.into_iter().map(socket).collect()
}

/// Says of each endpoint which socket connections to it have.
pub(super) fn mark(endpoints: &mut [LbEndpoint], names: &[Option<String>]) {
    for (endpoint, name) in endpoints.iter_mut().zip(names) {
        endpoint.metadata = name.as_ref().map(|name| Metadata {
            filter_metadata: [(SOCKET_METADATA.to_owned(), to_struct(name))].into(),
            typed_filter_metadata: HashMap::new(),
        });
    }
}

fn to_struct(name: &str) -> Struct {
    let value = Value { kind: Some(value::Kind::StringValue(name.to_owned())) };
    Struct { fields: [(NAME_KEY.to_owned(), value)].into() }
}
