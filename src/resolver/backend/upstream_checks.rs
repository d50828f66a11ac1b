//! What an Upstream asks its hosts to know whether they are healthy, and how HTTP/1 is spoken with them
//! ([health checking](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/health_checking)).

use crate::diagnostics::FieldPath;
use crate::http::HeaderName;
use crate::ir::{
    ClusterHttp1, Existing, HeaderCase, HeaderMutation, HeaderMutations, HeaderValue, HealthCheck, LONGEST_HEADER_TEXT,
    MOST_SET_HEADERS, ProbeMethod, Question,
};
use crate::parser::api::{
    GlooEnum, GlooResourceRef, HeaderOption, RequestHeaderOption, UpstreamHttp1, UpstreamHttpCheck, UpstreamPayload,
    UpstreamTcpCheck,
};

use crate::path;

use super::super::certificate::{HeaderSecret, NoHeaders};
use super::refused::{Refused, untranslated, unusable};
use super::upstream_tls::HeaderSecrets;

/// How HTTP/1 is spoken.
pub(super) fn http1(options: &UpstreamHttp1, at: &FieldPath, refused: &mut Vec<Refused>) -> ClusterHttp1 {
    let UpstreamHttp1 {
        enable_trailers,
        override_stream_error_on_invalid_http_message,
        preserve_case_header_key_format,
        proper_case_header_key_format,
    } = options;
    let names = match (preserve_case_header_key_format, proper_case_header_key_format) {
        (false, false) => HeaderCase::Lower,
        (false, true) => HeaderCase::Words,
        (true, false) => HeaderCase::Kept,
        (true, true) => {
            let at = at.with("preserveCaseHeaderKeyFormat");
            refused.push(unusable(at, "stands beside `properCaseHeaderKeyFormat`", "keep one of the two"));
            HeaderCase::Lower
        }
    };
    ClusterHttp1 { trailers: *enable_trailers, forgives: *override_stream_error_on_invalid_http_message, names }
}

/// The method of a question: what is left out is a GET.
pub(super) fn method(word: Option<&GlooEnum>, at: FieldPath, refused: &mut Vec<Refused>) -> ProbeMethod {
    let Some(GlooEnum(word)) = word else { return ProbeMethod::Get };
    match word.as_str() {
        "" | "0" | "METHOD_UNSPECIFIED" | "1" | "GET" => ProbeMethod::Get,
        "2" | "HEAD" => ProbeMethod::Head,
        "3" | "POST" => ProbeMethod::Post,
        "4" | "PUT" => ProbeMethod::Put,
        "5" | "DELETE" => ProbeMethod::Delete,
        "7" | "OPTIONS" => ProbeMethod::Options,
        "8" | "TRACE" => ProbeMethod::Trace,
        "9" | "PATCH" => ProbeMethod::Patch,
        _ => {
            let help = "write `GET`, `HEAD`, `POST`, `PUT`, `DELETE`, `OPTIONS`, `TRACE` or `PATCH`";
            refused.push(unusable(at, "is no method that can be asked with", help));
            ProbeMethod::Get
        }
    }
}

/// The questions over gRPC, which Envoy does not ask where HTTP/2 is not spoken.
pub(super) fn over_http2(checks: &[HealthCheck]) -> impl Iterator<Item = Refused> {
    let asked = checks.iter().enumerate().filter(|(_, check)| matches!(check.question, Question::Grpc { .. }));
    asked.map(|(index, _)| {
        let at = path!["healthChecks", index, "grpcHealthCheck"];
        unusable(at, "needs HTTP/2", "add `useHttp2: true`, or ask over HTTP or TCP")
    })
}

/// The headers that a question has besides.
pub(super) fn headers(
    entries: &[RequestHeaderOption],
    secrets: &HeaderSecrets<'_>,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) -> HeaderMutations {
    let mut mutations = HeaderMutations::default();
    let mut count = 0;
    for (index, RequestHeaderOption { header, header_secret_ref, append }) in entries.iter().enumerate() {
        let at = at.with(index);
        let of_entry = match header_secret_ref {
            Some(reference) => of_secret(reference, secrets, &at.with("headerSecretRef"), refused),
            None => of_manifest(header.as_ref(), &at.with("header"), refused).into_iter().collect(),
        };
        count += of_entry.len();
        for (name, value) in of_entry {
            add(&mut mutations, name.lower(), value, append.unwrap_or(true));
        }
    }
    if count > MOST_SET_HEADERS {
        refused.push(unusable(at.clone(), "has more headers than Envoy takes", "write 1000 headers at most"));
    }
    mutations
}

