//! Which listeners a route attaches to
//! ([attaching routes](https://gateway-api.sigs.k8s.io/concepts/api-overview/#attaching-routes-to-gateways)).

use std::collections::HashMap;

use crate::diagnostics::{Code, Diagnostics, FieldPath, Finding, codes};
use crate::hostname::Hostname;
use crate::options::Options;
use crate::parser::api::{FromNamespaces, ParentReference};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectKey};
use crate::path;
use crate::spelling::nearest;

use super::gateway::ResolvedGateway;
use super::listener::{ListenerId, ResolvedListener, RouteKind, listener_path};
use super::selector::Namespaces;

/// A route that attached to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The kind of the route.
    pub kind: RouteKind,
    /// The route, in the resolved list of its kind.
    pub route: usize,
}

/// What became of one parentRef.
#[derive(Clone, Debug)]
pub struct RouteParent {
    /// The position in `spec.parentRefs`.
    pub index: usize,
    /// The listeners that the route attached to; empty when it was refused.
    pub listeners: Vec<ListenerId>,
    /// The code of the refusal, which carries condition and reason.
    pub refused: Option<Code>,
}

/// Attaches routes to the listeners of the resolved Gateways.
#[derive(Debug)]
pub(super) struct Attacher<'a, 'm> {
    manifests: &'m Manifests,
    options: &'a Options,
    gateways: &'a mut [ResolvedGateway<'m>],
    by_name: HashMap<(&'m str, &'m str), usize>,
    namespaces: Namespaces<'m>,
    warned_namespaces: std::collections::BTreeSet<String>,
    counts: HashMap<RouteKind, usize>,
}

/// A route as attachment sees it.
#[derive(Debug)]
pub(super) struct RouteView<'r, S> {
    pub(super) object: &'r Object<S>,
    pub(super) kind: RouteKind,
    pub(super) parent_refs: &'r [ParentReference],
    /// The hostnames; `None` for kinds that have none.
    pub(super) hostnames: Option<&'r [Hostname]>,
}

impl<S> Clone for RouteView<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for RouteView<'_, S> {}

/// Why a listener does not take a route, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    Kind,
    Namespace(&'static str),
    Hostname,
}

