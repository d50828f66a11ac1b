//! The one integration-test binary: golden outputs, behaviour through a real
//! Envoy, and the promises about the repository itself. One named test a case.
//!
//! **A case** is a folder `testdata/<area>/<case>/` with manifests, an optional
//! `requests.yaml` (see `gwctl::proving`), and a reason: in `case.yaml`, or in
//! the first comment line of the first manifest. `case.rs` says what
//! `case.yaml` may hold. A new case needs no edit here.
//!
//! **What a case pins** is the intermediate representation of what it emits (`gwctl::ir_text`), and with `pins: bootstrap`
//! Envoy's configuration in its place: each construct that any case emits stands in one of those (`constructs.rs`).
//!
//! **Snapshots** stand in `snapshots/<area>/<case>/`. To accept changes, run
//! `GWCTL_UPDATE=1 cargo test --test suite` (the same as
//! `INSTA_UPDATE=always`), then read the diff before committing it. A snapshot
//! without a case fails; delete it.
//!
//! `cargo test --test suite -- FILTER` runs the tests whose name contains FILTER.

mod accounts;
mod admitted;
mod answers;
mod baseline;
mod behaviour;
mod blame;
#[cfg(unix)]
mod browser;
mod campaign;
mod case;
mod circles;
mod commands;
mod compared;
mod confined;
mod constructs;
mod copies;
mod diff_words;
mod docs;
mod exchanged;
mod expressions;
mod features;
mod formatter;
mod fuzzed;
mod get;
mod golden;
mod graph;
mod harness;
mod hostnames;
mod index;
mod intermediate;
mod judged;
mod kinds;
mod layering;
mod ledger;
mod licences;
mod limits;
mod listener_logs;
mod made;
mod mesh;
#[cfg(unix)]
mod mesh_address;
#[cfg(target_os = "linux")]
mod mesh_costs;
mod mesh_detection;
mod mesh_diff;
#[cfg(unix)]
mod mesh_proxy;
#[cfg(unix)]
mod mesh_redirect;
#[cfg(unix)]
mod mesh_run;
mod mesh_table;
#[cfg(unix)]
mod mesh_watch;
mod metamorphic;
mod migrate;
mod modules;
mod mutation;
mod option_fields;
#[cfg(unix)]
mod packaging;
#[cfg(unix)]
mod pages;
mod pairs;
mod patterns;
mod planted;
mod process;
mod property;
mod proxy;
mod registry;
mod releases;
mod renewal;
mod repositories;
mod revisions;
mod run;
mod running;
mod shapes;
mod signals;
mod simulated;
mod staked;
mod status;
mod tracing;
mod ui;
mod unread;
mod watch;
mod witness;
mod xds;

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};

use harness::Harness;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == intermediate::PRINT) {
        return intermediate::print();
    }
    if std::env::var_os("GWCTL_UPDATE").is_some() && std::env::var_os("INSTA_UPDATE").is_none() {
        return run_again_with_updates();
    }
    // A snapshot that differs panics; its difference is printed, and where insta was called says nothing.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.location().is_none_or(|place| !place.file().contains("insta")) {
            report(panic);
        }
    }));
    let _heard = process::hear_ignored_signals();
    let mut arguments = Arguments::from_args();
    // Most of the time is spent waiting for proxies and clocks, not computing.
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    arguments.test_threads.get_or_insert(processors * 2);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

/// The environment decides whether snapshots are updated, and a process cannot safely change its own.
fn run_again_with_updates() -> ExitCode {
    let again = std::env::current_exe()
        .and_then(|path| Command::new(path).args(std::env::args_os().skip(1)).env("INSTA_UPDATE", "always").status());
    match again {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run the tests again: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let harness = Harness::new(root, Path::new(env!("CARGO_BIN_EXE_gwctl")), Path::new(env!("CARGO_TARGET_TMPDIR")));
    let mut trials = golden::trials(&harness);
    trials.extend(accounts::trials(&harness));
    trials.extend(answers::trials(&harness));
    trials.extend(behaviour::trials(&harness));
    trials.extend(shapes::trials(&harness, root));
    trials.extend(blame::trials(&harness));
    #[cfg(unix)]
    trials.extend(browser::trials(&harness));
    trials.extend(planted::trials(&harness));
    trials.extend(formatter::trials(&harness));
    trials.extend(get::trials(&harness));
    trials.extend(graph::trials(&harness));
    trials.extend(signals::trials(&harness));
    trials.extend(simulated::trials(&harness));
    trials.extend(run::trials(&harness));
    trials.extend(ui::trials(&harness));
    trials.extend(watch::trials(&harness));
    trials.extend(witness::trials(&harness));
    trials.extend(campaign::trials(&harness));
    trials.extend(baseline::trials(&harness));
    trials.extend(commands::trials(&harness));
    trials.extend(mesh::trials(&harness));
    trials.extend(mesh_diff::trials(&harness));
    #[cfg(unix)]
    trials.extend(mesh_proxy::trials(&harness));
    #[cfg(unix)]
    trials.extend(mesh_redirect::trials(&harness));
    #[cfg(unix)]
    trials.extend(mesh_run::trials(&harness));
    #[cfg(unix)]
    trials.extend(mesh_watch::trials(&harness));
    #[cfg(target_os = "linux")]
    trials.extend(mesh_costs::trials(&harness));
    trials.extend(mesh_table::trials(root));
    #[cfg(unix)]
    trials.extend(mesh_address::trials(&harness));
    #[cfg(unix)]
    trials.extend(mesh_detection::trials(&harness));
    trials.extend(admitted::trials(&harness));
    trials.extend(compared::trials(&harness));
    trials.extend(exchanged::trials(&harness));
    trials.extend(expressions::trials(&harness));
    trials.extend(fuzzed::trials(root));
    trials.extend(hostnames::trials(&harness));
    trials.extend(staked::trials(&harness));
    trials.extend(confined::trials(&harness));
    trials.extend(property::trials(&harness));
    trials.extend(proxy::trials(&harness));
    trials.extend(limits::trials(&harness));
    trials.extend(made::trials(&harness));
    trials.extend(diff_words::trials(&harness));
    trials.extend(judged::trials(&harness));
    trials.extend(circles::trials(root));
    trials.extend(kinds::trials(root));
    trials.extend(layering::trials(root));
    trials.extend(ledger::trials(&harness, root));
    trials.extend(licences::trials(root));
    trials.extend(metamorphic::trials(&harness));
    trials.extend(migrate::trials(&harness));
    trials.extend(mutation::trials(&harness, root));
    #[cfg(unix)]
    trials.extend(packaging::trials(&harness));
    trials.extend(pairs::trials(&harness));
    trials.extend(patterns::trials(&harness));
    trials.extend(registry::trials(root));
    trials.extend(releases::trials(&harness));
    trials.extend(renewal::trials(&harness));
    trials.extend(running::trials(&harness));
    trials.extend(repositories::trials(&harness));
    trials.extend(revisions::trials(&harness));
    trials.extend(status::trials(&harness));
    trials.extend(copies::trials(&harness));
    trials.extend(listener_logs::trials(&harness));
    trials.extend(tracing::trials(&harness));
    trials.extend(unread::trials(&harness));
    trials.extend(docs::trials(root));
    #[cfg(unix)]
    trials.extend(pages::trials(&harness, root));
    trials.extend(modules::trials(root));
    trials.extend(option_fields::trials(&harness, root));
    trials.extend(features::trials(&harness, root));
    trials.extend(index::trials(&harness, root));
    trials.extend(harness::trials());
    trials.extend(xds::trials(&harness));
    trials
}
