//! `gwctl status`: what it writes for every case is what the API server would
//! take, and every condition of the specification has a case that shows it.

use std::collections::BTreeSet;
use std::fs;

use gwctl::status::catalogue::{CATALOGUE, Entry, Subject};
use libtest_mimic::{Failed, Trial};
use serde::Deserialize as _;
use serde_json::Value;

use crate::case::{Case, discover};
use crate::harness::Harness;

/// The snapshot of a case's status.
const SNAPSHOT: &str = "status.yaml.snap";

/// One test for each case, and one for the catalogue.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let mut trials: Vec<_> = cases
        .map(|case| {
            let harness = harness.clone();
            Trial::test(format!("status::{}", case.name), move || check_case(&harness, &case))
        })
        .collect();
    let harness = harness.clone();
    trials.push(Trial::test("status::every_condition_of_the_catalogue_has_a_case", move || every_condition(&harness)));
    trials.push(Trial::test("status::what_the_api_server_refuses_is_seen", faults_are_seen));
    trials
}

/// The status of a case is valid, and says what the report says.
fn check_case(harness: &Harness, case: &Case) -> Result<(), Failed> {
    let work = harness.work_directory(&format!("status/{}", case.name))?;
    let mut args = case.args.clone();
    args.extend(["-o", "json"].map(str::to_owned));
    let output = harness.gwctl("status", case, &args, &work)?;
    if output.code != Some(case.exit.validate) {
        return Err(Failed::from(format!("`status` ends with {:?}:\n{}", output.code, output.stderr)));
    }
    if output.stdout.is_empty() && output.code == Some(2) {
        return Ok(());
    }
    let list: Value = serde_json::from_str(&output.stdout)?;
    let report = harness.gwctl("validate", case, &args, &work)?;
    let report: Value = serde_json::from_str(&report.stdout)?;
    let mut wrong = Vec::new();
    for item in items(&list) {
        wrong.extend(faults(item));
        wrong.extend(contradictions(item, &report));
    }
    if list["kind"] != "List" || list["apiVersion"] != "v1" {
        wrong.push("not a List".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

/// The entries of a list; none where there is no list.
fn entries<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// A subject, and the conditions that it has.
type Conditions<'v> = (Subject, &'v Value);

/// Everything in an object that has conditions.
fn subjects(item: &Value) -> Vec<Conditions<'_>> {
    let status = &item["status"];
    let whole = |subject| vec![(subject, status)];
    let each = |subject, name| entries(status, name).map(|entry| (subject, entry)).collect::<Vec<_>>();
    match item["kind"].as_str().unwrap_or_default() {
        "GatewayClass" => whole(Subject::GatewayClass),
        "Gateway" => [whole(Subject::Gateway), each(Subject::Listener, "listeners")].concat(),
        "ListenerSet" => [whole(Subject::ListenerSet), each(Subject::ListenerEntry, "listeners")].concat(),
        "BackendTLSPolicy" => each(Subject::BackendTLSPolicy, "ancestors"),
        "XBackendTrafficPolicy" => each(Subject::XBackendTrafficPolicy, "ancestors"),
        "XBackend" => each(Subject::XBackend, "parents"),
        "XMesh" => whole(Subject::XMesh),
        kind if kind.ends_with("Route") => each(Subject::Route, "parents"),
        _ => Vec::new(),
    }
}

/// What the API server would refuse in the status of an object: bounds, required fields, patterns, repeated keys.
fn faults(item: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = format!("{} {}/{}", item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]);
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{name}: {what}"));
        }
    };
    let status = &item["status"];
    demand(item["metadata"]["generation"].is_i64(), "no generation");
    let limits = [("parents", 32), ("ancestors", 16), ("listeners", 64), ("addresses", 16), ("supportedFeatures", 64)];
    for (list, most) in limits {
        demand(entries(status, list).count() <= most, list);
    }
    for list in ["listeners", "supportedFeatures"] {
        demand(are_distinct(entries(status, list).map(|entry| &entry["name"])), list);
    }
    let names: Vec<_> = entries(status, "supportedFeatures").map(|entry| entry["name"].to_string()).collect();
    demand(names.is_sorted(), "features are not in ascending order");
    for address in entries(status, "addresses") {
        let is_ip = address["value"].as_str().is_some_and(|value| value.parse::<std::net::IpAddr>().is_ok());
        demand(address["type"] == "IPAddress" && is_ip, "an address");
    }
    for listener in entries(status, "listeners") {
        demand(listener["attachedRoutes"].is_u64(), "no attachedRoutes");
        demand(entries(listener, "supportedKinds").count() <= 8, "supportedKinds");
    }
    for entry in entries(status, "parents").chain(entries(status, "ancestors")) {
        let reference = if entry["parentRef"].is_object() { &entry["parentRef"] } else { &entry["ancestorRef"] };
        demand(["group", "kind", "name"].iter().all(|key| reference[key].is_string()), "a reference");
        demand(entry["controllerName"].as_str().is_some_and(|name| name.contains('/')), "controllerName");
    }
    wrong.extend(subjects(item).into_iter().flat_map(|(subject, holder)| {
        condition_faults(subject, holder).into_iter().map(|what| format!("{name}: {what}"))
    }));
    wrong
}

