//! `migrate`: what the result says for the cases of `testdata/migrate`, and for every case with policies or backends of vendors,
//! in all terms: that nobody gets in who was kept out, and that a result of which nothing is told decides like its input.

use std::fs;
use std::path::{Path, PathBuf};

use gwctl::compile::{self, Compilation};
use gwctl::diagnostics::Diagnostics;
use gwctl::options::Options;
use gwctl::parser::source::{Found, Source, SourceSet};
use gwctl::simulate::{Answer, Decision, Request, Simulator};
use libtest_mimic::Trial;

use crate::case::{Case, discover};
use crate::golden::snapshot;
use crate::harness::Harness;
use crate::process::{self, Output, fail};

/// In whose terms results are written.
const TERMS: [&str; 3] = ["gateway-api", "envoy-gateway", "gloo"];

/// The cases whose results are snapshots begin with this.
const AREA: &str = "migrate/";

/// What objects of vendors have in their text.
const VENDORS: [&str; 3] = ["gateway.solo.io/", "gloo.solo.io/", "gateway.envoyproxy.io/"];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let cases = cases.filter(|case| case.stdin.is_none() && has_objects_of_vendors(case));
    let trials = cases.map(|case| {
        let harness = harness.clone();
        Trial::test(format!("migrate::{}", case.name), move || {
            TERMS.iter().try_for_each(|to| check(&harness, &case, to)).map_err(Into::into)
        })
    });
    let odd = ODD.iter().map(|odd| {
        let harness = harness.clone();
        Trial::test(format!("migrate::{}", odd.name), move || check_odd(&harness, odd).map_err(Into::into))
    });
    trials.chain(odd).collect()
}

/// An input with something that stays, or that closes a rule.
struct Odd {
    name: &'static str,
    /// Its objects, behind a Gateway and a Service.
    objects: &'static str,
    to: &'static str,
    code: i32,
    /// What the result has, and what it lacks.
    parts: &'static [&'static str],
    lacks: &'static [&'static str],
}

const SURROUNDINGS: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}, {name: tcp, protocol: TCP, port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{port: 80}]}
---
";

const ODD: &[Odd] = &[
    Odd {
        name: "a_policy_of_a_gateway_without_routes_stays",
        objects: "apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: closed}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], authorization: {defaultAction: Deny}}
",
        to: "gateway-api",
        code: 0,
        parts: &["defaultAction: Deny"],
        lacks: &[],
    },
    Odd {
        name: "options_of_a_gateway_without_routes_stay",
        objects: "apiVersion: gateway.solo.io/v1
kind: VirtualHostOption
metadata: {name: closed}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
  options: {csrf: {filterEnabled: {defaultValue: {numerator: 100}}}}
",
        to: "gateway-api",
        code: 0,
        parts: &["csrf"],
        lacks: &[],
    },
    Odd {
        name: "a_policy_that_selects_nothing_stays",
        objects: "apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: closed}
spec: {targetSelectors: [{group: gateway.networking.k8s.io, kind: HTTPRoute, matchLabels: {a: b}}], authorization: {defaultAction: Deny}}
",
        to: "gateway-api",
        code: 0,
        parts: &["matchLabels"],
        lacks: &[],
    },
    Odd {
        name: "line_ends_of_block_scalars_stay",
        objects: "apiVersion: v1
kind: ConfigMap
metadata: {name: lines}
data:
  kept: |+
    one


---
apiVersion: v1
kind: ConfigMap
metadata: {name: last}
data:
  open: |
    no line end",
        to: "gateway-api",
        code: 0,
        parts: &["    one\n\n\n---", "open: no line end"],
        lacks: &[],
    },
    Odd {
        name: "no_policy_takes_the_place_of_one_that_counts",
        objects: "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  rules:
  - filters: [{type: ExtensionRef, extensionRef: {group: gateway.solo.io, kind: RouteOption, name: cors}}]
    backendRefs: [{name: cart, port: 80}]
---
apiVersion: gateway.solo.io/v1
kind: RouteOption
metadata: {name: cors}
spec: {options: {cors: {allowOrigin: ['https://a.example']}}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: closed}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], authorization: {defaultAction: Deny}}
",
        to: "envoy-gateway",
        code: 1,
        parts: &["defaultAction: Deny"],
        lacks: &["allowOrigins"],
    },
    Odd {
        name: "a_policy_of_a_refused_route_stays",
        objects: "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  rules: [{retries: 3, backendRefs: [{name: cart, port: 80}]}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: closed}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}], authorization: {defaultAction: Deny}}
",
        to: "gateway-api",
        code: 1,
        parts: &["defaultAction: Deny"],
        lacks: &[],
    },
    Odd {
        name: "a_policy_of_a_route_of_connections_stays",
        objects: "apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: bytes}
spec: {parentRefs: [{name: edge, sectionName: tcp}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: closed}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: TCPRoute, name: bytes}]
  authorization: {defaultAction: Deny, rules: [{action: Allow, principal: {clientCIDRs: [192.0.2.0/24]}}]}
