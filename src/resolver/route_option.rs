//! RouteOptions of Gloo Gateway: which of them apply to a rule, and what of each counts there
//! ([RouteOption](https://docs.solo.io/gateway/latest/about/policies/routeoption/)).
//!
//! A RouteOption applies to the rules that name it in an ExtensionRef filter and to all rules of the HTTPRoutes that it
//! names as targets, of its own namespace. At a rule those of filters come first, in their order, then those of
//! targets, the oldest first; a field counts once. One that cannot be read makes its rules fail, and so does a field
//! that is not translated: nobody knows what it would have forbidden.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, PartPath, Reported, codes};
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::Options;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{LocalObjectReference, OptionTarget, RouteOption, RouteOptionSpec};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead};
use crate::parser::route::{Route, RouteKind};
use crate::whole;

use super::age::Age;
use super::backend::BackendRefOutcome;
use super::effective::{Effective, fill_unset};
use super::extension::missing_extension;
use super::option_verdict::{Translation, Verdicts};

/// What the RouteOptions say about a rule.
#[derive(Clone, Debug, Default)]
pub struct RuleOptions<'m> {
    /// The options that count and are translated, each with its RouteOption.
    pub fields: Vec<Effective<'m, RouteOption>>,
    /// All RouteOptions that apply to it, what counts most first.
    pub applied: Vec<&'m ObjectHead>,
    /// The proof that something cannot be honoured, so that the rule has to fail.
    pub failed: Option<Reported>,
    /// What became of the reference to who gets copies, where `shadowing` counts.
    pub copies_to: Option<BackendRefOutcome>,
}

impl<'m> RuleOptions<'m> {
    /// Whether requests may be sent again.
    pub fn retry(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.value, RouteOption::Retries(_)))
    }
}

/// A RouteOption with what became of its targets.
#[derive(Debug)]
pub struct ResolvedRouteOption<'m> {
    /// The object.
    pub object: &'m Object<RouteOptionSpec>,
    /// The name of the route of each target; `None` where it is none that options can be about.
    pub targets: Vec<Option<&'m Name>>,
}

/// All RouteOptions, by whom they apply to.
#[derive(Debug)]
pub(super) struct RouteOptions<'m> {
    list: Vec<ResolvedRouteOption<'m>>,
    by_name: HashMap<NamespacedName<'m>, &'m Object<RouteOptionSpec>>,
    /// By namespace and name of the route, the oldest first.
    by_route: HashMap<NamespacedName<'m>, Vec<&'m Object<RouteOptionSpec>>>,
    /// By namespace: those that are about nobody knows which routes.
    aimless: HashMap<&'m Namespace, Vec<&'m Object<RouteOptionSpec>>>,
    /// The RouteOptions that some rule has.
    used: HashSet<NamespacedName<'m>>,
    verdicts: Verdicts<'m>,
    manifests: &'m Manifests,
}

impl<'m> RouteOptions<'m> {
    pub(super) fn new(manifests: &'m Manifests, options: &Options, diagnostics: &mut Diagnostics) -> Self {
        let mut found = Self {
            list: Vec::new(),
            by_name: HashMap::new(),
            by_route: HashMap::new(),
            aimless: HashMap::new(),
            used: HashSet::new(),
            verdicts: Verdicts::new(Kind::RouteOption, options),
            manifests,
        };
        let routes: HashSet<NamespacedName<'_>> =
            manifests.http_routes.iter().map(|route| route.metadata.sort_key()).collect();
        // What the API server refuses is not known, and whom it is about mostly is.
        let refused = manifests.decoded.iter().filter_map(|object| match object {
            AnyObject::RouteOption(object) => Some(&**object),
            _ => None,
        });
        let mut objects: Vec<&'m Object<RouteOptionSpec>> = manifests.route_options.iter().chain(refused).collect();
        objects.sort_by(|one, other| Age::order(&one.metadata).cmp(&Age::order(&other.metadata)));
        for object in objects {
            found.add(object, &routes, diagnostics);
        }
        found
    }

