//! Why an expression is refused, before the place is one of a character.

use std::borrow::Cow;

/// A refusal at a byte that may be inside a character.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) at: usize,
    pub(super) message: Cow<'static, str>,
}

pub(super) fn refuse<T>(at: usize, message: impl Into<Cow<'static, str>>) -> Result<T, Refusal> {
    Err(Refusal { at, message: message.into() })
}
