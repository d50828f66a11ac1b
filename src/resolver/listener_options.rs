//! Options of Gloo Gateway that are about listeners: which objects of a kind apply to a listener, and which of them
//! counts most there.
//!
//! Such an object applies to the listeners of the Gateways and ListenerSets that it names as targets, of its own
//! namespace, or to one of these listeners by its name. At a listener those come first that name its ListenerSet, and
//! those that name it before those that name the whole; then the oldest. What of them counts is each kind's own
//! ([`OptionForListeners::judge`]). One that cannot be read makes the rules of its listeners fail, and so does a field that
//! is not translated: nobody knows what it would have forbidden.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, FieldPath, Finding, ObjectPart, PartPath, Reported, codes};
use crate::id::ids;
use crate::name::{Name, NamespacedName, SectionName};
use crate::options::Options;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{Listener, ListenerOptionsSpec, ListenerTarget};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead, ObjectKey};
use crate::spelling::nearest;
use crate::whole;
use typed_index_collections::TiVec;

use super::age::Age;
use super::effective::{Effective, first};
use super::gateway::ResolvedGateway;
use super::listener::{ListenerId, Protocol, ResolvedListener};
use super::option_verdict::{Translation, Verdicts};
use super::untranslated::PolicyOption;

ids! {
    /// What applies to listeners, by its position in the list of all of a kind that is different.
    pub struct ListenerOptionsId;
}

/// A kind of options for listeners.
pub(super) trait OptionForListeners: PolicyOption + Sized + 'static {
    /// The kind of the objects.
    const KIND: Kind;
    /// What of listeners they are about.
    const ABOUT: About = About::Requests;

    /// The objects of the input.
    fn objects(manifests: &Manifests) -> &[Object<ListenerOptionsSpec<Self>>];

    /// An object of which a part could not be read.
    fn decoded(object: &AnyObject) -> Option<&Object<ListenerOptionsSpec<Self>>>;

    /// What counts of the objects that apply to one listener, the one that counts most first: fields that are not
    /// looked at further, and what is said of the others. The first counts, and none of the others fills what it leaves
    /// out, unless a kind says otherwise.
    fn judge<'m>(
        ranked: &[Ranked<'m, Self>],
        verdicts: &mut Verdicts<'m>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Effective<'m, Self>> {
        let ranks: Vec<_> = ranked.iter().map(|(rank, object)| (*rank, &object.head)).collect();
        verdicts.report_outranked(&ranks, diagnostics);
        first(ranked.iter().map(|(_, object)| (&object.head, object.spec.options.0.as_slice())))
    }
}

/// What of listeners options are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Requests, and the connections that carry them.
    Requests,
    /// Connections, whatever they carry.
    Connections,
}

impl About {
    /// Whether listeners of a protocol have any of it.
    fn is_at(self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::Http | Protocol::Https => true,
            Protocol::Tcp | Protocol::TlsTerminate | Protocol::TlsPassthrough => self == Self::Connections,
            Protocol::Udp | Protocol::Unknown => false,
        }
    }

    /// What is said where listeners have none of it: on the target, what that means, and what to do.
    fn absence(self) -> [&'static str; 3] {
        match self {
            Self::Requests => [
                "no listener of it takes requests",
                "none: connections and datagrams have no virtual hosts",
                "name a listener with `protocol: HTTP` or `HTTPS`, or remove the target",
            ],
            Self::Connections => [
                "no listener of it takes connections",
                "none: datagrams have no connections",
                "name a listener with another protocol than UDP, or remove the target",
            ],
        }
    }
}

/// An object that applies to a listener, and how near its target is: the least counts most.
pub(super) type Ranked<'m, T> = (u8, &'m Object<ListenerOptionsSpec<T>>);

/// What the objects of a kind say about a listener.
#[derive(Debug)]
pub struct ListenerOptions<'m, T> {
    /// The options that count and are translated, each with its object.
    pub fields: Vec<Effective<'m, T>>,
    /// The object that counts most.
    pub first: &'m ObjectHead,
    /// The proof that something cannot be honoured, so that all rules have to fail.
    pub failed: Option<Reported>,
}

