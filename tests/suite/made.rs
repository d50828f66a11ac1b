//! The first comment of an output: what made it, the same on every machine.

use std::fs;

use libtest_mimic::{Failed, Trial};

use crate::golden::head_and_body;
use crate::harness::Harness;
use crate::process;

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}
";
const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {parentRefs: [{name: edge}], rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]}
";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check: fn(&Harness) -> Result<(), String>| {
        let harness = harness.clone();
        Trial::test(format!("made::{name}"), move || check(&harness).map_err(Failed::from))
    };
    vec![
        test("the_first_comment_is_of_the_input_and_not_of_the_machine", first_comment),
        test("check_says_what_made_a_file", checked),
    ]
}

fn fail(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn first_comment(harness: &Harness) -> Result<(), String> {
    let mut heads = Vec::new();
    for (name, gateway, route) in [("one", "a.yaml", "b.yaml"), ("two", "y.yaml", "deeper/x.yaml")] {
        let work = harness.work_directory(&format!("made-{name}"))?;
        fs::create_dir_all(work.join("m/deeper")).map_err(fail)?;
        fs::write(work.join("m").join(gateway), GATEWAY).map_err(fail)?;
        fs::write(work.join("m").join(route), ROUTE).map_err(fail)?;
        let translate = |path: &str, more: &[&str]| -> Result<String, String> {
            let words = ["translate", path].into_iter().chain(more.iter().copied()).map(str::to_owned);
            let output = process::run(harness.binary(), &work, &words.collect::<Vec<_>>(), None)?;
            if output.code == Some(0) { Ok(output.stdout) } else { Err(output.stderr) }
        };
        let absolute = work.join("m").to_string_lossy().into_owned();
        let flags = ["--port-map", "80=10080", "-n", "default"];
        heads.push(head_and_body(&translate("m", &flags)?).0.to_owned());
        heads.push(head_and_body(&translate(&absolute, &["-q", "-n", "default", "--port-map=80=10080"])?).0.to_owned());
        let bare = translate("m", &["--no-comments"])?;
        let json = translate("m", &["-o", "json"])?;
        let section = translate("m", &["--section", "listeners"])?;
        if !head_and_body(&bare).0.is_empty() || !json.starts_with('{') || !section.starts_with("# gwctl ") {
            return Err(format!("{bare}\n{json}\n{section}"));
        }
        fs::write(work.join("m").join(route), ROUTE.replace("https", "http")).map_err(fail)?;
        let edited = translate("m", &flags)?;
        if head_and_body(&edited).0 == heads[0] {
            return Err(format!("the input is another one, and the comment says\n{}", heads[0]));
        }
    }
    let expected = "# flags: --namespace=default --port-map=80=10080\n# input: 2 files, sha256:";
    if heads.iter().all(|head| *head == heads[0]) && heads[0].contains(expected) {
        return Ok(());
    }
    Err(format!("{heads:#?}"))
}

fn checked(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("made-checked")?;
    fs::write(work.join("m.yaml"), format!("{GATEWAY}---\n{ROUTE}")).map_err(fail)?;
    let gwctl = |line: &str| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        process::run(harness.binary(), &work, &words, None)
    };
    let made = gwctl("translate m.yaml --port-map 80=10080 --output-file envoy.yaml")?;
    let same = gwctl("translate m.yaml --port-map 80=10080 --check envoy.yaml")?;
    fs::write(work.join("m.yaml"), format!("{GATEWAY}---\n{}", ROUTE.replace("https", "http"))).map_err(fail)?;
    let other = gwctl("translate m.yaml --check envoy.yaml")?;
    let says = |words: &str| other.stdout.contains(words);
    let is_told = says("- made by flags: --port-map=80=10080") && says("+ made by input: 1 file, sha256:");
    if (made.code, same.code, other.code) == (Some(0), Some(0), Some(1)) && same.stdout.is_empty() && is_told {
        return Ok(());
    }
    Err(format!("{made:?}\n{same:?}\n{other:?}"))
}
