//! What stands in reports in the place of what is secret.
//!
//! Input: a text, and the header that holds it. Output: a short digest, by which two of them can be told apart, or the text as it is.

use std::borrow::Cow;
use std::ops::Range;

use ring::digest::{SHA256, digest};

/// Words in the names of headers that say who somebody is.
const WORDS: [&str; 14] = [
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
    "signature",
    "token",
    "x-key",
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

/// Headers by which a server says how to say who one is: they hold challenges
/// ([RFC 9110, section 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
const CHALLENGES: [&str; 2] = ["www-authenticate", "proxy-authenticate"];

/// What values begin with that say who somebody is, in lower case.
const SCHEMES: [&str; 5] = ["bearer ", "basic ", "digest ", "negotiate ", "eyj"];

/// What the simulator puts in the place of a value that only a run shows.
const UNKNOWN: &str = "…";

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

/// A text with digests in the place of the credentials in its query.
pub(crate) fn query(path: &str) -> Cow<'_, str> {
    let Some((before, query)) = path.split_once('?') else { return Cow::Borrowed(path) };
    let shown = query.split('&').map(|part| match part.split_once('=') {
        Some((name, value)) if is_in_query(name, value) => {
            format!("{name}={}", short_digest(value))
        }
        _ => part.to_owned(),
    });
    Cow::Owned(format!("{before}?{}", shown.collect::<Vec<_>>().join("&")))
}

/// An ampersand as JSON writers put it.
const ESCAPED_AND: &str = "\\u0026";

/// Where a text has URLs with credentials, the bytes of these: who asks (`//user:password@`) and values in the query.
pub(crate) fn url_credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + "://".len();
        let rest = text.get(start..).unwrap_or_default();
        let is_end = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '<' | '>');
        let url = rest.split(is_end).next().unwrap_or_default().trim_end_matches([',', '}', ']']);
        let host = url.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        // A name without a password is that of an account where it is asked for by its key.
        let is_account =
            |user: &str| !user.contains(':') && text.get(..at).is_some_and(|scheme| scheme.ends_with("ssh"));
        if let Some((user, _)) = host.rsplit_once('@').filter(|(user, _)| !user.is_empty() && !is_account(user)) {
            found.push(start..start + user.len());
        }
        let Some((before, query)) = url.split_once('?') else { continue };
        let mut at = start + before.len() + 1;
        for part in query.split('#').next().unwrap_or_default().replace(ESCAPED_AND, "&     ").split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim_end();
            if is_in_query(name.trim_start(), value) {
                found.push(
                    at + part.len() - part.split_once('=').map_or("", |(_, value)| value).len()
                        ..at + part.trim_end().len(),
                );
            }
            at += part.len() + 1;
        }
    }
    found
}

/// A URL with digests in the place of the credentials in it.
pub(crate) fn url(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    for range in url_credentials(text).into_iter().rev() {
        let digest = short_digest(text.get(range.clone()).unwrap_or_default());
        shown.to_mut().replace_range(range, &digest);
    }
    shown
}

/// Whether a value in the query of a URL says who somebody is.
fn is_in_query(name: &str, value: &str) -> bool {
    is_credential(name, value) || (["key", "sig"].contains(&name) && !value.is_empty())
}

/// The value of a header, in which these texts stand for values of Secrets: everything else in it is as whoever writes
/// manifests, or a client, wrote it.
pub(crate) fn header_value_among<'v>(name: &str, value: &'v str, secrets: &[String]) -> Cow<'v, str> {
    let found = secrets.iter().filter_map(|secret| value.find(secret.as_str()).map(|at| (at, secret)));
    let Some((at, secret)) = found.min() else { return header_value(name, value) };
    let (before, rest) = value.split_at(at);
    let after = rest.get(secret.len()..).unwrap_or_default();
    let between = |text: &str| {
        let own = text.trim_matches([',', ';', ' ']);
        match own.is_empty() {
            true => text.to_owned(),
            false => text.replacen(own, &header_value(name, own), 1),
        }
    };
    Cow::Owned(format!(
        "{}{secret}{}",
        between(before),
        match secrets.iter().any(|one| after.contains(one.as_str())) {
            true => header_value_among(name, after, secrets).into_owned(),
            false => between(after),
        }
    ))
}

/// Whether the value of a header says who somebody is, by its name or by what it looks like.
pub(crate) fn is_credential(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let begins = |scheme: &str| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_named = WORDS.iter().any(|word| name.contains(word)) && !HARMLESS.contains(&&*name);
    let is_challenge = || CHALLENGES.contains(&&*name) && is_challenge(value);
    !value.is_empty() && (is_named || (SCHEMES.iter().any(|scheme| begins(scheme)) && !is_challenge()))
}

