//! The tables of `gwctl get`: one for each kind, with the columns of cluster tools.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::cli::kinds;
use crate::cli::table::{Cell, NOTHING, Table, cell, or_nothing};
use crate::cli::view::{Selection, View};
use crate::diagnostics::ConditionKind;
use crate::parser::api::{AddressType, BackendType, L4Protocol, Listener, ServiceType, UpstreamOption, UpstreamSpec};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead};
use crate::status::{GatewayStatus, Status};

/// What stands where a manifest says nothing of a time.
const UNKNOWN: &str = "<unknown>";
/// So many of a list are named.
const MOST: usize = 3;

/// A table is about one of these.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Policies,
    One(Kind),
}

fn group_of(kind: Kind) -> Group {
    if kind.is_policy() { Group::Policies } else { Group::One(kind) }
}

/// Writes a table for each kind, with an empty line between two.
pub(super) fn write(
    view: &View<'_, '_>,
    selection: &Selection<'_>,
    is_wide: bool,
    is_colored: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut groups: Vec<Group> = Vec::new();
    for kind in &selection.kinds {
        if !groups.contains(&group_of(*kind)) {
            groups.push(group_of(*kind));
        }
    }
    let mut is_first = true;
    for group in groups {
        let heads: Vec<&ObjectHead> =
            selection.heads.iter().copied().filter(|head| group_of(head.kind) == group).collect();
        if heads.is_empty() {
            continue;
        }
        if !is_first {
            writeln!(out)?;
        }
        is_first = false;
        table(view, group, &heads, is_wide).write_lines(0, is_colored, out)?;
    }
    Ok(())
}

fn table(view: &View<'_, '_>, group: Group, heads: &[&ObjectHead], is_wide: bool) -> Table {
    let (common, wide) = titles(group);
    let titles: Vec<&'static str> = common.iter().chain(if is_wide { wide } else { &[] }).copied().collect();
    let mut table = Table::new(&titles);
    for head in heads {
        let mut cells: Vec<Cell> = Vec::new();
        if head.kind.is_namespaced() {
            cells.push(head.metadata.namespace.as_str().into());
        }
        cells.push(head.metadata.name.as_str().into());
        let own = own_cells(view, head);
        cells.extend(own);
        cells.push(age(view.options.now, head).into());
        cells.extend(wide_cells(view, head));
        cells.truncate(titles.len());
        table.push(cells);
    }
    table
}

