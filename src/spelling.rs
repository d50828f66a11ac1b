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
/// Among how many names all are looked at.
const FEW: usize = 32;
/// How many names may be alike but for one word, and one of them still be meant.
const MOST_ALIKE: usize = 64;
/// How many letters of a word there are for each slip in it.
const LETTERS_TO_A_SLIP: usize = 3;
/// How many words a name must have for another word among them to be a slip.
const WORDS_BESIDE_ANOTHER: usize = 3;

/// What may be meant by a name that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Near<N> {
    pub(crate) name: N,
    /// Whether nothing else can be meant, so that it can be written without asking: no other name is as near, and what differs is
    /// neither a whole word nor a number.
    pub(crate) is_certain: bool,
}

impl<N> Near<N> {
    /// The name where nothing else can be meant.
    pub(crate) fn certain(self) -> Option<N> {
        self.is_certain.then_some(self.name)
    }
}

/// The candidate nearest to `name`, as [`near`] finds it.
pub(crate) fn nearest<N: AsRef<str> + Copy + Ord>(name: &str, candidates: impl IntoIterator<Item = N>) -> Option<N> {
    near(name, candidates).map(|near| near.name)
}

/// The candidate nearest to `name`, unless all are too far away to be meant.
///
/// One slip is allowed for every three characters of the longer of the two.
/// In a name of words with dashes between them, one word too many, too few or
/// other is one slip too. A letter in the wrong case is no slip, but of two
/// names that are equally near the one with more letters in the right case is
/// chosen.
pub(crate) fn near<N: AsRef<str> + Copy + Ord>(name: &str, candidates: impl IntoIterator<Item = N>) -> Option<Near<N>> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    let mut best = None;
    let mut is_tie = false;
    for candidate in candidates {
        let Some(slips) = slips(&lower, length, &candidate.as_ref().to_lowercase()) else { continue };
        let this = (slips, Reverse(same_characters(name, candidate.as_ref())), candidate);
        match best {
            Some((least, _, _)) if slips > least => {}
            Some(other @ (least, _, rival)) if slips == least => {
                is_tie |= rival != candidate;
                best = Some(this.min(other));
            }
            _ => (best, is_tie) = (Some(this), false),
        }
    }
    let ((_, is_word), _, found) = best?;
    Some(Near { name: found, is_certain: !is_tie && !is_word && has_same_words(name, found.as_ref()) })
}

