//! Rows that several options share.

pub(super) use super::super::shared::EMPTY;
use super::super::table::{ANY_TEXT, Map, Shape, Type, field};

pub(super) const U32_MAX: i64 = u32::MAX as i64;

/// A message whose fields the API server does not look at.
pub(super) const ANY_OBJECT: Type = Type::Map(&Map { values: Type::Any, max: None });
/// Such messages by any name.
pub(super) const OBJECTS_BY_NAME: Type = Type::Map(&Map { values: ANY_OBJECT, max: None });

/// What a controller writes.
pub(super) const NAMESPACED_STATUSES: Type =
    Type::Object(&Shape { fields: &[field("statuses", OBJECTS_BY_NAME)], rules: &[] });

pub(super) static TARGET_REF: Shape = Shape {
    fields: &[field("group", ANY_TEXT), field("kind", ANY_TEXT), field("name", ANY_TEXT), field("namespace", ANY_TEXT)],
    rules: &[],
};

/// A target that may be one listener of an object.
pub(super) static LISTENER_TARGET: Shape = Shape {
    fields: &[
        field("group", ANY_TEXT),
        field("kind", ANY_TEXT),
        field("name", ANY_TEXT),
        field("namespace", ANY_TEXT),
        field("sectionName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static HEADER: Shape = Shape { fields: &[field("key", ANY_TEXT), field("value", ANY_TEXT)], rules: &[] };

pub(super) static HEADER_SECRET_REF: Shape =
    Shape { fields: &[field("name", ANY_TEXT), field("namespace", ANY_TEXT)], rules: &[] };

pub(super) static PATH: Shape = Shape { fields: &[field("key", ANY_TEXT)], rules: &[] };
