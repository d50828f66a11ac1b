//! The policies of a kind: which of them counts at a rule of a listener, and what it says there.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, Reported, codes};
use crate::name::Namespace;
use crate::options::{Channel, Options};
use crate::parser::api::{EnvoyPolicySpec, MergeType};
use crate::parser::manifests::{Kind, Object, ObjectHead};
use crate::parser::merge::laid_over_parent;
use crate::resolver::age::Age;
use crate::resolver::certificate::Held;
use crate::resolver::effective::Effective;
use crate::resolver::listener::ResolvedListener;
use crate::resolver::option_verdict::{Translation, Verdicts};
use crate::resolver::policy::conflict;
use crate::resolver::route::ResolvedRoute;
use crate::whole;
use typed_index_collections::TiVec;

use super::applied::{AppliedPolicy, EnvoyPolicyId, PolicyField};
use super::kind::EnvoyPolicyKind;
use super::known::Known;
use super::meets::{Meetings, meet_listener};
use super::overridden::{Overridden, report_hidden};
use super::place::TargetPlace;
use super::scope::PolicyScope;
use super::target::{Aim, aims};

/// A policy with what became of it.
#[derive(Debug)]
pub struct ResolvedEnvoyPolicy<'m> {
    /// The object.
    pub object: &'m ObjectHead,
    /// What it is about: what it counts at, or the proof that another one does.
    pub scopes: Vec<(PolicyScope<'m>, Result<(), Reported>)>,
    /// The Gateways, by their position in the resolved list, through which its targets are used.
    pub ancestors: BTreeSet<usize>,
    /// The routes and listeners at which another policy counts in its place, as messages name them.
    pub overridden: BTreeSet<String>,
    /// Whether it is laid over another one, or another one over it.
    pub is_merged: bool,
}

/// The policies of a kind.
#[derive(Debug)]
pub struct PoliciesOfKind<'m, T> {
    /// All of them, the oldest first.
    pub list: Vec<ResolvedEnvoyPolicy<'m>>,
    /// How each of them is laid over a parent.
    merge_types: Vec<Option<MergeType>>,
    by_scope: HashMap<PolicyScope<'m>, usize>,
    /// By namespace: a policy of which nobody knows what it is about.
    aimless: HashMap<&'m Namespace, usize>,
    /// What each says, at its position in the list, and behind that what merged ones say.
    applied: TiVec<EnvoyPolicyId, AppliedPolicy<'m, T>>,
    merged: HashMap<(usize, usize), EnvoyPolicyId>,
}

// Whatever the kind, there may be none of it.
impl<T> Default for PoliciesOfKind<'_, T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            merge_types: Vec::new(),
            by_scope: HashMap::new(),
            aimless: HashMap::new(),
            applied: TiVec::new(),
            merged: HashMap::new(),
        }
    }
}

impl<'m, T> PoliciesOfKind<'m, T> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is behind an id.
    pub fn get(&self, id: EnvoyPolicyId) -> &AppliedPolicy<'m, T> {
        &self.applied[id]
    }

    /// All that is said anywhere.
    pub fn applied(&self) -> impl Iterator<Item = (EnvoyPolicyId, &AppliedPolicy<'m, T>)> {
        self.applied.iter_enumerated()
    }

    /// The policies that apply to a listener, the one that counts most first.
    fn of_scopes(&self, scopes: impl Iterator<Item = PolicyScope<'m>>) -> Vec<usize> {
        let mut found = Vec::new();
        for scope in scopes {
            let aimless = self.aimless.get(scope.namespace);
            for index in aimless.into_iter().chain(self.by_scope.get(&scope)) {
                if !found.contains(index) {
                    found.push(*index);
                }
            }
        }
        found
    }

    pub(super) fn applied_mut(&mut self) -> impl Iterator<Item = &mut AppliedPolicy<'m, T>> {
        self.applied.iter_mut()
    }

    /// What counts at a listener, whatever its rules have.
    pub fn of_listener(&self, listener: &ResolvedListener<'m>) -> Option<EnvoyPolicyId> {
        if self.is_empty() {
            return None;
        }
        self.of_scopes(PolicyScope::of_listener(listener)).first().map(|index| EnvoyPolicyId::from(*index))
    }

    fn chain(&self, route: &ResolvedRoute<'m>, rule: usize, listener: &ResolvedListener<'m>) -> Vec<usize> {
        self.of_scopes(PolicyScope::of_rule(route, rule).chain(PolicyScope::of_listener(listener)))
    }

    /// What counts at a rule on a listener.
    pub fn of_rule(
        &self,
        route: &ResolvedRoute<'m>,
        rule: usize,
        listener: &ResolvedListener<'m>,
    ) -> Option<EnvoyPolicyId> {
        if self.is_empty() {
            return None;
        }
        match self.chain(route, rule, listener).as_slice() {
            [] => None,
            [first, second, ..] if self.merge_types[*first].is_some() => {
                Some(self.merged.get(&(*first, *second)).copied().unwrap_or(EnvoyPolicyId::from(*first)))
            }
            [first, ..] => Some(EnvoyPolicyId::from(*first)),
        }
    }
}

