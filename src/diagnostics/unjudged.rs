//! What is declared and was not judged, each with its reason: "could not look"
//! is never "all is well".

use std::fmt;

use super::finding::ObjectRef;
use super::location::{FieldPath, Location};

/// Something that is declared and that no judgement is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Unjudged {
    /// What it is.
    pub subject: Subject,
    /// Where it stands.
    pub location: Location,
    /// Why it was not judged.
    pub reason: Omission,
}

/// What was not judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An object as a whole.
    Object(ObjectRef),
    /// A part of an object, such as a listener or a parent.
    Part(ObjectRef, FieldPath),
    /// A document in which no object can be recognised.
    Document,
}

/// Why something was not judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Omission {
    /// The document is malformed, or too large.
    Unreadable,
    /// The API server would refuse the object, and not enough of it can be decoded.
    Undecoded,
    /// Objects of the kind are not served.
    KindNotServed,
    /// Another listener of the same Gateway cannot be told from the listener.
    Conflict,
    /// Nobody knows what the listener speaks.
    UnknownProtocol,
    /// The parent does not take the ListenerSet, for the reason of the finding with this code.
    NotJoined(&'static str),
    /// The parent does not take the route; what the finding says.
    NotAttached(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => write!(f, "{object}"),
            Self::Part(object, path) => write!(f, "{object}, {path}"),
            Self::Document => f.write_str("a document"),
        }
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("it cannot be read"),
            Self::Undecoded => f.write_str("its errors leave too little of it to be decoded"),
            Self::KindNotServed => f.write_str("objects of this kind are not served"),
            Self::Conflict => f.write_str("another listener of the Gateway cannot be told from it"),
            Self::UnknownProtocol => f.write_str("its protocol is unknown"),
            Self::NotJoined(code) => write!(f, "its parent does not take it ({code})"),
            Self::NotAttached(why) => write!(f, "the parent does not take the route: {why}"),
        }
    }
}
