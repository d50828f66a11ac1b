//! Upstreams of Gloo Gateway
//! ([Upstream](https://docs.solo.io/gateway/latest/traffic-management/destination-types/upstreams/)).
//!
//! An Upstream of type `kube` is another name for a port of a Service, of whichever namespace; one of type `static` is a
//! list of hosts, and both may say more of the traffic. An Upstream that says something which is not translated is none
//! that anything is sent to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, Reported, codes};
use crate::ir::{BackendName, ClusterSettings, Endpoints, Site, UpstreamProtocol};
use crate::parser::api::{
    OptionList, UpstreamFailover, UpstreamHost, UpstreamKube, UpstreamOption, UpstreamPipe, UpstreamSpec, UpstreamSsl,
    UpstreamStatic,
};
use crate::parser::manifests::Object;
use crate::path;
use crate::port::Port;

use super::super::backend_tls::{TlsSettings, TrustAnchors};
use super::chosen_pods::{self, ChosenPods};
use super::encryption::{self, BackendTls};
use super::refused::{Refused, untranslated, unusable};
use super::upstream_checks;
use super::upstream_failover::{self, Elsewhere};
use super::upstream_host::{HEAVIEST, is_address, is_server_name, lacking, port, socket_fault};
use super::upstream_protocol::{self, Spoken};
use super::upstream_settings;
use super::upstream_tls::{self, HeaderSecrets, TlsOfHosts, TlsWishes, UpstreamSecrets};
use super::upstream_tunnel::{self, Dug, TunnelWishes};

/// What an Upstream stands for.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    pub(super) place: Place,
    pub(super) says: Says,
}

/// What an Upstream says of the traffic to its place; nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Says {
    /// What is spoken there.
    pub(super) protocol: Option<UpstreamProtocol>,
    /// How connections are encrypted; `None` leaves it as it is.
    pub(super) tls: Option<BackendTls>,
    pub(super) settings: Arc<ClusterSettings>,
    /// Which of the endpoints of a Service are meant, all of it at once.
    pub(super) chosen: Vec<ChosenPods>,
    /// How connections are encrypted to hosts of the failover that say so themselves, and to the proxies of a tunnel.
    pub(super) further_tls: Vec<Arc<TlsSettings>>,
}

/// Where it is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// At a port of a Service.
    Service(BackendName),
    /// At these hosts.
    Hosts(Endpoints),
}

/// What an Upstream stands for; why that is not known is told once, where something refers to it.
pub(super) fn meant(
    object: &Object<UpstreamSpec>,
    UpstreamSecrets { tls: secrets, headers }: &UpstreamSecrets<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Meant, Reported> {
    let mut refused = Vec::new();
    let Declared { place, spoken, ssl, hosts, chosen, failover, tunnel, mut settings } =
        declared(object, headers, &mut refused);
    if spoken.as_clients && tunnel.to.is_some_and(|to| !to.is_empty()) {
        let help = "remove `protocolSelection`, or `httpProxyHostname`";
        refused.push(unusable(path!["protocolSelection"], "is no protocol of proxies", help));
    }
    let spoken = spoken.protocol();
    let secret = |at: &FieldPath| secrets.get(&(object.metadata.sort_key(), at.to_string()));
    let tls_of = |ssl: &UpstreamSsl, at: &FieldPath, refused: &mut Vec<Refused>| {
        upstream_tls::own_settings(ssl, at, (spoken, secret(at)), refused)
    };
    let dug = upstream_tunnel::tunnel(&tunnel, &tls_of, &mut refused);
    // What is spoken to a proxy is not what is spoken to whom it leads to, as with Gloo Gateway.
    let mut protocol = if dug.is_some() { Some(UpstreamProtocol::Http1) } else { spoken };
    let wishes = TlsWishes { ssl, hosts, protocol, secret: secret(&path!["sslConfig"]) };
    let encrypted = upstream_tls::of_upstream(&wishes, &mut refused);
    let elsewhere = failover.map(|config| upstream_failover::elsewhere(config, &tls_of, &mut refused));
    let mut tls = encrypted.map(|TlsOfHosts { tls, server_names }| {
        settings.server_names = server_names;
        // What is spoken in it is not left to the handshake.
        protocol = protocol.or(Some(UpstreamProtocol::Http1));
        tls
    });
    // A Service has a protocol of its own.
    if matches!(place, Some(Place::Hosts(_))) && spoken != Some(UpstreamProtocol::Http2) {
        refused.extend(upstream_checks::over_http2(&settings.health_checks));
    }
    let mut further_tls = Vec::new();
    if let Some(Elsewhere { failover, tls: own, invalid }) = elsewhere {
        let is_file = matches!(place, Some(Place::Hosts(Endpoints::File(_))));
        refused.extend(is_file.then(|| upstream_failover::beside_file(&failover)).flatten());
        settings.failover = Some(failover);
        further_tls = own;
        tls = invalid.map(BackendTls::Invalid).or(tls);
    }
    if let Some(dug) = dug {
        tls = lay_tunnel(dug, (spoken, ssl), tls, &mut settings, &mut further_tls);
    }
    if place.is_none() && refused.is_empty() {
        refused.push(Refused {
            path: path![],
            message: "it says nothing of where its hosts are".to_owned(),
            help: "add `static`, `kube` or `pipe`",
        });
    }
    if let Some(proof) = report(object, refused, diagnostics) {
        return Err(proof);
    }
    let says = Says { protocol, tls, settings: Arc::new(settings), chosen, further_tls };
    warn(object, &says, diagnostics);
    // Without a place something has been reported.
    Ok(Meant { place: place.unwrap_or(Place::Hosts(Endpoints::Static(Vec::new()))), says })
}

/// Adds a tunnel to the settings; how connections through it are encrypted.
fn lay_tunnel(
    Dug { mut tunnel, tls: own, invalid }: Dug,
    (spoken, ssl): (Option<UpstreamProtocol>, Option<&UpstreamSsl>),
    tls: Option<BackendTls>,
    settings: &mut ClusterSettings,
    further_tls: &mut Vec<Arc<TlsSettings>>,
) -> Option<BackendTls> {
    settings.server_names.clear();
    let tls = tls.map(|tls| upstream_tunnel::to_the_end(tls, ssl, &tunnel));
    tunnel.over_http2 = spoken == Some(UpstreamProtocol::Http2);
    tunnel.tls = own.map(|own| encryption::position(own, further_tls));
    settings.tunnel = Some(tunnel);
    invalid.map(BackendTls::Invalid).or(tls)
}

/// What the options of an Upstream say, each by itself.
#[derive(Default)]
struct Declared<'u> {
    place: Option<Place>,
    spoken: Spoken,
    ssl: Option<&'u UpstreamSsl>,
    hosts: Option<&'u UpstreamStatic>,
    chosen: Vec<ChosenPods>,
    failover: Option<&'u UpstreamFailover>,
    tunnel: TunnelWishes<'u>,
    settings: ClusterSettings,
}

