//! `apiKeyAuth` and `basicAuth`: what requests have to bring that Secrets hold
//! ([APIKeyAuth](https://gateway.envoyproxy.io/docs/api/extension_types/#apikeyauth),
//! [BasicAuth](https://gateway.envoyproxy.io/docs/api/extension_types/#basicauth)).
//!
//! Nothing that is said of a Secret repeats a value of it. Of one that cannot be read nobody passes, as the resolver said.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnostics::FieldPath;
use crate::http::{HeaderName, is_token};
use crate::ir::{ApiKey, ApiKeys, KeyPlace, Passwords, SecretText, User};
use crate::parser::api::{SecurityApiKeys, SecurityKeySource, SecurityPasswords};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::CertificateIndex;
use crate::translator::lower::header::bad_passed_name;
use crate::translator::lower::option::faults::Faults;

/// The key of a Secret that has the file of passwords.
const PASSWORDS_KEY: &str = ".htpasswd";

/// What a password begins with whose digest Envoy compares
/// ([basic auth](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter)).
const SHA: &str = "{SHA}";

/// How many bytes the digest of a password has.
const DIGEST_BYTES: usize = 20;

/// The longest name of a place that a key is in.
const LONGEST_PLACE: usize = 1024;

/// Which key requests have to bring. Backends get it, unless it is said that they do not.
pub(super) fn lower_keys(
    said: &SecurityApiKeys,
    (source, secrets): (&ObjectHead, &CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> ApiKeys {
    let SecurityApiKeys { credential_refs, extract_from, forward_client_id_header, sanitize } = said;
    let mut known: Vec<ApiKey> = Vec::new();
    let mut texts = BTreeSet::new();
    for (index, reference) in credential_refs.iter().enumerate() {
        let at = path!["credentialRefs", index];
        let Some(secret) = secrets.policy_secret(source, reference) else { continue };
        for (client, value) in &secret.data {
            // Of two keys of a client the first counts.
            if known.iter().any(|one| one.client == *client) {
                continue;
            }
            match key_text(value) {
                Err((what, help)) => {
                    let message = format!("the key of `{client}` in Secret `{}` {what}", reference.name);
                    faults.add(&at.with("name"), message, help);
                }
                Ok(text) if !texts.insert(text.to_owned()) => {
                    let message =
                        format!("the key of `{client}` in Secret `{}` is another client's too", reference.name);
                    faults.add(&at.with("name"), message, "give each client a key of its own");
                }
                Ok(text) => known.push(ApiKey { client: client.to_owned(), key: SecretText::new(text) }),
            }
        }
    }
    ApiKeys {
        known,
        places: lower_places(extract_from, faults),
        told: lower_told(forward_client_id_header.as_ref(), "forwardClientIDHeader", faults),
        keeps_key: *sanitize != Some(true),
    }
}

/// A key as requests can have it. What is wrong with it, and what to do.
fn key_text(value: &[u8]) -> Result<&str, (&'static str, &'static str)> {
    let help = "write visible characters; `--from-literal` and `echo -n` add no line break";
    let is_visible = |text: &&str| text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) && text.trim() == *text;
    match std::str::from_utf8(value).ok().filter(is_visible) {
        Some("") => Err(("is empty", "give the client a key, or remove it")),
        Some(text) => Ok(text),
        None => Err(("has a line break or another character that no request can bring", help)),
    }
}

/// Where a key may be, in the order in which the places are listed.
fn lower_places(said: &[SecurityKeySource], faults: &mut Faults<'_>) -> Vec<KeyPlace> {
    let mut places = Vec::new();
    let mut check = |at: FieldPath, is_wrong: bool| {
        if is_wrong {
            faults.add(&at, "no key can be in this place", "write the name of a header, a parameter or a cookie");
        }
    };
    for (index, SecurityKeySource { cookies, headers, params }) in said.iter().enumerate() {
        let at = path!["extractFrom", index];
        let is_name = |name: &str| name.len() <= LONGEST_PLACE && !name.is_empty() && name.bytes().all(is_token);
        for (index, name) in headers.iter().enumerate() {
            check(at.with("headers").with(index), !is_name(name.as_str()));
            places.push(KeyPlace::Header(name.lower()));
        }
        for (index, name) in params.iter().enumerate() {
            let is_parameter = (1..=LONGEST_PLACE).contains(&name.len()) && !name.contains(char::is_control);
            check(at.with("params").with(index), !is_parameter);
            places.push(KeyPlace::Parameter(name.to_owned()));
        }
        for (index, name) in cookies.iter().enumerate() {
            check(at.with("cookies").with(index), !is_name(name));
            places.push(KeyPlace::Cookie(name.to_owned()));
        }
    }
    places
}

/// A header that backends are told in who sends a request.
fn lower_told(said: Option<&HeaderName>, field: &'static str, faults: &mut Faults<'_>) -> Option<HeaderName> {
    let name = said.filter(|name| !name.as_str().is_empty())?;
    if let Some((message, help)) = bad_passed_name(name, true) {
        faults.add(&path![field], message, help);
    }
    Some(name.lower())
}

/// Which name and password requests have to bring.
pub(super) fn lower_passwords(
    said: &SecurityPasswords,
    (source, secrets): (&ObjectHead, &CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> Passwords {
    let SecurityPasswords { forward_username_header, users } = said;
    let told = lower_told(forward_username_header.as_ref(), "forwardUsernameHeader", faults);
    let Some(secret) = secrets.policy_secret(source, users) else { return Passwords { users: Vec::new(), told } };
    let text = secret.data.get(PASSWORDS_KEY).filter(|text| !text.is_empty());
    let found = match text.map(|text| read_users(text)) {
        Some(found) => found,
        None => {
            let message = format!("Secret `{}` has no key `{PASSWORDS_KEY}`, or an empty one", users.name);
            faults.add(&path!["users", "name"], message, "put a file of passwords into that key: `htpasswd -s`");
            return Passwords { users: Vec::new(), told };
        }
    };
    let known = found.unwrap_or_else(|BadLine { line, what }| {
        let message = format!("line {line} of `{PASSWORDS_KEY}` in Secret `{}` {what}", users.name);
        let help = "write a name, `:` and `{SHA}` with a digest in base64 on each line: `htpasswd -s` does";
        faults.add(&path!["users", "name"], message, help);
        Vec::new()
    });
    Passwords { users: known, told }
}

/// A line that Envoy would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BadLine {
    line: usize,
    what: &'static str,
}

/// The users of a file of passwords. Lines may end as they do on Windows; empty ones are passed over.
fn read_users(text: &[u8]) -> Result<Vec<User>, BadLine> {
    let text = std::str::from_utf8(text).map_err(|_| BadLine { line: 1, what: "or another one is no text" })?;
    let mut users: Vec<User> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bad = |what| BadLine { line: index + 1, what };
        if line.trim().is_empty() {
            continue;
        }
        if line.contains(|c: char| c.is_control()) || line.trim() != line {
            return Err(bad("has spaces around it, or a control character"));
        }
        let (name, password) = line.split_once(':').ok_or(bad("has no `:` between a name and a password"))?;
        if name.is_empty() {
            return Err(bad("has no name"));
        }
        if name.starts_with('#') {
            return Err(bad("has a name that begins with `#`, as comments do"));
        }
        let digest = password.strip_prefix(SHA).ok_or(bad("has a password that is not hashed with `{SHA}`"))?;
        if STANDARD.decode(digest).ok().is_none_or(|bytes| bytes.len() != DIGEST_BYTES) {
            return Err(bad("has no digest of SHA-1 in base64"));
        }
        if users.iter().any(|user| user.name.text() == name) {
            return Err(bad("has a name that another line has"));
        }
        users.push(User { name: SecretText::new(name), digest: SecretText::new(digest) });
    }
    if users.is_empty() { Err(BadLine { line: 1, what: "or another one has to name a user" }) } else { Ok(users) }
}

#[cfg(test)]
mod tests {
    use super::{key_text, read_users};

    /// The digest of `secret`.
    const DIGEST: &str = "5en6G6MezRroT3XKqkdPOmY/BfQ=";

    #[test]
    fn files_of_passwords_are_read_as_envoy_takes_them() {
        let names = |text: &str| {
            let users = read_users(text.as_bytes()).map_err(|bad| bad.line)?;
            Ok(users.iter().map(|user| user.name.text().to_owned()).collect::<Vec<_>>())
        };
        let line = |name: &str| format!("{name}:{{SHA}}{DIGEST}");
        assert_eq!(names(&format!("{}\r\n\r\n{}\n", line("ann"), line("b o"))), Ok(vec!["ann".into(), "b o".into()]));
        assert_eq!(names(""), Err(1));
        assert_eq!(names("\n  \n"), Err(1));
        assert_eq!(names(&format!("{}\nann", line("ann"))), Err(2));
        assert_eq!(names(&format!("{}\n{}", line("ann"), line("ann"))), Err(2));
        assert_eq!(names(&format!("{} ", line("ann"))), Err(1));
        assert_eq!(names(&line("")), Err(1));
        assert_eq!(names(&line("#ann")), Err(1));
        assert_eq!(names("ann:$apr1$a$b"), Err(1));
        assert_eq!(names("ann:secret"), Err(1));
        assert_eq!(names("ann:{SHA}AAAA"), Err(1));
        assert_eq!(names(&format!("ann:{{SHA}}{}", DIGEST.trim_end_matches('='))), Err(1));
    }

    #[test]
    fn keys_are_what_requests_can_bring() {
        assert_eq!(key_text(b"a key"), Ok("a key"));
        for wrong in [&b""[..], b"a\n", b" a", "\u{e9}".as_bytes(), b"\xff"] {
            assert!(key_text(wrong).is_err(), "{wrong:?}");
        }
    }
}
