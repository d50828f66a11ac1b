//! Backends of vendors in other terms: what stands for a Service is that Service, and what is a list of hosts is one in other
//! terms.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::diagnostics::{Finding, ObjectPart, codes};
use crate::ir::{BackendName, Site};
use crate::name::Namespace;
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey};
use crate::path;
use crate::port::Port;
use crate::resolver::{BackendRefOutcome, Resolved, ResolvedRule};

use super::documents::Documents;
use super::terms::Terms;
use super::written::WrittenObjects;

/// A host with a port.
type Host = (String, u64);

/// What takes the place of a backend.
#[derive(Clone)]
enum Successor {
    /// A Service of the input.
    Service(Namespace, String, u64),
    /// An object of the backend's own name, which is added.
    Added(Kind, Vec<Host>),
    /// Nothing, for this reason.
    None(&'static str),
}

/// What of an input stands in the way of successors.
struct Known<'m> {
    services: HashSet<(&'m str, &'m str)>,
    /// The backends that a BackendTLSPolicy is about.
    secured: HashSet<ObjectKey>,
    slices: HashSet<(&'m str, &'m str)>,
    /// The grants.
    grants: HashSet<(&'m str, &'m str)>,
}

impl<'m> Known<'m> {
    fn new(manifests: &'m Manifests) -> Self {
        let secured = manifests.backend_tls_policies.iter().flat_map(|policy| {
            let targets = policy.spec.target_refs.iter();
            let targets = targets.filter(|target| Kind::Backend.is_named(&target.group, &target.kind));
            targets.map(|target| ObjectKey::new(Kind::Backend, (&policy.metadata.namespace, &target.name)))
        });
        let services = manifests.services.iter().map(|service| names(&service.head));
        let slices = manifests.endpoint_slices.iter().map(|slice| names(&slice.head));
        let grants = manifests.reference_grants.iter().map(|grant| names(&grant.head));
        Self {
            services: services.collect(),
            secured: secured.collect(),
            slices: slices.collect(),
            grants: grants.collect(),
        }
    }

    fn has_slice(&self, head: &ObjectHead) -> bool {
        let (namespace, name) = names(head);
        let other = format!("{name}-6");
        [name, &other].iter().any(|name| self.slices.contains(&(namespace, *name)))
    }

    fn allowed(&self, head: &ObjectHead, successor: Successor) -> Successor {
        match successor {
            _ if self.secured.contains(&head.key()) => Successor::None("a BackendTLSPolicy is about it"),
            Successor::Added(Kind::Service, _) if self.services.contains(&names(head)) => {
                Successor::None("a Service of its name is in the input already")
            }
            Successor::Added(Kind::Service, _) if self.has_slice(head) => {
                Successor::None("an EndpointSlice of its name is in the input already")
            }
            successor => successor,
        }
    }
}

/// The backends of an input that are replaced, and what takes their places.
pub(super) struct Backends<'m> {
    by_key: HashMap<ObjectKey, (&'m ObjectHead, Successor)>,
    known: Known<'m>,
    /// Those that are named.
    pub(super) used: HashSet<ObjectKey>,
    /// Those that stay.
    told: HashSet<ObjectKey>,
    /// The grants that are needed: who sends, and what to.
    grants: BTreeSet<(Kind, Namespace, Kind, Namespace, String)>,
    terms: Terms,
    /// The names that backends had, and those of what is in their places.
    pub(super) renamed: BTreeMap<BackendName, BackendName>,
    pub(super) findings: Vec<Finding>,
}

