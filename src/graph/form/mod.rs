//! The forms of a picture: each writes the same nodes and edges in a language of its own, and makes whatever comes from the
//! input harmless there.

mod dot;
pub mod html;
mod label;
mod layout;
mod mermaid;
mod svg;

pub use dot::write as write_dot;
pub use html::write as write_html;
pub use mermaid::write as write_mermaid;
pub use svg::write as write_svg;