/// What the API server would refuse in the conditions of a subject, and those that nobody knows.
fn condition_faults(subject: Subject, holder: &Value) -> Vec<String> {
    let conditions: Vec<_> = entries(holder, "conditions").collect();
    let mut wrong = Vec::new();
    if !(1..=8).contains(&conditions.len()) {
        wrong.push(format!("{} conditions", conditions.len()));
    }
    if !are_distinct(conditions.iter().map(|condition| &condition["type"])) {
        wrong.push("a condition twice".to_owned());
    }
    for condition in conditions {
        if !is_valid(condition) {
            wrong.push(format!("refused: {condition}"));
        }
        if !is_listed(subject, condition) {
            wrong.push(format!("not in the catalogue: {condition}"));
        }
    }
    wrong
}

fn are_distinct<'v>(values: impl Iterator<Item = &'v Value>) -> bool {
    let all: Vec<_> = values.map(Value::to_string).collect();
    all.iter().collect::<BTreeSet<_>>().len() == all.len()
}

fn is_valid(condition: &Value) -> bool {
    let text = |key: &str| condition[key].as_str().unwrap_or_default();
    let reason = text("reason");
    let is_reason = reason.starts_with(|c: char| c.is_ascii_alphabetic())
        && reason.len() <= 1024
        && reason.bytes().all(|b| b.is_ascii_alphanumeric());
    is_reason
        && (1..=316).contains(&text("type").len())
        && ["True", "False", "Unknown"].contains(&text("status"))
        && condition["message"].as_str().is_some_and(|message| message.chars().count() <= 32_768)
        && text("lastTransitionTime") == "1970-01-01T00:00:00Z"
        && condition["observedGeneration"].as_i64().is_some_and(|generation| generation >= 0)
}

fn fits(entry: &Entry, subject: Subject, condition: &Value) -> bool {
    entry.subject == subject
        && condition["type"] == entry.kind
        && condition["status"] == entry.status
        && condition["reason"] == entry.reason
}

fn is_listed(subject: Subject, condition: &Value) -> bool {
    CATALOGUE.iter().any(|entry| fits(entry, subject, condition) && entry.never.is_none())
}

