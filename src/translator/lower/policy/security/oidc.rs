//! `oidc` ([OIDC](https://gateway.envoyproxy.io/docs/api/extension_types/#oidc)): who sends requests has to sign in.
//!
//! Nothing that is said of a Secret repeats a value of it. The key that cookies are signed with, which Envoy Gateway makes in
//! the cluster, is made of the client's password and of the policy's name, so that the same input gives the same output.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::diagnostics::FieldPath;
use crate::http::{HeaderName, is_token};
use crate::ir::{
    ClusterId, HeaderValue, SameSite, SecretText, SignIn, SignInCookies, SignInProvider, SignInTokens, TextIs,
};
use crate::parser::api::{
    Duration, OidcCookieConfig, OidcCookieNames, OidcDeniedHeader, OidcHeaderMatchType, OidcProvider, OidcSameSite,
    SecretObjectReference, SecurityOidc, SecurityTokens,
};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{BackendRefOutcome, CertificateIndex};
use crate::translator::lower::cluster::{Clusters, RouteProtocol, Sent};
use crate::translator::lower::header::bad_passed_name;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::tokens::is_url;

/// The keys of Secrets that have the client and its password.
const CLIENT_KEY: &str = "client-id";
const PASSWORD_KEY: &str = "client-secret";

/// What is asked for in any case
/// ([OpenID Connect](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)).
const OPENID: &str = "openid";

/// Where the provider sends clients back to, and where they sign out, unless a policy says otherwise.
const CALLBACK: &str = "%REQ(x-forwarded-proto)%://%REQ(:authority)%/oauth2/callback";
const SIGN_OUT: &str = "/logout";

/// What may stand in the place of the scheme and of the host of that URL.
const SCHEME_OF_REQUEST: &str = "%REQ(x-forwarded-proto)%";
const HOSTS_OF_REQUEST: [&str; 2] = ["%REQ(:authority)%", "%REQ(host)%"];

/// Where a token is unless `jwt` says otherwise, and what stands before it.
const TOKEN_HEADER: &str = "authorization";
const BEARER: &str = "Bearer ";

/// What the key of cookies is made for.
const PURPOSE: &str = "cookies of those who have signed in";

/// How those are signed in who send requests, and who gives them tokens.
#[derive(Clone, Debug)]
pub(super) struct SignInPart {
    said: SignIn,
    server: BackendRefOutcome,
}

impl SignInPart {
    /// How it is done; `None` where nobody can be asked for tokens.
    pub(super) fn rule(&self, clusters: &mut Clusters<'_>) -> Option<Arc<SignIn>> {
        let cluster = clusters.intern(self.server.ok()?, Sent::once(RouteProtocol::Http), None)?;
        let mut said = self.said.to_owned();
        said.provider.cluster = cluster;
        Some(Arc::new(said))
    }

    /// Whether requests pass that bring a token.
    pub(super) fn passes_tokens(&self) -> bool {
        !self.said.passes_tokens.is_empty()
    }
}

