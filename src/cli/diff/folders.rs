//! Folders of Kustomizations and charts that moved, with everything in them.

use std::collections::{BTreeMap, BTreeSet};

use super::bundles::is_head;

/// What leads out of a folder, to another place when the folder moves.
const UPWARD: &str = "../";

/// The paths of a side, and what is said of those that nobody reads.
pub(super) struct Listing<'s> {
    /// The files that were read.
    pub(super) files: &'s BTreeSet<String>,
    /// What was not, by path.
    pub(super) said: Vec<(&'s str, String)>,
}

/// The folders of the old side that the new one has elsewhere and as they were. Of a folder within a Kustomization or a chart
/// that is not known: what is above may name it.
pub(super) fn moved(old: &Listing<'_>, new: &Listing<'_>) -> Vec<(String, String)> {
    let (gone, come) = (old.folders_that(new), new.folders_that(old));
    let mut known: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for folder in come {
        known.entry(new.content(&folder)).or_default().push(folder);
    }
    let mut moved = Vec::new();
    for folder in gone {
        let content = old.content(&folder);
        let leads_up = content.iter().any(|line| line.contains(UPWARD));
        let is_beside = |other: &String| parent(other) == parent(&folder);
        let Some(others) = known.get_mut(&content) else { continue };
        if let Some(at) = others.iter().position(|other| !leads_up || is_beside(other)) {
            moved.push((folder, others.swap_remove(at)));
        }
    }
    moved
}

/// Whether a path is a folder's, or below it.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl Listing<'_> {
    fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).chain(self.said.iter().map(|(path, _)| *path))
    }

    /// The topmost folders of Kustomizations and charts that the other side has not.
    fn folders_that(&self, other: &Listing<'_>) -> BTreeSet<String> {
        let heads: BTreeSet<&str> =
            self.paths().filter(|path| is_head(path.rsplit('/').next().unwrap_or_default())).map(parent).collect();
        let is_topmost = |folder: &str| {
            let above = folder.match_indices('/').map(|(end, _)| &folder[..end]);
            !heads.contains("") && !above.into_iter().any(|above| heads.contains(above))
        };
        let topmost = heads.iter().filter(|folder| is_topmost(folder));
        let gone = topmost.filter(|folder| !other.paths().any(|path| is_below(path, folder)));
        gone.map(|folder| (*folder).to_owned()).collect()
    }

    /// Everything that is below a folder, whatever the folder is called.
    fn content(&self, folder: &str) -> Vec<String> {
        let within = |path: &str| path.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned);
        let files = self.files.iter().filter_map(|path| within(path));
        let said = self.said.iter().filter_map(|(path, said)| Some(format!("{} {said}", within(path)?)));
        let mut content: Vec<String> = files.chain(said).collect();
        content.sort();
        content
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}