/// The columns of a table, and those of the wide one behind them.
fn titles(group: Group) -> (&'static [&'static str], &'static [&'static str]) {
    let Group::One(kind) = group else {
        return (
            &["NAMESPACE", "NAME", "KIND", "TARGET NAME", "TARGET KIND", "POLICY TYPE", "AGE"],
            &["SECTION", "ACCEPTED"],
        );
    };
    match kind {
        Kind::GatewayClass => (&["NAME", "CONTROLLER", "ACCEPTED", "AGE"], &["GATEWAYS", "DESCRIPTION"]),
        Kind::Gateway => {
            (&["NAMESPACE", "NAME", "CLASS", "ADDRESSES", "PORTS", "PROGRAMMED", "AGE"], &["POLICIES", "ROUTES"])
        }
        Kind::ListenerSet => {
            (&["NAMESPACE", "NAME", "PARENT", "PORTS", "ACCEPTED", "PROGRAMMED", "AGE"], &["POLICIES", "ROUTES"])
        }
        Kind::HTTPRoute | Kind::GRPCRoute | Kind::TLSRoute => (
            &["NAMESPACE", "NAME", "HOSTNAMES", "PARENT REFS", "AGE"],
            &["RULES", "ACCEPTED", "RESOLVED-REFS", "POLICIES"],
        ),
        Kind::TCPRoute | Kind::UDPRoute => {
            (&["NAMESPACE", "NAME", "PARENT REFS", "AGE"], &["RULES", "ACCEPTED", "RESOLVED-REFS", "POLICIES"])
        }
        Kind::ReferenceGrant => (&["NAMESPACE", "NAME", "FROM", "TO", "AGE"], &[]),
        Kind::XBackend | Kind::Upstream | Kind::Backend => {
            (&["NAMESPACE", "NAME", "TYPE", "AGE"], &["REFERRED BY ROUTES", "POLICIES"])
        }
        Kind::HTTPRouteFilter => (&["NAMESPACE", "NAME", "AGE"], &[]),
        Kind::XMesh => (&["NAME", "CONTROLLER", "ACCEPTED", "AGE"], &[]),
        Kind::Namespace => (&["NAME", "STATUS", "AGE"], &[]),
        Kind::Service => (
            &["NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"],
            &["SELECTOR", "REFERRED BY ROUTES", "POLICIES"],
        ),
        Kind::EndpointSlice => (&["NAMESPACE", "NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"], &[]),
        Kind::Secret => (&["NAMESPACE", "NAME", "TYPE", "DATA", "AGE"], &[]),
        Kind::ConfigMap => (&["NAMESPACE", "NAME", "DATA", "AGE"], &[]),
        Kind::BackendTLSPolicy
        | Kind::XBackendTrafficPolicy
        | Kind::RouteOption
        | Kind::VirtualHostOption
        | Kind::ListenerOption
        | Kind::HttpListenerOption
        | Kind::ClientTrafficPolicy
        | Kind::BackendTrafficPolicy
        | Kind::SecurityPolicy
        | Kind::EnvoyExtensionPolicy => titles(Group::Policies),
    }
}

/// The object of a head in the list of its kind.
fn spec<'m, S>(objects: &'m [Object<S>], head: &ObjectHead) -> Option<&'m S> {
    objects.iter().find(|object| object.head.position == head.position).map(|object| &object.spec)
}

