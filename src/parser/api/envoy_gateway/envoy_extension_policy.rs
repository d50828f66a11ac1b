//! EnvoyExtensionPolicy: scripts, servers and modules that requests are handed to
//! ([EnvoyExtensionPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#envoyextensionpolicy)).

use super::envoy_policy::EnvoyPolicySpec;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of an EnvoyExtensionPolicy.
pub type EnvoyExtensionPolicySpec = EnvoyPolicySpec<EnvoyExtensionPolicyField>;

options! {
    /// What an EnvoyExtensionPolicy says for rules.
    EnvoyExtensionPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        DynamicModule(Vec<Untranslated>) = "dynamicModule",
        ExtProc(Vec<Untranslated>) = "extProc",
        Lua(Vec<Untranslated>) = "lua",
        Wasm(Vec<Untranslated>) = "wasm",
    }
}
