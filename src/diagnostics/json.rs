//! The report for programs: one JSON object, version 1.
//!
//! `docs/report.md` and `docs/report.schema.json` describe it. Every key is
//! always present, `null` where there is nothing to say, so that a reader
//! needs no case for absence; `leftOut` and `expectedFiles` alone are there only where they
//! hold something. Later versions of gwctl may add keys; a change
//! that could break a reader changes `version`.

use std::io::{self, Write};

use serde::Serialize;

use super::condition::{Condition, ConditionKind, ConditionStatus, Reason};
use super::finding::Finding;
use super::fix::TextEdit;
use super::left_out::Allowance;
use super::object_ref::ObjectRef;
use super::place::{Origin, Place};
use super::report::{Entry, LeftOutEntry, Report, Summary};
use super::span::Span;
use super::unjudged::{Ledger, Subject, Tally, Unjudged};
use super::witness::Witness;

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonReport<'a> {
    version: u32,
    findings: Vec<JsonFinding<'a>>,
    unjudged: Vec<JsonUnjudged<'a>>,
    on_context: Vec<JsonOnContext<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<JsonLeftOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expected_files: Vec<JsonExpected<'a>>,
    ledger: JsonLedger,
    summary: JsonSummary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonFinding<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    /// What a piped document was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<JsonOrigin<'a>>,
    object: Option<JsonObject<'a>>,
    path: Option<String>,
    condition: Option<JsonCondition>,
    consequence: Option<&'a str>,
    help: Option<&'a str>,
    /// Edits that a program may apply.
    fix: Option<JsonFix<'a>>,
    /// A request that shows the problem.
    witness: Option<&'a Witness>,
    related: Vec<JsonRelated<'a>>,
}

#[derive(Serialize)]
struct JsonOrigin<'a> {
    name: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct JsonObject<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct JsonCondition {
    #[serde(rename = "type")]
    kind: ConditionKind,
    status: ConditionStatus,
    reason: Reason,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonEdit<'a> {
    file: &'a str,
    range: JsonRange,
    new_text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonRange {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct JsonUnjudged<'a> {
    object: Option<JsonObject<'a>>,
    path: Option<String>,
    reason: String,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

/// A finding that nothing judged has caused.
#[derive(Serialize)]
struct JsonOnContext<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

/// A finding that somebody allows.
#[derive(Serialize)]
struct JsonLeftOut<'a> {
    #[serde(flatten)]
    finding: JsonOnContext<'a>,
    /// Who leaves it out.
    by: &'a str,
    /// Why, where a rule does.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    comment: Option<JsonPlace<'a>>,
}

/// Where a comment stands.
#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
}

/// How much of what is declared was judged.
#[derive(Serialize)]
struct JsonLedger {
    listeners: JsonTally,
    parents: JsonTally,
    rules: JsonTally,
    targets: JsonTally,
    hostnames: JsonTally,
}

/// A file that whoever runs Envoy provides.
#[derive(Serialize)]
struct JsonExpected<'a> {
    path: &'a str,
    object: JsonObject<'a>,
}

#[derive(Serialize)]
struct JsonTally {
    asked: usize,
    judged: usize,
}

