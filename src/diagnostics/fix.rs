//! Fixes: what to change in the manifests so that a finding goes away.
//!
//! A fix is symbolic like every place: it names fields of documents. Only when
//! a report is made does [`super::Locate`] turn it into edits of the text.

use super::location::FieldPath;
use super::source_id::{DocumentId, SourceId};
use super::span::Span;

/// Changes that remove one finding when all of them are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the fix does, in the words of a command: ``write `cart` ``.
    pub title: String,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// One change in one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The document.
    pub document: DocumentId,
    /// The path from the root of the document.
    pub path: FieldPath,
    /// What changes there.
    pub change: Change,
}

/// What an edit does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts quotes around the scalar, whose text stays.
    Quote,
    /// Puts another scalar in the place of this one, in the same quotes.
    Set(Scalar),
    /// Gives the key another name.
    Rename(String),
    /// Adds a field to the mapping.
    Insert {
        /// The field.
        key: String,
        /// Its value.
        value: Scalar,
    },
    /// Adds a document at the end of the file, given without `---`, its lines ended by line feeds.
    Append(String),
}

/// A value that a fix writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string, quoted where YAML would read something else.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Boolean(bool),
}

impl Scalar {
    /// The value as messages show it.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
        }
    }
}

impl Change {
    /// What the change does, in the words of a command.
    pub fn title(&self) -> String {
        match self {
            Self::Quote => "quote the value".to_owned(),
            Self::Set(value) => format!("write `{}`", value.shown()),
            Self::Rename(name) => format!("rename the field to `{name}`"),
            Self::Insert { key, value } => format!("add `{key}: {}`", value.shown()),
            Self::Append(_) => "add a document to the file".to_owned(),
        }
    }
}

impl Fix {
    /// A fix that makes one change.
    pub fn one(document: DocumentId, path: FieldPath, change: Change) -> Self {
        Self { title: change.title(), edits: vec![Edit { document, path, change }] }
    }

    /// The same fix in other words.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }
}

/// An edit of a file's text: the bytes of `span` are replaced by `new_text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// The file.
    pub source: SourceId,
    /// The path of the file as it was given.
    pub file: String,
    /// The part that is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub new_text: String,
}