/// What became of the objects that apply to a listener.
#[derive(Debug)]
pub struct AppliedOptions<'m> {
    /// All of them, what counts most first.
    pub all: Vec<&'m ObjectHead>,
    /// Those of which something counts.
    pub winners: Vec<&'m ObjectHead>,
    /// Those that say something of which nothing counts.
    pub lost: Vec<&'m ObjectHead>,
}

/// An object with what became of its targets.
#[derive(Debug)]
pub struct ResolvedListenerOptions<'m> {
    /// The object.
    pub object: &'m ObjectHead,
    /// What each target is; `None` where it is nothing that options can be about.
    pub targets: Vec<Option<ListenerScope<'m>>>,
}

/// Some of the listeners of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerScope<'m> {
    /// The kind of the object, `Gateway` or `ListenerSet`.
    pub kind: Kind,
    /// The name of the object, which is in the namespace of the options.
    pub name: &'m Name,
    /// The listener; `None` for all of them.
    pub section: Option<&'m SectionName>,
}

/// The objects of a kind, and what counts at each listener.
#[derive(Debug)]
pub struct OptionsOfListeners<'m, T> {
    /// The objects, by age, namespace and name.
    pub list: Vec<ResolvedListenerOptions<'m>>,
    sets: TiVec<ListenerOptionsId, ListenerOptions<'m, T>>,
    applied: TiVec<ListenerOptionsId, AppliedOptions<'m>>,
    of_listener: HashMap<ListenerId, ListenerOptionsId>,
}

// Whatever the kind, there may be none of it.
impl<T> Default for OptionsOfListeners<'_, T> {
    fn default() -> Self {
        Self { list: Vec::new(), sets: TiVec::new(), applied: TiVec::new(), of_listener: HashMap::new() }
    }
}

impl<'m, T> OptionsOfListeners<'m, T> {
    /// What applies to a listener, by a name that listeners share which have the same; `None` where nothing does.
    pub fn of(&self, id: ListenerId) -> Option<ListenerOptionsId> {
        self.of_listener.get(&id).copied()
    }

    /// What is behind such a name.
    pub fn get(&self, id: ListenerOptionsId) -> &ListenerOptions<'m, T> {
        &self.sets[id]
    }

    /// Every listener to which something applies, with what does, by its position.
    pub fn listeners(&self) -> Vec<(ListenerId, &AppliedOptions<'m>)> {
        let mut listeners: Vec<_> = self.of_listener.iter().map(|(id, set)| (*id, &self.applied[*set])).collect();
        listeners.sort_by_key(|(id, _)| *id);
        listeners
    }

    /// All that is different.
    pub fn sets(&self) -> impl Iterator<Item = (ListenerOptionsId, &ListenerOptions<'m, T>)> {
        self.sets.iter_enumerated()
    }
}

/// Resolves all objects of a kind.
pub(super) fn resolve<'m, T: OptionForListeners>(
    manifests: &'m Manifests,
    gateways: &[ResolvedGateway<'m>],
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> OptionsOfListeners<'m, T> {
    // What the API server refuses is not known, and whom it is about mostly is.
    let refused = manifests.decoded.iter().filter_map(T::decoded);
    let mut objects: Vec<&'m Object<ListenerOptionsSpec<T>>> = T::objects(manifests).iter().chain(refused).collect();
    if objects.is_empty() {
        return OptionsOfListeners::default();
    }
    objects.sort_by(|one, other| Age::order(&one.metadata).cmp(&Age::order(&other.metadata)));
    let known = Known::new(manifests, gateways, T::ABOUT);
    let mut found = Attachments::default();
    let list = objects.iter().map(|object| found.add(object, &known, diagnostics)).collect();
    let mut resolved = OptionsOfListeners { list, ..OptionsOfListeners::default() };
    let mut verdicts = Verdicts::new(T::KIND, options);
    let mut known_sets: HashMap<Vec<NamespacedName<'m>>, ListenerOptionsId> = HashMap::new();
    for (gateway, own) in gateways.iter().enumerate() {
        for (listener, own) in own.listeners.iter().enumerate().filter(|(_, own)| T::ABOUT.is_at(own.protocol)) {
            let ranked = found.of_listener(own);
            let Some((_, first)) = ranked.first() else { continue };
            let key = ranked.iter().map(|(_, object)| object.metadata.sort_key()).collect();
            let id = *known_sets.entry(key).or_insert_with(|| {
                let (options, applied) = judge(&ranked, &first.head, &mut verdicts, diagnostics);
                resolved.applied.push(applied);
                resolved.sets.push_and_get_key(options)
            });
            resolved.of_listener.insert(ListenerId { gateway, listener }, id);
        }
    }
    // What no listener has is judged as if one had it alone.
    let met: HashSet<NamespacedName<'m>> = known_sets.into_keys().flatten().collect();
    for object in objects.into_iter().filter(|object| !met.contains(&object.metadata.sort_key())) {
        let (options, applied) = judge(&[(0, object)], &object.head, &mut verdicts, diagnostics);
        resolved.applied.push(applied);
        resolved.sets.push(options);
    }
    resolved.list.iter().for_each(|one| report_unused(one, &known, diagnostics));
    resolved
}

