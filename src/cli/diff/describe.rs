//! Decisions, backends and TLS in one line each. Of key material only a digest is told.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::trace::backend_name;
use super::{servers, settings};
use crate::ir::{
    Action, Authorities, CertificateId, CertificateName, ClientCertificates, Cluster, Config, Existing, HeaderMutation,
    HeaderMutations, KeyPair, Material, RetryLimit, ServerNameSource, TlsOffer, TlsTermination, TlsVersion, Tunnel,
    UpstreamProtocol, UpstreamTls, unread_secret,
};
use crate::masked::{self, header_value_among};
use crate::parser::api::{Service, ServicePort, TargetPort};
use crate::simulate::{Answer, Closed, Decision};
use crate::translator::envoy::name;

/// How many digits of a digest are told.
const DIGITS: usize = 16;

/// A decision in one line; `long` tells also what backends and clients see, or would where nothing were missing.
pub(super) fn describe(decision: &Decision<'_>, config: &Config, long: bool) -> String {
    match decision.route.and_then(|route| servers::refusal(route, config)) {
        Some(refusal) if long => format!("{refusal}, in place of {}", describe_served(decision, config, long)),
        Some(refusal) => refusal,
        None => describe_served(decision, config, long),
    }
}

fn describe_served(decision: &Decision<'_>, config: &Config, long: bool) -> String {
    let secrets = if long { secrets(decision) } else { Vec::new() };
    let lines = |headers: &[(String, String)]| lines(headers, &secrets);
    let outcomes = decision.outcomes.iter().map(|outcome| {
        let end = match &outcome.answer {
            Answer::Local(reply) => {
                let to = reply.header_lines("location").next().map(|to| format!(" to {to}")).unwrap_or_default();
                let headers = if long { format!(" {}", lines(&reply.headers)) } else { String::new() };
                format!("{}{to}{headers}", reply.status)
            }
            Answer::Upstream(upstream) => {
                let name = target(config.cluster(upstream.cluster));
                if long {
                    let response = upstream.answer(Vec::new(), 0, None);
                    let response =
                        if response.is_empty() { String::new() } else { format!(", response {}", lines(&response)) };
                    let changed = upstream.answered_headers().join(", ");
                    let changed = if changed.is_empty() { String::new() } else { format!(", answers with {changed}") };
                    let (path, host) = (&upstream.path, &upstream.host);
                    format!("{name} {path} on {host} {}{response}{changed}", lines(&upstream.headers))
                } else {
                    name
                }
            }
            Answer::Stream(id) => target(config.cluster(*id)),
            Answer::Closed(closed @ Closed::NoListener) => format!("no connection: {}", closed.as_str()),
            Answer::Closed(closed) => format!("closed: {}", closed.as_str()),
        };
        if decision.outcomes.len() == 1 { end } else { format!("{} {end}", outcome.share) }
    });
    outcomes.collect::<Vec<_>>().join(", ")
}

/// A backend, with what keeps requests from it.
fn target(cluster: &Cluster) -> String {
    let name = backend_name(&cluster.backend);
    if cluster.withheld { format!("{name} (its TLS needs what is missing)") } else { name }
}

/// Headers, without what says who somebody is; these texts among them stand for values of Secrets.
fn lines(headers: &[(String, String)], secrets: &[String]) -> String {
    let line = |(name, value): &(String, String)| match unread_secret(name) {
        Some(secret) => format!("headers of Secret {secret}: {value}"),
        None => format!("{name}: {}", header_value_among(name, value, secrets)),
    };
    format!("{{{}}}", headers.iter().map(line).collect::<Vec<_>>().join(", "))
}

/// What is shown of the Secrets whose headers a rule sends.
fn secrets(decision: &Decision<'_>) -> Vec<String> {
    let leaves = decision.route.into_iter().flat_map(|route| route.action.leaves());
    let headers = leaves.flat_map(Action::request_headers);
    headers.flat_map(HeaderMutations::values).filter_map(|(_, value)| value.secret_text()).map(masked::secret).collect()
}

/// The name of a cluster without the certificate that a Gateway shows to it, which is a part of what is behind it.
pub(super) fn cluster_name(cluster: &Cluster, config: &Config) -> String {
    let shown = cluster.tls.as_ref().and_then(|tls| tls.client_certificate).map(|id| config.certificate(id));
    let shown = shown.map(|KeyPair { namespace, name, .. }| format!("client-cert/{namespace}/{name}"));
    let variant = shown.and_then(|shown| cluster.variant.strip_suffix(&shown)).map(|rest| rest.trim_end_matches('/'));
    let name = match variant {
        Some(variant) => name::cluster(&Cluster { variant: variant.to_owned(), ..cluster.clone() }),
        None => name::cluster(cluster),
    };
    if cluster.withheld { format!("{name} (its TLS needs what is missing)") } else { name }
}

