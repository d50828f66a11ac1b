//! Keys and passwords that requests have to bring: filters that are switched off in the chain and on by the routes that ask
//! for them
//! ([API key auth](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/api_key_auth_filter),
//! [basic auth](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter)).
//!
//! The header that backends get a name in is a setting of the filter, so that there is one for each such header. What it
//! asks for itself nobody has: a route that would switch it on and say no more lets nobody pass.

use std::collections::BTreeSet;

use envoy_types::pb::envoy::config::core::v3::{DataSource, data_source::Specifier};
use envoy_types::pb::envoy::extensions::filters::http::api_key_auth::v3::{
    ApiKeyAuth, ApiKeyAuthPerRoute, Credential, Forwarding, KeySource,
};
use envoy_types::pb::envoy::extensions::filters::http::basic_auth::v3::{BasicAuth, BasicAuthPerRoute};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{ApiKey, ApiKeys, KeyPlace, Passwords, RouteGuards, User};

use super::proto::{any, http_filter};

const KEY_FILTER: &str = "envoy.filters.http.api_key_auth";
const KEYS: &str = "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth";
const KEYS_PER_ROUTE: &str = "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute";
const PASSWORD_FILTER: &str = "envoy.filters.http.basic_auth";
const PASSWORDS: &str = "envoy.extensions.filters.http.basic_auth.v3.BasicAuth";
const PASSWORDS_PER_ROUTE: &str = "envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute";

/// A file of passwords without a user: a comment, since Envoy takes no empty one.
const NOBODY: &str = "#";

/// What routes ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct CredentialNeeds {
    keys: bool,
    /// The headers that backends get names in; an empty one for none.
    told: BTreeSet<String>,
}

impl CredentialNeeds {
    pub(super) fn add(&mut self, RouteGuards { keys, passwords, .. }: &RouteGuards) {
        self.keys |= keys.is_some();
        self.told.extend(passwords.iter().map(|passwords| told(passwords).to_owned()));
    }

    /// The filters in the chain.
    pub(super) fn filters(&self) -> Vec<HttpFilter> {
        let Self { keys, told } = self;
        let keys = keys.then(|| http_filter(KEY_FILTER, any(KEYS, &ApiKeyAuth::default())));
        let passwords = told.iter().map(|header| {
            let filter = BasicAuth {
                users: Some(inline(NOBODY.to_owned())),
                forward_username_header: header.to_owned(),
                ..BasicAuth::default()
            };
            http_filter(&password_filter(header), any(PASSWORDS, &filter))
        });
        keys.into_iter().chain(passwords).map(|filter| HttpFilter { disabled: true, ..filter }).collect()
    }
}

/// The header that backends get a name in; an empty one for none.
fn told(passwords: &Passwords) -> &str {
    passwords.told.as_ref().map_or("", |header| header.as_str())
}

fn password_filter(told: &str) -> String {
    if told.is_empty() { PASSWORD_FILTER.to_owned() } else { format!("{PASSWORD_FILTER}/{told}") }
}

fn inline(text: String) -> DataSource {
    DataSource { specifier: Some(Specifier::InlineString(text)), ..DataSource::default() }
}

/// What a rule asks of the filters.
pub(super) fn per_route(RouteGuards { keys, passwords, .. }: &RouteGuards) -> impl Iterator<Item = (String, Any)> {
    let keys = keys.as_ref().map(|keys| (KEY_FILTER.to_owned(), any(KEYS_PER_ROUTE, &to_keys(keys))));
    let passwords = passwords.as_ref().map(|passwords| {
        let lines: String = passwords.users.iter().map(|user: &User| user.line() + "\n").collect();
        let users = if lines.is_empty() { NOBODY.to_owned() } else { lines };
        let asked = BasicAuthPerRoute { users: Some(inline(users)) };
        (password_filter(told(passwords)), any(PASSWORDS_PER_ROUTE, &asked))
    });
    keys.into_iter().chain(passwords)
}

fn to_keys(ApiKeys { known, places, told, keeps_key }: &ApiKeys) -> ApiKeyAuthPerRoute {
    let credential =
        |ApiKey { client, key }: &ApiKey| Credential { key: key.text().to_owned(), client: client.to_owned() };
    let source = |place: &KeyPlace| match place {
        KeyPlace::Header(name) => KeySource { header: name.to_string(), ..KeySource::default() },
        KeyPlace::Parameter(name) => KeySource { query: name.to_owned(), ..KeySource::default() },
        KeyPlace::Cookie(name) => KeySource { cookie: name.to_owned(), ..KeySource::default() },
    };
    let forwarding =
        Forwarding { header: told.as_ref().map(ToString::to_string).unwrap_or_default(), hide_credentials: !keeps_key };
    ApiKeyAuthPerRoute {
        credentials: known.iter().map(credential).collect(),
        key_sources: places.iter().map(source).collect(),
        forwarding: (told.is_some() || !keeps_key).then_some(forwarding),
        ..ApiKeyAuthPerRoute::default()
    }
}