impl<'a, 'm> Attacher<'a, 'm> {
    pub(super) fn new(manifests: &'m Manifests, options: &'a Options, gateways: &'a mut [ResolvedGateway<'m>]) -> Self {
        let by_name = gateways
            .iter()
            .enumerate()
            .map(|(index, gateway)| {
                let meta = &gateway.object.metadata;
                ((meta.namespace.as_str(), meta.name.as_str()), index)
            })
            .collect();
        Self {
            manifests,
            options,
            gateways,
            by_name,
            namespaces: Namespaces::new(manifests),
            warned_namespaces: std::collections::BTreeSet::new(),
            counts: HashMap::new(),
        }
    }

    /// Attaches the next route of its kind and reports every parentRef that fails.
    pub(super) fn attach<S>(&mut self, route: RouteView<'_, S>, diagnostics: &mut Diagnostics) -> Vec<RouteParent> {
        let count = self.counts.entry(route.kind).or_default();
        let attachment = Attachment { kind: route.kind, route: *count };
        *count += 1;
        if route.parent_refs.is_empty() {
            diagnostics.report(
                route
                    .object
                    .finding(codes::NO_PARENTS, path!["spec"], format!("{} names no parent", route.kind.name()))
                    .label("no `parentRefs`")
                    .consequence("the route attaches to no Gateway and serves no traffic")
                    .help("name a Gateway under `spec.parentRefs`"),
            );
        }
        let parents: Vec<_> =
            (0..route.parent_refs.len()).filter_map(|index| self.attach_parent(route, index, diagnostics)).collect();
        for id in parents.iter().flat_map(|parent: &RouteParent| &parent.listeners) {
            let attached = &mut self.gateways[id.gateway].listeners[id.listener].attached;
            if attached.last() != Some(&attachment) {
                attached.push(attachment);
            }
        }
        self.report_unserved_hostnames(route, &parents, diagnostics);
        parents
    }

    /// `None` when the parent is not ours to judge.
    fn attach_parent<S>(
        &mut self,
        route: RouteView<'_, S>,
        index: usize,
        diagnostics: &mut Diagnostics,
    ) -> Option<RouteParent> {
        let reference = &route.parent_refs[index];
        let at = path!["spec", "parentRefs", index];
        if reference.group != Kind::Gateway.group() || reference.kind != Kind::Gateway.name() {
            report_foreign_parent(route, reference, at, diagnostics);
            return None;
        }
        let namespace = reference.namespace.as_deref().unwrap_or(&route.object.metadata.namespace);
        let Some(&gateway) = self.by_name.get(&(namespace, reference.name.as_str())) else {
            self.report_missing_gateway(route, namespace, &reference.name, at, diagnostics);
            return None;
        };
        let result = self.select_listeners(route, reference, gateway, &at);
        self.warn_missing_namespace(route, gateway, diagnostics);
        match result {
            Ok(listeners) => Some(RouteParent {
                index,
                listeners: listeners.into_iter().map(|listener| ListenerId { gateway, listener }).collect(),
                refused: None,
            }),
            Err(finding) => {
                let code = finding.code;
                diagnostics.report(*finding);
                Some(RouteParent { index, listeners: Vec::new(), refused: Some(code) })
            }
        }
    }

    /// The listeners of `gateway` that take the route by this parentRef, or the
    /// finding that says why none does (semantics: relevant listeners, then
    /// kind and namespace, then hostname).
    fn select_listeners<S>(
        &self,
        route: RouteView<'_, S>,
        reference: &ParentReference,
        gateway: usize,
        at: &FieldPath,
    ) -> Result<Vec<usize>, Box<Finding>> {
        let gateway = &self.gateways[gateway];
        let all = &gateway.listeners;
        let relevant: Vec<usize> = (0..all.len())
            .filter(|&i| reference.section_name.as_deref().is_none_or(|name| name == all[i].spec.name))
            .filter(|&i| reference.port.is_none_or(|port| port == all[i].spec.port))
            .collect();
        if relevant.is_empty() {
            return Err(Box::new(no_matching_parent(route.object, reference, gateway, at)));
        }
        let refusals: Vec<_> = relevant.iter().map(|&i| (i, self.refusal(route, gateway, &all[i]))).collect();
        let accepted: Vec<usize> = refusals.iter().filter(|(_, r)| r.is_none()).map(|&(i, _)| i).collect();
        if !accepted.is_empty() {
            return Ok(accepted);
        }
        Err(Box::new(if refusals.iter().any(|(_, refusal)| *refusal == Some(Refusal::Hostname)) {
            no_matching_hostname(route, gateway, &refusals)
        } else {
            not_allowed(route, gateway, &refusals, at)
        }))
    }

    fn refusal<S>(
        &self,
        route: RouteView<'_, S>,
        gateway: &ResolvedGateway<'_>,
        listener: &ResolvedListener<'_>,
    ) -> Option<Refusal> {
        if !listener.kinds.contains(&route.kind) {
            return Some(Refusal::Kind);
        }
        let namespace = route.object.metadata.namespace.as_str();
        let namespaces = &listener.spec.allowed_routes.namespaces;
        let (allowed, why) = match namespaces.from {
            FromNamespaces::All => (true, ""),
            FromNamespaces::Same => (gateway.object.metadata.namespace == namespace, "only its own namespace"),
            FromNamespaces::None => (false, "no namespace"),
            FromNamespaces::Selector => {
                let selected = listener.bad_selector.is_none()
                    && namespaces.selector.as_ref().is_some_and(|s| self.namespaces.matches(namespace, s));
                (selected, "only namespaces that its selector matches")
            }
        };
        if !allowed {
            return Some(Refusal::Namespace(why));
        }
        let meets = |hosts: &[Hostname]| hosts.iter().any(|host| host.intersection(&listener.hostname).is_some());
        match route.hostnames {
            Some(hosts) if !hosts.is_empty() && !meets(hosts) => Some(Refusal::Hostname),
            _ => None,
        }
    }

    fn warn_missing_namespace<S>(&mut self, route: RouteView<'_, S>, gateway: usize, diagnostics: &mut Diagnostics) {
        let namespace = &route.object.metadata.namespace;
        if self.options.assume.namespaces
            || self.namespaces.contains(namespace)
            || self.warned_namespaces.contains(namespace)
        {
            return;
        }
        let listeners = &self.gateways[gateway].listeners;
        if listeners.iter().any(|l| l.spec.allowed_routes.namespaces.from == FromNamespaces::Selector) {
            self.warned_namespaces.insert(namespace.clone());
            diagnostics.report(
                route
                    .object
                    .finding(
                        codes::NAMESPACE_NOT_FOUND,
                        path!["metadata", "namespace"],
                        format!("a selector looks at Namespace `{namespace}`, which is not in the input"),
                    )
                    .consequence("it is taken to have no label but `kubernetes.io/metadata.name`")
                    .help("add the Namespace to the input, or pass `--assume namespaces`"),
            );
        }
    }

    fn report_missing_gateway<S>(
        &self,
        route: RouteView<'_, S>,
        namespace: &str,
        name: &str,
        at: FieldPath,
        diagnostics: &mut Diagnostics,
    ) {
        let known = self.manifests.gateways.iter().map(|gateway| &gateway.metadata);
        if self.options.assume.gateways || known.clone().any(|m| m.namespace == namespace && m.name == name) {
            return;
        }
        let key = ObjectKey { kind: Kind::Gateway, namespace: namespace.to_owned(), name: name.to_owned() };
        if self.manifests.refused.contains(&key) {
            diagnostics.report(route.object.finding(
                codes::REFUSED_OBJECT,
                at.with("name"),
                format!("Gateway `{namespace}/{name}` is in the input and has errors of its own"),
            ));
            return;
        }
        let elsewhere = known.clone().find(|m| m.name == name).map(|m| m.namespace.as_str());
        let help = if let Some(other) = elsewhere {
            format!("Gateway `{name}` is in namespace `{other}`: add `namespace: {other}`")
        } else if let Some(near) = nearest(name, known.filter(|m| m.namespace == namespace).map(|m| m.name.as_str())) {
            format!("did you mean `{near}`?")
        } else {
            "add the Gateway to the input, pass its file with `--context`, or pass `--assume gateways`".to_owned()
        };
        diagnostics.report(
            route
                .object
                .finding(
                    codes::PARENT_NOT_FOUND,
                    at.with("name"),
                    format!("Gateway `{namespace}/{name}` is not in the input"),
                )
                .label("no such Gateway")
                .consequence("the route serves no traffic through this parent")
                .help(help),
        );
    }

    /// Hostnames that no listener of any parent serves, beside others that are served.
    fn report_unserved_hostnames<S>(
        &self,
        route: RouteView<'_, S>,
        parents: &[RouteParent],
        diagnostics: &mut Diagnostics,
    ) {
        let hosts = route.hostnames.unwrap_or_default();
        let listeners: Vec<_> = parents
            .iter()
            .flat_map(|parent| &parent.listeners)
            .map(|id| &self.gateways[id.gateway].listeners[id.listener])
            .collect();
        if listeners.is_empty() {
            return;
        }
        for (index, host) in hosts.iter().enumerate() {
            if !listeners.iter().any(|listener| listener.hostname.intersection(host).is_some()) {
                diagnostics.report(
                    route
                        .object
                        .finding(
                            codes::HOSTNAME_NOT_SERVED,
                            path!["spec", "hostnames", index],
                            format!("no listener of the route's parents serves `{host}`"),
                        )
                        .consequence(format!("requests for `{host}` do not reach this route"))
                        .help("remove the hostname, or add a listener that covers it"),
                );
            }
        }
    }
}

