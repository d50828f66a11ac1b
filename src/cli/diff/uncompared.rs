//! What could not be compared, each with its reason.
//!
//! What neither side can judge and both hold alike is compared by its content:
//! it is the same. What differs, and cannot be read or decoded on one side, or
//! takes no part in traffic on either, is named. So is what gwctl does not
//! translate, where it applies to something on one side and differs.

mod admission;
mod applied;
mod controllers;
mod handshakes;
mod mesh;
mod overridden;
mod tools;
mod unused;
pub(super) mod values;

use std::collections::BTreeSet;

use serde::Deserialize;

use super::change::{Moved, UncomparedView};
use super::clients::{MeshSide, Met, ServiceParent};
use crate::compile::Compilation;
use crate::diagnostics::{
    FieldPath, Locate, Location, ObjectRef, Omission, Place, Segment, Severity, Subject, Unjudged, codes,
};
use crate::name::NamespacedName;
use crate::options::{Assume, Options};
use crate::parser::api::{
    EnvoyPolicySpec, HttpListenerOption, ListenerOption, OptionKind, OptionList, RouteOption, VirtualHostOption,
};
use crate::parser::foreign::ForeignObject;
use crate::parser::locate::Locator;
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead};
use crate::parser::node::Node;
use crate::parser::route::RouteKind;
use crate::parser::source::DocumentId;
use crate::resolver::{ForeignUse, PolicyOption, foreign_uses, is_translated};

pub(super) use applied::add_names_of;
pub(super) use values::Content;
use values::{AllLeft, Left, Used, held, holder};
pub(super) use values::{Values, holders, said, sorted, without_server_fields};

/// Why the content of a Secret or a ConfigMap cannot be compared.
const UNUSABLE: &str = "what it holds cannot be used and is not the same: what a cluster makes of it is not known";

