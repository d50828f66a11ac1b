//! Texts that steer terminals, CI jobs and pages, in every name that an output may repeat.

use std::fs;
use std::path::Path;

use gwctl::diagnostics::escape::{holds_command, is_unsafe};
use libtest_mimic::{Failed, Trial};
use pulldown_cmark::{Event, Options, Parser as MarkdownEvents, Tag};

use super::{Written, field, is_complete, run};
use crate::graph::well_formed;
use crate::harness::Harness;

/// Texts that steer something when they come out as they are.
const HOSTILE: &[&str] = &[
    "b\n::add-mask::e\n::stop-commands::x",
    "b\n::error file=a.yaml,line=1::forged\n::notice::forged",
    "b\nforged at the start of a line",
    "b\r::set-output name=a::b",
    "\u{1b}[2J\u{1b}]0;owned\u{7}x",
    "\u{9b}31mx\u{202e}y\u{2066}z",
    "##vso[task.setvariable variable=a]b ##[add-mask]c",
    "@team <img src=x> [a](https://evil.example) | `x` **b**",
    // Renderers do not agree on whether the bar ends a cell of a table.
    r"a\|@team <img src=x> ![a](https://evil.example) https://evil.example www.evil.example /approve",
    r"a\\|b``|`@team|[a](https://evil.example)\",
];

/// The tests of this file.
pub(super) fn trials(harness: &Harness) -> Vec<Trial> {
    let harness = harness.clone();
    vec![
        Trial::test("planted::no_output_repeats_hostile_text_as_it_is", move || {
            hostile(&harness).map_err(Failed::from)
        }),
        Trial::test("planted::markup_is_seen", markup_is_seen),
    ]
}

/// Objects whose names and values are `text`, as far as somebody may write them.
fn manifests(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    format!(
        "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, annotations: {{note: {quoted}, {quoted}: a}}}}
spec:
  gatewayClassName: envoy
  listeners: [{{name: http, protocol: HTTP, port: 80}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web}}
spec:
  parentRefs: [{{name: edge}}, {{name: {quoted}}}, {{name: edge, sectionName: {quoted}}}]
  rules:
  - name: a
    matches:
    - path: {{type: RegularExpression, value: {quoted}}}
      headers: [{{name: x-a, value: {quoted}}}]
      queryParams: [{{name: a, value: {quoted}}}]
    filters:
    - {{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: x-a, value: {quoted}}}]}}}}
    backendRefs: [{{name: {quoted}, port: 80}}]
  - backendRefs: [{{name: {quoted}, port: 80, kind: {quoted}}}]
  - filters: [{{type: ExtensionRef, extensionRef: {{group: a.b, kind: {quoted}, name: {quoted}}}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {quoted}, namespace: {quoted}, labels: {{a: {quoted}}}}}
spec: {{parentRefs: [{{name: edge}}], {quoted}: {quoted}}}
---
apiVersion: {quoted}
kind: {quoted}
metadata: {{name: {quoted}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {quoted}}}
spec: {{type: ExternalName, externalName: {quoted}, ports: [{{port: 80, appProtocol: {quoted}}}]}}
"
    )
}

/// Objects that are served, so that their configuration repeats the text: as a value where one may have it, and in the
/// names of files that comments tell.
fn served(text: &str) -> String {
    let is_value = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let quoted = serde_json::Value::from(if is_value { text } else { "a" }).to_string();
    format!(
        "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: served}}
spec: {{gatewayClassName: envoy, listeners: [{{name: http, protocol: HTTP, port: 80}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: served}}
spec:
  parentRefs: [{{name: served}}]
  rules:
  - matches: [{{headers: [{{name: x-a, value: {quoted}}}]}}]
    filters: [{{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-b, value: {quoted}}}]}}}}]
    backendRefs: [{{name: served, port: 80}}]
---
apiVersion: v1
kind: Service
metadata: {{name: served}}
spec: {{ports: [{{port: 80}}]}}
"
    )
}

/// Names that a file system takes.
fn file_name(text: &str) -> String {
    text.replace('/', "_")
}

