//! Findings on objects of `--context`, which are known and not judged.
//!
//! A finding stands where something loses or fails. Where that is an object of
//! the context, and a judged object brought it about, whoever is judged has to
//! hear of it: the finding then stands on the judged object. It is found among
//! the finding's related places, so whatever reports that one object suffers
//! from another names the other there. What nothing that is judged has to do
//! with is kept apart, to be counted. A policy is told where it reaches: on a
//! judged target, or on a judged reference to one; so are endpoints, and what is wrong with a certificate on a judged
//! reference to it. An error that keeps a listener
//! of the context from being served is told on every judged route that the
//! listener takes, and one of a Gateway, ListenerSet or class of which too little can be
//! decoded on the judged object that names it.

mod objects;
mod unserved;

use crate::diagnostics::{Finding, Location, ObjectPart, ObjectRef, Related, Severity};
use crate::options::Options;
use crate::parser::manifests::{Kind, Manifests};
use crate::resolver::References;

use objects::Objects;

pub(crate) use unserved::{Unserved, find as find_unserved};

/// What nobody knows where the manifests do not say which object is older.
const OLDER_WINS: &str = "the manifests do not say which is older, and in a cluster the older one wins";

/// Takes the findings on objects of the context out of `findings`, but for those that can be told on a judged object.
pub(crate) fn take(
    manifests: &Manifests,
    options: &Options,
    unserved: &[Unserved],
    findings: &mut Vec<Finding>,
) -> Vec<Finding> {
    let on_context: Vec<Finding> =
        findings.extract_if(.., |finding| is_on_context(manifests, &finding.location)).collect();
    if on_context.is_empty() {
        return on_context;
    }
    let (objects, references) = (Objects::new(manifests), References::new(manifests, options));
    let (mut told, mut left) = (Vec::new(), Vec::new());
    for mut finding in on_context {
        let is_judged = |related: &Related| !is_on_context(manifests, &related.location);
        let cause = finding.related.iter().position(is_judged);
        let cause = cause.map(|cause| finding.related.remove(cause));
        let suffering = unserved::suffering(unserved, &finding, &objects);
        match cause.or_else(|| reached(&finding, &objects, &references)) {
            Some(cause) => told.push(tell_on(finding, cause, &objects)),
            None if suffering.is_empty() => match undecoded(&finding, &objects, &references) {
                Some(named) => told.push(tell_on(finding, named, &objects)),
                None => left.push(finding),
            },
            None => told.extend(suffering.into_iter().map(|route| tell_on(finding.clone(), route, &objects))),
        }
    }
    findings.extend(told);
    left
}

/// Whether a place is in a file of `--context`.
pub(crate) fn is_on_context(manifests: &Manifests, location: &Location) -> bool {
    let source = match location {
        Location::Source(source) | Location::Bytes(source, _) => *source,
        Location::Field { document, .. } => match manifests.documents.get(*document) {
            Some(document) => document.source,
            None => return false,
        },
        Location::Run | Location::Path(_) => return false,
    };
    manifests.sources.get(source).context
}

/// Where something that is judged names an object of the context that cannot be decoded and serves it, or would.
fn undecoded(finding: &Finding, objects: &Objects, references: &References) -> Option<Related> {
    let object = finding.object.as_ref().filter(|object| objects.refused.contains(object))?;
    if finding.severity() != Severity::Error {
        return None;
    }
    let named =
        references.judged(object).filter(|_| matches!(object.kind.as_str(), "Gateway" | "ListenerSet" | "Service"));
    let class = || objects.classes.get(object.name.as_str()).filter(|_| object.kind == Kind::GatewayClass.name());
    let location = named.map(|(_, location)| location).or_else(class)?.clone();
    Some(Related { message: format!("refers to {object}"), location })
}

/// Where a policy of the context reaches something that is judged.
fn reached(finding: &Finding, objects: &Objects, references: &References) -> Option<Related> {
    let policy = finding.object.as_ref()?;
    let about = |target: &ObjectRef| {
        let (_, location) = references.judged(target)?;
        Some(Related { message: format!("refers to {target}"), location: location.clone() })
    };
    if let Some(targets) = objects.targets.get(policy) {
        let own = |target: &ObjectRef| {
            let location = objects.judged.get(target)?.clone();
            Some(Related { message: format!("applies to {target}"), location })
        };
        return targets.iter().find_map(|target| own(target).or_else(|| about(target)));
    }
    if objects.aimless.contains(policy) {
        // What it is about nobody can tell, but for the namespace.
        let (_, location) = references.judged_service_of(&policy.namespace)?;
        let message = format!("may be what {policy} is about");
        return Some(Related { message, location: location.clone() });
    }
    if matches!(policy.kind.as_str(), "Secret" | "ConfigMap") && policy.group.is_empty() {
        return about(policy);
    }
    let is_foreign = objects.foreign.contains(policy);
    let related = finding.related.iter().filter(|_| is_foreign);
    related.filter_map(|related| objects.at(&related.location)).find_map(|(target, _)| about(&target))
}

/// The finding as one on a judged place.
fn tell_on(mut finding: Finding, cause: Related, objects: &Objects) -> Finding {
    let Related { message: label, location } = cause;
    let suffering = match (&finding.object, &finding.path) {
        (Some(object), Some(path)) if !path.0.is_empty() => format!("{object}, `{path}`"),
        (Some(object), _) => object.to_string(),
        (None, _) => "an object".to_owned(),
    };
    finding.message = format!("{suffering}, of the context: {}", finding.message);
    let was = finding.label.take().unwrap_or_else(|| "what it does here".to_owned());
    let was_at = std::mem::replace(&mut finding.location, location.clone());
    finding.related.insert(0, Related { message: was, location: was_at });
    finding.label = Some(label);
    if finding.is_by_age {
        let traffic = finding.consequence.take().map_or_else(String::new, |traffic| format!("{traffic}; "));
        finding.consequence = Some(format!("{traffic}{OLDER_WINS}"));
    }
    (finding.object, finding.part, finding.path) = match objects.at(&location) {
        Some((object, at)) => (Some(object), at.part(), Some(at.into_path())),
        None => (None, ObjectPart::Whole, None),
    };
    // The status of the judged object says nothing of it, and an edit would be one of the context.
    (finding.claim, finding.condition, finding.fix) = (None, None, None);
    finding
}
