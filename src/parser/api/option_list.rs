//! The options of a policy as a list: one entry for each field that is set.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// An option that gwctl does not translate: that it is set is all that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untranslated;

impl<'de> Deserialize<'de> for Untranslated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self)
    }
}

/// The options that a policy sets, in the order in which it names them.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionList<T>(pub Vec<T>);

// Whatever is an option, a policy may have none of it.
impl<T> Default for OptionList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A kind of option: one variant for each field of `options`.
pub trait OptionKind: Sized {
    /// The names of all fields.
    const FIELDS: &'static [&'static str];

    /// Reads the value of a field.
    ///
    /// # Errors
    /// When there is no such field, or its value has another form.
    fn read<'de, A: MapAccess<'de>>(field: &str, map: &mut A) -> Result<Self, A::Error>;
}

impl<'de, T: OptionKind> Deserialize<'de> for OptionList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("options", T::FIELDS, ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: OptionKind> Visitor<'de> for ListVisitor<T> {
    type Value = OptionList<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("options")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(field) = map.next_key::<String>()? {
            list.push(T::read(&field, &mut map)?);
        }
        Ok(OptionList(list))
    }
}

/// Declares the options of a kind: each with its type and its name. `also` are fields that stand beside them and are none.
macro_rules! options {
    ($(#[doc = $doc:literal])+ $name:ident $(also [$($also:literal),+])? {
        $($variant:ident($ty:ty) = $field:literal,)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $($variant($ty),)+
        }

        impl $name {
            /// The field.
            pub fn field(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $field,)+
                }
            }
        }

        impl $crate::parser::api::OptionKind for $name {
            const FIELDS: &'static [&'static str] = &[$($($also,)+)? $($field),+];

            fn read<'de, A: serde::de::MapAccess<'de>>(field: &str, map: &mut A) -> Result<Self, A::Error> {
                match field {
                    $($field => map.next_value().map(Self::$variant),)+
                    _ => Err(serde::de::Error::unknown_field(field, Self::FIELDS)),
                }
            }
        }
    };
}

pub(in crate::parser::api) use options;
