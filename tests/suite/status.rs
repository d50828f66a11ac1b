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
    trials.push(Trial::test("status::what_report_and_status_do_not_share_is_seen", contradictions_are_seen));
    trials.push(Trial::test("status::states_that_the_report_does_not_have_are_seen", other_states_are_seen));
    trials
}

/// The status of a case is valid, and says what the report says.
fn check_case(harness: &Harness, case: &Case) -> Result<(), Failed> {
    let work = harness.work_directory(&format!("status/{}", case.name))?;
    let mut args = case.args.clone();
    args.extend(["-o", "json"].map(str::to_owned));
    let output = harness.gwctl("status", case, &args, &work)?;
    if output.code != Some(case.exit.status) {
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
    }
    wrong.extend(contradictions(&list, &report));
    wrong.extend(other_states(&list, &report));
    wrong.extend(entries(&report, "findings").filter_map(other_answer));
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
        "Backend" => whole(Subject::Backend),
        "ClientTrafficPolicy" | "BackendTrafficPolicy" | "SecurityPolicy" | "EnvoyExtensionPolicy" => {
            each(Subject::EnvoyPolicy, "ancestors")
        }
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
        && condition["type"] == entry.kind.as_str()
        && condition["status"] == entry.status.as_str()
        && condition["reason"] == entry.reason.as_str()
}

fn is_listed(subject: Subject, condition: &Value) -> bool {
    CATALOGUE.iter().any(|entry| fits(entry, subject, condition) && entry.never.is_none())
}

/// Where the report and the status disagree. Both say the same of every object: each condition of a finding is stated in
/// the status of its object, and each condition that is not as it should be is told by a finding, or follows from another
/// one of the same status.
fn contradictions(list: &Value, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for finding in entries(report, "findings").filter(|finding| !finding["condition"].is_null()) {
        let of_object = items(list).find(|item| is_about(finding, item));
        let stated = of_object.into_iter().flat_map(|item| subjects(item)).map(|(_, holder)| holder);
        if !stated.flat_map(|holder| entries(holder, "conditions")).any(|is| is_same(is, &finding["condition"])) {
            wrong.push(format!(
                "the report says {} of {}, and the status does not",
                finding["condition"], finding["object"]
            ));
        }
        if finding["condition"]["status"] == "False" && finding["severity"] != "error" {
            wrong.push(format!("{} is no error, and the status is {}", finding["code"], finding["condition"]));
        }
    }
    for item in items(list) {
        let told: Vec<_> = entries(report, "findings").filter(|finding| is_about(finding, item)).collect();
        for (_, holder) in subjects(item) {
            for is in entries(holder, "conditions").filter(|is| is_amiss(is)) {
                let is_told = told.iter().any(|finding| is_same(is, &finding["condition"]));
                if !is_told && !follows(is, holder, item) && !is_of_gateway(is, item, report) {
                    wrong.push(format!(
                        "the status of {} {} says {is}, and the report does not",
                        item["kind"], item["metadata"]
                    ));
                }
            }
        }
    }
    wrong
}

/// The states of options and Upstreams of Gloo Gateway that are not what the report says of them: an error on an object
/// rejects it, or one on what refers to it because it leads nowhere, and nothing else does, and what is rejected or warned
/// of has a reason.
fn other_states(list: &Value, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for item in items(list).filter(|item| item["apiVersion"].as_str().is_some_and(|own| own.contains(".solo.io/"))) {
        for one in item["status"]["statuses"].as_object().into_iter().flat_map(|all| all.values()) {
            let is = |state: &str| one["state"] == state;
            let told: Vec<_> = entries(report, "findings").filter(|finding| is_about(finding, item)).collect();
            // A target that is none leaves the others as they are.
            let own = &item["metadata"];
            let full = |finding: &Value| finding["message"].as_str().map(str::to_owned).unwrap_or_default();
            let (namespace, name) = (own["namespace"].as_str(), own["name"].as_str());
            let behind =
                format!("of Upstream `{}/{}` names it", namespace.unwrap_or_default(), name.unwrap_or_default());
            let leads_nowhere = item["kind"] == "Upstream"
                && entries(report, "findings").any(|one| one["severity"] == "error" && full(one).ends_with(&behind));
            let is_refused = leads_nowhere
                || told.iter().any(|finding| finding["severity"] == "error" && finding["code"] != "GW2032");
            let has_warning =
                told.iter().any(|finding| finding["severity"] == "warning" || finding["code"] == "GW2032");
            let is_known = ["Accepted", "Warning", "Rejected"].iter().any(|state| is(state));
            let has_reason = one["reason"].as_str().is_some_and(|reason| !reason.is_empty());
            if !is_known
                || is_refused != is("Rejected")
                || has_warning && is("Accepted")
                || has_reason == is("Accepted")
            {
                wrong.push(format!("{} {} is {one}, and the report says {told:?}", item["kind"], item["metadata"]));
            }
        }
    }
    wrong
}

