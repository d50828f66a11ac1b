//! What is seldom anything but what it is by default: that takes the place of a pointer, as there are as many of it as routes.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

/// A value that says something of its own, or the one that its type has by default. It is used as the value itself.
#[derive(Clone, Default)]
pub struct Seldom<T>(Option<Box<T>>);

/// What there is one of that all share which say nothing of their own.
pub trait Usual: Default + PartialEq + 'static {
    /// The one.
    fn usual() -> &'static Self;
}

/// Lets a type be one that seldom says something of its own.
macro_rules! usual {
    ($($name:ty),+) => {$(
        impl crate::ir::Usual for $name {
            fn usual() -> &'static Self {
                static USUAL: std::sync::LazyLock<$name> = std::sync::LazyLock::new(Default::default);
                &USUAL
            }
        }
    )+};
}

pub(super) use usual;

impl<T: Usual> Seldom<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0.map(|value| *value).unwrap_or_default()
    }

    /// Changes the value, which may say nothing of its own behind that.
    pub fn change(&mut self, change: impl FnOnce(&mut T)) {
        let mut value = std::mem::take(self).into_inner();
        change(&mut value);
        *self = Self::from(value);
    }
}

impl<T: Usual> From<T> for Seldom<T> {
    fn from(value: T) -> Self {
        Self((value != *T::usual()).then(|| Box::new(value)))
    }
}

impl<T: Usual> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::usual(),
        }
    }
}

impl<T: Usual> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Usual> PartialEq for Seldom<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Usual + Eq> Eq for Seldom<T> {}

impl<T: Usual + fmt::Debug> fmt::Debug for Seldom<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: Usual + Serialize> Serialize for Seldom<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::Seldom;
    use crate::ir::{Action, Timeouts};

    #[test]
    fn what_says_nothing_is_equal_however_it_was_made() {
        let timeouts = Timeouts { request: Some(std::time::Duration::ZERO), ..Timeouts::default() };
        let mut changed = Seldom::from(timeouts);
        changed.request = None;
        assert_eq!(changed, Seldom::from(Timeouts::default()));
        changed.request = timeouts.request;
        assert_ne!(changed, Seldom::default());
        assert_eq!(*changed, *changed.clone());
    }

    #[test]
    fn what_a_route_does_takes_little_where_it_says_little() {
        assert!(size_of::<Action>() <= 256, "{}", size_of::<Action>());
    }
}
