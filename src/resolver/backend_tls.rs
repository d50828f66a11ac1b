//! BackendTLSPolicy: TLS from the gateway to backends
//! ([BackendTLSPolicy](https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/)).
//!
//! A policy that cannot be used never means plain text: its targets fail
//! instead. The same validation settings occur in XBackends.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Reported, codes};
use crate::ir::{Authorities, CertificateName, Material, UpstreamTls};
use crate::options::Options;
use crate::parser::api::{
    BackendTlsPolicySpec, BackendTlsValidation, ConfigMap, L4Protocol, LocalObjectReference, PolicyTargetReference,
    Service, SubjectAltName, SubjectAltNameType,
};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectKey};
use crate::path;
use crate::spelling::nearest;

use super::ca_bundle::{CA_KEY, read_bundle};
use super::policy::{Policies, PolicyTarget, ResolvedPolicy, TargetOutcome};

/// The one well-known set of authorities that the specification names.
const SYSTEM: &str = "System";

/// What happens to requests whose backend's TLS settings cannot be used.
const FAILS: &str = "requests to the backend get 500 (gRPC calls UNAVAILABLE): they never go out in plain text";

/// The BackendTLSPolicies with the TLS settings that they stand for.
pub type BackendTlsPolicies<'m> = Policies<'m, BackendTlsPolicySpec, Arc<UpstreamTls>>;

/// What the validation of a backend's certificate is looked up in.
#[derive(Debug)]
pub(super) struct TrustSources<'m> {
    config_maps: HashMap<(&'m str, &'m str), &'m Object<ConfigMap>>,
    manifests: &'m Manifests,
    assume_config_maps: bool,
    secrets_dir: Option<PathBuf>,
    system_ca: String,
}

impl<'m> TrustSources<'m> {
    pub(super) fn new(manifests: &'m Manifests, options: &Options) -> Self {
        let key = |map: &'m Object<ConfigMap>| ((map.metadata.namespace.as_str(), map.metadata.name.as_str()), map);
        Self {
            config_maps: manifests.config_maps.iter().map(key).collect(),
            manifests,
            assume_config_maps: options.assume.config_maps,
            secrets_dir: options.secrets_dir.clone(),
            system_ca: options.system_ca.clone(),
        }
    }
}

/// Resolves all BackendTLSPolicies of the input.
pub(super) fn resolve_backend_tls<'m>(
    manifests: &'m Manifests,
    options: &Options,
    trust: &TrustSources<'m>,
    diagnostics: &mut Diagnostics,
) -> BackendTlsPolicies<'m> {
    let services: HashMap<_, _> = manifests
        .services
        .iter()
        .map(|service| ((service.metadata.namespace.as_str(), service.metadata.name.as_str()), &service.spec))
        .collect();
    let targets = Targets { services, manifests, assume_services: options.assume.services };
    let policies = manifests.backend_tls_policies.iter().map(|object| {
        let BackendTlsPolicySpec { target_refs, validation, options } = &object.spec;
        for key in options.keys() {
            report_option(object, key, diagnostics);
        }
        let outcomes = target_refs.iter().enumerate();
        let outcomes = outcomes.map(|(index, target)| targets.resolve(object, index, target, diagnostics)).collect();
        let value = resolve_validation(object, &path!["spec", "validation"], validation, trust, diagnostics);
        ResolvedPolicy { object, targets: outcomes, value, ancestors: BTreeSet::new() }
    });
    let list = policies.collect();
    Policies::compete(list, diagnostics)
}

/// A TLS option of another implementation: whatever it asks for is not done.
fn report_option<S>(object: &Object<S>, key: &str, diagnostics: &mut Diagnostics) {
    diagnostics.report(
        object
            .finding(
                codes::NOT_SUPPORTED,
                path!["spec", "options", key.to_owned()],
                format!("TLS option `{key}` is not one that gwctl knows"),
            )
            .consequence("connections to the backend are made without what the option asks for")
            .help("remove the option"),
    );
}

