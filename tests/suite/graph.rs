//! `graph`: every form draws the same, and nothing of the input is more than text in any of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use html5gum::{Token, Tokenizer};
use libtest_mimic::{Failed, Trial};
use quick_xml::Reader;
use quick_xml::events::Event;
use regex::Regex;
use serde_json::Value;

use crate::commands::{GATEWAY, ROUTE, Stage, ensure};
use crate::harness::Harness;
use crate::process::Output;

const FORMS: [&str; 4] = ["dot", "mermaid", "svg", "html"];

/// Names that would be more than text somewhere: quotes, brackets, markup, entities, escapes, ends of scripts and lines.
pub(crate) const HOSTILE: [&str; 12] = [
    r#"a"]; evil [URL="javascript:alert(1)"#,
    r#"a\"]; b -> c; \N \G"#,
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]> <!-- & &lt;b&gt; &#60;i&#62;",
    "\"]:::x\nclick n0 href \"javascript:alert(1)\"",
    "`**b** fa:fa-bomb` #quot; #60;b#62;",
    "end\nsubgraph x",
    "%%{init: {}}%% ---\ntitle: x",
    "\u{202e}x\u{1b}[31m\u{2028}",
    "javascript:alert(1) https://a.test @team ::error::x",
    "<a xlink:href='javascript:1'>x</a><style>*{}</style>",
];

pub(crate) const EXTRA: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: broken, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [shop.test]
  rules:
  - matches: [{path: {value: /cart}}]
    backendRefs: [{name: a, port: 80}]
  - matches: [{path: {value: /gone}}]
    backendRefs: [{name: nobody, port: 80}, {name: far, namespace: other, port: 80}, {name: near, namespace: other, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: far, namespace: other}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: near, namespace: other}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: near, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
  to: [{group: '', kind: Service, name: near}]
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop}
stringData: {password: hunter2-hunter2}
";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), format!("graph-{name}"));
        Trial::test(format!("graph::{name}"), move || run(&Stage::new(&harness, &folder)?))
    };
    vec![
        test("every_form_has_what_there_is", everything),
        test("what_is_broken_has_its_code", broken),
        test("a_picture_goes_as_deep_as_it_is_told", levels),
        test("a_picture_is_about_what_is_asked_for", about),
        test("hostile_names_are_text_in_every_form", hostile),
        test("the_same_input_gives_the_same_bytes", same),
        test("two_hundred_objects_can_be_drawn", many),
        test("a_difference_in_markdown_has_a_picture_of_what_changes", difference),
        test("a_picture_of_a_difference_shows_what_it_can", large_difference),
        test("a_page_knows_objects_and_requests", page),
        test("servers_that_options_name_are_drawn_as_backends", servers),
    ]
}

fn servers(stage: &Stage) -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (case, option) in [("tokens-remote", "jwt"), ("limits", "ratelimitServer")] {
        let text = fs::read_to_string(root.join("testdata/virtual-host-option").join(case).join("manifests.yaml"))
            .map_err(|error| format!("{case}: {error}"))?;
        stage.write("m/manifests.yaml", &text)?;
        let drawn = draw(stage, "mermaid", &[])?;
        let is_drawn = drawn.stdout.lines().any(|line| line.contains("-->") && line.contains(option));
        ensure(is_drawn && drawn.stdout.contains("Upstream"), &drawn)?;
    }
    Ok(())
}

fn draw(stage: &Stage, form: &str, more: &[&str]) -> Result<Output, Failed> {
    let output = stage.run(&[&["graph", "m", "-o", form, "--partial", "-q"], more].concat())?;
    ensure(output.code == Some(0) && !output.stdout.is_empty(), &output)?;
    well_formed(form, &output.stdout).map_err(|error| format!("{form}: {error}\n{}", output.stdout))?;
    Ok(output)
}

