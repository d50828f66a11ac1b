//! Texts that several patterns match at once: the product of their automata is
//! walked, the shortest texts first.

use std::collections::{HashMap, HashSet, VecDeque};

use regex_automata::nfa::thompson::{self, NFA, State, WhichCaptures};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use crate::re2::translate;

/// The most memory that the automaton of a pattern may take, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// How many states of the product are walked at most.
const MOST_STATES: usize = 4_000;
/// How many texts are told at most.
const MOST_TEXTS: usize = 12;

/// Where a text stands, which decides how it can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The path of a URL.
    Path,
    /// The value of a header.
    Header,
    /// The value of a parameter of a URL.
    Query,
}

/// The texts that some patterns have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Common {
    /// There are none.
    Nothing,
    /// Some of them.
    Texts(Vec<String>),
    /// Whether there are any is not known, or none of them can be written where it stands.
    Unknown,
}

/// The texts that all of some RE2 patterns match as a whole and that begin with a text, as a prefix of paths does.
pub fn common(patterns: &[&str], prefix: Option<&str>, place: Place) -> Common {
    let mut translated: Vec<Option<String>> =
        patterns.iter().map(|pattern| translate(pattern.as_bytes()).map(|inner| whole(&inner))).collect();
    if let Some(prefix) = prefix {
        translated.push(Some(whole(&format!("{}(?:/(?s:.)*)?", regex_syntax::escape(prefix)))));
    }
    if place == Place::Path {
        translated.push(Some(whole(r"/[^?\x23]*")));
    }
    let automata: Option<Vec<NFA>> = translated.into_iter().map(|text| automaton(&text?)).collect();
    let Some(product) = automata.map(Product) else { return Common::Unknown };
    let written = product.texts(&product.letters(|byte| rank(byte, place)), MOST_TEXTS);
    let is_written = |text: &String| place != Place::Header || text.trim() == text;
    match written {
        Some(mut texts) if texts.iter().any(is_written) => {
            texts.retain(is_written);
            // An empty text says the least.
            texts.sort_by_key(String::is_empty);
            return Common::Texts(texts);
        }
        Some(_) => {}
        None => return Common::Unknown,
    }
    match product.texts(&product.letters(|byte| Some(byte.into())), 1) {
        Some(texts) if texts.is_empty() => Common::Nothing,
        Some(_) | None => Common::Unknown,
    }
}

fn whole(inner: &str) -> String {
    format!(r"\A(?:{inner})\z")
}

fn automaton(pattern: &str) -> Option<NFA> {
    let config =
        thompson::Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(SIZE_LIMIT));
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    thompson::Compiler::new().configure(config).syntax(syntax).build(pattern).ok()
}

/// How natural a byte is at a place, the least number first; `None` for what cannot be written there.
fn rank(byte: u8, place: Place) -> Option<u16> {
    let group = match byte {
        b'a'..=b'z' => 0,
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        b' ' if place == Place::Header => 4,
        b'?' | b'#' if place == Place::Path => return None,
        b'&' | b'#' if place == Place::Query => return None,
        // Paths are normalised: what is escaped is another path, and so is what has dots.
        b'%' | b'.' | b'\\' => 5,
        b'!'..=b'~' => 3,
        _ => return None,
    };
    Some(group * 256 + u16::from(byte))
}

/// Automata that read the same text.
struct Product(Vec<NFA>);

/// Where each of the automata is.
type Places = Vec<Vec<StateID>>;

/// A state of the product, with the way to it.
struct Step {
    places: Places,
    from: Option<(usize, u8)>,
}

impl Product {
    /// One byte for all that no automaton tells apart, the most natural one.
    fn letters(&self, rank: impl Fn(u8) -> Option<u16>) -> Vec<u8> {
        let mut groups: HashMap<Vec<u8>, (u16, u8)> = HashMap::new();
        for byte in 0..=u8::MAX {
            let Some(rank) = rank(byte) else { continue };
            let group = self.0.iter().map(|automaton| automaton.byte_classes().get(byte)).collect();
            let known = groups.entry(group).or_insert((rank, byte));
            *known = (*known).min((rank, byte));
        }
        let mut letters: Vec<(u16, u8)> = groups.into_values().collect();
        letters.sort_unstable();
        letters.into_iter().map(|(_, byte)| byte).collect()
    }

    /// Up to `most` texts of these letters that all automata take, short ones first; `None` where that cannot be told.
    fn texts(&self, letters: &[u8], most: usize) -> Option<Vec<String>> {
        let start: Option<Places> =
            self.0.iter().map(|one| close(one, vec![one.start_anchored()], true, false)).collect();
        let start = start?;
        let mut found = Vec::new();
        if self.accepts(&start)? {
            found.push(String::new());
        }
        let mut known = HashSet::from([start.clone()]);
        let mut steps = vec![Step { places: start, from: None }];
        let mut waiting = VecDeque::from([0]);
        while let Some(at) = waiting.pop_front() {
            for &letter in letters {
                let Some(next) = self.after(&steps[at].places, letter)? else { continue };
                if found.len() < most && self.accepts(&next)? {
                    found.push(text(&steps, at, letter));
                }
                if found.len() >= most {
                    return Some(found);
                }
                if known.insert(next.clone()) {
                    if steps.len() == MOST_STATES {
                        return Some(found).filter(|found| !found.is_empty());
                    }
                    waiting.push_back(steps.len());
                    steps.push(Step { places: next, from: Some((at, letter)) });
                }
            }
        }
        Some(found)
    }

