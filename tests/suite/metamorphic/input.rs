//! The input of a case in memory: its files, their documents as values, and
//! the settings of its run.

use gwctl::diagnostics::Diagnostics;
use gwctl::name::{Name, Namespace};
use gwctl::options::Options;
use gwctl::parser::load::{self, Input as Named};
use gwctl::parser::source::{Found, Source, SourceSet};
use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use crate::case::Case;
use crate::pairs;

/// The group of the kinds that routes, Gateways and grants belong to.
pub(super) const GROUP: &str = "gateway.networking.k8s.io";

/// Manifests and settings, as an addition changes them.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) sources: Vec<Source>,
    pub(crate) options: Options,
}

impl Input {
    /// `None` for a case whose files are not read at all, or whose arguments are not those of `validate`.
    pub(crate) fn of(case: &Case) -> Option<Self> {
        if case.stdin.is_some() {
            return None;
        }
        let arguments = case.validate_arguments()?;
        let options = arguments.compile.options().ok()?;
        let inputs = |paths: &mut dyn Iterator<Item = std::path::PathBuf>| {
            paths.map(|path| Named::from(case.folder.join(path))).collect::<Vec<_>>()
        };
        let paths = inputs(&mut case.paths.iter().map(Into::into));
        let context = inputs(&mut arguments.input.context.iter().cloned());
        let mut diagnostics = Diagnostics::new();
        let loaded = load::load(&paths, &context, &mut std::io::empty(), &mut diagnostics);
        // What is said about files by their names does not survive another layout.
        (!loaded.unreadable && diagnostics.findings().is_empty())
            .then_some(Self { sources: loaded.sources.sources.into(), options })
    }

    /// One side of a pair.
    pub(super) fn of_pair(text: &str) -> Result<Self, String> {
        Ok(Self { sources: pairs::sources(text), options: pairs::options()? })
    }

    pub(crate) fn set(&self) -> SourceSet {
        SourceSet { sources: self.sources.clone().into() }
    }

    /// The same documents, each file written anew; `None` when one of them cannot be.
    pub(super) fn rewritten(&self) -> Option<Self> {
        let mut input = self.clone();
        input.edit(|_| ()).map(|()| input)
    }

    /// Changes every document.
    pub(super) fn edit(&mut self, mut change: impl FnMut(&mut Value)) -> Option<()> {
        for source in &mut self.sources {
            let mut documents = documents(&source.text)?;
            documents.iter_mut().for_each(&mut change);
            source.text = text_of(&documents)?;
        }
        Some(())
    }

    /// Every document, with whether it is context.
    pub(crate) fn documents(&self) -> Option<Vec<(bool, Value)>> {
        let mut all = Vec::new();
        for source in &self.sources {
            all.extend(documents(&source.text)?.into_iter().map(|document| (source.context, document)));
        }
        Some(all)
    }

    /// One file for each document that is given.
    pub(crate) fn replace(&mut self, documents: &[(bool, Value)]) -> Option<()> {
        self.sources.clear();
        for (place, (context, document)) in documents.iter().enumerate() {
            let name = format!("{}/{place:04}.yaml", if *context { "context" } else { "judged" });
            self.sources.push(source(&name, text_of(std::slice::from_ref(document))?, *context));
        }
        // Context is read after what is judged.
        self.sources.sort_by_key(|source| source.context);
        Some(())
    }

    /// Adds a file, behind all others or before them.
    pub(super) fn add(&mut self, text: impl Into<String>, first: bool) {
        let name = if first { "0-added.yaml" } else { "z-added.yaml" };
        let added = source(name, text.into(), false);
        let context = self.sources.iter().position(|source| source.context).unwrap_or(self.sources.len());
        self.sources.insert(if first { 0 } else { context }, added);
    }

    /// The objects of a kind: namespace and name.
    pub(super) fn named(&self, kind: &str) -> Vec<(Namespace, Name)> {
        let documents = self.documents().unwrap_or_default();
        let of_kind = documents.iter().filter(|(_, document)| is_kind(document, kind));
        of_kind.map(|(_, document)| self.key(document)).collect()
    }

    /// Namespace and name of an object.
    pub(crate) fn key(&self, document: &Value) -> (Namespace, Name) {
        let metadata = |key: &str| document["metadata"][key].as_str();
        let namespace = metadata("namespace").map_or_else(|| self.options.namespace.clone(), Namespace::from);
        (namespace, metadata("name").map(Name::from).unwrap_or_default())
    }
}

fn source(name: &str, text: String, context: bool) -> Source {
    Source { name: name.to_owned(), text, found: Found::InDirectory, context, kept: Vec::new() }
}

/// The documents of a text; `None` when there is anything that values do not keep.
pub(super) fn documents(text: &str) -> Option<Vec<Value>> {
    let mut all = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let mut value = Value::deserialize(document).ok()?;
        value.apply_merge().ok()?;
        match value {
            Value::Null => {}
            Value::Mapping(_) => all.push(value),
            _ => return None,
        }
    }
    Some(all)
}

/// Documents as text.
pub(super) fn text_of(documents: &[Value]) -> Option<String> {
    let texts: Option<Vec<String>> = documents.iter().map(|document| serde_yaml::to_string(document).ok()).collect();
    Some(texts?.join("---\n"))
}

/// Whether a document is an object of a kind of Gateway API or of the core.
pub(super) fn is_kind(document: &Value, kind: &str) -> bool {
    let version = document["apiVersion"].as_str().unwrap_or_default();
    let known =
        version.starts_with("gateway.networking.") || !version.contains('/') || version.starts_with("discovery.");
    known && document["kind"].as_str() == Some(kind)
}

/// Whether a document is a route.
pub(super) fn is_route(document: &Value) -> bool {
    ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"].iter().any(|kind| is_kind(document, kind))
}

/// The list at a path of keys, made when it is missing; `None` when something else is there.
pub(super) fn list<'v>(document: &'v mut Value, path: &[&str]) -> Option<&'v mut Vec<Value>> {
    let mut at = document;
    for (depth, key) in path.iter().enumerate() {
        let entries = at.as_mapping_mut()?;
        let is_last = depth + 1 == path.len();
        let missing = || if is_last { Value::Sequence(Vec::new()) } else { Value::Mapping(Mapping::new()) };
        at = entries.entry(Value::from(*key)).or_insert_with(missing);
    }
    at.as_sequence_mut()
}

/// A value written in YAML.
pub(super) fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or(Value::Null)
}
