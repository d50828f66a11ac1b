//! `validate --baseline`: old findings are counted, others fail, and what is gone is told.

use libtest_mimic::{Failed, Trial};

use crate::commands::{Stage, ensure, json};
use crate::harness::Harness;

const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: example
  listeners:
  - {name: http, port: 80, protocol: HTTP}
";

/// A route whose backend is not there.
const ROUTE: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: old, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{name: gone, port: 80}]
";

/// Text that is no YAML, in a file that is meant as a manifest.
const BROKEN: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a\n";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), format!("baseline-{name}"));
        Trial::test(format!("baseline::{name}"), move || {
            let stage = Stage::new(&harness, &folder)?;
            stage.write("b/gateway.yaml", GATEWAY)?;
            stage.write("b/route.yaml", ROUTE)?;
            stage.write("b/broken.yaml", BROKEN)?;
            run(&stage)
        })
    };
    vec![
        test("old_findings_are_counted_and_others_fail", new_findings_fail),
        test("moved_lines_and_renamed_files_are_no_difference", moved),
        test("what_is_gone_is_told", stale),
        test("a_file_that_is_no_baseline_is_an_error", no_baseline),
        test("one_that_is_kept_in_the_tree_is_no_manifest_and_no_note", kept),
    ]
}

const WRITE: [&str; 5] = ["validate", "b", "--baseline", "known.json", "--write-baseline"];
const READ: [&str; 6] = ["validate", "b", "--baseline", "known.json", "-o", "json"];

fn codes(output: &crate::process::Output, list: &str) -> Result<Vec<String>, Failed> {
    let report = json(output)?;
    let all = report[list].as_array().into_iter().flatten();
    Ok(all.filter_map(|one| one["code"].as_str().map(str::to_owned)).collect())
}

fn new_findings_fail(stage: &Stage) -> Result<(), Failed> {
    ensure(stage.run(&["validate", "b"])?.code == Some(1), &stage.run(&["validate", "b"])?)?;
    let written = stage.run(&WRITE)?;
    ensure(written.code == Some(0) && written.stderr.contains("2 findings known by the baseline"), &written)?;
    let known = stage.run(&READ)?;
    ensure(known.code == Some(0) && codes(&known, "findings")?.is_empty(), &known)?;
    let mut old = codes(&known, "leftOut")?;
    old.sort();
    ensure(old == ["GW2001", "GW8002"], &known)?;
    // What is wrong with one file excuses no other one, though the words are the same.
    stage.write("b/broken.yaml", "")?;
    stage.write("b/gateway.yaml", &GATEWAY.replace("namespace: shop}", "namespace: shop"))?;
    let other = stage.run(&READ)?;
    ensure(other.code == Some(1) && codes(&other, "findings")?.contains(&"GW8002".to_owned()), &other)?;
    stage.write("b/broken.yaml", BROKEN)?;
    stage.write("b/gateway.yaml", GATEWAY)?;
    // The same on another object is another one, and a second one of the same object is one more.
    stage.write("b/more.yaml", &ROUTE.replace("name: old", "name: other"))?;
    let more = stage.run(&READ)?;
    ensure(more.code == Some(1) && codes(&more, "findings")?.contains(&"GW2001".to_owned()), &more)?;
    stage.write("b/more.yaml", "")?;
    let twice =
        format!("{ROUTE}  - matches: [{{path: {{value: /more}}}}]\n    backendRefs: [{{name: gone, port: 80}}]\n");
    stage.write("b/route.yaml", &twice)?;
    let twice = stage.run(&READ)?;
    ensure(twice.code == Some(1) && codes(&twice, "findings")?.contains(&"GW2001".to_owned()), &twice)
}

fn kept(stage: &Stage) -> Result<(), Failed> {
    for known in ["b/known.json", "b/known.yaml"] {
        let line = ["validate", "b", "--baseline", known, "-v"];
        let written = stage.run(&[&line[..], &["--write-baseline"]].concat())?;
        ensure(written.code == Some(0), &written)?;
        let read = stage.run(&line)?;
        ensure(read.code == Some(0) && !read.stderr.contains("GW8006"), &read)?;
    }
    Ok(())
}

fn moved(stage: &Stage) -> Result<(), Failed> {
    ensure(stage.run(&WRITE)?.code == Some(0), &stage.run(&WRITE)?)?;
    let before = "  - matches: [{path: {value: /own}}]\n    filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]\n";
    stage.write(
        "b/renamed.yaml",
        &format!("# moved\n\n{}", ROUTE.replace("  rules:\n", &format!("  rules:\n{before}"))),
    )?;
    stage.write("b/route.yaml", "")?;
    stage.write("b/worse.yaml", BROKEN)?;
    stage.write("b/broken.yaml", "")?;
    let output = stage.run(&READ)?;
    let told = codes(&output, "findings")?;
    ensure(output.code == Some(0) && !told.iter().any(|code| code == "GW8012"), &output)
}

fn stale(stage: &Stage) -> Result<(), Failed> {
    ensure(stage.run(&WRITE)?.code == Some(0), &stage.run(&WRITE)?)?;
    stage.write("b/broken.yaml", "")?;
    let output = stage.run(&READ)?;
    ensure(output.code == Some(0) && codes(&output, "findings")?.contains(&"GW8012".to_owned()), &output)?;
    let text = stage.run(&["validate", "b", "--baseline", "known.json", "--deny", "warnings"])?;
    let says = "1 finding of the baseline is gone";
    ensure(text.code == Some(1) && text.stdout.contains(says), &text)
}

fn no_baseline(stage: &Stage) -> Result<(), Failed> {
    let missing = stage.run(&READ)?;
    ensure(missing.code == Some(2) && missing.stdout.is_empty(), &missing)?;
    for text in ["", "[]", "{\"version\":2,\"findings\":[]}", "{\"version\":1}"] {
        stage.write("known.json", text)?;
        let output = stage.run(&READ)?;
        ensure(output.code == Some(2) && output.stderr.contains("known.json"), &output)?;
    }
    // Input that is not there is no finding to get used to: the file stays, and nothing is said to be gone.
    ensure(stage.run(&WRITE)?.code == Some(0), &stage.run(&WRITE)?)?;
    let unread = stage.run(&["validate", "nowhere", "--baseline", "known.json", "--write-baseline"])?;
    ensure(unread.code == Some(2), &unread)?;
    ensure(stage.run(&READ)?.code == Some(0), &stage.run(&READ)?)?;
    let unread = stage.run(&["validate", "nowhere", "--baseline", "known.json"])?;
    ensure(unread.code == Some(2) && !unread.stdout.contains("GW8012"), &unread)
}