/// How those are signed in who send requests; `None` where that is not known. `tokens` are those that the policy asks for
/// besides.
pub(super) fn lower(
    said: &SecurityOidc,
    (source, secrets, servers): (&ObjectHead, &CertificateIndex<'_>, &[BackendRefOutcome]),
    tokens: Option<&SecurityTokens>,
    faults: &mut Faults<'_>,
) -> Option<SignInPart> {
    // The resolver lets no tokens through that are forwarded in headers of their own.
    let SecurityOidc {
        client_id,
        client_id_ref,
        client_secret,
        cookie_config,
        cookie_domain,
        cookie_names,
        csrf_token_ttl,
        default_refresh_token_ttl,
        default_token_ttl,
        deny_redirect,
        disable_token_encryption,
        forward_access_token,
        forward_id_token: _,
        logout_path,
        pass_through_auth_header,
        provider,
        redirect_url,
        refresh_token,
        resources,
        scopes,
    } = said;
    let name = source.full_name();
    let client = match (client_id, client_id_ref) {
        (Some(client), _) => text(client, &path!["clientID"], faults).map(|text| HeaderValue::Plain(text.to_owned())),
        (None, Some(reference)) => {
            let client = held(reference, (CLIENT_KEY, "clientIDRef"), (source, secrets), faults);
            client.map(|text| HeaderValue::secret(&text))
        }
        (None, None) => None,
    };
    let password = held(client_secret, (PASSWORD_KEY, "clientSecret"), (source, secrets), faults);
    let provider = lower_provider(provider, faults);
    let (callback, callback_path) = lower_callback(redirect_url.as_deref(), faults);
    let sign_out_path = lower_sign_out(logout_path.as_deref(), &callback_path, faults);
    let refused = deny_redirect.iter().flat_map(|denied| &denied.headers).enumerate();
    let refused = refused.map(|(index, header)| lower_refused(header, index, faults)).collect();
    let passes_tokens = match pass_through_auth_header {
        Some(true) => lower_passed(tokens, faults),
        Some(false) | None => Vec::new(),
    };
    let cookies = SignInCookies {
        suffix: digest(&name),
        is_plain: *disable_token_encryption == Some(true),
        same_site: cookie_config.as_ref().and_then(|OidcCookieConfig { same_site }| *same_site).map(same_site_of),
        domain: cookie_domain.as_ref().map(String::to_owned),
        ..lower_names(cookie_names.as_ref(), faults)
    };
    let lasting = |field: &'static str, said: &Option<Duration>, faults: &mut Faults<'_>| {
        let Duration(time) = said.as_ref()?;
        if time.as_secs() == 0 {
            faults.add(&path![field], "it would be over at once", "write a second or more");
        }
        Some(*time)
    };
    let kept = SignInTokens {
        forwards: *forward_access_token == Some(true),
        renews: *refresh_token,
        kept: lasting("defaultTokenTTL", default_token_ttl, faults),
        renewed: lasting("defaultRefreshTokenTTL", default_refresh_token_ttl, faults),
        sign_in: lasting("csrfTokenTTL", csrf_token_ttl, faults),
    };
    let mut asked: Vec<String> = Vec::with_capacity(scopes.len() + 1);
    asked.extend((!scopes.iter().any(|scope| scope == OPENID)).then(|| OPENID.to_owned()));
    for (index, scope) in scopes.iter().enumerate() {
        asked.extend(text(scope, &path!["scopes", index], faults).map(str::to_owned));
    }
    for (index, resource) in resources.iter().enumerate() {
        text(resource, &path!["resources", index], faults);
    }
    let (client, password, provider) = (client?, password?, provider?);
    let said = SignIn {
        called: format!("{name}/{}", client_secret.name),
        provider,
        client,
        key: key_of_cookies(&password, &name),
        password: SecretText::new(&password),
        scopes: asked,
        resources: resources.to_vec(),
        callback,
        callback_path,
        sign_out_path,
        cookies,
        tokens: kept,
        passes_tokens,
        refused,
    };
    Some(SignInPart { said, server: *servers.first()? })
}

/// The headers in which others look for a token, each with what stands before it: requests with one do not have to sign in,
/// and the token has to count.
fn lower_passed(tokens: Option<&SecurityTokens>, faults: &mut Faults<'_>) -> Vec<(HeaderName, String)> {
    let at = path!["passThroughAuthHeader"];
    let Some(SecurityTokens { fail_open: None | Some(false), optional: _, providers }) = tokens else {
        let message = "requests with any token would pass: no `jwt` of the policy has to be met";
        faults.add(&at, message, "add `jwt` without `failOpen` to the policy, or remove the field");
        return Vec::new();
    };
    let found = providers.iter().flat_map(|provider| match &provider.extract_from {
        Some(source) if !(source.headers.is_empty() && source.params.is_empty()) => {
            let own = source.headers.iter();
            own.map(|one| (one.name.lower(), one.value_prefix.as_ref().map_or("", String::as_str).to_owned())).collect()
        }
        Some(_) | None => vec![(HeaderName::from(TOKEN_HEADER), BEARER.to_owned())],
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        let message = "`jwt` looks for tokens in no header";
        faults.add(&at, message, "add a header to its `extractFrom`, or remove the field");
    }
    found
}

/// A key that nobody knows who does not know the password.
fn key_of_cookies(password: &str, name: &str) -> SecretText {
    let own = hmac::Key::new(hmac::HMAC_SHA256, password.as_bytes());
    SecretText::new(&STANDARD.encode(hmac::sign(&own, format!("{PURPOSE}: {name}").as_bytes())))
}

/// What keeps the cookies of policies apart.
fn digest(name: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// What a Secret has in a key.
fn held(
    reference: &SecretObjectReference,
    (key, field): (&'static str, &'static str),
    (source, secrets): (&ObjectHead, &CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> Option<String> {
    // Of one that cannot be read the resolver said so.
    let secret = secrets.policy_secret(source, reference)?;
    let at = path![field, "name"];
    let Some(value) = secret.data.get(key).filter(|value| !value.is_empty()) else {
        let message = format!("Secret `{}` has no key `{key}`, or an empty one", reference.name);
        faults.add(&at, message, "put what the provider knows the client by into that key");
        return None;
    };
    let is_visible = |text: &&str| text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) && text.trim() == *text;
    let found = std::str::from_utf8(value).ok().filter(is_visible);
    if found.is_none() {
        let message = format!(
            "`{key}` of Secret `{}` has a line break or another character that is none of a word",
            reference.name
        );
        let help = "write visible characters; `--from-literal` and `echo -n` add no line break";
        faults.add(&at, message, help);
    }
    found.map(str::to_owned)
}

/// A word that is sent to the provider.
fn text<'t>(said: &'t str, at: &FieldPath, faults: &mut Faults<'_>) -> Option<&'t str> {
    let is_word = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_word {
        faults.add(at, "it is no word that a provider can be sent", "write visible characters, with no space");
    }
    is_word.then_some(said)
}

fn lower_provider(said: &OidcProvider, faults: &mut Faults<'_>) -> Option<SignInProvider> {
    let OidcProvider {
        authorization_endpoint,
        backend_ref: _,
        backend_refs: _,
        backend_settings: _,
        end_session_endpoint,
        issuer: _,
        token_endpoint,
    } = said;
    let (Some(url), Some(token_url)) = (authorization_endpoint, token_endpoint) else {
        let what = if authorization_endpoint.is_some() { "where tokens are had" } else { "where clients sign in" };
        let message = format!("{what} is known of the issuer alone, which nobody asks here");
        let help = "write `authorizationEndpoint` and `tokenEndpoint`: \
                    `curl ISSUER/.well-known/openid-configuration` shows `authorization_endpoint` and `token_endpoint`";
        faults.add(&path!["provider", "issuer"], message, help);
        return None;
    };
    let ends = [("authorizationEndpoint", Some(url)), ("endSessionEndpoint", end_session_endpoint.as_ref())];
    for (field, url) in ends.into_iter().filter_map(|(field, url)| Some((field, url?))) {
        if !is_url(url) {
            let help = "write `https://`, a host and a path";
            faults.add(&path!["provider", field], "nobody can be sent to this URL", help);
        }
    }
    let at = path!["provider", "tokenEndpoint"];
    // The resolver has read the URL that leads to the server by itself.
    if !is_url(token_url) && said.backends().first().is_some() {
        faults.add(&at, "there is nothing to be had by this URL", "write `https://`, a host and a path");
    } else if token_url.starts_with("http:") {
        let message = "the client's password would be sent in plain text";
        faults.add(&at, message, "write `https:`, as Envoy Gateway asks for");
    }
    Some(SignInProvider {
        // The server is known where the rules are.
        cluster: ClusterId::from(0),
        token_url: token_url.to_owned(),
        url: url.to_owned(),
        end_url: end_session_endpoint.as_ref().map(String::to_owned),
    })
}

/// The URL that the provider sends clients back to, and its path.
fn lower_callback(said: Option<&str>, faults: &mut Faults<'_>) -> (String, String) {
    let url = said.filter(|url| !url.is_empty()).unwrap_or(CALLBACK);
    let path = callback_path(url);
    if path.is_none() {
        let help = "write a URL with a path, such as `https://shop.example.com/oauth2/callback`";
        faults.add(&path!["redirectURL"], "nobody can be sent back to this URL", help);
    }
    (url.to_owned(), path.unwrap_or_default().to_owned())
}

/// The path of a URL with operators; `None` where it has none of its own, or something else is wrong with it.
fn callback_path(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, _) = rest.split_once('/')?;
    let path = &rest[host.len()..];
    let is_host =
        || !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    let is_path = path.len() > 1 && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"%?#".contains(&byte));
    let is_scheme = matches!(scheme, "http" | "https") || scheme == SCHEME_OF_REQUEST;
    (is_scheme && is_path && (HOSTS_OF_REQUEST.contains(&host) || is_host())).then_some(path)
}

fn lower_sign_out(said: Option<&str>, callback: &str, faults: &mut Faults<'_>) -> String {
    let path = said.filter(|path| !path.is_empty()).unwrap_or(SIGN_OUT);
    let is_path = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
    if !is_path {
        faults.add(&path!["logoutPath"], "it is no path", "write a path such as `/logout`");
    }
    if path == callback {
        let message = "clients come back to this path when they have signed in";
        faults.add(&path!["logoutPath"], message, "write another path");
    }
    path.to_owned()
}

fn lower_refused(
    OidcDeniedHeader { name, match_type, value }: &OidcDeniedHeader,
    index: usize,
    faults: &mut Faults<'_>,
) -> (HeaderName, TextIs) {
    let at = path!["denyRedirect", "headers", index];
    if let Some((message, help)) = bad_passed_name(name, false) {
        faults.add(&at.with("name"), message, help);
    }
    let value = value.to_owned();
    let is = match match_type {
        OidcHeaderMatchType::Exact => TextIs::Exact(value),
        OidcHeaderMatchType::Prefix => TextIs::Prefix(value),
        OidcHeaderMatchType::Suffix => TextIs::Suffix(value),
        OidcHeaderMatchType::RegularExpression => {
            faults.expression(&at.with("value"), &value);
            TextIs::Regex(value)
        }
    };
    (name.lower(), is)
}

fn lower_names(said: Option<&OidcCookieNames>, faults: &mut Faults<'_>) -> SignInCookies {
    let mut name = |field: &'static str, said: Option<&String>| {
        let name = said.filter(|name| !name.is_empty())?;
        if !name.bytes().all(is_token) {
            faults.add(&path!["cookieNames", field], "no cookie has such a name", "write letters, digits, `-` and `_`");
        }
        Some(name.to_owned())
    };
    let access_token = name("accessToken", said.and_then(|names| names.access_token.as_ref()));
    let id_token = name("idToken", said.and_then(|names| names.id_token.as_ref()));
    if access_token.is_some() && access_token == id_token {
        let message = "another cookie has the name";
        faults.add(&path!["cookieNames", "idToken"], message, "write two names");
    }
    SignInCookies { suffix: String::new(), access_token, id_token, domain: None, same_site: None, is_plain: false }
}

fn same_site_of(said: OidcSameSite) -> SameSite {
    match said {
        OidcSameSite::Lax => SameSite::Lax,
        OidcSameSite::Strict => SameSite::Strict,
        OidcSameSite::None => SameSite::None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CALLBACK, callback_path, digest, key_of_cookies};

    #[test]
    fn clients_are_sent_back_to_a_path_of_its_own() {
        assert_eq!(callback_path(CALLBACK), Some("/oauth2/callback"));
        assert_eq!(callback_path("https://shop.example.com:8443/a/b"), Some("/a/b"));
        for wrong in [
            "",
            "/a",
            "https://shop.example.com",
            "https://shop.example.com/",
            "https:///a",
            "ftp://a/b",
            "https://a/b?c",
            "https://a/%41",
            "https://%REQ(x)%/a",
            "https://a b/c",
            "%REQ(x)%://a/b",
        ] {
            assert_eq!(callback_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_policy_has_a_key_and_names_of_its_own() {
        assert_ne!(key_of_cookies("a", "shop/one").text(), key_of_cookies("a", "shop/two").text());
        assert_ne!(key_of_cookies("a", "shop/one").text(), key_of_cookies("b", "shop/one").text());
        assert_ne!(digest("shop/one"), digest("shop/two"));
    }
}
