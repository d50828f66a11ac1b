//! [HTTPRouteFilter](https://gateway.envoyproxy.io/docs/api/extension_types/#httproutefilter).

use serde::Deserialize;

use super::super::shared::{HeaderFilter, LocalObjectReference, SecretObjectReference};

/// The spec of an HTTPRouteFilter.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRouteFilterSpec {
    pub url_rewrite: Option<RouteFilterRewrite>,
    pub direct_response: Option<RouteFilterResponse>,
    pub credential_injection: Option<CredentialInjection>,
    #[serde(default)]
    pub matches: Vec<RouteFilterMatch>,
}

/// How URLs are rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteFilterRewrite {
    pub hostname: Option<HostnameRewrite>,
    pub path: Option<PathRewriteByRegex>,
    pub append_x_forwarded_host: Option<bool>,
}

/// Where the host that backends see comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostnameRewrite {
    #[serde(rename = "type")]
    pub rewrite_type: HostnameRewriteType,
    pub header: Option<String>,
    pub path_regex: Option<RegexSubstitution>,
}

/// The type of such a rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum HostnameRewriteType {
    Header,
    Backend,
    PathRegex,
}

/// The path that backends see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathRewriteByRegex {
    #[serde(rename = "type")]
    pub rewrite_type: PathRewriteType,
    pub replace_regex_match: Option<RegexSubstitution>,
}

/// The type of such a rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum PathRewriteType {
    ReplaceRegexMatch,
}

/// What takes the place of what an expression matches.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegexSubstitution {
    pub pattern: String,
    pub substitution: String,
}

/// What requests are answered with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteFilterResponse {
    pub status_code: Option<i64>,
    pub content_type: Option<String>,
    pub body: Option<RouteFilterBody>,
    pub header: Option<HeaderFilter>,
}

/// The body of such an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteFilterBody {
    #[serde(rename = "type")]
    pub body_type: RouteFilterBodyType,
    pub inline: Option<String>,
    pub value_ref: Option<LocalObjectReference>,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RouteFilterBodyType {
    Inline,
    ValueRef,
}

/// A header with a credential that requests are given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialInjection {
    pub header: Option<String>,
    #[serde(default)]
    pub overwrite: bool,
    pub credential: InjectedCredential,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InjectedCredential {
    pub value_ref: SecretObjectReference,
}

/// What requests must have besides what the rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteFilterMatch {
    #[serde(default)]
    pub cookies: Vec<CookieMatch>,
}

/// A condition on a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieMatch {
    pub name: String,
    #[serde(rename = "type")]
    pub match_type: CookieMatchType,
    pub value: String,
}

/// How its value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum CookieMatchType {
    Exact,
    RegularExpression,
}