/// What counts of options that apply to the same listener.
fn judge<'m, T: OptionForListeners>(
    ranked: &[Ranked<'m, T>],
    first: &'m ObjectHead,
    verdicts: &mut Verdicts<'m>,
    diagnostics: &mut Diagnostics,
) -> (ListenerOptions<'m, T>, AppliedOptions<'m>) {
    let failed = ranked.iter().find_map(|(_, object)| object.refusal.as_ref().map(|refusal| refusal.proof));
    let counting = T::judge(ranked, verdicts, diagnostics);
    let counts = |head: &ObjectHead| counting.iter().any(|field| std::ptr::eq(field.source, head));
    let speaking = ranked.iter().map(|(_, object)| *object).filter(|object| !object.spec.options.0.is_empty());
    let (winners, lost) = speaking.map(|object| &object.head).partition(|head| counts(head));
    let applied = AppliedOptions { all: ranked.iter().map(|(_, object)| &object.head).collect(), winners, lost };
    let mut options = ListenerOptions { fields: Vec::new(), first, failed };
    for field in counting {
        match verdicts.judge(field, diagnostics) {
            Ok(Translation::Done) => options.fields.push(field),
            Ok(Translation::LeftOut) => {}
            Err(proof) => options.failed = options.failed.or(Some(proof)),
        }
    }
    (options, applied)
}

/// The objects that declare listeners, by kind, namespace and name, each with the names of its listeners, and whether
/// there is anything at them that the options are about.
struct Known<'m> {
    listeners: HashMap<(Kind, NamespacedName<'m>), Vec<(&'m SectionName, bool)>>,
    /// Those that cannot be read.
    refused: HashSet<ObjectKey>,
    about: About,
    manifests: &'m Manifests,
}

impl<'m> Known<'m> {
    fn new(manifests: &'m Manifests, gateways: &[ResolvedGateway<'m>], about: About) -> Self {
        let mut known = Self {
            listeners: HashMap::new(),
            refused: manifests.refused.keys().chain(&refused_keys(manifests)).cloned().collect(),
            about,
            manifests,
        };
        let is_at = |one: &Listener| about.is_at(Protocol::of(one));
        for gateway in &manifests.gateways {
            let own = gateway.spec.listeners.iter().map(|one| (&one.name, is_at(one)));
            known.listeners.insert((gateway.kind, gateway.metadata.sort_key()), own.collect());
        }
        for set in &manifests.listener_sets {
            let own = set.spec.listeners.iter().map(|one| (&one.name, is_at(one)));
            known.listeners.insert((set.kind, set.metadata.sort_key()), own.collect());
        }
        // What stands in for a missing Gateway has the listeners that somebody names, and the sets add theirs to a Gateway.
        for listener in gateways.iter().flat_map(|gateway| &gateway.listeners) {
            let gateway = listener.owner.gateway;
            let own = known.listeners.entry((Kind::Gateway, gateway.metadata.sort_key())).or_default();
            own.push((&listener.spec.name, about.is_at(listener.protocol)));
        }
        known
    }
}

/// The keys of Gateways and ListenerSets of which something could not be read.
fn refused_keys(manifests: &Manifests) -> Vec<ObjectKey> {
    manifests.refused_keys().chain(manifests.decoded.iter().map(AnyObject::key)).collect()
}

