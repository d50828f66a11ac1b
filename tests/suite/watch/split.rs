//! `translate --split gateway --watch`: a directory for each Gateway, all of which are kept current.

use std::fs;
use std::path::Path;

use super::{Running, await_text, simple};
use crate::harness::Harness;
use crate::process::{await_some, fail};

/// A Gateway with a route to a path. Both Gateways listen on one port.
fn gateway(name: &str, path: &str) -> String {
    simple(path).replace("name: edge", &format!("name: {name}")).replace("name: shop", &format!("name: to-{name}"))
}

fn is_same(file: &Path, content: &[u8], run: &Running) -> Result<(), String> {
    match fs::read(file).map_err(fail)? == content {
        true => Ok(()),
        false => Err(format!("`{}` has changed\n{}", file.display(), run.said())),
    }
}

pub(super) fn each_gateway(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-split")?;
    let put = |one: Option<&str>, other: Option<&str>| {
        let texts = [one.map(|path| gateway("one", path)), other.map(|path| gateway("other", path))];
        let all: Vec<String> = texts.into_iter().flatten().collect();
        // The Service is the same in both.
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n";
        let all = all.join("---\n").replace(&service[..service.len()], "");
        fs::write(work.join("m.yaml"), format!("{all}{service}")).map_err(fail)
    };
    put(Some("/one"), Some("/other"))?;
    let words = ["translate", "m.yaml", "--split=gateway", "--output-dir=out", "--watch", "--no-admin"];
    let mut run = Running::start(harness, &work, &words)?;
    let routes = |name: &str| work.join("out/default").join(name).join("rds/http-80.yaml");
    await_text(&run, &routes("one"), "/one")?;
    await_text(&run, &routes("other"), "/other")?;
    run.await_words("out/default/other: ")?;
    // An edit of one leaves the other one alone, and says whose traffic it changes.
    let before = fs::metadata(routes("one")).and_then(|metadata| metadata.modified()).map_err(fail)?;
    put(Some("/one"), Some("/another"))?;
    await_text(&run, &routes("other"), "/another")?;
    run.await_words("added       httproute default/to-other")?;
    if fs::metadata(routes("one")).and_then(|metadata| metadata.modified()).map_err(fail)? != before {
        return Err(format!("what has not changed is written again\n{}", run.said()));
    }
    // A broken edit of one changes none.
    let good = [fs::read(routes("one")).map_err(fail)?, fs::read(routes("other")).map_err(fail)?];
    let broken = fs::read_to_string(work.join("m.yaml")).map_err(fail)?;
    let broken = broken.replace("/another", "/broken").replacen("{name: a, port: 80}", "{name: nobody, port: 80}", 1);
    fs::write(work.join("m.yaml"), broken).map_err(fail)?;
    run.await_words("error: the input is not taken: the last good output stays")?;
    is_same(&routes("one"), &good[0], &run)?;
    is_same(&routes("other"), &good[1], &run)?;
    // A Gateway that goes leaves its directory, which is said; it may come back.
    put(Some("/still"), None)?;
    await_text(&run, &routes("one"), "/still")?;
    run.await_words("`out/default/other` is of a Gateway that the input has not, and stays")?;
    is_same(&routes("other"), &good[1], &run)?;
    put(Some("/still"), Some("/back"))?;
    await_text(&run, &routes("other"), "/back")?;
    // Nobody else writes there meanwhile, and what is removed is written again.
    let second = crate::process::run(harness.binary(), &work, &words.map(str::to_owned), None)?;
    if second.code != Some(2) || !second.stderr.contains("another gwctl writes `out/default/one`") {
        return Err(format!("{second:?}"));
    }
    fs::remove_dir_all(work.join("out/default/other")).map_err(fail)?;
    run.await_words("`out/default/other` is gone, and written again")?;
    await_text(&run, &routes("other"), "/back")?;
    // Where a directory cannot be made it is tried again.
    fs::write(work.join("out/infra"), "in the way").map_err(fail)?;
    let text = fs::read_to_string(work.join("m.yaml")).map_err(fail)?;
    let third =
        gateway("third", "/third").replace("metadata: {name: third}", "metadata: {name: third, namespace: infra}");
    let third = third.split("---\n").next().unwrap_or_default();
    fs::write(work.join("m.yaml"), format!("{text}---\n{third}")).map_err(fail)?;
    run.await_words("this is tried again every second")?;
    fs::remove_file(work.join("out/infra")).map_err(fail)?;
    let bootstrap = work.join("out/infra/third/envoy.yaml");
    await_some("third directory", || bootstrap.exists().then_some(()))
        .map_err(|why| format!("{why}\n{}", run.said()))?;
    match run.end("TERM")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}
