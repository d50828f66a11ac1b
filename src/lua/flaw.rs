//! Why a script is not taken.

/// Why Envoy would not load a script, or nobody knows whether it would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) message: String,
}