    fn add(
        &mut self,
        object: &'m Object<RouteOptionSpec>,
        routes: &HashSet<NamespacedName<'_>>,
        diagnostics: &mut Diagnostics,
    ) {
        let (namespace, name) = object.metadata.sort_key();
        self.by_name.insert((namespace, name), object);
        let is_aimless = object.refusal.as_ref().is_some_and(|refusal| {
            let is_target = |path: &&crate::diagnostics::FieldPath| {
                let of_targets = ObjectPart::Targets.path();
                path.0.starts_with(&of_targets.0) || of_targets.0.starts_with(&path.0)
            };
            refusal.without.iter().chain(&refusal.repeated).any(|path| is_target(&path))
        });
        if is_aimless {
            self.aimless.entry(namespace).or_default().push(object);
        }
        let targets = object.spec.target_refs.iter().enumerate();
        let targets: Vec<Option<&'m Name>> = targets
            .map(|(index, target)| {
                // What stands in the place of a target that cannot be read has been told.
                let is_known = !is_aimless;
                let route =
                    aim(object, (index, target), routes, self.manifests, is_known.then_some(&mut *diagnostics))?;
                let of_route = self.by_route.entry((namespace, route)).or_default();
                if !of_route.iter().any(|other| std::ptr::eq(*other, object)) {
                    of_route.push(object);
                }
                Some(route)
            })
            .collect();
        self.list.push(ResolvedRouteOption { object, targets });
    }

    /// All RouteOptions that can be read.
    pub(super) fn into_list(self) -> Vec<ResolvedRouteOption<'m>> {
        self.list
    }

    /// The RouteOption that an ExtensionRef filter of a rule names; `None` where it names another kind. `at` is the
    /// filter, and `consequence` is what the rule suffers.
    pub(super) fn named(
        &self,
        route: &Route<'m>,
        reference: &LocalObjectReference,
        (at, consequence): (&PartPath, &'static str),
        diagnostics: &mut Diagnostics,
    ) -> Option<Result<&'m Object<RouteOptionSpec>, Reported>> {
        let LocalObjectReference { group, kind, name } = reference;
        if route.kind != RouteKind::Http || !Kind::RouteOption.is_named(group, kind) {
            return None;
        }
        let namespace = &route.object.metadata.namespace;
        if let Some(object) = self.by_name.get(&(namespace, name)) {
            return Some(Ok(object));
        }
        let place = at.with("extensionRef").with("name");
        let finding = missing_extension(route.object, place, (Kind::RouteOption, name), self.manifests);
        Some(Err(diagnostics.error(finding.consequence(consequence))))
    }

    /// What counts at a rule that names these RouteOptions in its filters.
    pub(super) fn of_rule(
        &mut self,
        route: &Route<'m>,
        named: &[&'m Object<RouteOptionSpec>],
        diagnostics: &mut Diagnostics,
    ) -> RuleOptions<'m> {
        if route.kind != RouteKind::Http {
            return RuleOptions::default();
        }
        let key = route.object.metadata.sort_key();
        let mut ranked = named.to_vec();
        ranked.extend(self.by_route.get(&key).into_iter().flatten());
        ranked.extend(self.aimless.get(key.0).into_iter().flatten());
        let mut seen = HashSet::new();
        ranked.retain(|object| seen.insert(object.metadata.sort_key()));
        self.used.extend(seen);
        let mut rule = RuleOptions {
            fields: Vec::new(),
            applied: ranked.iter().map(|object| &object.head).collect(),
            failed: ranked.iter().find_map(|object| object.refusal.as_ref().map(|refusal| refusal.proof)),
            copies_to: None,
        };
        let lists =
            ranked.iter().map(|object| (&object.head, object.spec.options.0.iter().filter(|option| option.is_set())));
        let (fields, hidden) = fill_unset(lists, RouteOption::slot);
        for hidden in &hidden {
            let finding = self.verdicts.hidden(hidden, "a filter names it, or it is older", true);
            let help = "remove the field from one of them, or let them apply to different rules";
            if let Some(finding) = finding {
                diagnostics.report(finding.help(help));
            }
        }
        for field in fields {
            match self.verdicts.judge(field, diagnostics) {
                Ok(Translation::Done) => rule.fields.push(field),
                Ok(Translation::LeftOut) => {}
                Err(proof) => rule.failed = rule.failed.or(Some(proof)),
            }
        }
        rule
    }

    /// Judges the RouteOptions that no rule has as if one had them: what of them is translated.
    pub(super) fn judge_idle(&mut self, diagnostics: &mut Diagnostics) -> Vec<Effective<'m, RouteOption>> {
        let mut translated = Vec::new();
        for ResolvedRouteOption { object, targets: _ } in &self.list {
            if self.used.contains(&object.metadata.sort_key()) {
                continue;
            }
            let said = object.spec.options.0.iter().filter(|option| option.is_set());
            let (fields, _) = fill_unset([(&object.head, said)], RouteOption::slot);
            let judged = fields
                .into_iter()
                .filter(|field| matches!(self.verdicts.judge(*field, diagnostics), Ok(Translation::Done)));
            translated.extend(judged);
        }
        translated
    }

    /// Says which RouteOptions no rule has.
    pub(super) fn report_unused(&self, diagnostics: &mut Diagnostics) {
        for ResolvedRouteOption { object, targets } in &self.list {
            let (namespace, name) = object.metadata.sort_key();
            let is_told = !targets.is_empty() || object.refusal.is_some();
            if is_told || object.position.context || self.used.contains(&(namespace, name)) {
                continue;
            }
            let message = format!("RouteOption `{namespace}/{name}` applies to nothing");
            let finding = object.finding(codes::OPTION_UNUSED, whole!["metadata", "name"], message);
            diagnostics.report(
                finding
                    .label("no `targetRefs`, and no rule names it")
                    .consequence("none: whatever it says changes no answer")
                    .help("name an HTTPRoute in `targetRefs`, or the RouteOption in an ExtensionRef filter of a rule"),
            );
        }
    }
}

