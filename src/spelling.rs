//! "Did you mean": the nearest of some names.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;

/// The most slips that still leave a name recognisable, however long it is.
const MOST_SLIPS: usize = 3;
/// Among how many names those that are more than one slip away are looked for.
const MOST_SEARCHED: usize = 1000;
/// How many names may be alike but for one word, and one of them still be meant.
const MOST_ALIKE: usize = 64;
/// How many words a name must have for another word among them to be a slip.
const WORDS_BESIDE_ANOTHER: usize = 3;

/// The candidate nearest to `name`, unless all are too far away to be meant.
///
/// One slip is allowed for every three characters of the longer of the two.
/// In a name of words with dashes between them, one word too many, too few or
/// other is one slip too. A letter in the wrong case is no slip, but of two
/// names that are equally near the one with more letters in the right case is
/// chosen.
pub(crate) fn nearest<N: AsRef<str> + Copy + Ord>(name: &str, candidates: impl IntoIterator<Item = N>) -> Option<N> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| Some((slips(&lower, length, &candidate.as_ref().to_lowercase())?, candidate)))
        .min_by_key(|(slips, candidate)| (*slips, Reverse(same_characters(name, candidate.as_ref())), *candidate))
        .map(|(_, candidate)| candidate)
}

/// Names among which many are looked for: the time for one of them does not grow with their number.
///
/// It finds what [`nearest`] finds, with two exceptions: where there are more than a thousand names, only those that are one slip
/// away, and no name of more than 64 that are alike but for the word in one place. In the one case every name that is misspelt
/// would have to be compared with all, in the other nobody knows which one is meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index<N> {
    names: Vec<N>,
    /// The names by what they are with one slip, in the order of the keys.
    by_slip: OnceLock<BySlip>,
}

#[derive(Clone, Debug)]
struct BySlip {
    hasher: RandomState,
    entries: Vec<(u64, usize)>,
}

impl<N: AsRef<str> + Ord> Index<N> {
    /// One more name.
    pub(crate) fn add(&mut self, name: N) {
        self.by_slip.take();
        self.names.push(name);
    }

    /// The nearest to a name.
    pub(crate) fn nearest(&self, name: &str) -> Option<&N> {
        let near = self.by_slip.get_or_init(|| BySlip::new(&self.names));
        let found: HashSet<usize> = near.candidates(name).collect();
        let found = nearest(name, found.into_iter().filter_map(|position| self.names.get(position)));
        // What is one slip away is among these, and nothing is nearer; what is farther away may be no candidate.
        match found {
            Some(found) if slips_between(name, found.as_ref()).is_some_and(|(slips, _)| slips <= 1) => Some(found),
            _ if self.names.len() <= MOST_SEARCHED => nearest(name, &self.names),
            _ => None,
        }
    }
}

impl BySlip {
    fn new<N: AsRef<str>>(names: &[N]) -> Self {
        let hasher = RandomState::new();
        let keys = |name: &N| with_one_slip(&name.as_ref().to_lowercase(), &hasher);
        let mut entries: Vec<(u64, usize)> =
            names.iter().enumerate().flat_map(|(at, name)| keys(name).into_iter().map(move |key| (key, at))).collect();
        entries.sort_unstable();
        Self { hasher, entries }
    }

    /// The positions of all names that may be one slip away, and of some others.
    fn candidates(&self, name: &str) -> impl Iterator<Item = usize> {
        with_one_slip(&name.to_lowercase(), &self.hasher).into_iter().flat_map(|key| {
            let start = self.entries.partition_point(|(other, _)| *other < key);
            let same = self.entries.get(start..).unwrap_or_default();
            let count = same.iter().take(MOST_ALIKE + 1).take_while(|(other, _)| *other == key).count();
            let count = if count > MOST_ALIKE { 0 } else { count };
            same.iter().take(count).map(|(_, at)| *at)
        })
    }
}

