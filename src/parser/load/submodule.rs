//! Submodules of git that were never checked out: empty directories that `.gitmodules` names.

use std::io::Read as _;
use std::path::Path;

use super::Tree;

/// The file at the root of a repository that names its submodules
/// ([gitmodules](https://git-scm.com/docs/gitmodules)).
const MODULES: &str = ".gitmodules";
/// How much of it is looked at.
const MOST_BYTES: u64 = 1 << 20;

/// Whether an empty directory, given without symbolic links, is where a submodule belongs.
pub(super) fn is_submodule(tree: &dyn Tree, directory: &Path) -> bool {
    directory.ancestors().skip(1).any(|root| {
        let inside = directory.strip_prefix(root).ok();
        inside.is_some_and(|inside| names(tree, &root.join(MODULES), inside))
    })
}

fn names(tree: &dyn Tree, modules: &Path, inside: &Path) -> bool {
    let mut text = String::new();
    let read = tree.open(modules).and_then(|(reader, _)| reader.take(MOST_BYTES).read_to_string(&mut text));
    read.is_ok() && text.lines().filter_map(path_of).any(|path| Path::new(path) == inside)
}

/// The path that a line of `.gitmodules` says.
fn path_of(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    (key.trim() == "path").then(|| value.trim().trim_matches('"').trim_end_matches('/'))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::super::Disk;
    use super::*;

    #[test]
    fn a_directory_is_a_submodule_where_the_repository_says_so() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fs::create_dir_all(root.join("m/routes")).unwrap();
        fs::create_dir_all(root.join("m/other")).unwrap();
        assert!(!is_submodule(&Disk, &root.join("m/routes")));
        fs::write(root.join(".gitmodules"), "[submodule \"m/routes\"]\n\tpath = m/routes\n\turl = ../routes\n")
            .unwrap();
        assert!(is_submodule(&Disk, &root.join("m/routes")));
        assert!(!is_submodule(&Disk, &root.join("m/other")));
    }
}
