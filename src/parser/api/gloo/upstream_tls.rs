//! What an Upstream says of TLS to its hosts.

use serde::Deserialize;

use super::gloo_enum::GlooEnum;
use super::resource_ref::GlooResourceRef;
use crate::parser::api::option_list::Untranslated;

/// `sslConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamSsl {
    #[serde(default)]
    pub allow_renegotiation: bool,
    #[serde(default)]
    pub alpn_protocols: Vec<String>,
    #[serde(default)]
    pub one_way_tls: bool,
    pub parameters: Option<UpstreamSslParameters>,
    pub sds: Option<Untranslated>,
    pub secret_ref: Option<GlooResourceRef>,
    #[serde(default)]
    pub sni: String,
    pub ssl_files: Option<Untranslated>,
    #[serde(default)]
    pub verify_subject_alt_name: Vec<String>,
}

/// `parameters`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamSslParameters {
    #[serde(default)]
    pub cipher_suites: Vec<String>,
    #[serde(default)]
    pub ecdh_curves: Vec<String>,
    pub maximum_protocol_version: Option<GlooEnum>,
    pub minimum_protocol_version: Option<GlooEnum>,
}