fn everything(stage: &Stage) -> Result<(), Failed> {
    for form in FORMS {
        let output = draw(stage, form, &[])?;
        for word in
            ["edge", "listener http", "HTTPRoute", "web", "rule 0", "rule 1", "Service", "a.shop.svc.cluster.local:80"]
        {
            let word = if form == "mermaid" { word.replace('.', "#46;").replace(':', "#58;") } else { word.to_owned() };
            ensure(output.stdout.contains(&word), &output)?;
        }
        // A third of the requests, and of all of a rule with one backend no share is written.
        let share = if form == "html" { ">3/4<" } else { "3/4" };
        ensure(output.stdout.contains(share) && !output.stdout.contains("1/1"), &output)?;
    }
    Ok(())
}

fn broken(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/extra.yaml", EXTRA)?;
    let output = draw(stage, "dot", &[])?;
    let lines: Vec<&str> = output.stdout.lines().collect();
    let node = |word: &str| -> Option<&str> {
        let line = lines.iter().find(|line| line.contains(&format!("label=\"{word}")))?;
        line.trim().split(' ').next()
    };
    let edge = |from: &str, to: &str| lines.iter().find(|line| line.trim().starts_with(&format!("{from} -> {to} ")));
    let nodes =
        (node("Service\\nnobody"), node("Service\\nfar"), node("Service\\nnear"), node("ReferenceGrant\\nnear"));
    let (Some(nobody), Some(far), Some(near), Some(grant)) = nodes else { return ensure(false, &output) };
    let to = |name: &str| {
        lines
            .iter()
            .filter(|line| line.contains(" -> ") && line.contains(&format!("-> {name} ")))
            .copied()
            .collect::<String>()
    };
    ensure(to(nobody).contains("GW2001") && to(nobody).contains("#c00000"), &output)?;
    ensure(to(far).contains("GW2002") && !to(near).contains("#c00000"), &output)?;
    ensure(edge(grant, near).is_some_and(|line| line.contains("allows")) && edge(grant, far).is_none(), &output)?;
    ensure(lines.iter().any(|line| line.contains("Service\\nnobody") && line.contains("not in the input")), &output)?;
    // The younger rule with the same match gets nothing.
    let faded = lines.iter().filter(|line| line.contains("label=\"rule 0") && line.contains("#909090")).count();
    ensure(faded == 1, &output)?;
    for namespace in ["shop", "other"] {
        ensure(lines.iter().any(|line| line.contains(&format!("label=\"{namespace}\"; style="))), &output)?;
    }
    Ok(())
}

fn levels(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/extra.yaml", EXTRA)?;
    let mut before = 0;
    for (level, without) in [
        ("gateways", "HTTPRoute"),
        ("routes", "Service"),
        ("services", "rule 0"),
        ("rules", "cluster.local"),
        ("endpoints", "nothing else"),
    ] {
        let output = draw(stage, "dot", &["--level", level])?;
        let nodes = output.stdout.lines().filter(|line| line.trim().starts_with('n') && !line.contains("->")).count();
        ensure(nodes > before && !output.stdout.contains(without), &output)?;
        before = nodes;
    }
    // What rules lead to, their route does.
    let output = draw(stage, "dot", &["--level", "services"])?;
    ensure(output.stdout.contains("GW2001") && output.stdout.contains("#c00000"), &output)
}

fn about(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/extra.yaml", EXTRA)?;
    let output = draw(stage, "dot", &["--for", "service/other/near"])?;
    let has = |word: &str| output.stdout.contains(word);
    ensure(has("HTTPRoute\\nbroken") && has("Gateway\\nedge") && has("ReferenceGrant\\nnear"), &output)?;
    ensure(!has("HTTPRoute\\nweb") && !has("Service\\nb\"") && !has("Service\\nfar"), &output)?;
    let output = stage.run(&["graph", "m", "--for", "service/other/nothing", "--partial", "-q"])?;
    ensure(output.code == Some(1) && output.stdout.is_empty() && output.stderr.contains("gwctl get all"), &output)?;
    let output = stage.run(&["graph", "m", "--for", "servce/other/near"])?;
    ensure(output.code == Some(2) && output.stderr.contains("did you mean `service`?"), &output)
}

