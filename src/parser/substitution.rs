//! Variables in manifests that Flux fills in after a build
//! ([post-build variable substitution](https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution)).
//!
//! `${NAME}` and its forms (`expression`) get values, and `$$` stands for `$`. An object may ask to be left as it is.

mod expression;

use self::expression::Expression;
use super::node::Node;
use crate::options::Substitutions;

/// The label or annotation by which an object asks to be left as it is.
pub const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";
/// The value of [`SWITCH`] that does.
const OFF: &str = "disabled";

/// What a text has in the place of which Flux puts something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Variable<'t> {
    /// A variable, by its name.
    Named(&'t str),
    /// `$${NAME}`, of which Flux makes `${NAME}`.
    Escaped(&'t str),
    /// `${` of no form: Flux refuses the object.
    Broken,
}

/// A part of a text.
enum Piece<'t> {
    Text(&'t str),
    /// `$$`, with the name of the variable that it keeps from being one.
    Escape(Option<&'t str>),
    /// `${…}` as it is written, and what it asks for if it has a form.
    Variable(&'t str, Option<Expression<'t>>),
}

/// Whether an object asks to be left as it is.
pub fn is_disabled(object: &Node) -> bool {
    let value = |of: &str| object.get("metadata")?.get(of)?.get(SWITCH)?.as_str();
    ["annotations", "labels"].into_iter().any(|of| value(of) == Some(OFF))
}

/// What was put into a file in the place of variables.
#[derive(Clone, Copy)]
pub(super) struct Filled<'f> {
    /// The values.
    pub(super) given: &'f Substitutions,
    /// What of the file is no variable, because `$$` kept it from being one.
    pub(super) kept: &'f [String],
}

/// Whether a text has variables that wait for values.
pub(super) fn has_variables(text: &str, filled: Filled<'_>) -> bool {
    variables(text, filled).any(|one| !matches!(one, Variable::Escaped(_)))
}

/// What a text has that Flux would change. Where values were put in, also what Flux refuses or makes empty.
pub(super) fn variables<'t>(text: &'t str, filled: Filled<'_>) -> impl Iterator<Item = Variable<'t>> {
    let Filled { given, kept } = filled;
    let is_filled = given.is_given();
    placed_pieces(text).filter_map(move |(at, piece)| match piece {
        Piece::Variable(..) if kept.iter().any(|known| known == head(text, at)) => None,
        Piece::Variable(_, Some(expression)) => {
            // A name that begins with a digit cannot be given a value. What has one and stands here was kept by `$$`, and so was
            // what is in the list.
            let may_have_value = !expression.name.starts_with(|first: char| first.is_ascii_digit());
            let waits = if is_filled { expression.value(given).is_none() } else { may_have_value };
            waits.then_some(Variable::Named(expression.name))
        }
        Piece::Variable(_, None) => is_filled.then_some(Variable::Broken),
        // What was put in is text.
        Piece::Escape(name) => name.filter(|_| !is_filled).map(Variable::Escaped),
        Piece::Text(_) => None,
    })
}

/// What `$$` keeps from being variables in a text that gets values, and that nothing else in it is written as: how each begins.
pub fn kept(text: &str, given: &Substitutions) -> Vec<String> {
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for (at, piece) in placed_pieces(text) {
        match piece {
            Piece::Escape(_) if text.get(at + 1..).is_some_and(|rest| rest.starts_with("${")) => {
                kept.push(head(text, at + 1));
            }
            Piece::Variable(_, expression) if expression.as_ref().is_none_or(|one| one.value(given).is_none()) => {
                left.push(head(text, at));
            }
            Piece::Text(_) | Piece::Escape(_) | Piece::Variable(..) => {}
        }
    }
    kept.retain(|head| !left.contains(head));
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(str::to_owned).collect()
}

/// What stands at `${`, up to where it may end, as the text of a file and what is decoded of it both have it.
fn head(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let is_end = |letter: char| matches!(letter, '}' | '\n' | '"' | '\'' | '\\');
    rest.split(is_end).next().unwrap_or_default()
}

/// The text with the values of its variables. One that has neither a value nor a default stays as it is.
pub fn substitute(text: &str, given: &Substitutions) -> String {
    let mut substituted = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => substituted.push_str(text),
            Piece::Escape(_) => substituted.push('$'),
            Piece::Variable(written, expression) => match expression.and_then(|one| one.value(given)) {
                Some(value) => substituted.push_str(&value),
                None => substituted.push_str(written),
            },
        }
    }
    substituted
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    placed_pieces(text).map(|(_, piece)| piece)
}