fn declared<'u>(
    object: &'u Object<UpstreamSpec>,
    headers: &HeaderSecrets<'_>,
    refused: &mut Vec<Refused>,
) -> Declared<'u> {
    let OptionList(options) = &object.spec;
    let mut said = Declared::default();
    for option in options {
        match option {
            UpstreamOption::Kube(kube) => {
                said.place = Some(service(object, kube, refused));
                said.chosen = chosen_of(kube, refused);
                said.spoken.http2 |=
                    upstream_protocol::is_of_calls(kube.service_spec.as_ref(), &path!["kube"], refused);
            }
            UpstreamOption::Static(listed) => {
                said.hosts = Some(listed);
                said.place = Some(hosts_of(listed, &mut said.settings, refused));
                said.spoken.http2 |=
                    upstream_protocol::is_of_calls(listed.service_spec.as_ref(), &path!["static"], refused);
            }
            UpstreamOption::Pipe(pipe) => {
                said.place = Some(socket_file(pipe, refused));
                said.spoken.http2 |=
                    upstream_protocol::is_of_calls(pipe.service_spec.as_ref(), &path!["pipe"], refused);
            }
            UpstreamOption::SslConfig(config) => said.ssl = Some(config),
            UpstreamOption::Failover(config) => said.failover = Some(config),
            UpstreamOption::HttpProxyHostname(to) => said.tunnel.to = Some(to),
            UpstreamOption::HttpConnectHeaders(entries) => said.tunnel.headers = Some(entries),
            UpstreamOption::HttpConnectSslConfig(config) => said.tunnel.ssl = Some(config),
            UpstreamOption::UseHttp2(is_set) => said.spoken.http2 |= is_set,
            UpstreamOption::ProtocolSelection(choice) => {
                said.spoken.as_clients = upstream_protocol::is_as_clients(choice, refused);
            }
            // They are about a mesh and about discovery, and nothing that is served here depends on them.
            UpstreamOption::DisableIstioAutoMtls(_)
            | UpstreamOption::DiscoveryMetadata(_)
            | UpstreamOption::NamespacedStatuses(_) => {}
            other if upstream_settings::take(other, headers, &mut said.settings, refused) => {}
            other => refused.push(untranslated(path![other.field()])),
        }
    }
    said
}

