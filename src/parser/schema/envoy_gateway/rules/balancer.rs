//! Rules about how endpoints are chosen.

use crate::parser::node::Node;
use crate::parser::schema::rules::{duration, is};
use crate::parser::schema::table::Breaks;
use crate::path;

pub(in crate::parser::schema) fn preconnect_is_predictable(settings: &Node, breaks: &mut Breaks) {
    let preconnect = settings.get("connection").and_then(|connection| connection.get("preconnect"));
    let predicts = preconnect.is_some_and(|preconnect| preconnect.get("predictivePercent").is_some());
    let balancer = settings.get("loadBalancer");
    let is_known =
        balancer.is_some_and(|balancer| is(balancer, "type", "Random") || is(balancer, "type", "RoundRobin"));
    if predicts && !is_known {
        let help = "write `loadBalancer` with `type: Random` or `type: RoundRobin`, or remove `predictivePercent`";
        breaks.at(path!["connection", "preconnect", "predictivePercent"], help);
    }
}

pub(in crate::parser::schema) fn zone_is_preferred_by_its_type(balancer: &Node, breaks: &mut Breaks) {
    let prefers = balancer.get("zoneAware").is_some_and(|zones| zones.get("preferLocal").is_some());
    let is_blind = is(balancer, "type", "ConsistentHash") || is(balancer, "type", "BackendUtilization");
    if prefers && is_blind {
        breaks.at(path!["zoneAware", "preferLocal"], "write `weightedZones` in place of `preferLocal`");
    }
}

pub(in crate::parser::schema) fn zones_are_used_in_one_way(balancer: &Node, breaks: &mut Breaks) {
    let has = |field: &str| balancer.get("zoneAware").is_some_and(|zones| zones.get(field).is_some());
    if has("preferLocal") && has("weightedZones") {
        breaks.at(path!["zoneAware", "weightedZones"], "keep one of `preferLocal` and `weightedZones`");
    }
}

pub(in crate::parser::schema) fn reports_are_apart(reports: &Node, breaks: &mut Breaks) {
    if duration(reports, "reportingPeriod").is_some_and(|period| period.0.is_zero()) {
        breaks.at(path!["reportingPeriod"], "write a duration of more than `0s`");
    }
}
