//! SARIF output against the published schema, which the `serde-sarif` package
//! carries and this repository does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

use super::super::ObjectRef;
use super::super::fix::Change;
use super::super::location::Location;
use super::super::place::memory::Files;
use super::super::{REGISTRY, codes};
use super::*;
use crate::diagnostics::{DocumentId, ObjectPart};
use crate::path;

fn files() -> Files {
    Files(vec![("é a/b.yaml".into(), "é: 😀 crt\n".into()), ("-".into(), "name: cart\n".into())])
}

fn everything() -> Vec<Finding> {
    let files = files();
    let object =
        ObjectRef { group: "g".into(), kind: "HTTPRoute".into(), namespace: "shop".into(), name: "web".into() };
    let fix = Fix::one(DocumentId(0), path![], Change::Append("kind: ReferenceGrant\n".into()));
    let mut findings = vec![
        Finding::new(codes::REF_NOT_PERMITTED, files.find(0, "crt"), "no grant")
            .consequence("500")
            .help("add one")
            .related(files.find(1, "cart"), "the Service")
            .related(Location::Run, "nowhere")
            .object(object, ObjectPart::Rule(0))
            .fix(fix),
        Finding::new(codes::UNREADABLE, Location::Path("/gone/a b.yaml".into()), "no such file"),
    ];
    findings.extend(REGISTRY.iter().map(|code| Finding::new(*code, Location::Run, "found")));
    findings
}

fn written(findings: &[Finding]) -> Value {
    let files = files();
    let mut out = Vec::new();
    write(&Report::new(findings, 2, 1, &files), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// The folder of the `serde-sarif` package on this machine. Only this platform's crates are asked for: a
/// machine that has built these tests and nothing else has no others.
fn package() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", env!("GWCTL_TARGET"), "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "serde-sarif");
    Path::new(package.unwrap()["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

fn schema() -> (Schemas, SchemaIndex) {
    let text = std::fs::read_to_string(package().join("src/schema.json")).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", serde_json::from_str(&text).unwrap()).unwrap();
    let index = compiler.compile("sarif.json", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn every_part_of_a_report_is_valid_sarif() {
    let (schemas, index) = schema();
    for log in [written(&everything()), written(&[])] {
        if let Err(error) = schemas.validate(&log, index) {
            panic!("{error:#}");
        }
        let _: Sarif = serde_json::from_value(log).unwrap();
    }
    let mut wrong = written(&everything());
    wrong["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(schemas.validate(&wrong, index).is_err());
}

#[test]
fn a_result_has_its_rule_its_places_and_its_fix() {
    let log = written(&everything());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["fixes"].is_array()).unwrap();
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!((&rule["id"], &result["ruleId"]), (&json!("GW2002"), &json!("GW2002")));
    assert_eq!(
        result["locations"][0],
        json!({
            "physicalLocation": {
                "artifactLocation": {"uri": "%C3%A9%20a/b.yaml"},
                "region": {"startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 9},
            },
            "logicalLocations": [{"fullyQualifiedName": "HTTPRoute shop/web, spec.rules[0]", "kind": "object"}],
        })
    );
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 1);
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "kind: ReferenceGrant\n");
    assert_eq!(change["replacements"][0]["deletedRegion"]["startLine"], 2);
    let text = result["message"]["text"].as_str().unwrap();
    assert_eq!(text, "no grant\nTraffic: 500\nStatus: ResolvedRefs=False (RefNotPermitted)\nHelp: add one");
}

#[test]
fn paths_are_uri_references() {
    for (path, expected) in [
        ("./a/b.yaml", "a/b.yaml"),
        ("-", "-"),
        ("/x y", "file:///x%20y"),
        ("c:d.yaml", "./c%3Ad.yaml"),
        ("a%", "a%25"),
    ] {
        assert_eq!(uri(path), expected);
    }
}
