//! Where a finding is: a symbolic place in a document, turned into a line and
//! a column only when it is rendered.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::source_id::{DocumentId, SourceId};

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A field of an object, or a key of a map.
    Field(Cow<'static, str>),
    /// An element of a list, counted from 0.
    Index(usize),
}

impl From<&'static str> for Segment {
    fn from(name: &'static str) -> Self {
        Self::Field(Cow::Borrowed(name))
    }
}

impl From<String> for Segment {
    fn from(name: String) -> Self {
        Self::Field(Cow::Owned(name))
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A path of fields and indexes inside one object, such as
/// `spec.rules[1].backendRefs[0].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<Segment>);

impl FieldPath {
    /// The path of the object itself.
    pub const ROOT: Self = Self(Vec::new());

    /// This path with one more step.
    #[must_use]
    pub fn with(&self, segment: impl Into<Segment>) -> Self {
        let mut path = self.clone();
        path.0.push(segment.into());
        path
    }

    /// This path followed by all steps of `tail`.
    #[must_use]
    pub fn join(&self, tail: &Self) -> Self {
        Self(self.0.iter().chain(&tail.0).cloned().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Field(name) if is_plain(name) && position == 0 => f.write_str(name)?,
                Segment::Field(name) if is_plain(name) => write!(f, ".{name}")?,
                Segment::Field(name) => write!(f, "[{name:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Builds a [`FieldPath`] from its steps: `path!["spec", "rules", 1, "name"]`.
#[macro_export]
macro_rules! path {
    ($($segment:expr),* $(,)?) => {
        $crate::diagnostics::FieldPath(vec![$($crate::diagnostics::Segment::from($segment)),*])
    };
}

/// Which part of a field a finding points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The key: for fields that should not be there.
    Key,
    /// The value; the key of the deepest existing parent when the field is absent.
    Value,
}

/// The place a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The run as a whole: nothing in a file is to blame.
    Run,
    /// A path that was given or found and that could not be read, as written.
    Path(String),
    /// A file as a whole.
    Source(SourceId),
    /// A range of bytes of a file.
    Bytes(SourceId, Range<usize>),
    /// A field of an object. `path` starts at the document's root, so that an
    /// object inside a `List` has a path that begins with `items[n]`.
    Field {
        /// The document.
        document: DocumentId,
        /// The path from the root of the document.
        path: FieldPath,
        /// The key or the value.
        part: Part,
    },
}

impl Location {
    /// Whether the place is in an object that stands in for a missing one.
    pub fn is_nowhere(&self) -> bool {
        matches!(self, Self::Field { document: DocumentId::NOWHERE, .. })
    }

    /// The value at `path` in `document`.
    pub fn field(document: DocumentId, path: FieldPath) -> Self {
        Self::Field { document, path, part: Part::Value }
    }

    /// The key at `path` in `document`.
    pub fn key(document: DocumentId, path: FieldPath) -> Self {
        Self::Field { document, path, part: Part::Key }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_prints_as_kubernetes_writes_it() {
        let path = path!["spec", "rules", 1, "backendRefs", 0, "name"];
        assert_eq!(path.to_string(), "spec.rules[1].backendRefs[0].name");
        let label = path!["metadata", "labels", "app.kubernetes.io/name"];
        assert_eq!(label.to_string(), "metadata.labels[\"app.kubernetes.io/name\"]");
    }
}