fn hostile(harness: &Harness) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (number, text) in HOSTILE.iter().enumerate() {
        let folder = harness.work_directory(&format!("planted/hostile-{number}"))?;
        // On file systems that refuse such a name there is nothing to be steered by.
        let named = folder.join(file_name(text));
        let m = if fs::create_dir_all(&named).is_ok() { named } else { folder.join("m") };
        let write = |name: &str, text: &str| {
            let path = m.join(name);
            let parent = path.parent().unwrap_or(&m).to_owned();
            fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)).map_err(|error| error.to_string())
        };
        write(&format!("{}.yaml", file_name(text)), &manifests(text))?;
        let fields = field::files(text);
        let share = if is_complete() { fields.len() } else { 3 };
        for (name, documents) in fields.iter().cycle().skip(number * share).take(share) {
            write(name, documents)?;
        }
        let quoted = serde_json::Value::from(*text).to_string();
        let cases = format!(
            "requests:\n- name: {quoted}\n  request: {{url: 'http://a.test/', headers: {{x-a: {quoted}}}}}\n  expect: {{status: 201, \
             response: {{headers: {{x-b: {quoted}}}}}}}\n- name: {quoted}\n  {quoted}: a\n"
        );
        fs::write(folder.join("cases.yaml"), cases).map_err(|error| error.to_string())?;
        fs::create_dir_all(folder.join("old")).map_err(|error| error.to_string())?;
        fs::write(
            folder.join("old/a.yaml"),
            "apiVersion: v1\nkind: Service\nmetadata: {name: q}\nspec: {ports: [{port: 1}]}\n",
        )
        .map_err(|error| error.to_string())?;
        for line in commands(&folder, &m) {
            let written = run(&line);
            wrong.extend(judge(&line, &written).err());
        }
        let good = m.join("served");
        fs::create_dir_all(&good).map_err(|error| error.to_string())?;
        fs::write(good.join(format!("{}.yaml", file_name(text))), served(text)).map_err(|error| error.to_string())?;
        for line in translations(&good) {
            let written = run(&line);
            if written.stdout.is_empty() {
                wrong.push(format!("gwctl {line:?} wrote nothing:\n{}", written.stderr));
            }
            wrong.extend(judge(&line, &written).err());
        }
        fs::write(m.join("gwctl.yaml"), format!("namespace: {quoted}\n{quoted}: a\n"))
            .map_err(|error| error.to_string())?;
        let line = ["validate".to_owned(), m.display().to_string()];
        wrong.extend(judge(&line, &run(&line)).err());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
}

fn translations(good: &Path) -> Vec<Vec<String>> {
    let good = good.display().to_string();
    let lines: &[&[&str]] = &[
        &["translate", &good],
        &["translate", &good, "-o", "json"],
        &["translate", &good, "--section", "listeners"],
        &["translate", &good, "--section", "routes"],
        &["translate", &good, "--section", "clusters", "-o", "json"],
    ];
    lines.iter().map(|line| line.iter().map(|word| (*word).to_owned()).collect()).collect()
}

fn commands(folder: &Path, m: &Path) -> Vec<Vec<String>> {
    let m = m.display().to_string();
    let (old, cases) = (folder.join("old").display().to_string(), folder.join("cases.yaml").display().to_string());
    let lines: &[&[&str]] = &[
        &["validate", &m],
        &["validate", &m, "-o", "json"],
        &["validate", &m, "-o", "sarif"],
        &["validate", &m, "-o", "gitlab"],
        &["validate", &m, "-o", "rdjson"],
        &["validate", &m, "-o", "junit"],
        &["validate", &m, "-o", "github"],
        &["status", &m],
        &["status", &m, "-o", "yaml", "--report", "github"],
        &["status", &m, "-o", "json"],
        &["get", "all", "-o", "wide", "-f", &m],
        &["get", "all", "-o", "yaml", "-f", &m],
        &["get", "all", "-o", "json", "-f", &m],
        &["get", "::error::a", "-f", &m],
        &["get", "gateways", "::error::a", "-o", "name", "-f", &m],
        &["describe", "all", "-f", &m],
        &["graph", &m],
        &["graph", &m, "-o", "mermaid"],
        &["graph", &m, "-o", "svg"],
        &["graph", &m, "-o", "html"],
        &["translate", &m, "--partial", "--assume", "services,gateways"],
        &["route", "http://a.test/", "-f", &m, "--explain"],
        &["route", "http://a.test/", "-f", &m, "--explain", "-o", "json", "--report", "junit"],
        &["blame", "http-80", &m],
        &["blame", "::error::a", &m, "-o", "json", "--report", "github"],
        &["test", &cases, "-f", &m],
        &["test", &cases, "-f", &m, "-o", "github"],
        &["test", &cases, "-f", &m, "-o", "junit"],
        &["test", &cases, "-f", &m, "-o", "json"],
        &["diff", &old, &m],
        &["diff", &old, &m, "-o", "json"],
        &["diff", &old, &m, "-o", "markdown"],
        &["diff", &m, &old, "--assume", "services,gateways"],
    ];
    lines.iter().map(|line| line.iter().map(|word| (*word).to_owned()).collect()).collect()
}

