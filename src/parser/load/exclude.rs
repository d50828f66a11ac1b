//! What the user leaves out of the input by `--exclude`.

use std::path::{Path, PathBuf};

use crate::glob;

/// The patterns of `--exclude`. One without a `/` is about the name of a file or directory, at any depth; another one about
/// the whole path. `*` stands for any characters of a name, `?` for one, `**` for any number of directories. What is
/// below an excluded directory is excluded with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exclude<'o> {
    /// The patterns.
    pub globs: &'o [String],
    /// The directory, without symbolic links, that paths are taken from; `None` is the directory that was named, and
    /// for a file that was named the directory that holds it.
    pub base: Option<&'o Path>,
    /// Files and directories, without symbolic links and in order, that git ignores.
    pub ignored: &'o [PathBuf],
    /// Files and directories, without symbolic links, that are no part of the context.
    pub of_context: &'o [PathBuf],
}

impl Exclude<'_> {
    /// The position of each pattern that matches a path, which has only names in it.
    pub(super) fn matching(&self, path: &Path) -> Vec<usize> {
        let names: Vec<String> = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let is_met = |(_, glob): &(usize, &String)| glob::matches(glob, &names);
        self.globs.iter().enumerate().filter(is_met).map(|(at, _)| at).collect()
    }
}
