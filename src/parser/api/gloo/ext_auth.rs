//! The options that ask a service whether a request may pass.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::http::HeaderName;

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use super::resource_ref::GlooResourceRef;
use crate::parser::api::option_list::Untranslated;

/// `extauth` of a RouteOption or a VirtualHostOption.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuth {
    pub config_ref: Option<GlooResourceRef>,
    pub custom_auth: Option<OptionCustomAuth>,
    #[serde(default)]
    pub disable: bool,
}

/// `customAuth`: a server of one's own is asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionCustomAuth {
    #[serde(default)]
    pub context_extensions: BTreeMap<String, String>,
    #[serde(default)]
    pub name: String,
}

/// `extauth` of an HttpListenerOption: the server, and how it is asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuthServer {
    #[serde(default)]
    pub clear_route_cache: bool,
    pub extauthz_server_ref: Option<GlooResourceRef>,
    #[serde(default)]
    pub failure_mode_allow: bool,
    pub grpc_service: Option<OptionAuthority>,
    pub http_service: Option<OptionAuthHttp>,
    pub request_body: Option<OptionAuthBody>,
    pub request_timeout: Option<GoDuration>,
    #[serde(default)]
    pub stat_prefix: String,
    #[serde(default)]
    pub status_on_error: u32,
    pub transport_api_version: Option<GlooEnum>,
    #[serde(default)]
    pub user_id_header: String,
}

/// `grpcService`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuthority {
    #[serde(default)]
    pub authority: String,
}

/// `httpService`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuthHttp {
    #[serde(default)]
    pub path_prefix: String,
    pub request: Option<OptionAuthRequest>,
    pub response: Option<OptionAuthResponse>,
}

/// `request`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuthRequest {
    #[serde(default)]
    pub allowed_headers: Vec<HeaderName>,
    #[serde(default)]
    pub allowed_headers_regex: Vec<String>,
    #[serde(default)]
    pub headers_to_add: BTreeMap<String, Untranslated>,
}

/// `response`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuthResponse {
    #[serde(default)]
    pub allowed_client_headers: Vec<HeaderName>,
    #[serde(default)]
    pub allowed_upstream_headers: Vec<HeaderName>,
    #[serde(default)]
    pub allowed_upstream_headers_to_append: Vec<HeaderName>,
}

/// `requestBody`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAuthBody {
    #[serde(default)]
    pub allow_partial_message: bool,
    #[serde(default)]
    pub max_request_bytes: u32,
    #[serde(default)]
    pub pack_as_bytes: bool,
}
