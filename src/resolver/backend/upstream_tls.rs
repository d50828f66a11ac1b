//! TLS to the hosts of Upstreams
//! ([TLS of Upstreams](https://docs.solo.io/gateway/latest/security/backend-tls/)).
//!
//! `sslConfig` asks for it, and so do `useTls` and the port 443 of a host. Who the server is is verified by the
//! authorities of the Secret and by nothing else, as Gloo Gateway does: without them whoever answers is trusted, which a
//! warning says. What the proxy cannot be given (files of its machine, a server for secrets) is refused.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, Reported, codes};
use crate::ir::{CertificateName, TlsOffer, TlsVersion, UpstreamProtocol};
use crate::name::NamespacedName;
use crate::parser::api::{
    GlooEnum, GlooResourceRef, OptionList, UpstreamHost, UpstreamOption, UpstreamSpec, UpstreamSsl,
    UpstreamSslParameters, UpstreamStatic,
};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::path;
use crate::whole;

use super::super::backend_tls::{TlsSettings, TrustAnchors};
use super::super::certificate::{
    CertificateIndex, CertificateReferrer, HeaderSecret, HeldSecret, NoHeaders, header_references_of_upstreams,
};
use super::super::object_name::is_object_name;
use super::encryption::BackendTls;
use super::refused::{Refused, untranslated, unusable};
use super::upstream_failover;
use super::upstream_host::is_server_name;

/// The port that TLS goes to without being asked for.
const HTTPS_PORT: u32 = 443;

/// The protocol that TLS has to agree on for HTTP/2.
pub(super) const H2: &str = "h2";

/// The ciphers of versions before 1.3 that Envoy knows.
pub(super) const CIPHERS: [&str; 14] = [
    "AES128-GCM-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

/// The curves that it knows.
pub(super) const CURVES: [&str; 4] = ["P-256", "P-384", "P-521", "X25519"];

/// The Secrets of Upstreams.
#[derive(Debug)]
pub(in super::super) struct UpstreamSecrets<'m> {
    /// What is shown to servers and what vouches for them, by Upstream and place.
    pub(super) tls: HashMap<SslPlace<'m>, Result<HeldSecret, Reported>>,
    /// What health checks send, by namespace and name of the Secret.
    pub(super) headers: HeaderSecrets<'m>,
}

/// Namespace and name of an Upstream, and the field below its spec that says how connections are encrypted.
type SslPlace<'m> = (NamespacedName<'m>, String);

/// What becomes of references to Secrets with headers, by namespace and name of the Secret.
pub(super) type HeaderSecrets<'m> = HashMap<NamespacedName<'m>, Result<HeaderSecret, NoHeaders>>;

/// Resolves the Secret that each Upstream names.
pub(in super::super) fn resolve_upstream_secrets<'m>(
    manifests: &'m Manifests,
    certificates: &mut CertificateIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> UpstreamSecrets<'m> {
    let configs = manifests
        .upstreams
        .iter()
        .flat_map(|object| ssl_configs(&object.spec).into_iter().map(move |(at, ssl)| (object, at, ssl)));
    let named = configs.filter_map(|(object, at, ssl)| {
        let reference = ssl.secret_ref.as_ref()?;
        // What the Upstream says of it is refused.
        let is_named = is_object_name(&reference.name) && !reference.namespace.is_empty();
        is_named.then_some((object, at, reference))
    });
    let tls = named
        .map(|(object, at, GlooResourceRef { name, namespace })| {
            let from = CertificateReferrer {
                kind: Kind::Upstream,
                namespace: &object.metadata.namespace,
                path: ObjectPart::Whole.at(&path!["spec"].join(&at).with("secretRef")),
                consequence: "requests for this backend get 500",
                finding: &|code, path, message| {
                    // Upstreams have no conditions that a code could speak for.
                    let code = if code.condition().is_some() { codes::UNSUPPORTED_UPSTREAM } else { code };
                    object.finding(code, path, format!("Upstream `{}`: {message}", object.full_name()))
                },
            };
            (
                (object.metadata.sort_key(), at.to_string()),
                certificates.resolve_held_secret(&from, (namespace, name), diagnostics),
            )
        })
        .collect();
    let headers = header_references_of_upstreams(manifests)
        .map(|reference| ((&reference.namespace, &reference.name), certificates.header_secret(reference)))
        .collect();
    UpstreamSecrets { tls, headers }
}

