//! The files that Kustomizations read as something else than objects: patches,
//! replacements, transformers, and the content of generated objects.
//!
//! A strategic merge patch looks like the object that it changes. Taken for one
//! it would stand in the place of that object.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::decode::decode;
use super::node::Node;
use super::skip::{Foreign, KUSTOMIZATIONS, recognise};
use super::source::{Source, SourceId, SourceSet};
use super::split::split;

/// What other files say that are one.
const GROUP: &str = "kustomize.config.k8s.io/";
/// Fields that are lists of files, or of directories with such files
/// ([Kustomization](https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/)).
const LISTS: [&str; 5] = ["configurations", "generators", "patchesStrategicMerge", "transformers", "validators"];
/// Fields that are lists of settings with the field `path`.
const WITH_PATHS: [&str; 3] = ["patches", "patchesJson6902", "replacements"];
/// Fields that are lists of settings with files whose content is data.
const GENERATORS: [&str; 2] = ["configMapGenerator", "secretGenerator"];

/// Fields that are lists of files and directories with objects.
const RESOURCES: [&str; 3] = ["resources", "bases", "components"];

/// The sources that Kustomizations of the input name as no objects, and no Kustomization names among its resources.
pub(super) fn parts(sources: &SourceSet) -> HashSet<SourceId> {
    let (mut parts, mut objects) = (HashSet::new(), HashSet::new());
    for source in sources.sources.iter().filter(|source| may_be_kustomization(source)) {
        let directory = Path::new(&source.name).parent().unwrap_or(Path::new(""));
        let add = |paths: &mut HashSet<PathBuf>, name: &str| {
            // What is written in place is no path.
            if !name.contains('\n') {
                paths.extend(normal(&directory.join(name)));
            }
        };
        for document in kustomizations(source) {
            named_parts(&document, &mut |name| add(&mut parts, name));
            let resources = ["resources", "bases"].iter().filter_map(|field| document.get(field));
            texts(resources).for_each(|name| add(&mut objects, name));
        }
    }
    if parts.is_empty() {
        return HashSet::new();
    }
    let is_part = |source: &Source| {
        let Some(path) = normal(Path::new(&source.name)) else { return false };
        !objects.contains(&path) && path.ancestors().any(|above| parts.contains(above))
    };
    sources.sources.iter_enumerated().filter(|(_, source)| is_part(source)).map(|(id, _)| id).collect()
}

/// The files of an input by where they are, with what builds directories.
#[derive(Debug)]
pub struct Tree<'s> {
    /// Those below a directory follow one another.
    files: BTreeMap<PathBuf, Vec<SourceId>>,
    builders: HashMap<PathBuf, &'s Source>,
}

impl<'s> Tree<'s> {
    /// Looks at the names of all files.
    pub fn new(sources: &'s SourceSet) -> Self {
        let mut tree = Self { files: BTreeMap::new(), builders: HashMap::new() };
        for (id, source) in sources.sources.iter_enumerated() {
            let Some(file) = normal(Path::new(&source.name)) else { continue };
            let is_builder = file.file_name().and_then(|name| name.to_str()).is_some_and(is_build_file);
            if let Some(directory) = file.parent().filter(|_| is_builder) {
                tree.builders.entry(directory.to_owned()).or_insert(source);
            }
            tree.files.entry(file).or_default().push(id);
        }
        tree
    }

    /// The files with the objects that are built of a directory: what its Kustomization names, and what that of another
    /// directory names in turn; all files below it where it has none. `directory` is as files of the input are called.
    pub fn resources(&self, directory: &Path) -> BTreeSet<SourceId> {
        let (mut open, mut seen, mut found) = (vec![directory.to_owned()], HashSet::new(), BTreeSet::new());
        while let Some(place) = open.pop().and_then(|place| normal(&place)) {
            if !seen.insert(place.clone()) {
                continue;
            }
            match self.builders.get(&place) {
                Some(builder) => {
                    for document in kustomizations(builder) {
                        let named = RESOURCES.iter().filter_map(|field| document.get(field));
                        open.extend(texts(named).map(|name| place.join(name)));
                    }
                }
                None => {
                    let below = self.files.range(place.clone()..).take_while(|(file, _)| file.starts_with(&place));
                    found.extend(below.flat_map(|(_, ids)| ids).copied());
                }
            }
        }
        found
    }
}

fn is_build_file(name: &str) -> bool {
    KUSTOMIZATIONS.contains(&name)
}

fn may_be_kustomization(source: &Source) -> bool {
    let name = Path::new(&source.name).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    KUSTOMIZATIONS.contains(&name) || source.text.contains(GROUP)
}

