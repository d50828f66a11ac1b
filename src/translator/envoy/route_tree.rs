//! The many routes of a virtual host as a tree over what paths begin with
//! ([VirtualHost.matcher](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-virtualhost-matcher)):
//! Envoy compares a request with the routes of one key instead of all of them.
//!
//! The longest key decides, and a list that does not match leads to no shorter key; hence each list is whole by itself
//! ([`ir::RouteTree`]).

use envoy_types::pb::envoy::config::route::v3::{Route, RouteList};
use envoy_types::pb::envoy::r#type::matcher::v3::HttpRequestHeaderMatchInput;
use envoy_types::pb::google::protobuf::Any;
use envoy_types::pb::xds::core::v3::TypedExtensionConfig;
use envoy_types::pb::xds::r#type::matcher::v3::{
    Matcher,
    matcher::{
        MatcherTree, MatcherType, OnMatch,
        matcher_tree::{MatchMap, TreeType},
        on_match,
    },
};

use crate::ir;

use super::proto::any;

/// The tree, and what each route of the virtual host became.
pub(super) fn to_matcher(tree: ir::RouteTree, routes: &[Vec<Route>]) -> Matcher {
    let to_list = |positions: Vec<usize>| {
        let of_list = positions.into_iter().filter_map(|position| routes.get(position));
        let list = RouteList { routes: of_list.flatten().cloned().collect() };
        OnMatch {
            on_match: Some(on_match::OnMatch::Action(extension(
                "routes",
                any("envoy.config.route.v3.RouteList", &list),
            ))),
            ..OnMatch::default()
        }
    };
    let ir::RouteTree { branches, rest } = tree;
    let path = HttpRequestHeaderMatchInput { header_name: ":path".to_owned() };
    let keys = MatchMap { map: branches.into_iter().map(|(key, positions)| (key, to_list(positions))).collect() };
    Matcher {
        on_no_match: (!rest.is_empty()).then(|| Box::new(to_list(rest))),
        matcher_type: Some(MatcherType::MatcherTree(MatcherTree {
            input: Some(extension("path", any("envoy.type.matcher.v3.HttpRequestHeaderMatchInput", &path))),
            tree_type: Some(TreeType::PrefixMatchMap(keys)),
        })),
    }
}

fn extension(name: &str, config: Any) -> TypedExtensionConfig {
    TypedExtensionConfig { name: name.to_owned(), typed_config: Some(config) }
}