/// Whatever says how connections are encrypted, with its place below the spec.
fn ssl_configs(OptionList(options): &UpstreamSpec) -> Vec<(FieldPath, &UpstreamSsl)> {
    let mut configs = Vec::new();
    for option in options {
        match option {
            UpstreamOption::SslConfig(ssl) => configs.push((path!["sslConfig"], ssl)),
            UpstreamOption::HttpConnectSslConfig(ssl) => configs.push((path!["httpConnectSslConfig"], ssl)),
            UpstreamOption::Failover(config) => configs.extend(upstream_failover::ssl_configs(config)),
            _ => {}
        }
    }
    configs
}

/// What of an Upstream is about TLS.
pub(super) struct TlsWishes<'u> {
    pub(super) ssl: Option<&'u UpstreamSsl>,
    pub(super) hosts: Option<&'u UpstreamStatic>,
    pub(super) protocol: Option<UpstreamProtocol>,
    pub(super) secret: Option<&'u Result<HeldSecret, Reported>>,
}

/// TLS to the hosts of an Upstream.
pub(super) struct TlsOfHosts {
    pub(super) tls: BackendTls,
    /// The server name of each host, in their order, where they are not all the same.
    pub(super) server_names: Vec<Option<String>>,
}

/// What an Upstream asks for; `None` where it asks for none, or for something that is refused.
pub(super) fn of_upstream(wishes: &TlsWishes<'_>, refused: &mut Vec<Refused>) -> Option<TlsOfHosts> {
    let is_automatic = wishes.hosts.is_some_and(|UpstreamStatic { hosts, use_tls, .. }| {
        use_tls.unwrap_or_else(|| hosts.iter().any(|host| host.port == HTTPS_PORT))
    });
    let known = refused.len();
    let (own, held) = match wishes.ssl {
        Some(ssl) => own_settings(ssl, &path!["sslConfig"], (wishes.protocol, wishes.secret), refused),
        None if is_automatic => (TlsSettings::unverified(first_name(wishes.hosts)), Ok(())),
        None => return None,
    };
    if refused.len() > known {
        return None;
    }
    if let Err(proof) = held {
        return Some(TlsOfHosts { tls: BackendTls::Invalid(proof), server_names: Vec::new() });
    }
    let names: Vec<Option<String>> = wishes.hosts.map(server_names).unwrap_or_default();
    let in_force = |name: &Option<String>| name.clone().or_else(|| own.server_name.clone());
    let first = names.first().map(&in_force);
    let is_one = first.as_ref().is_none_or(|first| names.iter().all(|name| in_force(name) == *first));
    let server_name = match first {
        Some(first) if is_one => first,
        _ => own.server_name.clone(),
    };
    let settings = TlsSettings { server_name, ..own };
    Some(TlsOfHosts { tls: BackendTls::Tls(Arc::new(settings)), server_names: if is_one { Vec::new() } else { names } })
}

impl TlsSettings {
    /// TLS to whoever answers.
    fn unverified(server_name: Option<String>) -> Self {
        Self {
            server_name,
            anchors: TrustAnchors::Unasked,
            names: Vec::new(),
            offer: TlsOffer::default(),
            client_certificate: None,
            unplaced: None,
            is_missing: false,
        }
    }
}