/// Warns of TLS that verifies nobody, and of a failover that health never leads to.
fn warn(object: &Object<UpstreamSpec>, says: &Says, diagnostics: &mut Diagnostics) {
    let Says { protocol: _, tls, settings, chosen: _, further_tls } = says;
    let own = tls.as_ref().and_then(BackendTls::settings);
    // What cannot be used is not connected to.
    let is_used = !matches!(tls, Some(BackendTls::Invalid(_)));
    let is_unverified = |tls: &TlsSettings| tls.anchors == TrustAnchors::Unasked && !tls.is_missing;
    let is_open = own.is_some_and(is_unverified);
    let of_tunnel = settings.tunnel.as_ref().and_then(|tunnel| further_tls.get(tunnel.tls?));
    let further = match of_tunnel.is_some_and(|tls| is_unverified(tls)) {
        true => "httpConnectSslConfig",
        false => "failover",
    };
    if is_open || is_used && further_tls.iter().any(|tls| is_unverified(tls)) {
        upstream_tls::report_unverified(object, (!is_open).then_some(further), diagnostics);
    }
    if settings.failover.is_some() && settings.health_checks.is_empty() && settings.outliers.is_none() {
        upstream_failover::report_unasked(object, diagnostics);
    }
}

/// Says what cannot be honoured; the proof of the last, `None` where there is nothing.
pub(super) fn report(
    object: &Object<UpstreamSpec>,
    refused: impl IntoIterator<Item = Refused>,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let proofs = refused.into_iter().map(|Refused { path, message, help }| {
        let at = ObjectPart::Whole.at(&path!["spec"].join(&path));
        let message = format!("Upstream `{}`: {message}", object.full_name());
        let finding = object.finding(codes::UNSUPPORTED_UPSTREAM, at, message).label("gwctl does not translate it");
        diagnostics.error(finding.consequence("requests for this backend get 500").help(help))
    });
    proofs.last()
}

/// The Pods behind a Service that are meant.
fn chosen_of(UpstreamKube { selector, subset_spec, .. }: &UpstreamKube, refused: &mut Vec<Refused>) -> Vec<ChosenPods> {
    let by_selector = ChosenPods { path: path!["kube", "selector"], labels: selector.clone() };
    let by_subset = subset_spec.as_ref().and_then(|subsets| chosen_pods::of_subsets(subsets, refused));
    [Some(by_selector), by_subset].into_iter().flatten().filter(|one| !one.labels.is_empty()).collect()
}

fn service(object: &Object<UpstreamSpec>, kube: &UpstreamKube, refused: &mut Vec<Refused>) -> Place {
    let UpstreamKube { selector: _, service_name, service_namespace, service_port, service_spec: _, subset_spec: _ } =
        kube;
    if service_name.is_empty() {
        refused.push(lacking(path!["kube", "serviceName"], "add `serviceName` with the name of a Service"));
    }
    let port = port(*service_port, path!["kube", "servicePort"], refused);
    let own = &object.metadata.namespace;
    let namespace = if service_namespace.is_empty() { own } else { service_namespace };
    Place::Service(BackendName { namespace: namespace.clone(), name: service_name.clone(), port, site: Site::Internal })
}

/// A socket file of the proxy's machine, or a name of its network namespace with `@` before it.
fn socket_file(UpstreamPipe { path, service_spec: _ }: &UpstreamPipe, refused: &mut Vec<Refused>) -> Place {
    if let Some((why, help)) = socket_fault(path) {
        refused.push(unusable(path!["pipe", "path"], why, help));
    }
    Place::Hosts(Endpoints::File(path.clone()))
}

fn hosts_of(
    UpstreamStatic { auto_sni_rewrite: _, hosts, service_spec: _, use_tls: _ }: &UpstreamStatic,
    settings: &mut ClusterSettings,
    refused: &mut Vec<Refused>,
) -> Place {
    if hosts.is_empty() {
        refused.push(lacking(path!["static", "hosts"], "add a host with its `addr` and `port`"));
    }
    let mut names: Vec<(String, Port)> = Vec::with_capacity(hosts.len());
    for (index, host) in hosts.iter().enumerate() {
        let UpstreamHost { addr, health_check_config: _, load_balancing_weight, metadata: _, port: number, sni_addr } =
            host;
        let at = |field: &'static str| path!["static", "hosts", index, field];
        // Envoy counts the weights of a locality in 32 bits, and a weight of 0 is none.
        let weight = load_balancing_weight.unwrap_or(1);
        if !(1..=HEAVIEST).contains(&weight) {
            refused.push(unusable(at("loadBalancingWeight"), "is no weight", "write a number from 1 to 1000000"));
        }
        settings.weights.push(weight);
        if !is_address(addr) {
            refused.push(lacking(at("addr"), "write an address, or a DNS name"));
        }
        if !is_server_name(sni_addr) {
            refused.push(unusable(at("sniAddr"), "is no server name", "write a DNS name"));
        }
        names.push((addr.clone(), port(*number, at("port"), refused)));
    }
    if settings.weights.iter().all(|weight| *weight == 1) {
        settings.weights.clear();
    }
    // One name among them makes Gloo Gateway ask DNS for all.
    let addresses: Option<Vec<SocketAddr>> =
        names.iter().map(|(host, port)| Some(SocketAddr::new(host.parse::<IpAddr>().ok()?, port.number()))).collect();
    Place::Hosts(addresses.map_or(Endpoints::Dns(names), Endpoints::Static))
}
