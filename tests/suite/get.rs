//! `get` and `describe` as a shell sees them. The cases of `status` pin what they print of every kind (`golden`).

use std::collections::BTreeSet;
use std::fs;

use boon::{Compiler, Schemas};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::case::discover;
use crate::commands::{Stage, ensure, json};
use crate::harness::Harness;
use crate::process::{self, Output};

const SECRET: &str = "apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop, annotations: {owner: team}}
type: Opaque
stringData: {password: hunter2-hunter2, tls.key: abc}
";

const POLICIES: &str = "apiVersion: gateway.solo.io/v1
kind: RouteOption
metadata: {name: older, namespace: shop, creationTimestamp: '2020-01-01T00:00:00Z'}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  options: {timeout: 5s}
---
apiVersion: gateway.solo.io/v1
kind: RouteOption
metadata: {name: younger, namespace: shop, creationTimestamp: '2021-01-01T00:00:00Z'}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  options: {timeout: 9s, prefixRewrite: /x}
---
apiVersion: gateway.solo.io/v1
kind: VirtualHostOption
metadata: {name: host, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge, sectionName: http}]
  options: {retries: {retryOn: 5xx, numRetries: 2}, timeout: 1s}
";

/// What no case of `status` has: a slice, and a Gateway of somebody else.
const MORE: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: theirs}
spec: {controllerName: example.net/theirs}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ours}
spec: {controllerName: gwctl.dev/offline}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: theirs, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a-1, namespace: shop, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2], conditions: {ready: false}}]
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), format!("get-{name}"));
        Trial::test(format!("get::{name}"), move || run(&Stage::new(&harness, &folder)?))
    };
    let schema = harness.clone();
    vec![
        Trial::test("get::descriptions_for_programs_are_as_their_schema_says", move || {
            as_the_schema_says(&schema).map_err(Failed::from)
        }),
        test("the_end_of_a_file_decides_on_its_form", by_file),
        test("kinds_and_names_are_told_from_paths", told_apart),
        test("what_is_not_there_is_told_with_the_nearest", missing),
        test("a_namespace_selects_and_that_of_settings_does_not", namespaces),
        test("an_object_has_the_status_that_is_computed", with_status),
        test("of_a_secret_only_what_it_is_is_shown", secrets),
        test("credentials_in_urls_are_shown_nowhere", urls),
        test("a_piped_template_that_is_not_here_is_named_in_every_form", piped),
        test("an_effective_policy_names_the_object_of_each_field", policies),
        test("every_object_that_is_written_can_be_read_again", again),
    ]
}

fn lines(output: &Output) -> Vec<&str> {
    output.stdout.lines().collect()
}

fn urls(stage: &Stage) -> Result<(), Failed> {
    for url in ["http://keys.test/jwks?x=1&api_key=PLAIN", "http://bob:PLAIN@keys.test/jwks"] {
        let option = format!(
            "apiVersion: gateway.solo.io/v1\nkind: VirtualHostOption\nmetadata: {{name: tokens, namespace: shop}}\nspec:\n  \
             targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: edge}}]\n  options: {{jwt: {{providers: {{a: \
             {{jwks: {{remote: {{url: '{url}', upstreamRef: {{name: keys, namespace: shop}}}}}}}}}}}}}}\n"
        );
        stage.write("m/tokens.yaml", &option)?;
        for line in [
            &["get", "virtualhostoptions", "m", "-o", "yaml"][..],
            &["get", "virtualhostoptions", "m", "-o", "json"],
            &["describe", "virtualhostoption", "tokens", "m", "-n", "shop"],
            &["graph", "m", "-o", "html", "--partial"],
            &["validate", "m", "-v"],
        ] {
            let output = stage.run(line)?;
            ensure(!output.stdout.is_empty() || !output.stderr.is_empty(), &output)?;
            ensure(!output.stdout.contains("PLAIN") && !output.stderr.contains("PLAIN"), &output)?;
        }
    }
    Ok(())
}

fn piped(stage: &Stage) -> Result<(), Failed> {
    let text = "---\n# Source: far/templates/route.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
                metadata: {name: web}\nspec:\n  rules: [{backendRefs: [{name: gone, port: 80}]}]\n";
    stage.write("piped.yaml", text)?;
    for form in ["human", "json", "github", "sarif", "gitlab", "rdjson", "junit"] {
        let output = stage.run_on(&["validate", "-", "-o", form], "piped.yaml")?;
        let told = format!("{}{}", output.stdout, output.stderr);
        ensure(output.code == Some(1) && told.contains("far/templates/route.yaml"), &output)?;
    }
    let output = stage.run_on(&["validate", "-", "-o", "github"], "piped.yaml")?;
    ensure(output.stdout.contains("file=far/templates/route.yaml,") && !output.stdout.contains("line="), &output)
}