/// What could not be compared.
pub(super) fn compare(
    [old, new]: [&Compilation; 2],
    moved: &BTreeSet<Moved>,
    (meshes, met): (&[MeshSide<'_>; 2], &Met),
    options: &Options,
) -> Vec<UncomparedView> {
    let values = [old, new].map(Values::new);
    let [old_values, new_values] = &values;
    let [old_mesh, new_mesh] = meshes;
    let met: Used<'_> = met.backends.iter().map(|(namespace, name)| (namespace, name)).collect();
    let [mut before, mut after] = [left(old_values, old_mesh, &met), left(new_values, new_mesh, &met)];
    for (values, left) in values.iter().zip([&mut before, &mut after]) {
        controllers::add(values, options, left);
    }
    add_untranslated(&values, [&mut before, &mut after], moved, options);
    unused::add(&values, &met, &mut [&mut before, &mut after]);
    admission::add(&values, &mut [&mut before, &mut after]);
    let locators = [old, new].map(|side| Locator::new(&side.manifests));
    let [old_places, new_places] = &locators;
    let mut found = Vec::new();
    let subjects: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    for subject in subjects {
        let (mut gone, mut come) =
            (before.remove(&subject).unwrap_or_default(), after.remove(&subject).unwrap_or_default());
        come.retain(|one| match gone.iter().position(|other| other.content == one.content) {
            Some(place) => {
                gone.remove(place);
                false
            }
            None => true,
        });
        let on_both = !gone.is_empty() && !come.is_empty();
        for (list, side, places) in [(gone, "old", old_places), (come, "new", new_places)] {
            let told = list.into_iter().filter(|one| on_both || one.is_unknown);
            found.extend(told.map(|one| view(one, &subject, side, places)));
        }
    }
    found
}

fn view(left: Left, subject: &str, side: &'static str, locator: &Locator<'_>) -> UncomparedView {
    let Left { content: _, location, reason, is_unknown: _ } = left;
    let place = Locate::place(locator, &location).map(Place::line);
    UncomparedView { side, subject: subject.to_owned(), reason, place }
}

fn left(values: &Values<'_>, mesh: &MeshSide<'_>, met: &Used<'_>) -> AllLeft {
    let mut left = AllLeft::new();
    let service_parents = mesh.subjects();
    let led = mesh::led(values.compilation, mesh, met);
    // Nobody has asked for what was not selected.
    let is_meant =
        |unjudged: &&Unjudged| unjudged.reason.is_about_traffic() || matches!(unjudged.reason, Omission::NoRoute);
    for unjudged in values.compilation.unjudged.iter().filter(is_meant) {
        let Unjudged { subject, location, reason } = unjudged;
        // Of files that were not read `unread` knows what they hold.
        if matches!(subject, Subject::File(_)) {
            continue;
        }
        let is_unknown = matches!(reason, Omission::Unreadable | Omission::Undecoded | Omission::Overwritten);
        let is_of_parent = matches!(reason, Omission::NotOurs | Omission::NotAttached(_) | Omission::UnknownPorts);
        let of_service = service_parents.get(&subject.to_string()).filter(|_| is_of_parent);
        let (reason, is_unknown) = match of_service {
            Some(ServiceParent::Compared) => continue,
            Some(ServiceParent::Refused) => ("its Service does not take it".to_owned(), false),
            Some(ServiceParent::Unknown) => ("which ports of its Service it has is not known".to_owned(), true),
            None if *reason == Omission::NoRoute && led.contains(&subject.to_string()) => continue,
            None => (reason.to_string(), is_unknown),
        };
        let one = Left { content: content(values, unjudged), location: location.clone(), reason, is_unknown };
        left.entry(subject.to_string()).or_default().push(one);
    }
    add_refused(values, &mut left);
    add_unknown_content(values, &mut left);
    add_unserved(values, &mut left);
    add_untranslated_fields(values, &mut left);
    applied::add_parameters(values, &mut left);
    applied::add_sections(values, &mut left);
    applied::add_annotations(values, &mut left);
    handshakes::add(values, &mut left);
    mesh::add(values, &mut left);
    add_unknown_fields(values, &mut left);
    overridden::add(values, &mut left);
    overridden::add_refused_services(values, &mut left);
    left
}

/// Adds what objects of Gateway API say to other controllers than gwctl: who serves them, with which parameters and
/// which options of its own.
fn add_untranslated_fields(values: &Values<'_>, left: &mut AllLeft) {
    let Manifests { gateway_classes, gateways, listener_sets, backend_tls_policies, .. } =
        &values.compilation.manifests;
    let Manifests { x_backend_traffic_policies, meshes, route_options, .. } = &values.compilation.manifests;
    let mut objects: Vec<&ObjectHead> = Vec::new();
    objects.extend(gateway_classes.iter().map(|one| &one.head));
    objects.extend(gateways.iter().map(|one| &one.head));
    objects.extend(listener_sets.iter().map(|one| &one.head));
    objects.extend(backend_tls_policies.iter().map(|one| &one.head));
    objects.extend(meshes.iter().map(|one| &one.head));
    objects.extend(x_backend_traffic_policies.iter().map(|one| &one.head));
    objects.extend(route_options.iter().map(|one| &one.head));
    objects.extend(values.compilation.manifests.options_of_listeners().map(|(object, _)| object));
    objects.extend(values.compilation.manifests.targets_of_envoy_policies().map(|(object, _)| object));
    for object in objects.into_iter().filter(|object| !object.position.context) {
        let location = object.at(&FieldPath::ROOT);
        let Ok(node) = values.object(&location) else { continue };
        let mut said = untranslated_fields(object.kind, node);
        // What a policy says is judged with the defaults of its fields, and compared as it is written.
        let spec = node.get("spec").and_then(Node::as_map).unwrap_or_default();
        let untranslated = untranslated_of_policy(&values.compilation.manifests, object);
        let of_policy = spec.iter().filter(|(name, _)| untranslated.contains(&name.as_str()));
        said.extend(of_policy.map(|one| Node::Map(vec![one.clone()])));
        if said.is_empty() {
            continue;
        }
        let content = Content::Value(Node::List(said));
        let reason = "it says to its controller what gwctl does not translate".to_owned();
        // Without its class a Gateway is served by nobody, or by whoever has the class elsewhere.
        let is_unknown = object.kind == Kind::GatewayClass
            && gateways.iter().any(|gateway| gateway.spec.gateway_class_name == object.metadata.name);
        let one = Left { content, location, reason, is_unknown };
        left.entry(Subject::Object(object.key().to_ref()).to_string()).or_default().push(one);
    }
}

/// The values of the fields of an object that gwctl does not translate.
fn untranslated_fields(kind: Kind, object: &Node) -> Vec<Node> {
    let field = |path: &[&str]| path.iter().try_fold(object, |node, field| node.get(field));
    let options = || {
        let listeners = field(&["spec", "listeners"]).and_then(Node::as_list).unwrap_or_default();
        let said = listeners.iter().filter_map(|listener| {
            Some(Node::List(vec![listener.get("name")?.clone(), listener.get("tls")?.get("options")?.clone()]))
        });
        said.collect::<Vec<_>>()
    };
    match kind {
        Kind::GatewayClass => [field(&["spec", "controllerName"]), field(&["spec", "parametersRef"])]
            .into_iter()
            .map(|value| value.cloned().unwrap_or(Node::Null))
            .collect(),
        Kind::Gateway => [field(&["spec", "gatewayClassName"]), field(&["spec", "infrastructure", "parametersRef"])]
            .into_iter()
            .map(|value| value.cloned().unwrap_or(Node::Null))
            .chain(options())
            .collect(),
        Kind::ListenerSet => options(),
        Kind::BackendTLSPolicy => field(&["spec", "options"]).cloned().into_iter().collect(),
        Kind::XBackendTrafficPolicy => {
            field(&["spec", "retryConstraint", "budget", "interval"]).cloned().into_iter().collect()
        }
        kind if kind.is_option() => {
            let options = field(&["spec", "options"]).and_then(Node::as_map).unwrap_or_default();
            let each = options.iter().map(|option| Node::Map(vec![option.clone()]));
            each.filter(|option| !is_translated_option(kind, option)).collect()
        }
        _ => Vec::new(),
    }
}

/// The fields of a policy of Envoy Gateway that gwctl does not translate.
fn untranslated_of_policy(manifests: &Manifests, object: &ObjectHead) -> Vec<&'static str> {
    fn of<T: PolicyOption>(objects: &[Object<EnvoyPolicySpec<T>>], object: &ObjectHead) -> Vec<&'static str> {
        let own = objects.iter().filter(|own| own.head.position == object.position);
        let fields = own.flat_map(|own| &own.spec.fields);
        fields.filter(|field| !is_translated(*field)).map(|field| PolicyOption::field(field)).collect()
    }
    let Manifests { client_traffic_policies, backend_traffic_policies, security_policies, .. } = manifests;
    match object.kind {
        Kind::ClientTrafficPolicy => of(client_traffic_policies, object),
        Kind::BackendTrafficPolicy => of(backend_traffic_policies, object),
        Kind::SecurityPolicy => of(security_policies, object),
        Kind::EnvoyExtensionPolicy => of(&manifests.envoy_extension_policies, object),
        _ => Vec::new(),
    }
}

