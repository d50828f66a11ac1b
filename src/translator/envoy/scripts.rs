//! Scripts: a filter for each, switched off in the chain and on by the routes whose requests it gets
//! ([Lua](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter)).

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy_types::pb::envoy::config::core::v3::{DataSource, data_source::Specifier};
use envoy_types::pb::envoy::extensions::filters::http::lua::v3::{Lua, LuaPerRoute, lua_per_route::Override};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::google::protobuf::Any;
use serde_json::Map;

use crate::ir::{RouteGuards, Script};

use super::proto::{any, http_filter};
use super::structure::to_struct;

const LUA: &str = "envoy.extensions.filters.http.lua.v3.Lua";
const LUA_PER_ROUTE: &str = "envoy.extensions.filters.http.lua.v3.LuaPerRoute";

/// What a filter calls its script: a route has to say something to switch the filter on.
const SCRIPT: &str = "script";

/// The scripts that get requests of routes, each by who says it and where.
#[derive(Clone, Debug, Default)]
pub(super) struct ScriptNeeds(BTreeMap<(String, usize), Arc<Script>>);

impl ScriptNeeds {
    pub(super) fn add(&mut self, guards: &RouteGuards) {
        for script in &guards.scripts {
            self.0.entry((script.of.to_owned(), script.index)).or_insert_with(|| Arc::clone(script));
        }
    }

    /// The filters.
    pub(super) fn filters(&self) -> impl Iterator<Item = HttpFilter> {
        self.0.values().map(|script| to_filter(script))
    }
}

fn to_filter(script: &Script) -> HttpFilter {
    let Script { of: _, index: _, code, context: _ } = script;
    let code = DataSource { specifier: Some(Specifier::InlineString(code.to_owned())), ..DataSource::default() };
    let filter = Lua { source_codes: [(SCRIPT.to_owned(), code)].into(), ..Lua::default() };
    HttpFilter { disabled: true, ..http_filter(&called(script), any(LUA, &filter)) }
}

fn called(Script { of, index, .. }: &Script) -> String {
    format!("envoy.filters.http.lua/{of}/{index}")
}

/// What a route says to the filters that get its requests: that they do.
pub(super) fn per_route(guards: &RouteGuards) -> impl Iterator<Item = (String, Any)> {
    guards.scripts.iter().map(|script| {
        let on = LuaPerRoute {
            r#override: Some(Override::Name(SCRIPT.to_owned())),
            filter_context: (!script.context.is_empty()).then(|| to_struct(Map::clone(&script.context))),
            ..LuaPerRoute::default()
        };
        (called(script), any(LUA_PER_ROUTE, &on))
    })
}
