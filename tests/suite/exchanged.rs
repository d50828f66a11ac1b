//! `gwctl diff` where the same rules go in another order, by whatever decides on it, and where a definition stands in the
//! place of another one.

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::harness::Harness;
use crate::judged::{HTTP, Stage, ensure, gateway, kinds};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run| Stage::trial(harness, &format!("exchanged::{name}"), run);
    vec![
        test("diff_finds_a_request_that_two_rules_take", shown),
        test("diff_knows_rules_that_never_meet", apart),
        test("diff_follows_rules_to_other_routes", moved),
        test("diff_says_that_it_cannot_decide", undecided),
        test("diff_names_definitions_that_do_not_count", overridden),
        test("patches_are_no_objects", patches),
    ]
}

const HEAD: &str = "---\napiVersion: gateway.networking.k8s.io/v1\n";

/// A route with rules of the form `conditions -> backend`.
fn route(kind: &str, (name, more): (&str, &str), rules: &[(&str, &str)]) -> String {
    let rules: Vec<String> = rules
        .iter()
        .map(|(matches, backend)| format!("{{matches: [{matches}], backendRefs: [{{name: {backend}, port: 80}}]}}"))
        .collect();
    format!(
        "{HEAD}kind: {kind}\nmetadata: {{name: {name}{more}}}\nspec: {{parentRefs: [{{name: edge, namespace: default}}], \
         hostnames: [a.test], rules: [{}]}}\n",
        rules.join(", ")
    )
}

fn side(routes: &[String]) -> String {
    let open = HTTP.replace("port: 80", "port: 80, allowedRoutes: {namespaces: {from: All}}");
    gateway("edge", &open) + &routes.concat()
}

/// Two rules that change places.
fn swapped(kind: &str, one: &str, other: &str) -> [String; 2] {
    let rules = [(one, "one"), (other, "two")];
    let back = [(other, "two"), (one, "one")];
    [side(&[route(kind, ("m", ""), &rules)]), side(&[route(kind, ("m", ""), &back)])]
}

fn pattern(path: &str) -> String {
    format!("{{path: {{type: RegularExpression, value: '{path}'}}}}")
}

fn header(name: &str, pattern: &str) -> String {
    format!("{{headers: [{{name: {name}, type: RegularExpression, value: '{pattern}'}}]}}")
}

/// The change is told, with a request that the sides answer differently.
fn is_shown(stage: &Stage, old: &str, new: &str) -> Result<(), Failed> {
    let (output, found) = stage.diff(old, new)?;
    let change = &found["changes"][0];
    let differs = change["oldAnswer"] != change["newAnswer"] && change["witness"] != Value::Null;
    ensure(output.code == Some(1) && kinds(&found) == ["reordered"] && differs, &output)?;
    let (output, _) = stage.diff(old, old)?;
    ensure(output.code == Some(0), &output)
}

fn is_silent(stage: &Stage, old: &str, new: &str) -> Result<(), Failed> {
    let (output, found) = stage.diff(old, new)?;
    ensure(output.code == Some(0) && kinds(&found).is_empty(), &output)
}

fn shown(stage: &Stage) -> Result<(), Failed> {
    for (one, other) in [
        (header("cookie", ".*a=1.*"), header("cookie", ".*b=2.*")),
        (header("user-agent", ".*iPhone.*"), header("user-agent", ".*Safari.*")),
        (pattern("/a.*"), pattern("/.*b")),
        (pattern("/[^/]+/x.*"), pattern("/y/[^/]+.*")),
        (pattern("/(a|b|c)/d"), pattern("/(c|d|e)/d")),
        (
            "{queryParams: [{name: q, type: RegularExpression, value: 'a.*'}]}".to_owned(),
            "{queryParams: [{name: q, type: RegularExpression, value: '.*b'}]}".to_owned(),
        ),
    ] {
        let [old, new] = swapped("HTTPRoute", &one, &other);
        is_shown(stage, &old, &new)?;
    }
    let call = |service: &str, method: &str| {
        format!("{{method: {{type: RegularExpression, service: '{service}', method: '{method}'}}}}")
    };
    let [old, new] = swapped("GRPCRoute", &call("a.*", "G.*"), &call(".*b", ".*t"));
    is_shown(stage, &old, &new)
}

fn apart(stage: &Stage) -> Result<(), Failed> {
    for (one, other) in [
        (pattern("/a.*"), pattern("/b.*")),
        (pattern("/a[0-9]+"), pattern("/a[a-z]+")),
        // Of these a request has one line.
        (header("via", "a+"), header("via", "b+")),
        ("{queryParams: [{name: x, value: '1'}]}".to_owned(), "{queryParams: [{name: x, value: '2'}]}".to_owned()),
        // The longer pattern goes first, wherever it stands.
        (pattern("/a[0-9]+/.*"), pattern("/a.*/[a-z]{3}")),
    ] {
        let [old, new] = swapped("HTTPRoute", &one, &other);
        is_silent(stage, &old, &new)?;
    }
    Ok(())
}

const X: (&str, &str) = ("{headers: [{name: x, value: '1'}]}", "one");
const Y: (&str, &str) = ("{headers: [{name: yy, value: '1'}]}", "two");