/// The objects that a policy may target.
struct Targets<'m> {
    services: HashMap<(&'m str, &'m str), &'m Service>,
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
        let at = path!["spec", "targetRefs", index];
        let PolicyTargetReference { group, kind, name, section_name } = reference;
        if !group.is_empty() || kind != Kind::Service.name() {
            let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
            let message = format!("a BackendTLSPolicy cannot target `{full}`");
            return Err(diagnostics.error(refused_target(object, at.with("kind"), message).help("target a `Service`")));
        }
        let namespace = object.metadata.namespace.as_str();
        let target = PolicyTarget {
            kind: Kind::Service,
            namespace: namespace.to_owned(),
            name: name.clone(),
            section: section_name.clone(),
        };
        match self.services.get(&(namespace, name.as_str())) {
            Some(service) => match check_ports(object, &at, service, section_name.as_deref(), diagnostics) {
                Ok(()) => Ok(target),
                Err(finding) => Err(diagnostics.error(*finding)),
            },
            // Which port of an assumed Service has the name is found out when a route uses it.
            None if self.assume_services => Ok(target),
            None => Err(diagnostics.error(self.missing_service(object, at.with("name"), name))),
        }
    }

    fn missing_service(&self, object: &Object<BackendTlsPolicySpec>, at: FieldPath, name: &str) -> Finding {
        let namespace = object.metadata.namespace.as_str();
        let key = ObjectKey { kind: Kind::Service, namespace: namespace.to_owned(), name: name.to_owned() };
        let names = self.services.keys().filter(|(other, _)| *other == namespace).map(|(_, name)| *name);
        let help = match nearest(name, names) {
            _ if self.manifests.refused.contains(&key) => {
                "the Service is in the input and has errors of its own: mend them first".to_owned()
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => "add the Service to the input, or pass `--assume services`".to_owned(),
        };
        object
            .finding(codes::POLICY_TARGET_NOT_FOUND, at, format!("Service `{namespace}/{name}` is not in the input"))
            .label("no such Service")
            .consequence("the policy protects no connection")
            .help(help)
    }
}