/// Whether what an option says is in what is compared.
fn is_translated_option(kind: Kind, option: &Node) -> bool {
    fn is_whole<T: OptionKind + PolicyOption>(option: Node) -> bool {
        OptionList::<T>::deserialize(option).is_ok_and(|OptionList(options)| options.iter().all(is_translated))
    }
    let option = option.clone();
    match kind {
        Kind::VirtualHostOption => is_whole::<VirtualHostOption>(option),
        Kind::ListenerOption => is_whole::<ListenerOption>(option),
        Kind::HttpListenerOption => is_whole::<HttpListenerOption>(option),
        _ => is_whole::<RouteOption>(option),
    }
}

/// Adds what gwctl refuses to serve: the rules, listeners and policies that an error is about. Another controller may
/// serve them, and gwctl answers alike whatever else changes in them.
fn add_unserved(values: &Values<'_>, left: &mut AllLeft) {
    let compilation = values.compilation;
    let mut seen: BTreeSet<(&ObjectRef, &[Segment])> = BTreeSet::new();
    for finding in &compilation.findings {
        let (Some(object), Some(path)) = (&finding.object, &finding.path) else { continue };
        let is_route = RouteKind::named(&object.kind).is_some();
        let part = match path.0.get(..3) {
            Some(part @ [Segment::Field(spec), Segment::Field(list), Segment::Index(_)])
                if spec == "spec" && (list == "listeners" || is_route && list == "rules") =>
            {
                part
            }
            _ => continue,
        };
        if finding.severity() != Severity::Error || is_stood_in(path) {
            continue;
        }
        if !seen.insert((object, part)) {
            continue;
        }
        let Ok(node) = values.object(&finding.location) else { continue };
        let content = Content::Value(part_of(node, part));
        let reason = format!("gwctl refuses it ({}), whatever else it says", finding.code.id());
        let one = Left { content, location: finding.location.clone(), reason, is_unknown: false };
        left.entry(object.to_string()).or_default().push(one);
    }
}

