//! What `get`, `describe` and `graph` know of the objects of an input: which are asked for, what a controller says of
//! them, and who refers to whom.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::Path;

use super::args::AskedArgs;
use super::kinds;
use crate::compile::{Compilation, RoutedServices, routed_services};
use crate::diagnostics::{ConditionKind, Finding, Locate, ObjectRef, Reported};
use crate::options::Options;
use crate::parser::api::{LocalObjectReference, OptionTarget, PolicyTargetReference};
use crate::parser::locate::Locator;
use crate::parser::manifests::{IS_REFUSED, Kind, Manifests, ObjectHead, ObjectKey};
use crate::parser::route::{BackendReference, Filter};
use crate::path;
use crate::resolver::{BackendRefOutcome, PolicyScope, Resolved, ResolvedRoute, ResolvedRule};
use crate::spelling::nearest;
use crate::status::{ObjectStatus, ParentStatus, StateOfObject, Status, StatusCondition};

/// The objects that are asked for.
pub(super) struct Selection<'m> {
    /// The kinds, in the order of the command line.
    pub(super) kinds: Vec<Kind>,
    /// The objects, by kind, namespace and name.
    pub(super) heads: Vec<&'m ObjectHead>,
    /// What of them could not be read and is not among the objects.
    pub(super) unread: Vec<ObjectKey>,
    /// Whether objects were named, and not only kinds.
    pub(super) is_named: bool,
    /// Names that no object has, each with what to do.
    pub(super) missing: Vec<String>,
}

/// Finds the objects that are asked for.
///
/// # Errors
/// A message for the user where a word names no kind.
pub(super) fn select<'m>(asked: &AskedArgs, manifests: &'m Manifests) -> Result<Selection<'m>, String> {
    let (words, of_word) = match asked.what.split_once('/') {
        Some((words, name)) => (words, Some(name.to_owned())),
        None => (asked.what.as_str(), None),
    };
    let kinds = kinds::named(words)?;
    let names: Vec<&String> = of_word.iter().chain(&asked.names).collect();
    let rank = |kind: Kind| kinds.iter().position(|own| *own == kind);
    let is_in_namespace = |key: &ObjectKey| {
        !key.kind.is_namespaced() || asked.namespace.as_ref().is_none_or(|namespace| key.namespace == *namespace)
    };
    let mut all: Vec<&ObjectHead> = manifests.heads();
    all.retain(|head| rank(head.kind).is_some());
    all.sort_by_key(|head| (rank(head.kind), head.metadata.sort_key()));
    let mut unread: Vec<ObjectKey> =
        manifests.refused.keys().filter(|key| rank(key.kind).is_some() && is_in_namespace(key)).cloned().collect();
    unread.sort();
    let is_meant = |key: &ObjectKey| names.is_empty() || names.iter().any(|name| is_named(key, name));
    let is_shown = |head: &ObjectHead| is_in_namespace(&head.key()) && is_meant(&head.key());
    let heads: Vec<&ObjectHead> = all.iter().copied().filter(|head| is_shown(head)).collect();
    let known: Vec<ObjectKey> = all.iter().map(|head| head.key()).collect();
    let is_found = |name: &str| heads.iter().any(|head| is_named(&head.key(), name));
    let missing = names.iter().filter(|name| !is_found(name));
    let missing = missing.map(|name| absence(name, words, (&known, &unread))).collect();
    unread.retain(|key| is_meant(key));
    Ok(Selection { kinds, heads, unread, is_named: !names.is_empty(), missing })
}

/// Whether a name of the command line, with a namespace or without, is that of an object.
fn is_named(key: &ObjectKey, name: &str) -> bool {
    match name.split_once('/') {
        Some((namespace, name)) => key.namespace == *namespace && key.name == *name,
        None => key.name == *name,
    }
}

/// What there is to say about a name that no object has.
fn absence(name: &str, words: &str, (known, unread): (&[ObjectKey], &[ObjectKey])) -> String {
    let what = match kinds::named(words).as_deref() {
        Ok([kind]) => kind.name().to_owned(),
        _ => "object".to_owned(),
    };
    if let Some(key) = unread.iter().find(|key| is_named(key, name)) {
        return format!("{what} `{}/{}` {IS_REFUSED}: mend them first", key.namespace, key.name);
    }
    // What is left is in a namespace that was not asked for.
    if let Some(key) = known.iter().find(|key| is_named(key, name)) {
        return format!("{what} `{name}` is in the namespace `{}`", key.namespace);
    }
    let (_, bare) = name.split_once('/').unwrap_or(("", name));
    let near = nearest(bare, known.iter().map(|key| key.name.as_str()));
    let help = match near {
        Some(near) if near != bare => format!("did you mean `{near}`?"),
        Some(_) => format!("`{bare}` is in another namespace"),
        None if Path::new(name).exists() => "it is read as a name; name paths with --filename".to_owned(),
        None => "the command without a name lists those that there are".to_owned(),
    };
    format!("the input has no {what} called `{name}`: {help}")
}

