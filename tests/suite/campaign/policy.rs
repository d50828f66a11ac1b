//! Options of Gloo Gateway and policies of Envoy Gateway, laid over a generated configuration. What they say is what those of
//! the cases below `testdata` say, so that a further option is drawn as soon as a case has it.

use std::path::Path;

use gwctl::proving::{HttpVersion, RequestCase};
use hyper::Method;
use hyper::header::{self, HeaderName};
use serde_json::{Value, json};

use super::plan::{HOME, Plan};
use super::random::Random;
use super::{Round, compare_with, wanted};
use crate::case::discover;
use crate::metamorphic::Input;

const GLOO: &str = "gateway.solo.io/v1";
const ENVOY_GATEWAY: &str = "gateway.envoyproxy.io/v1alpha1";
/// What options are about.
const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// The kinds, each with its version and the field that holds what it says.
const KINDS: &[(&str, &str, Option<&str>)] = &[
    ("RouteOption", GLOO, Some("options")),
    ("VirtualHostOption", GLOO, Some("options")),
    ("HttpListenerOption", GLOO, Some("options")),
    ("ListenerOption", GLOO, Some("options")),
    ("SecurityPolicy", ENVOY_GATEWAY, None),
    ("BackendTrafficPolicy", ENVOY_GATEWAY, None),
];

/// What is not part of what an object says.
const TARGETS: &[&str] = &["targetRef", "targetRefs", "targetSelectors", "mergeType"];

/// Left out: what the requests of a campaign cannot bring along, what only time, the number of connections or the length of an
/// answer decides, and what takes privileges that a run may lack.
const LEFT_OUT: &[&str] =
    &["proxyProtocol", "connectionLimit", "networkLocalRatelimit", "httpLocalRatelimit", "socketOptions", "gzip"];

/// Areas and ends of names of cases that show what is refused.
const REFUSED: &[&str] = &["refused", "untranslated", "diagnostics/", "repositories/", "status/"];
/// One value in so many is one of those.
const SELDOM: usize = 16;

/// What keeps most of the requests out that are drawn, so that nothing else would be seen of them.
const KEPT_OUT: &[&str] = &[
    "extProc",
    "extProcEarly",
    "extProcLate",
    "extauth",
    "jwt",
    "jwtProvidersStaged",
    "jwtStaged",
    "ratelimit",
    "ratelimitEarly",
    "ratelimitRegular",
    "rbac",
];

/// Settings of Upstreams that leave the answer to requests as it is.
const SETTINGS: &[&str] =
    &["loadBalancerConfig", "connectionConfig", "circuitBreakers", "useHttp2", "protocolSelection", "respectDnsTtl"];

/// How many bytes bodies have: about the limits of the cases.
const BODIES: &[usize] = &[0, 1, 100, 101, 500, 501, 1000, 1001];

/// What an option or a setting says in a case.
struct Said {
    kind: String,
    field: String,
    value: Value,
    is_refused: bool,
}

/// Everything that options, policies and Upstreams of cases say.
fn everything_said() -> Vec<Said> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut all = Vec::new();
    for case in discover(&testdata).into_iter().filter_map(|(_, found)| found.ok()) {
        let is_refused = REFUSED.iter().any(|word| case.name.contains(word));
        let documents = Input::of(&case).and_then(|input| input.documents()).unwrap_or_default();
        for (_, document) in &documents {
            let kind = document["kind"].as_str().unwrap_or_default();
            let within = KINDS.iter().find(|(known, version, _)| *known == kind && document["apiVersion"] == *version);
            let fields = match within {
                Some((_, _, Some(field))) => document["spec"][*field].as_mapping(),
                Some((_, _, None)) => document["spec"].as_mapping(),
                None if kind == "Upstream" => document["spec"].as_mapping(),
                None => None,
            };
            all.extend(fields.into_iter().flatten().filter_map(|(field, value)| {
                let field = field.as_str().filter(|field| !TARGETS.contains(field) && !LEFT_OUT.contains(field))?;
                let mut value = serde_json::to_value(value).ok()?;
                lead_to(&mut value, None);
                let is_refused = is_refused || value.to_string().contains("ecretRef");
                // A fault that waits takes the time of the campaign.
                let waits = value.get("delay").is_some();
                (!waits).then(|| Said { kind: kind.to_owned(), field: field.to_owned(), value, is_refused })
            }));
        }
    }
    all
}