/// A Gateway, a route and a Service of a name.
pub(crate) fn hostile_manifest(name: &str) -> String {
    let name = Value::from(name).to_string();
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: {name}}}\nspec:\n  \
         gatewayClassName: any\n  listeners: [{{name: {name}, protocol: {name}, port: 80, hostname: {name}}}]\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: shop, \
         annotations: {{a: {name}}}}}\nspec:\n  parentRefs: [{{name: {name}}}, {{name: edge}}]\n  hostnames: [{name}]\n  rules:\n  \
         - backendRefs: [{{name: {name}, port: 80}}, {{name: a, port: 80}}]\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{externalName: {name}, \
         ports: [{{port: 80, name: {name}}}]}}\n"
    )
}

fn hostile(stage: &Stage) -> Result<(), Failed> {
    for (position, name) in HOSTILE.iter().enumerate() {
        stage.write("m/hostile.yaml", &hostile_manifest(name))?;
        for form in FORMS {
            draw(stage, form, &["--level", "endpoints"]).map_err(|error| format!("name {position}: {error:?}"))?;
        }
    }
    Ok(())
}

/// The chart in what `diff -o markdown` writes.
fn chart(output: &Output) -> Option<&str> {
    let (_, rest) = output.stdout.split_once("\n```mermaid\n")?;
    rest.split_once("\n```\n").map(|(chart, _)| chart)
}

fn difference(stage: &Stage) -> Result<(), Failed> {
    let gone = "  - matches: [{path: {value: /}, headers: [{name: x-v, value: '2'}]}]\n    backendRefs: [{name: b, port: 80}]\n";
    let come = "  - matches: [{path: {value: /new}}]\n    backendRefs: [{name: a, port: 80}]\n";
    let new =
        ROUTE.replace("weight: 3", "weight: 1").replace(gone, "").replace("  rules:\n", &format!("  rules:\n{come}"));
    for (from, text) in [("m", ROUTE), ("new", &new)] {
        stage.write(&format!("{from}/gateway.yaml"), GATEWAY)?;
        stage.write(&format!("{from}/route.yaml"), text)?;
        // What does not change is not drawn.
        stage.write(
            &format!("{from}/other.yaml"),
            &ROUTE.replace("name: web", "name: other").replace("shop.test", "o.test"),
        )?;
    }
    let output = stage.run(&["diff", "m", "new", "-o", "markdown"])?;
    let Some(drawn) = chart(&output) else { return ensure(false, &output) };
    well_formed("mermaid", drawn)?;
    let has = |part: &str| drawn.lines().any(|line| line.contains(part));
    ensure(has("rule 0<br/>added\"]:::added") && has("rule 1<br/>removed\"]:::removed"), &output)?;
    ensure(has("rule 1<br/>changed\"]:::changed") && has("1/2 was 3/4") && has("1/2 was 1/4"), &output)?;
    ensure(has("listener http") && !has("other") && !drawn.contains("edge<br/>changed"), &output)?;
    // The way of what is gone is drawn as such.
    ensure(has("|\"removed\"|") && has("|\"added\"|"), &output)?;
    // What nothing leads to any more is still there.
    stage.write("new/route.yaml", &ROUTE.replace("{name: b,", "{name: a,"))?;
    let output = stage.run(&["diff", "m", "new", "-o", "markdown"])?;
    let Some(drawn) = chart(&output) else { return ensure(false, &output) };
    let is_b = |line: &&str| line.contains("Service<br/>b");
    ensure(drawn.lines().any(|line| is_b(&line)) && !drawn.contains("Service<br/>b<br/>removed"), &output)?;
    stage.write("new/gateway.yaml", &GATEWAY.replace("name: b,", "name: other,"))?;
    let output = stage.run(&["diff", "m", "new", "-o", "markdown"])?;
    ensure(
        chart(&output).is_some_and(|drawn| drawn.contains("Service<br/>b<br/>not in the input<br/>changed")),
        &output,
    )?;
    // Without a change there is nothing to draw.
    let output = stage.run(&["diff", "m", "m", "-o", "markdown"])?;
    ensure(chart(&output).is_none() && output.stdout.contains("Nothing"), &output)
}

