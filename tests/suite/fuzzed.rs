//! What fuzzing came upon, tried again: each file of `fuzz/corpus` by the target of its folder.

use std::panic::catch_unwind;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

#[expect(clippy::expect_used, unreachable_pub, reason = "a broken promise is a panic there, and others see more of it")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// How many files a target has at least.
const FEWEST: usize = 10;

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let corpus = root.join("fuzz/corpus");
    let trial = |(name, target): targets::Target| {
        let folder = corpus.join(name);
        Trial::test(format!("fuzzed::{name}"), move || replay(&folder, target))
    };
    targets::TARGETS.into_iter().map(trial).collect()
}

fn replay(folder: &Path, target: fn(&[u8])) -> Result<(), Failed> {
    let files: Vec<_> = WalkDir::new(folder).sort_by_file_name().into_iter().flatten().collect();
    let files: Vec<_> = files.into_iter().filter(|entry| entry.file_type().is_file()).collect();
    if files.len() < FEWEST {
        return Err(format!("{} has {} files", folder.display(), files.len()).into());
    }
    let mut broken = Vec::new();
    for file in files {
        let data = std::fs::read(file.path())?;
        if catch_unwind(|| target(&data)).is_err() {
            broken.push(file.path().display().to_string());
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("a promise is broken by {}", broken.join(", ")).into()) }
}