/// A listener by its name, or all of an object, and what applies to it.
type Attachment<'m, T> = (Option<&'m SectionName>, &'m Object<ListenerOptionsSpec<T>>);

/// Who applies to what.
struct Attachments<'m, T> {
    /// By the object that declares listeners: the oldest first.
    by_owner: HashMap<(Kind, NamespacedName<'m>), Vec<Attachment<'m, T>>>,
    /// By namespace: those that are about nobody knows which listeners.
    aimless: HashMap<&'m str, Vec<&'m Object<ListenerOptionsSpec<T>>>>,
}

// Whatever the kind, there may be none of it.
impl<T> Default for Attachments<'_, T> {
    fn default() -> Self {
        Self { by_owner: HashMap::new(), aimless: HashMap::new() }
    }
}

impl<'m, T: OptionForListeners> Attachments<'m, T> {
    fn add(
        &mut self,
        object: &'m Object<ListenerOptionsSpec<T>>,
        known: &Known<'m>,
        diagnostics: &mut Diagnostics,
    ) -> ResolvedListenerOptions<'m> {
        let namespace = &object.metadata.namespace;
        let is_aimless = object.refusal.as_ref().is_some_and(|refusal| {
            let is_target = |path: &&FieldPath| {
                let of_targets = ObjectPart::Targets.path();
                path.0.starts_with(&of_targets.0) || of_targets.0.starts_with(&path.0)
            };
            refusal.without.iter().chain(&refusal.repeated).any(|path| is_target(&path))
        });
        if is_aimless {
            self.aimless.entry(namespace.as_str()).or_default().push(object);
        }
        let mut targets = Vec::with_capacity(object.spec.target_refs.len());
        for (index, target) in object.spec.target_refs.iter().enumerate() {
            let (scope, finding) = aim(object, (index, target), known);
            match finding {
                // What stands in the place of a target that cannot be read has been told.
                _ if is_aimless => {}
                Some(finding) if scope.is_none() => {
                    diagnostics.error(finding);
                }
                Some(finding) => diagnostics.report(finding),
                None => {}
            }
            if let Some(ListenerScope { kind, name, section }) = scope {
                self.by_owner.entry((kind, (namespace, name))).or_default().push((section, object));
            }
            targets.push(scope);
        }
        ResolvedListenerOptions { object: &object.head, targets }
    }

    /// What applies to a listener, what counts most first, each once. A name of a Gateway's listener means those of its
    /// ListenerSets too, as Gloo reads it.
    fn of_listener(&self, listener: &ResolvedListener<'m>) -> Vec<Ranked<'m, T>> {
        let gateway = listener.owner.gateway;
        let set = listener.owner.set.map(|set| (Kind::ListenerSet, set.metadata.sort_key()));
        let owners = [set, Some((Kind::Gateway, gateway.metadata.sort_key()))];
        let mut found = Vec::new();
        let mut rank = 0;
        for owner in owners {
            let targets = owner.and_then(|owner| self.by_owner.get(&owner)).map(Vec::as_slice).unwrap_or_default();
            for is_section in [true, false] {
                let meant = targets.iter().filter(|(section, _)| match section {
                    Some(name) => is_section && **name == listener.spec.name,
                    None => !is_section,
                });
                found.extend(meant.map(|(_, object)| (rank, *object)));
                rank += 1;
            }
        }
        let namespaces = [&gateway.metadata.namespace, &listener.owner.metadata().namespace];
        for namespace in namespaces {
            found.extend(self.aimless.get(namespace.as_str()).into_iter().flatten().map(|object| (rank, *object)));
        }
        let mut seen = HashSet::new();
        found.retain(|(_, object)| seen.insert(object.metadata.sort_key()));
        found
    }
}

/// A kind with its article.
fn one_of(kind: &str) -> String {
    // `H` is spoken as a word of its own here: an HTTP listener's option.
    let article = if kind.starts_with('H') { "an" } else { "a" };
    format!("{article} {kind}")
}