/// The cells between the name and the age.
fn own_cells(view: &View<'_, '_>, head: &ObjectHead) -> Vec<Cell> {
    let manifests: &Manifests = view.resolved.manifests;
    let key = head.key();
    match head.kind {
        Kind::GatewayClass => {
            let class = spec(&manifests.gateway_classes, head);
            let controller = class.map_or(NOTHING, |class| &class.controller_name);
            vec![controller.into(), condition(view, head, ConditionKind::Accepted)]
        }
        Kind::XMesh => {
            let mesh = spec(&manifests.meshes, head);
            let controller = mesh.map_or(NOTHING, |mesh| &mesh.controller_name);
            vec![controller.into(), condition(view, head, ConditionKind::Accepted)]
        }
        Kind::Gateway => {
            let gateway = spec(&manifests.gateways, head);
            let class = gateway.map_or(NOTHING, |gateway| gateway.gateway_class_name.as_str());
            let addresses = match view.status(&key).map(|status| &status.status) {
                Some(Status::Gateway(GatewayStatus { addresses, .. })) => {
                    addresses.iter().map(|address| address.value.as_str()).collect()
                }
                _ => Vec::<&str>::new(),
            };
            let ports = ports_of(gateway.map_or(&[], |gateway| &gateway.listeners));
            let programmed = condition(view, head, ConditionKind::Programmed);
            vec![class.into(), or_nothing(addresses.join(",")).into(), ports.into(), programmed]
        }
        Kind::ListenerSet => {
            let set = spec(&manifests.listener_sets, head);
            let parent = set.map(|set| {
                let parent = &set.parent_ref;
                let namespace = parent.namespace.as_ref().unwrap_or(&head.metadata.namespace);
                format!("{namespace}/{}", parent.name)
            });
            let ports = ports_of(set.map_or(&[], |set| &set.listeners));
            let conditions = [ConditionKind::Accepted, ConditionKind::Programmed];
            let mut cells = vec![or_nothing(parent.unwrap_or_default()).into(), ports.into()];
            cells.extend(conditions.map(|kind| condition(view, head, kind)));
            cells
        }
        Kind::HTTPRoute | Kind::GRPCRoute | Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute => {
            let route = view.resolved.routes.find(&key.to_ref());
            let hostnames = route.map_or(&[][..], |route| route.declared.hostnames);
            let parents = route.map_or(0, |route| route.declared.parent_refs.len());
            let mut cells = Vec::new();
            if !matches!(head.kind, Kind::TCPRoute | Kind::UDPRoute) {
                cells.push(some_of(hostnames.iter().map(String::as_str)).into());
            }
            cells.push(parents.to_string().into());
            cells
        }
        Kind::ReferenceGrant => {
            let grant = spec(&manifests.reference_grants, head);
            let from =
                grant.iter().flat_map(|grant| &grant.from).map(|from| format!("{}/{}", from.namespace, from.kind));
            let to = grant.iter().flat_map(|grant| &grant.to).map(|to| match &to.name {
                Some(name) => format!("{}/{name}", to.kind),
                None => to.kind.clone(),
            });
            vec![some_of(from).into(), some_of(to).into()]
        }
        kind if kind.is_policy() => {
            let targets = view.targets_of(&key);
            let name = some_of(targets.iter().map(|target| target.name.as_str()));
            let kinds: BTreeSet<&str> = targets.iter().map(|target| target.kind.as_str()).collect();
            let kinds = or_nothing(kinds.into_iter().collect::<Vec<_>>().join(","));
            vec![kind.name().into(), name.into(), kinds.into(), policy_type(kind).into()]
        }
        Kind::XBackend => vec!["ExternalHostname".into()],
        Kind::Upstream => {
            let upstream = spec(&manifests.upstreams, head);
            vec![upstream.map_or(NOTHING, upstream_type).into()]
        }
        Kind::Backend => {
            let backend = spec(&manifests.envoy_backends, head);
            vec![backend.map_or(NOTHING, |backend| backend_type(backend.backend_type)).into()]
        }
        // A status of a cluster is not in a file.
        Kind::Namespace => vec![UNKNOWN.into()],
        Kind::Service => {
            let Some(service) = spec(&manifests.services, head) else { return vec![NOTHING.into(); 4] };
            let address = match (&service.cluster_ip, service.headless) {
                (_, true) => "None".to_owned(),
                (Some(address), false) => address.to_string(),
                (None, false) => NOTHING.to_owned(),
            };
            let external = or_nothing(service.external_name.as_deref().unwrap_or_default());
            let ports = service.ports.iter().map(|port| format!("{}/{}", port.port, protocol(port.protocol)));
            let service_type = match service.service_type {
                ServiceType::ClusterIP => "ClusterIP",
                ServiceType::NodePort => "NodePort",
                ServiceType::LoadBalancer => "LoadBalancer",
                ServiceType::ExternalName => "ExternalName",
            };
            let ports = or_nothing(ports.collect::<Vec<_>>().join(","));
            vec![service_type.into(), address.into(), external.into(), ports.into()]
        }
        Kind::EndpointSlice => {
            let Some(slice) = spec(&manifests.endpoint_slices, head) else { return vec![NOTHING.into(); 3] };
            let address_type = match slice.address_type {
                AddressType::IPv4 => "IPv4",
                AddressType::IPv6 => "IPv6",
                AddressType::Fqdn => "FQDN",
            };
            let ports = slice.ports.iter().filter_map(|port| port.port).map(|port| port.to_string());
            let addresses = slice.endpoints.iter().flat_map(|endpoint| &endpoint.addresses);
            vec![address_type.into(), some_of(ports).into(), some_of(addresses.map(String::as_str)).into()]
        }
        Kind::Secret => {
            let Some(secret) = spec(&manifests.secrets, head) else { return vec![NOTHING.into(); 2] };
            vec![secret.secret_type.as_str().into(), secret.data.len().to_string().into()]
        }
        Kind::ConfigMap => {
            vec![spec(&manifests.config_maps, head).map_or(0, |map| map.data.len()).to_string().into()]
        }
        _ => Vec::new(),
    }
}