/// The route that a target names; what is wrong with it is told where somebody wants to hear it.
fn aim<'m>(
    object: &ObjectHead,
    (index, target): (usize, &'m OptionTarget),
    routes: &HashSet<NamespacedName<'_>>,
    manifests: &Manifests,
    diagnostics: Option<&mut Diagnostics>,
) -> Option<&'m Name> {
    let OptionTarget { group, kind, name, namespace } = target;
    let own = &object.metadata.namespace;
    let at = PartPath::from(ObjectPart::Target(index));
    const NO_EFFECT: &str = "the RouteOption has no effect on this target";
    let other = namespace.as_ref().filter(|namespace| !namespace.is_empty() && *namespace != own);
    let is_route = Kind::HTTPRoute.is_named(group, kind);
    let finding: Option<Finding> = if !is_route {
        let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
        let message = format!("a RouteOption cannot target `{full}`");
        let finding = object.finding(codes::OPTION_TARGET_IGNORED, at.with("kind"), message);
        let help = format!("target `kind: HTTPRoute` of `group: {}`", Kind::HTTPRoute.group());
        Some(finding.label("not a target of this kind").help(help))
    } else if let Some(other) = other {
        let message = format!("a RouteOption of `{own}` cannot target a route of `{other}`");
        let finding = object.finding(codes::OPTION_TARGET_IGNORED, at.with("namespace"), message);
        Some(finding.label("another namespace").help("put the RouteOption into the namespace of the route"))
    } else if routes.contains(&(own, name)) {
        None
    } else {
        let message = format!("HTTPRoute `{own}/{name}` is not in the input");
        let likely = manifests.likely(Kind::HTTPRoute, own, name);
        let finding = object.finding(codes::OPTION_TARGET_NOT_FOUND, at.with("name"), message);
        Some(finding.label("no such HTTPRoute").help(match likely {
            Some(likely) => likely.help(Kind::HTTPRoute.name(), name),
            None => "correct the name; nothing needs to change where the route is in another place".to_owned(),
        }))
    };
    let is_known = is_route && other.is_none();
    if let (Some(finding), Some(diagnostics)) = (finding, diagnostics) {
        let finding = finding.consequence(NO_EFFECT);
        if is_known {
            diagnostics.report(finding);
        } else {
            diagnostics.error(finding);
        }
    }
    is_known.then_some(name)
}