/// The listeners that a target names, and what is wrong with it.
fn aim<'m>(
    object: &ObjectHead,
    (index, target): (usize, &'m ListenerTarget),
    known: &Known<'m>,
) -> (Option<ListenerScope<'m>>, Option<Finding>) {
    let ListenerTarget { group, kind, name, namespace: _, section_name: _ } = target;
    let own = &object.metadata.namespace;
    let at = PartPath::from(ObjectPart::Target(index));
    let options = object.kind.name();
    let no_effect = |finding: Finding| Some(finding.consequence(format!("the {options} has no effect on this target")));
    let Some(known_kind) = target.owner() else {
        let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
        let message = format!("{} cannot target `{full}`", one_of(options));
        let finding = object.finding(codes::OPTION_TARGET_IGNORED, at.with("kind"), message);
        let help = format!("target `kind: Gateway` or `kind: ListenerSet` of `group: {}`", Kind::Gateway.group());
        return (None, no_effect(finding.label("not a target of this kind").help(help)));
    };
    if let Some(other) = target.other_namespace(own) {
        let message = format!("{} of `{own}` cannot target a {} of `{other}`", one_of(options), known_kind.name());
        let finding = object.finding(codes::OPTION_TARGET_IGNORED, at.with("namespace"), message);
        let help = format!("put the {options} into the namespace of the {}", known_kind.name());
        return (None, no_effect(finding.label("another namespace").help(help)));
    }
    let section = target.section();
    let scope = Some(ListenerScope { kind: known_kind, name, section });
    let key = ObjectKey { kind: known_kind, namespace: own.clone(), name: name.clone() };
    if known.refused.contains(&key) {
        // What is wrong with it has been told.
        return (scope, None);
    }
    let kind = known_kind.name();
    let Some(listeners) = known.listeners.get(&(known_kind, (own, name))) else {
        let message = format!("{kind} `{own}/{name}` is not in the input");
        let likely = known.manifests.likely(known_kind, own, name);
        let finding = object.finding(codes::OPTION_TARGET_NOT_FOUND, at.with("name"), message);
        let finding = finding.label(format!("no such {kind}")).help(match likely {
            Some(likely) => likely.help(kind, name),
            None => format!("correct the name; nothing needs to change where the {kind} is in another place"),
        });
        return (scope, no_effect(finding));
    };
    let Some(section) = section.filter(|section| listeners.iter().all(|(name, _)| name != section)) else {
        return (scope, None);
    };
    let message = format!("{kind} `{own}/{name}` has no listener `{section}`");
    let near = nearest(section, listeners.iter().map(|(name, _)| *name));
    let finding = object.finding(codes::OPTION_TARGET_NOT_FOUND, at.with("sectionName"), message);
    let finding = finding.label("no such listener").help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "correct the name, or leave it out to mean every listener".to_owned(),
    });
    (scope, no_effect(finding))
}

/// Says that options apply to nothing: they have no target, or none with requests.
fn report_unused(resolved: &ResolvedListenerOptions<'_>, known: &Known<'_>, diagnostics: &mut Diagnostics) {
    let ResolvedListenerOptions { object, targets } = resolved;
    let options = object.kind.name();
    if object.refusal.is_some() || object.position.context {
        return;
    }
    let (namespace, name) = object.metadata.sort_key();
    let message = format!("{options} `{namespace}/{name}` applies to nothing");
    if targets.is_empty() {
        let finding = object.finding(codes::OPTION_UNUSED, whole!["metadata", "name"], message);
        diagnostics.report(
            finding
                .label("no `targetRefs`")
                .consequence("none: whatever it says changes no answer")
                .help("name a Gateway or a ListenerSet in `targetRefs`"),
        );
        return;
    }
    for (index, scope) in targets.iter().enumerate() {
        let Some(ListenerScope { kind, name, section }) = scope else { continue };
        let Some(listeners) = known.listeners.get(&(*kind, (namespace, *name))) else { continue };
        let mut meant = listeners.iter().filter(|(own, _)| section.is_none_or(|section| section == *own)).peekable();
        if meant.peek().is_none() || meant.any(|(_, is_at)| *is_at) {
            continue;
        }
        let at = PartPath::from(ObjectPart::Target(index));
        let message = format!("{options} `{namespace}/{}` applies to nothing here", object.metadata.name);
        let finding = object.finding(codes::OPTION_UNUSED, at, message);
        let [label, consequence, help] = known.about.absence();
        diagnostics.report(finding.label(label).consequence(consequence).help(help));
    }
}