/// The headers of a Secret. One that cannot be read here is refused: nobody knows what hosts would be asked with.
fn of_secret(
    reference: &GlooResourceRef,
    secrets: &HeaderSecrets<'_>,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) -> Vec<(HeaderName, HeaderValue)> {
    match secrets.get(&(&reference.namespace, &reference.name)) {
        Some(Ok(HeaderSecret::Known(headers))) => {
            if headers.iter().any(|(name, _)| name.is_among(&UNTOUCHED)) {
                refused.push(unusable(at.with("name"), "names a Secret with a header that cannot be set", SETTABLE));
            }
            headers.clone()
        }
        Some(Ok(HeaderSecret::Unread(why))) => {
            let help = "add the Secret to the input as it is in the cluster";
            let why = format!("gives headers that are not known: {why}");
            refused.push(unusable(at.with("name"), &why, help));
            Vec::new()
        }
        Some(Err(NoHeaders { field, why, help, is_missing: _ })) => {
            let at = field.map_or_else(|| at.clone(), |field| at.with(field));
            refused.push(unusable(at, why, help));
            Vec::new()
        }
        None => {
            refused.push(untranslated(at.clone()));
            Vec::new()
        }
    }
}

/// A header as it is written.
pub(super) fn of_manifest(
    header: Option<&HeaderOption>,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) -> Option<(HeaderName, HeaderValue)> {
    let Some(HeaderOption { key, value }) = header else {
        refused.push(unusable(at.clone(), "is missing", "write its `key` and its `value`"));
        return None;
    };
    if !key.is_token() || key.is_among(&UNTOUCHED) {
        refused.push(unusable(at.with("key"), "is no header that can be set", SETTABLE));
    }
    let is_value = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    if !value.bytes().all(is_value) || value.contains('%') {
        let help = "write visible characters, and no `%`, which begins an operator of Envoy";
        refused.push(unusable(at.with("value"), "is no value that can be set as it is", help));
    }
    for (field, text) in [("key", key.as_str()), ("value", value)] {
        if text.len() > LONGEST_HEADER_TEXT {
            refused.push(unusable(at.with(field), "is longer than Envoy takes", "write 16384 bytes at most"));
        }
    }
    Some((key.clone(), value.clone().into()))
}

/// Adds a header to those that are set so far.
pub(super) fn add(HeaderMutations(list): &mut HeaderMutations, name: HeaderName, value: HeaderValue, appends: bool) {
    let position = list.iter().position(|known| known.name == name).unwrap_or_else(|| {
        list.push(HeaderMutation { name, existing: Existing::Kept, added: Vec::new() });
        list.len() - 1
    });
    if appends {
        list[position].added.push(value);
    } else {
        list[position].existing = Existing::Replaced(value);
        list[position].added.clear();
    }
}

/// The headers that a question lacks. Envoy removes before it adds.
pub(super) fn remove(
    check: &UpstreamHttpCheck,
    mutations: &mut HeaderMutations,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) {
    for (index, name) in check.request_headers_to_remove.iter().enumerate() {
        if !name.is_token() || name.is_among(&UNTOUCHED) {
            refused.push(unusable(at.with(index), "is no header that can be removed", SETTABLE));
        }
        let name = name.lower();
        match mutations.0.iter_mut().find(|known| known.name == name) {
            Some(known) if known.existing == Existing::Kept => known.existing = Existing::Removed,
            // What is set is there.
            Some(_) => {}
            None => mutations.0.push(HeaderMutation { name, existing: Existing::Removed, added: Vec::new() }),
        }
    }
}

/// What Envoy lets nobody change.
const UNTOUCHED: [&str; 1] = ["host"];
const SETTABLE: &str = "write the name of a header other than `Host` and those that begin with `:`";

/// What is sent over a connection, and what has to come back.
pub(super) fn exchange(check: &UpstreamTcpCheck, at: &FieldPath, refused: &mut Vec<Refused>) -> Question {
    let UpstreamTcpCheck { receive, send } = check;
    let mut digits = |UpstreamPayload { text }: &UpstreamPayload, at: FieldPath| {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.is_empty() || text.len() % 2 == 1 || !is_hex {
            let help = "write two hexadecimal digits for each byte";
            refused.push(unusable(at.with("text"), "is no sequence of bytes", help));
        }
        text.to_ascii_lowercase()
    };
    let sent = send.as_ref().map(|payload| digits(payload, at.with("send")));
    let received: Vec<String> =
        receive.iter().enumerate().map(|(index, one)| digits(one, at.with("receive").with(index))).collect();
    if sent.is_none() && received.is_empty() { Question::Tcp } else { Question::Exchange { sent, received } }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::parser::api::{HeaderOption, RequestHeaderOption};
    use crate::path;

    use super::headers;

    #[test]
    fn headers_are_as_many_and_as_long_as_envoy_takes() {
        let entry = |key: &str, value: &str| RequestHeaderOption {
            header: Some(HeaderOption { key: key.into(), value: value.to_owned() }),
            header_secret_ref: None,
            append: None,
        };
        let refused = |entries: &[RequestHeaderOption]| {
            let mut refused = Vec::new();
            headers(entries, &HashMap::new(), &path!["list"], &mut refused);
            refused.into_iter().map(|one| one.path.to_string()).collect::<Vec<_>>()
        };
        let (most, more) = ("a".repeat(16_384), "a".repeat(16_385));
        assert!(refused(&vec![entry(&most, &most); 1000]).is_empty());
        assert_eq!(refused(&vec![entry("a", "b"); 1001]), ["list"]);
        assert_eq!(refused(&[entry(&more, &more)]), ["list[0].header.key", "list[0].header.value"]);
    }
}