/// What `sslConfig` or the like asks for, and whether its Secret can be used.
pub(super) fn own_settings(
    ssl: &UpstreamSsl,
    at: &FieldPath,
    (protocol, secret): (Option<UpstreamProtocol>, Option<&Result<HeldSecret, Reported>>),
    refused: &mut Vec<Refused>,
) -> (TlsSettings, Result<(), Reported>) {
    let UpstreamSsl {
        allow_renegotiation,
        alpn_protocols,
        one_way_tls,
        parameters,
        sds,
        secret_ref,
        sni,
        ssl_files,
        verify_subject_alt_name,
    } = ssl;
    for (field, is_set) in [("oneWayTls", *one_way_tls), ("sds", sds.is_some()), ("sslFiles", ssl_files.is_some())] {
        if is_set {
            refused.push(Refused {
                help: if field == "oneWayTls" {
                    "remove the field: the server is verified exactly where the Secret has a `ca.crt`"
                } else {
                    "put certificates and authorities into a Secret, and name it in `secretRef`"
                },
                ..untranslated(at.with(field))
            });
        }
    }
    if let Some(GlooResourceRef { name, namespace }) = secret_ref {
        let help = "write the name and the namespace of a Secret";
        if !is_object_name(name) {
            refused.push(unusable(at.with("secretRef").with("name"), "is not the name of an object", help));
        }
        if namespace.is_empty() {
            refused.push(unusable(at.with("secretRef").with("namespace"), "is missing", help));
        }
    }
    if !is_server_name(sni) {
        refused.push(unusable(at.with("sni"), "is no server name", "write a DNS name"));
    }
    let held = match secret {
        Some(Ok(held)) => Ok(Some(held)),
        Some(Err(proof)) => Err(*proof),
        None => Ok(None),
    };
    let known = held.as_ref().ok().copied().flatten();
    let authorities = known.and_then(|held| held.authorities.as_ref());
    let pair = known.and_then(|held| held.pair.as_ref());
    if !verify_subject_alt_name.is_empty() && authorities.is_none() && held.is_ok() {
        refused.push(unusable(
            at.with("verifySubjectAltName"),
            "verifies nothing without authorities",
            "name a Secret with a `ca.crt` in `secretRef`",
        ));
    }
    let settings = TlsSettings {
        server_name: Some(sni.clone()).filter(|sni| !sni.is_empty() && sni.parse::<IpAddr>().is_err()),
        anchors: authorities.map_or(TrustAnchors::Unasked, |named| TrustAnchors::Bundles(vec![named.id])),
        names: names(verify_subject_alt_name, at, refused),
        offer: TlsOffer {
            alpn: alpn(alpn_protocols, protocol, at, refused),
            renegotiates: *allow_renegotiation,
            ..parameters.as_ref().map(|parameters| offer(parameters, at, refused)).unwrap_or_default()
        },
        client_certificate: pair.map(|named| named.id),
        unplaced: pair.and_then(|named| named.unplaced).or_else(|| authorities.and_then(|named| named.unplaced)),
        is_missing: known.is_some_and(|held| held.is_missing),
    };
    (settings, held.map(|_| ()))
}

/// The server names that Gloo Gateway asks hosts for. An address is none (RFC 6066, section 3).
fn server_names(UpstreamStatic { hosts, auto_sni_rewrite, .. }: &UpstreamStatic) -> Vec<Option<String>> {
    let rewrites = *auto_sni_rewrite != Some(false);
    let name = |UpstreamHost { addr, sni_addr, .. }: &UpstreamHost| {
        let own = Some(sni_addr).filter(|name| !name.is_empty()).or_else(|| rewrites.then_some(addr));
        own.filter(|name| name.parse::<IpAddr>().is_err()).cloned()
    };
    hosts.iter().map(name).collect()
}

/// The name of the first host that has one.
fn first_name(hosts: Option<&UpstreamStatic>) -> Option<String> {
    let mut names = hosts?.hosts.iter().map(|host| &host.addr);
    names.find(|addr| addr.parse::<IpAddr>().is_err()).cloned()
}

/// The names of which the server's certificate must carry one.
fn names(texts: &[String], at: &FieldPath, refused: &mut Vec<Refused>) -> Vec<CertificateName> {
    let at = at.with("verifySubjectAltName");
    let name = |(index, text): (usize, &String)| {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(CertificateName::Ip(address));
        }
        if text.contains("://") && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(CertificateName::Uri(text.clone()));
        }
        let is_name = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._*".contains(&b));
        if !is_name {
            let help = "write a DNS name, an address, or a URI with its scheme";
            refused.push(unusable(at.with(index), "is no name that gwctl compares", help));
        }
        is_name.then(|| CertificateName::Dns(text.clone()))
    };
    texts.iter().enumerate().filter_map(name).collect()
}