fn told_apart(stage: &Stage) -> Result<(), Failed> {
    let listed = stage.run(&["get", "svc", "m"])?;
    let expected = [
        "NAMESPACE   NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE",
        "shop        a      ClusterIP   <none>       <none>        80/TCP    <unknown>",
        "shop        b      ClusterIP   <none>       <none>        80/TCP    <unknown>",
    ];
    ensure(listed.code == Some(0) && lines(&listed) == expected && listed.stderr.is_empty(), &listed)?;
    for line in [
        &["get", "services", "a", "m"][..],
        &["get", "service", "shop/a", "m"],
        &["get", "service/a", "m"],
        &["get", "svc/shop/a", "./m"],
        &["get", "Service", "a", "-f", "m"],
        &["get", "service", "a", "m/gateway.yaml", "m/route.yaml"],
    ] {
        let output = stage.run(line)?;
        ensure(output.code == Some(0) && lines(&output) == expected[..2], &output)?;
    }
    let output = stage.run(&["get", "services", "a", "b", "-f", "m", "-o", "name"])?;
    ensure(output.stdout == "service/a\nservice/b\n", &output)?;
    let output = stage.run(&["get", "gw,routes", "m", "-o", "name"])?;
    let names = "gateway.gateway.networking.k8s.io/edge\nhttproute.gateway.networking.k8s.io/web\n";
    ensure(output.stdout == names, &output)?;
    let output = stage.run_on(&["describe", "gateway", "edge", "-"], "m/gateway.yaml")?;
    ensure(output.code == Some(0) && output.stdout.contains("Source:") && output.stdout.contains("-:2"), &output)
}

fn missing(stage: &Stage) -> Result<(), Failed> {
    for (line, code, words) in [
        (&["get", "htproutes", "m"][..], 2, "did you mean `httproutes`?"),
        (&["get", "ingresses", "m"], 2, "the kinds are gatewayclasses"),
        (&["get", "gateways"], 2, "where are the manifests?"),
        (&["get", "gateways", "gone"], 2, "gone"),
        (&["get", "gateway", "egde", "m"], 1, "the input has no Gateway called `egde`: did you mean `edge`?"),
        (&["describe", "svc", "a", "-n", "other", "m"], 1, "Service `a` is in the namespace `shop`"),
        (&["get", "svc", "m", "m"], 1, "`m` is read as a name"),
        (&["describe", "nothing", "x", "m"], 2, "gwctl reads no kind called `nothing`"),
    ] {
        let output = stage.run(line)?;
        // A name that is near enough is told before what a path would be.
        let holds = output.code == Some(code)
            && output.stdout.trim().is_empty()
            && (output.stderr.contains(words) || words.starts_with("`m`") && output.stderr.contains("called `m`"));
        ensure(holds, &output)?;
    }
    let output = stage.run(&["get", "meshes,namespaces".replace("meshes", "xmeshes").as_str(), "m"])?;
    ensure(output.code == Some(0) && output.stderr == "note: there is no object of these kinds to show\n", &output)
}

fn namespaces(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/other.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: c}\nspec: {ports: [{port: 80}]}\n")?;
    let names = |args: &[&str]| -> Result<String, String> {
        let line = [&["get", "svc", "m", "-q"], args, &["-o", "json"]].concat();
        let list = json(&stage.run(&line)?)?;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let name = |item: &Value| format!("{}/{}", item["metadata"]["namespace"], item["metadata"]["name"]);
        Ok(items.iter().map(name).collect::<Vec<_>>().join(" ").replace('"', ""))
    };
    let expect = |args: &[&str], expected: &str| -> Result<(), String> {
        let found = names(args)?;
        if found == expected { Ok(()) } else { Err(format!("{args:?}: {found}")) }
    };
    expect(&[], "default/c shop/a shop/b")?;
    expect(&["-n", "shop"], "shop/a shop/b shop/c")?;
    expect(&["-n", "team"], "team/c")?;
    expect(&["-n", "team", "-A"], "shop/a shop/b team/c")?;
    stage.write("m/gwctl.yaml", "namespace: team\n")?;
    expect(&[], "shop/a shop/b team/c")?;
    expect(&["-n", "shop"], "shop/a shop/b shop/c")?;
    Ok(())
}

