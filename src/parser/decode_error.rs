//! Why a document could not be decoded, and how deep one may be.

use std::ops::Range;

use crate::diagnostics::{Code, codes};

/// How deeply lists and mappings may be nested.
pub const MAX_DEPTH: usize = 100;

/// Why a document could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// `GW8002` or `GW8004`.
    pub code: Code,
    /// The bytes of the document that are to blame.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl DecodeError {
    /// A syntax error at one character.
    pub(super) fn syntax(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { code: codes::SYNTAX, range: character_at(text, offset), message: message.into(), help: None }
    }

    /// A limit exceeded at one character.
    pub(super) fn limit(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { code: codes::LIMIT, ..Self::syntax(text, offset, message) }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The error for what is nested too deeply.
pub(super) fn too_deep(text: &str, offset: usize) -> DecodeError {
    DecodeError::limit(text, offset, format!("lists and mappings are nested over {MAX_DEPTH} levels deep"))
}

/// The range of the character at `offset`, or of the end of the text's last line when there is none.
pub(super) fn character_at(text: &str, offset: usize) -> Range<usize> {
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match text.get(offset..).and_then(|rest| rest.chars().next()) {
        Some(character) if !text[offset..].trim().is_empty() => offset..offset + character.len_utf8(),
        _ => {
            let end = text.trim_end().len();
            end..end
        }
    }
}