/// The cells behind the age.
fn wide_cells(view: &View<'_, '_>, head: &ObjectHead) -> Vec<Cell> {
    let manifests: &Manifests = view.resolved.manifests;
    let key = head.key();
    let policies = || Cell::from(view.policies_of(&key).len().to_string());
    match head.kind {
        Kind::GatewayClass => {
            let of_class = manifests.gateways.iter().filter(|one| one.spec.gateway_class_name == head.metadata.name);
            let class = spec(&manifests.gateway_classes, head);
            let description = class.and_then(|class| class.description.as_deref()).unwrap_or_default();
            vec![of_class.count().to_string().into(), or_nothing(description).into()]
        }
        Kind::Gateway | Kind::ListenerSet => {
            let listeners = view.resolved.gateways.iter().flat_map(|gateway| &gateway.listeners);
            let own = listeners.filter(|listener| listener.owner.key() == key || listener.owner.gateway.key() == key);
            let routes: BTreeSet<_> = own.flat_map(|listener| listener.attached.iter().copied()).collect();
            vec![policies(), routes.len().to_string().into()]
        }
        Kind::HTTPRoute | Kind::GRPCRoute | Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute => {
            let route = view.resolved.routes.find(&key.to_ref());
            let rules = route.map_or(0, |route| route.rules.len());
            let conditions = [ConditionKind::Accepted, ConditionKind::ResolvedRefs];
            let mut cells = vec![rules.to_string().into()];
            cells.extend(conditions.map(|kind| condition(view, head, kind)));
            cells.push(policies());
            cells
        }
        kind if kind.is_policy() => {
            let targets = view.targets_of(&key);
            let sections = targets.into_iter().filter_map(|target| target.section);
            vec![some_of(sections).into(), condition(view, head, ConditionKind::Accepted)]
        }
        Kind::Service => {
            let selector = spec(&manifests.services, head).map(|service| &service.selector);
            let labels = selector
                .into_iter()
                .flat_map(|selector| selector.iter())
                .map(|(name, value)| format!("{name}={value}"));
            let labels = or_nothing(labels.collect::<Vec<_>>().join(","));
            vec![labels.into(), referring(view, head).into(), policies()]
        }
        Kind::XBackend | Kind::Upstream | Kind::Backend => vec![referring(view, head).into(), policies()],
        _ => Vec::new(),
    }
}

/// The routes that refer to a backend.
fn referring(view: &View<'_, '_>, head: &ObjectHead) -> String {
    let uses = view.backend_uses();
    let own = uses.iter().filter(|one| View::referent(one.route, one.reference) == Some(head.key()));
    let routes: BTreeSet<String> = own
        .map(|one| format!("{}/{}", kinds::singular(one.route.kind().kind()), one.route.object().full_name()))
        .collect();
    some_of(routes)
}

/// The cell of a condition of an object.
fn condition(view: &View<'_, '_>, head: &ObjectHead, kind: ConditionKind) -> Cell {
    let states = view.states(&head.key());
    match view.worst(&head.key(), kind) {
        Some(condition) => cell(std::slice::from_ref(condition), kind),
        None if !states.is_empty() => {
            states.iter().map(|state| state.state.as_str()).collect::<Vec<_>>().join(",").into()
        }
        None if head.refusal.is_some() => "<refused>".into(),
        None => UNKNOWN.into(),
    }
}

/// How policies of a kind reach what they say something about.
fn policy_type(kind: Kind) -> &'static str {
    // What is said about virtual hosts holds for the rules that are served there.
    if kind == Kind::VirtualHostOption || kind.is_of_envoy_gateway() { "Inherited" } else { "Direct" }
}

