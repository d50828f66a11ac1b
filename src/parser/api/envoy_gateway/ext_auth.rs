//! `extAuth` of a SecurityPolicy ([ExtAuth](https://gateway.envoyproxy.io/docs/api/extension_types/#extauth)).

use serde::Deserialize;

use crate::http::HeaderName;
use crate::name::{Name, Namespace};
use crate::parser::api::option_list::Untranslated;
use crate::parser::api::{BackendObjectReference, Duration};
use crate::parser::route::BackendReference;
use crate::port::Port;

/// Which service is asked whether a request may pass, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityExtAuth {
    pub body_to_ext_auth: Option<SecurityAuthBody>,
    #[serde(default)]
    pub context_extensions: Vec<SecurityAuthContext>,
    pub fail_open: bool,
    pub grpc: Option<SecurityGrpcAuth>,
    #[serde(default)]
    pub headers_to_ext_auth: Vec<HeaderName>,
    pub http: Option<SecurityHttpAuth>,
    pub include_route_metadata: Option<bool>,
    pub recompute_route: Option<bool>,
    pub status_on_error: Option<u16>,
    pub timeout: Option<Duration>,
}

/// How much of a body the service sees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityAuthBody {
    pub max_request_bytes: u32,
}

/// What the service is told beside the request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityAuthContext {
    pub name: String,
    /// `Value` or `ValueRef`.
    #[serde(rename = "type")]
    pub value_type: String,
    pub value: Option<String>,
    pub value_ref: Option<Untranslated>,
}

/// A service over gRPC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityGrpcAuth {
    pub backend_ref: Option<BackendObjectReference>,
    #[serde(default)]
    pub backend_refs: Vec<PolicyBackendRef>,
    pub backend_settings: Option<Untranslated>,
}

/// A service over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityHttpAuth {
    pub backend_ref: Option<BackendObjectReference>,
    #[serde(default)]
    pub backend_refs: Vec<PolicyBackendRef>,
    pub backend_settings: Option<Untranslated>,
    #[serde(default)]
    pub headers_to_backend: Vec<HeaderName>,
    pub path: Option<String>,
    pub path_override: Option<String>,
}

/// A backend that a policy names
/// ([BackendRef](https://gateway.envoyproxy.io/docs/api/extension_types/#backendref)).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyBackendRef {
    pub fallback: Option<bool>,
    pub group: String,
    pub kind: String,
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub port: Option<Port>,
    pub weight: u32,
}

/// Where the backends of a service stand in its field.
#[derive(Clone, Copy, Debug)]
pub struct NamedBackends<'b> {
    /// The list.
    pub list: &'b [PolicyBackendRef],
    /// The one that is named by itself, which counts where the list is empty.
    pub single: Option<&'b BackendObjectReference>,
}

impl<'b> NamedBackends<'b> {
    /// The first backend.
    pub fn first(self) -> Option<(Option<usize>, BackendReference<'b>)> {
        if let Some(PolicyBackendRef { group, kind, name, namespace, port, .. }) = self.list.first() {
            let reference = BackendReference { group, kind, name, namespace: namespace.as_ref(), port: *port };
            return Some((Some(0), reference));
        }
        let BackendObjectReference { group, kind, name, namespace, port } = self.single?;
        Some((None, BackendReference { group, kind, name, namespace: namespace.as_ref(), port: *port }))
    }
}

impl SecurityExtAuth {
    /// The protocol that the service speaks, and its backends.
    pub fn service(&self) -> Option<(&'static str, NamedBackends<'_>)> {
        let Self { grpc, http, .. } = self;
        let of_grpc = grpc.as_ref().map(|SecurityGrpcAuth { backend_ref, backend_refs, backend_settings: _ }| {
            ("grpc", NamedBackends { list: backend_refs, single: backend_ref.as_ref() })
        });
        let of_http = http.as_ref().map(|SecurityHttpAuth { backend_ref, backend_refs, .. }| {
            ("http", NamedBackends { list: backend_refs, single: backend_ref.as_ref() })
        });
        of_grpc.or(of_http)
    }
}