/// Resolves the policies of a kind.
pub(super) fn resolve<'m, T: EnvoyPolicyKind>(
    known: &Known<'_, 'm>,
    options: &Options,
    meetings: &mut Meetings,
    diagnostics: &mut Diagnostics,
) -> PoliciesOfKind<'m, T> {
    // What the API server refuses is not known, and whom it is about mostly is.
    let refused = known.manifests.decoded.iter().filter_map(T::decoded);
    let mut objects: Vec<&'m Object<EnvoyPolicySpec<T>>> = T::objects(known.manifests).iter().chain(refused).collect();
    if objects.is_empty() {
        return PoliciesOfKind::default();
    }
    objects.sort_by(|one, other| Age::order(&one.metadata).cmp(&Age::order(&other.metadata)));
    let mut found = PoliciesOfKind {
        merge_types: objects.iter().map(|object| object.spec.merge_type).collect(),
        ..PoliciesOfKind::default()
    };
    for (index, object) in objects.iter().enumerate() {
        if is_aimless(object) {
            found.aimless.entry(&object.metadata.namespace).or_insert(index);
        }
        let aims = aims(object, known, diagnostics);
        found.list.push(compete(object, aims, (&objects, index), &mut found.by_scope, diagnostics));
    }
    let mut verdicts = Verdicts::new(T::KIND, options);
    found.applied = objects.iter().map(|object| apply(object, known, &mut verdicts, diagnostics)).collect();
    settle(&mut found, (&objects, known), (options.channel, &verdicts), meetings, diagnostics);
    found
}

/// Whether nobody knows what a policy is about: that part of it could not be read.
fn is_aimless(object: &ObjectHead) -> bool {
    let parts = [whole!["spec", "targetRef"], whole!["spec", "targetRefs"], whole!["spec", "targetSelectors"]];
    object.refusal.as_ref().is_some_and(|refusal| {
        let is_of_targets = |path: &crate::diagnostics::FieldPath| {
            parts
                .iter()
                .map(|part| part.clone().into_path())
                .any(|part| path.0.starts_with(&part.0) || part.0.starts_with(&path.0))
        };
        refusal.without.iter().chain(&refusal.repeated).any(is_of_targets)
    })
}

/// Notes what a policy is about, where no older one is about it.
fn compete<'m, T>(
    object: &'m ObjectHead,
    aims: Vec<Aim<'m>>,
    (objects, index): (&[&'m Object<EnvoyPolicySpec<T>>], usize),
    by_scope: &mut HashMap<PolicyScope<'m>, usize>,
    diagnostics: &mut Diagnostics,
) -> ResolvedEnvoyPolicy<'m> {
    let mut told: Vec<(TargetPlace, usize, Reported)> = Vec::new();
    let scopes = aims.into_iter().map(|Aim { scope, place }| {
        let winner = *by_scope.entry(scope).or_insert(index);
        if winner == index {
            return (scope, Ok(()));
        }
        let finding = conflict(object, &objects[winner].head, place.at(), true);
        let finding = finding.help("remove one of them, or let them name different sections with `sectionName`");
        // A selector may have many targets of one other policy: that is said once.
        let known = told.iter().find(|(at, by, _)| (*at, *by) == (place, winner)).map(|(_, _, proof)| *proof);
        let proof = known.unwrap_or_else(|| diagnostics.error(finding));
        if known.is_none() {
            told.push((place, winner, proof));
        }
        (scope, Err(proof))
    });
    let scopes = scopes.collect();
    ResolvedEnvoyPolicy { object, scopes, ancestors: BTreeSet::new(), overridden: BTreeSet::new(), is_merged: false }
}