/// What an Upstream stands for, by the field that says it.
fn upstream_type(upstream: &UpstreamSpec) -> &'static str {
    let types = upstream.0.iter().filter_map(|option| match option {
        UpstreamOption::Kube(_) => Some("Kube"),
        UpstreamOption::Static(_) => Some("Static"),
        UpstreamOption::Ai(_) => Some("AI"),
        UpstreamOption::Aws(_) => Some("AWS"),
        UpstreamOption::AwsEc2(_) => Some("EC2"),
        UpstreamOption::Azure(_) => Some("Azure"),
        UpstreamOption::Consul(_) => Some("Consul"),
        UpstreamOption::Gcp(_) => Some("GCP"),
        UpstreamOption::Pipe(_) => Some("Pipe"),
        _ => None,
    });
    types.into_iter().next().unwrap_or(NOTHING)
}

/// What a Backend stands for.
fn backend_type(backend_type: BackendType) -> &'static str {
    match backend_type {
        BackendType::Endpoints => "Endpoints",
        BackendType::DynamicResolver => "DynamicResolver",
    }
}

fn protocol(protocol: L4Protocol) -> &'static str {
    match protocol {
        L4Protocol::Tcp => "TCP",
        L4Protocol::Udp => "UDP",
        L4Protocol::Sctp => "SCTP",
    }
}

/// The distinct ports of listeners, in order.
fn ports_of(listeners: &[Listener]) -> String {
    let ports: BTreeSet<u16> = listeners.iter().map(|listener| listener.port.number()).collect();
    or_nothing(ports.into_iter().map(|port| port.to_string()).collect::<Vec<_>>().join(","))
}

/// The first of some words, and how many more there are.
fn some_of<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<S> = words.into_iter().collect();
    let shown: Vec<&str> = words.iter().take(MOST).map(AsRef::as_ref).collect();
    match words.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{} + {more} more...", shown.join(",")),
        _ => or_nothing(shown.join(",")),
    }
}

/// How long ago an object was created, as cluster tools say it.
fn age(now: Option<i64>, head: &ObjectHead) -> String {
    let created = head.metadata.creation_timestamp.map(|created| created.seconds);
    now.zip(created).map_or_else(|| UNKNOWN.to_owned(), |(now, created)| duration(now - created))
}

/// Seconds in one or two units, the fewer the longer it is.
fn duration(seconds: i64) -> String {
    let two = |(large, own): (i64, &str), (small, other): (i64, &str)| match (seconds % large) / small {
        0 => format!("{}{own}", seconds / large),
        rest => format!("{}{own}{rest}{other}", seconds / large),
    };
    let (minute, hour, day, year) = ((60, "m"), (3600, "h"), (86_400, "d"), (31_536_000, "y"));
    match seconds {
        i64::MIN..0 => "<invalid>".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minute, (1, "s")),
        600..10_800 => format!("{}m", seconds / 60),
        10_800..28_800 => two(hour, minute),
        28_800..172_800 => format!("{}h", seconds / 3600),
        172_800..691_200 => two(day, hour),
        691_200..63_072_000 => format!("{}d", seconds / 86_400),
        63_072_000..252_288_000 => two(year, day),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_as_cluster_tools_do() {
        for (seconds, expected) in [
            (-1, "<invalid>"),
            (0, "0s"),
            (119, "119s"),
            (121, "2m1s"),
            (600, "10m"),
            (10_800, "3h"),
            (10_860, "3h1m"),
            (28_800, "8h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (864_000, "10d"),
            (63_072_000, "2y"),
            (63_158_400, "2y1d"),
            (315_360_000, "10y"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn a_long_list_says_how_long_it_is() {
        assert_eq!(some_of(["a", "b", "c"]), "a,b,c");
        assert_eq!(some_of(["a", "b", "c", "d", "e"]), "a,b,c + 2 more...");
        assert_eq!(some_of([""; 0]), NOTHING);
    }
}
