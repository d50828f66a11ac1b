//! What `gwctl route` says of copies.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::proxy::{expect, find};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let [text, json] = std::array::from_fn(|_| harness.clone());
    vec![
        Trial::test("copies::route_names_who_gets_them_for_which_host", move || Ok(in_words(&text)?)),
        Trial::test("copies::json_has_their_share", move || Ok(in_json(&json)?)),
    ]
}

fn route(harness: &Harness, case: &str, args: &[&str]) -> Result<String, String> {
    let case = find(harness, case)?;
    let work = harness.work_directory("copies")?;
    let paths = case.paths.iter().map(|path| format!("--filename={path}"));
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).chain(paths).collect();
    let alone = crate::case::Case { paths: Vec::new(), ..case };
    let output = harness.gwctl("route", &alone, &args, &work)?;
    Ok(output.stdout)
}

fn in_words(harness: &Harness) -> Result<(), String> {
    for (url, line) in [
        (
            "http://a.example/half",
            "  copies    50 %  shop/audit:80 (audit.shop.svc.cluster.local:80), for host a.example\n",
        ),
        ("http://a.example/far", "  copies    100 %  ops/far:8080 (192.0.2.2:8080), for host copies.example\n"),
    ] {
        expect(url, &route(harness, "route-option/copies", &[url])?, line)?;
    }
    let marked = route(harness, "route-option/copies", &["http://a.example/all"])?;
    expect("a marked host", &marked, ", for host a.example-shadow\n")?;
    let none = route(harness, "route-option/copies", &["http://a.example/none"])?;
    if none.contains("copies    ") { Err(format!("copies of nothing:\n{none}")) } else { Ok(()) }
}

fn in_json(harness: &Harness) -> Result<(), String> {
    let printed = route(harness, "route-option/copies", &["http://a.example/half", "--output=json"])?;
    let trace: Value = serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    let copy = json!({
        "backend": "shop/audit:80",
        "percent": 50.0,
        "share": "1/2",
        "host": "a.example",
        "endpoints": ["audit.shop.svc.cluster.local:80"],
    });
    if trace["copies"] == json!([copy]) { Ok(()) } else { Err(format!("{:#}", trace["copies"])) }
}
