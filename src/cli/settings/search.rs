//! Where `gwctl.yaml` is looked for: from each argument upward to the root of
//! the repository that holds it; without a repository only in the argument's own
//! directory. The nearest one counts, and judges that argument alone.

use std::path::{Path, PathBuf};

use super::super::confine;
use super::{NAMES, Settings, Trust};
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
    let root = confine::root_of(tree, here).unwrap_or_else(|_| real.clone());
    let above = real.ancestors().take_while(|directory| directory.starts_with(&root)).enumerate();
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

/// The settings of an argument: the nearest file of the name that is no manifest.
///
/// # Errors
/// What is wrong with the file, in lines.
pub(super) fn settings_of<'t>(tree: &'t dyn Tree, argument: &Path) -> Result<Option<Settings<'t>>, Vec<String>> {
    for files in candidates(tree, argument) {
        let read = files.into_iter().map(|file| Settings::read(tree, file, Trust::Repository));
        let found: Vec<Settings<'t>> = read.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        if let [one, other, ..] = found.as_slice() {
            return Err(vec![format!(
                "`{}` and `{}` are both in one directory; keep one",
                one.file.display(),
                other.file.display()
            )]);
        }
        if let Some(nearest) = found.into_iter().next() {
            return Ok(Some(nearest));
        }
    }
    Ok(None)
}
