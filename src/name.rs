//! Names that are more than text: made where a manifest is decoded, and never taken for one of another kind.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Declares names. A copy shares the text; each is looked up by its text, and none is equal to one of another type.
macro_rules! names {
    ($($(#[$meta:meta])* pub struct $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::from("")
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(Arc::from(name))
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(Arc::from(name))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl PartialEq<&Self> for $name {
            fn eq(&self, other: &&Self) -> bool {
                self == *other
            }
        }

        impl PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                self == &*other.0
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                *self == &*other.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

names! {
    /// The name of an object
    /// ([object names](https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)).
    pub struct Name;

    /// The namespace of an object; empty where its kind has none.
    pub struct Namespace;

    /// The name of a listener, of a rule or of a Service's port, as `sectionName` refers to it
    /// ([SectionName](https://gateway-api.sigs.k8s.io/reference/spec/#sectionname)).
    pub struct SectionName;
}

/// Namespace and name: what names an object among those of its kind.
pub type NamespacedName<'n> = (&'n Namespace, &'n Name);

/// The same to be kept.
pub fn owned((namespace, name): NamespacedName<'_>) -> (Namespace, Name) {
    (namespace.clone(), name.clone())
}