/// What is behind a backend, in words.
pub(super) fn describe_cluster(cluster: &Cluster, config: &Config) -> String {
    // The name is that of the change, and the limits are those of the rules that retry.
    // Its hostname is the name of endpoints that a run replaces.
    let Cluster {
        backend: _,
        protocol,
        tls,
        further_tls,
        variant: _,
        endpoints,
        hostname: _,
        retries,
        settings: asked,
        withheld: _,
        origin: _,
        // Where two sides are compared nothing is called otherwise.
        stands_aside: _,
        called: _,
    } = cluster;
    let protocol = match protocol {
        UpstreamProtocol::Http1 => "HTTP/1.1",
        UpstreamProtocol::Http2 => "HTTP/2",
        UpstreamProtocol::Negotiated => "HTTP/2 or HTTP/1.1",
        UpstreamProtocol::AsClients => "what clients speak",
        UpstreamProtocol::Udp => "datagrams",
    };
    let mut endpoints: Vec<String> = endpoints.in_words();
    // Weights and names have the order of the endpoints; without them it is nothing.
    if asked.weights.is_empty() && asked.server_names.is_empty() {
        endpoints.sort();
    }
    let endpoints = if endpoints.is_empty() { "nobody".to_owned() } else { endpoints.join(", ") };
    let tls = tls.as_ref().map(|tls| format!(" with TLS ({})", describe_upstream_tls(tls, config))).unwrap_or_default();
    let mut asked = asked.masked();
    let tunnel = asked.tunnel.take();
    let of_tunnel = tunnel.as_ref().and_then(|tunnel| tunnel.tls);
    let more = further_tls.iter().enumerate().filter(|(index, _)| Some(*index) != of_tunnel);
    let more: String = more
        .map(|(index, tls)| format!(", TLS {index} of its failover ({})", describe_upstream_tls(tls, config)))
        .collect();
    let tunnel = tunnel.map(|tunnel| describe_tunnel(&tunnel, further_tls, config)).unwrap_or_default();
    let retries = match retries {
        RetryLimit::Unused => String::new(),
        RetryLimit::Unlimited => ", with as many retries as its rules ask for".to_owned(),
        RetryLimit::Budget { percent, least } => {
            format!(", with retries for {} % of its requests, at least {least}", percent.value())
        }
    };
    format!("{protocol}{tls} to {endpoints}{more}{tunnel}{retries}{}", settings::in_words_of_masked(&asked))
}

/// What leads to a backend from endpoints that are proxies, in the words of an Upstream. Its headers may be shown.
fn describe_tunnel(
    Tunnel { to, headers, over_http2, tls }: &Tunnel,
    further_tls: &[UpstreamTls],
    config: &Config,
) -> String {
    let HeaderMutations(headers) = headers;
    let lines = headers.iter().flat_map(|HeaderMutation { name, existing, added }| {
        let first = match existing {
            Existing::Replaced(value) | Existing::Defaulted(value) => Some(value),
            Existing::Kept | Existing::Removed => None,
        };
        first.into_iter().chain(added).map(move |value| format!("{name}: {}", value.shown()))
    });
    let lines: Vec<String> = lines.collect();
    let headers = match lines.as_slice() {
        [] => String::new(),
        lines => format!(", httpConnectHeaders {}", lines.join(", ")),
    };
    let tls = tls.and_then(|index| further_tls.get(index));
    let tls = tls.map(|tls| format!(", httpConnectSslConfig ({})", describe_upstream_tls(tls, config)));
    let version = if *over_http2 { ", asked for over HTTP/2" } else { "" };
    format!(", httpProxyHostname {to}{headers}{}{version}", tls.unwrap_or_default())
}

/// Which pods are behind a Service port, in words that are equal where they are.
pub(super) fn describe_pods(service: &Service, port: &ServicePort) -> String {
    let labels: Vec<String> = service.selector.iter().map(|(label, value)| format!("{label}={value}")).collect();
    let pods = if labels.is_empty() { "pods of no selector".to_owned() } else { format!("pods {}", labels.join(",")) };
    match &port.target_port {
        TargetPort::Number(number) => format!("{pods}, port {number}"),
        TargetPort::Name(name) => format!("{pods}, port {name}"),
    }
}