/// What is known of an input.
pub(super) struct View<'v, 'm> {
    /// The compilation.
    pub(super) compilation: &'v Compilation,
    /// Who refers to whom.
    pub(super) resolved: &'v Resolved<'m>,
    /// Where findings are.
    pub(super) locate: &'v dyn Locate,
    /// The objects as they are written.
    pub(super) locator: Locator<'v>,
    /// What the input was compiled with.
    pub(super) options: &'v Options,
    services: OnceCell<RoutedServices>,
    statuses: HashMap<&'v ObjectKey, &'v ObjectStatus>,
    findings: HashMap<&'v ObjectRef, Vec<&'v Finding>>,
}

/// A policy that names an object.
pub(super) struct PolicyUse<'m> {
    /// The policy.
    pub(super) policy: &'m ObjectHead,
    /// The part of the object.
    pub(super) section: Option<String>,
    /// Whether it counts there, as far as its kind lets policies compete for whole objects.
    pub(super) counts: bool,
}

/// What a policy names.
pub(super) struct Target {
    /// The kind.
    pub(super) kind: String,
    /// The name.
    pub(super) name: String,
    /// The part of the object.
    pub(super) section: Option<String>,
}

/// A reference of a rule to a backend.
pub(super) struct BackendUse<'r, 'm> {
    /// The route.
    pub(super) route: &'r ResolvedRoute<'m>,
    /// The rule.
    pub(super) rule: &'r ResolvedRule<'m>,
    /// The share, or what the filter is that refers.
    pub(super) role: Role,
    /// What it names.
    pub(super) reference: BackendReference<'m>,
    /// What became of it.
    pub(super) outcome: BackendRefOutcome,
}

/// For what a rule refers to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// To send it this share.
    Weight(u32),
    /// A filter asks it, or sends it copies.
    Filter(&'static str),
}

impl<'v, 'm> View<'v, 'm> {
    pub(super) fn new(
        compilation: &'v Compilation,
        resolved: &'v Resolved<'m>,
        locate: &'v dyn Locate,
        options: &'v Options,
    ) -> Self {
        let statuses = compilation.status.iter().map(|status| (&status.key, status)).collect();
        let mut findings: HashMap<&ObjectRef, Vec<&Finding>> = HashMap::new();
        for (finding, object) in compilation.findings.iter().filter_map(|one| Some((one, one.object.as_ref()?))) {
            findings.entry(object).or_default().push(finding);
        }
        let locator = Locator::new(&compilation.manifests);
        Self { compilation, resolved, locate, locator, options, services: OnceCell::new(), statuses, findings }
    }

    /// What the clients of Services meet.
    pub(super) fn services(&self) -> &RoutedServices {
        self.services.get_or_init(|| routed_services(&self.compilation.manifests, self.options))
    }

