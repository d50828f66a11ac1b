//! Who sends requests has to sign in: filters that are switched off in the chain and on by the routes that ask for them
//! ([OAuth2](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/oauth2_filter)).
//!
//! There is one for each way to sign in, since releases of Envoy differ in whether a route may say it all by itself. The
//! client's password and the key of cookies are secrets beside it: Envoy takes them from nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use envoy_types::pb::envoy::config::core::v3::{
    DataSource, HttpUri, data_source::Specifier, http_uri::HttpUpstreamType,
};
use envoy_types::pb::envoy::config::route::v3::{FilterConfig, HeaderMatcher, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::filters::http::oauth2::v3::{
    CookieConfig, CookieConfigs, OAuth2, OAuth2Config, OAuth2Credentials, cookie_config,
    o_auth2_config::AuthType,
    o_auth2_credentials::{CookieNames, TokenFormation},
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{GenericSecret, SdsSecretConfig, Secret, secret};
use envoy_types::pb::envoy::r#type::matcher::v3::{PathMatcher, StringMatcher, path_matcher::Rule};
use envoy_types::pb::google::protobuf::Any;
use prost::Message as _;

use crate::ir::{
    Config, NONCE_COOKIE, RouteGuards, SIGNATURE_COOKIE, SameSite, SignIn, SignInCookies, SignInProvider, SignInTokens,
    TextIs,
};

use super::layout::Layout;
use super::name;
use super::proto::{any, boolean, duration, exact, http_filter, to_pattern};

const FILTER: &str = "envoy.filters.http.oauth2";
const OAUTH2: &str = "envoy.extensions.filters.http.oauth2.v3.OAuth2";
const FILTER_CONFIG: &str = "envoy.config.route.v3.FilterConfig";

/// How long the provider may take to give tokens.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The ways to sign in that routes ask for, by the names of their filters.
#[derive(Clone, Debug, Default)]
pub(super) struct SignInNeeds(BTreeMap<String, Arc<SignIn>>);

impl SignInNeeds {
    pub(super) fn add(&mut self, RouteGuards { sign_in, .. }: &RouteGuards, config: &Config) {
        if let Some(sign_in) = sign_in {
            self.0.insert(filter_name(sign_in, config), Arc::clone(sign_in));
        }
    }

    /// The filters in the chain.
    pub(super) fn filters(&self, config: &Config, layout: &Layout) -> Vec<HttpFilter> {
        let filter = |(name, sign_in): (&String, &Arc<SignIn>)| {
            let [password, key] = secret_names(sign_in, config).map(|name| layout.sign_in_source(name));
            let filter = OAuth2 { config: Some(to_config(sign_in, config, (password, key))) };
            HttpFilter { disabled: true, ..http_filter(name, any(OAUTH2, &filter)) }
        };
        self.0.iter().map(filter).collect()
    }
}

/// The name of the filter of a way to sign in: another one with whatever is different in it.
fn filter_name(sign_in: &SignIn, config: &Config) -> String {
    format!("{FILTER}/{}", key_of(sign_in, config))
}

fn key_of(sign_in: &SignIn, config: &Config) -> String {
    let nobody = || (SdsSecretConfig::default(), SdsSecretConfig::default());
    let said = to_config(sign_in, config, nobody()).encode_to_vec();
    name::digest(&[sign_in.called.as_bytes(), &said].concat())
}

/// The names of the secrets with the client's password and with the key of cookies.
pub fn secret_names(sign_in: &SignIn, config: &Config) -> [String; 2] {
    let key = key_of(sign_in, config);
    ["password", "cookies"].map(|what| format!("oauth2/{key}/{what}"))
}

/// The passwords of clients and the keys of cookies.
pub(super) fn secrets(config: &Config) -> Vec<Secret> {
    let of_one = |sign_in: &Arc<SignIn>| {
        let texts = [sign_in.password.text().to_owned(), sign_in.key.text().to_owned()];
        let named = secret_names(sign_in, config).into_iter().zip(texts);
        named.map(|(name, text)| {
            let held = DataSource { specifier: Some(Specifier::InlineString(text)), ..DataSource::default() };
            let secret = GenericSecret { secret: Some(held), ..GenericSecret::default() };
            Secret { name, r#type: Some(secret::Type::GenericSecret(secret)) }
        })
    };
    config.sign_ins().into_iter().flat_map(of_one).collect()
}

/// What a rule asks of the filters.
pub(super) fn per_route(
    RouteGuards { sign_in, .. }: &RouteGuards,
    config: &Config,
) -> impl Iterator<Item = (String, Any)> {
    let on = || any(FILTER_CONFIG, &FilterConfig { config: Some(Any::default()), ..FilterConfig::default() });
    sign_in.iter().map(move |sign_in| (filter_name(sign_in, config), on()))
}

/// Whether a rule asks for something by an expression.
pub(super) fn uses_regex(RouteGuards { sign_in, .. }: &RouteGuards) -> bool {
    sign_in.iter().flat_map(|sign_in| &sign_in.refused).any(|(_, is)| matches!(is, TextIs::Regex(_)))
}

fn to_config(
    SignIn {
        called,
        provider,
        client,
        password: _,
        key: _,
        scopes,
        resources,
        callback,
        callback_path,
        sign_out_path,
        cookies,
        tokens,
        passes_tokens,
        refused,
    }: &SignIn,
    config: &Config,
    (password, key): (SdsSecretConfig, SdsSecretConfig),
) -> OAuth2Config {
    let SignInProvider { cluster, token_url, url, end_url } = provider;
    let SignInTokens { forwards, renews, kept, renewed, sign_in } = tokens;
    OAuth2Config {
        token_endpoint: Some(HttpUri {
            uri: token_url.to_owned(),
            timeout: Some(duration(TIMEOUT)),
            http_upstream_type: Some(HttpUpstreamType::Cluster(name::cluster(config.cluster(*cluster)))),
        }),
        authorization_endpoint: url.to_owned(),
        end_session_endpoint: end_url.to_owned().unwrap_or_default(),
        credentials: Some(OAuth2Credentials {
            client_id: client.sent().to_owned(),
            token_secret: Some(password),
            token_formation: Some(TokenFormation::HmacSecret(key)),
            cookie_names: Some(to_names(cookies)),
            cookie_domain: cookies.domain.to_owned().unwrap_or_default(),
        }),
        redirect_uri: callback.to_owned(),
        redirect_path_matcher: Some(path_is(callback_path)),
        signout_path: Some(path_is(sign_out_path)),
        forward_bearer_token: *forwards,
        // Backends get what clients send, unless the token stands in its place.
        preserve_authorization_header: !forwards,
        pass_through_matcher: passes_tokens.iter().map(|(name, prefix)| has_token(name, prefix)).collect(),
        auth_scopes: scopes.to_vec(),
        resources: resources.to_vec(),
        // Every provider of OpenID Connect knows it.
        auth_type: AuthType::BasicAuth as i32,
        use_refresh_token: Some(boolean(*renews)),
        default_expires_in: kept.map(duration),
        default_refresh_token_expires_in: renewed.map(duration),
        csrf_token_expires_in: sign_in.map(duration),
        deny_redirect_matcher: refused.iter().map(|(name, is)| header_is(name, is.to_owned())).collect(),
        cookie_configs: cookies.same_site.map(to_cookies),
        disable_token_encryption: cookies.is_plain,
        stat_prefix: called.to_owned(),
        ..OAuth2Config::default()
    }
}

fn to_names(cookies: &SignInCookies) -> CookieNames {
    let own = |said: &Option<String>, default: &str| said.to_owned().unwrap_or_else(|| cookies.name(default));
    CookieNames {
        bearer_token: own(&cookies.access_token, "AccessToken"),
        oauth_hmac: cookies.name(SIGNATURE_COOKIE),
        oauth_expires: cookies.name("OauthExpires"),
        id_token: own(&cookies.id_token, "IdToken"),
        refresh_token: cookies.name("RefreshToken"),
        oauth_nonce: cookies.name(NONCE_COOKIE),
        code_verifier: cookies.name("CodeVerifier"),
    }
}

fn to_cookies(same_site: SameSite) -> CookieConfigs {
    let same_site = match same_site {
        SameSite::Lax => cookie_config::SameSite::Lax,
        SameSite::Strict => cookie_config::SameSite::Strict,
        SameSite::None => cookie_config::SameSite::None,
    };
    let own = || Some(CookieConfig { same_site: same_site as i32, ..CookieConfig::default() });
    CookieConfigs {
        bearer_token_cookie_config: own(),
        oauth_hmac_cookie_config: own(),
        oauth_expires_cookie_config: own(),
        id_token_cookie_config: own(),
        refresh_token_cookie_config: own(),
        oauth_nonce_cookie_config: own(),
        code_verifier_cookie_config: own(),
    }
}

fn path_is(path: &str) -> PathMatcher {
    PathMatcher { rule: Some(Rule::Path(exact(path))) }
}

/// Whether there is a token; Envoy takes no empty prefix.
fn has_token(name: &str, prefix: &str) -> HeaderMatcher {
    match prefix {
        "" => HeaderMatcher {
            name: name.to_owned(),
            header_match_specifier: Some(HeaderMatchSpecifier::PresentMatch(true)),
            ..HeaderMatcher::default()
        },
        prefix => header_is(name, TextIs::Prefix(prefix.to_owned())),
    }
}

fn header_is(name: &str, is: TextIs) -> HeaderMatcher {
    let is = StringMatcher { match_pattern: Some(to_pattern(is)), ..StringMatcher::default() };
    HeaderMatcher {
        name: name.to_owned(),
        header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(is)),
        ..HeaderMatcher::default()
    }
}
