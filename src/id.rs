//! Ids: positions in a list of their own, which only they are taken for
//! ([`typed_index_collections::TiVec`]).

/// Declares ids. They are as wide as positions, so that no list outgrows them.
macro_rules! ids {
    ($($(#[$meta:meta])* $visibility:vis struct $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        $visibility struct $name(pub usize);

        impl From<usize> for $name {
            fn from(position: usize) -> Self {
                Self(position)
            }
        }

        impl From<$name> for usize {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

pub(crate) use ids;