    /// The status of an object; `None` where no controller has one to write.
    pub(super) fn status(&self, key: &ObjectKey) -> Option<&'v ObjectStatus> {
        self.statuses.get(key).copied()
    }

    /// The conditions of an object as a whole.
    pub(super) fn conditions(&self, key: &ObjectKey) -> &'v [StatusCondition] {
        match self.status(key).map(|status| &status.status) {
            Some(Status::GatewayClass(status)) => &status.conditions,
            Some(Status::Gateway(status)) => &status.conditions,
            Some(Status::ListenerSet(status)) => &status.conditions,
            Some(Status::Mesh(status)) => &status.conditions,
            Some(Status::Conditions(status)) => &status.conditions,
            Some(Status::Parents(_) | Status::Ancestors(_) | Status::Gloo(_)) | None => &[],
        }
    }

    /// What is said of an object of Gloo Gateway, by whoever says it.
    pub(super) fn states(&self, key: &ObjectKey) -> Vec<&'v StateOfObject> {
        match self.status(key).map(|status| &status.status) {
            Some(Status::Gloo(status)) => status.statuses.values().collect(),
            _ => Vec::new(),
        }
    }

    /// What its parents say of an object.
    pub(super) fn parents(&self, key: &ObjectKey) -> &'v [ParentStatus] {
        match self.status(key).map(|status| &status.status) {
            Some(Status::Parents(status)) => &status.parents,
            _ => &[],
        }
    }

    /// A condition of an object, of all its parents or ancestors the first that is not as it should be.
    pub(super) fn worst(&self, key: &ObjectKey, kind: ConditionKind) -> Option<&'v StatusCondition> {
        let status = self.status(key)?;
        match &status.status {
            Status::Parents(_) | Status::Ancestors(_) => {
                let conditions: Vec<_> = status.conditions().filter(|condition| condition.kind == kind).collect();
                let bad = conditions.iter().find(|condition| !condition.is_true());
                bad.or(conditions.first()).copied()
            }
            _ => self.conditions(key).iter().find(|condition| condition.kind == kind),
        }
    }

    /// The findings on an object.
    pub(super) fn findings(&self, key: &ObjectKey) -> &[&'v Finding] {
        self.findings.get(&key.to_ref()).map(Vec::as_slice).unwrap_or_default()
    }

    /// `FILE:LINE` of an object.
    pub(super) fn place(&self, head: &ObjectHead) -> String {
        let place = self.locate.place(&head.at(&path!["kind"])).or_else(|| self.locate.place(&head.at(&path![])));
        place.map_or_else(String::new, |place| match &place.span {
            Some(span) => format!("{}:{}", place.file, span.line),
            None => place.file,
        })
    }

    /// The policies that name an object.
    pub(super) fn policies_of(&self, key: &ObjectKey) -> Vec<PolicyUse<'m>> {
        let mut found: Vec<PolicyUse<'m>> = Vec::new();
        let manifests = self.resolved.manifests;
        let section = |name: &Option<crate::name::SectionName>| name.as_ref().map(ToString::to_string);
        for policy in self.resolved.backends.policies().iter() {
            for (target, outcome) in policy.object.spec.target_refs.iter().zip(&policy.targets) {
                let PolicyTargetReference { group, kind, name, section_name } = target;
                if is_key(key, (group, kind), &policy.object.head, name.as_str()) {
                    let (section, counts) = (section(section_name), outcome.is_ok() && policy.value.is_ok());
                    found.push(PolicyUse { policy: &policy.object.head, section, counts });
                }
            }
        }
        for policy in self.resolved.traffic_policies.iter() {
            for (target, outcome) in policy.object.spec.target_refs.iter().zip(&policy.targets) {
                let LocalObjectReference { group, kind, name } = target;
                if is_key(key, (group, kind), &policy.object.head, name.as_str()) {
                    let policy = &policy.object.head;
                    found.push(PolicyUse { policy, section: None, counts: outcome.is_ok() });
                }
            }
        }
        for option in &self.resolved.route_options {
            let is_of_filter = self.names_option(key, &option.object.head);
            let is_target = option.object.spec.target_refs.iter().any(|target| {
                let OptionTarget { group, kind, name, namespace: _ } = target;
                is_key(key, (group, kind), &option.object.head, name.as_str())
            });
            if is_of_filter || is_target {
                let section = (!is_target).then(|| "by a filter".to_owned());
                found.push(PolicyUse { policy: &option.object.head, section, counts: option.object.refusal.is_none() });
            }
        }
        for (head, targets) in manifests.options_of_listeners() {
            for target in targets {
                let is_own = target.other_namespace(&head.metadata.namespace).is_none();
                if is_own && is_key(key, (&target.group, &target.kind), head, target.name.as_str()) {
                    let section = target.section().map(ToString::to_string);
                    found.push(PolicyUse { policy: head, section, counts: head.refusal.is_none() });
                }
            }
        }
        for policy in self.resolved.envoy_policies.list() {
            let own = policy.scopes.iter().filter(|(scope, _)| {
                (scope.kind, scope.namespace, scope.name) == (key.kind, &key.namespace, &key.name)
            });
            found.extend(own.map(|(scope, outcome)| PolicyUse {
                policy: policy.object,
                section: scope.section.map(ToString::to_string),
                counts: outcome.is_ok() && policy.object.refusal.is_none(),
            }));
        }
        found
    }

    /// Whether a filter of a route names a RouteOption.
    fn names_option(&self, key: &ObjectKey, option: &ObjectHead) -> bool {
        if key.kind != Kind::HTTPRoute || key.namespace != option.metadata.namespace {
            return false;
        }
        let route = self.resolved.routes.find(&key.to_ref());
        let filters = route.into_iter().flat_map(|route| &route.rules).flat_map(|rule| &rule.filters);
        filters.into_iter().any(|filter| {
            let is_found = filter.route_filter.is_none() && matches!(filter.extension, Some(Ok(())));
            matches!(filter.filter, Filter::ExtensionRef(reference) if is_found && reference.name == option.metadata.name)
        })
    }

    /// What a policy names.
    pub(super) fn targets_of(&self, key: &ObjectKey) -> Vec<Target> {
        let manifests = self.resolved.manifests;
        let target = |kind: &str, name: &str, section: Option<String>| Target {
            kind: kind.to_owned(),
            name: name.to_owned(),
            section,
        };
        let is_own = |head: &ObjectHead| head.key() == *key;
        let mut targets = Vec::new();
        for policy in manifests.backend_tls_policies.iter().filter(|policy| is_own(policy)) {
            let own = &policy.spec.target_refs;
            let section = |one: &PolicyTargetReference| one.section_name.as_ref().map(ToString::to_string);
            targets.extend(own.iter().map(|one| target(&one.kind, &one.name, section(one))));
        }
        for policy in manifests.x_backend_traffic_policies.iter().filter(|policy| is_own(policy)) {
            targets.extend(policy.spec.target_refs.iter().map(|one| target(&one.kind, &one.name, None)));
        }
        for option in manifests.route_options.iter().filter(|option| is_own(option)) {
            targets.extend(option.spec.target_refs.iter().map(|one| target(&one.kind, &one.name, None)));
        }
        for (_, own) in manifests.options_of_listeners().filter(|(head, _)| is_own(head)) {
            let section = |one: &crate::parser::api::ListenerTarget| one.section().map(ToString::to_string);
            targets.extend(own.iter().map(|one| target(&one.kind, &one.name, section(one))));
        }
        for policy in self.resolved.envoy_policies.list().filter(|one| is_own(one.object)) {
            let section = |scope: &PolicyScope<'_>| scope.section.map(ToString::to_string);
            let own = policy.scopes.iter();
            targets.extend(own.map(|(scope, _)| target(scope.kind.name(), scope.name.as_str(), section(scope))));
        }
        targets
    }

    /// Every reference of a rule to a backend.
    pub(super) fn backend_uses(&self) -> Vec<BackendUse<'v, 'm>> {
        self.resolved.routes.iter().flat_map(uses_of).collect()
    }

    /// What a reference of a route names.
    pub(super) fn referent(route: &ResolvedRoute<'_>, reference: BackendReference<'_>) -> Option<ObjectKey> {
        let BackendReference { group, kind, name, namespace, port: _ } = reference;
        let kind = kinds::BACKENDS.iter().copied().find(|own| own.is_named(group, kind))?;
        let namespace = namespace.unwrap_or(&route.object().metadata.namespace);
        Some(ObjectKey::new(kind, (namespace, name)))
    }

    /// What became of a reference, in a word or two.
    pub(super) fn became(&self, outcome: BackendRefOutcome) -> &'static str {
        use crate::resolver::{BackendObject, BackendTls};
        let Ok(id) = outcome else { return "refused" };
        let backend = self.resolved.backends.get(id);
        match (&backend.tls, backend.object) {
            (BackendTls::Invalid(_), _) => "never connected to: its TLS cannot be used",
            (_, BackendObject::Assumed) => "assumed",
            (BackendTls::Tls(_), _) => "used, with TLS",
            (BackendTls::Plain, _) => "used",
        }
    }
}

/// The references of a route's rules to backends.
pub(super) fn uses_of<'r, 'm>(route: &'r ResolvedRoute<'m>) -> Vec<BackendUse<'r, 'm>> {
    let mut uses = Vec::new();
    for (rule, declared) in route.rules.iter().zip(route.declared.rules()) {
        for (backend, own) in rule.backends.iter().zip(declared.backends) {
            let (role, outcome) = (Role::Weight(backend.weight), backend.outcome);
            uses.push(BackendUse { route, rule, role, reference: own.reference, outcome });
        }
        for filter in rule.all_filters() {
            let used: Option<(BackendReference<'m>, Result<_, Reported>)> = filter.filter.backend().zip(filter.outcome);
            if let Some((reference, outcome)) = used {
                uses.push(BackendUse { route, rule, role: Role::Filter(filter.filter.member()), reference, outcome });
            }
        }
    }
    uses
}

/// Whether a reference of a policy, in its own namespace, names an object.
fn is_key(key: &ObjectKey, (group, kind): (&str, &str), policy: &ObjectHead, name: &str) -> bool {
    key.kind.is_named(group, kind) && key.namespace == policy.metadata.namespace && key.name == *name
}