impl<'m> Backends<'m> {
    pub(super) fn new(written: &WrittenObjects<'m>, terms: Terms) -> Self {
        let is_replaced = |head: &&ObjectHead| {
            let is_other = match head.kind {
                Kind::Upstream => terms != Terms::Gloo,
                Kind::Backend => terms != Terms::EnvoyGateway,
                _ => false,
            };
            is_other && head.refusal.is_none() && !head.position.context
        };
        let heads = written.manifests.heads().into_iter().filter(is_replaced);
        let known = Known::new(written.manifests);
        let by_key = heads.filter_map(|head| {
            let object = written.object(head)?;
            Some((head.key(), (head, known.allowed(head, successor(head, &object["spec"], terms)))))
        });
        let by_key = by_key.collect();
        Self {
            by_key,
            known,
            used: HashSet::new(),
            told: HashSet::new(),
            grants: BTreeSet::new(),
            terms,
            renamed: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// Lets the references of a rule that can be used lead to what takes the place of backends; whether there was one. Those
    /// of a route that is not written anew are told.
    pub(super) fn replace(
        &mut self,
        written: &mut Value,
        (resolved, rule): (&Resolved<'_>, &ResolvedRule<'_>),
        (route, is_kept): (&ObjectHead, bool),
    ) -> bool {
        let mut is_changed = false;
        let is_usable =
            |outcome: BackendRefOutcome| outcome.is_ok_and(|id| resolved.backends.get(id).name.site != Site::Missing);
        let references = written.get_mut("backendRefs").and_then(Value::as_array_mut);
        for (reference, backend) in references.into_iter().flatten().zip(&rule.backends) {
            is_changed |= is_usable(backend.outcome) && self.replace_reference(reference, route, is_kept).is_some();
        }
        let is_used = rule.filters.iter().filter_map(|filter| filter.outcome).all(is_usable);
        let filters = written.get_mut("filters").and_then(Value::as_array_mut).filter(|_| is_used);
        for filter in filters.into_iter().flatten() {
            if let Some(reference) = filter.pointer_mut("/requestMirror/backendRef") {
                is_changed |= self.replace_reference(reference, route, is_kept).is_some();
            }
        }
        is_changed
    }

    fn replace_reference(&mut self, reference: &mut Value, route: &ObjectHead, is_kept: bool) -> Option<()> {
        let text = |field: &str| reference[field].as_str().unwrap_or_default().to_owned();
        let (group, kind) = (text("group"), text("kind"));
        let kind = [Kind::Upstream, Kind::Backend].into_iter().find(|own| own.is_named(&group, &kind))?;
        let from = &route.metadata.namespace;
        let namespace: Namespace = reference["namespace"].as_str().map_or_else(|| from.clone(), Into::into);
        let key = ObjectKey { kind, namespace, name: text("name").as_str().into() };
        let (head, successor) = self.by_key.get(&key)?.clone();
        let (new_kind, (namespace, name), port) = match successor {
            _ if is_kept => {
                self.tell(head, "a route for clients of a Service names it, and is not written anew");
                return None;
            }
            Successor::None(why) => {
                self.tell(head, why);
                return None;
            }
            Successor::Service(namespace, name, port) => (Kind::Service, (namespace, name), port),
            Successor::Added(new_kind, hosts) => {
                let (namespace, name) = (head.metadata.namespace.clone(), head.metadata.name.to_string());
                (new_kind, (namespace, name), hosts.first().map(|(_, port)| *port)?)
            }
        };
        self.used.insert(key.clone());
        self.rename(&key, (new_kind, &namespace, &name), (reference["port"].as_u64(), port))?;
        let fields = reference.as_object_mut()?;
        fields.retain(|field, _| !["group", "kind", "namespace", "port"].contains(&field.as_str()));
        if new_kind != Kind::Service {
            fields.insert("group".to_owned(), new_kind.group().into());
            fields.insert("kind".to_owned(), new_kind.name().into());
        }
        if new_kind != Kind::Upstream {
            fields.insert("port".to_owned(), port.into());
        }
        fields.insert("name".to_owned(), name.as_str().into());
        if namespace != *from {
            fields.insert("namespace".to_owned(), (*namespace).into());
            self.grants.insert((route.kind, from.clone(), new_kind, namespace, name));
        }
        Some(())
    }

    /// Notes that a backend has another name, by which port whoever names it.
    fn rename(
        &mut self,
        key: &ObjectKey,
        (kind, namespace, name): (Kind, &Namespace, &str),
        (named, port): (Option<u64>, u64),
    ) -> Option<()> {
        let port_of = |port: u64| u16::try_from(port).ok().map(Port::from);
        let site = |kind: Kind| match kind {
            Kind::Upstream => Site::Upstream,
            Kind::Backend => Site::Backend,
            _ => Site::Internal,
        };
        let port = port_of(port)?;
        let new = BackendName { namespace: namespace.clone(), name: name.into(), port, site: site(kind) };
        for port in [named.and_then(port_of).unwrap_or(port), port] {
            let old =
                BackendName { namespace: key.namespace.clone(), name: key.name.clone(), port, site: site(key.kind) };
            self.renamed.entry(old).or_insert_with(|| new.clone());
        }
        Some(())
    }

    fn tell(&mut self, head: &ObjectHead, why: &str) {
        if !self.told.insert(head.key()) {
            return;
        }
        let (kind, name, owner) = (head.kind.name(), head.full_name(), self.terms.owner());
        let message = format!("{kind} `{name}` cannot be said in the terms of {owner}: {why}");
        let finding = head.finding(codes::UNSAID_IN_TERMS, ObjectPart::Whole.at(&path!["spec"]), message);
        self.findings.push(
            finding
                .label("it stays as it is")
                .consequence("none here, as it stays; who knows no such backends answers 500")
                .help("let rules name Services, or write what it says in another way"),
        );
    }

    /// Adds what is named now, and leaves out what nothing names any more. `rest` has the words of everything else.
    pub(super) fn finish(&self, documents: &mut Documents, rest: &HashSet<&str>) {
        for key in &self.used {
            let Some((head, successor)) = self.by_key.get(key) else { continue };
            if let Successor::Added(kind, hosts) = successor {
                objects(*kind, head, hosts).into_iter().for_each(|object| documents.add(head, object));
            }
            if !rest.contains(&*head.metadata.name) {
                documents.leave_out(head);
            }
        }
        for (from_kind, from, to_kind, to, name) in &self.grants {
            // A name has 253 bytes at most, and this one may be whatever an Upstream calls a Service.
            let own: String = format!("{name}-from-{from}").chars().take(200).collect();
            let kind = from_kind.name().to_ascii_lowercase();
            let mut grant = format!("{own}-{kind}");
            let mut count = 1;
            while self.known.grants.contains(&(&**to, grant.as_str())) {
                count += 1;
                grant = format!("{own}-{kind}-{count}");
            }
            let behind = self.used.iter().filter_map(|key| self.by_key.get(key)).map(|(head, _)| *head);
            let Some(behind) = behind.min_by_key(|head| head.position.document) else { continue };
            documents.add(
                behind,
                json!({
                    "apiVersion": "gateway.networking.k8s.io/v1",
                    "kind": "ReferenceGrant",
                    "metadata": { "name": grant, "namespace": &**to },
                    "spec": {
                        "from": [{ "group": from_kind.group(), "kind": from_kind.name(), "namespace": &**from }],
                        "to": [{ "group": to_kind.group(), "kind": to_kind.name(), "name": name }],
                    },
                }),
            );
        }
    }
}

fn names(head: &ObjectHead) -> (&str, &str) {
    (&head.metadata.namespace, &head.metadata.name)
}

/// What takes the place of a backend.
fn successor(head: &ObjectHead, spec: &Value, terms: Terms) -> Successor {
    // What says nothing of traffic.
    const SILENT: &[&str] = &["discoveryMetadata", "disableIstioAutoMtls", "namespacedStatuses"];
    let Some(fields) = spec.as_object() else { return Successor::None("it says nothing") };
    let mut said = fields.iter().filter(|(name, _)| !SILENT.contains(&name.as_str()));
    let (first, second) = (said.next(), said.next());
    let hosts = match (head.kind, first, second) {
        (Kind::Upstream, Some((name, kube)), None) if name == "kube" => return service_of(head, kube),
        (Kind::Upstream, Some((name, list)), None) if name == "static" => hosts(list, "hosts", |host| {
            let is_plain = host.as_object()?.keys().all(|key| key == "addr" || key == "port");
            is_plain.then_some(())?;
            Some((host["addr"].as_str()?.to_owned(), host["port"].as_u64()?))
        }),
        (Kind::Backend, Some(_), _) => hosts(spec, "endpoints", |endpoint| {
            let (kind, at) = endpoint.as_object().filter(|endpoint| endpoint.len() == 1)?.iter().next()?;
            let host = match kind.as_str() {
                "ip" => &at["address"],
                "fqdn" => &at["hostname"],
                _ => return None,
            };
            Some((host.as_str()?.to_owned(), at["port"].as_u64()?))
        }),
        _ => None,
    };
    let says_more = spec["type"].as_str().is_some_and(|kind| kind != "Endpoints");
    let Some(hosts) = hosts.filter(|hosts| !hosts.is_empty() && !says_more) else {
        return Successor::None(
            "it says more than which hosts and ports there are, and gwctl does not write that anew",
        );
    };
    // What stands at that port is spoken to in TLS.
    if head.kind == Kind::Upstream && hosts.iter().any(|(_, port)| *port == 443) {
        return Successor::None("its port is 443, which says that TLS is spoken there");
    }
    let is_own = |(host, _): &Host| {
        host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    };
    let is_name = |host: &str| host.parse::<IpAddr>().is_err();
    match terms {
        Terms::EnvoyGateway if hosts.iter().any(is_own) => {
            Successor::None("a Backend has no address of the proxy's own machine")
        }
        Terms::EnvoyGateway if hosts.iter().any(|(host, _)| is_name(host) && !host.contains('.')) => {
            Successor::None("a name of a Backend has several labels")
        }
        Terms::EnvoyGateway if hosts.iter().any(|(host, _)| is_name(host) != is_name(&hosts[0].0)) => {
            Successor::None("a Backend has names or addresses, and not both")
        }
        Terms::GatewayApi if !is_label(&head.metadata.name) => Successor::None("its name cannot be that of a Service"),
        Terms::Gloo => Successor::Added(Kind::Upstream, hosts),
        Terms::EnvoyGateway => Successor::Added(Kind::Backend, hosts),
        Terms::GatewayApi if hosts.iter().any(|(host, _)| host.parse::<IpAddr>().is_err()) => {
            Successor::None("a Service stands for addresses, and not for names")
        }
        Terms::GatewayApi if hosts.iter().any(|(_, port)| *port != hosts[0].1) => {
            Successor::None("the addresses have several ports, and those of a Service have one")
        }
        Terms::GatewayApi => Successor::Added(Kind::Service, hosts),
    }
}

/// Whether a Service may have this name ([RFC 1035](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.1)).
fn is_label(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() < 64 && name.bytes().all(is_letter) && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// The hosts of a list, where each says nothing but where it is, and nothing stands beside the list.
fn hosts(of: &Value, field: &str, host: impl Fn(&Value) -> Option<Host>) -> Option<Vec<Host>> {
    let is_alone = of.as_object()?.keys().all(|key| key == field || key == "type");
    is_alone.then_some(())?;
    of[field].as_array()?.iter().map(host).collect()
}

fn service_of(head: &ObjectHead, kube: &Value) -> Successor {
    const KNOWN: &[&str] = &["serviceName", "serviceNamespace", "servicePort"];
    let is_plain = kube.as_object().is_some_and(|kube| kube.keys().all(|key| KNOWN.contains(&key.as_str())));
    let (name, port) = (kube["serviceName"].as_str(), kube["servicePort"].as_u64());
    let (Some(name), Some(port), true) = (name, port, is_plain) else {
        return Successor::None("it says more than which Service and port it stands for");
    };
    let namespace = kube["serviceNamespace"].as_str().map_or_else(|| head.metadata.namespace.clone(), Into::into);
    Successor::Service(namespace, name.to_owned(), port)
}

/// What takes the place of a list of hosts.
fn objects(kind: Kind, head: &ObjectHead, hosts: &[Host]) -> Vec<Value> {
    let (namespace, name) = names(head);
    let object = |group: &str, kind: &str, spec: Value| json!({ "apiVersion": group, "kind": kind, "metadata": { "name": name, "namespace": namespace }, "spec": spec });
    match kind {
        Kind::Upstream => {
            let hosts: Vec<Value> = hosts.iter().map(|(host, port)| json!({ "addr": host, "port": port })).collect();
            vec![object("gloo.solo.io/v1", "Upstream", json!({ "static": { "hosts": hosts } }))]
        }
        Kind::Backend => {
            let endpoints = hosts.iter().map(|(host, port)| match host.parse::<IpAddr>() {
                Ok(_) => json!({ "ip": { "address": host, "port": port } }),
                Err(_) => json!({ "fqdn": { "hostname": host, "port": port } }),
            });
            let endpoints: Vec<Value> = endpoints.collect();
            vec![object("gateway.envoyproxy.io/v1alpha1", "Backend", json!({ "endpoints": endpoints }))]
        }
        _ => {
            let port = hosts.first().map(|(_, port)| *port);
            let mut objects = vec![object("v1", "Service", json!({ "ports": [{ "port": port }] }))];
            let is_old = |host: &str| host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4());
            for (family, suffix, wanted) in [("IPv4", "", true), ("IPv6", "-6", false)] {
                let addresses = hosts.iter().filter(|(host, _)| is_old(host) == wanted);
                let endpoints: Vec<Value> = addresses.map(|(host, _)| json!({ "addresses": [host] })).collect();
                if !endpoints.is_empty() {
                    objects.push(json!({
                        "apiVersion": "discovery.k8s.io/v1",
                        "kind": "EndpointSlice",
                        "metadata": {
                            "name": format!("{name}{suffix}"),
                            "namespace": namespace,
                            "labels": { "kubernetes.io/service-name": name },
                        },
                        "addressType": family,
                        "endpoints": endpoints,
                        "ports": [{ "port": port }],
                    }));
                }
            }
            objects
        }
    }
}