/// Adds the values of fields that gwctl does not know, or not as they are written: whoever does may read them.
fn add_unknown_fields(values: &Values<'_>, left: &mut AllLeft) {
    let compilation = values.compilation;
    for finding in &compilation.findings {
        let (Some(object), Some(path)) = (&finding.object, &finding.path) else { continue };
        // What a Secret or a ConfigMap holds is compared elsewhere.
        let is_of_content =
            [Kind::Secret, Kind::ConfigMap].iter().any(|kind| kind.is_named(&object.group, &object.kind));
        if is_of_content || ![codes::UNKNOWN_FIELD, codes::BAD_CORE_OBJECT].contains(&finding.code) {
            continue;
        }
        let Ok(node) = values.object(&finding.location) else { continue };
        let content = Content::Value(part_of(node, &path.0));
        let reason = format!("gwctl does not know the field ({})", finding.code.id());
        let one = Left { content, location: finding.location.clone(), reason, is_unknown: false };
        left.entry(Subject::part(object, path)).or_default().push(one);
    }
}

/// Whether what an error is about has something in its place that is compared: backends, certificates and authorities
/// stand for themselves by their names.
fn is_stood_in(FieldPath(segments): &FieldPath) -> bool {
    let has = |name: &str| segments.iter().any(|segment| matches!(segment, Segment::Field(own) if own == name));
    let is_of_list = has("backendRefs") && !has("filters");
    is_of_list || has("backendRef") || has("certificateRefs") || has("caCertificateRefs")
}

/// Adds the Secrets and ConfigMaps that are named for what they hold, and hold nothing of use: encrypted, empty or broken.
/// A cluster may have them in another form, of which nothing is known but that it comes from this one.
fn add_unknown_content(values: &Values<'_>, left: &mut AllLeft) {
    let compilation = values.compilation;
    for key in &compilation.unknown_content {
        let subject = Subject::Object(key.to_ref()).to_string();
        if left.contains_key(&subject) {
            continue;
        }
        if let Some(holder) = holder(values, key.kind, (&key.namespace, &key.name)) {
            let (location, content) = holder.held(values);
            left.insert(subject, vec![Left { content, location, reason: UNUSABLE.to_owned(), is_unknown: false }]);
        }
    }
}

/// Adds the objects that the API server would refuse and of which the ledger does not speak: Services and whatever else
/// routes refer to.
fn add_refused(values: &Values<'_>, left: &mut AllLeft) {
    let compilation = values.compilation;
    let is_context = |document: &DocumentId| {
        let Manifests { documents, sources, .. } = &compilation.manifests;
        documents.get(*document).is_some_and(|document| sources.get(document.source).context)
    };
    for (key, position) in &compilation.manifests.refused {
        let subject = Subject::Object(key.to_ref()).to_string();
        if position.context || is_context(&position.document) || left.contains_key(&subject) {
            continue;
        }
        let location = position.at(&FieldPath::ROOT);
        let content = values.content_of(key.kind, &location);
        let reason = Omission::Undecoded.to_string();
        left.insert(subject, vec![Left { content, location, reason, is_unknown: true }]);
    }
}

/// Adds what is not translated and applies to something on one of the sides, or may be meant for something that is
/// translated.
fn add_untranslated(
    values: &[Values<'_>; 2],
    mut lists: [&mut AllLeft; 2],
    moved: &BTreeSet<Moved>,
    options: &Options,
) {
    // What is assumed where it is missing is no less in effect where it is there.
    let options = &Options { assume: Assume { parameters: false, ..options.assume }, ..options.clone() };
    let mut uses = values.each_ref().map(|values| {
        let side = values.compilation;
        let unselected = values.unselected();
        let mut uses = foreign_uses(&side.manifests, options, &side.missing_gateways);
        uses.iter_mut().for_each(|one| one.objects.retain(|object| !unselected.contains(object)));
        uses
    });
    for ((values, uses), left) in values.iter().zip(&mut uses).zip(&mut lists) {
        applied::add_named(values, uses, left);
    }
    let mut makers: BTreeSet<&ObjectRef> = BTreeSet::new();
    // What one side alone names comes or goes there with whoever names it.
    let [old, new] = values.each_ref().map(|values| &values.compilation.unknown_content);
    let unknown = old.iter().filter(|key| key.kind == Kind::Secret && new.contains(key));
    let unknown: Vec<NamespacedName<'_>> = unknown.map(|key| (&key.namespace, &key.name)).collect();
    for uses in &mut uses {
        for one in uses {
            let secret = made(one.object).filter(|secret| unknown.contains(secret));
            if let Some((namespace, name)) = secret {
                one.objects.insert(format!("{} `{namespace}/{name}`", Kind::Secret.name()));
                makers.insert(&one.object.identity);
            }
        }
    }
    let is_used = |one: &&ForeignUse<'_>| one.object.is_slip || !one.objects.is_empty();
    let used: BTreeSet<&ObjectRef> = uses.iter().flatten().filter(is_used).map(|one| &one.object.identity).collect();
    let id = codes::FOREIGN_OBJECT.id().to_owned();
    let is_muted = options.ignore.contains(&id) || !(options.select.is_empty() || options.select.contains(&id));
    controllers::add_moved(values, &uses, moved, &mut lists);
    for ((values, left), uses) in values.iter().zip(lists).zip(uses) {
        for ForeignUse { object, objects, sections } in uses {
            if object.position.context || !used.contains(&object.identity) {
                continue;
            }
            let location = object.at(&FieldPath::ROOT);
            let reason = untranslated(&objects);
            let content = values.content(&location, |object| {
                Content::Untranslated(said(object), objects.into_iter().chain(sections).collect())
            });
            // Without it a Secret is what it was, or is gone. Of any other a finding tells that it came or went, unless it
            // is left out.
            let is_unknown = is_muted || makers.contains(&object.identity);
            let one = Left { content, location, reason, is_unknown };
            left.entry(object.identity.to_string()).or_default().push(one);
        }
    }
}

/// The Secret that an object makes.
fn made(object: &ForeignObject) -> Option<NamespacedName<'_>> {
    Some((&object.identity.namespace, object.makes.as_ref()?))
}

