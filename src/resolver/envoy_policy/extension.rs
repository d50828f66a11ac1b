//! What tells EnvoyExtensionPolicies apart, and what of them is not translated.

use crate::diagnostics::FieldPath;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{EnvoyExtensionPolicyField, EnvoyPolicySpec, LocalObjectReference};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::path;
use crate::resolver::missing::{Missing, NOT_TRANSLATED};
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

use super::kind::EnvoyPolicyKind;

/// What is lost without one: nobody knows what it does, so it may be what keeps requests out.
const NOT_HANDED_ON: &str = "requests would pass that it may keep out, and be sent as they are";

impl EnvoyPolicyKind for EnvoyExtensionPolicyField {
    const KIND: Kind = Kind::EnvoyExtensionPolicy;
    const TARGETS: &'static [Kind] = &[
        Kind::Gateway,
        Kind::ListenerSet,
        Kind::HTTPRoute,
        Kind::GRPCRoute,
        Kind::UDPRoute,
        Kind::TCPRoute,
        Kind::TLSRoute,
    ];
    const IS_SECURITY: bool = true;

    fn config_maps(&self) -> Vec<(FieldPath, &LocalObjectReference)> {
        let Self::Lua(scripts) = self else { return Vec::new() };
        let scripts = scripts.iter().enumerate();
        scripts.filter_map(|(index, script)| Some((path![index, "valueRef"], script.value_ref.as_ref()?))).collect()
    }

    fn says_nothing(&self) -> bool {
        self.count() == 0
    }

    // Each is a filter of requests.
    fn is_of_requests_alone(&self) -> bool {
        true
    }

    fn objects(manifests: &Manifests) -> &[Object<EnvoyPolicySpec<Self>>] {
        &manifests.envoy_extension_policies
    }

    fn decoded(object: &AnyObject) -> Option<&Object<EnvoyPolicySpec<Self>>> {
        match object {
            AnyObject::EnvoyExtensionPolicy(object) => Some(&**object),
            _ => None,
        }
    }
}

impl EnvoyExtensionPolicyField {
    /// How many entries it has.
    fn count(&self) -> usize {
        match self {
            Self::DynamicModule(said) | Self::ExtProc(said) | Self::Wasm(said) => said.len(),
            Self::Lua(said) => said.len(),
        }
    }
}

impl PolicyOption for EnvoyExtensionPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::Lua(_) => Said::Translated,
            Self::DynamicModule(_) | Self::ExtProc(_) | Self::Wasm(_) => Said::Parts(self),
        }
    }

    fn keeps_out(&self) -> bool {
        true
    }
}

impl SaysMissing for EnvoyExtensionPolicyField {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let why = match self {
            Self::DynamicModule(_) => "its code is a library that has to be beside Envoy",
            Self::Wasm(_) => "its code would have to be fetched",
            Self::ExtProc(_) | Self::Lua(_) => NOT_TRANSLATED,
        };
        let entries = (0..self.count()).map(|index| at.with(index));
        entries.map(|path| Missing { path, loss: NOT_HANDED_ON, is_security: true, why }).collect()
    }
}
