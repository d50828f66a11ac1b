//! What the targets of a policy are, by name and by labels.

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, Finding, codes};
use crate::name::SectionName;
use crate::parser::api::{EnvoyPolicySpec, EnvoyPolicyTarget, TargetNamespaces, TargetSelector};
use crate::parser::manifests::{Kind, Object, ObjectHead};
use crate::resolver::reference_grant::{Referent, Referrer};
use crate::resolver::selector::{self, matches_labels};
use crate::spelling::nearest;
use crate::whole;

use super::kind::EnvoyPolicyKind;
use super::known::{Known, Target};
use super::place::TargetPlace;
use super::scope::PolicyScope;

/// Something that a policy is about, and where it says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim<'m> {
    pub(super) scope: PolicyScope<'m>,
    pub(super) place: TargetPlace,
}

/// All that a policy is about, each once. What is wrong with its targets is told.
pub(super) fn aims<'m, T: EnvoyPolicyKind>(
    object: &'m Object<EnvoyPolicySpec<T>>,
    known: &Known<'_, 'm>,
    diagnostics: &mut Diagnostics,
) -> Vec<Aim<'m>> {
    let mut aims = Vec::new();
    for (index, target) in object.spec.targets() {
        let place = index.map_or(TargetPlace::One, TargetPlace::Listed);
        match kind_of::<T>(&target.group, &target.kind) {
            Some(kind) => aims.extend(named(object, (kind, target, place), known, diagnostics)),
            None => report_kind::<T>(object, (&target.group, &target.kind, place), diagnostics),
        }
    }
    for (index, selector) in object.spec.target_selectors.iter().enumerate() {
        let place = TargetPlace::Selector(index);
        match kind_of::<T>(&selector.group, &selector.kind) {
            Some(kind) => aims.extend(selected(object, (kind, selector, place), known, diagnostics)),
            None => report_kind::<T>(object, (&selector.group, &selector.kind, place), diagnostics),
        }
    }
    if object.refusal.is_none() && object.spec.targets().next().is_none() && object.spec.target_selectors.is_empty() {
        report_none(object, diagnostics);
    }
    let mut seen = HashSet::new();
    aims.retain(|aim: &Aim<'m>| seen.insert(aim.scope));
    aims
}

/// Warns of a policy whose lists of targets are empty, which the API server takes.
fn report_none(object: &ObjectHead, diagnostics: &mut Diagnostics) {
    let (kind, name) = (object.kind.name(), object.full_name());
    let finding =
        object.finding(codes::OPTION_UNUSED, whole!["spec", "targetRefs"], format!("{kind} `{name}` names no target"));
    let help = "name a Gateway, a ListenerSet or a route, or remove the policy";
    diagnostics.report(finding.label("it is about nothing").consequence("none: the policy has no effect").help(help));
}

fn kind_of<T: EnvoyPolicyKind>(group: &str, kind: &str) -> Option<Kind> {
    T::TARGETS.iter().copied().find(|own| own.is_named(group, kind))
}

fn report_kind<T: EnvoyPolicyKind>(
    object: &ObjectHead,
    (group, kind, place): (&str, &str, TargetPlace),
    diagnostics: &mut Diagnostics,
) {
    // What stands in the place of a target that could not be read has been told.
    if object.refusal.is_some() {
        return;
    }
    let full = if group.is_empty() { kind.to_owned() } else { format!("{group}/{kind}") };
    let message = format!("a {} cannot target `{full}`", T::KIND.name());
    let kinds: Vec<&str> = T::TARGETS.iter().map(|kind| kind.name()).collect();
    let finding = object.finding(codes::OPTION_TARGET_IGNORED, place.at().with("kind"), message);
    let help = format!("target one of {} of `group: {}`", kinds.join(", "), Kind::Gateway.group());
    diagnostics.error(finding.label("not a target of this kind").consequence(no_effect(object)).help(help));
}

fn no_effect(object: &ObjectHead) -> String {
    format!("the {} has no effect on this target", object.kind.name())
}

/// What a target names, whether it is there or not: one that is not may be in another place.
fn named<'m>(
    object: &'m ObjectHead,
    (kind, target, place): (Kind, &'m EnvoyPolicyTarget, TargetPlace),
    known: &Known<'_, 'm>,
    diagnostics: &mut Diagnostics,
) -> Option<Aim<'m>> {
    let EnvoyPolicyTarget { group: _, kind: _, name, section_name } = target;
    let namespace = &object.metadata.namespace;
    let section: Option<&SectionName> = section_name.as_ref();
    let scope = PolicyScope { kind, namespace, name, section };
    let finding = match known.get(kind, (namespace, name)) {
        None => {
            let message = format!("{} `{namespace}/{name}` is not in the input", kind.name());
            let likely = known.manifests.likely(kind, namespace, name);
            let finding = object.finding(codes::OPTION_TARGET_NOT_FOUND, place.at().with("name"), message);
            let elsewhere =
                || format!("correct the name; nothing needs to change where the {} is in another place", kind.name());
            let help = likely.map_or_else(elsewhere, |likely| likely.help(kind.name(), name));
            Some(finding.label(format!("no such {}", kind.name())).help(help))
        }
        Some(Target { sections, .. }) => section
            .filter(|section| !sections.contains(section))
            .map(|section| lost_section(object, scope, section, sections, place)),
    };
    if let Some(finding) = finding.filter(|_| object.refusal.is_none()) {
        diagnostics.report(finding.consequence(no_effect(object)));
    }
    Some(Aim { scope, place })
}