/// Why what applies to these objects cannot be compared.
fn untranslated(objects: &BTreeSet<String>) -> String {
    let Some(first) = objects.first() else { return "gwctl does not translate it".to_owned() };
    let more = match objects.len() - 1 {
        0 => String::new(),
        1 => " and 1 other object".to_owned(),
        more => format!(" and {more} other objects"),
    };
    format!("gwctl does not translate it, and it applies to {first}{more}")
}

/// The object that a place is in, or the text of the document.
fn content(values: &Values<'_>, unjudged: &Unjudged) -> Content {
    let manifests = &values.compilation.manifests;
    match &unjudged.location {
        Location::Field { .. } => {}
        Location::Bytes(source, range) => {
            let text = manifests.sources.get(*source).text.get(range.start..range.end).unwrap_or_default();
            return Content::Text(text.to_owned());
        }
        Location::Source(source) => return Content::Text(manifests.sources.get(*source).text.clone()),
        Location::Run | Location::Path(_) => return Content::Text(named(values.compilation, &unjudged.subject)),
    };
    // As a value it has the last one of equal keys only.
    if matches!(unjudged.reason, Omission::Repeated | Omission::Overwritten) {
        return Content::Text(plain(values.text(&unjudged.location)));
    }
    values.content(&unjudged.location, |object| match &unjudged.subject {
        Subject::Part(_, part) if unjudged.reason == Omission::Undecoded => Content::Value(part_of(object, &part.0)),
        Subject::Object(of)
            if [Kind::Secret, Kind::ConfigMap].iter().any(|kind| kind.is_named(&of.group, &of.kind)) =>
        {
            Content::Value(held(object))
        }
        _ => Content::Value(without_server_fields(object)),
    })
}

/// A whole document as a value; its text where it is none.
pub(super) fn document(compilation: &Compilation, location: &Location) -> Result<Node, String> {
    Values::new(compilation).object(location).cloned().map_err(str::to_owned)
}

/// All documents that hold an object of a name which has no place.
fn named(compilation: &Compilation, subject: &Subject) -> String {
    let manifests = &compilation.manifests;
    let (Subject::Object(object) | Subject::Part(object, _)) = subject else { return String::new() };
    let texts = manifests.documents.iter().map(|document| document.text(manifests.sources.get(document.source)));
    let mut texts: Vec<String> =
        texts.filter(|text| text.contains(&object.kind) && text.contains(object.name.as_str())).map(plain).collect();
    texts.sort();
    texts.concat()
}

/// A text without lines of comments, which are no content and easily told.
fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The part of an object at a path; the rest of the object is compared by what it does.
fn part_of(object: &Node, path: &[Segment]) -> Node {
    object.at(path).cloned().unwrap_or(Node::Null)
}

/// Why a side has nothing that could be compared.
pub(super) fn nothing(side: &str, compilation: &Compilation) -> String {
    let reasons: Vec<String> =
        compilation.unjudged.iter().map(|unjudged| format!("\n  {}: {}", unjudged.subject, unjudged.reason)).collect();
    let help = "\n  help: `--context PATH` adds the Gateways of the platform, `--assume gateways` stands in for them";
    format!(
        "there is nothing to compare on the {side} side: it declares no listener that is judged{}{help}",
        reasons.concat()
    )
}