fn large_difference(stage: &Stage) -> Result<(), Failed> {
    let routes = |count: usize, backend: &str| {
        let route = |number: usize| {
            let route = ROUTE.replace("name: web", &format!("name: web-{number}"));
            route
                .replace("shop.test", &format!("shop-{number}.test"))
                .replace("{name: b,", &format!("{{name: {backend},"))
        };
        (0..count).map(route).collect::<Vec<_>>().join("---\n")
    };
    for (count, words) in [(12, "yellow changed.\n"), (30, " things are drawn."), (100, "is left out")] {
        for (from, backend) in [("m", "b"), ("new", "a")] {
            stage.write(&format!("{from}/gateway.yaml"), GATEWAY)?;
            stage.write(&format!("{from}/route.yaml"), &routes(count, backend))?;
        }
        let output = stage.run(&["diff", "m", "new", "-o", "markdown"])?;
        ensure(output.stdout.contains(words) && chart(&output).is_some() == (count < 100), &output)?;
        if let Some(drawn) = chart(&output) {
            well_formed("mermaid", drawn)?;
            ensure(drawn.lines().filter(|line| line.starts_with("    n")).count() <= 48, &output)?;
        }
    }
    Ok(())
}

fn same(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/extra.yaml", EXTRA)?;
    for form in FORMS {
        let first = draw(stage, form, &[])?.stdout;
        ensure_same(form, &first, &draw(stage, form, &[])?.stdout)?;
    }
    // Other names of the same files change their order, and with it places only.
    let first = draw(stage, "svg", &[])?.stdout;
    stage.write("m/0.yaml", EXTRA)?;
    stage.write("m/extra.yaml", "")?;
    ensure_same("svg", &first, &draw(stage, "svg", &[])?.stdout)
}

fn ensure_same(form: &str, one: &str, other: &str) -> Result<(), Failed> {
    if one == other { Ok(()) } else { Err(format!("{form}: two runs draw two pictures").into()) }
}

fn many(stage: &Stage) -> Result<(), Failed> {
    let mut text = String::new();
    for at in 0..100 {
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{at}, namespace: n{}}}\nspec:\n  \
             parentRefs: [{{name: edge, namespace: shop}}]\n  hostnames: [h{at}.test]\n  rules:\n  \
             - backendRefs: [{{name: s{at}, port: 80}}]\n  - matches: [{{path: {{value: /x}}}}]\n    \
             backendRefs: [{{name: s{at}, port: 80}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{at}, namespace: n{}}}\n\
             spec: {{ports: [{{port: 80}}]}}\n",
            at % 7,
            at % 7
        );
    }
    stage.write(
        "m/gateway.yaml",
        &crate::commands::GATEWAY.replace("port: 80}]", "port: 80, allowedRoutes: {namespaces: {from: All}}}]"),
    )?;
    stage.write("m/many.yaml", &text)?;
    // What is too much for one look is left out, and that is said.
    let output = stage.run(&["graph", "m", "-o", "svg", "--partial"])?;
    ensure(output.stderr.contains("note: the picture shows ") && output.stderr.contains("down to routes"), &output)?;
    for (level, least) in [("services", 200), ("endpoints", 500)] {
        let output = draw(stage, "svg", &["--level", level])?;
        let nodes = output.stdout.matches("data-node=").count();
        ensure(nodes > least, &output)?;
        if let Some(overlap) = overlap(&output.stdout) {
            return Err(format!("{level}: {overlap}").into());
        }
    }
    Ok(())
}