/// The parts of a text, each with the byte at which it begins.
fn placed_pieces(text: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (piece, length) = first_piece(text.get(at..)?)?;
        at += length;
        Some((at - length, piece))
    })
}

/// The first part of a text that is not empty, and its length.
fn first_piece(text: &str) -> Option<(Piece<'_>, usize)> {
    let read = |text| Expression::read(text).map(|(expression, length)| (expression, length + 2));
    if let Some(behind) = text.strip_prefix("${") {
        let (expression, length) = read(behind).map_or((None, 2), |(expression, length)| (Some(expression), length));
        return Some((Piece::Variable(text.get(..length)?, expression), length));
    }
    if let Some(behind) = text.strip_prefix("$$") {
        let name = behind.strip_prefix('{').and_then(read).map(|(expression, _)| expression.name);
        return Some((Piece::Escape(name), 2));
    }
    let first = text.chars().next()?.len_utf8();
    let length = text.get(first..)?.find('$').map_or(text.len(), |at| first + at);
    Some((Piece::Text(text.get(..length)?), length))
}

#[cfg(test)]
mod tests {
    use super::{Filled, Variable, has_variables, is_disabled, kept, substitute, variables};
    use crate::options::Substitutions;
    use crate::parser::decode::decode;
    use crate::parser::split::Syntax;

    fn given(values: &[(&str, &str)]) -> Substitutions {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Substitutions { values, unseen: Vec::new() }
    }

