//! Where `gwctl.yaml` is looked for: from each argument upward to the root of
//! the repository that holds it; without a repository only in the argument's own
//! directory. The nearest one counts, and judges that argument alone.

use std::path::{Path, PathBuf};

use super::super::confine;
use crate::parser::load::{EntryKind, Tree};

/// The files of the names of settings that an argument may have, nearest first, by directories.
pub(in super::super) fn candidates(tree: &dyn Tree, argument: &Path) -> Vec<Vec<PathBuf>> {
    let own = match tree.kind(argument) {
        _ if argument.as_os_str() == "-" => return Vec::new(),
        Ok(EntryKind::Directory) => argument,
        Ok(_) | Err(_) => argument.parent().unwrap_or(Path::new("")),
    };
    let here = if own.as_os_str().is_empty() { Path::new(".") } else { own };
    let Ok(real) = tree.canonicalize(here) else { return Vec::new() };
    let root = confine::root_of(tree, here);
    let root = root.as_deref().unwrap_or(&real);
    let above = real.ancestors().take_while(|directory| directory.starts_with(root)).enumerate();
    let of_directory = |(steps, directory): (usize, &Path)| {
        let shown = if steps == 0 { own.to_owned() } else { shown(tree, argument, directory) };
        let files = NAMES.iter().map(|name| shown.join(name));
        files.filter(|file| matches!(tree.kind(file), Ok(EntryKind::File))).collect()
    };
    above.map(of_directory).filter(|files: &Vec<PathBuf>| !files.is_empty()).collect()
}

/// A directory above an argument, as a user would write it who wrote the argument.
fn shown(tree: &dyn Tree, argument: &Path, directory: &Path) -> PathBuf {
    let working = tree.canonicalize(Path::new(".")).ok().filter(|_| argument.is_relative());
    let Some(working) = working else { return directory.to_owned() };
    match (directory.strip_prefix(&working), working.strip_prefix(directory)) {
        (Ok(below), _) => below.to_owned(),
        (Err(_), Ok(steps)) => steps.iter().map(|_| "..").collect(),
        (Err(_), Err(_)) => directory.to_owned(),
    }
}

/// The names that the file may have.
pub(in super::super) const NAMES: [&str; 2] = ["gwctl.yaml", "gwctl.yml"];
