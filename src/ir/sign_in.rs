//! Who sends requests has to sign in with a provider of OpenID Connect
//! ([OAuth2](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/oauth2_filter)).

use std::time::Duration;

use serde::Serialize;

use super::ClusterId;
use super::default::is_default;
use super::header::{HeaderValue, SecretText};
use super::text_is::TextIs;
use crate::http::HeaderName;

/// How those are signed in who send requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignIn {
    /// What it is called: by who asks for it, and by what has the password.
    pub called: String,
    /// Where they sign in.
    pub provider: SignInProvider,
    /// The client as which the provider knows the proxy.
    pub client: HeaderValue,
    /// Its password.
    pub password: SecretText,
    /// The key that cookies are signed with, and encrypted.
    pub key: SecretText,
    /// What they are allowed to ask for; never empty.
    pub scopes: Vec<String>,
    /// What the tokens are for.
    #[serde(skip_serializing_if = "is_default")]
    pub resources: Vec<String>,
    /// Where the provider sends them back to: a URL with operators.
    pub callback: String,
    /// The path of that.
    pub callback_path: String,
    /// The path by which they sign out.
    pub sign_out_path: String,
    /// What is kept with them.
    pub cookies: SignInCookies,
    /// What is done with tokens.
    pub tokens: SignInTokens,
    /// Requests with any of these headers, and what their values begin with, pass: others look at the token.
    #[serde(skip_serializing_if = "is_default")]
    pub passes_tokens: Vec<(HeaderName, String)>,
    /// Requests with any of these headers are refused, in place of being sent away.
    #[serde(skip_serializing_if = "is_default")]
    pub refused: Vec<(HeaderName, TextIs)>,
}

impl SignIn {
    /// The texts of Secrets in it, and what is made of one.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        let client = self.client.secret_text().map(str::to_owned);
        client.into_iter().chain([&self.password, &self.key].map(|text| text.text().to_owned()))
    }
}

/// Where somebody signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInProvider {
    /// The server that gives tokens.
    pub cluster: ClusterId,
    /// Where it gives them.
    pub token_url: String,
    /// Where clients are sent to.
    pub url: String,
    /// Where they are sent to that sign out.
    #[serde(skip_serializing_if = "is_default")]
    pub end_url: Option<String>,
}

/// Cookies of those who have signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInCookies {
    /// What the names of cookies end with.
    pub suffix: String,
    /// The name of that with the access token, where it is another one.
    #[serde(skip_serializing_if = "is_default")]
    pub access_token: Option<String>,
    /// The name of that with the ID token, where it is another one.
    #[serde(skip_serializing_if = "is_default")]
    pub id_token: Option<String>,
    /// The domain that they are for.
    #[serde(skip_serializing_if = "is_default")]
    pub domain: Option<String>,
    /// Which requests of other sites have them.
    #[serde(skip_serializing_if = "is_default")]
    pub same_site: Option<SameSite>,
    /// Whether tokens stand in them as they are.
    #[serde(skip_serializing_if = "is_default")]
    pub is_plain: bool,
}

impl SignInCookies {
    /// The name of the cookie that has this by default.
    pub fn name(&self, default: &str) -> String {
        format!("{default}-{}", self.suffix)
    }
}

/// Which requests of other sites have a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SameSite {
    /// Links to this one.
    Lax,
    /// None.
    Strict,
    /// All.
    None,
}

/// What is done with tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInTokens {
    /// Whether backends get the access token in `authorization`, in the place of what clients send.
    #[serde(skip_serializing_if = "is_default")]
    pub forwards: bool,
    /// Whether those that are over are made anew.
    pub renews: bool,
    /// How long a token counts that does not say it.
    #[serde(skip_serializing_if = "is_default")]
    pub kept: Option<Duration>,
    /// The same of a token that makes others anew.
    #[serde(skip_serializing_if = "is_default")]
    pub renewed: Option<Duration>,
    /// How long somebody may take to sign in.
    #[serde(skip_serializing_if = "is_default")]
    pub sign_in: Option<Duration>,
}

/// What the names of cookies begin with: that with the signature of all others, and that with what a client is sent away
/// with.
pub const SIGNATURE_COOKIE: &str = "OauthHMAC";
/// See [`SIGNATURE_COOKIE`].
pub const NONCE_COOKIE: &str = "OauthNonce";
