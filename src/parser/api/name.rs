//! Names that are more than text: made where a manifest is decoded, and never compared with one of another kind.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;

/// The name of a listener or of a Service's port, as `sectionName` refers to it
/// ([SectionName](https://gateway-api.sigs.k8s.io/reference/spec/#sectionname)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct SectionName(String);

impl SectionName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SectionName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<SectionName> for String {
    fn from(SectionName(name): SectionName) -> Self {
        name
    }
}

impl PartialEq<str> for SectionName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for SectionName {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl Deref for SectionName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