fn with_status(stage: &Stage) -> Result<(), Failed> {
    let output = stage.run(&["get", "httproute", "web", "m", "-o", "json"])?;
    let route = json(&output)?;
    let condition = &route["status"]["parents"][0]["conditions"][0];
    let holds = route["kind"] == "HTTPRoute"
        && route["spec"]["rules"][0]["backendRefs"][1]["weight"] == 3
        && condition["type"] == "Accepted"
        && condition["status"] == "True";
    ensure(holds, &output)?;
    let output = stage.run(&["get", "all", "m", "-o", "yaml", "--output-file", "all.yaml"])?;
    ensure(output.code == Some(0) && output.stdout.is_empty(), &output)?;
    // A status in the input is what a cluster said, not what the manifests say.
    stage.write(
        "m/route.yaml",
        &crate::commands::ROUTE
            .replace("spec:\n", "status: {parents: []}\nspec:\n")
            .replace("port: 80}]", "port: 81}]"),
    )?;
    let output = stage.run(&["get", "httproute", "web", "m", "-o", "json"])?;
    let route = json(&output)?;
    let conditions = route["status"]["parents"][0]["conditions"].as_array().cloned().unwrap_or_default();
    let refs = conditions.iter().find(|condition| condition["type"] == "ResolvedRefs");
    ensure(output.code == Some(1) && refs.is_some_and(|refs| refs["status"] == "False"), &output)?;
    let output = stage.run(&["describe", "httproute", "web", "m", "--partial"])?;
    let text = &output.stdout;
    ensure(output.code == Some(0) && text.contains("refused") && text.contains("GW2004"), &output)
}

fn secrets(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/secret.yaml", SECRET)?;
    let output = stage.run(&["get", "secret", "keys", "m", "-o", "json"])?;
    let secret = json(&output)?;
    let fields: Vec<&str> = secret.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    ensure(fields == ["apiVersion", "kind", "metadata", "type"] && secret["type"] == "Opaque", &output)?;
    for line in [&["get", "all", "m", "-o", "yaml"][..], &["get", "all", "m", "-o", "wide"], &["describe", "all", "m"]]
    {
        let output = stage.run(line)?;
        let text = format!("{}{}", output.stdout, output.stderr);
        ensure(output.code == Some(0) && text.contains("keys"), &output)?;
        ensure(!text.contains("hunter2") && !text.contains("password") && !text.contains("aHVudGVyMi"), &output)?;
    }
    Ok(())
}

/// Every case of `status`, in JSON and in YAML; and each field of the schema is one that some object has.
fn as_the_schema_says(harness: &Harness) -> Result<(), String> {
    let path = harness.testdata().with_file_name("docs/describe.schema.json");
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let fields = |name: &str| -> BTreeSet<String> {
        schema.pointer(name).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.to_owned()).collect()
    };
    let known = fields("/$defs/object/properties");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("describe", schema.clone()).map_err(|error| error.to_string())?;
    let compiled = compiler.compile("describe", &mut schemas).map_err(|error| error.to_string())?;
    let work = harness.work_directory("describe-schema")?;
    process::write_below(&work, "m/more.yaml", MORE)?;
    let more = ["more.yaml", "--controller-name", "gwctl.dev/offline"].map(str::to_owned).to_vec();
    let mut inputs = vec![("more".to_owned(), work.join("m"), more)];
    for (_, case) in discover(&harness.testdata()) {
        let case = case?;
        if case.status {
            let words = case.args.iter().map(|arg| arg.replace("{tmp}", &work.to_string_lossy()));
            inputs.push((case.name, case.folder, words.chain(case.paths).collect()));
        }
    }
    let mut seen = BTreeSet::new();
    for (name, folder, words) in inputs {
        let describe = |format: &str| -> Result<Output, String> {
            let asked = "all,gatewayclasses,xmeshes,listenersets,policies,referencegrants,namespaces,endpointslices,secrets,configmaps";
            let args = ["describe", asked, "--partial", "-o", format].map(str::to_owned);
            let args: Vec<String> = args.into_iter().chain(words.iter().map(String::to_owned)).collect();
            process::run(harness.binary(), &folder, &args, None)
        };
        let (output, yaml) = (describe("json")?, describe("yaml")?);
        let said: Value = serde_json::from_str(&output.stdout).map_err(|error| format!("{error}: {output:#?}"))?;
        schemas.validate(&said, compiled).map_err(|error| format!("{name}: {error:#}"))?;
        let same: Value = serde_yaml::from_str(&yaml.stdout).map_err(|error| format!("{error}: {yaml:#?}"))?;
        if said != same {
            return Err(format!("{name}: JSON and YAML differ: {yaml:#?}"));
        }
        for object in said["objects"].as_array().into_iter().flatten() {
            seen.extend(object.as_object().into_iter().flatten().map(|(name, _)| name.to_owned()));
        }
    }
    let unseen: Vec<&String> = known.difference(&seen).collect();
    if unseen.is_empty() { Ok(()) } else { Err(format!("no object of any case has {unseen:?}")) }
}

