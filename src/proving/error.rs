//! Why nothing could be proven: faults of the machine or of the input, as
//! opposed to a [`Mismatch`](super::Mismatch), which is a proof that failed.

use std::fmt;
use std::io;

/// Why a proof could not be carried out.
#[derive(Debug)]
pub enum Error {
    /// There is no Envoy to run; the text says how to get one.
    NoEnvoy(String),
    /// Envoy refused the configuration; the text is what it said.
    Refused(String),
    /// Envoy warned when it started; the text is its lines.
    Warned(String),
    /// Envoy did not start, or stopped; the text ends with its log.
    NotRunning(String),
    /// The manifests could not be compiled; the text is the compiler's report.
    Compile(String),
    /// The system refused something; the text says what was tried.
    System(String, io::Error),
    /// The configuration leads to somewhere else than the backends of the proof.
    Leaves(String),
    /// The process was asked to stop.
    Interrupted,
    /// A case names something that the manifests do not have.
    Case(String),
}

impl Error {
    /// Turns a system error into one that says what was tried.
    pub(super) fn system(tried: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let tried = tried.into();
        move |error| Self::System(tried, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEnvoy(text) => write!(f, "no Envoy to run: {text}"),
            Self::Refused(text) => write!(f, "Envoy refuses the configuration: {text}"),
            Self::Warned(text) => write!(f, "Envoy warns about the configuration: {text}"),
            Self::NotRunning(text) => write!(f, "Envoy does not run: {text}"),
            Self::Compile(text) => write!(f, "the manifests do not compile: {text}"),
            Self::System(tried, error) => write!(f, "cannot {tried}: {error}"),
            Self::Leaves(text) => write!(f, "Envoy is not started, because its configuration leads elsewhere: {text}"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Case(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(_, error) => Some(error),
            _ => None,
        }
    }
}