",
        to: "gateway-api",
        code: 1,
        parts: &["192.0.2.0/24"],
        lacks: &[],
    },
    // Bytes of one letter cannot be parted: nobody says how Services are called that are assumed.
    Odd {
        name: "a_grant_has_a_name_whatever_the_service_is_called",
        objects: "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  rules: [{backendRefs: [{group: gloo.solo.io, kind: Upstream, name: far}]}]
---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: far}
spec:
  kube:
    serviceNamespace: other
    servicePort: 80
    serviceName: aüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü
",
        to: "gateway-api",
        code: 1,
        parts: &["kind: ReferenceGrant"],
        lacks: &["kind: Upstream"],
    },
    Odd {
        name: "an_answer_in_the_place_of_backends_closes_the_rule",
        objects: "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  rules:
  - filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: answer}}]
    backendRefs: [{name: cart, port: 80}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: HTTPRouteFilter
metadata: {name: answer}
spec: {directResponse: {statusCode: 403}}
",
        to: "gateway-api",
        code: 1,
        parts: &["kind: HTTPRoute"],
        lacks: &["backendRefs", "directResponse"],
    },
];

fn check_odd(harness: &Harness, odd: &Odd) -> Result<(), String> {
    let work = harness.work_directory(&format!("migrate/{}", odd.name))?;
    let manifests = format!("{SURROUNDINGS}{}", odd.objects);
    fs::write(work.join("m.yaml"), manifests).map_err(fail)?;
    let arguments = ["m.yaml", "--assume=services"].map(str::to_owned);
    let output = migrate(harness, &work, &arguments, odd.to)?;
    let has = |part: &&&str| output.stdout.contains(**part);
    let is_whole = odd.parts.iter().filter(has).count() == odd.parts.len();
    if output.code == Some(odd.code) && is_whole && !odd.lacks.iter().any(|part| has(&part)) {
        return Ok(());
    }
    Err(format!("{output:#?}"))
}

/// The snapshots of a case.
pub(crate) fn snapshots(case: &Case) -> impl Iterator<Item = String> {
    let is_pinned = case.name.starts_with(AREA);
    let terms = TERMS.iter().filter(move |_| is_pinned);
    terms.flat_map(|to| [format!("to-{to}"), format!("to-{to}-report")])
}

fn has_objects_of_vendors(case: &Case) -> bool {
    let paths = case.paths.iter().map(|path| case.folder.join(path));
    let files = paths.flat_map(|path| walkdir::WalkDir::new(path).into_iter().flatten());
    let mut texts = files.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    texts.any(|text| VENDORS.iter().any(|vendor| text.contains(vendor)))
}

fn check(harness: &Harness, case: &Case, to: &str) -> Result<(), String> {
    let work = harness.work_directory(&format!("migrate/{}/{to}", case.name))?;
    let output = migrate(harness, &case.folder, &case.paths, to)?;
    let report = || format!("--to {to}: {:?}\n{}", output.code, output.stderr);
    if !matches!(output.code, Some(0 | 1)) || output.stderr.contains("panicked") {
        return Err(report());
    }
    let file = work.join("result.yaml");
    fs::write(&file, &output.stdout).map_err(fail)?;
    if case.name.starts_with(AREA) {
        snapshot(harness, case, &format!("to-{to}"), &output.stdout, &work)?;
        snapshot(harness, case, &format!("to-{to}-report"), &output.stderr, &work)?;
        run(harness, case, &file, output.code == Some(0))?;
    }
    let sources = case.paths.iter().flat_map(|path| walkdir::WalkDir::new(case.folder.join(path)).sort_by_file_name());
    let sources = sources.flatten().map(walkdir::DirEntry::into_path).filter(|path| path.is_file());
    let input = compiled(&sources.collect::<Vec<_>>())?;
    let result = compiled(std::slice::from_ref(&file))?;
    compare(&input, &result, output.code == Some(0)).map_err(|why| format!("{why}\n{}", report()))?;
    // A result has nothing more to be said in its terms.
    if output.code == Some(0) {
        let again = migrate(harness, &work, &["result.yaml".to_owned()], to)?;
        if again.code != Some(0) || again.stdout != output.stdout {
            return Err(format!("--to {to}: the result becomes another one\n{}\n{}", again.stdout, again.stderr));
        }
    }
    Ok(())
}