fn describe_upstream_tls(tls: &UpstreamTls, config: &Config) -> String {
    let UpstreamTls { server_name, authorities, names, client_certificate, offer } = tls;
    let server_name = server_name.as_deref().unwrap_or("no server name");
    let shows = client_certificate.map(|id| format!(", shows {}", certificate(id, config))).unwrap_or_default();
    let names: Vec<_> = names.iter().map(describe_name).collect();
    let names = if names.is_empty() { "whatever it is".to_owned() } else { names.join(" or ") };
    let proof = match authorities {
        Some(authorities) => format!("named {names} by {}", describe_authorities(authorities)),
        None => "not verified".to_owned(),
    };
    format!("{server_name}, {proof}{shows}{}", describe_offer(offer))
}

fn describe_offer(offer: &TlsOffer) -> String {
    let TlsOffer { name_source, alpn, oldest, newest, ciphers, curves, renegotiates } = offer;
    let version = |version: &TlsVersion| match version {
        TlsVersion::V1_0 => "1.0",
        TlsVersion::V1_1 => "1.1",
        TlsVersion::V1_2 => "1.2",
        TlsVersion::V1_3 => "1.3",
    };
    let list = |what: &str, list: &[String]| (!list.is_empty()).then(|| format!(", {what} {}", list.join(" ")));
    let words = [
        list("offers", alpn),
        oldest.as_ref().map(|oldest| format!(", from TLS {} on", version(oldest))),
        newest.as_ref().map(|newest| format!(", up to TLS {}", version(newest))),
        list("ciphers", ciphers),
        list("curves", curves),
        match name_source {
            ServerNameSource::Given => None,
            ServerNameSource::Host => Some(", named as the host of the request".to_owned()),
            ServerNameSource::Endpoint => Some(", named as the endpoint".to_owned()),
        },
        renegotiates.then(|| ", may renegotiate".to_owned()),
    ];
    words.into_iter().flatten().collect()
}

fn describe_name(name: &CertificateName) -> Cow<'_, str> {
    match name {
        CertificateName::Dns(name) | CertificateName::Uri(name) => name.into(),
        CertificateName::DnsWildcard(name) => format!("*.{name}").into(),
        CertificateName::Ip(address) => address.to_string().into(),
    }
}

/// TLS that ends at a listener, in words that are equal where it is.
pub(super) fn describe_tls(tls: Option<&TlsTermination>, config: &Config) -> String {
    let Some(TlsTermination { certificates, alpn, clients, terms }) = tls else { return "no TLS".to_owned() };
    let certificates: Vec<String> = certificates.iter().map(|id| certificate(*id, config)).collect();
    let certificates =
        if certificates.is_empty() { "a certificate that is not known".to_owned() } else { certificates.join(", ") };
    let clients = match clients {
        ClientCertificates::Unasked => String::new(),
        ClientCertificates::Required(authorities) => {
            format!(", clients show a certificate of {}", describe_authorities(authorities))
        }
        ClientCertificates::Optional => ", clients are asked for a certificate".to_owned(),
        ClientCertificates::Shown(authorities) => {
            format!(", clients show a certificate of anybody, told of {}", describe_authorities(authorities))
        }
        ClientCertificates::Checked(authorities) => {
            format!(", clients show none or a certificate of {}", describe_authorities(authorities))
        }
    };
    let alpn = if alpn.is_empty() { String::new() } else { format!(", offers {}", alpn.join(" ")) };
    format!("TLS with {certificates}{alpn}{clients}{}", settings::in_words_of_masked(&**terms))
}

fn describe_authorities(Authorities { bundle, object: _, origin: _ }: &Authorities) -> String {
    format!("authorities {}", digest(bundle))
}

/// What clients see of a certificate is what it holds, whatever its Secret is called.
fn certificate(id: CertificateId, config: &Config) -> String {
    let KeyPair { namespace: _, name: _, chain, key, origin: _ } = config.certificate(id);
    match (chain, key) {
        (Material::File(chain), _) => format!("certificate {chain}"),
        (Material::Unseen(object), _) => format!("the certificate of {object}"),
        (chain, key) => format!("certificate {} and key {}", digest(chain), digest(key)),
    }
}

fn digest(material: &Material) -> String {
    match material {
        Material::File(path) => path.clone(),
        Material::Unseen(object) => format!("of {object}, which nobody has seen"),
        Material::Several(parts) => parts.iter().map(digest).collect::<Vec<_>>().join(" and "),
        Material::Inline(text) => {
            let digest = ring::digest::digest(&ring::digest::SHA256, text.trim().as_bytes());
            let mut digits = String::from("sha256:");
            for byte in digest.as_ref().iter().take(DIGITS / 2) {
                // Writing to a string does not fail.
                let _ = write!(digits, "{byte:02x}");
            }
            digits
        }
    }
}
