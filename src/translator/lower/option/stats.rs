//! `stats`: what is counted of requests beside their backends.

use crate::http::is_token;
use crate::ir::RequestCounter;
use crate::parser::api::{OptionStats, OptionVirtualCluster};
use crate::path;

use super::faults::{Faults, Wrong};
use super::part::Place;

pub(super) fn lower(place: Place<'_>, said: OptionStats) -> Result<Vec<RequestCounter>, Wrong> {
    let mut faults = Faults::new(place);
    let mut counters = Vec::with_capacity(said.virtual_clusters.len());
    for (index, OptionVirtualCluster { method, name, pattern }) in said.virtual_clusters.into_iter().enumerate() {
        let at = |field: &'static str| path!["virtualClusters", index, field];
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            let message = format!("`{}` is no name of counters", name.escape_debug());
            faults.add(&at("name"), message, "write letters, digits, `-` and `_`");
        }
        if pattern.is_empty() {
            faults.add(&at("pattern"), "no path is meant", "write an expression that whole paths match");
        } else {
            faults.expression(&at("pattern"), &pattern);
        }
        if !method.bytes().all(is_token) {
            let message = format!("`{}` is no method", method.escape_debug());
            faults.add(&at("method"), message, "write a method such as `GET`, or leave it out for all");
        }
        let method = Some(method).filter(|method| !method.is_empty());
        counters.push(RequestCounter { name, path: pattern, method });
    }
    faults.unless_wrong(counters)
}
