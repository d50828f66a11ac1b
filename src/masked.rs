//! What stands in reports in the place of what is secret.
//!
//! Input: a text, and the header that holds it. Output: a short digest, by which two of them can be told apart, or the text as it is.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

/// Words in the names of headers that say who somebody is.
const WORDS: [&str; 12] = [
    "apikey",
    "api-key",
    "api_key",
    "auth",
    "cookie",
    "credential",
    "jwt",
    "passwd",
    "password",
    "secret",
    "session",
    "token",
];

/// Names with such a word that say no more than how it is done.
const HARMLESS: [&str; 7] = [
    ":authority",
    "www-authenticate",
    "proxy-authenticate",
    "access-control-allow-credentials",
    "authentication-info",
    "x-csrf-token-name",
    "authority",
];

/// What values begin with that say who somebody is, in lower case.
const SCHEMES: [&str; 5] = ["bearer ", "basic ", "digest ", "negotiate ", "eyj"];

/// A short digest: enough to see that two secrets differ.
pub(crate) fn short_digest(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let hex: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// What is shown of the value of a Secret.
pub(crate) fn secret(text: &str) -> String {
    format!("<secret {}>", short_digest(text))
}

/// Whether something in a text stands for the value of a Secret.
pub(crate) fn has_secret(text: &str) -> bool {
    text.contains("<secret sha256:")
}

/// Whether the value of a header says who somebody is, by its name or by what it looks like.
pub(crate) fn is_credential(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let begins = |scheme: &str| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_named = WORDS.iter().any(|word| name.contains(word)) && !HARMLESS.contains(&&*name);
    !value.is_empty() && (is_named || SCHEMES.iter().any(|scheme| begins(scheme)))
}

/// The value of a header as reports may show it.
pub(crate) fn header_value<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    // What stands for a secret is none.
    let is_shown = has_secret(value) || value.contains('…') || value.starts_with("sha256:");
    if is_shown || !is_credential(name, value) {
        return Cow::Borrowed(value);
    }
    if !name.eq_ignore_ascii_case("set-cookie") {
        return Cow::Owned(short_digest(value));
    }
    // How long a cookie lasts and where it is sent is no secret.
    let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
    let (cookie, own) = pair.split_once('=').unwrap_or(("", pair));
    Cow::Owned(match own.is_empty() {
        true => value.to_owned(),
        false => format!("{cookie}={}{attributes}", short_digest(own)),
    })
}

#[cfg(test)]
mod tests {
    use super::{header_value, is_credential};

    #[test]
    fn values_that_say_who_somebody_is_are_digests() {
        for (name, value) in [
            ("Authorization", "anything"),
            ("cookie", "a=b"),
            ("x-api-key", "k"),
            ("X-Auth-Token", "k"),
            ("x-amz-security-token", "k"),
            ("proxy-authorization", "k"),
            ("x-forwarded", "Bearer abc"),
            ("x-a", "eyJhbGciOi"),
        ] {
            assert!(is_credential(name, value), "{name}");
            let shown = header_value(name, value);
            assert!(shown.starts_with("sha256:") && !shown.contains(value), "{name}: {shown}");
        }
        for (name, value) in [("x-team", "shop"), ("access-control-allow-credentials", "true"), ("authorization", "")] {
            assert_eq!(header_value(name, value), value, "{name}");
        }
    }

    #[test]
    fn cookies_keep_their_names_and_attributes() {
        let shown = header_value("set-cookie", "id=s3cret; Path=/; HttpOnly");
        assert!(shown.starts_with("id=sha256:") && shown.ends_with("; Path=/; HttpOnly"), "{shown}");
        assert_eq!(header_value("set-cookie", "id=…; Path=/"), "id=…; Path=/");
        assert_eq!(header_value("set-cookie", "id=; Path=/"), "id=; Path=/");
    }
}