/// The protocols on offer: the server may choose one of them, and then it is spoken.
fn alpn(
    texts: &[String],
    protocol: Option<UpstreamProtocol>,
    at: &FieldPath,
    refused: &mut Vec<Refused>,
) -> Vec<String> {
    if protocol == Some(UpstreamProtocol::AsClients) && !texts.is_empty() {
        let help = "remove the list, or `protocolSelection`";
        let why = "offers what a handshake agrees on, and what is spoken is what the client speaks";
        refused.push(unusable(at.with("alpnProtocols"), why, help));
        return Vec::new();
    }
    for (index, text) in texts.iter().enumerate() {
        let at = at.with("alpnProtocols").with(index);
        if !(1..256).contains(&text.len()) {
            refused.push(unusable(at, "is no protocol", "write the name of a protocol, such as `http/1.1`"));
        } else if text == H2 && protocol != Some(UpstreamProtocol::Http2) {
            let help = "write `useHttp2: true` beside it, or offer `http/1.1`";
            refused.push(unusable(at, "offers HTTP/2, which is not spoken", help));
        }
    }
    texts.to_vec()
}

fn offer(parameters: &UpstreamSslParameters, at: &FieldPath, refused: &mut Vec<Refused>) -> TlsOffer {
    let UpstreamSslParameters { cipher_suites, ecdh_curves, maximum_protocol_version, minimum_protocol_version } =
        parameters;
    let at = at.with("parameters");
    let mut version = |value: &Option<GlooEnum>, field| {
        let GlooEnum(text) = value.as_ref()?;
        match text.as_str() {
            "TLS_AUTO" | "0" => None,
            "TLSv1_0" | "1" => Some(TlsVersion::V1_0),
            "TLSv1_1" | "2" => Some(TlsVersion::V1_1),
            "TLSv1_2" | "3" => Some(TlsVersion::V1_2),
            "TLSv1_3" | "4" => Some(TlsVersion::V1_3),
            _ => {
                let help = "write `TLS_AUTO`, `TLSv1_0`, `TLSv1_1`, `TLSv1_2` or `TLSv1_3`";
                refused.push(unusable(at.with(field), "is no version of TLS", help));
                None
            }
        }
    };
    let oldest = version(minimum_protocol_version, "minimumProtocolVersion");
    let newest = version(maximum_protocol_version, "maximumProtocolVersion");
    if let (Some(oldest), Some(newest)) = (oldest, newest)
        && oldest > newest
    {
        let help = "write a newest version from the oldest one on";
        refused.push(unusable(at.with("maximumProtocolVersion"), "is before the oldest version", help));
    }
    let mut check = |list: &[String], known: &[&str], field, help| {
        for (index, text) in list.iter().enumerate() {
            if !known.contains(&text.as_str()) {
                refused.push(unusable(at.with(field).with(index), "is none that Envoy knows", help));
            }
        }
    };
    let ciphers = "write a cipher by its OpenSSL name, such as `ECDHE-RSA-AES128-GCM-SHA256`";
    check(cipher_suites, &CIPHERS, "cipherSuites", ciphers);
    check(ecdh_curves, &CURVES, "ecdhCurves", "write `X25519`, `P-256`, `P-384` or `P-521`");
    TlsOffer { oldest, newest, ciphers: cipher_suites.clone(), curves: ecdh_curves.clone(), ..TlsOffer::default() }
}

/// Warns that whoever answers is trusted: at another field than that of the backend's own TLS, where it is about that.
pub(super) fn report_unverified(
    object: &Object<UpstreamSpec>,
    further: Option<&'static str>,
    diagnostics: &mut Diagnostics,
) {
    let OptionList(options) = &object.spec;
    let has_ssl = options.iter().any(|option| matches!(option, UpstreamOption::SslConfig(_)));
    let at = match (further, has_ssl) {
        (Some(field), _) => whole!["spec", field],
        (None, true) => whole!["spec", "sslConfig"],
        (None, false) => whole!["spec", "static"],
    };
    let message = format!("TLS to Upstream `{}` does not verify who answers", object.full_name());
    diagnostics.report(
        object
            .finding(codes::UNVERIFIED_UPSTREAM, at, message)
            .label("no authorities")
            .consequence("requests are encrypted, and whoever answers at the address can read them")
            .help("name a Secret with a `ca.crt` in `sslConfig.secretRef`, and the names of the server in `verifySubjectAltName`"),
    );
}
