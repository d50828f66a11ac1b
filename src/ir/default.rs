//! What goes without saying where the representation is printed.

/// Whether a value is the one that its type has by default.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