fn lost_section(
    object: &ObjectHead,
    scope: PolicyScope<'_>,
    section: &SectionName,
    sections: &[&SectionName],
    place: TargetPlace,
) -> Finding {
    let noun = if scope.is_route() { "rule" } else { "listener" };
    let message = format!("{} has no {noun} `{section}`", scope.whole().describe());
    let help = match nearest(section, sections.iter().map(|name| name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("correct the name, or leave it out to mean every {noun}"),
    };
    // The object is there, so that its part is in no other place: what should keep requests out keeps out none.
    let is_security = matches!(object.kind, Kind::SecurityPolicy | Kind::EnvoyExtensionPolicy);
    let code = if is_security { codes::OPTION_TARGET_IGNORED } else { codes::OPTION_TARGET_NOT_FOUND };
    let finding = object.finding(code, place.at().with("sectionName"), message);
    finding.label(format!("no such {noun}")).help(help)
}

/// The objects that a selector means: those of the namespace of the policy, and those of others that grant it.
fn selected<'m>(
    object: &'m ObjectHead,
    (kind, selector, place): (Kind, &TargetSelector, TargetPlace),
    known: &Known<'_, 'm>,
    diagnostics: &mut Diagnostics,
) -> Vec<Aim<'m>> {
    let own = &object.metadata.namespace;
    let labels = selector.labels();
    let of_namespaces = selector.namespaces.as_ref().and_then(|namespaces| namespaces.selector.as_ref());
    let wrong = selector::check(&labels).err().map(|bad| (place.at(), bad));
    let wrong = wrong.or_else(|| {
        let bad = selector::check(of_namespaces?).err()?;
        Some((place.at().with("namespaces").with("selector"), bad))
    });
    if let Some((at, selector::BadSelector { at: below, message, help })) = wrong {
        let finding = object.finding(codes::UNUSABLE_OPTION, at.join(&below), message);
        let consequence = format!("the {} applies to nothing by this selector", object.kind.name());
        diagnostics.error(finding.label("no object has such a label").consequence(consequence).help(help));
        return Vec::new();
    }
    let mut ungranted = 0;
    let mut found = Vec::new();
    for Target { head, sections: _ } in known.of_kind(kind) {
        let (namespace, name) = head.metadata.sort_key();
        let is_meant = namespace == own || is_far_meant(selector.namespaces.as_ref(), namespace, known);
        if !is_meant || !matches_labels(&labels, |key| head.metadata.labels.get(key)) {
            continue;
        }
        let from = Referrer { kind: object.kind, namespace: own };
        let to = Referent { group: kind.group(), kind: kind.name(), namespace, name };
        if known.grants.permit(from, to) {
            let scope = PolicyScope { kind, namespace, name, section: None };
            found.push(Aim { scope, place });
        } else {
            ungranted += 1;
            if ungranted == 1 {
                report_ungranted(object, (kind, head), place, (from, to), known, diagnostics);
            }
        }
    }
    if found.is_empty() && ungranted == 0 && object.refusal.is_none() && !object.position.context {
        let message = format!("no {} of the input has these labels", kind.name());
        let finding = object.finding(codes::OPTION_TARGET_NOT_FOUND, place.at(), message);
        let help = "correct the labels; nothing needs to change where the objects are in another place";
        diagnostics.report(finding.label("selects nothing").consequence(no_effect(object)).help(help));
    }
    found
}

fn is_far_meant(
    namespaces: Option<&TargetNamespaces>,
    namespace: &crate::name::Namespace,
    known: &Known<'_, '_>,
) -> bool {
    let Some(TargetNamespaces { from, selector }) = namespaces else { return false };
    match from.as_str() {
        "All" => true,
        "Selector" => selector.as_ref().is_some_and(|selector| known.namespaces.matches(namespace, selector)),
        _ => false,
    }
}

fn report_ungranted(
    object: &ObjectHead,
    (kind, head): (Kind, &ObjectHead),
    place: TargetPlace,
    (from, to): (Referrer<'_>, Referent<'_>),
    known: &Known<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let message = format!(
        "no ReferenceGrant of namespace `{}` lets {} of `{}` select {} `{}`",
        to.namespace,
        object.kind.name(),
        from.namespace,
        kind.name(),
        head.full_name()
    );
    let finding = object.finding(codes::OPTION_TARGET_NOT_FOUND, place.at(), message);
    let finding = finding.label("selected, and not granted").consequence(no_effect(object));
    let finding =
        finding.related(head.at(&crate::path!["metadata", "labels"]), "the first object that it would apply to");
    let help = format!("add a ReferenceGrant to namespace `{}`, or narrow the selector", to.namespace);
    diagnostics.report(known.grants.name_near_miss(finding.help(help), from, to));
}
