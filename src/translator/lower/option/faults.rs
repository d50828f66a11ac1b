//! What of an option cannot be honoured, all of it at once.

use std::ops::RangeInclusive;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Reported};
use crate::path;
use crate::re2;

use super::part::Place;

/// What of an option cannot be honoured.
pub(in crate::translator::lower) struct Faults<'o> {
    place: Place<'o>,
    found: Vec<Finding>,
}

impl<'o> Faults<'o> {
    pub(in crate::translator::lower) fn new(place: Place<'o>) -> Self {
        Self { place, found: Vec::new() }
    }

    /// A part of a rule, where all of it can be honoured.
    pub(in crate::translator::lower) fn unless_wrong<T>(self, part: T) -> Result<T, Wrong> {
        let mut found = self.found.into_iter();
        found.next().map_or(Ok(part), |first| Err(Wrong { first: Box::new(first), others: found.collect() }))
    }

    pub(in crate::translator::lower) fn count(&self) -> usize {
        self.found.len()
    }

    pub(in crate::translator::lower) fn found(self) -> Vec<Finding> {
        self.found
    }

    pub(in crate::translator::lower) fn add(
        &mut self,
        at: &FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.push(*self.place.refuse(at, message, help));
    }

    /// A text that a header can hold; none where it is empty.
    pub(in crate::translator::lower) fn text(&mut self, field: &'static str, said: Option<String>) -> Option<String> {
        let said = said.filter(|said| !said.is_empty())?;
        if said.bytes().any(|byte| !(b' '..0x7f).contains(&byte)) || said.trim() != said {
            let message = format!("no header can hold the text of `{field}`");
            self.add(&path![field], message, "write printable characters, with no space around them");
        }
        Some(said)
    }

    /// What a part of the option says; nothing where it cannot be honoured.
    pub(in crate::translator::lower) fn lowered<T: Default>(
        &mut self,
        lower: impl FnOnce(Place<'_>) -> Result<T, Box<Finding>>,
    ) -> T {
        lower(self.place).unwrap_or_else(|wrong| {
            self.found.push(*wrong);
            T::default()
        })
    }

    /// Whether a text can stand as a host.
    pub(in crate::translator::lower) fn host(&mut self, at: &FieldPath, host: &str) {
        if let Err(wrong) = self.place.check_host(at, host) {
            self.found.push(*wrong);
        }
    }

    /// Whether Envoy takes an expression ([RE2](https://github.com/google/re2/wiki/Syntax)).
    pub(in crate::translator::lower) fn expression(&mut self, at: &FieldPath, pattern: &str) {
        if let Err(bad) = re2::check(pattern) {
            let message = format!("Envoy's regular expressions (RE2) refuse it: {}", bad.message);
            let help = "write the pattern in RE2 syntax: https://github.com/google/re2/wiki/Syntax";
            self.add(at, message, help);
        }
    }

    /// A number that Envoy takes.
    pub(in crate::translator::lower) fn number(
        &mut self,
        at: &FieldPath,
        said: Option<u32>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        if let Some(number) = said.filter(|number| !range.contains(number)) {
            let message = format!("Envoy does not take {number} here");
            self.add(at, message, format!("write a number from {} to {}", range.start(), range.end()));
        }
        said
    }
}

/// What of an option cannot be honoured, where something cannot.
pub(in crate::translator::lower) struct Wrong {
    first: Box<Finding>,
    others: Vec<Finding>,
}

impl From<Box<Finding>> for Wrong {
    fn from(first: Box<Finding>) -> Self {
        Self { first, others: Vec::new() }
    }
}

impl Wrong {
    /// Reports all of it.
    pub(in crate::translator::lower) fn report(self, diagnostics: &mut Diagnostics) -> Reported {
        let proof = diagnostics.error(*self.first);
        self.others.into_iter().for_each(|finding| diagnostics.report(finding));
        proof
    }
}
