//! Which route is meant.

/// A route, by its position among the resolved ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub(super) usize);

impl RouteId {
    /// The position, for tables that have an entry for each route.
    pub fn position(self) -> usize {
        self.0
    }
}
