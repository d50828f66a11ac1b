//! Which folders of a repository the objects of Flux and Argo CD build, wherever
//! a side begins: [`spec.path`](https://fluxcd.io/flux/components/kustomize/kustomizations/#path)
//! and [sources of applications](https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/)
//! count from the root of the repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::uncompared::Values;
use crate::compile::Compilation;
use crate::diagnostics::FieldPath;
use crate::parser::node::Node;

/// Fields that name files beside those of a chart, from its folder, or behind `$NAME/` from the root of a repository.
const VALUES: [&str; 2] = ["valueFiles", "valuesFiles"];
/// Sources of Flux that are no repository of files: what is built comes from elsewhere.
const ELSEWHERE: [&str; 3] = ["OCIRepository", "Bucket", "HelmRepository"];

/// The paths that the judged objects name, as they count from the root of a repository.
pub(super) fn paths(compilation: &Compilation) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    let values = Values::new(compilation);
    for object in compilation.manifests.foreign.iter().filter(|object| !object.position.context) {
        let identity = &object.identity;
        let group = identity.group.as_str();
        let read = match (group, identity.kind.as_str()) {
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => add_kustomization,
            ("helm.toolkit.fluxcd.io", "HelmRelease") => add_release,
            ("argoproj.io", "Application" | "ApplicationSet") => add_sources,
            _ => continue,
        };
        let Ok(node) = values.object(&object.at(&FieldPath::ROOT)) else { continue };
        node.get("spec").into_iter().for_each(|spec| read(spec, &mut paths));
    }
    paths
}

fn add_kustomization(spec: &Node, paths: &mut BTreeSet<PathBuf>) {
    if is_elsewhere(spec) {
        return;
    }
    let path = spec.get("path").and_then(Node::as_str).unwrap_or_default();
    add(path, paths);
    for component in spec.get("components").and_then(Node::as_list).into_iter().flatten().filter_map(Node::as_str) {
        add(&format!("{path}/{component}"), paths);
    }
}

fn add_release(spec: &Node, paths: &mut BTreeSet<PathBuf>) {
    let Some(chart) = spec.get("chart").and_then(|chart| chart.get("spec")).filter(|chart| !is_elsewhere(chart)) else {
        return;
    };
    chart.get("chart").and_then(Node::as_str).into_iter().for_each(|path| add(path, paths));
    for file in chart.get("valuesFiles").and_then(Node::as_list).into_iter().flatten().filter_map(Node::as_str) {
        add(file, paths);
    }
}

/// Adds what sources and generators of Argo CD name, wherever they stand in each other.
fn add_sources(node: &Node, paths: &mut BTreeSet<PathBuf>) {
    let path = node.get("path").and_then(Node::as_str);
    path.into_iter().for_each(|path| add(path, paths));
    let values = node.get("helm").into_iter().flat_map(|helm| VALUES.iter().filter_map(|field| helm.get(field)));
    for file in values.filter_map(Node::as_list).flatten().filter_map(Node::as_str) {
        match file.strip_prefix('$').and_then(|file| file.split_once('/')) {
            Some((_, file)) => add(file, paths),
            None => add(&format!("{}/{file}", path.unwrap_or_default()), paths),
        }
    }
    match node {
        Node::Map(entries) => entries.iter().for_each(|(_, value)| add_sources(value, paths)),
        Node::List(items) => items.iter().for_each(|item| add_sources(item, paths)),
        Node::String(_) | Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
    }
}

fn is_elsewhere(spec: &Node) -> bool {
    let kind = spec.get("sourceRef").and_then(|source| source.get("kind")).and_then(Node::as_str);
    kind.is_some_and(|kind| ELSEWHERE.contains(&kind))
}

/// Adds a path up to its first part that stands for several. The whole repository is built by nobody who meant it: that
/// is what a field says that is not set.
fn add(path: &str, paths: &mut BTreeSet<PathBuf>) {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let parts = parts.take_while(|part| !part.contains(['*', '?', '[', '{', '$']));
    let path: PathBuf = parts.collect();
    if path != Path::new("") {
        paths.insert(path);
    }
}
