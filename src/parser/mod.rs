//! Stage 1: from files to checked, defaulted objects.
//!
//! `load` reads files into a [`source::SourceSet`]; `parse` turns it into
//! [`manifests::Manifests`]: `split` cuts files into documents, `decode` makes
//! values of them, the schema makes objects of the values. After this stage no
//! string is unchecked and no field that has a default is absent. `spans` and
//! `locate` find places again when they are to be printed.

mod anchors;
pub mod any_object;
pub mod api;
mod crowd;
pub mod decode;
pub mod decode_error;
mod definitions;
mod dialect;
mod edit;
mod entries;
pub mod flux;
pub mod foreign;
mod from_node;
pub mod head;
pub mod hidden;
pub mod kind;
mod known_names;
pub mod kustomize;
pub mod labels;
mod lacking;
mod list;
pub mod load;
pub mod locate;
pub mod manifests;
mod marks;
pub mod merge;
pub mod node;
pub mod object;
pub mod parse;
pub(crate) mod part;
mod places;
pub mod pod;
mod reader;
mod repeated;
pub mod route;
mod scalar;
pub mod schema;
pub mod shown;
pub(crate) mod skip;
pub mod skipped;
pub mod source;
pub mod spans;
pub mod split;
pub mod substitution;
mod syntax_error;
mod tags;
mod unfilled;
mod unquoted;