#[derive(Serialize)]
struct JsonSummary {
    files: usize,
    objects: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

/// Writes the whole report as one indented JSON object and a final newline.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Summary { files, objects, errors, warnings, notes } = report.summary;
    let json = JsonReport {
        version: VERSION,
        findings: report.entries.iter().map(finding).collect(),
        unjudged: report.unjudged.iter().map(|(unjudged, place)| left(unjudged, place.as_ref())).collect(),
        on_context: report.on_context.iter().map(|(finding, place)| on_context(finding, place.as_ref())).collect(),
        left_out: report.left_out.iter().map(left_out).collect(),
        expected_files: report
            .expected
            .iter()
            .map(|(path, one)| JsonExpected { path, object: object_view(one) })
            .collect(),
        ledger: ledger(report.ledger),
        summary: JsonSummary { files, objects, errors, warnings, notes },
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}

fn on_context<'a>(finding: &'a Finding, place: Option<&'a Place>) -> JsonOnContext<'a> {
    let span = place.and_then(|place| place.span.as_ref());
    JsonOnContext {
        code: finding.code.id(),
        name: finding.code.name(),
        severity: finding.severity().as_str(),
        message: &finding.message,
        file: place.map(|place| place.file.as_str()),
        line: span.map(|span| span.line),
        column: span.map(|span| span.column),
    }
}

fn left_out<'a>(LeftOutEntry { finding, place, by, comment }: &'a LeftOutEntry<'_>) -> JsonLeftOut<'a> {
    let reason = match by {
        Allowance::Rule(reason) => Some(reason.as_str()),
        _ => None,
    };
    let word = match by {
        Allowance::Comment(_) => "comment",
        Allowance::Annotation(_) => "annotation",
        Allowance::Rule(_) => "rule",
        Allowance::Ignore => "ignore",
        Allowance::Select => "select",
        Allowance::Baseline => "baseline",
        Allowance::Counted => "count",
    };
    let comment = comment.as_ref().map(|Place { file, span, origin: _ }| {
        let span = span.as_ref();
        JsonPlace { file, line: span.map(|span| span.line), column: span.map(|span| span.column) }
    });
    let finding = on_context(finding, place.as_ref());
    JsonLeftOut { finding, by: word, reason, comment }
}

fn ledger(Ledger { listeners, parents, rules, targets, hostnames }: Ledger) -> JsonLedger {
    let tally = |Tally { asked, judged }: Tally| JsonTally { asked, judged };
    JsonLedger {
        listeners: tally(listeners),
        parents: tally(parents),
        rules: tally(rules),
        targets: tally(targets),
        hostnames: tally(hostnames),
    }
}

fn left<'a>(Unjudged { subject, location: _, reason }: &'a Unjudged, place: Option<&'a Place>) -> JsonUnjudged<'a> {
    let span = place.and_then(|place| place.span.as_ref());
    let (object, path) = match subject {
        Subject::Object(object) => (Some(object), None),
        Subject::Part(object, path) => (Some(object), Some(path.to_string())),
        Subject::Document | Subject::File(_) => (None, None),
    };
    JsonUnjudged {
        object: object.map(object_view),
        path,
        reason: reason.to_string(),
        file: place.map(|place| place.file.as_str()),
        line: span.map(|span| span.line),
        column: span.map(|span| span.column),
    }
}

fn finding<'a>(entry: &'a Entry<'_>) -> JsonFinding<'a> {
    let finding = entry.finding;
    let place = entry.place.as_ref();
    let span = place.and_then(|place| place.span.as_ref());
    JsonFinding {
        code: finding.code.id(),
        name: finding.code.name(),
        severity: finding.severity().as_str(),
        message: &finding.message,
        file: place.map(|place| place.file.as_str()),
        line: span.map(|span| span.line),
        column: span.map(|span| span.column),
        end_line: span.map(|span| span.end_line),
        end_column: span.map(|span| span.end_column),
        origin: place.and_then(|place| place.origin.as_ref()).map(origin),
        object: finding.object.as_ref().map(object_view),
        path: finding.path.as_ref().map(ToString::to_string),
        condition: finding.condition.as_ref().map(condition),
        consequence: finding.consequence.as_deref(),
        help: finding.help.as_deref(),
        fix: entry.fix.as_ref().map(|edits| JsonFix { edits: edits.iter().map(edit).collect() }),
        witness: finding.witness.as_ref(),
        related: entry.related.iter().map(|(related, place)| self::related(&related.message, place.as_ref())).collect(),
    }
}

fn origin(Origin { name, place, named: _ }: &Origin) -> JsonOrigin<'_> {
    let place = place.as_deref();
    JsonOrigin {
        name,
        file: place.map(|place| place.file.as_str()),
        line: place.and_then(|place| place.span.as_ref()).map(|span| span.line),
    }
}

fn object_view(object: &ObjectRef) -> JsonObject<'_> {
    let ObjectRef { group, kind, namespace, name } = object;
    JsonObject { group, kind, namespace, name }
}

fn condition(condition: &Condition) -> JsonCondition {
    let Condition { kind, status, reason } = *condition;
    JsonCondition { kind, status, reason }
}

fn edit(edit: &TextEdit) -> JsonEdit<'_> {
    let TextEdit { source: _, file, span, new_text } = edit;
    let Span { range: _, line, column, end_line, end_column } = *span;
    JsonEdit { file, range: JsonRange { line, column, end_line, end_column }, new_text }
}

