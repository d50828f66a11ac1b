//! What gwctl makes of manifests that are not as they should be: of damaged
//! text (`damage.rs`), and of valid manifests in which one thing is changed
//! (`campaign.rs`).

mod campaign;
mod damage;
mod edit;
mod judge;
mod tree;

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::harness::Harness;

/// The tests of this folder.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let mut trials = damage::trials(root);
    trials.extend(campaign::trials(harness));
    let page = root.join("docs/mutation.md");
    trials.push(Trial::test("mutation::fields_without_effect_are_documented", move || documented(&page)));
    trials
}

fn documented(page: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(page)?;
    let is_told = |(kinds, path): &&(&str, &str)| {
        let row = |line: &&str| line.contains(&format!("`{path}`"));
        let lines: Vec<&str> = text.lines().filter(row).collect();
        let names = |kind: &str| kind == "*" || lines.iter().any(|line| line.contains(kind));
        !lines.is_empty() && kinds.split('|').all(names)
    };
    let missing: Vec<_> = judge::WITHOUT_EFFECT.iter().filter(|entry| !is_told(entry)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("docs/mutation.md does not say: {missing:?}").into()) }
}