/// Where the report and the status of an object disagree: each condition of a finding is stated somewhere in the status,
/// and each reference that the status calls unresolved is in the report.
fn contradictions(item: &Value, report: &Value) -> Vec<String> {
    let (kind, metadata) = (&item["kind"], &item["metadata"]);
    let is_here = |object: &Value| {
        object["kind"] == *kind
            && object["name"] == metadata["name"]
            && object["namespace"].as_str().unwrap_or_default() == metadata["namespace"].as_str().unwrap_or_default()
    };
    let holders = subjects(item);
    let stated: Vec<_> = holders.iter().flat_map(|(_, holder)| entries(holder, "conditions")).collect();
    let says = |kind: &str, status: &str| stated.iter().any(|is| is["type"] == kind && is["status"] == status);
    let mut wrong = Vec::new();
    let findings: Vec<_> = entries(report, "findings").filter(|finding| is_here(&finding["object"])).collect();
    for finding in &findings {
        let (Some(of), Some(status)) = (finding["condition"]["type"].as_str(), finding["condition"]["status"].as_str())
        else {
            continue;
        };
        // An object that nobody uses or serves, or none of whose parents are ours, has nowhere to say it.
        let is_silent = stated.is_empty() || says("Accepted", "Unknown");
        // Parts of a route or policy that is accepted.
        let is_partial = of == "Accepted"
            && (says("PartiallyInvalid", "True")
                || stated
                    .iter()
                    .any(|is| is["message"].as_str().is_some_and(|text| text.contains("some of its targets"))));
        // A selector that cannot be evaluated is the routes' affair, and authorities can be for ListenerSets alone.
        let is_of_others = finding["code"] == "GW3017" || finding["code"] == "GW6010";
        if !(is_silent || is_partial || is_of_others || says(of, status)) {
            let name = &metadata["name"];
            wrong.push(format!("{kind} {name}: the report says {}, and the status does not", finding["condition"]));
        }
    }
    let own = stated.iter().filter(|is| is["type"] == "ResolvedRefs" && is["status"] == "False");
    for is in own.filter(|is| is["reason"] != "ListenersNotResolved") {
        // The authorities for the clients of a ListenerSet are references of its Gateway.
        let is_of_gateway = kind == "ListenerSet" && is["reason"].as_str().is_some_and(|reason| reason.contains("CA"));
        let is_told = findings.iter().any(|finding| finding["condition"]["reason"] == is["reason"]);
        if !is_told && !is_of_gateway {
            wrong.push(format!("{kind} {}: the status says {is}, and the report does not", metadata["name"]));
        }
    }
    wrong
}

/// The conditions of all snapshots.
fn shown(harness: &Harness) -> Result<Vec<(Subject, Value)>, String> {
    let mut shown = Vec::new();
    for (name, found) in discover(&harness.testdata()) {
        if !found?.status {
            continue;
        }
        let path = harness.snapshots().join(&name).join(SNAPSHOT);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        // The header of the snapshot is a document of its own.
        for document in serde_yaml::Deserializer::from_str(&text).skip(1) {
            let item = Value::deserialize(document).map_err(|error| format!("{}: {error}", path.display()))?;
            for (subject, holder) in subjects(&item) {
                shown.extend(entries(holder, "conditions").map(|condition| (subject, condition.clone())));
            }
        }
    }
    Ok(shown)
}

fn every_condition(harness: &Harness) -> Result<(), Failed> {
    let shown = shown(harness)?;
    let mut wrong = Vec::new();
    for entry in CATALOGUE {
        let Entry { subject, kind, status, reason, never } = entry;
        let is_shown = shown.iter().any(|(of, condition)| fits(entry, *of, condition));
        if is_shown == never.is_some() {
            let what = if is_shown { "has a case, and is listed as never written" } else { "has no case" };
            wrong.push(format!("{subject:?} {kind}={status} ({reason}) {what}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn faults_are_seen() -> Result<(), Failed> {
    let condition = |status: &str| {
        serde_json::json!({"type": "Accepted", "status": status, "reason": "Accepted", "message": "",
            "lastTransitionTime": "1970-01-01T00:00:00Z", "observedGeneration": 0})
    };
    let route = |conditions: Vec<Value>| {
        serde_json::json!({"kind": "HTTPRoute", "metadata": {"generation": 0, "name": "a"}, "status": {"parents": [{
            "controllerName": "a/b", "parentRef": {"group": "g", "kind": "k", "name": "n"}, "conditions": conditions}]}})
    };
    let counts = [
        faults(&route(vec![condition("True")])).len(),
        faults(&route(vec![])).len(),
        faults(&route(vec![condition("True"), condition("True")])).len(),
        // Neither a status, nor one that the catalogue has.
        faults(&route(vec![condition("Maybe")])).len(),
    ];
    if counts == [0, 1, 1, 2] { Ok(()) } else { Err(Failed::from(format!("{counts:?}"))) }
}
