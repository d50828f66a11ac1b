//! How a command ends that could not run.

use super::streams::Unwritten;

/// Why a command ended without a verdict.
#[derive(Debug)]
pub enum Failure {
    /// The command line makes no sense.
    Usage(clap::Error),
    /// The product or a report could not be written.
    Unwritten(Unwritten),
    /// Something that the command needs is not there, in words for the user.
    Missing(String),
}

impl From<Unwritten> for Failure {
    fn from(unwritten: Unwritten) -> Self {
        Self::Unwritten(unwritten)
    }
}