/// Whether a run wrote nothing that steers whoever reads it.
fn judge(line: &[String], written: &Written) -> Result<(), String> {
    let is_github = line.iter().any(|word| word == "github");
    for text in [&written.stdout, &written.stderr] {
        let fault = |what: &str, shown: &str| Err(format!("gwctl {line:?}\n{what}: {shown:?}"));
        for shown in text.split('\n') {
            if shown.chars().any(is_unsafe) {
                return fault("a character that steers", shown);
            }
            if holds_command(shown) {
                return fault("a command for a CI job", shown);
            }
            let start = shown.trim_start();
            let is_own = is_github && ["::error ", "::warning ", "::notice "].iter().any(|own| start.starts_with(own));
            if start.starts_with("::") && !is_own {
                return fault("a workflow command", shown);
            }
            // A text of several lines is a block of a document, further in than what it belongs to.
            let is_block = line[0] == "get" && line.iter().any(|word| word == "yaml") && shown.starts_with("  ");
            if start.starts_with("forged") && !is_block {
                return fault("a line of its own", shown);
            }
        }
        if line.iter().any(|word| word == "markdown") {
            // In a chart all lines are ours, and what is in their labels is no more than letters and numbers.
            let (text, charts) = without_charts(text);
            for chart in charts {
                well_formed("mermaid", &chart).map_err(|wrong| format!("gwctl {line:?}\n{wrong}"))?;
            }
            let (text, bare) = (text.as_str(), without_code(&text));
            if ["@team", "<img", "](http", "**b**"].iter().any(|markup| bare.contains(markup)) {
                return fault("markup outside code", &bare);
            }
            if let Some(live) = live_markup(text) {
                return fault("markup that a renderer obeys", &live);
            }
        }
        if line.iter().any(|word| word == "json" || word == "sarif") && text.starts_with('{') {
            serde_json::from_str::<serde_json::Value>(text).map_err(|error| format!("gwctl {line:?}: {error}"))?;
        }
    }
    Ok(())
}

/// What of a page is no plain text, code or construct of ours to a renderer, or is text of the input outside of code.
fn live_markup(text: &str) -> Option<String> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    MarkdownEvents::new_ext(text, options).find_map(|event| match event {
        Event::Code(_) | Event::SoftBreak | Event::End(_) => None,
        Event::InlineHtml(html) if &*html == "<br>" => None,
        Event::Start(tag) => match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::List(_) | Tag::Item | Tag::Strong => None,
            Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell => None,
            other => Some(format!("{other:?}")),
        },
        Event::Text(text) => ["@", "evil", "/approve", "http", "`"]
            .iter()
            .any(|part| text.contains(part))
            .then(|| format!("text {text:?}")),
        other => Some(format!("{other:?}")),
    })
}

fn markup_is_seen() -> Result<(), Failed> {
    let rows = "| a | b |\n|---|---|\n";
    for live in ["[a](b)", "<img src=x>", "![a](b)", "see @team", "*a*", "<!-- a -->", "~~a~~"] {
        if live_markup(live).is_none() || live_markup(&format!("{rows}| `c` | {live} |\n")).is_none() {
            return Err(format!("not seen: {live}").into());
        }
    }
    if live_markup("```\na\n```").is_none() {
        return Err("a block of code is not seen".into());
    }
    let ours = format!("### What\n\n{rows}| **a** | `@team <img>`<br>`[a](b)` |\n\n- error GW2001: `http://c`\n");
    live_markup(&ours).map_or(Ok(()), |live| Err(live.into()))
}

/// Markdown without its charts, and these.
fn without_charts(text: &str) -> (String, Vec<String>) {
    let (mut rest, mut bare, mut charts) = (text, String::new(), Vec::new());
    while let Some((before, behind)) = rest.split_once("\n```mermaid\n") {
        let (chart, after) = behind.split_once("\n```\n").unwrap_or((behind, ""));
        bare.push_str(before);
        bare.push_str("\n\n");
        charts.push(chart.to_owned());
        rest = after;
    }
    bare.push_str(rest);
    (bare, charts)
}

/// Markdown without its code spans.
fn without_code(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        bare.push_str(&rest[..at]);
        let opened = &rest[at..];
        let fence = opened.len() - opened.trim_start_matches('`').len();
        let (mut position, mut close) = (fence, None);
        while let Some(next) = opened[position..].find('`') {
            let start = position + next;
            let length = opened[start..].len() - opened[start..].trim_start_matches('`').len();
            position = start + length;
            if length == fence {
                close = Some(position);
                break;
            }
        }
        let end = close.unwrap_or(fence);
        rest = &opened[end..];
    }
    bare.push_str(rest);
    bare
}