/// What a policy says where it counts alone.
fn apply<'m, T: EnvoyPolicyKind>(
    object: &'m Object<EnvoyPolicySpec<T>>,
    known: &Known<'_, 'm>,
    verdicts: &mut Verdicts<'m>,
    diagnostics: &mut Diagnostics,
) -> AppliedPolicy<'m, T> {
    let source = &object.head;
    let mut applied = AppliedPolicy {
        object: source,
        parent: None,
        fields: Vec::new(),
        failed: object.refusal.as_ref().map(|refusal| refusal.proof),
    };
    for value in &object.spec.fields {
        match verdicts.judge(Effective { value, source }, diagnostics) {
            Ok(Translation::Done) => {
                applied.failed = applied.failed.or(lacking_object(value, source, known, diagnostics));
                applied.fields.push(PolicyField::new(value.clone(), source));
            }
            Ok(Translation::LeftOut) => {}
            Err(proof) => applied.failed = applied.failed.or(Some(proof)),
        }
    }
    applied
}

/// What ConfigMaps of policies are for.
fn held_by(kind: Kind) -> Held {
    match kind {
        Kind::EnvoyExtensionPolicy => Held { not_this: "scripts", unseen: "script" },
        _ => Held { not_this: "keys of tokens", unseen: "keys" },
    }
}

/// The proof that a Secret or a ConfigMap cannot be used that a field names.
fn lacking_object<T: EnvoyPolicyKind>(
    value: &T,
    source: &ObjectHead,
    known: &Known<'_, '_>,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let mut proof = None;
    for (at, reference) in value.secrets() {
        let at = ObjectPart::Whole.at(&crate::path!["spec", value.field()].join(&at));
        let outcome = known.certificates.check_policy_secret((source, at), reference, known.grants, diagnostics);
        proof = proof.or(outcome.err());
    }
    for (at, reference) in value.config_maps() {
        let at = ObjectPart::Whole.at(&crate::path!["spec", value.field()].join(&at));
        let outcome =
            known.certificates.check_policy_config_map((source, at), reference, &held_by(T::KIND), diagnostics);
        proof = proof.or(outcome.err());
    }
    proof
}

