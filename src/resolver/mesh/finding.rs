//! The findings on Service parents.

use std::collections::BTreeSet;

use crate::diagnostics::{Change, Code, Diagnostics, Finding, PartPath, Scalar, codes};
use crate::parser::api::{L4Protocol, ParentReference, Service, ServicePort};
use crate::parser::manifests::{Kind, Likely, Manifests, Object, ObjectKey};
use crate::parser::route::{Route, RouteKind};
use crate::path;
use crate::port::Port;
use crate::spelling::{Near, near};
use crate::whole;

use super::super::attachment::ParentRefusal;
use super::port::{Unusable, is_of_other_protocol};

/// What a parent that takes no route means for the traffic.
const NO_TRAFFIC: &str = "no client of the Service gets anything of this route";

/// A parent of a route.
pub(super) struct Named<'r> {
    pub(super) route: &'r Route<'r>,
    /// The field that names it.
    pub(super) at: PartPath,
    pub(super) reference: &'r ParentReference,
}

impl Named<'_> {
    fn finding(&self, code: Code, at: impl Into<PartPath>, message: String) -> Finding {
        self.route.object.finding(code, at, message)
    }

    fn service(&self) -> String {
        let own = &self.route.object.metadata.namespace;
        format!("{}/{}", self.reference.namespace.as_deref().unwrap_or(own), self.reference.name)
    }

    /// Reports a finding because of which the route has not the parent.
    pub(super) fn refuse(&self, finding: Finding, diagnostics: &mut Diagnostics) -> ParentRefusal {
        let message = finding.message.clone();
        ParentRefusal { finding: Some(diagnostics.record(finding)), message }
    }

    /// Reports how the reference is written: not every mesh reads all of it. `ports` are those that it names, where the
    /// Service is known.
    pub(super) fn report_form(&self, ports: &[Port], diagnostics: &mut Diagnostics) {
        if self.reference.group == ParentReference::CORE {
            let message = format!("parent `{}` is read as a Service: the core group has no name", self.reference.name);
            let at = self.at.with("group");
            let fix = self.route.object.fix(&at, Change::Set(Scalar::Text(String::new())));
            let finding = self.finding(codes::MESH_GROUP, at, message);
            let consequence = "a mesh that takes the group at its word gives the route to nobody";
            diagnostics
                .report(finding.label("names no group").consequence(consequence).help("write `group: \"\"`").fix(fix));
        }
        if let Some(section) = self.reference.section_name.as_ref().filter(|_| self.reference.port.is_none()) {
            let message = format!("parent `{}` is named by the port name `{section}` alone", self.reference.name);
            let finding = self.finding(codes::MESH_SECTION, self.at.with("sectionName"), message);
            let consequence = "meshes that do not read it apply the route to every port of the Service";
            let number = |port: &Port| Change::Insert {
                key: "port".to_owned(),
                value: Scalar::Number(i64::from(port.number())),
            };
            let fix = ports.first().map(|port| self.route.object.fix(&self.at, number(port)));
            diagnostics.report(finding.consequence(consequence).help("name the number under `port` as well").fix(fix));
        }
    }

    /// That the Service is not in the input; nothing where it is and the API server would refuse it.
    pub(super) fn missing(&self, manifests: &Manifests) -> Option<Finding> {
        let own = &self.route.object.metadata.namespace;
        let namespace = self.reference.namespace.as_ref().unwrap_or(own);
        let key = ObjectKey { kind: Kind::Service, namespace: namespace.clone(), name: self.reference.name.clone() };
        if manifests.refused.contains_key(&key) {
            return None;
        }
        let likely = manifests.likely(Kind::Service, namespace, &self.reference.name);
        let at = self.at.with("name");
        let meant = likely.as_ref().and_then(Likely::certain);
        let fix = meant.map(|meant| self.route.object.fix(&at, Change::Set(Scalar::Text(meant.to_string()))));
        let help = likely.as_ref().map_or_else(
            || {
                "correct the name, add `namespace`, or say with `--assume services` that Services may be missing"
                    .to_owned()
            },
            |likely| {
                let help = likely.help(Kind::Service.name(), &self.reference.name);
                match likely {
                    Likely::Elsewhere(elsewhere) => match elsewhere.only() {
                        Some(only) if self.reference.namespace.is_some() => {
                            format!("{help}: write `namespace: {only}`")
                        }
                        Some(only) => format!("{help}: add `namespace: {only}`"),
                        None => help,
                    },
                    Likely::Near(_) => help,
                }
            },
        );
        let message = format!("Service `{}`, a parent of the route, is not in the input", self.service());
        let finding = self.finding(codes::MESH_PARENT_NOT_FOUND, at, message);
        Some(finding.label("no such Service").consequence(NO_TRAFFIC).help(help).fix(fix))
    }

    /// That the Service is there and has no port for the route.
    pub(super) fn unusable(&self, service: &Object<Service>, why: &Unusable) -> Finding {
        let name = self.service();
        let declared = || match service.spec.ports.as_slice() {
            [] => "it has no ports".to_owned(),
            ports => format!("its ports are {}", ports.iter().map(described).collect::<Vec<_>>().join(", ")),
        };
        let (code, at, message, help) = match why {
            Unusable::Headless => {
                let message = format!("Service `{name}` is headless: it has no address that clients connect to");
                (
                    codes::MESH_WITHOUT_ADDRESS,
                    self.at.with("name"),
                    message,
                    "name a Service with a cluster IP".to_owned(),
                )
            }
            Unusable::ExternalName => {
                let message =
                    format!("Service `{name}` is another name of a host outside, and has no address of its own");
                (
                    codes::MESH_WITHOUT_ADDRESS,
                    self.at.with("name"),
                    message,
                    "name a Service with a cluster IP".to_owned(),
                )
            }
            Unusable::NoPort(field) => {
                let message = match (*field, self.reference.port, &self.reference.section_name) {
                    ("port", Some(port), Some(section)) => {
                        format!("port `{section}` of Service `{name}` has not the number {port}")
                    }
                    ("port", port, _) => format!("Service `{name}` has no port {}", port.unwrap_or_default()),
                    (_, _, section) => {
                        let section = section.as_ref().map(ToString::to_string).unwrap_or_default();
                        format!("Service `{name}` has no port of the name `{section}`")
                    }
                };
                (codes::MESH_PORT_NOT_FOUND, self.at.with(*field), message, declared())
            }
            Unusable::NoProtocol => {
                let protocol = if self.route.kind == RouteKind::Udp { "UDP" } else { "TCP" };
                let kind = self.route.kind.name();
                let message = format!("Service `{name}` has no {protocol} port for this {kind}");
                (codes::MESH_PORT_NOT_FOUND, self.at.clone(), message, declared())
            }
        };
        let names = || service.spec.ports.iter().map(|port| port.name.as_str()).filter(|name| !name.is_empty());
        let unknown = self.reference.section_name.as_ref().filter(|_| matches!(why, Unusable::NoPort("sectionName")));
        let near = unknown.and_then(|section| near(section, names()));
        let help = near.as_ref().map_or(help, |near| format!("did you mean `{}`?", near.name));
        let fix = near.and_then(Near::certain);
        let fix = fix.map(|meant| self.route.object.fix(&at, Change::Set(Scalar::Text(meant.to_owned()))));
        let finding = self.finding(code, at, message).related(service.at(&path!["spec"]), "the Service");
        finding.consequence(NO_TRAFFIC).help(help).fix(fix)
    }

    /// That routes of another kind have the ports; on some of them, the route has the others.
    pub(super) fn loses(&self, winner: &Route<'_>, ports: &BTreeSet<Option<Port>>, is_everywhere: bool) -> Finding {
        let (own, other) = (self.route.kind.name(), winner.kind.name());
        let listed = listed(ports);
        let message = format!(
            "{other} `{}` goes before this {own} on {listed} of Service `{}`",
            winner.object.full_name(),
            self.service()
        );
        let mut finding = self.finding(codes::MESH_KIND_CONFLICT, self.at.clone(), message);
        if !is_everywhere {
            finding.claim = None;
        }
        finding
            .label("one kind of route counts on a port")
            .related(winner.object.at(&path!["spec", "parentRefs"]), "the other route")
            .consequence(format!("clients of the Service get nothing of this route on {listed}"))
            .help("give the two `port`s of their own, or write both as one kind")
    }

    /// Warns of a route for all ports where some are declared for something else than HTTP.
    pub(super) fn report_other_protocols(
        &self,
        service: &Object<Service>,
        ports: &[Port],
        diagnostics: &mut Diagnostics,
    ) {
        let is_asked = self.reference.port.is_some() || self.reference.section_name.is_some();
        if is_asked || !matches!(self.route.kind, RouteKind::Http | RouteKind::Grpc) {
            return;
        }
        // Datagrams to a port of the same number are nobody's here.
        let own = service.spec.ports.iter().filter(|port| port.protocol == L4Protocol::Tcp);
        let own = own.filter(|port| ports.contains(&port.port));
        let others: BTreeSet<Option<Port>> =
            own.filter(|port| is_of_other_protocol(port)).map(|port| Some(port.port)).collect();
        if others.is_empty() {
            return;
        }
        let listed = listed(&others);
        let kind = self.route.kind.name();
        let message = format!("this {kind} is for every port of Service `{}`, also for {listed}", service.full_name());
        let finding = self.finding(codes::MESH_PORTLESS, self.at.clone(), message);
        diagnostics.report(
            finding
                .label("no `port`")
                .related(service.at(&path!["spec", "ports"]), "declared for another protocol")
                .consequence(format!("what is no HTTP goes to the Service on {listed}, past the routes"))
                .help("name the `port` of the parent that the route is meant for"),
        );
    }

    /// Notes that the clients of the route's namespace lose the routes that everybody else has.
    pub(super) fn report_replaced(&self, producer: &Route<'_>, diagnostics: &mut Diagnostics) {
        let namespace = &self.route.object.metadata.namespace;
        let message = format!(
            "clients in namespace `{namespace}` have this route of Service `{}` and none of {} `{}`",
            self.service(),
            producer.kind.name(),
            producer.object.full_name()
        );
        let finding = self.finding(codes::MESH_REPLACES, self.at.clone(), message);
        diagnostics.report(
            finding
                .related(producer.object.at(&path!["spec", "parentRefs"]), "the route of all other clients")
                .consequence("the rules of the other route are none of these clients'")
                .help("repeat the rules that these clients shall keep, when that is not meant"),
        );
    }
}

