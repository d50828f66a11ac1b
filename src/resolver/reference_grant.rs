//! ReferenceGrants: may an object of one namespace refer into another?
//! ([ReferenceGrant](https://gateway-api.sigs.k8s.io/api-types/referencegrant/))

use std::collections::HashMap;

use crate::diagnostics::{Change, Diagnostics, FieldPath, Finding, PartPath, Scalar, codes};
use crate::name::{Name, Namespace};
use crate::options::Options;
use crate::parser::api::{ReferenceGrantFrom, ReferenceGrantSpec, ReferenceGrantTo};
use crate::parser::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::parser::object::is_built_in_group;
use crate::path;
use crate::spelling::{Near, near};
use crate::whole;

/// The longest name of an object ([names](https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)).
const LONGEST_NAME: usize = 253;

/// All grants of the input, by the namespace that grants.
#[derive(Debug)]
pub struct Grants<'m> {
    by_namespace: HashMap<&'m Namespace, Vec<&'m Object<ReferenceGrantSpec>>>,
    assumed: bool,
}

/// The object that refers.
#[derive(Clone, Copy, Debug)]
pub struct Referrer<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: &'a Namespace,
}

/// The object that is referred to.
#[derive(Clone, Copy, Debug)]
pub struct Referent<'a> {
    /// Its group; empty for core.
    pub group: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace.
    pub namespace: &'a Namespace,
    /// Its name.
    pub name: &'a Name,
}

/// A grant that would allow a reference but for one field.
struct NearMiss<'m> {
    grant: &'m Object<ReferenceGrantSpec>,
    path: FieldPath,
    written: String,
    wanted: String,
}

/// A field of an entry that keeps it from being about a reference.
struct Differing {
    field: &'static str,
    written: String,
    wanted: String,
}

impl Differing {
    fn new(field: &'static str, written: &str, wanted: &str) -> Option<Self> {
        let quoted = |text: &str| if text.is_empty() { "`\"\"`".to_owned() } else { format!("`{text}`") };
        (written != wanted).then(|| Self { field, written: quoted(written), wanted: quoted(wanted) })
    }
}

fn allows(grant: &ReferenceGrantSpec, from: Referrer<'_>, to: Referent<'_>) -> bool {
    let ReferenceGrantSpec { from: sources, to: targets } = grant;
    sources.iter().any(|ReferenceGrantFrom { group, kind, namespace }| {
        from.kind.is_named(group, kind) && namespace == from.namespace
    }) && targets.iter().any(|ReferenceGrantTo { group, kind, name }| {
        group == to.group && kind == to.kind && name.as_deref().is_none_or(|name| name == to.name)
    })
}

/// The fields of a `from` that are not those of the referrer.
fn source_slips(entry: &ReferenceGrantFrom, from: Referrer<'_>) -> Vec<Differing> {
    let ReferenceGrantFrom { group, kind, namespace } = entry;
    let is_named = from.kind.is_named(group, kind);
    let group = if is_named { None } else { Differing::new("group", group, from.kind.group()) };
    let kind = if is_named { None } else { Differing::new("kind", kind, from.kind.name()) };
    group.into_iter().chain(kind).chain(Differing::new("namespace", namespace, from.namespace)).collect()
}

/// The fields of a `to` that are not those of the referent.
fn target_slips(entry: &ReferenceGrantTo, to: Referent<'_>) -> Vec<Differing> {
    let ReferenceGrantTo { group, kind, name } = entry;
    let group = Differing::new("group", group, to.group);
    let kind = Differing::new("kind", kind, to.kind);
    let name = name.as_deref().and_then(|name| Differing::new("name", name, to.name));
    group.into_iter().chain(kind).chain(name).collect()
}

