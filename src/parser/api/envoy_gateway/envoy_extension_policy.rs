//! EnvoyExtensionPolicy: scripts, servers and modules that requests are handed to
//! ([EnvoyExtensionPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#envoyextensionpolicy)).

use serde::Deserialize;
use serde_json::Value;

use super::envoy_policy::EnvoyPolicySpec;
use crate::parser::api::LocalObjectReference;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of an EnvoyExtensionPolicy.
pub type EnvoyExtensionPolicySpec = EnvoyPolicySpec<EnvoyExtensionPolicyField>;

options! {
    /// What an EnvoyExtensionPolicy says for rules.
    EnvoyExtensionPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        DynamicModule(Vec<Untranslated>) = "dynamicModule",
        ExtProc(Vec<Untranslated>) = "extProc",
        Lua(Vec<ExtensionScript>) = "lua",
        Wasm(Vec<Untranslated>) = "wasm",
    }
}

/// A script that requests and responses are handed to ([Lua](https://gateway.envoyproxy.io/docs/api/extension_types/#lua)).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtensionScript {
    /// What the script is told where it asks for its context.
    pub filter_context: Option<Value>,
    pub inline: Option<String>,
    /// `Inline` or `ValueRef`.
    #[serde(rename = "type")]
    pub script_type: String,
    pub value_ref: Option<LocalObjectReference>,
}
