//! What is asked for of connections that carry requests
//! ([HeaderSettings](https://gateway.envoyproxy.io/docs/api/extension_types/#headersettings) and its like).

use crate::ir::{
    CertificateHeader, CertificateParts, EscapedSlashes, Existing, HeaderMutation, HeaderMutations, Http2,
    Http2Connections, HttpSettings, Underscores,
};
use crate::parser::api::{
    ClientHeaderModifier, ClientHeaders, ClientHealthCheck, ClientHost, ClientHttp1, ClientHttp10, ClientIpDetection,
    ClientPath, EnvoyHttp2, HeaderFilter, HttpHeader, Quantity, XForwardedClientCert, XForwardedFor,
};
use crate::path;
use crate::translator::lower::header::{HeaderChange, UnsafeHeader, compose_all, find_unsafe};
use crate::translator::lower::operator::find_operator;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::policy::traffic::cluster::lower_http2 as lower_http2_of;

/// The most that Envoy takes of the length of headers, in KiB.
const MOST_HEADER_KIB: u64 = 8192;

/// `clientIPDetection`. Of so many proxies the first, counted from this one, tells the address: no proxy and one are the same.
pub(super) fn lower_address(said: &ClientIpDetection, settings: &mut HttpSettings, faults: &mut Faults<'_>) {
    let ClientIpDetection { custom_header: _, direct_source_ip, x_forwarded_for } = said;
    if direct_source_ip.is_some() {
        settings.clients.trusted_hops = Some(0);
    }
    let Some(XForwardedFor { disable_x_forwarded_for_append, num_trusted_hops, trusted_cidrs: _ }) = x_forwarded_for
    else {
        return;
    };
    settings.clients.keeps_addresses = disable_x_forwarded_for_append.unwrap_or_default();
    settings.clients.trusted_hops = num_trusted_hops.map(|hops| {
        u32::try_from(hops).map(|hops| hops.max(1)).unwrap_or_else(|_| {
            let message = format!("{hops} is no number of proxies");
            faults.add(&path!["xForwardedFor", "numTrustedHops"], message, "write a number from 1 on");
            0
        })
    });
}

/// `headers`.
pub(super) fn lower_headers(said: &ClientHeaders, settings: &mut HttpSettings, faults: &mut Faults<'_>) {
    let ClientHeaders {
        // There are none that are told.
        disable_rate_limit_headers: _,
        early_request_headers,
        enable_envoy_headers,
        host,
        late_response_headers: _,
        max_request_header_limit,
        preserve_x_request_id,
        request_id,
        with_underscores_action,
        x_forwarded_client_cert,
    } = said;
    // The dot is taken out whatever is said; that it is to stay the resolver reports.
    if let Some(ClientHost { strip_trailing_host_dot: _ }) = host {}
    if let Some(early) = early_request_headers {
        settings.early_headers = lower_early(early, faults);
    }
    settings.silent = *enable_envoy_headers == Some(false);
    settings.limits.header_kib = max_request_header_limit.and_then(|limit| header_kib(limit, faults));
    (settings.clients.request_id.kept, settings.clients.request_id.unmade) = match request_id.as_deref() {
        Some("PreserveOrGenerate") => (true, false),
        Some("Preserve") => (true, true),
        Some("Disable") => (false, true),
        Some(_) => (false, false),
        None => (preserve_x_request_id.unwrap_or_default(), false),
    };
    settings.underscores = with_underscores_action.as_deref().map(|action| match action {
        "Allow" => Underscores::Kept,
        "DropHeader" => Underscores::Dropped,
        _ => Underscores::Refused,
    });
    if let Some(XForwardedClientCert { cert_details_to_add, mode }) = x_forwarded_client_cert {
        let has = |detail: &str| cert_details_to_add.iter().any(|own| own == detail);
        settings.clients.certificate.header = match mode.as_deref() {
            Some("ForwardOnly") => CertificateHeader::OfShown,
            Some("AppendForward") => CertificateHeader::Appended,
            Some("SanitizeSet") => CertificateHeader::Replaced,
            Some("AlwaysForwardOnly") => CertificateHeader::Kept,
            _ => CertificateHeader::Removed,
        };
        settings.clients.certificate.told = CertificateParts {
            certificate: has("Cert"),
            chain: has("Chain"),
            subject: has("Subject"),
            uris: has("URI"),
            names: has("DNS"),
        };
    }
}

