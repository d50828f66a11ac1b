//! Tags of scalars, which the decoding reader honours and does not tell.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser};

use super::spans::{CharacterIndex, readable};

/// Where the scalars with a tag end.
pub(super) fn ends_of_tagged_scalars(text: &str) -> HashSet<usize> {
    let mut ends = HashSet::new();
    if !text.contains('!') {
        return ends;
    }
    let index = CharacterIndex::new(text);
    for event in Parser::new_from_str(&readable(text)) {
        let Ok((event, span)) = event else { break };
        if let Event::Scalar(_, _, _, Some(_)) = event {
            let end = index.byte(span.end.index());
            ends.insert(text.get(..end).map_or(end, |before| before.trim_end().len()));
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::ends_of_tagged_scalars;

    #[test]
    fn scalars_end_where_their_text_does() {
        let cases: &[(&str, &[&str])] = &[
            ("a: yes\n", &[]),
            ("a: b !c\nyes: 'd !e'\n", &[]),
            ("a: !!str yes # c\nb: !!str # c\n  no\n", &["a: !!str yes", "a: !!str yes # c\nb: !!str # c\n  no"]),
            ("é: [!!str &x on , !!int 1]\n", &["é: [!!str &x on", "é: [!!str &x on , !!int 1"]),
        ];
        for (text, before) in cases {
            let mut ends: Vec<usize> = ends_of_tagged_scalars(text).into_iter().collect();
            ends.sort_unstable();
            assert_eq!(ends, before.iter().map(|before| before.len()).collect::<Vec<_>>(), "{text}");
        }
    }
}