fn report_foreign_parent<S>(
    route: RouteView<'_, S>,
    reference: &ParentReference,
    at: FieldPath,
    diagnostics: &mut Diagnostics,
) {
    let ParentReference { group, kind, name, .. } = reference;
    if group == Kind::ListenerSet.group() && kind == Kind::ListenerSet.name() {
        diagnostics.report(
            route
                .object
                .finding(codes::NOT_SUPPORTED, at, format!("parent `{name}` is a ListenerSet, which is not served yet"))
                .consequence("the route serves no traffic through this parent"),
        );
        return;
    }
    let finding = if group.is_empty() && kind == Kind::Service.name() {
        route.object.finding(codes::MESH_PARENT, at, format!("parent `{name}` is a Service: it belongs to a mesh"))
    } else {
        route.object.finding(codes::MESH_PARENT, at, format!("parent `{name}` of kind `{kind}` is not a Gateway"))
    };
    diagnostics.report(finding.consequence("it has no effect in the configuration of a gateway"));
}

fn no_matching_parent<S>(
    route: &Object<S>,
    reference: &ParentReference,
    gateway: &ResolvedGateway<'_>,
    at: &FieldPath,
) -> Finding {
    let name = gateway.object.full_name();
    let names = || gateway.listeners.iter().map(|listener| listener.spec.name.as_str());
    let declared: Vec<_> =
        gateway.listeners.iter().map(|l| format!("`{}` (port {})", l.spec.name, l.spec.port)).collect();
    let (field, message) = match (&reference.section_name, reference.port) {
        (Some(section), _) if !names().any(|name| name == section) => {
            (at.with("sectionName"), format!("Gateway `{name}` has no listener `{section}`"))
        }
        (Some(section), Some(port)) => {
            (at.with("port"), format!("listener `{section}` of Gateway `{name}` is not on port {port}"))
        }
        (_, port) => {
            (at.with("port"), format!("Gateway `{name}` has no listener on port {}", port.unwrap_or_default()))
        }
    };
    let near = reference.section_name.as_deref().and_then(|section| nearest(section, names()));
    let help = near
        .map_or_else(|| format!("its listeners are {}", declared.join(", ")), |near| format!("did you mean `{near}`?"));
    route
        .finding(codes::NO_MATCHING_PARENT, field, message)
        .label("selects no listener")
        .related(gateway.object.at(&path!["spec", "listeners"]), "the listeners")
        .consequence("the route serves no traffic through this parent")
        .help(help)
}