fn near_miss_of<'m>(
    grant: &'m Object<ReferenceGrantSpec>,
    from: Referrer<'_>,
    to: Referent<'_>,
) -> Option<NearMiss<'m>> {
    let ReferenceGrantSpec { from: sources, to: targets } = &grant.spec;
    let sources: Vec<_> = sources.iter().map(|entry| source_slips(entry, from)).collect();
    let targets: Vec<_> = targets.iter().map(|entry| target_slips(entry, to)).collect();
    let is_met = |entries: &[Vec<Differing>]| entries.iter().any(Vec::is_empty);
    let near = |list: &'static str, entries: &[Vec<Differing>]| {
        let one_off = |(index, slips): (usize, &Vec<Differing>)| match slips.as_slice() {
            [Differing { field, written, wanted }] => Some(NearMiss {
                grant,
                path: path!["spec", list, index, *field],
                written: written.clone(),
                wanted: wanted.clone(),
            }),
            _ => None,
        };
        entries.iter().enumerate().find_map(one_off)
    };
    match (is_met(&sources), is_met(&targets)) {
        (true, false) => near("to", &targets),
        (false, true) => near("from", &sources),
        // Two fields are wrong, or, where the reference is allowed, none.
        _ => None,
    }
}

/// The kinds of Gateway API whose objects refer to others, and the kinds that they refer to.
const REFERRERS: [Kind; 10] = [
    Kind::HTTPRoute,
    Kind::GRPCRoute,
    Kind::TLSRoute,
    Kind::TCPRoute,
    Kind::UDPRoute,
    Kind::Gateway,
    Kind::ListenerSet,
    Kind::BackendTLSPolicy,
    Kind::XBackend,
    Kind::XBackendTrafficPolicy,
];
const REFERENTS: [Kind; 4] = [Kind::Service, Kind::Secret, Kind::ConfigMap, Kind::XBackend];

/// Says which entries of grants are about no kind that there is, because of a slip in the kind or in its group. Other
/// projects' groups are theirs, and so are kinds of the core that nobody mistakes for one of these.
pub(super) fn report_slips(manifests: &Manifests, diagnostics: &mut Diagnostics) {
    for grant in &manifests.reference_grants {
        let ReferenceGrantSpec { from, to } = &grant.spec;
        for (index, ReferenceGrantFrom { group, kind, namespace: _ }) in from.iter().enumerate() {
            if let Some(meant) = meant(group, kind, &REFERRERS) {
                report_slip(grant, (&whole!["spec", "from", index], meant), (group, kind), diagnostics);
            }
        }
        for (index, ReferenceGrantTo { group, kind, name: _ }) in to.iter().enumerate() {
            if let Some(meant) = meant(group, kind, &REFERENTS) {
                report_slip(grant, (&whole!["spec", "to", index], meant), (group, kind), diagnostics);
            }
        }
    }
}

/// The kind that was probably meant, where there is none of this group and name.
fn meant(group: &str, kind: &str, known: &[Kind]) -> Option<Near<Kind>> {
    let near_group = near(group, [GATEWAY_GROUP, EXPERIMENTAL_GROUP]);
    let is_built_in = is_built_in_group(group);
    if !is_built_in && near_group.is_none() || known.iter().any(|one| one.is_named(group, kind)) {
        return None;
    }
    let near = near(kind, known.iter().map(|one| one.name()))?;
    let name = known.iter().copied().find(|one| one.name() == near.name)?;
    let is_certain = near.is_certain && (is_built_in || near_group.is_some_and(|near| near.is_certain));
    Some(Near { name, is_certain })
}

fn report_slip(
    grant: &Object<ReferenceGrantSpec>,
    (at, near): (&PartPath, Near<Kind>),
    (group, kind): (&str, &str),
    diagnostics: &mut Diagnostics,
) {
    let Near { name: meant, is_certain } = near;
    let of_group = if group.is_empty() { "the core group".to_owned() } else { format!("the group `{group}`") };
    let message = format!("the grant is about a kind `{kind}` of {of_group}, and there is none");
    let (field, written) = if kind == meant.name() { ("group", meant.group()) } else { ("kind", meant.name()) };
    let help = match meant.group() {
        own if own == group => format!("did you mean `kind: {}`?", meant.name()),
        "" => format!("did you mean `kind: {}` with `group: \"\"`?", meant.name()),
        own => format!("did you mean `kind: {}` with `group: {own}`?", meant.name()),
    };
    // Of two fields that are wrong each would be wrong without the other.
    let is_one = kind == meant.name() || group == meant.group();
    let change = Change::Set(Scalar::Text(written.to_owned()));
    let fix = (is_one && is_certain).then(|| grant.fix(&at.with(field), change));
    diagnostics.report(
        grant
            .finding(codes::MISSPELT_TYPE, at.with(field), message)
            .label("this entry grants nothing")
            .consequence("references that the grant is meant for are refused")
            .help(help)
            .fix(fix),
    );
}

