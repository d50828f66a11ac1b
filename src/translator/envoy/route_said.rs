//! What is said of the requests of a route beside where they go.

use std::collections::HashMap;

use envoy_types::pb::envoy::config::core::v3::Metadata;
use envoy_types::pb::envoy::config::route::v3::{
    HeaderMatcher, VirtualCluster, header_matcher::HeaderMatchSpecifier, route_action::UpgradeConfig,
};
use serde_json::{Map, Value};

use crate::ir;

use super::proto::{boolean, exact, matching};
use super::structure::to_struct;

/// What connections may become, where the route says it itself.
pub(super) fn to_upgrades(upgrades: ir::Upgrades) -> Vec<UpgradeConfig> {
    let ir::Upgrades { websockets, tunnels } = upgrades;
    let said = [(ir::WEBSOCKET, websockets), (ir::CONNECT, tunnels)];
    let said = said.into_iter().filter_map(|(kind, is_on)| Some((kind, is_on?)));
    let upgrade = |(kind, is_on): (&str, bool)| UpgradeConfig {
        upgrade_type: kind.to_owned(),
        enabled: Some(boolean(is_on)),
        ..UpgradeConfig::default()
    };
    said.map(upgrade).collect()
}

/// What filters and logs are told, by the name of who reads it.
pub(super) fn to_metadata(metadata: Map<String, Value>) -> Option<Metadata> {
    let fields = metadata.into_iter().filter_map(|(reader, fields)| match fields {
        Value::Object(fields) => Some((reader, to_struct(fields))),
        _ => None,
    });
    let filter_metadata: HashMap<_, _> = fields.collect();
    (!filter_metadata.is_empty()).then(|| Metadata { filter_metadata, ..Metadata::default() })
}

/// Requests that are counted together.
pub(super) fn to_virtual_cluster(counter: &ir::RequestCounter) -> VirtualCluster {
    let ir::RequestCounter { name, path, method } = counter;
    let matcher = |name: &str, text| HeaderMatcher {
        name: name.to_owned(),
        header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(text)),
        ..HeaderMatcher::default()
    };
    let method = method.as_ref().map(|method| matcher(":method", exact(method)));
    let headers = std::iter::once(matcher(":path", matching(path))).chain(method).collect();
    VirtualCluster { headers, name: name.to_owned() }
}