fn migrate(harness: &Harness, folder: &Path, paths: &[String], to: &str) -> Result<Output, String> {
    let flags = ["migrate", "--to", to, "--no-settings"].into_iter().map(str::to_owned);
    let arguments: Vec<String> = flags.chain(paths.iter().cloned()).collect();
    process::run(harness.binary(), folder, &arguments, None)
}

/// Requests through the real proxy, of the result. Of one of which something is told some may get another answer.
fn run(harness: &Harness, case: &Case, result: &Path, is_whole: bool) -> Result<(), String> {
    let Some(requests) = case.requests.as_ref().filter(|_| is_whole) else { return Ok(()) };
    let (requests, result) = (requests.display(), result.display());
    let line = format!("test {requests} -f {result} --envoy={}", harness.envoy()?.display());
    let output = process::run_line(harness.binary(), &case.folder, &line)?;
    if output.code == Some(0) { Ok(()) } else { Err(format!("{output:#?}")) }
}

fn compiled(files: &[PathBuf]) -> Result<Compilation, String> {
    let source = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(fail)?;
        let name = path.to_string_lossy().into_owned();
        Ok::<_, String>(Source { name, text, found: Found::InDirectory, context: false, kept: Vec::new() })
    };
    let sources = files.iter().map(source).collect::<Result<_, _>>()?;
    Ok(compile::compile(SourceSet { sources }, &Options::default(), Diagnostics::new()))
}

/// A request for each route of the input: where the input lets nobody in, neither does the result; and where nothing is
/// told, the answers are the same.
fn compare(input: &Compilation, result: &Compilation, is_whole: bool) -> Result<(), String> {
    let (before, after) = (input.lowered.judged(), result.lowered.judged());
    let (sides, others) = (Simulator::of_each_gateway(before), Simulator::of_each_gateway(after));
    for (gateway, simulator) in &sides {
        for witness in simulator.witnesses() {
            let request: &Request = &witness.request;
            let old = simulator.decide(request);
            let new = others.get(gateway).map(|other| other.decide(request));
            let what = || format!("{} {:?}{} of {gateway}", request.method, request.authority, request.target);
            if refuses(&old) && new.as_ref().is_some_and(passes) {
                return Err(format!("{} was refused, and gets in: {:?}", what(), new.map(|new| told(&new))));
            }
            let (old, new) = (told(&old), new.as_ref().map(told));
            if is_whole && new.as_ref() != Some(&old) {
                return Err(format!("{} is answered otherwise, and nothing is told: {old:?}, {new:?}", what()));
            }
        }
    }
    Ok(())
}

/// Whether nobody gets in, for who they are or because what says who may cannot be honoured.
fn refuses(decision: &Decision<'_>) -> bool {
    decision.only_reply().is_some_and(|reply| matches!(reply.status, 401 | 403 | 500))
}

fn passes(decision: &Decision<'_>) -> bool {
    decision.outcomes.iter().any(|outcome| matches!(outcome.answer, Answer::Upstream(_)))
}

/// What comes back, and what backends see, without names.
fn told(decision: &Decision<'_>) -> Vec<String> {
    let told = decision.outcomes.iter().map(|outcome| {
        let share = outcome.share;
        match &outcome.answer {
            Answer::Local(reply) => format!("{share:?} {} {:?} {}", reply.status, reply.headers, reply.body),
            Answer::Upstream(upstream) => {
                format!("{share:?} {} {} {:?}", upstream.path, upstream.host, upstream.headers)
            }
            Answer::Stream(_) => format!("{share:?} bytes"),
            Answer::Closed(why) => format!("{share:?} {}", why.as_str()),
        }
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}
