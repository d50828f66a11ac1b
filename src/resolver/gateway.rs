//! Which Gateways are ours, and their listeners
//! ([Gateway](https://gateway-api.sigs.k8s.io/api-types/gateway/)).

use std::collections::{BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, Finding, Location, Reported, codes};
use crate::name::Name;
use crate::options::Options;
use crate::parser::api::{GatewayClassSpec, GatewayInfrastructure, GatewaySpec, LocalObjectReference, ObjectReference};
use crate::parser::manifests::{Manifests, Object, ObjectKey};
use crate::path;
use crate::whole;

use super::address::{GatewayAddresses, resolve_addresses};
use super::attachment::RouteParent;
use super::certificate::KeyPairId;
use super::listener::{ResolvedListener, report_conflicts, resolve_listeners};
use super::owner::ListenerOwner;
use super::parameters::{Parameters, Reference};
use super::stand_in::{NamedAt, StandIn, StandIns};

/// A Gateway that is ours, with its listeners.
#[derive(Debug)]
pub struct ResolvedGateway<'m> {
    /// The Gateway.
    pub object: &'m Object<GatewaySpec>,
    /// Its own listeners in the order of the manifest, then those of each
    /// ListenerSet that joined, the oldest set first.
    pub listeners: Vec<ResolvedListener<'m>>,
    /// Why the Gateway serves nothing at all.
    pub refused: Option<Reported>,
    /// What it stands in for; `None` for a Gateway of the input. Nothing is emitted for a stand-in.
    pub stand_in: Option<&'m ObjectKey>,
    /// Whether the output serves it: a Gateway of `--context` only when a judged route attaches.
    pub emitted: bool,
    /// The certificate that connections to backends show when they use TLS.
    pub client_certificate: Option<KeyPairId>,
    /// The controller that would serve the Gateway in a cluster: that of its class. `None` when the class is not in
    /// the input beside others, or is refused.
    pub controller: Option<String>,
    /// Where its listeners bind, and the addresses that its status states.
    pub addresses: GatewayAddresses,
}

/// A GatewayClass that is ours.
#[derive(Debug)]
pub struct ResolvedGatewayClass<'m> {
    /// The class.
    pub object: &'m Object<GatewayClassSpec>,
}

/// The classes that are ours, by name.
pub(super) fn resolve_classes<'m>(manifests: &'m Manifests, options: &Options) -> Vec<ResolvedGatewayClass<'m>> {
    let ours = manifests.gateway_classes.iter().filter(|class| is_our_class(class, options));
    let mut classes: Vec<_> = ours.map(|object| ResolvedGatewayClass { object }).collect();
    classes.sort_by(|one, other| one.object.metadata.name.cmp(&other.object.metadata.name));
    classes
}

/// Selects the Gateways that are ours and resolves their listeners, sorted by namespace and name.
pub(super) fn resolve_gateways<'m>(
    manifests: &'m Manifests,
    stand_ins: &StandIns,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Vec<ResolvedGateway<'m>> {
    report_unknown_selections(manifests, stand_ins, options, diagnostics);
    let classes: HashMap<&Name, &Object<GatewayClassSpec>> =
        manifests.gateway_classes.iter().map(|class| (&class.metadata.name, class)).collect();
    let mut gateways: Vec<_> = manifests
        .gateways
        .iter()
        .filter(|gateway| is_selected(gateway, options) && is_ours(gateway, &classes, options, diagnostics))
        .collect();
    gateways.sort_by_key(|gateway| gateway.metadata.sort_key());
    let parameters = Parameters::new(manifests);
    let refused_classes = check_class_parameters(&gateways, &classes, (&parameters, options), diagnostics);
    gateways
        .into_iter()
        .map(|object| {
            report_fields_without_effect(object, diagnostics);
            let class = refused_classes.get(&object.spec.gateway_class_name).copied();
            ResolvedGateway {
                object,
                listeners: own_listeners(object, diagnostics),
                refused: check_parameters(object, &parameters, options, diagnostics)
                    .or(class)
                    .or(object.refusal.as_ref().map(|refusal| refusal.proof)),
                stand_in: None,
                emitted: false,
                client_certificate: None,
                controller: if class.is_some() { None } else { controller(object, &classes, options) },
                addresses: resolve_addresses(object, options, diagnostics),
            }
        })
        .collect()
}

/// The listeners that a Gateway declares itself.
fn own_listeners<'m>(gateway: &'m Object<GatewaySpec>, diagnostics: &mut Diagnostics) -> Vec<ResolvedListener<'m>> {
    let owner = ListenerOwner::of_gateway(gateway);
    let mut listeners = resolve_listeners(owner, diagnostics);
    report_conflicts(owner, &mut listeners, diagnostics);
    listeners
}