    /// Where the automata are after one more byte: nowhere, where one of them has no way on. The outer `None` is for what
    /// cannot be told.
    #[expect(clippy::option_option, reason = "what cannot be told is not nowhere")]
    fn after(&self, places: &Places, byte: u8) -> Option<Option<Places>> {
        let mut next = Vec::with_capacity(places.len());
        for (automaton, places) in self.0.iter().zip(places) {
            let reached = places.iter().filter_map(|id| step(automaton.state(*id), byte)).collect();
            let closed = close(automaton, reached, false, false)?;
            if closed.is_empty() {
                return Some(None);
            }
            next.push(closed);
        }
        Some(Some(next))
    }

    /// Whether all automata take a text that ends here.
    fn accepts(&self, places: &Places) -> Option<bool> {
        for (automaton, places) in self.0.iter().zip(places) {
            let ended = close(automaton, places.clone(), false, true)?;
            if !ended.iter().any(|id| matches!(automaton.state(*id), State::Match { .. })) {
                return Some(false);
            }
        }
        Some(true)
    }
}

fn text(steps: &[Step], at: usize, last: u8) -> String {
    let mut bytes = vec![last];
    let mut step = &steps[at];
    while let Some((before, byte)) = step.from {
        bytes.push(byte);
        step = &steps[before];
    }
    bytes.into_iter().rev().map(char::from).collect()
}

fn step(state: &State, byte: u8) -> Option<StateID> {
    match state {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(transitions) => transitions.matches_byte(byte),
        State::Dense(transitions) => transitions.matches_byte(byte),
        State::Look { .. }
        | State::Union { .. }
        | State::BinaryUnion { .. }
        | State::Capture { .. }
        | State::Fail
        | State::Match { .. } => None,
    }
}

/// All states that are reached without another byte, in order; `None` where an assertion looks at the bytes beside it.
fn close(automaton: &NFA, mut waiting: Vec<StateID>, is_start: bool, is_end: bool) -> Option<Vec<StateID>> {
    let mut seen = vec![false; automaton.states().len()];
    let mut reached = Vec::new();
    while let Some(id) = waiting.pop() {
        if std::mem::replace(&mut seen[id.as_usize()], true) {
            continue;
        }
        match automaton.state(id) {
            State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) | State::Match { .. } => reached.push(id),
            State::Look { look: Look::Start, next } if is_start => waiting.push(*next),
            State::Look { look: Look::Start, .. } => {}
            State::Look { look: Look::End, next } if is_end => waiting.push(*next),
            State::Look { look: Look::End, .. } => reached.push(id),
            State::Look { .. } => return None,
            State::Union { alternates } => waiting.extend(alternates.iter().copied()),
            State::BinaryUnion { alt1, alt2 } => waiting.extend([*alt1, *alt2]),
            State::Capture { next, .. } => waiting.push(*next),
            State::Fail => {}
        }
    }
    reached.sort_unstable();
    Some(reached)
}

#[cfg(test)]
mod tests {
    use super::{Common, Place, common};
    use crate::simulate::Pattern;

    #[test]
    fn what_patterns_share_is_found() {
        for (patterns, place) in [
            (&[".*a=1.*", ".*b=2.*"][..], Place::Header),
            (&[".*iPhone.*", ".*Safari.*"], Place::Header),
            (&["/a.*", "/.*b"], Place::Path),
            (&["/[^/]+/x.*", "/y/[^/]+.*"], Place::Path),
            (&["/a.*/G.*", "/.*b/.*t"], Place::Path),
            (&["[^a]*", "(?i)B+"], Place::Query),
            (&["^/x$|/y", "/(x|z)"], Place::Path),
            (&[".*", ".*"], Place::Header),
        ] {
            let Common::Texts(texts) = common(patterns, None, place) else { panic!("{patterns:?}") };
            for text in texts {
                for pattern in patterns {
                    assert!(Pattern::new(pattern).matches(&text), "{pattern} on {text:?}");
                }
            }
        }
        let Common::Texts(texts) = common(&["/[a-z]/c.*"], Some("/x"), Place::Path) else { panic!("a prefix") };
        assert!(texts.iter().all(|text| text.starts_with("/x/c")), "{texts:?}");
    }

    #[test]
    fn what_patterns_do_not_share_is_known() {
        for (patterns, place) in [
            (&["/a.*", "/b.*"][..], Place::Path),
            (&["a+", "b+"], Place::Header),
            (&["(ab)*", "a(ba)*"], Place::Query),
            (&["[^/].*", ".*"], Place::Path),
        ] {
            assert_eq!(common(patterns, None, place), Common::Nothing, "{patterns:?}");
        }
        assert_eq!(common(&["/a.*"], Some("/b"), Place::Path), Common::Nothing);
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        assert_eq!(common(&[r"a\b.*", ".*b"], None, Place::Header), Common::Unknown);
        assert_eq!(common(&["\u{e9}+", "\u{e9}"], None, Place::Header), Common::Unknown);
    }
}
