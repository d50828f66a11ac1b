//! What git ignores of the directories that are read: built files, downloads, scratch. Git itself says what that is, so
//! that every one of its rules holds and a file that it tracks is never left out. Where it cannot be asked all is read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{confine, git};
use crate::parser::load::Disk;

/// The ignored files and directories below some that are named, without symbolic links, in order. A directory that is
/// named although git ignores it is read like any other.
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
    // A repository may name a program that watches its files; nothing of it is run.
    let list = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--", inside];
    let args = [&["-c", "core.fsmonitor=false"][..], &list].concat();
    let Some(output) = git::output_in(&root, &args) else { return Vec::new() };
    let names = output.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
    names.filter(|name| !name.is_empty()).map(|name| root.join(name.trim_end_matches('/'))).collect()
}
