//! Variables in manifests that Flux fills in after a build
//! ([post-build variable substitution](https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution)):
//! `${NAME}`, with a default `${NAME:=text}` or `${NAME:-text}`; `$${NAME}` stands for `${NAME}` itself.

use std::collections::BTreeMap;
use std::ops::Range;

/// Variables with their values.
pub type Variables = BTreeMap<String, String>;

/// A variable in a text.
#[derive(Debug, PartialEq, Eq)]
struct Variable<'t> {
    /// Its bytes, from `$` to `}`.
    range: Range<usize>,
    name: &'t str,
    /// What stands for it where it has no value.
    default: Option<&'t str>,
    /// Whether a second `$` before it keeps it as it is.
    is_escaped: bool,
}

/// Whether a text has variables.
pub(super) fn has_variables(text: &str) -> bool {
    variables(text).any(|one| !one.is_escaped)
}

/// The text with the values of its variables. One that has neither a value nor a default stays as it is.
pub fn substitute(text: &str, values: &Variables) -> String {
    let mut substituted = String::with_capacity(text.len());
    let mut at = 0;
    for Variable { range, name, default, is_escaped } in variables(text) {
        let before = text.get(at..range.start).unwrap_or_default();
        match values.get(name).map(String::as_str).or(default) {
            _ if is_escaped => {
                substituted.push_str(before.strip_suffix('$').unwrap_or(before));
                substituted.push_str(&text[range.clone()]);
            }
            Some(value) => substituted.extend([before, value]),
            None => substituted.extend([before, &text[range.clone()]]),
        }
        at = range.end;
    }
    substituted.push_str(text.get(at..).unwrap_or_default());
    substituted
}

fn variables(text: &str) -> impl Iterator<Item = Variable<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = next(text, at)?;
        at = found.range.end;
        Some(found)
    })
}

/// The first variable from a byte on.
fn next(text: &str, from: usize) -> Option<Variable<'_>> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("${")?;
        at = start + 2;
        let rest = text.get(at..)?;
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let (name, rest) = rest.split_at(length);
        if name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
            continue;
        }
        let line = rest.split('\n').next().unwrap_or_default();
        let Some(end) = line.find('}') else { continue };
        let (middle, signs) = (&line[..end], [":=", ":-", "=", "-"]);
        let default = signs.into_iter().find_map(|sign| middle.strip_prefix(sign));
        if middle.is_empty() || default.is_some() {
            let is_escaped = text[..start].ends_with('$');
            return Some(Variable { range: start..at + length + end + 1, name, default, is_escaped });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Variables, has_variables, substitute};

    #[test]
    fn variables_have_their_values_defaults_or_stay() {
        let values = Variables::from([("A".to_owned(), "x".to_owned()), ("E".to_owned(), String::new())]);
        for (text, expected) in [
            ("host: a.${A}.b", "host: a.x.b"),
            ("${A}${A}", "xx"),
            ("${B}", "${B}"),
            ("${B:=y} ${B:-z} ${B=v} ${B-w}", "y z v w"),
            ("${A:=y}", "x"),
            ("${E:=y}|", "|"),
            ("$${A}", "${A}"),
            ("$${B} ${A}", "${B} x"),
            ("$A {A} ${} ${1} ${A", "$A {A} ${} ${1} ${A"),
            ("${A/x/y} ${A^}", "${A/x/y} ${A^}"),
            ("é${A}é", "éxé"),
        ] {
            assert_eq!(substitute(text, &values), expected, "{text}");
        }
    }

    #[test]
    fn text_without_variables_is_none_of_flux() {
        for text in ["a: $x", "a: ${", "a: ${}", "a: ${1}", "a: $${X}", "${{ github.ref }}", "%{X}"] {
            assert!(!has_variables(text), "{text}");
        }
        assert!(has_variables("$${X} ${Y}"));
    }
}
