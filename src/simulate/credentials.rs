//! Keys and passwords that requests bring
//! ([API key auth](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/api_key_auth_filter),
//! [basic auth](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter)).

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::http::HeaderName;
use crate::ir::{ApiKeys, KeyPlace, Passwords, RouteGuards};

use super::admitted::Admitted;
use super::decision::{LocalReply, Reason};
use super::header::{line, set};
use super::path::split_query;
use super::session::cookie_value;

/// What stands before a name with its password.
const SCHEME: &str = "Basic ";

/// How much of the URL clients are told that were refused.
const LONGEST_URL: usize = 256;

/// Whether or not there is padding.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The request that goes on from where keys and passwords are looked at: without the keys that backends do not get, and with
/// what they are told.
///
/// # Errors
/// The answer to one that nobody may send.
pub(super) fn authenticate(guards: &RouteGuards, request: &mut Cow<'_, Admitted>) -> Result<(), LocalReply> {
    let RouteGuards { keys, passwords, .. } = guards;
    if let Some(keys) = keys {
        let client = client_of(keys, request).ok_or_else(no_key)?;
        tell(keys.told.as_ref(), client, request);
        if !keys.keeps_key {
            keys.places.iter().for_each(|place| remove(place, request.to_mut()));
        }
    }
    if let Some(passwords) = passwords {
        let name = user_of(passwords, request).map_err(|why| no_password(why, request))?;
        tell(passwords.told.as_ref(), &name, request);
    }
    Ok(())
}

fn tell(header: Option<&HeaderName>, value: &str, request: &mut Cow<'_, Admitted>) {
    if let Some(header) = header {
        set(&mut request.to_mut().headers, header.as_str(), value);
    }
}

/// Whose key a request has: the first place with one decides.
fn client_of<'k>(ApiKeys { known, places, .. }: &'k ApiKeys, request: &Admitted) -> Option<&'k str> {
    let found = places.iter().map(|place| key_in(place, request)).find(|key| !key.is_empty())?;
    known.iter().find(|one| one.key.text() == found).map(|one| one.client.as_str())
}

fn key_in<'r>(place: &KeyPlace, request: &'r Admitted) -> Cow<'r, str> {
    match place {
        KeyPlace::Header(name) => {
            let value = line(&request.headers, name.as_str()).unwrap_or_default();
            value.strip_prefix("Bearer ").unwrap_or(value).into()
        }
        KeyPlace::Parameter(name) => {
            let mut values = parameters(request).remove(name.as_str()).unwrap_or_default();
            if values.is_empty() { Cow::Borrowed("") } else { values.swap_remove(0).into() }
        }
        KeyPlace::Cookie(name) => cookie_value(request, name).unwrap_or_default().into(),
    }
}

/// The parameters of a query, decoded.
fn parameters(request: &Admitted) -> BTreeMap<String, Vec<String>> {
    let (_, query) = split_query(&request.target);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.entry(decoded(name)).or_default().push(decoded(value));
    }
    found
}

/// A text without percent signs that stand for bytes.
fn decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (bytes, mut found, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let escaped = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2))).filter(|_| *byte == b'%');
        let escaped = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        found.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&found).into_owned()
}

/// Takes a key out of a request. What is left of a query is in the order of its names.
fn remove(place: &KeyPlace, request: &mut Admitted) {
    match place {
        KeyPlace::Header(name) => request.headers.retain(|(own, _)| *own != name.as_str()),
        KeyPlace::Parameter(name) => {
            let mut left = parameters(request);
            left.remove(name.as_str());
            let pairs =
                left.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}")));
            let pairs: Vec<String> = pairs.collect();
            let (path, _) = split_query(&request.target);
            request.target = if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) };
        }
        KeyPlace::Cookie(name) => {
            for (_, value) in request.headers.iter_mut().filter(|(own, _)| own == "cookie") {
                let is_other = |pair: &&str| pair.split_once('=').is_none_or(|(own, _)| own != name);
                *value = value.split(';').map(str::trim).filter(is_other).collect::<Vec<_>>().join("; ");
            }
            request.headers.retain(|(own, value)| own != "cookie" || !value.is_empty());
        }
    }
}

fn no_key() -> LocalReply {
    LocalReply::new(401, Reason::NoCredential).with_body("Client authentication failed.")
}

/// Who sends a request, by a password that is right.
///
/// # Errors
/// What clients are told.
fn user_of(Passwords { users, .. }: &Passwords, request: &Admitted) -> Result<String, &'static str> {
    let said = line(&request.headers, "authorization");
    let said = said.ok_or("User authentication failed. Missing username and password.")?;
    let said = said.strip_prefix(SCHEME);
    let said = said.ok_or("User authentication failed. Expected 'Basic' authentication scheme.")?;
    let decoded = UNPADDED.decode(said).unwrap_or_default();
    let wrong = "User authentication failed. Invalid username/password combination.";
    let at = decoded.iter().position(|byte| *byte == b':');
    let at = at.ok_or("User authentication failed. Invalid basic credential format.")?;
    let name = std::str::from_utf8(&decoded[..at]).map_err(|_| wrong)?;
    let hashed = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &decoded[at + 1..]));
    let is_right = users.iter().any(|user| user.name.text() == name && user.digest.text() == hashed);
    if is_right { Ok(name.to_owned()) } else { Err(wrong) }
}

fn no_password(why: &'static str, request: &Admitted) -> LocalReply {
    let url = format!("{}://{}{}", request.scheme, request.authority, request.target);
    let url: String = url.chars().take(LONGEST_URL).collect();
    let headers = vec![("www-authenticate".to_owned(), format!("Basic realm=\"{url}\""))];
    LocalReply { headers, ..LocalReply::new(401, Reason::NoCredential).with_body(why) }
}