/// Where a finding says that requests get a status, and the witness that the simulator made for it gets another one.
fn other_answer(finding: &Value) -> Option<String> {
    let said = status_in(finding["consequence"].as_str()?)?;
    let answer = finding["witness"].as_object()?.get("answer")?;
    let is_share = answer["backends"].as_object().is_some_and(|shares| shares.contains_key(&format!("status:{said}")));
    let is_same = answer["status"] == said || is_share;
    (!is_same).then(|| format!("{} says `{}`, and the witness gets {answer}", finding["code"], finding["consequence"]))
}

/// The status that a sentence says requests get.
fn status_in(sentence: &str) -> Option<u16> {
    let words: Vec<_> = sentence.split(|c: char| c.is_whitespace() || c == ',' || c == ':').collect();
    words.windows(2).filter(|pair| ["get", "with"].contains(&pair[0])).find_map(|pair| pair[1].parse().ok())
}

/// Whether a finding is about an object.
fn is_about(finding: &Value, item: &Value) -> bool {
    let (object, metadata) = (&finding["object"], &item["metadata"]);
    object["kind"] == item["kind"]
        && object["name"] == metadata["name"]
        && object["namespace"].as_str().unwrap_or_default() == metadata["namespace"].as_str().unwrap_or_default()
}

fn is_same(one: &Value, other: &Value) -> bool {
    ["type", "status", "reason"].iter().all(|key| one[key] == other[key])
}

/// Conditions that are no good news when they are true.
const NEGATIVE: &[&str] = &["Conflicted", "OverlappingTLSConfig", "PartiallyInvalid", "InsecureFrontendValidationMode"];

/// Whether a condition is not as it should be.
fn is_amiss(condition: &Value) -> bool {
    let is_negative = NEGATIVE.iter().any(|kind| condition["type"] == *kind);
    condition["status"] == "False" || condition["status"] == "True" && is_negative
}

/// Whether a condition follows from others: those of the same subject, of a listener or of the parent.
fn follows(condition: &Value, holder: &Value, item: &Value) -> bool {
    let is_false = |holder: &Value, kinds: &[&str]| {
        entries(holder, "conditions").any(|is| kinds.iter().any(|kind| is["type"] == *kind) && is["status"] == "False")
    };
    let is_true = |kind: &str| entries(holder, "conditions").any(|is| is["type"] == kind && is["status"] == "True");
    let of_listeners = |kinds: &[&str]| entries(&item["status"], "listeners").any(|listener| is_false(listener, kinds));
    let is_whole = std::ptr::eq(holder, &raw const item["status"]);
    match (condition["type"].as_str().unwrap_or_default(), condition["reason"].as_str().unwrap_or_default()) {
        (_, "ParentNotAccepted" | "ParentNotProgrammed") => true,
        ("Accepted", "ListenersNotValid") => of_listeners(&["Accepted", "Programmed"]),
        ("ResolvedRefs", "ListenersNotResolved") => of_listeners(&["ResolvedRefs"]),
        ("Accepted", reason) => is_true("Conflicted") && reason.ends_with("Conflict"),
        ("Programmed", _) if is_whole => is_false(holder, &["Accepted"]) || of_listeners(&["Programmed"]),
        ("Programmed", _) => {
            is_false(holder, &["Accepted", "ResolvedRefs"]) || is_false(&item["status"], &["Accepted", "Programmed"])
        }
        // Nothing is served where nobody can be asked.
        ("PartiallyInvalid", _) => is_false(holder, &["ResolvedRefs"]),
        _ => false,
    }
}

