//! Options of HttpListenerOption about what connections do beside routing.

use serde::Deserialize;

use super::gloo_enum::GlooEnum;
use super::route_option::{OptionHashCookie, RequestHeaderOption};
use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;

/// `gzip`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionGzip {
    pub compression_level: Option<GlooEnum>,
    pub compression_strategy: Option<GlooEnum>,
    pub content_length: Option<u32>,
    #[serde(default)]
    pub content_type: Vec<String>,
    #[serde(default)]
    pub disable_on_etag_header: bool,
    pub memory_level: Option<u32>,
    #[serde(default)]
    pub remove_accept_encoding_header: bool,
    pub window_bits: Option<u32>,
}

/// `grpcWeb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionGrpcWeb {
    #[serde(default)]
    pub disable: bool,
}

/// `earlyHeaderManipulation`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionEarlyHeaders {
    #[serde(default)]
    pub headers_to_add: Vec<RequestHeaderOption>,
    #[serde(default)]
    pub headers_to_remove: Vec<HeaderName>,
}

/// `setCurrentClientCertDetails`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionClientCertificate {
    pub cert: bool,
    pub chain: bool,
    pub dns: bool,
    pub subject: bool,
    pub uri: bool,
}

/// `headerValidationSettings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHeaderValidation {
    /// That it is there is all that it says.
    pub disable_http1_method_validation: Option<Untranslated>,
}

/// `statefulSession`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionStatefulSession {
    pub cookie_based: Option<OptionCookieSession>,
    pub header_based: Option<OptionHeaderSession>,
    pub strict: bool,
}

/// `cookieBased`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionCookieSession {
    pub cookie: Option<OptionHashCookie>,
}

/// `headerBased`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionHeaderSession {
    pub header_name: HeaderName,
}

/// `internalAddressConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionInternalAddresses {
    pub cidr_ranges: Vec<OptionAddressRange>,
    pub unix_sockets: bool,
}

/// One of `cidrRanges`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionAddressRange {
    pub address_prefix: String,
    pub prefix_len: u32,
}

/// `uuidRequestIdConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRequestId {
    pub pack_trace_reason: Option<bool>,
    pub use_request_id_for_trace_sampling: Option<bool>,
}