fn moved(stage: &Stage) -> Result<(), Failed> {
    let one = |head: (&str, &str), rule: (&str, &str)| route("HTTPRoute", head, &[rule]);
    let old = side(&[one(("aa", ""), X), one(("mm", ""), Y)]);
    let both = side(&[route("HTTPRoute", ("mm", ""), &[X, Y])]);
    let later = ", creationTimestamp: '2024-01-01T00:00:00Z'";
    for (old, new) in [
        // Another name, another namespace, another age, and a rule that moves.
        (&old, side(&[one(("zz", ""), X), one(("mm", ""), Y)])),
        (&old, side(&[one(("aa", ", namespace: zz"), X), one(("mm", ""), Y)])),
        (&old, side(&[one(("aa", ""), X), one(("mm", later), Y)])),
        (&both, side(&[one(("mm", ""), Y), one(("zz", ""), X)])),
    ] {
        let grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g}\nspec: {from: \
                     [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: zz}], to: [{group: '', kind: Service}]}\n";
        let reach = |side: &str| side.replace("{name: one, port", "{name: one, namespace: default, port") + grant;
        is_shown(stage, &reach(old), &reach(&new))?;
    }
    // What still goes first may move.
    is_silent(stage, &both, &side(&[one(("mm", ""), X), one(("zz", ""), Y)]))?;
    is_silent(stage, &old, &side(&[one(("ab", ""), X), one(("mm", ""), Y)]))
}

/// An assertion about what stands beside it is not followed.
fn undecided(stage: &Stage) -> Result<(), Failed> {
    let [old, new] = swapped("HTTPRoute", &header("x", r"a\b.*c"), &header("x", r".*\bc"));
    let (output, found) = stage.diff(&old, &new)?;
    let change = &found["changes"][0];
    let is_told = kinds(&found) == ["reordered"] && change["witness"] == Value::Null;
    ensure(output.code == Some(1) && is_told && output.stdout.contains("no request that both take was found"), &output)
}

/// What a later definition overrides may be what a cluster has.
fn overridden(stage: &Stage) -> Result<(), Failed> {
    let of = |backend: &str| route("HTTPRoute", ("m", ""), &[(X.0, backend)]);
    let service = |port: &str| {
        format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{ports: [{{port: {port}}}]}}\n")
    };
    for (old, new, code) in [
        (vec![of("one"), of("three")], vec![of("two"), of("three")], 2),
        (vec![of("one"), of("three")], vec![of("three")], 2),
        (vec![of("three")], vec![of("one"), of("three")], 2),
        (vec![service("80"), service("82"), of("s")], vec![service("81"), service("82"), of("s")], 2),
        (vec![of("one"), of("three")], vec![of("one").replace("name: m", "uid: x, name: m"), of("three")], 0),
    ] {
        let (output, found) = stage.diff(&side(&old), &side(&new))?;
        ensure(output.code == Some(code) && kinds(&found).is_empty(), &output)?;
    }
    Ok(())
}

/// A file that a Kustomization names as a patch stands in the place of no object.
fn patches(stage: &Stage) -> Result<(), Failed> {
    let patch = route("HTTPRoute", ("m", ""), &[]).replace(", rules: []", "");
    let forms = [
        "patches: [{path: p.yaml}]",
        "patchesStrategicMerge: [./p.yaml]",
        "patchesJson6902: [{path: p.yaml, target: {kind: HTTPRoute, name: m}}]",
        "replacements: [{path: p.yaml}]",
        "transformers: [p.yaml]",
        "configurations: [p.yaml]",
        "patches:\n- patch: |\n    kind: HTTPRoute\n- path: p.yaml",
    ];
    for form in forms {
        let write = |tree: &str, backend: &str, patch: &str| -> Result<(), Failed> {
            stage.write(&format!("{tree}/kustomization.yaml"), &format!("resources: [all.yaml]\n{form}\n"))?;
            stage.write(&format!("{tree}/all.yaml"), &side(&[route("HTTPRoute", ("m", ""), &[(X.0, backend)])]))?;
            stage.write(&format!("{tree}/p.yaml"), patch)?;
            Ok(())
        };
        let line = "diff old new --assume services --exit-code -o json";
        write("old", "one", &patch)?;
        write("new", "two", &patch)?;
        let output = stage.run(line)?;
        let found: Value = serde_json::from_str(&output.stdout)?;
        ensure(output.code == Some(1) && kinds(&found) == ["retargeted"], &output)?;
        write("new", "one", &patch.replace("a.test", "b.test"))?;
        let output = stage.run(line)?;
        ensure(output.code == Some(2) && output.stdout.contains("a document of `new/p.yaml`"), &output)?;
        // The route itself is judged, and its mistakes are found.
        let output = stage.run("validate new")?;
        let is_judged = output.stdout.contains("GW2001")
            && output.stdout.contains("2 Kustomizations and parts of them are skipped");
        ensure(output.code == Some(1) && is_judged && !output.stdout.contains("GW8007"), &output)?;
    }
    Ok(())
}
