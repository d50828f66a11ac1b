//! Which route is meant.

use crate::id::ids;

ids! {
    /// A route, by its position among the resolved ones.
    pub struct RouteId;
}