/// Makes all references to servers lead to a host of the campaign. `key` is the field that holds the value.
fn lead_to(value: &mut Value, key: Option<&str>) {
    let is_server = key.is_some_and(|key| key.contains("pstream") || key.ends_with("ServerRef"));
    match value {
        Value::Object(fields) if is_server && fields.contains_key("name") => {
            *value = json!({"name": UPSTREAMS[1], "namespace": HOME});
        }
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| lead_to(value, Some(key))),
        Value::Array(items) => items.iter_mut().for_each(|item| lead_to(item, key)),
        _ => {}
    }
}

/// A generated configuration with options or policies, and what is sent to.
pub(super) fn plan(random: &mut Random) -> Plan {
    let mut plan = Plan::generate(random);
    let said = everything_said();
    // Seldom both: what two vendors say of one rule is an error.
    let (gloo, policies) = match random.below(9) {
        0 => (true, true),
        1..4 => (false, true),
        _ => (true, false),
    };
    if gloo {
        plan.extend(upstreams(&said, random));
        plan.edit_rules("HTTPRoute", |rule| lead_to_upstream(rule, random));
    }
    let kinds: Vec<_> = KINDS.iter().filter(|(_, version, _)| if *version == GLOO { gloo } else { policies }).collect();
    for number in 0..2 + random.below(4) {
        // Half of them are about rules: what is about all rules of a listener leaves little to see of anything else.
        let (kind, version, within) = if random.once_in(2) { kinds[0] } else { random.pick(&kinds) };
        let name = format!("o{number}");
        let mut spec = json!({});
        let fields = said_by(&said, kind, random);
        match within {
            Some(within) => spec[*within] = fields,
            None => spec = fields,
        }
        let is_named = *kind == "RouteOption" && random.once_in(2);
        if is_named {
            plan.edit_rules("HTTPRoute", |rule| name_in_rule(rule, &name, random));
        } else {
            spec["targetRefs"] = targets(&plan, kind, random);
        }
        let metadata = json!({"name": name, "namespace": HOME});
        plan.extend(vec![json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})]);
    }
    plan
}

