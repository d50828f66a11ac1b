//! What the renderers ask for, answered from the sources.

use std::ops::Range;

use crate::diagnostics::{Fix, Locate, Location, Place, Span, TextEdit};

use super::edit;
use super::locate::{Locator, Resolved};
use super::source::SourceId;

impl Locate for Locator<'_> {
    fn source(&self, location: &Location) -> Option<SourceId> {
        self.source_of(location)
    }

    fn place(&self, location: &Location) -> Option<Place> {
        let Resolved { file, source: _, range, line, column, end_line, end_column } = self.resolve(location)?;
        let span = Span { range, line, column, end_line, end_column };
        let is_whole_file = matches!(location, Location::Source(_) | Location::Path(_));
        Some(Place { file, span: (!is_whole_file).then_some(span), origin: None })
    }

    fn text(&self, location: &Location) -> Option<&str> {
        self.text_of(location)
    }

    fn hidden(&self, location: &Location) -> &[Range<usize>] {
        self.source_of(location).map_or(&[], |source| self.hidden_of(source))
    }

    fn edits(&self, fix: &Fix) -> Option<Vec<TextEdit>> {
        edit::text_edits(self, fix)
    }
}