/// Adds the stand-ins for Gateways that are missing, behind those of the input.
pub(super) fn add_stand_ins<'m>(
    gateways: &mut Vec<ResolvedGateway<'m>>,
    stand_ins: &'m StandIns,
    options: &Options,
    diagnostics: &mut Diagnostics,
) {
    gateways.extend(stand_ins.iter().map(|StandIn { key, gateway, named_at }| {
        if options.assume.gateways
            && let Some(named_at) = named_at
        {
            diagnostics.report(assumed(key, named_at));
        }
        ResolvedGateway {
            object: gateway,
            listeners: own_listeners(gateway, diagnostics),
            refused: None,
            stand_in: Some(key),
            emitted: false,
            client_certificate: None,
            controller: Some(options.controller_name().to_owned()),
            addresses: resolve_addresses(gateway, options, diagnostics),
        }
    }));
}

/// The one thing that is said about a Gateway that is assumed, at the first reference to it.
fn assumed(key: &ObjectKey, named_at: &NamedAt) -> Finding {
    let ObjectKey { kind, namespace, name } = key;
    let kind = kind.name();
    let message = match named_at.is_default {
        true => "a default Gateway is assumed: its routes are judged without it".to_owned(),
        false => format!("{kind} `{namespace}/{name}` is assumed: its routes are judged without it"),
    };
    Finding::new(codes::ASSUMED_GATEWAY, named_at.location.clone(), message)
        .object(named_at.object.clone(), named_at.at.clone())
        .label("not in the input")
        .consequence("which hostnames, namespaces and ports it admits is not judged, and nothing is emitted for it")
        .help(format!("pass the manifest of the {kind} with `--context` to have all of it judged"))
}

/// Refuses the classes of `gateways`, and those of ours that nobody uses, whose parameters gwctl does not know, each
/// once.
fn check_class_parameters<'m>(
    gateways: &[&'m Object<GatewaySpec>],
    classes: &HashMap<&'m Name, &'m Object<GatewayClassSpec>>,
    (parameters, options): (&Parameters<'_>, &Options),
    diagnostics: &mut Diagnostics,
) -> HashMap<&'m Name, Reported> {
    let used = gateways.iter().map(|gateway| &gateway.spec.gateway_class_name);
    let ours = classes.iter().filter(|(_, class)| is_our_class(class, options)).map(|(name, _)| *name);
    let used: BTreeSet<&Name> = used.chain(ours).collect();
    let mut refused = HashMap::new();
    for class in used.into_iter().filter_map(|name| classes.get(name)) {
        if let Some(finding) = unknown_class_parameters(class, parameters, options) {
            refused.insert(&class.metadata.name, diagnostics.error(finding));
        }
    }
    refused
}

/// What refuses a class: parameters that gwctl does not know.
fn unknown_class_parameters(
    class: &Object<GatewayClassSpec>,
    parameters: &Parameters<'_>,
    options: &Options,
) -> Option<Finding> {
    // A description is for people.
    let GatewayClassSpec { controller_name: _, parameters_ref, description: _ } = &class.spec;
    let ObjectReference { group, kind, name, namespace } = parameters_ref.as_ref()?;
    if options.assume.parameters {
        return None;
    }
    let why = parameters.unknown(&Reference { group, kind, namespace: namespace.as_ref(), name })?;
    let finding = class.finding(codes::INVALID_PARAMETERS, whole!["spec", "parametersRef"], why);
    Some(
        finding
            .label("settings that would be left out")
            .consequence("no Gateway of this class is served")
            .help("remove `parametersRef`, or pass `--assume parameters` to serve without these settings"),
    )
}

/// The controller of a Gateway's class. Without any class in the input it is the one of the command line.
fn controller(
    gateway: &Object<GatewaySpec>,
    classes: &HashMap<&Name, &Object<GatewayClassSpec>>,
    options: &Options,
) -> Option<String> {
    match classes.get(&gateway.spec.gateway_class_name) {
        // One that does not decode names nobody.
        Some(class) => Some(class.spec.controller_name.clone()).filter(|name| !name.is_empty()),
        None => classes.is_empty().then(|| options.controller_name().to_owned()),
    }
}

/// Whether a class is for the controller that gwctl stands for: every one, unless the command line names a controller.
/// A class that does not say it may be for anybody.
fn is_our_class(class: &Object<GatewayClassSpec>, options: &Options) -> bool {
    let is_unknown = || class.missing(&path!["spec", "controllerName"]).is_some();
    options.controller.as_ref().is_none_or(|name| class.spec.controller_name == *name || is_unknown())
}

/// Refuses a Gateway whose own parameters gwctl does not know
/// ([LocalParametersReference](https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure)).
fn check_parameters(
    gateway: &Object<GatewaySpec>,
    parameters: &Parameters<'_>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let infrastructure = gateway.spec.infrastructure.as_ref()?;
    let LocalObjectReference { group, kind, name } = infrastructure.parameters_ref.as_ref()?;
    if options.assume.parameters {
        return None;
    }
    let namespace = Some(&gateway.metadata.namespace);
    let why = parameters.unknown(&Reference { group, kind, namespace, name })?;
    let at = whole!["spec", "infrastructure", "parametersRef"];
    let finding = gateway.finding(codes::INVALID_PARAMETERS, at, why);
    Some(
        diagnostics.error(
            finding
                .label("settings that would be left out")
                .consequence("the Gateway accepts no connections")
                .help("remove `parametersRef`, or pass `--assume parameters` to serve without these settings"),
        ),
    )
}