fn by_file(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/secret.yaml", SECRET)?;
    for command in ["get", "describe"] {
        for (file, begin) in [("a.json", "{"), ("a.yaml", if command == "get" { "apiVersion:" } else { "objects:" })] {
            let output = stage.run(&[command, "all,secrets", "m", "--output-file", file])?;
            let text = fs::read_to_string(stage.folder().join(file))?;
            ensure(output.code == Some(0) && text.starts_with(begin) && !text.contains("hunter2"), &output)?;
        }
    }
    let output = stage.run(&["describe", "httproute", "web", "m", "-o", "json"])?;
    let said = json(&output)?;
    let web = &said["objects"][0];
    let cart = &web["rules"][0];
    let holds = said["version"] == 1
        && web["kind"] == "HTTPRoute"
        && web["source"] == "m/route.yaml:2"
        && web["rulesInOrderOfPrecedence"][0]["hosts"] == serde_json::json!(["shop.test"])
        && cart["rule"] == 0
        && cart["backends"][1]["weight"] == 3
        && cart["backends"][1]["port"] == 80
        && cart["backends"][1]["became"] == "used"
        && web["conditionsBy"][0]["by"] == "gateway/shop/edge"
        && web["conditionsBy"][0]["conditions"][0]["type"] == "Accepted";
    ensure(output.code == Some(0) && holds, &output)?;
    let output = stage.run(&["describe", "secret", "keys", "m", "-o", "json"])?;
    let keys = json(&output)?["objects"][0].take();
    ensure(
        keys["data"] == serde_json::json!(["tls.key: 3 bytes", "1 more"]) && keys["annotations"].is_null(),
        &output,
    )?;
    // A key is none in any form, also where it has lines of its own.
    let key = "\n  annotations:\n    why: known\n    key: |\n      -----BEGIN PRIVATE KEY-----\n      \
               MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3\n      -----END PRIVATE KEY-----\n  name: web\n  \
               namespace: shop\n";
    let route = crate::commands::ROUTE.replace(" {name: web, namespace: shop}\n", key);
    stage.write("m/route.yaml", &route)?;
    for form in ["text", "json", "yaml"] {
        let output = stage.run(&["describe", "httproute", "web", "m", "-o", form])?;
        let (text, is_told) = (&output.stdout, output.stdout.contains("known"));
        ensure(output.code == Some(0) && is_told && text.contains("<hidden>") && !text.contains("MIIB"), &output)?;
    }
    Ok(())
}

fn policies(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/policies.yaml", POLICIES)?;
    let squeeze = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let output = stage.run(&["describe", "httproute", "web", "m", "-q"])?;
    let lines = squeeze(&output.stdout);
    for line in [
        "timeout RouteOption shop/older the rule",
        "prefixRewrite RouteOption shop/younger the rule",
        "retries VirtualHostOption shop/host listener http",
        "RouteOption shop/older <none> yes",
        "VirtualHostOption shop/host Gateway shop/edge",
    ] {
        ensure(lines.iter().any(|own| own == line), &output)?;
    }
    // What the rule says itself, or a better policy, hides the others.
    ensure(!lines.iter().any(|line| line.starts_with("timeout") && !line.contains("shop/older")), &output)?;
    let output = stage.run(&["describe", "routeoption", "younger", "m", "-q"])?;
    let lines = squeeze(&output.stdout);
    let counts = lines.iter().filter(|line| line.starts_with("HTTPRoute shop/web rule")).count();
    ensure(counts == 2 && lines.iter().any(|line| line == "HTTPRoute shop/web rule 0 prefixRewrite"), &output)?;
    let output = stage.run(&["get", "policies", "m", "-q"])?;
    let lines = squeeze(&output.stdout);
    ensure(lines[0] == "NAMESPACE NAME KIND TARGET NAME TARGET KIND POLICY TYPE AGE" && lines.len() == 4, &output)
}

fn again(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/policies.yaml", POLICIES)?;
    let first = stage.run(&["get", "all", "m", "-o", "yaml", "-q"])?;
    stage.write("again/all.yaml", &first.stdout)?;
    let second = stage.run(&["get", "all", "again", "-o", "yaml", "-q"])?;
    ensure(first.code == second.code && !first.stdout.is_empty() && first.stdout == second.stdout, &second)
}
