//! The lines on which the cases of a file begin.

use std::collections::HashMap;

use crate::diagnostics::Part;
use crate::parser::spans::SpanTree;
use crate::path;

/// The line of each case, by its name.
pub(super) struct Lines(HashMap<String, usize>);

impl Lines {
    /// Looks up the items of a list of the file, which have these names. Of two that share one the first counts.
    pub(super) fn of<'n>(text: &str, list: &'static str, names: impl Iterator<Item = &'n str>) -> Self {
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let tree = SpanTree::read(text);
        let mut lines = HashMap::new();
        for (index, name) in names.enumerate() {
            let place = tree.as_ref().and_then(|tree| tree.find(&path![list, index], Part::Value));
            let line = place.map_or(1, |place| ends.partition_point(|end| *end < place.start) + 1);
            lines.entry(name.to_owned()).or_insert(line);
        }
        Self(lines)
    }

    /// The line of a case; 1 of what is none.
    pub(super) fn line_of(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn a_case_is_found_by_its_whole_name_however_it_is_written() {
        let text = "requests:\n- name: c10\n  repeat: 1\n- {request: {}, name: c1}\n-\n  name: 'a b'\n- name: c10\n";
        let lines = Lines::of(text, "requests", ["c10", "c1", "a b", "c10"].into_iter());
        assert_eq!(["c10", "c1", "a b", "none"].map(|name| lines.line_of(name)), [2, 4, 6, 1]);
    }
}
