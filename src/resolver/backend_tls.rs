//! BackendTLSPolicy: TLS from the gateway to backends
//! ([BackendTLSPolicy](https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/)).
//!
//! A policy that cannot be used never means plain text: its targets fail
//! instead. The same validation settings occur in XBackends.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, PartPath, Reported, codes};
use crate::ir::{CertificateName, TlsOffer};
use crate::name::{Name, NamespacedName};
use crate::options::Options;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{
    BackendTlsPolicySpec, BackendTlsValidation, L4Protocol, LocalObjectReference, PolicyTargetReference, Service,
    SubjectAltName, SubjectAltNameType,
};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead};
use crate::whole;

use super::certificate::{BundleId, CertificateIndex, CertificateReferrer, KeyPairId, Named};
use super::group_slip;
use super::policy::{Policies, PolicyTarget, ResolvedPolicy, TargetOutcome, missing_target};

/// The one well-known set of authorities that the specification names.
pub(super) const SYSTEM: &str = "System";

/// What happens to requests whose backend's TLS settings cannot be used.
const FAILS: &str = "where these settings count, requests get 500 (gRPC calls UNAVAILABLE) and connections are closed: nothing goes out in plain text";

/// What happens to datagrams that a policy wants encrypted.
const DATAGRAMS_DROPPED: &str = "datagrams that UDPRoutes send to the port are dropped: nothing goes out in plain text";

/// The BackendTLSPolicies with the TLS settings that they stand for.
pub type BackendTlsPolicies<'m> = Policies<'m, BackendTlsPolicySpec, Arc<TlsSettings>>;

/// TLS on the connections to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The server name that the handshake asks for; an address is none.
    pub server_name: Option<String>,
    /// Who may vouch for the backend.
    pub anchors: TrustAnchors,
    /// The names of which the backend's certificate must carry one; where there are none every name will do.
    pub names: Vec<CertificateName>,
    /// What else the handshake says.
    pub offer: TlsOffer,
    /// The certificate to show, in place of the Gateway's.
    pub client_certificate: Option<KeyPairId>,
    /// That what they need is assumed, and nobody says where its files are: they count wherever something is judged,
    /// and in a configuration there are no connections.
    pub unplaced: Option<Reported>,
    /// That what they need is neither in the input nor assumed: a policy with these settings is invalid, and nobody
    /// connects to its targets. They are known only so that they can be compared.
    pub is_missing: bool,
}

/// Who may vouch for a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustAnchors {
    /// The authorities of the machine that runs the proxy, in this file.
    System(String),
    /// Those of the input; never empty.
    Bundles(Vec<BundleId>),
    /// Nobody is asked: whoever answers is trusted.
    Unasked,
}

/// Resolves all BackendTLSPolicies of the input.
pub(super) fn resolve_backend_tls<'m>(
    manifests: &'m Manifests,
    settings: &Options,
    certificates: &mut CertificateIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> BackendTlsPolicies<'m> {
    let services: HashMap<_, _> =
        manifests.services.iter().map(|service| (service.metadata.sort_key(), &service.spec)).collect();
    let backends = manifests.envoy_backends.iter().map(|object| object.metadata.sort_key()).collect();
    let targets = Targets { services, backends, manifests, assume_services: settings.assume.services };
    let fails = |object: &'m Object<BackendTlsPolicySpec>, proof: Reported| {
        let BackendTlsPolicySpec { target_refs, validation: _, options: _ } = &object.spec;
        let target = |target: &PolicyTargetReference| targets.assumed(object, target).ok_or(proof);
        let targets = target_refs.iter().map(target).collect();
        ResolvedPolicy { object, targets, value: Err(proof), ancestors: BTreeSet::new() }
    };
    // Where something is written that the API server would refuse it is left out: never plain text instead.
    let refused = manifests.decoded.iter().filter_map(|object| match object {
        AnyObject::BackendTlsPolicy(object) => Some(fails(object, object.refusal.as_ref()?.proof)),
        _ => None,
    });
    let policies = manifests.backend_tls_policies.iter().map(|object| {
        let BackendTlsPolicySpec { target_refs, validation, options } = &object.spec;
        for key in options.keys() {
            report_option(object, key, diagnostics);
        }
        let outcomes = target_refs.iter().enumerate();
        let outcomes = outcomes.map(|(index, target)| targets.resolve(object, index, target, diagnostics)).collect();
        let at = whole!["spec", "validation"];
        let value = match object.missing(&at) {
            Some(proof) => Err(proof),
            None => resolve_validation(object, &at, validation, &settings.system_ca, certificates, diagnostics),
        };
        let value = value.map(Arc::new);
        ResolvedPolicy { object, targets: outcomes, value, ancestors: BTreeSet::new() }
    });
    let mut list: Vec<_> = policies.collect();
    list.extend(refused);
    Policies::compete(list, |settings: &Arc<TlsSettings>| !settings.is_missing, diagnostics)
}