impl<'m> Grants<'m> {
    /// A grant for everything.
    pub(super) fn all() -> Self {
        Self { by_namespace: HashMap::new(), assumed: true }
    }

    /// Indexes the grants.
    pub fn new(grants: &'m [Object<ReferenceGrantSpec>], options: &Options) -> Self {
        let mut by_namespace: HashMap<&Namespace, Vec<_>> = HashMap::new();
        for grant in grants {
            by_namespace.entry(&grant.metadata.namespace).or_default().push(grant);
        }
        Self { by_namespace, assumed: options.assume.grants }
    }

    /// Whether the reference stays in its namespace or some grant of the
    /// target's namespace allows it.
    pub fn permit(&self, from: Referrer<'_>, to: Referent<'_>) -> bool {
        if from.namespace == to.namespace || self.assumed {
            return true;
        }
        let grants = self.by_namespace.get(to.namespace).map_or(&[][..], Vec::as_slice);
        grants.iter().any(|grant| allows(&grant.spec, from, to))
    }

    /// Adds to a finding on a reference that no grant allows the grant that nearly does, and what it lacks.
    pub fn name_near_miss(&self, finding: Finding, from: Referrer<'_>, to: Referent<'_>) -> Finding {
        let Some(NearMiss { grant, path, written, wanted }) = self.near_miss(from, to) else { return finding };
        let (name, place) = (grant.full_name(), grant.at(&path));
        let near =
            format!("ReferenceGrant `{name}` would allow it, but for `{path}`: it is {written}, and must be {wanted}");
        let help = match &finding.help {
            Some(help) => format!("{near}; change it, or {help}"),
            None => near,
        };
        finding.help(help).related(place, "the grant that nearly allows it")
    }

    /// A grant in which one field keeps the reference from being allowed.
    fn near_miss(&self, from: Referrer<'_>, to: Referent<'_>) -> Option<NearMiss<'m>> {
        let here = self.by_namespace.get(to.namespace).map_or(&[][..], Vec::as_slice);
        here.iter().find_map(|grant| near_miss_of(grant, from, to)).or_else(|| {
            // A grant stands where the target is, and is often put where the reference is.
            let there = self.by_namespace.get(from.namespace).map_or(&[][..], Vec::as_slice);
            let grant = there.iter().find(|grant| allows(&grant.spec, from, to))?;
            Some(NearMiss {
                grant,
                path: path!["metadata", "namespace"],
                written: format!("`{}`", from.namespace),
                wanted: format!("`{}`, the namespace of the target", to.namespace),
            })
        })
    }

    /// The document of a grant that allows the reference and nothing else.
    pub fn missing(&self, from: Referrer<'_>, to: Referent<'_>) -> String {
        let kind = from.kind.name();
        let base = format!("{}-from-{}-to-{}", kind.to_lowercase(), from.namespace, to.name);
        let base: String = base.chars().take(LONGEST_NAME - 4).collect();
        let base = base.trim_end_matches(['-', '.']);
        let taken = self.by_namespace.get(to.namespace).map_or(&[][..], Vec::as_slice);
        let is_free = |name: &String| taken.iter().all(|grant| *grant.metadata.name != **name);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let name = std::iter::once(base.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
        format!(
            "apiVersion: {group}/v1\n\
             kind: ReferenceGrant\n\
             metadata:\n  name: {name}\n  namespace: \"{}\"\n\
             spec:\n  \
               from:\n  - group: {}\n    kind: {kind}\n    namespace: \"{}\"\n  \
               to:\n  - group: \"{}\"\n    kind: {}\n    name: \"{}\"\n",
            to.namespace,
            from.kind.group(),
            from.namespace,
            to.group,
            to.kind,
            to.name,
            group = Kind::ReferenceGrant.group(),
        )
    }
}