/// Two nodes that are drawn over each other.
fn overlap(svg: &str) -> Option<String> {
    let shape = Regex::new(r#"<rect rx="5" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/>"#).ok()?;
    let areas: Vec<[f64; 4]> =
        shape.captures_iter(svg).map(|found| [1, 2, 3, 4].map(|at| found[at].parse().unwrap_or_default())).collect();
    let is_over = |a: &[f64; 4], b: &[f64; 4]| {
        a[0] + 0.5 < b[0] + b[2] && b[0] + 0.5 < a[0] + a[2] && a[1] + 0.5 < b[1] + b[3] && b[1] + 0.5 < a[1] + a[3]
    };
    if areas.is_empty() {
        return Some("no node has a place".to_owned());
    }
    areas.iter().enumerate().find_map(|(at, one)| {
        let other = areas[at + 1..].iter().find(|other| is_over(one, other))?;
        Some(format!("{one:?} and {other:?} are in one place"))
    })
}

fn page(stage: &Stage) -> Result<(), Failed> {
    // Gateway, listener, route, rule, two Services and where they are.
    let output = draw(stage, "html", &[])?;
    let (answer, nodes) = cart(&output)?;
    ensure(answer.contains("75") && answer.contains("shop/b") && nodes == 8, &output)?;
    // An older rule has one Service.
    stage.write("m/extra.yaml", EXTRA)?;
    let output = draw(stage, "html", &[])?;
    let (answer, nodes) = cart(&output)?;
    ensure(answer.contains("HTTPRoute shop/broken rule 0") && !answer.contains("shop/b:") && nodes == 6, &output)?;
    let data = data_of(&output.stdout)?;
    let cards = data["cards"].as_array().cloned().unwrap_or_default();
    let route = cards.iter().find(|card| card["title"] == "HTTPRoute shop/broken");
    let Some(route) = route else { return ensure(false, &output) };
    let mut findings = route["findings"].as_array().into_iter().flatten();
    ensure(findings.any(|finding| finding["code"] == "GW2001") && route["place"] == "m/extra.yaml:2", &output)?;
    let manifest = route["manifest"].as_str().unwrap_or_default();
    ensure(manifest.contains("name: nobody") && route["conditions"][0].is_string(), &output)?;
    ensure(!output.stdout.contains("hunter2"), &output)
}

/// What becomes of the request for `/cart`, and how many nodes are on its way.
fn cart(output: &Output) -> Result<(String, usize), Failed> {
    let data = data_of(&output.stdout)?;
    let requests = data["requests"].as_array().cloned().unwrap_or_default();
    let way = requests.iter().find(|way| way["url"].as_str().is_some_and(|url| url.contains("/cart")));
    let way = way.ok_or_else(|| format!("no request: {data}"))?;
    Ok((way["answer"].to_string(), way["nodes"].as_array().map_or(0, Vec::len)))
}

fn data_of(page: &str) -> Result<Value, Failed> {
    let (_, rest) = page.split_once("id=\"data\">").ok_or("no data")?;
    let (data, _) = rest.split_once("</script>").ok_or("no end of the data")?;
    Ok(serde_json::from_str(data)?)
}

pub(crate) fn well_formed(form: &str, text: &str) -> Result<(), String> {
    match form {
        "svg" => svg(text),
        "html" => html(text),
        "dot" => lines_are(
            text,
            &[
                r"digraph gwctl \{",
                r"  rankdir=LR; [a-z0-9=;, \x22-]+",
                r"  (node|edge) \[[a-z0-9=, \x22-]+\];",
                r#"  subgraph cluster_\d+ \{"#,
                r##"    label="(\\.|[^"\\])*"; style="rounded,dashed"; color="#808080";"##,
                r##"    n\d+ \[label="(\\[n"\\]|[^"\\])*", fillcolor="#[0-9a-f]{6}"(, [a-z]+=("[#a-z0-9,]+"|\d))*\];"##,
                r##"  n\d+ -> n\d+ \[label="(\\[n"\\]|[^"\\])*"(, [a-z]+=("#[a-z0-9]+"|[a-z]+))*\];"##,
                r" *\}",
            ],
        ),
        _ => lines_are(
            text,
            &[
                r"flowchart LR",
                r#"  subgraph s\d+\["LABEL"\]"#,
                r#"    n\d+\["LABEL"\]:::[a-z]+"#,
                r"  end",
                r#"  n\d+ (-->|-\.->)(\|"LABEL"\|)? n\d+"#,
                r"  classDef [a-z]+ [a-z0-9:#,-]+",
                r"  linkStyle [\d,]+ [a-z0-9:#,-]+",
            ],
        ),
    }
}

/// Whether every line is one of ours, whatever its labels say.
fn lines_are(text: &str, known: &[&str]) -> Result<(), String> {
    // Letters and digits of any script, and what stands for other characters.
    let label = r"(<br/>|#\d+;|[\p{L}\p{N} /,=-])*";
    let known: Result<Vec<Regex>, _> =
        known.iter().map(|line| Regex::new(&format!("^{}$", line.replace("LABEL", label)))).collect();
    let known = known.map_err(|error| error.to_string())?;
    let wrong = text.lines().find(|line| !known.iter().any(|known| known.is_match(line)));
    wrong.map_or(Ok(()), |line| Err(format!("a line that is none of ours: {line}")))
}

const ELEMENTS: [&str; 9] = ["svg", "style", "defs", "marker", "path", "rect", "text", "g", "title"];
const ATTRIBUTES: [&str; 29] = [
    "hidden",
    "aria-label",
    "class",
    "d",
    "data-from",
    "data-node",
    "data-to",
    "fill",
    "height",
    "id",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "orient",
    "refX",
    "refY",
    "role",
    "rx",
    "text-anchor",
    "viewBox",
    "width",
    "x",
    "xmlns",
    "y",
    "type",
    "lang",
    "charset",
    "content",
    "name",
];

fn svg(text: &str) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let mut open = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let element = match &event {
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err("it ends too early".to_owned()),
            Event::Start(element) | Event::Empty(element) => element,
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Text(_) | Event::Decl(_) | Event::GeneralRef(_) => continue,
            other => return Err(format!("{other:?}")),
        };
        let name = element.name().as_ref().to_owned();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = attribute.key.as_ref().to_owned();
            if !ATTRIBUTES.contains(&key.as_str()) {
                return Err(format!("`{name}` has `{key}`"));
            }
        }
        if !ELEMENTS.contains(&name.as_str()) {
            return Err(format!("there is `{name}`"));
        }
        if matches!(event, Event::Start(_)) {
            open.push(name);
        }
    }
}