pub(super) fn is_selected(gateway: &Object<GatewaySpec>, options: &Options) -> bool {
    let meta = &gateway.metadata;
    let by_name = options.gateways.is_empty()
        || options.gateways.iter().any(|(namespace, name)| *namespace == meta.namespace && *name == meta.name);
    let by_class =
        options.gateway_classes.is_empty() || options.gateway_classes.contains(&gateway.spec.gateway_class_name);
    by_name && by_class
}

fn report_unknown_selections(
    manifests: &Manifests,
    stand_ins: &StandIns,
    options: &Options,
    diagnostics: &mut Diagnostics,
) {
    let mut unknown = |flag: &str, what: String| {
        diagnostics.report(
            Finding::new(codes::SELECTION_NOT_FOUND, Location::Run, format!("`{flag} {what}` selects nothing"))
                .help("name a Gateway or class that is in the input"),
        );
    };
    for (namespace, name) in &options.gateways {
        let is_there =
            manifests.gateways.iter().any(|g| g.metadata.namespace == *namespace && g.metadata.name == *name);
        let is_assumed = || {
            options.assume.gateways && stand_ins.gateways().any(|key| (&key.namespace, &key.name) == (namespace, name))
        };
        if !is_there && !is_assumed() {
            unknown("--gateway", format!("{namespace}/{name}"));
        }
    }
    for class in &options.gateway_classes {
        if !manifests.gateways.iter().any(|g| g.spec.gateway_class_name == *class) {
            unknown("--gateway-class", class.to_string());
        }
    }
}

/// Whether the Gateway's class is ours. Without any GatewayClass in the input every name is.
fn is_ours(
    gateway: &Object<GatewaySpec>,
    classes: &HashMap<&Name, &Object<GatewayClassSpec>>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> bool {
    let name = &gateway.spec.gateway_class_name;
    let Some(class) = classes.get(name) else {
        if !classes.is_empty() {
            let mut known: Vec<_> = classes.keys().map(|name| format!("`{name}`")).collect();
            known.sort();
            let mut places: Vec<_> = classes.values().collect();
            places.sort_by_key(|class| &class.metadata.name);
            let finding = gateway.finding(
                codes::CLASS_NOT_FOUND,
                whole!["spec", "gatewayClassName"],
                format!("GatewayClass `{name}` is not in the input"),
            );
            let finding = places.into_iter().fold(finding, |finding, class| {
                finding.related(class.at(&path!["metadata", "name"]), "a class that the input has")
            });
            diagnostics.report(
                finding
                    .label("no such class")
                    .consequence("the Gateway is compiled all the same; in a cluster no controller would serve it")
                    .help(format!("the input has {}", known.join(", "))),
            );
        }
        return true;
    };
    let controller = &class.spec.controller_name;
    if !is_our_class(class, options) {
        diagnostics.report(
            gateway
                .finding(
                    codes::FOREIGN_CLASS,
                    whole!["spec", "gatewayClassName"],
                    format!("GatewayClass `{name}` belongs to controller `{controller}`"),
                )
                .related(class.at(&path!["spec", "controllerName"]), "the class")
                .consequence("the Gateway is left out: `--controller-name` names another controller"),
        );
        return false;
    }
    true
}

/// Fields of a Gateway that have no effect in a file.
fn report_fields_without_effect(gateway: &Object<GatewaySpec>, diagnostics: &mut Diagnostics) {
    let GatewaySpec {
        gateway_class_name: _,
        listeners: _,
        addresses: _,
        infrastructure,
        allowed_listeners: _,
        tls: _,
        default_scope: _,
    } = &gateway.spec;
    if let Some(GatewayInfrastructure { labels, annotations, parameters_ref: _ }) = infrastructure {
        for (field, present) in [("labels", !labels.is_empty()), ("annotations", !annotations.is_empty())] {
            if present {
                diagnostics.report(gateway.finding(
                    codes::NO_EFFECT,
                    whole!["spec", "infrastructure", field],
                    format!("`{field}` are for objects that a cluster would create: they have no effect in a file"),
                ));
            }
        }
    }
}

/// Decides which Gateways the output serves.
pub(super) fn mark_emitted<'p>(
    gateways: &mut [ResolvedGateway<'_>],
    judged_parents: impl Iterator<Item = &'p RouteParent>,
) {
    let mut used = vec![false; gateways.len()];
    for listener in judged_parents.flat_map(|parent| &parent.listeners) {
        used[listener.gateway] = true;
    }
    for (gateway, used) in gateways.iter_mut().zip(used) {
        gateway.emitted =
            gateway.refused.is_none() && gateway.stand_in.is_none() && (used || !gateway.object.position.context);
    }
}