fn kustomizations(source: &Source) -> Vec<Node> {
    let pieces = split(&source.text).into_iter();
    let decoded = pieces.filter_map(|piece| decode(source.text.get(piece.range)?, piece.syntax).ok());
    decoded
        .map(|decoded| decoded.node)
        .filter(|node| recognise(node, &source.name) == Some(Foreign::Kustomization))
        .collect()
}

/// Calls back with every file that a Kustomization reads as no object.
fn named_parts(document: &Node, found: &mut dyn FnMut(&str)) {
    texts(LISTS.iter().filter_map(|field| document.get(field))).for_each(&mut *found);
    for field in WITH_PATHS {
        let paths = items(document.get(field)).filter_map(|item| item.get("path"));
        paths.filter_map(Node::as_str).for_each(&mut *found);
    }
    document.get("openapi").and_then(|settings| settings.get("path")).and_then(Node::as_str).map(&mut *found);
    for generator in GENERATORS.iter().flat_map(|field| items(document.get(field))) {
        let files = texts(["files", "envs"].iter().filter_map(|field| generator.get(field)));
        // A file may be given another key.
        files.for_each(|file| found(file.split_once('=').map_or(file, |(_, path)| path)));
        generator.get("env").and_then(Node::as_str).map(&mut *found);
    }
    for chart in items(document.get("helmCharts")) {
        chart.get("valuesFile").and_then(Node::as_str).map(&mut *found);
        texts(chart.get("additionalValuesFiles")).for_each(&mut *found);
    }
}

fn items(list: Option<&Node>) -> impl Iterator<Item = &Node> {
    list.and_then(Node::as_list).unwrap_or_default().iter()
}

fn texts<'n>(lists: impl IntoIterator<Item = &'n Node>) -> impl Iterator<Item = &'n str> {
    lists.into_iter().flat_map(|list| items(Some(list))).filter_map(Node::as_str)
}

/// A path without `.` and `..` that can be told away; `None` for one that leads nowhere.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            (other, _) => parts.push(other),
        }
    }
    (!parts.is_empty()).then(|| parts.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::{Tree, parts};
    use std::path::Path;

    use crate::parser::source::{Found, Source, SourceSet};

    /// Files by their names and texts.
    fn sources(files: &[(&str, &str)]) -> SourceSet {
        let source = |(name, text): &(&str, &str)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            found: Found::InDirectory,
            context: false,
            kept: Vec::new(),
        };
        SourceSet { sources: files.iter().map(source).collect() }
    }

    #[test]
    fn patches_are_parts_and_resources_are_not() {
        let kustomization = "resources: [../../base, route.yaml, both.yaml]\n\
                             patches: [{path: patch.yaml}, {path: both.yaml}, {patch: \"a\\nb\"}]\n\
                             patchesStrategicMerge: ['./sub/../merge.yaml']\n\
                             configMapGenerator: [{name: a, files: [key=data.yaml]}]\n\
                             transformers: [shift]\n";
        let files = [
            ("./o/prod/kustomization.yaml", kustomization),
            ("./base/route.yaml", ""),
            ("o/prod/route.yaml", ""),
            ("o/prod/both.yaml", ""),
            ("o/prod/patch.yaml", ""),
            ("o/prod/merge.yaml", ""),
            ("o/prod/data.yaml", ""),
            ("o/prod/shift/a.yaml", ""),
            ("o/patch.yaml", ""),
        ];
        let mut found: Vec<usize> = parts(&sources(&files)).into_iter().map(|id| id.0).collect();
        found.sort_unstable();
        assert_eq!(found, [4, 5, 6, 7]);
    }

    #[test]
    fn what_is_built_is_what_kustomizations_name() {
        let files = [
            ("./o/prod/kustomization.yaml", "resources: [../../base, route.yaml, 'https://a.example/b', ../prod]\n"),
            ("./base/kustomization.yml", "resources: [gateway.yaml]\ncomponents: [../part]\n"),
            ("./base/gateway.yaml", ""),
            ("./base/other.yaml", ""),
            ("./o/prod/route.yaml", ""),
            ("./o/prod/left.yaml", ""),
            ("./part/deep/a.yaml", ""),
        ];
        let sources = sources(&files);
        let found = |directory: &str| -> Vec<usize> {
            Tree::new(&sources).resources(Path::new(directory)).into_iter().map(|id| id.0).collect()
        };
        assert_eq!(found("o/prod"), [2, 4, 6]);
        assert_eq!(found("./part"), [6]);
        assert_eq!(found("./nowhere"), [0_usize; 0]);
    }
}
