//! Who cases say something about: the backends that they expect, alone and among shares.
//!
//! Input: a file of cases. Output: names with the fields that have them. Invariant: a name that cannot be that of a backend
//! is found here, since nothing ever answers under it, and an expectation that nobody does would hold for every answer.

use std::net::SocketAddr;

use super::cases::{CaseFile, Expectation};
use super::values::{Mirrors, is_service_port};

/// A name with what is expected of it.
#[derive(Clone, Copy, Debug)]
struct Named<'e> {
    field: &'static str,
    name: &'e str,
    /// Whether it is expected that nothing gets there.
    is_excluded: bool,
}

/// What stands among shares for requests that no backend answered.
fn is_no_backend(name: &str) -> bool {
    let is_number = |prefix: &str| name.strip_prefix(prefix).is_some_and(|number| number.parse::<u16>().is_ok());
    matches!(name, "closed" | "no answer") || is_number("status:") || is_number("grpc:")
}

fn alone<'e>(field: &'static str, names: impl IntoIterator<Item = &'e String>) -> Vec<Named<'e>> {
    names.into_iter().map(|name| Named { field, name, is_excluded: false }).collect()
}

fn shared<'e>(field: &'static str, shares: &'e [(String, f64)]) -> Vec<Named<'e>> {
    let of_share = |(key, percent): &'e (String, f64)| {
        let is_excluded = *percent == 0.0;
        // A request target may stand behind the first of several.
        let names = key.split(" + ").map(|name| name.split_once(" /").map_or(name, |(name, _)| name));
        names.map(move |name| Named { field, name, is_excluded })
    };
    shares.iter().flat_map(of_share).filter(|named| !is_no_backend(named.name)).collect()
}

fn named(expect: &Expectation) -> Vec<Named<'_>> {
    let Expectation { backend, backends, joint, outcomes, mirrors, reached, .. } = expect;
    let mirrors = match mirrors {
        Some(Mirrors::All(names)) => alone("mirrors", names),
        Some(Mirrors::Percent(shares)) => shared("mirrors", shares),
        None => Vec::new(),
    };
    [
        alone("backend", backend),
        shared("backends", backends.as_ref().map_or(&[], |shares| &shares.0)),
        shared("joint", joint.as_ref().map_or(&[], |shares| &shares.0)),
        alone("outcomes", outcomes.iter().filter_map(|outcome| outcome.backend.as_ref())),
        mirrors,
        alone("reached", reached.iter().flatten()),
    ]
    .concat()
}

/// What is wrong with the names in the expectations of a file, in words.
pub(super) fn misnamed(file: &CaseFile) -> Option<String> {
    let is_backend = |name: &str| is_service_port(name) || file.keep_endpoints && name.parse::<SocketAddr>().is_ok();
    file.requests.iter().find_map(|case| {
        let wrong = named(&case.expect).into_iter().find(|named| !is_backend(named.name))?;
        let Named { field, name, is_excluded: _ } = wrong;
        Some(format!("case `{}`: `{field}` names `{name}`, which is no Service port, NAMESPACE/NAME:PORT", case.name))
    })
}

impl CaseFile {
    /// The Service ports that must get nothing, each with the field that says so: where there is no such port, nothing
    /// else can be.
    pub fn excluded_ports(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = self.requests.iter().flat_map(|case| named(&case.expect));
        let excluded = named.filter(|named| named.is_excluded && is_service_port(named.name));
        excluded.filter(|named| named.name.parse::<SocketAddr>().is_err()).map(|named| (named.field, named.name))
    }
}
