//! Stage 1: from files to checked, defaulted objects.
//!
//! `load` reads files into a [`source::SourceSet`]; `parse` turns it into
//! [`manifests::Manifests`]. After this stage no string is unchecked and no
//! field that has a default is absent.

pub mod api;
mod from_node;
pub mod manifests;
pub mod node;
pub mod object;
pub mod schema;
pub mod source;
