//! What the YAML reader takes and `kubectl` refuses: its reader is older
//! ([go-yaml v2](https://github.com/yaml/go-yaml/tree/v2)).

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::decode_error::DecodeError;
use super::spans::{CharacterIndex, readable};

/// Refuses a document that `kubectl` would refuse, and that has been decoded.
pub(super) fn check(text: &str) -> Result<(), DecodeError> {
    let has_question = text.contains('?') && text.contains(['[', '{']);
    if !has_question && !text.contains("\\/") {
        return Ok(());
    }
    let index = CharacterIndex::new(text);
    // Whether each open collection stands in brackets.
    let mut flows = Vec::new();
    for event in Parser::new_from_str(&readable(text)) {
        let Ok((event, span)) = event else { break };
        let range = index.byte(span.start.index())..index.byte(span.end.index());
        let start = range.start;
        let written = text.get(range).unwrap_or_default();
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let from = text.get(start..).unwrap_or_default();
                flows.push(flows.last() == Some(&true) || without_properties(from).starts_with(['[', '{']));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                flows.pop();
            }
            Event::Scalar(_, ScalarStyle::Plain, ..) if flows.last() == Some(&true) => {
                if let Some(at) = written.find('?') {
                    let message = "an unquoted value between brackets cannot have a `?`, which begins a key there";
                    return Err(DecodeError::syntax(text, start + at, message).help("quote the value"));
                }
            }
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => {
                if let Some(at) = escaped_slash(written) {
                    let message = "`\\/` is no escape of YAML 1.1, which Kubernetes reads";
                    return Err(DecodeError::syntax(text, start + at, message).help("write `/`"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The text behind the anchor and the tag of a value.
fn without_properties(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with(['&', '!']) {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    rest
}

/// Where a scalar in double quotes has the escape `\/`.
fn escaped_slash(written: &str) -> Option<usize> {
    let mut characters = written.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && characters.next().is_some_and(|(_, escape)| escape == '/') {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_kubectl_refuses_is_refused() {
        let cases = [
            ("a: [{b: /items(/.*)?}]\n", Some("?}]\n")),
            ("a: {b?c: d}\n", Some("?c: d}\n")),
            ("é: &x [a, b?c]\n", Some("?c]\n")),
            ("a: [\n  {b: c},\n  d?,\n]\n", Some("?,\n]\n")),
            ("a: x?y\nb: ['x?', \"y?\"] # ?\n", None),
            ("a: [1]\nb: x?y\nc:\n- d?\n", None),
            ("a: \"x\\/y\"\n", Some("\\/y\"\n")),
            ("a: \"x\\\\/y\"\nb: 'x\\/y'\nc: x\\/y\n", None),
        ];
        for (text, rest) in cases {
            let found = check(text).err().map(|error| &text[error.range.start..]);
            assert_eq!(found, rest, "{text:?}");
        }
    }
}