/// Keys of which two names have one in common where they are one slip apart: the name itself, without one of its letters, without
/// one of its words, and with one of its words left open.
fn with_one_slip(name: &str, hasher: &RandomState) -> Vec<u64> {
    let mut keys = vec![hasher.hash_one(name)];
    let mut without = String::with_capacity(name.len());
    for (at, letter) in name.char_indices() {
        without.clear();
        without.push_str(&name[..at]);
        without.push_str(&name[at + letter.len_utf8()..]);
        keys.push(hasher.hash_one(&without));
    }
    let words: Vec<&str> = name.split('-').collect();
    if words.len() > 1 {
        for at in 0..words.len() {
            let (before, after) = (&words[..at], &words[at + 1..]);
            keys.push(hasher.hash_one([before, after].concat().join("-")));
            keys.push(hasher.hash_one((before, after)));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// [`slips`] between names as they are written.
fn slips_between(name: &str, other: &str) -> Option<(usize, bool)> {
    let lower = name.to_lowercase();
    slips(&lower, lower.chars().count(), &other.to_lowercase())
}

/// The slips between two names in lower case, and whether a whole word is one of them; `None` when they are too many.
fn slips(name: &str, length: usize, candidate: &str) -> Option<(usize, bool)> {
    let other = candidate.chars().count();
    let most = (length.max(other) / 3).min(MOST_SLIPS);
    // Names whose lengths differ by more need as many slips at least: most pairs are told apart without a comparison.
    let letters = (length.abs_diff(other) <= most).then(|| strsim::damerau_levenshtein(name, candidate));
    let words = is_one_word_off(name, candidate).then_some((1, true));
    letters.filter(|slips| *slips <= most).map(|slips| (slips, false)).into_iter().chain(words).min()
}

/// Whether two names are alike but for one word between dashes.
fn is_one_word_off(one: &str, other: &str) -> bool {
    if !one.contains('-') && !other.contains('-') {
        return false;
    }
    let count = |name: &str| name.split('-').count();
    let (most, least) = (count(one).max(count(other)), count(one).min(count(other)));
    if one == other || one.is_empty() || other.is_empty() || most - least > 1 {
        return false;
    }
    let before = one.split('-').zip(other.split('-')).take_while(|(one, other)| one == other).count();
    let after = one.rsplit('-').zip(other.rsplit('-')).take_while(|(one, other)| one == other).count();
    if most == least { most >= WORDS_BESIDE_ANOTHER && before + after + 1 >= most } else { before + after >= least }
}

fn same_characters(name: &str, candidate: &str) -> usize {
    name.chars().zip(candidate.chars()).filter(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Index, nearest};

    #[test]
    fn a_slip_is_corrected_and_another_word_is_not() {
        assert_eq!(nearest("httpbinn", ["httpbin", "nginx"]), Some("httpbin"));
        assert_eq!(nearest("backendRef", ["backendRefs", "matches"]), Some("backendRefs"));
        assert_eq!(nearest("tl", ["port", "tls"]), Some("tls"));
        assert_eq!(nearest("prot", ["path", "port"]), Some("port"));
        assert_eq!(nearest("cart", ["checkout"]), None);
        assert_eq!(nearest("d", ["a"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }

    #[test]
    fn the_case_of_letters_matters_less_than_the_letters() {
        assert_eq!(nearest("backendrefs", ["backendRefs", "matches"]), Some("backendRefs"));
        assert_eq!(nearest("exact", ["RegularExpression", "Exact"]), Some("Exact"));
        assert_eq!(nearest("App", ["app", "App2", "Apq"]), Some("app"));
        assert_eq!(nearest("Web", ["web", "weB"]), Some("web"));
    }

    #[test]
    fn one_word_of_a_dashed_name_is_one_slip() {
        let workloads = ["my-workload-v1", "my-workload-v2"];
        assert_eq!(nearest("my-bad-workload-v2", workloads), Some("my-workload-v2"));
        assert_eq!(nearest("workload-v1", workloads), Some("my-workload-v1"));
        assert_eq!(nearest("my-workload-v2-canary", workloads), Some("my-workload-v2"));
        assert_eq!(
            nearest("shop-orders-staging", ["shop-orders-production", "shop-cart-production"]),
            Some("shop-orders-production")
        );
        assert_eq!(nearest("redis-cart", ["cart"]), Some("cart"));
        // A letter is a smaller slip than a word.
        assert_eq!(nearest("bakend-not-found", ["parent-not-found", "backend-not-found"]), Some("backend-not-found"));
    }

    proptest! {
        #[test]
        fn an_index_finds_what_a_search_finds(
            names in prop::collection::btree_set("[abA]{1,4}(-[ab]{1,3}){0,3}", 0..60),
            name in "[abcA]{1,4}(-[abc]{1,3}){0,3}",
        ) {
            let mut index = Index::default();
            names.iter().for_each(|name| index.add(name.clone()));
            prop_assert_eq!(index.nearest(&name), nearest(&name, &names));
        }
    }

    #[test]
    fn among_many_names_what_is_one_slip_away_is_found() {
        let mut index = Index::default();
        (0..2000).for_each(|number| index.add(format!("service-{number}-web")));
        assert_eq!(index.nearest("servise-1234-web").map(String::as_str), Some("service-1234-web"));
        assert_eq!(index.nearest("service-1234-wbe").map(String::as_str), Some("service-1234-web"));
        assert_eq!(index.nearest("service-77").map(String::as_str), Some("service-77-web"));
        // What any of them may be, and two slips.
        assert_eq!(index.nearest("service-production-web"), None);
        assert_eq!(index.nearest("servixx-1234-wbe"), None);
    }

    #[test]
    fn two_words_that_differ_are_no_slip() {
        assert_eq!(nearest("web-backend", ["web-frontend"]), None);
        assert_eq!(nearest("orders", ["shop-api-orders"]), None);
        assert_eq!(nearest("a-b-c", ["a-x-y"]), None);
        assert_eq!(nearest("-", ["checkout"]), None);
    }
}
