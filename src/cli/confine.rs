//! Where the paths of a settings file may lead: nowhere outside the repository that holds it.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::parser::load::{EntryKind, Tree};

/// What makes a directory the root of a repository.
pub(super) const REPOSITORY: &str = ".git";

/// The nearest directory from `directory` upward that is a repository; without one, `directory` itself. Links are
/// followed.
///
/// # Errors
/// What the system says of the directory.
pub(super) fn root_of(tree: &dyn Tree, directory: &Path) -> io::Result<PathBuf> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let real = tree.canonicalize(directory)?;
    let root = real.ancestors().find(|directory| tree.kind(&directory.join(REPOSITORY)).is_ok()).map(Path::to_path_buf);
    Ok(root.unwrap_or(real))
}

/// Whether a path stays below `root`, which has no links in it, wherever links on the way lead. What does not exist has
/// no links, and no `..` is taken after it.
pub(super) fn is_within(tree: &dyn Tree, path: &Path, root: &Path) -> bool {
    let (mut existing, mut rest) = (path.to_path_buf(), Vec::new());
    loop {
        let probe = if existing.as_os_str().is_empty() { Path::new(".") } else { &existing };
        if let Ok(real) = tree.canonicalize(probe) {
            let only_names = rest.iter().all(|name: &PathBuf| {
                name.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
            });
            return real.starts_with(root) && only_names;
        }
        // A link that leads nowhere could lead anywhere tomorrow.
        if is_link(tree, probe) {
            return false;
        }
        let Some(last) = existing.components().next_back() else { return false };
        rest.push(PathBuf::from(last.as_os_str()));
        if !existing.pop() {
            return false;
        }
    }
}

/// Whether there is a symbolic link at a path of which only that is known that it leads nowhere.
fn is_link(tree: &dyn Tree, path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match tree.entries(directory) {
        Ok(entries) => entries.iter().any(|(entry, kind)| entry == name && *kind == EntryKind::Link),
        // A directory that cannot be looked at may hold one.
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::parser::load::Disk;

    #[test]
    fn paths_stay_in_the_repository_however_they_are_written() {
        let outer = tempfile::tempdir().unwrap();
        let repository = outer.path().join("repository");
        fs::create_dir_all(repository.join("team/deep")).unwrap();
        fs::create_dir_all(repository.join("platform")).unwrap();
        fs::create_dir(repository.join(".git")).unwrap();
        fs::create_dir(outer.path().join("elsewhere")).unwrap();
        symlink(outer.path().join("elsewhere"), repository.join("team/link")).unwrap();
        symlink(outer.path().join("gone"), repository.join("team/dangling")).unwrap();
        symlink("../platform", repository.join("team/inner")).unwrap();
        let team = repository.join("team");
        let root = root_of(&Disk, &team).unwrap();
        assert_eq!(root, fs::canonicalize(&repository).unwrap());
        for path in ["deep", "../platform", "deep/../../platform", "inner", "new/keys", "./deep/new", ".."] {
            assert!(is_within(&Disk, &team.join(path), &root), "{path}");
        }
        for path in
            ["../..", "../../elsewhere", "link", "link/x", "dangling", "dangling/x", "new/../../..", "/etc", "/"]
        {
            assert!(!is_within(&Disk, &team.join(path), &root), "{path}");
        }
    }

    #[test]
    fn without_a_repository_the_directory_is_the_limit() {
        let outer = tempfile::tempdir().unwrap();
        let directory = outer.path().join("team");
        fs::create_dir(&directory).unwrap();
        // The directory of temporary files may itself be in a repository.
        if fs::canonicalize(outer.path()).unwrap().ancestors().all(|directory| !directory.join(".git").exists()) {
            let root = root_of(&Disk, &directory).unwrap();
            assert!(
                is_within(&Disk, &directory.join("keys"), &root) && !is_within(&Disk, &directory.join(".."), &root)
            );
        }
    }
}
