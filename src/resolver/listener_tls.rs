//! TLS of listeners: certificates, client certificates, and what becomes of a
//! listener that has none
//! ([ListenerTLSConfig](https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig)).

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, FrontendPart, ObjectPart, PartPath, Reported, codes};
use crate::parser::api::{ListenerTls, TlsMode};
use crate::path;
use crate::port::Port;

use super::certificate::{CertificateIndex, CertificateReferrer, KeyPairId, Named};
use super::frontend::{ClientValidation, Frontend, resolve_frontend};
use super::gateway::ResolvedGateway;
use super::listener::{Protocol, ResolvedListener, listener_path};
use super::overlaps::Overlaps;
use super::reference_grant::Grants;
use super::termination::Termination;

/// Resolves the TLS of every listener of every Gateway.
pub(super) fn resolve_tls(
    gateways: &mut [ResolvedGateway<'_>],
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) {
    for gateway in gateways {
        let frontend = resolve_frontend(gateway.object, grants, certificates, diagnostics);
        for listener in &mut gateway.listeners {
            match listener.protocol {
                Protocol::Https | Protocol::TlsTerminate => {
                    let asks = listener.protocol == Protocol::Https;
                    listener.clients = asks.then(|| frontend.on_port(listener.spec.port));
                    let unplaced = asks.then(|| frontend.unplaced(listener.spec.port)).flatten();
                    let (named, resolved) = resolve_termination(listener, &frontend, grants, certificates, diagnostics);
                    listener.named_certificates = named;
                    match resolved {
                        Ok(termination) => {
                            listener.termination = Some(termination);
                            listener.refused = listener.refused.or(unplaced);
                        }
                        Err(proof) => listener.refused = listener.refused.or(Some(proof)),
                    }
                }
                Protocol::TlsPassthrough => report_unused_certificates(listener, diagnostics),
                Protocol::Http | Protocol::Tcp | Protocol::Udp | Protocol::Unknown => {}
            }
        }
        report_unasked_clients(gateway, &frontend, diagnostics);
        report_ports_without_listener(gateway, diagnostics);
        report_overlaps(gateway, diagnostics);
    }
}

/// The certificates that a listener names, and what of its TLS can be used.
fn resolve_termination(
    listener: &ResolvedListener<'_>,
    frontend: &Frontend,
    grants: &Grants<'_>,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> (Vec<KeyPairId>, Result<Termination, Reported>) {
    let owner = listener.owner;
    let at = listener_path(listener.index).with("tls");
    if let Some(ListenerTls { mode: TlsMode::Terminate | TlsMode::Passthrough, certificate_refs: _, options }) =
        &listener.spec.tls
    {
        for key in options.keys() {
            diagnostics.report(
                owner
                    .finding(
                        codes::TLS_OPTION,
                        at.with("options").with(key.clone()),
                        format!("gwctl does not know the TLS option `{key}`"),
                    )
                    .label("not applied")
                    .consequence("connections are served without this setting")
                    .help("remove the option"),
            );
        }
    }
    let mut named = Vec::new();
    let usable = resolve_certificates(listener, &at, &mut named, grants, certificates, diagnostics);
    let termination = usable.and_then(|certificates| {
        let clients = match listener.protocol {
            Protocol::Https => frontend.on_port(listener.spec.port)?,
            _ => ClientValidation::Unasked,
        };
        Ok(Termination { certificates, clients })
    });
    (named, termination)
}

/// The certificates of a listener that can be used. A bad one never stops the others. Of one without a place not even
/// its hosts are known: the listener does without it. `named` gets all of them.
fn resolve_certificates(
    listener: &ResolvedListener<'_>,
    at: &PartPath,
    named: &mut Vec<KeyPairId>,
    grants: &Grants<'_>,
    index: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<KeyPairId>, Reported> {
    let owner = listener.owner;
    let references = listener.spec.tls.as_ref().map(|tls| tls.certificate_refs.as_slice()).unwrap_or_default();
    if references.is_empty() {
        let finding = owner
            .finding(
                codes::NO_CERTIFICATE,
                at.with("certificateRefs"),
                format!("listener `{}` ends TLS and names no certificate", listener.spec.name),
            )
            .consequence("the listener accepts no connections")
            .help("name a Secret of type `kubernetes.io/tls` under `tls.certificateRefs`");
        return Err(diagnostics.error(finding));
    }
    let (mut usable, mut last) = (Vec::new(), None);
    for (position, reference) in references.iter().enumerate() {
        let consequence = match references.len() {
            1 => "the listener accepts no connections",
            _ => "the listener serves its other certificates only; without any it accepts no connections",
        };
        let from = CertificateReferrer {
            kind: owner.kind(),
            namespace: &owner.metadata().namespace,
            path: ObjectPart::Certificate { listener: listener.index, index: position }.into(),
            consequence,
            finding: &|code, path, message| owner.finding(code, path, message),
        };
        let pair = match index.resolve_pair(&from, reference, grants, diagnostics) {
            Ok(Named { id, unplaced: None }) => {
                if !usable.contains(&id) {
                    usable.push(id);
                }
                id
            }
            Ok(Named { id, unplaced: Some(proof) }) => {
                last = Some(proof);
                id
            }
            Err(proof) => {
                last = Some(proof);
                index.named_pair(&from, reference)
            }
        };
        if !named.contains(&pair) {
            named.push(pair);
        }
    }
    if let (true, Some(proof)) = (usable.is_empty(), last) {
        return Err(proof);
    }
    warn_of_uncovered_hostname(listener, at, named, index, diagnostics);
    Ok(usable)
}

fn warn_of_uncovered_hostname(
    listener: &ResolvedListener<'_>,
    at: &PartPath,
    pairs: &[KeyPairId],
    index: &CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) {
    let known: Option<Vec<_>> = pairs.iter().map(|id| index.pair(*id).known.as_ref()).collect();
    // What a certificate covers that nobody has seen is not known, and the hostname is `unjudged` then.
    let Some(known) = known else { return };
    let hostname = &listener.hostname;
    if known.iter().any(|(_, pair)| pair.leaf.covers(hostname)) {
        return;
    }
    let names = known.iter().flat_map(|(_, pair)| &pair.leaf.dns_names);
    let mut names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    names.sort();
    names.dedup();
    let covered = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
    let finding = listener.owner.finding(
        codes::HOSTNAME_NOT_COVERED,
        at.with("certificateRefs"),
        format!("no certificate of listener `{}` covers `{hostname}`", listener.spec.name),
    );
    let finding = known.iter().fold(finding, |finding, (secret, _)| {
        finding.related(secret.at(&path!["data"]), "a certificate of the listener")
    });
    diagnostics.report(
        finding
            .label(format!("covered: {covered}"))
            .consequence("clients that check the name refuse the connection")
            .help("use a certificate with this subject alternative name; a wildcard stands for one label"),
    );
}

fn report_unused_certificates(listener: &ResolvedListener<'_>, diagnostics: &mut Diagnostics) {
    let Some(ListenerTls { mode: _, certificate_refs, options }) = &listener.spec.tls else { return };
    let fields = [("certificateRefs", !certificate_refs.is_empty()), ("options", !options.is_empty())];
    for (field, _) in fields.into_iter().filter(|(_, present)| *present) {
        let finding = listener.owner.finding(
            codes::NO_EFFECT,
            listener_path(listener.index).with("tls").with(field),
            format!("`{field}` has no effect in mode `Passthrough`"),
        );
        diagnostics.report(
            finding
                .consequence("TLS ends at the backends, with their certificates")
                .help("remove it, or write `mode: Terminate`"),
        );
    }
}

/// Settings for client certificates that no HTTPS listener is under.
fn report_unasked_clients(gateway: &ResolvedGateway<'_>, frontend: &Frontend, diagnostics: &mut Diagnostics) {
    let terminates = |listener: &&ResolvedListener<'_>| listener.protocol == Protocol::TlsTerminate;
    if !frontend.asks() {
        return;
    }
    for listener in gateway.listeners.iter().filter(terminates) {
        if frontend.on_port(listener.spec.port) == Ok(ClientValidation::Unasked) {
            continue;
        }
        diagnostics.report(
            gateway
                .object
                .finding(
                    codes::VALIDATION_WITHOUT_EFFECT,
                    ObjectPart::Frontend(FrontendPart::Whole),
                    format!("client certificates are not asked for on listener `{}`", listener.spec.name),
                )
                .related(listener.owner.at(&listener_path(listener.index)), "a listener of protocol `TLS`")
                .consequence("its clients are served without a certificate")
                .help("the API checks clients of `HTTPS` listeners only: let the backend check those of this one"),
        );
    }
}

/// Settings for client certificates on ports where no listener ends TLS.
fn report_ports_without_listener(gateway: &ResolvedGateway<'_>, diagnostics: &mut Diagnostics) {
    let frontend = gateway.object.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
    let ends_tls =
        |listener: &ResolvedListener<'_>| matches!(listener.protocol, Protocol::Https | Protocol::TlsTerminate);
    for (index, entry) in frontend.map_or(&[][..], |frontend| &frontend.per_port).iter().enumerate() {
        if gateway.listeners.iter().any(|listener| listener.spec.port == entry.port && ends_tls(listener)) {
            continue;
        }
        diagnostics.report(
            gateway
                .object
                .finding(
                    codes::VALIDATION_WITHOUT_EFFECT,
                    ObjectPart::Frontend(FrontendPart::Port(index)).with("port"),
                    format!("no listener of protocol `HTTPS` has port {}", entry.port),
                )
                .label("a setting for no listener")
                .consequence(
                    "the clients of every `HTTPS` listener are asked for what `default` says, or its own entry",
                )
                .help("write the port of an `HTTPS` listener, or remove the entry"),
        );
    }
}

/// Listeners that end TLS on one port and whose hostnames overlap: a client may
/// use the connection of one for requests to the other.
fn report_overlaps(gateway: &ResolvedGateway<'_>, diagnostics: &mut Diagnostics) {
    let ends = |listener: &ResolvedListener<'_>| {
        matches!(listener.protocol, Protocol::Https | Protocol::TlsTerminate)
            && listener.conflict.is_none()
            && !listener.owner.is_stand_in()
    };
    let mut ports: BTreeMap<Port, Vec<usize>> = BTreeMap::new();
    for (place, listener) in gateway.listeners.iter().enumerate().filter(|(_, listener)| ends(listener)) {
        ports.entry(listener.spec.port).or_default().push(place);
    }
    let mut overlapping: Vec<[usize; 2]> = Vec::new();
    for places in ports.into_values() {
        let overlaps = Overlaps::new(places.iter().map(|place| &gateway.listeners[*place].hostname).collect());
        let other = |own: usize| places.get(overlaps.first_with(own)?).copied();
        overlapping.extend(places.iter().enumerate().filter_map(|(own, place)| Some([*place, other(own)?])));
    }
    overlapping.sort_unstable();
    for [listener, other] in overlapping.into_iter().map(|places| places.map(|place| &gateway.listeners[place])) {
        diagnostics.report(
            listener
                .owner
                .finding(
                    codes::OVERLAPPING_TLS,
                    listener_path(listener.index).with("hostname"),
                    format!("hosts of listener `{}` overlap with those of `{}`", listener.spec.name, other.spec.name),
                )
                .related(other.owner.at(&listener_path(other.index)), format!("listener `{}`", other.spec.name))
                .consequence("an HTTP/2 client that takes one connection for both gets 421 and has to open another")
                .help("nothing needs to be done; certificates that do not cover the other's hosts spare clients this"),
        );
    }
}