/// Whether the policy can apply to the ports that it names: TLS runs over TCP.
fn check_ports(
    object: &Object<BackendTlsPolicySpec>,
    at: &FieldPath,
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
            return Err(Box::new(refused_target(object, at.clone(), message).help("target a Service with a TCP port")));
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
            Err(Box::new(refused_target(object, at, message).help(format!("the TCP ports are {}", name(false)))))
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

fn refused_target(object: &Object<BackendTlsPolicySpec>, at: FieldPath, message: impl Into<String>) -> Finding {
    object
        .finding(codes::INVALID_POLICY_TARGET, at, message)
        .label("not a target of this policy")
        .consequence("the policy protects no connection here")
}

/// The TLS settings that a `validation` asks for, or the proof that it cannot be honoured.
pub(super) fn resolve_validation<S>(
    object: &Object<S>,
    at: &FieldPath,
    validation: &BackendTlsValidation,
    trust: &TrustSources<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Arc<UpstreamTls>, Reported> {
    let BackendTlsValidation { ca_certificate_refs, well_known_ca_certificates, hostname, subject_alt_names } =
        validation;
    let authorities = match well_known_ca_certificates.as_deref() {
        Some(SYSTEM) => Material::File(trust.system_ca.clone()),
        Some(other) => return Err(diagnostics.error(unknown_well_known(object, at, other))),
        None => resolve_authorities(object, at, ca_certificate_refs, trust, diagnostics)?,
    };
    let names = if subject_alt_names.is_empty() {
        vec![dns_or_wildcard(hostname)]
    } else {
        subject_alt_names.iter().filter_map(certificate_name).collect()
    };
    Ok(Arc::new(UpstreamTls {
        // An address is never a server name (RFC 6066, section 3).
        server_name: hostname.parse::<IpAddr>().is_err().then(|| hostname.to_ascii_lowercase()),
        authorities: Authorities { bundle: authorities, origin: None },
        names,
        client_certificate: None,
    }))
}

fn unknown_well_known<S>(object: &Object<S>, at: &FieldPath, value: &str) -> Finding {
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

/// The bundle of all references that are valid: one bad reference leaves the
/// others in force, none that is valid leaves nothing to trust.
fn resolve_authorities<S>(
    object: &Object<S>,
    at: &FieldPath,
    references: &[LocalObjectReference],
    trust: &TrustSources<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Material, Reported> {
    let mut bundle = String::new();
    let mut last = None;
    for (index, reference) in references.iter().enumerate() {
        let at = at.with("caCertificateRefs").with(index);
        match trust.read(object, &at, reference) {
            Ok(Material::Inline(text)) => bundle.push_str(&text),
            // A file is read by the proxy and cannot be joined with other certificates here.
            Ok(Material::File(path)) if references.len() == 1 => return Ok(Material::File(path)),
            Ok(Material::File(_)) => last = Some(diagnostics.error(assumed_beside_others(object, at, reference))),
            Err(finding) => last = Some(diagnostics.error(*finding)),
        }
    }
    match last {
        Some(_) if bundle.is_empty() => Err(diagnostics.error(
            object
                .finding(codes::NO_VALID_CA, at.with("caCertificateRefs"), "none of the authorities can be used")
                .label("nobody is left who could vouch for the backend")
                .consequence(FAILS)
                .help("mend at least one of the references"),
        )),
        _ => Ok(Material::Inline(bundle.into())),
    }
}

fn assumed_beside_others<S>(object: &Object<S>, at: FieldPath, reference: &LocalObjectReference) -> Finding {
    object
        .finding(
            codes::CA_NOT_USABLE,
            at,
            format!("ConfigMap `{}` is assumed, and cannot be joined with the other authorities", reference.name),
        )
        .consequence("certificates of this authority are not trusted")
        .help("add the ConfigMap to the input, or refer to it alone")
}

impl TrustSources<'_> {
    fn read<S>(
        &self,
        object: &Object<S>,
        at: &FieldPath,
        reference: &LocalObjectReference,
    ) -> Result<Material, Box<Finding>> {
        let LocalObjectReference { group, kind, name } = reference;
        let lost = "certificates of this authority are not trusted";
        if !group.is_empty() || kind != Kind::ConfigMap.name() {
            let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
            let finding = object.finding(
                codes::CA_INVALID_KIND,
                at.with("kind"),
                format!("`{full}` cannot hold certificate authorities"),
            );
            return Err(Box::new(finding.consequence(lost).help("refer to a `ConfigMap`")));
        }
        let namespace = object.metadata.namespace.as_str();
        let at = at.with("name");
        let Some(map) = self.config_maps.get(&(namespace, name.as_str())) else {
            return self.missing_config_map(object, at, name);
        };
        let unusable = |why: String| {
            let message = format!("ConfigMap `{namespace}/{name}` holds no usable authorities: {why}");
            let finding = object.finding(codes::CA_NOT_USABLE, at.clone(), message);
            let finding = finding.related(map.at(&path!["data"]), "the ConfigMap").consequence(lost);
            Box::new(finding.help(format!("put the authority's PEM certificates under `{CA_KEY}`")))
        };
        let text = map.spec.data.get(CA_KEY).ok_or_else(|| unusable(format!("it has no key `{CA_KEY}`")))?;
        read_bundle(text).map(|text| Material::Inline(text.into())).map_err(unusable)
    }

    fn missing_config_map<S>(&self, object: &Object<S>, at: FieldPath, name: &str) -> Result<Material, Box<Finding>> {
        let namespace = object.metadata.namespace.as_str();
        let full = format!("{namespace}/{name}");
        if self.assume_config_maps
            && let Some(directory) = &self.secrets_dir
        {
            let file = directory.join(namespace).join(name).join(CA_KEY);
            return Ok(Material::File(file.to_string_lossy().into_owned()));
        }
        let names = self.config_maps.keys().filter(|(other, _)| *other == namespace).map(|(_, name)| *name);
        let key = ObjectKey { kind: Kind::ConfigMap, namespace: namespace.to_owned(), name: name.to_owned() };
        let help = match nearest(name, names) {
            _ if self.manifests.refused.contains(&key) => {
                "the ConfigMap is in the input and has errors of its own: mend them first".to_owned()
            }
            _ if self.assume_config_maps => {
                "say with `--secrets-dir DIR` where the proxy finds what is assumed".to_owned()
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => "add the ConfigMap to the input, or pass `--assume configmaps` with `--secrets-dir`".to_owned(),
        };
        Err(Box::new(
            object
                .finding(codes::CA_NOT_USABLE, at, format!("ConfigMap `{full}` is not in the input"))
                .label("no such ConfigMap")
                .consequence("certificates of this authority are not trusted")
                .help(help),
        ))
    }
}
