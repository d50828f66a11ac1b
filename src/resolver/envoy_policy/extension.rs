//! What tells EnvoyExtensionPolicies apart, and what of them is not translated.

use crate::diagnostics::FieldPath;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{
    EnvoyExtensionPolicyField, EnvoyPolicySpec, ExtensionMetadata, ExtensionProcessed, ExtensionProcessing,
    ExtensionProcessor, LocalObjectReference, NamedBackends,
};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::path;
use crate::resolver::missing::{Missing, NOT_TRANSLATED};
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

use super::kind::{EnvoyPolicyKind, NamedServer, first_of};
use super::untranslated_security::missing_of_backends;

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

    fn servers(&self) -> Vec<(FieldPath, NamedServer<'_>)> {
        let Self::ExtProc(servers) = self else { return Vec::new() };
        let named = servers.iter().map(|server| NamedBackends { list: &server.backend_refs, single: None });
        named.enumerate().filter_map(|(index, backends)| first_of(path![index], backends)).collect()
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
            Self::DynamicModule(said) | Self::Wasm(said) => said.len(),
            Self::ExtProc(said) => said.len(),
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
        if let Self::ExtProc(servers) = self {
            let paths =
                servers.iter().enumerate().flat_map(|(index, server)| missing_of_server(server, &at.with(index)));
            let missing = |(path, why)| Missing { path, loss: NOT_HANDED_ON, is_security: true, why };
            return paths.map(missing).collect();
        }
        let why = match self {
            Self::DynamicModule(_) => "its code is a library that has to be beside Envoy",
            Self::Wasm(_) => "its code would have to be fetched",
            Self::ExtProc(_) | Self::Lua(_) => NOT_TRANSLATED,
        };
        let entries = (0..self.count()).map(|index| at.with(index));
        entries.map(|path| Missing { path, loss: NOT_HANDED_ON, is_security: true, why }).collect()
    }
}

/// Why a server gets no body both ways at a time.
const ONE_WAY: &str = "gwctl has servers get a body before it is passed on";

/// What of a server is not translated, and why.
fn missing_of_server(server: &ExtensionProcessor, at: &FieldPath) -> Vec<(FieldPath, &'static str)> {
    let ExtensionProcessor {
        backend_ref: _,
        backend_refs,
        backend_settings,
        fail_open: _,
        message_timeout: _,
        metadata,
        processing_mode,
        shadow_mode,
        status_on_error: _,
    } = server;
    let mut paths = Vec::new();
    paths.extend(backend_settings.map(|_| at.with("backendSettings")));
    paths.extend((*shadow_mode == Some(true)).then(|| at.with("shadowMode")));
    if let Some(ExtensionMetadata { accessible_namespaces: _, writable_namespaces }) = metadata {
        let writable = (!writable_namespaces.is_empty()).then(|| at.with("metadata").with("writableNamespaces"));
        paths.extend(writable);
    }
    missing_of_backends(backend_refs, at, &mut paths);
    let mut missing: Vec<_> = paths.into_iter().map(|path| (path, NOT_TRANSLATED)).collect();
    if let Some(ExtensionProcessing { allow_mode_override: _, request, response }) = processing_mode {
        for (side, said) in [("request", request), ("response", response)] {
            let Some(ExtensionProcessed { attributes: _, body }) = said else { continue };
            let duplex = body.as_ref().filter(|body| *body == "FullDuplexStreamed");
            missing.extend(duplex.map(|_| (at.with("processingMode").with(side).with("body"), ONE_WAY)));
        }
    }
    missing
}