/// Whether a value has schemes with parameters alone. What a scheme may have in the place of parameters is a token.
fn is_challenge(value: &str) -> bool {
    let mut is_quoted = false;
    let parts = value.split(|letter: char| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    let is_parameter = |text: &str| {
        let (name, value) = text.split_once('=').unwrap_or_default();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let value = value.trim_start();
        !name.is_empty() && name.trim_end().chars().all(is_name) && !value.is_empty() && !value.starts_with('=')
    };
    let is_scheme =
        |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '-');
    parts.map(str::trim).all(|part| match part.split_once(' ') {
        Some((scheme, parameter)) if is_scheme(scheme) => is_parameter(parameter.trim_start()),
        _ => is_scheme(part) || is_parameter(part),
    })
}

/// The value of a header as reports may show it.
pub(crate) fn header_value<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    // What only a run shows is no secret.
    if value == UNKNOWN || !is_credential(name, value) {
        return Cow::Borrowed(value);
    }
    if !name.eq_ignore_ascii_case("set-cookie") {
        return Cow::Owned(short_digest(value));
    }
    // How long a cookie lasts and where it is sent is no secret.
    let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
    let (cookie, own) = pair.split_once('=').unwrap_or(("", pair));
    Cow::Owned(match own.is_empty() || own.trim_matches('"') == UNKNOWN {
        true => value.to_owned(),
        false => format!("{cookie}={}{attributes}", short_digest(own)),
    })
}

#[cfg(test)]
mod tests {
    use super::{header_value, header_value_among, is_credential, query, secret, url, url_credentials};

    #[test]
    fn a_credential_beside_a_secret_is_a_digest() {
        let (own, other) = (secret("own"), secret("other"));
        let joined = format!("{own},Token PLAIN,{other},Token MORE");
        let shown = header_value_among("authorization", &joined, &[other.clone(), own.clone()]);
        assert!(shown.starts_with(&format!("{own},sha256:")) && shown.contains(&other), "{shown}");
        assert!(!shown.contains("PLAIN") && !shown.contains("MORE"), "{shown}");
        // Only where it stands for a Secret it is shown.
        for forged in [own.as_str(), "sha256:PLAIN", "<secret sha256:PLAIN>", "PLAIN…"] {
            let shown = header_value_among("authorization", forged, std::slice::from_ref(&other));
            assert!(shown.starts_with("sha256:") && shown != *forged && !shown.contains("PLAIN"), "{shown}");
        }
        let joined = format!("shop,{own}");
        assert_eq!(header_value_among("x-team", &joined, std::slice::from_ref(&own)), joined);
    }

    #[test]
    fn credentials_of_queries_are_digests() {
        let shown = query("/ready?full=1&token=PLAIN&key=PLAIN&x=");
        assert!(shown.starts_with("/ready?full=1&token=sha256:") && shown.ends_with("&x="), "{shown}");
        assert!(!shown.contains("PLAIN"), "{shown}");
        assert_eq!(query("/ready"), "/ready");
    }

    #[test]
    fn credentials_of_urls_are_digests() {
        for text in [
            "http://keys.example/jwks?x=1&api_key=PLAIN",
            "http://keys.example/jwks?api_key=PLAIN#here",
            "http://bob:PLAIN@keys.example/?x=1",
            "https://PLAIN@keys.example",
            "{url: http://keys.example/?token=PLAIN}, other: https://b:PLAIN@a/",
            r#"{"url":"http://keys.example/?x=é\u0026sig=PLAIN\u0026y=2"}"#,
        ] {
            let shown = url(text);
            assert!(shown.contains("sha256:") && !shown.contains("PLAIN"), "{shown}");
            let words: Vec<&str> = url_credentials(text).into_iter().map(|range| &text[range]).collect();
            assert!(words.iter().all(|word| ["PLAIN", "bob:PLAIN", "b:PLAIN"].contains(word)), "{words:?}");
        }
        for text in ["ssh://git@git.example/fleet.git", "https://a.example/@b?page=1&key=", "http://a?x=@", "a?token=b"]
        {
            assert_eq!(url(text), text);
        }
    }

    #[test]
    fn values_that_say_who_somebody_is_are_digests() {
        for (name, value) in [
            ("Authorization", "anything"),
            ("cookie", "a=b"),
            ("x-api-key", "k"),
            ("x-key", "k"),
            ("X-Signature", "k"),
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
    fn challenges_say_nothing_of_anybody() {
        for value in [
            "Bearer realm=\"a, b\", error=\"invalid_token\"",
            "Basic realm=x",
            "Negotiate",
            "Bearer realm = \"\", Basic",
        ] {
            assert_eq!(header_value("WWW-Authenticate", value), value);
            assert!(is_credential("x-forwarded", value) || !value.contains(' '), "{value}");
        }
        for value in [
            "Bearer PLAIN",
            "Negotiate PLAIN==",
            "Basic realm=\"a\", Negotiate PLAIN=",
            "eyJPLAIN.b",
            "Bearer a PLAIN=x",
        ] {
            let shown = header_value("www-authenticate", value);
            assert!(!shown.contains("PLAIN"), "{shown}");
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
