//! From values of the representation to a [`Tree`].
//!
//! Ids are seen by the name of their type, so that each becomes the name of what it stands for. Fields that are empty are
//! left out: `None`, `false`, an empty text or list, and a struct of nothing else. What stands in a `Some` or in a variant
//! is there, also when it is empty.

use std::fmt;

use serde::Serialize;
use serde::ser::{
    Error, Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleVariant,
    Serializer,
};

use super::name::Names;
use crate::emit::Tree;

/// Why a value has no text: a type of the representation is none that it may have, a fault of ours.
#[derive(Debug)]
pub(super) struct Unprintable(String);

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unprintable {}

impl Error for Unprintable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// What a value became.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) tree: Tree,
    /// Whether a field that holds it is left out.
    is_empty: bool,
}

impl Printed {
    fn token(value: impl ToString) -> Result<Self, Unprintable> {
        Ok(Self { tree: Tree::Token(value.to_string()), is_empty: false })
    }

    fn text(text: impl Into<String>) -> Result<Self, Unprintable> {
        Ok(Self { tree: Tree::Text(text.into()), is_empty: false })
    }

    /// The value of a variant of an enum.
    fn variant(variant: &'static str, tree: Tree) -> Self {
        Self { tree: Tree::Map(vec![(word(variant), tree)]), is_empty: false }
    }
}

/// The words of a type's or variant's name: `ServerNames` is `server_names`.
fn word(name: &str) -> String {
    let mut word = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// Makes trees of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeSerializer<'n>(pub(super) &'n Names<'n>);

/// Makes an entry of the map that the values of a struct or of a variant become.
#[derive(Debug)]
pub(super) struct Fields<'n> {
    serializer: TreeSerializer<'n>,
    variant: Option<&'static str>,
    is_duration: bool,
    entries: Vec<(String, Tree)>,
}

/// Makes the list that the items of a list, a tuple or a variant become.
#[derive(Debug)]
pub(super) struct Items<'n> {
    serializer: TreeSerializer<'n>,
    variant: Option<&'static str>,
    items: Vec<Tree>,
}

impl<'n> TreeSerializer<'n> {
    fn fields(self, variant: Option<&'static str>) -> Fields<'n> {
        Fields { serializer: self, variant, is_duration: false, entries: Vec::new() }
    }

    fn items(self, variant: Option<&'static str>) -> Items<'n> {
        Items { serializer: self, variant, items: Vec::new() }
    }
}

/// The methods for numbers.
macro_rules! tokens {
    ($($method:ident: $number:ty,)+) => {$(
        fn $method(self, value: $number) -> Result<Printed, Unprintable> {
            Printed::token(value)
        }
    )+};
}

impl<'n> Serializer for TreeSerializer<'n> {
    type Ok = Printed;
    type Error = Unprintable;
    type SerializeSeq = Items<'n>;
    type SerializeTuple = Items<'n>;
    type SerializeTupleStruct = Impossible<Printed, Unprintable>;
    type SerializeTupleVariant = Items<'n>;
    type SerializeMap = Impossible<Printed, Unprintable>;
    type SerializeStruct = Fields<'n>;
    type SerializeStructVariant = Fields<'n>;

    fn serialize_bool(self, value: bool) -> Result<Printed, Unprintable> {
        Ok(Printed { is_empty: !value, ..Printed::token(value)? })
    }

    tokens! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64,
    }

    fn serialize_char(self, value: char) -> Result<Printed, Unprintable> {
        Printed::text(value)
    }

    fn serialize_str(self, text: &str) -> Result<Printed, Unprintable> {
        Ok(Printed { is_empty: text.is_empty(), ..Printed::text(text)? })
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Printed, Unprintable> {
        Err(Unprintable("the representation holds no bytes".to_owned()))
    }

    fn serialize_none(self) -> Result<Printed, Unprintable> {
        Ok(Printed { is_empty: true, ..Printed::token("null")? })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Printed, Unprintable> {
        Ok(Printed { is_empty: false, ..value.serialize(self)? })
    }

    fn serialize_unit(self) -> Result<Printed, Unprintable> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Printed, Unprintable> {
        Printed::text(word(name))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Printed, Unprintable> {
        Printed::text(word(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Printed, Unprintable> {
        let inner = value.serialize(self)?;
        let position = match &inner.tree {
            Tree::Token(token) => token.parse().ok(),
            _ => None,
        };
        match position.and_then(|position| self.0.of(name, position)) {
            Some(words) => Printed::text(words),
            None => Ok(inner),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Printed, Unprintable> {
        Ok(Printed::variant(variant, value.serialize(self)?.tree))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'n>, Unprintable> {
        Ok(self.items(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'n>, Unprintable> {
        Ok(self.items(None))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unprintable> {
        Err(Unprintable(format!("`{name}`: the fields of the representation have names")))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'n>, Unprintable> {
        Ok(self.items(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unprintable> {
        Err(Unprintable("the representation holds no maps".to_owned()))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'n>, Unprintable> {
        Ok(Fields { is_duration: name == "Duration", ..self.fields(None) })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'n>, Unprintable> {
        Ok(self.fields(Some(variant)))
    }
}

impl Fields<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unprintable> {
        let Printed { tree, is_empty } = value.serialize(self.serializer)?;
        if !is_empty {
            self.entries.push((key.to_owned(), tree));
        }
        Ok(())
    }

    fn finish(self) -> Printed {
        let Self { serializer: _, variant, is_duration, entries } = self;
        match (variant, entries.as_slice()) {
            (Some(variant), _) => Printed::variant(variant, Tree::Map(entries)),
            (None, [(_, Tree::Token(seconds)), (_, Tree::Token(nanos))]) if is_duration => {
                Printed { tree: Tree::Text(duration(seconds, nanos)), is_empty: false }
            }
            (None, _) => Printed { is_empty: entries.is_empty(), tree: Tree::Map(entries) },
        }
    }
}

/// `1.5s`.
fn duration(seconds: &str, nanos: &str) -> String {
    let part = format!("{nanos:0>9}");
    match part.trim_end_matches('0') {
        "" => format!("{seconds}s"),
        part => format!("{seconds}.{part}s"),
    }
}

impl Items<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unprintable> {
        self.items.push(value.serialize(self.serializer)?.tree);
        Ok(())
    }

    fn finish(self) -> Printed {
        let Self { serializer: _, variant, items } = self;
        match variant {
            Some(variant) => Printed::variant(variant, Tree::List(items)),
            None => Printed { is_empty: items.is_empty(), tree: Tree::List(items) },
        }
    }
}

/// How serde hands over the parts of a value, one after the other.
macro_rules! parts {
    ($($form:ident of $parts:ident: $method:ident($($key:ident)?),)+) => {$(
        impl $form for $parts<'_> {
            type Ok = Printed;
            type Error = Unprintable;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), Unprintable> {
                self.add($($key,)? value)
            }

            fn end(self) -> Result<Printed, Unprintable> {
                Ok(self.finish())
            }
        }
    )+};
}

parts! {
    SerializeStruct of Fields: serialize_field(key),
    SerializeStructVariant of Fields: serialize_field(key),
    SerializeSeq of Items: serialize_element(),
    SerializeTuple of Items: serialize_element(),
    SerializeTupleVariant of Items: serialize_field(),
}