/// One to three fields of a kind.
fn said_by(said: &[Said], kind: &str, random: &mut Random) -> Value {
    let mut fields = json!({});
    for _ in 0..1 + random.below(2) {
        let is_refused = random.once_in(SELDOM);
        let of_kind: Vec<&Said> = said.iter().filter(|one| one.kind == kind && one.is_refused == is_refused).collect();
        let mut names: Vec<&str> = of_kind.iter().map(|one| one.field.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if !random.once_in(SELDOM) {
            names.retain(|name| !KEPT_OUT.contains(name));
        }
        if names.is_empty() {
            continue;
        }
        // Each field as often as any other, however many cases have it.
        let name = random.pick(&names);
        let values: Vec<&Value> = of_kind.iter().filter(|one| one.field == name).map(|one| &one.value).collect();
        fields[name] = random.pick(&values).clone();
    }
    fields
}

/// Gateways, their listeners and ListenerSets, or routes, as the kind takes them.
fn targets(plan: &Plan, kind: &str, random: &mut Random) -> Value {
    let kinds: &[&str] = match kind {
        "RouteOption" => &["HTTPRoute"],
        "VirtualHostOption" | "HttpListenerOption" | "ListenerOption" => &["Gateway", "Gateway", "ListenerSet"],
        _ => &["Gateway", "HTTPRoute", "HTTPRoute", "GRPCRoute"],
    };
    let wanted = random.pick(kinds);
    let names = plan.names(wanted);
    let (wanted, names) = if names.is_empty() { ("Gateway", plan.names("Gateway")) } else { (wanted, names) };
    let Some(name) = (!names.is_empty()).then(|| random.pick(&names)) else { return json!([]) };
    let mut target = json!({"group": GATEWAY_API, "kind": wanted, "name": name});
    if wanted == "Gateway" && !random.once_in(4) {
        target["sectionName"] = json!(random.pick(&["l0", "l1", "l2"]));
    }
    json!([target])
}

/// Some of the rules name the option.
fn name_in_rule(rule: &mut Value, name: &str, random: &mut Random) {
    if !random.once_in(3) {
        return;
    }
    let filter = json!({
        "type": "ExtensionRef",
        "extensionRef": {"group": "gateway.solo.io", "kind": "RouteOption", "name": name},
    });
    match rule["filters"].as_array_mut() {
        Some(filters) => filters.push(filter),
        None => rule["filters"] = json!([filter]),
    }
}

const UPSTREAMS: &[&str] = &["of-service", "of-host"];

fn upstreams(said: &[Said], random: &mut Random) -> Vec<Value> {
    let kinds = [
        json!({"kube": {"serviceName": "s1", "serviceNamespace": HOME, "servicePort": 80}}),
        json!({"static": {"hosts": [{"addr": "192.0.2.7", "port": 8080}]}}),
    ];
    let settings: Vec<&Said> =
        said.iter().filter(|one| one.kind == "Upstream" && SETTINGS.contains(&one.field.as_str())).collect();
    let upstream = |(name, mut spec): (&&str, Value)| {
        if random.once_in(2) && !settings.is_empty() {
            let Said { field, value, .. } = random.pick(&settings);
            spec[field] = value.clone();
        }
        json!({
            "apiVersion": "gloo.solo.io/v1",
            "kind": "Upstream",
            "metadata": {"name": name, "namespace": HOME},
            "spec": spec,
        })
    };
    UPSTREAMS.iter().zip(kinds).map(upstream).collect()
}

/// Some of the backends become Upstreams.
fn lead_to_upstream(rule: &mut Value, random: &mut Random) {
    for backend in rule["backendRefs"].as_array_mut().into_iter().flatten() {
        if random.once_in(4) {
            backend["group"] = json!("gloo.solo.io");
            backend["kind"] = json!("Upstream");
            backend["name"] = json!(random.pick(UPSTREAMS));
            backend.as_object_mut().and_then(|backend| backend.remove("port"));
        }
    }
}

/// Requests at random, some of them with what options look at: bodies, tokens, and where they come from.
pub(super) fn requests(plan: &Plan, random: &mut Random) -> Vec<RequestCase> {
    let mut requests = wanted(plan, random);
    // What is upgraded waits for ever where bodies are held, and has a campaign of its own.
    requests.retain(|case| {
        let headers = &case.request.headers.0;
        let is_upgrade = case.request.upgrade.is_some() || headers.iter().any(|(name, _)| *name == header::UPGRADE);
        !is_upgrade && case.request.method != Method::CONNECT
    });
    for case in &mut requests {
        let request = &mut case.request;
        let is_plain = request.grpc.is_none() && request.upgrade.is_none() && request.http == HttpVersion::Http1;
        if is_plain && [Method::POST, Method::PUT].contains(&request.method) && random.once_in(2) {
            request.body = Some("x".repeat(random.pick(BODIES)));
        }
        if random.once_in(10) {
            let (name, value) = random.pick(&[("referer", "https://a.example/x"), ("authorization", "Bearer none")]);
            let known = request.headers.0.iter().any(|(own, _)| *own == name);
            if let Some(name) = name.parse::<HeaderName>().ok().filter(|_| !known) {
                request.headers.0.push((name, vec![value.to_owned()]));
            }
        }
    }
    requests
}

/// What both say of the requests, but for those about which only a run can say something.
pub(super) fn compare(envoy: &Path, plan: &Plan, requests: &[RequestCase]) -> Result<Round, String> {
    compare_with(envoy, plan, requests, true)
}
