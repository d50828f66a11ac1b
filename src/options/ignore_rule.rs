//! A rule of the settings that leaves findings out: which ones, where, and why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, ObjectRef};
use crate::glob::{matches, matches_name};

/// What a settings file allows in some files or on some objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// The codes, of warnings and notes.
    pub codes: Vec<Code>,
    /// The files that it is about; all without it.
    pub path: Option<PathPattern>,
    /// The names of the files of the input that `path` covers: what reads the input fills it in. Without it a rule with a
    /// `path` covers none.
    pub files: BTreeSet<String>,
    /// The objects that it is about; all without it.
    pub object: Option<ObjectPattern>,
    /// Why.
    pub reason: String,
    /// Where it stands, as `FILE:LINE:COLUMN`.
    pub place: String,
}

impl IgnoreRule {
    /// The same, with paths from another directory.
    #[must_use]
    pub fn with_base(&self, base: impl FnOnce(&Path) -> PathBuf) -> Self {
        let path = self.path.as_ref().map(|path| PathPattern { glob: path.glob.clone(), base: base(&path.base) });
        Self { path, ..self.clone() }
    }
}

/// A pattern of paths, as of `--exclude`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    /// The pattern.
    pub glob: String,
    /// The directory that paths are taken from, without symbolic links.
    pub base: PathBuf,
}

impl PathPattern {
    /// Whether a file is meant, or a directory that it is in, by its path without symbolic links.
    pub fn covers(&self, file: &Path) -> bool {
        let Ok(relative) = file.strip_prefix(&self.base) else { return false };
        let names: Vec<_> = relative.iter().map(|name| name.to_string_lossy()).collect();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        (1..=names.len()).any(|length| matches(&self.glob, &names[..length]))
    }
}

/// `KIND/NAMESPACE/NAME`, or `KIND/NAME` of any namespace; `*` stands for any characters of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPattern {
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl ObjectPattern {
    /// Whether an object is meant.
    pub fn is_met(&self, object: &ObjectRef) -> bool {
        let Self { kind, namespace, name } = self;
        matches_name(kind, &object.kind)
            && namespace.as_ref().is_none_or(|own| matches_name(own, object.namespace.as_str()))
            && matches_name(name, object.name.as_str())
    }
}

impl std::str::FromStr for ObjectPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some((*namespace).to_owned()), name),
            _ => return Err(format!("`{text}` is not KIND/NAMESPACE/NAME or KIND/NAME")),
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(format!("`{text}` has an empty part; `*` stands for any"));
        }
        Ok(Self { kind: (*kind).to_owned(), namespace, name: (*name).to_owned() })
    }
}