/// Names among which many are looked for: the time for one of them does not grow with their number.
///
/// It finds what [`near`] finds. Only where there are more than a thousand names it finds those alone that are one slip away, and
/// none of more than 64 that are alike but for a letter or the word in one place: every name that is misspelt would have to be
/// compared with all of them. Where some were left out nothing is certain.
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
    pub(crate) fn near(&self, name: &str) -> Option<Near<&N>> {
        let is_small = self.names.len() <= MOST_SEARCHED;
        let one_slip_away = if self.names.len() <= FEW { None } else { self.one_slip_away(name) };
        match one_slip_away {
            // None of the others is nearer.
            Some((found, is_whole)) if is_whole || !is_small => Some(found),
            _ if is_small => near(name, &self.names),
            _ => None,
        }
    }

    /// The nearest of the names that are one slip away, and whether all of these were looked at.
    fn one_slip_away(&self, name: &str) -> Option<(Near<&N>, bool)> {
        let by_slip = self.by_slip.get_or_init(|| BySlip::new(&self.names));
        let (found, is_whole) = by_slip.candidates(name);
        let found = near(name, found.into_iter().filter_map(|position| self.names.get(position)))?;
        // What is one slip away is among these, and nothing is nearer; what is farther away may be no candidate.
        let is_near = slips_between(name, found.name.as_ref()).is_some_and(|(slips, _)| slips <= 1);
        is_near.then_some((Near { is_certain: found.is_certain && is_whole, ..found }, is_whole))
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

    /// The positions of all names that may be one slip away, and of some others; and whether none was left out.
    fn candidates(&self, name: &str) -> (HashSet<usize>, bool) {
        let (mut found, mut is_whole) = (HashSet::new(), true);
        for key in with_one_slip(&name.to_lowercase(), &self.hasher) {
            let start = self.entries.partition_point(|(other, _)| *other < key);
            let same = self.entries.get(start..).unwrap_or_default();
            let count = same.iter().take(MOST_ALIKE + 1).take_while(|(other, _)| *other == key).count();
            if count > MOST_ALIKE {
                is_whole = false;
            } else {
                found.extend(same.iter().take(count).map(|(_, at)| *at));
            }
        }
        (found, is_whole)
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
    let most = (length.max(other) / LETTERS_TO_A_SLIP).min(MOST_SLIPS);
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

/// Whether two names that are alike have the same numbers, and differ in no word so much that it is another one.
fn has_same_words(name: &str, candidate: &str) -> bool {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(name) != digits(candidate) {
        return false;
    }
    let letters = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    if letters(name) == letters(candidate) {
        return true;
    }
    let (own, others) = (words(name, false), words(candidate, false));
    let is_same =
        |own: &[String], others: &[String]| own.iter().zip(others).all(|(own, other)| is_same_word(own, other));
    // Where a capital is missing or too many, the words between capitals cannot be told.
    let (parts, of_other) = (words(name, true), words(candidate, true));
    own.len() == others.len() && is_same(&own, &others) && (parts.len() != of_other.len() || is_same(&parts, &of_other))
}

fn is_same_word(one: &str, other: &str) -> bool {
    let longest = one.chars().count().max(other.chars().count());
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let slips = strsim::damerau_levenshtein(one, other);
    // Of two letters that have changed places both are still there.
    slips <= longest / LETTERS_TO_A_SLIP || slips == 1 && sorted(one) == sorted(other)
}

/// The words of a name in lower case: what is between other characters than letters and digits and, where that is asked, what begins
/// with a capital.
fn words(name: &str, by_capitals: bool) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let is = |at: Option<usize>, test: fn(char) -> bool| {
            at.and_then(|at| letters.get(at)).is_some_and(|letter| test(*letter))
        };
        let before = at.checked_sub(1);
        let after_small = is(before, |letter| letter.is_lowercase() || letter.is_ascii_digit());
        let ends_capitals = is(before, char::is_uppercase) && is(Some(at + 1), char::is_lowercase);
        let is_begin = by_capitals && letter.is_uppercase() && (after_small || ends_capitals);
        if is_begin || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

fn same_characters(name: &str, candidate: &str) -> usize {
    name.chars().zip(candidate.chars()).filter(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Index, Near, near, nearest, slips_between};

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
        fn what_is_one_slip_away_is_what_a_search_finds(
            names in prop::collection::btree_set("[abA]{1,4}(-[ab]{1,3}){0,3}", 0..60),
            name in "[abcA]{1,4}(-[abc]{1,3}){0,3}",
        ) {
            let mut index = Index::default();
            names.iter().for_each(|name| index.add(name.clone()));
            let is_near = |found: &Near<&String>| slips_between(&name, found.name).is_some_and(|(slips, _)| slips <= 1);
            prop_assert_eq!(index.one_slip_away(&name).map(|(found, _)| found), near(&name, &names).filter(is_near));
            prop_assert_eq!(index.near(&name), near(&name, &names));
        }
    }

    #[test]
    fn among_many_names_what_is_one_slip_away_is_found() {
        let mut index = Index::default();
        (0..2000).for_each(|number| index.add(format!("service-{number}-web")));
        let found = |name: &str| index.near(name).map(|near| (near.name.as_str(), near.is_certain));
        assert_eq!(found("servise-1234-web"), Some(("service-1234-web", true)));
        assert_eq!(found("service-1234-wbe"), Some(("service-1234-web", true)));
        assert_eq!(found("service-77"), Some(("service-77-web", false)));
        // What any of them may be, and two slips.
        assert_eq!(found("service-production-web"), None);
        assert_eq!(found("servixx-1234-wbe"), None);
    }

    #[test]
    fn among_some_names_all_are_looked_at() {
        let mut index = Index::default();
        (0..200).for_each(|number| index.add(format!("service-{number}-web")));
        let found = index.near("service-production-web");
        assert_eq!(found, Some(Near { name: &"service-0-web".to_owned(), is_certain: false }));
    }

    #[test]
    fn a_slip_of_letters_is_certain_where_no_other_name_is_as_near() {
        let certain =
            |name: &str, candidates: &[&'static str]| near(name, candidates.iter().copied()).and_then(Near::certain);
        for (name, meant) in [
            ("httpbinn", "httpbin"),
            ("web-frnt", "web-front"),
            ("my-service", "myservice"),
            ("backendrefs", "backendRefs"),
            ("backendRef", "backendRefs"),
            ("HTTPRoutes", "HTTPRoute"),
            ("TCProute", "TCPRoute"),
            ("gateway.k8s.oi", "gateway.k8s.io"),
            ("payments-v3-prodution", "payments-v3-production"),
        ] {
            assert_eq!(certain(name, &[meant]), Some(meant), "{name}");
        }
        for (name, near) in [
            // Another word, another number.
            ("web-x", "web-a"),
            ("api-eu-west", "api-us-west"),
            ("shop-orders-staging", "shop-orders-production"),
            ("redis-cart", "cart"),
            ("maxEjectionTime", "minEjectionTime"),
            ("TCPRoute", "UDPRoute"),
            ("gateway.y-k8s.io", "gateway.x-k8s.io"),
            ("payments-v3-production", "payments-v1-production"),
            ("checkout2", "checkout"),
        ] {
            assert_eq!(nearest(name, [near]), Some(near), "{name}");
            assert_eq!(certain(name, &[near]), None, "{name}");
        }
        // As near as another one.
        assert_eq!(certain("checkoud", &["checkout", "checkouts"]), Some("checkout"));
        assert_eq!(certain("checkoux", &["checkout", "checkoua"]), None);
        assert_eq!(certain("Web", &["web", "weB"]), None);
        assert_eq!(certain("web", &["weeb", "weeb"]), Some("weeb"));
    }

    #[test]
    fn two_words_that_differ_are_no_slip() {
        assert_eq!(nearest("web-backend", ["web-frontend"]), None);
        assert_eq!(nearest("orders", ["shop-api-orders"]), None);
        assert_eq!(nearest("a-b-c", ["a-x-y"]), None);
        assert_eq!(nearest("-", ["checkout"]), None);
    }
}