/// A TLS option of another implementation: whatever it asks for is not done.
fn report_option(object: &ObjectHead, key: &str, diagnostics: &mut Diagnostics) {
    diagnostics.report(
        object
            .finding(
                codes::TLS_OPTION,
                whole!["spec", "options", key.to_owned()],
                format!("TLS option `{key}` is not one that gwctl knows"),
            )
            .consequence("connections to the backend are made without what the option asks for")
            .help("remove the option"),
    );
}

/// The objects that a policy may target.
struct Targets<'m> {
    services: HashMap<NamespacedName<'m>, &'m Service>,
    backends: HashSet<NamespacedName<'m>>,
    manifests: &'m Manifests,
    assume_services: bool,
}

impl Targets<'_> {
    fn resolve(
        &self,
        object: &Object<BackendTlsPolicySpec>,
        index: usize,
        reference: &PolicyTargetReference,
        diagnostics: &mut Diagnostics,
    ) -> TargetOutcome {
        let at = PartPath::from(ObjectPart::Target(index));
        let PolicyTargetReference { group, kind, name, section_name } = reference;
        if Kind::Backend.is_named(group, kind) {
            return self.resolve_backend(object, &at, (name, section_name.as_deref()), diagnostics);
        }
        if !group.is_empty() || kind != Kind::Service.name() {
            let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
            let message = format!("a BackendTLSPolicy cannot target `{full}`");
            let finding = refused_target(object, at.with("kind"), message).help("target a `Service`");
            return Err(diagnostics.error(group_slip::blame(finding, (group, kind), &[Kind::Service])));
        }
        let namespace = &object.metadata.namespace;
        let target = PolicyTarget {
            kind: Kind::Service,
            namespace: namespace.clone(),
            name: name.clone(),
            section: section_name.clone(),
        };
        match self.services.get(&(namespace, name)) {
            Some(service) => match check_ports(object, &at, service, section_name.as_deref(), diagnostics) {
                Ok(()) => Ok(target),
                Err(finding) => Err(diagnostics.error(*finding)),
            },
            // Which port of an assumed Service has the name is found out when a route uses it.
            None if self.assume_services => Ok(target),
            None => Err(diagnostics.error(self.missing_service(object, at.with("name"), name))),
        }
    }

    /// A Backend of Envoy Gateway, which has no sections.
    fn resolve_backend(
        &self,
        object: &Object<BackendTlsPolicySpec>,
        at: &PartPath,
        (name, section): (&Name, Option<&str>),
        diagnostics: &mut Diagnostics,
    ) -> TargetOutcome {
        let namespace = &object.metadata.namespace;
        if section.is_some() {
            let finding = refused_target(object, at.with("sectionName"), "a Backend has no sections");
            return Err(diagnostics.error(finding.help("remove `sectionName`")));
        }
        if !self.backends.contains(&(namespace, name)) {
            let finding = missing_target(object, at.with("name"), (Kind::Backend, name), self.manifests);
            return Err(diagnostics.error(finding.consequence("the policy protects no connection")));
        }
        Ok(PolicyTarget { kind: Kind::Backend, namespace: namespace.clone(), name: name.clone(), section: None })
    }

    /// What a policy that the API server would refuse is about, whatever is wrong with it.
    fn assumed(&self, object: &ObjectHead, target: &PolicyTargetReference) -> Option<PolicyTarget> {
        let PolicyTargetReference { group, kind, name, section_name } = target;
        let kind = [Kind::Service, Kind::Backend].into_iter().find(|known| known.is_named(group, kind))?;
        Some(PolicyTarget {
            kind,
            namespace: object.metadata.namespace.clone(),
            name: name.clone(),
            section: section_name.clone(),
        })
    }

    fn missing_service(&self, object: &Object<BackendTlsPolicySpec>, at: PartPath, name: &Name) -> Finding {
        missing_target(object, at, (Kind::Service, name), self.manifests)
            .consequence("the policy protects no connection")
    }
}

