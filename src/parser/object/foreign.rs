//! Objects of groups and kinds that gwctl does not read, and that look like a
//! slip in the name of one that it does.
//!
//! The group decides what an object is, so that such an object is ignored like
//! any other; the warning says what was probably meant.

use crate::diagnostics::{Change, Scalar, codes};
use crate::options::Channel;
use crate::parser::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use crate::parser::schema::{Problem, quote, schemas};
use crate::path;
use crate::spelling::near;

use super::core;

/// Groups that Kubernetes itself defines, and names that stand for one by mistake; the kinds that gwctl reads are in
/// none of them but where [`core`] says so.
/// `networking.x-k8s.io` was the group of Gateway API before its first release.
pub(super) const BUILT_IN: [&str; 11] = [
    "",
    "apps",
    "core",
    "discovery.k8s.io",
    "extensions",
    "gateway.k8s.io",
    "gateway.networking",
    "networking.k8s.io",
    "networking.x-k8s.io",
    "k8s.io",
    "v1",
];

/// What clients of clusters keep their settings in: of the core group by its `apiVersion`, and no object.
const CLIENT_SETTINGS: &str = "Config";

/// The warning about an object of another group or kind, when it looks like one that gwctl reads.
pub(super) fn slip(group: &str, version: &str, kind: &str, channel: Channel) -> Option<Problem> {
    if group.is_empty() && kind == CLIENT_SETTINGS {
        return None;
    }
    let near_group = near(group, [GATEWAY_GROUP, EXPERIMENTAL_GROUP]);
    let known = api_version_of(kind, channel);
    if let Some(meant) = known.filter(|_| near_group.is_some() || BUILT_IN.contains(&group)) {
        let is_certain = near_group.is_none_or(|near| near.is_certain);
        return Some(of_version((group, version, kind), &meant, is_certain));
    }
    let of_group = core::kinds().filter(|known| known.group() == group).map(|known| known.name());
    let near = near(kind, of_group)?;
    Some(
        Problem::new(codes::MISSPELT_TYPE, path!["kind"], format!("an object of kind {} is ignored", quote(kind)))
            .label("not read")
            .help(format!("did you mean `kind: {}`?", near.name))
            .fix(near.certain().map(|meant| Change::Set(Scalar::Text(meant.to_owned())))),
    )
}

fn of_version((group, version, kind): (&str, &str, &str), meant: &str, is_certain: bool) -> Problem {
    let message = match group {
        "" => format!("an object of kind {} and version {} is ignored", quote(kind), quote(version)),
        _ => format!("an object of kind {} and group {} is ignored", quote(kind), quote(group)),
    };
    Problem::new(codes::MISSPELT_TYPE, path!["apiVersion"], message)
        .label("not read")
        .help(format!("write `apiVersion: {meant}`"))
        .fix(is_certain.then(|| Change::Set(Scalar::Text(meant.to_owned()))))
}

/// The `apiVersion` of a kind that gwctl reads.
fn api_version_of(kind: &str, channel: Channel) -> Option<String> {
    let served = schemas().iter().filter(|schema| schema.served.is_in(channel));
    let of_gateways = served.map(|schema| (schema.kind, schema.version));
    let (known, version) =
        of_gateways.chain(core::kinds().map(|known| (known, core::VERSION))).find(|(known, _)| known.name() == kind)?;
    Some(match known.group() {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    })
}