fn html(text: &str) -> Result<(), String> {
    let own = [
        "html", "head", "meta", "body", "header", "label", "input", "datalist", "span", "button", "main", "aside",
        "script",
    ];
    let more = ["http-equiv", "autocomplete", "placeholder", "list", "aria-live", "tabindex"];
    let mut scripts = 0;
    let mut seen = BTreeSet::new();
    for token in Tokenizer::new(text) {
        let Ok(token) = token;
        let Token::StartTag(tag) = token else { continue };
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        scripts += usize::from(name == "script");
        if !own.contains(&name.as_str()) && !ELEMENTS.contains(&name.as_str()) {
            return Err(format!("there is `{name}`"));
        }
        for key in tag.attributes.keys() {
            let key = String::from_utf8_lossy(key).into_owned();
            let is_known = ATTRIBUTES.iter().any(|own| own.eq_ignore_ascii_case(&key)) || more.contains(&key.as_str());
            if !is_known {
                return Err(format!("`{name}` has `{key}`"));
            }
        }
        seen.insert(name);
    }
    // The script runs only where its digest is the one that the policy names.
    let script = text.rsplit_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).ok_or("no script")?.0;
    let digest = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, script.as_bytes()));
    if !text.starts_with("<!DOCTYPE html>\n<html") || !text.contains(&format!("script-src 'sha256-{digest}'")) {
        return Err("its script would not run".to_owned());
    }
    if scripts != 2 || !seen.contains("svg") {
        return Err(format!("{scripts} scripts"));
    }
    data_of(text).map(|_| ()).map_err(|error| format!("{error:?}"))
}