/// Whether the policy can apply to the ports that it names: TLS runs over TCP.
fn check_ports(
    object: &Object<BackendTlsPolicySpec>,
    at: &PartPath,
    service: &Service,
    section: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Box<Finding>> {
    let name = |udp: bool| {
        let ports = service.ports.iter().filter(|port| (port.protocol != L4Protocol::Tcp) == udp);
        ports.map(|port| format!("`{}`", port.name)).collect::<Vec<_>>().join(", ")
    };
    let Some(section) = section else {
        let (tcp, other): (Vec<_>, Vec<_>) = service.ports.iter().partition(|port| port.protocol == L4Protocol::Tcp);
        if tcp.is_empty() && !other.is_empty() {
            let message = "the Service has no TCP port, and TLS needs one";
            let finding = refused_target(object, at.clone(), message).consequence(DATAGRAMS_DROPPED);
            return Err(Box::new(finding.help("target a Service with a TCP port")));
        }
        if !other.is_empty() {
            diagnostics.report(
                object
                    .finding(
                        codes::POLICY_SKIPS_PORT,
                        at.clone(),
                        format!(
                            "the policy does not apply to the ports {} of the Service: TLS runs over TCP",
                            name(true)
                        ),
                    )
                    .consequence("datagrams to these ports are not encrypted")
                    .help("name the TCP port with `sectionName`"),
            );
        }
        return Ok(());
    };
    match service.ports.iter().find(|port| port.name == section) {
        Some(port) if port.protocol == L4Protocol::Tcp => Ok(()),
        Some(_) => {
            let message = format!("port `{section}` of the Service is not TCP, and TLS runs over TCP");
            let at = at.with("sectionName");
            let finding = refused_target(object, at, message).consequence(DATAGRAMS_DROPPED);
            Err(Box::new(finding.help(format!("the TCP ports are {}", name(false)))))
        }
        None => Err(Box::new(
            object
                .finding(
                    codes::POLICY_TARGET_NOT_FOUND,
                    at.with("sectionName"),
                    format!("the Service has no port called `{section}`"),
                )
                .label("no such port name")
                .consequence("the policy protects no connection")
                .help(format!("`sectionName` is the name of a port, not its number; the ports are {}", name(false))),
        )),
    }
}

fn refused_target(object: &Object<BackendTlsPolicySpec>, at: PartPath, message: impl Into<String>) -> Finding {
    object
        .finding(codes::INVALID_POLICY_TARGET, at, message)
        .label("not a target of this policy")
        .consequence("the policy protects no connection here")
}

/// The TLS settings that a `validation` asks for, or the proof that it cannot be honoured.
pub(super) fn resolve_validation(
    object: &ObjectHead,
    at: &PartPath,
    validation: &BackendTlsValidation,
    system_ca: &str,
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<TlsSettings, Reported> {
    let BackendTlsValidation { ca_certificate_refs, well_known_ca_certificates, hostname, subject_alt_names } =
        validation;
    let (anchors, unplaced) = match well_known_ca_certificates.as_deref() {
        Some(SYSTEM) => (TrustAnchors::System(system_ca.to_owned()), None),
        Some(other) => return Err(diagnostics.error(unknown_well_known(object, at, other))),
        None => {
            let references = (ca_certificate_refs.as_slice(), &[Kind::ConfigMap][..]);
            let resolved = resolve_authorities(object, at, references, certificates, diagnostics)?;
            let Named { id: bundles, unplaced } = resolved;
            (TrustAnchors::Bundles(bundles), unplaced)
        }
    };
    let names = if subject_alt_names.is_empty() {
        vec![dns_or_wildcard(hostname)]
    } else {
        subject_alt_names.iter().filter_map(certificate_name).collect()
    };
    // An address is never a server name (RFC 6066, section 3).
    let server_name = hostname.parse::<IpAddr>().is_err().then(|| hostname.to_ascii_lowercase());
    let is_missing = match &anchors {
        TrustAnchors::System(_) | TrustAnchors::Unasked => false,
        TrustAnchors::Bundles(ids) => ids.iter().all(|id| certificates.is_unseen(*id)),
    };
    let offer = TlsOffer::default();
    Ok(TlsSettings { server_name, anchors, names, offer, client_certificate: None, unplaced, is_missing })
}

pub(super) fn unknown_well_known(object: &ObjectHead, at: &PartPath, value: &str) -> Finding {
    object
        .finding(
            codes::UNKNOWN_CA_SET,
            at.with("wellKnownCACertificates"),
            format!("`{value}` is not a set of authorities that gwctl knows"),
        )
        .consequence(FAILS)
        .help(format!("write `{SYSTEM}`, or name a ConfigMap in `caCertificateRefs`"))
}

/// The schema has made sure that the member of the type is there.
fn certificate_name(name: &SubjectAltName) -> Option<CertificateName> {
    let SubjectAltName { san_type, hostname, uri } = name;
    match san_type {
        SubjectAltNameType::Uri => uri.clone().map(CertificateName::Uri),
        SubjectAltNameType::Hostname => hostname.as_ref().map(|hostname| dns_or_wildcard(hostname)),
    }
}

fn dns_or_wildcard(hostname: &str) -> CertificateName {
    let hostname = hostname.to_ascii_lowercase();
    match (hostname.strip_prefix("*."), hostname.parse::<IpAddr>()) {
        (Some(suffix), _) => CertificateName::DnsWildcard(suffix.to_owned()),
        (None, Ok(address)) => CertificateName::Ip(address),
        (None, Err(_)) => CertificateName::Dns(hostname),
    }
}

/// The authorities of all references that are valid: one bad reference leaves
/// the others in force, none that is valid leaves nobody to trust. They have no
/// place where none of them has one.
pub(super) fn resolve_authorities(
    object: &ObjectHead,
    at: &PartPath,
    (references, kinds): (&[LocalObjectReference], &[Kind]),
    certificates: &mut CertificateIndex<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Named<Vec<BundleId>>, Reported> {
    let at = at.with("caCertificateRefs");
    let mut named: Vec<Named<BundleId>> = Vec::new();
    for (index, reference) in references.iter().enumerate() {
        let from = CertificateReferrer {
            kind: object.kind,
            namespace: &object.metadata.namespace,
            path: at.with(index),
            consequence: "backends whose certificate comes from these authorities are not trusted",
            finding: &|code, path, message| object.finding(code, path, message),
        };
        match certificates.resolve_backend_bundle(&from, (reference, kinds), diagnostics) {
            Ok(bundle) if named.iter().any(|other| other.id == bundle.id) => {}
            Ok(bundle) => named.push(bundle),
            Err(_) => {}
        }
    }
    let Named { id, unplaced } = Named::all(&named);
    let finding = if named.iter().all(|bundle| certificates.is_unseen(bundle.id)) {
        let finding = object
            .finding(codes::NO_VALID_CA, at, "none of the authorities can be used")
            .label("nobody is left who could vouch for the backend")
            .help("mend at least one of the references");
        references.iter().fold(finding, |finding, LocalObjectReference { group: _, kind: _, name }| {
            certificates.relate(finding, Kind::ConfigMap, (&object.metadata.namespace, name), None)
        })
    } else if certificates.cannot_join(&named) {
        object
            .finding(codes::NOT_SUPPORTED, at, "authorities of several objects, one of them assumed, cannot be joined")
            .help("add the assumed objects to the input, or join all authorities in one object")
    } else {
        return Ok(Named { id, unplaced });
    };
    let proof = diagnostics.error(finding.consequence(FAILS));
    // What is missing is declared all the same, and so it is judged.
    if named.is_empty() { Err(proof) } else { Ok(Named { id, unplaced: Some(proof) }) }
}