/// `headers.earlyRequestHeaders`: what rules are looked at with. Operators that Envoy Gateway would have filled in are refused.
fn lower_early(said: &ClientHeaderModifier, faults: &mut Faults<'_>) -> HeaderMutations {
    let ClientHeaderModifier { add, add_if_absent, remove, remove_on_match: _, set } = said;
    let at = path!["earlyRequestHeaders"];
    for (list, headers) in [("set", set), ("add", add), ("addIfAbsent", add_if_absent)] {
        for (index, header) in headers.iter().enumerate() {
            if let Some(operator) = find_operator(&header.value) {
                let message = format!("nothing is put in the place of `{}`", operator.escape_debug());
                faults.add(
                    &at.with(list).with(index).with("value"),
                    message,
                    "write a value without operators of Envoy",
                );
            }
        }
    }
    let filter = HeaderFilter { set: set.to_vec(), add: add.to_vec(), remove: remove.to_vec() };
    let absent = HeaderFilter { set: Vec::new(), add: add_if_absent.to_vec(), remove: Vec::new() };
    for (filter, own) in [(&filter, None), (&absent, Some("addIfAbsent"))] {
        if let Some(UnsafeHeader { code: _, list, index, field, message, help }) = find_unsafe(filter, true) {
            let at = at.with(own.unwrap_or(list)).with(index);
            faults.add(&field.map_or(at.to_owned(), |field| at.with(field)), message, help);
        }
    }
    let HeaderMutations(mut changes) = compose_all([&HeaderChange::Filter(&filter)]);
    for (index, HttpHeader { name, value }) in add_if_absent.iter().enumerate() {
        let name = name.lower();
        if changes.iter().any(|change| change.name == name) {
            let message = format!("`{name}` is changed in another way too");
            faults.add(&at.with("addIfAbsent").with(index).with("name"), message, "write each header once");
        }
        let existing = Existing::Defaulted(value.to_owned().into());
        changes.push(HeaderMutation { name, existing, added: Vec::new() });
    }
    HeaderMutations(changes)
}

/// The length of headers in whole KiB, where Envoy takes it.
fn header_kib(Quantity(bytes): Quantity, faults: &mut Faults<'_>) -> Option<u32> {
    let known = bytes.map(|bytes| bytes.div_ceil(1024)).filter(|kib| (1..=MOST_HEADER_KIB).contains(kib));
    if known.is_none() {
        let message = "it is no length of headers that Envoy takes";
        faults.add(&path!["maxRequestHeaderLimit"], message, "write a quantity from `1Ki` to `8192Ki`");
    }
    known.and_then(|kib| u32::try_from(kib).ok())
}

/// `healthCheck`.
pub(super) fn lower_health(said: &ClientHealthCheck, settings: &mut HttpSettings, faults: &mut Faults<'_>) {
    let ClientHealthCheck { path } = said;
    if !path.starts_with('/') || path.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
        let message = format!("`{}` is the path of no request", path.escape_debug());
        faults.add(&path!["path"], message, "write a path that begins with `/`");
    }
    settings.health_path = Some(path.to_owned());
}

/// `http1`.
pub(super) fn lower_http1(said: &ClientHttp1, settings: &mut HttpSettings) {
    let ClientHttp1 {
        disable_safe_max_connection_duration: _,
        enable_trailers,
        http10,
        ignored_upgrade_types: _,
        preserve_header_case,
    } = said;
    settings.http1.trailers = *enable_trailers;
    settings.http1.keeps_case = preserve_header_case.unwrap_or_default();
    settings.http1.old_version = http10.as_ref().map(|ClientHttp10 { use_default_host: _ }| true);
}

/// `http2`.
pub(super) fn lower_http2(said: &EnvoyHttp2, settings: &mut HttpSettings, faults: &mut Faults<'_>) {
    let Http2 { stream_window, connection_window, streams, forgives, keepalive } = lower_http2_of(said, faults);
    settings.http2 =
        Http2Connections { streams, stream_window, connection_window, spares_connection: forgives, keepalive };
}

/// `path`.
pub(super) fn lower_path(said: &ClientPath, settings: &mut HttpSettings) {
    let ClientPath { disable_merge_slashes, escaped_slashes_action } = said;
    settings.paths.merge_slashes = disable_merge_slashes.map(|is_disabled| !is_disabled);
    settings.paths.escaped_slashes = escaped_slashes_action.as_deref().map(|action| match action {
        "KeepUnchanged" => EscapedSlashes::Kept,
        "RejectRequest" => EscapedSlashes::Refused,
        "UnescapeAndForward" => EscapedSlashes::Replaced,
        _ => EscapedSlashes::Redirected,
    });
}