fn not_allowed<S>(
    route: RouteView<'_, S>,
    gateway: &ResolvedGateway<'_>,
    refusals: &[(usize, Option<Refusal>)],
    at: &FieldPath,
) -> Finding {
    let namespace = &route.object.metadata.namespace;
    let reason = |(index, refusal): &(usize, Option<Refusal>)| {
        let spec = gateway.listeners[*index].spec;
        match refusal {
            Some(Refusal::Namespace(why)) => format!("listener `{}` admits {why}", spec.name),
            _ => format!("listener `{}` ({}) does not admit {}", spec.name, spec.protocol, route.kind.name()),
        }
    };
    let reasons: Vec<_> = refusals.iter().map(reason).collect();
    let by_namespace = refusals.iter().find(|(_, refusal)| matches!(refusal, Some(Refusal::Namespace(_))));
    let (related, help) = match by_namespace {
        Some((index, _)) => (
            listener_path(*index).with("allowedRoutes").with("namespaces"),
            format!("let the listener admit namespace `{namespace}` with `allowedRoutes.namespaces`"),
        ),
        None => (listener_path(refusals[0].0), format!("attach the route to a listener for {}s", route.kind.name())),
    };
    route
        .object
        .finding(
            codes::NOT_ALLOWED,
            at.clone(),
            format!("no listener of Gateway `{}` allows this route", gateway.object.full_name()),
        )
        .label(reasons.join("; "))
        .related(gateway.object.at(&related), "the listener")
        .consequence("the route serves no traffic through this parent")
        .help(help)
}

fn no_matching_hostname<S>(
    route: RouteView<'_, S>,
    gateway: &ResolvedGateway<'_>,
    refusals: &[(usize, Option<Refusal>)],
) -> Finding {
    let mismatched: Vec<_> =
        refusals.iter().filter(|(_, r)| *r == Some(Refusal::Hostname)).map(|&(index, _)| index).collect();
    let served: Vec<_> = mismatched.iter().map(|&i| format!("`{}`", gateway.listeners[i].hostname)).collect();
    let asked: Vec<_> = route.hostnames.unwrap_or_default().iter().map(|host| format!("`{host}`")).collect();
    let first = mismatched.first().copied().unwrap_or_default();
    route
        .object
        .finding(
            codes::NO_MATCHING_HOSTNAME,
            path!["spec", "hostnames"],
            format!("no hostname of the route meets a listener of Gateway `{}`", gateway.object.full_name()),
        )
        .label(format!("the listeners serve {}", served.join(", ")))
        .related(gateway.object.at(&listener_path(first).with("hostname")), "the listener's hostname")
        .consequence(format!("requests for {} get 404", asked.join(", ")))
        .help("use a hostname that a listener covers, or widen the listener's `hostname`")
}
