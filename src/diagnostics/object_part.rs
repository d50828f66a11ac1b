//! Which part of an object a finding is about: what statuses, witnesses and
//! comparisons read, so that nobody has to read it off a path.

use std::fmt;
use std::ops::Deref;

use super::location::{FieldPath, Segment};
use crate::path;

/// A part of an object that something is said of. Positions count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectPart {
    /// The object, and every field of it that is of none of its parts.
    Whole,
    /// A listener of a Gateway or a ListenerSet.
    Listener(usize),
    /// A reference of a listener to a certificate.
    Certificate {
        /// The listener.
        listener: usize,
        /// The reference.
        index: usize,
    },
    /// What a Gateway shows to backends.
    ClientCertificate,
    /// Whom the HTTPS listeners of a Gateway ask for certificates.
    Frontend(FrontendPart),
    /// A parent of a route.
    Parent(usize),
    /// A hostname of a route.
    Hostname(usize),
    /// A rule of a route.
    Rule(usize),
    /// A match of a rule.
    Match {
        /// The rule.
        rule: usize,
        /// The match.
        index: usize,
    },
    /// A filter of a rule, or of one of its backends.
    Filter {
        /// The rule.
        rule: usize,
        /// The backend; `None` for the rule's own filters.
        backend: Option<usize>,
        /// The filter.
        index: usize,
    },
    /// A backend of a rule.
    Backend {
        /// The rule.
        rule: usize,
        /// The backend.
        index: usize,
    },
    /// All targets of a policy.
    Targets,
    /// A target of a policy.
    Target(usize),
}

/// The settings for client certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrontendPart {
    /// All of them.
    Whole,
    /// Those of ports without their own.
    Default,
    /// Those of a port, by their position.
    Port(usize),
}

impl ObjectPart {
    /// The path of the part, from the root of the object.
    pub fn path(self) -> FieldPath {
        match self {
            Self::Whole => FieldPath::ROOT,
            Self::Listener(index) => path!["spec", "listeners", index],
            Self::Certificate { listener, index } => {
                path!["spec", "listeners", listener, "tls", "certificateRefs", index]
            }
            Self::ClientCertificate => path!["spec", "tls", "backend", "clientCertificateRef"],
            Self::Frontend(FrontendPart::Whole) => path!["spec", "tls", "frontend"],
            Self::Frontend(FrontendPart::Default) => path!["spec", "tls", "frontend", "default"],
            Self::Frontend(FrontendPart::Port(index)) => path!["spec", "tls", "frontend", "perPort", index],
            Self::Parent(index) => path!["spec", "parentRefs", index],
            Self::Hostname(index) => path!["spec", "hostnames", index],
            Self::Rule(rule) => path!["spec", "rules", rule],
            Self::Match { rule, index } => path!["spec", "rules", rule, "matches", index],
            Self::Filter { rule, backend: None, index } => path!["spec", "rules", rule, "filters", index],
            Self::Filter { rule, backend: Some(backend), index } => {
                path!["spec", "rules", rule, "backendRefs", backend, "filters", index]
            }
            Self::Backend { rule, index } => path!["spec", "rules", rule, "backendRefs", index],
            Self::Targets => path!["spec", "targetRefs"],
            Self::Target(index) => path!["spec", "targetRefs", index],
        }
    }

    /// A field of the part, by its path from the part.
    pub fn at(self, tail: &FieldPath) -> PartPath {
        PartPath::of(self, self.path().join(tail))
    }

    /// A field of the part.
    pub fn with(self, segment: impl Into<Segment>) -> PartPath {
        PartPath::from(self).with(segment)
    }

    /// The rule that the part belongs to, or is.
    pub fn rule(self) -> Option<usize> {
        match self {
            Self::Rule(rule) | Self::Match { rule, .. } | Self::Filter { rule, .. } | Self::Backend { rule, .. } => {
                Some(rule)
            }
            Self::Whole
            | Self::Listener(_)
            | Self::Certificate { .. }
            | Self::ClientCertificate
            | Self::Frontend(_)
            | Self::Parent(_)
            | Self::Hostname(_)
            | Self::Targets
            | Self::Target(_) => None,
        }
    }

    /// The listener that the part belongs to, or is.
    pub fn listener(self) -> Option<usize> {
        match self {
            Self::Listener(listener) | Self::Certificate { listener, .. } => Some(listener),
            Self::Whole
            | Self::ClientCertificate
            | Self::Frontend(_)
            | Self::Parent(_)
            | Self::Hostname(_)
            | Self::Rule(_)
            | Self::Match { .. }
            | Self::Filter { .. }
            | Self::Backend { .. }
            | Self::Targets
            | Self::Target(_) => None,
        }
    }
}

/// A field of an object, and the part of the object that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartPath {
    part: ObjectPart,
    path: FieldPath,
}

impl PartPath {
    /// A field, by its path from the root of the object.
    pub fn of(part: ObjectPart, path: FieldPath) -> Self {
        debug_assert!(path.0.starts_with(&part.path().0), "{path} is none of {part:?}");
        Self { part, path }
    }

    /// The part.
    pub fn part(&self) -> ObjectPart {
        self.part
    }

    /// This path with one more step, in the same part.
    #[must_use]
    pub fn with(&self, segment: impl Into<Segment>) -> Self {
        Self { part: self.part, path: self.path.with(segment) }
    }

    /// This path followed by all steps of `tail`, in the same part.
    #[must_use]
    pub fn join(&self, tail: &FieldPath) -> Self {
        Self { part: self.part, path: self.path.join(tail) }
    }

    /// The path from the root of the object.
    pub fn into_path(self) -> FieldPath {
        self.path
    }

    /// The part, and the path from the root of the object.
    pub fn split(self) -> (ObjectPart, FieldPath) {
        (self.part, self.path)
    }
}

impl From<ObjectPart> for PartPath {
    fn from(part: ObjectPart) -> Self {
        Self { part, path: part.path() }
    }
}

impl Deref for PartPath {
    type Target = FieldPath;

    fn deref(&self) -> &FieldPath {
        &self.path
    }
}

impl fmt::Display for PartPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// Builds the [`PartPath`] of a field that is of no part of its object: `whole!["spec", "gatewayClassName"]`.
#[macro_export]
macro_rules! whole {
    ($($segment:expr),* $(,)?) => {
        $crate::diagnostics::ObjectPart::Whole.at(&$crate::path![$($segment),*])
    };
}

#[cfg(test)]
mod tests {
    use super::{ObjectPart, PartPath};

    #[test]
    fn a_field_stays_one_of_its_part() {
        let at = ObjectPart::Backend { rule: 2, index: 3 }.with("name");
        assert_eq!((at.to_string().as_str(), at.part().rule()), ("spec.rules[2].backendRefs[3].name", Some(2)));
        let at = PartPath::from(ObjectPart::Certificate { listener: 1, index: 0 });
        assert_eq!(at.to_string(), "spec.listeners[1].tls.certificateRefs[0]");
        assert_eq!((at.part().listener(), at.part().rule()), (Some(1), None));
        assert_eq!(whole!["metadata", "name"].part(), ObjectPart::Whole);
    }
}