fn related<'a>(message: &'a str, place: Option<&'a Place>) -> JsonRelated<'a> {
    let span = place.and_then(|place| place.span.as_ref());
    JsonRelated {
        message,
        file: place.map(|place| place.file.as_str()),
        line: span.map(|span| span.line),
        column: span.map(|span| span.column),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::super::codes;
    use super::super::finding::Finding;
    use super::super::location::Location;
    use super::super::place::memory::Files;
    use super::super::witness::{WitnessAnswer, WitnessHeaders, WitnessRequest, WitnessTls};
    use super::*;
    use crate::diagnostics::ObjectPart;

    const SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json"));

    fn written(findings: &[Finding], files: &Files) -> Value {
        let report = Report::new(findings, files.0.len(), 3, files);
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        assert_eq!(out.last(), Some(&b'\n'));
        serde_json::from_slice(&out).unwrap()
    }

    fn full() -> (Vec<Finding>, Files) {
        let files = Files(vec![("é.yaml".into(), "é: 😀 crt\n".into()), ("-".into(), "name: cart\n".into())]);
        let full = Finding::new(codes::BACKEND_NOT_FOUND, files.find(0, "crt"), "there is no Service `shop/crt`")
            .label("here")
            .consequence("500")
            .help("did you mean `cart`?")
            .related(files.find(1, "cart"), "this Service is in the input")
            .object(
                ObjectRef { group: "g".into(), kind: "HTTPRoute".into(), namespace: "shop".into(), name: "web".into() },
                ObjectPart::Rule(0),
            )
            .witness(witness());
        let bare = Finding::new(codes::NO_LISTENER, Location::Run, "nothing to serve");
        let path = Finding::new(codes::UNREADABLE, Location::Path("gone.yaml".into()), "no such file");
        (vec![full, bare, path], files)
    }

    fn witness() -> Witness {
        Witness {
            request: WitnessRequest {
                method: "GET".to_owned(),
                url: "http://a.test/".to_owned(),
                headers: BTreeMap::from([("x-a".to_owned(), "1".to_owned())]),
                tls: Some(WitnessTls { sni: "b.test".to_owned() }),
            },
            from: None,
            gateway: None,
            answer: WitnessAnswer {
                backends: BTreeMap::from([("a/b:80".to_owned(), 50.0), ("status:500".to_owned(), 50.0)]),
                upstream: Some(WitnessHeaders { headers: BTreeMap::new(), absent: vec!["x-b".to_owned()] }),
                ..WitnessAnswer::default()
            },
        }
    }

    #[test]
    fn every_key_is_present_and_columns_count_characters() {
        let (findings, files) = full();
        let value = written(&findings, &files);
        assert_eq!(
            value["findings"][1],
            json!({
                "code": "GW2001", "name": "backend-not-found", "severity": "error",
                "message": "there is no Service `shop/crt`",
                "file": "é.yaml", "line": 1, "column": 6, "endLine": 1, "endColumn": 9,
                "object": {"group": "g", "kind": "HTTPRoute", "namespace": "shop", "name": "web"},
                "path": "spec.rules[0]",
                "condition": {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound"},
                "consequence": "500", "help": "did you mean `cart`?", "fix": null,
                "witness": {
                    "request": {"method": "GET", "url": "http://a.test/", "headers": {"x-a": "1"},
                                "tls": {"sni": "b.test"}},
                    "answer": {"backends": {"a/b:80": 50.0, "status:500": 50.0}, "upstream": {"absent": ["x-b"]}},
                },
                "related": [{"message": "this Service is in the input", "file": "-", "line": 1, "column": 7}],
            })
        );
        assert_eq!(value["findings"][0]["file"], "gone.yaml");
        assert_eq!(value["findings"][2]["file"], Value::Null);
        let keys = |index: usize| value["findings"][index].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(0), keys(1));
        assert_eq!(keys(1), keys(2));
        assert_eq!(value["summary"], json!({"files": 2, "objects": 3, "errors": 3, "warnings": 0, "notes": 0}));
    }

    #[test]
    fn an_empty_report_is_complete() {
        let value = written(&[], &Files(Vec::new()));
        let summary = json!({"files": 0, "objects": 3, "errors": 0, "warnings": 0, "notes": 0});
        let none = json!({"asked": 0, "judged": 0});
        let ledger = json!({"listeners": none, "parents": none, "rules": none, "targets": none, "hostnames": none});
        let whole = json!({"version": 1, "findings": [], "unjudged": [], "onContext": [], "ledger": ledger, "summary": summary});
        assert_eq!(value, whole);
    }

    #[test]
    fn reports_have_the_shape_of_the_documented_schema() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let (findings, files) = full();
        check(&written(&findings, &files), &schema, "report");
        check(&written(&[], &files), &schema, "empty report");
    }

    #[test]
    #[should_panic(expected = "report.findings[0].line")]
    fn the_shape_test_notices_a_wrong_type() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let (findings, files) = full();
        let mut value = written(&findings, &files);
        value["findings"][0]["line"] = json!("three");
        check(&value, &schema, "report");
    }

    /// Compares a value with the few words of JSON Schema that the document uses.
    fn check(value: &Value, schema: &Value, at: &str) {
        let types: Vec<&str> = match &schema["type"] {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
            other => panic!("{at}: no type in the schema: {other}"),
        };
        let actual = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(types.contains(&actual), "{at} is {actual}, not one of {types:?}");
        if let Some(allowed) = schema.get("enum") {
            assert!(allowed.as_array().unwrap().contains(value), "{at}: {value} is not allowed");
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    check(item, &schema["items"], &format!("{at}[{index}]"));
                }
            }
            Value::Object(fields) => {
                let none = serde_json::Map::new();
                let described = schema["properties"].as_object().unwrap_or(&none);
                let required: Vec<&str> =
                    schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                for name in required {
                    assert!(fields.contains_key(name), "{at}.{name} is absent");
                }
                for (name, field) in fields {
                    let other = schema.get("additionalProperties");
                    let schema = described.get(name).or(other);
                    let schema = schema.unwrap_or_else(|| panic!("{at}.{name} is not documented"));
                    check(field, schema, &format!("{at}.{name}"));
                }
            }
            _ => {}
        }
    }
}
