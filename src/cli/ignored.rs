//! What git ignores of the directories that are read: built files, downloads, scratch. Git itself says what that is, so
//! that every one of its rules holds and a file that it tracks is never left out. Where it cannot be asked all is read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{confine, git};
use crate::parser::load::Disk;

/// The ignored files and directories below some that are named, without symbolic links, in order. A directory in which git
/// tracks nothing is read like one that is in no repository: whoever names it means what was built there.
pub(super) fn below<'p>(named: impl IntoIterator<Item = &'p PathBuf>) -> Vec<PathBuf> {
    let directories: BTreeSet<PathBuf> =
        named.into_iter().filter(|path| path.is_dir()).filter_map(|path| path.canonicalize().ok()).collect();
    let found: BTreeSet<PathBuf> = directories.iter().flat_map(|directory| of_directory(directory)).collect();
    found.into_iter().collect()
}

fn of_directory(directory: &Path) -> Vec<PathBuf> {
    let Ok(root) = confine::root_of(&Disk, directory) else { return Vec::new() };
    let Ok(inside) = directory.strip_prefix(&root) else { return Vec::new() };
    let Some(inside) = inside.to_str().filter(|_| root.join(confine::REPOSITORY).exists()) else { return Vec::new() };
    let inside = if inside.is_empty() { "." } else { inside };
    let list = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--", inside];
    let ignored = git::names_in(&root, &list).unwrap_or_default();
    // Where git tracks nothing it was not asked to keep anything out either, and what is in a directory is meant by its name.
    let tracked = || git::names_in(&root, &["ls-files", "-z", "--", inside]).unwrap_or_default();
    if ignored.is_empty() || tracked().is_empty() {
        return Vec::new();
    }
    ignored.iter().map(|name| root.join(name.trim_end_matches('/'))).collect()
}