/// The authorities for the clients of a ListenerSet are references of its Gateway, where they are reported.
fn is_of_gateway(condition: &Value, item: &Value, report: &Value) -> bool {
    let is_frontend = |finding: &Value| {
        finding["object"]["kind"] == "Gateway"
            && finding["path"].as_str().is_some_and(|path| path.starts_with("spec.tls.frontend"))
    };
    item["kind"] == "ListenerSet"
        && ["Accepted", "ResolvedRefs"].iter().any(|kind| condition["type"] == *kind)
        && entries(report, "findings").any(is_frontend)
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

fn other_states_are_seen() -> Result<(), Failed> {
    let list = |state: Value| {
        serde_json::json!({"items": [{"apiVersion": "gateway.solo.io/v1", "kind": "RouteOption",
            "metadata": {"namespace": "n", "name": "a"}, "status": {"statuses": {"gloo-system": state}}}]})
    };
    let report = |severity: &str, code: &str| {
        serde_json::json!({"findings": [{"severity": severity, "code": code,
            "object": {"kind": "RouteOption", "namespace": "n", "name": "a"}}]})
    };
    let of = |state: &str| list(serde_json::json!({"state": state, "reason": "r"}));
    let accepted = list(serde_json::json!({"state": "Accepted"}));
    let counts = [
        other_states(&accepted, &report("note", "GW7032")).len(),
        other_states(&of("Rejected"), &report("error", "GW7030")).len(),
        other_states(&of("Warning"), &report("error", "GW2032")).len(),
        other_states(&accepted, &report("error", "GW7030")).len(),
        other_states(&accepted, &report("error", "GW2032")).len(),
        other_states(&of("Warning"), &report("error", "GW7030")).len(),
        other_states(&of("Rejected"), &report("warning", "GW2031")).len(),
        other_states(&of("Accepted"), &report("note", "GW7032")).len(),
        other_states(&of("Else"), &report("note", "GW7032")).len(),
    ];
    if counts == [0, 0, 0, 1, 1, 1, 1, 1, 1] { Ok(()) } else { Err(Failed::from(format!("{counts:?}"))) }
}

/// A report and a status that agree, and what becomes of each when one word of either is another.
fn contradictions_are_seen() -> Result<(), Failed> {
    let condition =
        |kind: &str, status: &str, reason: &str| serde_json::json!({"type": kind, "status": status, "reason": reason});
    let list = |conditions: Vec<Value>| {
        serde_json::json!({"items": [{"kind": "HTTPRoute", "metadata": {"namespace": "n", "name": "a"},
            "status": {"parents": [{"conditions": conditions}]}}]})
    };
    let report = |severity: &str, condition: Value| {
        serde_json::json!({"findings": [{"severity": severity, "condition": condition,
            "object": {"kind": "HTTPRoute", "namespace": "n", "name": "a"}}]})
    };
    let (accepted, partial) =
        (condition("Accepted", "True", "Accepted"), condition("PartiallyInvalid", "True", "UnsupportedValue"));
    let refused = condition("Accepted", "False", "UnsupportedValue");
    let counts = [
        contradictions(&list(vec![accepted.clone(), partial.clone()]), &report("error", partial.clone())).len(),
        // The status says that the route is accepted, and the report does not.
        contradictions(&list(vec![accepted.clone(), partial.clone()]), &report("error", refused.clone())).len(),
        // A condition that nobody told of.
        contradictions(&list(vec![accepted.clone(), partial]), &report("error", Value::Null)).len(),
        // A refusal that is a note.
        contradictions(&list(vec![refused.clone()]), &report("note", refused.clone())).len(),
        // Another reason.
        contradictions(&list(vec![condition("Accepted", "False", "NoMatchingParent")]), &report("error", refused))
            .len(),
    ];
    let witness = |status: u16| {
        serde_json::json!({"code": "GW4054", "consequence": "requests to this listener get 404",
            "witness": {"answer": {"status": status}}})
    };
    let answers = [404, 200].map(|status| other_answer(&witness(status)).is_some());
    let is_seen = counts == [0, 2, 1, 1, 2] && answers == [false, true];
    if is_seen { Ok(()) } else { Err(Failed::from(format!("{counts:?} {answers:?}"))) }
}
