//! The options of a RouteOption that say where else requests go, and what their connections may become.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::resource_ref::GlooResourceRef;
use crate::parser::api::option_list::Untranslated;

/// `shadowing`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionShadowing {
    #[serde(default)]
    pub disable_shadow_host_suffix_append: bool,
    #[serde(default)]
    pub host_rewrite_literal: String,
    #[serde(default)]
    pub percentage: f64,
    pub upstream: Option<GlooResourceRef>,
}

/// What a connection may become: one of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionUpgrade {
    pub connect: Option<OptionSwitch>,
    pub connect_terminate: Option<Untranslated>,
    pub websocket: Option<OptionSwitch>,
}

/// Whether something is on; it is where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionSwitch {
    pub enabled: Option<bool>,
}

/// `envoyMetadata`: by the name of who reads it.
pub type OptionMetadata = BTreeMap<String, Value>;