    /// A file of which `$$` keeps nothing.
    fn in_whole(given: &Substitutions) -> Filled<'_> {
        Filled { given, kept: &[] }
    }

    #[test]
    fn what_is_kept_is_no_variable() {
        let given = given(&[("A", "x")]);
        for (text, heads) in [
            ("a: $${X} ${A}", vec!["${X"]),
            ("a: \"$${X}\"\nb: '$${{ github.ref }}'\n", vec!["${X", "${{ github.ref "]),
            ("a: $${X} $$$${X}", vec!["${X"]),
            ("a: $${X} $$${A}", vec!["${X"]),
        ] {
            let (kept, filled) = (kept(text, &given), substitute(text, &given));
            assert_eq!(kept, heads, "{text}");
            assert_eq!(variables(&filled, Filled { given: &given, kept: &kept }).next(), None, "{filled}");
        }
        // Beside one that is kept stands the same one that is not.
        for text in ["a: $${X} ${X}", "a: $${X} $$${X}", "a: ${Y} $${X}", "a: $${X} ${Y:=${X}}"] {
            let (kept, filled) = (kept(text, &given), substitute(text, &given));
            assert!(has_variables(&filled, Filled { given: &given, kept: &kept }), "{filled}");
        }
    }

    #[test]
    fn variables_have_their_values_defaults_or_stay() {
        let values = given(&[("A", "x"), ("E", ""), ("P", "/home/bozo/ideas.txt"), ("M", "aBc")]);
        for (text, expected) in [
            ("host: a.${A}.b", "host: a.x.b"),
            ("${A}${A}", "xx"),
            ("${B}", "${B}"),
            ("${B:=y} ${B:-z} ${B=v}", "y z v"),
            ("${A:=y}", "x"),
            // What is empty has its default too.
            ("${E:=y}|${E}|${E:=}|", "y|||"),
            ("${B:=${A}-z} ${B:=a${E:=q}}", "x-z aq"),
            ("${B:=${C}}", "${B:=${C}}"),
            ("$${A}", "${A}"),
            ("$${B} ${A}", "${B} x"),
            ("$$${A} $$$${A} ^/a$$", "$x $${A} ^/a$"),
            ("$A {A} ${} ${A", "$A {A} ${} ${A"),
            (
                "${P:11} ${P:6:4} ${P:-4:3} ${P: -4} ${P:99} ${P:1:-4}",
                "ideas.txt bozo /home/bozo/ideas.txt /home/bozo/ideas.txt  home/bozo/ideas",
            ),
            ("${#P} ${#E}", "20 0"),
            ("${M^} ${M^^} ${M,} ${M,,}", "ABc ABC aBc abc"),
            (
                "${P/o/0} ${P//o/0} ${P/#\\/home/} ${P/%txt/md} ${P/\\//}",
                "/h0me/bozo/ideas.txt /h0me/b0z0/ideas.txt /home/bozo/ideas.txt /home/bozo/ideas.md home/bozo/ideas.txt",
            ),
            ("${M/#/p-} ${M/%/-s}", "p-aBc aBc-s"),
            (
                "${P#*/} ${P##*/} ${P%/*} ${P%%/*} ${P%.???} ${P%.[a-z]xt}",
                "home/bozo/ideas.txt ideas.txt /home/bozo  /home/bozo/ideas /home/bozo/ideas.txt",
            ),
            ("${B:0:1} ${B/x/y} ${#B} ${B^}", "${B:0:1} ${B/x/y} ${#B} ${B^}"),
            // Of no form.
            ("${A-w} ${A:} ${A!} ${A:=\n}", "${A-w} ${A:} ${A!} ${A:=\n}"),
            ("é${A}é", "éxé"),
            ("${é:=ü}", "ü"),
        ] {
            assert_eq!(substitute(text, &values), expected, "{text}");
        }
    }

    #[test]
    fn a_default_is_none_where_a_source_of_values_is_not_known() {
        let mut values = given(&[("A", "x")]);
        values.unseen = vec!["Secret `a/b`".to_owned()];
        assert_eq!(substitute("${A:=y} ${B:=y}", &values), "x ${B:=y}");
    }

    #[test]
    fn text_without_variables_is_none_of_flux() {
        let (none, some) = (Substitutions::default(), given(&[("Z", "z")]));
        for text in ["a: $x", "a: ${", "a: ${}", "a: ${1}", "a: $${X}", "${{ github.ref }}", "%{X}"] {
            assert!(!has_variables(text, in_whole(&none)), "{text}");
        }
        for text in ["$${X} ${Y}", "${X:0:1}", "${#X}", "${X/a/b}", "${X^^}", "${X%.*}"] {
            assert!(has_variables(text, in_whole(&none)), "{text}");
        }
        // Flux makes the first empty and refuses the others.
        assert!(!has_variables("${Z} ${B:=a}", in_whole(&some)));
        for text in ["${1}", "${}", "${{ github.ref }}", "a ${"] {
            assert!(has_variables(text, in_whole(&some)), "{text}");
        }
        let found: Vec<Variable<'_>> = variables("$${X} ${Y:=z}", in_whole(&none)).collect();
        assert_eq!(found, [Variable::Escaped("X"), Variable::Named("Y")]);
    }

    #[test]
    fn an_object_is_left_by_its_label_or_annotation() {
        for (metadata, expected) in [
            ("{annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}", true),
            ("{labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}", true),
            ("{labels: {kustomize.toolkit.fluxcd.io/substitute: enabled}}", false),
            ("{name: a}", false),
        ] {
            let text = format!("kind: Service\nmetadata: {metadata}\n");
            assert_eq!(is_disabled(&decode(&text, Syntax::Yaml).unwrap().node), expected, "{metadata}");
        }
    }
}