/// Warns of hostnames that nobody asks for: a mesh looks at the address that a client connects to.
pub(super) fn report_hostnames(route: &Route<'_>, diagnostics: &mut Diagnostics) {
    if route.hostnames.is_empty() || !matches!(route.kind, RouteKind::Http | RouteKind::Grpc) {
        return;
    }
    let finding = route.object.finding(
        codes::MESH_HOSTNAMES,
        whole!["spec", "hostnames"],
        format!("this {} has Services for parents, and `hostnames` say nothing there", route.kind.name()),
    );
    diagnostics.report(
        finding
            .label("not looked at")
            .consequence("the rules take requests for every host that is sent to the Service")
            .help("match the header `Host` in the rules, when that is meant"),
    );
}

/// Ports in words; `None` is those that no reference names.
fn listed(ports: &BTreeSet<Option<Port>>) -> String {
    let numbers: Vec<String> = ports.iter().flatten().map(ToString::to_string).collect();
    let others = ports.contains(&None).then_some("all other ports");
    let named = match numbers.as_slice() {
        [] => None,
        [one] => Some(format!("port {one}")),
        several => Some(format!("ports {}", several.join(", "))),
    };
    named.into_iter().chain(others.map(str::to_owned)).collect::<Vec<_>>().join(" and ")
}

fn described(port: &ServicePort) -> String {
    if port.name.is_empty() { port.port.to_string() } else { format!("{} (`{}`)", port.port, port.name) }
}
