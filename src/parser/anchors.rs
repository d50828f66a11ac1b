//! Anchors of the same name.
//!
//! In YAML an alias means the last anchor of its name before it. The decoding
//! reader mixes up anchors once a name is used twice, so such a document is
//! given to it with a name of its own for each anchor.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser};

use super::spans::{CharacterIndex, readable};

/// The text with distinct anchors; `None` when they are distinct already.
pub(super) fn with_distinct_anchors(text: &str) -> Option<String> {
    if !has_repetition(text.match_indices('&').filter_map(|(at, _)| name(text, at))) {
        return None;
    }
    let index = CharacterIndex::new(text);
    // The places behind each `&` and `*`, and the number of the anchor.
    let (mut marks, mut names) = (Vec::new(), Vec::new());
    for event in Parser::new_from_str(&readable(text)) {
        let (event, span) = event.ok()?;
        let start = index.byte(span.start.index());
        match event {
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)
                if anchor > 0 =>
            {
                let at = anchor_in(text, start)?;
                names.push(name(text, at)?);
                marks.push((at + 1, anchor));
            }
            Event::Alias(anchor) if text.get(start..)?.starts_with('*') => marks.push((start + 1, anchor)),
            Event::Alias(_) => return None,
            _ => {}
        }
    }
    if !has_repetition(names.into_iter()) {
        return None;
    }
    let mut distinct = String::with_capacity(text.len() + 8 * marks.len());
    let mut done = 0;
    for (at, anchor) in marks {
        distinct.push_str(text.get(done..at)?);
        distinct.push_str(&format!("{anchor}-"));
        done = at;
    }
    distinct.push_str(text.get(done..)?);
    Some(distinct)
}

fn has_repetition<'t>(mut names: impl Iterator<Item = &'t str>) -> bool {
    let mut seen = HashSet::new();
    !names.all(|name| seen.insert(name))
}

/// The name behind the `&` at `at`.
fn name(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at + 1..)?;
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}')).unwrap_or(rest.len());
    rest.get(..end).filter(|name| !name.is_empty())
}

/// The `&` of the value that begins at `start`, where a tag may stand before it.
fn anchor_in(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let rest = if rest.starts_with('!') { rest.get(rest.find(char::is_whitespace)?..)? } else { rest };
    let rest = rest.trim_start();
    rest.starts_with('&').then_some(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::with_distinct_anchors;

    #[test]
    fn repeated_names_become_distinct() {
        let cases = [
            ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", Some("a: &1-x 1\nb: *1-x\nc: &2-x 2\nd: *2-x\n")),
            ("é: !!str &x 1\nb: [&x é, *x]\n", Some("é: !!str &1-x 1\nb: [&2-x é, *2-x]\n")),
            ("a: &x 1\nb: &y 2\nc: [*x, *y]\n", None),
            ("a: 'p&q=1&q=2'\nb: &q 1\nc: *q\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(with_distinct_anchors(text).as_deref(), expected, "{text}");
        }
    }
}