/// Looks at every rule on every listener: which policies meet there, which of them are merged, and which are hidden.
fn settle<'m, T: EnvoyPolicyKind>(
    found: &mut PoliciesOfKind<'m, T>,
    (objects, known): (&[&'m Object<EnvoyPolicySpec<T>>], &Known<'_, 'm>),
    (channel, verdicts): (Channel, &Verdicts<'m>),
    meetings: &mut Meetings,
    diagnostics: &mut Diagnostics,
) {
    let mut overridden = Overridden::default();
    for (id, listener) in known.listeners() {
        let own = found.of_scopes(PolicyScope::of_listener(listener));
        own.iter().for_each(|own| {
            found.list[*own].ancestors.insert(id.gateway);
        });
        if T::IS_OF_LISTENERS {
            let first = own.first().map(|own| EnvoyPolicyId::from(*own));
            let proof = first.and_then(|own| meet_listener((id, listener), &found.applied[own], known, diagnostics));
            if let (Some(first), Some(proof)) = (first, proof) {
                found.applied[first].failed.get_or_insert(proof);
            }
            own.iter().skip(1).for_each(|other| overridden.add(*other, own[0], listener.describe()));
            continue;
        }
        for route in listener.attached.iter().map(|route| known.routes.get(*route)) {
            for rule in &route.rules {
                let chain = found.chain(route, rule.index, listener);
                let [first, others @ ..] = chain.as_slice() else { continue };
                chain.iter().for_each(|own| {
                    found.list[*own].ancestors.insert(id.gateway);
                });
                let merge = found.merge_types[*first].zip(others.first().copied());
                let hidden = if merge.is_some() { &others[1..] } else { others };
                let place = || format!("{} `{}`", route.kind().name(), route.object().full_name());
                hidden.iter().for_each(|other| overridden.add(*other, *first, place()));
                if let Some((how, parent)) = merge.filter(|(_, parent)| !found.merged.contains_key(&(*first, *parent)))
                {
                    let both = (objects[parent], objects[*first]);
                    let alone = [parent, *first].map(|own| &found.applied[EnvoyPolicyId::from(own)]);
                    let applied = merge_policies(both, alone, (how, channel), (verdicts, known), diagnostics);
                    found.merged.insert((*first, parent), found.applied.push_and_get_key(applied));
                    [*first, parent].into_iter().for_each(|own| found.list[own].is_merged = true);
                }
                let Some(policy) = found.of_rule(route, rule.index, listener) else { continue };
                let policy = &found.applied[policy];
                match route.kind().has_requests() {
                    true => meetings.meet((route, rule), id, policy, known, diagnostics),
                    false => {
                        meetings.meet_stream((route, rule), policy, verdicts.is_allowed(T::IS_SECURITY), diagnostics)
                    }
                }
            }
        }
    }
    add_ancestors_of_losers(found);
    for (hidden, winner, places) in overridden.into_list() {
        report_hidden((objects[hidden], objects[winner]), &places, diagnostics);
        found.list[hidden].overridden.extend(places);
    }
}

/// Who loses a target is judged where who has it is.
fn add_ancestors_of_losers<T>(found: &mut PoliciesOfKind<'_, T>) {
    for own in 0..found.list.len() {
        let lost = found.list[own].scopes.iter().filter(|(_, outcome)| outcome.is_err());
        let winners: Vec<usize> = lost.filter_map(|(scope, _)| found.by_scope.get(scope).copied()).collect();
        let ancestors: Vec<usize> = winners.iter().flat_map(|winner| &found.list[*winner].ancestors).copied().collect();
        found.list[own].ancestors.extend(ancestors);
    }
}

/// What a policy says that is laid over another one.
fn merge_policies<'m, T: EnvoyPolicyKind>(
    (parent, child): (&'m Object<EnvoyPolicySpec<T>>, &'m Object<EnvoyPolicySpec<T>>),
    alone: [&AppliedPolicy<'m, T>; 2],
    (how, channel): (MergeType, Channel),
    (verdicts, known): (&Verdicts<'m>, &Known<'_, 'm>),
    diagnostics: &mut Diagnostics,
) -> AppliedPolicy<'m, T> {
    let mut applied = AppliedPolicy {
        object: &child.head,
        parent: Some(&parent.head),
        fields: Vec::new(),
        failed: alone.iter().find_map(|own| own.failed),
    };
    let spec = match laid_over_parent(T::KIND, (&parent.spec, &child.spec), how, channel) {
        Ok(spec) => spec,
        Err(wrong) => {
            let proof = diagnostics.error(unmergeable(&child.head, &parent.head, &wrong));
            return AppliedPolicy { failed: applied.failed.or(Some(proof)), ..applied };
        }
    };
    for value in spec.fields {
        // What one of them says alone has been judged.
        let of = |own: &Object<EnvoyPolicySpec<T>>| own.spec.fields.iter().any(|field| field.field() == value.field());
        if !(of(parent) && of(child)) {
            let fields = alone.iter().flat_map(|own| &own.fields);
            applied.fields.extend(fields.filter(|field| field.value.field() == value.field()).cloned());
            continue;
        }
        if T::IS_SECURITY {
            diagnostics.report(changed_by_merge(&parent.head, &child.head, value.field()));
        }
        match verdicts.judge_merged(&value, &child.head, diagnostics) {
            Ok(Translation::Done) => {
                // What one of them lacks alone has been said.
                applied.failed = applied.failed.or_else(|| lacking_object(&value, &child.head, known, diagnostics));
                let over = Some(&parent.head);
                applied.fields.push(PolicyField { over, ..PolicyField::new(value, &child.head) });
            }
            Ok(Translation::LeftOut) => {}
            Err(proof) => applied.failed = applied.failed.or(Some(proof)),
        }
    }
    applied
}

/// Two policies that are right each by itself and not together.
fn unmergeable(child: &ObjectHead, parent: &ObjectHead, wrong: &str) -> Finding {
    let kind = child.kind.name();
    let message = format!("{kind} `{}` cannot be laid over `{}`: {wrong}", child.full_name(), parent.full_name());
    child
        .finding(codes::UNUSABLE_OPTION, whole!["spec", "mergeType"], message)
        .label("they go together in no way")
        .related(parent.at(&crate::path!["spec"]), "the policy that it is laid over")
        .consequence("all requests of the rules that both apply to get 500")
        .help("remove `mergeType`, or what does not go together")
}

/// What keeps requests out, and is another thing where a policy is laid over it.
fn changed_by_merge(parent: &ObjectHead, child: &ObjectHead, field: &'static str) -> Finding {
    let (kind, name, other) = (parent.kind.name(), parent.full_name(), child.full_name());
    let message = format!("`{field}` of {kind} `{name}` is changed by `{other}`, which is laid over it");
    parent
        .finding(codes::SECURITY_HIDDEN, whole!["spec", field], message)
        .label(format!("another {kind} is laid over it"))
        .related(child.at(&crate::path!["spec", field]), "what is laid over it")
        .consequence(format!("lists of `{name}` are replaced by those of `{other}`: what they alone keep out passes"))
        .help(format!("write what has to stay of `{name}` into `{other}` too"))
}
