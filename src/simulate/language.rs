//! The texts that a pattern matches, where they can be told without trying
//! them: a few texts, or everything that begins in one way. The analysis of
//! rules that are never reached decides with it whether one match implies another.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::re2::translate;

/// How many texts are listed at most.
const MOST_TEXTS: usize = 16;

/// The texts that a pattern matches as a whole. Texts have no line breaks, as
/// those of paths, headers and queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// These and no others; never more than a few.
    Texts(Vec<String>),
    /// Whatever begins with this text, and goes on when it must.
    Beginning {
        /// The beginning.
        text: String,
        /// Whether at least one more character follows.
        goes_on: bool,
    },
    /// Some of the texts that begin with this one.
    Within(String),
}

impl Language {
    /// The language of an RE2 pattern.
    pub fn of(pattern: &str) -> Self {
        let unknown = || Self::Within(String::new());
        let Some(translated) = translate(pattern.as_bytes()) else { return unknown() };
        let parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&translated);
        let Ok(hir) = parser else { return unknown() };
        if let Some(texts) = texts(&hir) {
            return Self::Texts(texts);
        }
        beginning(&hir).unwrap_or_else(unknown)
    }

    /// Whether every text belongs to it, the empty one perhaps left out.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::Beginning { text, goes_on: _ } if text.is_empty())
    }
}

/// All texts of an expression, when they are few. Anchors at either end change
/// nothing, since the whole text has to match; anywhere else they are not understood.
fn texts(hir: &Hir) -> Option<Vec<String>> {
    let found = match hir.kind() {
        HirKind::Empty => vec![String::new()],
        HirKind::Literal(literal) => vec![std::str::from_utf8(&literal.0).ok()?.to_owned()],
        HirKind::Class(class) => members(class)?,
        HirKind::Look(_) => return None,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.filter(|most| *most as usize <= MOST_TEXTS)?;
            let once = texts(&repetition.sub)?;
            let mut all = Vec::new();
            for count in repetition.min..=most {
                let mut some = vec![String::new()];
                for _ in 0..count {
                    some = product(&some, &once)?;
                }
                all.extend(some);
            }
            all
        }
        HirKind::Capture(capture) => texts(&capture.sub)?,
        HirKind::Concat(list) => {
            let mut all = vec![String::new()];
            for part in without_anchors(list) {
                all = product(&all, &texts(part)?)?;
            }
            all
        }
        HirKind::Alternation(list) => {
            let mut all = Vec::new();
            for part in list {
                all.extend(texts(part)?);
            }
            all
        }
    };
    (found.len() <= MOST_TEXTS).then_some(found)
}

fn members(class: &Class) -> Option<Vec<String>> {
    let ranges: Vec<(char, char)> = match class {
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
    };
    let mut all = Vec::new();
    for character in ranges.into_iter().flat_map(|(first, last)| first..=last) {
        // A byte above those of ASCII is not a character.
        if !character.is_ascii() || all.len() == MOST_TEXTS {
            return None;
        }
        all.push(character.to_string());
    }
    Some(all)
}

fn product(left: &[String], right: &[String]) -> Option<Vec<String>> {
    let all: Vec<String> = left.iter().flat_map(|a| right.iter().map(move |b| format!("{a}{b}"))).collect();
    (all.len() <= MOST_TEXTS).then_some(all)
}

/// The parts of a sequence without `^` in front and `$` behind.
fn without_anchors(list: &[Hir]) -> &[Hir] {
    let is_anchor = |part: &Hir, anchor| *part.kind() == HirKind::Look(anchor);
    let list = match list {
        [first, rest @ ..] if is_anchor(first, Look::Start) => rest,
        _ => list,
    };
    match list {
        [rest @ .., last] if is_anchor(last, Look::End) => rest,
        _ => list,
    }
}

/// What all texts of an expression begin with, and whether anything may follow.
fn beginning(hir: &Hir) -> Option<Language> {
    let hir = without_group(hir);
    let whole = std::slice::from_ref(hir);
    let list = match hir.kind() {
        HirKind::Concat(list) => without_anchors(list),
        _ => whole,
    };
    let mut text = String::new();
    let mut rest = list;
    while let [first, after @ ..] = rest {
        let HirKind::Literal(literal) = without_group(first).kind() else { break };
        text.push_str(std::str::from_utf8(&literal.0).ok()?);
        rest = after;
    }
    match rest {
        [only] => Some(match is_anything(without_group(only)) {
            Some(goes_on) => Language::Beginning { text, goes_on },
            None => Language::Within(text),
        }),
        _ => Some(Language::Within(text)),
    }
}

fn without_group(mut hir: &Hir) -> &Hir {
    while let HirKind::Capture(capture) = hir.kind() {
        hir = &capture.sub;
    }
    hir
}

/// Whether an expression is `.*` or `.+`, and if so, whether it is the latter.
fn is_anything(hir: &Hir) -> Option<bool> {
    let HirKind::Repetition(repetition) = hir.kind() else { return None };
    let HirKind::Class(Class::Bytes(class)) = without_group(&repetition.sub).kind() else { return None };
    let has = |byte: u8| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&byte));
    let is_any = (0..=u8::MAX).all(|byte| byte == b'\n' || has(byte));
    (is_any && repetition.max.is_none() && repetition.min <= 1).then_some(repetition.min == 1)
}

#[cfg(test)]
mod tests {
    use super::Language;

    fn texts(list: &[&str]) -> Language {
        Language::Texts(list.iter().map(|text| (*text).to_owned()).collect())
    }

    fn beginning(text: &str, goes_on: bool) -> Language {
        Language::Beginning { text: text.to_owned(), goes_on }
    }

    #[test]
    fn a_few_texts_are_listed() {
        for (pattern, list) in [
            ("/a", &["/a"][..]),
            ("^/a$", &["/a"]),
            ("/(a|b)/c", &["/a/c", "/b/c"]),
            (r"/v[12]\.json", &["/v1.json", "/v2.json"]),
            ("/a/?", &["/a", "/a/"]),
            ("GET|PUT", &["GET", "PUT"]),
        ] {
            assert_eq!(Language::of(pattern), texts(list), "{pattern}");
        }
    }

    #[test]
    fn a_beginning_is_told_from_less() {
        assert_eq!(Language::of(".*"), beginning("", false));
        assert_eq!(Language::of("^/.*$"), beginning("/", false));
        assert_eq!(Language::of("/api/(.+)"), beginning("/api/", true));
        assert_eq!(Language::of(r"/a\.b(.*)"), beginning("/a.b", false));
        for (pattern, text) in [
            ("/api/[0-9]+", "/api/"),
            ("/api/.*/x", "/api/"),
            ("a|b.*", ""),
            ("(?i)/api.*", "/"),
            ("/a.{2,}", "/a"),
            ("[^/]*", ""),
            ("/a$x.*", "/a"),
            ("$.*", ""),
            (".*^", ""),
            (r"/a\b.*", "/a"),
        ] {
            assert_eq!(Language::of(pattern), Language::Within(text.to_owned()), "{pattern}");
        }
    }

    #[test]
    fn many_texts_are_not_listed() {
        assert_eq!(Language::of("/[a-z]"), Language::Within("/".to_owned()));
        assert_eq!(Language::of("x{0,40}"), Language::Within(String::new()));
    }
}
